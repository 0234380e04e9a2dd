//! What a cluster reports: the parts of workloads and pods that a judgement may rest on, and no more.
//!
//! An adapter fills these from the API's objects. A pod names the fingerprint of the template that it was made from
//! (of its ReplicaSet; later of its ControllerRevision), so that the judge needs to know no kind of workload.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::image::Digest;
use crate::names::{ChangeId, NameError};
use crate::template::{Template, TemplateHash};

/// The annotation of a workload that says which change wrote it last, and in which step.
pub const MARKER_ANNOTATION: &str = "rotabot.dev/change";

/// The name under which the API server records what rotabot wrote. It never changes: another name would leave the
/// fields of the old one behind.
pub const FIELD_MANAGER: &str = "rotabot";

/// Where a Deployment's controller keeps the number of the rollout.
pub const REVISION_ANNOTATION: &str = "deployment.kubernetes.io/revision";

/// Our marker on a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Marker {
    /// The change that wrote it.
    pub change: ChangeId,
    /// The step of it.
    pub step: MarkerStep,
}

/// The step of a change that wrote to a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkerStep {
    /// Wrote what was asked for.
    Apply,
    /// Stopped the rollout where it stood.
    Hold,
    /// Wrote back what ran before.
    Return,
    /// Wrote nothing but itself, so that an earlier write that is still on its way fails its test.
    Fence,
}

impl fmt::Display for MarkerStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MarkerStep::Apply => "apply",
            MarkerStep::Hold => "hold",
            MarkerStep::Return => "return",
            MarkerStep::Fence => "fence",
        })
    }
}

impl Marker {
    /// Its text where it takes the place of another. A fence that is laid over a fence of the same change reads
    /// otherwise: a write that was sent in between tests for the text of the first, and fails.
    pub fn text_over(self, standing: Option<&str>) -> String {
        let text = self.to_string();
        let Some(rest) = standing.filter(|_| self.step == MarkerStep::Fence).and_then(|old| old.strip_prefix(&text))
        else {
            return text;
        };
        let count = rest.strip_prefix('-').and_then(|count| count.parse::<u32>().ok()).unwrap_or(1);
        format!("{text}-{}", count.saturating_add(1))
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.change, self.step)
    }
}

impl FromStr for Marker {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (change, step) = text.split_once('/').ok_or(NameError::NotAnId)?;
        let step = match step {
            "apply" => MarkerStep::Apply,
            "hold" => MarkerStep::Hold,
            "return" => MarkerStep::Return,
            "fence" => MarkerStep::Fence,
            // A fence over a fence.
            other if other.strip_prefix("fence-").is_some_and(|count| count.parse::<u32>().is_ok()) => {
                MarkerStep::Fence
            }
            _ => return Err(NameError::NotAnId),
        };
        Ok(Self { change: change.parse()?, step })
    }
}

impl TryFrom<String> for Marker {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Marker> for String {
    fn from(marker: Marker) -> String {
        marker.to_string()
    }
}

/// A workload as the API server holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadSeen {
    /// The object's uid: another one under the same name is another workload.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`; 0 where the controller has not looked yet.
    pub observed_generation: i64,
    /// `spec.replicas`.
    pub desired: u32,
    /// `status.replicas`: pods of any template, those being deleted left out.
    pub total: u32,
    /// `status.updatedReplicas`.
    pub updated: u32,
    /// `status.readyReplicas`.
    pub ready: u32,
    /// `status.availableReplicas`.
    pub available: u32,
    /// `spec.paused`.
    pub paused: bool,
    /// Who set that, by the name under which they write (their field manager), where the server tells.
    pub paused_by: Option<String>,
    /// Who wrote to `spec.template` last, where the server tells.
    pub template_by: Option<Writer>,
    /// Whether the object has an annotation map at all, which a JSON Patch needs to know.
    pub has_annotations: bool,
    /// The text of our annotation, whoever wrote it.
    pub marker: Option<String>,
    /// `spec.template`.
    pub template: Arc<Template>,
    /// The controller's number of the rollout (`deployment.kubernetes.io/revision`), which rises with each; none while
    /// it has not given one.
    pub revision: Option<String>,
    /// The conditions, for people to read: nothing is concluded from them (V2, V3).
    pub conditions: Vec<ConditionSeen>,
    /// Bounds of the HorizontalPodAutoscaler that scales it, if there is one.
    pub autoscaler: Option<AutoscalerSeen>,
}

impl WorkloadSeen {
    /// Our marker, where the annotation holds one.
    pub fn our_marker(&self) -> Option<Marker> {
        self.marker.as_deref().and_then(|text| text.parse().ok())
    }
}

