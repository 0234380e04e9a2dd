//! The one outcome of a change.

use state::catalogue::Unanswered;
use state::change::outcome::{CantTell, Digests, Ended, Failure, Left, LeftBehind, Outcome, Overtaken};
use state::names::{PersonName, WorkloadName};

use super::{Story, failed, refused};
use crate::card::{Card, CardState, Line, LineStyle, Text, TimeStyle};
use crate::cards::{DOT, status_command};
use crate::facts::Reopened;
use crate::press::Press;
use crate::words::{Arg, say, say_first};

pub(super) fn card(story: &Story<'_>, ended: &Ended) -> Card {
    let mut card = of_outcome(story, ended);
    if let Some(reopened) = story.facts.reopened {
        asked_again(story, reopened, &mut card);
    }
    card
}

/// Nothing was done about the question after all: until when it waits now, and what is to be answered.
fn asked_again(story: &Story<'_>, reopened: &Reopened, card: &mut Card) {
    let (words, Reopened { question, questioned, returns_to_digest, locked }) = (story.words, reopened);
    let until = Arg::Time(question.until, TimeStyle::Clock);
    let (who, number) = (Arg::Mention(question.asked_by.clone()), question.number);
    let text = match question.then {
        Unanswered::Rollback => say!(words, "reopened-rollback", who = who, number = number, until = until),
        Unanswered::Hold => say!(words, "reopened-hold", who = who, number = number, until = until),
    };
    card.lines.insert(0, Line { style: LineStyle::Plain, text });
    // These matter more than what else there was to press, and more than three nobody takes in.
    card.buttons.clear();
    if let Some(questioned) = questioned
        && let Some(old) = questioned.returns_to()
    {
        let label = super::rollback_label(words, Arg::image(&old), returns_to_digest.as_deref());
        super::way_back_button(card, label, questioned);
    }
    let leave = super::stop_command(story.target());
    card.button_typed(super::leave_label(words, *locked), Press::Leave(question.change), &leave);
    card.button(say!(words, "button-show", number = number), Press::Show(number));
}

fn of_outcome(story: &Story<'_>, ended: &Ended) -> Card {
    match story.ended_as(ended) {
        Outcome::Verified { digests, pods } if story.is_rollback() => rolled_back(story, *digests, *pods),
        Outcome::Verified { digests, pods } => verified(story, *digests, *pods),
        Outcome::NothingToDo => nothing_to_do(story),
        Outcome::Refused { why } => refused::card(story, why),
        Outcome::Returned { failure } => failed::returned(story, failure),
        Outcome::Left { failure, question, not_returned } => {
            failed::left(story, failure, *question, *not_returned, &ended.left)
        }
        Outcome::ReturnFailed { failure, back } => failed::return_failed(story, failure, back, &ended.left),
        Outcome::CantTell { why } => cant_tell(story, *why, &ended.left),
        Outcome::Cancelled { by } => cancelled(story, by, &ended.left),
        Outcome::Superseded { workload, how, after_failure } => {
            superseded(story, workload, *how, after_failure.as_ref(), &ended.left)
        }
    }
}

fn verified(story: &Story<'_>, digests: Digests, pods: u32) -> Card {
    let words = story.words;
    let new = story.new_or_number();
    let first = say_first!(words, "verified", target = story.target(), new = new, pods = pods);
    let mut card = Card::new(CardState::Good, first);
    card.plain(say!(words, "verified-next", who = story.who()));
    what_was_verified(story, digests, &mut card);
    let replaced = story.replaced().map(|old| say!(words, "replaced", old = old)).unwrap_or_default();
    card.plain(Text::joined(DOT, [sentence(story.took()), replaced, story.number_text()]));
    // What never was good before is no way back, and the button would recommend it.
    if story.change.work.as_ref().is_none_or(state::change::Work::was_all_ready) {
        story.rollback_button(&mut card);
    }
    card
}

