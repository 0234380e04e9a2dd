//! `/change release`: an admin frees the target of a parked change, or of records that can't be read.

use state::catalogue::Action;
use state::change::outcome::{CantTell, Outcome};
use state::change::transition::{Event, transition};
use state::change::{Change, ParkedWhy};
use state::fault::Fault;
use state::journal::{JournalLine, JournalWhat};
use state::lock::Scope;
use state::names::{ChangeId, ChangeNumber, PersonName, TargetName};
use state::records::{Advanced, RecordFault, RecordName};

use super::{Answered, Asking, Dispatch, Heard, Stop, about, already, shown};
use crate::cards;
use crate::refusal::{Doing, Refusal};

impl Dispatch {
    pub(super) async fn release(&self, asking: &Asking<'_>, number: ChangeNumber) -> Answered {
        let records = &self.engine.records;
        loop {
            let id = match records.by_number(number).await {
                Ok(Some(id)) => Some(id),
                Ok(None) | Err(RecordFault::Unreadable(_)) => {
                    self.blocked_by_number(number, None).await?.and_then(|(_, id)| id)
                }
                Err(fault) => return Err(fault.into()),
            };
            let stored = match id {
                None => None,
                Some(id) => match records.change(id).await {
                    Err(RecordFault::Unreadable(_)) => None,
                    stored => stored?,
                },
            };
            let Some(stored) = stored else { return self.free_unreadable(asking, number, id).await };
            let target = stored.change.target.name.clone();
            asking.pass(Action::Release, &Scope::Target(target.clone()), None)?;
            let parked = self.as_parked(&stored.change, asking).await?;
            let Some(mut next) = transition(&parked, Event::Release(asking.speaker.clone()), asking.now.wall) else {
                // The claim and the question of a target are those of its last change: an earlier number frees nothing.
                if self.last_change(&target).await? == Some(number)
                    && let Some(freed) = self.free(asking, &target, number, None).await?
                {
                    return Ok(freed);
                }
                if already::was_freed(&stored.change)
                    && let Some(freed) = self.freed(asking, &target, number).await?
                {
                    return Ok(self.done_before(asking, &freed));
                }
                // What can't be read there is told, with the number that frees it.
                records.holder(&target).await?;
                records.question(&target).await?;
                let doing = stored.change.ended().is_none().then(|| Doing::of(&stored.change));
                return Err(Refusal::NotParked { number, target, doing }.into());
            };
            asking.sign(&mut next);
            if let Advanced::Done(stored) = records.advance(&stored, &next, asking.now.wall).await? {
                self.acted(&stored.change);
                let card = self.change_card(asking, &stored.change, &[]).await;
                return Ok(about(card, stored.change.head.id, number));
            }
        }
    }

    /// A change whose claim can't be read is as good as parked: after a start nobody takes it up.
    async fn as_parked(&self, change: &Change, asking: &Asking<'_>) -> Result<Change, Stop> {
        match self.engine.records.holder(&change.target.name).await {
            Err(RecordFault::Unreadable(_))
                if self.last_change(&change.target.name).await? == Some(change.head.number) => {}
            // It may be the claim of a later change.
            Err(RecordFault::Unreadable(_)) => return Ok(change.clone()),
            holder => return holder.map(|_| change.clone()).map_err(Stop::from),
        }
        let parked = transition(change, Event::Park(ParkedWhy::RecordUnreadable), asking.now.wall);
        Ok(parked.map_or_else(|| change.clone(), |parked| parked.change))
    }

    /// The change can't be read, so that nothing can be said of it but that it holds its target no more.
    async fn free_unreadable(&self, asking: &Asking<'_>, number: ChangeNumber, id: Option<ChangeId>) -> Answered {
        let Some((target, id)) = self.blocked_by_number(number, id).await? else {
            return self.nothing_to_free(asking, number, id).await;
        };
        asking.pass(Action::Release, &Scope::Target(target.clone()), None)?;
        let freed = self.free(asking, &target, number, id).await?;
        freed.ok_or_else(|| Refusal::NotParked { number, target, doing: None }.into())
    }

