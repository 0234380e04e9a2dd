//! The channels where there is no chat service: what is said in them is told to whoever listens on a console, and to
//! the log where nobody reads along.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use commands::card::{Card, Post};
use commands::ports::{Chat, ChatFault, MessageId};
use futures::future::{self, BoxFuture, FutureExt as _};
use futures::stream::{self, BoxStream, StreamExt as _};
use serde::{Deserialize, Serialize};
use state::journal::{Notice, NoticeWhat};
use state::names::{ChangeId, ChannelName, EnvironmentName, ServiceName, TargetName};
use tokio::sync::broadcast;

/// How many messages are remembered by their marker. After a crash nothing is: a line on a terminal can't be looked up.
const REMEMBERED: usize = 4096;

/// How many messages a slow listener may lag behind before it misses some.
const BACKLOG: usize = 256;

/// A message that was said in a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Where.
    pub channel: ChannelName,
    /// What it concerns: whoever may look at that hears it, and nobody where it is not known.
    pub concerns: Option<Concerns>,
    /// What it is about, where it is a notice of a change.
    pub about: Option<(ChangeId, NoticeWhat)>,
    /// Whether it must not ring.
    pub silent: bool,
    /// What it says.
    pub card: Card,
}

/// What a message concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concerns {
    /// A change.
    Change(ChangeId),
    /// A target: what is said of it stands in no change that can be read.
    Target(TargetName),
}

impl Concerns {
    /// The marker of a notice begins with its change, that of any other message with its target.
    fn of_marker(marker: &str) -> Option<Self> {
        if let Some((change, _)) = Notice::of_marker(marker) {
            return Some(Self::Change(change));
        }
        let mut parts = marker.split('/');
        let service = ServiceName::new(parts.next()?).ok()?;
        let environment = EnvironmentName::new(parts.next()?).ok()?;
        Some(Self::Target(TargetName { service, environment }))
    }
}

/// Where messages go beside the consoles that listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Into the log.
    Log,
    /// Nowhere: the process has a console of its own.
    Nowhere,
}

/// The channels.
pub struct Channels {
    beside: Beside,
    heard: broadcast::Sender<Heard>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_marker: HashMap<String, MessageId>,
    oldest_first: VecDeque<String>,
}

impl Channels {
    /// Channels in which nothing was said yet.
    pub fn new(beside: Beside) -> Self {
        Self { beside, heard: broadcast::Sender::new(BACKLOG), known: Mutex::default() }
    }

    /// All that is said from now on.
    pub fn listen(&self) -> BoxStream<'static, Heard> {
        let heard = stream::unfold(self.heard.subscribe(), async |mut heard| {
            loop {
                match heard.recv().await {
                    Ok(message) => return Some((message, heard)),
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "a console is too slow for what is said in the channels");
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        heard.boxed()
    }

    fn say(&self, post: &Post) -> MessageId {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(message) = known.by_marker.get(&post.marker) {
            return message.clone();
        }
        let message = MessageId { channel: post.channel.clone(), id: post.marker.clone() };
        known.by_marker.insert(post.marker.clone(), message.clone());
        known.oldest_first.push_back(post.marker.clone());
        if known.oldest_first.len() > REMEMBERED
            && let Some(oldest) = known.oldest_first.pop_front()
        {
            known.by_marker.remove(&oldest);
        }
        drop(known);
        if self.beside == Beside::Log {
            let text = commands::plain::harmless(&post.card.first_line.to_string());
            tracing::info!(channel = %post.channel, marker = post.marker, "said in the channel: {text}");
        }
        // Nobody listens, often: that is no fault.
        let _ = self.heard.send(Heard {
            channel: post.channel.clone(),
            concerns: Concerns::of_marker(&post.marker),
            about: Notice::of_marker(&post.marker),
            silent: post.silent,
            card: post.card.clone(),
        });
        message
    }
}

impl Chat for Channels {
    fn post<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<MessageId, ChatFault>> {
        future::lazy(move |_| Ok(self.say(post))).boxed()
    }

    /// A line that is printed stays as it is: whoever wants to see a change go follows it.
    fn edit<'a>(&'a self, _message: &'a MessageId, _post: &'a Post) -> BoxFuture<'a, Result<(), ChatFault>> {
        future::ready(Ok(())).boxed()
    }
}

#[cfg(test)]
mod tests {
    use commands::card::{CardState, Text};

    use super::*;

    fn post(marker: &str) -> Post {
        Post {
            channel: "deploys".parse().expect("a name"),
            marker: marker.to_owned(),
            card: Card::new(CardState::Good, Text::words("api → prod verified")),
            reply_to: None,
            silent: false,
        }
    }

    #[tokio::test]
    async fn the_same_message_is_said_once() {
        let channels = Channels::new(Beside::Nowhere);
        let mut heard = channels.listen();
        let first = channels.post(&post("01KB0000000000000000000000/outcome")).await.expect("said");
        let again = channels.post(&post("01KB0000000000000000000000/outcome")).await.expect("found");
        assert_eq!(first, again);
        channels.post(&post("other")).await.expect("said");
        channels.post(&post("api/prod/unreadable/01KB0000000000000000000000")).await.expect("said");
        let about = heard.next().await.expect("a message").about.expect("about a change");
        assert_eq!(about.1, NoticeWhat::Outcome);
        let other = heard.next().await.expect("a message");
        assert_eq!((other.concerns, other.about), (None, None), "the second is the other one");
        let (service, environment) = ("api".parse().expect("a name"), "prod".parse().expect("a name"));
        let target = TargetName { service, environment };
        let unreadable = heard.next().await.expect("a message");
        assert_eq!((unreadable.concerns, unreadable.about), (Some(Concerns::Target(target)), None));
    }

    #[tokio::test]
    async fn only_so_many_are_remembered() {
        let channels = Channels::new(Beside::Log);
        for number in 0..=REMEMBERED {
            channels.post(&post(&number.to_string())).await.expect("said");
        }
        let known = channels.known.lock().expect("not poisoned");
        assert_eq!((known.by_marker.len(), known.oldest_first.len()), (REMEMBERED, REMEMBERED));
        assert!(!known.by_marker.contains_key("0"));
    }
}
