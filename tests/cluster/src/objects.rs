//! Kubernetes objects as JSON: a builder for what tests deploy, and readers of what came of it.

use serde_json::{Value, json};

/// A Deployment with one container of its own name, or more.
#[derive(Clone)]
pub struct Deployment {
    object: Value,
}

impl Deployment {
    /// One replica of one container.
    pub fn new(name: &str, image: &str) -> Self {
        let labels = json!({ "app": name });
        Self {
            object: json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": { "name": name, "labels": labels },
                "spec": {
                    "replicas": 1,
                    "selector": { "matchLabels": labels },
                    "template": {
                        "metadata": { "labels": labels },
                        "spec": { "containers": [{ "name": name, "image": image }] },
                    },
                },
            }),
        }
    }

    pub fn replicas(self, count: u32) -> Self {
        self.with("/spec", json!({ "replicas": count }))
    }

    /// After how many seconds without progress the Deployment's own condition says so.
    pub fn progress_deadline(self, seconds: u32) -> Self {
        self.with("/spec", json!({ "progressDeadlineSeconds": seconds }))
    }

    pub fn min_ready(self, seconds: u32) -> Self {
        self.with("/spec", json!({ "minReadySeconds": seconds }))
    }

    /// How far a rolling update may go beyond and below the wanted count, as numbers or percentages.
    pub fn rolling(self, max_surge: Value, max_unavailable: Value) -> Self {
        let update = json!({ "maxSurge": max_surge, "maxUnavailable": max_unavailable });
        self.with("/spec", json!({ "strategy": { "type": "RollingUpdate", "rollingUpdate": update } }))
    }

    pub fn recreate(self) -> Self {
        self.with("/spec", json!({ "strategy": { "type": "Recreate" } }))
    }

    pub fn paused(self) -> Self {
        self.with("/spec", json!({ "paused": true }))
    }

    pub fn container(mut self, name: &str, image: &str) -> Self {
        if let Some(Value::Array(containers)) = self.object.pointer_mut("/spec/template/spec/containers") {
            containers.push(json!({ "name": name, "image": image }));
        }
        self
    }

    /// Sets these fields of the pod template's spec.
    pub fn pod_spec(self, fields: Value) -> Self {
        self.with("/spec/template/spec", fields)
    }

    /// Sets these fields of the object at a JSON pointer that exists.
    pub fn with(mut self, pointer: &str, fields: Value) -> Self {
        if let (Some(Value::Object(target)), Value::Object(fields)) = (self.object.pointer_mut(pointer), fields) {
            target.extend(fields);
        }
        self
    }

    pub fn json(&self) -> Value {
        self.object.clone()
    }
}

/// The statuses of a pod's containers.
pub fn container_statuses(pod: &Value) -> Vec<Value> {
    pod["status"]["containerStatuses"].as_array().cloned().unwrap_or_default()
}

/// Those pods with a container of exactly this image.
pub fn pods_of_image<'a>(pods: &'a [Value], image: &str) -> Vec<&'a Value> {
    let has = |pod: &&Value| {
        pod["spec"]["containers"].as_array().is_some_and(|all| all.iter().any(|container| container["image"] == image))
    };
    pods.iter().filter(has).collect()
}
