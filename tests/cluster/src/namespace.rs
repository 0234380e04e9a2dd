//! A namespace for one test, and what tests do in it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use openssl::rand::rand_bytes;
use serde_json::{Value, json};

use crate::api::{Api, ApiError};
use crate::control_plane::ControlPlane;
use crate::wait::until;

/// Fresh, with its service account; deleted without waiting when dropped.
pub struct Namespace<'a> {
    plane: &'a ControlPlane,
    name: String,
}

impl<'a> Namespace<'a> {
    pub(crate) fn create(plane: &'a ControlPlane) -> Result<Self> {
        let name = random_name("test")?;
        let body = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        plane.api().post("/api/v1/namespaces", &body)?;
        let namespace = Self { plane, name };
        // Without it a bare pod is refused.
        until("the namespace's service account", Duration::from_secs(30), || {
            namespace.find("serviceaccounts", "default")
        })?;
        Ok(namespace)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn plane(&self) -> &'a ControlPlane {
        self.plane
    }

    /// The path of a kind in this namespace; `kind` is the plural, as `deployments`, or already a path from `/`.
    pub fn path(&self, kind: &str) -> String {
        let group = match kind {
            "deployments" | "replicasets" | "statefulsets" | "daemonsets" | "controllerrevisions" => "/apis/apps/v1",
            "horizontalpodautoscalers" => "/apis/autoscaling/v2",
            "roles" | "rolebindings" => "/apis/rbac.authorization.k8s.io/v1",
            "poddisruptionbudgets" => "/apis/policy/v1",
            "jobs" | "cronjobs" => "/apis/batch/v1",
            _ => "/api/v1",
        };
        format!("{group}/namespaces/{}/{kind}", self.name)
    }

    pub fn create_object(&self, kind: &str, object: &Value) -> Result<Value> {
        self.api().post(&self.path(kind), object)
    }

    /// Server-side apply by the test, forced; `object` carries its name.
    pub fn apply(&self, kind: &str, object: &Value) -> Result<Value> {
        let name = object["metadata"]["name"].as_str().context("an object without a name")?;
        self.api().apply(&self.object(kind, name), object)
    }

    pub fn get(&self, kind: &str, name: &str) -> Result<Value> {
        self.api().get(&self.object(kind, name))
    }

    /// The object, or none when there is none.
    pub fn find(&self, kind: &str, name: &str) -> Result<Option<Value>> {
        match self.get(kind, name) {
            Ok(object) => Ok(Some(object)),
            Err(error) => match error.downcast_ref::<ApiError>() {
                Some(ApiError { status: 404, .. }) => Ok(None),
                _ => Err(error),
            },
        }
    }

    pub fn list(&self, kind: &str) -> Result<Vec<Value>> {
        let mut list = self.api().get(&self.path(kind))?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            other => bail!("a list of {kind} without items: {other}"),
        }
    }

    /// A JSON merge patch.
    pub fn merge(&self, kind: &str, name: &str, patch: &Value) -> Result<Value> {
        self.api().merge(&self.object(kind, name), patch)
    }

    /// A strategic merge patch: containers are merged by name.
    pub fn patch(&self, kind: &str, name: &str, patch: &Value) -> Result<Value> {
        self.api().strategic(&self.object(kind, name), patch)
    }

    pub fn delete(&self, kind: &str, name: &str) -> Result<Value> {
        self.api().delete(&self.object(kind, name))
    }

    /// Changes the image of one container, as somebody else would.
    pub fn set_image(&self, deployment: &str, container: &str, image: &str) -> Result<Value> {
        let containers = json!([{ "name": container, "image": image }]);
        self.patch(
            "deployments",
            deployment,
            &json!({ "spec": { "template": { "spec": { "containers": containers } } } }),
        )
    }

    pub fn annotate(&self, kind: &str, name: &str, key: &str, value: &str) -> Result<Value> {
        self.merge(kind, name, &json!({ "metadata": { "annotations": { key: value } } }))
    }

    pub fn pods(&self) -> Result<Vec<Value>> {
        self.list("pods")
    }

    /// Waits until the Deployment's present generation is observed and all of its replicas are new and available.
    pub fn wait_rolled_out(&self, deployment: &str, patience: Duration) -> Result<Value> {
        until(&format!("the rollout of {deployment}"), patience, || {
            let object = self.get("deployments", deployment)?;
            Ok(is_rolled_out(&object).then_some(object))
        })
    }

    /// kubectl in this namespace.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let all: Vec<&str> = ["--namespace", &self.name].into_iter().chain(arguments.iter().copied()).collect();
        self.plane.kubectl(&all)
    }

    /// `kubectl apply` of this object, on the client's or (`server_side`) on the server's side, with more flags.
    pub fn kubectl_apply(&self, object: &Value, flags: &[&str]) -> Result<std::process::Output> {
        let all: Vec<&str> =
            ["--namespace", &self.name, "apply", "-f", "-"].into_iter().chain(flags.iter().copied()).collect();
        self.plane.kubectl_output(&all, &object.to_string())
    }

    fn object(&self, kind: &str, name: &str) -> String {
        format!("{}/{name}", self.path(kind))
    }

    fn api(&self) -> &Api {
        self.plane.api()
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let _ = self.api().delete(&format!("/api/v1/namespaces/{}", self.name));
    }
}

fn is_rolled_out(deployment: &Value) -> bool {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let (spec, status) = (&deployment["spec"], &deployment["status"]);
    let wanted = number(&spec["replicas"]);
    number(&status["observedGeneration"]) >= number(&deployment["metadata"]["generation"])
        && number(&status["updatedReplicas"]) == wanted
        && number(&status["replicas"]) == wanted
        && number(&status["availableReplicas"]) == wanted
}

/// `PREFIX-` and eight random hexadecimal digits.
pub(crate) fn random_name(prefix: &str) -> Result<String> {
    let mut random = [0u8; 4];
    rand_bytes(&mut random)?;
    Ok(format!("{prefix}-{:08x}", u32::from_be_bytes(random)))
}
