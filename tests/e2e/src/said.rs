//! What `rotabot say --json` printed.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Everything that one `say` printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Said {
    pub exit_code: i32,
    /// The JSON objects, one a line.
    pub lines: Vec<Value>,
    /// What else it printed: remarks, and faults of the command line.
    pub rest: String,
}

impl Said {
    /// Reads what a process printed.
    pub fn read(exit_code: i32, printed: &str) -> Self {
        let object = |line: &str| serde_json::from_str(line).ok().filter(Value::is_object);
        let rest: Vec<&str> = printed.lines().filter(|line| object(line).is_none()).collect();
        Self { exit_code, lines: printed.lines().filter_map(object).collect(), rest: rest.join("\n") }
    }

    /// The word of the outcome, if there is one.
    pub fn outcome(&self) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| line["outcome"].as_str())
    }

    /// The number of the change that it was about.
    pub fn change(&self) -> Result<u64> {
        let number = self.lines.iter().rev().find_map(|line| line["change"].as_u64());
        number.with_context(|| format!("no change in {self:#?}"))
    }

    /// The kind of the last line: `card`, `refusal` or `outcome`.
    pub fn kind(&self) -> &str {
        self.lines.last().and_then(|line| line["kind"].as_str()).unwrap_or_default()
    }

    /// The last card's first line, without its styles.
    pub fn first_line(&self) -> String {
        self.lines.last().map(|line| text_of(&line["card"]["first_line"])).unwrap_or_default()
    }

    /// All that is to be read in the last card.
    pub fn text(&self) -> String {
        self.lines.last().map(|line| text_of(&line["card"])).unwrap_or_default()
    }

    /// An error that shows everything, unless it ended with this outcome and this exit code.
    pub fn must_be(&self, outcome: &str, exit_code: i32) -> Result<&Self> {
        if self.outcome() != Some(outcome) || self.exit_code != exit_code {
            bail!(
                "not {outcome} with exit code {exit_code}, but {:?} with {}:\n{self:#?}",
                self.outcome(),
                self.exit_code
            );
        }
        Ok(self)
    }

    /// An error that shows everything, unless it was refused at once.
    pub fn must_refuse(&self) -> Result<&Self> {
        if self.kind() != "refusal" || self.exit_code != 1 {
            bail!("not refused: {self:#?}");
        }
        Ok(self)
    }
}

/// All texts of a card, in their order; a break between fields and lines.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text_of).collect::<Vec<_>>().join(separator(parts)),
        Value::Object(fields) => {
            let shown =
                fields.iter().filter(|(key, _)| !["state", "style", "press", "progress"].contains(&key.as_str()));
            shown.map(|(_, field)| text_of(field)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// Spans of a text follow each other; lines and buttons don't.
fn separator(parts: &[Value]) -> &'static str {
    let span = |part: &Value| part.as_object().is_some_and(|fields| fields.len() == 1 && !fields.contains_key("text"));
    if parts.iter().all(span) { "" } else { "\n" }
}
