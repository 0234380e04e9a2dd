//! Gathering the facts that `preparing` decides on: what runs, what a tag stands for, what can be gone back to.

use std::collections::{BTreeMap, BTreeSet};

use state::catalogue::Target;
use state::change::outcome::{Left, Outcome, Refused};
use state::change::prepare::{Facts, Found, HeldBefore, Prepared, WantedImage, prepare};
use state::change::transition::Event;
use state::change::{Ask, Change, RollbackTo, Work, WorkloadWork};
use state::image::{Image, Reference, Repository};
use state::names::{ChangeId, ContainerName, WorkloadName};
use state::records::RecordFault;
use state::rollout::seen::{Marker, MarkerStep, Observed, WorkloadSeen};

use super::Engine;
use super::effects::Done;
use crate::ports::{ClusterFault, RegistryFault};

impl Engine {
    /// Finds out what is to be written. It only reads, so that it may be done again at any time.
    pub(super) async fn prepare(&self, change: &Change, observed: &Observed) -> Result<Done, RecordFault> {
        let refuse = |why| Ok(Done::Event(Event::Prepared(Prepared::Refuse(why))));
        let mut seen = Vec::new();
        for workload in &change.target.workloads {
            match self.cluster.read(&change.target, workload).await {
                Ok(workload) => seen.push(workload),
                Err(ClusterFault::Forbidden(sentence)) => return refuse(Refused::Forbidden { sentence }),
                Err(ClusterFault::Unreachable(_) | ClusterFault::Unreadable(_)) => return Ok(Done::Unreachable),
            }
        }
        let wanted = match &change.head.ask {
            Ask::Deploy { reference } => match self.resolve(&change.target, reference).await {
                Ok(wanted) => wanted,
                Err(why) => return refuse(why),
            },
            Ask::Rollback { .. } => BTreeMap::new(),
        };
        let facts = self.facts(&change.target, &change.head.ask, seen, observed, wanted).await?;
        let mut prepared = prepare(&change.head.ask, &change.target, &facts);
        if matches!(change.head.ask, Ask::Rollback { .. })
            && let Prepared::Write(work) = &mut prepared
            && let Err(why) = self.ask_for_digests(work).await
        {
            prepared = Prepared::Refuse(why);
        }
        Ok(Done::Event(Event::Prepared(prepared)))
    }

    /// What would be written, from what is known without asking anybody: the answer to `plan` (D18).
    pub(crate) async fn foresee(&self, ask: &Ask, target: &Target) -> Result<Prepared, RecordFault> {
        let observed = self.cluster.observe(target);
        if !observed.fresh() {
            // What was not read, or long ago, says nothing of what is there now.
            return Ok(Prepared::Refuse(self.why_unreadable(target)));
        }
        let seen = observed.workloads.iter().map(|view| view.workload.clone()).collect();
        let wanted = match ask {
            Ask::Deploy { reference } => unasked(target, reference),
            Ask::Rollback { .. } => BTreeMap::new(),
        };
        let facts = self.facts(target, ask, seen, &observed, wanted).await?;
        Ok(prepare(ask, target, &facts))
    }

    /// The containers of a target whose registry will be asked what the tag stands for.
    pub(crate) fn looked_up(&self, ask: &Ask, target: &Target) -> BTreeSet<(WorkloadName, ContainerName)> {
        match ask {
            Ask::Deploy { reference } if reference.digest().is_none() => {}
            Ask::Deploy { .. } | Ask::Rollback { .. } => return BTreeSet::new(),
        }
        let containers = target.workloads.iter().flat_map(|workload| {
            let asked = workload.containers.iter().filter(|source| self.registry.configured(&source.repository));
            asked.map(|source| (workload.name.clone(), source.container.clone()))
        });
        containers.collect()
    }

    /// Why a target can't be read: a right that is missing is named, for waiting doesn't bring it.
    fn why_unreadable(&self, target: &Target) -> Refused {
        match self.cluster.trouble(target) {
            Some(ClusterFault::Forbidden(sentence)) => Refused::Forbidden { sentence },
            _ => Refused::ClusterUnreadable,
        }
    }

    async fn facts(
        &self,
        target: &Target,
        ask: &Ask,
        seen: Vec<Option<WorkloadSeen>>,
        observed: &Observed,
        wanted: BTreeMap<(usize, ContainerName), WantedImage>,
    ) -> Result<Facts, RecordFault> {
        let mut workloads = Vec::new();
        for (place, seen) in seen.into_iter().enumerate() {
            let held = match (&seen, target.workloads.get(place)) {
                (Some(seen), Some(workload)) => self.held_before(&workload.name, seen).await?,
                _ => None,
            };
            let pods = observed.workloads.get(place).map(|view| view.pods.clone()).unwrap_or_default();
            workloads.push(Found { seen, pods, held });
        }
        let back = matches!(ask, Ask::Rollback { .. });
        let releases = if back { self.records.releases(&target.name).await? } else { Vec::new() };
        // Who says where to go may go there, whatever is marked: only the choice needs the marks.
        let chooses = matches!(ask, Ask::Rollback { to: RollbackTo::Previous, .. });
        let withdrawn = if chooses { self.records.withdrawn(&target.name).await? } else { Vec::new() };
        Ok(Facts { workloads, wanted, releases, withdrawn })
    }

