//! Scenes for tests: a workload with its pods, played step by step, in the words of the rules.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::expectation::{Expectation, ExpectedImage, Pauses};
use super::judge::{Judgement, Moment, judge};
use super::memory::Memory;
use super::pods::counts;
use super::seen::{ConditionSeen, ContainerEnd, ContainerSeen, ContainerState, PodSeen, WorkloadSeen, WorkloadView};
use crate::catalogue::Policy;
use crate::names::ContainerName;
use crate::template::Template;
use crate::time::ObservedTime;

/// Observed time, in seconds.
pub(crate) fn observed(seconds: u64) -> ObservedTime {
    serde_json::from_value(json!(seconds * 1000)).expect("observed time")
}

/// The wall clock at some second.
pub(crate) fn wall(seconds: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + i64::try_from(seconds).expect("small"), 0).expect("a moment")
}

/// The template that runs an image, `api:<tag>`.
pub(crate) fn template(tag: &str) -> Arc<Template> {
    template_with(tag, "")
}

/// The same with another field beside the image.
pub(crate) fn template_with(tag: &str, note: &str) -> Arc<Template> {
    Arc::new(Template::new(json!({
        "metadata": { "labels": { "app": "api" }, "annotations": { "note": note } },
        "spec": { "containers": [{ "name": "api", "image": format!("api:{tag}") }] },
    })))
}

/// A pod that was scheduled and has not started.
pub(crate) fn pod(name: &str, template: &Template) -> PodSeen {
    let (container, image) = template.containers().next().expect("a container");
    PodSeen {
        name: name.to_owned(),
        uid: format!("uid-of-{name}"),
        template: Some(template.hash()),
        deleting: false,
        ready: false,
        phase: "Pending".to_owned(),
        created: wall(0),
        unschedulable: None,
        containers: vec![ContainerSeen {
            name: container.to_owned(),
            init: false,
            image: image.to_owned(),
            image_id: String::new(),
            restarts: 0,
            ready: false,
            state: ContainerState::Waiting { reason: "ContainerCreating".to_owned(), message: String::new() },
            last_end: None,
        }],
    }
}

fn ended_with(exit_code: i32, reason: &str) -> ContainerEnd {
    ContainerEnd { exit_code, reason: reason.to_owned(), at: None }
}

/// What may happen to a pod.
pub(crate) trait PodLife: Sized {
    fn state(self, state: ContainerState, ready: bool) -> Self;
    fn running(self) -> Self {
        self.state(ContainerState::Running { since: None }, false)
    }
    fn ready(self) -> Self {
        self.state(ContainerState::Running { since: None }, true)
    }
    fn waiting(self, reason: &str, message: &str) -> Self {
        self.state(ContainerState::Waiting { reason: reason.to_owned(), message: message.to_owned() }, false)
    }
    /// Ends, and is not started anew yet.
    fn ends(self, exit_code: i32, reason: &str) -> Self;
    /// Is started anew after the given end; the restart count is raised.
    fn restarts(self, exit_code: i32, reason: &str) -> Self;
    fn deleting(self) -> Self;
    fn evicted(self) -> Self;
    fn runs(self, image_id: &str) -> Self;
}

impl PodLife for PodSeen {
    fn state(mut self, state: ContainerState, ready: bool) -> Self {
        self.phase = if matches!(state, ContainerState::Running { .. }) { "Running" } else { &self.phase }.to_owned();
        self.ready = ready;
        self.containers[0].ready = ready;
        self.containers[0].state = state;
        self
    }
    fn ends(self, exit_code: i32, reason: &str) -> Self {
        self.state(ContainerState::Terminated(ended_with(exit_code, reason)), false)
    }
    fn restarts(mut self, exit_code: i32, reason: &str) -> Self {
        self.containers[0].restarts += 1;
        self.containers[0].last_end = Some(ended_with(exit_code, reason));
        self.running()
    }
    fn deleting(mut self) -> Self {
        self.deleting = true;
        self
    }
    fn evicted(mut self) -> Self {
        self = self.ends(137, "Error");
        self.phase = "Failed".to_owned();
        self
    }
    fn runs(mut self, image_id: &str) -> Self {
        self.containers[0].image_id = image_id.to_owned();
        self
    }
}

/// A rollout, looked at step by step.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) view: WorkloadView,
    pub(crate) expectation: Expectation,
    pub(crate) policy: Policy,
    pub(crate) memory: Memory,
    pub(crate) seconds: u64,
}

impl Scene {
    /// Version 1 runs on `replicas` ready pods, `old-1` and so on, and our write of version 2 was just answered.
    pub(crate) fn deploying(replicas: u32) -> Self {
        Self::writing("v2", replicas)
    }

