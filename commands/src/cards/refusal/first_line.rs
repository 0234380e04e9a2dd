//! The first line of each refusal: all that a lock screen shows of it.

use state::catalogue::Action;
use state::lock::Scope;

use super::typing::{argument_name, kind_word};
use crate::card::Text;
use crate::cards::doing;
use crate::command::table::Table;
use crate::refusal::Refusal;
use crate::words::{Arg, Words, say_first};

pub(super) fn of(words: &Words, refusal: &Refusal) -> Text {
    let slash = |command: &str| format!("/{command}");
    let outside = |text: &str| Arg::Outside(text.to_owned());
    match refusal {
        Refusal::NothingTyped => say_first!(words, "refusal-nothing-typed"),
        Refusal::UnknownCommand { typed, .. } => {
            say_first!(words, "refusal-unknown-command", typed = outside(&format!("/{typed}")))
        }
        Refusal::MissingArgument { command, argument } => {
            let known = Table::get().row(command).and_then(|row| row.argument(argument));
            let has_word = known.is_some_and(|argument| argument.has_word());
            let argument = argument_name(command, argument);
            if has_word {
                return say_first!(words, "refusal-missing-value", argument = argument);
            }
            say_first!(words, "refusal-missing-argument", command = slash(command), argument = argument)
        }
        Refusal::BadArgument { command, argument, value } => {
            let kind = Arg::Choice(kind_word(command, argument));
            say_first!(words, "refusal-bad-value", value = outside(value), kind = kind)
        }
        Refusal::UnknownOption { command, typed, .. } => {
            say_first!(
                words,
                "refusal-unknown-option",
                command = slash(command),
                typed = outside(&format!("--{typed}"))
            )
        }
        Refusal::TooMuch { command, extra } => {
            say_first!(words, "refusal-too-much", command = slash(command), extra = outside(extra))
        }
        Refusal::GivenTwice { command, argument } => {
            say_first!(words, "refusal-given-twice", argument = argument_name(command, argument))
        }
        Refusal::UnknownService { typed, .. } => say_first!(words, "refusal-unknown-service", typed = typed),
        Refusal::UnknownEnvironment { typed, .. } => say_first!(words, "refusal-unknown-environment", typed = typed),
        Refusal::NotThere { target, .. } => {
            say_first!(words, "refusal-not-there", service = &target.service, env = &target.environment)
        }
        Refusal::UnknownChange { number, .. } => say_first!(words, "refusal-unknown-change", number = *number),
        Refusal::UnknownPerson { .. } => say_first!(words, "refusal-unknown-person"),
        Refusal::Left { person, .. } => say_first!(words, "refusal-left", person = person),
        Refusal::MayNotSpeakFor { person } => say_first!(words, "refusal-may-not-speak-for", person = person),
        Refusal::NotAllowed { action, scope, .. } => {
            say_first!(words, "refusal-not-allowed", action = Arg::Choice(action_word(*action)), scope = scope)
        }
        Refusal::CouldNotCheck { .. } => say_first!(words, "refusal-could-not-check"),
        Refusal::WatchOnly { environment } => say_first!(words, "refusal-watch-only", env = environment),
        Refusal::Locked { target, lock, .. } => match &lock.scope {
            Scope::Target(_) => say_first!(words, "refusal-locked", target = target),
            scope => say_first!(words, "refusal-locked-widely", scope = scope),
        },
        Refusal::Busy { target, number, .. } => {
            say_first!(words, "refusal-busy", target = target, number = *number)
        }
        Refusal::NothingToStop { target, .. } => say_first!(words, "refusal-nothing-to-stop", target = target),
        Refusal::TooLateToStop { number, doing: now, .. } => {
            say_first!(words, "refusal-too-late-to-stop", number = *number, doing = doing(words, *now))
        }
        Refusal::ForgottenChange => say_first!(words, "refusal-forgotten-change"),
        Refusal::NotLocked { scope, .. } => say_first!(words, "refusal-not-locked", scope = scope),
        Refusal::LockHeld { lock } => say_first!(words, "refusal-lock-held", scope = &lock.scope),
        Refusal::NotParked { number, .. } => say_first!(words, "refusal-not-parked", number = *number),
        Refusal::PressTooLate { .. } => say_first!(words, "refusal-press-too-late"),
        Refusal::Unreadable(_) | Refusal::UnreadableOther { .. } => say_first!(words, "refusal-unreadable"),
        Refusal::StoreUnavailable { .. } => say_first!(words, "refusal-store"),
    }
}

fn action_word(action: Action) -> &'static str {
    match action {
        Action::View => "view",
        Action::Deploy => "deploy",
        Action::Rollback => "rollback",
        Action::Stop => "stop",
        Action::Lock => "lock",
        Action::Unlock => "unlock",
        Action::Release => "release",
    }
}
