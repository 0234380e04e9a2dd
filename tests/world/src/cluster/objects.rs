//! The objects that the API server holds, as far as a rollout has to do with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use state::image::Digest;
use state::names::Namespace;
use state::rollout::seen::{
    AutoscalerSeen, ConditionSeen, ContainerEnd, ContainerSeen, ContainerState, MARKER_ANNOTATION, PodSeen,
    WorkloadSeen,
};
use state::template::{Template, TemplateHash};

use crate::behaviour::Behaviour;

/// Where the controller writes the revision that stands in a Deployment.
pub(super) const REVISION_ANNOTATION: &str = "deployment.kubernetes.io/revision";

/// How many pods a rolling update may go beyond or below the wanted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Pods(u32),
    /// So many per cent of the wanted number.
    Percent(u32),
}

impl Amount {
    pub(super) fn of(self, replicas: u32, round_up: bool) -> u32 {
        match self {
            Amount::Pods(count) => count,
            Amount::Percent(percent) if round_up => (replicas * percent).div_ceil(100),
            Amount::Percent(percent) => replicas * percent / 100,
        }
    }

    fn to_json(self) -> Value {
        match self {
            Amount::Pods(count) => json!(count),
            Amount::Percent(percent) => json!(format!("{percent}%")),
        }
    }

    fn of_json(json: Option<&Value>) -> Result<Self, &'static str> {
        match json {
            None => Ok(Amount::Percent(25)),
            Some(Value::String(text)) => {
                let percent = text.strip_suffix('%').and_then(|number| number.parse().ok());
                percent.map(Amount::Percent).ok_or("spec.strategy.rollingUpdate: Invalid value")
            }
            Some(number) => count(number).map(Amount::Pods).ok_or("spec.strategy.rollingUpdate: Invalid value"),
        }
    }
}

/// What is wanted of a Deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// How many pods.
    pub replicas: u32,
    /// Whether its rollout is paused.
    pub paused: bool,
    /// How long a pod must be ready before it counts as available.
    pub min_ready: Duration,
    /// How far a rolling update may go beyond the wanted number.
    pub max_surge: Amount,
    /// How far it may go below.
    pub max_unavailable: Amount,
    /// All old pods go before the first new one comes.
    pub recreate: bool,
    /// After how long without progress its condition says so.
    pub progress_deadline: Duration,
    /// The pods' template.
    pub template: Arc<Template>,
}

impl Spec {
    /// One container of the Deployment's own name, and the API server's defaults.
    pub fn new(name: &str, image: &str, replicas: u32) -> Self {
        let template = json!({
            "metadata": { "labels": { "app": name } },
            "spec": { "containers": [{ "name": name, "image": image }], "terminationGracePeriodSeconds": 30 },
        });
        Self {
            replicas,
            paused: false,
            min_ready: Duration::ZERO,
            max_surge: Amount::Percent(25),
            max_unavailable: Amount::Percent(25),
            recreate: false,
            progress_deadline: Duration::from_secs(600),
            template: Arc::new(Template::new(template)),
        }
    }

    pub(super) fn surge(&self) -> u32 {
        if self.recreate { 0 } else { self.max_surge.of(self.replicas, true) }
    }

    /// Both being nothing would let nothing move, so then one pod may be missing.
    pub(super) fn unavailable(&self) -> u32 {
        let unavailable = self.max_unavailable.of(self.replicas, false).min(self.replicas);
        if unavailable == 0 && self.max_surge.of(self.replicas, true) == 0 { 1 } else { unavailable }
    }
}

/// A Deployment.
#[derive(Debug, Clone)]
pub(super) struct Deployment {
    pub(super) id: u64,
    pub(super) namespace: Namespace,
    pub(super) name: String,
    pub(super) generation: i64,
    pub(super) version: u64,
    /// An empty map is not kept: the API server leaves it out.
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) spec: Spec,
    pub(super) status: Status,
    /// When the controller last saw progress.
    pub(super) progressed: Duration,
}

/// What the controller reports of a Deployment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Status {
    pub(super) observed_generation: i64,
    pub(super) total: u32,
    pub(super) updated: u32,
    pub(super) ready: u32,
    pub(super) available: u32,
    pub(super) conditions: Vec<ConditionSeen>,
}

impl Deployment {
    pub(super) fn uid(&self) -> String {
        format!("deployment-{}", self.id)
    }

