//! A cluster: an API server with its objects, the controllers of Deployments and ReplicaSets, and nodes that run pods.
//!
//! It is driven by events that are due at moments of the virtual clock; nothing here waits. Controllers see what they
//! see on a real control plane: the Deployment's controller knows ReplicaSets only by their status, so that what it
//! reports lags behind the pods.
//!
//! Not here: how requests reach the API server and when they are answered (`port`), and what other people do (`people`).

mod controller;
mod evidence;
mod kubelet;
mod objects;
mod patch;
mod people;
mod port;
mod replicas;
mod truth;
mod watch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use state::change::patch::PatchStep;
use state::names::{ChangeId, Namespace};
use state::rollout::seen::{EventSeen, MARKER_ANNOTATION};
use state::template::TemplateHash;

use crate::images::Images;
use crate::process::ProcessId;
use crate::random::{Random, Span};
pub use objects::{Amount, Spec};
use objects::{Autoscaler, Deployment, Pod, ReplicaSet, Status};
pub use people::{DELETED, Edit, NoSuchThing};
pub(crate) use port::ClusterPort;
pub use truth::{Look, PodTruth, Truth};
pub use watch::Kind;
use watch::Watcher;

/// How long things take in a cluster.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From a change to the controller's next look at it.
    pub controller: Span,
    /// From a pod's creation to its being scheduled.
    pub scheduling: Span,
    /// From a pod's deletion to its end.
    pub ending: Span,
    /// From a change to its arrival by a watch.
    pub watch: Span,
    /// From a watch's beginning to its first list.
    pub listing: Span,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            controller: Span::millis(5, 40),
            scheduling: Span::millis(10, 80),
            ending: Span::millis(200, 2_000),
            watch: Span::millis(1, 50),
            listing: Span::millis(50, 300),
        }
    }
}

/// Whether the API server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiHealth {
    /// It answers.
    #[default]
    Up,
    /// Nobody listens: connections are refused.
    Down,
    /// It stands still: connections stay open, and nothing comes.
    Frozen,
}

/// What rotabot may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Read, list and watch workloads and pods.
    pub read: bool,
    /// Patch workloads.
    pub patch: bool,
    /// Read logs and events.
    pub logs: bool,
}

/// Who wrote to a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writer {
    /// Rotabot, with the claim of this change.
    Rotabot(ChangeId),
    /// Somebody else.
    Somebody,
    /// A controller of the cluster, which is nobody's will.
    Cluster,
}

/// One write to a workload, as it was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// When.
    pub at: Duration,
    /// Who.
    pub by: Writer,
    /// Where.
    pub namespace: Namespace,
    /// The Deployment's name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The fields that it changed, as paths.
    pub changed: Vec<String>,
    /// Whether the rollout is paused after it.
    pub paused: bool,
    /// The pod template as it stands after it. None: the Deployment is gone.
    pub template: Option<TemplateHash>,
    /// Our marker as it stands after it.
    pub marker: Option<String>,
    /// For rotabot's: when it had last read the workload before it sent this.
    pub read_at: Option<Duration>,
}

/// Something that a cluster does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClusterEvent {
    /// The Deployment's controller looks at it.
    Deployment(u64),
    /// The ReplicaSet's controller looks at it.
    Set(u64),
    /// Something happens to a pod.
    Pod(u64, kubelet::PodEvent),
    /// A process lists what it watches.
    List(ProcessId),
    /// Changes arrive by a watch.
    Watch(ProcessId, Kind),
    /// A process asks whether the API server is alive.
    Heartbeat(ProcessId),
}

/// A cluster.
pub struct Cluster {
    pub(crate) now: Duration,
    pub(crate) wall: DateTime<Utc>,
    random: Random,
    /// How long things take.
    pub pace: Pace,
    /// What rotabot may do.
    pub rights: Rights,
    /// A webhook refuses every write by rotabot with this sentence.
    pub denies: Option<String>,
    /// At most so many pods in a namespace.
    pub quota: BTreeMap<Namespace, usize>,
    /// No node has room for another pod.
    pub nodes_full: bool,
    health: ApiHealth,
    controllers_stand_still: bool,
    last_id: u64,
    version: u64,
    deployments: BTreeMap<u64, Deployment>,
    sets: BTreeMap<u64, ReplicaSet>,
    pods: BTreeMap<u64, Pod>,
    autoscalers: Vec<Autoscaler>,
    events: BTreeMap<(Namespace, String), Vec<EventSeen>>,
    watchers: BTreeMap<ProcessId, Watcher>,
    writes: Vec<Write>,
    looks: Vec<Look>,
    reads: BTreeMap<(Namespace, String), Duration>,
    /// What is due, until the world takes it over.
    pub(crate) due: Vec<(Duration, ClusterEvent)>,
    /// What could not happen while the API server was gone or the controllers stood still.
    deferred: Vec<ClusterEvent>,
}

