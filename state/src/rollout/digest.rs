//! Ground truth (V5): the digest of the image that every ready pod really runs, against the digest that was wanted.

use super::expectation::{Expectation, ExpectedImage};
use super::pods::Pods;
use super::seen::{ContainerSeen, PodSeen, WorkloadView};
use crate::image::Digest;
use crate::names::ContainerName;

/// What the digests say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestCheck {
    /// Every ready pod of our template runs what was wanted.
    Match,
    /// A ready pod runs something else.
    Mismatch {
        /// Its name.
        pod: String,
        /// The container.
        container: ContainerName,
        /// What it should run.
        wanted: Digest,
        /// What it runs.
        found: Digest,
    },
    /// Nothing speaks against it, but it isn't proven either. Never a failure, always said.
    CantTell(DigestDoubt),
}

/// Why the digests say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DigestDoubt {
    /// No pod is ready.
    NoPods,
    /// No registry is configured, so that nobody knows what digest to look for.
    NoRegistry,
    /// The node names another digest than the one that was asked for, and no registry could say whether it is the
    /// same image's manifest for that platform.
    PlatformsUnknown,
    /// The node names the image by a bare config id, or not at all.
    NoDigest,
}

/// Compares. A mismatch in one pod outweighs everything, and one doubt outweighs all matches.
pub fn check(view: &WorkloadView, expectation: &Expectation) -> DigestCheck {
    let pods = Pods::of(view, expectation.template);
    let ready: Vec<&PodSeen> = pods.new.into_iter().filter(|pod| pod.ready).collect();
    if ready.is_empty() {
        return DigestCheck::CantTell(DigestDoubt::NoPods);
    }
    let mut doubt = None;
    for pod in ready {
        for image in &expectation.images {
            match check_container(pod, image) {
                DigestCheck::Match => {}
                mismatch @ DigestCheck::Mismatch { .. } => return mismatch,
                DigestCheck::CantTell(why) => doubt = doubt.or(Some(why)),
            }
        }
    }
    doubt.map_or(DigestCheck::Match, DigestCheck::CantTell)
}

/// The container of a pod that runs another image than was wanted, if there is one.
pub(super) fn wrong_container<'a>(pod: &'a PodSeen, expectation: &Expectation) -> Option<&'a ContainerSeen> {
    let wrong = |image: &&ExpectedImage| matches!(check_container(pod, image), DigestCheck::Mismatch { .. });
    let image = expectation.images.iter().find(wrong)?;
    container_of(pod, image)
}

fn container_of<'a>(pod: &'a PodSeen, image: &ExpectedImage) -> Option<&'a ContainerSeen> {
    pod.containers.iter().find(|container| container.name == image.container.as_str())
}

fn check_container(pod: &PodSeen, image: &ExpectedImage) -> DigestCheck {
    let Some(wanted) = &image.digest else { return DigestCheck::CantTell(DigestDoubt::NoRegistry) };
    let Some(found) = container_of(pod, image).and_then(ContainerSeen::digest) else {
        return DigestCheck::CantTell(DigestDoubt::NoDigest);
    };
    if found == *wanted || image.alternatives.contains(&found) {
        return DigestCheck::Match;
    }
    if image.alternatives.is_empty() {
        return DigestCheck::CantTell(DigestDoubt::PlatformsUnknown);
    }
    DigestCheck::Mismatch { pod: pod.name.clone(), container: image.container.clone(), wanted: wanted.clone(), found }
}

#[cfg(test)]
mod tests;
