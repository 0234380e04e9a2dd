//! What a message can be filled with, and how it is cut where room is short.

use std::time::Duration;

use chrono::{DateTime, Utc};
use state::image::Reference;
use state::lock::Scope;
use state::names::{ChangeNumber, EnvironmentName, PersonName, ServiceName, TargetName, WorkloadName};

use super::{Words, width_of};
use crate::card::{Span, Text, TimeStyle, width};
use crate::command::Command;
use crate::plain::harmless;

/// A fact in a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// Our own words.
    Words(String),
    /// A name that was validated. In a first line it may be cut.
    Name(String),
    /// Words from outside. In a first line they may be cut.
    Outside(String),
    /// Chooses between variants of the message, and is not shown.
    Choice(&'static str),
    /// A count.
    Number(u64),
    /// A length of time, to the second.
    Duration(Duration),
    /// A length of time, roughly.
    About(Duration),
    /// A moment.
    Time(DateTime<Utc>, TimeStyle),
    /// A person, by name only.
    Person(PersonName),
    /// A person who is mentioned: it rings.
    Mention(PersonName),
    /// What a lock covers.
    Scope(Scope),
    /// A service in an environment.
    Target(TargetName),
    /// A command to type.
    Command(String),
    /// An address under a word.
    Link {
        /// The word.
        word: String,
        /// The address.
        address: String,
    },
    /// A text that is made already.
    Text(Text),
}

/// A span, and whether a first line may cut it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) span: Span,
    cuttable: bool,
}

impl Piece {
    pub(crate) fn fixed(span: Span) -> Self {
        Self { span, cuttable: false }
    }

    fn cuttable(span: Span) -> Self {
        Self { span, cuttable: true }
    }
}

/// What can't be read as an image may be as long as a manifest; nobody reads on from here.
const STRANGE_AT_MOST: usize = 60;

impl Arg {
    /// What people call an image: a tag, or a digest in short. What is neither stood in a pod template as somebody wrote
    /// it there, and can't be read as an image: it comes from outside.
    pub(crate) fn image(name: &str) -> Self {
        let is_tag = name.parse::<Reference>().is_ok();
        let hex = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
        let is_digest = name.split_once('…').is_some_and(|(begin, end)| hex(begin) && hex(end));
        if is_tag || is_digest {
            return Self::Name(name.to_owned());
        }
        let text = harmless(name);
        if text.chars().count() <= STRANGE_AT_MOST {
            return Self::Outside(text);
        }
        Self::Outside(text.chars().take(STRANGE_AT_MOST - 1).chain(['…']).collect())
    }

    /// The fact as a text of its own.
    pub(crate) fn alone(self, words: &Words) -> Text {
        Text::of_spans(self.into_pieces(words).into_iter().map(|piece| piece.span))
    }

    pub(super) fn into_pieces(self, words: &Words) -> Vec<Piece> {
        let name = |name: &str| Piece::cuttable(Span::Words(name.to_owned()));
        let piece = match self {
            Self::Words(text) => Piece::fixed(Span::Words(text)),
            Self::Name(text) => name(&text),
            Self::Outside(text) => Piece::cuttable(Span::Outside(text)),
            Self::Choice(choice) => Piece::fixed(Span::Words(choice.to_owned())),
            Self::Number(number) => Piece::fixed(Span::Words(number.to_string())),
            Self::Duration(duration) => Piece::fixed(Span::Words(words.duration(duration))),
            Self::About(duration) => Piece::fixed(Span::Words(words.about(duration))),
            Self::Time(at, style) => Piece::fixed(Span::Time(at, style)),
            Self::Person(person) => Piece::cuttable(Span::Person(person)),
            Self::Mention(person) => Piece::fixed(Span::Mention(person)),
            Self::Scope(Scope::All) => Piece::fixed(Span::Words(words.plain("scope-all"))),
            Self::Scope(Scope::Environment(environment)) => name(environment.as_str()),
            Self::Scope(Scope::Target(target)) | Self::Target(target) => {
                let arrow = Piece::fixed(Span::Words(" → ".to_owned()));
                return vec![name(target.service.as_str()), arrow, name(target.environment.as_str())];
            }
            Self::Command(text) => Piece::fixed(Span::Command(text)),
            Self::Link { word, address } => Piece::fixed(Span::Link { word, address }),
            Self::Text(text) => return text.0.into_iter().map(Piece::fixed).collect(),
        };
        vec![piece]
    }
}

