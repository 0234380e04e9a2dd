//! The adapters of the bot against the real control plane and the real registry, without the rest of the bot.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod clusters;
mod faults;
mod kubernetes;
mod registry;
