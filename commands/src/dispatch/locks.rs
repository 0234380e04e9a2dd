//! `/lock`, `/unlock` and `/locks`.

use chrono::TimeDelta;
use state::catalogue::Action;
use state::change::{Asker, Change, Phase};
use state::journal::{JournalLine, JournalWhat};
use state::lock::{Lock, Reason as LockReason, Scope};
use state::names::ChangeNumber;
use state::records::{Laid, RecordFault};

use super::{Answered, Asking, Dispatch, shown};
use crate::cards;
use crate::cards::locks::{LockLaid, Unlocked};
use crate::command::value::{Period, Reason};
use crate::refusal::Refusal;

impl Dispatch {
    pub(super) async fn lock(
        &self,
        asking: &Asking<'_>,
        scope: &Scope,
        reason: &Reason,
        period: Option<Period>,
    ) -> Answered {
        asking.pass(Action::Lock, scope, None)?;
        let now = asking.now.wall;
        let until = period.and_then(|period| TimeDelta::from_std(period.duration()).ok()).map(|length| now + length);
        let said = LockReason::Said(reason.as_str().to_owned());
        let lock = Lock { scope: scope.clone(), by: asking.speaker.clone(), since: now, until, reason: said };
        let what = JournalWhat::Locked { scope: scope.clone(), reason: reason.as_str().to_owned() };
        let line = self.line(asking, what);
        loop {
            let on = self.engine.records.locks_on(scope).await?;
            let over = on.into_iter().find(|laid| !laid.left);
            let revision = over.as_ref().map(|laid| laid.revision);
            let over = over.map(|laid| laid.lock).transpose().map_err(RecordFault::Unreadable)?;
            if let Some(held) = &over
                && held.in_force(now)
                && held.by != *asking.speaker
            {
                return Err(Refusal::LockHeld { lock: held.clone() }.into());
            }
            if self.engine.records.lay_lock(&lock, revision, &line, asking.request).await? {
                let replaces = over.filter(|lock| lock.in_force(now));
                let (under_way, refused) = self.under_way(&lock).await?;
                let laid = LockLaid { lock, replaces, under_way, refused };
                return Ok(shown(cards::locks::laid(asking.words, &laid)));
            }
        }
    }

    pub(super) async fn unlock(&self, asking: &Asking<'_>, scope: &Scope) -> Answered {
        let now = asking.now.wall;
        loop {
            let (mut locks, mut still) = (self.engine.records.locks_on(scope).await?, Vec::new());
            if let Scope::Target(target) = scope {
                locks.extend(self.engine.records.unreadable_marks(target).await?);
            }
            if !locks.iter().any(|laid| laid.in_force(now)) {
                let all = self.engine.records.locks().await?.into_iter().flatten();
                let near = all.filter(|lock| lock.in_force(now)).map(|lock| lock.scope);
                let near: Vec<Scope> = near.filter(|other| touches(scope, other) && asking.may_view(other)).collect();
                if let Some(unlocked) = self.unlocked(asking, scope, &near).await? {
                    return Ok(self.done_before(asking, &unlocked));
                }
                return Err(Refusal::NotLocked { scope: scope.clone(), near }.into());
            }
            // A person's own lock is lifted by whoever was allowed to lay it. One that ran out goes as well, and
            // nobody has to be asked about it. Whose one was that can't be read, nobody knows.
            let is_others =
                |laid: &Laid| laid.in_force(now) && laid.lock.as_ref().map_or(true, |lock| lock.by != *asking.speaker);
            if locks.iter().any(is_others)
                && let Err(denied) = asking.pass(Action::Unlock, scope, None)
            {
                let (others, own): (Vec<_>, Vec<_>) = locks.into_iter().partition(is_others);
                if !own.iter().any(|laid| laid.in_force(now)) {
                    return Err(denied);
                }
                (locks, still) = (own, others.into_iter().filter_map(|laid| laid.lock.ok()).collect());
            }
            let line = |laid: &Laid| {
                let held_by = laid.lock.as_ref().ok().map(|lock| lock.by.clone());
                self.line(asking, JournalWhat::Unlocked { scope: scope.clone(), held_by })
            };
            if self.engine.records.lift_locks(scope, &locks, line, asking.request).await? {
                still.extend(self.wider(scope, now).await?);
                let name = |laid: &Laid| laid.lock.as_ref().err().map(|unreadable| unreadable.record.clone());
                let unreadable = locks.iter().filter_map(name).collect();
                let lifted = locks.into_iter().filter_map(|laid| laid.lock.ok());
                let lifted = lifted.filter(|lock| lock.in_force(now)).collect();
                let unlocked = Unlocked { scope: scope.clone(), lifted, unreadable, still };
                return Ok(shown(cards::locks::lifted(asking.words, &unlocked)));
            }
        }
    }

