//! What is to be done next: a pure function of a change, of what is seen, and of the time.
//!
//! It looks at the world first and at deadlines last, so that what happened while rotabot was away counts.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::outcome::{CantTell, Digests, EndedBy, Overtaken, Refused};
use super::transition::Event;
use super::{Change, Held, ParkedWhy, Phase, ReturnStage, Watch, WorkloadWork, Written, running};
use crate::evidence::{Cause, CauseKind};
use crate::image::Image;
use crate::rollout::cause::{Lookup, cause, cause_of_sign};
use crate::rollout::digest::{DigestCheck, DigestDoubt, check};
use crate::rollout::expectation::{Expectation, ExpectedImage, Pauses};
use crate::rollout::judge::{Failure as Fails, Judgement, Moment, Progress, Supersession, judge};
use crate::rollout::memory::Memory;
use crate::rollout::seen::{MarkerStep, Observed, WorkloadView};
use crate::rollout::signs::rank;
use crate::rollout::stability::{Stability, StabilityWindow};
use crate::template::Template;
use crate::time::ObservedTime;

/// A cluster that can't be read for so long in `preparing` refuses the change.
pub const UNREADABLE_REFUSES: Duration = Duration::from_secs(30);

/// A cluster that can't be read for so long later parks the change.
pub const UNREADABLE_PARKS: Duration = Duration::from_secs(30 * 60);

/// A cluster that answers, and for so long refuses what would settle a write, parks the change.
pub const DOUBT_PARKS: Duration = Duration::from_secs(60);

/// One look at a change and its target.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// What the cluster reports.
    pub observed: &'a Observed,
    /// The time that counted so far, this look included.
    pub at: ObservedTime,
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// For how long the cluster has not been readable, as this process saw it.
    pub blind_for: Duration,
    /// Whether a write may be on its way whose answer is not known.
    pub unsure: bool,
    /// Whether the cluster answers, but refuses what would settle that. It is as if it could not be read.
    pub refused: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing, until something happens or some time has passed.
    Wait,
    /// Find out what is to be written.
    Prepare,
    /// Write to a workload.
    Write {
        /// Which one.
        place: usize,
        /// What.
        step: MarkerStep,
    },
    /// Ask the registry whether the old images are still there.
    CheckOldImages,
    /// List the pods afresh, and conclude from that whether all is good.
    Verify,
    /// Fetch log and events of a bad pod.
    Investigate {
        /// The workload.
        place: usize,
        /// What is known of it without them.
        cause: Box<Cause>,
        /// What is to be fetched.
        lookup: Option<Lookup>,
    },
    /// This follows.
    Conclude(Event),
}

/// What is to be done, with what is remembered of this look, and how far each workload is.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is to be done.
    pub step: Step,
    /// What is remembered.
    pub watch: Watch,
    /// How far each workload is, where it is being judged.
    pub progress: Vec<Progress>,
}

/// Plans the next step.
pub fn plan(change: &Change, look: Look<'_>) -> Plan {
    let watch = change.watch.clone();
    let idle = |step| Plan { step, watch: watch.clone(), progress: Vec::new() };
    if let Some(parked) = &change.head.parked {
        let by_itself = matches!(parked.why, ParkedWhy::ClusterUnreadable | ParkedWhy::WriteInDoubt);
        let goes_on = by_itself && look.observed.fresh();
        return idle(if goes_on { Step::Conclude(Event::Unpark) } else { Step::Wait });
    }
    if change.ended().is_some() {
        return idle(Step::Wait);
    }
    // A stop needs no look at the cluster, but where a write may be on its way.
    match (&change.head.stop, change.phase()) {
        (Some(_), Phase::Applying { .. }) if !look.unsure => return idle(Step::Conclude(Event::Settled)),
        (Some(stop), Phase::Rolling { .. }) => return idle(Step::Conclude(Event::Stop(stop.by.clone()))),
        _ => {}
    }
    let gave_up = blind(change, look);
    if !look.observed.fresh() || gave_up.is_some() {
        return idle(gave_up.map_or(Step::Wait, Step::Conclude));
    }
    match change.phase() {
        Phase::Preparing => idle(Step::Prepare),
        Phase::Applying { written } => {
            let step = if change.head.stop.is_some() { MarkerStep::Fence } else { MarkerStep::Apply };
            idle(Step::Write { place: written.len(), step })
        }
        Phase::Rolling { written } => rolling(change, look, written, MarkerStep::Apply),
        Phase::Stabilizing { written } => stabilizing(change, look, written, MarkerStep::Apply),
        Phase::Holding { written, held, .. } => holding(change, look, written, held),
        Phase::Returning { written, stage, .. } => match stage {
            ReturnStage::Checking => idle(Step::CheckOldImages),
            ReturnStage::Writing { back, .. } => {
                let next = (0..written.len()).rev().find(|place| !back.contains_key(place));
                idle(next.map_or(Step::Wait, |place| Step::Write { place, step: MarkerStep::Return }))
            }
            ReturnStage::Rolling { back } => rolling(change, look, &in_order(back), MarkerStep::Return),
            ReturnStage::Stabilizing { back } => stabilizing(change, look, &in_order(back), MarkerStep::Return),
        },
        Phase::Ended(_) => idle(Step::Wait),
    }
}

