//! Acts that had been done before they were asked for. Whoever lost the answer and asks again within a while is told what
//! became of it, rather than that there is nothing to do.

use chrono::{DateTime, TimeDelta, Utc};
use state::catalogue::Action;
use state::change::Change;
use state::change::outcome::{CantTell, Outcome};
use state::journal::{JournalLine, JournalWhat};
use state::lock::Scope;
use state::names::{ChangeNumber, PersonName, TargetName};

use super::{Answered, Asking, Dispatch, Stop};
use crate::cards;
use crate::facts::{DoneBefore, DoneWhat};
use crate::invocation::{Answer, AnswerKind};
use crate::refusal::Refusal;

/// For so long the same act counts as asked for again; later than that, somebody speaks of something else.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

/// So many lines of a journal are looked through.
const LINES: usize = 20;

impl Dispatch {
    pub(super) fn done_before(&self, asking: &Asking<'_>, facts: &DoneBefore) -> Answer {
        let card = cards::done_before::card(asking.words, facts, asking.now.wall);
        Answer { kind: AnswerKind::Already, card, change: None }
    }

    /// Nothing moves there: the last change was stopped or its question answered just now, or there is nothing to stop.
    pub(super) async fn nothing_to_stop(&self, asking: &Asking<'_>, target: &TargetName) -> Answered {
        let last = self.last_stored(target).await?;
        // Who may answer a question is not who may stop a change.
        if let Some(last) = &last
            && asking.pass(Action::Rollback, &Scope::Target(target.clone()), Some(&last.target)).is_ok()
            && let Some(left) = self.left_as_is(asking, target, last.head.number).await?
        {
            return Ok(self.done_before(asking, &left));
        }
        asking.pass(Action::Stop, &Scope::Target(target.clone()), None)?;
        match last.as_ref().and_then(|last| stopped(last, asking.now.wall)) {
            Some(stopped) => Ok(self.done_before(asking, &stopped)),
            None => {
                let last = self.last_change(target).await?;
                Err(Refusal::NothingToStop { target: target.clone(), last }.into())
            }
        }
    }

    /// The question of a change was answered with "leave it" just now, and nothing has happened to its target since.
    pub(super) async fn left_as_is(
        &self,
        asking: &Asking<'_>,
        target: &TargetName,
        number: ChangeNumber,
    ) -> Result<Option<DoneBefore>, Stop> {
        let lines = self.lately(asking, &Scope::Target(target.clone())).await?;
        if lines.iter().any(|line| line.change.is_some_and(|change| change > number)) {
            return Ok(None);
        }
        Ok(told(lines, number, &JournalWhat::LeftAsIs, DoneWhat::LeftAsIs { target: target.clone(), number }))
    }

    /// A scope was unlocked just now, and not locked since.
    pub(super) async fn unlocked(
        &self,
        asking: &Asking<'_>,
        scope: &Scope,
        near: &[Scope],
    ) -> Result<Option<DoneBefore>, Stop> {
        let lines = self.lately(asking, scope).await?;
        let is_own = |by: &Option<PersonName>| by.as_ref() == Some(asking.speaker);
        let newest = lines
            .into_iter()
            .find(|line| matches!(line.what, JournalWhat::Unlocked { .. } | JournalWhat::Locked { .. }));
        let unlocked = newest.filter(|line| matches!(line.what, JournalWhat::Unlocked { .. }));
        let unlocked = unlocked.filter(|line| is_own(&line.by) || asking.may_view(scope));
        let what = DoneWhat::Unlocked { scope: scope.clone(), near: near.to_vec() };
        Ok(unlocked.map(|line| DoneBefore { what, by: line.by, at: line.at }))
    }

    /// A change was freed just now.
    pub(super) async fn freed(
        &self,
        asking: &Asking<'_>,
        target: &TargetName,
        number: ChangeNumber,
    ) -> Result<Option<DoneBefore>, Stop> {
        let lines = self.lately(asking, &Scope::Target(target.clone())).await?;
        Ok(told(lines, number, &JournalWhat::Released, DoneWhat::Freed(number)))
    }

    /// The newest lines of a journal that are young enough, the newest first.
    async fn lately(&self, asking: &Asking<'_>, scope: &Scope) -> Result<Vec<JournalLine>, Stop> {
        let lines = self.engine.records.journal(scope, Some(asking.now.wall - AGAIN), LINES).await?;
        Ok(lines.into_iter().map(|line| line.line).collect())
    }
}

/// Who did this to a change, and when, as its journal tells.
fn told(lines: Vec<JournalLine>, number: ChangeNumber, done: &JournalWhat, what: DoneWhat) -> Option<DoneBefore> {
    let line = lines.into_iter().find(|line| line.change == Some(number) && line.what == *done)?;
    Some(DoneBefore { what, by: line.by, at: line.at })
}

/// A change was stopped just now.
pub(super) fn stopped(change: &Change, now: DateTime<Utc>) -> Option<DoneBefore> {
    let ended = change.ended().filter(|ended| now - ended.at <= AGAIN)?;
    let Outcome::Cancelled { by } = &ended.outcome else { return None };
    let at = change.head.stop.as_ref().map_or(ended.at, |stop| stop.at);
    Some(DoneBefore { what: DoneWhat::Stopped(change.head.number), by: Some(by.clone()), at })
}

/// Whether a change is open, or ended just now.
pub(super) fn is_lately(change: &Change, now: DateTime<Utc>) -> bool {
    change.ended().is_none_or(|ended| now - ended.at <= AGAIN)
}

/// Whether a change ended because it was freed.
pub(super) fn was_freed(change: &Change) -> bool {
    let released = |why: &CantTell| matches!(why, CantTell::Released | CantTell::ReleasedUnsettled);
    change.ended().is_some_and(|ended| matches!(&ended.outcome, Outcome::CantTell { why } if released(why)))
}
