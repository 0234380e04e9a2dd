//! The cause of a failure (V6): which bad pod is shown, and what it says of itself.
//!
//! Log and events are not here: they have to be asked for, and the answer of this module says where.

use chrono::{DateTime, Utc};

use super::digest::wrong_container;
use super::expectation::Expectation;
use super::judge::{EarlySign, Failure};
use super::memory::Memory;
use super::pods::{Pods, Print, ended, number};
use super::seen::{ContainerSeen, ContainerState, PodSeen, WorkloadView};
use super::signs::{creation_refused, last_end_of, rank, sign_of};
use crate::evidence::{Cause, CauseKind};
use crate::redact::clean_line;

/// The longest sentence of Kubernetes that is kept, in characters.
const MESSAGE_AT_MOST: usize = 400;

/// What to ask the cluster for, to complete a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The pod whose events say more.
    pub pod: String,
    /// The log that says more; none where the container never ran.
    pub log: Option<LogLookup>,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLookup {
    /// Of which container.
    pub container: String,
    /// Of its run before the present one.
    pub previous: bool,
}

/// Makes the cause of a failure, and says what to look up. `memory` is the judge's, after the look that failed.
pub fn cause(
    view: &WorkloadView,
    expectation: &Expectation,
    memory: &Memory,
    failure: &Failure,
    wall: DateTime<Utc>,
) -> (Cause, Option<Lookup>) {
    let pods = Pods::of(view, expectation.template);
    let suspects: Vec<Suspect<'_>> = pods.new.iter().map(|pod| Suspect::of(pod, expectation, memory)).collect();
    let chosen = match failure {
        Failure::Sign { kind, pod } => suspects
            .iter()
            .find(|suspect| suspect.pod.name == *pod)
            .map(|suspect| suspect.refined(*kind))
            // The pod has vanished since: what it showed stays the cause, others that show it are the proof.
            .or_else(|| suspects.iter().find(|suspect| suspect.kind == Some(*kind)).cloned())
            .ok_or(*kind),
        Failure::Deadline => most_telling(&suspects).ok_or(CauseKind::Stuck),
    };
    match chosen {
        Ok(suspect) => of_pod(&suspect, &suspects, memory, wall),
        Err(kind) => without_pod(kind, view, expectation, memory, number(suspects.len()), wall),
    }
}

/// Makes the cause of a sign that has not ended anything yet, for the progress card.
pub fn cause_of_sign(
    view: &WorkloadView,
    expectation: &Expectation,
    memory: &Memory,
    sign: &EarlySign,
    wall: DateTime<Utc>,
) -> (Cause, Option<Lookup>) {
    match &sign.pod {
        Some(pod) => cause(view, expectation, memory, &Failure::Sign { kind: sign.kind, pod: pod.clone() }, wall),
        None => {
            let pods = Pods::of(view, expectation.template);
            without_pod(sign.kind, view, expectation, memory, number(pods.new.len()), wall)
        }
    }
}

/// A new pod, and what is wrong with it.
#[derive(Debug, Clone)]
struct Suspect<'a> {
    pod: &'a PodSeen,
    kind: Option<CauseKind>,
    container: Option<&'a ContainerSeen>,
    restarts: u32,
}

impl<'a> Suspect<'a> {
    fn of(pod: &'a PodSeen, expectation: &Expectation, memory: &Memory) -> Self {
        let sign = sign_of(pod, memory);
        // An unready pod without a sign: the container that isn't ready is the one to look at, an init container first,
        // for the others wait for it.
        let unready = || pod.containers.iter().find(|container| !container.ready && !finished(container));
        let (kind, container) = match sign {
            Some(sign) => (Some(sign.kind), sign.container),
            None if !pod.ready => (Some(CauseKind::NeverReady), unready().or(pod.containers.last())),
            None if let Some(wrong) = wrong_container(pod, expectation) => (Some(CauseKind::WrongImage), Some(wrong)),
            None => (None, pod.containers.iter().max_by_key(|container| memory.restarts_of(pod, container))),
        };
        let restarts = container.map_or(0, |container| memory.restarts_of(pod, container));
        Self { pod, kind, container, restarts }
    }

    /// The same pod for a kind that was concluded elsewhere, which knows better than one look at the pod.
    fn refined(&self, kind: CauseKind) -> Self {
        let killed = self.container.and_then(last_end_of).is_some_and(|end| end.reason == "OOMKilled");
        let kind = if kind == CauseKind::CrashedAfterReady && killed { CauseKind::OutOfMemory } else { kind };
        Self { kind: Some(kind), ..self.clone() }
    }

    /// Kinds that are the same to whoever counts the affected.
    fn shows(&self, kind: CauseKind) -> bool {
        self.kind.is_some_and(|shown| rank(shown) == rank(kind) || shown.is_crash() && kind.is_crash())
    }
}

fn finished(container: &ContainerSeen) -> bool {
    container.init && matches!(&container.state, ContainerState::Terminated(end) if end.exit_code == 0)
}

