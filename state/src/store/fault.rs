//! What a store answers when it can't do what it was asked.

use super::{Key, Revision};
use std::path::PathBuf;

/// A store's fault. The one that matters is [`StoreFault::OutcomeUnknown`]: after any other, nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// The request breaks the rules of the store: a fault of the program. Nothing was applied.
    #[error("the store was asked for what no store takes: {0}")]
    Request(#[from] RequestFault),

    /// Writing failed, and whether it happened shows only when the store is opened anew. All later calls answer the
    /// same: the process has to end, so that its next start reads the truth.
    #[error("the outcome of a write to the store is unknown ({cause}); only a restart can tell")]
    OutcomeUnknown {
        /// What failed.
        cause: String,
        /// Whether it was the disk being full.
        disk_full: bool,
    },

    /// The disk is too full to write safely. Nothing was applied, and later calls go on once there is room.
    #[error("the disk of {} is full: {free} bytes are free, {needed} are kept in reserve; nothing was written", path.display())]
    DiskFull {
        /// The folder of the store.
        path: PathBuf,
        /// How many bytes are free.
        free: u64,
        /// How many must be.
        needed: u64,
    },

    /// What is stored at this key can't be read.
    #[error("the record at {key:?} can't be read: {cause}")]
    Unreadable {
        /// The key, or the one from which reading could not go on.
        key: Key,
        /// What is wrong with it.
        cause: String,
    },

    /// Reading failed for a reason that is not in the record.
    #[error("reading the store failed: {cause}")]
    ReadFailed {
        /// What failed.
        cause: String,
    },

    /// The store was written by a newer rotabot, in a format that this one does not know.
    #[error("the store in {} has format {format}, which needs rotabot {needs} or newer", path.display())]
    NewerFormat {
        /// The folder of the store.
        path: PathBuf,
        /// Its format number.
        format: u32,
        /// The oldest version of rotabot that can read it.
        needs: String,
    },

    /// Another process holds the store.
    #[error("the store in {} is in use by another process{}", path.display(), holder.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    InUse {
        /// The folder of the store.
        path: PathBuf,
        /// Its process number, where the system tells.
        holder: Option<u32>,
    },

    /// The store has come back with less than it had acknowledged: the disk is damaged, or only a part of a backup was put
    /// in its place. Taking away the file `acknowledged` in its folder accepts what is there.
    #[error(
        "the store in {} has lost what it had acknowledged: it is at revision {}, and was at {}",
        path.display(), found.0, acknowledged.0
    )]
    LostWrites {
        /// The folder of the store.
        path: PathBuf,
        /// The revision that it has.
        found: Revision,
        /// The revision that it had.
        acknowledged: Revision,
    },

    /// The store could not be opened or created.
    #[error("the store in {} can't be opened: {cause}", path.display())]
    CannotOpen {
        /// The folder of the store.
        path: PathBuf,
        /// What failed.
        cause: String,
    },
}

impl StoreFault {
    /// Whether a commit that was answered with this may have been applied.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, StoreFault::OutcomeUnknown { .. })
    }
}

/// In which way a request breaks the rules that hold for every store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// More compares or more writes than one commit may hold.
    #[error("{operations} operations in one commit, more than {}", super::OPERATIONS_AT_MOST)]
    TooManyOperations {
        /// How many there are.
        operations: usize,
    },
    /// One commit writes or takes away a key twice.
    #[error("{key:?} is written twice by one commit")]
    KeyTwice {
        /// The key.
        key: Key,
    },
    /// A value is longer than a store takes.
    #[error("{bytes} bytes for {key:?}, more than {}", super::VALUE_AT_MOST)]
    ValueTooLong {
        /// The key it was meant for.
        key: Key,
        /// How long it is.
        bytes: usize,
    },
    /// A key is longer than a store takes.
    #[error("a key of more than {} bytes: {key:?}", super::KEY_AT_MOST)]
    KeyTooLong {
        /// The key.
        key: Key,
    },
    /// The key is empty, or one of those that stores keep for themselves.
    #[error("{key:?} is not a key for records")]
    ReservedKey {
        /// The key.
        key: Key,
    },
    /// A document is longer than [`super::documents::DOCUMENT_AT_MOST`].
    #[error("a document of {bytes} bytes for {key:?}, more than {}", super::documents::DOCUMENT_AT_MOST)]
    DocumentTooLong {
        /// The key it was meant for.
        key: Key,
        /// How long it is.
        bytes: usize,
    },
}
