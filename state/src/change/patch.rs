//! A patch of one workload: RFC 6902, all of it or nothing.

use serde_json::{Value, json};

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub enum PatchStep {
    /// The value at the path must be this; `null` where there must be none.
    Test(String, Value),
    /// Put a value at the path, whether there is one or not.
    Add(String, Value),
    /// Replace the value at the path.
    Replace(String, Value),
    /// Remove the value at the path.
    Remove(String),
}

impl PatchStep {
    /// As RFC 6902 writes it.
    pub fn to_json(&self) -> Value {
        match self {
            PatchStep::Test(path, value) => json!({ "op": "test", "path": path, "value": value }),
            PatchStep::Add(path, value) => json!({ "op": "add", "path": path, "value": value }),
            PatchStep::Replace(path, value) => json!({ "op": "replace", "path": path, "value": value }),
            PatchStep::Remove(path) => json!({ "op": "remove", "path": path }),
        }
    }
}
