//! Kubernetes clusters behind the port `Cluster`.
//!
//! `client` finds out how a cluster is reached, `connection` listens for its heartbeat, `watching` hears of changes, `knowledge` keeps what is
//! known and `freshness` how old that is, `objects` boils the API's objects down, `requests` asks and `answers` says
//! what came of it. Nothing is concluded here about a rollout: that is the judge's, and the engine's.

mod answers;
mod client;
mod connection;
mod freshness;
mod knowledge;
mod objects;
mod plugin;
mod requests;
mod room;
mod selector;
mod text;
mod watching;

use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commands::ports::{Cluster, ClusterFault, Patched};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use state::catalogue::{Target, Workload};
use state::change::patch::PatchStep;
use state::claim::Claim;
use state::evidence::LOG_LINES;
use state::fault::Fault;
use state::names::{ClusterName, Namespace};
use state::rollout::seen::{EventSeen, Observed, PodSeen, WorkloadSeen, WorkloadView};
use state::template::TemplateHash;
use tokio::task::AbortHandle;

use self::answers::CallFault;
pub(crate) use self::client::{Lack, way};
pub use self::connection::{Concerned, Wake};
use self::connection::{Connection, locked};
use self::objects::{Autoscaler, Deployment, Pod, ReplicaSet};
use self::room::Room;
use self::watching::{List, Watched};
use crate::config::ClusterAccess;

/// How long a single call may take.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// A task that panicked is begun again after so long.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// How many events about an object are of interest.
const EVENTS: usize = 10;

/// All clusters of the config.
pub struct Kubernetes {
    connections: HashMap<ClusterName, Arc<Connection>>,
    runtime: tokio::runtime::Handle,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Kubernetes {
    /// Begins to reach for the clusters, in tasks of the runtime that this is called in. None of them needs to be
    /// there. `wake` is called, from those tasks, with each change of what is known of a namespace and the workloads that
    /// it is about, and for all of them when the knowledge becomes fresh again; it has to be quick.
    pub fn start(clusters: &BTreeMap<ClusterName, ClusterAccess>, wake: &Wake) -> Self {
        let connections = clusters.iter().map(|(name, access)| {
            let connection = Connection::new(name.clone(), access.clone(), Arc::clone(wake));
            (name.clone(), Arc::new(connection))
        });
        let kubernetes = Self {
            connections: connections.collect(),
            runtime: tokio::runtime::Handle::current(),
            tasks: Mutex::default(),
        };
        for connection in kubernetes.connections.values() {
            let (alive, broken) = (Arc::clone(connection), Arc::clone(connection));
            kubernetes.keep(move || Arc::clone(&alive).keep_alive(), move || broken.broke());
        }
        kubernetes
    }

    /// Watches a namespace from now on, so that the first look at it finds something.
    pub fn watch(&self, cluster: &ClusterName, namespace: &Namespace) {
        if let Some(connection) = self.connections.get(cluster) {
            self.room(connection, namespace);
        }
    }

    fn room(&self, connection: &Arc<Connection>, namespace: &Namespace) -> Arc<Room> {
        let (room, unknown) = connection.room(namespace);
        if unknown {
            self.keep_watching::<Deployment>(connection, &room);
            self.keep_watching::<ReplicaSet>(connection, &room);
            self.keep_watching::<Pod>(connection, &room);
            self.keep_watching::<Autoscaler>(connection, &room);
        }
        room
    }

    fn keep_watching<T: Watched>(&self, connection: &Arc<Connection>, room: &Arc<Room>) {
        let watched = (Arc::clone(connection), Arc::clone(room));
        let broken = watched.clone();
        self.keep(
            move || watching::watch::<T>(Arc::clone(&watched.0), Arc::clone(&watched.1)),
            move || watching::broke::<T>(&broken.0, &broken.1),
        );
    }

    /// Keeps a task going. One that panicked would never be missed: what it knew would be taken for true, for ever.
    fn keep<F>(&self, task: impl Fn() -> F + Send + 'static, broke: impl Fn() + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let kept = async move {
            // Nothing that the tasks share can be left half done by one of them.
            while AssertUnwindSafe(task()).catch_unwind().await.is_err() {
                broke();
                tokio::time::sleep(AFTER_PANIC).await;
            }
        };
        locked(&self.tasks).push(self.runtime.spawn(kept).abort_handle());
    }

