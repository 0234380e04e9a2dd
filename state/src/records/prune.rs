//! Pruning: what is older than history is kept, and what nothing needs any more.
//!
//! Each thing is taken away by a commit of its own, heads before chunks, so that a crash in between leaves nothing that
//! could be misread, and the next pass finds the rest.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{RecordFault, Records, keys};
use crate::change::Phase;
use crate::change::outcome::Ended;
use crate::change::release::Withdrawn;
use crate::lock::Lock;
use crate::names::{ChangeId, ChangeNumber};
use crate::store::{Commit, Key, Range, documents};

impl Records {
    /// Takes away what ended before a moment: lines of the journal, changes with all that belongs to them, locks that
    /// ran out, releases that nobody will go back to, and marks on what can't be gone back to anyway; the newest releases
    /// of each target stay however old they are. And what a crash has left of anything that old.
    pub async fn prune(&self, before: DateTime<Utc>) -> Result<usize, RecordFault> {
        let mut pruned = self.prune_changes(before).await?;
        pruned += self.prune_releases(before).await?;
        pruned += self.prune_withdrawn().await?;
        pruned += self.prune_locks(before).await?;
        pruned += self.prune_orphans(before).await?;
        for scope in self.journal_scopes().await? {
            let (from, to) = keys::journal_before(&scope.to_string(), before);
            pruned += self.prune_range(Range { from, to: Some(to), limit: PRUNED_AT_ONCE, reverse: false }).await?;
        }
        Ok(pruned)
    }

    async fn prune_range(&self, range: Range) -> Result<usize, RecordFault> {
        let mut pruned = 0;
        loop {
            let page = self.store.range(range.clone()).await?;
            if page.entries.is_empty() {
                return Ok(pruned);
            }
            pruned += page.entries.len();
            let deletes: Vec<Key> = page.entries.into_iter().map(|entry| entry.key).collect();
            self.commit(Commit { deletes, ..Commit::default() }).await?;
        }
    }

    async fn prune_changes(&self, before: DateTime<Utc>) -> Result<usize, RecordFault> {
        let prefix = keys::numbers();
        let newest = self.store.range(Range::under(&prefix).reversed().limit(1)).await?;
        let newest = newest.entries.first().map(|entry| entry.key.clone());
        let mut range = Range::under(&prefix).limit(1);
        let mut pruned = 0;
        while let Some(entry) = self.store.range(range.clone()).await?.entries.pop() {
            range = range.beyond(&entry.key);
            let number = entry.key.parts_after(&prefix).and_then(|mut parts| parts.number()).map(ChangeNumber);
            let id = match number {
                // The newest number stays, so that numbers are never given twice.
                Some(number) if Some(&entry.key) != newest.as_ref() => self.by_number(number).await,
                _ => Ok(None),
            };
            let id = match id {
                Ok(Some(id)) => id,
                // What can't be read stays until somebody has looked.
                Ok(None) | Err(RecordFault::Unreadable(_)) => continue,
                Err(fault) => return Err(fault),
            };
            let stored = match self.change(id).await {
                Ok(Some(stored)) => stored,
                Ok(None) | Err(RecordFault::Unreadable(_)) => continue,
                Err(fault) => return Err(fault),
            };
            match &stored.change.head.phase {
                Phase::Ended(ended) if is_before(ended, before) => {
                    self.forget(id, &stored.change.head.request, entry.key).await?;
                    pruned += 1;
                }
                // Numbers rise with time, so nothing behind a younger change is older.
                Phase::Ended(_) => break,
                _ => {}
            }
        }
        Ok(pruned)
    }

    /// All releases of a target sort together, the oldest first, so they are gone through from their end.
    async fn prune_releases(&self, before: DateTime<Utc>) -> Result<usize, RecordFault> {
        let mut kept: BTreeMap<(String, String), [usize; 2]> = BTreeMap::new();
        let mut range = Range::under(&keys::all_releases()).reversed().limit(RELEASES_AT_ONCE);
        let mut pruned = 0;
        loop {
            let page = self.store.range(range.clone()).await?;
            for entry in &page.entries {
                let Some((service, environment, at, change, origin)) = keys::read_release(&entry.key) else { continue };
                let kept = &mut kept.entry((service, environment)).or_default()[usize::from(origin == "baseline")];
                *kept += 1;
                if *kept > RELEASES_KEPT && at < before.timestamp_millis() {
                    self.commit(Commit { deletes: vec![entry.key.clone()], ..Commit::default() }).await?;
                    documents::remove_chunks(&*self.store, &keys::release_owner(&change, &origin)).await?;
                    pruned += 1;
                }
            }
            match page.entries.last() {
                Some(last) if page.more => range = range.beyond(&last.key),
                _ => return Ok(pruned),
            }
        }
    }

