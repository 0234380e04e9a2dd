//! Cards: what a person is told, as chat-neutral data that each front end draws.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use state::names::{ChannelName, PersonName};

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
    /// Facts only.
    Plain,
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
