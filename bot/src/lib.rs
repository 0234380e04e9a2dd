//! The hands and the memory of an ops team, for the developer on duty.
//!
//! Everything that touches the outside is in this crate: the config file, clusters, registries, chat, the environment
//! and the clocks. What is true is in `state`, what people can ask for is in `commands`.

mod bounded;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod demo;
mod first_look;
pub mod kubernetes;
pub mod logs;
pub mod registry;
pub mod run;
pub mod runner;
pub mod secret;
mod signals;
pub mod surroundings;
pub mod transfer;
pub mod version;
