//! `/change release`: an admin frees the target of a parked change.

use state::catalogue::Action;
use state::change::transition::{Event, transition};
use state::journal::{JournalLine, JournalWhat};
use state::lock::Scope;
use state::names::ChangeNumber;
use state::records::{Advanced, RecordFault};

use super::{Answered, Asking, Dispatch, Heard, about, shown};
use crate::cards;
use crate::refusal::{Doing, Refusal};

impl Dispatch {
    pub(super) async fn release(&self, asking: &Asking<'_>, number: ChangeNumber) -> Answered {
        let records = &self.engine.records;
        let Some(id) = records.by_number(number).await? else {
            return Err(Refusal::UnknownChange { number, newest: self.newest().await? }.into());
        };
        loop {
            let stored = match records.change(id).await {
                Ok(Some(stored)) => stored,
                Ok(None) | Err(RecordFault::Unreadable(_)) => return self.free(asking, number).await,
                Err(fault) => return Err(fault.into()),
            };
            let target = stored.change.target.name.clone();
            asking.pass(Action::Release, &Scope::Target(target.clone()), None)?;
            let Some(mut next) = transition(&stored.change, Event::Release(asking.speaker.clone()), asking.now.wall)
            else {
                let doing = stored.change.ended().is_none().then(|| Doing::of(&stored.change));
                return Err(Refusal::NotParked { number, target, doing }.into());
            };
            asking.sign(&mut next);
            if let Advanced::Done(stored) = records.advance(&stored, &next, asking.now.wall).await? {
                self.acted(&stored.change);
                let card = self.change_card(asking, &stored.change, &[]).await;
                return Ok(about(card, id, number));
            }
        }
    }

    /// The record can't be read, so that nothing can be said of it but that it holds its target no more.
    async fn free(&self, asking: &Asking<'_>, number: ChangeNumber) -> Answered {
        let records = &self.engine.records;
        let held = records.open().await?.into_iter().flatten().find(|claim| claim.number == number);
        let Some(claim) = held else {
            return Err(Refusal::UnknownChange { number, newest: self.newest().await? }.into());
        };
        asking.pass(Action::Release, &Scope::Target(claim.target.clone()), None)?;
        let line = JournalLine {
            at: asking.now.wall,
            by: Some(asking.speaker.clone()),
            typed_by: asking.typed_by.cloned(),
            change: Some(claim.number),
            what: JournalWhat::Released,
        };
        if !records.free(&claim.target, claim.change, &line).await? {
            return Err(Refusal::NotParked { number, target: claim.target, doing: None }.into());
        }
        self.hear(Heard::Acted(claim.change));
        Ok(shown(cards::change::freed(asking.words, &claim)))
    }
}
