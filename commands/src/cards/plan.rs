//! The answer to `plan`.

use crate::card::{Card, CardState, Text};
use crate::facts::PlanFacts;
use crate::words::Words;

/// A card.
pub fn card(_words: &Words, facts: &PlanFacts<'_>) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("plan {}", facts.target.name)))
}
