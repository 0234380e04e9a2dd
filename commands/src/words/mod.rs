//! All words that people read, in every language, filled from typed facts.
//!
//! The sentences are Fluent messages in `commands/locales`. A fact is put in as a placeholder character and comes out as a
//! piece of its own, so that a front end can show a moment in its reader's zone and escape what came from outside. What
//! came from outside never passes through Fluent, and can't be taken for anything else.
//!
//! Not here: which facts a message is made of (`cards`), and how it is drawn (`plain`, the front ends).

mod argument;
mod check;
mod duration;
pub mod moment;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use state::catalogue::Language;
use unic_langid::LanguageIdentifier;

use crate::card::{Span, Text, width};
pub use argument::Arg;
use argument::Piece;

/// The first placeholder character. There are as many as a message has variables.
const PLACEHOLDERS: char = '\u{e000}';

/// How wide a first line may be: with the emoji before it, a phone's lock screen shows 60 characters.
pub const FIRST_LINE_AT_MOST: usize = 57;

/// The words of one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

/// Fills a message from facts: `say!(words, "change-accepted", target = &target, number = number)`.
macro_rules! say {
    ($words:expr, $key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $words.text($key, vec![$((stringify!($name), $crate::words::Arg::from($value))),*])
    };
}

/// The same for a first line: what is too long in it is cut.
macro_rules! say_first {
    ($words:expr, $key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $words.first_line($key, vec![$((stringify!($name), $crate::words::Arg::from($value))),*])
    };
}

pub(crate) use {say, say_first};

