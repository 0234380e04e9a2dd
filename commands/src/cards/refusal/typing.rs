//! Refusals of what was typed.

use crate::card::Card;
use crate::cards::help;
use crate::command::Command;
use crate::command::table::{Kind, Row, Table};
use crate::refusal::Refusal;
use crate::words::{Arg, Words, say};

/// What was typed can't be understood: what was probably meant, the rule, the usage, an example.
pub(super) fn explain(words: &Words, refusal: &Refusal, card: &mut Card) {
    let table = Table::get();
    match refusal {
        Refusal::UnknownCommand { nearest: Some(nearest), .. } => {
            card.plain(say!(words, "refusal-did-you-mean", command = Arg::Command(format!("/{nearest}"))));
            if let Some(row) = table.row(nearest) {
                usage(words, row, card);
            }
        }
        Refusal::MissingArgument { command, argument } => {
            let Some(row) = table.row(command) else { return };
            if let Some(missing) = row.argument(argument) {
                let help = help::description(words, row, Some(missing));
                card.plain(say!(words, "refusal-argument", argument = missing.name(), help = help));
            }
            usage(words, row, card);
        }
        Refusal::BadArgument { command, argument, .. } => {
            let kind = kind_word(command, argument);
            card.plain(say!(words, "refusal-bad-value-rule", kind = Arg::Choice(kind)));
            let Some(row) = table.row(command) else { return };
            if kind == "period" && row.arguments.iter().any(|argument| argument.kind == Kind::Reason) {
                card.plain(say!(words, "refusal-quote-reason"));
            }
            usage(words, row, card);
        }
        Refusal::UnknownOption { command, nearest, .. } => {
            if let Some(nearest) = nearest {
                card.plain(say!(words, "refusal-did-you-mean-option", option = Arg::Command(nearest.clone())));
            }
            table.row(command).into_iter().for_each(|row| usage(words, row, card));
        }
        Refusal::TooMuch { command, .. } | Refusal::GivenTwice { command, .. } => {
            table.row(command).into_iter().for_each(|row| usage(words, row, card));
        }
        _ => {
            card.plain(say!(words, "refusal-all-commands", command = &Command::Help { command: None }));
        }
    }
}

fn usage(words: &Words, row: &Row, card: &mut Card) {
    card.plain(say!(words, "refusal-usage", usage = Arg::Command(row.usage())));
    card.plain(say!(words, "refusal-example", example = Arg::Command(help::example(words, row))));
}

/// What people call an argument.
pub(super) fn argument_name(command: &str, argument: &str) -> String {
    let known = Table::get().row(command).and_then(|row| row.argument(argument));
    known.map_or_else(|| argument.to_owned(), |argument| argument.name())
}

/// Chooses the words for a value that is none of its kind.
pub(super) fn kind_word(command: &str, argument: &str) -> &'static str {
    match Table::get().row(command).and_then(|row| row.argument(argument)).map(|argument| argument.kind) {
        Some(Kind::Service) => "service",
        Some(Kind::Environment) => "environment",
        Some(Kind::Reference) => "reference",
        Some(Kind::Earlier) => "earlier",
        Some(Kind::Number) => "number",
        Some(Kind::Scope) => "scope",
        Some(Kind::Reason) => "reason",
        Some(Kind::Period) => "period",
        Some(Kind::Switch | Kind::Person | Kind::Command | Kind::Other) | None => "other",
    }
}
