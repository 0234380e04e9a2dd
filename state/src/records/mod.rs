//! The records: what the store keeps of changes, claims, locks, releases, questions, messages and history, and which of
//! them are written together.
//!
//! Nothing here decides anything; it turns transitions into conditional batches, and bytes back into records. A record
//! that can't be read is reported as such, so that it blocks what it is about and nothing else.

mod changes;
mod history;
mod keys;
mod locks;
mod outbox;
mod prune;
mod unreadable;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::catalogue::Target;
use crate::change::outcome::Question;
use crate::change::release::{Release, Withdrawn};
use crate::change::{Change, Head, Watch, Work};
use crate::evidence::Cause;
use crate::fault::Fault;
use crate::journal::{JournalLine, Notice};
use crate::lock::Lock;
use crate::names::{ChangeId, ChangeNumber, PersonName, TargetName};
use crate::store::documents::{self, Batch};
use crate::store::record::{Record, decode, encode};
use crate::store::{Commit, Committed, Key, Range, Revision, Store, StoreFault};

pub use changes::{Advanced, Begin, Begun, OpenQuestion, Stored};
pub use history::HistoryLine;
pub use locks::Laid;
pub use outbox::Waiting;
pub use unreadable::{RecordName, Unreadable};

use unreadable::unreadable;

/// All records, over any store.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn Store>,
}

/// Why a record was not read or written.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordFault {
    /// The record is there, and can't be read. Whatever it is about is blocked until somebody looks.
    Unreadable(Unreadable),
    /// The store failed, and nothing was written.
    Failed(Fault),
    /// The store failed in the middle of a commit: whether it was written is not known, and nothing may be said.
    OutcomeUnknown(Fault),
}

impl RecordFault {
    /// The chain of causes, for a log.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Unreadable(unreadable) => &unreadable.fault,
            Self::Failed(fault) | Self::OutcomeUnknown(fault) => fault,
        }
    }
}

impl From<StoreFault> for RecordFault {
    fn from(fault: StoreFault) -> Self {
        let chain = Fault::of(&fault);
        match fault {
            StoreFault::OutcomeUnknown { .. } => Self::OutcomeUnknown(chain),
            StoreFault::Unreadable { key, .. } => {
                Self::Unreadable(Unreadable { record: keys::name_of(&key), fault: chain })
            }
            _ => Self::Failed(chain),
        }
    }
}

/// Who holds a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// The change.
    pub change: ChangeId,
    /// Its number.
    pub number: ChangeNumber,
    /// The target.
    pub target: TargetName,
    /// Who asked for it, so that it can be told even where the change itself can't be read.
    pub by: PersonName,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl ClaimRecord {
    /// The claim of a change.
    pub fn of(change: &Change) -> Self {
        let (by, since) = (change.head.asked_by.person().clone(), change.head.asked_at);
        Self { change: change.head.id, number: change.head.number, target: change.target.name.clone(), by, since }
    }
}

/// The id behind a number or a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pointer {
    change: ChangeId,
}

/// Where a change's message is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The chat's own id of it.
    pub id: String,
    /// The channel that it is in.
    pub channel: crate::names::ChannelName,
}

macro_rules! records {
    ($($type:ty),*) => { $(impl Record for $type { const VERSION: u32 = 1; })* };
}
records!(
    ClaimRecord,
    Pointer,
    MessageRecord,
    Head,
    Target,
    Work,
    Watch,
    Cause,
    Lock,
    Question,
    Release,
    Withdrawn,
    JournalLine,
    Notice
);

impl Records {
    /// The fault for which nothing can be written now, where that can be told without writing.
    pub async fn unwritable(&self) -> Option<StoreFault> {
        self.store.writable().await.err()
    }

    /// Over this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The store itself, for exports.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    async fn read<R: Record>(&self, key: &Key) -> Result<Option<(R, Revision)>, RecordFault> {
        match documents::read(&*self.store, key).await? {
            None => Ok(None),
            Some(document) => Ok(Some((readable(key, &document.bytes)?, document.revision))),
        }
    }

    /// All records under a prefix, in order; one that can't be read is an error in its place.
    async fn read_all<R: Record>(
        &self,
        mut range: Range,
    ) -> Result<Vec<(Key, Result<R, RecordFault>, Revision)>, RecordFault> {
        let mut found = Vec::new();
        loop {
            let page = self.store.range(range.clone()).await?;
            for entry in &page.entries {
                let record = match documents::assemble(&*self.store, &entry.value).await? {
                    Ok(bytes) => readable(&entry.key, &bytes),
                    Err(cause) => Err(unreadable(&entry.key, &cause)),
                };
                found.push((entry.key.clone(), record, entry.revision));
            }
            let full = found.len() >= range.limit;
            match page.entries.last() {
                Some(last) if page.more && !full => range = range.beyond(&last.key),
                _ => return Ok(found),
            }
        }
    }

    async fn write(&self, batch: Batch) -> Result<Committed, RecordFault> {
        Ok(batch.write(&*self.store).await?)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, RecordFault> {
        Ok(self.store.commit(commit).await?)
    }
}

fn readable<R: Record>(key: &Key, bytes: &[u8]) -> Result<R, RecordFault> {
    decode(bytes).map_err(|error| unreadable(key, &error.to_string()))
}

/// Puts a record into a batch; what it needs beyond one value belongs to its owner.
fn put<R: Record>(batch: &mut Batch, key: Key, owner: &str, record: &R) -> Result<(), RecordFault> {
    let bytes = encode(record).map_err(|error| RecordFault::Failed(Fault::of(&error)))?;
    batch.put_document(key, owner, &bytes).map_err(|error| RecordFault::Failed(Fault::of(&error)))
}
