//! What happened.

use crate::card::{Card, CardState, Text};
use crate::facts::HistoryFacts;
use crate::words::Words;

/// A card.
pub fn card(_words: &Words, facts: &HistoryFacts) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{}", facts.lines.len())))
}
