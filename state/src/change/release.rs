//! Releases: what can be gone back to (D11, D12).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RollbackTo;
use crate::image::{Digest, Image, Reference};
use crate::names::{ChangeId, ChangeNumber, ContainerName, WorkloadName};

/// Something that once ran: a release (a verified deploy), or the baseline of a change, kept for want of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The change that verified it, or the one whose baseline it was.
    pub change: ChangeId,
    /// Its number.
    pub number: ChangeNumber,
    /// When. Releases are ordered by it.
    pub at: DateTime<Utc>,
    /// Which of the two it is.
    pub origin: Origin,
    /// What it runs.
    pub workloads: Vec<ReleaseWorkload>,
}

/// Images that must not be gone back to: set by the commit of a failed outcome, and by the commit that verifies a
/// rollback (on what it left); taken away when a later deploy of them is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The change that failed, or that rolled back.
    pub by: ChangeNumber,
    /// The images.
    pub images: Vec<WithdrawnImage>,
}

/// An image in the place where it ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawnImage {
    /// The workload.
    pub workload: WorkloadName,
    /// The container.
    pub container: ContainerName,
    /// The image.
    pub image: Image,
}

impl Withdrawn {
    /// Of everything that runs.
    pub fn of(by: ChangeNumber, images: &RunningImages) -> Self {
        let place = |((workload, container), image): (&(WorkloadName, ContainerName), &Image)| WithdrawnImage {
            workload: workload.clone(),
            container: container.clone(),
            image: image.clone(),
        };
        Self { by, images: images.iter().map(place).collect() }
    }

    /// The images by their place.
    pub fn running(&self) -> RunningImages {
        let place = |one: &WithdrawnImage| ((one.workload.clone(), one.container.clone()), one.image.clone());
        self.images.iter().map(place).collect()
    }
}

/// Where a release comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A deploy that was verified.
    Verified,
    /// What a change found running.
    Baseline,
}

/// What a release runs in one workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleaseWorkload {
    /// The workload.
    pub workload: WorkloadName,
    /// The pod template, whole.
    pub template: Value,
    /// The images as they were written, by container, with the digest wherever it is known.
    pub images: BTreeMap<ContainerName, Image>,
}

impl Release {
    /// What people call it: the first image's tag, else its digest in short.
    pub fn name(&self) -> String {
        self.images().next().map(Image::short).unwrap_or_default()
    }

    /// By what it can be asked for: the first image's tag, else its digest.
    pub fn reference(&self) -> Option<Reference> {
        let reference = &self.images().next()?.reference;
        reference.tag().and_then(|tag| tag.parse().ok()).or_else(|| Some(reference.clone()))
    }

    /// The image that it is called by.
    pub fn first_image(&self) -> Option<&Image> {
        self.images().next()
    }

    /// Its images, by their place.
    pub fn running(&self) -> RunningImages {
        let of = |workload: &ReleaseWorkload| {
            let name = workload.workload.clone();
            let images = workload.images.clone();
            images.into_iter().map(move |(container, image)| ((name.clone(), container), image))
        };
        self.workloads.iter().flat_map(of).collect()
    }

    fn images(&self) -> impl Iterator<Item = &Image> {
        self.workloads.iter().flat_map(|workload| workload.images.values())
    }

    /// Whether it runs just these images. Digests decide where both sides know them; a tag alone stands for the image
    /// only where a digest is missing.
    pub fn runs(&self, images: &RunningImages) -> bool {
        let places = self.workloads.iter().flat_map(|workload| {
            let place = |container: &ContainerName| (workload.workload.clone(), container.clone());
            workload.images.iter().map(move |(container, image)| (place(container), image))
        });
        all_among(places, images)
    }

    /// Whether it has an image for each of these places: one that was recorded before the target grew has not.
    pub fn covers(&self, places: &RunningImages) -> bool {
        let has = |(workload, container): &(WorkloadName, ContainerName)| {
            let known = self.workloads.iter().find(|known| known.workload == *workload);
            known.is_some_and(|known| known.images.contains_key(container))
        };
        places.keys().all(has)
    }