    /// The connection and the room of a target. A target of a cluster that the config no longer names can't be read.
    fn reach(&self, target: &Target) -> Result<(&Arc<Connection>, Arc<Room>), ClusterFault> {
        let missing = || {
            let sentence = format!("the config names no cluster {:?}", target.cluster);
            ClusterFault::Unreachable(Fault::new(sentence))
        };
        let connection = self.connections.get(&target.cluster).ok_or_else(missing)?;
        Ok((connection, self.room(connection, &target.namespace)))
    }

    async fn read_deployment(&self, target: &Target, workload: &Workload) -> Result<Option<Deployment>, ClusterFault> {
        let (connection, room) = self.reach(target)?;
        let request = requests::get(requests::DEPLOYMENTS, &target.namespace, workload.name.as_str())?;
        let body = match connection.call(request, CALL_LIMIT).await {
            Ok(body) => body,
            Err(fault) if fault.is_missing() => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
        let mut deployment = answers::deployment(&body)?;
        deployment.seen.autoscaler = room.knowledge(|knowledge| knowledge.autoscaler(&deployment.name));
        Ok(Some(deployment))
    }

    async fn list_pods(&self, target: &Target, workload: &Workload) -> Result<Vec<PodSeen>, ClusterFault> {
        let (connection, room) = self.reach(target)?;
        let known = room.knowledge(|knowledge| knowledge.selector(workload));
        let (selector, uid) = match known {
            Some(known) => known,
            None => match self.read_deployment(target, workload).await? {
                Some(deployment) => (deployment.selector, deployment.seen.uid),
                None => return Ok(Vec::new()),
            },
        };
        let Some(labels) = selector.query() else {
            return Err(ClusterFault::Unreadable(Fault::new("its label selector is not understood")));
        };
        let request = requests::list_selected(requests::PODS, &target.namespace, &labels)?;
        let body = connection.call(request, CALL_LIMIT).await?;
        let pods: List<Pod> = answers::json(&body)?;
        drop(body);
        let mut fetched = HashMap::new();
        let mut seen = Vec::new();
        for pod in pods.items.into_iter().map(|boiled| boiled.object) {
            let Some(owner) = &pod.owner else { continue };
            let set =
                room.knowledge(|knowledge| knowledge.set(&owner.uid)).or_else(|| fetched.get(&owner.uid).cloned());
            let set = match set {
                Some(set) => Some(set),
                None => self.fetch_set(connection, target, owner, &mut fetched).await?,
            };
            match set {
                Some((of, template)) if of.as_deref() == Some(&uid) => {
                    seen.push(PodSeen { template: Some(template), ..pod.seen });
                }
                Some(_) => {}
                // Its ReplicaSet is gone already: the pod is about to go too, but it is there.
                None => seen.push(pod.seen),
            }
        }
        seen.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(seen)
    }

    /// Reads a ReplicaSet that the watch has not told of yet.
    async fn fetch_set(
        &self,
        connection: &Connection,
        target: &Target,
        owner: &objects::Owner,
        fetched: &mut HashMap<String, (Option<String>, TemplateHash)>,
    ) -> Result<Option<(Option<String>, TemplateHash)>, ClusterFault> {
        let request = requests::get(requests::REPLICA_SETS, &target.namespace, &owner.name)?;
        let body = match connection.call(request, CALL_LIMIT).await {
            Ok(body) => body,
            Err(fault) if fault.is_missing() => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
        let misshapen = |misshapen| ClusterFault::Unreadable(Fault::new(misshapen));
        let set = ReplicaSet::read(answers::json(&body)?).map_err(misshapen)?;
        if set.uid != owner.uid {
            return Ok(None);
        }
        fetched.insert(set.uid, (set.owner.clone(), set.template));
        Ok(Some((set.owner, set.template)))
    }

    async fn write(
        &self,
        claim: &Claim,
        target: &Target,
        workload: &Workload,
        patch: &[PatchStep],
    ) -> Result<Patched, ClusterFault> {
        if claim.target() != &target.name {
            let sentence = format!("a claim on {} is no right to write to {}", claim.target(), target.name);
            return Err(ClusterFault::Unreadable(Fault::new(sentence)));
        }
        let (connection, room) = self.reach(target)?;
        let request = requests::patch(&target.namespace, workload.name.as_str(), patch)?;
        let mut patched = answers::patched(connection.call(request, CALL_LIMIT).await)?;
        if let Patched::Written(seen) = &mut patched {
            seen.autoscaler = room.knowledge(|knowledge| knowledge.autoscaler(workload.name.as_str()));
        }
        Ok(patched)
    }

    async fn read_events(&self, target: &Target, object: &str) -> Result<Vec<EventSeen>, ClusterFault> {
        #[derive(Deserialize)]
        struct Events {
            #[serde(default)]
            items: Vec<Value>,
        }
        let (connection, _) = self.reach(target)?;
        let body = connection.call(requests::events(&target.namespace, object)?, CALL_LIMIT).await?;
        let events: Events = answers::json(&body)?;
        Ok(objects::events(&events.items, EVENTS))
    }

    async fn read_log(
        &self,
        target: &Target,
        pod: &str,
        container: &str,
        previous: bool,
    ) -> Result<Vec<String>, ClusterFault> {
        let (connection, _) = self.reach(target)?;
        let ask = async |previous| {
            let request = requests::log(&target.namespace, pod, container, previous, LOG_LINES)?;
            connection.call_for_bytes(request, CALL_LIMIT).await
        };
        let answer = match ask(previous).await {
            // The run before this one left no log, or there was none: this one's is better than nothing.
            Err(CallFault::Answered(status)) if previous && matches!(status.code, 400 | 404) => ask(false).await,
            answer => answer,
        };
        match answer {
            Ok(bytes) => Ok(text::log_lines(&String::from_utf8_lossy(&bytes), LOG_LINES)),
            // The container has not run yet, or the pod is gone: there is no log.
            Err(CallFault::Answered(status)) if matches!(status.code, 400 | 404) => Ok(Vec::new()),
            Err(fault) => Err(fault.into()),
        }
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        locked(&self.tasks).iter().for_each(AbortHandle::abort);
    }
}

impl Cluster for Kubernetes {
    fn observe(&self, target: &Target) -> Observed {
        let Ok((_, room)) = self.reach(target) else {
            let unknown = |_: &Workload| WorkloadView { workload: None, pods: Vec::new() };
            return Observed { workloads: target.workloads.iter().map(unknown).collect(), age: None };
        };
        // The age first: what is learned in between is younger than it says, never older.
        let age = room.age();
        let workloads =
            room.knowledge(|knowledge| target.workloads.iter().map(|workload| knowledge.view(workload)).collect());
        Observed { workloads, age }
    }

    fn trouble(&self, target: &Target) -> Option<ClusterFault> {
        match self.reach(target) {
            Ok((connection, room)) => connection.trouble().or_else(|| room.trouble()),
            Err(fault) => Some(fault),
        }
    }

    fn read<'a>(
        &'a self,
        target: &'a Target,
        workload: &'a Workload,
    ) -> BoxFuture<'a, Result<Option<WorkloadSeen>, ClusterFault>> {
        async move { Ok(self.read_deployment(target, workload).await?.map(|deployment| deployment.seen)) }.boxed()
    }

    fn pods<'a>(
        &'a self,
        target: &'a Target,
        workload: &'a Workload,
    ) -> BoxFuture<'a, Result<Vec<PodSeen>, ClusterFault>> {
        self.list_pods(target, workload).boxed()
    }

    fn patch<'a>(
        &'a self,
        claim: &'a Claim,
        target: &'a Target,
        workload: &'a Workload,
        patch: &'a [PatchStep],
    ) -> BoxFuture<'a, Result<Patched, ClusterFault>> {
        self.write(claim, target, workload, patch).boxed()
    }

    fn events<'a>(
        &'a self,
        target: &'a Target,
        object: &'a str,
    ) -> BoxFuture<'a, Result<Vec<EventSeen>, ClusterFault>> {
        self.read_events(target, object).boxed()
    }

    fn log<'a>(
        &'a self,
        target: &'a Target,
        pod: &'a str,
        container: &'a str,
        previous: bool,
    ) -> BoxFuture<'a, Result<Vec<String>, ClusterFault>> {
        self.read_log(target, pod, container, previous).boxed()
    }
}
