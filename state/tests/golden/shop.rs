//! The shop that all golden records are about: everything is spelled out, so that nothing of it moves with the code.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use state::catalogue::{
    Action, AfterFailure, ContainerSource, Grantee, LogsInChat, Permissions, Policy, Target, Unanswered, Workload,
    WorkloadKind,
};
use state::change::outcome::{EndedBy, Failure};
use state::change::{Ask, Asker, Baseline, Change, Head, NewImage, Phase, Pin, Watch, Work, WorkloadWork, Written};
use state::evidence::{Cause, CauseKind};
use state::image::{Digest, Image};
use state::names::{ChangeId, ChangeNumber, TargetName};
use state::rollout::memory::Memory;
use state::rollout::pods::Print;
use state::rollout::seen::{ContainerSeen, ContainerState, EventSeen, MarkerStep, PodSeen};
use state::rollout::stability::StabilityWindow;
use state::template::Template;
use state::time::ObservedTime;

/// The workloads of the service, in their order.
pub(crate) const WORKLOADS: [&str; 2] = ["api", "worker"];

/// So many pods are wanted of each.
pub(crate) const REPLICAS: u32 = 2;

/// The generation that our write of a step returned.
pub(crate) const GENERATION: i64 = 7;

/// So many seconds after the night began.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    let began: DateTime<Utc> = "2026-11-26T03:00:00.250Z".parse().expect("a moment");
    began + chrono::TimeDelta::seconds(seconds)
}

pub(crate) fn name<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

/// What can be told only as it is stored, because nothing but the judge makes it.
pub(crate) fn told<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("as it is stored at format 1")
}

pub(crate) fn id(number: u64) -> ChangeId {
    ChangeId::from_parts(1_796_000_000_000 + number, 0xabcd)
}

pub(crate) fn observed(milliseconds: u64) -> ObservedTime {
    told(json!(milliseconds))
}

pub(crate) fn digest(of: u8) -> Digest {
    name(&format!("sha256:{}", format!("{of:02x}").repeat(32)))
}

/// `r.example/shop/api:v1`, with its digest where one is given.
pub(crate) fn image(workload: &str, tag: &str, digest: Option<&Digest>) -> Image {
    let image: Image = name(&format!("r.example/shop/{workload}:{tag}"));
    digest.map_or(image.clone(), |digest| image.resolved(digest.clone()))
}

/// A pod template, with a field that no version knows.
pub(crate) fn template(workload: &str, image: &Image) -> Template {
    Template::new(json!({
        "metadata": { "creationTimestamp": null, "labels": { "app": workload } },
        "spec": {
            "containers": [
                { "name": "proxy", "image": "envoy:v1" },
                { "name": workload, "image": image.to_string(), "env": [{ "name": "GREETING", "value": "你好 \"x\"" }] },
            ],
            "fieldOfTheFuture": { "ratio": 0.25, "large": 9_007_199_254_740_993_u64 },
        },
    }))
}

/// The template that stood there before.
pub(crate) fn before(workload: &str) -> Template {
    template(workload, &image(workload, "v1", None))
}

/// The template with our images.
pub(crate) fn ours(workload: &str) -> Template {
    template(workload, &image(workload, "v2", Some(&digest(2))))
}

pub(crate) fn target(service: &str) -> Target {
    let workload = |workload: &&str| Workload {
        kind: WorkloadKind::Deployment,
        name: name(workload),
        containers: vec![ContainerSource {
            container: name(workload),
            repository: name(&format!("r.example/shop/{workload}")),
        }],
    };
    Target {
        name: TargetName { service: name(service), environment: name("prod") },
        cluster: name("main"),
        namespace: name("shop"),
        workloads: WORKLOADS.iter().map(workload).collect(),
        channel: name("ops"),
        policy: policy(AfterFailure::Ask, Unanswered::Hold, LogsInChat::Redacted),
        permissions: permissions(),
        owners: vec![name("mo")],
        runbook: Some("https://wiki.example/api".to_owned()),
        dashboard: None,
    }
}

pub(crate) fn policy(after_failure: AfterFailure, unanswered: Unanswered, logs_in_chat: LogsInChat) -> Policy {
    Policy {
        after_failure,
        ask_for: Duration::from_secs(600),
        unanswered,
        stability_window: Duration::from_secs(60),
        progress_deadline: Duration::from_secs(600),
        certain_after: Duration::from_secs(60),
        logs_in_chat,
    }
}

/// Every action, and every way to grant one.
fn permissions() -> Permissions {
    let grantees = [
        Grantee::Everyone,
        Grantee::OnCall,
        Grantee::Owner,
        Grantee::Role(name("admin")),
        Grantee::Person(name("lin")),
    ];
    let granted = |(n, action)| (action, grantees.iter().take(n % grantees.len() + 1).cloned().collect());
    Permissions(Action::ALL.into_iter().enumerate().map(granted).collect())
}

pub(crate) fn person(who: &str) -> Asker {
    Asker::Person { name: name(who), typed_by: None }
}

pub(crate) fn deploy() -> Ask {
    Ask::Deploy { reference: name("v2") }
}

pub(crate) fn head(number: u64, phase: Phase) -> Head {
    Head {
        id: id(number),
        number: ChangeNumber(number),
        ask: deploy(),
        asked_by: person("lin"),
        asked_at: at(0),
        request: format!("request-{number}"),
        observed: observed(12_000),
        phase,
        stop: None,
        parked: None,
        answers: None,
    }
}

