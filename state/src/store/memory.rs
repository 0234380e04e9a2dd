//! A store in memory: for the simulation and the demo. Deterministic, its futures are ready at once, and it forgets
//! everything when dropped.
//!
//! Not here: faults. Whoever wants a slow or failing store wraps this one.

use super::{Commit, Committed, Entry, Key, Page, Range, Revision, Store, StoreFault, Versioned};
use futures::future::{BoxFuture, FutureExt as _, lazy};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A [`Store`] without a disk.
#[derive(Debug, Default)]
pub struct MemoryStore {
    contents: Mutex<Contents>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        // Nothing panics half-way through a commit: the contents are whole whoever held the lock.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Versioned>, StoreFault>> {
        let key = key.clone();
        lazy(move |_| {
            key.check()?;
            Ok(self.contents().entries.get(&key).cloned())
        })
        .boxed()
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Page, StoreFault>> {
        lazy(move |_| Ok(self.contents().range(&range))).boxed()
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreFault>> {
        lazy(move |_| {
            commit.check()?;
            Ok(self.contents().commit(commit))
        })
        .boxed()
    }
}

#[derive(Debug, Default)]
struct Contents {
    entries: BTreeMap<Key, Versioned>,
    revision: Revision,
}

impl Contents {
    fn range(&self, range: &Range) -> Page {
        let mut page = Page { entries: Vec::new(), more: false, revision: self.revision };
        if range.to.as_ref().is_some_and(|to| *to <= range.from) {
            return page;
        }
        let end = range.to.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut found = self.entries.range((Bound::Included(&range.from), end));
        while let Some((key, held)) = if range.reverse { found.next_back() } else { found.next() } {
            if page.entries.len() == range.page_size() {
                page.more = true;
                break;
            }
            page.entries.push(Entry { key: key.clone(), value: held.value.clone(), revision: held.revision });
        }
        page
    }

    fn commit(&mut self, commit: Commit) -> Committed {
        for compare in &commit.compares {
            let held = self.entries.get(compare.key());
            if !compare.holds(held.map(|held| held.revision)) {
                return Committed::Conflict { key: compare.key().clone(), held: held.cloned() };
            }
        }
        if commit.writes() == 0 {
            return Committed::Done(self.revision);
        }
        self.revision = Revision(self.revision.0 + 1);
        for key in &commit.deletes {
            self.entries.remove(key);
        }
        for (key, value) in commit.puts {
            self.entries.insert(key, Versioned { value, revision: self.revision });
        }
        Committed::Done(self.revision)
    }
}
