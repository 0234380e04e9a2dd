//! A shop for tests: its target, what is seen of it, and changes in each phase.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::catalogue::{ContainerSource, Policy, Target, Workload, WorkloadKind};
use crate::change::outcome::{EndedBy, Failure};
use crate::change::prepare::{Facts, Found, HeldBefore, Prepared, WantedImage, prepare};
use crate::change::{
    Ask, Asker, Baseline, Change, Head, NewImage, Phase, ReturnStage, Watch, Work, WorkloadWork, Written,
};
use crate::evidence::CauseKind;
use crate::image::{Digest, Image};
use crate::names::{ChangeId, ChangeNumber, ContainerName, WorkloadName};
use crate::rollout::seen::{MarkerStep, Observed, PodSeen, WorkloadSeen, WorkloadView};
use crate::rollout::testing::{PodLife, pod, wall};
use crate::template::Template;
use crate::time::ObservedTime;

/// The moment at which everything is decided.
pub(super) fn now() -> DateTime<Utc> {
    wall(100)
}

/// The id of the change that is tried.
pub(super) fn id() -> ChangeId {
    ChangeId::from_parts(1_800_000_000_000, 412)
}

/// The id of an earlier change.
pub(super) fn earlier() -> ChangeId {
    ChangeId::from_parts(1_700_000_000_000, 400)
}

pub(super) fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name")
}

pub(super) fn digest(of: u8) -> Digest {
    format!("sha256:{}", format!("{of:02x}").repeat(32)).parse().expect("a digest")
}

/// `r.example/shop/api:v2`, with a digest where one is given.
pub(super) fn image(workload: &str, tag: &str, digest: Option<&Digest>) -> Image {
    let image: Image = format!("r.example/shop/{workload}:{tag}").parse().expect("an image");
    digest.map_or(image.clone(), |digest| image.resolved(digest.clone()))
}

/// A pod template with one container of the workload's name.
pub(super) fn template(workload: &str, image: &Image) -> Arc<Template> {
    template_with(workload, image, "10")
}

/// The same with another setting beside the image.
pub(super) fn template_with(workload: &str, image: &Image, level: &str) -> Arc<Template> {
    Arc::new(Template::new(json!({
        "metadata": { "creationTimestamp": null, "labels": { "app": workload } },
        "spec": {
            "containers": [
                { "name": "proxy", "image": "envoy:v1" },
                { "name": workload, "image": image.to_string(), "env": [{ "name": "LEVEL", "value": level }] },
            ],
            "fieldOfTheFuture": { "ratio": 0.25 },
        },
    })))
}

pub(super) fn target(workloads: &[&str]) -> Target {
    let workload = |workload: &&str| Workload {
        kind: WorkloadKind::Deployment,
        name: name(workload),
        containers: vec![ContainerSource {
            container: name(workload),
            repository: name(&format!("r.example/shop/{workload}")),
        }],
    };
    Target {
        name: crate::names::TargetName { service: name("api"), environment: name("prod") },
        cluster: name("main"),
        namespace: name("shop"),
        workloads: workloads.iter().map(workload).collect(),
        channel: name("ops"),
        policy: Policy::default(),
        permissions: Default::default(),
        owners: vec![name("mo")],
        runbook: None,
        dashboard: None,
    }
}

/// A healthy workload of two pods that runs an image.
pub(super) fn seen(template: &Arc<Template>) -> WorkloadSeen {
    WorkloadSeen {
        uid: "uid-1".to_owned(),
        generation: 6,
        observed_generation: 6,
        desired: 2,
        total: 2,
        updated: 2,
        ready: 2,
        available: 2,
        paused: false,
        paused_by: None,
        template_by: None,
        has_annotations: true,
        marker: None,
        template: Arc::clone(template),
        revision: Some("3".to_owned()),
        conditions: Vec::new(),
        autoscaler: None,
    }
}

/// A ready pod of a template, whose container of the workload's name reports a digest.
pub(super) fn ready_pod(workload: &str, number: u32, template: &Template, runs: Option<&Digest>) -> PodSeen {
    let mut pod = pod(&format!("{workload}-{number}"), template).ready();
    workload.clone_into(&mut pod.containers[0].name);
    match runs {
        Some(digest) => pod.runs(&format!("r.example/shop/{workload}@{digest}")),
        None => pod,
    }
}

pub(super) fn ready_pods(workload: &str, template: &Template, runs: Option<&Digest>) -> Vec<PodSeen> {
    (1..=2).map(|number| ready_pod(workload, number, template, runs)).collect()
}

/// A workload as `preparing` finds it: healthy, running an image whose pods report a digest.
pub(super) fn found(workload: &str, image: &Image, runs: Option<&Digest>) -> Found {
    let template = template(workload, image);
    Found { pods: ready_pods(workload, &template, runs), seen: Some(seen(&template)), held: None }
}

/// The same, paused by an earlier change that failed, which had found version 1.
pub(super) fn held(workload: &str, image: &Image) -> Found {
    let mut found = found(workload, image, None);
    let seen = found.seen.as_mut().expect("seen");
    seen.paused = true;
    seen.marker = Some(format!("{}/hold", earlier()));
    let template = seen.template.hash();
    found.held = Some(HeldBefore { change: earlier(), template, baseline: baseline(workload) });
    found
}

