//! What a write to a workload is expected to bring about.

use serde::{Deserialize, Serialize};

use crate::image::{Digest, Image};
use crate::names::ContainerName;
use crate::template::TemplateHash;

/// What our write made of a workload, and what its pods are to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// The uid of the object that was written.
    pub uid: String,
    /// The generation that the write returned.
    pub generation: i64,
    /// The pod template that the write returned.
    pub template: TemplateHash,
    /// The images that its containers are to run.
    pub images: Vec<ExpectedImage>,
    /// What a pause means that is found there.
    pub pauses: Pauses,
}

/// What a pause of a workload means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pauses {
    /// We have paused nothing: it is somebody else's, whatever it is marked with.
    Somebodys,
    /// We are pausing it: one that carries our marker is ours.
    OursByMarker,
}

/// The image that a container is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedImage {
    /// The container.
    pub container: ContainerName,
    /// The image as it was written into the template.
    pub wanted: Image,
    /// Its digest; none where no registry could be asked.
    pub digest: Option<Digest>,
    /// Every digest by which a node may call that image: of the index, and of each platform's manifest, the wanted one
    /// included. Empty where the registry was not asked, so that another digest proves nothing.
    pub alternatives: Vec<Digest>,
}

impl ExpectedImage {
    /// An image whose digests are known: the one that was wanted, and the others that mean the same.
    pub fn known(
        container: ContainerName,
        wanted: Image,
        digest: Digest,
        others: impl IntoIterator<Item = Digest>,
    ) -> Self {
        let mut alternatives = vec![digest.clone()];
        alternatives.extend(others.into_iter().filter(|other| *other != digest));
        Self { container, wanted, digest: Some(digest), alternatives }
    }

    /// An image about which no registry was asked: a digest in its own reference is all that is known.
    pub fn unasked(container: ContainerName, wanted: Image) -> Self {
        let digest = wanted.reference.digest().cloned();
        Self { container, wanted, digest, alternatives: Vec::new() }
    }
}