    pub(super) async fn locks(&self, asking: &Asking<'_>) -> Answered {
        let (mut locks, mut unreadable) = (Vec::new(), Vec::new());
        for lock in self.engine.records.locks().await? {
            match lock {
                Ok(lock) if lock.in_force(asking.now.wall) && asking.may_view(&lock.scope) => locks.push(lock),
                Ok(_) => {}
                Err(fault) => unreadable.extend(self.seen_unreadable(asking, fault).await?),
            }
        }
        Ok(shown(cards::locks::all(asking.words, &locks, &unreadable)))
    }

    fn line(&self, asking: &Asking<'_>, what: JournalWhat) -> JournalLine {
        let (by, typed_by) = (Some(asking.speaker.clone()), asking.typed_by.cloned());
        JournalLine { at: asking.now.wall, by, typed_by, change: None, what }
    }

    /// The changes that a new lock covers: those that it doesn't stop, and those that it refuses before they write.
    async fn under_way(&self, lock: &Lock) -> Result<(Vec<ChangeNumber>, Vec<ChangeNumber>), super::Stop> {
        let (mut under_way, mut refused) = (Vec::new(), Vec::new());
        let open = self.engine.records.open().await?;
        for claim in open.into_iter().flatten().filter(|claim| Scope::covering(&claim.target).contains(&lock.scope)) {
            let prepares = match self.engine.records.change(claim.change).await {
                Ok(Some(stored)) => is_refused(&stored.change, lock),
                Ok(None) | Err(RecordFault::Unreadable(_)) => false,
                Err(fault) => return Err(fault.into()),
            };
            if prepares { refused.push(claim.number) } else { under_way.push(claim.number) }
        }
        Ok((under_way, refused))
    }

    async fn wider(&self, scope: &Scope, now: chrono::DateTime<chrono::Utc>) -> Result<Vec<Lock>, super::Stop> {
        let wider = match scope {
            Scope::All => Vec::new(),
            Scope::Environment(_) => vec![Scope::All],
            Scope::Target(target) => Scope::covering(target)[..2].to_vec(),
        };
        let mut still = Vec::new();
        for scope in wider {
            let locks = self.engine.records.locks_on(&scope).await?.into_iter().filter_map(|laid| laid.lock.ok());
            still.extend(locks.filter(|lock| lock.in_force(now)));
        }
        Ok(still)
    }
}

/// Whether a change meets a new lock on its way: it has written nothing yet, and will look for locks before it does. The
/// deadline of a question answers to no lock, and a holder passes their own.
fn is_refused(change: &Change, lock: &Lock) -> bool {
    let by_holder = match &change.head.asked_by {
        Asker::Person { name, .. } => *name == lock.by,
        Asker::Timer { .. } => true,
    };
    matches!(change.phase(), Phase::Preparing) && !by_holder
}

/// Whether two scopes cover something in common.
fn touches(one: &Scope, other: &Scope) -> bool {
    match (one, other) {
        (Scope::All, _) | (_, Scope::All) => true,
        (Scope::Target(target), wide) | (wide, Scope::Target(target)) => Scope::covering(target).contains(wide),
        (one, other) => one == other,
    }
}
