//! What a cluster reports about a workload, and what may be concluded from it.
//!
//! `seen` is the report, as an adapter boils it down. `judge` concludes how a rollout goes, `stability` whether it
//! stays good, `digest` whether the pods run what was wanted, and `cause` why it fails. None asks anything of anybody.

pub mod cause;
pub mod digest;
pub mod expectation;
pub mod judge;
pub mod memory;
pub mod pods;
pub mod seen;
pub mod signs;
pub mod stability;

#[cfg(test)]
pub(crate) mod testing;