    /// A mark goes with its change, once no release that stays is what it is on: until then it keeps people from going
    /// back there. One that can't be read stays until somebody has looked.
    async fn prune_withdrawn(&self) -> Result<usize, RecordFault> {
        let found = self.read_all::<Withdrawn>(Range::under(&keys::all_withdrawn())).await?;
        let mut pruned = 0;
        for (key, mark, revision) in found {
            let (Some(target), Ok(mark)) = (keys::read_withdrawn(&key), mark) else { continue };
            if self.store.get(&keys::number(mark.by)).await?.is_some() {
                continue;
            }
            let images = mark.running();
            if self.releases(&target).await?.iter().any(|release| release.runs(&images)) {
                continue;
            }
            let mut commit = Commit::default();
            commit.demand(key.clone(), revision).delete(key);
            self.commit(commit).await?;
            pruned += 1;
        }
        Ok(pruned)
    }

    /// Chunks that nothing owns any more: of a commit that was never made, or of what was taken away by halves. One of a
    /// change that is still there may be on its way into a record, and is left alone.
    async fn prune_orphans(&self, before: DateTime<Utc>) -> Result<usize, RecordFault> {
        let chunks = documents::all_chunks();
        let mut owners = self.owners_under(&keys::all_withdrawn()).await?;
        owners.extend(self.owners_under(&keys::all_releases()).await?);
        let (mut range, mut pruned) = (Range::under(&chunks).limit(1), 0);
        // One read for each owner.
        while let Some(entry) = self.store.range(range.clone()).await?.entries.pop() {
            let Some(owner) = entry.key.parts_after(&chunks).and_then(|mut parts| parts.text()) else { break };
            let Some(behind) = documents::chunks_of(&owner).after_all_under() else { break };
            range = Range { from: behind, ..range };
            let Some(id) = keys::change_of_owner(&owner).filter(|id| id.at() < before) else { continue };
            let there = !self.store.range(Range::under(&keys::change(id)).limit(1)).await?.entries.is_empty();
            if !there && !owners.contains(&owner) {
                documents::remove_chunks(&*self.store, &owner).await?;
                pruned += 1;
            }
        }
        Ok(pruned)
    }

    /// Who owns the chunks of the records under a prefix.
    async fn owners_under(&self, prefix: &Key) -> Result<BTreeSet<String>, RecordFault> {
        let mut range = Range::under(prefix).limit(RELEASES_AT_ONCE);
        let mut owners = BTreeSet::new();
        loop {
            let page = self.store.range(range.clone()).await?;
            owners.extend(page.entries.iter().filter_map(|entry| documents::owner(&entry.value)));
            match page.entries.last() {
                Some(last) if page.more => range = range.beyond(&last.key),
                _ => return Ok(owners),
            }
        }
    }

    /// What a change that has ended wrote before its last state: a long watch leaves chunks with each time that it was
    /// stored. What is left of them by a crash goes with the change.
    pub(super) async fn prune_superseded(&self, id: ChangeId) -> Result<(), RecordFault> {
        let parts = self.store.range(Range::under(&keys::change(id))).await?.entries;
        let values: Vec<&[u8]> = parts.iter().map(|part| part.value.as_slice()).collect();
        Ok(documents::remove_other_chunks(&*self.store, &id.to_string(), &values).await?)
    }

    async fn prune_locks(&self, before: DateTime<Utc>) -> Result<usize, RecordFault> {
        let found = self.read_all::<Lock>(Range::under(&keys::locks())).await?;
        let mut pruned = 0;
        for (key, lock, revision) in found {
            if lock.is_ok_and(|lock| !lock.in_force(before)) {
                let mut commit = Commit::default();
                commit.demand(key.clone(), revision).delete(key);
                self.commit(commit).await?;
                pruned += 1;
            }
        }
        Ok(pruned)
    }

    async fn forget(&self, id: ChangeId, request: &str, number: Key) -> Result<(), RecordFault> {
        let page = self.store.range(Range::under(&keys::change(id))).await?;
        let mut deletes: Vec<Key> = page.entries.into_iter().map(|entry| entry.key).collect();
        deletes.extend([keys::request(request), keys::message(id), number]);
        self.commit(Commit { deletes, ..Commit::default() }).await?;
        Ok(documents::remove_chunks(&*self.store, &id.to_string()).await?)
    }
}

const PRUNED_AT_ONCE: usize = 100;

/// A page of what may be long.
const RELEASES_AT_ONCE: usize = 50;

/// So many releases and so many baselines of a target stay, however old they are.
const RELEASES_KEPT: usize = 20;

fn is_before(ended: &Ended, before: DateTime<Utc>) -> bool {
    ended.at < before
}
