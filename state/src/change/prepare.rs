//! The decision that `preparing` ends with: what is to be written, or why nothing is. The same decision answers `plan`.

use std::collections::BTreeMap;

use super::outcome::Refused;
use super::release::{Release, RunningImages, Withdrawn, choose, same_image, with_running_digest};
use super::{Ask, Baseline, NewImage, RollbackTo, Work, WorkloadWork};
use crate::catalogue::{Target, Workload};
use crate::image::{Digest, Image};
use crate::names::{ChangeNumber, ContainerName};
use crate::rollout::seen::{MarkerStep, PodSeen, WorkloadSeen};
use crate::template::{Template, TemplateHash};

/// What was found out for the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The workloads, read afresh, in the target's order, with their pods as the watch knows them.
    pub workloads: Vec<Found>,
    /// For a deploy: the images that it asks for, by the place of the workload and container.
    pub wanted: BTreeMap<(usize, ContainerName), WantedImage>,
    /// For a rollback: everything that could be gone back to, oldest first.
    pub releases: Vec<Release>,
    /// For a rollback: what must not be gone back to.
    pub withdrawn: Vec<Withdrawn>,
}

/// One workload as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The workload; none where there is none of that name.
    pub seen: Option<WorkloadSeen>,
    /// Its pods.
    pub pods: Vec<PodSeen>,
    /// Where our marker says that an earlier change paused it: what that change left and found.
    pub held: Option<HeldBefore>,
}

/// What an earlier change left in a workload that it paused.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldBefore {
    /// The template that it left.
    pub template: TemplateHash,
    /// What it had found, which a later change inherits.
    pub baseline: Baseline,
}

/// An image that a deploy asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedImage {
    /// The image, with its digest where a registry was asked.
    pub image: Image,
    /// Other digests that stand for it.
    pub platforms: Vec<Digest>,
    /// Whether a registry was asked.
    pub asked: bool,
}

/// The decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Prepared {
    /// Nothing is written, for this reason.
    Refuse(Refused),
    /// What is asked for runs, and is healthy.
    NothingToDo,
    /// This is to be written.
    Write(Box<Work>),
}

/// Decides.
pub fn prepare(ask: &Ask, target: &Target, facts: &Facts) -> Prepared {
    match workloads(ask, target, facts) {
        Err(refused) => Prepared::Refuse(refused),
        Ok((found, work)) => conclude(found, work),
    }
}

/// A workload that can be written: read, with its template, and neither missing nor paused by somebody.
struct Usable<'a> {
    workload: &'a Workload,
    seen: &'a WorkloadSeen,
    pods: &'a [PodSeen],
    held: Option<&'a HeldBefore>,
}

