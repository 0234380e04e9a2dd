//! What runs.

use crate::card::{Card, CardState, Text};
use crate::facts::TargetStatus;
use crate::words::Words;
use chrono::{DateTime, Utc};
use state::catalogue::Catalogue;

/// A card.
pub fn target(_words: &Words, facts: &TargetStatus, _catalogue: &Catalogue, _now: DateTime<Utc>) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{}", facts.target.name)))
}
/// A card.
pub fn overview(_words: &Words, all: &[TargetStatus], _now: DateTime<Utc>) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{}", all.len())))
}
