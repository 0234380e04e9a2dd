//! The pods of a workload, sorted by what they mean for a rollout.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::seen::{PodSeen, WorkloadView};
use crate::template::TemplateHash;

/// The pods that count: neither being deleted nor ended.
///
/// An ended pod (evicted, or left behind by a node that was shut down) keeps its object, sometimes for days, and
/// its ReplicaSet has long replaced it; the controllers' own counts leave it out as well.
#[derive(Debug)]
pub struct Pods<'a> {
    /// Those of the expected template.
    pub new: Vec<&'a PodSeen>,
    /// Those of any other template.
    pub old: Vec<&'a PodSeen>,
    /// Those whose template isn't known, or that nothing owns. They neither prove nor hinder anything: pods of the
    /// workload itself are in its own counts, which must agree as well.
    pub unknown: Vec<&'a PodSeen>,
}

impl<'a> Pods<'a> {
    /// Sorts the pods of a view.
    pub fn of(view: &'a WorkloadView, template: TemplateHash) -> Self {
        let mut pods = Self { new: Vec::new(), old: Vec::new(), unknown: Vec::new() };
        for pod in view.pods.iter().filter(|pod| counts(pod)) {
            match pod.template {
                Some(of) if of == template => pods.new.push(pod),
                Some(_) => pods.old.push(pod),
                None => pods.unknown.push(pod),
            }
        }
        pods
    }
}

/// Whether a pod counts at all.
pub fn counts(pod: &PodSeen) -> bool {
    !pod.deleting && !ended(pod)
}

/// Whether a pod ended for good: nothing in it will ever run again.
pub fn ended(pod: &PodSeen) -> bool {
    matches!(pod.phase.as_str(), "Failed" | "Succeeded")
}

/// How many of these pods are ready.
pub fn ready(pods: &[&PodSeen]) -> u32 {
    number(pods.iter().filter(|pod| pod.ready).count())
}

/// A count, as the API has it.
pub fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A short fingerprint of a pod or of one of its containers: records keep hundreds of them and must stay small.
/// Forty-eight bits make a mix-up among a thousand pods a matter of one in half a billion.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Print([u8; 6]);

impl Print {
    /// Of a pod.
    pub fn of_pod(pod: &PodSeen) -> Self {
        Self::of(&[&pod.uid])
    }

    /// Of a container of a pod.
    pub fn of_container(pod: &PodSeen, container: &str) -> Self {
        Self::of(&[&pod.uid, container])
    }

    fn of(parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
            hasher.update([0]);
        }
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&hasher.finalize()[..6]);
        Self(bytes)
    }
}

impl fmt::Display for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Print> for String {
    fn from(print: Print) -> String {
        print.to_string()
    }
}

impl TryFrom<String> for Print {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 6];
        if text.len() != 12 || !text.is_ascii() {
            return Err("is not 12 hex digits");
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| "is not 12 hex digits")?;
        }
        Ok(Self(bytes))
    }
}
