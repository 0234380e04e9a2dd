//! The one outcome of a change, with the facts that its message and its record are made of.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Change, WorkloadWork};
use crate::catalogue::Unanswered;
use crate::evidence::CauseKind;
use crate::names::{ChangeId, ChangeNumber, ContainerName, PersonName, WorkloadName};
use crate::rollout::seen::{Marker, MarkerStep, WorkloadView};
use crate::template::TemplateHash;

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The outcome.
    pub outcome: Outcome,
    /// When.
    pub at: DateTime<Utc>,
    /// What was left in each workload, in the order of the workloads; empty where nothing was written.
    pub left: Vec<LeftBehind>,
}

/// The outcomes. Each change has exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Outcome {
    /// Judged good.
    Verified {
        /// What is known of the digests.
        digests: Digests,
        /// Pods that run it.
        pods: u32,
    },
    /// What was asked for runs already, and is healthy.
    NothingToDo,
    /// Nothing was written.
    Refused {
        /// Why.
        why: Refused,
    },
    /// It failed, and what ran before runs again.
    Returned {
        /// Why it failed.
        failure: Failure,
    },
    /// It failed, and was left where it stood.
    Left {
        /// Why it failed.
        failure: Failure,
        /// The question that is open now.
        question: Option<Asked>,
        /// Why it was not returned, where the policy says `rollback`.
        not_returned: Option<NotReturned>,
    },
    /// It failed, and so did the way back.
    ReturnFailed {
        /// Why it failed.
        failure: Failure,
        /// Why the way back failed.
        back: ReturnProblem,
    },
    /// Measuring failed.
    CantTell {
        /// Why.
        why: CantTell,
    },
    /// Stopped by a person.
    Cancelled {
        /// By whom.
        by: PersonName,
    },
    /// Somebody else changed the workload.
    Superseded {
        /// Which workload.
        workload: WorkloadName,
        /// What happened to it.
        how: Overtaken,
        /// Whether that happened after the change had failed, so that its lock is laid all the same.
        after_failure: Option<Failure>,
    },
}

/// What is known of the digests that run (V5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Digests {
    /// All ready pods run the digest that was wanted.
    Match,
    /// No registry is configured, so that no digest was wanted.
    NoRegistry,
    /// The nodes report no digest that could be compared.
    NotReported,
}

/// Why a rollout counts as failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The workload that failed first.
    pub workload: WorkloadName,
    /// The sign of it.
    pub kind: CauseKind,
    /// What ended the waiting.
    pub ended_by: EndedBy,
    /// When it was concluded.
    pub at: DateTime<Utc>,
}

/// What ended the waiting for a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBy {
    /// A sign that waiting longer can't help.
    Sign,
    /// No progress for as long as the policy allows.
    Deadline,
    /// Pods that were good turned bad within the stability window.
    Window,
    /// Ready pods run another image than was asked for.
    Digest,
}

/// A question that was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Until when it can be answered.
    pub until: DateTime<Utc>,
    /// What happens then.
    pub then: Unanswered,
}

/// Why a failed release was not returned although the policy says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotReturned {
    /// Not all pods were ready before: going back would not help.
    BaselineNotReady,
    /// It was a rollback itself.
    WasRollback,
    /// The registry says that the old image is gone.
    ImageGone,
}

/// Why a return failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnProblem {
    /// The old pods didn't become good.
    Failed(CauseKind),
    /// The server refused the write, with this sentence.
    Rejected(String),
    /// It could not be judged.
    CantTell(CantTell),
}

/// Why measuring failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CantTell {
    /// No replicas are wanted: there are no pods to verify.
    NoPods,
    /// Somebody paused the rollout, and it stayed so.
    Paused,
    /// A parked change was released by an admin.
    Released,
    /// The same, while a write of it may have been on its way: nobody knows whether it arrives yet.
    ReleasedUnsettled,
    /// The workload is gone.
    Gone,
}

