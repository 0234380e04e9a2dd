//! Boils the API's objects down to what a judgement may rest on.
//!
//! They are read as plain JSON: a field that this version has never heard of neither fails nor gets lost in a pod
//! template, and the types of the API stay out of the rest of rotabot. Whatever a person could be shown is redacted
//! here. What is kept of them, and for how long, is in `knowledge`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use state::rollout::seen::{
    AutoscalerSeen, ConditionSeen, ContainerEnd, ContainerSeen, ContainerState, EventSeen, MARKER_ANNOTATION, PodSeen,
    REVISION_ANNOTATION, WorkloadSeen, Writer,
};
use state::template::{Template, TemplateHash};

use super::selector::Selector;
use super::text;

/// A Deployment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deployment {
    pub(super) name: String,
    /// Its autoscaler stays empty here: that is another object.
    pub(super) seen: WorkloadSeen,
    pub(super) selector: Selector,
}

/// A ReplicaSet: who owns it, and which template it makes pods from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReplicaSet {
    pub(super) uid: String,
    /// The uid of the Deployment that owns it.
    pub(super) owner: Option<String>,
    pub(super) template: TemplateHash,
}

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pod {
    /// Its template stays empty here: only its owner knows it.
    pub(super) seen: PodSeen,
    /// The ReplicaSet that owns it.
    pub(super) owner: Option<Owner>,
    pub(super) labels: BTreeMap<String, String>,
}

/// The controller of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) uid: String,
}

/// A HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Autoscaler {
    pub(super) name: String,
    /// Kind and name of what it scales.
    pub(super) scales: (String, String),
    pub(super) seen: AutoscalerSeen,
}

/// Why an object can't be used. The API server never sends such a one, but something between it and us may.
pub(super) type Misshapen = &'static str;

impl Deployment {
    pub(super) fn read(mut json: Value) -> Result<Self, Misshapen> {
        let template = json.pointer_mut("/spec/template").map(Value::take).ok_or("a Deployment without a template")?;
        let paused = json.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false);
        let annotation = |key| json.pointer("/metadata/annotations")?.get(key)?.as_str().map(str::to_owned);
        let seen = WorkloadSeen {
            uid: owned(&json, "/metadata/uid").ok_or("an object without a uid")?,
            generation: json.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0),
            observed_generation: json.pointer("/status/observedGeneration").and_then(Value::as_i64).unwrap_or(0),
            // The API server fills in 1 where nothing is asked for.
            desired: filled(&json, "/spec/replicas").map_or(1, |value| count(Some(value))),
            total: count(json.pointer("/status/replicas")),
            updated: count(json.pointer("/status/updatedReplicas")),
            ready: count(json.pointer("/status/readyReplicas")),
            available: count(json.pointer("/status/availableReplicas")),
            paused,
            paused_by: if paused { writer_of(&json, "/f:spec/f:paused").map(|writer| writer.name) } else { None },
            template_by: writer_of(&json, "/f:spec/f:template"),
            has_annotations: json.pointer("/metadata/annotations").is_some_and(Value::is_object),
            marker: annotation(MARKER_ANNOTATION),
            template: Arc::new(Template::new(template)),
            revision: annotation(REVISION_ANNOTATION),
            conditions: list(&json, "/status/conditions").iter().map(condition).collect(),
            autoscaler: None,
        };
        let name = owned(&json, "/metadata/name").ok_or("an object without a name")?;
        Ok(Self { name, seen, selector: Selector::read(json.pointer("/spec/selector")) })
    }
}

/// Who wrote a field last, by the name that they gave as their field manager. A name is whatever they chose.
fn writer_of(json: &Value, field: &str) -> Option<Writer> {
    let entries = list(json, "/metadata/managedFields");
    let owns = |entry: &&Value| entry.get("fieldsV1").and_then(|fields| fields.pointer(field)).is_some();
    // Moments of this form sort as text; of the same moment the later entry counts.
    let last = entries.iter().filter(owns).max_by_key(|entry| entry.get("time").and_then(Value::as_str));
    let name = text::sentence(last?.get("manager")?.as_str()?);
    let at = moment(last?, "/time");
    (!name.is_empty()).then_some(Writer { name, at })
}

fn condition(json: &Value) -> ConditionSeen {
    ConditionSeen {
        kind: word(json, "/type"),
        status: word(json, "/status"),
        reason: word(json, "/reason"),
        message: text::sentence(&word(json, "/message")),
    }
}

impl ReplicaSet {
    pub(super) fn read(mut json: Value) -> Result<Self, Misshapen> {
        let template = json.pointer_mut("/spec/template").map(Value::take).ok_or("a ReplicaSet without a template")?;
        Ok(Self {
            uid: owned(&json, "/metadata/uid").ok_or("an object without a uid")?,
            owner: controller(&json, "Deployment").map(|owner| owner.uid),
            template: Template::new(template).hash(),
        })
    }
}

