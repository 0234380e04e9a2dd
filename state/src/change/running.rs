//! What runs in a workload now: digests that its ready pods agree on, and whether all of them are good.
//!
//! Which of it matters for a change is decided in `prepare` and `plan`.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Workload;
use crate::image::Digest;
use crate::names::ContainerName;
use crate::rollout::pods::{counts, number};
use crate::rollout::seen::{PodSeen, WorkloadSeen};
use crate::rollout::signs::{creation_refused, is_bad};
use crate::template::TemplateHash;

/// Digests that the ready pods of a template report, by container of the catalogue, where all of them agree.
pub(super) fn digests(
    workload: &Workload,
    pods: &[PodSeen],
    template: TemplateHash,
) -> BTreeMap<ContainerName, Digest> {
    let ready = || of(pods, template).filter(|pod| pod.ready);
    let mut digests = BTreeMap::new();
    for source in &workload.containers {
        let mut reported = ready()
            .flat_map(|pod| &pod.containers)
            .filter(|container| container.name == source.container.as_str())
            .map(|container| container.digest());
        if let Some(Some(first)) = reported.next()
            && reported.all(|other| other.as_ref() == Some(&first))
        {
            digests.insert(source.container.clone(), first);
        }
    }
    digests
}

/// Digests that pods of a template report for a container, ready or not.
pub(super) fn reported(pods: &[PodSeen], template: TemplateHash, container: &ContainerName) -> BTreeSet<Digest> {
    let containers = of(pods, template).flat_map(|pod| &pod.containers);
    containers.filter(|one| one.name == container.as_str()).filter_map(|one| one.digest()).collect()
}

/// Whether there are as many pods of the workload's template as are wanted, and every one of them is ready.
pub(super) fn all_ready(seen: &WorkloadSeen, pods: &[PodSeen]) -> bool {
    let of_template = || of(pods, seen.template.hash());
    let ready = of_template().filter(|pod| pod.ready).count();
    ready == of_template().count() && u32::try_from(ready).is_ok_and(|ready| ready >= seen.desired)
}

/// Whether the workload's own counts say that nothing is wanting. One that wants no pods shows nothing.
pub fn healthy(seen: &WorkloadSeen) -> bool {
    let counts = [seen.updated, seen.ready, seen.available, seen.total];
    seen.desired > 0 && seen.observed_generation >= seen.generation && counts.iter().all(|count| *count == seen.desired)
}

/// Whether a rollout of the template that stands there is under way and shows no sign of failure. It is only said of
/// rollouts that are not ours to judge: it proves nothing, but that it is too early to call the workload unwell.
pub fn under_way(seen: &WorkloadSeen, pods: &[PodSeen]) -> bool {
    // A pod that has no node, or can't be made, may get there by itself; but nobody could say that nothing is wrong.
    let fails = |pod: &PodSeen| is_bad(pod) || pod.unschedulable.is_some();
    let failing = creation_refused(seen).is_some() || of(pods, seen.template.hash()).any(fails);
    if seen.desired == 0 || healthy(seen) || failing {
        return false;
    }
    let progressing = seen.conditions.iter().find(|condition| condition.kind == "Progressing");
    match progressing {
        // The controller has not looked at the newest write yet.
        _ if seen.observed_generation < seen.generation => true,
        // One that has arrived says so for ever after, also when pods die later or are scaled.
        Some(condition) => condition.status == "True" && condition.reason != "NewReplicaSetAvailable",
        None => seen.updated < seen.desired || seen.total > seen.updated,
    }
}

/// How many pods of the workload's template are ready.
pub fn new_ready(seen: &WorkloadSeen, pods: &[PodSeen]) -> u32 {
    number(of(pods, seen.template.hash()).filter(|pod| pod.ready).count())
}

/// Pods that are being deleted or have ended count nowhere: their places are taken by others.
fn of(pods: &[PodSeen], template: TemplateHash) -> impl Iterator<Item = &PodSeen> {
    pods.iter().filter(move |pod| counts(pod) && pod.template == Some(template))
}