/// What follows from not being able to read the cluster, or to get an answer from it, for too long.
fn blind(change: &Change, look: Look<'_>) -> Option<Event> {
    match change.phase() {
        Phase::Preparing => (look.blind_for >= UNREADABLE_REFUSES)
            .then_some(Event::Prepared(super::prepare::Prepared::Refuse(Refused::ClusterUnreadable))),
        _ if look.refused => (look.blind_for >= DOUBT_PARKS).then_some(Event::Park(ParkedWhy::WriteInDoubt)),
        _ => (look.blind_for >= UNREADABLE_PARKS).then_some(Event::Park(ParkedWhy::ClusterUnreadable)),
    }
}

fn holding(change: &Change, look: Look<'_>, written: &[Written], held: &BTreeMap<usize, Held>) -> Plan {
    let judged = Judged::of(change, look, written, MarkerStep::Hold);
    let next = (0..written.len()).find(|place| !held.contains_key(place));
    let step = match next {
        None => Step::Conclude(Event::AllHeld),
        // A pause that may be on its way has to be settled, whatever has become of the pods meanwhile.
        Some(place) if matches!(judged.judgements.get(place), Some(Judgement::Complete(_))) && !look.unsure => {
            Step::Conclude(Event::HeldAs(place, Held::Complete))
        }
        Some(place) => Step::Write { place, step: MarkerStep::Hold },
    };
    judged.plan(change, step)
}

/// All workloads of a change, judged.
struct Judged {
    judgements: Vec<Judgement>,
    memory: Vec<Memory>,
}

impl Judged {
    fn of(change: &Change, look: Look<'_>, written: &[Written], step: MarkerStep) -> Self {
        let items = change.work.as_ref().map_or(&[][..], |work| &work.workloads);
        let moment = Moment { observed: look.at, wall: look.now };
        let mut judged = Judged { judgements: Vec::new(), memory: Vec::new() };
        for (place, (item, one)) in items.iter().zip(written).enumerate() {
            let Some(view) = look.observed.workloads.get(place) else { break };
            let expectation = expectation(item, one, step);
            let memory = match change.watch.memory.get(place) {
                Some(memory) => memory.clone(),
                None => Memory::begin(view, one.template, look.at),
            };
            let (judgement, memory) = judge(view, &expectation, &change.target.policy, memory, moment);
            judged.judgements.push(judgement);
            judged.memory.push(memory);
        }
        judged
    }

    fn plan(self, change: &Change, step: Step) -> Plan {
        let progress = self.progress().map(|progress| progress.cloned().unwrap_or_default()).collect();
        Plan { step, watch: Watch { memory: self.memory, windows: change.watch.windows.clone() }, progress }
    }

    fn progress(&self) -> impl Iterator<Item = Option<&Progress>> {
        self.judgements.iter().map(progress_of_judgement)
    }
}

/// What the judge remembers from before the first write: what pods of the wanted template went through earlier is not
/// this rollout's fault.
pub fn begin_watch(change: &Change, observed: &Observed) -> Watch {
    let items = change.work.as_ref().map_or(&[][..], |work| &work.workloads);
    let begin = |(item, view): (&WorkloadWork, &WorkloadView)| {
        let found = view.workload.as_ref()?.template.clone();
        Some(Memory::begin(view, item.new_template(&found).hash(), change.head.observed))
    };
    let memory: Option<Vec<_>> = items.iter().zip(&observed.workloads).map(begin).collect();
    Watch { memory: memory.unwrap_or_default(), windows: Vec::new() }
}

