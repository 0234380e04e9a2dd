//! What is true in rotabot, and what may follow from it.
//!
//! Names, the catalogue, the records of a change and its state machine, the judge of a rollout, locks, releases, and
//! the store that keeps them. Everything here is pure but for `store`: no clock, no environment, no network, no task.
//! What people can ask for, and the engine that carries it out, is in `commands`.
#![deny(missing_docs)]

pub mod catalogue;
pub mod change;
pub mod claim;
pub mod evidence;
pub mod fault;
pub mod image;
pub mod journal;
pub mod lock;
pub mod names;
pub mod records;
pub mod redact;
pub mod rollout;
pub mod seconds;
pub mod store;
pub mod template;
pub mod time;
pub mod zone;
