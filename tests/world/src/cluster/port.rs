//! The clusters' port.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use commands::ports::{ClusterFault, Patched};
use futures::future::{BoxFuture, FutureExt as _, ready};
use state::catalogue::{Target, Workload};
use state::change::patch::PatchStep;
use state::claim::Claim;
use state::fault::Fault;
use state::names::{ClusterName, Namespace};
use state::rollout::seen::{EventSeen, Observed, PodSeen, WorkloadSeen, WorkloadView};

use super::{ApiHealth, Cluster, Look, Writer};
use crate::Shared;
use crate::plan::Site;
use crate::process::ProcessId;
use crate::request::{Call, send};

/// The way of one process to the clusters.
pub(crate) struct ClusterPort {
    shared: Arc<Shared>,
    process: ProcessId,
}

type Answer<T> = Result<T, ClusterFault>;

impl ClusterPort {
    pub(crate) fn new(shared: Arc<Shared>, process: ProcessId) -> Self {
        Self { shared, process }
    }

    fn send<T, E>(&self, site: Site, text: String, cluster: &ClusterName, effect: E) -> BoxFuture<'static, Answer<T>>
    where
        T: fmt::Debug + Send + 'static,
        E: Fn(&mut Cluster) -> Answer<T> + Send + Sync + 'static,
    {
        let name = cluster.clone();
        send(
            Arc::clone(&self.shared),
            Call {
                process: self.process,
                site,
                text,
                cluster: Some(cluster.clone()),
                effect: Box::new(move |state| {
                    let answer = state.in_cluster(&name, |cluster, _| effect(cluster));
                    answer.unwrap_or_else(|| Err(ClusterFault::Unreachable(Fault::new("there is no such cluster"))))
                }),
                unanswered: |why| Err(ClusterFault::Unreachable(Fault::new(why))),
            },
        )
    }
}

fn place(target: &Target, workload: &Workload) -> (Namespace, String) {
    (target.namespace.clone(), workload.name.as_str().to_owned())
}

fn forbidden(verb: &str, resource: &str) -> ClusterFault {
    let sentence = format!("{resource} is forbidden: User \"rotabot\" cannot {verb} resource \"{resource}\"");
    ClusterFault::Forbidden(sentence)
}

impl commands::ports::Cluster for ClusterPort {
    fn observe(&self, target: &Target) -> Observed {
        let unknown = |_: &Workload| WorkloadView { workload: None, pods: Vec::new() };
        let nothing = || Observed { workloads: target.workloads.iter().map(unknown).collect(), age: None };
        self.shared.with(|state| {
            if state.alive != Some(self.process) {
                return nothing();
            }
            let process = self.process;
            let seen = state.in_cluster(&target.cluster, |cluster, _| cluster.observe(process, target));
            seen.unwrap_or_else(nothing)
        })
    }

    fn trouble(&self, target: &Target) -> Option<ClusterFault> {
        self.shared.with(|state| {
            let cluster = state.clusters.get(&target.cluster)?;
            match cluster.health() {
                ApiHealth::Up => (!cluster.rights.read).then(|| forbidden("watch", "deployments")),
                ApiHealth::Down => Some(ClusterFault::Unreachable(Fault::new("connection refused"))),
                ApiHealth::Frozen => Some(ClusterFault::Unreachable(Fault::new("no answer in time"))),
            }
        })
    }

