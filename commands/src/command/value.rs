//! The values that only commands have: periods, reasons, where a rollback goes, names of commands.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use state::image::Reference;
use state::names::ChangeNumber;

use super::table::Table;
use crate::plain::harmless;

/// Why a text is not such a value. The words for it are the refusal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not such a value")]
pub struct NotAValue;

/// A length of time as people type it: `30m`, `2h`, `7d`, `1h30m`, `2 hours`, `30 分钟`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Duration);

/// Longer periods are slips of the finger.
const LONGEST: u64 = 400 * DAY;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

impl Period {
    /// As a duration.
    pub fn duration(self) -> Duration {
        self.0
    }

    fn unit(text: &str) -> Option<u64> {
        Some(match text {
            "s" | "sec" | "second" | "seconds" | "秒" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" | "分" | "分钟" => MINUTE,
            "h" | "hour" | "hours" | "小时" | "个小时" => HOUR,
            "d" | "day" | "days" | "天" => DAY,
            "w" | "week" | "weeks" | "周" | "星期" => WEEK,
            _ => return None,
        })
    }

    fn read(text: &str) -> Option<u64> {
        let text = text.to_lowercase();
        let mut rest = text.trim();
        let mut seconds: u64 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let after_number = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, tail) = rest.split_at(after_number);
            let tail = tail.trim_start();
            let after_unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(after_unit);
            let part = number.parse::<u64>().ok()?.checked_mul(Self::unit(unit.trim())?)?;
            seconds = seconds.checked_add(part)?;
            rest = tail;
        }
        (1..=LONGEST).contains(&seconds).then_some(seconds)
    }
}

impl FromStr for Period {
    type Err = NotAValue;
    fn from_str(text: &str) -> Result<Self, NotAValue> {
        Self::read(text).map(|seconds| Self(Duration::from_secs(seconds))).ok_or(NotAValue)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_secs();
        for (unit, name) in [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm'), (1, 's')] {
            if left >= unit {
                write!(f, "{}{name}", left / unit)?;
                left %= unit;
            }
        }
        Ok(())
    }
}

/// Why somebody locks: one line of words, of at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason(String);

const LONGEST_REASON: usize = 200;

impl Reason {
    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = NotAValue;
    fn from_str(text: &str) -> Result<Self, NotAValue> {
        // Whatever else a chat can put between words, a reason is one line of them.
        let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if harmless(&line).trim().is_empty() || line.chars().count() > LONGEST_REASON {
            return Err(NotAValue);
        }
        Ok(Self(line))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a rollback may be told to go to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Earlier {
    /// An image, by tag or digest. Bare digits are a tag: pipelines number their images.
    Reference(Reference),
    /// The release that a change made: `#412`.
    Change(ChangeNumber),
}

impl FromStr for Earlier {
    type Err = NotAValue;
    fn from_str(text: &str) -> Result<Self, NotAValue> {
        if text.starts_with('#') {
            return text.parse().map(Self::Change).map_err(|_| NotAValue);
        }
        text.parse().map(Self::Reference).map_err(|_| NotAValue)
    }
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(reference) => reference.fmt(f),
            Self::Change(number) => number.fmt(f),
        }
    }
}

/// The name of a command that exists: `deploy`, `change release`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandName(&'static str);

impl CommandName {
    /// The name as it is typed, without its slash.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for CommandName {
    type Err = NotAValue;
    fn from_str(text: &str) -> Result<Self, NotAValue> {
        let text = text.trim_start_matches('/').split_whitespace().collect::<Vec<_>>().join(" ");
        let table = Table::get();
        // A group such as `change` stands for its first command.
        let found = table.row(&text).or_else(|| table.rows().iter().find(|row| row.group() == Some(text.as_str())));
        found.map(|row| Self(row.name.as_str())).ok_or(NotAValue)
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_people_type_them() {
        for (text, seconds) in [
            ("2h", 7200),
            ("30m", 1800),
            ("7d", 604_800),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("2 hours", 7200),
            ("90S", 90),
            ("30分钟", 1800),
            ("2 小时", 7200),
            ("1w", 604_800),
        ] {
            assert_eq!(text.parse::<Period>().expect(text).duration().as_secs(), seconds, "{text}");
        }
        for bad in ["", "h", "2", "2x", "-2h", "0h", "2h30", "1000d", "99999999999999999999h", "tomorrow"] {
            assert_eq!(bad.parse::<Period>(), Err(NotAValue), "{bad}");
        }
        assert_eq!("90m".parse::<Period>().expect("a period").to_string(), "1h30m");
    }

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!("  bad\n commit\u{7} ".parse::<Reason>().expect("a reason").as_str(), "bad commit");
        for empty in [" \n", "\u{200b}\u{200b}", " \u{2060} "] {
            assert_eq!(empty.parse::<Reason>(), Err(NotAValue), "{empty:?}");
        }
        assert_eq!("x".repeat(201).parse::<Reason>(), Err(NotAValue));
    }

    #[test]
    fn bare_digits_are_a_tag() {
        assert!(matches!("412".parse(), Ok(Earlier::Reference(_))));
        assert_eq!("#412".parse(), Ok(Earlier::Change(ChangeNumber(412))));
        assert_eq!("#x".parse::<Earlier>(), Err(NotAValue));
    }

    #[test]
    fn names_of_commands_are_those_of_the_table() {
        assert_eq!("deploy".parse::<CommandName>().map(CommandName::as_str), Ok("deploy"));
        assert_eq!("/change release".parse::<CommandName>().map(CommandName::as_str), Ok("change release"));
        assert_eq!("change".parse::<CommandName>().map(CommandName::as_str), Ok("change release"));
        assert_eq!("depoly".parse::<CommandName>(), Err(NotAValue));
    }
}
