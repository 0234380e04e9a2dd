//! `/change release`: an admin frees the target of a parked change.

use state::catalogue::Action;
use state::change::transition::{Event, transition};
use state::journal::{JournalLine, JournalWhat};
use state::lock::Scope;
use state::names::ChangeNumber;
use state::records::{Advanced, ClaimRecord, RecordFault};

use super::{Answered, Asking, Dispatch, Heard, about, shown};
use crate::cards;
use crate::refusal::{Doing, Refusal};

impl Dispatch {
    pub(super) async fn release(&self, asking: &Asking<'_>, number: ChangeNumber) -> Answered {
        let records = &self.engine.records;
        let open = records.open().await?.into_iter().flatten().find(|claim| claim.number == number);
        let Some(claim) = open else {
            return match records.by_number(number).await? {
                Some(id) => {
                    let target = self.stored(id).await?.change.target.name;
                    Err(Refusal::NotParked { number, target, doing: None }.into())
                }
                None => Err(Refusal::UnknownChange { number, newest: self.newest().await? }.into()),
            };
        };
        asking.pass(Action::Release, &Scope::Target(claim.target.clone()), None)?;
        loop {
            let stored = match records.change(claim.change).await {
                Ok(Some(stored)) => stored,
                Ok(None) | Err(RecordFault::Unreadable(_)) => return self.free(asking, &claim).await,
                Err(fault) => return Err(fault.into()),
            };
            let Some(next) = transition(&stored.change, Event::Release(asking.speaker.clone()), asking.now.wall) else {
                let target = claim.target.clone();
                return Err(Refusal::NotParked { number, target, doing: Some(Doing::of(&stored.change)) }.into());
            };
            if let Advanced::Done(stored) = records.advance(&stored, &next, asking.now.wall).await? {
                self.hear(Heard::Acted(claim.change));
                let card = self.change_card(asking, &stored.change, &[]).await;
                return Ok(about(card, claim.change, number));
            }
        }
    }

    /// The record can't be read, so that nothing can be said of it but that it holds its target no more.
    async fn free(&self, asking: &Asking<'_>, claim: &ClaimRecord) -> Answered {
        let line = JournalLine {
            at: asking.now.wall,
            by: Some(asking.speaker.clone()),
            typed_by: asking.typed_by.cloned(),
            change: Some(claim.number),
            what: JournalWhat::Released,
        };
        self.engine.records.free(claim, &line).await?;
        self.hear(Heard::Acted(claim.change));
        Ok(shown(cards::change::freed(asking.words, claim)))
    }
}
