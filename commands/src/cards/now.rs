//! What matters now.

use crate::card::{Card, CardState, Text};
use crate::facts::NowFacts;
use crate::words::Words;
use chrono::{DateTime, Utc};
use state::catalogue::Catalogue;
use state::names::PersonName;

/// A card.
pub fn card(
    _words: &Words,
    facts: &NowFacts,
    _speaker: &PersonName,
    _catalogue: &Catalogue,
    _now: DateTime<Utc>,
) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{}", facts.open.len())))
}
