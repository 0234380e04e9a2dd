//! The answer to `plan`: what would be done, without doing it (D18).

use state::catalogue::{Action, AfterFailure};
use state::change::outcome::Refused;
use state::change::{Ask, NewImage, RollbackTo, Work};
use state::image::{self, Digest};
use state::names::TargetName;

use super::change::refused::{self, Place};
use super::{grantees, list_and, list_or, lock_reason, reference_name, status};
use crate::card::{Card, CardState, LineStyle, Text};
use crate::command::Command;
use crate::command::value::Earlier;
use crate::facts::PlanFacts;
use crate::words::{Arg, Words, say, say_first};

/// The plan.
pub fn card(words: &Words, facts: &PlanFacts<'_>) -> Card {
    let again = command(facts);
    let work = match facts.work {
        Ok(Some(work)) => work,
        // What a tag stands for may have changed since: only what runs by it is known.
        Ok(None) if !facts.looked_up.is_empty() => return by_its_tag(words, facts, Tag::Runs),
        Err(Refused::RunsUnhealthy) if !facts.looked_up.is_empty() => {
            return by_its_tag(words, facts, Tag::Unwell);
        }
        Err(Refused::UnderWay { .. }) if !facts.looked_up.is_empty() => {
            return by_its_tag(words, facts, Tag::UnderWay);
        }
        Ok(None) => return nothing_to_do(words, facts),
        Err(why) => {
            let target = facts.target;
            let (cluster, namespace) = (target.cluster.as_str(), &target.namespace);
            let place = Place { target: &target.name, cluster, namespace };
            return refused::of(words, why, place, wanted(facts), &again);
        }
    };
    let mut card = Card::new(CardState::Plain, first_line(words, facts, work));
    card.plain(say!(words, "plan-only"));
    what(words, facts, work, &mut card);
    if matches!(facts.ask, Ask::Rollback { .. }) {
        going_back(words, facts, &mut card);
    }
    let window = facts.target.policy.stability_window;
    card.plain(if window.is_zero() {
        say!(words, "plan-verified-at-once")
    } else {
        say!(words, "plan-verified-when", window = window)
    });
    card.plain(if_fails(words, facts, Some(work)));
    card.plain(who_may(words, facts));
    obstacles(words, facts, &mut card);
    card.plain(say!(words, "plan-next", command = &again));
    card
}

fn command(facts: &PlanFacts<'_>) -> Command {
    let TargetName { service, environment } = facts.target.name.clone();
    match facts.ask {
        Ask::Deploy { reference } => {
            Command::Deploy { service, environment, reference: reference.clone(), plan: false }
        }
        Ask::Rollback { to, template } => {
            let to = match to {
                RollbackTo::Previous | RollbackTo::Before(_) => None,
                RollbackTo::Named(reference) => Some(Earlier::Reference(reference.clone())),
                RollbackTo::Release(number) => Some(Earlier::Change(*number)),
            };
            Command::Rollback { service, environment, to, template: *template, plan: false }
        }
    }
}

fn wanted(facts: &PlanFacts<'_>) -> Arg {
    match facts.ask {
        Ask::Deploy { reference } | Ask::Rollback { to: RollbackTo::Named(reference), .. } => {
            Arg::Name(reference_name(reference))
        }
        Ask::Rollback { .. } => Arg::Words("?".to_owned()),
    }
}

fn nothing_to_do(words: &Words, facts: &PlanFacts<'_>) -> Card {
    let target = &facts.target.name;
    let first = match facts.ask {
        Ask::Deploy { .. } => say_first!(words, "nothing-to-do", target = target, new = wanted(facts)),
        Ask::Rollback { .. } => say_first!(words, "nothing-to-do-unnamed", target = target),
    };
    let mut card = Card::new(CardState::Good, first);
    card.plain(say!(words, "nothing-to-do-why"));
    card
}

/// How it is with a tag that stands in the template already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Runs,
    Unwell,
    UnderWay,
}

fn by_its_tag(words: &Words, facts: &PlanFacts<'_>, tag: Tag) -> Card {
    let (target, new) = (&facts.target.name, wanted(facts));
    let first = match tag {
        Tag::Runs | Tag::Unwell => say_first!(words, "plan-tag", target = target, new = new),
        Tag::UnderWay => say_first!(words, "plan-tag-under-way", target = target, new = new),
    };
    let mut card = Card::new(CardState::Plain, first);
    card.plain(say!(words, "plan-only"));
    card.plain(match tag {
        Tag::Runs | Tag::Unwell => say!(words, "plan-tag-why"),
        Tag::UnderWay => say!(words, "plan-tag-under-way-why"),
    });
    if tag == Tag::Unwell {
        card.plain(say!(words, "plan-tag-unwell"));
    }
    card.plain(if_fails(words, facts, None));
    card.plain(who_may(words, facts));
    obstacles(words, facts, &mut card);
    card.plain(say!(words, "plan-next", command = &command(facts)));
    card
}

