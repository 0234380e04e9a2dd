//! The store: an ordered map from keys to small values that keeps what it has acknowledged.
//!
//! The trait is as narrow as what a transactional key-value server can offer over the network, so that the embedded
//! store of today and a server of tomorrow fit it alike: read one key, read a range at one moment, commit a small
//! conditional batch. There is no closure over a transaction, no scan of everything, no index that one batch can't keep.
//!
//! Not here: what the keys and values mean. Records and their keys belong to the modules that own them.

mod commit;
pub mod documents;
mod fault;
mod key;
mod memory;
pub mod record;
mod sled;

pub use commit::{Commit, Committed, Compare, OPERATIONS_AT_MOST, VALUE_AT_MOST};
pub use fault::{RequestFault, StoreFault};
pub use key::{KEY_AT_MOST, Key};
pub use memory::MemoryStore;
pub use sled::{FORMAT, FORMAT_NEEDS, SledOptions, SledStore};

use futures::future::BoxFuture;

/// What every store can do. A future does nothing before it is polled first; a commit whose future is dropped after
/// that may still happen.
pub trait Store: Send + Sync {
    /// The value of one key, with the revision of its last change. `None` when the key is absent.
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Versioned>, StoreFault>>;

    /// The entries of a range, in order, all of one and the same moment.
    fn range(&self, range: Range) -> BoxFuture<'_, Result<Page, StoreFault>>;

    /// Applies a batch if all its compares hold; all of it or nothing. The answer comes when the batch is durable.
    /// What was read before the answer may not be relied upon after [`StoreFault::OutcomeUnknown`].
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreFault>>;

    /// Whether a commit would be taken now, as far as that can be told without one.
    fn writable(&self) -> BoxFuture<'_, Result<(), StoreFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// How often the store had been written when a key was written last. It rises over the whole store, also across
/// restarts, so that it serves as a fencing number: whoever holds the higher one came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// A value with the revision of its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes, as they were put.
    pub value: Vec<u8>,
    /// The revision of the commit that put them.
    pub revision: Revision,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The bytes, as they were put.
    pub value: Vec<u8>,
    /// The revision of the commit that put them.
    pub revision: Revision,
}

/// The most entries that one range read returns, whatever it asks for.
pub const ENTRIES_AT_MOST: usize = 1_000;

/// Which keys to read: from `from` (included) to `to` (excluded), at most `limit` of them, from either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first key that belongs to the range.
    pub from: Key,
    /// The first key behind the range; `None` reads to the end of the store.
    pub to: Option<Key>,
    /// How many entries at most; more than [`ENTRIES_AT_MOST`] are never returned at once.
    pub limit: usize,
    /// From the greatest key downwards.
    pub reverse: bool,
}

impl Range {
    /// All keys that begin with `prefix` (a kind, or a key short of its last parts).
    pub fn under(prefix: &Key) -> Range {
        Range { from: prefix.clone(), to: prefix.after_all_under(), limit: ENTRIES_AT_MOST, reverse: false }
    }

    /// At most so many entries.
    pub fn limit(self, limit: usize) -> Range {
        Range { limit, ..self }
    }

    /// From the greatest key downwards.
    pub fn reversed(self) -> Range {
        Range { reverse: true, ..self }
    }

    /// What is left of this range behind `last`, the last key that was read of it.
    pub fn beyond(self, last: &Key) -> Range {
        if self.reverse { Range { to: Some(last.clone()), ..self } } else { Range { from: last.successor(), ..self } }
    }

    /// How many entries one answer may hold.
    pub fn page_size(&self) -> usize {
        self.limit.min(ENTRIES_AT_MOST)
    }
}

/// What a range read found, all at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries, in the order that was asked for.
    pub entries: Vec<Entry>,
    /// Whether the range holds more than these ([`Range::beyond`] reads on, at a later moment).
    pub more: bool,
    /// The store's revision at the moment of reading.
    pub revision: Revision,
}
