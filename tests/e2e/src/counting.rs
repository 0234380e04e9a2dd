//! Counting what rotabot asked the API server for, from the audit log.

use anyhow::Result;
use cluster::ControlPlane;
use serde_json::Value;

/// Requests of one kind of client within one namespace, and beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Watches: the lists that begin them, and the watching itself.
    pub watches: usize,
    /// The heartbeat.
    pub heartbeats: usize,
    /// Everything else, as `verb address`.
    pub others: Vec<String>,
}

/// What this user (as the API server names it) asked for in a namespace since the line `from` of the audit log, and the next line.
///
/// A list counts to the watches only if it is of a whole collection: pods listed afresh for a verdict are chosen by a label.
pub fn requests_of(plane: &ControlPlane, user: &str, namespace: &str, from: usize) -> Result<(Counted, usize)> {
    let lines = plane.audit()?;
    let mut counted = Counted::default();
    for line in lines.iter().skip(from).filter(|line| line["user"]["username"] == user) {
        let (verb, address) = (text(&line["verb"]), text(&line["requestURI"]));
        let inside = address.contains(&format!("/namespaces/{namespace}/"));
        match verb {
            _ if address.starts_with("/readyz") => counted.heartbeats += 1,
            "watch" => counted.watches += usize::from(inside),
            "list" if inside && !address.contains("labelSelector") && !address.contains("fieldSelector") => {
                counted.watches += 1;
            }
            _ if inside => counted.others.push(format!("{verb} {address}")),
            _ => {}
        }
    }
    Ok((counted, lines.len()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
