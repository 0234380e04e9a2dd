//! The judge of one workload's rollout: from what was seen and what was expected to one judgement (V1, V2, V8).
//!
//! It looks at the world first and at the clock last. It believes no condition and no status of an older generation,
//! and it never calls a rollout complete unless the pods themselves say so. What happens then is decided elsewhere;
//! so is whether the knowledge is fresh enough to be looked at.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::expectation::{Expectation, Pauses};
use super::memory::{Memory, Since};
use super::pods::{Pods, Print, number, ready};
use super::seen::{MarkerStep, PodSeen, WorkloadSeen, WorkloadView};
use super::signs::{Weight, creation_refused, rank, sign_of};
use crate::catalogue::Policy;
use crate::evidence::CauseKind;
use crate::template::TemplateHash;
use crate::time::ObservedTime;

/// How long a pause by somebody else is waited for, in observed time; after that nothing can be told.
pub const PAUSE_PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Scaling is not charged to the deadline (V8), unless so many deadlines pass in which no more new pods turn ready than
/// before: an autoscaler that never rests must not keep a rollout open that gets nowhere.
const SCALED_FOR_EVER: u32 = 3;

/// Concludes how a rollout goes. The memory belongs to this workload and this write, and is handed back changed.
pub fn judge(
    view: &WorkloadView,
    expectation: &Expectation,
    policy: &Policy,
    mut memory: Memory,
    moment: Moment,
) -> (Judgement, Memory) {
    let judgement = conclude(view, expectation, policy, &mut memory, moment);
    (judgement, memory)
}

/// When a look is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// In the time that counts.
    pub observed: ObservedTime,
    /// By the wall clock, only to be shown.
    pub wall: DateTime<Utc>,
}

/// How a rollout goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Our write has not shown its effect yet (V1).
    NotObserved(Unobserved, Progress),
    /// Under way.
    Moving(Progress),
    /// Exactly the desired pods are there, all of our template and ready, and no others (V2).
    Complete(Progress),
    /// It won't get there, or not in time.
    Failing(Failure, Progress),
    /// It was paused, and not by this change; the deadline stands still.
    Paused(Pause, Progress),
    /// Somebody else put another template or another object in its place.
    Superseded(Supersession),
    /// No workload of that name is left.
    Missing,
    /// No pods are desired, so there is nothing to judge.
    NoPods,
}

impl Judgement {
    /// How far the rollout has come, where that can be said.
    pub fn progress(&self) -> Option<&Progress> {
        match self {
            Self::NotObserved(_, progress)
            | Self::Moving(progress)
            | Self::Complete(progress)
            | Self::Failing(_, progress)
            | Self::Paused(_, progress) => Some(progress),
            Self::Superseded(_) | Self::Missing | Self::NoPods => None,
        }
    }
}

/// What has not been observed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unobserved {
    /// The report is older than our write. It proves nothing, so no deadline runs against it.
    ByUs,
    /// The cluster's controller has not looked at our write. That is held to the deadline.
    ByController,
}

/// A pause by somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it was first seen.
    pub since: DateTime<Utc>,
    /// How much observed time has passed since.
    pub lasted: Duration,
}

impl Pause {
    /// Whether it has lasted so long that nothing can be told any more.
    pub fn too_long(self) -> bool {
        self.lasted >= PAUSE_PATIENCE
    }
}

/// What came in the place of our write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Supersession {
    /// Another pod template.
    Template(TemplateHash),
    /// The object was deleted, and another one made under its name.
    Recreated,
}

/// Why a rollout fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It went too long without progress.
    Deadline,
    /// A pod shows a sign that waiting can't mend.
    Sign {
        /// Of what.
        kind: CauseKind,
        /// The pod's name.
        pod: String,
    },
}

/// How far a rollout has come. Pods that are being deleted or have ended are in none of the counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// How many pods are desired.
    pub desired: u32,
    /// Pods of our template that are ready.
    pub new_ready: u32,
    /// Pods of our template.
    pub new_total: u32,
    /// Ready pods of other templates.
    pub old_serving: u32,
    /// Pods of other templates.
    pub old_total: u32,
    /// The most telling sign of failure that is shown now, certain or not.
    pub sign: Option<EarlySign>,
}

/// A sign of failure that may still pass by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlySign {
    /// Of what.
    pub kind: CauseKind,
    /// The pod's name; none where no pod could be made.
    pub pod: Option<String>,
    /// Since when, in the time that counts.
    pub observed_since: ObservedTime,
    /// Since when, by the wall clock.
    pub since: DateTime<Utc>,
}