    /// What a client may change, as the API server gives it.
    pub(super) fn to_json(&self) -> Value {
        let spec = &self.spec;
        let mut json = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": { "name": self.name, "namespace": self.namespace, "uid": self.uid(), "generation": self.generation },
            "spec": {
                "replicas": spec.replicas,
                "selector": { "matchLabels": { "app": self.name } },
                "progressDeadlineSeconds": spec.progress_deadline.as_secs(),
                "revisionHistoryLimit": 10,
                "strategy": strategy(spec),
                "template": spec.template.json(),
            },
        });
        if !self.annotations.is_empty() {
            json["metadata"]["annotations"] = json!(self.annotations);
        }
        if spec.paused {
            json["spec"]["paused"] = json!(true);
        }
        if !spec.min_ready.is_zero() {
            json["spec"]["minReadySeconds"] = json!(spec.min_ready.as_secs());
        }
        json
    }

    /// Takes what a client wrote, as far as it can be written. The error is the server's sentence.
    pub(super) fn written(&self, json: &Value) -> Result<Deployment, String> {
        let invalid = |what: &str| format!("Deployment.apps \"{}\" is invalid: {what}", self.name);
        let mut new = self.clone();
        new.annotations = annotations(json.pointer("/metadata/annotations")).map_err(invalid)?;
        if json.pointer("/metadata/uid").and_then(Value::as_str) != Some(&self.uid()) {
            return Err(invalid("metadata.uid: Invalid value: field is immutable"));
        }
        let spec = json.get("spec").ok_or_else(|| invalid("spec: Required value"))?;
        new.spec.replicas = match spec.get("replicas") {
            None | Some(Value::Null) => 1,
            Some(number) => count(number).ok_or_else(|| invalid("spec.replicas: Invalid value"))?,
        };
        new.spec.paused = spec.get("paused").and_then(Value::as_bool).unwrap_or(false);
        new.spec.min_ready = seconds(spec.get("minReadySeconds"), 0);
        new.spec.progress_deadline = seconds(spec.get("progressDeadlineSeconds"), 600);
        new.spec.recreate = spec.pointer("/strategy/type").and_then(Value::as_str) == Some("Recreate");
        let rolling = |field| spec.pointer("/strategy/rollingUpdate").and_then(|update| update.get(field));
        new.spec.max_surge = Amount::of_json(rolling("maxSurge")).map_err(invalid)?;
        new.spec.max_unavailable = Amount::of_json(rolling("maxUnavailable")).map_err(invalid)?;
        let template = spec.get("template").ok_or_else(|| invalid("spec.template: Required value"))?;
        if *template != *self.spec.template.json() {
            check_template(template).map_err(invalid)?;
            new.spec.template = Arc::new(Template::new(template.clone()));
        }
        Ok(new)
    }

    pub(super) fn seen(&self, autoscaler: Option<AutoscalerSeen>) -> WorkloadSeen {
        WorkloadSeen {
            uid: self.uid(),
            generation: self.generation,
            observed_generation: self.status.observed_generation,
            desired: self.spec.replicas,
            total: self.status.total,
            updated: self.status.updated,
            ready: self.status.ready,
            available: self.status.available,
            paused: self.spec.paused,
            paused_by: None,
            template_by: None,
            has_annotations: !self.annotations.is_empty(),
            marker: self.annotations.get(MARKER_ANNOTATION).cloned(),
            template: Arc::clone(&self.spec.template),
            revision: self.annotations.get(REVISION_ANNOTATION).cloned(),
            conditions: self.status.conditions.clone(),
            autoscaler,
        }
    }
}

fn strategy(spec: &Spec) -> Value {
    if spec.recreate {
        return json!({ "type": "Recreate" });
    }
    let update = json!({ "maxSurge": spec.max_surge.to_json(), "maxUnavailable": spec.max_unavailable.to_json() });
    json!({ "type": "RollingUpdate", "rollingUpdate": update })
}

fn annotations(json: Option<&Value>) -> Result<BTreeMap<String, String>, &'static str> {
    let Some(fields) = json.filter(|json| !json.is_null()) else { return Ok(BTreeMap::new()) };
    let fields = fields.as_object().ok_or("metadata.annotations: Invalid value")?;
    fields
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => Ok((key.clone(), text.clone())),
            _ => Err("metadata.annotations: Invalid value"),
        })
        .collect()
}

