//! What a process knows of a cluster by its watches: a list, then one change after the other, each kind for itself and
//! each with its own lag. So two kinds are never of the same moment, and either may be behind.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use state::catalogue::Target;
use state::names::Namespace;
use state::rollout::seen::{Observed, PodSeen, WorkloadSeen, WorkloadView};
use state::template::TemplateHash;

use super::objects::Pod;
use super::{ApiHealth, Cluster, ClusterEvent};
use crate::process::ProcessId;

/// Kinds of objects that are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Deployments.
    Deployments,
    /// ReplicaSets.
    ReplicaSets,
    /// Pods.
    Pods,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Deployments, Kind::ReplicaSets, Kind::Pods];
}

/// How often a process asks whether the API server is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// After how long a watch that ended is begun anew.
const RECONNECT: Duration = Duration::from_secs(1);

/// What one process watches in a cluster.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    /// The watches are subscribed.
    subscribed: bool,
    queues: BTreeMap<Kind, VecDeque<(Duration, Change)>>,
    known: Known,
    heard: Option<Duration>,
    /// A heartbeat is due.
    beating: bool,
    /// For how long each kind is behind, beside what is usual.
    lag: BTreeMap<Kind, Duration>,
    /// Something has arrived since the process was told last.
    news: bool,
}

#[derive(Debug)]
enum Change {
    Deployment(u64, Option<Box<KnownDeployment>>),
    Set(u64, Option<(u64, TemplateHash)>),
    Pod(u64, Option<Box<KnownPod>>),
}

#[derive(Debug)]
struct KnownDeployment {
    namespace: Namespace,
    name: String,
    seen: WorkloadSeen,
}

#[derive(Debug)]
struct KnownPod {
    namespace: Namespace,
    set: u64,
    app: String,
    seen: PodSeen,
}

#[derive(Debug, Default)]
struct Known {
    deployments: BTreeMap<u64, KnownDeployment>,
    sets: BTreeMap<u64, (u64, TemplateHash)>,
    pods: BTreeMap<u64, KnownPod>,
}

impl Known {
    fn take(&mut self, change: Change) {
        match change {
            Change::Deployment(id, Some(known)) => drop(self.deployments.insert(id, *known)),
            Change::Deployment(id, None) => drop(self.deployments.remove(&id)),
            Change::Set(id, Some(known)) => drop(self.sets.insert(id, known)),
            Change::Set(id, None) => drop(self.sets.remove(&id)),
            Change::Pod(id, Some(known)) => drop(self.pods.insert(id, *known)),
            Change::Pod(id, None) => drop(self.pods.remove(&id)),
        }
    }

    fn view(&self, namespace: &Namespace, name: &str) -> WorkloadView {
        let found = self.deployments.iter().find(|(_, known)| known.name == name && known.namespace == *namespace);
        let Some((id, known)) = found else { return WorkloadView { workload: None, pods: Vec::new() } };
        let of = |pod: &KnownPod| match self.sets.get(&pod.set) {
            Some((owner, template)) => (owner == id).then_some(Some(*template)),
            // Its ReplicaSet is not known yet: its label says that it belongs here, and no more.
            None => (pod.app == name && pod.namespace == *namespace).then_some(None),
        };
        let pods = self.pods.values();
        let mut pods: Vec<PodSeen> =
            pods.filter_map(|pod| Some(PodSeen { template: of(pod)?, ..pod.seen.clone() })).collect();
        pods.sort_by(|left, right| left.name.cmp(&right.name));
        WorkloadView { workload: Some(known.seen.clone()), pods }
    }
}

impl Cluster {
    /// What a process knows. Asking for the first time begins its watches.
    pub(super) fn observe(&mut self, process: ProcessId, target: &Target) -> Observed {
        if !self.watchers.contains_key(&process) {
            // The watches of a dead process end with it.
            self.watchers.clear();
            self.watchers.insert(process, Watcher::default());
            let after = self.random.lasting(self.pace.listing);
            self.at(after, ClusterEvent::List(process));
        }
        let watcher = &self.watchers[&process];
        let views = target.workloads.iter().map(|workload| {
            let mut view = watcher.known.view(&target.namespace, workload.name.as_str());
            if let Some(seen) = &mut view.workload {
                seen.autoscaler = self.autoscaler(&target.namespace, workload.name.as_str());
            }
            view
        });
        Observed { workloads: views.collect(), age: watcher.heard.map(|heard| self.now.saturating_sub(heard)) }
    }

    pub(super) fn autoscaler(&self, namespace: &Namespace, name: &str) -> Option<state::rollout::seen::AutoscalerSeen> {
        let of = |one: &&super::Autoscaler| one.deployment == name && one.namespace == *namespace;
        self.autoscalers.iter().find(of).map(super::Autoscaler::seen)
    }

    /// Whether something has arrived for a process since this was asked last.
    pub(crate) fn take_news(&mut self, process: ProcessId) -> bool {
        self.watchers.get_mut(&process).is_some_and(|watcher| std::mem::take(&mut watcher.news))
    }

    /// Lets one kind of object lag behind for whoever watches now, or no longer.
    pub fn set_lag(&mut self, kind: Kind, lag: Duration) {
        for watcher in self.watchers.values_mut() {
            watcher.lag.insert(kind, lag);
        }
    }