    fn answers_to(&self, reference: &Reference) -> bool {
        self.images().any(|image| match reference.digest() {
            Some(digest) => image.reference.digest() == Some(digest),
            None => image.reference.tag() == reference.tag(),
        })
    }
}

impl Withdrawn {
    /// Whether it is about these images: each of them is withdrawn in its place.
    pub fn is_of(&self, images: &RunningImages) -> bool {
        all_among(images.iter().map(|(place, image)| (place.clone(), image)), &self.running())
    }
}

/// Whether there are any, and each is the same as what runs in its place.
fn all_among<'a>(
    images: impl IntoIterator<Item = ((WorkloadName, ContainerName), &'a Image)>,
    running: &RunningImages,
) -> bool {
    let mut images = images.into_iter().peekable();
    images.peek().is_some()
        && images.all(|(place, image)| running.get(&place).is_some_and(|running| same_image(image, running)))
}

/// What runs now, by workload and container.
pub type RunningImages = BTreeMap<(WorkloadName, ContainerName), Image>;

/// Whether two images are the same, as far as can be known.
pub fn same_image(left: &Image, right: &Image) -> bool {
    if left.repository != right.repository {
        return false;
    }
    match (left.reference.digest(), right.reference.digest()) {
        (Some(left), Some(right)) => left == right,
        _ => left.reference.tag() == right.reference.tag() && left.reference.tag().is_some(),
    }
}

/// The digest that is known to run in a container, put to the image that its template names.
pub fn with_running_digest(image: Image, digest: Option<&Digest>) -> Image {
    match (image.reference.digest(), digest) {
        (None, Some(digest)) => image.resolved(digest.clone()),
        _ => image,
    }
}

