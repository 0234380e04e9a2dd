//! A change that ended before anything was written: a refusal that needed the network to find out.

use state::change::outcome::{PlaceOf, Refused, WrittenBy};
use state::change::{Ask, Asker, RollbackTo};
use state::image::Reference;
use state::names::{ChangeId, Namespace, TargetName, WorkloadName};

use super::{Story, failed};
use crate::card::{Card, CardState, LineStyle, Text, TimeStyle};
use crate::cards::{DOT, another_deploy, list_and, reference_name, status_command};
use crate::command::Command;
use crate::press::Press;
use crate::words::{Arg, Words, say, say_first};

pub(super) fn card(story: &Story<'_>, why: &Refused) -> Card {
    let mut card = match why {
        Refused::ImageUnknown { image } if story.is_rollback() => gone(story, why, image),
        why => written_nothing(story, why),
    };
    card.plain(Text::joined(DOT, [story.number_text(), story.asked_by()]));
    card
}

/// What it was to go back to is gone from the registry. Nobody has to check a name for that; what there is else is offered.
fn gone(story: &Story<'_>, why: &Refused, image: &str) -> Card {
    let words = story.words;
    let mut card = Card::new(CardState::Refused, say_first!(words, "gone", target = story.target()));
    stays(story, why, &mut card);
    card.plain(say!(words, "gone-why", image = Arg::Outside(image.to_owned())));
    failed::now_running(story, &[], &mut card);
    failed::earlier(story, &mut card);
    card
}

/// Where a way back was waited for, and there is none: it was promised, or a question was answered with it.
fn stays(story: &Story<'_>, why: &Refused, card: &mut Card) {
    let (words, who) = (story.words, story.who());
    match (&story.change.head.asked_by, &story.change.head.answers) {
        // It was put off. Until when is said where the question stands open.
        (Asker::Timer { .. }, Some(_)) if why.may_pass() => {
            card.plain(say!(words, "promise-not-kept-yet"));
        }
        (Asker::Timer { .. }, _) => {
            card.plain(say!(words, "promise-not-kept", who = who));
        }
        (Asker::Person { .. }, Some(question)) if goes_back_before(story, question.change) => {
            card.plain(say!(words, "left-as-is", who = who));
        }
        _ => {}
    }
}

/// Whether it was to bring back what ran before a change.
fn goes_back_before(story: &Story<'_>, id: ChangeId) -> bool {
    matches!(&story.change.head.ask, Ask::Rollback { to: RollbackTo::Before(before), .. } if *before == id)
}

fn written_nothing(story: &Story<'_>, why: &Refused) -> Card {
    let again = story.asked_command().unwrap_or_else(|| story.rollback_command());
    let place = Place {
        target: story.target(),
        cluster: story.change.target.cluster.as_str(),
        namespace: &story.change.target.namespace,
    };
    let mut card = of(story.words, why, place, story.new_or_number(), &again);
    if matches!(story.change.head.asked_by, Asker::Timer { .. }) {
        let rule = std::mem::take(&mut card.lines);
        stays(story, why, &mut card);
        card.lines.extend(rule);
        failed::now_running(story, &[], &mut card);
    }
    card
}

/// Where it was to be done.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) target: &'a TargetName,
    pub(crate) cluster: &'a str,
    pub(crate) namespace: &'a Namespace,
}

/// Such a refusal, also where it is only found out by a plan.
pub(crate) fn of(words: &Words, why: &Refused, place: Place<'_>, new: Arg, again: &Command) -> Card {
    let mut card = Card::new(CardState::Refused, first_line(words, why, place, new.clone()));
    match why {
        Refused::ImageUnknown { .. } | Refused::RegistryDenied { .. } | Refused::RegistryUnreachable { .. } => {
            registry(words, why, again, &mut card);
        }
        Refused::ClusterUnreadable | Refused::Forbidden { .. } | Refused::Rejected { .. } => {
            cluster(words, why, place, again, &mut card);
        }
        Refused::Missing { .. } | Refused::NoContainer { .. } => config(words, why, place, &mut card),
        _ => circumstances(words, why, place, again, &mut card),
    }
    card
}

