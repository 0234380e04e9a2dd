//! The outbox: messages that wait for their channel, in the order in which they came to be.

use chrono::{DateTime, Utc};

use super::{MessageRecord, RecordFault, Records, keys, put, unreadable};
use crate::change::Change;
use crate::change::outcome::Question;
use crate::journal::{JournalLine, Notice, NoticeWhat};
use crate::lock::Scope;
use crate::names::{ChangeId, ChannelName, TargetName};
use crate::store::documents::Batch;
use crate::store::{Commit, Committed, Key, Range, Revision};

/// A message that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    key: Key,
    /// Its channel.
    pub channel: ChannelName,
    /// What it is about.
    pub notice: Notice,
}

impl Records {
    /// What waits, by channel and then in order; one that can't be read is an error in its place.
    pub async fn waiting(&self) -> Result<Vec<Result<Waiting, RecordFault>>, RecordFault> {
        let prefix = keys::outboxes();
        let found = self.read_all::<Notice>(Range::under(&prefix)).await?;
        let waiting = |(key, notice, _): (Key, Result<Notice, RecordFault>, Revision)| {
            let channel = key.parts_after(&prefix).and_then(|mut parts| parts.text());
            let channel = channel.and_then(|name| ChannelName::new(name).ok());
            let channel = channel.ok_or_else(|| unreadable(&key, "its key names no channel"))?;
            Ok(Waiting { notice: notice?, channel, key })
        };
        Ok(found.into_iter().map(waiting).collect())
    }

    /// The channel has it: it waits no more. Where it was the message that is edited as the change goes, its id is kept.
    pub async fn delivered(&self, waiting: &Waiting, message: &MessageRecord) -> Result<(), RecordFault> {
        let mut batch = Batch::new();
        batch.commit.delete(waiting.key.clone());
        if waiting.notice.what == NoticeWhat::Progress {
            let id = waiting.notice.change;
            put(&mut batch, keys::message(id), &id.to_string(), message)?;
        }
        self.write(batch).await.map(|_| ())
    }

    /// The channel won't ever take it.
    pub async fn undeliverable(&self, waiting: &Waiting) -> Result<(), RecordFault> {
        let commit = Commit { deletes: vec![waiting.key.clone()], ..Commit::default() };
        self.commit(commit).await.map(|_| ())
    }

    /// Where the message of a change is.
    pub async fn message_of(&self, change: ChangeId) -> Result<Option<MessageRecord>, RecordFault> {
        Ok(self.read(&keys::message(change)).await?.map(|(message, _)| message))
    }

    /// Takes a question away, with the line of the journal and the notice that say why. False: somebody was first.
    pub async fn close_question(
        &self,
        change: &Change,
        read: Revision,
        line: &JournalLine,
        notice: Option<NoticeWhat>,
        now: DateTime<Utc>,
    ) -> Result<bool, RecordFault> {
        let mut batch = Batch::new();
        let key = keys::question(&change.target.name);
        batch.commit.demand(key.clone(), read);
        batch.commit.delete(key);
        self.question_line(batch, change, line, notice, now).await
    }

    /// Gives a question a new deadline, and shows it again.
    pub async fn extend_question(
        &self,
        change: &Change,
        (question, read): (&Question, Revision),
        line: &JournalLine,
        now: DateTime<Utc>,
    ) -> Result<bool, RecordFault> {
        let mut batch = Batch::new();
        let key = keys::question(&change.target.name);
        batch.commit.demand(key.clone(), read);
        put(&mut batch, key, &change.head.id.to_string(), question)?;
        self.question_line(batch, change, line, Some(NoticeWhat::AskedAgain), now).await
    }

    async fn question_line(
        &self,
        mut batch: Batch,
        change: &Change,
        line: &JournalLine,
        notice: Option<NoticeWhat>,
        now: DateTime<Utc>,
    ) -> Result<bool, RecordFault> {
        let target: &TargetName = &change.target.name;
        let unique = format!("{}/question", change.head.id);
        put(&mut batch, keys::journal(&Scope::Target(target.clone()), line.at, &unique, 0), "", line)?;
        if let Some(what) = notice {
            super::changes::put_notice(&mut batch, change, what, now)?;
        }
        Ok(matches!(self.write(batch).await?, Committed::Done(_)))
    }
}
