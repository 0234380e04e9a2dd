//! What the judge remembers of a rollout from one look to the next. It is kept in the change's record, so it is small
//! however many pods there are, and it means the same after a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::judge::{Moment, Progress};
use super::pods::{Pods, Print};
use super::seen::{ContainerSeen, PodSeen, WorkloadView};
use super::signs::Weight;
use crate::evidence::CauseKind;
use crate::template::TemplateHash;
use crate::time::ObservedTime;

/// How many signs are remembered at a time: those that can end the rollout first, then the oldest.
const SIGNS: usize = 8;

/// How many pods are remembered to have been ready.
const READY_PODS: usize = 32;

/// What the judge remembers of the rollout of one workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// When the last look was taken.
    looked: ObservedTime,
    /// Observed milliseconds since the last progress, a pause left out.
    idle: u64,
    /// The furthest that the rollout has come.
    furthest: Option<Furthest>,
    /// What another number of desired pods took off `idle`, while no more new pods turned ready than ever before.
    #[serde(default, skip_serializing_if = "is_zero")]
    forgiven: u64,
    /// So many new pods were ready at most, whatever was desired.
    #[serde(default, skip_serializing_if = "is_zero")]
    most_ready: u64,
    /// Restart counts from before the rollout, by container; those that were 0 are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    restarts_before: BTreeMap<Print, u32>,
    /// New pods that were seen ready.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    ready_pods: BTreeSet<Print>,
    /// Signs of failure that are shown now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signs: Vec<RememberedSign>,
    /// The pause by somebody else that is on now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause: Option<Since>,
}

/// When something began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Since {
    /// In time that counts.
    pub(super) observed: ObservedTime,
    /// As people read it.
    pub(super) wall: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RememberedSign {
    /// None where no pod was made at all.
    pod: Option<Print>,
    kind: CauseKind,
    #[serde(flatten)]
    since: Since,
}

/// High-water marks rather than the last look's numbers: a pod that turns ready and unready for ever is no progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Furthest {
    desired: u32,
    new_ready: u32,
    new_total: u32,
    old_total: u32,
    observed: bool,
}

impl Memory {
    /// Begins a rollout. `before` is what was seen before the write: pods of the wanted template may exist already
    /// (a return finds the old ones), and what they went through earlier is not this rollout's fault.
    pub fn begin(before: &WorkloadView, template: TemplateHash, now: ObservedTime) -> Self {
        let mut memory = Self {
            looked: now,
            idle: 0,
            furthest: None,
            forgiven: 0,
            most_ready: 0,
            restarts_before: BTreeMap::new(),
            ready_pods: BTreeSet::new(),
            signs: Vec::new(),
            pause: None,
        };
        memory.forget_restarts(&Pods::of(before, template).new);
        memory
    }

    /// How often a container was started anew since the rollout began.
    pub fn restarts_of(&self, pod: &PodSeen, container: &ContainerSeen) -> u32 {
        let before = self.restarts_before.get(&Print::of_container(pod, &container.name)).copied();
        container.restarts.saturating_sub(before.unwrap_or(0))
    }

    /// Whether a pod was seen ready in this rollout.
    pub fn was_ready(&self, pod: Print) -> bool {
        self.ready_pods.contains(&pod)
    }

    /// Since when a pod has shown the sign that it shows, as far as that is remembered; without a pod, since when none
    /// could be made.
    pub fn sign_since(&self, pod: Option<Print>) -> Option<DateTime<Utc>> {
        self.signs.iter().find(|sign| sign.pod == pod).map(|sign| sign.since.wall)
    }

