//! What a console says about itself, and about a bot that it can't reach.

use state::names::PersonName;

use super::alone;
use crate::card::{Card, CardState, Text};
use crate::command::Command;
use crate::words::{Arg, Words, say, say_first};

/// What leaving a console means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// The bot goes on.
    LeavesTheBot,
    /// The bot ends with it.
    EndsTheBot,
    /// The bot ends with it, and all that it did is gone.
    EndsTheDemo,
}

/// Why a running bot can't be talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// No bot is running there.
    NotRunning {
        /// Where it would be reached.
        socket: String,
    },
    /// It is running, and has no time. Nothing was done.
    Busy,
    /// It is running, and has no time to tell of a change that goes on.
    TooBusyToFollow,
    /// The socket may not be used by this user.
    NotAllowed {
        /// Which.
        socket: String,
    },
    /// The bot was asked, and is gone: whether it was done is not known.
    OutcomeUnknown,
    /// The bot is gone; what it had accepted goes on at its next start.
    Gone,
    /// The running bot is another version, and can't be talked to.
    Version,
    /// The bot answers, and this person may not look at that.
    NotYours,
    /// The bot answers, and says why it can't do that.
    Failed {
        /// Why.
        why: String,
    },
}

/// The first that a console says.
pub fn welcome(words: &Words, version: &str, person: Option<&PersonName>, leaving: Leaving) -> Card {
    let version = Arg::Name(version.to_owned());
    let first = match person {
        Some(person) => say_first!(words, "console-welcome", version = version, person = person),
        None => say_first!(words, "console-welcome-stranger", version = version),
    };
    let mut card = Card::new(CardState::Plain, first);
    card.plain(say!(words, "console-welcome-help", command = &Command::Help { command: None }));
    card.plain(leave(words, leaving));
    card
}

/// How a console is left.
pub fn leave(words: &Words, leaving: Leaving) -> Text {
    match leaving {
        Leaving::LeavesTheBot => say!(words, "console-leave"),
        Leaving::EndsTheBot => say!(words, "console-leave-ends-bot"),
        Leaving::EndsTheDemo => say!(words, "console-leave-ends-demo"),
    }
}

/// Under a change that is watched as it goes.
pub fn watching(words: &Words) -> Text {
    say!(words, "console-watching")
}

/// There is no answer yet.
pub fn working(words: &Words) -> Card {
    let mut card = Card::new(CardState::Working, say_first!(words, "console-working"));
    card.plain(say!(words, "console-working-rule"));
    card
}

/// No button has that number.
pub fn no_button(words: &Words, number: usize, buttons: usize) -> Card {
    let mut card = Card::new(CardState::Refused, say_first!(words, "console-no-button", number = number));
    card.plain(match buttons {
        0 => say!(words, "console-no-buttons"),
        _ => say!(words, "console-no-button-rule"),
    });
    card
}

/// So many lines were not shown, because nobody took them.
pub fn not_shown(words: &Words, lines: usize) -> Text {
    say!(words, "console-not-shown", lines = lines, command = &Command::Now)
}

/// The bot went away, and is waited for.
pub fn waiting(words: &Words) -> Text {
    say!(words, "lost-waiting")
}

/// The bot is there, has no time, and is waited for.
pub fn busy(words: &Words) -> Text {
    say!(words, "lost-busy-waiting")
}

/// It came back.
pub fn back(words: &Words) -> Text {
    say!(words, "lost-back")
}

/// The bot can't be talked to.
pub fn lost(words: &Words, lost: &Lost) -> Card {
    let look = || Arg::Command(format!("rotabot say {}", Command::Now.to_text()));
    let outside = |text: &str| Arg::Outside(text.to_owned());
    let (state, first, next) = match lost {
        Lost::NotRunning { socket } => {
            let start = Arg::Command("rotabot run".to_owned());
            let option = Arg::Command("--data".to_owned());
            let next = say!(words, "lost-not-running-next", socket = outside(socket), command = start, option = option);
            (CardState::Refused, say_first!(words, "lost-not-running"), next)
        }
        Lost::Busy => (CardState::Refused, say_first!(words, "lost-busy"), say!(words, "lost-busy-next")),
        Lost::TooBusyToFollow => {
            let next = say!(words, "lost-busy-following-next", command = look());
            (CardState::Unsure, say_first!(words, "lost-busy-following"), next)
        }
        Lost::NotAllowed { socket } => {
            let next = say!(words, "lost-not-allowed-next", socket = outside(socket));
            (CardState::Refused, say_first!(words, "lost-not-allowed"), next)
        }
        Lost::OutcomeUnknown => {
            let next = say!(words, "lost-outcome-unknown-next", command = look());
            (CardState::Unsure, say_first!(words, "lost-outcome-unknown"), next)
        }
        Lost::Gone => {
            (CardState::Unsure, say_first!(words, "lost-gone"), say!(words, "lost-gone-next", command = look()))
        }
        Lost::Version => (CardState::Refused, say_first!(words, "lost-version"), say!(words, "lost-version-next")),
        Lost::NotYours => (CardState::Refused, say_first!(words, "lost-not-yours"), say!(words, "lost-not-yours-next")),
        Lost::Failed { why } => (CardState::Refused, say_first!(words, "lost-failed"), alone(words, outside(why))),
    };
    let mut card = Card::new(state, first);
    card.plain(next);
    card
}