impl Cluster {
    pub(crate) fn new(random: Random, now: Duration, wall: DateTime<Utc>) -> Self {
        Self {
            now,
            wall,
            random,
            pace: Pace::default(),
            rights: Rights { read: true, patch: true, logs: true },
            denies: None,
            quota: BTreeMap::new(),
            nodes_full: false,
            health: ApiHealth::Up,
            controllers_stand_still: false,
            last_id: 0,
            version: 0,
            deployments: BTreeMap::new(),
            sets: BTreeMap::new(),
            pods: BTreeMap::new(),
            autoscalers: Vec::new(),
            events: BTreeMap::new(),
            watchers: BTreeMap::new(),
            writes: Vec::new(),
            looks: Vec::new(),
            reads: BTreeMap::new(),
            due: Vec::new(),
            deferred: Vec::new(),
        }
    }

    /// Whether the API server answers.
    pub fn health(&self) -> ApiHealth {
        self.health
    }

    /// Stops, freezes or revives the API server. What controllers could not do meanwhile is done afterwards.
    pub fn set_health(&mut self, health: ApiHealth) {
        if health == ApiHealth::Down {
            self.lose_watches();
        }
        let revived = self.health != ApiHealth::Up && health == ApiHealth::Up;
        self.health = health;
        if revived {
            self.catch_up();
            self.resume_watches();
        }
    }

    /// Lets the controllers stand still, or go on: generations are then not observed, and nothing is scaled.
    pub fn set_controllers_standing_still(&mut self, still: bool) {
        self.controllers_stand_still = still;
        if !still {
            self.catch_up();
        }
    }

    fn catch_up(&mut self) {
        for event in std::mem::take(&mut self.deferred) {
            self.soon(event);
        }
    }

    /// All writes to workloads so far, in order.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    pub(crate) fn handle(&mut self, event: ClusterEvent, images: &mut Images) {
        let by_controller = matches!(event, ClusterEvent::Deployment(_) | ClusterEvent::Set(_));
        if by_controller && (self.health != ApiHealth::Up || self.controllers_stand_still) {
            if !self.deferred.contains(&event) {
                self.deferred.push(event);
            }
            return;
        }
        match event {
            ClusterEvent::Deployment(id) => self.sync_deployment(id),
            ClusterEvent::Set(id) => self.sync_set(id),
            ClusterEvent::Pod(id, event) => self.pod_event(id, event, images),
            ClusterEvent::List(process) => self.list_for(process),
            ClusterEvent::Watch(process, kind) => self.arrive(process, kind),
            ClusterEvent::Heartbeat(process) => self.heartbeat(process),
        }
    }

    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    fn at(&mut self, after: Duration, event: ClusterEvent) {
        self.due.push((self.now + after, event));
    }

    /// As soon as a controller gets to it. A controller that is due already looks at the newest state anyway.
    fn soon(&mut self, event: ClusterEvent) {
        let after = self.random.lasting(self.pace.controller);
        self.at(after, event);
    }

    fn find(&self, namespace: &Namespace, name: &str) -> Option<&Deployment> {
        self.deployments.values().find(|one| one.name == name && one.namespace == *namespace)
    }

    /// Makes a Deployment, and returns its uid.
    pub fn create(&mut self, namespace: &Namespace, name: &str, spec: Spec) -> String {
        let (id, version) = (self.id(), self.next_version());
        let deployment = Deployment {
            id,
            namespace: namespace.clone(),
            name: name.to_owned(),
            generation: 1,
            version,
            annotations: BTreeMap::new(),
            spec,
            status: Status::default(),
            progressed: self.now,
        };
        let uid = deployment.uid();
        self.deployments.insert(id, deployment);
        self.publish_deployment(id);
        self.soon(ClusterEvent::Deployment(id));
        uid
    }

    /// Applies a patch to a Deployment by the rules of the API server. The error is its sentence.
    fn patch_deployment(
        &mut self,
        id: u64,
        steps: &[PatchStep],
        by: Writer,
        read_at: Option<Duration>,
    ) -> Result<(), String> {
        let Some(deployment) = self.deployments.get(&id) else { return Err("not found".to_owned()) };
        let mut json = deployment.to_json();
        patch::apply(&mut json, steps)
            .map_err(|what| format!("the server rejected our request due to an error in our request: {what}"))?;
        self.write_deployment(id, &json, by, read_at)
    }

    /// Writes a whole Deployment. A write that changes nothing is none.
    fn write_deployment(&mut self, id: u64, json: &Value, by: Writer, read_at: Option<Duration>) -> Result<(), String> {
        let Some(old) = self.deployments.get(&id).cloned() else { return Err("not found".to_owned()) };
        let mut new = old.written(json)?;
        let changed = patch::differences(&old.to_json(), &new.to_json());
        if changed.is_empty() {
            return Ok(());
        }
        // Annotations raise the generation of a Deployment too.
        new.generation += 1;
        new.version = self.next_version();
        self.writes.push(Write {
            at: self.now,
            by,
            namespace: new.namespace.clone(),
            name: new.name.clone(),
            uid: new.uid(),
            changed,
            paused: new.spec.paused,
            template: Some(new.spec.template.hash()),
            marker: new.annotations.get(MARKER_ANNOTATION).cloned(),
            read_at,
        });
        if !Arc::ptr_eq(&old.spec.template, &new.spec.template) {
            new.progressed = self.now;
        }
        self.deployments.insert(id, new);
        self.publish_deployment(id);
        self.soon(ClusterEvent::Deployment(id));
        Ok(())
    }
}
