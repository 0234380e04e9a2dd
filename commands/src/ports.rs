//! The outside world as the engine sees it: a cluster, an image registry, a chat.
//!
//! A port takes values and returns values, and never calls up. Every call ends within its adapter's own limit; a call
//! whose end is not known says so, because a write may then have happened or may happen yet.

use futures::future::BoxFuture;
use state::catalogue::{Target, Workload};
use state::change::patch::PatchStep;
use state::claim::Claim;
use state::fault::Fault;
use state::image::{Digest, Image, Repository};
use state::names::ChannelName;
use state::rollout::seen::{EventSeen, Observed, PodSeen, WorkloadSeen};

use crate::card::Post;

/// Clusters, told apart by the target's cluster name.
pub trait Cluster: Send + Sync {
    /// What the watches know of the target now. Memory only, never the network; a target that nobody watched yet is
    /// watched from now on, and is reported as never read.
    fn observe(&self, target: &Target) -> Observed;

    /// Why the knowledge of the target is not kept up, while it is not: the API server doesn't answer, or a right to
    /// watch is missing. Memory only, never the network; but to ask for it has a missing right tried again soon.
    fn trouble(&self, target: &Target) -> Option<ClusterFault> {
        let _ = target;
        None
    }

    /// Reads one workload afresh; none where there is none.
    fn read<'a>(
        &'a self,
        target: &'a Target,
        workload: &'a Workload,
    ) -> BoxFuture<'a, Result<Option<WorkloadSeen>, ClusterFault>>;

    /// Lists the workload's pods afresh.
    fn pods<'a>(
        &'a self,
        target: &'a Target,
        workload: &'a Workload,
    ) -> BoxFuture<'a, Result<Vec<PodSeen>, ClusterFault>>;

    /// Writes to one workload, all of the patch or nothing.
    fn patch<'a>(
        &'a self,
        claim: &'a Claim,
        target: &'a Target,
        workload: &'a Workload,
        patch: &'a [PatchStep],
    ) -> BoxFuture<'a, Result<Patched, ClusterFault>>;

    /// The last events about an object of that name, oldest first.
    fn events<'a>(&'a self, target: &'a Target, object: &'a str)
    -> BoxFuture<'a, Result<Vec<EventSeen>, ClusterFault>>;

    /// The last lines of a container's log, oldest first, redacted; `previous` asks for the run before this one.
    fn log<'a>(
        &'a self,
        target: &'a Target,
        pod: &'a str,
        container: &'a str,
        previous: bool,
    ) -> BoxFuture<'a, Result<Vec<String>, ClusterFault>>;
}

/// What the API server answered to a patch.
#[derive(Debug, Clone, PartialEq)]
pub enum Patched {
    /// Done; the object as it is now.
    Written(Box<WorkloadSeen>),
    /// Not done: a test failed, or the server's policy, a quota or a webhook refuses. Which of them, only another read
    /// tells. The sentence is the server's.
    Rejected(String),
    /// Not done: there is no such workload.
    Missing,
}

/// Why a call to a cluster gave no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterFault {
    /// The rights are missing; nothing was done. The sentence is the server's: it names verb and resource.
    Forbidden(String),
    /// No answer, or one that says to try again. Whether a write happened is not known.
    Unreachable(Fault),
    /// An answer that can't be understood. Whether a write happened is not known.
    Unreadable(Fault),
}

/// Image registries, told apart by the repository's host.
pub trait Registry: Send + Sync {
    /// Whether the config names the registry of this repository.
    fn configured(&self, repository: &Repository) -> bool;

    /// Asks which digest the image's tag (or digest) stands for.
    fn resolve<'a>(&'a self, image: &'a Image) -> BoxFuture<'a, Result<Resolved, RegistryFault>>;
}

/// What a registry knows of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The digest that the tag stands for.
    pub digest: Digest,
    /// Digests of the manifests for single platforms, where that is an index: a node may report either.
    pub platforms: Vec<Digest>,
}

/// Why a registry gave no digest.
#[derive(Debug, Clone, PartialEq)]
pub enum RegistryFault {
    /// It answers, and has no such image.
    Unknown,
    /// It refuses the credentials, or wants some.
    Denied,
    /// No answer that could be understood.
    Unreachable(Fault),
}

/// The channels in which people are told.
pub trait Chat: Send + Sync {
    /// Posts a message, or finds the one with the same marker that is there already.
    fn post<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<MessageId, ChatFault>>;

    /// Puts other words into a message.
    fn edit<'a>(&'a self, message: &'a MessageId, post: &'a Post) -> BoxFuture<'a, Result<(), ChatFault>>;
}

/// A message in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct MessageId {
    /// The channel.
    pub channel: ChannelName,
    /// The chat's own id of the message.
    pub id: String,
}

/// Why a message was not posted or changed.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatFault {
    /// Try again later; it may have happened.
    Unreachable(Fault),
    /// It won't ever be taken: no such channel or message, or no right to write there.
    Refused(Fault),
}
