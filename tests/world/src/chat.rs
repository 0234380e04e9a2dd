//! The chat: channels with their messages in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use commands::card::{Card, Post};
use commands::ports::{ChatFault, MessageId};
use futures::future::BoxFuture;
use state::fault::Fault;
use state::names::ChannelName;

use crate::plan::Site;
use crate::process::ProcessId;
use crate::request::{Call, send};
use crate::{Shared, State};

/// All channels.
#[derive(Debug, Default)]
pub struct Chat {
    channels: BTreeMap<ChannelName, Vec<Message>>,
    last_id: u64,
    /// The chat answers nobody.
    pub down: bool,
    /// Messages can't be read, so that a marker that is there is not found.
    pub unreadable: bool,
    /// Channels that take nothing.
    pub closed: Vec<ChannelName>,
}

/// A message as it stands in its channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The chat's own id of it.
    pub id: String,
    /// By what it is found again.
    pub marker: String,
    /// When it was posted.
    pub at: Duration,
    /// What it says now.
    pub card: Card,
    /// What it answers.
    pub reply_to: Option<MessageId>,
    /// Whether it rang.
    pub silent: bool,
    /// When it was edited.
    pub edits: Vec<Duration>,
}

impl Chat {
    /// The messages of a channel, in order.
    pub fn messages(&self, channel: &ChannelName) -> &[Message] {
        self.channels.get(channel).map_or(&[], Vec::as_slice)
    }

    /// All messages.
    pub fn all(&self) -> impl Iterator<Item = (&ChannelName, &Message)> {
        self.channels.iter().flat_map(|(channel, messages)| messages.iter().map(move |message| (channel, message)))
    }

    fn refusal(&self, channel: &ChannelName) -> Option<ChatFault> {
        if self.down {
            return Some(ChatFault::Unreachable(Fault::new("the chat is down")));
        }
        let closed = self.closed.contains(channel);
        closed.then(|| ChatFault::Refused(Fault::new(format!("no right to write to {channel}"))))
    }

    fn post(&mut self, post: &Post, at: Duration) -> Result<MessageId, ChatFault> {
        if let Some(refusal) = self.refusal(&post.channel) {
            return Err(refusal);
        }
        let unreadable = self.unreadable;
        let messages = self.channels.entry(post.channel.clone()).or_default();
        let there = messages.iter().find(|message| message.marker == post.marker && !unreadable);
        let id = match there {
            Some(message) => message.id.clone(),
            None => {
                self.last_id += 1;
                let id = self.last_id.to_string();
                messages.push(Message {
                    id: id.clone(),
                    marker: post.marker.clone(),
                    at,
                    card: post.card.clone(),
                    reply_to: post.reply_to.clone(),
                    silent: post.silent,
                    edits: Vec::new(),
                });
                id
            }
        };
        Ok(MessageId { channel: post.channel.clone(), id })
    }

    fn edit(&mut self, id: &MessageId, post: &Post, at: Duration) -> Result<(), ChatFault> {
        if let Some(refusal) = self.refusal(&id.channel) {
            return Err(refusal);
        }
        let messages = self.channels.get_mut(&id.channel).into_iter().flatten();
        let Some(message) = messages.into_iter().find(|message| message.id == id.id) else {
            return Err(ChatFault::Refused(Fault::new("there is no such message")));
        };
        message.card = post.card.clone();
        message.edits.push(at);
        Ok(())
    }
}

/// The way of one process to the chat.
pub(crate) struct ChatPort {
    shared: Arc<Shared>,
    process: ProcessId,
}

impl ChatPort {
    pub(crate) fn new(shared: Arc<Shared>, process: ProcessId) -> Self {
        Self { shared, process }
    }

    fn send<T, E>(&self, site: Site, text: String, effect: E) -> BoxFuture<'static, Result<T, ChatFault>>
    where
        T: std::fmt::Debug + Send + 'static,
        E: Fn(&mut State) -> Result<T, ChatFault> + Send + Sync + 'static,
    {
        send(
            Arc::clone(&self.shared),
            Call {
                process: self.process,
                site,
                text,
                cluster: None,
                effect: Box::new(effect),
                unanswered: |why| Err(ChatFault::Unreachable(Fault::new(why))),
            },
        )
    }
}

impl commands::ports::Chat for ChatPort {
    fn post<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<MessageId, ChatFault>> {
        let text = format!("{} {}", post.channel, post.marker);
        let post = post.clone();
        self.send(Site::Post, text, move |state| state.chat.post(&post, state.now))
    }

    fn edit<'a>(&'a self, message: &'a MessageId, post: &'a Post) -> BoxFuture<'a, Result<(), ChatFault>> {
        let text = format!("{} {}", message.channel, message.id);
        let (message, post) = (message.clone(), post.clone());
        self.send(Site::Edit, text, move |state| state.chat.edit(&message, &post, state.now))
    }
}
