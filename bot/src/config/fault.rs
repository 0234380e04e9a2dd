//! Everything that can be wrong with a config, and what to do about it: all sentences that `rotabot check` can say.
//!
//! They are English in every language, like the file that they are about. No sentence repeats a value that could be a
//! secret. Finding faults is not here.

use std::fmt;
use std::time::Duration;

use chrono::NaiveDate;
use state::names::NameError;

use super::source::Place;

/// Something that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<What> {
    pub place: Place,
    pub what: What,
}

/// What keeps rotabot from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("there is no such file")]
    NoFile,
    #[error("the file can't be read: {why}")]
    Unreadable { why: String },
    #[error("the file is not UTF-8")]
    NotUtf8,
    #[error("this is not TOML: {message}")]
    Syntax { message: String },
    #[error("{key:?} is no key of {table}")]
    UnknownKey { key: String, table: String, nearest: Option<String>, home: Option<String>, known: Vec<&'static str> },
    #[error("{key:?} would put a secret into a file that others read")]
    SecretInFile { key: String, instead: Vec<String> },
    #[error("{key:?} holds a password inside the address")]
    PasswordInAddress { key: String },
    #[error("{key:?} must be {wanted}, and here is {found}")]
    WrongType { key: String, wanted: String, found: &'static str, write: Option<String> },
    #[error("{table} must be a table, and here is {found}")]
    NotATable { table: String, found: &'static str, write: String },
    #[error("{table} needs {key:?}, which is {wanted}")]
    Missing { key: String, table: String, wanted: String, about: &'static str },
    #[error("{key:?} is empty")]
    Empty { key: String },
    #[error("{text:?} can't be the name of {} {what}: it {why}", article(.what))]
    NotAName { what: String, text: String, why: NameError, write: Option<String> },
    #[error("{key:?} is {text:?}, which is no duration")]
    NotADuration { key: String, text: String },
    #[error("{key:?} is {text:?}, outside what is allowed: {} to {}", human(.least), human(.most))]
    OutOfRange { key: String, text: String, least: Duration, most: Duration },
    #[error("{key:?} is {text:?}, which is none of its words")]
    NotAChoice { key: String, text: String, nearest: Option<String>, known: &'static [&'static str] },
    #[error("{kind} is not there yet as a kind of workload")]
    KindNotYet { kind: String },
    #[error("{text:?} is no time zone")]
    NotAZone { text: String, nearest: Option<String> },
    #[error("{key:?} is no day of the calendar")]
    NotADay { key: String },
    #[error("{key:?} is {text:?}, which is no web address")]
    NotAnAddress { key: String, text: String },
    #[error("{text:?} is no repository of images")]
    NotARepository { text: String },
    #[error("{text:?} names one image, and here belongs the repository of all of them")]
    RepositoryWithTag { text: String, without: String },
    #[error("{text:?} is no host of a registry")]
    NotAHost { text: String, write: Option<String> },
    #[error("{key:?} is not the name of an environment variable")]
    NotAVariable { key: String },
    #[error("{key:?} is no Discord id")]
    NotADiscordId { key: String },
    #[error("there is no {what} {text:?}")]
    Unknown { what: &'static str, text: String, nearest: Option<String>, known: Vec<String>, declared_as: String },
    #[error("{table} doesn't say which {what} it means")]
    WhichOne { table: String, what: &'static str, known: Vec<String>, declared_as: String },
    #[error("nobody has the role {role:?}")]
    NobodyHasRole { role: String, nearest: Option<String>, known: Vec<String> },
    #[error("{role:?} can't be a role: in `allow` the word means something else")]
    ReservedRole { role: String },
    #[error("{table} can't have both {first:?} and {second:?}")]
    BothGiven { table: String, first: &'static str, second: &'static str, why: &'static str },
    #[error("{table} has {given:?} without {other}")]
    NeedsAlso { table: String, given: &'static str, other: &'static str },
    #[error("{workload} of {service} in {environment} is also a workload of {other} ({place})")]
    SameWorkload { workload: String, service: String, environment: String, other: String, place: Place },
    #[error(
        "{environment} and {other} are both in namespace {namespace} of {cluster}, so {workload} of {service} would be in both"
    )]
    SameNamespace {
        environment: String,
        other: String,
        namespace: String,
        cluster: String,
        workload: String,
        service: String,
    },
    #[error("{workload} is listed twice for {service} in {environment}")]
    WorkloadTwice { workload: String, service: String, environment: String },
    #[error("the containers of {table} name none")]
    NoContainers { table: String },
    #[error("{service} has no workloads in {environment}")]
    NoWorkloads { service: String, environment: String },
    #[error("{service} says what differs in {environment}, where it doesn't run")]
    NotPlaced { service: String, environment: String },
    #[error("clusters {cluster} and {other} are the same cluster ({place})")]
    SameCluster { cluster: String, other: String, place: Place },
    #[error("{person} and {other} have the same {account} account ({place})")]
    SameAccount { account: &'static str, person: String, other: String, place: Place },
    #[error("{person}, who is on call, left on {day}")]
    OnCallLeft { person: String, day: NaiveDate },
    #[error("the socket's path would have {bytes} bytes, and no system takes more than {most}: {path}")]
    SocketPath { path: String, bytes: usize, most: usize },
}

impl Fault {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Fault::Unreadable { .. } => None,
            Fault::NoFile => Some(
                "give the file with --config or ROTABOT_CONFIG; rotabot.example.toml is one to start from".into(),
            ),
            Fault::NotUtf8 => Some("save it as UTF-8".into()),
            Fault::Syntax { message } => syntax_hint(message),
            Fault::UnknownKey { nearest: Some(nearest), .. } => did_you_mean(nearest),
            Fault::UnknownKey { key, home: Some(home), .. } => Some(format!("{key:?} belongs to {home}")),
            Fault::UnknownKey { known, .. } => listed("its keys are", known),
            Fault::SecretInFile { instead, .. } if instead.is_empty() => {
                Some("take it out, and give the secret a new value if the file was ever shared; nothing here needs one".into())
            }
            Fault::SecretInFile { instead, .. } => Some(format!(
                "use {}, and give the secret a new value if the file was ever shared",
                instead.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(" or ")
            )),
            Fault::PasswordInAddress { .. } => Some("leave out what stands before the @".into()),
            Fault::NotATable { write, .. } => Some(format!("write {write}")),
            Fault::WrongType { write, .. } => write.as_ref().map(|write| format!("write {write}")),
            Fault::Missing { about, .. } => Some((*about).into()),
            Fault::Empty { .. } => Some("give it a value, or leave the key out".into()),
            Fault::NotAName { write, .. } | Fault::NotAHost { write, .. } => {
                write.as_ref().map(|write| format!("write {write:?}"))
            }
            Fault::NotADuration { .. } => Some("write a number and s, m, h or d: \"90s\", \"10m\", \"1h30m\", \"400d\"".into()),
            Fault::OutOfRange { .. } => None,
            Fault::NotAChoice { nearest: Some(nearest), .. } => did_you_mean(nearest),
            Fault::NotAChoice { known, .. } => listed("its words are", known),
            Fault::KindNotYet { .. } => Some("only Deployments are; leave this workload out until then".into()),
            Fault::NotAZone { nearest: Some(nearest), .. } => did_you_mean(nearest),
            Fault::NotAZone { .. } => Some("write it as continent and city, such as \"Asia/Shanghai\" or \"Europe/Berlin\"".into()),
            Fault::NotADay { .. } => Some("write year, month and day: 2026-11-30".into()),
            Fault::NotAnAddress { .. } => Some("write it with https:// or http:// in front".into()),
            Fault::NotARepository { .. } => {
                Some("write host and path in small letters, without https://: \"registry.example/shop/api\"".into())
            }
            Fault::RepositoryWithTag { without, .. } => Some(format!("write {without:?}; which image it is, the deploy says")),
            Fault::NotAVariable { .. } => Some(
                "write the variable's name, such as \"REGISTRY_PASSWORD\"; if this was the secret itself, give it a new value".into(),
            ),
            Fault::NotADiscordId { .. } => Some(
                "it is a long number: in Discord turn on developer mode, then right-click the person and copy the id".into(),
            ),
            Fault::Unknown { nearest: Some(nearest), .. } | Fault::NobodyHasRole { nearest: Some(nearest), .. } => {
                did_you_mean(nearest)
            }
            Fault::Unknown { known, declared_as, .. } if known.is_empty() => Some(format!("add {declared_as}")),
            Fault::WhichOne { what, declared_as, known, .. } if known.is_empty() => {
                Some(format!("there is no {what} yet: add {declared_as}"))
            }
            Fault::WhichOne { what, known, .. } => {
                Some(format!("there are {}: write {what} = \"NAME\"", known.join(", ")))
            }
            Fault::Unknown { known, declared_as, .. } => {
                Some(format!("add {declared_as}, or take one of these: {}", known.join(", ")))
            }
            Fault::NobodyHasRole { role, known, .. } => {
                let known = if known.is_empty() { "nobody has any yet".into() } else { format!("there are {}", known.join(", ")) };
                Some(format!("{known}; give it to somebody with roles = [{role:?}], or name one person as \"person:NAME\""))
            }
            Fault::ReservedRole { .. } => Some("choose another name".into()),
            Fault::BothGiven { why, .. } => Some((*why).into()),
            Fault::NeedsAlso { other, given, .. } => Some(format!("add {other}, or leave {given:?} out")),
            Fault::SameWorkload { .. } => {
                Some("one workload belongs to one service in one environment; take it out of one of them".into())
            }
            Fault::SameNamespace { service, environment, .. } => Some(format!(
                "give the environments different namespaces, or say what differs under [services.{service}.in.{environment}]"
            )),
            Fault::WorkloadTwice { .. } => Some("put all its containers into one of them".into()),
            Fault::NoContainers { .. } => {
                Some("name the container and its repository: containers = { api = \"registry.example/shop/api\" }".into())
            }
            Fault::NoWorkloads { service, environment } => Some(format!(
                "add `workloads`, or [services.{service}.in.{environment}] with its own, or leave {environment} out: environments = [\"…\"]"
            )),
            Fault::NotPlaced { environment, .. } => Some(format!("add {environment:?} to its `environments`, or take this out")),
            Fault::SameCluster { .. } => Some("keep one of them: a cluster known by two names would be changed twice at once".into()),
            Fault::SameAccount { .. } => Some("an account tells who is speaking, so it is one person's; take it from the other, also if they left".into()),
            Fault::OnCallLeft { .. } => Some("name somebody who is here".into()),
            Fault::SocketPath { .. } => Some("choose a data folder with a shorter path, with --data or ROTABOT_DATA".into()),
        }
    }
}

/// What is allowed and probably not meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("there are no services, so there is nothing to deploy")]
    NoServices,
    #[error("{service} runs in no environment")]
    RunsNowhere { service: String },
    #[error("nobody has the role \"admin\"")]
    NoAdmin,
    #[error("nobody is on call")]
    NobodyOnCall,
    #[error("{person} left on {day}, and {role}")]
    StillNamed { person: String, day: NaiveDate, role: &'static str },
    #[error("{person} can't be known by anything")]
    NoAccount { person: String },
    #[error("digests of images from {host} can't be checked: it is not among the registries")]
    RegistryNotListed { host: String, nearest: Option<String> },
    #[error("digests of {repository} can't be checked: it doesn't say its registry")]
    NoRegistry { repository: String },
    #[error("the password for {host} is sent in the clear")]
    PasswordInClear { host: String },
    #[error(
        "{table}: a certain sign of failure must stay for {}, and the deadline strikes after {}: it never ends a rollout early",
        human(certain_after),
        human(progress_deadline)
    )]
    SignsComeTooLate { table: String, certain_after: Duration, progress_deadline: Duration },
    #[error("{table}: without a stability window a release that crashes right after it was ready counts as verified")]
    NoWindow { table: String },
    #[error("{table} has {key:?}, but nobody is ever asked there: after a failure it holds")]
    NobodyIsAsked { table: String, key: &'static str },
    #[error("the time zone data of this rotabot ({edition}) is older than a year")]
    OldZones { edition: &'static str },
}

impl Warning {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Warning::NoServices => Some("add [services.NAME]".into()),
            Warning::RunsNowhere { .. } => {
                Some("add [environments.NAME], or name some in its `environments`, or leave the service out".into())
            }
            Warning::NoAdmin => {
                Some("give it to somebody: roles = [\"admin\"]; nobody else can free a parked change".into())
            }
            Warning::NobodyOnCall => Some(
                "add [on_call] with person = \"NAME\"; what `allow` gives to \"on-call\" is nobody's until then".into(),
            ),
            Warning::StillNamed { .. } => Some("name somebody who is here".into()),
            Warning::NoAccount { .. } => Some("add unix = \"USER\", so that the console knows them".into()),
            Warning::RegistryNotListed { nearest: Some(nearest), .. } => did_you_mean(nearest),
            Warning::RegistryNotListed { host, .. } => Some(format!("add [registries.{host:?}]")),
            Warning::NoRegistry { repository } => {
                Some(format!("write the host in front, such as \"registry.example/{repository}\""))
            }
            Warning::PasswordInClear { .. } => {
                Some("speak TLS to it: leave plain_http out, and name its authority with ca_file".into())
            }
            Warning::SignsComeTooLate { .. } => {
                Some("make \"certain_after\" shorter, or \"progress_deadline\" longer".into())
            }
            Warning::NoWindow { .. } => Some("give it some time: stability_window = \"60s\"".into()),
            Warning::NobodyIsAsked { key, .. } => Some(format!("leave {key:?} out, or write after_failure = \"ask\"")),
            Warning::OldZones { .. } => Some(
                "take a newer rotabot, or handoffs may be an hour off where a government changed its clocks".into(),
            ),
        }
    }
}

