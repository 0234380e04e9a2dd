//! Image references: what a person asks for, what the catalogue knows, and what is written into a pod template.
//!
//! The digest is what is wanted, the tag is for people. Asking a registry is a port of `commands`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Neither a tag nor a digest.
    #[error("is neither a tag (letters, digits, '_', '.', '-'; at most 128) nor a digest (sha256: and 64 hex digits)")]
    Reference,
    /// Not the name of a repository.
    #[error("is not a repository such as registry.example/shop/api")]
    Repository,
}

/// The digest of an image's manifest or index, `sha256:` and 64 hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// The digest as it is written, with its algorithm.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first four and last two hex digits, `61c0…e4`, for people to compare.
    pub fn short(&self) -> String {
        let hex = &self.0["sha256:".len()..];
        format!("{}…{}", &hex[..4], &hex[62..])
    }
}

impl FromStr for Digest {
    type Err = ImageError;
    fn from_str(text: &str) -> Result<Self, ImageError> {
        let hex = text.strip_prefix("sha256:").ok_or(ImageError::Reference)?;
        let lower_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if hex.len() == 64 && hex.chars().all(lower_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ImageError::Reference)
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = ImageError;
    fn try_from(text: String) -> Result<Self, ImageError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person asks for: a tag, a digest, or a tag together with the digest that it must be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// The tag, if one was given.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if one was given.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }
}

fn is_tag(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = |c: char| first(c) || c == '.' || c == '-';
    text.len() <= 128 && text.chars().next().is_some_and(first) && text.chars().all(rest)
}

impl FromStr for Reference {
    type Err = ImageError;
    fn from_str(text: &str) -> Result<Self, ImageError> {
        if text.starts_with("sha256:") {
            return Ok(Self { tag: None, digest: Some(text.parse()?) });
        }
        let (tag, digest) = match text.split_once('@') {
            Some((tag, digest)) => (tag, Some(digest.parse()?)),
            None => (text, None),
        };
        if is_tag(tag) { Ok(Self { tag: Some(tag.to_owned()), digest }) } else { Err(ImageError::Reference) }
    }
}

impl TryFrom<String> for Reference {
    type Error = ImageError;
    fn try_from(text: String) -> Result<Self, ImageError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.to_string()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tag, &self.digest) {
            (Some(tag), Some(digest)) => write!(f, "{tag}@{digest}"),
            (Some(tag), None) => f.write_str(tag),
            (None, Some(digest)) => write!(f, "{digest}"),
            (None, None) => Ok(()),
        }
    }
}

/// A repository, with the registry's host in front: `registry.example:5000/shop/api`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository(String);

impl Repository {
    /// The repository as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The registry's host, with its port if it has one; none for a short name such as `nginx`.
    pub fn host(&self) -> Option<&str> {
        let (first, _) = self.0.split_once('/')?;
        (first.contains('.') || first.contains(':') || first == "localhost").then_some(first)
    }
}

impl FromStr for Repository {
    type Err = ImageError;
    fn from_str(text: &str) -> Result<Self, ImageError> {
        let part = |part: &str| {
            let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
            !part.is_empty() && part.chars().all(inner)
        };
        let host = |host: &str| match host.split_once(':') {
            Some((name, port)) => part(&name.to_ascii_lowercase()) && port.parse::<u16>().is_ok(),
            None => part(&host.to_ascii_lowercase()),
        };
        let good = text.len() <= 255
            && match text.split_once('/') {
                None => part(text),
                Some((first, rest)) => host(first) && rest.split('/').all(part),
            };
        if good { Ok(Self(text.to_owned())) } else { Err(ImageError::Repository) }
    }
}

