//! The catalogue: services, environments and people, as the config names them, and the target that a change resolves
//! from it. Reading the file is in `bot`; here is only what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::image::Repository;
use crate::names::{
    ChannelName, ClusterName, ContainerName, EnvironmentName, Namespace, PersonName, RoleName, ServiceName, TargetName,
    WorkloadName,
};

/// Everything that rotabot knows about the company, validated: every name that is referred to exists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// The services, by name.
    pub services: BTreeMap<ServiceName, Service>,
    /// The environments, by name.
    pub environments: BTreeMap<EnvironmentName, Environment>,
    /// The people, by name; those who left stay, for the journal's sake.
    pub people: BTreeMap<PersonName, Person>,
    /// Who is on call, until rotations exist.
    pub on_call: Option<PersonName>,
    /// The language of messages that are for a channel rather than for a person, where the channel has none of its own.
    pub channel_language: Language,
    /// The channels, with the language of each.
    pub channels: BTreeMap<ChannelName, Language>,
    /// Hosts of registries that may be asked for digests.
    pub registries: BTreeSet<String>,
}

/// A language that rotabot speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Simplified Chinese, as in mainland China.
    #[serde(rename = "zh-CN")]
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// Its BCP 47 tag, which is also the folder of its words.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh-CN",
        }
    }
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Who owns it, shown where it fails.
    pub owners: Vec<PersonName>,
    /// Where its runbook is.
    pub runbook: Option<String>,
    /// Where its dashboard is.
    pub dashboard: Option<String>,
    /// Where it runs.
    pub placements: BTreeMap<EnvironmentName, Vec<Workload>>,
}

/// One workload of a service in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Workload {
    /// What kind of object it is.
    pub kind: WorkloadKind,
    /// The object's name.
    pub name: WorkloadName,
    /// The containers that a deploy gives a new image, with the repository of each.
    pub containers: Vec<ContainerSource>,
}

/// Kinds of workloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WorkloadKind {
    /// `apps/v1` Deployment.
    Deployment,
}

/// A container, and where its images come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContainerSource {
    /// The container's name in the pod template.
    pub container: ContainerName,
    /// The repository that holds its images.
    pub repository: Repository,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The cluster that it is in.
    pub cluster: ClusterName,
    /// The namespace in that cluster.
    pub namespace: Namespace,
    /// The channel that hears of it.
    pub channel: ChannelName,
    /// Whether rotabot acts in it.
    pub mode: Mode,
    /// Who may do what.
    pub permissions: Permissions,
    /// How a change is carried out and judged.
    pub policy: Policy,
}

/// Whether rotabot acts in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Carries changes out.
    #[default]
    Act,
    /// Only looks; writes nothing.
    Watch,
}

/// What can be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Look at what runs and what happened.
    View,
    /// Deploy.
    Deploy,
    /// Roll back, and answer the question that a failure asks.
    Rollback,
    /// Stop a change under way.
    Stop,
    /// Lock.
    Lock,
    /// Lift a lock that somebody else holds.
    Unlock,
    /// Free a parked change.
    Release,
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 7] =
        [Action::View, Action::Deploy, Action::Rollback, Action::Stop, Action::Lock, Action::Unlock, Action::Release];
}

/// Who may do what in an environment. An action that is not listed is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(pub BTreeMap<Action, BTreeSet<Grantee>>);

/// To whom an action is granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grantee {
    /// Everybody in the catalogue who has not left.
    Everyone,
    /// Whoever is on call at that moment (D6).
    OnCall,
    /// The owners of the service.
    Owner,
    /// Whoever has the role.
    Role(RoleName),
    /// One person.
    Person(PersonName),
}

