//! Clusters and registries: how they are reached. Reaching them is not here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use state::names::ClusterName;

use super::fault::{Fault, Warning};
use super::section::{At, Section};
use super::source::Place;
use super::value;
use crate::secret::{SecretFault, SecretSource};

/// How a cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterAccess {
    /// By the service account of the pod that rotabot runs in.
    InCluster,
    /// By a context of a kubeconfig file; where no file is named, the one that kubectl would take.
    Kubeconfig { file: Option<PathBuf>, context: String },
}

/// How a registry is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryAccess {
    /// A PEM file with its own authority.
    pub ca_file: Option<PathBuf>,
    /// Whether it is spoken to without TLS.
    pub plain_http: bool,
    /// Who rotabot is there; nobody in particular where none is given.
    pub login: Option<Login>,
}

/// A user name and a password, or where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub username: Username,
    pub password: SecretSource,
}

/// A user name, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Username {
    Plain(String),
    Source(SecretSource),
}

impl Login {
    /// Reads both from where they are.
    pub fn read(&self) -> Result<(String, SecretString), SecretFault> {
        let username = match &self.username {
            Username::Plain(name) => name.clone(),
            Username::Source(source) => source.read()?.expose_secret().to_owned(),
        };
        Ok((username, self.password.read()?))
    }
}

/// What `rotabot run` reads beside the config file. Whether it is there is not looked at here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A user name or a password for a registry.
    Secret { host: String, source: SecretSource },
    /// The authority that signed a registry's certificate.
    Authority { host: String, file: PathBuf },
    /// The way to a cluster. `file` is where the kubeconfig is named; the finding itself is about the context.
    Cluster { cluster: ClusterName, access: ClusterAccess, file: Place },
}

/// Where relative paths begin, and what `~` stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folders<'a> {
    pub config: &'a Path,
    pub home: Option<&'a Path>,
}

impl Folders<'_> {
    pub(super) fn resolve(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.config.join(text),
        }
    }
}

pub(super) fn clusters(root: &Section<'_>, folders: Folders<'_>) -> BTreeMap<ClusterName, ClusterAccess> {
    let mut clusters: BTreeMap<ClusterName, ClusterAccess> = BTreeMap::new();
    let mut places: BTreeMap<ClusterName, usize> = BTreeMap::new();
    for (name, section) in root.sections("clusters") {
        let name = section.as_name::<ClusterName>(name, "cluster");
        let access = cluster(&section, folders);
        section.finish();
        let (Some(At { value: name, at }), Some(access)) = (name, access) else { continue };
        if let Some((other, _)) = clusters.iter().find(|(_, known)| **known == access) {
            let place = root.report.place(places.get(other).copied().unwrap_or(root.at));
            let fault = Fault::SameCluster { cluster: name.to_string(), other: other.to_string(), place };
            root.report.fault(at, fault);
        }
        let way = section.text("context").map_or(section.at_key("in_cluster"), |context| context.at);
        let file = section.text("kubeconfig").map_or(way, |file| file.at);
        let (way, file) = (root.report.place(way), root.report.place(file));
        root.report.need(way, Need::Cluster { cluster: name.clone(), access: access.clone(), file });
        places.insert(name.clone(), at);
        clusters.insert(name, access);
    }
    clusters
}

fn cluster(section: &Section<'_>, folders: Folders<'_>) -> Option<ClusterAccess> {
    let in_cluster = section.flag("in_cluster");
    let file = section.text("kubeconfig");
    let context = section.text("context");
    if !in_cluster {
        if !section.has("context") {
            section.missing("context");
        }
        let file = file.map(|file| folders.resolve(&file.value));
        return Some(ClusterAccess::Kubeconfig { file, context: context?.value });
    }
    for key in ["kubeconfig", "context"] {
        if section.has(key) {
            let why = "in_cluster takes the service account of rotabot's own pod, and no kubeconfig";
            let table = section.title.clone();
            section
                .report
                .fault(section.at_key(key), Fault::BothGiven { table, first: "in_cluster", second: key, why });
        }
    }
    Some(ClusterAccess::InCluster)
}

