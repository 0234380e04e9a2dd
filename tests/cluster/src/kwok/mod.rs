//! The configuration of kwok, which plays the kubelets: what simulated nodes and pods do.

mod logs;
mod stages;
mod templates;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The custom resource that holds a pod's logs; it must be served before kwok starts.
pub(crate) const LOGS: &str = "logs.kwok.x-k8s.io";

/// Writes `kwok.yaml` and the log files it names into a folder.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let logs = folder.join("logs");
    logs::write(&logs)?;
    let mut documents = stages::all(&logs);
    documents.push(logs::default(&logs));
    let text: Vec<String> = documents.iter().map(Value::to_string).collect();
    let path = folder.join("kwok.yaml");
    fs::write(&path, text.join("\n---\n")).with_context(|| format!("{}", path.display()))
}

/// The definition of [`LOGS`]: only kwok and the stages write it, so its fields need no schema.
pub(crate) fn logs_definition() -> Value {
    let schema = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": LOGS },
        "spec": {
            "group": "kwok.x-k8s.io",
            "scope": "Namespaced",
            "names": { "kind": "Logs", "listKind": "LogsList", "plural": "logs", "singular": "logs" },
            "versions": [{ "name": "v1alpha1", "served": true, "storage": true, "schema": schema }],
        },
    })
}
