//! Reads the values of one table as the table of keys describes them, and notes what is wrong with each.
//!
//! A value that is wrong is noted and then treated as if it were not there, so that one mistake is told once. What
//! values of different tables mean together is not here.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveDate;
use commands::command::lookup::misspelt;
use state::names::NameError;
use state::zone::{self, Zone};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::keys::{self, Key, Need, Shape, Table};
use super::report::Report;
use super::secrets;
use super::value;

/// Words that people write for a key, too far from it to be its misspelling.
const MEANT: [(&str, &str); 7] = [
    ("person", "people"),
    ("user", "people"),
    ("users", "people"),
    ("members", "people"),
    ("image", "containers"),
    ("images", "containers"),
    ("repository", "containers"),
];

/// Something that was read, and the byte where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At<T> {
    pub value: T,
    pub at: usize,
}

/// One table of the file while it is read.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// How it is written, for sentences: `[environments.prod]`.
    pub title: String,
    /// Where it begins.
    pub at: usize,
    pub report: &'a Report<'a>,
    table: &'static Table,
    entries: &'a DeTable<'a>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        title: String,
        at: usize,
        table: &'static Table,
        entries: &'a DeTable<'a>,
        report: &'a Report<'a>,
    ) -> Self {
        Self { title, at, report, table, entries, read: RefCell::default() }
    }

    /// Whether the file has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Where the key stands; where it doesn't, where the table does.
    pub(super) fn at_key(&self, key: &str) -> usize {
        self.entries.get_key_value(key).map_or(self.at, |(key, _)| key.span().start)
    }

    pub(super) fn text(&self, key: &'static str) -> Option<At<String>> {
        let (value, at) = self.value(key)?;
        self.text_of(key, value, at)
    }

    pub(super) fn flag(&self, key: &'static str) -> bool {
        let Some((value, at)) = self.value(key) else { return false };
        match value {
            DeValue::Boolean(flag) => *flag,
            other => {
                let write = match other {
                    DeValue::String(text) if matches!(text.as_ref(), "true" | "false") => Some(text.to_string()),
                    _ => None,
                };
                self.wrong_type(key, &self.key(key).shape, other, at, write);
                false
            }
        }
    }

    /// A duration; zero where it is missing or wrong, which is noted.
    pub(super) fn duration(&self, key: &'static str) -> Duration {
        let Some(text) = self.text(key) else { return Duration::ZERO };
        let Shape::Duration { least, most } = self.key(key).shape else { return Duration::ZERO };
        let key = key.to_owned();
        match value::duration(&text.value) {
            None => self.report.fault(text.at, Fault::NotADuration { key, text: text.value }),
            Some(found) if found < least || found > most => {
                self.report.fault(text.at, Fault::OutOfRange { key, text: text.value, least, most });
            }
            Some(found) => return found,
        }
        Duration::ZERO
    }

    /// One of the words that the table of keys lists, as what it stands for.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, meanings: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let Shape::Choice(known) = self.key(key).shape else { return None };
        let found = meanings.iter().find(|(word, _)| known.contains(word) && *word == text.value);
        if found.is_none() {
            let nearest = misspelt(&text.value, known.iter().copied()).map(str::to_owned);
            self.report.fault(text.at, Fault::NotAChoice { key: key.to_owned(), text: text.value, nearest, known });
        }
        found.map(|(_, meaning)| *meaning)
    }

    pub(super) fn address(&self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        match value::address(&text.value) {
            value::Address::Good => return Some(text.value),
            value::Address::Password => self.report.fault(text.at, Fault::PasswordInAddress { key: key.to_owned() }),
            value::Address::Bad => {
                self.report.fault(text.at, Fault::NotAnAddress { key: key.to_owned(), text: text.value });
            }
        }
        None
    }

    pub(super) fn variable(&self, key: &'static str) -> Option<At<String>> {
        let text = self.text(key)?;
        if value::is_variable(&text.value) {
            return Some(text);
        }
        self.report.fault(text.at, Fault::NotAVariable { key: key.to_owned() });
        None
    }

    pub(super) fn zone(&self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        if Zone::named(&text.value).is_ok() {
            return Some(text.value);
        }
        // Short names are abbreviations, and an abbreviation near another is another part of the world.
        let names = zone::names();
        let cities = names.iter().map(String::as_str).filter(|name| name.contains('/'));
        let nearest = misspelt(&text.value, cities).map(str::to_owned);
        self.report.fault(text.at, Fault::NotAZone { text: text.value, nearest });
        None
    }

    pub(super) fn day(&self, key: &'static str) -> Option<NaiveDate> {
        let (value, at) = self.value(key)?;
        let text = match value {
            DeValue::Datetime(moment) if moment.time.is_none() => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            other => {
                self.wrong_type(key, &self.key(key).shape, other, at, None);
                return None;
            }
        };
        let day = text.parse().ok();
        if day.is_none() {
            self.report.fault(at, Fault::NotADay { key: key.to_owned() });
        }
        day
    }

    pub(super) fn discord_id(&self, key: &'static str) -> Option<At<u64>> {
        let (value, at) = self.value(key)?;
        let text = match value {
            DeValue::Integer(number) => number.to_string(),
            DeValue::String(text) => text.to_string(),
            other => {
                self.wrong_type(key, &self.key(key).shape, other, at, None);
                return None;
            }
        };
        match value::discord_id(&text) {
            Some(value) => Some(At { value, at }),
            None => {
                self.report.fault(at, Fault::NotADiscordId { key: key.to_owned() });
                None
            }
        }
    }

    pub(super) fn name<N: FromStr<Err = NameError>>(&self, key: &'static str, what: &str) -> Option<At<N>> {
        self.as_name(self.text(key)?, what)
    }

    /// A text as a name.
    pub(super) fn as_name<N: FromStr<Err = NameError>>(&self, text: At<String>, what: &str) -> Option<At<N>> {
        match text.value.parse() {
            Ok(value) => Some(At { value, at: text.at }),
            Err(why) => {
                let spoken = value::as_name(&text.value).unwrap_or_else(|| text.value.clone());
                let nearly = [spoken.clone(), spoken.replace('.', "-")];
                let write = nearly.into_iter().find(|write| write.parse::<N>().is_ok());
                self.report.fault(text.at, Fault::NotAName { what: what.to_owned(), text: text.value, why, write });
                None
            }
        }
    }

    /// A list of texts; those that are none are noted and left out.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<At<String>>> {
        let (value, at) = self.value(key)?;
        let shape = &self.key(key).shape;
        let DeValue::Array(items) = value else {
            let write = value.as_str().filter(|text| !secrets::is_secret(text)).map(|text| format!("[{text:?}]"));
            self.wrong_type(key, shape, value, at, write);
            return None;
        };
        let defaulted = !self.has(key);
        let at = |item: &Spanned<DeValue<'_>>| if defaulted { self.at } else { item.span().start };
        Some(items.iter().filter_map(|item| self.text_of(key, item.get_ref(), at(item))).collect())
    }

    /// A table from names to texts.
    pub(super) fn pairs(&self, key: &'static str) -> Option<Vec<(At<String>, At<String>)>> {
        let (value, at) = self.value(key)?;
        let DeValue::Table(entries) = value else {
            self.wrong_type(key, &self.key(key).shape, value, at, None);
            return None;
        };
        let pair = |(name, value): (&Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name = At { value: ToString::to_string(name.get_ref()), at: name.span().start };
            let value = self.text_of(&name.value, value.get_ref(), value.span().start)?;
            Some((name, value))
        };
        Some(in_file_order(entries).into_iter().filter_map(pair).collect())
    }

    /// A table below this one, which is empty where the file has none.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let (value, at) = self.value(key)?;
        self.section_of(key, self.below(key), value, at)
    }

    /// The tables below this one, by name, in the order of the file.
    pub(super) fn sections(&self, key: &'static str) -> Vec<(At<String>, Section<'a>)> {
        let Some((value, at)) = self.value(key) else { return Vec::new() };
        let DeValue::Table(entries) = value else {
            let write = Some(format!("{} for each, with its keys below", self.below(&format!("{key}.NAME"))));
            self.wrong_type(key, &self.key(key).shape, value, at, write);
            return Vec::new();
        };
        let section = |(name, value): (&Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name = At { value: ToString::to_string(name.get_ref()), at: name.span().start };
            let title = self.below(&format!("{key}.{}", value::quoted(&name.value)));
            let at = name.at;
            Some((name, self.section_of(key, title, value.get_ref(), at)?))
        };
        in_file_order(entries).into_iter().filter_map(section).collect()
    }

    /// The tables of a list, in their order.
    pub(super) fn rows(&self, key: &'static str) -> Option<Vec<Section<'a>>> {
        let (value, at) = self.value(key)?;
        let DeValue::Array(items) = value else {
            let write = Some(format!("[{}] for each, with its keys below", self.below(key)));
            self.wrong_type(key, &self.key(key).shape, value, at, write);
            return None;
        };
        if items.is_empty() {
            self.report.fault(at, Fault::Empty { key: key.to_owned() });
        }
        let title = self.below(key);
        let row =
            |item: &'a Spanned<DeValue<'a>>| self.section_of(key, title.clone(), item.get_ref(), item.span().start);
        Some(items.iter().filter_map(row).collect())
    }

    /// Notes every key that nobody has read. To be called when all have been.
    pub(super) fn finish(&self) {
        let read = self.read.borrow();
        for (name, value) in in_file_order(self.entries) {
            let (key, at) = (name.get_ref().as_ref(), name.span().start);
            if read.contains(key) {
                continue;
            }
            let known: Vec<&'static str> = self.table.keys.iter().map(|key| key.name).collect();
            let holds_secret = secrets::is_in(key, value.get_ref());
            let nearest = self.nearest_key(key);
            let fault = if holds_secret && nearest.is_none() {
                Fault::SecretInFile { key: key.to_owned(), instead: secrets::instead_of(key, &known) }
            } else {
                secrets::below(value.get_ref(), &mut |key, at| {
                    self.report.fault(at, Fault::SecretInFile { key: key.to_owned(), instead: Vec::new() });
                });
                let home = keys::home_of(key, value.get_ref().is_table());
                Fault::UnknownKey { key: key.to_owned(), table: self.title.clone(), nearest, home, known }
            };
            self.report.fault(at, fault);
        }
    }

    /// Looks a key up, and notes it as read. Where the file has none, its default is taken.
    fn value(&self, name: &'static str) -> Option<(&'a DeValue<'a>, usize)> {
        let key = self.key(name);
        self.read.borrow_mut().insert(key.name);
        if let Some(found) = self.entries.get(name) {
            return Some((found.get_ref(), found.span().start));
        }
        match &key.need {
            Need::Required => {
                self.missing(name);
                None
            }
            Need::Default(text) => value::of_default(text).map(|value| (value, self.at)),
            Need::Optional | Need::Otherwise(_) => None,
        }
    }

    /// Notes that a key is needed.
    pub(super) fn missing(&self, name: &'static str) {
        // A misspelt key is told where it stands; that the right one is missing goes without saying.
        let misspelt = |key: &str| self.table.key(key).is_none() && self.nearest_key(key).as_deref() == Some(name);
        if self.entries.keys().any(|key| misspelt(key.get_ref())) {
            return;
        }
        let key = self.key(name);
        let (table, wanted) = (self.title.clone(), key.shape.wanted());
        self.report.fault(self.at, Fault::Missing { key: name.to_owned(), table, wanted, about: key.about });
    }

    fn nearest_key(&self, key: &str) -> Option<String> {
        let meant = MEANT.iter().find(|(word, _)| *word == key).map(|(_, meant)| *meant);
        let meant = meant.filter(|meant| self.table.key(meant).is_some()).map(str::to_owned);
        meant.or_else(|| misspelt(key, self.table.keys.iter().map(|key| key.name)).map(str::to_owned))
    }

    fn key(&self, name: &'static str) -> &'static Key {
        match self.table.key(name) {
            Some(key) => key,
            // A mistake of this program, found by the first test that reads the table.
            None => unreachable!("{name} is read from a table that doesn't list it"),
        }
    }

    fn text_of(&self, key: &str, value: &DeValue<'_>, at: usize) -> Option<At<String>> {
        match value {
            DeValue::String(text) if text.trim().is_empty() => {
                self.report.fault(at, Fault::Empty { key: key.to_owned() });
                None
            }
            DeValue::String(text) if secrets::is_secret(text) => {
                self.report.fault(at, Fault::SecretInFile { key: key.to_owned(), instead: Vec::new() });
                None
            }
            DeValue::String(text) => Some(At { value: text.to_string(), at }),
            other => {
                let shape = self.table.key(key).map_or(&Shape::Text, |key| &key.shape);
                let shape = if let Shape::List(item) = shape { item } else { shape };
                let write = match (other, shape) {
                    (DeValue::Integer(number), Shape::Duration { .. }) => {
                        Some(format!("\"{number}s\" if these are seconds"))
                    }
                    (_, Shape::Choice(_)) => None,
                    (DeValue::Integer(number), _) => Some(format!("\"{number}\"")),
                    _ => None,
                };
                self.wrong_type(key, shape, other, at, write);
                None
            }
        }
    }

    fn section_of(&self, key: &'static str, title: String, value: &'a DeValue<'a>, at: usize) -> Option<Section<'a>> {
        let table = self.key(key).shape.table()?;
        match value {
            DeValue::Table(entries) => Some(Section::new(title, at, table, entries, self.report)),
            other => {
                let write = match self.key(key).shape {
                    Shape::Rows(_) => "{ name = \"api\", containers = { … } } in its place".to_owned(),
                    _ => {
                        let keys: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
                        format!("{title} on a line of its own, and below it: {}", keys.join(", "))
                    }
                };
                self.report.fault(at, Fault::NotATable { table: title, found: value::found(other), write });
                None
            }
        }
    }

    fn wrong_type(&self, key: &str, shape: &Shape, value: &DeValue<'_>, at: usize, write: Option<String>) {
        let fault = Fault::WrongType { key: key.to_owned(), wanted: shape.wanted(), found: value::found(value), write };
        self.report.fault(at, fault);
    }

    /// The title of what is below this table.
    fn below(&self, key: &str) -> String {
        match self.title.strip_prefix('[').and_then(|title| title.strip_suffix(']')) {
            Some(title) => format!("[{title}.{key}]"),
            None => format!("[{key}]"),
        }
    }
}

/// The entries of a table in the order of the file, which the parser's map doesn't keep.
fn in_file_order<'a>(
    entries: &'a DeTable<'a>,
) -> Vec<(&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>)> {
    let mut all: Vec<_> = entries.iter().collect();
    all.sort_by_key(|(name, _)| name.span().start);
    all
}
