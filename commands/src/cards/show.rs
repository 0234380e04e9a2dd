//! One change with its evidence.

use crate::card::{Card, CardState, Text};
use crate::facts::ChangeFacts;
use crate::words::Words;

/// A card.
pub fn card(_words: &Words, facts: &ChangeFacts<'_>) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{}", facts.change.head.number)))
}
