//! The decision that `preparing` ends with: what is to be written, or why nothing is. The same decision answers `plan`.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::{PlaceOf, Refused, WrittenBy};
use super::release::{Origin, Release, RunningImages, Withdrawn, choose, with_running_digest};
use super::running::{self, all_ready, digests, healthy};
use super::{Ask, Baseline, NewImage, RollbackTo, Work, WorkloadWork};
use crate::catalogue::{ContainerSource, Target, Workload};
use crate::image::{Digest, Image};
use crate::names::{ChangeId, ChangeNumber, ContainerName};
use crate::rollout::seen::{MarkerStep, PodSeen, WorkloadSeen};
use crate::template::{Template, TemplateHash};

/// So many fields are named in which a release differs from what stands there.
const DIFFERENCES: usize = 8;

/// What was found out for the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The workloads, read afresh, in the target's order, with their pods as the watch knows them.
    pub workloads: Vec<Found>,
    /// For a deploy: the images that it asks for, by the place of the workload and container.
    pub wanted: BTreeMap<(usize, ContainerName), WantedImage>,
    /// For a rollback: everything that could be gone back to, oldest first.
    pub releases: Vec<Release>,
    /// For a rollback that leaves the choice to rotabot: what must not be gone back to.
    pub withdrawn: Vec<Withdrawn>,
}

/// One workload as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The workload; none where there is none of that name.
    pub seen: Option<WorkloadSeen>,
    /// Its pods.
    pub pods: Vec<PodSeen>,
    /// Where our marker names an earlier change that failed: what that change left and found.
    pub held: Option<HeldBefore>,
}

/// What an earlier change that failed left in a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldBefore {
    /// The change.
    pub change: ChangeId,
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
    /// It is paused by an earlier change of ours.
    resumes: bool,
    /// What that change had found, where what it left stands here.
    inherits: Option<&'a Baseline>,
}

impl Usable<'_> {
    fn digests(&self) -> BTreeMap<ContainerName, Digest> {
        digests(self.workload, self.pods, self.seen.template.hash())
    }
}

fn workloads<'a>(ask: &Ask, target: &'a Target, facts: &'a Facts) -> Result<(Vec<Usable<'a>>, Work), Refused> {
    // What a change had found is inherited as one: a workload that it left complete was not good before it either.
    let holders = facts.workloads.iter().filter_map(|found| Some(paused_by_us(found)?.change)).collect();
    let all = target.workloads.iter().zip(&facts.workloads);
    let usable = all.map(|(workload, found)| usable(workload, found, &holders)).collect::<Result<Vec<_>, _>>()?;
    let running = running_images(&usable);
    let chosen = match ask {
        Ask::Deploy { .. } => None,
        Ask::Rollback { to, .. } => {
            let chosen = choose(to, &facts.releases, &facts.withdrawn, &running).ok_or_else(|| nowhere(to))?;
            let of = lacks(chosen, &usable);
            if !of.is_empty() {
                // Half of a service is never brought back alone: nobody has seen the two halves work together.
                let earlier = chosen.reference().map(|reference| reference.to_string());
                let earlier = earlier.unwrap_or_else(|| format!("#{}", chosen.number.0));
                return Err(Refused::NoEarlierImage { earlier, of });
            }
            Some(chosen)
        }
    };
    let items = usable.iter().enumerate().map(|(place, one)| match (ask, chosen) {
        (Ask::Rollback { template, .. }, Some(release)) => back_to(release, *template, one),
        _ => item(one, new_images(place, one, facts), None),
    });
    let items = items.collect();
    let release = chosen.filter(|release| release.origin == Origin::Verified).map(|release| release.number);
    let differences = chosen.map(|release| differences(release, &usable)).unwrap_or_default();
    Ok((usable, Work { workloads: items, release, differences }))
}

/// Fields beside images in which the recorded templates differ from those that stand there, for people to know.
fn differences(release: &Release, usable: &[Usable<'_>]) -> Vec<String> {
    let of = |one: &Usable<'_>| {
        let recorded = release.workloads.iter().find(|known| known.workload == one.workload.name);
        let recorded = recorded.map(|known| Template::new(known.template.clone()));
        recorded.map(|recorded| one.seen.template.differences(&recorded, DIFFERENCES)).unwrap_or_default()
    };
    let mut found: Vec<String> = usable.iter().flat_map(of).collect();
    found.truncate(DIFFERENCES);
    found
}

