//! Changes: under way, parked, ended.

use crate::card::{Card, CardState, Text};
use crate::facts::ChangeFacts;
use crate::words::Words;
use state::records::ClaimRecord;

/// A card.
pub fn card(_words: &Words, facts: &ChangeFacts<'_>) -> Card {
    Card::new(
        CardState::Plain,
        Text::outside(format!(
            "{} {} {}",
            facts.change.head.number,
            facts.change.target.name,
            facts.change.ended().map_or("under way", |ended| ended.outcome.word())
        )),
    )
}
/// A card.
pub fn parked(_words: &Words, facts: &ChangeFacts<'_>) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{} parked", facts.change.head.number)))
}
/// A card.
pub fn lapsed(_words: &Words, facts: &ChangeFacts<'_>) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{} lapsed", facts.change.head.number)))
}
/// A card.
pub fn asked_again(_words: &Words, facts: &ChangeFacts<'_>) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{} asked_again", facts.change.head.number)))
}
/// A card.
pub fn freed(_words: &Words, claim: &ClaimRecord) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{} freed", claim.number)))
}

/// A card.
pub fn unreadable(_words: &Words, claim: &ClaimRecord) -> Card {
    Card::new(CardState::Plain, Text::outside(format!("{} unreadable", claim.number)))
}
