//! `/lock`, `/unlock` and `/locks`.

use chrono::TimeDelta;
use state::catalogue::Action;
use state::journal::{JournalLine, JournalWhat};
use state::lock::{Lock, Reason as LockReason, Scope};

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
                let under_way = self.under_way(scope).await?;
                return Ok(shown(cards::locks::laid(asking.words, &LockLaid { lock, replaces, under_way })));
            }
        }
    }

    pub(super) async fn unlock(&self, asking: &Asking<'_>, scope: &Scope) -> Answered {
        let now = asking.now.wall;
        loop {
            let locks = self.engine.records.locks_on(scope).await?;
            // One that ran out goes as well, and nobody has to be asked about it.
            let in_force = || locks.iter().map(|(lock, _)| lock).filter(|lock| lock.in_force(now));
            let Some(lock) = in_force().next() else {
                let all = self.engine.records.locks().await?.into_iter().flatten();
                let near = all.filter(|lock| lock.in_force(now)).map(|lock| lock.scope);
                let near = near.filter(|other| touches(scope, other)).collect();
                return Err(Refusal::NotLocked { scope: scope.clone(), near }.into());
            };
            // Lifting one's own needs no right beyond having been allowed to lay it.
            if in_force().any(|lock| lock.by != *asking.speaker) {
                asking.pass(Action::Unlock, scope, None)?;
            }
            let line = |lock: &Lock| {
                self.line(asking, JournalWhat::Unlocked { scope: scope.clone(), held_by: lock.by.clone() })
            };
            if self.engine.records.lift_locks(&locks, line, asking.request).await? {
                let still = self.still_over(scope, now).await?;
                return Ok(shown(cards::locks::lifted(asking.words, &Unlocked { lock: lock.clone(), still })));
            }
        }
    }

    pub(super) async fn locks(&self, asking: &Asking<'_>) -> Answered {
        let locks = self.engine.records.locks().await?.into_iter().flatten();
        let locks: Vec<Lock> = locks.filter(|lock| lock.in_force(asking.now.wall)).collect();
        Ok(shown(cards::locks::all(asking.words, &locks)))
    }

    fn line(&self, asking: &Asking<'_>, what: JournalWhat) -> JournalLine {
        let (by, typed_by) = (Some(asking.speaker.clone()), asking.typed_by.cloned());
        JournalLine { at: asking.now.wall, by, typed_by, change: None, what }
    }

    async fn under_way(&self, scope: &Scope) -> Result<Vec<state::names::ChangeNumber>, super::Stop> {
        let open = self.engine.records.open().await?;
        let covered = open.into_iter().flatten().filter(|claim| Scope::covering(&claim.target).contains(scope));
        Ok(covered.map(|claim| claim.number).collect())
    }

    async fn still_over(&self, scope: &Scope, now: chrono::DateTime<chrono::Utc>) -> Result<Vec<Scope>, super::Stop> {
        let wider = match scope {
            Scope::All => Vec::new(),
            Scope::Environment(_) => vec![Scope::All],
            Scope::Target(target) => Scope::covering(target)[..2].to_vec(),
        };
        let mut still = Vec::new();
        for scope in wider {
            if self.engine.records.locks_on(&scope).await?.iter().any(|(lock, _)| lock.in_force(now)) {
                still.push(scope);
            }
        }
        Ok(still)
    }
}

/// Whether two scopes cover something in common.
fn touches(one: &Scope, other: &Scope) -> bool {
    match (one, other) {
        (Scope::All, _) | (_, Scope::All) => true,
        (Scope::Target(target), wide) | (wide, Scope::Target(target)) => Scope::covering(target).contains(wide),
        (one, other) => one == other,
    }
}
