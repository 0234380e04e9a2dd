//! Records that can't be read: what each is, what it blocks, and what to type.

use state::names::{ChangeNumber, TargetName};
use state::records::RecordName;

use super::{DOT, another_rollback, history, list_and, status_command};
use crate::card::{Card, CardState, Text};
use crate::command::{ChangeCommand, Command};
use crate::facts::{HistoryFacts, Unreadable};
use crate::press::Press;
use crate::words::{Arg, Words, say, say_first};

/// All of it in one line.
pub(crate) fn line(words: &Words, unreadable: &Unreadable) -> Text {
    Text::joined(DOT, [what(words, unreadable), next(words, unreadable)])
}

/// What can't be read.
pub(crate) fn what(words: &Words, unreadable: &Unreadable) -> Text {
    let what = match (&unreadable.record, unreadable.number) {
        (RecordName::Change(_), Some(_)) => "change",
        (RecordName::Question(_), _) => "question",
        (RecordName::Lock { .. }, _) => "lock",
        (RecordName::Withdrawn { .. }, _) => "withdrawn",
        _ => "claim",
    };
    let number = unreadable.number.map_or_else(Text::default, |number| super::alone(words, number.into()));
    let key = Arg::Name(unreadable.record.to_string());
    let (what, scope) = (Arg::Choice(what), &unreadable.blocks);
    say!(words, "unreadable-what", what = what, scope = scope, number = Arg::Text(number), key = key)
}

/// What it blocks, and how it is taken away.
pub(crate) fn next(words: &Words, unreadable: &Unreadable) -> Text {
    let scope = &unreadable.blocks;
    match (&unreadable.record, unreadable.number) {
        (RecordName::Withdrawn { target, .. }, _) => {
            let unlock = Command::Unlock { scope: scope.clone() };
            say!(words, "unreadable-next-withdrawn", rollback = another_rollback(target), command = &unlock)
        }
        (RecordName::Lock { left, .. }, _) => {
            let key = if *left { "unreadable-next-left" } else { "unreadable-next-lock" };
            say!(words, key, command = &Command::Unlock { scope: scope.clone() })
        }
        (_, Some(number)) => {
            say!(words, "unreadable-next-release", command = &Command::Change(ChangeCommand::Release { number }))
        }
        (_, None) => say!(words, "unreadable-next-log"),
    }
}

/// A change that can't be read and holds nothing up: what the journal tells of it.
pub fn by_journal(words: &Words, number: ChangeNumber, facts: &HistoryFacts, reference: &str) -> Card {
    let mut card = Card::new(CardState::Unsure, say_first!(words, "unreadable-shown", number = number));
    card.plain(say!(words, "unreadable-shown-why"));
    history::rows(words, facts, &mut card);
    card.plain(say!(words, "unreadable-log", reference = reference));
    if let Some(target) = &facts.of {
        card.plain(say!(words, "look-next", command = status_command(target)));
        card.button(say!(words, "button-status", target = target), Press::Status(target.clone()));
    }
    card
}

/// Somebody has taken away what kept a target from being changed.
pub fn freed(words: &Words, target: &TargetName, gone: &[RecordName]) -> Card {
    let mut card = Card::new(CardState::Good, say_first!(words, "freed", target = target));
    let records = list_and(words, gone.iter().map(|record| Arg::Name(record.to_string())));
    card.plain(say!(words, "freed-what", records = records));
    card.plain(say!(words, "freed-next", command = status_command(target)));
    card.button(say!(words, "button-status", target = target), Press::Status(target.clone()));
    card
}