/// What somebody else did to a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overtaken {
    /// The template is another one.
    Template,
    /// What we wrote was undone.
    Undone,
    /// The object was deleted and made anew.
    Recreated,
    /// The object was deleted.
    Gone,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refused {
    /// The registry has no such image.
    ImageUnknown {
        /// The image.
        image: String,
    },
    /// The registry refuses the credentials.
    RegistryDenied {
        /// Its host.
        host: String,
    },
    /// The registry doesn't answer.
    RegistryUnreachable {
        /// Its host.
        host: String,
    },
    /// The cluster can't be read.
    ClusterUnreadable,
    /// The rights are missing.
    Forbidden {
        /// The server's sentence.
        sentence: String,
    },
    /// The API server, a quota or a webhook refuses the write.
    Rejected {
        /// The workload.
        workload: WorkloadName,
        /// The server's sentence.
        sentence: String,
    },
    /// There is no such workload.
    Missing {
        /// The workload.
        workload: WorkloadName,
    },
    /// The workload has no such container.
    NoContainer {
        /// The workload.
        workload: WorkloadName,
        /// The container.
        container: ContainerName,
        /// The containers that it has.
        has: Vec<String>,
    },
    /// Somebody paused the workload.
    Paused {
        /// The workload.
        workload: WorkloadName,
        /// Who, by the name under which they write, where the server tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Exactly this runs, and is not healthy.
    RunsUnhealthy,
    /// Exactly this is being rolled out, and no open change of ours does it.
    UnderWay {
        /// The workload.
        workload: WorkloadName,
        /// Who wrote it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<WrittenBy>,
        /// So many pods of it are ready.
        ready: u32,
        /// So many are wanted.
        desired: u32,
    },
    /// Nothing is known to go back to.
    NothingToReturnTo,
    /// What the rollback names is no release or baseline of this target.
    UnknownRelease {
        /// What was named.
        named: String,
    },
    /// What the rollback would go to is older than a part of the target: it has no image for that.
    NoEarlierImage {
        /// What it would go to: its tag, or its digest.
        earlier: String,
        /// The parts.
        of: Vec<PlaceOf>,
    },
    /// A lock was laid in the meantime.
    Locked {
        /// The lock's scope, as it is typed.
        scope: String,
        /// Its holder.
        by: PersonName,
        /// Its reason.
        reason: String,
    },
    /// Somebody changed the workload while the change was being prepared.
    Moved {
        /// The workload.
        workload: WorkloadName,
    },
}

impl Refused {
    /// Whether the reason may pass while nobody does anything about the target: the same, asked for later, may be done.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::RegistryDenied { .. } | Self::RegistryUnreachable { .. } => true,
            Self::ClusterUnreadable | Self::Forbidden { .. } | Self::Rejected { .. } => true,
            // Whether the target is still what is asked about is found out by the next look.
            Self::Moved { .. } => true,
            Self::ImageUnknown { .. } | Self::NothingToReturnTo | Self::UnknownRelease { .. } => false,
            Self::NoEarlierImage { .. } | Self::Missing { .. } | Self::NoContainer { .. } => false,
            Self::Paused { .. } | Self::RunsUnhealthy | Self::UnderWay { .. } | Self::Locked { .. } => false,
        }
    }
}

/// Whose write it is that stands in a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenBy {
    /// An earlier change of ours, which watches it no longer.
    Us {
        /// When.
        at: Option<DateTime<Utc>>,
    },
    /// Somebody else.
    Somebody {
        /// By the name under which they write.
        name: String,
        /// When.
        at: Option<DateTime<Utc>>,
    },
}

/// A part of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceOf {
    /// The workload.
    pub workload: WorkloadName,
    /// The container, where it isn't the whole workload.
    pub container: Option<ContainerName>,
}

/// What a change left in one workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// The workload.
    pub workload: WorkloadName,
    /// What was done to it.
    pub what: Left,
    /// The template that stands there by our last write; none where nothing was written, or where it was undone.
    pub template: Option<TemplateHash>,
    /// The sentence by which the server refused the pause; none where somebody else had paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// The generation that our last write gave it, where one is known to stand.
    pub generation: Option<i64>,
}

/// What was done to one workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// Not written.
    Untouched,
    /// The new template stands, as the change wrote it.
    Written,
    /// The new template stands, and the rollout is paused.
    Paused,
    /// The new template stands; we did not pause it: the server refused, or somebody else had done so.
    NotPaused,
    /// The old template was written back.
    Returned,
}