impl Words {
    /// The words of a language.
    pub fn get(language: Language) -> &'static Self {
        static ALL: LazyLock<Vec<Words>> = LazyLock::new(|| Language::ALL.map(Words::load).into());
        ALL.iter().find(|words| words.language == language).expect("all languages are loaded")
    }

    /// Holds the languages against each other: the same messages with the same variables in all of them. Says what is
    /// wrong, which is nothing unless a build was broken.
    pub fn check() -> Vec<String> {
        check::faults()
    }

    fn load(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks are for mixing writing directions; front ends and terminals show them as rubbish.
        bundle.set_use_isolating(false);
        for (_, source) in check::sources(language) {
            // What can be read of a broken file serves; `check` says what can't.
            let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        Self { language, bundle }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether there is such a message.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// Fills a message.
    pub fn text(&self, key: &str, arguments: Vec<(&'static str, Arg)>) -> Text {
        Text::of_spans(self.pieces(key, arguments).into_iter().map(|piece| piece.span))
    }

    /// Fills a message that is a first line: names and what came from outside are cut so that the whole fits.
    pub fn first_line(&self, key: &str, arguments: Vec<(&'static str, Arg)>) -> Text {
        let mut pieces = self.pieces(key, arguments);
        argument::cut_to(&mut pieces, FIRST_LINE_AT_MOST);
        Text::of_spans(pieces.into_iter().map(|piece| piece.span))
    }

    /// A message without facts, as it is.
    pub fn plain(&self, key: &str) -> String {
        self.text(key, Vec::new()).to_string()
    }

    fn pieces(&self, key: &str, arguments: Vec<(&'static str, Arg)>) -> Vec<Piece> {
        let mut values = FluentArgs::new();
        let mut held: Vec<Vec<Piece>> = Vec::new();
        for (name, argument) in arguments {
            let value = match argument {
                Arg::Choice(choice) => FluentValue::from(choice),
                // A count goes in as it is, for languages that have plurals.
                Arg::Number(number) => FluentValue::from(number),
                other => {
                    let placeholder = placeholder(held.len());
                    held.push(other.into_pieces(self));
                    FluentValue::from(placeholder.to_string())
                }
            };
            values.set(name, value);
        }
        let mut errors = Vec::new();
        let pattern = self.bundle.get_message(key).and_then(|message| message.value());
        let filled = pattern.map(|pattern| self.bundle.format_pattern(pattern, Some(&values), &mut errors));
        debug_assert!(filled.is_some(), "no message {key} in {}", self.language.tag());
        debug_assert!(errors.is_empty(), "{key} in {}: {errors:?}", self.language.tag());
        // A message that is missing from a release says at least what it would have been about.
        let filled = filled.unwrap_or_else(|| key.into());
        let mut pieces = put_back(&filled, held);
        if self.language == Language::Chinese {
            argument::close_up(&mut pieces);
        }
        pieces
    }
}

fn placeholder(number: usize) -> char {
    u32::try_from(number).ok().and_then(|number| char::from_u32(PLACEHOLDERS as u32 + number)).unwrap_or('\u{f8ff}')
}

/// Puts the pieces in the place of their placeholders. A piece may be wanted twice, or not at all.
fn put_back(filled: &str, held: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut words = String::new();
    for c in filled.chars() {
        let number = (c as u32).checked_sub(PLACEHOLDERS as u32).and_then(|number| usize::try_from(number).ok());
        let Some(held) = number.and_then(|number| held.get(number)) else {
            words.push(c);
            continue;
        };
        if !words.is_empty() {
            pieces.push(Piece::fixed(Span::Words(std::mem::take(&mut words))));
        }
        pieces.extend(held.iter().cloned());
    }
    if !words.is_empty() {
        pieces.push(Piece::fixed(Span::Words(words)));
    }
    pieces
}

/// The width of a text as it is drawn where no reader is known.
pub(crate) fn width_of(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| width(&piece.span.to_string())).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use state::lock::Scope;
    use state::names::{PersonName, TargetName};

    use super::*;
    use crate::card::TimeStyle;

    fn english() -> &'static Words {
        Words::get(Language::English)
    }

    #[test]
    fn every_message_is_in_both_languages_with_the_same_variables() {
        assert_eq!(Words::check(), Vec::<String>::new());
    }

    /// Keys that are put together where they are used.
    const PUT_TOGETHER: [&str; 4] = ["command-", "month-", "weekday-", "outcome-"];

    #[test]
    fn every_message_is_used_somewhere() {
        let mut code = String::new();
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    code.push_str(&std::fs::read_to_string(path).expect("a file"));
                }
            }
        }
        for (file, source) in check::sources(Language::English) {
            for line in source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
                let key = line.split(" =").next().unwrap_or_default();
                let put_together = PUT_TOGETHER.iter().any(|begin| key.starts_with(begin));
                assert!(put_together || code.contains(&format!("\"{key}\"")), "nobody uses {key} of {file}.ftl");
            }
        }
    }

    #[test]
    fn facts_come_out_as_pieces_of_their_own() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let reason = "{ $x } \u{e001} <@1> *a*".to_owned();
        let by = PersonName::new("lin").expect("a name");
        let text = say!(
            english(),
            "lock-row",
            reason = Arg::Outside(reason.clone()),
            since = Arg::Time(at, TimeStyle::Full),
            end = "no end set",
            by = &by,
            scope = &Scope::All,
        );
        assert_eq!(
            text.0,
            [
                Span::Words("everything: ".to_owned()),
                Span::Outside(reason),
                Span::Words(" (".to_owned()),
                Span::Person(by),
                Span::Words(", ".to_owned()),
                Span::Time(at, TimeStyle::Full),
                Span::Words(", no end set)".to_owned()),
            ]
        );
    }

    #[test]
    fn first_lines_are_cut_where_they_can_be() {
        let target = TargetName {
            service: "a".repeat(63).parse().expect("a name"),
            environment: "prod".parse().expect("a name"),
        };
        let line = say_first!(english(), "refusal-locked", target = &target).to_string();
        assert_eq!(width(&line), FIRST_LINE_AT_MOST, "{line}");
        assert!(line.ends_with("… → prod is locked"), "the short name is left alone: {line}");
        let chinese = Words::get(Language::Chinese);
        let wide = Arg::Outside("数据库".repeat(30));
        let line = say_first!(chinese, "refusal-unknown-command", typed = wide).to_string();
        assert!(width(&line) <= FIRST_LINE_AT_MOST && line.contains('…'), "{line}");
    }

    #[test]
    fn durations_are_in_the_units_of_people() {
        let shown = |language, seconds| Words::get(language).duration(Duration::from_secs(seconds));
        let both = |seconds| (shown(Language::English, seconds), shown(Language::Chinese, seconds));
        for (seconds, english, chinese) in [
            (0, "0 s", "0 秒"),
            (50, "50 s", "50 秒"),
            (120, "2 min", "2 分钟"),
            (312, "5 min 12 s", "5 分 12 秒"),
            (3600, "1 h", "1 小时"),
            (5430, "1 h 30 min", "1 小时 30 分"),
            (86_400, "1 day", "1 天"),
            (6 * 86_400 + 7200, "6 days 2 h", "6 天 2 小时"),
            (20 * 86_400 + 7200, "20 days", "20 天"),
        ] {
            assert_eq!(both(seconds), (english.to_owned(), chinese.to_owned()));
        }
        assert_eq!(english().about(Duration::from_secs(172)), "3 min");
    }
}
