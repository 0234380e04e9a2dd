//! What had been done before somebody asked for it: by whom, how long ago, and where to look.

use chrono::{DateTime, Utc};

use super::{list_and, show_command, status, status_command};
use crate::card::{Card, CardState};
use crate::facts::{DoneBefore, DoneWhat};
use crate::press::Press;
use crate::words::{Arg, Words, say, say_first};

/// It was done before.
pub fn card(words: &Words, facts: &DoneBefore, now: DateTime<Utc>) -> Card {
    let by = facts.by.as_ref().map_or_else(|| say!(words, "history-by-itself"), |by| super::alone(words, by.into()));
    let ago = Arg::Duration(status::elapsed(facts.at, now));
    let first = match &facts.what {
        DoneWhat::Stopped(number) => say_first!(words, "already-stopped", number = *number),
        DoneWhat::Freed(number) => say_first!(words, "already-freed", number = *number),
        DoneWhat::LeftAsIs { target, .. } => say_first!(words, "already-left", target = target),
        DoneWhat::Unlocked { scope, .. } => say_first!(words, "already-unlocked", scope = scope),
    };
    let mut card = Card::new(CardState::Ended, first);
    card.plain(match (&facts.what, &facts.by) {
        (DoneWhat::LeftAsIs { number, .. }, None) => say!(words, "already-by-time", number = *number, ago = ago),
        _ => say!(words, "already-by", by = Arg::Text(by), ago = ago),
    });
    match &facts.what {
        DoneWhat::Stopped(number) | DoneWhat::Freed(number) => {
            card.plain(say!(words, "already-show", command = show_command(*number)));
            card.button(say!(words, "button-show", number = *number), Press::Show(*number));
        }
        DoneWhat::LeftAsIs { target, number } => {
            card.plain(say!(words, "already-status", command = status_command(target)));
            card.button(say!(words, "button-show", number = *number), Press::Show(*number));
        }
        DoneWhat::Unlocked { near, .. } if near.is_empty() => {
            card.plain(say!(words, "nothing-more"));
        }
        DoneWhat::Unlocked { near, .. } => {
            card.plain(say!(words, "refusal-locked-near", scopes = list_and(words, near)));
        }
    }
    card
}
