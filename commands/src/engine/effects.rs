//! The effects of a step: each goes through a port, looks first whether it is done already, and tells what came of it.

use state::change::outcome::{Overtaken, Refused};
use state::change::patch::PatchStep;
use state::change::plan::verify;
use state::change::transition::Event;
use state::change::write::{Decision, Intent, decide, step_of};
use state::change::{Change, Held, Phase, Pin, ReturnStage, WorkloadWork, Written};
use state::claim::Claim;
use state::evidence::Cause;
use state::image::Image;
use state::rollout::cause::Lookup;
use state::rollout::seen::{MarkerStep, Observed, WorkloadSeen};
use state::template::TemplateHash;
use state::time::Now;

use super::{Engine, Live};
use crate::ports::{ClusterFault, Patched, RegistryFault};

/// What came of an effect.
#[derive(Debug)]
pub(super) enum Done {
    /// This.
    Event(Event),
    /// Nothing to tell yet.
    Nothing,
    /// Look again at once.
    Again,
    /// No answer: look again a little later.
    Unreachable,
    /// A write may be on its way, and the cluster refuses what would settle that.
    InDoubt,
}

impl Engine {
    /// Writes one step to one workload: read, decide, patch; after a rejection read again.
    pub(super) async fn write(&self, claim: &Claim, live: &mut Live, place: usize, step: MarkerStep, now: Now) -> Done {
        let change = live.current.clone();
        let writing = Writing::of(self, claim, &change, place, step, now);
        let (Some(writing), Some(intent)) = (writing, intent(&change, place, step)) else { return Done::Nothing };
        match writing.run(intent, &mut live.unsure).await {
            Ok(done) => done,
            // Where a write may be on its way, not being allowed to look is no answer about it.
            Err(ClusterFault::Forbidden(_)) if live.unsure => Done::InDoubt,
            Err(ClusterFault::Forbidden(sentence)) => writing.forbidden(sentence),
            Err(ClusterFault::Unreachable(fault) | ClusterFault::Unreadable(fault)) => {
                tracing::debug!(change = %change.head.number, fault = fault.chain(), "no answer to a write");
                Done::Unreachable
            }
        }
    }

    /// Settles a write that is in doubt, and nothing else. False: nobody can tell yet.
    pub(super) async fn settle(
        &self,
        claim: &Claim,
        live: &mut Live,
        place: usize,
        step: MarkerStep,
        now: Now,
    ) -> bool {
        let change = live.current.clone();
        let Some(writing) = Writing::of(self, claim, &change, place, step, now) else { return true };
        matches!(writing.settle(&mut live.unsure).await, Ok(Settled::Yes | Settled::Arrived))
    }

    /// Lists the pods afresh: two watches are not consistent with each other, and a verdict must not rest on a gap.
    pub(super) async fn verify(&self, live: &Live, observed: &Observed, now: Now) -> Done {
        let change = &live.current;
        let mut fresh = observed.clone();
        for (workload, view) in change.target.workloads.iter().zip(&mut fresh.workloads) {
            match self.cluster.pods(&change.target, workload).await {
                Ok(pods) => view.pods = pods,
                Err(_) => return Done::Unreachable,
            }
        }
        verify(change, live.look(&fresh, now)).map_or(Done::Nothing, Done::Event)
    }

    /// Fetches log and events of a bad pod. What can't be had is left out: the cause is told without it.
    pub(super) async fn investigate(
        &self,
        change: &Change,
        place: usize,
        mut cause: Cause,
        lookup: Option<Lookup>,
    ) -> Event {
        let target = &change.target;
        if let Some(lookup) = lookup {
            cause.events = self.cluster.events(target, &lookup.pod).await.unwrap_or_default();
            let logs = target.policy.logs_in_chat == state::catalogue::LogsInChat::Redacted;
            if let Some(log) = lookup.log.filter(|_| logs) {
                let lines = self.cluster.log(target, &lookup.pod, &log.container, log.previous).await;
                cause.log = lines.unwrap_or_default();
            }
        } else if let Some(workload) = target.workloads.get(place) {
            cause.events = self.cluster.events(target, workload.name.as_str()).await.unwrap_or_default();
        }
        Event::Investigated(Box::new(cause))
    }

    /// Asks the registry for the images that ran before. One that does not answer stops no return.
    pub(super) async fn check_old_images(&self, change: &Change) -> Done {
        let items = change.work.as_ref().map_or(&[][..], |work| &work.workloads);
        let mut pins = Vec::new();
        for (place, item) in items.iter().enumerate().take(change.written().len()) {
            for new in &item.images {
                let template = state::template::Template::new(item.baseline.template.clone());
                let Some(image) = template.image_of(&new.container).and_then(|text| text.parse::<Image>().ok()) else {
                    continue;
                };
                if !self.registry.configured(&image.repository) {
                    continue;
                }
                match self.old_image(item, &new.container, &image).await {
                    OldImage::AsItStands => {}
                    OldImage::Pinned(image) => {
                        pins.push(Pin { workload: place, container: new.container.clone(), image });
                    }
                    OldImage::Gone => return Done::Event(Event::OldImageGone),
                }
            }
        }
        Done::Event(Event::OldImages(pins))
    }

