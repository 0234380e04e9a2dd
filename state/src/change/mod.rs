//! The change: a deploy or rollback of one target, from the command to its one outcome.
//!
//! Here are the records and the pure functions over them: `prepare` decides whether and what to write, `plan` says what
//! is to be done next, `transition` what follows from what was done, `write` turns an intent into a patch. Nothing here
//! waits, asks or stores; the engine in `commands` does.
//!
//! The stored phase names the effect that may be in flight, and is durable before the effect is begun.

pub mod outcome;
pub mod patch;
pub mod plan;
pub mod prepare;
pub mod release;
pub mod running;
pub mod transition;
pub mod write;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{Target, Workload};
use crate::evidence::{Cause, CauseKind};
use crate::image::{self, Digest, Image, Reference};
use crate::names::{ChangeId, ChangeNumber, ContainerName, PersonName};
use crate::rollout::memory::Memory;
use crate::rollout::seen::MarkerStep;
use crate::rollout::stability::StabilityWindow;
use crate::template::{Template, TemplateHash};
use crate::time::ObservedTime;
use outcome::{Ended, Failure, NotReturned, Question};

/// A change, whole. It is stored in parts, so that what never changes is written once.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What changes as it goes.
    pub head: Head,
    /// What it is about, as the config had it when the change was asked for.
    pub target: Target,
    /// What is written where; there from `applying` on.
    pub work: Option<Work>,
    /// What the judge remembers of each workload.
    pub watch: Watch,
    /// Why it fails, as far as it is known.
    pub cause: Option<Cause>,
}

/// The part of a change that each of its steps writes anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Its id, the marker in the cluster.
    pub id: ChangeId,
    /// Its number, for people.
    pub number: ChangeNumber,
    /// What was asked for.
    pub ask: Ask,
    /// By whom.
    pub asked_by: Asker,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// The id that the front end gave the request: the same request finds its own change (D1).
    pub request: String,
    /// The time that counted so far.
    pub observed: ObservedTime,
    /// Where it stands.
    pub phase: Phase,
    /// Somebody asked to stop it while a write was in flight; it ends as soon as that is settled.
    pub stop: Option<Stop>,
    /// It can't go on for now, and says so.
    pub parked: Option<Parked>,
    /// The question that its beginning answered, as it stood then: it comes back where nothing is touched in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Question>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// Run this image.
    Deploy {
        /// Which one.
        reference: Reference,
    },
    /// Go back.
    Rollback {
        /// To what.
        to: RollbackTo,
        /// Whether the whole recorded template is restored rather than its images only.
        template: bool,
    },
}

/// Where a rollback goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackTo {
    /// To the newest release before what runs that was not withdrawn, else to the newest such baseline (D11).
    Previous,
    /// To the release or baseline that has this tag or digest.
    Named(Reference),
    /// To the release that this change made.
    Release(ChangeNumber),
    /// To what ran before this change.
    Before(ChangeId),
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asker {
    /// A person.
    Person {
        /// In whose name.
        name: PersonName,
        /// Who really typed it, where that is somebody else.
        typed_by: Option<PersonName>,
    },
    /// The deadline of a question that nobody answered.
    Timer {
        /// The change that left the question.
        question_of: ChangeId,
        /// Who had asked for that change.
        on_behalf_of: PersonName,
    },
}

impl Asker {
    /// The person whom the outcome concerns.
    pub fn person(&self) -> &PersonName {
        match self {
            Asker::Person { name, .. } => name,
            Asker::Timer { on_behalf_of, .. } => on_behalf_of,
        }
    }
}

