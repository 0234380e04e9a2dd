//! Refusals: what people are told when nothing is done. Each names its rule as a fact; the words are elsewhere.
//!
//! Not here: failures of a change, which are outcomes, and faults, which are for logs.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use state::catalogue::{Action, Grantee};
use state::change::{Change, Phase};
use state::lock::{Lock, Scope};
use state::names::{ChangeId, ChangeNumber, EnvironmentName, PersonName, ServiceName, TargetName};

use crate::command::Command;
use crate::command::table::{Kind, Row, Table};
use crate::facts::Unreadable;

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The line was empty.
    NothingTyped,
    /// There is no such command.
    UnknownCommand {
        /// What was typed.
        typed: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// The command needs more.
    MissingArgument {
        /// The command.
        command: String,
        /// The first argument that is missing.
        argument: String,
    },
    /// A value is none of its kind.
    BadArgument {
        /// The command.
        command: String,
        /// The argument.
        argument: String,
        /// What was typed.
        value: String,
    },
    /// The command has no such option.
    UnknownOption {
        /// The command.
        command: String,
        /// What was typed.
        typed: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// The command takes fewer words.
    TooMuch {
        /// The command.
        command: String,
        /// The first word too many.
        extra: String,
    },
    /// An argument was given twice.
    GivenTwice {
        /// The command.
        command: String,
        /// The argument.
        argument: String,
    },
    /// The catalogue has no such service.
    UnknownService {
        /// What was typed.
        typed: ServiceName,
        /// What was probably meant.
        nearest: Option<ServiceName>,
        /// The whole command with that.
        instead: Option<Command>,
    },
    /// The catalogue has no such environment.
    UnknownEnvironment {
        /// What was typed.
        typed: EnvironmentName,
        /// What was probably meant.
        nearest: Option<EnvironmentName>,
        /// The environments that there are.
        known: Vec<EnvironmentName>,
        /// The whole command with the nearest.
        instead: Option<Command>,
    },
    /// The service doesn't run in that environment.
    NotThere {
        /// What was asked about.
        target: TargetName,
        /// Where it runs.
        runs_in: Vec<EnvironmentName>,
    },
    /// No change has that number.
    UnknownChange {
        /// The number.
        number: ChangeNumber,
        /// The newest number that was given out.
        newest: Option<ChangeNumber>,
    },
    /// The change that a button belongs to is not in the store any more.
    ForgottenChange,
    /// The speaker isn't in the catalogue.
    UnknownPerson {
        /// By what the front end knows them.
        known_as: KnownAs,
    },
    /// The speaker has left the company.
    Left {
        /// Who.
        person: PersonName,
        /// The day they left.
        on: NaiveDate,
    },
    /// Speaking for somebody else is not allowed here.
    MayNotSpeakFor {
        /// For whom.
        person: PersonName,
    },
    /// The speaker may not do that there.
    NotAllowed {
        /// What.
        action: Action,
        /// Where.
        scope: Scope,
        /// Who may.
        allowed: BTreeSet<Grantee>,
        /// Who is on call now.
        on_call: Option<PersonName>,
        /// Who owns the service, where it is about one.
        owners: Vec<PersonName>,
        /// What was asked for, where it can be typed.
        asked: Option<Command>,
    },
    /// Whether the speaker may could not be found out.
    CouldNotCheck {
        /// By what the log line is found.
        reference: String,
    },
    /// rotabot only looks at that environment.
    WatchOnly {
        /// Which.
        environment: EnvironmentName,
    },
    /// A lock refuses it.
    Locked {
        /// What was asked about.
        target: TargetName,
        /// The lock.
        lock: Lock,
        /// Who may lift it beside its holder.
        allowed: BTreeSet<Grantee>,
        /// Whether the reader is among them.
        reader: MayLift,
        /// Who is on call now.
        on_call: Option<PersonName>,
        /// Who owns the service.
        owners: Vec<PersonName>,
        /// What was asked for.
        asked: Command,
    },
    /// Another change of the target is under way.
    Busy {
        /// The target.
        target: TargetName,
        /// The change.
        change: ChangeId,
        /// Its number.
        number: ChangeNumber,
        /// Who asked for it.
        by: PersonName,
        /// Since when.
        since: DateTime<Utc>,
        /// What it does now.
        doing: Doing,
    },
    /// Nothing of that target is under way.
    NothingToStop {
        /// The target.
        target: TargetName,
        /// Its last change.
        last: Option<ChangeNumber>,
    },
    /// The change stops or goes back already.
    TooLateToStop {
        /// The target.
        target: TargetName,
        /// The change.
        number: ChangeNumber,
        /// What it does now.
        doing: Doing,
    },
    /// Nothing locks that.
    NotLocked {
        /// What was to be unlocked.
        scope: Scope,
        /// Wider or narrower locks that touch it.
        near: Vec<Scope>,
    },
    /// Another lock of the same scope is held by somebody else.
    LockHeld {
        /// It.
        lock: Lock,
    },
    /// The change is not parked.
    NotParked {
        /// Which.
        number: ChangeNumber,
        /// Its target.
        target: TargetName,
        /// What it does, if it is still under way.
        doing: Option<Doing>,
    },
    /// The button comes too late.
    PressTooLate {
        /// The change that it belongs to.
        number: ChangeNumber,
        /// The target.
        target: TargetName,
    },
    /// A record that it depends on can't be read, and that blocks a place.
    Unreadable(Unreadable),
    /// Another record that it depends on can't be read.
    UnreadableOther {
        /// By what the log line is found.
        reference: String,
    },
    /// The store can't take anything now; nothing was written.
    StoreUnavailable {
        /// By what the log line is found.
        reference: String,
    },
}

/// By what a front end knows somebody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KnownAs {
    /// A user of the bot's machine.
    Unix(String),
    /// A name of the catalogue that was given.
    Name(String),
}

