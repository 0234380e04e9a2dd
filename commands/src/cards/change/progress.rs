//! A change under way: what is done, what is going on, what is to come, and for how long.

use std::time::Duration;

use state::catalogue::AfterFailure;
use state::change::outcome::NotReturned;
use state::change::{Parked, ParkedWhy, Phase, ReturnStage, Written};
use state::rollout::judge::Progress;

use super::{Story, evidence};
use crate::card::{Card, CardState, LineStyle, Text, TimeStyle};
use crate::cards::{DOT, alone, sight};
use crate::command::{ChangeCommand, Command};
use crate::press::Press;
use crate::sight::Standstill;
use crate::words::{Arg, say, say_first};

pub(super) fn card(story: &Story<'_>) -> Card {
    if let Some(why) = &story.change.head.parked {
        return parked(story, why);
    }
    let standstill = story.facts.standstill;
    let state = if standstill.is_some() { CardState::Unsure } else { state(story.change.phase()) };
    let mut card = Card::new(state, first_line(story));
    card.plain(about(story));
    let target = &story.change.target;
    for line in
        standstill.into_iter().flat_map(|why| sight::standstill(story.words, why, &target.cluster, &target.namespace))
    {
        card.plain(line);
    }
    if let Some(stop) = &story.change.head.stop {
        let at = Arg::Time(stop.at, TimeStyle::Clock);
        card.plain(say!(story.words, "stop-asked", by = &stop.by, at = at));
    }
    steps(story, &mut card);
    evidence::so_far(story, &mut card);
    match story.change.phase() {
        Phase::Holding { .. } | Phase::Returning { .. } => {}
        _ => {
            // Nobody knows how long, while nothing moves or nothing can be seen.
            card.plain(if standstill.is_some() { say!(story.words, "time-unknown") } else { time_left(story) });
            card.plain(if_fails(story));
            let label = say!(story.words, "button-stop", number = story.number());
            card.button_typed(label, Press::Stop(story.change.head.id), &super::stop_command(story.target()));
        }
    }
    let pods = story.pods();
    if pods.desired > 0 {
        card.progress = Some(crate::card::Progress { done: pods.new_ready.min(pods.desired), of: pods.desired });
    }
    card
}

fn state(phase: &Phase) -> CardState {
    match phase {
        Phase::Holding { .. } | Phase::Returning { .. } => CardState::Bad,
        _ => CardState::Working,
    }
}

pub(crate) fn first_line(story: &Story<'_>) -> Text {
    let (words, target) = (story.words, story.target());
    let pods = story.pods();
    let done = pods.new_ready.min(pods.desired);
    match story.facts.standstill {
        Some(Standstill::Blind { .. }) => return say_first!(words, "progress-blind", target = target),
        Some(Standstill::Paused { .. }) => {
            return say_first!(words, "progress-paused", target = target, done = done, of = pods.desired);
        }
        None => {}
    }
    match story.change.phase() {
        Phase::Applying { .. } => say_first!(words, "progress-applying", target = target, new = story.new_or_number()),
        // Nothing was counted yet.
        Phase::Rolling { .. } if pods.desired == 0 => {
            say_first!(words, "progress-applying", target = target, new = story.new_or_number())
        }
        Phase::Rolling { .. } if story.is_rollback() => {
            say_first!(words, "progress-rolling-back", target = target, done = done, of = pods.desired)
        }
        Phase::Rolling { .. } => say_first!(words, "progress-rolling", target = target, done = done, of = pods.desired),
        Phase::Stabilizing { .. } => say_first!(words, "progress-stabilizing", target = target, of = pods.desired),
        Phase::Holding { .. } => say_first!(words, "progress-holding", target = target),
        Phase::Returning { .. } => {
            say_first!(words, "progress-returning", target = target, old = story.returns_to_or_words())
        }
        Phase::Preparing | Phase::Ended(_) => match story.new_name() {
            Some(new) => say_first!(words, "progress-preparing", target = target, new = new),
            None => say_first!(words, "progress-preparing-rollback", target = target),
        },
    }
}

/// What it is about, in one line: `9f3c2ab · replaces 4d1e77c · #412 · asked by lin`.
fn about(story: &Story<'_>) -> Text {
    let new = story.new_name().map(|new| alone(story.words, new)).unwrap_or_default();
    let old = story.replaced().map(|old| say!(story.words, "replaces", old = old)).unwrap_or_default();
    Text::joined(DOT, [new, old, story.number_text(), story.asked_by()])
}

fn steps(story: &Story<'_>, card: &mut Card) {
    let words = story.words;
    let window = story.change.target.policy.stability_window;
    let stable_later = |card: &mut Card| {
        if !window.is_zero() {
            card.line(LineStyle::Later, say!(words, "step-stable-later", window = window));
        }
    };
    match story.change.phase() {
        Phase::Preparing => {
            card.line(LineStyle::Doing, say!(words, "step-image-doing"));
            card.line(LineStyle::Later, say!(words, "step-apply-later"));
            card.line(LineStyle::Later, say!(words, "step-roll-later"));
            stable_later(card);
            card.plain(say!(words, "nothing-touched-yet"));
        }
        Phase::Applying { written } => {
            image_done(story, card);
            if let Some(next) = story.change.target.workloads.get(written.len()) {
                card.line(LineStyle::Doing, say!(words, "step-apply-doing", workload = &next.name));
            }
            card.line(LineStyle::Later, say!(words, "step-roll-later"));
            stable_later(card);
        }
        Phase::Rolling { written } => {
            image_done(story, card);
            rolling(story, written, card);
            stable_later(card);
        }
        Phase::Stabilizing { .. } => {
            image_done(story, card);
            let pods = story.pods();
            card.line(LineStyle::Done, say!(words, "step-roll-done", done = pods.new_ready, of = pods.desired));
            card.line(LineStyle::Doing, say!(words, "step-stable-doing", window = window));
        }
        Phase::Holding { not_returned, .. } => {
            card.line(LineStyle::Doing, say!(words, "step-hold-doing"));
            card.plain(not_returned.map(|why| why_not_returned(story, why)).unwrap_or_default());
        }
        Phase::Returning { stage, .. } => {
            let old = story.returns_to_or_words();
            card.line(
                LineStyle::Doing,
                match stage {
                    ReturnStage::Checking => say!(words, "step-return-check", old = old),
                    _ => {
                        let pods = story.pods();
                        say!(words, "step-return-doing", old = old, done = pods.new_ready, of = pods.desired)
                    }
                },
            );
        }
        Phase::Ended(_) => {}
    }
}

