//! The courier: brings messages from the outbox to their channels, in order, and keeps the one message of a change that
//! is edited as it goes (D16, D17).
//!
//! Delivery holds no claim: a channel that can't be reached stops no change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use state::catalogue::Catalogue;
use state::change::Change;
use state::journal::{Notice, NoticeWhat};
use state::names::{ChangeId, ChannelName};
use state::records::{MessageRecord, RecordFault, RecordName, Unreadable, Waiting};
use state::rollout::judge::Progress;
use state::time::Now;

use super::{Engine, Seen};
use crate::card::{Card, Post};
use crate::cards;
use crate::ports::{Chat, ChatFault, MessageId};
use crate::words::Words;

/// A message is edited at most so often.
const EDIT: Duration = Duration::from_secs(1);

/// After a failure a channel is left alone for so long, twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Brings messages to channels.
pub struct Courier {
    engine: Engine,
    chat: Arc<dyn Chat>,
    catalogue: Arc<Catalogue>,
    pauses: BTreeMap<ChannelName, Pause>,
    edited: BTreeMap<ChangeId, Edited>,
    /// Changes whose outcome was told, and whose own message does not show it yet.
    closing: BTreeMap<ChangeId, Seen>,
    /// Records that can't be read, each of which was logged.
    unreadable: BTreeSet<RecordName>,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    until: Duration,
    length: Duration,
}

#[derive(Debug, Clone)]
struct Edited {
    at: Duration,
    card: Card,
}

/// What a round of the courier came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Messages that their channels have now.
    pub posted: usize,
    /// Messages that wait for another try.
    pub waiting: usize,
}

impl Engine {
    /// A courier for this chat, in the words of this catalogue.
    pub fn courier(&self, chat: Arc<dyn Chat>, catalogue: Arc<Catalogue>) -> Courier {
        let (pauses, edited, closing, unreadable) = Default::default();
        Courier { engine: self.clone(), chat, catalogue, pauses, edited, closing, unreadable }
    }
}

