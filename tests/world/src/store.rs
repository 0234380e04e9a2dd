//! A store that fails: a wrapper around one that doesn't, and that outlives the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{BoxFuture, FutureExt as _, pending};
use state::store::{Commit, Committed, Key, Page, Range, Store, StoreFault, Versioned};

use crate::Shared;
use crate::plan::{Kill, Site, StoreEnd, StoreFate};
use crate::process::ProcessId;
use crate::request::Sleep;

/// The store of one process, over the one that outlives it.
pub(crate) struct FaultyStore {
    shared: Arc<Shared>,
    process: ProcessId,
    inner: Arc<dyn Store>,
    /// After a write of unknown outcome nothing can be done until the next start.
    broken: AtomicBool,
}

impl FaultyStore {
    pub(crate) fn new(shared: Arc<Shared>, process: ProcessId, inner: Arc<dyn Store>) -> Self {
        Self { shared, process, inner, broken: AtomicBool::new(false) }
    }

    /// Draws what becomes of a call; none where the process dies of it or is dead.
    fn begin(&self, site: Site, text: &dyn Fn() -> String) -> Option<StoreFate> {
        self.shared.with(|state| {
            if state.alive != Some(self.process) {
                return None;
            }
            let fate = state.plan.store_fate(site);
            if site == Site::Commit {
                let number = state.plan.calls();
                state.tell(format_args!("#{number} commit {}", text()));
            }
            if fate.kill == Some(Kill::Before) {
                state.kill(self.process, "before a call to its store");
                return None;
            }
            Some(fate)
        })
    }

    /// Whether the process still lives; a kill after the call strikes here.
    fn survives(&self, fate: &StoreFate) -> bool {
        self.shared.with(|state| {
            if fate.kill.is_some() {
                state.kill(self.process, "after a call to its store");
            }
            state.alive == Some(self.process)
        })
    }

    async fn wait(&self, fate: &StoreFate) {
        if fate.takes.is_zero() {
            return;
        }
        let until = self.shared.with(|state| state.now) + fate.takes;
        Sleep { shared: Arc::clone(&self.shared), until, queued: false }.await;
    }

    fn unknown(&self) -> StoreFault {
        StoreFault::OutcomeUnknown { cause: "fdatasync: Input/output error".to_owned(), disk_full: false }
    }

    async fn read<T>(&self, read: BoxFuture<'_, Result<T, StoreFault>>) -> Result<T, StoreFault> {
        let Some(fate) = self.begin(Site::StoreRead, &String::new) else { return pending().await };
        if self.broken.load(Ordering::Relaxed) {
            return Err(self.unknown());
        }
        let result = match fate.end {
            StoreEnd::ReadFails => Err(StoreFault::ReadFailed { cause: "Input/output error".to_owned() }),
            _ => read.await,
        };
        if self.survives(&fate) { result } else { pending().await }
    }

    async fn write(&self, commit: Commit) -> Result<Committed, StoreFault> {
        let Some(fate) = self.begin(Site::Commit, &|| keys(&commit)) else { return pending().await };
        if self.broken.load(Ordering::Relaxed) {
            return Err(self.unknown());
        }
        self.wait(&fate).await;
        // The process may have died while it waited for the disk.
        if self.shared.with(|state| state.alive != Some(self.process)) {
            return pending().await;
        }
        let result = match fate.end {
            StoreEnd::DiskFull => Err(StoreFault::DiskFull { path: "the-store".into(), free: 0, needed: 1 << 20 }),
            StoreEnd::Unknown { applied } => {
                if applied {
                    self.inner.commit(commit).await?;
                }
                self.broken.store(true, Ordering::Relaxed);
                Err(self.unknown())
            }
            _ => self.inner.commit(commit).await,
        };
        self.shared.with(|state| match &result {
            Ok(Committed::Done(revision)) => state.tell(format_args!("  stored at {}", revision.0)),
            Ok(Committed::Conflict { key, .. }) => state.tell(format_args!("  not stored, {key:?} has changed")),
            Err(fault) => state.tell(format_args!("  not known to be stored: {fault}")),
        });
        if self.survives(&fate) { result } else { pending().await }
    }
}

fn keys(commit: &Commit) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for (key, value) in &commit.puts {
        let _ = write!(text, "+{key:?}({}) ", value.len());
    }
    for key in &commit.deletes {
        let _ = write!(text, "-{key:?} ");
    }
    text
}

impl Store for FaultyStore {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Versioned>, StoreFault>> {
        let key = key.clone();
        async move { self.read(self.inner.get(&key)).await }.boxed()
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Page, StoreFault>> {
        async move { self.read(self.inner.range(range)).await }.boxed()
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreFault>> {
        self.write(commit).boxed()
    }
}