pub(crate) fn change(service: &str, number: u64) -> Change {
    Change {
        head: Head { observed: observed(0), ..head(number, Phase::Preparing) },
        target: target(service),
        work: None,
        watch: Watch::default(),
        cause: None,
    }
}

pub(crate) fn baseline(workload: &str) -> Baseline {
    Baseline {
        template: before(workload).json().clone(),
        digests: BTreeMap::from([(name(workload), digest(1))]),
        all_ready: true,
    }
}

pub(crate) fn item(workload: &str) -> WorkloadWork {
    WorkloadWork {
        workload: target("api").workloads.into_iter().find(|one| one.name.as_str() == workload).expect("a workload"),
        uid: uid(workload),
        found: before(workload).hash(),
        found_marker: None,
        found_revision: Some("3".to_owned()),
        resumes: false,
        replicas: REPLICAS,
        images: vec![NewImage {
            container: name(workload),
            from: image(workload, "v1", None).to_string(),
            to: image(workload, "v2", Some(&digest(2))),
            platforms: vec![digest(3)],
            asked: true,
        }],
        template: None,
        baseline: baseline(workload),
    }
}

pub(crate) fn uid(workload: &str) -> String {
    format!("uid-of-{workload}")
}

pub(crate) fn work() -> Work {
    Work { workloads: WORKLOADS.iter().map(|workload| item(workload)).collect(), release: None, differences: vec![] }
}

pub(crate) fn written(workload: &str, step: MarkerStep) -> Written {
    let template = if step == MarkerStep::Return { before(workload) } else { ours(workload) };
    Written { step, generation: GENERATION, template: template.hash(), at: at(10) }
}

/// Applied to the first so many workloads.
pub(crate) fn applied(workloads: usize) -> Vec<Written> {
    WORKLOADS.iter().take(workloads).map(|workload| written(workload, MarkerStep::Apply)).collect()
}

/// Written back, all but the first so many workloads.
pub(crate) fn back(but: usize) -> BTreeMap<usize, Written> {
    let all = WORKLOADS.iter().map(|workload| written(workload, MarkerStep::Return)).enumerate();
    all.skip(but).collect()
}

pub(crate) fn pin() -> Pin {
    Pin { workload: 0, container: name("api"), image: image("api", "v1", Some(&digest(1))) }
}

pub(crate) fn failure() -> Failure {
    Failure { workload: name("worker"), kind: CauseKind::CrashLoop, ended_by: EndedBy::Sign, at: at(90) }
}

pub(crate) fn cause(kind: CauseKind) -> Cause {
    Cause {
        kind,
        affected: 1,
        of: 2,
        pod: Some("worker-7c9d-x2x".to_owned()),
        container: Some("worker".to_owned()),
        reason: "CrashLoopBackOff".to_owned(),
        message: "back-off 40s restarting failed container".to_owned(),
        exit_code: Some(-1),
        restarts: 4,
        since: at(60),
        events: vec![EventSeen {
            at: at(70),
            reason: "BackOff".to_owned(),
            message: "Back-off restarting failed container".to_owned(),
            count: 3,
        }],
        log: vec!["listening on :8080".to_owned(), "panic: \"orders\" 不存在".to_owned()],
    }
}

/// A ready pod of a template.
pub(crate) fn pod(workload: &str, number: u32, template: &Template, runs: &Digest) -> PodSeen {
    let image = template.image_of(&name(workload)).expect("an image").to_owned();
    PodSeen {
        name: format!("{workload}-{number}"),
        uid: format!("uid-of-{workload}-{number}"),
        template: Some(template.hash()),
        deleting: false,
        ready: true,
        phase: "Running".to_owned(),
        created: at(11),
        unschedulable: None,
        containers: vec![ContainerSeen {
            name: workload.to_owned(),
            init: false,
            image,
            image_id: format!("r.example/shop/{workload}@{runs}"),
            restarts: 0,
            ready: true,
            state: ContainerState::Running { since: Some(at(12)) },
            last_end: None,
        }],
    }
}

/// The pods that a rollout of ours ends with.
pub(crate) fn pods(workload: &str, template: &Template, runs: &Digest) -> Vec<PodSeen> {
    (1..=REPLICAS).map(|number| pod(workload, number, template, runs)).collect()
}

/// What the judge remembers of a rollout under way.
pub(crate) fn memory() -> Memory {
    told(json!({
        "looked": 12_000,
        "idle": 4_000,
        "furthest": { "desired": 2, "new_ready": 0, "new_total": 1, "old_total": 2, "observed": true },
    }))
}

/// The same with everything that it can remember.
pub(crate) fn full_memory() -> Memory {
    told(json!({
        "looked": 12_000,
        "idle": 4_000,
        "furthest": { "desired": 2, "new_ready": 1, "new_total": 2, "old_total": 1, "observed": true },
        "restarts_before": { "0123456789ab": 3 },
        "ready_pods": ["0123456789ab", "fedcba987654"],
        "signs": [
            { "pod": "fedcba987654", "kind": "pull", "observed": 9_000, "wall": at(9) },
            { "pod": null, "kind": "not-created", "observed": 10_000, "wall": at(10) },
        ],
        "pause": { "observed": 11_000, "wall": at(11) },
    }))
}

/// The window of a workload whose pods are all good.
pub(crate) fn window(workload: &str) -> StabilityWindow {
    let pods = pods(workload, &ours(workload), &digest(2));
    let prints: serde_json::Map<String, Value> =
        pods.iter().map(|pod| (Print::of_pod(pod).to_string(), json!(0))).collect();
    told(json!({ "pods": prints, "began": 9_000, "memory": memory() }))
}
