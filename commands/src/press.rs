//! What a button asks for. A press is an invocation like any other: it passes the gate with the presser's identity.

use serde::{Deserialize, Serialize};
use state::names::{ChangeId, ChangeNumber, TargetName};

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
