//! What a channel hears of a change beside progress and outcome, and the answers to acts upon it.

use state::change::Phase;
use state::journal::NoticeWhat;
use state::names::PersonName;

use super::{Story, failed};
use crate::card::{Card, CardState};
use crate::command::Command;
use crate::facts::ChangeFacts;
use crate::press::Press;
use crate::words::{Arg, Words, say, say_first};

/// The card of a notice.
pub fn notice(words: &Words, what: NoticeWhat, facts: &ChangeFacts<'_>) -> Card {
    match what {
        // It may have gone on, or even ended, before this could be said: then that is what is said.
        NoticeWhat::Progress | NoticeWhat::Outcome | NoticeWhat::Parked => super::card(words, facts),
        NoticeWhat::Lapsed => lapsed(words, facts),
        NoticeWhat::AskedAgain => asked_again(words, facts),
    }
}

/// The question is off, because somebody else has acted.
pub fn lapsed(words: &Words, facts: &ChangeFacts<'_>) -> Card {
    let story = Story::of(words, facts);
    let mut card = Card::new(CardState::Ended, say_first!(words, "question-lapsed", number = story.number()));
    card.plain(say!(words, "question-lapsed-why", target = story.target(), number = story.number()));
    card.plain(say!(words, "nothing-more"));
    card.button(say!(words, "button-show", number = story.number()), Press::Show(story.number()));
    card
}

/// The question is shown again, with a little more time.
pub fn asked_again(words: &Words, facts: &ChangeFacts<'_>) -> Card {
    let mut card = super::card(words, facts);
    let line = crate::card::Line { style: crate::card::LineStyle::Plain, text: say!(words, "decide-again") };
    card.lines.insert(1.min(card.lines.len()), line);
    card
}

/// Somebody answered the question with "leave it".
pub fn left_as_is(words: &Words, facts: &ChangeFacts<'_>, by: &PersonName) -> Card {
    let story = Story::of(words, facts);
    let mut card = Card::new(CardState::Ended, say_first!(words, "question-answered", target = story.target()));
    card.plain(say!(words, "question-answered-why", by = by, number = story.number()));
    let (unlock, again) = failed::fix_commands(&story);
    card.plain(say!(words, "question-answered-next", unlock = &unlock, command = again));
    story.rollback_button(&mut card);
    card
}

/// A stop was accepted.
pub fn stopping(words: &Words, facts: &ChangeFacts<'_>) -> Card {
    let story = Story::of(words, facts);
    let first = say_first!(words, "stopping", target = story.target(), number = story.number());
    let mut card = Card::new(CardState::Working, first);
    card.plain(match story.change.phase() {
        Phase::Preparing => say!(words, "stopping-preparing"),
        Phase::Applying { .. } => say!(words, "stopping-applying"),
        _ => say!(words, "stopping-left"),
    });
    card
}

/// An administrator freed a parked change.
pub fn released(words: &Words, facts: &ChangeFacts<'_>) -> Card {
    let story = Story::of(words, facts);
    let target = story.target().clone();
    let mut card = Card::new(CardState::Good, say_first!(words, "released", number = story.number()));
    card.plain(say!(words, "released-why", target = &target));
    let (service, environment) = (Some(target.service.clone()), Some(target.environment.clone()));
    card.plain(say!(words, "look-next", command = Arg::from(&Command::Status { service, environment })));
    card.button(say!(words, "button-status", target = &target), Press::Status(target));
    card
}