fn nowhere(to: &RollbackTo) -> Refused {
    match to {
        RollbackTo::Previous | RollbackTo::Before(_) => Refused::NothingToReturnTo,
        RollbackTo::Named(reference) => Refused::UnknownRelease { named: reference.to_string() },
        RollbackTo::Release(ChangeNumber(number)) => Refused::UnknownRelease { named: format!("#{number}") },
    }
}

fn usable<'a>(workload: &'a Workload, found: &'a Found, holders: &BTreeSet<ChangeId>) -> Result<Usable<'a>, Refused> {
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
    let resumes = paused_by_us(found).is_some();
    if seen.paused && !resumes {
        return Err(Refused::Paused { workload: workload.name.clone(), by: seen.paused_by.clone() });
    }
    let left_here = found.held.as_ref().filter(|held| holders.contains(&held.change) && stands(held, seen));
    let inherits = left_here.map(|held| &held.baseline);
    Ok(Usable { workload, seen, pods: &found.pods, resumes, inherits })
}

/// The change of ours that paused it, if the template is still as that change left it. A fence that was put later
/// changes neither.
fn paused_by_us(found: &Found) -> Option<&HeldBefore> {
    let seen = found.seen.as_ref().filter(|seen| seen.paused)?;
    let step = seen.our_marker()?.step;
    let held = found.held.as_ref().filter(|held| stands(held, seen));
    held.filter(|_| matches!(step, MarkerStep::Hold | MarkerStep::Fence))
}

fn stands(held: &HeldBefore, seen: &WorkloadSeen) -> bool {
    held.template == seen.template.hash()
}