impl Courier {
    /// One round: everything that waits, each channel in its order, and the messages of changes that have gone on.
    pub async fn round(&mut self, now: Now) -> Result<Delivered, RecordFault> {
        let mut delivered = Delivered::default();
        let mut stuck: BTreeSet<ChannelName> = BTreeSet::new();
        for waiting in self.engine.records.waiting().await? {
            let waiting = match waiting {
                Ok(waiting) => waiting,
                // It stays for whoever looks, and holds up no other.
                Err(RecordFault::Unreadable(unreadable)) => {
                    self.log_unreadable(&unreadable);
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let paused = self.is_paused(&waiting.channel, now);
            // Order is kept: behind a message that waits, the others of its channel wait too.
            if paused || stuck.contains(&waiting.channel) {
                delivered.waiting += 1;
                continue;
            }
            if self.deliver(&waiting, now).await? {
                delivered.posted += 1;
            } else {
                delivered.waiting += 1;
                stuck.insert(waiting.channel.clone());
            }
        }
        self.edit(now).await?;
        Ok(delivered)
    }

    fn is_paused(&self, channel: &ChannelName, now: Now) -> bool {
        self.pauses.get(channel).is_some_and(|pause| now.monotonic < pause.until)
    }

    /// False: it could not be delivered now.
    async fn deliver(&mut self, waiting: &Waiting, now: Now) -> Result<bool, RecordFault> {
        let records = self.engine.records.clone();
        let change = match records.change(waiting.notice.change).await {
            Ok(Some(stored)) => stored.change,
            Ok(None) | Err(RecordFault::Unreadable(_)) => {
                tracing::error!(change = %waiting.notice.change, "a message can't be made: its change can't be read");
                records.undeliverable(waiting).await?;
                return Ok(true);
            }
            Err(fault) => return Err(fault),
        };
        let post = self.post(&waiting.channel, &waiting.notice, &change, now).await?;
        match self.chat.post(&post).await {
            Ok(message) => {
                let record = MessageRecord { id: message.id, channel: message.channel };
                records.delivered(waiting, &record).await?;
                self.pauses.remove(&waiting.channel);
                // The message of its progress must not go on offering to stop what has ended.
                if waiting.notice.what == NoticeWhat::Outcome {
                    self.closing.insert(change.head.id, Seen { change, progress: Vec::new(), blind_since: None });
                }
                Ok(true)
            }
            Err(ChatFault::Unreachable(fault)) => {
                let before = self.pauses.get(&waiting.channel).map(|pause| pause.length);
                let length = before.map_or(FIRST_PAUSE, |length| (length * 2).min(LONGEST_PAUSE));
                if before.is_none() {
                    tracing::warn!(channel = %waiting.channel, fault = fault.chain(), "a channel can't be reached");
                }
                self.pauses.insert(waiting.channel.clone(), Pause { until: now.monotonic + length, length });
                Ok(false)
            }
            Err(ChatFault::Refused(fault)) => {
                let change = change.head.number;
                tracing::error!(%change, channel = %waiting.channel, fault = fault.chain(), "a channel refuses a message");
                records.undeliverable(waiting).await?;
                Ok(true)
            }
        }
    }

    async fn post(
        &mut self,
        channel: &ChannelName,
        notice: &Notice,
        change: &Change,
        now: Now,
    ) -> Result<Post, RecordFault> {
        let answers = match notice.what {
            NoticeWhat::Progress => None,
            _ => self.message_of(change.head.id).await?,
        };
        let card = self.card(channel, notice, change, now).await;
        Ok(Post {
            channel: channel.clone(),
            marker: notice.marker(),
            card,
            reply_to: answers.map(|message| MessageId { channel: message.channel, id: message.id }),
            silent: notice.what == NoticeWhat::Progress,
        })
    }

    /// Where a change's message is. One that can't be found again is neither answered nor edited any more; that must not
    /// keep another message from its channel.
    async fn message_of(&mut self, change: ChangeId) -> Result<Option<MessageRecord>, RecordFault> {
        match self.engine.records.message_of(change).await {
            Err(RecordFault::Unreadable(unreadable)) => {
                self.log_unreadable(&unreadable);
                Ok(None)
            }
            message => message,
        }
    }

    fn log_unreadable(&mut self, unreadable: &Unreadable) {
        if self.unreadable.insert(unreadable.record.clone()) {
            tracing::error!(fault = unreadable.fault.chain(), "a record of messages can't be read, and is passed over");
        }
    }

    async fn card(&self, channel: &ChannelName, notice: &Notice, change: &Change, now: Now) -> Card {
        let words = Words::get(self.catalogue.language_of_channel(channel));
        let gathered = self.engine.gathered(change).await;
        let seen = self.engine.board.seen(change.head.id);
        let progress: &[Progress] = seen.as_ref().map_or(&[], |seen| &seen.progress);
        let facts = gathered.facts(change, progress, &self.catalogue, now.wall);
        match notice.what {
            NoticeWhat::Progress | NoticeWhat::Outcome => cards::change::card(words, &facts),
            NoticeWhat::Parked => cards::change::parked(words, &facts),
            NoticeWhat::Lapsed => cards::change::lapsed(words, &facts),
            NoticeWhat::AskedAgain => cards::change::asked_again(words, &facts),
        }
    }

    /// Edits the messages of changes that have gone on: only the newest state is sent, never a queue of old ones.
    async fn edit(&mut self, now: Now) -> Result<(), RecordFault> {
        let mut newest: BTreeMap<ChangeId, Arc<Seen>> = BTreeMap::new();
        newest.extend(self.engine.board.all().into_iter().map(|seen| (seen.change.head.id, seen)));
        newest.extend(self.closing.iter().map(|(id, seen)| (*id, Arc::new(seen.clone()))));
        for (id, seen) in newest {
            let soon = self.edited.get(&id).is_some_and(|edited| now.monotonic < edited.at + EDIT);
            if soon || self.is_paused(&seen.change.target.channel, now) {
                continue;
            }
            match self.message_of(id).await? {
                Some(message) => self.edit_one(&seen, &message, now).await,
                None => drop(self.closing.remove(&id)),
            }
        }
        let board = &self.engine.board;
        self.edited.retain(|id, _| board.seen(*id).is_some() || self.closing.contains_key(id));
        board.tidy();
        Ok(())
    }

    async fn edit_one(&mut self, seen: &Seen, message: &MessageRecord, now: Now) {
        let id = seen.change.head.id;
        let notice = Notice { change: id, what: NoticeWhat::Progress, since: now.wall };
        let card = self.card(&message.channel, &notice, &seen.change, now).await;
        if self.edited.get(&id).is_some_and(|edited| edited.card == card) {
            self.closing.remove(&id);
            return;
        }
        let (channel, marker) = (message.channel.clone(), notice.marker());
        let post = Post { channel, marker, card: card.clone(), reply_to: None, silent: true };
        let message = MessageId { channel: message.channel.clone(), id: message.id.clone() };
        match self.chat.edit(&message, &post).await {
            Ok(()) => {
                self.edited.insert(id, Edited { at: now.monotonic, card });
                self.closing.remove(&id);
            }
            // An edit that is lost is made good by the next one.
            Err(ChatFault::Unreachable(_)) => {}
            // The message is gone, and with it what it offered.
            Err(ChatFault::Refused(_)) => drop(self.closing.remove(&id)),
        }
    }
}

#[cfg(test)]
mod tests;