fn conclude(
    view: &WorkloadView,
    expectation: &Expectation,
    policy: &Policy,
    memory: &mut Memory,
    moment: Moment,
) -> Judgement {
    let Some(workload) = &view.workload else { return Judgement::Missing };
    if workload.uid != expectation.uid {
        return Judgement::Superseded(Supersession::Recreated);
    }
    let pods = Pods::of(view, expectation.template);
    // An older report shows what was there before our write. Its template is not ours for a good reason, and nothing
    // in it says that somebody changed anything.
    if workload.generation < expectation.generation {
        memory.stand_still(moment.observed);
        return Judgement::NotObserved(Unobserved::ByUs, count(workload, &pods));
    }
    let template = workload.template.hash();
    if template != expectation.template {
        return Judgement::Superseded(Supersession::Template(template));
    }

    let (progress, signs) = take_look(workload, &pods, memory, moment);
    if workload.paused && !paused_by_us(workload, expectation) {
        memory.stand_still(moment.observed);
        let since = memory.note_pause(moment);
        let lasted = moment.observed.since(since.observed);
        return Judgement::Paused(Pause { since: since.wall, lasted }, progress);
    }
    memory.note_no_pause();

    let observed = workload.observed_generation >= expectation.generation;
    if observed && workload.desired == 0 {
        return Judgement::NoPods;
    }
    if observed && complete(workload, &pods) {
        memory.stand_still(moment.observed);
        memory.note_progress(&progress, observed);
        memory.arrived();
        return Judgement::Complete(progress);
    }
    if let Some(failure) = certain(&signs, policy, moment) {
        return Judgement::Failing(failure, progress);
    }
    // A rollout that we paused ourselves can't get on, and is not to blame for it.
    if workload.paused {
        memory.stand_still(moment.observed);
    } else {
        memory.pass(moment.observed);
    }
    memory.note_progress(&progress, observed);
    let scaled_for_ever = memory.idle_through_scaling() >= policy.progress_deadline * SCALED_FOR_EVER;
    if memory.idle() >= policy.progress_deadline || scaled_for_ever {
        return Judgement::Failing(Failure::Deadline, progress);
    }
    if observed { Judgement::Moving(progress) } else { Judgement::NotObserved(Unobserved::ByController, progress) }
}

/// The pause that rotabot itself makes carries its marker, in the same write. Where it has made none, the marker was
/// written by somebody else, or comes from what a store forgot that was put back: nothing would ever end such a wait.
fn paused_by_us(workload: &WorkloadSeen, expectation: &Expectation) -> bool {
    let expected = expectation.pauses == Pauses::OursByMarker;
    expected && workload.our_marker().is_some_and(|marker| marker.step == MarkerStep::Hold)
}

/// The workload's own counts and the pods must agree: the counts alone may be of a moment that has passed, and the
/// pods alone don't know of those that another watch has not shown yet.
fn complete(workload: &WorkloadSeen, pods: &Pods<'_>) -> bool {
    let desired = workload.desired;
    let counts = [workload.updated, workload.ready, workload.available, workload.total];
    counts.iter().all(|count| *count == desired)
        && number(pods.new.len()) == desired
        && ready(&pods.new) == desired
        && pods.old.is_empty()
}

fn count(workload: &WorkloadSeen, pods: &Pods<'_>) -> Progress {
    Progress {
        desired: workload.desired,
        new_ready: ready(&pods.new),
        new_total: number(pods.new.len()),
        old_serving: ready(&pods.old),
        old_total: number(pods.old.len()),
        sign: None,
    }
}

/// A sign that is shown now.
struct Shown<'a> {
    pod: Option<&'a PodSeen>,
    kind: CauseKind,
    weight: Weight,
    since: Since,
}

impl Shown<'_> {
    /// The most telling first, then the one that has been there the longest.
    fn order(&self) -> impl Ord + use<'_> {
        (rank(self.kind), self.since.observed, self.pod.map(|pod| &pod.name))
    }
}

/// Counts the pods and gathers the signs of failure that they show.
fn take_look<'a>(
    workload: &WorkloadSeen,
    pods: &Pods<'a>,
    memory: &mut Memory,
    moment: Moment,
) -> (Progress, Vec<Shown<'a>>) {
    let mut progress = count(workload, pods);
    let now = Since { observed: moment.observed, wall: moment.wall };
    let mut signs = Vec::new();
    for pod in &pods.new {
        if let Some(sign) = sign_of(pod, memory) {
            signs.push(Shown { pod: Some(pod), kind: sign.kind, weight: sign.weight, since: now });
        }
    }
    if progress.new_total < progress.desired && creation_refused(workload).is_some() {
        signs.push(Shown { pod: None, kind: CauseKind::NotCreated, weight: Weight::Doubtful, since: now });
    }
    for shown in &mut signs {
        shown.since = memory.remembered(shown.pod.map(Print::of_pod), shown.kind).unwrap_or(now);
    }
    memory.note_signs(signs.iter().map(|shown| (shown.pod.map(Print::of_pod), shown.kind, shown.weight, shown.since)));
    // Only now: a pod that crashed at its start and is ready at last did not crash after it was ready.
    memory.note_ready(&pods.new);

    progress.sign = signs.iter().min_by(|a, b| a.order().cmp(&b.order())).map(|shown| EarlySign {
        kind: shown.kind,
        pod: shown.pod.map(|pod| pod.name.clone()),
        observed_since: shown.since.observed,
        since: shown.since.wall,
    });
    (progress, signs)
}

/// The failure that some pod proves by itself.
fn certain(signs: &[Shown<'_>], policy: &Policy, moment: Moment) -> Option<Failure> {
    let proves = |shown: &&Shown<'_>| match shown.weight {
        Weight::Certain => true,
        Weight::CertainIfItStays => moment.observed.since(shown.since.observed) >= policy.certain_after,
        Weight::Doubtful => false,
    };
    let shown = signs.iter().filter(proves).min_by(|a, b| a.order().cmp(&b.order()))?;
    Some(Failure::Sign { kind: shown.kind, pod: shown.pod?.name.clone() })
}

#[cfg(test)]
mod tests;
