//! The engine: carries changes out, for what time and the outside world did.
//!
//! `step` does at most one thing for one change: look, plan, one effect through a port, one commit. It is the same code
//! after a crash as before one, because every effect looks first whether it is done already. Who calls it, and when, is
//! the business of `bot` (a task for each change) and of the simulation (a seeded order).

mod board;
mod courier;
mod effects;
mod gather;
mod questions;
mod step;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use state::change::Change;
use state::journal::JournalWhat;
use state::lock::Scope;
use state::names::{ChangeId, ChangeNumber};
use state::records::{RecordFault, Records, Stored};
use state::rollout::judge::Progress;
use state::store::StoreFault;
use state::time::{Now, ObservedTime};

use crate::facts::Unwritable;
use crate::ports::{Cluster, Registry};

pub use board::{Board, Seen};
pub use courier::{Courier, Delivered};
pub use questions::Asked;
pub use step::Stepped;

/// Everything that the engine works with.
#[derive(Clone)]
pub struct Engine {
    /// The records.
    pub records: Records,
    /// The clusters.
    pub cluster: Arc<dyn Cluster>,
    /// The image registries.
    pub registry: Arc<dyn Registry>,
    /// Where progress is shown.
    pub board: Arc<Board>,
}

/// A change in the hands of the engine: the record as it is stored, and what this process knows beyond it.
#[derive(Debug, Clone)]
pub struct Live {
    stored: Stored,
    /// The change with what was remembered since it was stored.
    current: Change,
    last: Option<Now>,
    blind: std::time::Duration,
    blind_since: Option<DateTime<Utc>>,
    unsure: bool,
    unreachable: bool,
    in_doubt: bool,
    progress: Vec<Progress>,
    kept: ObservedTime,
}

impl Live {
    /// A change as it was read. After a restart nobody knows whether its last write arrived, and the stability window
    /// starts anew.
    fn read(stored: Stored) -> Self {
        let current = state::change::transition::resumed(stored.change.clone());
        let kept = current.head.observed;
        let (last, blind, progress) = (None, std::time::Duration::ZERO, Vec::new());
        let unsure = step::may_write(&current);
        Self {
            stored,
            current,
            last,
            blind,
            blind_since: None,
            unsure,
            unreachable: false,
            in_doubt: false,
            progress,
            kept,
        }
    }

    /// The change.
    pub fn change(&self) -> &Change {
        &self.current
    }

    /// Its id.
    pub fn id(&self) -> ChangeId {
        self.current.head.id
    }

    /// How far each workload is, where it is being judged.
    pub fn progress(&self) -> &[Progress] {
        &self.progress
    }
}

impl Engine {
    /// Looks whether anything can be written down, and since when it can't: people are told, also while nobody tries to.
    pub async fn unwritable(&self, now: DateTime<Utc>) -> Option<Unwritable> {
        let Some(fault) = self.records.unwritable().await else {
            self.board.writable();
            return None;
        };
        let disk_full = matches!(fault, StoreFault::DiskFull { .. });
        Some(Unwritable { since: self.board.unwritable(now), disk_full })
    }

    /// Takes a change into the engine's hands; none where there is none of that id.
    pub async fn take(&self, id: ChangeId) -> Result<Option<Live>, RecordFault> {
        Ok(self.records.change(id).await?.map(Live::read))
    }

    /// Changes that have begun, have not ended, and hold no target: no claim leads to them, so that their journal is asked.
    /// Whoever takes one up parks it.
    pub async fn unclaimed(&self) -> Result<Vec<ChangeId>, RecordFault> {
        let mut unclaimed = Vec::new();
        for scope in self.records.journal_scopes().await? {
            let Scope::Target(target) = &scope else { continue };
            let lines = self.records.journal(&scope, None, LATELY).await?;
            let mut open: BTreeSet<ChangeNumber> = lines.iter().filter_map(|line| line.line.change).collect();
            for line in lines.iter().filter(|line| matches!(line.line.what, JournalWhat::Ended { .. })) {
                line.line.change.map(|number| open.remove(&number));
            }
            for number in open {
                let Some(id) = readable(self.records.by_number(number).await)? else { continue };
                let Some(stored) = readable(self.records.change(id).await)? else { continue };
                if stored.change.ended().is_none() && !self.records.holds(target, id).await? {
                    unclaimed.push(id);
                }
            }
        }
        Ok(unclaimed)
    }
}

/// So many lines of a journal are looked through for changes that have no end.
const LATELY: usize = 60;

/// What can't be read is told by whoever is asked about it.
fn readable<T>(read: Result<Option<T>, RecordFault>) -> Result<Option<T>, RecordFault> {
    match read {
        Err(RecordFault::Unreadable(_)) => Ok(None),
        read => read,
    }
}

#[cfg(test)]
mod tests;