/// Whether somebody may lift a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MayLift {
    /// They may.
    Yes,
    /// They may not.
    No,
}

/// What a change does, in the words that people know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Finding out what is to be written.
    Preparing,
    /// Writing.
    Applying,
    /// Waiting for the pods.
    Rolling,
    /// Watching whether they stay good.
    Stabilizing,
    /// Stopping a failed rollout.
    Holding,
    /// Going back.
    Returning,
    /// Parked.
    Parked,
}

impl Doing {
    /// What a change does now. One that has ended does nothing; its card says more.
    pub fn of(change: &Change) -> Self {
        match change.phase() {
            _ if change.head.parked.is_some() => Self::Parked,
            Phase::Preparing => Self::Preparing,
            Phase::Applying { .. } => Self::Applying,
            Phase::Rolling { .. } => Self::Rolling,
            Phase::Stabilizing { .. } | Phase::Ended(_) => Self::Stabilizing,
            Phase::Holding { .. } => Self::Holding,
            Phase::Returning { .. } => Self::Returning,
        }
    }
}

impl Refusal {
    /// Takes clap's error apart. Its text is never shown.
    pub(crate) fn of_clap(row: &Row, error: &clap::Error) -> Self {
        let command = row.name.clone();
        let argument = context(error, ContextKind::InvalidArg)
            .and_then(|text| argument_of(row, &text))
            .unwrap_or_else(|| "?".to_owned());
        let value = || context(error, ContextKind::InvalidValue).unwrap_or_default();
        match error.kind() {
            _ if row.argument(&argument).is_some_and(|argument| argument.kind == Kind::Command) => {
                Table::get().unknown(&value())
            }
            ErrorKind::MissingRequiredArgument => Self::MissingArgument { command, argument },
            ErrorKind::UnknownArgument => row.unknown_option(&argument),
            ErrorKind::ArgumentConflict | ErrorKind::TooManyValues => Self::GivenTwice { command, argument },
            // Every other kind is about a value: not of its kind, empty, not UTF-8.
            _ => Self::BadArgument { command, argument, value: value() },
        }
    }

    /// Whether the reader's own typing is at fault, rather than a rule or somebody else.
    pub fn is_about_typing(&self) -> bool {
        matches!(
            self,
            Self::NothingTyped
                | Self::UnknownCommand { .. }
                | Self::MissingArgument { .. }
                | Self::BadArgument { .. }
                | Self::UnknownOption { .. }
                | Self::TooMuch { .. }
                | Self::GivenTwice { .. }
                | Self::UnknownService { .. }
                | Self::UnknownEnvironment { .. }
                | Self::NotThere { .. }
                | Self::UnknownChange { .. }
        )
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// clap names an argument as `--ref <REF>`.
fn argument_of(row: &Row, text: &str) -> Option<String> {
    let id = text.trim_start_matches('-').split([' ', '=', '<']).next()?;
    row.argument(id).map(|argument| argument.id.clone())
}
