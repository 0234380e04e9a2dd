//! `rotabot.toml`: the catalogue, and what only the bot needs to know. Read once, with every fault of it told at once.
//!
//! The file holds no secret; where secrets are is in it, reading them is in `secret`. Nothing is reached here: whether
//! clusters and registries answer is another question than whether the file is right.

mod environments;
mod fault;
mod keys;
mod known;
mod people;
mod reach;
mod report;
mod schema;
mod secrets;
mod section;
mod services;
mod source;
mod value;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use state::catalogue::{Catalogue, Language};
use state::names::{ClusterName, PersonName};
use state::zone;
use toml::de::DeTable;

pub use self::fault::{Fault, Finding, Warning};
pub use self::reach::{ClusterAccess, Login, Need, RegistryAccess, Username};
pub use self::schema::schema;
pub use self::source::Place;

use self::known::Known;
use self::reach::Folders;
use self::report::{Findings, Report};
use self::section::Section;
use self::services::Surroundings;
use self::source::Source;
use crate::bounded;
use crate::version;

/// Everything that the file says, validated: every name that is referred to exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The company: what the engine works with.
    pub catalogue: Catalogue,
    /// How each cluster is reached; there is one entry for every cluster that an environment names.
    pub clusters: BTreeMap<ClusterName, ClusterAccess>,
    /// How each registry is reached, by host and port.
    pub registries: BTreeMap<String, RegistryAccess>,
    /// The people in whose name others may speak on the console.
    pub may_be_spoken_for: BTreeSet<PersonName>,
    /// How long ended changes are kept.
    pub keep_history: Duration,
    /// How the log is written, unless the command line says otherwise.
    pub log: Log,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// How much is written to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// What is to be read, and what its reading depends on.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The config file.
    pub file: &'a Path,
    /// The data folder, for the length of the socket's path.
    pub data: &'a Path,
    /// What `~/` stands for.
    pub home: Option<&'a Path>,
    /// Who has left by now.
    pub today: NaiveDate,
}

/// A config without faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Finding<Warning>>,
    /// What `rotabot run` reads beside the file.
    pub needs: Vec<Finding<Need>>,
}

/// A config with faults: all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulty {
    pub faults: Vec<Finding<Fault>>,
    pub warnings: Vec<Finding<Warning>>,
    /// What `rotabot run` reads beside the file, as far as the file could be read.
    pub needs: Vec<Finding<Need>>,
}

/// The name of the socket in the data folder.
pub const SOCKET: &str = "rotabot.sock";

/// The longest path of a socket, in bytes: 108 with the zero at its end.
const LONGEST_SOCKET_PATH: usize = 107;

/// The longest config file, in bytes: a hundred times what the greatest company needs.
const LONGEST_FILE: u64 = 16 << 20;

/// Reads the config file.
pub fn load(request: &Request<'_>) -> Result<Loaded, Faulty> {
    let one = |place, what| Faulty { faults: vec![Finding { place, what }], warnings: Vec::new(), needs: Vec::new() };
    let whole = |what| one(Place::File(request.file.to_owned()), what);
    let bytes = bounded::read(request.file, LONGEST_FILE).map_err(|why| {
        whole(match why.kind() {
            ErrorKind::NotFound => Fault::NoFile,
            _ => Fault::Unreadable { why: why.to_string() },
        })
    })?;
    match str::from_utf8(&bytes) {
        Ok(text) => read(text, request),
        Err(why) => {
            let good = str::from_utf8(&bytes[..why.valid_up_to()]).unwrap_or_default();
            let place = Source { path: request.file, text: good }.place(good.len());
            Err(one(place, Fault::NotUtf8))
        }
    }
}

/// Reads a config from its text.
pub fn read(text: &str, request: &Request<'_>) -> Result<Loaded, Faulty> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let report = Report::new(Source { path: request.file, text }, !errors.is_empty());
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        report.fault(at, Fault::Syntax { message: error.message().to_owned() });
    }
    let config = config(document.get_ref(), request, &report);
    let Findings { faults, warnings, needs } = report.into_findings();
    match config {
        Some(config) if faults.is_empty() => Ok(Loaded { config, warnings, needs }),
        _ => Err(Faulty { faults, warnings, needs }),
    }
}

fn config<'a>(document: &'a DeTable<'a>, request: &Request<'_>, report: &'a Report<'a>) -> Option<Config> {
    let root = Section::new("the top of the file".into(), 0, &keys::ROOT, document, report);
    let known = Known::gathered(document);
    let here = request.file.parent().unwrap_or(Path::new(""));
    let folders = Folders { config: here, home: request.home };

    let language = root.choice("language", environments::LANGUAGES).unwrap_or(Language::English);
    let clusters = reach::clusters(&root, folders);
    let registries = reach::registries(&root, folders);
    let channels = environments::channels(&root, language);
    let environments = environments::environments(&root, &known);
    let people = people::people(&root, language);
    let around = Surroundings {
        known: &known,
        environments: &environments,
        registries: &registries,
        people: &people,
        today: request.today,
    };
    let services = services::services(&root, &around);
    let on_call = people::on_call(&root, &known, &people, request.today);
    let may_be_spoken_for = root.section("console").map(|console| {
        let what = "others may still speak in their name";
        let named = people::named(&console, "as", what, &known, &people, request.today);
        console.finish();
        named.into_iter().collect()
    });
    let keep_history = root.section("history").map(|history| {
        let keep = history.duration("keep");
        history.finish();
        keep
    });
    let log = root.section("log").and_then(|section| log(&section));
    root.finish();

    people::note_no_admin(&root, &people, request.today);
    if !root.has("services") {
        report.warn_whole(Warning::NoServices);
    }
    note_beside(request, report);
    let catalogue = Catalogue {
        services,
        environments,
        people,
        on_call,
        channel_language: language,
        channels,
        registries: registries.keys().cloned().collect(),
    };
    Some(Config {
        catalogue,
        clusters,
        registries,
        may_be_spoken_for: may_be_spoken_for?,
        keep_history: keep_history?,
        log: log?,
    })
}

fn log(section: &Section<'_>) -> Option<Log> {
    let format = section.choice("format", &[("text", LogFormat::Text), ("json", LogFormat::Json)]);
    let levels = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    let level = section.choice("level", &levels);
    section.finish();
    Some(Log { format: format?, level: level? })
}

/// What is not in the file and still keeps rotabot from starting, or from being right.
fn note_beside(request: &Request<'_>, report: &Report<'_>) {
    let socket: PathBuf = request.data.join(SOCKET);
    let bytes = socket.as_os_str().len();
    if bytes > LONGEST_SOCKET_PATH {
        let fault = Fault::SocketPath { path: socket.display().to_string(), bytes, most: LONGEST_SOCKET_PATH };
        report.fault_at(Place::Beside("--data"), fault);
    }
    if version::zones_are_old(request.today) {
        report.warn_whole(Warning::OldZones { edition: zone::edition() });
    }
}
