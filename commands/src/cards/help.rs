//! Help: made of the table of commands and its words.

use crate::card::{Card, CardState, LineStyle, Text};
use crate::command::table::{Argument, Row, Table};
use crate::command::value::CommandName;
use crate::words::{Arg, Words, say, say_first};

/// What a command is for, or what one of its arguments is, in at most 100 characters: chats show no more.
pub fn description(words: &Words, row: &Row, argument: Option<&Argument>) -> String {
    words.plain(&key(row, argument.map(|argument| argument.id.as_str())))
}

/// A line that serves as an example of a command.
pub fn example(words: &Words, row: &Row) -> String {
    words.plain(&key(row, Some("example")))
}

fn key(row: &Row, rest: Option<&str>) -> String {
    let command = row.name.replace(' ', "-");
    match rest {
        Some(rest) => format!("command-{command}-{rest}"),
        None => format!("command-{command}"),
    }
}

/// All commands, or one of them with its arguments.
pub fn card(words: &Words, command: Option<CommandName>) -> Card {
    match command.and_then(|name| Table::get().row(name.as_str())) {
        Some(row) => one(words, row),
        None => all(words),
    }
}

fn all(words: &Words) -> Card {
    let mut card = Card::new(CardState::Plain, say_first!(words, "help-first"));
    for row in Table::get().rows() {
        let help = description(words, row, None);
        card.line(LineStyle::Item, say!(words, "help-row", usage = Arg::Command(row.usage()), help = help));
    }
    card.plain(say!(words, "help-words"));
    let deploy = Arg::Command("/help deploy".to_owned());
    card.plain(say!(words, "help-more", command = deploy));
    card
}

fn one(words: &Words, row: &Row) -> Card {
    let command = format!("/{}", row.name);
    let mut card = Card::new(CardState::Plain, say_first!(words, "help-first-command", command = command));
    card.plain(Text::words(description(words, row, None)));
    card.plain(Text::of_spans([crate::card::Span::Command(row.usage())]));
    for argument in &row.arguments {
        let help = description(words, row, Some(argument));
        let name = argument.name();
        card.line(LineStyle::Item, say!(words, "help-argument", argument = name, help = help));
    }
    card.plain(say!(words, "help-example", example = Arg::Command(example(words, row))));
    card
}

#[cfg(test)]
mod tests {
    use state::catalogue::Language;

    use super::*;
    use crate::command::Command;

    #[test]
    fn every_command_and_argument_is_explained_briefly() {
        for words in Language::ALL.map(Words::get) {
            for row in Table::get().rows() {
                for argument in std::iter::once(None).chain(row.arguments.iter().map(Some)) {
                    let key = key(row, argument.map(|argument| argument.id.as_str()));
                    assert!(words.has(&key), "{key} in {}", words.language().tag());
                    assert!(description(words, row, argument).chars().count() <= 100, "{key}");
                }
                let example = example(words, row);
                let command = Command::from_text(&example).expect("an example is right");
                assert_eq!(command.name(), row.name, "{example}");
            }
        }
    }
}
