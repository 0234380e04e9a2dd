//! The environment of the process: its variables are read here and nowhere else.

use std::env;
use std::path::PathBuf;

use state::catalogue::Language;
use state::zone::Zone;

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

/// The language of whoever starts the process, by the locale of their terminal.
pub fn language() -> Language {
    // The first that is set counts; one that is empty is not set.
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find(|name| is_set(name)).and_then(variable);
    language_of(locale.as_deref().unwrap_or_default())
}

fn language_of(locale: &str) -> Language {
    if locale.starts_with("zh") { Language::Chinese } else { Language::English }
}

/// The time zone of this machine, or of this process, where it has a name.
pub fn zone() -> Option<String> {
    let here = variable("TZ").filter(|zone| !zone.is_empty()).or_else(|| {
        let link = std::fs::read_link("/etc/localtime").ok()?;
        Some(link.to_str()?.split_once("/zoneinfo/")?.1.to_owned())
    });
    here.map(|zone| zone.trim_start_matches(':').to_owned()).filter(|zone| Zone::named(zone).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_chooses_the_language() {
        assert_eq!(language_of("zh_CN.UTF-8"), Language::Chinese);
        assert_eq!(language_of("zh"), Language::Chinese);
        assert_eq!(language_of("de_DE.UTF-8"), Language::English);
        assert_eq!(language_of("nonsense"), Language::English);
        assert_eq!(language_of(""), Language::English);
    }
}