/// What a workload is expected to become by our write, which a pause leaves as it is.
pub fn expectation(item: &WorkloadWork, written: &Written, step: MarkerStep) -> Expectation {
    let images = if step == MarkerStep::Return { old_images(item) } else { new_images(item) };
    let pauses = if step == MarkerStep::Hold { Pauses::OursByMarker } else { Pauses::Somebodys };
    Expectation { uid: item.uid.clone(), generation: written.generation, template: written.template, images, pauses }
}

fn new_images(item: &WorkloadWork) -> Vec<ExpectedImage> {
    let expected = |new: &super::NewImage| match new.to.reference.digest() {
        Some(digest) if new.asked => {
            let (container, wanted) = (new.container.clone(), new.to.clone());
            ExpectedImage::known(container, wanted, digest.clone(), new.platforms.iter().cloned())
        }
        _ => ExpectedImage::unasked(new.container.clone(), new.to.clone()),
    };
    item.images.iter().map(expected).collect()
}

/// What ran before is what is expected back: by the digest that its pods reported, where they did, or by the one that
/// its template names.
fn old_images(item: &WorkloadWork) -> Vec<ExpectedImage> {
    let template = Template::new(item.baseline.template.clone());
    let expected = |new: &super::NewImage| {
        let wanted: Image = template.image_of(&new.container)?.parse().ok()?;
        let container = new.container.clone();
        Some(match item.baseline.digests.get(&new.container) {
            Some(digest) => {
                let named = wanted.reference.digest().cloned();
                ExpectedImage::known(container, wanted, digest.clone(), named)
            }
            None => ExpectedImage::unasked(container, wanted),
        })
    };
    item.images.iter().filter_map(expected).collect()
}

fn rolling(change: &Change, look: Look<'_>, written: &[Written], step: MarkerStep) -> Plan {
    let judged = Judged::of(change, look, written, step);
    let next = next_of_rolling(change, look, written, step, &judged);
    judged.plan(change, next)
}

fn next_of_rolling(change: &Change, look: Look<'_>, written: &[Written], step: MarkerStep, judged: &Judged) -> Step {
    // They are judged together or not at all.
    if judged.judgements.len() != written.len() {
        return Step::Wait;
    }
    if let Some(event) = not_ours_to_judge(change, &judged.judgements) {
        return Step::Conclude(event);
    }
    let failing = judged.judgements.iter().enumerate().find_map(|(place, judgement)| match judgement {
        Judgement::Failing(failure, _) => Some((place, failure)),
        _ => None,
    });
    let scene = Scene { change, look, written, step, memory: &judged.memory };
    if let Some((place, failure)) = failing {
        return scene.failed(place, failure);
    }
    let complete = |judgement: &Judgement| matches!(judgement, Judgement::Complete(_));
    if !written.is_empty() && judged.judgements.iter().all(complete) {
        return match change.target.policy.stability_window.is_zero() {
            true => Step::Verify,
            false => Step::Conclude(Event::Completed(scene.windows())),
        };
    }
    // The evidence that is kept is that of the release which failed, not of the way back.
    match step {
        MarkerStep::Return => Step::Wait,
        _ => scene.early_sign(judged.progress()).unwrap_or(Step::Wait),
    }
}

fn stabilizing(change: &Change, look: Look<'_>, written: &[Written], step: MarkerStep) -> Plan {
    let items = change.work.as_ref().map_or(&[][..], |work| &work.workloads);
    let moment = Moment { observed: look.at, wall: look.now };
    let mut states = Vec::new();
    let mut windows = Vec::new();
    for (place, (item, one)) in items.iter().zip(written).enumerate() {
        let (Some(view), Some(window)) = (look.observed.workloads.get(place), change.watch.windows.get(place)) else {
            break;
        };
        let expectation = expectation(item, one, step);
        let (state, window) = window.clone().look(view, &expectation, &change.target.policy, moment);
        states.push(state);
        windows.push(window);
    }
    let memory: Vec<_> = windows.iter().map(|window: &StabilityWindow| window.memory().clone()).collect();
    let scene = Scene { change, look, written, step, memory: &memory };
    let next = next_of_stabilizing(&scene, &states);
    let progress = states.iter().map(|state| progress_of(state).cloned().unwrap_or_default()).collect();
    Plan { step: next, watch: Watch { memory, windows }, progress }
}

