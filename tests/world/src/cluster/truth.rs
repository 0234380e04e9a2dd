//! What is really so in a cluster, for those who check what rotabot says of it.

use std::time::Duration;

use state::image::Digest;
use state::names::Namespace;
use state::template::TemplateHash;

use super::Cluster;
use super::objects::Pod;
use crate::process::ProcessId;

/// A workload as it really is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The Deployment's uid.
    pub uid: String,
    /// The template that is wanted.
    pub template: TemplateHash,
    /// The images that the template names, by container.
    pub images: Vec<(String, String)>,
    /// Whether its rollout is paused.
    pub paused: bool,
    /// How many pods are wanted.
    pub replicas: u32,
    /// The text of our annotation.
    pub marker: Option<String>,
    /// Its pods, those left out that end or have ended.
    pub pods: Vec<PodTruth>,
}

/// A pod as it really is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTruth {
    /// Its name.
    pub name: String,
    /// The template that it was made from.
    pub template: TemplateHash,
    /// Whether it is ready.
    pub ready: bool,
    /// When one of its containers ended the last time.
    pub ended: Option<Duration>,
    /// What its containers really run, by name.
    pub runs: Vec<(String, Digest)>,
    /// What the node says that they run, where it names a digest.
    pub reports: Vec<(String, Digest)>,
}

/// A fresh list of pods that a process got: what was really so at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub at: Duration,
    /// Who looked.
    pub process: ProcessId,
    /// Where.
    pub namespace: Namespace,
    /// The Deployment's name.
    pub name: String,
    /// What was so.
    pub truth: Truth,
}

impl Cluster {
    /// What is really so.
    pub fn truth(&self, namespace: &Namespace, name: &str) -> Option<Truth> {
        let deployment = self.find(namespace, name)?;
        let template = &deployment.spec.template;
        let owned =
            |pod: &&Pod| pod.counts() && self.sets.get(&pod.set).is_some_and(|set| set.deployment == deployment.id);
        Some(Truth {
            uid: deployment.uid(),
            template: template.hash(),
            images: template.containers().map(|(name, image)| (name.to_owned(), image.to_owned())).collect(),
            paused: deployment.spec.paused,
            replicas: deployment.spec.replicas,
            marker: deployment.annotations.get(state::rollout::seen::MARKER_ANNOTATION).cloned(),
            pods: self.pods.values().filter(owned).map(Pod::truth).collect(),
        })
    }

    /// Fresh lists of pods that processes got, in order.
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }
}

impl Pod {
    fn truth(&self) -> PodTruth {
        let runs = |container: &super::objects::Container| Some((container.name.clone(), container.runs.clone()?));
        let reports = |container: &super::objects::Container| {
            let (_, digest) = container.image_id.rsplit_once('@')?;
            Some((container.name.clone(), digest.parse().ok()?))
        };
        PodTruth {
            name: self.name.clone(),
            template: self.template,
            ready: self.ready(),
            ended: self.containers.iter().filter_map(|container| container.ended).max(),
            runs: self.containers.iter().filter_map(runs).collect(),
            reports: self.containers.iter().filter_map(reports).collect(),
        }
    }
}
