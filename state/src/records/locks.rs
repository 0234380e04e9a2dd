//! Sticky locks: laid and lifted by people; rotabot's own are laid with the outcome that leaves them.

use super::{RecordFault, Records, keys, put};
use crate::journal::JournalLine;
use crate::lock::{Lock, Scope};
use crate::names::TargetName;
use crate::store::documents::Batch;
use crate::store::{Committed, Range, Revision};

impl Records {
    /// All locks, those that ran out too; one that can't be read is an error in its place.
    pub async fn locks(&self) -> Result<Vec<Result<Lock, RecordFault>>, RecordFault> {
        let found = self.read_all(Range::under(&keys::locks())).await?;
        Ok(found.into_iter().map(|(_, lock, _)| lock).collect())
    }

    /// The locks that cover a target, the widest first.
    pub async fn locks_over(&self, target: &TargetName) -> Result<Vec<Lock>, RecordFault> {
        let mut found = Vec::new();
        for scope in Scope::covering(target) {
            found.extend(self.locks_on(&scope).await?.into_iter().map(|(lock, _)| lock));
        }
        Ok(found)
    }

    /// The locks on just this scope: a person's, and one that rotabot left.
    pub async fn locks_on(&self, scope: &Scope) -> Result<Vec<(Lock, Revision)>, RecordFault> {
        let mut found = Vec::new();
        for left in [false, true] {
            found.extend(self.read(&keys::lock_in(scope, left)).await?);
        }
        Ok(found)
    }

    /// Lays a lock in place of what was read there. False: somebody else was there first, look again.
    pub async fn lay_lock(
        &self,
        lock: &Lock,
        over: Option<Revision>,
        line: &JournalLine,
        unique: &str,
    ) -> Result<bool, RecordFault> {
        let mut batch = Batch::new();
        let key = keys::lock(lock);
        batch.commit.demand_unchanged(key.clone(), over);
        put(&mut batch, key, "", lock)?;
        put(&mut batch, keys::journal(&lock.scope, line.at, unique, 0), "", line)?;
        Ok(matches!(self.write(batch).await?, Committed::Done(_)))
    }

    /// Lifts locks on one scope as they were read, each with its line in the journal. False: one has changed, look again.
    pub async fn lift_locks(
        &self,
        locks: &[(Lock, Revision)],
        line: impl Fn(&Lock) -> JournalLine,
        unique: &str,
    ) -> Result<bool, RecordFault> {
        let mut batch = Batch::new();
        for (n, (lock, revision)) in (0..).zip(locks) {
            let line = line(lock);
            batch.commit.demand(keys::lock(lock), *revision);
            batch.commit.delete(keys::lock(lock));
            put(&mut batch, keys::journal(&lock.scope, line.at, unique, n), "", &line)?;
        }
        Ok(matches!(self.write(batch).await?, Committed::Done(_)))
    }
}