impl Outcome {
    /// The word that scripts rely on.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Verified { .. } => "verified",
            Outcome::NothingToDo => "nothing-to-do",
            Outcome::Refused { .. } => "refused",
            Outcome::Returned { .. } => "returned",
            Outcome::Left { .. } => "left",
            Outcome::ReturnFailed { .. } => "return-failed",
            Outcome::CantTell { .. } => "cant-tell",
            Outcome::Cancelled { .. } => "cancelled",
            Outcome::Superseded { .. } => "superseded",
        }
    }

    /// The exit code of `say --wait`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Outcome::Verified { .. } | Outcome::NothingToDo => 0,
            Outcome::Refused { .. } => 1,
            Outcome::Returned { .. } | Outcome::Left { .. } | Outcome::ReturnFailed { .. } => 2,
            Outcome::CantTell { .. } | Outcome::Cancelled { .. } | Outcome::Superseded { .. } => 3,
        }
    }

    /// Why it failed, where it did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Outcome::Returned { failure } | Outcome::Left { failure, .. } | Outcome::ReturnFailed { failure, .. } => {
                Some(failure)
            }
            Outcome::Superseded { after_failure, .. } => after_failure.as_ref(),
            _ => None,
        }
    }
}

/// Whoever is asked again has at least so much time.
pub const TIME_TO_ANSWER: TimeDelta = TimeDelta::minutes(2);

/// What could not be done by a deadline is tried again after so much time at the latest.
const LONGEST_TO_TRY_AGAIN: TimeDelta = TimeDelta::minutes(30);

/// A question that a failed change left behind, one a target at most. It holds no claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The change that failed.
    pub change: ChangeId,
    /// Its number.
    pub number: ChangeNumber,
    /// Who had asked for it.
    pub asked_by: PersonName,
    /// Until when it waits.
    pub until: DateTime<Utc>,
    /// What happens then.
    pub then: Unanswered,
    /// Whether it was shown again after it had been found overdue.
    pub extended: bool,
    /// So often its deadline has begun what was promised for it, and could not do it then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tried: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over like that")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Question {
    /// Asked once more, after what its deadline began could not be done: each time it waits longer, so that a fault that
    /// stays does not fill the channel.
    #[must_use]
    pub fn postponed(self, now: DateTime<Utc>) -> Self {
        let waits = TIME_TO_ANSWER * 2_i32.saturating_pow(self.tried.min(16));
        let until = self.until.max(now + waits.min(LONGEST_TO_TRY_AGAIN));
        Self { until, tried: self.tried.saturating_add(1), ..self }
    }

    /// The request by which its deadline begins what was promised: the same until it is known what came of that.
    pub fn request(&self) -> String {
        match self.tried {
            0 => format!("question/{}", self.change),
            tried => format!("question/{}/{tried}", self.change),
        }
    }
}

/// How a target stands, against what a change left there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// As it was left.
    AsLeft,
    /// What was seen is older than what was left.
    NotSeenYet,
    /// Somebody has written to it since.
    Changed,
}

impl Ended {
    /// Whether a target is still as this change left it: every workload that was written has our template and our
    /// marker, and the pause where we left one.
    pub fn standing(&self, change: &Change, seen: &[WorkloadView]) -> Standing {
        let items = change.work.as_ref().map_or(&[][..], |work| &work.workloads);
        let one = |((left, item), view): ((&LeftBehind, &WorkloadWork), &WorkloadView)| {
            let (Some(written), Some(template)) = (left.generation, left.template) else { return Standing::AsLeft };
            let Some(seen) = view.workload.as_ref().filter(|seen| seen.uid == item.uid) else {
                return Standing::Changed;
            };
            // A report from before our last write shows what we wrote over.
            if seen.generation < written {
                return Standing::NotSeenYet;
            }
            // A later change that wrote nothing but a fence has changed nothing of it.
            let fenced = |marker: &Marker| marker.step == MarkerStep::Fence && marker.change > change.head.id;
            let marker = seen.our_marker().filter(|marker| marker.change == change.head.id || fenced(marker));
            let as_held = |marker: &Marker| seen.paused && (marker.step == MarkerStep::Hold || fenced(marker));
            let as_left = marker.is_some_and(|marker| left.what != Left::Paused || as_held(&marker));
            let as_left = as_left && seen.template.hash() == template;
            if as_left { Standing::AsLeft } else { Standing::Changed }
        };
        self.left.iter().zip(items).zip(seen).map(one).max().unwrap_or(Standing::AsLeft)
    }
}
