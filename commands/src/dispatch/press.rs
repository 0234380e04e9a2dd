//! Presses: what a button asks for, with the presser's identity and through the same gate.

use state::change::{Ask, RollbackTo};
use state::lock::Scope;
use state::names::{ChangeId, TargetName};

use super::begin::action_of;
use super::{Answered, Asking, Dispatch, already};
use crate::command::Command;
use crate::press::Press;
use crate::refusal::Refusal;

impl Dispatch {
    pub(super) async fn press(&self, asking: &Asking<'_>, press: &Press) -> Answered {
        match press {
            Press::Stop(id) => self.stop_change(asking, *id).await,
            Press::Leave(id) => self.leave(asking, *id).await,
            Press::RollBack(id) => {
                let ask = Ask::Rollback { to: RollbackTo::Before(*id), template: false };
                self.again(asking, *id, ask).await
            }
            Press::Retry(id) => {
                let ask = self.stored(asking, *id).await?.change.head.ask;
                self.again(asking, *id, ask).await
            }
            Press::Unlock(target) => self.unlock(asking, &Scope::Target(target.clone())).await,
            Press::Show(number) => self.show(asking, *number).await,
            Press::History(target) => {
                self.history(asking, Some(&target.service), Some(&target.environment), None).await
            }
            Press::Status(target) => self.status(asking, Some(&target.service), Some(&target.environment)).await,
        }
    }

    /// Begins another change of the same target, from a button on the message of an earlier one. If something else has
    /// happened to the target since, the button speaks of a state that is gone.
    async fn again(&self, asking: &Asking<'_>, id: ChangeId, ask: Ask) -> Answered {
        let earlier = self.stored(asking, id).await?.change;
        let name = earlier.target.name.clone();
        let number = earlier.head.number;
        // A later change that ended without touching anything has left the question, and with it the button, as they were.
        let question = self.engine.records.question(&name).await?;
        if question.is_some_and(|(question, _)| question.change == id) {
            return self.begin_from(asking, name, ask).await;
        }
        // The same press again, because its answer was lost.
        if let Some(last) = self.last_stored(&name).await?
            && last.head.number > number
            && last.head.ask == ask
            && last.head.asked_by.person() == asking.speaker
            && already::is_lately(&last, asking.now.wall)
        {
            return self.open_change(asking, last.head.id).await;
        }
        if self.engine.records.by_request(asking.request).await?.is_none()
            && self.last_change(&name).await?.is_some_and(|last| last > number)
        {
            return Err(Refusal::PressTooLate { number, target: name }.into());
        }
        self.begin_from(asking, name, ask).await
    }

    /// What a button begins is a new change, for which the config of now counts.
    async fn begin_from(&self, asking: &Asking<'_>, name: TargetName, ask: Ask) -> Answered {
        asking.pass(action_of(&ask), &Scope::Target(name.clone()), None)?;
        let (service, environment) = (name.service.clone(), name.environment.clone());
        let command = match &ask {
            Ask::Deploy { reference } => {
                Command::Deploy { service, environment, reference: reference.clone(), plan: false }
            }
            Ask::Rollback { template, .. } => {
                Command::Rollback { service, environment, to: None, template: *template, plan: false }
            }
        };
        let target = self.target(asking, &name)?;
        self.begin(asking, target, ask, &command).await
    }
}
