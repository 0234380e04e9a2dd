//! The whole store as lines of JSON, for people who read it, for other tools, and for moving to another machine.
//!
//! The first line says what it is, each other line is a record under its key, and the last one counts them: a file that
//! was cut off is never taken for a whole one. Records are exported as they are; one that can't be read goes along in
//! base64.

mod command;
mod export;
mod import;
mod line;

#[cfg(test)]
mod tests;

pub use command::{run_export, run_import};
pub use export::{Exported, export};
pub use import::{ImportFault, Imported, import};
