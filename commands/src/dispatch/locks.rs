//! `/lock`, `/unlock` and `/locks`.

use chrono::TimeDelta;
use state::catalogue::Action;
use state::change::{Asker, Change, Phase};
use state::journal::{JournalLine, JournalWhat};
use state::lock::{Lock, Reason as LockReason, Scope};
use state::names::ChangeNumber;
use state::records::RecordFault;

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
            let over = on.into_iter().find(|(lock, _)| matches!(lock.reason, LockReason::Said(_)));
            if let Some((held, _)) = &over
                && held.in_force(now)
                && held.by != *asking.speaker
            {
                return Err(Refusal::LockHeld { lock: held.clone() }.into());
            }
            let revision = over.as_ref().map(|(_, revision)| *revision);
            if self.engine.records.lay_lock(&lock, revision, &line, asking.request).await? {
                let replaces = over.map(|(lock, _)| lock).filter(|lock| lock.in_force(now));
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
            if !locks.iter().any(|(lock, _)| lock.in_force(now)) {
                let all = self.engine.records.locks().await?.into_iter().flatten();
                let near = all.filter(|lock| lock.in_force(now)).map(|lock| lock.scope);
                let near = near.filter(|other| touches(scope, other) && asking.may_view(other)).collect();
                return Err(Refusal::NotLocked { scope: scope.clone(), near }.into());
            }
            // Lifting one's own needs no right beyond having been allowed to lay it. One that ran out goes as well, and
            // nobody has to be asked about it.
            let is_others = |lock: &Lock| lock.in_force(now) && lock.by != *asking.speaker;
            if locks.iter().any(|(lock, _)| is_others(lock))
                && let Err(denied) = asking.pass(Action::Unlock, scope, None)
            {
                let (others, own): (Vec<_>, Vec<_>) = locks.into_iter().partition(|(lock, _)| is_others(lock));
                if !own.iter().any(|(lock, _)| lock.in_force(now)) {
                    return Err(denied);
                }
                (locks, still) = (own, others.into_iter().map(|(lock, _)| lock).collect());
            }
            let line = |lock: &Lock| {
                self.line(asking, JournalWhat::Unlocked { scope: scope.clone(), held_by: lock.by.clone() })
            };
            if self.engine.records.lift_locks(&locks, line, asking.request).await? {
                still.extend(self.wider(scope, now).await?);
                let lifted = locks.into_iter().map(|(lock, _)| lock).filter(|lock| lock.in_force(now)).collect();
                let unlocked = Unlocked { scope: scope.clone(), lifted, still };
                return Ok(shown(cards::locks::lifted(asking.words, &unlocked)));
            }
        }
    }

    pub(super) async fn locks(&self, asking: &Asking<'_>) -> Answered {
        let locks = self.engine.records.locks().await?.into_iter().flatten();
        let locks: Vec<Lock> =
            locks.filter(|lock| lock.in_force(asking.now.wall) && asking.may_view(&lock.scope)).collect();
        Ok(shown(cards::locks::all(asking.words, &locks)))
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
            let locks = self.engine.records.locks_on(&scope).await?.into_iter().map(|(lock, _)| lock);
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
