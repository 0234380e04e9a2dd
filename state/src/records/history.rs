//! History: the journal read newest first, and what is older than it is kept taken away.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{RecordFault, Records, keys};
use crate::change::Phase;
use crate::change::outcome::Ended;
use crate::journal::JournalLine;
use crate::lock::{Lock, Scope};
use crate::names::{ChangeId, ChangeNumber};
use crate::store::{Commit, Key, Range, documents};

/// A line of the journal with the scope that it stands under.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryLine {
    /// The scope.
    pub scope: Scope,
    /// The line.
    pub line: JournalLine,
}

impl Records {
    /// The newest lines of a scope's journal since a moment, newest first.
    pub async fn journal(
        &self,
        scope: &Scope,
        since: Option<DateTime<Utc>>,
        limit: usize,
    ) -> Result<Vec<HistoryLine>, RecordFault> {
        let range = Range::under(&keys::journal_of(scope)).reversed().limit(limit);
        let found = self.read_all::<JournalLine>(range).await?;
        let mut lines = Vec::new();
        // A line that can't be read is missing, and hides no other.
        for line in found.into_iter().filter_map(|(_, line, _)| line.ok()) {
            if since.is_some_and(|since| line.at < since) {
                break;
            }
            lines.push(HistoryLine { scope: scope.clone(), line });
        }
        Ok(lines)
    }

    /// The scopes that have a journal.
    pub async fn journal_scopes(&self) -> Result<Vec<Scope>, RecordFault> {
        let prefix = keys::journals();
        let mut scopes = Vec::new();
        let mut range = Range::under(&prefix).limit(1);
        // One read for each scope: its journal may be long, and nothing but its name is wanted.
        while let Some(entry) = self.store.range(range.clone()).await?.entries.pop() {
            let Some(name) = entry.key.parts_after(&prefix).and_then(|mut parts| parts.text()) else { break };
            let Some(behind) = prefix.clone().text(&name).after_all_under() else { break };
            range = Range { from: behind, ..range };
            scopes.extend(name.parse::<Scope>());
        }
        Ok(scopes)
    }

    /// Takes away what ended before a moment: lines of the journal, changes with all that belongs to them, locks that
    /// ran out, and releases that nobody will go back to; the newest of each target stay however old they are.
    pub async fn prune(&self, before: DateTime<Utc>) -> Result<usize, RecordFault> {
        let mut pruned = self.prune_changes(before).await?;
        pruned += self.prune_releases(before).await?;
        pruned += self.prune_locks(before).await?;
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
            let Some(id) = (match number {
                // The newest number stays, so that numbers are never given twice.
                Some(number) if Some(&entry.key) != newest.as_ref() => self.by_number(number).await?,
                _ => None,
            }) else {
                continue;
            };
            let stored = match self.change(id).await {
                Ok(Some(stored)) => stored,
                // What can't be read stays until somebody has looked.
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

/// A page of releases: their templates are long.
const RELEASES_AT_ONCE: usize = 50;

/// So many releases and so many baselines of a target stay, however old they are.
const RELEASES_KEPT: usize = 20;

fn is_before(ended: &Ended, before: DateTime<Utc>) -> bool {
    ended.at < before
}