fn rolled_back(story: &Story<'_>, digests: Digests, pods: u32) -> Card {
    let words = story.words;
    let new = story.new_or_number();
    let first = say_first!(words, "verified-rollback", target = story.target(), new = new, pods = pods);
    let mut card = Card::new(CardState::Good, first);
    failed::next_with_a_fix(story, Some(story.who()), &mut card);
    what_was_verified(story, digests, &mut card);
    failed::locked(story, story.replaced_or_words(), &mut card);
    card.plain(say!(words, "rollback-not-restored"));
    let replaced = story.replaced().map(|old| say!(words, "replaced", old = old)).unwrap_or_default();
    card.plain(Text::joined(DOT, [sentence(story.took()), replaced, story.number_text()]));
    if story.facts.locked.is_some() {
        let target = story.target().clone();
        card.button(say!(words, "button-unlock", target = &target), Press::Unlock(target));
    }
    card
}

/// Begins a line: languages that have capitals begin it with one.
fn sentence(text: Text) -> Text {
    let mut spans = text.0;
    if let Some(crate::card::Span::Words(words)) = spans.first_mut()
        && let Some(first) = words.chars().next()
    {
        let rest = words.split_off(first.len_utf8());
        *words = first.to_uppercase().chain(rest.chars()).collect();
    }
    Text(spans)
}

fn what_was_verified(story: &Story<'_>, digests: Digests, card: &mut Card) {
    let words = story.words;
    let window = story.change.target.policy.stability_window;
    if story.several() {
        each_image(story, card);
    }
    match (digests, story.digest()) {
        (Digests::Match, Some(_)) if story.several() => {
            card.plain(say!(words, "verified-match-all"));
            if !window.is_zero() {
                card.plain(say!(words, "verified-stable", window = window));
            }
        }
        (Digests::Match, Some(digest)) if window.is_zero() => {
            card.plain(say!(words, "verified-match", digest = digest));
        }
        (Digests::Match, Some(digest)) => {
            card.plain(say!(words, "verified-match-stable", digest = digest, window = window));
        }
        (digests, _) => {
            card.plain(match digests {
                Digests::NotReported => say!(words, "verified-not-reported"),
                Digests::NoRegistry | Digests::Match => say!(words, "verified-no-registry"),
            });
            if !window.is_zero() {
                card.plain(say!(words, "verified-stable", window = window));
            }
        }
    }
}

/// What each of several workloads runs.
fn each_image(story: &Story<'_>, card: &mut Card) {
    for item in story.change.work.iter().flat_map(|work| &work.workloads) {
        for image in &item.images {
            let digest = image.to.reference.digest().map(|digest| Text::words(format!("({})", digest.short())));
            let name = Arg::image(&image.to.short()).alone(story.words);
            let what = Text::joined(" ", [name, digest.unwrap_or_default()]);
            card.line(LineStyle::Item, say!(story.words, "running-of", workload = &item.workload.name, what = what));
        }
    }
}

fn nothing_to_do(story: &Story<'_>) -> Card {
    let words = story.words;
    let first = match story.new_name() {
        Some(new) => say_first!(words, "nothing-to-do", target = story.target(), new = new),
        None => say_first!(words, "nothing-to-do-unnamed", target = story.target()),
    };
    let mut card = Card::new(CardState::Good, first);
    let open = story.facts.reopened.is_some();
    card.plain(if open { say!(words, "nothing-to-do-why-open") } else { say!(words, "nothing-to-do-why") });
    card.plain(Text::joined(DOT, [story.number_text(), story.asked_by()]));
    card
}

fn cant_tell(story: &Story<'_>, why: CantTell, left: &[LeftBehind]) -> Card {
    let words = story.words;
    let choice = Arg::Choice(failed::cant_tell(why));
    let first = say_first!(words, "cant-tell", target = story.target(), why = choice.clone());
    let mut card = Card::new(CardState::Unsure, first);
    card.plain(say!(words, "cant-tell-left", who = story.who()));
    card.plain(say!(words, "cant-tell-why", why = choice, new = story.new_or_number()));
    if story.several() {
        rows(story, left, &mut card);
    }
    card.plain(about(story));
    card.plain(look(story));
    story.rollback_button(&mut card);
    card
}

