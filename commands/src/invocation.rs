//! What a front end hands to the core, and what it gets back.
//!
//! A front end turns whatever its people do into an `Invocation`, shows the answer, and follows the change if there is
//! one. It knows the core only as a `Desk`.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use state::catalogue::Catalogue;
use state::names::{ChangeId, ChangeNumber, PersonName};
use state::time::Now;

use crate::card::Card;
use crate::command::Command;
use crate::command::complete::Completion;
use crate::press::Press;

/// What a person does.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// In whose name.
    pub speaker: PersonName,
    /// Who really typed it, where that is somebody else.
    pub typed_by: Option<PersonName>,
    /// The front end's own id of the request: the same one twice finds its own change (D1).
    pub request: RequestId,
    /// Where it came from.
    pub via: Via,
    /// What it is.
    pub what: What,
}

/// A front end's id of a request: unique, and the same when the request is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(pub String);

/// Where an invocation came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// The console of the running bot.
    Console,
    /// Its socket.
    Socket,
}

impl Via {
    /// Its name in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Socket => "socket",
        }
    }
}

/// What a person does.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Asks for something, in a chat that hands arguments over.
    Command(Command),
    /// Presses a button.
    Press(Press),
    /// Types a line.
    Text(String),
}

/// What a person is told at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What kind of answer it is.
    pub kind: AnswerKind,
    /// What is shown. Only the speaker sees it.
    pub card: Card,
    /// The change that was begun or acted upon, if the person now has one to follow.
    pub change: Option<(ChangeId, ChangeNumber)>,
}

/// Kinds of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerKind {
    /// What was asked for was shown or done, or is a change that is under way now.
    Done,
    /// Just that had been done before: nothing was done now, and nothing is wrong.
    Already,
    /// Nothing was done.
    Refused,
    /// Whether anything was done can't be told: the store failed in the middle of it.
    Unsure,
}

impl AnswerKind {
    /// The exit code of `say`, where no change is waited for.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::Already => 0,
            Self::Refused => 1,
            Self::Unsure => 75,
        }
    }
}

/// What happens to a change that is followed.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// How far it is: takes the place of the card before.
    Progress(Card),
    /// It can't go on for now. It may go on by itself later.
    Parked(Card),
    /// It has its outcome; nothing follows.
    Ended {
        /// The word of the outcome, for scripts.
        word: &'static str,
        /// The exit code that goes with it.
        exit_code: u8,
        /// What is shown.
        card: Card,
    },
    /// The reader may not look at it, or whether they may can't be found out; nothing follows.
    NotYours,
}

/// The exit code for a change that is parked.
pub const EXIT_PARKED: u8 = 3;

/// Of several exit codes the worst: the first present of 75, 69, 2, 3, 1, 0.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: &u8| [0, 1, 3, 2, 69, 75].iter().position(|known| known == code);
    codes.into_iter().max_by_key(|code| rank(code)).unwrap_or(0)
}

/// The core, as a front end sees it.
pub trait Desk: Send + Sync {
    /// Carries out what a person does, or refuses it. It touches no network; a change that it accepts is stored when it
    /// answers.
    fn dispatch(&self, invocation: Invocation, now: Now) -> BoxFuture<'_, Answer>;

    /// Follows a change until its outcome, in the words of the reader. What is already past is told by the first news.
    fn follow(&self, change: ChangeId, reader: &PersonName, now: Now) -> BoxStream<'static, News>;

    /// Whether somebody may look at a change, and so at what its channel hears of it.
    fn may_view<'a>(&'a self, change: ChangeId, reader: &'a PersonName, now: Now) -> BoxFuture<'a, bool>;

    /// The catalogue as it is now: languages and zones of people, and what can be completed.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// The ways in which a line may go on at the cursor, the best first, among what the reader may look at.
    fn complete<'a>(
        &'a self,
        line: &'a str,
        cursor: usize,
        reader: &'a PersonName,
        now: Now,
    ) -> BoxFuture<'a, Vec<Completion>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_exit_code_is_the_one_that_scripts_must_see() {
        assert_eq!(worst([]), 0);
        assert_eq!(worst([0, 1, 0]), 1);
        assert_eq!(worst([1, 3, 0]), 3);
        assert_eq!(worst([3, 2, 1]), 2);
        assert_eq!(worst([2, 69]), 69);
        assert_eq!(worst([69, 75, 2]), 75);
    }
}
