//! The lives of nodes and pods, as kwok's stages.
//!
//! A stage is chosen by jq expressions over the object, waits its delay, and patches the status from a Go template. It must not match
//! what it itself leaves, or it runs for ever. Pods go through these states:
//!
//! ```text
//! scheduled --> running, ready                          all but those that fail before they start
//!   |             |--> ended --> running again --> CrashLoopBackOff --> running again --> ...
//!   |             '--> running, not ready               unready20
//!   |--> running, not ready --> ready                   neverready stays, slow goes on
//!   |--> ErrImagePull <--> ImagePullBackOff
//!   '--> another waiting reason                         badconfig, invalidname
//! ```

use std::path::Path;

use serde_json::{Value, json};

use super::logs::{self, Logs};
use super::templates::{RUNS_AGAIN, RUNS_READY, RUNS_UNREADY, backs_off, ended, one_or_others, pod_status, waiting};
use crate::behaviour::{
    BAD_CONFIG, DYING, INVALID_NAME, NEVER_READY, NEVER_SIMPLY_READY, OUT_OF_MEMORY, PULL_FAILS, SLOW,
    UNREADY_AFTER_20_S,
};

/// The behaviours of a pod's containers, one result each.
const BEHAVIOUR: &str = r#".spec.containers[].image | split("@")[0] | split(":") | last | split("-") | last"#;
const DELETED: &str = ".metadata.deletionTimestamp";
const PHASE: &str = ".status.phase";
const READY: &str = r#".status.conditions[]? | select(.type == "Ready") | .status"#;
const WAITING: &str = ".status.containerStatuses[]?.state.waiting.reason | values";
const ENDED: &str = ".status.containerStatuses[]?.state.terminated.reason | values";
/// How often the pod's containers were restarted, as a word: the first death is followed by a restart at once.
const RESTARTED: &str =
    r#"if ([.status.containerStatuses[]?.restartCount] | max // 0) == 0 then "never" else "before" end"#;
/// The back-off between restarts, doubling as the kubelet's does, but from 2 s to 16 s.
const BACK_OFF: &str = r#"[.status.containerStatuses[]?.restartCount] | max // 1 | if . <= 1 then "2s" elif . == 2 then "4s" elif . == 3 then "8s" else "16s" end"#;

/// All stages; containers' logs are looked for in `logs`.
pub(super) fn all(logs: &Path) -> Vec<Value> {
    let single = [ready_stage(), unready_stage(), slow_stage(), turns_unready_stage()];
    let of_pods = single.into_iter().chain(waiting_stages()).chain(dying_stages());
    [node_stage(), deleted_stage()].into_iter().chain(of_pods.map(|stage| stage.document(logs))).collect()
}

/// A stage for pods.
struct Stage {
    name: String,
    when: Vec<(&'static str, &'static str, Vec<String>)>,
    delay: Value,
    events: Vec<(&'static str, &'static str, String)>,
    status: String,
    logs: Option<(Vec<String>, Logs, Logs)>,
}

impl Stage {
    fn new(name: impl Into<String>) -> Self {
        let when = vec![(DELETED, "DoesNotExist", Vec::new())];
        Self {
            name: name.into(),
            when,
            delay: json!({ "durationMilliseconds": 0 }),
            events: Vec::new(),
            status: String::new(),
            logs: None,
        }
    }

    fn when(mut self, key: &'static str, values: &[&str]) -> Self {
        self.when.push((key, "In", owned(values)));
        self
    }

    fn when_not(mut self, key: &'static str, values: &[&str]) -> Self {
        self.when.push((key, "NotIn", owned(values)));
        self
    }

    fn after(mut self, milliseconds: u64) -> Self {
        self.delay = json!({ "durationMilliseconds": milliseconds });
        self
    }

    fn after_computed(mut self, expression: &str) -> Self {
        self.delay = json!({ "durationMilliseconds": 2_000, "durationFrom": { "jq": { "expression": expression } } });
        self
    }

    fn warns(mut self, reason: &'static str, message: impl Into<String>) -> Self {
        self.events.push(("Warning", reason, message.into()));
        self
    }

    fn tells(mut self, reason: &'static str, message: impl Into<String>) -> Self {
        self.events.push(("Normal", reason, message.into()));
        self
    }

    fn status(mut self, template: String) -> Self {
        self.status = template;
        self
    }

    /// What containers of these behaviours have logged from now on, and in the run before (`--previous`).
    fn logs(mut self, behaviours: &[&str], present: Logs, previous: Logs) -> Self {
        self.logs = Some((owned(behaviours), present, previous));
        self
    }