fn first_line(words: &Words, why: &Refused, place: Place<'_>, new: Arg) -> Text {
    let target = place.target;
    match why {
        Refused::ImageUnknown { .. } => say_first!(words, "refused-image-unknown", new = new),
        Refused::RegistryDenied { .. } => say_first!(words, "refused-registry-denied"),
        Refused::RegistryUnreachable { .. } => say_first!(words, "refused-registry-unreachable"),
        Refused::ClusterUnreadable => say_first!(words, "refused-cluster"),
        Refused::Forbidden { .. } => say_first!(words, "refused-forbidden"),
        Refused::Rejected { .. } => say_first!(words, "refused-rejected"),
        Refused::Missing { workload } => say_first!(words, "refused-missing", workload = workload),
        Refused::NoContainer { workload, container, .. } => {
            let container = Arg::Name(container.to_string());
            say_first!(words, "refused-container", workload = workload, container = container)
        }
        Refused::Paused { workload, .. } => say_first!(words, "refused-paused", workload = workload),
        Refused::RunsUnhealthy => say_first!(words, "refused-unhealthy", new = new),
        Refused::UnderWay { .. } => say_first!(words, "refused-under-way", new = new),
        Refused::NothingToReturnTo => say_first!(words, "refused-nothing-to-return-to"),
        Refused::UnknownRelease { named } => {
            say_first!(words, "refused-unknown-release", named = Arg::Outside(named.clone()), target = target)
        }
        Refused::NoEarlierImage { earlier, of } => {
            let workload = of.first().map_or_else(|| Arg::from("?"), |one| Arg::from(&one.workload));
            let earlier = super::short(Arg::image(&in_short(earlier)));
            say_first!(words, "refused-no-earlier-image", earlier = earlier, workload = workload)
        }
        Refused::Locked { .. } => say_first!(words, "refused-locked", target = target),
        Refused::Moved { workload } => say_first!(words, "refused-moved", workload = workload),
    }
}

/// A digest is shown in short.
fn in_short(earlier: &str) -> String {
    earlier.parse().map_or_else(|_| earlier.to_owned(), |reference| reference_name(&reference))
}

fn registry(words: &Words, why: &Refused, again: &Command, card: &mut Card) {
    let outside = |text: &String| Arg::Outside(text.clone());
    match why {
        Refused::ImageUnknown { image } => {
            card.plain(say!(words, "refused-image-unknown-why", image = outside(image)));
            card.plain(say!(words, "refused-image-unknown-next", command = again));
        }
        Refused::RegistryDenied { host } => {
            card.plain(say!(words, "refused-registry-denied-why", host = outside(host)));
            card.plain(say!(words, "refused-registry-denied-next", host = outside(host)));
        }
        Refused::RegistryUnreachable { host } => {
            card.plain(say!(words, "refused-registry-unreachable-why", host = outside(host)));
            card.plain(say!(words, "refused-registry-unreachable-next"));
        }
        _ => {}
    }
}

fn cluster(words: &Words, why: &Refused, place: Place<'_>, again: &Command, card: &mut Card) {
    let cluster = Arg::Name(place.cluster.to_owned());
    match why {
        Refused::ClusterUnreadable => {
            card.plain(say!(words, "refused-cluster-why", cluster = cluster));
            card.plain(say!(words, "refused-cluster-next", command = status_command(place.target)));
        }
        Refused::Forbidden { sentence } => {
            card.plain(say!(words, "refused-forbidden-why", cluster = cluster));
            card.line(LineStyle::Quote, Text::outside(sentence.as_str()));
            card.plain(say!(words, "refused-forbidden-next", command = again));
        }
        Refused::Rejected { workload, sentence } => {
            card.plain(say!(words, "refused-rejected-why", workload = workload));
            card.line(LineStyle::Quote, Text::outside(sentence.as_str()));
            card.plain(say!(words, "refused-rejected-next"));
        }
        _ => {}
    }
}

fn config(words: &Words, why: &Refused, place: Place<'_>, card: &mut Card) {
    match why {
        Refused::Missing { .. } => {
            let cluster = Arg::Name(place.cluster.to_owned());
            let namespace = Arg::Name(place.namespace.to_string());
            let text =
                say!(words, "refused-missing-why", target = place.target, cluster = cluster, namespace = namespace);
            card.plain(text);
            card.plain(say!(words, "refused-missing-next"));
        }
        Refused::NoContainer { container, has, .. } => {
            let has = list_and(words, has.iter().map(|name| Arg::Outside(name.clone())));
            let container = Arg::Name(container.to_string());
            card.plain(say!(words, "refused-container-why", container = container, has = has));
            card.plain(say!(words, "refused-container-next"));
        }
        _ => {}
    }
}

