//! Takes secrets out of everything that comes from logs, events and errors, before it is kept or shown.
//!
//! Rather too much than too little: a word too many lost from a log line costs a look at the log, a password in a chat
//! costs a password. `keyed` finds values by the key before them, `shapes` finds what looks like a secret wherever it
//! stands, `clean` takes out what is not meant for eyes at all.

mod clean;
mod keyed;
mod shapes;

use std::ops::Range;

use clean::{flat, visible};

/// What stands in the place of a secret, in every language.
pub const REDACTED: &str = "***";

/// How often a text is gone over at most. One pass may bring together what the next one takes out; texts that a
/// person or a program wrote are done after two.
const PASSES: usize = 8;

/// Takes the secrets out of a text of any number of lines. Invisible characters and terminal codes go as well, for a
/// secret may hide behind them.
pub fn redact(text: &str) -> String {
    let mut text = visible(text);
    for _ in 0..PASSES {
        let next = pass(&text);
        if next == text {
            return text;
        }
        text = next;
    }
    REDACTED.to_owned()
}

/// One line for people: redacted, without line breaks, at most `max_chars` characters long.
pub fn clean_line(text: &str, max_chars: usize) -> String {
    cut(&flat(&redact(text)), max_chars)
}

/// The last lines of a log for people, oldest first. They are redacted together, so that a key block that spans
/// them, or whose beginning is cut off, is found.
pub fn clean_log(text: &str, max_lines: usize, max_chars: usize) -> Vec<String> {
    let redacted = redact(text);
    let mut lines: Vec<String> =
        redacted.lines().rev().map(flat).filter(|line| !line.is_empty()).take(max_lines).collect();
    lines.reverse();
    lines.iter().map(|line| cut(line, max_chars)).collect()
}

/// Both look at the same text, so that neither takes out the word by which the other knows a secret.
fn pass(text: &str) -> String {
    let mut secrets: Vec<Range<usize>> = keyed::secrets(text).chain(shapes::secrets(text)).collect();
    secrets.sort_by_key(|secret| secret.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for secret in secrets {
        if secret.start >= at {
            out.push_str(&text[at..secret.start]);
            out.push_str(REDACTED);
        }
        at = at.max(secret.end);
    }
    out.push_str(&text[at..]);
    out
}

/// Cuts by characters, and says so with an ellipsis.
fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    if max_chars > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