pub(super) fn registries(root: &Section<'_>, folders: Folders<'_>) -> BTreeMap<String, RegistryAccess> {
    let mut registries = BTreeMap::new();
    for (host, section) in root.sections("registries") {
        let access = registry(&host.value, &section, folders);
        section.finish();
        if value::is_registry_host(&host.value) {
            registries.insert(host.value, access);
            continue;
        }
        if host.value.contains('@') {
            root.report.fault(host.at, Fault::PasswordInAddress { key: "registries".into() });
            continue;
        }
        let bare = host.value.trim_start_matches("https://").trim_start_matches("http://");
        let bare = bare.split('/').next().unwrap_or_default().to_lowercase();
        let write = value::is_registry_host(&bare).then_some(bare);
        root.report.fault(host.at, Fault::NotAHost { text: host.value, write });
    }
    registries
}

fn registry(host: &str, section: &Section<'_>, folders: Folders<'_>) -> RegistryAccess {
    let ca_file = section.text("ca_file").map(|file| {
        let (place, file) = (section.report.place(file.at), folders.resolve(&file.value));
        section.report.need(place, Need::Authority { host: host.to_owned(), file: file.clone() });
        file
    });
    let plain_http = section.flag("plain_http");
    if plain_http && section.has("ca_file") {
        let why = "without TLS there is no certificate to check; leave one of them out";
        let fault = Fault::BothGiven { table: section.title.clone(), first: "plain_http", second: "ca_file", why };
        section.report.fault(section.at_key("ca_file"), fault);
    }
    let login = login(host, section, folders);
    let loopback = host.starts_with("localhost") || host.starts_with("127.");
    if plain_http && login.is_some() && !loopback {
        section.report.warn(section.at_key("plain_http"), Warning::PasswordInClear { host: host.to_owned() });
    }
    RegistryAccess { ca_file, plain_http, login }
}

fn login(host: &str, section: &Section<'_>, folders: Folders<'_>) -> Option<Login> {
    let plain = section.text("username").map(|name| Username::Plain(name.value));
    let source = source(host, section, ["username_env", "username_file"], folders);
    if section.has("username") {
        only_one(section, "username", "username_env");
        only_one(section, "username", "username_file");
    }
    let password = self::source(host, section, ["password_env", "password_file"], folders);
    let given = |keys: &[&'static str]| keys.iter().copied().find(|key| section.has(key));
    let user_key = given(&["username", "username_env", "username_file"]);
    let password_key = given(&["password_env", "password_file"]);
    let lacks = match (user_key, password_key) {
        (Some(given), None) => Some((given, "\"password_env\" or \"password_file\"")),
        (None, Some(given)) => Some((given, "\"username\"")),
        _ => None,
    };
    if let Some((given, other)) = lacks {
        let fault = Fault::NeedsAlso { table: section.title.clone(), given, other };
        section.report.fault(section.at_key(given), fault);
    }
    Some(Login { username: plain.or(source.map(Username::Source))?, password: password? })
}

/// A secret that a variable or a file holds, but not both.
fn source(
    host: &str,
    section: &Section<'_>,
    [variable, file]: [&'static str; 2],
    folders: Folders<'_>,
) -> Option<SecretSource> {
    let from_variable = section.variable(variable).map(|name| (SecretSource::Variable(name.value), name.at));
    let from_file = section.text(file).map(|path| (SecretSource::File(folders.resolve(&path.value)), path.at));
    if section.has(variable) {
        only_one(section, variable, file);
    }
    let (source, at) = from_variable.or(from_file)?;
    section.report.need(section.report.place(at), Need::Secret { host: host.to_owned(), source: source.clone() });
    Some(source)
}

fn only_one(section: &Section<'_>, first: &'static str, second: &'static str) {
    if section.has(second) {
        let why = "one place is enough; leave the other out";
        let fault = Fault::BothGiven { table: section.title.clone(), first, second, why };
        section.report.fault(section.at_key(second), fault);
    }
}
