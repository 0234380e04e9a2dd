//! Failures, in a fixed order: verdict and what still serves; deadline and what happens then; cause in one sentence;
//! proof; what runs now; who knows it.

use chrono::{DateTime, Utc};
use state::catalogue::Unanswered;
use state::change::outcome::{Asked, CantTell, Failure, Left, LeftBehind, NotReturned, ReturnProblem};
use state::lock::Scope;
use state::names::TargetName;

use super::{Story, evidence, progress};
use crate::card::{Card, CardState, LineStyle, Text, TimeStyle};
use crate::cards::{DOT, alone, another_deploy, list_and, list_or, status_command};
use crate::command::Command;
use crate::facts::{ClosedBy, EarlierRelease, QuestionLeft, Restarted, Serving};
use crate::press::Press;
use crate::words::{Arg, Words, say, say_first};

/// It failed, and what ran before runs again.
pub(super) fn returned(story: &Story<'_>, failure: &Failure) -> Card {
    let words = story.words;
    let old = story.returns_to_or_words();
    let first = say_first!(words, "failed-returned", target = story.target(), ask = ask(story), old = old);
    let mut card = Card::new(CardState::Bad, first);
    next_with_a_fix(story, Some(story.who()), &mut card);
    evidence::of_failure(story, Some(failure), &mut card);
    now_running(story, &[], &mut card);
    locked(story, story.new_or_number(), &mut card);
    owner(story, &mut card);
    card
}

/// It failed, and was left where it stood.
pub(super) fn left(
    story: &Story<'_>,
    failure: &Failure,
    asked: Option<Asked>,
    not_returned: Option<NotReturned>,
    left: &[LeftBehind],
) -> Card {
    let words = story.words;
    let mut card = Card::new(CardState::Bad, serves_line(story));
    // The question as it stands decides: it may have been answered, or shown again with another deadline.
    let was_asked = asked.is_some();
    let asked = story.facts.open_question().map(|question| Asked { until: question.until, then: question.then });
    match asked {
        Some(asked) => {
            let until = Arg::Time(asked.until, TimeStyle::Clock);
            card.plain(match asked.then {
                Unanswered::Rollback => say!(words, "decide-rollback", who = story.who(), until = until),
                Unanswered::Hold => say!(words, "decide-hold", who = story.who(), until = until),
            })
        }
        None if was_asked => card.plain(closed(story)),
        None => card.plain(say!(words, "left-as-is", who = story.who())),
    };
    card.plain(not_returned.map(|why| progress::why_not_returned(story, why)).unwrap_or_default());
    evidence::of_failure(story, Some(failure), &mut card);
    now_running(story, left, &mut card);
    owner(story, &mut card);
    if not_returned == Some(NotReturned::ImageGone) {
        earlier(story, &mut card);
    } else {
        story.rollback_button(&mut card);
    }
    if asked.is_some() {
        let label = super::leave_label(words, story.facts.locked.is_some());
        card.button_typed(label, Press::Leave(story.change.head.id), &super::stop_command(story.target()));
    }
    card.button(say!(words, "button-show", number = story.number()), Press::Show(story.number()));
    card
}

/// What has become of the question, where nothing is asked any more.
fn closed(story: &Story<'_>) -> Text {
    let (words, who) = (story.words, story.who());
    let by = match story.facts.question {
        Some(QuestionLeft::Closed(by)) => *by,
        Some(QuestionLeft::Open(_)) | None => ClosedBy::Unknown,
    };
    match by {
        ClosedBy::Deadline(number) => say!(words, "question-closed-by-time", who = who, number = number),
        ClosedBy::Change(number) => say!(words, "question-closed-by-change", who = who, number = number),
        ClosedBy::LeftAsIs => say!(words, "left-as-is", who = who),
        ClosedBy::Lapsed => say!(words, "question-closed-lapsed", who = who),
        ClosedBy::Unknown => say!(words, "question-closed", who = who),
    }
}