/// What stands in the templates, with the digests that ready pods report where the template names none.
fn running_images(usable: &[Usable<'_>]) -> RunningImages {
    let mut running = RunningImages::new();
    for one in usable {
        let digests = one.digests();
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

/// The parts of the target for which a release has no image.
fn lacks(release: &Release, usable: &[Usable<'_>]) -> Vec<PlaceOf> {
    let of = |one: &Usable<'_>| -> Vec<PlaceOf> {
        let workload = one.workload.name.clone();
        let Some(recorded) = release.workloads.iter().find(|known| known.workload == workload) else {
            return vec![PlaceOf { workload, container: None }];
        };
        let lacking = one.workload.containers.iter().filter(|source| !recorded.images.contains_key(&source.container));
        let place = |source: &ContainerSource| PlaceOf {
            workload: workload.clone(),
            container: Some(source.container.clone()),
        };
        lacking.map(place).collect()
    };
    usable.iter().flat_map(of).collect()
}

fn back_to(release: &Release, whole: bool, one: &Usable<'_>) -> WorkloadWork {
    let recorded = release.workloads.iter().find(|known| known.workload == one.workload.name);
    let image = |container: &ContainerName| {
        let to = recorded?.images.get(container)?.clone();
        let from = one.seen.template.image_of(container).unwrap_or_default().to_owned();
        Some(NewImage { container: container.clone(), from, to, platforms: Vec::new(), asked: false })
    };
    let images: Vec<NewImage> = one.workload.containers.iter().filter_map(|source| image(&source.container)).collect();
    let template = recorded.filter(|_| whole).map(|recorded| {
        let images = images.iter().map(|new| (&new.container, new.to.to_string()));
        Template::new(recorded.template.clone()).with_images(images).json().clone()
    });
    item(one, images, template)
}

fn item(one: &Usable<'_>, images: Vec<NewImage>, template: Option<serde_json::Value>) -> WorkloadWork {
    let found = &one.seen.template;
    let baseline = match one.inherits {
        Some(inherited) => inherited.clone(),
        None => Baseline {
            template: found.json().clone(),
            digests: one.digests(),
            all_ready: all_ready(one.seen, one.pods),
        },
    };
    // An inherited baseline is not what stands here, so the record must hold the template that is written.
    let whole = || found.with_images(images.iter().map(|new| (&new.container, new.to.to_string()))).json().clone();
    let template = template.or_else(|| one.inherits.map(|_| whole()));
    // A number that the controller has not brought up to date yet tells nothing later.
    let settled = one.seen.observed_generation >= one.seen.generation;
    WorkloadWork {
        workload: one.workload.clone(),
        uid: one.seen.uid.clone(),
        found: found.hash(),
        found_marker: one.seen.marker.clone(),
        found_revision: one.seen.revision.clone().filter(|_| settled),
        resumes: one.resumes,
        replicas: one.seen.desired,
        images,
        template,
        baseline,
    }
}

fn conclude(found: Vec<Usable<'_>>, work: Work) -> Prepared {
    // Without pods nothing runs, whatever the template says.
    let no_pods = found.iter().any(|one| one.seen.desired == 0);
    let stands = |has: fn(&Usable<'_>, &NewImage) -> bool| {
        !no_pods && found.iter().zip(&work.workloads).all(|(one, item)| stands_already(one, item, has))
    };
    if let Some(refused) = under_way(&found).filter(|_| stands(is_rolled_out)) {
        return Prepared::Refuse(refused);
    }
    if !stands(runs) {
        return Prepared::Write(Box::new(work));
    }
    if found.iter().all(|one| healthy(one.seen)) {
        return Prepared::NothingToDo;
    }
    Prepared::Refuse(Refused::RunsUnhealthy)
}

/// Whether a workload has already what would be written.
fn stands_already(one: &Usable<'_>, item: &WorkloadWork, has: fn(&Usable<'_>, &NewImage) -> bool) -> bool {
    let same = item.images.iter().all(|new| has(one, new));
    // A digest that is only written out makes no other template.
    let found = &one.seen.template;
    let with_images = found.with_images(item.images.iter().map(|new| (&new.container, new.to.to_string())));
    let same_template = item.template.as_ref().is_none_or(|template| {
        let template = Template::new(template.clone()).hash();
        template == item.found || template == with_images.hash()
    });
    same && same_template && !item.resumes
}

/// A rollout that goes on without us: the target is not held by any change, or this one would not be prepared. Beside it
/// nothing of the target may be unwell, or it would be told as too early to say.
fn under_way(found: &[Usable<'_>]) -> Option<Refused> {
    let moves = |one: &Usable<'_>| running::under_way(one.seen, one.pods);
    let one = found.iter().find(|one| moves(one))?;
    if !found.iter().all(|one| healthy(one.seen) || moves(one)) {
        return None;
    }
    let by = one.seen.template_by.clone().map(|writer| match writer.is_rotabot() {
        true => WrittenBy::Us { at: writer.at },
        false => WrittenBy::Somebody { name: writer.name, at: writer.at },
    });
    let (ready, desired) = (running::new_ready(one.seen, one.pods).min(one.seen.desired), one.seen.desired);
    Some(Refused::UnderWay { workload: one.workload.name.clone(), by, ready, desired })
}

/// Whether exactly this image is being rolled out. No pod of it may be ready yet, so those count as well that are not:
/// the tag that stands there may stand for another image since, and then waiting brings nothing.
fn is_rolled_out(one: &Usable<'_>, new: &NewImage) -> bool {
    let told = running::reported(one.pods, one.seen.template.hash(), &new.container);
    match told.len() {
        0 => is(new, None),
        _ => told.iter().all(|digest| is(new, Some(digest))),
    }
}

/// Whether exactly this image runs, as far as can be known.
fn runs(one: &Usable<'_>, new: &NewImage) -> bool {
    is(new, one.digests().get(&new.container))
}

/// Whether an image is what stands in the template, of which pods report a digest. A digest that is wanted has to be
/// seen: a tag that is the same may have moved since.
fn is(new: &NewImage, reported: Option<&Digest>) -> bool {
    let Ok(from) = new.from.parse::<Image>() else { return false };
    if from.repository != new.to.repository {
        return false;
    }
    match (new.to.reference.digest(), from.reference.digest().or(reported)) {
        (Some(wanted), Some(running)) => running == wanted || new.platforms.contains(running),
        (Some(_), None) => false,
        (None, _) => from.reference.tag() == new.to.reference.tag(),
    }
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

    /// The images that a way back goes to, by place, with the digests that ran.
    pub fn baseline_images(&self) -> RunningImages {
        self.places(|new, item| {
            let template = Template::new(item.baseline.template.clone());
            let image = template.image_of(&new.container)?.parse().ok()?;
            Some(with_running_digest(image, item.baseline.digests.get(&new.container)))
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
