//! `/stop`: ends the open change of a target, or answers its question with "leave it".

use state::catalogue::Action;
use state::change::Phase;
use state::change::transition::{Event, transition};
use state::journal::{JournalLine, JournalWhat};
use state::lock::Scope;
use state::names::{ChangeId, TargetName};
use state::records::{Advanced, RecordFault, Stored};

use super::{Answered, Asking, Dispatch, Stop, about, already, shown};
use crate::cards;
use crate::facts::ChangeFacts;
use crate::refusal::{Doing, Refusal};

impl Dispatch {
    pub(super) async fn stop(&self, asking: &Asking<'_>, target: &TargetName) -> Answered {
        // Who may stop a change under way is what stood in the config when it began.
        if let Some(holder) = self.engine.records.holder(target).await? {
            return self.stop_change(asking, holder.change).await;
        }
        if let Some((question, _)) = self.engine.records.question(target).await? {
            return self.leave(asking, question.change).await;
        }
        self.nothing_to_stop(asking, target).await
    }

    /// The act is committed on the record's revision: whoever is first decides what is stopped.
    pub(super) async fn stop_change(&self, asking: &Asking<'_>, id: ChangeId) -> Answered {
        loop {
            let stored = self.stored(asking, id).await?;
            let change = &stored.change;
            asking.pass(Action::Stop, &Scope::Target(change.target.name.clone()), Some(&change.target))?;
            if let Some(stopped) = already::stopped(change, asking.now.wall) {
                return Ok(self.done_before(asking, &stopped));
            }
            // It is being stopped, whoever asked for that: its card says so, and it is followed to its end.
            if change.head.stop.is_some() && change.ended().is_none() && change.head.parked.is_none() {
                let card = self.change_card(asking, change, &[]).await;
                return Ok(about(card, id, change.head.number));
            }
            let too_late = matches!(change.phase(), Phase::Holding { .. } | Phase::Returning { .. } | Phase::Ended(_));
            if too_late || change.head.parked.is_some() {
                let (target, number) = (change.target.name.clone(), change.head.number);
                return match change.ended() {
                    Some(_) => Err(Refusal::NothingToStop { target, last: Some(number) }.into()),
                    None => Err(Refusal::TooLateToStop { target, number, doing: Doing::of(change) }.into()),
                };
            }
            let Some(mut next) = transition(change, Event::Stop(asking.speaker.clone()), asking.now.wall) else {
                let (target, number) = (change.target.name.clone(), change.head.number);
                return Err(Refusal::TooLateToStop { target, number, doing: Doing::of(change) }.into());
            };
            asking.sign(&mut next);
            if let Advanced::Done(stored) = self.engine.records.advance(&stored, &next, asking.now.wall).await? {
                self.acted(&stored.change);
                let card = self.change_card(asking, &stored.change, &[]).await;
                return Ok(about(card, id, stored.change.head.number));
            }
        }
    }

    /// Answers a question with "leave it". The cluster is not touched.
    pub(super) async fn leave(&self, asking: &Asking<'_>, id: ChangeId) -> Answered {
        let stored = self.stored(asking, id).await?;
        let change = &stored.change;
        let target = change.target.name.clone();
        asking.pass(Action::Rollback, &Scope::Target(target.clone()), Some(&change.target))?;
        let question = self.engine.records.question(&target).await?.filter(|(question, _)| question.change == id);
        let Some((_, revision)) = question else {
            if let Some(left) = self.left_as_is(asking, &target, change.head.number).await? {
                return Ok(self.done_before(asking, &left));
            }
            return Err(Refusal::PressTooLate { number: change.head.number, target }.into());
        };
        let line = JournalLine {
            at: asking.now.wall,
            by: Some(asking.speaker.clone()),
            typed_by: asking.typed_by.cloned(),
            change: Some(change.head.number),
            what: JournalWhat::LeftAsIs,
        };
        if !self.engine.records.close_question(change, revision, &line, None, asking.now.wall).await? {
            return match self.left_as_is(asking, &target, change.head.number).await? {
                Some(left) => Ok(self.done_before(asking, &left)),
                None => Err(Refusal::PressTooLate { number: change.head.number, target }.into()),
            };
        }
        let told = |facts: &ChangeFacts<'_>| cards::change::left_as_is(asking.words, facts, asking.speaker);
        let card = self.with_facts(asking, change, &[], told).await;
        Ok(shown(card))
    }

    pub(super) async fn stored(&self, asking: &Asking<'_>, id: ChangeId) -> Result<Stored, Stop> {
        match self.engine.records.change(id).await {
            Err(RecordFault::Unreadable(unreadable)) => Err(match self.told_of(asking, &unreadable).await? {
                Some(told) => Refusal::Unreadable(told),
                // It holds nothing up, and another try finds it just as it is.
                None if self.held_by(id).await?.is_none() => {
                    Refusal::UnreadableOther { reference: self.logged(&unreadable.fault) }
                }
                // Who may look at it or act on it stands in the record.
                None => Refusal::CouldNotCheck { reference: self.logged(&unreadable.fault) },
            }
            .into()),
            stored => stored?.ok_or_else(|| Refusal::ForgottenChange.into()),
        }
    }
}