fn progress_of_judgement(judgement: &Judgement) -> Option<&Progress> {
    match judgement {
        Judgement::NotObserved(_, progress)
        | Judgement::Moving(progress)
        | Judgement::Complete(progress)
        | Judgement::Failing(_, progress)
        | Judgement::Paused(_, progress) => Some(progress),
        Judgement::Superseded(_) | Judgement::Missing | Judgement::NoPods => None,
    }
}

fn progress_of(state: &Stability) -> Option<&Progress> {
    match state {
        Stability::Stable(progress)
        | Stability::Waiting { progress, .. }
        | Stability::Extended(progress)
        | Stability::Failed(_, progress) => Some(progress),
        Stability::Unsettled(judgement) => progress_of_judgement(judgement),
    }
}

fn next_of_stabilizing(scene: &Scene<'_>, states: &[Stability]) -> Step {
    if states.len() != scene.written.len() {
        return Step::Wait;
    }
    let unsettled: Vec<_> = states
        .iter()
        .map(|state| match state {
            Stability::Unsettled(judgement) => judgement.clone(),
            Stability::Stable(progress) => Judgement::Complete(progress.clone()),
            other => Judgement::Moving(progress_of(other).cloned().unwrap_or_default()),
        })
        .collect();
    if let Some(event) = not_ours_to_judge(scene.change, &unsettled) {
        return Step::Conclude(event);
    }
    let failing = states.iter().enumerate().find_map(|(place, state)| match state {
        Stability::Failed(failure, _) => Some((place, failure)),
        _ => None,
    });
    if let Some((place, failure)) = failing {
        return scene.failed(place, failure);
    }
    let stable = |state: &Stability| matches!(state, Stability::Stable(_));
    if !states.is_empty() && states.iter().all(stable) { Step::Verify } else { Step::Wait }
}

/// What ends the judging, whatever the pods do.
fn not_ours_to_judge(change: &Change, judgements: &[Judgement]) -> Option<Event> {
    let name = |place: usize| change.target.workloads.get(place).map(|workload| workload.name.clone());
    let ended = |(place, judgement): (usize, &Judgement)| -> Option<Event> {
        match judgement {
            Judgement::Superseded(Supersession::Template(_)) => {
                Some(Event::Overtaken(name(place)?, Overtaken::Template))
            }
            Judgement::Superseded(Supersession::Recreated) => {
                Some(Event::Overtaken(name(place)?, Overtaken::Recreated))
            }
            Judgement::Missing => Some(Event::CantTell(CantTell::Gone)),
            Judgement::Paused(pause, _) if pause.too_long() => Some(Event::CantTell(CantTell::Paused)),
            _ => None,
        }
    };
    if let Some(event) = judgements.iter().enumerate().find_map(ended) {
        return Some(event);
    }
    // Without pods nothing can be told; but a workload that has some is judged before that is said.
    let settled = |judgement: &Judgement| matches!(judgement, Judgement::NoPods | Judgement::Complete(_));
    let no_pods = judgements.contains(&Judgement::NoPods) && judgements.iter().all(settled);
    no_pods.then_some(Event::CantTell(CantTell::NoPods))
}

/// What the steps of a failing rollout are made from.
struct Scene<'a> {
    change: &'a Change,
    look: Look<'a>,
    written: &'a [Written],
    step: MarkerStep,
    memory: &'a [Memory],
}