/// How a change is carried out and judged in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What is done when a release fails its verification (V11).
    pub after_failure: AfterFailure,
    /// How long a question waits for an answer.
    #[serde(with = "crate::seconds")]
    pub ask_for: Duration,
    /// What is done when nobody answered.
    pub unanswered: Unanswered,
    /// How long all pods must stay good after completion (V4). Zero looks once.
    #[serde(with = "crate::seconds")]
    pub stability_window: Duration,
    /// How long a rollout may go without progress.
    #[serde(with = "crate::seconds")]
    pub progress_deadline: Duration,
    /// How long a new pod may show the same certain sign of failure.
    #[serde(with = "crate::seconds")]
    pub certain_after: Duration,
    /// Whether log lines are shown in chat.
    pub logs_in_chat: LogsInChat,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            after_failure: AfterFailure::Ask,
            ask_for: Duration::from_secs(600),
            unanswered: Unanswered::Hold,
            stability_window: Duration::from_secs(60),
            progress_deadline: Duration::from_secs(600),
            certain_after: Duration::from_secs(60),
            logs_in_chat: LogsInChat::Redacted,
        }
    }
}

/// What is done when a release fails its verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterFailure {
    /// Return to what ran before.
    Rollback,
    /// Stop the rollout where it stands, and lock.
    Hold,
    /// The same, and ask.
    Ask,
}

/// What is done when a question was not answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unanswered {
    /// Return to what ran before.
    Rollback,
    /// Leave it as it is.
    #[default]
    Hold,
}

/// Whether log lines are shown in chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogsInChat {
    /// Shown, with secrets taken out.
    #[default]
    Redacted,
    /// Only the command that shows them is given.
    Link,
    /// Never read.
    Off,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// Their roles.
    pub roles: BTreeSet<RoleName>,
    /// Their language.
    pub language: Language,
    /// Their time zone, such as `Asia/Shanghai`; UTC where none is given.
    pub zone: Option<String>,
    /// Their id in Discord.
    pub discord: Option<u64>,
    /// Their user name in GitLab.
    pub gitlab: Option<String>,
    /// Their user name on the bot's machine, by which the socket knows them.
    pub unix: Option<String>,
    /// The day they left; from then on they may do nothing.
    pub left: Option<NaiveDate>,
}

/// A target with everything that a change needs to know of it. A change keeps its own copy, so that a reload of the
/// config never alters a change under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Service and environment.
    pub name: TargetName,
    /// The cluster.
    pub cluster: ClusterName,
    /// The namespace.
    pub namespace: Namespace,
    /// The workloads, in the order in which they are written.
    pub workloads: Vec<Workload>,
    /// The channel that hears of it.
    pub channel: ChannelName,
    /// How it is carried out and judged.
    pub policy: Policy,
    /// Who may do what.
    pub permissions: Permissions,
    /// Who owns the service.
    pub owners: Vec<PersonName>,
    /// Where its runbook is.
    pub runbook: Option<String>,
    /// Where its dashboard is.
    pub dashboard: Option<String>,
}

impl Catalogue {
    /// Resolves a target; none where the service doesn't run in that environment.
    pub fn target(&self, name: &TargetName) -> Option<Target> {
        let service = self.services.get(&name.service)?;
        let workloads = service.placements.get(&name.environment)?;
        let environment = self.environments.get(&name.environment)?;
        Some(Target {
            name: name.clone(),
            cluster: environment.cluster.clone(),
            namespace: environment.namespace.clone(),
            workloads: workloads.clone(),
            channel: environment.channel.clone(),
            policy: environment.policy.clone(),
            permissions: environment.permissions.clone(),
            owners: service.owners.clone(),
            runbook: service.runbook.clone(),
            dashboard: service.dashboard.clone(),
        })
    }

    /// The names of all targets, in order.
    pub fn targets(&self) -> impl Iterator<Item = TargetName> + '_ {
        self.services.iter().flat_map(|(service, known)| {
            known
                .placements
                .keys()
                .map(|environment| TargetName { service: service.clone(), environment: environment.clone() })
        })
    }

    /// The language of a person, or of channels where the person is not known.
    pub fn language_of(&self, person: Option<&PersonName>) -> Language {
        person.and_then(|name| self.people.get(name)).map_or(self.channel_language, |person| person.language)
    }

    /// The language of a channel.
    pub fn language_of_channel(&self, channel: &ChannelName) -> Language {
        self.channels.get(channel).copied().unwrap_or(self.channel_language)
    }
}
