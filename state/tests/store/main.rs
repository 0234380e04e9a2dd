//! What every store promises, run on every store; and what only the one on the disk has to.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod agree;
mod disk;
#[path = "../common/raw.rs"]
mod raw;
mod suite;

use state::store::{MemoryStore, SledOptions, SledStore, Store, StoreFault};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// A store that a test can close and open again.
trait Lab {
    fn new() -> Self;
    fn store(&self) -> &dyn Store;
    fn reopen(self) -> Self;
}

struct InMemory(MemoryStore);

impl Lab for InMemory {
    fn new() -> InMemory {
        InMemory(MemoryStore::new())
    }

    fn store(&self) -> &dyn Store {
        &self.0
    }

    /// Nothing is kept when it is dropped: whoever simulates a restart keeps it.
    fn reopen(self) -> InMemory {
        self
    }
}

struct OnDisk {
    store: SledStore,
    folder: TempDir,
}

impl Lab for OnDisk {
    fn new() -> OnDisk {
        let folder = tempfile::tempdir().unwrap();
        OnDisk { store: open(folder.path()).unwrap(), folder }
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn reopen(self) -> OnDisk {
        drop(self.store);
        OnDisk { store: open(self.folder.path()).unwrap(), folder: self.folder }
    }
}

fn open(folder: &Path) -> Result<SledStore, StoreFault> {
    let mut options = SledOptions::new(folder.join("store"));
    options.lock_patience = Duration::from_millis(1_500);
    SledStore::open(options)
}

suite::run_on!(in_memory: crate::InMemory, on_disk: crate::OnDisk);
