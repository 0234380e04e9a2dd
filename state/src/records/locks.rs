//! Sticky locks: laid and lifted by people; rotabot's own are laid with the outcome that leaves them.

use chrono::{DateTime, Utc};

use super::{RecordFault, Records, Unreadable, keys, put};
use crate::change::release::Withdrawn;
use crate::journal::JournalLine;
use crate::lock::{Asking, Lock, Scope};
use crate::names::{PersonName, TargetName};
use crate::store::documents::Batch;
use crate::store::{Committed, Key, Range, Revision};

/// A lock as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Laid {
    /// The lock, or why it can't be read.
    pub lock: Result<Lock, Unreadable>,
    /// Whether rotabot left it, rather than a person having laid it. The key tells, even where the lock can't be read.
    pub left: bool,
    /// Its revision.
    pub revision: Revision,
    key: Key,
}

impl Laid {
    /// Whether it refuses this to this person. What can't be read refuses all that a lock of its kind may refuse.
    pub fn refuses(&self, asking: Asking, person: &PersonName, now: DateTime<Utc>) -> bool {
        match &self.lock {
            Ok(lock) => lock.refuses(asking, person, now),
            Err(_) => !self.left || asking == Asking::Deploy,
        }
    }

    /// Whether it is in force, as far as that can be told.
    pub fn in_force(&self, now: DateTime<Utc>) -> bool {
        self.lock.as_ref().map_or(true, |lock| lock.in_force(now))
    }
}

impl Records {
    /// All locks, those that ran out too; one that can't be read is an error in its place.
    pub async fn locks(&self) -> Result<Vec<Result<Lock, RecordFault>>, RecordFault> {
        let found = self.read_all(Range::under(&keys::locks())).await?;
        Ok(found.into_iter().map(|(_, lock, _)| lock).collect())
    }

    /// The locks that cover a target, the widest first; one that can't be read is an error in its place.
    pub async fn locks_over(&self, target: &TargetName) -> Result<Vec<Laid>, RecordFault> {
        let mut found = Vec::new();
        for scope in Scope::covering(target) {
            found.extend(self.locks_on(&scope).await?);
        }
        Ok(found)
    }

    /// The locks on just this scope: a person's, and one that rotabot left.
    pub async fn locks_on(&self, scope: &Scope) -> Result<Vec<Laid>, RecordFault> {
        let mut found = Vec::new();
        for left in [false, true] {
            found.extend(self.laid(scope, left).await?);
        }
        Ok(found)
    }

    pub(super) async fn laid(&self, scope: &Scope, left: bool) -> Result<Option<Laid>, RecordFault> {
        let key = keys::lock_in(scope, left);
        Ok(self.read_or_not(&key).await?.map(|(lock, revision)| Laid { lock, left, revision, key }))
    }

    /// The marks of what was withdrawn on a target that can't be read. They are lifted like a lock that rotabot left: it is
    /// a person who says that they count no more.
    pub async fn unreadable_marks(&self, target: &TargetName) -> Result<Vec<Laid>, RecordFault> {
        let found = self.read_all::<Withdrawn>(Range::under(&keys::withdrawn_of(target))).await?;
        let unreadable = |(key, mark, revision)| match mark {
            Err(RecordFault::Unreadable(unreadable)) => Some(Laid { lock: Err(unreadable), left: true, revision, key }),
            _ => None,
        };
        Ok(found.into_iter().filter_map(unreadable).collect())
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

    /// Lifts locks on one scope as they were found, each with its line in the journal. False: one has changed, look
    /// again.
    pub async fn lift_locks(
        &self,
        scope: &Scope,
        locks: &[Laid],
        line: impl Fn(&Laid) -> JournalLine,
        unique: &str,
    ) -> Result<bool, RecordFault> {
        let mut batch = Batch::new();
        for (n, laid) in (0..).zip(locks) {
            let line = line(laid);
            batch.commit.demand(laid.key.clone(), laid.revision);
            batch.commit.delete(laid.key.clone());
            put(&mut batch, keys::journal(scope, line.at, unique, n), "", &line)?;
        }
        Ok(matches!(self.write(batch).await?, Committed::Done(_)))
    }
}