/// Who wrote something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The name under which they write (their field manager). It is whatever they chose.
    pub name: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

impl Writer {
    /// Whether it was rotabot.
    pub fn is_rotabot(&self) -> bool {
        self.name == FIELD_MANAGER
    }
}

/// A condition of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionSeen {
    /// Its type, such as `Progressing`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// A word that says why.
    pub reason: String,
    /// A sentence that says why.
    pub message: String,
}

/// The bounds of an autoscaler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoscalerSeen {
    /// `spec.minReplicas`, 1 where absent.
    pub min: u32,
    /// `spec.maxReplicas`.
    pub max: u32,
}

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub struct PodSeen {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The template that it was made from; none while that is not known, or where nothing owns it.
    pub template: Option<TemplateHash>,
    /// Whether it has a `deletionTimestamp`: such a pod counts nowhere.
    pub deleting: bool,
    /// Its condition `Ready`.
    pub ready: bool,
    /// Its phase: `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// Why it is not scheduled: the message of its condition `PodScheduled`, where that is `False`.
    pub unschedulable: Option<String>,
    /// Its containers, init containers first.
    pub containers: Vec<ContainerSeen>,
}

impl PodSeen {
    /// How often its containers were started anew, together.
    pub fn restarts(&self) -> u32 {
        self.containers.iter().map(|container| container.restarts).sum()
    }

    /// When one of its containers was last started anew.
    pub fn restarted_at(&self) -> Option<DateTime<Utc>> {
        self.containers.iter().filter_map(ContainerSeen::restarted_at).max()
    }
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSeen {
    /// Its name.
    pub name: String,
    /// Whether it is an init container.
    pub init: bool,
    /// The image that the pod's spec asks for.
    pub image: String,
    /// The image that the node says it runs (`imageID`), empty while it runs none.
    pub image_id: String,
    /// Its restart count.
    pub restarts: u32,
    /// Whether it is ready.
    pub ready: bool,
    /// What it does now.
    pub state: ContainerState,
    /// How it ended the last time.
    pub last_end: Option<ContainerEnd>,
}

impl ContainerSeen {
    /// When it was last started anew. While it waits for that, what is known is when it ended.
    fn restarted_at(&self) -> Option<DateTime<Utc>> {
        if self.restarts == 0 {
            return None;
        }
        match &self.state {
            ContainerState::Running { since: Some(since) } => Some(*since),
            _ => self.last_end.as_ref().and_then(|end| end.at),
        }
    }

    /// The digest in `imageID`; none where the node gives a bare config id or nothing.
    pub fn digest(&self) -> Option<Digest> {
        self.image_id.rsplit_once('@').and_then(|(_, digest)| digest.parse().ok())
    }
}

/// What a container does.
#[derive(Debug, Clone, PartialEq)]
pub enum ContainerState {
    /// Not reported yet.
    Unknown,
    /// Waiting, with a word that says for what (`ImagePullBackOff`, `CrashLoopBackOff`, `ContainerCreating`…).
    Waiting {
        /// The word.
        reason: String,
        /// The sentence.
        message: String,
    },
    /// Running.
    Running {
        /// Since when.
        since: Option<DateTime<Utc>>,
    },
    /// Ended.
    Terminated(ContainerEnd),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerEnd {
    /// Its exit code.
    pub exit_code: i32,
    /// A word that says why: `Error`, `OOMKilled`, `Completed`…
    pub reason: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// An event about a pod or a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSeen {
    /// When it was last seen.
    pub at: DateTime<Utc>,
    /// A word that says what.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// How often.
    pub count: u32,
}

/// All that is known of one workload.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadView {
    /// The workload; none where there is none of that name.
    pub workload: Option<WorkloadSeen>,
    /// Its pods, of every template.
    pub pods: Vec<PodSeen>,
}

/// All that is known of a target, in the order of its workloads.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The workloads, in the target's order.
    pub workloads: Vec<WorkloadView>,
    /// How old the knowledge is; none where the cluster was never read.
    pub age: Option<Duration>,
}

/// Knowledge older than this counts for nothing.
pub const BLIND_AFTER: Duration = Duration::from_secs(15);

impl Observed {
    /// Whether the knowledge is fresh enough to count.
    pub fn fresh(&self) -> bool {
        self.age.is_some_and(|age| age < BLIND_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back() {
        let marker = Marker { change: ChangeId::from_parts(1, 2), step: MarkerStep::Hold };
        assert_eq!(marker.to_string().parse(), Ok(marker));
        for bad in ["", "x", "x/apply", &format!("{}/", marker.change), &format!("{}/else", marker.change)] {
            assert!(bad.parse::<Marker>().is_err(), "{bad}");
        }
    }
}