fn check_template(template: &Value) -> Result<(), &'static str> {
    let containers = template.pointer("/spec/containers").and_then(Value::as_array);
    let containers =
        containers.filter(|list| !list.is_empty()).ok_or("spec.template.spec.containers: Required value")?;
    let text =
        |container: &Value, field| container.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    match containers.iter().all(|container| text(container, "name") && text(container, "image")) {
        true => Ok(()),
        false => Err("spec.template.spec.containers[0]: Required value"),
    }
}

fn count(number: &Value) -> Option<u32> {
    number.as_u64().and_then(|number| u32::try_from(number).ok())
}

fn seconds(json: Option<&Value>, default: u64) -> Duration {
    Duration::from_secs(json.and_then(Value::as_u64).unwrap_or(default))
}

/// A ReplicaSet of a Deployment.
#[derive(Debug, Clone)]
pub(super) struct ReplicaSet {
    pub(super) id: u64,
    pub(super) deployment: u64,
    pub(super) namespace: Namespace,
    pub(super) name: String,
    pub(super) revision: u64,
    pub(super) template: Arc<Template>,
    pub(super) replicas: u32,
    /// What the Deployment wanted when this was scaled last, and the most it could have had.
    pub(super) desired: u32,
    pub(super) most: u32,
    /// From the Deployment, when this was made.
    pub(super) min_ready: Duration,
    /// It was told apart from the Deployment's own template after this.
    pub(super) status: SetStatus,
    /// Its pods are to go with it.
    pub(super) orphaned: bool,
}

/// What the controller reports of a ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SetStatus {
    pub(super) replicas: u32,
    pub(super) ready: u32,
    pub(super) available: u32,
    /// Why pods can't be made.
    pub(super) failure: Option<String>,
}

/// A pod.
#[derive(Debug, Clone)]
pub(super) struct Pod {
    pub(super) id: u64,
    pub(super) set: u64,
    pub(super) namespace: Namespace,
    /// The Deployment's name, which its label carries.
    pub(super) app: String,
    pub(super) name: String,
    pub(super) template: TemplateHash,
    pub(super) created: DateTime<Utc>,
    pub(super) scheduled: bool,
    pub(super) unschedulable: Option<String>,
    pub(super) phase: Phase,
    pub(super) ready_since: Option<Duration>,
    pub(super) deleting: bool,
    pub(super) containers: Vec<Container>,
}

/// The phase of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Pending,
    Running,
    Failed,
}

/// A container of a pod.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) behaviour: Behaviour,
    pub(super) image_id: String,
    /// What the node will say that it runs, once it does.
    pub(super) reports: String,
    /// What it really runs, once it does.
    pub(super) runs: Option<Digest>,
    pub(super) restarts: u32,
    pub(super) ready: bool,
    pub(super) state: ContainerState,
    pub(super) last_end: Option<ContainerEnd>,
    /// When it ended the last time.
    pub(super) ended: Option<Duration>,
}

impl Pod {
    pub(super) fn uid(&self) -> String {
        format!("pod-{}", self.id)
    }

    /// Whether the controllers count it.
    pub(super) fn counts(&self) -> bool {
        !self.deleting && self.phase != Phase::Failed
    }

    pub(super) fn ready(&self) -> bool {
        self.ready_since.is_some()
    }

    pub(super) fn seen(&self, template: Option<TemplateHash>) -> PodSeen {
        PodSeen {
            name: self.name.clone(),
            uid: self.uid(),
            template,
            deleting: self.deleting,
            ready: self.ready(),
            phase: format!("{:?}", self.phase),
            created: self.created,
            unschedulable: self.unschedulable.clone(),
            containers: self.containers.iter().map(Container::seen).collect(),
        }
    }
}

impl Container {
    fn seen(&self) -> ContainerSeen {
        ContainerSeen {
            name: self.name.clone(),
            init: false,
            image: self.image.clone(),
            image_id: self.image_id.clone(),
            restarts: self.restarts,
            ready: self.ready,
            state: self.state.clone(),
            last_end: self.last_end.clone(),
        }
    }
}

/// A HorizontalPodAutoscaler. Its wishes come from whoever plays the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Autoscaler {
    pub(super) namespace: Namespace,
    pub(super) deployment: String,
    pub(super) min: Option<u32>,
    pub(super) max: u32,
}

impl Autoscaler {
    pub(super) fn seen(&self) -> AutoscalerSeen {
        AutoscalerSeen { min: self.min.unwrap_or(1), max: self.max }
    }
}