/// Chooses what a rollback goes to: `releases` are all that are known of the target, oldest first; `running` is what
/// stands in the templates now. One that has no image for a part of the target is chosen only where no other can be.
pub fn choose<'a>(
    to: &RollbackTo,
    releases: &'a [Release],
    withdrawn: &[Withdrawn],
    running: &RunningImages,
) -> Option<&'a Release> {
    match to {
        RollbackTo::Named(reference) => releases
            .iter()
            .rev()
            .filter(|release| release.answers_to(reference))
            .min_by_key(|release| (release.origin, std::cmp::Reverse(release.at))),
        RollbackTo::Release(number) => {
            releases.iter().rev().find(|release| release.origin == Origin::Verified && release.number == *number)
        }
        RollbackTo::Before(change) => {
            releases.iter().find(|release| release.origin == Origin::Baseline && release.change == *change)
        }
        RollbackTo::Previous => {
            let is_withdrawn = |release: &Release| withdrawn.iter().any(|one| release.runs(&one.running()));
            let runs_at = |release: &&Release| release.runs(running).then_some(release.at);
            let below = |origin: Origin, top: Option<DateTime<Utc>>| {
                let below = move |release: &&Release| {
                    release.origin == origin && top.is_none_or(|top| release.at < top) && !release.runs(running)
                };
                releases.iter().filter(below).filter(|release| !is_withdrawn(release))
            };
            let newest = |release: &&Release| release.at;
            // What runs and is no release counts as newer than all of them.
            let verified = releases.iter().filter(|release| release.origin == Origin::Verified);
            let released_at = verified.filter_map(|release| runs_at(&release)).max();
            let known_at = releases.iter().filter_map(|release| runs_at(&release)).max();
            let (verified, baselines) = (below(Origin::Verified, released_at), below(Origin::Baseline, known_at));
            let first = verified.clone().max_by_key(newest).or_else(|| baselines.clone().max_by_key(newest))?;
            // The target has grown since: what ran before the change that brought the new part is known whole.
            let whole = || verified.chain(baselines).filter(|release| release.covers(running)).max_by_key(newest);
            if first.covers(running) { Some(first) } else { whole().or(Some(first)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(at: i64, tag: &str, origin: Origin) -> Release {
        let image: Image = format!("r.example/api:{tag}").parse().expect("an image");
        let container = ContainerName::new("api").expect("a name");
        Release {
            change: ChangeId::from_parts(at.unsigned_abs(), 0),
            number: ChangeNumber(at.unsigned_abs()),
            at: DateTime::from_timestamp(at, 0).expect("a moment"),
            origin,
            workloads: vec![ReleaseWorkload {
                workload: WorkloadName::new("api").expect("a name"),
                template: Value::Null,
                images: [(container, image)].into(),
            }],
        }
    }

    fn running(tag: &str) -> RunningImages {
        let image = format!("r.example/api:{tag}").parse().expect("an image");
        [((WorkloadName::new("api").expect("a name"), ContainerName::new("api").expect("a name")), image)].into()
    }

    fn chosen(releases: &[Release], withdrawn: &[&str], tag: &str) -> Option<String> {
        let withdrawn: Vec<_> = withdrawn.iter().map(|tag| Withdrawn::of(ChangeNumber(99), &running(tag))).collect();
        choose(&RollbackTo::Previous, releases, &withdrawn, &running(tag)).map(Release::name)
    }

    #[test]
    fn the_newest_good_release_below_what_runs() {
        let all = [1, 2, 3].map(|at| release(at, &format!("v{at}"), Origin::Verified));
        assert_eq!(chosen(&all, &["v2"], "v3").as_deref(), Some("v1"), "v2 was withdrawn");
        assert_eq!(chosen(&all, &[], "v9").as_deref(), Some("v3"), "what is no release counts as above all");
        assert_eq!(chosen(&all, &[], "v1"), None, "nothing is older");
        // Twice in a row goes further back, rather than toggling between two bad ones.
        assert_eq!(chosen(&all, &["v3"], "v2").as_deref(), Some("v1"));
    }

    #[test]
    fn a_baseline_serves_for_want_of_a_release() {
        let first = [release(1, "v0", Origin::Baseline), release(2, "v1", Origin::Verified)];
        assert_eq!(chosen(&first, &[], "v1").as_deref(), Some("v0"));
        assert_eq!(chosen(&first[..1], &[], "v0"), None);
    }

    #[test]
    fn what_has_no_image_for_a_part_gives_way_to_what_has() {
        let grown = |mut release: Release, tag: &str| {
            let worker = ReleaseWorkload {
                workload: WorkloadName::new("worker").expect("a name"),
                images: [(
                    ContainerName::new("worker").expect("a name"),
                    format!("r.example/worker:{tag}").parse().expect("an image"),
                )]
                .into(),
                template: Value::Null,
            };
            release.workloads.push(worker);
            release
        };
        let mut running = running("v3");
        let worker = grown(release(9, "v3", Origin::Verified), "v3").workloads[1].images.clone();
        let of_worker = |(container, image)| ((WorkloadName::new("worker").expect("a name"), container), image);
        running.extend(worker.into_iter().map(of_worker));
        let (v1, v2) = (release(1, "v1", Origin::Verified), release(2, "v2", Origin::Verified));
        let before = grown(release(3, "v2", Origin::Baseline), "v0");
        let v3 = grown(release(4, "v3", Origin::Verified), "v3");
        let chosen = |all: &[Release]| {
            let chosen = choose(&RollbackTo::Previous, all, &[], &running).expect("something");
            (chosen.at.timestamp(), chosen.covers(&running))
        };
        let all = [v1.clone(), v2.clone(), before, v3.clone()];
        assert_eq!(chosen(&all), (3, true), "what ran before the deploy that brought the worker");
        assert_eq!(chosen(&[v1, v2, v3]), (2, false), "told as what it would have been");
    }

    #[test]
    fn a_name_finds_the_verified_one_first() {
        let all = [release(1, "v1", Origin::Verified), release(2, "v1", Origin::Baseline)];
        let named = choose(&RollbackTo::Named("v1".parse().expect("a tag")), &all, &[], &running("v2"));
        assert_eq!(named.map(|release| release.origin), Some(Origin::Verified));
        assert!(choose(&RollbackTo::Named("v7".parse().expect("a tag")), &all, &[], &running("v2")).is_none());
    }
}
