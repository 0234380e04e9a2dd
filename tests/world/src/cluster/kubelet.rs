//! The nodes: what becomes of pods and their containers, by the behaviour of their images.
//!
//! The lives are those of the control plane for tests, with the same durations, so that a script plays alike on both.

use std::time::Duration;

use state::rollout::seen::{ContainerEnd, ContainerState};

use super::objects::{Container, Phase};
use super::{Cluster, ClusterEvent};
use crate::behaviour::Behaviour;
use crate::images::{Images, Started};

/// Something that happens to a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PodEvent {
    /// A node is found for it, or none.
    Schedule,
    /// Its processes have ended after its deletion.
    End,
    /// A container takes the next step of its life.
    Life(usize, Step),
}

/// The steps of a container's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    RunsReady,
    RunsUnready,
    PullFails,
    PullBacksOff,
    HasNoConfig,
    HasInvalidName,
    Dies,
    RunsAgain,
}

const STARTS: Duration = Duration::from_millis(1_000);
const STARTS_UNREADY: Duration = Duration::from_millis(500);
const FAILS: Duration = Duration::from_millis(400);
const PULL_BACKS_OFF: Duration = Duration::from_millis(1_500);
const PULLS_AGAIN: Duration = Duration::from_secs(15);
const READY_AT_LAST: Duration = Duration::from_millis(14_500);
const TURNS_UNREADY: Duration = Duration::from_secs(20);
const RESTARTS_AT_ONCE: Duration = Duration::from_millis(400);
const LOOKS_FOR_A_NODE: Duration = Duration::from_secs(5);

/// A container of a pod that nobody has looked at yet.
pub(super) fn container(name: &str, image: &str) -> Container {
    Container {
        name: name.to_owned(),
        image: image.to_owned(),
        behaviour: Behaviour::Good,
        image_id: String::new(),
        reports: String::new(),
        runs: None,
        restarts: 0,
        ready: false,
        state: ContainerState::Unknown,
        last_end: None,
        ended: None,
    }
}

impl Cluster {
    pub(super) fn pod_event(&mut self, id: u64, event: PodEvent, images: &mut Images) {
        match event {
            PodEvent::Schedule => self.schedule(id, images),
            PodEvent::End => self.end_pod(id),
            PodEvent::Life(place, step) => self.live(id, place, step, images),
        }
    }

    fn schedule(&mut self, id: u64, images: &mut Images) {
        let full = self.nodes_full;
        let Some(pod) = self.pods.get_mut(&id).filter(|pod| !pod.deleting) else { return };
        let message = full.then(|| "0/3 nodes are available: 3 Insufficient cpu.".to_owned());
        let news = pod.unschedulable != message;
        pod.unschedulable.clone_from(&message);
        if let Some(message) = message {
            if news {
                self.tell(id, "FailedScheduling", &message);
                self.publish_pod(id);
            }
            self.at(LOOKS_FOR_A_NODE, ClusterEvent::Pod(id, PodEvent::Schedule));
            return;
        }
        pod.scheduled = true;
        let mut first = Vec::new();
        for (place, container) in pod.containers.iter_mut().enumerate() {
            let started = images.start(&container.image);
            container.will_run(&started);
            container.state =
                ContainerState::Waiting { reason: "ContainerCreating".to_owned(), message: String::new() };
            first.push((place, beginning(started.behaviour)));
        }
        self.publish_pod(id);
        for (place, (after, step)) in first {
            self.at(after, ClusterEvent::Pod(id, PodEvent::Life(place, step)));
        }
    }

    fn end_pod(&mut self, id: u64) {
        let Some(pod) = self.pods.remove(&id) else { return };
        self.unpublish_pod(id);
        self.events.remove(&(pod.namespace, pod.name));
        self.soon(ClusterEvent::Set(pod.set));
        // A Deployment that recreates its pods waits for just this.
        if let Some(set) = self.sets.get(&pod.set) {
            let deployment = set.deployment;
            self.soon(ClusterEvent::Deployment(deployment));
        }
    }

    fn live(&mut self, id: u64, place: usize, step: Step, images: &mut Images) {
        let (now, wall) = (self.now, self.wall);
        let Some(pod) = self.pods.get_mut(&id).filter(|pod| !pod.deleting && pod.phase != Phase::Failed) else {
            return;
        };
        let Some(container) = pod.containers.get_mut(place) else { return };
        // A registry that was away may be back.
        if step == Step::PullFails {
            let started = images.start(&container.image);
            if started.behaviour != Behaviour::PullFails {
                container.will_run(&started);
                let (after, step) = beginning(started.behaviour);
                self.at(after, ClusterEvent::Pod(id, PodEvent::Life(place, step)));
                return;
            }
        }
        let told = container.take(step, wall);
        if step == Step::Dies {
            container.ended = Some(now);
        }
        let next = container.next(step);
        let started = pod.containers.iter().any(|one| !one.image_id.is_empty());
        pod.phase = if started { Phase::Running } else { Phase::Pending };
        let ready = pod.containers.iter().all(|one| one.ready);
        let turned = ready != pod.ready();
        if turned {
            pod.ready_since = ready.then_some(now);
        }
        let set = pod.set;
        for (reason, message) in told {
            self.tell(id, reason, &message);
        }
        self.publish_pod(id);
        if turned {
            self.soon(ClusterEvent::Set(set));
        }
        if let Some((after, step)) = next {
            self.at(after, ClusterEvent::Pod(id, PodEvent::Life(place, step)));
        }
    }

