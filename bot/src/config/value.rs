//! Single values: durations, addresses, and how a value is spoken of.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use toml::de::DeValue;

/// A duration such as `90s`, `10m`, `1h30m` or `400d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes().get(digits)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then(|| Duration::from_secs(seconds))
}

/// What a text is as a web address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    Good,
    /// It holds a password.
    Password,
    Bad,
}

pub(super) fn address(text: &str) -> Address {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return Address::Bad;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (login, host) = host.rsplit_once('@').unwrap_or(("", host));
    if login.contains(':') {
        return Address::Password;
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"`".contains(c);
    if host.is_empty() || text.chars().any(odd) { Address::Bad } else { Address::Good }
}

pub(super) fn is_variable(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.chars().next().is_some_and(first) && text.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// A Discord id. They hold a time in their upper bits: real ones have had 17 digits since 2015.
pub(super) fn discord_id(text: &str) -> Option<u64> {
    (text.chars().all(|c| c.is_ascii_digit()) && (15..=20).contains(&text.len())).then(|| text.parse().ok()).flatten()
}

/// A host with or without a port, as images name it.
pub(super) fn is_registry_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    // Without a dot or a port the first part of an image's name is a folder, unless it is `localhost`.
    let told_apart = name.contains('.') || port.is_some() || name == "localhost";
    told_apart && name.split('.').all(label) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// A text made into a name, if that is possible: `Shop API` becomes `shop-api`.
pub(super) fn as_name(text: &str) -> Option<String> {
    let spoken: String =
        text.to_lowercase().chars().map(|c| if c == '_' || c.is_whitespace() { '-' } else { c }).collect();
    let name = spoken.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (!name.is_empty() && name != text).then(|| name.to_owned())
}

/// A name as a key of TOML.
pub(super) fn quoted(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { format!("{name:?}") }
}

/// What a value is, in words.
pub(super) fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The value that a default's text stands for. Defaults are few and written in this program, so each is read once and
/// kept as long as the program runs.
pub(super) fn of_default(text: &'static str) -> Option<&'static DeValue<'static>> {
    static READ: LazyLock<Mutex<HashMap<&'static str, &'static DeValue<'static>>>> = LazyLock::new(Mutex::default);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(value) = read.get(text) {
        return Some(value);
    }
    let value: &'static DeValue<'static> = Box::leak(Box::new(DeValue::parse(text).ok()?.into_inner()));
    read.insert(text, value);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let seconds = |text| duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("400d"), Some(34_560_000));
        assert_eq!(seconds("0s"), Some(0));
        for bad in
            ["", "90", "s", "1.5h", "-1s", "10 m", "10m ", "1y", "99999999999999999999s", "9999999999999999d", "5分"]
        {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(address("https://wiki.example/runbooks/api?x=1#top"), Address::Good);
        assert_eq!(address("https://lin:hunter2@wiki.example/"), Address::Password);
        for bad in ["wiki.example", "ftp://wiki.example", "https://", "https:///x", "https://a b"] {
            assert_eq!(address(bad), Address::Bad, "{bad}");
        }
    }

    #[test]
    fn hosts_of_registries() {
        for good in ["registry.example", "registry.example:5000", "localhost", "localhost:5000", "registry:5000"] {
            assert!(is_registry_host(good), "{good}");
        }
        for bad in [
            "",
            "shop",
            "Registry.example",
            "registry.example/shop",
            "https://registry.example",
            "a.b:0",
            "a..b",
            "a.b:x",
        ] {
            assert!(!is_registry_host(bad), "{bad}");
        }
    }

    #[test]
    fn texts_made_into_names() {
        assert_eq!(as_name("Shop API").as_deref(), Some("shop-api"));
        assert_eq!(as_name("_api_").as_deref(), Some("api"));
        assert_eq!(as_name("商店"), None);
    }
}