/// What can be gone back to where what was to be gone back to is gone.
pub(super) fn earlier(story: &Story<'_>, card: &mut Card) {
    let (words, target) = (story.words, story.target());
    let command = |release: &EarlierRelease| {
        let to = Some(release.to.clone());
        let TargetName { service, environment } = target.clone();
        let back = Command::Rollback { service, environment, to, template: false, plan: false };
        match &release.told_apart {
            None => alone(words, Arg::from(&back)),
            Some((tag, digest)) => {
                let (name, digest) = (Arg::image(tag), Arg::image(digest));
                say!(words, "earlier-told-apart", command = &back, name = name, digest = digest)
            }
        }
    };
    match story.facts.earlier {
        None => {}
        Some([]) => {
            card.plain(say!(words, "earlier-none", command = another_deploy(target)));
        }
        Some(known) => {
            let commands = list_or(words, known.iter().map(command).collect());
            card.plain(say!(words, "earlier-releases", commands = commands));
        }
    }
}

/// It failed, and so did the way back.
pub(super) fn return_failed(story: &Story<'_>, failure: &Failure, back: &ReturnProblem, left: &[LeftBehind]) -> Card {
    let words = story.words;
    let mut card = Card::new(CardState::Bad, say_first!(words, "failed-return", target = story.target()));
    // Whoever is on duty is needed, beside the one who asked.
    let asker = story.change.head.asked_by.person();
    let on_call = story.facts.catalogue.on_call.as_ref().filter(|person| *person != asker);
    let people = on_call.into_iter().chain([asker]).map(|person| Arg::Mention(person.clone()).alone(words));
    card.plain(say!(words, "return-failed-next", who = Text::joined(" ", people)));
    now_running(story, left, &mut card);
    match back {
        ReturnProblem::Failed(kind) => card.plain(say!(words, "back-failed", why = evidence::kind(words, *kind))),
        ReturnProblem::Rejected(sentence) => {
            card.plain(say!(words, "back-rejected"));
            card.line(LineStyle::Quote, Text::outside(sentence.as_str()))
        }
        ReturnProblem::CantTell(why) => {
            let why = say!(words, "cant-tell-word", why = Arg::Choice(cant_tell(*why)));
            card.plain(say!(words, "back-cant-tell", why = why))
        }
    };
    evidence::of_failure(story, Some(failure), &mut card);
    locked(story, story.new_or_number(), &mut card);
    owner(story, &mut card);
    let target = story.target().clone();
    card.plain(say!(words, "look-next", command = status_command(&target)));
    card.button(say!(words, "button-status", target = &target), Press::Status(target.clone()));
    card.button(say!(words, "button-show", number = story.number()), Press::Show(story.number()));
    card
}

pub(super) fn cant_tell(why: CantTell) -> &'static str {
    match why {
        CantTell::NoPods => "no-pods",
        CantTell::Paused => "paused",
        CantTell::Released => "released",
        CantTell::ReleasedUnsettled => "released-unsettled",
        CantTell::Gone => "gone",
    }
}

/// What failed.
fn ask(story: &Story<'_>) -> Arg {
    Arg::Choice(if story.is_rollback() { "rollback" } else { "deploy" })
}

/// Who is still served: from the pods as they are now, never by assumption.
fn serves_line(story: &Story<'_>) -> Text {
    let (words, target, ask) = (story.words, story.target(), ask(story));
    let serving = story.facts.serving;
    if serving.is_empty() {
        return say_first!(words, "failed-left", target = target, ask = ask);
    }
    let none = serving.iter().all(|one| one.ready() == 0);
    let ready: u32 = serving.iter().map(Serving::of_wanted).sum();
    let wanted: u32 = serving.iter().map(|one| one.desired).sum();
    let old_name = story.change.returns_to();
    let is_old = |name: &str| old_name.as_deref() == Some(name);
    let only_old = serving.iter().all(|one| one.images.iter().all(|(name, _)| is_old(name)));
    // A new pod may be ready beside them for a moment: whether all are served doesn't hang on it.
    let old_ready =
        |one: &Serving| one.images.iter().filter(|(name, _)| is_old(name)).map(|(_, pods)| pods).sum::<u32>();
    let old_suffices = serving.iter().all(|one| old_ready(one) >= one.desired);
    // A pod that goes on crashing is ready now and then, and serves nobody for long.
    let now = story.facts.now;
    let crashing = |image: Option<&str>| {
        let counted = |pod: &&Restarted| pod.ready && image.is_none_or(|image| pod.image == image);
        serving.iter().map(|one| one.crashing(now).filter(counted).count()).sum::<usize>()
    };
    let restless = |crashing: usize| {
        say_first!(
            words,
            "failed-crashing",
            target = target,
            ask = ask.clone(),
            ready = ready,
            of = wanted,
            crashing = crashing
        )
    };
    match old_name.as_deref() {
        _ if none => say_first!(words, "failed-none-serves", target = target, ask = ask),
        Some(old) if (only_old || old_suffices) && crashing(Some(old)) == 0 => {
            let old = Arg::image(old);
            say_first!(words, "failed-old-serves", target = target, ask = ask, old = old, ready = ready, of = wanted)
        }
        _ if crashing(None) > 0 => restless(crashing(None)),
        _ => say_first!(words, "failed-some-serve", target = target, ask = ask, ready = ready, of = wanted),
    }
}