/// The pod to show for a rollout that stands still. One that runs the wrong image is not why it does.
fn most_telling<'a>(suspects: &[Suspect<'a>]) -> Option<Suspect<'a>> {
    let bad = suspects.iter().filter_map(|suspect| Some((suspect.kind?, suspect)));
    let bad = bad.filter(|(kind, _)| *kind != CauseKind::WrongImage);
    let most = bad.min_by_key(|(kind, suspect)| {
        (rank(*kind), std::cmp::Reverse(suspect.restarts), suspect.pod.created, &suspect.pod.name)
    });
    most.map(|(_, suspect)| suspect.clone())
}

fn of_pod(suspect: &Suspect<'_>, all: &[Suspect<'_>], memory: &Memory, wall: DateTime<Utc>) -> (Cause, Option<Lookup>) {
    let kind = suspect.kind.unwrap_or(CauseKind::NeverReady);
    let (reason, message) = words(suspect, kind);
    let end = suspect.container.and_then(last_end_of).filter(|_| kind.is_crash());
    let cause = Cause {
        kind,
        affected: number(all.iter().filter(|one| one.pod.uid == suspect.pod.uid || one.shows(kind)).count()),
        of: number(all.len()),
        pod: Some(suspect.pod.name.clone()),
        container: suspect.container.map(|container| container.name.clone()),
        reason,
        message: clean_line(&message, MESSAGE_AT_MOST),
        exit_code: end.map(|end| end.exit_code),
        restarts: suspect.restarts,
        since: memory.sign_since(Some(Print::of_pod(suspect.pod))).unwrap_or(wall),
        events: Vec::new(),
        log: Vec::new(),
    };
    let log = suspect.container.filter(|_| kind.has_log()).and_then(log_of);
    (cause, Some(Lookup { pod: suspect.pod.name.clone(), log }))
}

fn log_of(container: &ContainerSeen) -> Option<LogLookup> {
    let ended_before = container.last_end.is_some();
    let previous = match &container.state {
        ContainerState::Waiting { .. } | ContainerState::Unknown if !ended_before => return None,
        // What it said before it ended says more than what it says since.
        ContainerState::Waiting { .. } | ContainerState::Unknown | ContainerState::Running { .. } => ended_before,
        ContainerState::Terminated(_) => false,
    };
    Some(LogLookup { container: container.name.clone(), previous })
}

/// The word and the sentence that Kubernetes has for it.
fn words(suspect: &Suspect<'_>, kind: CauseKind) -> (String, String) {
    if kind == CauseKind::Unschedulable {
        return ("Unschedulable".to_owned(), suspect.pod.unschedulable.clone().unwrap_or_default());
    }
    let Some(container) = suspect.container else { return (String::new(), String::new()) };
    if kind == CauseKind::WrongImage {
        return (String::new(), container.image_id.clone());
    }
    let waiting = match &container.state {
        ContainerState::Waiting { reason, message } => Some((reason.clone(), message.clone())),
        _ => None,
    };
    let end = last_end_of(container).map(|end| end.reason.clone());
    match (kind, waiting, end) {
        (CauseKind::OutOfMemory, waiting, Some(end)) => (end, waiting.unwrap_or_default().1),
        (_, Some(waiting), _) => waiting,
        (kind, None, Some(end)) if kind.is_crash() => (end, String::new()),
        _ => (String::new(), String::new()),
    }
}

/// No new pod is bad, or none is there. A pod that ended may still say why; else the workload's conditions do.
fn without_pod(
    kind: CauseKind,
    view: &WorkloadView,
    expectation: &Expectation,
    memory: &Memory,
    of: u32,
    wall: DateTime<Utc>,
) -> (Cause, Option<Lookup>) {
    let refused = view.workload.as_ref().and_then(creation_refused);
    let new_that_ended = |pod: &&PodSeen| pod.template == Some(expectation.template) && ended(pod) && !pod.deleting;
    let last_ended = view.pods.iter().filter(new_that_ended).max_by_key(|pod| (pod.created, &pod.name));
    if let (None, CauseKind::Stuck, Some(pod)) = (refused, kind, last_ended) {
        let suspect = Suspect { kind: Some(CauseKind::NeverReady), ..Suspect::of(pod, expectation, memory) };
        return of_pod(&suspect, std::slice::from_ref(&suspect), memory, wall);
    }
    let progressing = || {
        let conditions = view.workload.as_ref().map_or(&[][..], |workload| &workload.conditions);
        conditions.iter().find(|condition| condition.kind == "Progressing")
    };
    let condition = refused.or_else(progressing);
    let kind = if kind == CauseKind::Stuck && refused.is_some() { CauseKind::NotCreated } else { kind };
    let cause = Cause {
        kind,
        affected: 0,
        of,
        pod: None,
        container: None,
        reason: condition.map(|condition| condition.reason.clone()).unwrap_or_default(),
        message: condition.map(|condition| clean_line(&condition.message, MESSAGE_AT_MOST)).unwrap_or_default(),
        exit_code: None,
        restarts: 0,
        since: memory.sign_since(None).unwrap_or(wall),
        events: Vec::new(),
        log: Vec::new(),
    };
    (cause, None)
}

#[cfg(test)]
mod tests;