impl TryFrom<String> for Repository {
    type Error = ImageError;
    fn try_from(text: String) -> Result<Self, ImageError> {
        text.parse()
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> String {
        repository.0
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole image as a pod template holds it: `repository[:tag][@digest]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Image {
    /// Where it is kept.
    pub repository: Repository,
    /// Which one.
    pub reference: Reference,
}

impl Image {
    /// Puts the digest to what was asked for.
    pub fn resolved(&self, digest: Digest) -> Self {
        let reference = Reference { tag: self.reference.tag.clone(), digest: Some(digest) };
        Self { repository: self.repository.clone(), reference }
    }

    /// What people call it: its tag, else its digest in short.
    pub fn short(&self) -> String {
        match (&self.reference.tag, &self.reference.digest) {
            (Some(tag), _) => tag.clone(),
            (None, Some(digest)) => digest.short(),
            (None, None) => String::new(),
        }
    }
}

/// What people call the image of a pod template: as it is written, where that can't be read as an image.
pub fn name_of(written: &str) -> String {
    written.parse::<Image>().map_or_else(|_| written.to_owned(), |image| image.short())
}

impl FromStr for Image {
    type Err = ImageError;
    fn from_str(text: &str) -> Result<Self, ImageError> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        // A colon after the last slash is a tag's; one before it is a port's.
        let after_slash = name.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match name[after_slash..].find(':') {
            Some(at) => (&name[..after_slash + at], Some(&name[after_slash + at + 1..])),
            None => (name, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(ImageError::Reference);
        }
        // No tag and no digest means `latest`, as every container runtime reads it.
        let tag = match (tag, &digest) {
            (None, None) => Some("latest"),
            (tag, _) => tag,
        };
        Ok(Self { repository: repository.parse()?, reference: Reference { tag: tag.map(str::to_owned), digest } })
    }
}

impl TryFrom<String> for Image {
    type Error = ImageError;
    fn try_from(text: String) -> Result<Self, ImageError> {
        text.parse()
    }
}

impl From<Image> for String {
    fn from(image: Image) -> String {
        image.to_string()
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.reference.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.reference.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "61c0aa11bb22cc33dd44ee55ff6677889900aabbccddeeff00112233445566e4";

    #[test]
    fn an_image_is_read_and_written_back() {
        let digest = format!("sha256:{HEX}");
        for (text, tag, has_digest) in [
            (format!("registry.example:5000/shop/api:v7@{digest}"), Some("v7"), true),
            (format!("registry.example/api@{digest}"), None, true),
            ("api:v7".to_owned(), Some("v7"), false),
            ("localhost:5000/api:v7".to_owned(), Some("v7"), false),
        ] {
            let image: Image = text.parse().expect("an image");
            assert_eq!(image.reference.tag(), tag, "{text}");
            assert_eq!(image.reference.digest().is_some(), has_digest, "{text}");
            assert_eq!(image.to_string(), text);
        }
        assert_eq!("nginx".parse::<Image>().expect("an image").to_string(), "nginx:latest");
        assert!("API:v7".parse::<Image>().is_err());
        assert!("api:v 7".parse::<Image>().is_err());
        assert!("api@sha256:12".parse::<Image>().is_err());
    }

    #[test]
    fn a_reference_is_a_tag_a_digest_or_both() {
        let digest = format!("sha256:{HEX}");
        let both: Reference = format!("v7@{digest}").parse().expect("both");
        assert_eq!((both.tag(), both.digest().map(Digest::short)), (Some("v7"), Some("61c0…e4".to_owned())));
        assert_eq!(digest.parse::<Reference>().expect("digest").tag(), None);
        for bad in ["", "@everyone", "-v7", "v7@", "sha256:zz", "a b", &"v".repeat(129)] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_host_of_a_repository() {
        let host = |text: &str| text.parse::<Repository>().expect("a repository").host().map(str::to_owned);
        assert_eq!(host("registry.example/shop/api").as_deref(), Some("registry.example"));
        assert_eq!(host("localhost:5000/api").as_deref(), Some("localhost:5000"));
        assert_eq!(host("shop/api"), None);
    }
}
