//! Records that can't be read: what that means for people, who sees it, and how they are told apart from a store that
//! fails.

use state::fault::Fault;
use state::lock::Scope;
use state::names::{ChangeId, ChangeNumber, TargetName};
use state::records::{ClaimRecord, RecordFault, RecordName, Unreadable};

use super::{Asking, Dispatch, Stop};
use crate::facts;

impl Dispatch {
    /// What a record that can't be read blocks, and by what it is freed. None for one that blocks no target by itself.
    pub(super) async fn blocked_by(&self, unreadable: &Unreadable) -> Result<Option<facts::Unreadable>, Stop> {
        let (blocks, number) = match &unreadable.record {
            RecordName::Claim(target) | RecordName::Question(target) => {
                (Scope::Target(target.clone()), self.last_change(target).await?)
            }
            RecordName::Lock { scope, .. } => (scope.clone(), None),
            RecordName::Withdrawn { target, .. } => (Scope::Target(target.clone()), None),
            RecordName::Change(id) => match self.held_by(*id).await? {
                Some((target, number)) => (Scope::Target(target), Some(number)),
                None => return Ok(None),
            },
            RecordName::Other(_) => return Ok(None),
        };
        let (record, reference) = (unreadable.record.clone(), self.logged(&unreadable.fault));
        Ok(Some(facts::Unreadable { record, blocks, number, reference }))
    }

    /// The target that a change blocks, and its number, as far as that is known without its record: it holds the claim,
    /// or its question is open.
    pub(super) async fn held_by(&self, id: ChangeId) -> Result<Option<(TargetName, ChangeNumber)>, Stop> {
        let claims = self.engine.records.open().await?.into_iter().flatten();
        if let Some(claim) = claims.into_iter().find(|claim| claim.change == id) {
            return Ok(Some((claim.target, claim.number)));
        }
        let mut questions = self.engine.records.questions().await?.into_iter().flatten();
        Ok(questions.find(|open| open.question.change == id).map(|open| (open.target, open.question.number)))
    }

    /// What is told of a record that can't be read, to whoever may look at a place that it blocks.
    pub(super) async fn told_of(
        &self,
        asking: &Asking<'_>,
        unreadable: &Unreadable,
    ) -> Result<Option<facts::Unreadable>, Stop> {
        let blocked = self.blocked_by(unreadable).await?;
        Ok(blocked.filter(|blocked| asking.may_view(&blocked.blocks)))
    }

    /// The same of a fault; one that is another fault of the store is handed back.
    pub(super) async fn seen_unreadable(
        &self,
        asking: &Asking<'_>,
        fault: RecordFault,
    ) -> Result<Option<facts::Unreadable>, Stop> {
        match fault {
            RecordFault::Unreadable(unreadable) => self.told_of(asking, &unreadable).await,
            fault => Err(fault.into()),
        }
    }

    /// A claim whose change is not there at all is like one whose change can't be read.
    pub(super) fn gone(&self, claim: &ClaimRecord) -> facts::Unreadable {
        let fault = Fault::new(format!("the change {}, which holds {}, is not there", claim.change, claim.target));
        facts::Unreadable {
            record: RecordName::Change(claim.change),
            blocks: Scope::Target(claim.target.clone()),
            number: Some(claim.number),
            reference: self.logged(&fault),
        }
    }
}
