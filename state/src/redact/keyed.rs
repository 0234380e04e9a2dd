//! Values after a key that says that they are secret: `k=v`, `k: v`, JSON, command-line flags, XML.
//!
//! The end of such a value can't be found by a pattern alone (quotes within quotes, brackets), so the text is walked.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::REDACTED;

/// What makes a key one of a secret.
const KEY: &str = r"(?:token|secret|passw(?:or)?d|passwd|passphrase|pwd|api[ _.\-]?key|access[ _.\-]?key|private[ _.\-]?key|credential|authorization|cookie|密码|口令|令牌|密钥|秘钥|凭证|凭据)";

/// A key with what stands between it and its value.
static KEYED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!(
        r#"(?xi)
        (?P<flag> --?)?
        (?P<key> [\w.\-]* {KEY} [\w.\-]* )
        (?P<quote> \\* ["'`] )?
        (?: [\ \t]* \]* [\ \t]* (?P<separator> =+>? | :=+ | : | ： | ＝ ) (?P<space> [\ \t]* )
          | (?P<gap> [\ \t]+ )
        )"#,
        KEY = KEY.replace(' ', r"\ ")
    );
    Regex::new(&pattern).expect("the pattern is a constant that a test compiles")
});

static XML: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!(r"(?i)<[\w:.\-]*{KEY}[\w:.\-]*(?:\s[^<>]*)?>(?P<value>[^<]+)");
    Regex::new(&pattern).expect("the pattern is a constant that a test compiles")
});

/// A file and a line in a stack trace, `TokenService.java:45`.
static SOURCE_FILE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\.(?:java|kt|scala|groovy|rs|go|py|rb|php|[jt]sx?|[cm][jt]s|cs|c|cc|cpp|h|hpp|swift|exs?|erl|clj)$")
        .expect("the pattern is a constant that a test compiles")
});

/// Where the values are.
pub(super) fn secrets(text: &str) -> impl Iterator<Item = Range<usize>> {
    let in_xml = XML.captures_iter(text).filter_map(|found| found.name("value")).map(|value| value.range());
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(key) = KEYED.captures_at(text, at) {
        at = key.get_match().end();
        if let Some(value) = value_after(&key, &text[at..]) {
            let end = end_with_keys_inside(text, at, at + value.end);
            found.push(at + value.start..end);
            at = end;
        }
    }
    found.into_iter().chain(in_xml)
}

/// A value that ends in the middle of another key and its value (`token "password="x"`) was read wrongly: what seemed
/// to end it begins the other. So all the line goes.
fn end_with_keys_inside(text: &str, from: usize, end: usize) -> usize {
    let mut at = from;
    while let Some(inner) = KEYED.captures_at(text, at) {
        let whole = inner.get_match();
        if whole.start() >= end {
            return end;
        }
        if whole.end() >= end && (inner.name("separator").is_some() || inner.name("flag").is_some()) {
            return whole.end() + line_end(&text[whole.end()..]);
        }
        at = whole.end();
    }
    end
}

/// Finds the value at the beginning of `rest`; none where there is nothing to hide.
fn value_after(found: &Captures<'_>, rest: &str) -> Option<Range<usize>> {
    let key = &found["key"];
    let opening = opening_quote(rest);
    if found.name("gap").is_some() {
        // `--password hunter2`, `invalid token "abc"`; otherwise it is the middle of a sentence.
        return match opening {
            Some(opening) => quoted(rest, opening).filter(|value| value.end > 3 * opening.len()),
            None if found.name("flag").is_some() && !rest.starts_with('-') => bare(rest, false),
            None => None,
        };
    }
    if is_code_or_error(key, found, rest) {
        return None;
    }
    if let Some(opening) = opening {
        return quoted(rest, opening);
    }
    if rest.starts_with(['{', '[']) {
        return bracketed(rest);
    }
    if found.name("quote").is_some() {
        return literal(rest);
    }
    // After `k: v` and `k = v` the value may hold spaces, as a pass phrase does; after `k=v` and `k:v` it can't.
    bare(rest, found.name("space").is_some_and(|space| !space.is_empty()))
}

/// A path of code, a place in a source file, or the name of an error with its message: no value follows.
fn is_code_or_error(key: &str, found: &Captures<'_>, rest: &str) -> bool {
    if found.name("separator").is_none_or(|separator| separator.as_str() != ":") || found.name("quote").is_some() {
        return false;
    }
    let spaced = found.name("space").is_some_and(|space| !space.is_empty());
    let place = SOURCE_FILE.is_match(key) && rest.starts_with(|c: char| c.is_ascii_digit());
    let path = rest.starts_with(':');
    let error = key.ends_with("Error") || key.ends_with("Exception");
    if spaced { error } else { place || path }
}

/// A quote, with the backslashes before it where it stands inside of another string.
fn opening_quote(rest: &str) -> Option<&str> {
    let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
    let quote = rest[slashes..].chars().next()?;
    matches!(quote, '"' | '\'' | '`' | '“' | '‘' | '「').then(|| &rest[..slashes + quote.len_utf8()])
}

/// Up to the same quote, with the same number of backslashes, on the same line; without one, to the line's end.
fn quoted(rest: &str, opening: &str) -> Option<Range<usize>> {
    let line = &rest[..line_end(rest)];
    let slashes = opening.bytes().take_while(|byte| *byte == b'\\').count();
    let quote = match opening.chars().next_back()? {
        '“' => '”',
        '‘' => '’',
        '「' => '」',
        same => same,
    };
    let mut run = 0;
    for (place, c) in line.char_indices().skip_while(|(place, _)| *place < opening.len()) {
        if c == quote && run <= slashes {
            return (place > opening.len()).then_some(opening.len()..place - run.min(slashes));
        }
        run = if c == '\\' { run + 1 } else { 0 };
    }
    (line.len() > opening.len()).then_some(opening.len()..line.len())
}

/// Up to the bracket that closes the first one, on the same line; without one, to the line's end.
fn bracketed(rest: &str) -> Option<Range<usize>> {
    let line = &rest[..line_end(rest)];
    let mut depth = 0_usize;
    for (place, c) in line.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let end = place + c.len_utf8();
            return (end > 2).then_some(0..end);
        }
    }
    Some(0..line.len())
}

/// A number or a word after a key in quotes, as JSON has it.
fn literal(rest: &str) -> Option<Range<usize>> {
    let hidden_already = rest.strip_prefix(REDACTED);
    if hidden_already.is_some_and(|after| after.is_empty() || after.starts_with([',', '}', ']', '\n'])) {
        return None;
    }
    let value = bare(rest, false)?;
    let end = rest[..value.end].trim_end_matches([',', '}', ']']).len();
    (end > 0).then_some(0..end)
}

/// A value without quotes.
fn bare(rest: &str, with_spaces: bool) -> Option<Range<usize>> {
    let ends = |c: char| c == '\n' || !with_spaces && (c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<'));
    let end = rest.find(ends).unwrap_or(rest.len());
    let end = rest[..end].trim_end().len();
    (end > 0).then_some(0..end)
}

fn line_end(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}