/// Takes out blanks between two Chinese characters: the messages set them because what is put in may be a Latin name.
pub(super) fn close_up(pieces: &mut [Piece]) {
    let texts: Vec<String> = pieces.iter().map(|piece| piece.span.to_string()).collect();
    for (at, piece) in pieces.iter_mut().enumerate() {
        let before = at.checked_sub(1).and_then(|before| texts[before].chars().last());
        let after = texts.get(at + 1).and_then(|after| after.chars().next());
        let Span::Words(text) = &mut piece.span else { continue };
        let second = text.strip_prefix(' ').and_then(|rest| rest.chars().next());
        if both_chinese(before, second) {
            text.remove(0);
        }
        let last_but_one = text.strip_suffix(' ').and_then(|rest| rest.chars().last());
        if both_chinese(last_but_one, after) {
            text.pop();
        }
    }
}

fn both_chinese(left: Option<char>, right: Option<char>) -> bool {
    let chinese = |c: char| matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}');
    left.is_some_and(chinese) && right.is_some_and(chinese)
}

/// Names are not cut below this width.
const SHORTEST: usize = 6;

/// Cuts the widest piece that may be cut, again and again, until all fit.
pub(super) fn cut_to(pieces: &mut [Piece], limit: usize) {
    while width_of(pieces) > limit {
        let over = width_of(pieces) - limit;
        let widths = || pieces.iter().map(|piece| if piece.cuttable { width(&piece.span.to_string()) } else { 0 });
        let widest = widths().enumerate().max_by_key(|(_, width)| *width);
        let Some((at, now)) = widest.filter(|(_, width)| *width > SHORTEST) else { return };
        // Down to the second widest at most, so that two long names are cut alike.
        let second = widths().enumerate().filter(|(other, _)| *other != at).map(|(_, width)| width).max().unwrap_or(0);
        let wanted = now.saturating_sub(over).max(second).min(now - 1).max(SHORTEST);
        cut(&mut pieces[at].span, wanted);
    }
}

fn cut(span: &mut Span, limit: usize) {
    let mut text = String::new();
    for c in span.to_string().chars() {
        if width(&text) + width(c.encode_utf8(&mut [0; 4])) + 1 > limit {
            break;
        }
        text.push(c);
    }
    text.push('…');
    *span = match span {
        Span::Outside(_) => Span::Outside(text),
        // A name that is cut is nobody's.
        _ => Span::Words(text),
    };
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Words(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Words(text)
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl From<Duration> for Arg {
    fn from(duration: Duration) -> Self {
        Self::Duration(duration)
    }
}

impl From<ChangeNumber> for Arg {
    fn from(number: ChangeNumber) -> Self {
        Self::Words(number.to_string())
    }
}

impl From<&PersonName> for Arg {
    fn from(person: &PersonName) -> Self {
        Self::Person(person.clone())
    }
}

impl From<&TargetName> for Arg {
    fn from(target: &TargetName) -> Self {
        Self::Target(target.clone())
    }
}

impl From<&Scope> for Arg {
    fn from(scope: &Scope) -> Self {
        Self::Scope(scope.clone())
    }
}

impl From<&ServiceName> for Arg {
    fn from(name: &ServiceName) -> Self {
        Self::Name(name.to_string())
    }
}

impl From<&EnvironmentName> for Arg {
    fn from(name: &EnvironmentName) -> Self {
        Self::Name(name.to_string())
    }
}

impl From<&WorkloadName> for Arg {
    fn from(name: &WorkloadName) -> Self {
        Self::Name(name.to_string())
    }
}

impl From<&Command> for Arg {
    fn from(command: &Command) -> Self {
        Self::Command(command.to_text())
    }
}

impl From<Text> for Arg {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}