/// Where a change stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Finding out what is to be written, or why nothing can be. Nothing is touched.
    Preparing,
    /// Writing to the workloads, one after the other.
    Applying {
        /// What is written so far, in the order of the workloads.
        written: Vec<Written>,
    },
    /// Everything is written; the pods are being replaced.
    Rolling {
        /// What was written.
        written: Vec<Written>,
    },
    /// The rollout was complete; its pods must stay good for a while (V4).
    Stabilizing {
        /// What was written.
        written: Vec<Written>,
    },
    /// It failed; the rollout is being stopped where it stands (V14).
    Holding {
        /// What was written.
        written: Vec<Written>,
        /// Why it failed.
        failure: Failure,
        /// The workloads that are stopped, or that need not or can't be.
        held: BTreeMap<usize, Held>,
        /// Why it is not returned, where the policy says `rollback`.
        not_returned: Option<NotReturned>,
    },
    /// It failed; what ran before is being written back.
    Returning {
        /// What was written.
        written: Vec<Written>,
        /// Why it failed.
        failure: Failure,
        /// How far the way back is.
        stage: ReturnStage,
    },
    /// It has its outcome.
    Ended(Box<Ended>),
}

/// How far an automatic return is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnStage {
    /// The registry is asked whether the old images are still there.
    Checking,
    /// Writing, the last written workload first.
    Writing {
        /// Images whose tag no longer stands for the digest that ran, by workload and container.
        pinned: Vec<Pin>,
        /// What is written back so far, by workload.
        back: BTreeMap<usize, Written>,
    },
    /// The old pods are coming back.
    Rolling {
        /// What was written back, by workload.
        back: BTreeMap<usize, Written>,
    },
    /// They are back, and must stay good for a while.
    Stabilizing {
        /// What was written back, by workload.
        back: BTreeMap<usize, Written>,
    },
}

/// An old image that has to be written with its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The workload, by its place.
    pub workload: usize,
    /// The container.
    pub container: ContainerName,
    /// The image to write.
    pub image: Image,
}

/// What one of our writes left in the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The step that wrote it.
    pub step: MarkerStep,
    /// The generation that the write returned; nothing older counts (V1).
    pub generation: i64,
    /// The template that the write returned: another one is somebody else's.
    pub template: TemplateHash,
    /// When.
    pub at: DateTime<Utc>,
}

/// How a failed workload was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// It is paused by our write.
    Paused(Written),
    /// It was complete: there is nothing left to stop.
    Complete,
    /// Somebody else has paused it: it stands, and the pause is theirs to lift.
    PausedBySomebody,
    /// The server refuses the pause, with this sentence.
    Refused(String),
}

/// A stop that waits for a write in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Who asked for it.
    pub by: PersonName,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a change can't go on for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why.
    pub why: ParkedWhy,
}

/// Why a change is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParkedWhy {
    /// The cluster can't be read; it goes on by itself at the next good read.
    ClusterUnreadable,
    /// A write may be on its way, and the cluster refuses what would keep it from arriving late. It goes on by itself once
    /// that is taken.
    WriteInDoubt,
    /// Its record can't be read.
    RecordUnreadable,
    /// It was taken from an export, and must not be resumed by itself.
    Imported,
    /// It no longer holds the claim on its target: another change may be under way there.
    ClaimMissing,
}

/// What a change writes, and what it found before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// In the order of the target's workloads.
    pub workloads: Vec<WorkloadWork>,
    /// The release that a rollback goes to, by the change that made it; none where it goes to a baseline.
    pub release: Option<ChangeNumber>,
    /// For a rollback: fields beside images in which the recorded templates differ from those that were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

/// What a change writes to one workload, and what it found there before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadWork {
    /// The workload.
    pub workload: Workload,
    /// The object's uid.
    pub uid: String,
    /// Fingerprint of the template that stood there when the change was prepared.
    pub found: TemplateHash,
    /// Text of the annotation that stood there.
    pub found_marker: Option<String>,
    /// The number of the rollout that stood there, where its controller had given it one: another one later tells that
    /// something else was rolled out in between.
    pub found_revision: Option<String>,
    /// It was paused by an earlier change of ours: our write takes the pause away.
    pub resumes: bool,
    /// Replicas that were wanted.
    pub replicas: u32,
    /// The new images.
    pub images: Vec<NewImage>,
    /// The whole template to write, where not the images alone are to change, or where what was found is not the
    /// baseline.
    pub template: Option<Value>,
    /// What to go back to.
    pub baseline: Baseline,
}

