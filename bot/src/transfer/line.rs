//! The lines of an export.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::store::{FORMAT, FORMAT_NEEDS, Key};

/// The version of the lines.
pub(super) const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The version of the lines.
    #[serde(rename = "rotabot-export")]
    pub(super) version: u32,
    /// The rotabot that wrote them.
    pub(super) rotabot: String,
    /// The format of the store: what keys and values mean.
    pub(super) format: u32,
    /// The oldest rotabot that knows this format.
    pub(super) needs: String,
    /// When it was exported.
    pub(super) at: DateTime<Utc>,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Footer {
    /// How many lines stand between the first and the last.
    pub(super) records: usize,
}

/// A line between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    /// The key, with everything that is not plain text escaped.
    pub(super) key: String,
    /// To whom a record belongs that is longer than one value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    /// The record.
    #[serde(flatten)]
    pub(super) what: What,
}

/// A record, or what is in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum What {
    /// A record that could be read.
    Record(Value),
    /// The bytes of a value that is no readable record.
    Base64(String),
}

impl Header {
    pub(super) fn new(at: DateTime<Utc>) -> Self {
        let rotabot = env!("CARGO_PKG_VERSION").to_owned();
        Self { version: VERSION, rotabot, format: FORMAT, needs: FORMAT_NEEDS.to_owned(), at }
    }
}

impl Line {
    pub(super) fn record(key: &Key, owner: Option<String>, record: Value) -> Self {
        Self { key: escaped(key), owner, what: What::Record(record) }
    }

    pub(super) fn bytes(key: &Key, bytes: &[u8]) -> Self {
        Self { key: escaped(key), owner: None, what: What::Base64(BASE64.encode(bytes)) }
    }
}

pub(super) fn bytes_of(base64: &str) -> Option<Vec<u8>> {
    BASE64.decode(base64).ok()
}

/// The key as text: a byte that is no printable ASCII is `\xNN`, a backslash is two.
fn escaped(key: &Key) -> String {
    use std::fmt::Write as _;
    key.as_bytes().iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
        text
    })
}

/// The key of such a text; none where it is not one.
pub(super) fn unescaped(text: &str) -> Option<Key> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' if rest.first() == Some(&b'\\') => {
                rest = &rest[1..];
                bytes.push(b'\\');
            }
            b'\\' => {
                let digits = rest.strip_prefix(b"x")?.get(..2).and_then(|digits| str::from_utf8(digits).ok())?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &rest[3..];
            }
            b' '..=b'~' => bytes.push(*byte),
            _ => return None,
        }
    }
    Some(Key::from_bytes(bytes))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn keys_come_back_from_their_text() {
        let key = Key::kind("journal").text("api/prod \\ \u{6570}").number(u64::MAX - 7).number(3);
        let text = escaped(&key);
        assert!(text.starts_with("journal/api/prod \\\\ \\xe6") && text.is_ascii(), "{text}");
        assert_eq!(unescaped(&text), Some(key));
        for bad in ["\\", "\\x", "\\x0", "\\xzz", "\\y00", "数"] {
            assert_eq!(unescaped(bad), None, "{bad}");
        }
    }

    #[test]
    fn lines_are_one_json_object_each() {
        let key = Key::kind("lock").text("prod");
        let line = Line::record(&key, None, serde_json::json!({"v": 1}));
        let text = serde_json::to_string(&line).expect("a line");
        assert_eq!(text, r#"{"key":"lock/prod\\x00","record":{"v":1}}"#);
        assert_eq!(serde_json::from_str::<Line>(&text).expect("a line"), line);
        let line = Line::bytes(&key, b"\xff\x00");
        let text = serde_json::to_string(&line).expect("a line");
        assert_eq!(text, r#"{"key":"lock/prod\\x00","base64":"/wA="}"#);
        assert_eq!(serde_json::from_str::<Line>(&text).expect("a line"), line);
    }
}
