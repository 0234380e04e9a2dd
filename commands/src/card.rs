//! Cards: what a person is told, as chat-neutral data that each front end draws.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use state::names::{ChannelName, PersonName};
use unicode_width::UnicodeWidthStr as _;

use crate::command::Command;
use crate::ports::MessageId;
use crate::press::Press;

/// A message to a person or a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What it is about, at a glance: front ends draw an emoji and a colour.
    pub state: CardState,
    /// One plain sentence of at most 60 characters: all that a phone's lock screen shows.
    pub first_line: Text,
    /// The rest, a line each.
    pub lines: Vec<Line>,
    /// How far a rollout is.
    pub progress: Option<Progress>,
    /// At most three.
    pub buttons: Vec<Button>,
    /// Long evidence: log lines and events. A chat with threads puts it there, a console below.
    pub details: Vec<Line>,
    /// File names of pictures that belong to it.
    pub pictures: Vec<String>,
}

/// What a card is about, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardState {
    /// Something is under way.
    Working,
    /// Good.
    Good,
    /// Failed.
    Bad,
    /// Nothing was changed.
    Refused,
    /// Can't tell, parked, or somebody must look.
    Unsure,
    /// Stopped or overtaken.
    Ended,
    /// What runs is well.
    Healthy,
    /// What runs is not well.
    Sick,
    /// Locked, or unlocked.
    Locked,
    /// Facts only.
    Plain,
}

impl CardState {
    /// The sign before the first line.
    pub fn emoji(self) -> &'static str {
        match self {
            Self::Working => "⏳",
            Self::Good => "✅",
            Self::Bad => "❌",
            Self::Refused => "🚫",
            Self::Unsure => "❔",
            Self::Ended => "⏹️",
            Self::Healthy => "🟢",
            Self::Sick => "🔴",
            Self::Locked => "🔒",
            Self::Plain => "📋",
        }
    }
}

impl Card {
    /// A card with its first line alone.
    pub fn new(state: CardState, first_line: Text) -> Self {
        Self {
            state,
            first_line,
            lines: Vec::new(),
            progress: None,
            buttons: Vec::new(),
            details: Vec::new(),
            pictures: Vec::new(),
        }
    }

    /// Adds a line, unless it is empty.
    pub fn line(&mut self, style: LineStyle, text: Text) -> &mut Self {
        if !text.is_empty() {
            self.lines.push(Line { style, text });
        }
        self
    }

    /// Adds a line as it is, unless it is empty.
    pub fn plain(&mut self, text: Text) -> &mut Self {
        self.line(LineStyle::Plain, text)
    }

    /// Adds a button.
    pub fn button(&mut self, label: Text, press: Press) -> &mut Self {
        self.buttons.push(Button { label, press, typed: None });
        self
    }

    /// Adds a button for which something more exact is typed than its press would say.
    pub fn button_typed(&mut self, label: Text, press: Press, typed: &Command) -> &mut Self {
        self.buttons.push(Button { label, press, typed: Some(typed.to_text()) });
        self
    }
}

/// A line of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// How it is drawn.
    pub style: LineStyle,
    /// What it says.
    pub text: Text,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineStyle {
    /// As it is.
    Plain,
    /// Words of somebody else: a log line, an event.
    Quote,
    /// A step that is done.
    Done,
    /// The step that is under way.
    Doing,
    /// A step that comes later.
    Later,
    /// A step that failed.
    Failed,
    /// Something that is locked.
    Locked,
    /// An item of a list.
    Item,
}

/// A text in pieces, so that a front end can show a moment in each reader's zone, mention whom it may, and escape what
/// came from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<Span>);

impl Text {
    /// Our own words.
    pub fn words(text: impl Into<String>) -> Self {
        Self::of_spans([Span::Words(text.into())])
    }

    /// Words from outside.
    pub fn outside(text: impl Into<String>) -> Self {
        Self::of_spans([Span::Outside(text.into())])
    }

    /// Puts pieces together; our own words that follow each other become one.
    pub fn of_spans(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut text = Self::default();
        spans.into_iter().for_each(|span| text.push(span));
        text
    }

    /// Puts the texts that are not empty one after the other, with a separator between them.
    pub fn joined(separator: &str, texts: impl IntoIterator<Item = Text>) -> Self {
        let mut joined = Self::default();
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            if !joined.is_empty() {
                joined.push(Span::Words(separator.to_owned()));
            }
            text.0.into_iter().for_each(|span| joined.push(span));
        }
        joined
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, span: Span) {
        match (self.0.last_mut(), span) {
            (_, Span::Words(new) | Span::Outside(new)) if new.is_empty() => {}
            (Some(Span::Words(last)), Span::Words(new)) => last.push_str(&new),
            (_, span) => self.0.push(span),
        }
    }
}

/// As it is read where no reader is known: for logs and for measuring.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|span| span.fmt(f))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(text) | Self::Outside(text) | Self::Command(text) => f.write_str(text),
            Self::Time(at, _) => write!(f, "{}", at.format("%Y-%m-%d %H:%M:%SZ")),
            Self::Person(person) => person.fmt(f),
            Self::Mention(person) => write!(f, "@{person}"),
            Self::Link { word, .. } => f.write_str(word),
        }
    }
}

/// How many columns a text takes: two for each Chinese character.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// Our own words.
    Words(String),
    /// Words from outside, to be escaped.
    Outside(String),
    /// A command to type.
    Command(String),
    /// A moment.
    Time(DateTime<Utc>, TimeStyle),
    /// A person, by name only.
    Person(PersonName),
    /// A person who is mentioned: it rings.
    Mention(PersonName),
    /// An address under a word.
    Link {
        /// The word.
        word: String,
        /// The address.
        address: String,
    },
}

/// How much of a moment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeStyle {
    /// Day and time.
    Full,
    /// The time of day.
    Clock,
    /// The time of day with seconds.
    Seconds,
    /// The day.
    Day,
}

/// How far a rollout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Progress {
    /// New pods that are ready.
    pub done: u32,
    /// New pods that are wanted.
    pub of: u32,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What it says: it names its target.
    pub label: Text,
    /// What it does. It carries ids, never authority: a press passes the gate like a command.
    pub press: Press,
    /// What is typed for it where nothing can be pressed, if that says more than the press.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<String>,
}

/// A card on its way to a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Where to.
    pub channel: ChannelName,
    /// By what the message is found again after a crash: unique for each message that is meant to be.
    pub marker: String,
    /// What it says.
    pub card: Card,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Whether it must not ring.
    pub silent: bool,
}
