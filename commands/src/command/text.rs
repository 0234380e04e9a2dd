//! What a person types, read and written back.
//!
//! A line is a command's name and then values by place, with switches and a few options as bare words where a value isn't
//! expected: `/rollback api prod to v6 plan`. `--plan` and `--to v6` mean the same. A quoted word is never anything but a
//! value. Quotes count only around a whole word, because reasons have apostrophes: `/lock all can't reach the database`.

use super::Command;
use super::table::{Argument, Kind, Row, Table};
use super::value::Period;
use crate::plain::harmless;
use crate::refusal::Refusal;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) quoted: bool,
    /// Where it begins, in bytes of the line.
    pub(super) at: usize,
}

impl Token {
    /// The option that it names: `--plan`, and what phones make of two hyphens.
    pub(super) fn option(&self) -> Option<&str> {
        let option = ["--", "—", "–"].iter().find_map(|dash| self.text.strip_prefix(dash))?;
        (!self.quoted && !option.is_empty()).then_some(option)
    }

    fn is_word(&self, argument: &Argument) -> bool {
        !self.quoted && argument.has_word() && self.text.eq_ignore_ascii_case(&argument.id)
    }
}

/// A line as far as it could be understood.
pub(super) struct Walk<'r> {
    /// The arguments that were given.
    pub(super) given: Vec<(&'r Argument, String)>,
    /// The argument whose name was said last, and whose value is still to come.
    pub(super) waiting: Option<&'r Argument>,
    /// Somebody asks how it is used.
    help: bool,
}

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Command, Refusal> {
    let tokens = split(line);
    let (row, rest) = find_row(&tokens)?;
    let walk = walk(row, rest)?;
    if walk.help {
        return Ok(Command::Help { command: row.name.parse().ok() });
    }
    if let Some(argument) = walk.waiting {
        return Err(Refusal::MissingArgument { command: row.name.clone(), argument: argument.id.clone() });
    }
    if let Some(missing) = row.arguments.iter().find(|argument| argument.required && !has(&walk.given, argument)) {
        return Err(Refusal::MissingArgument { command: row.name.clone(), argument: missing.id.clone() });
    }
    Command::from_row(row, &walk.given)
}

/// Writes what a person would type.
pub(super) fn write(command: &Command) -> String {
    let (name, parts) = command.parts();
    let Some(row) = Table::get().row(name) else { return format!("/{name}") };
    let mut line = format!("/{name}");
    let mut in_place = true;
    for argument in &row.arguments {
        let Some((_, value)) = parts.iter().find(|(id, _)| *id == argument.id) else {
            in_place = false;
            continue;
        };
        line.push(' ');
        match argument.kind {
            Kind::Switch => line.push_str(&argument.id),
            Kind::Command => line.push_str(value),
            _ if argument.has_word() => line.push_str(&format!("{} {}", argument.id, quoted(row, value))),
            _ if in_place => line.push_str(&quoted(row, value)),
            _ => line.push_str(&format!("--{} {}", argument.id, quoted(row, value))),
        }
    }
    line
}

/// Quotes a value where it could be taken for something else.
fn quoted(row: &Row, value: &str) -> String {
    let is_word = row.arguments.iter().any(|argument| argument.has_word() && argument.id.eq_ignore_ascii_case(value));
    let begins_badly = value.starts_with(|c: char| closing_quote(c).is_some() || "-—–".contains(c));
    if value.is_empty() || is_word || begins_badly || value.contains(char::is_whitespace) {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}

/// Finds the command that a line names, and the words after its name.
pub(super) fn find_row(tokens: &[Token]) -> Result<(&'static Row, &[Token]), Refusal> {
    let table = Table::get();
    let first = tokens.first().ok_or(Refusal::NothingTyped)?;
    let name = first.text.trim_start_matches(['/', '／']);
    if name.is_empty() {
        return Err(Refusal::NothingTyped);
    }
    if let Some(second) = tokens.get(1)
        && let Some(row) = table.row(&format!("{name} {}", second.text))
    {
        return Ok((row, &tokens[2..]));
    }
    if let Some(row) = table.row(name) {
        return Ok((row, &tokens[1..]));
    }
    let is_group = table.rows().iter().any(|row| row.group().is_some_and(|group| group.eq_ignore_ascii_case(name)));
    match tokens.get(1) {
        Some(second) if is_group => Err(table.unknown(&format!("{name} {}", second.text))),
        _ => Err(table.unknown(name)),
    }
}

fn has(given: &[(&Argument, String)], argument: &Argument) -> bool {
    given.iter().any(|(other, _)| other.id == argument.id)
}

/// Goes through the words after a command's name, and gives each to an argument.
pub(super) fn walk<'r>(row: &'r Row, tokens: &[Token]) -> Result<Walk<'r>, Refusal> {
    let mut walk = Walk { given: Vec::new(), waiting: None, help: false };
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        let here = std::mem::replace(&mut rest, after);
        if let Some(argument) = walk.waiting.take() {
            walk.given.push((argument, token.text.clone()));
            continue;
        }
        let next = next_place(row, &walk.given);
        let in_reason = next.is_some_and(|next| next.kind == Kind::Reason);
        if let Some(option) = token.option() {
            if walk.option(row, option) {
                continue;
            }
            if !in_reason {
                return Err(row.unknown_option(option));
            }
        }
        if let Some(reason) = next.filter(|_| in_reason) {
            walk.reason(row, reason, here);
            break;
        }
        if words_count(next)
            && let Some(argument) = row.arguments.iter().find(|argument| token.is_word(argument))
        {
            walk.named(argument, None);
            continue;
        }
        let Some(next) = next else {
            return Err(Refusal::TooMuch { command: row.name.clone(), extra: token.text.clone() });
        };
        if next.kind == Kind::Command {
            // A command's name may have two words.
            walk.given.push((next, here.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")));
            break;
        }
        give_place(row, &mut walk.given, next, &token.text);
    }
    Ok(walk)
}

