//! What simulated containers have logged.
//!
//! A container that runs well has the log of [`default`]. Where it matters, a stage writes an object of kind `Logs` with the pod's name,
//! which kwok prefers: so the log of a container that crashed ends in its panic, and one that never ran has none. Every log holds what
//! must never reach a chat, within its last 25 lines: a token and a mention of everybody.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::templates::behaviour_of;
use crate::behaviour::{DYING, OUT_OF_MEMORY};

/// What the log of a container shows.
#[derive(Clone, Copy)]
pub(super) enum Logs {
    /// A run that has just begun.
    Started,
    /// A run that came to the end which its behaviour has.
    Ended,
    /// A run whose readiness probe fails.
    NotReady,
    /// No run: reading it is an error, as it is of a real kubelet.
    Missing,
}

impl Logs {
    /// A file's name, in which a Go template may stand.
    fn file(self) -> &'static str {
        match self {
            Self::Started => "started.log",
            Self::Ended => "ended-{{ $behaviour }}.log",
            Self::NotReady => "not-ready.log",
            Self::Missing => "no-such-container.log",
        }
    }
}

const WELL: &str = "well.log";

/// The files.
pub(super) fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let file = |name: &str, lines: &[String]| fs::write(folder.join(name), in_cri_form(lines));
    let served = |text: &str| [beginning(), requests(), vec![text.to_owned()]].concat();
    file(WELL, &served("GET /healthz 200 0 ms"))?;
    file("started.log", &beginning())?;
    file("not-ready.log", &served("GET /healthz 503: the database at db.shop:5432 refuses connections"))?;
    for (behaviour, _) in DYING {
        let last = match behaviour {
            // Killed from outside: no last words.
            OUT_OF_MEMORY => "building the report cache: 1,843 MiB so far",
            _ => "thread 'main' panicked at src/main.rs:42: DATABASE_URL is not set",
        };
        file(&format!("ended-{behaviour}.log"), &served(last))?;
    }
    Ok(())
}

/// For every container of which no stage says anything else.
pub(super) fn default(folder: &Path) -> Value {
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": { "name": "logs" },
        "spec": { "logs": [{
            "logsFile": folder.join(WELL),
            "previousLogsFile": folder.join(Logs::Missing.file()),
        }] },
    })
}

/// The object that a stage writes for a pod; it goes with its pod.
pub(super) fn template(folder: &Path, behaviours: &[String], present: Logs, previous: Logs) -> String {
    let quoted: Vec<String> = behaviours.iter().map(|name| format!("{name:?}")).collect();
    let folder = folder.display();
    format!(
        r#"
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Logs
metadata:
  name: {{{{ .metadata.name }}}}
  namespace: {{{{ .metadata.namespace }}}}
  ownerReferences:
  - apiVersion: v1
    kind: Pod
    name: {{{{ .metadata.name }}}}
    uid: {{{{ .metadata.uid }}}}
spec:
  logs:
{{{{ range .spec.containers }}}}
{}
  - containers: [ {{{{ .name | Quote }}}} ]
{{{{ if has $behaviour (list {}) }}}}
    logsFile: "{folder}/{}"
    previousLogsFile: "{folder}/{}"
{{{{ else }}}}
    logsFile: "{folder}/{WELL}"
    previousLogsFile: "{folder}/{}"
{{{{ end }}}}
{{{{ end }}}}
"#,
        behaviour_of(".image"),
        quoted.join(" "),
        present.file(),
        previous.file(),
        Logs::Missing.file(),
    )
}

fn beginning() -> Vec<String> {
    vec![
        "starting, configuration from /etc/api/config.toml".to_owned(),
        "connecting with Authorization: Bearer not-a-real-token-4f8a2c7d9e1b".to_owned(),
        "@everyone the queue is 12 orders behind".to_owned(),
    ]
}

fn requests() -> Vec<String> {
    let mut lines: Vec<String> = (1..=40).map(|n| format!("GET /orders/{n} 200 {} ms", 3 + n % 7)).collect();
    lines.extend(beginning().into_iter().skip(1));
    lines
}

/// The form in which a container runtime keeps logs: time, stream, whole or partial, text.
fn in_cri_form(lines: &[String]) -> String {
    let stamped =
        |(n, line): (usize, &String)| format!("2026-01-01T00:{:02}:{:02}.000000000Z stdout F {line}\n", n / 60, n % 60);
    lines.iter().enumerate().map(stamped).collect()
}