    /// A node under pressure ends a pod, whose object stays.
    pub(super) fn evict_pod(&mut self, id: u64) {
        let Some(pod) = self.pods.get_mut(&id).filter(|pod| pod.counts()) else { return };
        pod.phase = Phase::Failed;
        pod.ready_since = None;
        pod.containers.iter_mut().for_each(|container| container.ready = false);
        let set = pod.set;
        self.tell(id, "Evicted", "The node was low on resource: memory.");
        self.publish_pod(id);
        self.soon(ClusterEvent::Set(set));
    }
}

/// What happens first to a container of this behaviour, and after how long.
fn beginning(behaviour: Behaviour) -> (Duration, Step) {
    match behaviour {
        Behaviour::Good | Behaviour::Dies { .. } | Behaviour::TurnsUnready => (STARTS, Step::RunsReady),
        Behaviour::WrongDigest | Behaviour::BareId => (STARTS, Step::RunsReady),
        Behaviour::NeverReady | Behaviour::Slow => (STARTS_UNREADY, Step::RunsUnready),
        Behaviour::PullFails => (FAILS, Step::PullFails),
        Behaviour::BadConfig => (FAILS, Step::HasNoConfig),
        Behaviour::InvalidName => (FAILS, Step::HasInvalidName),
    }
}

impl Container {
    fn will_run(&mut self, started: &Started) {
        self.behaviour = started.behaviour;
        self.reports.clone_from(&started.image_id);
        self.runs = Some(started.runs.clone());
    }
}

type Told = Vec<(&'static str, String)>;

impl Container {
    /// Takes a step, and returns the events that tell of it.
    fn take(&mut self, step: Step, wall: chrono::DateTime<chrono::Utc>) -> Told {
        let waits = |reason: &str, message: String| ContainerState::Waiting { reason: reason.to_owned(), message };
        let image = self.image.clone();
        match step {
            Step::RunsReady | Step::RunsAgain => {
                if step == Step::RunsAgain {
                    if let ContainerState::Terminated(end) = &self.state {
                        self.last_end = Some(end.clone());
                    }
                    self.restarts += 1;
                }
                self.image_id.clone_from(&self.reports);
                self.ready = true;
                self.state = ContainerState::Running { since: Some(wall) };
                vec![("Started", "Started container".to_owned())]
            }
            Step::RunsUnready => {
                self.image_id.clone_from(&self.reports);
                self.ready = false;
                let since = match &self.state {
                    ContainerState::Running { since } => *since,
                    _ => Some(wall),
                };
                self.state = ContainerState::Running { since };
                vec![("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503".to_owned())]
            }
            Step::PullFails => {
                let message =
                    format!("rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": not found");
                self.state = waits("ErrImagePull", message.clone());
                vec![
                    ("Failed", format!("Failed to pull image: {message}")),
                    ("Failed", "Error: ErrImagePull".to_owned()),
                ]
            }
            Step::PullBacksOff => {
                let message = format!("Back-off pulling image \"{image}\": ErrImagePull: not found");
                self.state = waits("ImagePullBackOff", message);
                vec![("Failed", "Error: ImagePullBackOff".to_owned())]
            }
            Step::HasNoConfig => {
                let message = "configmap \"api-config\" not found".to_owned();
                self.state = waits("CreateContainerConfigError", message.clone());
                vec![("Failed", format!("Error: {message}"))]
            }
            Step::HasInvalidName => {
                let message = format!("Failed to apply default image tag \"{image}\": couldn't parse image name");
                self.state = waits("InvalidImageName", message.clone());
                vec![("InspectFailed", message)]
            }
            Step::Dies => self.die(wall),
        }
    }

    fn die(&mut self, wall: chrono::DateTime<chrono::Utc>) -> Told {
        let out_of_memory = matches!(self.behaviour, Behaviour::Dies { out_of_memory: true, .. });
        let (exit_code, reason) = if out_of_memory { (137, "OOMKilled") } else { (2, "Error") };
        let end = ContainerEnd { exit_code, reason: reason.to_owned(), at: Some(wall) };
        self.ready = false;
        // The first restart comes at once, later ones after a back-off.
        if self.restarts == 0 {
            self.state = ContainerState::Terminated(end);
            return Vec::new();
        }
        self.last_end = Some(end);
        let message = format!("back-off restarting failed container={}", self.name);
        self.state = ContainerState::Waiting { reason: "CrashLoopBackOff".to_owned(), message };
        vec![("BackOff", "Back-off restarting failed container".to_owned())]
    }

    fn next(&self, step: Step) -> Option<(Duration, Step)> {
        match (self.behaviour, step) {
            (Behaviour::Dies { after, .. }, Step::RunsReady | Step::RunsAgain) => Some((after, Step::Dies)),
            (Behaviour::Dies { .. }, Step::Dies) if self.restarts == 0 => Some((RESTARTS_AT_ONCE, Step::RunsAgain)),
            (Behaviour::Dies { .. }, Step::Dies) => Some((back_off(self.restarts), Step::RunsAgain)),
            (Behaviour::Slow, Step::RunsUnready) => Some((READY_AT_LAST, Step::RunsReady)),
            (Behaviour::TurnsUnready, Step::RunsReady) => Some((TURNS_UNREADY, Step::RunsUnready)),
            (_, Step::PullFails) => Some((PULL_BACKS_OFF, Step::PullBacksOff)),
            (_, Step::PullBacksOff) => Some((PULLS_AGAIN, Step::PullFails)),
            _ => None,
        }
    }
}

fn back_off(restarts: u32) -> Duration {
    Duration::from_secs(match restarts {
        0 | 1 => 2,
        2 => 4,
        3 => 8,
        _ => 16,
    })
}