/// What ran before everything: version 1.
pub(super) fn baseline(workload: &str) -> Baseline {
    Baseline {
        template: template(workload, &image(workload, "v1", None)).json().clone(),
        digests: BTreeMap::from([(name(workload), digest(1))]),
        all_ready: true,
    }
}

/// What a deploy of an image finds out: a registry was asked if the image has a digest.
pub(super) fn wanting(found: Vec<Found>, wanted: &[(&str, Image)]) -> Facts {
    let wanted = wanted.iter().enumerate().map(|(place, (container, image))| {
        let asked = image.reference.digest().is_some();
        let wanted = WantedImage { image: image.clone(), platforms: Vec::new(), asked };
        ((place, name::<ContainerName>(container)), wanted)
    });
    Facts { workloads: found, wanted: wanted.collect(), releases: Vec::new(), withdrawn: Vec::new() }
}

pub(super) fn deploy(tag: &str) -> Ask {
    Ask::Deploy { reference: name(tag) }
}

/// The work of a decision to write.
pub(super) fn work_of(prepared: Prepared) -> Work {
    match prepared {
        Prepared::Write(work) => *work,
        other => panic!("nothing is written: {other:?}"),
    }
}

/// A change of these workloads from version 1 to version 2, in `preparing`.
pub(super) fn preparing(workloads: &[&str]) -> Change {
    Change {
        head: Head {
            id: id(),
            number: ChangeNumber(412),
            ask: deploy("v2"),
            asked_by: Asker::Person { name: name("lin"), typed_by: None },
            asked_at: wall(0),
            request: "request-1".to_owned(),
            observed: ObservedTime::default(),
            phase: Phase::Preparing,
            stop: None,
            parked: None,
            answers: None,
        },
        target: target(workloads),
        work: None,
        watch: Watch::default(),
        cause: None,
    }
}

/// The same with its work, in a phase.
pub(super) fn in_phase(workloads: &[&str], phase: Phase) -> Change {
    let mut change = preparing(workloads);
    let all = workloads.iter().map(|workload| found(workload, &image(workload, "v1", None), Some(&digest(1))));
    let wanted: Vec<_> =
        workloads.iter().map(|workload| (*workload, image(workload, "v2", Some(&digest(2))))).collect();
    let facts = wanting(all.collect(), &wanted);
    change.work = Some(work_of(prepare(&change.head.ask, &change.target, &facts)));
    change.head.phase = phase;
    change
}

/// The template of version 2, as our write leaves it.
pub(super) fn ours(workload: &str) -> Arc<Template> {
    template(workload, &image(workload, "v2", Some(&digest(2))))
}

pub(super) fn written(workload: &str, step: MarkerStep) -> Written {
    let template = match step {
        MarkerStep::Return => template(workload, &image(workload, "v1", None)).hash(),
        _ => ours(workload).hash(),
    };
    Written { step, generation: 7, template, at: wall(10) }
}

pub(super) fn failure(workload: &str) -> Failure {
    let workload: WorkloadName = name(workload);
    Failure { workload, kind: CauseKind::CrashLoop, ended_by: EndedBy::Sign, at: wall(50) }
}

/// Applied to the first so many workloads.
pub(super) fn applied_to(workloads: &[&str]) -> Vec<Written> {
    workloads.iter().map(|workload| written(workload, MarkerStep::Apply)).collect()
}

pub(super) fn holding(workloads: &[&str]) -> Change {
    let written = applied_to(workloads);
    let failure = failure(workloads[0]);
    in_phase(workloads, Phase::Holding { written, failure, held: BTreeMap::new(), not_returned: None })
}

pub(super) fn returning(workloads: &[&str], stage: ReturnStage) -> Change {
    let written = applied_to(workloads);
    in_phase(workloads, Phase::Returning { written, failure: failure(workloads[0]), stage })
}

/// Everything that is written back.
pub(super) fn back(workloads: &[&str]) -> BTreeMap<usize, Written> {
    workloads.iter().map(|workload| written(workload, MarkerStep::Return)).enumerate().collect()
}

/// A workload after our write of a step, complete, with ready pods that run a digest.
pub(super) fn complete(workload: &str, step: MarkerStep) -> WorkloadView {
    let (template, runs) = match step {
        MarkerStep::Return => (template(workload, &image(workload, "v1", None)), digest(1)),
        _ => (ours(workload), digest(2)),
    };
    let mut seen = seen(&template);
    (seen.generation, seen.observed_generation) = (7, 7);
    seen.marker = Some(format!("{}/{step}", id()));
    WorkloadView { workload: Some(seen), pods: ready_pods(workload, &template, Some(&runs)) }
}

/// A workload just after our write: the old pods are there, and none of ours.
pub(super) fn moving(workload: &str) -> WorkloadView {
    let old = template(workload, &image(workload, "v1", None));
    let mut view = complete(workload, MarkerStep::Apply);
    view.pods = ready_pods(workload, &old, Some(&digest(1)));
    let seen = view.workload.as_mut().expect("seen");
    (seen.updated, seen.available, seen.ready) = (0, 2, 2);
    view
}

pub(super) fn observed(workloads: Vec<WorkloadView>) -> Observed {
    Observed { workloads, age: Some(std::time::Duration::from_secs(1)) }
}

/// The new image of the first workload.
pub(super) fn first_image(work: &Work) -> &NewImage {
    &work.workloads[0].images[0]
}

pub(super) fn item(change: &Change, place: usize) -> &WorkloadWork {
    &change.work.as_ref().expect("work").workloads[place]
}
