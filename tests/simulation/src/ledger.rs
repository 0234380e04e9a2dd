//! The store that outlives every process, and the written proof of what was committed when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use state::change::Change;
use state::change::outcome::Question;
use state::lock::Lock;
use state::names::ChangeId;
use state::records::Records;
use state::store::{Commit, Committed, Key, MemoryStore, Page, Range, Store, StoreFault, Versioned};
use world::World;

/// What a commit made of a change.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Duration,
    /// The change before it.
    pub before: Option<Change>,
    /// The change after it.
    pub after: Change,
    /// The locks over its target at that moment.
    pub locks: Vec<Lock>,
    /// The question that is open on its target after it.
    pub question: Option<Question>,
    /// Whether it holds the claim on its target after it.
    pub holds_claim: bool,
}

/// A store in memory that keeps a ledger of what was committed.
pub struct Ledger {
    world: World,
    inner: Arc<MemoryStore>,
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    /// An empty one.
    pub fn new(world: &World) -> Arc<Self> {
        Arc::new(Self { world: world.clone(), inner: Arc::new(MemoryStore::new()), entries: Mutex::default() })
    }

    /// The records as they are stored, without anything that can fail.
    pub fn records(&self) -> Records {
        Records::new(Arc::clone(&self.inner) as Arc<dyn Store>)
    }

    /// A change as it is stored.
    pub fn change(&self, id: ChangeId) -> Option<Change> {
        now(self.records().change(id)).map(|stored| stored.change)
    }

    /// What was committed since the place, which is moved to the end.
    pub fn since(&self, place: &mut usize) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let new = entries[*place..].to_vec();
        *place = entries.len();
        new
    }

    /// The newest state of each change, and when it was committed.
    pub fn newest(&self) -> BTreeMap<ChangeId, (Duration, Change)> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|entry| (entry.after.head.id, (entry.at, entry.after.clone()))).collect()
    }

    /// All of it.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write_down(&self, touched: Vec<ChangeId>, before: Vec<Option<Change>>) {
        let records = self.records();
        for (id, before) in touched.into_iter().zip(before) {
            let Some(after) = self.change(id) else { continue };
            let locks = now(records.locks_over(&after.target.name).map(|locks| locks.map(Some))).unwrap_or_default();
            let locks = locks.into_iter().filter_map(|laid| laid.lock.ok()).collect();
            let holder = now(records.holder(&after.target.name));
            let after_target = after.target.name.clone();
            let entry = Entry {
                at: self.world.now(),
                before,
                after,
                locks,
                question: now(records.question(&after_target)).map(|(question, _)| question),
                holds_claim: holder.is_some_and(|holder| holder.change == id),
            };
            self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        }
    }
}

/// The answer of a store in memory, which is there at once.
pub fn now<T, E>(answer: impl Future<Output = Result<Option<T>, E>>) -> Option<T> {
    answer.now_or_never().and_then(Result::ok).flatten()
}

fn touched(commit: &Commit) -> Vec<ChangeId> {
    let prefix = Key::kind("change");
    let mut touched: Vec<ChangeId> = Vec::new();
    for (key, _) in &commit.puts {
        let id = key.parts_after(&prefix).and_then(|mut parts| parts.text()?.parse().ok());
        touched.extend(id.filter(|id| !touched.contains(id)));
    }
    touched
}

impl Store for Ledger {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Versioned>, StoreFault>> {
        self.inner.get(key)
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Page, StoreFault>> {
        self.inner.range(range)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreFault>> {
        async move {
            let touched = touched(&commit);
            let before = touched.iter().map(|id| self.change(*id)).collect();
            let committed = self.inner.commit(commit).await?;
            if matches!(committed, Committed::Done(_)) {
                self.write_down(touched, before);
            }
            Ok(committed)
        }
        .boxed()
    }
}
