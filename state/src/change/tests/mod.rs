//! The machine against its specification: what `preparing` decides, what is written, what is done next, what follows.

mod applier;
mod ending;
mod machine;
mod plan;
mod prepare;
mod scene;
mod stands;
mod transition;
mod write;
