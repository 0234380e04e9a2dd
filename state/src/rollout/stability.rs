//! The stability window (V4): ready is not stable, so after completion every pod must stay good for a while.
//!
//! It rests on the judge for everything that may happen to a rollout at any time, and adds what only counts now: no
//! stored pod may restart or turn unready. Pods that come later are judged like those of the rollout.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::expectation::Expectation;
use super::judge::{Failure, Judgement, Moment, Progress, judge};
use super::memory::Memory;
use super::pods::{Pods, Print, counts};
use super::seen::{PodSeen, WorkloadView};
use super::signs::sign_of;
use crate::catalogue::Policy;
use crate::evidence::CauseKind;
use crate::time::ObservedTime;

/// The window of one workload. It is kept in the change's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StabilityWindow {
    /// The pods that must stay good, with the restart count of each when it was stored.
    pods: BTreeMap<Print, u32>,
    /// When the window began.
    began: ObservedTime,
    /// What the judge remembers.
    memory: Memory,
}

/// How the window goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stability {
    /// Every pod stayed good for the whole window, and the rollout is complete at this very look.
    Stable(Progress),
    /// All is good so far.
    Waiting {
        /// The observed time that is left.
        left: Duration,
        /// How far the rollout has come.
        progress: Progress,
    },
    /// The rollout isn't complete any more: pods come or go, because of an autoscaler or a drained node. The window
    /// doesn't end before it is complete again.
    Extended(Progress),
    /// A stored pod went bad, or a later one doesn't get good.
    Failed(Failure, Progress),
    /// The judge found what ends or suspends judging: missing, superseded, no pods, paused, not observed.
    Unsettled(Judgement),
}

impl StabilityWindow {
    /// Begins the window at completion, with the pods of that very view.
    pub fn begin(view: &WorkloadView, expectation: &Expectation, memory: Memory, now: ObservedTime) -> Self {
        let mut window = Self { pods: BTreeMap::new(), began: now, memory };
        window.store(&Pods::of(view, expectation.template).new, now);
        window
    }

    /// Begins the window anew with the stored pods, after a restart of the process.
    #[must_use]
    pub fn restarted(mut self, now: ObservedTime) -> Self {
        self.began = now;
        self
    }

    /// What the judge remembers, from which a cause is made.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Takes a look.
    pub fn look(
        mut self,
        view: &WorkloadView,
        expectation: &Expectation,
        policy: &Policy,
        moment: Moment,
    ) -> (Stability, Self) {
        let (judgement, memory) = judge(view, expectation, policy, self.memory, moment);
        self.memory = memory;
        let stability = self.conclude(judgement, view, expectation, policy, moment);
        (stability, self)
    }

    fn conclude(
        &mut self,
        judgement: Judgement,
        view: &WorkloadView,
        expectation: &Expectation,
        policy: &Policy,
        moment: Moment,
    ) -> Stability {
        let Some(progress) = judgement.progress().cloned() else { return Stability::Unsettled(judgement) };
        if let Some(failure) = self.stored_pod_gone_bad(view) {
            return Stability::Failed(failure, progress);
        }
        match judgement {
            Judgement::Failing(failure, progress) => Stability::Failed(failure, progress),
            Judgement::Moving(progress) => Stability::Extended(progress),
            Judgement::Complete(progress) => {
                let pods = Pods::of(view, expectation.template);
                if pods.new.iter().any(|pod| !self.pods.contains_key(&Print::of_pod(pod))) {
                    self.store(&pods.new, moment.observed);
                }
                let passed = moment.observed.since(self.began);
                match policy.stability_window.checked_sub(passed) {
                    None | Some(Duration::ZERO) => Stability::Stable(progress),
                    Some(left) => Stability::Waiting { left, progress },
                }
            }
            other => {
                // What is not looked at is not seen to be stable.
                self.began = moment.observed;
                Stability::Unsettled(other)
            }
        }
    }

    /// Stores pods that are not stored yet, and begins the window anew. From now on the window guards their restarts;
    /// to the judge, earlier ones are forgiven.
    fn store(&mut self, new: &[&PodSeen], now: ObservedTime) {
        for pod in new {
            self.pods.entry(Print::of_pod(pod)).or_insert(pod.restarts());
        }
        self.memory.forget_restarts(new);
        self.began = now;
    }

    /// A stored pod that is being deleted, has vanished, or has ended and is replaced, is nobody's fault. Whether the
    /// replacement gets good is the judge's business.
    fn stored_pod_gone_bad(&self, view: &WorkloadView) -> Option<Failure> {
        let bad = view.pods.iter().filter(|pod| counts(pod)).filter_map(|pod| {
            let stored = *self.pods.get(&Print::of_pod(pod))?;
            let ended = || sign_of(pod, &self.memory).is_some_and(|sign| sign.kind.is_crash());
            match pod.ready {
                _ if pod.restarts() > stored => Some((CauseKind::CrashedAfterReady, pod)),
                // It ended and is not started anew yet.
                false if ended() => Some((CauseKind::CrashedAfterReady, pod)),
                false => Some((CauseKind::TurnedUnready, pod)),
                true => None,
            }
        });
        let (kind, pod) = bad.min_by_key(|(kind, pod)| (*kind, &pod.name))?;
        Some(Failure::Sign { kind, pod: pod.name.clone() })
    }
}

#[cfg(test)]
mod tests;