    fn read<'a>(&'a self, target: &'a Target, workload: &'a Workload) -> BoxFuture<'a, Answer<Option<WorkloadSeen>>> {
        let place = place(target, workload);
        self.send(Site::Read, format!("{}/{}", place.0, place.1), &target.cluster, move |cluster| {
            let (namespace, name) = &place;
            if !cluster.rights.read {
                return Err(forbidden("get", "deployments"));
            }
            let now = cluster.now;
            cluster.reads.insert(place.clone(), now);
            let autoscaler = cluster.autoscaler(namespace, name);
            Ok(cluster.find(namespace, name).map(|deployment| deployment.seen(autoscaler)))
        })
    }

    fn pods<'a>(&'a self, target: &'a Target, workload: &'a Workload) -> BoxFuture<'a, Answer<Vec<PodSeen>>> {
        let place = place(target, workload);
        let process = self.process;
        self.send(Site::Pods, format!("{}/{}", place.0, place.1), &target.cluster, move |cluster| {
            if !cluster.rights.read {
                return Err(forbidden("list", "pods"));
            }
            Ok(cluster.list_pods(process, &place.0, &place.1))
        })
    }

    fn patch<'a>(
        &'a self,
        claim: &'a Claim,
        target: &'a Target,
        workload: &'a Workload,
        patch: &'a [PatchStep],
    ) -> BoxFuture<'a, Answer<Patched>> {
        let place = place(target, workload);
        if *claim.target() != target.name {
            let sentence = format!("a claim on {} is no right to write to {}", claim.target(), target.name);
            return ready(Err(ClusterFault::Unreadable(Fault::new(sentence)))).boxed();
        }
        let (by, steps) = (Writer::Rotabot(claim.change()), patch.to_vec());
        let (shared, process, cluster) = (Arc::clone(&self.shared), self.process, target.cluster.clone());
        async move {
            // What was read before it was sent is what the patch was made from.
            let read_at = shared.with(|state| state.clusters.get(&cluster)?.reads.get(&place).copied());
            let port = ClusterPort { shared, process };
            let text = format!("{}/{} {}", place.0, place.1, brief(&steps));
            let effect = move |cluster: &mut Cluster| cluster.patch_for(&place.0, &place.1, &steps, by, read_at);
            port.send(Site::Patch, text, &cluster, effect).await
        }
        .boxed()
    }

    fn events<'a>(&'a self, target: &'a Target, object: &'a str) -> BoxFuture<'a, Answer<Vec<EventSeen>>> {
        let (namespace, object) = (target.namespace.clone(), object.to_owned());
        self.send(Site::Events, object.clone(), &target.cluster, move |cluster| {
            if !cluster.rights.logs {
                return Err(forbidden("list", "events"));
            }
            Ok(cluster.events_of(&namespace, &object))
        })
    }

    fn log<'a>(
        &'a self,
        target: &'a Target,
        pod: &'a str,
        container: &'a str,
        previous: bool,
    ) -> BoxFuture<'a, Answer<Vec<String>>> {
        let (namespace, pod, container) = (target.namespace.clone(), pod.to_owned(), container.to_owned());
        self.send(Site::Log, format!("{pod} {container}"), &target.cluster, move |cluster| {
            if !cluster.rights.logs {
                return Err(forbidden("get", "pods/log"));
            }
            Ok(cluster.log_of(&namespace, &pod, &container, previous))
        })
    }
}

/// The paths that a patch touches, without its tests.
fn brief(steps: &[PatchStep]) -> String {
    let told = steps.iter().filter_map(|step| match step {
        PatchStep::Test(..) => None,
        PatchStep::Add(path, value) | PatchStep::Replace(path, value) if value.is_object() => {
            Some(format!("{path}={{…}}"))
        }
        PatchStep::Add(path, value) | PatchStep::Replace(path, value) => Some(format!("{path}={value}")),
        PatchStep::Remove(path) => Some(format!("-{path}")),
    });
    told.collect::<Vec<_>>().join(" ")
}

impl Cluster {
    fn patch_for(
        &mut self,
        namespace: &Namespace,
        name: &str,
        steps: &[PatchStep],
        by: Writer,
        read_at: Option<Duration>,
    ) -> Answer<Patched> {
        if !self.rights.patch {
            return Err(forbidden("patch", "deployments"));
        }
        let Some(id) = self.find(namespace, name).map(|deployment| deployment.id) else {
            return Ok(Patched::Missing);
        };
        if let Some(sentence) = &self.denies {
            return Ok(Patched::Rejected(sentence.clone()));
        }
        if let Err(sentence) = self.patch_deployment(id, steps, by, read_at) {
            return Ok(Patched::Rejected(sentence));
        }
        let autoscaler = self.autoscaler(namespace, name);
        Ok(match self.deployments.get(&id) {
            Some(deployment) => Patched::Written(Box::new(deployment.seen(autoscaler))),
            None => Patched::Missing,
        })
    }

    fn list_pods(&mut self, process: ProcessId, namespace: &Namespace, name: &str) -> Vec<PodSeen> {
        let Some(id) = self.find(namespace, name).map(|deployment| deployment.id) else { return Vec::new() };
        let owned = |pod: &&super::Pod| self.sets.get(&pod.set).is_some_and(|set| set.deployment == id);
        let mut pods: Vec<PodSeen> = self.pods.values().filter(owned).map(|pod| pod.seen(Some(pod.template))).collect();
        pods.sort_by(|left, right| left.name.cmp(&right.name));
        if let Some(truth) = self.truth(namespace, name) {
            let (at, namespace, name) = (self.now, namespace.clone(), name.to_owned());
            self.looks.push(Look { at, process, namespace, name, truth });
        }
        pods
    }
}
