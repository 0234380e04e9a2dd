//! Gathering the facts that `preparing` decides on: what runs, what a tag stands for, what can be gone back to.

use std::collections::BTreeMap;

use state::catalogue::Target;
use state::change::outcome::{Outcome, Refused};
use state::change::prepare::{Facts, Found, HeldBefore, Prepared, WantedImage, prepare};
use state::change::transition::Event;
use state::change::{Ask, Change};
use state::image::{Image, Reference, Repository};
use state::names::ContainerName;
use state::records::RecordFault;
use state::rollout::seen::{MarkerStep, Observed, WorkloadSeen};

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
        Ok(Done::Event(Event::Prepared(prepare(&change.head.ask, &change.target, &facts))))
    }

    /// What would be written, from what is known without asking anybody: the answer to `plan` (D18).
    pub(crate) async fn foresee(&self, ask: &Ask, target: &Target) -> Result<Prepared, RecordFault> {
        let observed = self.cluster.observe(target);
        let seen = observed.workloads.iter().map(|view| view.workload.clone()).collect();
        let wanted = match ask {
            Ask::Deploy { reference } => unasked(target, reference),
            Ask::Rollback { .. } => BTreeMap::new(),
        };
        let facts = self.facts(target, ask, seen, &observed, wanted).await?;
        Ok(prepare(ask, target, &facts))
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
            let held = match &seen {
                Some(seen) => self.held_before(place, seen).await?,
                None => None,
            };
            let pods = observed.workloads.get(place).map(|view| view.pods.clone()).unwrap_or_default();
            workloads.push(Found { seen, pods, held });
        }
        let back = matches!(ask, Ask::Rollback { .. });
        let releases = if back { self.records.releases(&target.name).await? } else { Vec::new() };
        let withdrawn = if back { self.records.withdrawn(&target.name).await? } else { Vec::new() };
        Ok(Facts { workloads, wanted, releases, withdrawn })
    }

    /// What an earlier change left here, where the marker says that it paused the workload. Whether that still stands is
    /// for the decision.
    async fn held_before(&self, place: usize, seen: &WorkloadSeen) -> Result<Option<HeldBefore>, RecordFault> {
        let Some(marker) = seen.our_marker().filter(|marker| marker.step == MarkerStep::Hold && seen.paused) else {
            return Ok(None);
        };
        let earlier = match self.records.change(marker.change).await {
            Ok(Some(stored)) => stored.change,
            // Without its record nobody can tell that it was us.
            Ok(None) | Err(RecordFault::Unreadable(_)) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let left = earlier.ended().filter(|ended| {
            matches!(ended.outcome, Outcome::Left { .. } | Outcome::Superseded { .. } | Outcome::CantTell { .. })
        });
        let template = left.and_then(|ended| ended.left.get(place)?.template);
        let baseline = earlier.work.as_ref().and_then(|work| work.workloads.get(place)).map(|item| &item.baseline);
        Ok(template.zip(baseline).map(|(template, baseline)| HeldBefore { template, baseline: baseline.clone() }))
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
