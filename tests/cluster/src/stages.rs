//! kwok's configuration: the life of nodes and pods as stages, and what containers have logged.
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

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::behaviour::{
    BAD_CONFIG, BARE_ID, DYING, INVALID_NAME, NEVER_READY, NEVER_SIMPLY_READY, OUT_OF_MEMORY, PULL_FAILS, SLOW,
    UNREADY_AFTER_20_S, WRONG_DIGEST,
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

/// Writes the configuration and the log files it names into a folder, and answers the configuration's documents.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let logs = folder.join("logs");
    fs::create_dir_all(&logs)?;
    let mut documents = vec![node_stage(), deleted_stage(), ready_stage(), unready_stage(), slow_stage()];
    documents.push(turns_unready_stage());
    documents.extend(waiting_stages());
    documents.extend(dying_stages());
    documents.push(container_logs(&logs)?);
    let text: Vec<String> = documents.iter().map(Value::to_string).collect();
    let path = folder.join("kwok.yaml");
    fs::write(&path, text.join("\n---\n")).with_context(|| format!("{}", path.display()))
}

/// A stage for pods.
struct Stage {
    name: String,
    when: Vec<(&'static str, &'static str, Vec<String>)>,
    delay: Value,
    events: Vec<(&'static str, &'static str, String)>,
    status: String,
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
        }
    }

    fn when(mut self, key: &'static str, values: &[&str]) -> Self {
        self.when.push((key, "In", values.iter().map(|&value| value.to_owned()).collect()));
        self
    }

    fn when_not(mut self, key: &'static str, values: &[&str]) -> Self {
        self.when.push((key, "NotIn", values.iter().map(|&value| value.to_owned()).collect()));
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

    fn document(self) -> Value {
        let mut steps: Vec<Value> = self
            .events
            .iter()
            .map(|(kind, reason, message)| json!({ "event": { "type": kind, "reason": reason, "message": message } }))
            .collect();
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

fn ready_stage() -> Value {
    Stage::new("pod-ready")
        .when(PHASE, &["Pending"])
        .when_not(BEHAVIOUR, &NEVER_SIMPLY_READY)
        .after(1_000)
        .tells("Started", "Started container")
        .status(pod_status("Running", "True", RUNS_READY))
        .document()
}

fn unready_stage() -> Value {
    Stage::new("pod-not-ready-yet")
        .when(PHASE, &["Pending"])
        .when(BEHAVIOUR, &[NEVER_READY, SLOW])
        .after(500)
        .tells("Started", "Started container")
        .warns("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        .status(pod_status("Running", "False", &one_or_others(&[NEVER_READY, SLOW], RUNS_UNREADY, RUNS_READY)))
        .document()
}

fn slow_stage() -> Value {
    Stage::new("pod-ready-at-last")
        .when(PHASE, &["Running"])
        .when(BEHAVIOUR, &[SLOW])
        .when(READY, &["False"])
        .after(14_500)
        .status(pod_status("Running", "True", RUNS_READY))
        .document()
}

fn turns_unready_stage() -> Value {
    Stage::new("pod-turns-unready")
        .when(PHASE, &["Running"])
        .when(BEHAVIOUR, &[UNREADY_AFTER_20_S])
        .when(READY, &["True"])
        .after(20_000)
        .warns("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        .status(pod_status("Running", "False", &one_or_others(&[UNREADY_AFTER_20_S], RUNS_UNREADY, RUNS_READY)))
        .document()
}

/// Containers that never get to run.
fn waiting_stages() -> Vec<Value> {
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
            .status(waits(PULL_FAILS, "ErrImagePull", not_found))
            .document(),
        Stage::new("pod-pull-backs-off")
            .when(BEHAVIOUR, &[PULL_FAILS])
            .when(WAITING, &["ErrImagePull"])
            .after(1_500)
            .warns("Failed", "Error: ImagePullBackOff")
            .status(waits(PULL_FAILS, "ImagePullBackOff", backing_off))
            .document(),
        Stage::new("pod-pull-fails-again")
            .when(BEHAVIOUR, &[PULL_FAILS])
            .when(WAITING, &["ImagePullBackOff"])
            .after(15_000)
            .status(waits(PULL_FAILS, "ErrImagePull", not_found))
            .document(),
        Stage::new("pod-has-no-config")
            .when(PHASE, &["Pending"])
            .when(BEHAVIOUR, &[BAD_CONFIG])
            .when_not(WAITING, &["CreateContainerConfigError"])
            .after(400)
            .warns("Failed", "Error: configmap \"api-config\" not found")
            .status(waits(BAD_CONFIG, "CreateContainerConfigError", no_config))
            .document(),
        Stage::new("pod-has-an-invalid-image-name")
            .when(PHASE, &["Pending"])
            .when(BEHAVIOUR, &[INVALID_NAME])
            .when_not(WAITING, &["InvalidImageName"])
            .after(400)
            .warns("InspectFailed", "Failed to apply default image tag: couldn't parse image name")
            .status(waits(INVALID_NAME, "InvalidImageName", bad_name))
            .document(),
    ]
}

/// Containers that run, die and are restarted, for ever: the first time at once, later after a back-off.
fn dying_stages() -> Vec<Value> {
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
        let ended = ended(reason, code);
        stages.push(
            runs(Stage::new(format!("pod-{name}-ends-first")), "never")
                .status(pod_status("Running", "False", &one_or_others(&[name], &ended.0, RUNS_READY)))
                .document(),
        );
        stages.push(
            runs(Stage::new(format!("pod-{name}-ends-again")), "before")
                .warns("BackOff", "Back-off restarting failed container")
                .status(pod_status("Running", "False", &one_or_others(&[name], &ended.1, RUNS_READY)))
                .document(),
        );
    }
    let again = one_or_others(&names, RUNS_AGAIN, RUNS_READY);
    stages.push(
        Stage::new("pod-restarts-at-once")
            .when(BEHAVIOUR, &names)
            .when(ENDED, &["Error", "OOMKilled"])
            .after(400)
            .tells("Started", "Started container")
            .status(pod_status("Running", "True", &again))
            .document(),
    );
    stages.push(
        Stage::new("pod-restarts-after-back-off")
            .when(BEHAVIOUR, &names)
            .when(WAITING, &["CrashLoopBackOff"])
            .after_computed(BACK_OFF)
            .tells("Started", "Started container")
            .status(pod_status("Running", "True", &again))
            .document(),
    );
    stages
}

/// The status of a whole pod around the statuses of its containers. Within `container`, `.` is the container of the spec, `$old` its
/// status until now, `$behaviour`, `$imageID` and `$now` what they say.
fn pod_status(phase: &str, ready: &str, container: &str) -> String {
    let (reason, message) = match ready {
        "True" => ("", ""),
        _ => ("\n  reason: ContainersNotReady", "\n  message: containers are not ready"),
    };
    let condition = |kind: &str| {
        format!("- type: {kind}\n  status: {ready:?}\n  lastTransitionTime: {{{{ $now | Quote }}}}{reason}{message}\n")
    };
    format!(
        r#"
{{{{ $now := Now }}}}
{{{{ $pod := . }}}}
phase: {phase}
startTime: {{{{ or .status.startTime $now | Quote }}}}
hostIP: {{{{ NodeIPWith .spec.nodeName | Quote }}}}
podIP: {{{{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") | Quote }}}}
conditions:
- type: Initialized
  status: "True"
  lastTransitionTime: {{{{ $now | Quote }}}}
{}{}
{{{{ if .spec.initContainers }}}}
initContainerStatuses:
{{{{ range .spec.initContainers }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: {{{{ .image | Quote }}}}
  ready: true
  restartCount: 0
{{{{ if eq (or .restartPolicy "") "Always" }}}}
  started: true
  state: {{ running: {{ startedAt: {{{{ $now | Quote }}}} }} }}
{{{{ else }}}}
  state: {{ terminated: {{ exitCode: 0, reason: Completed, startedAt: {{{{ $now | Quote }}}}, finishedAt: {{{{ $now | Quote }}}} }} }}
{{{{ end }}}}
{{{{ end }}}}
{{{{ end }}}}
containerStatuses:
{{{{ range .spec.containers }}}}
{{{{ $name := .name }}}}
{{{{ $old := dict }}}}
{{{{ range (or $pod.status.containerStatuses list) }}}}{{{{ if eq .name $name }}}}{{{{ $old = . }}}}{{{{ end }}}}{{{{ end }}}}
{{{{ $reference := splitList "@" .image }}}}
{{{{ $tagged := first $reference }}}}
{{{{ $repository := regexReplaceAll ":[^:/]*$" $tagged "" }}}}
{{{{ $behaviour := last (splitList "-" (last (splitList ":" $tagged))) }}}}
{{{{ $digest := printf "sha256:%s" (sha256sum .image) }}}}
{{{{ if eq (len $reference) 2 }}}}{{{{ $digest = last $reference }}}}{{{{ end }}}}
{{{{ if eq $behaviour "{WRONG_DIGEST}" }}}}{{{{ $digest = printf "sha256:%s" (sha256sum (printf "not %s" .image)) }}}}{{{{ end }}}}
{{{{ $imageID := printf "%s@%s" $repository $digest }}}}
{{{{ if eq $behaviour "{BARE_ID}" }}}}{{{{ $imageID = printf "sha256:%s" (sha256sum .image) }}}}{{{{ end }}}}
{{{{ $restarts := int (or $old.restartCount 0) }}}}
{{{{ $running := dict }}}}
{{{{ with $old.state }}}}{{{{ with .running }}}}{{{{ $running = . }}}}{{{{ end }}}}{{{{ end }}}}
{{{{ $since := or $running.startedAt $now }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
{container}
{{{{ end }}}}
"#,
        condition("Ready"),
        condition("ContainersReady"),
    )
}

/// One template for containers of these behaviours, another for the rest.
fn one_or_others(behaviours: &[&str], these: &str, others: &str) -> String {
    let list: Vec<String> = behaviours.iter().map(|name| format!("{name:?}")).collect();
    format!("{{{{ if has $behaviour (list {}) }}}}{these}{{{{ else }}}}{others}{{{{ end }}}}", list.join(" "))
}

const RUNS_READY: &str = r#"
  imageID: {{ $imageID | Quote }}
  containerID: containerd://{{ sha256sum (printf "%s %s %d" $pod.metadata.uid $name $restarts) }}
  ready: true
  started: true
  restartCount: {{ $restarts }}
  state: { running: { startedAt: {{ $since | Quote }} } }
{{ with $old.lastState }}{{ if . }}
  lastState: {{ toJson . }}
{{ end }}{{ end }}
"#;

const RUNS_UNREADY: &str = r#"
  imageID: {{ $imageID | Quote }}
  containerID: containerd://{{ sha256sum (printf "%s %s %d" $pod.metadata.uid $name $restarts) }}
  ready: false
  started: true
  restartCount: {{ $restarts }}
  state: { running: { startedAt: {{ $since | Quote }} } }
"#;

/// Restarted: counts up, and what the container ended with moves to its last state.
const RUNS_AGAIN: &str = r#"
  imageID: {{ $imageID | Quote }}
  containerID: containerd://{{ sha256sum (printf "%s %s %d" $pod.metadata.uid $name (add $restarts 1)) }}
  ready: true
  started: true
  restartCount: {{ add $restarts 1 }}
  state: { running: { startedAt: {{ $now | Quote }} } }
{{ if $old.state.terminated }}
  lastState: { terminated: {{ toJson $old.state.terminated }} }
{{ else }}
  lastState: {{ toJson (or $old.lastState dict) }}
{{ end }}
"#;

fn waiting(reason: &str, message: &str) -> String {
    format!(
        "\n  imageID: \"\"\n  ready: false\n  started: false\n  restartCount: 0\n  state:\n    waiting:\n      reason: {reason}\n      \
         message: {message}\n"
    )
}

/// A container's end: as its present state, and as its last state while it waits for the next restart.
fn ended(reason: &str, code: u8) -> (String, String) {
    let common = r#"
  imageID: {{ $imageID | Quote }}
  containerID: containerd://{{ sha256sum (printf "%s %s %d" $pod.metadata.uid $name $restarts) }}
  ready: false
  started: false
  restartCount: {{ $restarts }}
"#;
    let terminated = format!(
        "terminated: {{ exitCode: {code}, reason: {reason}, startedAt: {{{{ $since | Quote }}}}, finishedAt: {{{{ $now | Quote }}}} }}"
    );
    let message = r#"{{ printf "back-off restarting failed container=%s pod=%s" $name $pod.metadata.name | Quote }}"#;
    (
        format!("{common}  state: {{ {terminated} }}\n"),
        format!(
            "{common}  state: {{ waiting: {{ reason: CrashLoopBackOff, message: {message} }} }}\n  lastState: {{ {terminated} }}\n"
        ),
    )
}

/// Every container has the same two logs: of the present run, and (`--previous`) of the run that ended, which ends in a panic. Both hold
/// what must never reach a chat: a token and a mention of everybody.
fn container_logs(folder: &Path) -> Result<Value> {
    let present = folder.join("present.log");
    let previous = folder.join("previous.log");
    fs::write(&present, cri_lines(&present_lines()))?;
    fs::write(&previous, cri_lines(&previous_lines()))?;
    Ok(json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": { "name": "logs" },
        "spec": { "logs": [{ "logsFile": present, "previousLogsFile": previous }] },
    }))
}

fn present_lines() -> Vec<String> {
    let mut lines = vec!["starting, configuration from /etc/api/config.toml".to_owned()];
    lines.extend((1..=40).map(|n| format!("GET /orders/{n} 200 {} ms", 3 + n % 7)));
    lines.push("connecting with Authorization: Bearer not-a-real-token-4f8a2c7d9e1b".to_owned());
    lines.push("@everyone the queue is 12 orders behind".to_owned());
    lines.push("GET /healthz 503 0 ms".to_owned());
    lines
}

fn previous_lines() -> Vec<String> {
    let mut lines = present_lines();
    lines.push("thread 'main' panicked at src/main.rs:42: DATABASE_URL is not set".to_owned());
    lines
}

/// The form in which a container runtime keeps logs: time, stream, whole or partial, text.
fn cri_lines(lines: &[String]) -> String {
    let stamped =
        |(n, line): (usize, &String)| format!("2026-01-01T00:{:02}:{:02}.000000000Z stdout F {line}\n", n / 60, n % 60);
    lines.iter().enumerate().map(stamped).collect()
}
