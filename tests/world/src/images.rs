//! Images: what the registries hold, what nodes have pulled, and how each image behaves.

use std::collections::{BTreeMap, BTreeSet};

use commands::ports::{RegistryFault, Resolved};
use sha2::{Digest as _, Sha256};
use state::fault::Fault;
use state::image::{Digest, Image, Repository};

use crate::behaviour::Behaviour;

/// Whether the registries answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegistryHealth {
    /// They answer.
    #[default]
    Up,
    /// They don't.
    Down,
    /// They refuse the credentials.
    Denying,
}

/// All images of the world.
#[derive(Debug, Default)]
pub struct Images {
    repositories: BTreeMap<Repository, Contents>,
    /// Images that some node has, as pod templates name them: they start whatever the registry says.
    pulled: BTreeSet<String>,
    /// Images that behave otherwise than they are called, by repository and digest.
    told: BTreeMap<(Repository, Digest), Behaviour>,
    /// The next image of a repository that no node has run yet behaves so.
    next: BTreeMap<Repository, Behaviour>,
    /// Whether the registries answer.
    pub health: RegistryHealth,
}

#[derive(Debug, Default)]
struct Contents {
    tags: BTreeMap<String, Digest>,
    manifests: BTreeMap<Digest, Manifest>,
    pushes: u32,
}

#[derive(Debug, Clone)]
struct Manifest {
    /// The tag that it was first pushed as.
    tag: String,
    /// The manifests of single platforms behind it, where it is an index.
    platforms: Vec<Digest>,
    gone: bool,
}

/// What becomes of an image on a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Started {
    /// How it behaves.
    pub(crate) behaviour: Behaviour,
    /// What the node says that it runs.
    pub(crate) image_id: String,
    /// What it really runs.
    pub(crate) runs: Digest,
}

impl Images {
    /// Pushes an image under a tag. A tag that is there already moves to the new one.
    pub fn push(&mut self, repository: &Repository, tag: &str) -> Digest {
        self.push_index(repository, tag, 0)
    }

    /// Pushes an index with so many platforms. Nodes report the first platform's digest rather than the index's.
    pub fn push_index(&mut self, repository: &Repository, tag: &str, platforms: u32) -> Digest {
        let contents = self.repositories.entry(repository.clone()).or_default();
        contents.pushes += 1;
        let content = format!("{repository}:{tag} push {}", contents.pushes);
        let digest = digest_of(&content);
        let platforms = (0..platforms).map(|n| digest_of(&format!("{content} platform {n}"))).collect();
        contents.tags.insert(tag.to_owned(), digest.clone());
        contents.manifests.insert(digest.clone(), Manifest { tag: tag.to_owned(), platforms, gone: false });
        digest
    }

    /// Takes the contents of an image away; its tags go with it.
    pub fn remove(&mut self, repository: &Repository, digest: &Digest) {
        let Some(contents) = self.repositories.get_mut(repository) else { return };
        contents.tags.retain(|_, tagged| tagged != digest);
        if let Some(manifest) = contents.manifests.get_mut(digest) {
            manifest.gone = true;
        }
    }

    /// The digest that a tag stands for.
    pub fn digest(&self, repository: &Repository, tag: &str) -> Option<&Digest> {
        self.repositories.get(repository)?.tags.get(tag)
    }

    /// The tags of a repository.
    pub fn tags(&self, repository: &Repository) -> impl Iterator<Item = &str> {
        self.repositories.get(repository).into_iter().flat_map(|contents| contents.tags.keys().map(String::as_str))
    }

    /// Whether any node has run, or tried to run, what a tag stands for.
    pub fn has_run(&self, repository: &Repository, tag: &str) -> bool {
        let digest = self.digest(repository, tag).cloned();
        digest.is_some_and(|digest| self.told.contains_key(&(repository.clone(), digest)))
    }

    /// The next image of a repository that no node has run yet will behave so.
    pub fn break_next(&mut self, repository: &Repository, behaviour: Behaviour) {
        self.next.insert(repository.clone(), behaviour);
    }

    /// Whether there is such a repository.
    pub(crate) fn knows(&self, repository: &Repository) -> bool {
        self.repositories.contains_key(repository)
    }

    /// What a registry answers.
    pub(crate) fn resolve(&self, image: &Image) -> Result<Resolved, RegistryFault> {
        match self.health {
            RegistryHealth::Up => {}
            RegistryHealth::Down => return Err(RegistryFault::Unreachable(Fault::new("connection refused"))),
            RegistryHealth::Denying => return Err(RegistryFault::Denied),
        }
        let contents = self.repositories.get(&image.repository).ok_or(RegistryFault::Unknown)?;
        let digest = contents.wanted(image).ok_or(RegistryFault::Unknown)?;
        let manifest = contents.manifests.get(digest).filter(|manifest| !manifest.gone);
        let manifest = manifest.ok_or(RegistryFault::Unknown)?;
        Ok(Resolved { digest: digest.clone(), platforms: manifest.platforms.clone() })
    }