impl Pod {
    pub(super) fn read(json: Value) -> Result<Self, Misshapen> {
        let conditions = list(&json, "/status/conditions");
        let holds = |kind: &str| conditions.iter().find(|one| one.get("type").and_then(Value::as_str) == Some(kind));
        let status_of = |one: &Value| one.get("status").and_then(Value::as_str).map(str::to_owned);
        let unscheduled = holds("PodScheduled").filter(|one| status_of(one).as_deref() == Some("False"));
        let mut containers = containers(&json, "/spec/initContainers", "/status/initContainerStatuses", true);
        containers.extend(self::containers(&json, "/spec/containers", "/status/containerStatuses", false));
        let seen = PodSeen {
            name: owned(&json, "/metadata/name").ok_or("an object without a name")?,
            uid: owned(&json, "/metadata/uid").ok_or("an object without a uid")?,
            template: None,
            deleting: filled(&json, "/metadata/deletionTimestamp").is_some(),
            ready: holds("Ready").and_then(status_of).as_deref() == Some("True"),
            phase: owned(&json, "/status/phase").unwrap_or_else(|| "Unknown".to_owned()),
            created: moment(&json, "/metadata/creationTimestamp").unwrap_or_default(),
            unschedulable: unscheduled.map(|one| text::sentence(&word(one, "/message"))),
            containers,
        };
        let labels = json.pointer("/metadata/labels").and_then(Value::as_object).map(|labels| {
            labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
        });
        Ok(Self { seen, owner: controller(&json, "ReplicaSet"), labels: labels.unwrap_or_default() })
    }
}

/// The containers of the spec, each with its status, where the node has reported one.
fn containers(pod: &Value, spec: &str, status: &str, init: bool) -> Vec<ContainerSeen> {
    let statuses = list(pod, status);
    let read = |wanted: &Value| {
        let name = word(wanted, "/name");
        let status = statuses.iter().find(|one| one.get("name").and_then(Value::as_str) == Some(&name));
        let status = status.unwrap_or(&Value::Null);
        ContainerSeen {
            init,
            image: word(wanted, "/image"),
            image_id: word(status, "/imageID"),
            restarts: count(status.pointer("/restartCount")),
            ready: status.pointer("/ready").and_then(Value::as_bool).unwrap_or(false),
            state: container_state(status.pointer("/state").unwrap_or(&Value::Null)),
            last_end: status.pointer("/lastState/terminated").map(container_end),
            name,
        }
    };
    list(pod, spec).iter().map(read).collect()
}

fn container_state(json: &Value) -> ContainerState {
    if let Some(waiting) = json.get("waiting") {
        return ContainerState::Waiting {
            reason: word(waiting, "/reason"),
            message: text::sentence(&word(waiting, "/message")),
        };
    }
    if let Some(running) = json.get("running") {
        return ContainerState::Running { since: moment(running, "/startedAt") };
    }
    json.get("terminated").map_or(ContainerState::Unknown, |end| ContainerState::Terminated(container_end(end)))
}

fn container_end(json: &Value) -> ContainerEnd {
    let code = json.pointer("/exitCode").and_then(Value::as_i64).unwrap_or(0);
    ContainerEnd {
        exit_code: i32::try_from(code).unwrap_or(i32::MAX),
        reason: word(json, "/reason"),
        at: moment(json, "/finishedAt"),
    }
}

impl Autoscaler {
    pub(super) fn read(json: Value) -> Result<Self, Misshapen> {
        let max = count(json.pointer("/spec/maxReplicas"));
        let min = filled(&json, "/spec/minReplicas").map_or(1, |value| count(Some(value)));
        Ok(Self {
            name: owned(&json, "/metadata/name").ok_or("an object without a name")?,
            scales: (word(&json, "/spec/scaleTargetRef/kind"), word(&json, "/spec/scaleTargetRef/name")),
            seen: AutoscalerSeen { min, max },
        })
    }
}

/// The newest events of a list, oldest first. The API server promises no order.
pub(super) fn events(items: &[Value], newest: usize) -> Vec<EventSeen> {
    let mut events: Vec<_> = items.iter().filter_map(event).collect();
    events.sort_by_key(|event| event.at);
    events.drain(..events.len().saturating_sub(newest));
    events
}

fn event(json: &Value) -> Option<EventSeen> {
    // Which of these is filled depends on how old the component is that reports.
    let at = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/firstTimestamp"]
        .iter()
        .find_map(|place| moment(json, place))
        .or_else(|| moment(json, "/metadata/creationTimestamp"))?;
    let times = ["/series/count", "/count"].iter().find_map(|place| filled(json, place));
    Some(EventSeen {
        at,
        reason: word(json, "/reason"),
        message: text::sentence(&word(json, "/message")),
        count: count(times).max(1),
    })
}

fn controller(json: &Value, kind: &str) -> Option<Owner> {
    let owners = list(json, "/metadata/ownerReferences");
    let controls = |one: &&Value| one.get("controller").and_then(Value::as_bool) == Some(true);
    let owner = owners.iter().find(controls).filter(|one| one.get("kind").and_then(Value::as_str) == Some(kind))?;
    Some(Owner { name: owned(owner, "/name")?, uid: owned(owner, "/uid")? })
}

fn list<'a>(json: &'a Value, place: &str) -> &'a [Value] {
    json.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A value, unless it is absent or null.
fn filled<'a>(json: &'a Value, place: &str) -> Option<&'a Value> {
    json.pointer(place).filter(|value| !value.is_null())
}

fn owned(json: &Value, place: &str) -> Option<String> {
    json.pointer(place)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn word(json: &Value, place: &str) -> String {
    owned(json, place).unwrap_or_default()
}

fn count(json: Option<&Value>) -> u32 {
    json.and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

fn moment(json: &Value, place: &str) -> Option<DateTime<Utc>> {
    let text = json.pointer(place)?.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc())
}

#[cfg(test)]
pub(super) mod tests;
