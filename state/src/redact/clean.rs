//! Takes out what is not meant for eyes: terminal codes, control characters, marks that change the direction of
//! writing, and characters without a width.

use std::sync::LazyLock;

use regex::Regex;

/// CSI and two-character sequences; commands to the terminal (titles, links) with their end; what is left of one.
static TERMINAL_CODES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]",
        r"|(?:\x1b[\]PX^_]|[\x{90}\x{98}\x{9d}-\x{9f}])[^\x07\x1b\x{9c}\n]*(?:\x07|\x1b\\|\x{9c})",
        r"|\x1b[ -/]*[0-Z\\^-~]",
    );
    Regex::new(pattern).expect("the pattern is a constant that a test compiles")
});

/// The text without what can't be seen. Line breaks and tabs stay.
pub(super) fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    TERMINAL_CODES.replace_all(&text, "").chars().map(line_break).filter(|c| !hidden(*c)).collect()
}

/// The text as one line, with single spaces.
pub(super) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_break(c: char) -> char {
    if matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}') { '\n' } else { c }
}

fn hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Direction of writing.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // No width, or none that shows.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}
