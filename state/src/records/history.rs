//! History: the journal read newest first. What is older than it is kept is taken away in `prune`.

use chrono::{DateTime, Utc};

use super::{RecordFault, Records, keys};
use crate::journal::JournalLine;
use crate::lock::Scope;
use crate::store::Range;

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
}