    /// What becomes of a reference on a node: it is pulled where no node has it, and what it does is decided.
    pub(crate) fn start(&mut self, text: &str) -> Started {
        let Ok(image) = text.parse::<Image>() else {
            return Started { behaviour: Behaviour::InvalidName, image_id: String::new(), runs: digest_of(text) };
        };
        let contents = self.repositories.get(&image.repository);
        let digest = contents.and_then(|contents| contents.wanted(&image)).cloned();
        // Where no registry is simulated for it, an image is what its reference says.
        let runs = digest.or_else(|| image.reference.digest().cloned()).unwrap_or_else(|| digest_of(text));
        let manifest = contents.and_then(|contents| contents.manifests.get(&runs)).cloned();
        let there = self.pulled.contains(text)
            || contents.is_none()
            || (self.health == RegistryHealth::Up && manifest.as_ref().is_some_and(|manifest| !manifest.gone));
        if !there {
            return Started { behaviour: Behaviour::PullFails, image_id: String::new(), runs };
        }
        let behaviour = self.behaviour(&image, &runs, manifest.as_ref());
        if !matches!(behaviour, Behaviour::PullFails | Behaviour::InvalidName) {
            self.pulled.insert(text.to_owned());
        }
        let reported = match (behaviour, manifest.as_ref().and_then(|manifest| manifest.platforms.first())) {
            (Behaviour::WrongDigest, _) => digest_of(&format!("not {text}")),
            (_, Some(platform)) => platform.clone(),
            (_, None) => runs.clone(),
        };
        let image_id = match behaviour {
            Behaviour::BareId => reported.to_string(),
            _ => format!("{}@{reported}", image.repository),
        };
        let runs = if behaviour == Behaviour::WrongDigest { reported } else { runs };
        Started { behaviour, image_id, runs }
    }

    fn behaviour(&mut self, image: &Image, runs: &Digest, manifest: Option<&Manifest>) -> Behaviour {
        let key = (image.repository.clone(), runs.clone());
        if let Some(told) = self.told.get(&key) {
            return *told;
        }
        let tag = image.reference.tag().or(manifest.map(|manifest| manifest.tag.as_str())).unwrap_or_default();
        let behaviour = self.next.remove(&image.repository).unwrap_or_else(|| Behaviour::of_tag(tag));
        self.told.insert(key, behaviour);
        behaviour
    }
}

impl Contents {
    fn wanted<'a>(&'a self, image: &'a Image) -> Option<&'a Digest> {
        match (image.reference.digest(), image.reference.tag()) {
            (Some(digest), _) => Some(digest),
            (None, Some(tag)) => self.tags.get(tag),
            (None, None) => None,
        }
    }
}

/// A digest of anything.
pub(crate) fn digest_of(content: &str) -> Digest {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in Sha256::digest(content) {
        let _ = write!(text, "{byte:02x}");
    }
    #[expect(clippy::expect_used, reason = "64 hex digits are a digest")]
    text.parse().expect("64 hex digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api() -> Repository {
        "registry.shop.test/api".parse().expect("a repository")
    }

    fn image(reference: &str) -> Image {
        format!("{}{reference}", api()).parse().expect("an image")
    }

    #[test]
    fn a_tag_that_moves_leaves_its_old_digest_behind() {
        let mut images = Images::default();
        let first = images.push(&api(), "v1");
        let second = images.push(&api(), "v1");
        assert_ne!(first, second);
        assert_eq!(images.resolve(&image(":v1")).map(|found| found.digest), Ok(second));
        assert_eq!(images.resolve(&image(&format!("@{first}"))).map(|found| found.digest), Ok(first.clone()));
        images.remove(&api(), &first);
        assert_eq!(images.resolve(&image(&format!("@{first}"))), Err(RegistryFault::Unknown));
        assert_eq!(images.resolve(&image(":v2")), Err(RegistryFault::Unknown));
    }

    #[test]
    fn a_node_runs_what_it_has_pulled_though_the_registry_is_down() {
        let mut images = Images::default();
        images.push(&api(), "v1");
        images.push(&api(), "v2");
        assert_eq!(images.start(&image(":v1").to_string()).behaviour, Behaviour::Good);
        images.health = RegistryHealth::Down;
        assert_eq!(images.start(&image(":v1").to_string()).behaviour, Behaviour::Good);
        assert_eq!(images.start(&image(":v2").to_string()).behaviour, Behaviour::PullFails);
    }

    #[test]
    fn what_is_to_break_breaks_the_next_new_image_and_no_other() {
        let mut images = Images::default();
        let old = image(":v1").to_string();
        images.push(&api(), "v1");
        images.start(&old);
        images.break_next(&api(), Behaviour::NeverReady);
        assert_eq!(images.start(&old).behaviour, Behaviour::Good);
        let second = images.push(&api(), "v2");
        images.push(&api(), "v3");
        assert_eq!(images.start(&image(&format!(":v2@{second}")).to_string()).behaviour, Behaviour::NeverReady);
        assert_eq!(images.start(&image(":v3").to_string()).behaviour, Behaviour::Good);
        assert_eq!(images.start(&image(":v2").to_string()).behaviour, Behaviour::NeverReady);
    }

    #[test]
    fn a_node_may_report_a_platforms_digest_or_lie() {
        let mut images = Images::default();
        let index = images.push_index(&api(), "v1", 2);
        let platforms = images.resolve(&image(":v1")).map(|found| found.platforms).unwrap_or_default();
        let started = images.start(&image(":v1").to_string());
        assert_eq!(started.image_id, format!("{}@{}", api(), platforms[0]));
        assert_eq!(started.runs, index);
        let asked = images.push(&api(), "v2-wrongdigest");
        let started = images.start(&image(&format!(":v2-wrongdigest@{asked}")).to_string());
        assert_ne!(started.runs, asked);
        assert!(!started.image_id.contains(asked.as_str()));
    }
}
