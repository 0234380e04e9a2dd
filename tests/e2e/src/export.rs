//! What rotabot keeps, read from its export.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A whole export.
#[derive(Debug, Clone)]
pub struct Export {
    records: Vec<(String, Value)>,
}

/// What is kept of one change.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub id: String,
    pub number: u64,
    /// Its parts by name: `head`, `target`, `work`, `watch`, `cause`.
    pub parts: BTreeMap<String, Value>,
    /// The outcomes that the journal tells of it: one, once it has ended.
    pub outcomes: Vec<String>,
    /// Whether it holds its target.
    pub holds: bool,
}

impl Export {
    pub fn read(text: &str) -> Result<Self> {
        let mut records = Vec::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
            if let Some(key) = line["key"].as_str() {
                records.push((key.to_owned(), line["record"].clone()));
            }
        }
        Ok(Self { records })
    }

    /// The records of a kind, as `lock`, `question` or `release`.
    pub fn of(&self, kind: &str) -> Vec<&Value> {
        self.under(kind).map(|(_, record)| record).collect()
    }

    /// All changes, oldest first.
    pub fn changes(&self) -> Result<Vec<Recorded>> {
        let mut parts: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
        for (key, record) in self.under("change") {
            let [id, part, ..] = key.split("\\x00").collect::<Vec<_>>()[..] else { bail!("a change's key: {key}") };
            parts.entry(id).or_default().insert(part.to_owned(), record.clone());
        }
        let mut changes = Vec::new();
        for (id, parts) in parts {
            changes.push(self.recorded(id, parts).with_context(|| format!("a change without a head: {id}"))?);
        }
        changes.sort_by_key(|change| change.number);
        Ok(changes)
    }

    /// One of them.
    pub fn change(&self, number: u64) -> Result<Recorded> {
        let found = self.changes()?.into_iter().find(|change| change.number == number);
        found.with_context(|| format!("no change #{number} in {:#?}", self.records))
    }

    fn recorded(&self, id: &str, parts: BTreeMap<String, Value>) -> Option<Recorded> {
        let number = parts.get("head")?["number"].as_u64()?;
        let of_change = self.of("journal").into_iter().filter(|line| line["change"].as_u64() == Some(number));
        let outcome = |line: &Value| Some(line["what"]["ended"]["outcome"].as_str()?.to_owned());
        let outcomes = of_change.filter_map(outcome).collect();
        let holds = self.of("claim").iter().any(|claim| claim["change"].as_str() == Some(id));
        Some(Recorded { id: id.to_owned(), number, parts, outcomes, holds })
    }

    /// The records of a kind with their keys' rest: texts end in `\x00`.
    fn under(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let prefix = format!("{kind}/");
        self.records.iter().filter_map(move |(key, record)| Some((key.strip_prefix(&prefix)?, record)))
    }
}

impl Recorded {
    /// A part; null where there is none.
    pub fn part(&self, name: &str) -> &Value {
        self.parts.get(name).unwrap_or(&Value::Null)
    }

    /// The name of the phase.
    pub fn phase(&self) -> &str {
        let phase = &self.part("head")["phase"];
        phase.as_str().or_else(|| phase.as_object()?.keys().next().map(String::as_str)).unwrap_or_default()
    }

    /// Outcome, time and what was left, once it has ended; null before.
    pub fn ended(&self) -> &Value {
        &self.part("head")["phase"]["ended"]
    }

    /// The word of the outcome in its record.
    pub fn outcome(&self) -> Option<&str> {
        self.ended()["outcome"]["is"].as_str()
    }

    /// Why it failed: the kind of cause, and what ended the waiting.
    pub fn failure(&self) -> (&str, &str) {
        let failure = &self.ended()["outcome"]["failure"];
        (failure["kind"].as_str().unwrap_or_default(), failure["ended_by"].as_str().unwrap_or_default())
    }

    /// What was done to each workload.
    pub fn left(&self) -> Vec<&str> {
        let all = self.ended()["left"].as_array();
        all.into_iter().flatten().filter_map(|left| left["what"].as_str()).collect()
    }
}