    pub(super) fn list_for(&mut self, process: ProcessId) {
        let Some(mut watcher) = self.watchers.remove(&process) else { return };
        if self.health == ApiHealth::Up && self.rights.read {
            watcher.known = self.all_known();
            watcher.queues.clear();
            (watcher.subscribed, watcher.heard, watcher.news) = (true, Some(self.now), true);
            if !std::mem::replace(&mut watcher.beating, true) {
                self.at(HEARTBEAT, ClusterEvent::Heartbeat(process));
            }
        } else if self.health != ApiHealth::Frozen {
            self.at(RECONNECT, ClusterEvent::List(process));
        }
        self.watchers.insert(process, watcher);
    }

    fn all_known(&self) -> Known {
        let deployments = self.deployments.keys().filter_map(|id| Some((*id, self.known_deployment(*id)?)));
        let sets = self.sets.values().map(|set| (set.id, (set.deployment, set.template.hash())));
        let pods = self.pods.values().map(|pod| (pod.id, known_pod(pod)));
        Known { deployments: deployments.collect(), sets: sets.collect(), pods: pods.collect() }
    }

    pub(super) fn heartbeat(&mut self, process: ProcessId) {
        let up = self.health == ApiHealth::Up;
        let Some(watcher) = self.watchers.get_mut(&process) else { return };
        watcher.beating = watcher.subscribed;
        if !watcher.subscribed {
            return;
        }
        if up {
            watcher.heard = Some(self.now);
        }
        self.at(HEARTBEAT, ClusterEvent::Heartbeat(process));
    }

    /// Connections are gone; what was on its way is lost with them.
    pub(super) fn lose_watches(&mut self) {
        for watcher in self.watchers.values_mut() {
            watcher.subscribed = false;
            watcher.queues.clear();
        }
    }

    /// The API server is back: lost watches begin anew, frozen ones go on.
    pub(super) fn resume_watches(&mut self) {
        let watching: Vec<(ProcessId, bool)> =
            self.watchers.iter().map(|(process, watcher)| (*process, watcher.subscribed)).collect();
        for (process, subscribed) in watching {
            if subscribed {
                Kind::ALL.into_iter().for_each(|kind| self.at(Duration::ZERO, ClusterEvent::Watch(process, kind)));
            } else {
                let after = RECONNECT + self.random.lasting(self.pace.listing);
                self.at(after, ClusterEvent::List(process));
            }
        }
    }

    pub(super) fn arrive(&mut self, process: ProcessId, kind: Kind) {
        let (now, up) = (self.now, self.health == ApiHealth::Up);
        let Some(watcher) = self.watchers.get_mut(&process).filter(|_| up) else { return };
        let Some(queue) = watcher.queues.get_mut(&kind) else { return };
        while queue.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, change)) = queue.pop_front() {
                watcher.known.take(change);
                watcher.news = true;
            }
        }
    }

    fn publish(&mut self, kind: Kind, change: impl Fn(&Self) -> Option<Change>) {
        let now = self.now;
        let usual = self.pace.watch;
        let watching: Vec<ProcessId> =
            self.watchers.iter().filter(|(_, watcher)| watcher.subscribed).map(|(process, _)| *process).collect();
        for process in watching {
            let Some(change) = change(self) else { continue };
            let usual = self.random.lasting(usual);
            let Some(watcher) = self.watchers.get_mut(&process) else { continue };
            let lag = watcher.lag.get(&kind).copied().unwrap_or_default();
            let queue = watcher.queues.entry(kind).or_default();
            // A watch keeps the order of its changes.
            let due = queue.back().map_or(Duration::ZERO, |(due, _)| *due).max(now + usual + lag);
            queue.push_back((due, change));
            self.due.push((due, ClusterEvent::Watch(process, kind)));
        }
    }

    fn known_deployment(&self, id: u64) -> Option<KnownDeployment> {
        let deployment = self.deployments.get(&id)?;
        let (namespace, name) = (deployment.namespace.clone(), deployment.name.clone());
        Some(KnownDeployment { namespace, name, seen: deployment.seen(None) })
    }

    pub(super) fn publish_deployment(&mut self, id: u64) {
        self.publish(Kind::Deployments, |cluster| {
            Some(Change::Deployment(id, Some(Box::new(cluster.known_deployment(id)?))))
        });
    }

    pub(super) fn unpublish_deployment(&mut self, id: u64) {
        self.publish(Kind::Deployments, |_| Some(Change::Deployment(id, None)));
    }

    pub(super) fn publish_set(&mut self, id: u64) {
        self.publish(Kind::ReplicaSets, |cluster| {
            let set = cluster.sets.get(&id)?;
            Some(Change::Set(id, Some((set.deployment, set.template.hash()))))
        });
    }

    pub(super) fn unpublish_set(&mut self, id: u64) {
        self.publish(Kind::ReplicaSets, |_| Some(Change::Set(id, None)));
    }

    pub(super) fn publish_pod(&mut self, id: u64) {
        self.publish(Kind::Pods, |cluster| Some(Change::Pod(id, Some(Box::new(known_pod(cluster.pods.get(&id)?))))));
    }

    pub(super) fn unpublish_pod(&mut self, id: u64) {
        self.publish(Kind::Pods, |_| Some(Change::Pod(id, None)));
    }
}

fn known_pod(pod: &Pod) -> KnownPod {
    KnownPod { namespace: pod.namespace.clone(), set: pod.set, app: pod.app.clone(), seen: pod.seen(None) }
}