/// A new image for a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewImage {
    /// The container.
    pub container: ContainerName,
    /// The image that stood there, as it was written.
    pub from: String,
    /// The image to write.
    pub to: Image,
    /// Other digests that a node may report for it: those of its manifests for single platforms.
    pub platforms: Vec<Digest>,
    /// Whether a registry was asked, so that any other digest proves another image.
    pub asked: bool,
}

/// What ran before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The pod template, byte for byte.
    pub template: Value,
    /// Digests that its ready pods ran, by container.
    pub digests: BTreeMap<ContainerName, Digest>,
    /// Whether all of its pods were ready.
    pub all_ready: bool,
}

/// What is remembered from look to look.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// What the judge remembers, in the order of the workloads.
    pub memory: Vec<Memory>,
    /// The stability windows, in the order of the workloads; there while stabilizing.
    pub windows: Vec<StabilityWindow>,
}

impl Phase {
    /// Its name, for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Phase::Preparing => "preparing",
            Phase::Applying { .. } => "applying",
            Phase::Rolling { .. } => "rolling",
            Phase::Stabilizing { .. } => "stabilizing",
            Phase::Holding { .. } => "holding",
            Phase::Returning { .. } => "returning",
            Phase::Ended(_) => "ended",
        }
    }
}

impl Change {
    /// The phase.
    pub fn phase(&self) -> &Phase {
        &self.head.phase
    }

    /// The outcome, once there is one.
    pub fn ended(&self) -> Option<&Ended> {
        match &self.head.phase {
            Phase::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// What is written so far, in the order of the workloads.
    pub fn written(&self) -> &[Written] {
        match &self.head.phase {
            Phase::Preparing | Phase::Ended(_) => &[],
            Phase::Applying { written }
            | Phase::Rolling { written }
            | Phase::Stabilizing { written }
            | Phase::Holding { written, .. }
            | Phase::Returning { written, .. } => written,
        }
    }

    /// The kind of failure that is known so far.
    pub fn known_cause(&self) -> Option<CauseKind> {
        self.cause.as_ref().map(|cause| cause.kind)
    }

    /// What people call that which is wanted: the tag, else the digest in short.
    pub fn wanted_name(&self) -> Option<String> {
        if let Some(image) = self.work.as_ref().and_then(|work| work.workloads.first()?.images.first()) {
            return Some(image.to.short());
        }
        match &self.head.ask {
            Ask::Deploy { reference } | Ask::Rollback { to: RollbackTo::Named(reference), .. } => Some(
                reference
                    .tag()
                    .map_or_else(|| reference.digest().map(Digest::short).unwrap_or_default(), str::to_owned),
            ),
            Ask::Rollback { .. } => None,
        }
    }

    /// What people call that which its write replaces, once that is known. It is not always what a way back goes to.
    pub fn replaced_name(&self) -> Option<String> {
        let from = &self.work.as_ref()?.workloads.first()?.images.first()?.from;
        Some(image::name_of(from))
    }

    /// What people call that which a way back goes to, once that is known.
    pub fn returns_to(&self) -> Option<String> {
        self.work.as_ref()?.workloads.first()?.returns_to()
    }

    /// By what that can be asked for: its tag, unless what failed has the same; else its digest.
    pub fn returns_to_reference(&self) -> Option<Reference> {
        let work = self.work.as_ref()?;
        let item = work.workloads.first()?;
        let new = item.images.first()?;
        let place = (item.workload.name.clone(), new.container.clone());
        let back = work.baseline_images().remove(&place)?.reference;
        let tag = back.tag().filter(|tag| new.to.reference.tag() != Some(*tag));
        tag.and_then(|tag| tag.parse().ok()).or(Some(back))
    }
}

impl Work {
    /// Whether a failure can be returned by itself: what ran before was good everywhere.
    pub fn was_all_ready(&self) -> bool {
        self.workloads.iter().all(|item| item.baseline.all_ready)
    }
}

impl WorkloadWork {
    /// What people call that which a way back goes to. The baseline may be inherited from a change that failed before:
    /// then it is not what stood there.
    pub fn returns_to(&self) -> Option<String> {
        let container = &self.images.first()?.container;
        Template::new(self.baseline.template.clone()).image_of(container).map(image::name_of)
    }
}

#[cfg(test)]
mod tests;
