//! An open change that was stored by an earlier rotabot goes on to its outcome: the machine of today, on a cluster in which
//! everything that is written rolls out at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use state::change::outcome::Outcome;
use state::change::plan::{Look, Plan, Step, plan, verify};
use state::change::prepare::{Facts, Found, WantedImage, prepare};
use state::change::transition::{Event, resumed, transition};
use state::change::write::{Decision, Intent, decide, return_template, step_of};
use state::change::{Change, Held, Phase, ReturnStage, Written};
use state::names::ChangeId;
use state::records::{Advanced, Records, Stored};
use state::rollout::seen::{MarkerStep, Observed, WorkloadSeen, WorkloadView};
use state::template::Template;

use super::shop::*;

/// Plays an open change until it has its outcome. None: it waits for somebody.
pub(crate) fn play(records: &Records, id: ChangeId) -> Option<Outcome> {
    let stored = block_on(records.change(id)).expect("a readable change").expect("the change");
    let current = resumed(stored.change.clone());
    let mut player = Player { cluster: Cluster::left_by(&current), unsure: may_write(&current), stored, current };
    for second in 0..600 {
        if !player.step(records, second) {
            return None;
        }
        if let Some(ended) = player.current.ended() {
            return Some(ended.outcome.clone());
        }
    }
    panic!("{} is still {}", id, player.current.phase().word())
}

fn may_write(change: &Change) -> bool {
    match change.phase() {
        Phase::Applying { .. } | Phase::Holding { .. } => true,
        Phase::Returning { stage, .. } => matches!(stage, ReturnStage::Writing { .. }),
        _ => false,
    }
}

struct Player {
    cluster: Cluster,
    /// As after every start: nobody knows whether the last write has arrived.
    unsure: bool,
    stored: Stored,
    current: Change,
}

impl Player {
    /// False: nothing will ever happen by itself.
    fn step(&mut self, records: &Records, second: u64) -> bool {
        let now = at(60 + i64::try_from(second).expect("small"));
        let observed_time = observed(u64::try_from(self.current.head.observed.duration().as_millis()).expect("small"));
        let seen = self.cluster.observed();
        let look = Look {
            observed: &seen,
            at: observed_time,
            now,
            blind_for: Duration::ZERO,
            unsure: self.unsure,
            refused: false,
        };
        let Plan { step, watch, .. } = plan(&self.current, look);
        self.current.watch = watch;
        let event = match step {
            Step::Wait if self.current.head.parked.is_some() => return false,
            Step::Wait => None,
            Step::Prepare => {
                Some(Event::Prepared(prepare(&self.current.head.ask, &self.current.target, &self.cluster.facts())))
            }
            Step::Write { place, step } => {
                let event = self.cluster.write(&self.current, place, step);
                self.unsure = false;
                Some(event)
            }
            Step::CheckOldImages => Some(Event::OldImages(vec![])),
            Step::Verify => verify(&self.current, look),
            Step::Investigate { cause, .. } => Some(Event::Investigated(cause)),
            Step::Conclude(event) => Some(event),
        };
        let Some(event) = event else {
            let passed = self.current.head.observed.duration() + Duration::from_secs(1);
            self.current.head.observed = observed(u64::try_from(passed.as_millis()).expect("small"));
            return true;
        };
        let next = transition(&self.current, event, now).expect("something follows");
        match block_on(records.advance(&self.stored, &next, now)).expect("an advance") {
            Advanced::Done(stored) => self.stored = *stored,
            other => panic!("{}: {other:?}", self.current.target.name),
        }
        self.current = self.stored.change.clone();
        true
    }
}

/// The workloads of the shop, in which whatever is written rolls out at once.
struct Cluster(Vec<WorkloadSeen>);

impl Cluster {
    /// As a change has left them.
    fn left_by(change: &Change) -> Self {
        let written = change.written();
        let (held, back) = match change.phase() {
            Phase::Holding { held, .. } => (held.clone(), BTreeMap::new()),
            Phase::Returning {
                stage:
                    ReturnStage::Writing { back, .. } | ReturnStage::Rolling { back } | ReturnStage::Stabilizing { back },
                ..
            } => (BTreeMap::new(), back.clone()),
            _ => (BTreeMap::new(), BTreeMap::new()),
        };
        let one = |(place, workload): (usize, &&str)| {
            let mut seen = workload_seen(workload);
            let step = match (written.get(place), held.get(&place), back.get(&place)) {
                (None, ..) => return seen,
                (Some(_), Some(Held::Paused(_)), _) => MarkerStep::Hold,
                (Some(_), _, Some(_)) => MarkerStep::Return,
                (Some(_), ..) => MarkerStep::Apply,
            };
            seen.marker = Some(format!("{}/{step}", change.head.id));
            seen.paused = step == MarkerStep::Hold;
            (seen.generation, seen.observed_generation) = (GENERATION, GENERATION);
            if step != MarkerStep::Return {
                seen.template = Arc::new(ours(workload));
            }
            seen
        };
        Self(WORKLOADS.iter().enumerate().map(one).collect())
    }

