//! The controller of ReplicaSets: makes and deletes pods until there are as many as wanted, and counts them.

use std::cmp::Reverse;
use std::time::Duration;

use super::kubelet::PodEvent;
use super::objects::{Phase, Pod, ReplicaSet, SetStatus};
use super::{Cluster, ClusterEvent};

impl Cluster {
    pub(super) fn sync_set(&mut self, id: u64) {
        let Some(set) = self.sets.get(&id) else { return };
        let wanted = if set.orphaned { 0 } else { usize::try_from(set.replicas).unwrap_or(0) };
        let there: Vec<u64> = self.counted(id).map(|pod| pod.id).collect();
        let mut failure = None;
        for _ in there.len()..wanted {
            failure = self.make_pod(id).err();
            if failure.is_some() {
                break;
            }
        }
        if there.len() > wanted {
            self.delete_some(there, wanted);
        }
        self.count_pods(id, failure);
    }

    fn counted(&self, set: u64) -> impl Iterator<Item = &Pod> {
        self.pods.values().filter(move |pod| pod.set == set && pod.counts())
    }

    fn make_pod(&mut self, set: u64) -> Result<(), String> {
        let Some(ReplicaSet { namespace, name, template, deployment, .. }) = self.sets.get(&set).cloned() else {
            return Ok(());
        };
        let in_namespace = self.pods.values().filter(|pod| pod.namespace == namespace).count();
        if self.quota.get(&namespace).is_some_and(|most| in_namespace >= *most) {
            return Err(format!("pods \"{name}-\" is forbidden: exceeded quota: pods, requested: pods=1"));
        }
        let app = self.deployments.get(&deployment).map(|deployment| deployment.name.clone()).unwrap_or_default();
        let id = self.id();
        let suffix: String = (0..5).map(|_| self.letter()).collect();
        let containers = template.containers().map(|(name, image)| super::kubelet::container(name, image)).collect();
        let pod = Pod {
            id,
            set,
            namespace,
            app,
            name: format!("{name}-{suffix}"),
            template: template.hash(),
            created: self.wall,
            scheduled: false,
            unschedulable: None,
            phase: Phase::Pending,
            ready_since: None,
            deleting: false,
            containers,
        };
        self.pods.insert(id, pod);
        self.publish_pod(id);
        let after = self.random.lasting(self.pace.scheduling);
        self.at(after, ClusterEvent::Pod(id, PodEvent::Schedule));
        Ok(())
    }

    /// The letters and digits that generated names are made of.
    fn letter(&mut self) -> char {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        self.random.pick(LETTERS).map_or('x', |byte| char::from(*byte))
    }

    /// The least useful pods go first.
    fn delete_some(&mut self, mut pods: Vec<u64>, wanted: usize) {
        let use_of = |pod: &Pod| {
            let restarts: u32 = pod.containers.iter().map(|container| container.restarts).sum();
            (pod.scheduled, pod.phase, pod.ready(), Reverse(pod.ready_since), Reverse(restarts), Reverse(pod.id))
        };
        pods.sort_by_key(|pod| self.pods.get(pod).map(use_of));
        let gone = pods.len().saturating_sub(wanted);
        for pod in pods.into_iter().take(gone) {
            self.delete_pod(pod);
        }
    }

    /// Deletes a pod. It lingers while its processes end.
    pub(super) fn delete_pod(&mut self, id: u64) {
        let Some(pod) = self.pods.get_mut(&id).filter(|pod| !pod.deleting) else { return };
        pod.deleting = true;
        let set = pod.set;
        self.publish_pod(id);
        let after = self.random.lasting(self.pace.ending);
        self.at(after, ClusterEvent::Pod(id, PodEvent::End));
        self.soon(ClusterEvent::Set(set));
    }

    fn count_pods(&mut self, id: u64, failure: Option<String>) {
        let Some(set) = self.sets.get(&id) else { return };
        let (min_ready, orphaned, deployment) = (set.min_ready, set.orphaned, set.deployment);
        let old = set.status.clone();
        let mut status = SetStatus { failure, ..SetStatus::default() };
        let mut next: Option<Duration> = None;
        for pod in self.counted(id) {
            status.replicas += 1;
            let Some(since) = pod.ready_since else { continue };
            status.ready += 1;
            let available_at = since + min_ready;
            if available_at <= self.now {
                status.available += 1;
            } else {
                next = Some(next.map_or(available_at, |next| next.min(available_at)));
            }
        }
        if let Some(next) = next {
            self.due.push((next, ClusterEvent::Set(id)));
        }
        // A quota may have room again later.
        if status.failure.is_some() {
            self.at(Duration::from_secs(5), ClusterEvent::Set(id));
        }
        if orphaned && status.replicas == 0 {
            self.sets.remove(&id);
            self.unpublish_set(id);
            return;
        }
        if old == status {
            return;
        }
        if let Some(set) = self.sets.get_mut(&id) {
            set.status = status;
        }
        self.soon(ClusterEvent::Deployment(deployment));
    }
}