    /// The same with another version.
    pub(crate) fn writing(tag: &str, replicas: u32) -> Self {
        let old = template("v1");
        let pods = (1..=replicas).map(|number| pod(&format!("old-{number}"), &old).ready()).collect();
        let workload = WorkloadSeen {
            uid: "uid-of-api".to_owned(),
            generation: 6,
            observed_generation: 6,
            desired: replicas,
            total: replicas,
            updated: replicas,
            ready: replicas,
            available: replicas,
            paused: false,
            paused_by: None,
            template_by: None,
            has_annotations: true,
            marker: None,
            template: old,
            revision: Some("1".to_owned()),
            conditions: vec![ConditionSeen {
                kind: "Progressing".to_owned(),
                status: "True".to_owned(),
                reason: "NewReplicaSetAvailable".to_owned(),
                message: "ReplicaSet \"api-1\" has successfully progressed.".to_owned(),
            }],
            autoscaler: None,
        };
        let before = WorkloadView { workload: Some(workload), pods };
        let wanted = template(tag);
        let image = format!("api:{tag}").parse().expect("an image");
        let container = ContainerName::new("api").expect("a name");
        let mut scene = Self {
            memory: Memory::begin(&before, wanted.hash(), observed(0)),
            view: before,
            expectation: Expectation {
                uid: "uid-of-api".to_owned(),
                generation: 7,
                template: wanted.hash(),
                images: vec![ExpectedImage::unasked(container, image)],
                pauses: Pauses::Somebodys,
            },
            policy: Policy::default(),
            seconds: 0,
        };
        let workload = scene.workload();
        workload.generation = 7;
        workload.template = wanted;
        scene
    }

    pub(crate) fn workload(&mut self) -> &mut WorkloadSeen {
        self.view.workload.as_mut().expect("a workload")
    }

    /// Puts a pod, in the place of the one of that name if there is one.
    pub(crate) fn put(&mut self, pod: PodSeen) -> &mut Self {
        self.view.pods.retain(|other| other.name != pod.name);
        self.view.pods.push(pod);
        self
    }

    /// A new pod of version 2, not put yet.
    pub(crate) fn new_pod(&self, name: &str) -> PodSeen {
        pod(name, &self.view.workload.as_ref().expect("a workload").template)
    }

    pub(crate) fn change(&mut self, name: &str, to: impl FnOnce(PodSeen) -> PodSeen) -> &mut Self {
        let at = self.view.pods.iter().position(|pod| pod.name == name).expect("a pod of that name");
        let pod = self.view.pods.remove(at);
        self.view.pods.insert(at, to(pod));
        self
    }

    pub(crate) fn remove(&mut self, name: &str) -> &mut Self {
        self.view.pods.retain(|pod| pod.name != name);
        self
    }

    /// The controller looks at everything, and reports.
    pub(crate) fn controller_looks(&mut self) -> &mut Self {
        let here: Vec<PodSeen> = self.view.pods.iter().filter(|pod| counts(pod)).cloned().collect();
        let workload = self.workload();
        let number = |count: usize| u32::try_from(count).expect("small");
        let ours = workload.template.hash();
        workload.observed_generation = workload.generation;
        workload.total = number(here.iter().filter(|pod| pod.template.is_some()).count());
        workload.updated = number(here.iter().filter(|pod| pod.template == Some(ours)).count());
        workload.ready = number(here.iter().filter(|pod| pod.template.is_some() && pod.ready).count());
        workload.available = workload.ready;
        self
    }

    /// The rollout ends well: `new-1` and so on are ready, the old pods are gone, the controller has said so.
    pub(crate) fn finish(&mut self) -> &mut Self {
        let desired = self.workload().desired;
        let new = (1..=desired).map(|number| self.new_pod(&format!("new-{number}")).ready()).collect();
        self.view.pods = new;
        self.controller_looks()
    }

    /// Lets time pass.
    pub(crate) fn after(&mut self, seconds: u64) -> &mut Self {
        self.seconds += seconds;
        self
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment { observed: observed(self.seconds), wall: wall(self.seconds) }
    }

    /// The judge looks. What it remembers goes through a record, as it does between any two looks.
    pub(crate) fn look(&mut self) -> Judgement {
        let stored = serde_json::to_vec(&self.memory).expect("a record");
        let memory = serde_json::from_slice(&stored).expect("a memory");
        let (judgement, memory) = judge(&self.view, &self.expectation, &self.policy, memory, self.moment());
        self.memory = memory;
        judgement
    }

    /// Looks every five seconds for so long, and returns the first judgement that isn't `Moving`, with its second.
    pub(crate) fn look_for(&mut self, seconds: u64) -> (u64, Judgement) {
        let until = self.seconds + seconds;
        loop {
            let judgement = self.look();
            if !matches!(judgement, Judgement::Moving(_)) || self.seconds >= until {
                return (self.seconds, judgement);
            }
            self.after(5);
        }
    }
}
