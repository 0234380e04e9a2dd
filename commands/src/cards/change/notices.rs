//! What a channel hears of a change beside progress and outcome, and the answers to acts upon it.

use state::names::PersonName;
use state::records::ClaimRecord;

use super::{Story, failed};
use crate::card::{Card, CardState};
use crate::command::{ChangeCommand, Command};
use crate::facts::ChangeFacts;
use crate::press::Press;
use crate::words::{Words, say, say_first};

/// It can't go on for now. It may have gone on, or even ended, before this could be said: then that is what is said.
pub fn parked(words: &Words, facts: &ChangeFacts<'_>) -> Card {
    super::card(words, facts)
}

/// A change of which nothing but its claim can be read.
pub fn unreadable(words: &Words, claim: &ClaimRecord) -> Card {
    let first = say_first!(words, "progress-parked", target = &claim.target, number = claim.number);
    let mut card = Card::new(CardState::Unsure, first);
    card.plain(say!(words, "parked-record", number = claim.number));
    let release = Command::Change(ChangeCommand::Release { number: claim.number });
    card.plain(say!(words, "parked-next", target = &claim.target, command = &release));
    card
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
    failed::locked(&story, story.new_or_number(), &mut card);
    failed::next_with_a_fix(&story, None, &mut card);
    story.rollback_button(&mut card);
    card
}