    fn document(self, folder: &Path) -> Value {
        let mut steps: Vec<Value> = self
            .events
            .iter()
            .map(|(kind, reason, message)| json!({ "event": { "type": kind, "reason": reason, "message": message } }))
            .collect();
        // Before the status: who sees a container's end finds its logs.
        if let Some((behaviours, present, previous)) = self.logs {
            steps.push(json!({ "apply": { "template": logs::template(folder, &behaviours, present, previous) } }));
        }
        steps.push(json!({ "patch": { "subresource": "status", "root": "status", "template": self.status } }));
        let conditions: Vec<Value> = self
            .when
            .iter()
            .map(|(key, operator, values)| json!({ "jq": { "key": key, "operator": operator, "values": values } }))
            .collect();
        document("Pod", &self.name, &json!({ "matchExpressions": conditions }), &self.delay, &json!(steps))
    }
}

fn document(kind: &str, name: &str, selector: &Value, delay: &Value, steps: &Value) -> Value {
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": { "name": name },
        "spec": {
            "resourceRef": { "apiGroup": "v1", "kind": kind },
            "selector": selector,
            "delay": delay,
            "steps": steps,
        },
    })
}

/// Registers a node as ready, keeping the capacity it was created with.
fn node_stage() -> Value {
    let template = r#"
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
- type: Hostname
  address: {{ NodeName | Quote }}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{ NodePort }}
phase: Running
"#;
    let selector = json!({ "matchExpressions": [{ "jq": { "key": READY, "operator": "NotIn", "values": ["True"] } }] });
    let steps = json!([{ "patch": { "subresource": "status", "root": "status", "template": template } }]);
    document("Node", "node-ready", &selector, &json!({}), &steps)
}

/// A deleted pod lingers for a moment, as a real one does while its process ends.
fn deleted_stage() -> Value {
    let selector = json!({ "matchExpressions": [{ "jq": { "key": DELETED, "operator": "Exists" } }] });
    let steps = json!([{ "finalizers": { "empty": true }, "delete": true }]);
    document("Pod", "pod-deleted", &selector, &json!({ "durationMilliseconds": 200 }), &steps)
}

fn ready_stage() -> Stage {
    Stage::new("pod-ready")
        .when(PHASE, &["Pending"])
        .when_not(BEHAVIOUR, &NEVER_SIMPLY_READY)
        .after(1_000)
        .tells("Started", "Started container")
        .status(pod_status("Running", "True", RUNS_READY))
}