impl Scene<'_> {
    fn view(&self, place: usize) -> Option<(&WorkloadView, Expectation, &Memory)> {
        let item = self.change.work.as_ref()?.workloads.get(place)?;
        let expectation = expectation(item, self.written.get(place)?, self.step);
        Some((self.look.observed.workloads.get(place)?, expectation, self.memory.get(place)?))
    }

    fn windows(&self) -> Vec<StabilityWindow> {
        let window = |place| {
            let (view, expectation, memory) = self.view(place)?;
            Some(StabilityWindow::begin(view, &expectation, memory.clone(), self.look.at))
        };
        (0..self.written.len()).filter_map(window).collect()
    }

    /// A failure is concluded once its cause is known with log and events, as far as they are to be had (V6), and as many
    /// pods are counted as show it in the end.
    fn failed(&self, place: usize, failure: &Fails) -> Step {
        let Some((view, expectation, memory)) = self.view(place) else { return Step::Wait };
        let (found, lookup) = cause(view, &expectation, memory, failure, self.look.now);
        let counts = |cause: &Cause| (cause.kind, cause.affected, cause.of);
        let known = self.step == MarkerStep::Return || self.change.cause.as_ref().map(counts) == Some(counts(&found));
        if !known {
            return Step::Investigate { place, cause: Box::new(found), lookup };
        }
        let Some(workload) = self.change.target.workloads.get(place).map(|workload| workload.name.clone()) else {
            return Step::Wait;
        };
        let in_window = matches!(found.kind, CauseKind::CrashedAfterReady | CauseKind::TurnedUnready)
            && !self.change.watch.windows.is_empty();
        let ended_by = match failure {
            Fails::Deadline => EndedBy::Deadline,
            Fails::Sign { .. } if in_window => EndedBy::Window,
            Fails::Sign { .. } => EndedBy::Sign,
        };
        Step::Conclude(Event::Failed { workload, kind: found.kind, ended_by })
    }

    /// The most telling sign of all workloads is looked into, before it has ended anything. One look into each kind is
    /// enough for the progress card.
    fn early_sign<'a>(&self, progress: impl Iterator<Item = Option<&'a Progress>>) -> Option<Step> {
        let signs = progress.enumerate().filter_map(|(place, progress)| Some((place, progress?.sign.as_ref()?)));
        let (place, sign) = signs.min_by_key(|(place, sign)| (rank(sign.kind), *place))?;
        let (view, expectation, memory) = self.view(place)?;
        let (found, lookup) = cause_of_sign(view, &expectation, memory, sign, self.look.now);
        let known = self.change.known_cause() == Some(found.kind);
        (!known).then(|| Step::Investigate { place, cause: Box::new(found), lookup })
    }
}

fn in_order(back: &BTreeMap<usize, Written>) -> Vec<Written> {
    back.values().cloned().collect()
}

/// Concludes from pods that were listed afresh (`look` holds them). None: not yet, look again.
pub fn verify(change: &Change, look: Look<'_>) -> Option<Event> {
    let (written, step) = match change.phase() {
        Phase::Rolling { written } | Phase::Stabilizing { written } => (written.clone(), MarkerStep::Apply),
        Phase::Returning { stage: ReturnStage::Rolling { back } | ReturnStage::Stabilizing { back }, .. } => {
            (in_order(back), MarkerStep::Return)
        }
        _ => return None,
    };
    let plan = if change.watch.windows.is_empty() {
        rolling(change, look, &written, step)
    } else {
        stabilizing(change, look, &written, step)
    };
    match plan.step {
        Step::Verify => {}
        Step::Conclude(event @ (Event::Failed { .. } | Event::Overtaken(..) | Event::CantTell(_))) => {
            return Some(event);
        }
        _ => return None,
    }
    let mut digests = Digests::Match;
    let mut ran = Vec::new();
    for (place, one) in written.iter().enumerate() {
        let item = change.work.as_ref()?.workloads.get(place)?;
        let expectation = expectation(item, one, step);
        ran.push(running::digests(&item.workload, &look.observed.workloads.get(place)?.pods, one.template));
        match check(look.observed.workloads.get(place)?, &expectation) {
            DigestCheck::Match => {}
            DigestCheck::Mismatch { pod, .. } => {
                let kind = CauseKind::WrongImage;
                let (view, memory) = (look.observed.workloads.get(place)?, plan.watch.memory.get(place)?);
                let sign = Fails::Sign { kind, pod };
                // The proof first, so that the verdict can name the pod.
                if step != MarkerStep::Return && change.known_cause() != Some(kind) {
                    let (found, _) = cause(view, &expectation, memory, &sign, look.now);
                    return Some(Event::Investigated(Box::new(found)));
                }
                let (workload, kind) = (item.workload.name.clone(), CauseKind::WrongImage);
                return Some(Event::Failed { workload, kind, ended_by: EndedBy::Digest });
            }
            DigestCheck::CantTell(DigestDoubt::NoRegistry) => digests = Digests::NoRegistry,
            DigestCheck::CantTell(_) if digests == Digests::Match => digests = Digests::NotReported,
            DigestCheck::CantTell(_) => {}
        }
    }
    let pods = plan.progress.iter().map(|progress| progress.new_ready).sum();
    Some(Event::Verified { digests, pods, ran })
}