    /// What an earlier change that failed left here, where our marker names one. Whether that still stands is for the
    /// decision.
    async fn held_before(
        &self,
        workload: &WorkloadName,
        seen: &WorkloadSeen,
    ) -> Result<Option<HeldBefore>, RecordFault> {
        let Some(marker) = seen.our_marker() else { return Ok(None) };
        let Some(mut earlier) = self.earlier(marker.change).await? else { return Ok(None) };
        let mut step = marker.step;
        // A change that wrote nothing but a fence left what was there before it.
        while step == MarkerStep::Fence
            && let Some(before) = fenced_over(&earlier, workload)
        {
            let Some(change) = self.earlier(before.change).await? else { return Ok(None) };
            (earlier, step) = (change, before.step);
        }
        let failed = earlier.ended().filter(|ended| match &ended.outcome {
            Outcome::Left { .. } | Outcome::CantTell { .. } => true,
            Outcome::Superseded { after_failure, .. } => after_failure.is_some(),
            _ => false,
        });
        let left = failed.and_then(|ended| ended.left.iter().find(|left| left.workload == *workload)?.template);
        let work = earlier.work.as_ref().and_then(|work| item_of(&work.workloads, workload));
        let held = left.zip(work).map(|(template, item)| HeldBefore {
            change: earlier.head.id,
            template,
            baseline: item.baseline.clone(),
        });
        Ok(held)
    }

    /// Without its record nobody can tell what a change left.
    async fn earlier(&self, id: ChangeId) -> Result<Option<Change>, RecordFault> {
        match self.records.change(id).await {
            Ok(stored) => Ok(stored.map(|stored| stored.change)),
            Err(RecordFault::Unreadable(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Asks the registries which digests the reference stands for, each repository once.
    async fn resolve(
        &self,
        target: &Target,
        reference: &Reference,
    ) -> Result<BTreeMap<(usize, ContainerName), WantedImage>, Refused> {
        let mut known: BTreeMap<Repository, WantedImage> = BTreeMap::new();
        let mut wanted = unasked(target, reference);
        for image in wanted.values_mut() {
            let repository = image.image.repository.clone();
            if let Some(known) = known.get(&repository) {
                *image = known.clone();
                continue;
            }
            if self.registry.configured(&repository) {
                *image = self.resolve_one(&image.image).await?;
            }
            known.insert(repository, image.clone());
        }
        Ok(wanted)
    }

    /// What a rollback goes back to is known by its digest. Its registry is asked by which others a node may call it, so
    /// that the pods can be held to it, and whether it is still there.
    async fn ask_for_digests(&self, work: &mut Work) -> Result<(), Refused> {
        for new in work.workloads.iter_mut().flat_map(|item| &mut item.images) {
            let known = new.to.reference.digest().is_some();
            if !new.asked && known && self.registry.configured(&new.to.repository) {
                let wanted = self.resolve_one(&new.to).await?;
                (new.platforms, new.asked) = (wanted.platforms, wanted.asked);
            }
        }
        Ok(())
    }

    async fn resolve_one(&self, image: &Image) -> Result<WantedImage, Refused> {
        let host = || image.repository.host().unwrap_or_default().to_owned();
        match (self.registry.resolve(image).await, image.reference.digest()) {
            // A digest is taken as it is; the registry is asked only for what else stands for it.
            (Ok(resolved), Some(digest)) => {
                let mut platforms = resolved.platforms;
                platforms.push(resolved.digest);
                platforms.retain(|platform| platform != digest);
                Ok(WantedImage { image: image.clone(), platforms, asked: true })
            }
            (Ok(resolved), None) => {
                let platforms = resolved.platforms;
                Ok(WantedImage { image: image.resolved(resolved.digest), platforms, asked: true })
            }
            (Err(RegistryFault::Unknown), _) => Err(Refused::ImageUnknown { image: image.to_string() }),
            (Err(_), Some(_)) => Ok(WantedImage { image: image.clone(), platforms: Vec::new(), asked: false }),
            (Err(RegistryFault::Denied), None) => Err(Refused::RegistryDenied { host: host() }),
            (Err(RegistryFault::Unreachable(_)), None) => Err(Refused::RegistryUnreachable { host: host() }),
        }
    }
}

fn item_of<'a>(items: &'a [WorkloadWork], workload: &WorkloadName) -> Option<&'a WorkloadWork> {
    items.iter().find(|item| item.workload.name == *workload)
}

/// The marker that stood in a workload before a change that wrote nothing else there.
fn fenced_over(change: &Change, workload: &WorkloadName) -> Option<Marker> {
    let ended = change.ended()?;
    let untouched = ended.left.iter().all(|left| left.workload != *workload || left.what == Left::Untouched);
    let item = item_of(&change.work.as_ref()?.workloads, workload).filter(|_| untouched)?;
    item.found_marker.as_ref()?.parse().ok()
}

/// The images as the catalogue and the reference name them.
fn unasked(target: &Target, reference: &Reference) -> BTreeMap<(usize, ContainerName), WantedImage> {
    let mut wanted = BTreeMap::new();
    for (place, workload) in target.workloads.iter().enumerate() {
        for source in &workload.containers {
            let image = Image { repository: source.repository.clone(), reference: reference.clone() };
            let image = WantedImage { image, platforms: Vec::new(), asked: false };
            wanted.insert((place, source.container.clone()), image);
        }
    }
    wanted
}
