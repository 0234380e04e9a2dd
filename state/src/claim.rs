//! The claim: the right of one change to write to its target.

use crate::names::{ChangeId, TargetName};

/// Proof that the store holds a target for a change. Ports that write to a target demand one, and only the records of
/// the store hand one out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    target: TargetName,
    change: ChangeId,
    fence: u64,
}

impl Claim {
    pub(crate) fn new(target: TargetName, change: ChangeId, fence: u64) -> Self {
        Self { target, change, fence }
    }

    /// The target that is held.
    pub fn target(&self) -> &TargetName {
        &self.target
    }

    /// The change that holds it.
    pub fn change(&self) -> ChangeId {
        self.change
    }

    /// A number that is higher for every later claim of any target.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}
