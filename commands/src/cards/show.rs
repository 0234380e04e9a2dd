//! One change with all of its evidence. Nobody is rung by somebody else's looking.

use crate::card::{Card, Span, Text, TimeStyle};
use crate::facts::ChangeFacts;
use crate::words::{Arg, Words, say};

/// The change as it stands, and when it was.
pub fn card(words: &Words, facts: &ChangeFacts<'_>) -> Card {
    let mut card = super::change::card(words, facts);
    for line in &mut card.lines {
        quiet(&mut line.text);
    }
    let asked = Arg::Time(facts.change.head.asked_at, TimeStyle::Full);
    card.plain(match facts.change.ended() {
        Some(ended) => say!(words, "show-when-ended", asked = asked, ended = Arg::Time(ended.at, TimeStyle::Full)),
        None => say!(words, "show-when", asked = asked),
    });
    // The reader is looking at it.
    let number = facts.change.head.number;
    card.buttons.retain(|button| button.press != crate::press::Press::Show(number));
    card
}

/// A person who is addressed at the beginning is left out; one who is named later is named without ringing.
fn quiet(text: &mut Text) {
    while matches!(text.0.first(), Some(Span::Mention(_))) {
        text.0.remove(0);
        if let Some(Span::Words(words)) = text.0.first_mut() {
            *words = words.trim_start().to_owned();
        }
        text.0.retain(|span| *span != Span::Words(String::new()));
    }
    for span in &mut text.0 {
        if let Span::Mention(person) = span {
            *span = Span::Person(person.clone());
        }
    }
}