fn circumstances(words: &Words, why: &Refused, place: Place<'_>, again: &Command, card: &mut Card) {
    let target = place.target;
    match why {
        Refused::Paused { workload, by } => {
            card.plain(match by {
                Some(by) => say!(words, "refused-paused-why-by", by = Arg::Outside(by.clone())),
                None => say!(words, "refused-paused-why"),
            });
            let resume = super::evidence::resume_command(workload, place.namespace);
            card.plain(say!(words, "refused-paused-next", command = Arg::Command(resume)));
        }
        Refused::RunsUnhealthy => {
            card.plain(say!(words, "refused-unhealthy-why"));
            let rollback = Arg::Command(format!("/rollback {} {}", target.service, target.environment));
            card.plain(say!(words, "refused-unhealthy-next", status = status_command(target), rollback = rollback));
            card.button(say!(words, "button-status", target = target), Press::Status(target.clone()));
        }
        Refused::UnderWay { workload, by, ready, desired } => {
            card.plain(written_by(words, workload, by.as_ref()));
            card.plain(say!(words, "refused-under-way-far", ready = *ready, of = *desired));
            card.plain(say!(words, "refused-under-way-next", status = status_command(target)));
            card.button(say!(words, "button-status", target = target), Press::Status(target.clone()));
        }
        Refused::NothingToReturnTo => {
            card.plain(say!(words, "refusal-nothing-to-go-back-to-why", target = target));
            card.plain(say!(words, "refusal-nothing-to-go-back-to-next", command = another_deploy(target)));
        }
        Refused::UnknownRelease { .. } => {
            let history = Command::History {
                service: Some(target.service.clone()),
                environment: Some(target.environment.clone()),
                since: None,
            };
            card.plain(say!(words, "refused-unknown-release-next", command = &history));
        }
        Refused::NoEarlierImage { earlier, of } => {
            let place = |one: &PlaceOf| match &one.container {
                Some(container) => Arg::Name(format!("{}/{container}", one.workload)),
                None => Arg::from(&one.workload),
            };
            let (places, name) = (list_and(words, of.iter().map(place)), Arg::image(&in_short(earlier)));
            card.plain(say!(words, "refused-no-earlier-image-why", earlier = name, places = places, target = target));
            // A digest belongs to one repository: for the others nobody knows what it would be.
            let tag = earlier.parse::<Reference>().ok().filter(|reference| reference.digest().is_none());
            card.plain(match tag {
                Some(tag) => {
                    let (service, environment) = (target.service.clone(), target.environment.clone());
                    let deploy = Command::Deploy { service, environment, reference: tag, plan: false };
                    say!(words, "refused-no-earlier-image-next", command = &deploy)
                }
                None => say!(words, "refused-no-earlier-image-next-other", command = another_deploy(target)),
            });
        }
        Refused::Locked { scope, by, reason } => {
            let scope_text = scope.parse().map_or_else(|_| Arg::Outside(scope.clone()), Arg::Scope);
            let reason = Arg::Outside(reason.clone());
            card.plain(say!(words, "refused-locked-why", by = by, scope = scope_text, reason = reason));
            let unlock = Arg::Command(format!("/unlock {scope}"));
            card.plain(say!(words, "refused-locked-next", by = by, command = unlock));
        }
        Refused::Moved { .. } => {
            card.plain(say!(words, "refused-moved-why"));
            card.plain(say!(words, "refused-moved-next", command = again));
        }
        _ => {}
    }
}

/// Whose rollout is under way, and since when, as far as the server tells.
fn written_by(words: &Words, workload: &WorkloadName, by: Option<&WrittenBy>) -> Text {
    let (who, name, at) = match by {
        Some(WrittenBy::Us { at }) => ("us", Arg::Words(String::new()), *at),
        Some(WrittenBy::Somebody { name, at }) => ("somebody", Arg::Outside(name.clone()), *at),
        None => ("nobody", Arg::Words(String::new()), None),
    };
    let who = Arg::Choice(who);
    match at {
        Some(at) => {
            let at = Arg::Time(at, TimeStyle::Clock);
            say!(words, "refused-under-way-since", workload = workload, who = who, by = name, at = at)
        }
        None => say!(words, "refused-under-way-by", workload = workload, who = who, by = name),
    }
}