    async fn old_image(&self, item: &WorkloadWork, container: &state::names::ContainerName, image: &Image) -> OldImage {
        let ran = item.baseline.digests.get(container);
        let resolved = self.registry.resolve(image).await;
        // A digest that is written out says itself what is wanted; a tag stands for what ran.
        let Some(ran) = ran.filter(|_| image.reference.digest().is_none()) else {
            return match resolved {
                Err(RegistryFault::Unknown) => OldImage::Gone,
                _ => OldImage::AsItStands,
            };
        };
        match resolved {
            Ok(resolved) if resolved.digest == *ran || resolved.platforms.contains(ran) => OldImage::AsItStands,
            // The tag has moved or is gone; the digest that ran may still be there.
            Ok(_) | Err(RegistryFault::Unknown) => {
                let pinned = image.resolved(ran.clone());
                match self.registry.resolve(&pinned).await {
                    Err(RegistryFault::Unknown) => OldImage::Gone,
                    _ => OldImage::Pinned(pinned),
                }
            }
            Err(RegistryFault::Denied | RegistryFault::Unreachable(_)) => OldImage::AsItStands,
        }
    }
}

enum OldImage {
    AsItStands,
    Pinned(Image),
    Gone,
}

fn intent<'a>(change: &'a Change, place: usize, step: MarkerStep) -> Option<Intent<'a>> {
    Some(match step {
        MarkerStep::Apply => Intent::Apply,
        MarkerStep::Fence => Intent::Fence(MarkerStep::Apply),
        MarkerStep::Hold => Intent::Hold(change.written().get(place)?),
        MarkerStep::Return => {
            let pins: &[Pin] = match change.phase() {
                Phase::Returning { stage: ReturnStage::Writing { pinned, .. }, .. } => pinned,
                _ => &[],
            };
            Intent::Return { over: change.written().get(place)?, pins, place }
        }
    })
}

/// One step that is being written to one workload.
struct Writing<'a> {
    engine: &'a Engine,
    claim: &'a Claim,
    change: &'a Change,
    item: &'a WorkloadWork,
    place: usize,
    step: MarkerStep,
    now: Now,
}

/// Whether a write whose answer is not known can still happen.
enum Settled {
    /// It has not happened, and won't.
    Yes,
    /// It has happened: look again.
    Arrived,
    /// Nobody can tell: the server takes not even the fence. It may change its mind before the write arrives.
    Unknown,
}

impl<'a> Writing<'a> {
    fn of(
        engine: &'a Engine,
        claim: &'a Claim,
        change: &'a Change,
        place: usize,
        step: MarkerStep,
        now: Now,
    ) -> Option<Self> {
        let item = change.work.as_ref()?.workloads.get(place)?;
        Some(Self { engine, claim, change, item, place, step, now })
    }

    async fn run(&self, intent: Intent<'_>, unsure: &mut bool) -> Result<Done, ClusterFault> {
        let seen = self.read().await?;
        let decision = self.decide(intent, seen.as_ref());
        let Decision::Patch(patch) = decision else {
            return self.conclude(decision, seen.as_ref(), unsure).await;
        };
        match self.patch(&patch, unsure).await? {
            Patched::Written(seen) => Ok(self.done(seen.generation, seen.template.hash(), Some(&seen))),
            Patched::Missing => self.conclude(Decision::Missing, None, unsure).await,
            Patched::Rejected(sentence) => self.rejected(intent, &patch, sentence, unsure).await,
        }
    }

    /// A test failed or the server refuses: only another look tells which.
    async fn rejected(
        &self,
        intent: Intent<'_>,
        patch: &[PatchStep],
        sentence: String,
        unsure: &mut bool,
    ) -> Result<Done, ClusterFault> {
        let seen = self.read().await?;
        match self.decide(intent, seen.as_ref()) {
            // Everything that was tested is as it was, so it is the server that refuses.
            Decision::Patch(again) if again == patch => match self.settle(unsure).await? {
                Settled::Yes => Ok(self.refused(sentence)),
                Settled::Arrived => Ok(Done::Again),
                Settled::Unknown => Ok(Done::InDoubt),
            },
            // What was tested has changed in a way that hinders nothing: an annotation that came to be.
            Decision::Patch(_) => Ok(Done::Again),
            decision => self.conclude(decision, seen.as_ref(), unsure).await,
        }
    }

    /// Before a write is called "not done", one that may still be on its way is made to fail by a fence.
    async fn settle(&self, unsure: &mut bool) -> Result<Settled, ClusterFault> {
        let of = if self.step == MarkerStep::Fence { MarkerStep::Apply } else { self.step };
        let mut refused: Option<Vec<PatchStep>> = None;
        while *unsure {
            let seen = self.read().await?;
            if seen.as_ref().and_then(|seen| step_of(seen, self.change.head.id)) == Some(of) {
                return Ok(Settled::Arrived);
            }
            match self.decide(Intent::Fence(of), seen.as_ref()) {
                Decision::Patch(fence) if refused.as_ref() == Some(&fence) => return Ok(Settled::Unknown),
                Decision::Patch(fence) => match self.patch(&fence, unsure).await? {
                    Patched::Written(_) | Patched::Missing => *unsure = false,
                    Patched::Rejected(_) => refused = Some(fence),
                },
                // It has arrived, or the object that it was meant for is gone.
                _ => *unsure = false,
            }
        }
        Ok(Settled::Yes)
    }

