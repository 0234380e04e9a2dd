//! What a button asks for. A press is an invocation like any other: it passes the gate with the presser's identity.

use serde::{Deserialize, Serialize};
use state::lock::Scope;
use state::names::{ChangeId, ChangeNumber, TargetName};

use crate::command::Command;

/// What a button asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Press {
    /// Stop this change.
    Stop(ChangeId),
    /// Go back to what ran before this change.
    RollBack(ChangeId),
    /// Answer this change's question with "leave it".
    Leave(ChangeId),
    /// Ask for the same as this change again.
    Retry(ChangeId),
    /// Lift the lock that stands in the way of this target.
    Unlock(TargetName),
    /// Show a change.
    Show(ChangeNumber),
    /// Show what happened to a target.
    History(TargetName),
    /// Show what runs.
    Status(TargetName),
}

impl Press {
    /// What a person would type for it where no button can be pressed, if there is such a command. `target` is what the
    /// card is about: a press that names its change by id alone can't be typed without.
    pub fn command(&self, target: Option<&TargetName>) -> Option<Command> {
        match self {
            // Its question is answered so, too.
            Self::Stop(_) | Self::Leave(_) => {
                let TargetName { service, environment } = target?.clone();
                Some(Command::Stop { service, environment })
            }
            Self::RollBack(_) => {
                let TargetName { service, environment } = target?.clone();
                Some(Command::Rollback { service, environment, to: None, template: false, plan: false })
            }
            // What was asked for is in the change alone.
            Self::Retry(_) => None,
            Self::Unlock(target) => Some(Command::Unlock { scope: Scope::Target(target.clone()) }),
            Self::Show(number) => Some(Command::Show { number: *number }),
            Self::History(target) => {
                let TargetName { service, environment } = target.clone();
                Some(Command::History { service: Some(service), environment: Some(environment), since: None })
            }
            Self::Status(target) => {
                let TargetName { service, environment } = target.clone();
                Some(Command::Status { service: Some(service), environment: Some(environment) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_typed_where_nothing_can_be_pressed() {
        let (service, environment) = ("api".parse().expect("a name"), "prod".parse().expect("a name"));
        let target = TargetName { service, environment };
        let id = ChangeId::from_parts(1_795_000_000_000, 1);
        let typed = |press: Press, target: Option<&TargetName>| press.command(target).map(|command| command.to_text());
        let about = Some(&target);
        assert_eq!(typed(Press::Stop(id), about).as_deref(), Some("/stop api prod"));
        assert_eq!(typed(Press::Leave(id), about).as_deref(), Some("/stop api prod"));
        assert_eq!(typed(Press::RollBack(id), about).as_deref(), Some("/rollback api prod"));
        for press in [Press::Stop(id), Press::Leave(id), Press::RollBack(id)] {
            assert_eq!(typed(press, None), None, "an id alone is nothing to type");
        }
        assert_eq!(typed(Press::Retry(id), about), None);
        assert_eq!(typed(Press::Unlock(target.clone()), None).as_deref(), Some("/unlock api/prod"));
        assert_eq!(typed(Press::Show(ChangeNumber(12)), None).as_deref(), Some("/show #12"));
        assert_eq!(typed(Press::History(target.clone()), None).as_deref(), Some("/history api prod"));
        assert_eq!(typed(Press::Status(target.clone()), None).as_deref(), Some("/status api prod"));
    }
}
