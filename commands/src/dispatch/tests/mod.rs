//! What people ask, on a store in memory, a cluster that may not be asked anything, and a chat that nobody reads.

mod again;
mod answering;
mod completing;
mod following;
pub(crate) mod lab;
mod locking;
mod looking;
mod pruning;
mod releasing;
mod requesting;
mod stopping;
mod unreadable;