fn unready_stage() -> Stage {
    Stage::new("pod-not-ready-yet")
        .when(PHASE, &["Pending"])
        .when(BEHAVIOUR, &[NEVER_READY, SLOW])
        .after(500)
        .tells("Started", "Started container")
        .warns("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        .logs(&[NEVER_READY, SLOW], Logs::NotReady, Logs::Missing)
        .status(pod_status("Running", "False", &one_or_others(&[NEVER_READY, SLOW], RUNS_UNREADY, RUNS_READY)))
}

fn slow_stage() -> Stage {
    Stage::new("pod-ready-at-last")
        .when(PHASE, &["Running"])
        .when(BEHAVIOUR, &[SLOW])
        .when(READY, &["False"])
        .after(14_500)
        .status(pod_status("Running", "True", RUNS_READY))
}

fn turns_unready_stage() -> Stage {
    Stage::new("pod-turns-unready")
        .when(PHASE, &["Running"])
        .when(BEHAVIOUR, &[UNREADY_AFTER_20_S])
        .when(READY, &["True"])
        .after(20_000)
        .warns("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        .logs(&[UNREADY_AFTER_20_S], Logs::NotReady, Logs::Missing)
        .status(pod_status("Running", "False", &one_or_others(&[UNREADY_AFTER_20_S], RUNS_UNREADY, RUNS_READY)))
}

/// Containers that never get to run.
fn waiting_stages() -> Vec<Stage> {
    let not_found = r#"{{ printf "rpc error: code = NotFound desc = failed to pull and unpack image \"%s\": not found" .image | Quote }}"#;
    let backing_off = r#"{{ printf "Back-off pulling image \"%s\": ErrImagePull: not found" .image | Quote }}"#;
    let no_config = r#""configmap \"api-config\" not found""#;
    let bad_name =
        r#"{{ printf "Failed to apply default image tag \"%s\": couldn't parse image name" .image | Quote }}"#;
    let waits = |behaviour: &str, reason: &str, message: &str| {
        pod_status("Pending", "False", &one_or_others(&[behaviour], &waiting(reason, message), RUNS_READY))
    };
    vec![
        Stage::new("pod-pull-fails")
            .when(PHASE, &["Pending"])
            .when(BEHAVIOUR, &[PULL_FAILS])
            .when_not(WAITING, &["ErrImagePull", "ImagePullBackOff"])
            .after(400)
            .tells("Pulling", "Pulling image")
            .warns("Failed", "Failed to pull image: rpc error: code = NotFound desc = not found")
            .warns("Failed", "Error: ErrImagePull")
            .logs(&[PULL_FAILS], Logs::Missing, Logs::Missing)
            .status(waits(PULL_FAILS, "ErrImagePull", not_found)),
        Stage::new("pod-pull-backs-off")
            .when(BEHAVIOUR, &[PULL_FAILS])
            .when(WAITING, &["ErrImagePull"])
            .after(1_500)
            .warns("Failed", "Error: ImagePullBackOff")
            .status(waits(PULL_FAILS, "ImagePullBackOff", backing_off)),
        Stage::new("pod-pull-fails-again")
            .when(BEHAVIOUR, &[PULL_FAILS])
            .when(WAITING, &["ImagePullBackOff"])
            .after(15_000)
            .status(waits(PULL_FAILS, "ErrImagePull", not_found)),
        Stage::new("pod-has-no-config")
            .when(PHASE, &["Pending"])
            .when(BEHAVIOUR, &[BAD_CONFIG])
            .when_not(WAITING, &["CreateContainerConfigError"])
            .after(400)
            .warns("Failed", "Error: configmap \"api-config\" not found")
            .logs(&[BAD_CONFIG], Logs::Missing, Logs::Missing)
            .status(waits(BAD_CONFIG, "CreateContainerConfigError", no_config)),
        Stage::new("pod-has-an-invalid-image-name")
            .when(PHASE, &["Pending"])
            .when(BEHAVIOUR, &[INVALID_NAME])
            .when_not(WAITING, &["InvalidImageName"])
            .after(400)
            .warns("InspectFailed", "Failed to apply default image tag: couldn't parse image name")
            .logs(&[INVALID_NAME], Logs::Missing, Logs::Missing)
            .status(waits(INVALID_NAME, "InvalidImageName", bad_name)),
    ]
}

/// Containers that run, die and are restarted, for ever: the first time at once, later after a back-off.
fn dying_stages() -> Vec<Stage> {
    let names: Vec<&str> = DYING.iter().map(|(name, _)| *name).collect();
    let mut stages = Vec::new();
    for (name, milliseconds) in DYING {
        let (reason, code) = if name == OUT_OF_MEMORY { ("OOMKilled", 137) } else { ("Error", 2) };
        let runs = |stage: Stage, restarted: &str| {
            stage
                .when(PHASE, &["Running"])
                .when(BEHAVIOUR, &[name])
                .when(READY, &["True"])
                .when(RESTARTED, &[restarted])
                .after(milliseconds)
        };
        let (ended, backs_off) = (ended(reason, code), backs_off(reason, code));
        stages.push(
            runs(Stage::new(format!("pod-{name}-ends-first")), "never")
                .logs(&[name], Logs::Ended, Logs::Missing)
                .status(pod_status("Running", "False", &one_or_others(&[name], &ended, RUNS_READY))),
        );
        stages.push(
            runs(Stage::new(format!("pod-{name}-ends-again")), "before")
                .warns("BackOff", "Back-off restarting failed container")
                .logs(&[name], Logs::Ended, Logs::Ended)
                .status(pod_status("Running", "False", &one_or_others(&[name], &backs_off, RUNS_READY))),
        );
    }
    let again = one_or_others(&names, RUNS_AGAIN, RUNS_READY);
    stages.push(
        Stage::new("pod-restarts-at-once")
            .when(BEHAVIOUR, &names)
            .when(ENDED, &["Error", "OOMKilled"])
            .after(400)
            .tells("Started", "Started container")
            .logs(&names, Logs::Started, Logs::Ended)
            .status(pod_status("Running", "True", &again)),
    );
    stages.push(
        Stage::new("pod-restarts-after-back-off")
            .when(BEHAVIOUR, &names)
            .when(WAITING, &["CrashLoopBackOff"])
            .after_computed(BACK_OFF)
            .tells("Started", "Started container")
            .logs(&names, Logs::Started, Logs::Ended)
            .status(pod_status("Running", "True", &again)),
    );
    stages
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
