//! Signs of failure in pods: what one look at a pod says, without any notion of time.
//!
//! How long a sign must stay before it ends a rollout is decided in `judge`; which pod is shown, in `cause`.

use chrono::{DateTime, TimeDelta, Utc};

use super::memory::Memory;
use super::pods::Print;
use super::seen::{ConditionSeen, ContainerEnd, ContainerSeen, ContainerState, PodSeen, WorkloadSeen};
use crate::evidence::CauseKind;

/// A container that was started anew so often since the rollout began is crashing, not starting slowly.
pub const CERTAIN_RESTARTS: u32 = 2;

/// A container that has run for so long since it was started anew is forgiven: by then the kubelet, too, has forgotten
/// that it crashed, and would start it anew without delay.
pub const FORGIVEN_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Whether a pod goes on crashing, whatever it says of itself at this moment: it was started anew as often as ends a
/// rollout, and the last time was not long ago. Between two crashes such a pod may well be ready.
pub fn crashes_on(restarts: u32, last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    restarts >= CERTAIN_RESTARTS && now - last < FORGIVEN_AFTER
}

/// How much a sign proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It ends the rollout now.
    Certain,
    /// It ends the rollout if it stays.
    CertainIfItStays,
    /// It is worth showing, but may pass by itself: only the deadline decides.
    Doubtful,
}

/// A sign that a pod shows.
#[derive(Debug, Clone, Copy)]
pub struct Sign<'a> {
    /// Of what.
    pub kind: CauseKind,
    /// How much it proves.
    pub weight: Weight,
    /// The container that shows it; none where the pod itself does.
    pub container: Option<&'a ContainerSeen>,
}

/// The most telling sign of a new pod. A ready pod shows one only when it has restarted too often.
pub fn sign_of<'a>(pod: &'a PodSeen, memory: &Memory) -> Option<Sign<'a>> {
    if pod.unschedulable.is_some() {
        return Some(Sign { kind: CauseKind::Unschedulable, weight: Weight::Doubtful, container: None });
    }
    pod.containers
        .iter()
        .filter_map(|container| {
            let restarts = memory.restarts_of(pod, container);
            let was_ready = memory.was_ready(Print::of_pod(pod));
            let (kind, weight) = sign_of_container(container, restarts, was_ready)?;
            Some(Sign { kind, weight, container: Some(container) })
        })
        .filter(|sign| !pod.ready || sign.weight == Weight::Certain)
        .min_by_key(|sign| (rank(sign.kind), sign.weight))
}

/// Whether a pod, by its whole life, shows what ends a rollout. It is for pods of which nothing is remembered.
pub fn is_bad(pod: &PodSeen) -> bool {
    let certain = |container: &ContainerSeen| {
        let sign = sign_of_container(container, container.restarts, false);
        sign.is_some_and(|(_, weight)| weight != Weight::Doubtful)
    };
    pod.containers.iter().any(certain)
}

fn sign_of_container(container: &ContainerSeen, restarts: u32, was_ready: bool) -> Option<(CauseKind, Weight)> {
    let crash = |weight| {
        let out_of_memory = last_end_of(container).is_some_and(|end| end.reason == "OOMKilled");
        let kind = match (out_of_memory, was_ready) {
            (true, _) => CauseKind::OutOfMemory,
            (false, true) => CauseKind::CrashedAfterReady,
            (false, false) => CauseKind::CrashLoop,
        };
        Some((kind, weight))
    };
    if restarts >= CERTAIN_RESTARTS {
        return crash(Weight::Certain);
    }
    match &container.state {
        ContainerState::Waiting { reason, .. } => match reason.as_str() {
            "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" | "RegistryUnavailable" => {
                Some((CauseKind::Pull, Weight::CertainIfItStays))
            }
            "InvalidImageName" => Some((CauseKind::BadImageName, Weight::CertainIfItStays)),
            "CreateContainerConfigError" => Some((CauseKind::BadConfig, Weight::CertainIfItStays)),
            // The runtime failed rather than the configuration, perhaps only for a moment.
            "CreateContainerError" => Some((CauseKind::BadConfig, Weight::Doubtful)),
            "CrashLoopBackOff" => crash(Weight::Doubtful),
            _ if restarts > 0 => crash(Weight::Doubtful),
            _ => None,
        },
        // An init container is meant to end, if well.
        ContainerState::Terminated(end) if container.init && end.exit_code == 0 => None,
        ContainerState::Terminated(_) => crash(Weight::Doubtful),
        ContainerState::Running { .. } | ContainerState::Unknown if restarts > 0 => crash(Weight::Doubtful),
        ContainerState::Running { .. } | ContainerState::Unknown => None,
    }
}

/// How a container ended the last time, whether or not it runs again.
pub fn last_end_of(container: &ContainerSeen) -> Option<&ContainerEnd> {
    match &container.state {
        ContainerState::Terminated(end) => Some(end),
        _ => container.last_end.as_ref(),
    }
}

/// The condition that says that pods can't be made at all, if the workload has it: a quota, an admission webhook.
pub fn creation_refused(workload: &WorkloadSeen) -> Option<&ConditionSeen> {
    workload.conditions.iter().find(|condition| condition.kind == "ReplicaFailure" && condition.status == "True")
}

/// How telling a cause is: the lower, the more it says about what to do.
pub fn rank(kind: CauseKind) -> u8 {
    match kind {
        CauseKind::WrongImage => 0,
        CauseKind::OutOfMemory => 1,
        CauseKind::CrashedAfterReady | CauseKind::CrashLoop => 2,
        CauseKind::BadConfig => 3,
        CauseKind::BadImageName | CauseKind::Pull => 4,
        CauseKind::TurnedUnready | CauseKind::NeverReady => 5,
        CauseKind::Unschedulable => 6,
        CauseKind::NotCreated | CauseKind::PausedBySomebody => 7,
        CauseKind::Stuck => 8,
    }
}