    fn observed(&self) -> Observed {
        let view = |(seen, workload): (&WorkloadSeen, &&str)| {
            let old = seen.template.image_of(&name(workload)).is_some_and(|image| image.contains(":v1"));
            WorkloadView {
                workload: Some(seen.clone()),
                pods: pods(workload, &seen.template, &digest(if old { 1 } else { 2 })),
            }
        };
        Observed { workloads: self.0.iter().zip(&WORKLOADS).map(view).collect(), age: Some(Duration::from_secs(1)) }
    }

    fn facts(&self) -> Facts {
        let workloads = self.observed().workloads.into_iter();
        let found = workloads.map(|view| Found { seen: view.workload, pods: view.pods, held: None });
        let wanted = WORKLOADS.iter().enumerate().map(|(place, workload)| {
            let image = image(workload, "v2", Some(&digest(2)));
            ((place, name(workload)), WantedImage { image, platforms: vec![], asked: true })
        });
        Facts { workloads: found.collect(), wanted: wanted.collect(), releases: vec![], withdrawn: vec![] }
    }

    /// One write, decided and carried out.
    fn write(&mut self, change: &Change, place: usize, step: MarkerStep) -> Event {
        let item = &change.work.as_ref().expect("work").workloads[place];
        let over = change.written().get(place);
        let pins = match change.phase() {
            Phase::Returning { stage: ReturnStage::Writing { pinned, .. }, .. } => pinned.as_slice(),
            _ => &[],
        };
        let intent = match step {
            MarkerStep::Apply => Intent::Apply,
            MarkerStep::Fence => Intent::Fence(MarkerStep::Apply),
            MarkerStep::Hold => Intent::Hold(over.expect("written")),
            MarkerStep::Return => Intent::Return { over: over.expect("written"), pins, place },
        };
        let seen = &mut self.0[place];
        match decide(intent, item, change.head.id, Some(seen)) {
            Decision::Done { .. } => {}
            Decision::Patch(_) => {
                seen.marker = Some(format!("{}/{step}", change.head.id));
                seen.generation += 1;
                seen.observed_generation = seen.generation;
                seen.paused = step == MarkerStep::Hold;
                let template: Option<Template> = match step {
                    MarkerStep::Apply => Some(item.new_template(&seen.template)),
                    MarkerStep::Return => Some(return_template(item, pins, place)),
                    MarkerStep::Hold | MarkerStep::Fence => None,
                };
                if let Some(template) = template {
                    seen.template = Arc::new(template);
                }
            }
            other => panic!("{}: {other:?}", change.target.name),
        }
        let written = Written { step, generation: seen.generation, template: seen.template.hash(), at: at(60) };
        match step {
            MarkerStep::Apply => Event::Wrote(written),
            MarkerStep::Hold => Event::HeldAs(place, Held::Paused(written)),
            MarkerStep::Return => Event::WroteBack(place, written),
            MarkerStep::Fence if step_of(seen, change.head.id) == Some(MarkerStep::Apply) => {
                Event::Wrote(Written { step: MarkerStep::Apply, ..written })
            }
            MarkerStep::Fence => Event::Settled,
        }
    }
}

fn workload_seen(workload: &str) -> WorkloadSeen {
    WorkloadSeen {
        uid: uid(workload),
        generation: GENERATION - 1,
        observed_generation: GENERATION - 1,
        desired: REPLICAS,
        total: REPLICAS,
        updated: REPLICAS,
        ready: REPLICAS,
        available: REPLICAS,
        paused: false,
        paused_by: None,
        template_by: None,
        has_annotations: true,
        marker: None,
        template: Arc::new(before(workload)),
        revision: Some("3".to_owned()),
        conditions: Vec::new(),
        autoscaler: None,
    }
}