    /// Nothing is blocked by that number any more: it was freed just now, or there is no such change.
    async fn nothing_to_free(&self, asking: &Asking<'_>, number: ChangeNumber, id: Option<ChangeId>) -> Answered {
        for scope in self.engine.records.journal_scopes().await? {
            let Scope::Target(target) = &scope else { continue };
            if let Some(freed) = self.freed(asking, target, number).await? {
                asking.pass(Action::Release, &scope, None)?;
                return Ok(self.done_before(asking, &freed));
            }
        }
        Err(match id {
            Some(id) => Refusal::UnreadableOther { reference: self.logged(&unreadable(id)) }.into(),
            None => Refusal::UnknownChange { number, newest: self.newest().await? }.into(),
        })
    }

    /// Which target is freed by that number, and the change that blocks it, where that is known.
    async fn blocked_by_number(
        &self,
        number: ChangeNumber,
        id: Option<ChangeId>,
    ) -> Result<Option<(TargetName, Option<ChangeId>)>, Stop> {
        let records = &self.engine.records;
        let (claims, questions) = (records.open().await?, records.questions().await?);
        if let Some(claim) = claims.iter().flatten().find(|claim| claim.number == number) {
            return Ok(Some((claim.target.clone(), Some(claim.change))));
        }
        if let Some(open) = questions.iter().flatten().find(|open| open.question.number == number) {
            return Ok(Some((open.target.clone(), Some(open.question.change))));
        }
        let faults = claims.into_iter().filter_map(Result::err);
        for fault in faults.chain(questions.into_iter().filter_map(Result::err)) {
            if let RecordFault::Unreadable(unreadable) = fault
                && let RecordName::Claim(target) | RecordName::Question(target) = unreadable.record
                && self.last_change(&target).await? == Some(number)
            {
                return Ok(Some((target, id)));
            }
        }
        Ok(None)
    }

    /// Takes away what can't be read of a target, and what belongs to a change that can't be. None where there is nothing
    /// of that kind.
    async fn free(
        &self,
        asking: &Asking<'_>,
        target: &TargetName,
        number: ChangeNumber,
        id: Option<ChangeId>,
    ) -> Result<Option<crate::invocation::Answer>, Stop> {
        let line = |by: Option<PersonName>, what| {
            let typed_by = asking.typed_by.filter(|_| by.is_some()).cloned();
            JournalLine { at: asking.now.wall, by, typed_by, change: Some(number), what }
        };
        let mut lines = vec![line(Some(asking.speaker.clone()), JournalWhat::Released)];
        // Its own record can't tell what came of it, so the journal does.
        if id.is_some() && !self.has_ended(target, number).await? {
            let outcome = Outcome::CantTell { why: CantTell::Released }.word().to_owned();
            lines.insert(0, line(None, JournalWhat::Ended { outcome, image: None }));
        }
        let gone = self.engine.records.free(target, id, &lines).await?;
        if gone.is_empty() {
            return Ok(None);
        }
        if let Some(id) = id {
            self.hear(Heard::Acted(id));
        }
        Ok(Some(shown(cards::unreadable::freed(asking.words, target, &gone))))
    }
}

impl Dispatch {
    /// Whether the journal tells of the end of a change.
    async fn has_ended(&self, target: &TargetName, number: ChangeNumber) -> Result<bool, Stop> {
        let lines = self.engine.records.journal(&Scope::Target(target.clone()), None, usize::MAX).await?;
        let ends = |line: &JournalLine| matches!(line.what, JournalWhat::Ended { .. }) && line.change == Some(number);
        Ok(lines.iter().any(|line| ends(&line.line)))
    }
}

fn unreadable(id: ChangeId) -> Fault {
    Fault::new(format!("the change {id} can't be read, and blocks nothing"))
}
