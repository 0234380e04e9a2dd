//! Rotabot on the world: seeds, kill points and invariants.
//!
//! The engine and the desk are the real ones; cluster, registry, chat and disk are the world's, and time is virtual. A
//! seed chooses what people ask for, what others do to the cluster, and what goes wrong at which call; the checks are
//! asked at every commit and when everything has come to rest. The same seed gives the same trace.

pub mod acts;
pub mod checks;
pub mod company;
pub mod executor;
pub mod ledger;
pub mod rotabot;
mod run;
pub mod scripts;

pub use run::{Options, Report, Simulation};