impl<What: fmt::Display> Finding<What> {
    /// The finding with its hint, in as many lines as it needs.
    pub fn told(&self, prefix: &str, hint: Option<String>) -> String {
        let hint = hint.map(|hint| format!("\n    {hint}")).unwrap_or_default();
        format!("{}: {prefix}{}{hint}", self.place, self.what)
    }
}

fn did_you_mean(nearest: &str) -> Option<String> {
    Some(format!("did you mean {nearest:?}?"))
}

fn listed(lead: &str, known: &[&str]) -> Option<String> {
    (!known.is_empty()).then(|| format!("{lead} {}", known.join(", ")))
}

fn syntax_hint(message: &str) -> Option<String> {
    let hints = [
        ("duplicate key", "give each key once; tables of the same name are one table"),
        ("must be quoted", "texts stand in quotes, and true and false stand without: name = \"api\""),
        ("string", "close the quotes that this text begins with: name = \"api\""),
        ("key", "TOML writes name = \"value\", and [table] on a line of its own for what belongs together"),
    ];
    hints.iter().find(|(part, _)| message.contains(part)).map(|(_, hint)| (*hint).into())
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

/// A duration as the file writes it.
pub(super) fn human(duration: &Duration) -> String {
    let seconds = duration.as_secs();
    match [(86_400, "d"), (3_600, "h"), (60, "m")]
        .iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit))
    {
        Some((unit, letter)) => format!("{}{letter}", seconds / unit),
        None => format!("{seconds}s"),
    }
}