    /// How long the rollout has gone without progress.
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle)
    }

    /// How long no more new pods have turned ready than before, with what scaling took off [`Memory::idle`].
    pub fn idle_through_scaling(&self) -> Duration {
        Duration::from_millis(self.idle.saturating_add(self.forgiven))
    }

    /// From now on counts only restarts that are yet to come.
    pub(super) fn forget_restarts(&mut self, pods: &[&PodSeen]) {
        self.restarts_before.clear();
        for pod in pods {
            for container in pod.containers.iter().filter(|container| container.restarts > 0) {
                self.restarts_before.insert(Print::of_container(pod, &container.name), container.restarts);
            }
        }
    }

    /// Time passed and counts against the deadline.
    pub(super) fn pass(&mut self, now: ObservedTime) {
        let passed = now.since(self.looked).as_millis();
        self.idle = self.idle.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
        self.looked = self.looked.max(now);
    }

    /// Time passed and counts for nothing.
    pub(super) fn stand_still(&mut self, now: ObservedTime) {
        self.looked = self.looked.max(now);
    }

    /// Notes how far the rollout has come. Progress starts the deadline anew, and so does another number of desired
    /// pods, from which everything is measured anew (V8).
    pub(super) fn note_progress(&mut self, progress: &Progress, observed: bool) {
        let seen = Furthest {
            desired: progress.desired,
            new_ready: progress.new_ready,
            new_total: progress.new_total,
            old_total: progress.old_total,
            observed,
        };
        let (furthest, moved) = match self.furthest {
            Some(before) if before.desired == seen.desired => before.with(seen),
            Some(_) => {
                self.forgiven = self.forgiven.saturating_add(self.idle);
                (seen, true)
            }
            None => (seen, true),
        };
        if u64::from(seen.new_ready) > self.most_ready {
            (self.forgiven, self.most_ready) = (0, seen.new_ready.into());
        }
        self.furthest = Some(furthest);
        if moved {
            self.idle = 0;
        }
    }

    /// Nothing is waited for: the deadline starts anew.
    pub(super) fn arrived(&mut self) {
        (self.idle, self.forgiven) = (0, 0);
    }

    /// Remembers which new pods are ready, to tell a crash after that from a crash at start.
    pub(super) fn note_ready(&mut self, new: &[&PodSeen]) {
        let here: BTreeSet<Print> = new.iter().map(|pod| Print::of_pod(pod)).collect();
        self.ready_pods.retain(|print| here.contains(print));
        for pod in new.iter().filter(|pod| pod.ready) {
            if self.ready_pods.len() < READY_PODS {
                self.ready_pods.insert(Print::of_pod(pod));
            }
        }
    }

    /// Remembers the signs that are shown now, each with the moment since which it has been shown at every look.
    pub(super) fn note_signs(&mut self, shown: impl IntoIterator<Item = (Option<Print>, CauseKind, Weight, Since)>) {
        let mut signs: Vec<_> = shown.into_iter().collect();
        signs.sort_by_key(|(pod, kind, weight, since)| (*weight, since.observed, *pod, *kind));
        let remembered = signs.into_iter().map(|(pod, kind, _, since)| RememberedSign { pod, kind, since });
        self.signs = remembered.take(SIGNS).collect();
    }

    /// Since when a sign has been shown at every look, as far as that is remembered.
    pub(super) fn remembered(&self, pod: Option<Print>, kind: CauseKind) -> Option<Since> {
        self.signs.iter().find(|sign| sign.pod == pod && sign.kind == kind).map(|sign| sign.since)
    }

    /// Remembers a pause, and tells since when it is on.
    pub(super) fn note_pause(&mut self, moment: Moment) -> Since {
        *self.pause.get_or_insert(Since { observed: moment.observed, wall: moment.wall })
    }

    /// Since when somebody else has it paused, as people read it.
    pub fn paused_since(&self) -> Option<DateTime<Utc>> {
        self.pause.map(|pause| pause.wall)
    }

    /// The pause is over.
    pub(super) fn note_no_pause(&mut self) {
        self.pause = None;
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Furthest {
    /// The furthest of both, and whether that is further than before.
    fn with(self, seen: Furthest) -> (Furthest, bool) {
        let furthest = Furthest {
            desired: self.desired,
            new_ready: self.new_ready.max(seen.new_ready),
            new_total: self.new_total.max(seen.new_total),
            old_total: self.old_total.min(seen.old_total),
            observed: self.observed || seen.observed,
        };
        (furthest, furthest != self)
    }
}
