//! History: the journal read newest first, and what is older than it is kept taken away.

use chrono::{DateTime, Utc};

use super::{RecordFault, Records, keys};
use crate::change::Phase;
use crate::change::outcome::Ended;
use crate::journal::JournalLine;
use crate::lock::Scope;
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
        for (_, line, _) in found {
            let line = line?;
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

    /// Takes away what ended before a moment: lines of the journal, and changes with all that belongs to them. Releases
    /// stay, for they may still be gone back to.
    pub async fn prune(&self, before: DateTime<Utc>) -> Result<usize, RecordFault> {
        let mut pruned = self.prune_changes(before).await?;
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
            let Some(stored) = self.change(id).await? else { continue };
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

    async fn forget(&self, id: ChangeId, request: &str, number: Key) -> Result<(), RecordFault> {
        let page = self.store.range(Range::under(&keys::change(id))).await?;
        let mut deletes: Vec<Key> = page.entries.into_iter().map(|entry| entry.key).collect();
        deletes.extend([keys::request(request), keys::message(id), number]);
        self.commit(Commit { deletes, ..Commit::default() }).await?;
        Ok(documents::remove_chunks(&*self.store, &id.to_string()).await?)
    }
}

const PRUNED_AT_ONCE: usize = 100;

fn is_before(ended: &Ended, before: DateTime<Utc>) -> bool {
    ended.at < before
}