fn image_done(story: &Story<'_>, card: &mut Card) {
    let text = match story.digest() {
        Some(digest) => say!(story.words, "step-image-done", digest = digest),
        None => say!(story.words, "step-image-done-tag", new = story.new_or_number()),
    };
    card.line(LineStyle::Done, text);
}

fn rolling(story: &Story<'_>, written: &[Written], card: &mut Card) {
    let words = story.words;
    let pods = story.pods();
    let began = written.first().map_or(story.change.head.asked_at, |written| written.at);
    let elapsed = (story.facts.now - began).to_std().unwrap_or_default();
    // Before the first look nobody knows what serves.
    let text = match pods.desired {
        0 => say!(words, "step-roll-unseen", elapsed = elapsed),
        _ => say!(words, "step-roll-doing", elapsed = elapsed, new = pods.new_ready, old = pods.old_serving),
    };
    card.line(LineStyle::Doing, text);
    if !story.several() {
        return;
    }
    let counted = story.change.target.workloads.iter().zip(story.facts.progress);
    for (workload, one) in counted.filter(|(_, one)| **one != Progress::default()) {
        let text = say!(
            words,
            "step-workload",
            workload = &workload.name,
            done = one.new_ready.min(one.desired),
            of = one.desired,
            old = one.old_serving
        );
        card.line(LineStyle::Item, text);
    }
}

/// Less than this is left: nobody plans by it.
const SOON: Duration = Duration::from_secs(10);

fn time_left(story: &Story<'_>) -> Text {
    let Some(usual) = story.facts.usual else { return say!(story.words, "time-unknown") };
    match usual.checked_sub(story.lasted()) {
        Some(left) if left >= SOON => {
            say!(story.words, "time-left", left = Arg::About(left), usual = Arg::About(usual))
        }
        _ if story.lasted() > usual.mul_f32(1.5) => say!(story.words, "time-over", usual = Arg::About(usual)),
        _ => say!(story.words, "time-unknown"),
    }
}

fn if_fails(story: &Story<'_>) -> Text {
    let after = match story.change.target.policy.after_failure {
        // A failed rollback is never returned by itself.
        AfterFailure::Rollback if story.is_rollback() => AfterFailure::Ask,
        after => after,
    };
    match (after, story.returns_to()) {
        (AfterFailure::Rollback, _) if story.change.work.as_ref().is_some_and(|work| !work.was_all_ready()) => {
            say!(story.words, "if-fails-ask-unready")
        }
        (AfterFailure::Rollback, Some(old)) => say!(story.words, "if-fails-rollback", old = old),
        (AfterFailure::Rollback, None) => say!(story.words, "if-fails-rollback-unseen"),
        (AfterFailure::Hold, _) => say!(story.words, "if-fails-hold"),
        (AfterFailure::Ask, _) => say!(story.words, "if-fails-ask"),
    }
}

pub(super) fn why_not_returned(story: &Story<'_>, why: NotReturned) -> Text {
    match why {
        NotReturned::BaselineNotReady => say!(story.words, "not-returned-baseline"),
        NotReturned::WasRollback => say!(story.words, "not-returned-was-rollback"),
        NotReturned::ImageGone => say!(story.words, "not-returned-image-gone"),
    }
}

/// A change that can't go on for now.
fn parked(story: &Story<'_>, parked: &Parked) -> Card {
    let words = story.words;
    let first = say_first!(words, "progress-parked", target = story.target(), number = story.number());
    let mut card = Card::new(CardState::Unsure, first);
    let cluster = Arg::Name(story.change.target.cluster.to_string());
    let since = Arg::Time(parked.since, TimeStyle::Clock);
    card.plain(match parked.why {
        ParkedWhy::ClusterUnreadable => say!(words, "parked-cluster", cluster = cluster, since = since),
        ParkedWhy::WriteInDoubt => say!(words, "parked-in-doubt", cluster = cluster, since = since),
        ParkedWhy::RecordUnreadable => say!(words, "parked-record", number = story.number()),
        ParkedWhy::Imported => say!(words, "parked-imported"),
        ParkedWhy::ClaimMissing => say!(words, "parked-claim", target = story.target()),
    });
    card.plain(about(story));
    let release = Command::Change(ChangeCommand::Release { number: story.number() });
    card.plain(match parked.why {
        ParkedWhy::ClaimMissing => say!(words, "parked-claim-next", target = story.target(), command = &release),
        _ => say!(words, "parked-next", target = story.target(), command = &release),
    });
    card.button(say!(words, "button-show", number = story.number()), Press::Show(story.number()));
    card
}