/// What runs now, and in which state it was left.
pub(super) fn now_running(story: &Story<'_>, left: &[LeftBehind], card: &mut Card) {
    let words = story.words;
    let locked = if story.facts.locked.is_some() { say!(words, "locked-word") } else { Text::default() };
    for (place, one) in story.facts.serving.iter().enumerate() {
        let what = images(words, one);
        let what =
            if story.several() { say!(words, "running-of", workload = &one.workload, what = what) } else { what };
        let refusal = left.get(place).and_then(|left| left.sentence.as_ref());
        let held = match left.get(place).map(|left| left.what) {
            Some(Left::NotPaused) if one.paused && refusal.is_none() && !story.since(one) => {
                say!(words, "rollout-paused-by-somebody")
            }
            _ if one.paused => say!(words, "rollout-paused"),
            // What a later write did to it is not what this change left.
            _ if story.since(one) => Text::default(),
            Some(Left::Paused) => say!(words, "rollout-paused"),
            Some(Left::NotPaused) if refusal.is_some() => say!(words, "rollout-not-paused"),
            _ => Text::default(),
        };
        let is_left = left.iter().any(|left| left.what != Left::Returned);
        let locked = if is_left { locked.clone() } else { Text::default() };
        let crashing = crashing(words, one, story.facts.now);
        card.plain(Text::joined(DOT, [say!(words, "running", what = what), crashing, held, locked]));
        if let Some(sentence) = refusal.filter(|_| !one.paused && !story.since(one)) {
            card.line(LineStyle::Quote, Text::outside(sentence.as_str()));
        }
    }
}

/// Ready pods by the image that they run.
pub(crate) fn images(words: &Words, serving: &Serving) -> Text {
    if serving.images.is_empty() {
        return say!(words, "running-none");
    }
    let one = |(image, pods): &(String, u32)| say!(words, "running-image", image = Arg::image(image), pods = *pods);
    list_and(words, serving.images.iter().map(one))
}

/// Pods that go on crashing, with how often they did. Empty where there are none.
pub(crate) fn crashing(words: &Words, serving: &Serving, now: DateTime<Utc>) -> Text {
    let pods = serving.crashing(now).count();
    let times: u32 = serving.crashing(now).map(|pod| pod.times).sum();
    match serving.crashing(now).map(|pod| pod.at).max() {
        Some(last) => {
            let last = Arg::Time(last, TimeStyle::Seconds);
            say!(words, "running-crashing", pods = pods, times = times, last = last)
        }
        None => Text::default(),
    }
}

/// What must not come back, while the lock that says so is there.
pub(super) fn locked(story: &Story<'_>, image: Arg, card: &mut Card) {
    if let Some(holder) = story.facts.locked {
        card.line(LineStyle::Locked, say!(story.words, "rollback-locked", old = image, by = holder));
    }
}

fn owner(story: &Story<'_>, card: &mut Card) {
    let target = &story.change.target;
    let (runbook, dashboard) = (target.runbook.as_deref(), target.dashboard.as_deref());
    card.plain(evidence::owner_line(story.words, &target.owners, runbook, dashboard, story.number_text()));
}

/// Nothing to do now, and what to type once there is a fix.
pub(super) fn next_with_a_fix(story: &Story<'_>, who: Option<Arg>, card: &mut Card) {
    let words = story.words;
    let who = who.map(|who| alone(words, who)).unwrap_or_default();
    let again = another_deploy(story.target());
    let unlock = Command::Unlock { scope: Scope::Target(story.target().clone()) };
    let next = if story.facts.locked.is_some() {
        say!(words, "next-with-a-fix", unlock = &unlock, command = again)
    } else {
        say!(words, "next-with-a-fix-open", command = again)
    };
    card.plain(Text::joined(" ", [who, next]));
}