fn names(image: Option<&NewImage>) -> (Arg, Arg) {
    let Some(image) = image else { return (Arg::from("?"), Arg::from("?")) };
    (Arg::image(&image::name_of(&image.from)), Arg::image(&image.to.short()))
}

fn first_line(words: &Words, facts: &PlanFacts<'_>, work: &Work) -> Text {
    let (old, new) = names(work.workloads.first().and_then(|one| one.images.first()));
    let target = &facts.target.name;
    match facts.ask {
        Ask::Deploy { .. } => say_first!(words, "plan-deploy", target = target, old = old, new = new),
        Ask::Rollback { .. } => say_first!(words, "plan-rollback", target = target, new = new),
    }
}

fn what(words: &Words, facts: &PlanFacts<'_>, work: &Work, card: &mut Card) {
    for one in &work.workloads {
        for image in &one.images {
            let (old, new) = names(Some(image));
            let (workload, pods) = (&one.workload.name, one.replicas);
            let text = match image.to.reference.digest().map(Digest::short) {
                Some(digest) => {
                    say!(
                        words,
                        "plan-workload",
                        workload = workload,
                        old = old,
                        new = new,
                        digest = digest,
                        pods = pods
                    )
                }
                None if facts.looked_up.contains(&(workload.clone(), image.container.clone())) => {
                    say!(words, "plan-workload-looked-up", workload = workload, old = old, new = new, pods = pods)
                }
                None => say!(words, "plan-workload-tag", workload = workload, old = old, new = new, pods = pods),
            };
            card.line(LineStyle::Item, text);
        }
        if one.resumes {
            card.line(LineStyle::Item, say!(words, "plan-resumes", workload = &one.workload.name));
        }
    }
}

fn going_back(words: &Words, facts: &PlanFacts<'_>, card: &mut Card) {
    if let Some(release) = facts.release {
        card.plain(status::release_line(words, release, "plan-release", "plan-baseline"));
    }
    if !facts.differences.is_empty() {
        let fields = list_and(words, facts.differences.iter().map(|field| Arg::Outside(field.clone())));
        card.plain(say!(words, "plan-differences", fields = fields));
        let restored = matches!(facts.ask, Ask::Rollback { template: true, .. });
        card.plain(if restored {
            say!(words, "plan-template-restored")
        } else {
            let mut whole = command(facts);
            if let Command::Rollback { template, .. } = &mut whole {
                *template = true;
            }
            say!(words, "plan-template-kept", command = &whole)
        });
    }
    card.plain(say!(words, "rollback-not-restored"));
}

/// What happens after a failure. Without work nobody has looked whether all pods are ready.
fn if_fails(words: &Words, facts: &PlanFacts<'_>, work: Option<&Work>) -> Text {
    let is_rollback = matches!(facts.ask, Ask::Rollback { .. });
    match (facts.target.policy.after_failure, work) {
        (AfterFailure::Rollback, Some(work)) if !is_rollback && !work.was_all_ready() => {
            say!(words, "if-fails-ask-unready")
        }
        (AfterFailure::Rollback, Some(work)) if !is_rollback => {
            let old = work.workloads.first().and_then(|one| one.returns_to());
            let old = old.map_or_else(|| Arg::from("?"), |old| Arg::image(&old));
            say!(words, "if-fails-rollback", old = old)
        }
        (AfterFailure::Rollback, None) if !is_rollback => say!(words, "if-fails-rollback-unseen"),
        (AfterFailure::Hold, _) => say!(words, "if-fails-hold"),
        (AfterFailure::Rollback | AfterFailure::Ask, _) => say!(words, "if-fails-ask"),
    }
}

fn who_may(words: &Words, facts: &PlanFacts<'_>) -> Text {
    let action = match facts.ask {
        Ask::Deploy { .. } => Action::Deploy,
        Ask::Rollback { .. } => Action::Rollback,
    };
    let nobody = Default::default();
    let allowed = facts.target.permissions.0.get(&action).unwrap_or(&nobody);
    let mut people = grantees(words, allowed, facts.catalogue.on_call.as_ref(), &facts.target.owners);
    if people.is_empty() {
        people.push(say!(words, "grantee-nobody"));
    }
    say!(words, "plan-who-may", people = list_or(words, people))
}

fn obstacles(words: &Words, facts: &PlanFacts<'_>, card: &mut Card) {
    for lock in &facts.locks {
        let reason = lock_reason(words, lock);
        let text = say!(words, "plan-locked", scope = &lock.scope, by = &lock.by, reason = reason);
        card.line(LineStyle::Locked, text);
    }
    if let Some(holder) = facts.holder {
        card.line(LineStyle::Doing, say!(words, "plan-busy", number = holder));
    }
}