fn workloads<'a>(ask: &Ask, target: &'a Target, facts: &'a Facts) -> Result<(Vec<Usable<'a>>, Work), Refused> {
    let usable: Vec<_> = target.workloads.iter().zip(&facts.workloads).map(usable).collect::<Result<_, _>>()?;
    let running = running_images(&usable);
    let (chosen, release) = match ask {
        Ask::Deploy { .. } => (None, None),
        Ask::Rollback { to, .. } => {
            let release = choose(to, &facts.releases, &facts.withdrawn, &running).ok_or_else(|| nowhere(to))?;
            (Some(release), Some(release.number))
        }
    };
    let items = usable
        .iter()
        .enumerate()
        .map(|(place, one)| match (ask, chosen) {
            (Ask::Rollback { template, to }, Some(release)) => back_to(release, *template, to, one),
            _ => Ok(item(one, new_images(place, one, facts), None)),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok((usable, Work { workloads: items, release }))
}

fn nowhere(to: &RollbackTo) -> Refused {
    match to {
        RollbackTo::Previous | RollbackTo::Before(_) => Refused::NothingToReturnTo,
        RollbackTo::Named(reference) => Refused::UnknownRelease { named: reference.to_string() },
        RollbackTo::Release(ChangeNumber(number)) => Refused::UnknownRelease { named: format!("#{number}") },
    }
}

fn usable<'a>((workload, found): (&'a Workload, &'a Found)) -> Result<Usable<'a>, Refused> {
    let Some(seen) = &found.seen else {
        return Err(Refused::Missing { workload: workload.name.clone() });
    };
    for source in &workload.containers {
        if seen.template.image_of(&source.container).is_none() {
            let has = seen.template.containers().map(|(name, _)| name.to_owned()).collect();
            let (workload, container) = (workload.name.clone(), source.container.clone());
            return Err(Refused::NoContainer { workload, container, has });
        }
    }
    let ours = seen.our_marker().is_some_and(|marker| marker.step == MarkerStep::Hold);
    let held = found.held.as_ref().filter(|held| ours && seen.paused && held.template == seen.template.hash());
    if seen.paused && held.is_none() {
        return Err(Refused::Paused { workload: workload.name.clone() });
    }
    Ok(Usable { workload, seen, pods: &found.pods, held })
}

/// What stands in the templates, with the digests that ready pods report where the template names none.
fn running_images(usable: &[Usable<'_>]) -> RunningImages {
    let mut running = RunningImages::new();
    for one in usable {
        let digests = ready_digests(one);
        for source in &one.workload.containers {
            let written = one.seen.template.image_of(&source.container).and_then(|text| text.parse().ok());
            if let Some(image) = written {
                let image = with_running_digest(image, digests.get(&source.container));
                running.insert((one.workload.name.clone(), source.container.clone()), image);
            }
        }
    }
    running
}

/// Digests that the ready pods of the current template report, where they agree.
fn ready_digests(one: &Usable<'_>) -> BTreeMap<ContainerName, Digest> {
    let template = one.seen.template.hash();
    let ready = || one.pods.iter().filter(move |pod| pod.ready && !pod.deleting && pod.template == Some(template));
    let mut digests = BTreeMap::new();
    for source in &one.workload.containers {
        let mut reported = ready()
            .flat_map(|pod| &pod.containers)
            .filter(|container| container.name == source.container.as_str())
            .map(|container| container.digest());
        if let Some(Some(first)) = reported.next()
            && reported.all(|other| other.as_ref() == Some(&first))
        {
            digests.insert(source.container.clone(), first);
        }
    }
    digests
}

fn new_images(place: usize, one: &Usable<'_>, facts: &Facts) -> Vec<NewImage> {
    let wanted = |container: &ContainerName| facts.wanted.get(&(place, container.clone()));
    let image = |container: &ContainerName| {
        let wanted = wanted(container)?;
        Some(NewImage {
            container: container.clone(),
            from: one.seen.template.image_of(container)?.to_owned(),
            to: wanted.image.clone(),
            platforms: wanted.platforms.clone(),
            asked: wanted.asked,
        })
    };
    one.workload.containers.iter().filter_map(|source| image(&source.container)).collect()
}

fn back_to(release: &Release, whole: bool, to: &RollbackTo, one: &Usable<'_>) -> Result<WorkloadWork, Refused> {
    let recorded =
        release.workloads.iter().find(|known| known.workload == one.workload.name).ok_or_else(|| nowhere(to))?;
    let mut images = Vec::new();
    for source in &one.workload.containers {
        let from = one.seen.template.image_of(&source.container).unwrap_or_default().to_owned();
        let image = recorded.images.get(&source.container).ok_or_else(|| nowhere(to))?.clone();
        images.push(NewImage {
            container: source.container.clone(),
            from,
            to: image,
            platforms: Vec::new(),
            asked: false,
        });
    }
    let template = whole.then(|| {
        let images = images.iter().map(|new| (&new.container, new.to.to_string()));
        Template::new(recorded.template.clone()).with_images(images).json().clone()
    });
    Ok(item(one, images, template))
}

fn item(one: &Usable<'_>, images: Vec<NewImage>, template: Option<serde_json::Value>) -> WorkloadWork {
    let baseline = match one.held {
        Some(held) => held.baseline.clone(),
        None => Baseline {
            template: one.seen.template.json().clone(),
            digests: ready_digests(one),
            all_ready: all_ready(one),
        },
    };
    WorkloadWork {
        workload: one.workload.clone(),
        uid: one.seen.uid.clone(),
        found: one.seen.template.hash(),
        found_marker: one.seen.marker.clone(),
        resumes: one.held.is_some(),
        replicas: one.seen.desired,
        images,
        template,
        baseline,
    }
}

fn all_ready(one: &Usable<'_>) -> bool {
    let template = one.seen.template.hash();
    let pods = one.pods.iter().filter(|pod| !pod.deleting && pod.template == Some(template));
    let ready = pods.clone().filter(|pod| pod.ready).count();
    ready == pods.count() && u32::try_from(ready).is_ok_and(|ready| ready >= one.seen.desired)
}

fn conclude(found: Vec<Usable<'_>>, work: Work) -> Prepared {
    let runs_already = found.iter().zip(&work.workloads).all(|(one, item)| {
        let digests = ready_digests(one);
        let same = item.images.iter().all(|new| {
            new.from
                .parse::<Image>()
                .is_ok_and(|from| same_image(&with_running_digest(from, digests.get(&new.container)), &new.to))
        });
        let same_template =
            item.template.as_ref().is_none_or(|template| Template::new(template.clone()).hash() == item.found);
        same && same_template && !item.resumes
    });
    if !runs_already {
        return Prepared::Write(Box::new(work));
    }
    if found.iter().all(|one| healthy(one)) {
        return Prepared::NothingToDo;
    }
    Prepared::Refuse(Refused::RunsUnhealthy)
}

fn healthy(one: &Usable<'_>) -> bool {
    let seen = one.seen;
    let counts = [seen.updated, seen.ready, seen.available, seen.total];
    seen.observed_generation >= seen.generation && counts.iter().all(|count| *count == seen.desired)
}

impl WorkloadWork {
    /// The template that stands there once our write is done.
    pub fn new_template(&self, found: &Template) -> Template {
        match &self.template {
            Some(whole) => Template::new(whole.clone()),
            None => found.with_images(self.images.iter().map(|new| (&new.container, new.to.to_string()))),
        }
    }
}

impl Work {
    /// The images that are written, by place.
    pub fn new_images(&self) -> RunningImages {
        self.places(|new, _| Some(new.to.clone()))
    }

    /// The images that stood there before, by place, with the digests that ran.
    pub fn old_images(&self) -> RunningImages {
        self.places(|new, item| {
            let digest = item.baseline.digests.get(&new.container).filter(|_| !item.resumes);
            Some(with_running_digest(new.from.parse().ok()?, digest))
        })
    }

    fn places(&self, image: impl Fn(&NewImage, &WorkloadWork) -> Option<Image>) -> RunningImages {
        let mut places = RunningImages::new();
        for item in &self.workloads {
            for new in &item.images {
                if let Some(image) = image(new, item) {
                    places.insert((item.workload.name.clone(), new.container.clone()), image);
                }
            }
        }
        places
    }
}