    /// Concludes from what was seen that there is nothing to write, or nothing more.
    async fn conclude(
        &self,
        decision: Decision,
        seen: Option<&WorkloadSeen>,
        unsure: &mut bool,
    ) -> Result<Done, ClusterFault> {
        if let Decision::Done { generation, template } = decision {
            *unsure = false;
            return Ok(self.done(generation, template, seen));
        }
        let of = if self.step == MarkerStep::Fence { MarkerStep::Apply } else { self.step };
        let marked = seen.and_then(|seen| step_of(seen, self.change.head.id)) == Some(of);
        let may_have_written = marked || *unsure;
        if !marked {
            match self.settle(unsure).await? {
                Settled::Yes => {}
                Settled::Arrived => return Ok(Done::Again),
                Settled::Unknown => return Ok(Done::InDoubt),
            }
        }
        *unsure = false;
        let workload = self.item.workload.name.clone();
        let first = self.step == MarkerStep::Apply && self.place == 0;
        let event = match (decision, self.step) {
            // Only what surely was not written may be called untouched.
            (Decision::Overtaken(_), _) if first && !may_have_written => Event::Rejected(Refused::Moved { workload }),
            (Decision::Overtaken(Overtaken::Undone), _) if !may_have_written => {
                Event::Overtaken(workload, Overtaken::Template)
            }
            (Decision::Overtaken(how), _) => Event::Overtaken(workload, how),
            (Decision::Paused, MarkerStep::Hold) => Event::HeldAs(self.place, Held::PausedBySomebody),
            (Decision::Paused, _) => {
                let by = seen.and_then(|seen| seen.paused_by.clone());
                Event::Rejected(Refused::Paused { workload, by })
            }
            (Decision::Missing, _) if first && !may_have_written => Event::Rejected(Refused::Missing { workload }),
            (Decision::Missing, MarkerStep::Fence) => Event::Settled,
            (Decision::Missing, _) => Event::Overtaken(workload, Overtaken::Gone),
            (Decision::Done { .. } | Decision::Patch(_), _) => return Ok(Done::Again),
        };
        Ok(Done::Event(event))
    }

    fn decide(&self, intent: Intent<'_>, seen: Option<&WorkloadSeen>) -> Decision {
        decide(intent, self.item, self.change.head.id, seen)
    }

    fn refused(&self, sentence: String) -> Done {
        let workload = self.item.workload.name.clone();
        Done::Event(match self.step {
            MarkerStep::Apply => Event::Rejected(Refused::Rejected { workload, sentence }),
            MarkerStep::Hold => Event::HeldAs(self.place, Held::Refused(sentence)),
            MarkerStep::Return => Event::BackRejected(sentence),
            MarkerStep::Fence => return Done::Again,
        })
    }

    fn forbidden(&self, sentence: String) -> Done {
        match self.step {
            MarkerStep::Apply => Done::Event(Event::Rejected(Refused::Forbidden { sentence })),
            MarkerStep::Fence | MarkerStep::Hold | MarkerStep::Return => self.refused(sentence),
        }
    }

    fn done(&self, generation: i64, template: TemplateHash, seen: Option<&WorkloadSeen>) -> Done {
        let written = Written { step: self.step, generation, template, at: self.now.wall };
        Done::Event(match self.step {
            MarkerStep::Apply => Event::Wrote(written),
            MarkerStep::Hold => Event::HeldAs(self.place, Held::Paused(written)),
            MarkerStep::Return => Event::WroteBack(self.place, written),
            // The write that was to be stopped had arrived: it is ours, and is told as written.
            MarkerStep::Fence
                if seen.and_then(|seen| step_of(seen, self.change.head.id)) == Some(MarkerStep::Apply) =>
            {
                Event::Wrote(Written { step: MarkerStep::Apply, ..written })
            }
            MarkerStep::Fence => Event::Settled,
        })
    }

    async fn read(&self) -> Result<Option<WorkloadSeen>, ClusterFault> {
        self.engine.cluster.read(&self.change.target, &self.item.workload).await
    }

    async fn patch(&self, patch: &[PatchStep], unsure: &mut bool) -> Result<Patched, ClusterFault> {
        let answer = self.engine.cluster.patch(self.claim, &self.change.target, &self.item.workload, patch).await;
        // A refusal answers this request; it proves nothing about an earlier one that is still on its way.
        *unsure = match &answer {
            Ok(Patched::Written(_)) => false,
            Ok(Patched::Rejected(_) | Patched::Missing) | Err(ClusterFault::Forbidden(_)) => *unsure,
            Err(ClusterFault::Unreachable(_) | ClusterFault::Unreadable(_)) => true,
        };
        answer
    }
}
