//! The environment of the process: its variables are read here and nowhere else.

use std::env;
use std::path::PathBuf;

/// A variable, if it is set to text.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Whether a variable is set to something that is not empty.
pub fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// The home folder of the user.
pub fn home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}