/// The argument that the next value without a name belongs to.
pub(super) fn next_place<'r>(row: &'r Row, given: &[(&Argument, String)]) -> Option<&'r Argument> {
    row.arguments.iter().find(|argument| argument.has_place() && !has(given, argument))
}

/// A service may be called `plan`, so bare words don't count while a command still waits for the names of its target.
pub(super) fn words_count(next: Option<&Argument>) -> bool {
    let target = [Kind::Service, Kind::Environment, Kind::Scope, Kind::Number];
    !next.is_some_and(|next| next.required && target.contains(&next.kind))
}

/// `api/prod` stands for a service and an environment, as it does in the scope of a lock.
fn give_place<'r>(row: &'r Row, given: &mut Vec<(&'r Argument, String)>, argument: &'r Argument, value: &str) {
    let environment = row.arguments.iter().find(|other| other.kind == Kind::Environment && !has(given, other));
    if let (Kind::Service, Some(environment), Some((service, rest))) =
        (argument.kind, environment, value.split_once('/'))
        && !service.is_empty()
        && !rest.is_empty()
    {
        given.push((argument, service.to_owned()));
        given.push((environment, rest.to_owned()));
        return;
    }
    given.push((argument, value.to_owned()));
}

impl<'r> Walk<'r> {
    /// Takes `--plan`, `--to=v6`, or the `--to` of `--to v6`; whether there is such an option.
    fn option(&mut self, row: &'r Row, option: &str) -> bool {
        let (id, value) = match option.split_once('=') {
            Some((id, value)) => (id, Some(value)),
            None => (option, None),
        };
        if id.eq_ignore_ascii_case("help") {
            self.help = true;
            return true;
        }
        match row.argument(id) {
            Some(argument) => self.named(argument, value),
            None => return false,
        }
        true
    }

    fn named(&mut self, argument: &'r Argument, value: Option<&str>) {
        match (argument.kind, value) {
            (Kind::Switch, _) if has(&self.given, argument) => {}
            (Kind::Switch, _) => self.given.push((argument, "true".to_owned())),
            (_, Some(value)) => self.given.push((argument, value.to_owned())),
            (_, None) => self.waiting = Some(argument),
        }
    }

    /// Takes the rest of the line as a reason, but for its options and a period at its end: `bad commit for 2h`.
    fn reason(&mut self, row: &'r Row, reason: &'r Argument, tokens: &[Token]) {
        let mut words = Vec::new();
        for token in tokens {
            if let Some(argument) = self.waiting.take() {
                self.given.push((argument, token.text.clone()));
            } else if !token.option().is_some_and(|option| self.option(row, option)) {
                words.push(token.clone());
            }
        }
        let period = row.arguments.iter().find(|argument| argument.kind == Kind::Period);
        if let Some(period) = period.filter(|period| !has(&self.given, period))
            && let Some((at, value)) = period_at_end(period, &words)
        {
            words.truncate(at);
            self.given.push((period, value));
        }
        let words = words.into_iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
        // What nobody sees is no reason.
        if !harmless(&words).trim().is_empty() {
            self.given.push((reason, words));
        }
    }
}

/// `for 2h` or `for 2 hours` at the end of a reason, and where it begins. Something that only looks like a period
/// (`for 2x`, `for 30`, `for -1h`) is taken for one too, so that it is refused: a lock that never ends is not what was meant.
fn period_at_end(argument: &Argument, words: &[Token]) -> Option<(usize, String)> {
    for length in [1, 2] {
        let at = words.len().checked_sub(length + 1)?;
        let value = words[at + 1..].iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let quoted = words[at..].iter().any(|word| word.quoted);
        let number = value.trim_start_matches(['-', '+']);
        let looks_like_one = length == 1
            && number.starts_with(|c: char| c.is_ascii_digit())
            && number.trim_start_matches(|c: char| c.is_ascii_digit()).chars().count() <= 1;
        if !quoted && words[at].is_word(argument) && (value.parse::<Period>().is_ok() || looks_like_one) {
            return Some((at, value));
        }
    }
    None
}

fn closing_quote(opening: char) -> Option<char> {
    match opening {
        '"' => Some('"'),
        '\'' => Some('\''),
        '“' => Some('”'),
        '‘' => Some('’'),
        '「' => Some('」'),
        _ => None,
    }
}

/// Splits a line into words. A quote that is never closed, or stands inside a word, is a character like any other.
pub(super) fn split(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let at = line.len() - rest.len();
        let Some(first) = rest.chars().next() else { return tokens };
        if let Some((text, after)) = closing_quote(first).and_then(|closing| quoted_word(rest, closing)) {
            tokens.push(Token { text, quoted: true, at });
            rest = after;
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        tokens.push(Token { text: rest[..end].to_owned(), quoted: false, at });
        rest = &rest[end..];
    }
}

/// The quoted word at the start of `rest`, and what follows it. Between double quotes a backslash takes the meaning from
/// a quote and from itself.
fn quoted_word(rest: &str, closing: char) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match c {
            '\\' if closing == '"' && matches!(next, Some('"' | '\\')) => {
                text.extend(next);
                characters.next();
            }
            c if c == closing && next.is_none_or(char::is_whitespace) => {
                return Some((text, &rest[at + c.len_utf8()..]));
            }
            c => text.push(c),
        }
    }
    None
}