fn about(story: &Story<'_>) -> Text {
    let new = story.new_name().map(|new| crate::cards::alone(story.words, new)).unwrap_or_default();
    let replaced = story.replaced().map(|old| say!(story.words, "replaced", old = old)).unwrap_or_default();
    Text::joined(DOT, [new, replaced, story.number_text(), story.asked_by()])
}

fn look(story: &Story<'_>) -> Text {
    say!(story.words, "look-next", command = status_command(story.target()))
}

fn cancelled(story: &Story<'_>, by: &PersonName, left: &[LeftBehind]) -> Card {
    let words = story.words;
    let first = say_first!(words, "cancelled", target = story.target(), number = story.number(), by = by);
    let mut card = Card::new(CardState::Ended, first);
    if left.iter().all(|left| left.what == Left::Untouched) {
        let open = story.facts.reopened.is_some();
        card.plain(if open { say!(words, "cancelled-untouched-open") } else { say!(words, "cancelled-untouched") });
        card.plain(Text::joined(DOT, [story.number_text(), story.asked_by()]));
        return card;
    }
    let (who, command) = (story.who(), story.rollback_command());
    let rolls_on = left.iter().any(|left| matches!(left.what, Left::Written | Left::Returned));
    card.plain(match rolls_on {
        true => say!(words, "cancelled-rolls-on", who = who, command = &command),
        false => say!(words, "cancelled-left", who = who, command = &command),
    });
    rows(story, left, &mut card);
    card.plain(about(story));
    story.rollback_button(&mut card);
    card
}

/// What was left in each workload.
fn rows(story: &Story<'_>, left: &[LeftBehind], card: &mut Card) {
    for one in left {
        let what = match one.what {
            Left::Untouched => "untouched",
            Left::Written => "written",
            Left::Paused => "paused",
            Left::NotPaused if one.sentence.is_some() => "not-paused",
            Left::NotPaused => "paused-by-somebody",
            Left::Returned => "returned",
        };
        let items = story.change.work.iter().flat_map(|work| &work.workloads);
        let item = items.clone().find(|item| item.workload.name == one.workload);
        let new = item.and_then(|item| Some(Arg::image(&item.images.first()?.to.short())));
        let old = item.and_then(|item| Some(Arg::image(&item.returns_to()?)));
        let text = say!(
            story.words,
            "left-row",
            workload = &one.workload,
            what = Arg::Choice(what),
            new = new.unwrap_or_else(|| story.new_or_number()),
            old = old.unwrap_or_else(|| story.returns_to_or_words())
        );
        card.line(LineStyle::Item, text);
    }
}

fn superseded(
    story: &Story<'_>,
    workload: &WorkloadName,
    how: Overtaken,
    after_failure: Option<&Failure>,
    left: &[LeftBehind],
) -> Card {
    let words = story.words;
    let first = match how {
        Overtaken::Gone => say_first!(words, "superseded-gone", target = story.target(), workload = workload),
        _ => say_first!(words, "superseded", target = story.target()),
    };
    let mut card = Card::new(CardState::Ended, first);
    card.plain(say!(words, "superseded-next", who = story.who(), command = status_command(story.target())));
    let how = match how {
        Overtaken::Template => "template",
        Overtaken::Undone => "undone",
        Overtaken::Recreated => "recreated",
        Overtaken::Gone => "gone",
    };
    let how = Arg::Choice(how);
    card.plain(say!(words, "superseded-how", how = how, workload = workload, number = story.number()));
    if story.several() {
        rows(story, left, &mut card);
    }
    if after_failure.is_some() {
        if story.facts.locked.is_some() {
            let (number, new) = (story.number(), story.new_or_number());
            card.line(LineStyle::Locked, say!(words, "superseded-after-failure", number = number, new = new));
        } else {
            card.plain(say!(words, "superseded-after-failure-open", number = story.number()));
        }
        super::evidence::of_failure(story, after_failure, &mut card);
    }
    card.plain(about(story));
    card
}
