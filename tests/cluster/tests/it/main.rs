//! The test bed itself, held to what it promises: other tests judge rotabot by it.
#![allow(clippy::unwrap_used)]

mod behaviours;
mod faults;
mod identities;
mod left_behind;
mod registry;
mod rollouts;
