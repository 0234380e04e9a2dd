//! A card as plain text: for terminals, for snapshots, and for whatever knows nothing better.
//!
//! What came from outside is shown without control characters, escape sequences and marks that turn the writing
//! direction around. Colours and widths of a terminal are in `bot`.

use std::iter::Peekable;
use std::str::Chars;

use chrono::{DateTime, Utc};
use state::zone::Zone;

use crate::card::{Card, Line, LineStyle, Span, Text, TimeStyle};
use crate::words::{Words, say};

/// Who reads.
pub struct Reader<'a> {
    /// In which language.
    pub words: &'a Words,
    /// In which zone.
    pub zone: &'a Zone,
    /// When.
    pub now: DateTime<Utc>,
}

/// Draws a card, a line each, without a line break at the end. Buttons are numbered from 1.
pub fn draw(card: &Card, reader: &Reader<'_>) -> String {
    let mut lines = vec![format!("{} {}", card.state.emoji(), text(&card.first_line, reader))];
    lines.extend(card.lines.iter().map(|one| line(one, reader)));
    lines.extend(card.details.iter().map(|one| line(one, reader)));
    if !card.buttons.is_empty() {
        let buttons = card.buttons.iter().enumerate();
        let buttons = buttons.map(|(at, button)| format!("[{}] {}", at + 1, text(&button.label, reader)));
        lines.push(buttons.collect::<Vec<_>>().join("  "));
    }
    lines.join("\n")
}

/// Draws one line, with the sign of its style before it.
pub fn line(line: &Line, reader: &Reader<'_>) -> String {
    format!("{}{}", sign(line.style), text(&line.text, reader))
}

/// What stands before a line of that style.
pub fn sign(style: LineStyle) -> &'static str {
    match style {
        LineStyle::Plain => "",
        LineStyle::Quote => "> ",
        LineStyle::Done => "✅ ",
        LineStyle::Doing => "🔄 ",
        LineStyle::Later => "▫️ ",
        LineStyle::Failed => "❌ ",
        LineStyle::Locked => "🔒 ",
        LineStyle::Item => "• ",
    }
}

/// Draws a text.
pub fn text(text: &Text, reader: &Reader<'_>) -> String {
    text.0.iter().map(|one| span(one, reader)).collect()
}

/// Draws one line whose first clock names its zone: one that knows its reader's zone by itself needs none of this.
pub fn line_in_zone(line: &Line, reader: &Reader<'_>) -> String {
    let clock = line.text.0.iter().position(is_clock);
    let draw = |(at, one)| {
        let drawn = span(one, reader);
        match clock {
            Some(clock) if clock == at => {
                say!(reader.words, "moment-in-zone", clock = drawn, zone = reader.zone.name().to_owned()).to_string()
            }
            _ => drawn,
        }
    };
    let text: String = line.text.0.iter().enumerate().map(draw).collect();
    format!("{}{text}", sign(line.style))
}

/// Whether a text tells the time of a clock.
pub fn tells_clock(text: &Text) -> bool {
    text.0.iter().any(is_clock)
}

fn is_clock(span: &Span) -> bool {
    matches!(span, Span::Time(_, TimeStyle::Clock | TimeStyle::Seconds | TimeStyle::Full))
}

/// Draws a piece of a text.
pub fn span(span: &Span, reader: &Reader<'_>) -> String {
    match span {
        Span::Words(text) | Span::Command(text) => text.clone(),
        Span::Outside(text) => harmless(text),
        Span::Time(at, style) => reader.words.moment(*at, *style, reader.zone, reader.now),
        Span::Person(person) => person.to_string(),
        Span::Mention(person) => format!("@{person}"),
        Span::Link { word, address } => format!("{word} {}", harmless(address)),
    }
}

/// Takes out whatever could do more than be read: escape sequences, control characters, marks that turn the writing direction around, and characters that nobody sees.
pub fn harmless(text: &str) -> String {
    let unseen = |c: char| {
        matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{1b}' | '\u{9b}' => skip_escape(c, &mut characters),
            c if c.is_control() => out.push('\u{fffd}'),
            c if unseen(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Logs are full of colours: an escape sequence is left out whole, so that its tail doesn't stay as rubbish.
fn skip_escape(first: char, characters: &mut Peekable<Chars<'_>>) {
    let kind = if first == '\u{9b}' { Some('[') } else { characters.next() };
    match kind {
        // Control sequence: parameters, then one letter.
        Some('[') => while characters.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        // A string such as a window title, up to the bell or the string's own end.
        Some(']' | 'P' | '^' | '_') => {
            while let Some(c) = characters.next() {
                if c == '\u{7}' || c == '\u{9c}' {
                    break;
                }
                if c == '\u{1b}' {
                    characters.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_can_only_be_read() {
        assert_eq!(harmless("a\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}z"), "aredz");
        assert_eq!(harmless("a\u{1b}]8;;http://x\u{1b}\\link\u{9b}2Jb\u{1b}"), "alinkb");
        assert_eq!(harmless("bell\u{7}back\u{8}"), "bell\u{fffd}back\u{fffd}");
        assert_eq!(harmless("abc\u{202e}fed\u{200b}"), "abcfed");
        assert_eq!(harmless("two\r\nlines\tand a tab"), "two  lines and a tab");
        assert_eq!(harmless("数据库 ✅ é"), "数据库 ✅ é");
    }
}
