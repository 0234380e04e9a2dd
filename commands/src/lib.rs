//! What people can ask of rotabot, who may, and the engine that carries it out.
//!
//! Two ways lead in: what a person says, and the engine, for what time and the outside world did.
//! No SDK, socket, disk, environment or clock here: those are behind the ports, in `bot`.
#![deny(missing_docs)]

pub mod card;
pub mod cards;
pub mod command;
pub mod dispatch;
pub mod engine;
pub mod facts;
pub mod gate;
pub mod invocation;
pub mod plain;
pub mod ports;
pub mod press;
pub mod refusal;
pub mod sight;
pub mod words;
