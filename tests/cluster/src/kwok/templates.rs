//! The Go templates of pods' statuses.

use crate::behaviour::{BARE_ID, WRONG_DIGEST};

/// The status of a whole pod around the statuses of its containers. Within `container`, `.` is the container of the spec, `$old` its
/// status until now, `$behaviour`, `$imageID` and `$now` what they say.
pub(super) fn pod_status(phase: &str, ready: &str, container: &str) -> String {
    // A patch merges conditions by type: what is not set to null stays.
    let (reason, message) = match ready {
        "True" => ("null", "null"),
        _ => ("ContainersNotReady", "containers are not ready"),
    };
    let condition = |kind: &str| {
        format!(
            "- type: {kind}\n  status: {ready:?}\n  lastTransitionTime: {{{{ or (get $transitions \"{kind}={ready}\") $now | Quote }}}}\n  \
             reason: {reason}\n  message: {message}\n"
        )
    };
    let behaviour = behaviour_of(".image");
    format!(
        r#"
{{{{ $now := Now }}}}
{{{{ $pod := . }}}}
{{{{ $transitions := dict }}}}
{{{{ range (or .status.conditions list) }}}}{{{{ $_ := set $transitions (printf "%s=%s" .type .status) .lastTransitionTime }}}}{{{{ end }}}}
phase: {phase}
startTime: {{{{ or .status.startTime $now | Quote }}}}
hostIP: {{{{ NodeIPWith .spec.nodeName | Quote }}}}
podIP: {{{{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") | Quote }}}}
conditions:
- type: Initialized
  status: "True"
  lastTransitionTime: {{{{ or (get $transitions "Initialized=True") $now | Quote }}}}
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
{behaviour}
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

/// Sets `$behaviour` to what the tag of an image says. The stages' own expression for it must say the same.
pub(super) fn behaviour_of(image: &str) -> String {
    format!(r#"{{{{ $behaviour := last (splitList "-" (last (splitList ":" (first (splitList "@" {image}))))) }}}}"#)
}

/// One template for containers of these behaviours, another for the rest.
pub(super) fn one_or_others(behaviours: &[&str], these: &str, others: &str) -> String {
    let list: Vec<String> = behaviours.iter().map(|name| format!("{name:?}")).collect();
    format!("{{{{ if has $behaviour (list {}) }}}}{these}{{{{ else }}}}{others}{{{{ end }}}}", list.join(" "))
}

pub(super) const RUNS_READY: &str = r#"
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

pub(super) const RUNS_UNREADY: &str = r#"
  imageID: {{ $imageID | Quote }}
  containerID: containerd://{{ sha256sum (printf "%s %s %d" $pod.metadata.uid $name $restarts) }}
  ready: false
  started: true
  restartCount: {{ $restarts }}
  state: { running: { startedAt: {{ $since | Quote }} } }
"#;

/// Restarted: counts up, and what the container ended with moves to its last state.
pub(super) const RUNS_AGAIN: &str = r#"
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

pub(super) fn waiting(reason: &str, message: &str) -> String {
    format!(
        "\n  imageID: \"\"\n  ready: false\n  started: false\n  restartCount: 0\n  state:\n    waiting:\n      reason: {reason}\n      \
         message: {message}\n"
    )
}

/// A container that has just ended.
pub(super) fn ended(reason: &str, code: u8) -> String {
    format!("{ENDED}  state: {{ {} }}\n", terminated(reason, code))
}

/// A container that has just ended and waits for its next restart.
pub(super) fn backs_off(reason: &str, code: u8) -> String {
    let message = r#"{{ printf "back-off restarting failed container=%s pod=%s" $name $pod.metadata.name | Quote }}"#;
    let waiting = format!("waiting: {{ reason: CrashLoopBackOff, message: {message} }}");
    format!("{ENDED}  state: {{ {waiting} }}\n  lastState: {{ {} }}\n", terminated(reason, code))
}

const ENDED: &str = r#"
  imageID: {{ $imageID | Quote }}
  containerID: containerd://{{ sha256sum (printf "%s %s %d" $pod.metadata.uid $name $restarts) }}
  ready: false
  started: false
  restartCount: {{ $restarts }}
"#;

fn terminated(reason: &str, code: u8) -> String {
    format!(
        "terminated: {{ exitCode: {code}, reason: {reason}, startedAt: {{{{ $since | Quote }}}}, finishedAt: {{{{ $now | Quote }}}} }}"
    )
}
