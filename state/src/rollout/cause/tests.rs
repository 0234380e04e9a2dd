use super::super::testing::{PodLife, Scene, wall};
use super::*;
use crate::rollout::expectation::ExpectedImage;
use crate::rollout::judge::Judgement;
use crate::rollout::seen::{ConditionSeen, ContainerEnd};

/// Looks once, and asks for the cause.
fn cause_of(scene: &mut Scene, failure: &Failure) -> (Cause, Option<Lookup>) {
    scene.look();
    cause(&scene.view, &scene.expectation, &scene.memory, failure, scene.moment().wall)
}

fn sign(kind: CauseKind, pod: &str) -> Failure {
    Failure::Sign { kind, pod: pod.to_owned() }
}

fn log(container: &str, previous: bool) -> Option<LogLookup> {
    Some(LogLookup { container: container.to_owned(), previous })
}

#[test]
fn a_crash_loop_is_shown_with_its_exit_code_and_the_log_before_it() {
    let mut scene = Scene::deploying(3);
    for name in ["new-1", "new-2"] {
        scene.put(scene.new_pod(name).restarts(1, "Error").restarts(1, "Error"));
        scene.change(name, |pod| pod.waiting("CrashLoopBackOff", "back-off 10s restarting failed container"));
    }
    scene.put(scene.new_pod("new-3").running()).controller_looks().after(20);
    let Judgement::Failing(failure, _) = scene.look() else { panic!("not failing") };
    let (cause, lookup) = cause_of(scene.after(5), &failure);
    assert_eq!((cause.kind, cause.affected, cause.of), (CauseKind::CrashLoop, 2, 3));
    assert_eq!((cause.pod.as_deref(), cause.container.as_deref()), (Some("new-1"), Some("api")));
    assert_eq!((cause.exit_code, cause.restarts, cause.since), (Some(1), 2, wall(20)));
    assert_eq!(cause.reason, "CrashLoopBackOff");
    assert_eq!(lookup, Some(Lookup { pod: "new-1".to_owned(), log: log("api", true) }));
}

#[test]
fn out_of_memory_is_named_even_when_it_happens_after_ready() {
    let mut scene = Scene::deploying(2);
    scene.finish().look();
    scene.change("new-1", |pod| pod.restarts(137, "OOMKilled").ready());
    let (cause, lookup) = cause_of(&mut scene, &sign(CauseKind::CrashedAfterReady, "new-1"));
    assert_eq!((cause.kind, cause.reason.as_str()), (CauseKind::OutOfMemory, "OOMKilled"));
    assert_eq!((cause.exit_code, cause.restarts), (Some(137), 1));
    assert_eq!(lookup.expect("a pod").log, log("api", true));
}

#[test]
fn a_crash_after_ready_is_told_as_such() {
    let mut scene = Scene::deploying(2);
    scene.finish().look();
    scene.change("new-1", |pod| pod.ends(2, "Error"));
    let (cause, lookup) = cause_of(&mut scene, &sign(CauseKind::CrashedAfterReady, "new-1"));
    assert_eq!((cause.kind, cause.exit_code), (CauseKind::CrashedAfterReady, Some(2)));
    assert_eq!(lookup.expect("a pod").log, log("api", false), "the run that ended is still the present one");
}

#[test]
fn a_failed_pull_has_no_log_and_its_message_is_redacted() {
    let mut scene = Scene::deploying(2);
    let message = "pull access denied for https://ci:hunter2@registry.example/api\u{202e}";
    scene.put(scene.new_pod("new-1").waiting("ErrImagePull", message)).controller_looks();
    let (cause, lookup) = cause_of(&mut scene, &sign(CauseKind::Pull, "new-1"));
    assert_eq!(cause.message, "pull access denied for https://ci:***@registry.example/api");
    assert_eq!((cause.reason.as_str(), cause.exit_code), ("ErrImagePull", None));
    assert_eq!(lookup, Some(Lookup { pod: "new-1".to_owned(), log: None }));
}

#[test]
fn at_the_deadline_the_most_telling_pod_is_shown() {
    let mut scene = Scene::deploying(9);
    let shown = |scene: &mut Scene| {
        let (cause, lookup) = cause_of(scene.controller_looks(), &Failure::Deadline);
        assert_eq!(lookup.map(|lookup| lookup.pod), cause.pod);
        (cause.kind, cause.pod)
    };
    let one = |kind: CauseKind, pod: &str| (kind, Some(pod.to_owned()));
    scene.workload().desired = 10;
    assert_eq!(shown(&mut scene), (CauseKind::Stuck, None));
    let mut nowhere = scene.new_pod("new-1");
    nowhere.unschedulable = Some("0/5 nodes are available".to_owned());
    scene.put(nowhere);
    assert_eq!(shown(&mut scene), one(CauseKind::Unschedulable, "new-1"));
    scene.put(scene.new_pod("new-2").running());
    assert_eq!(shown(&mut scene), one(CauseKind::NeverReady, "new-2"));
    scene.put(scene.new_pod("new-3").waiting("ImagePullBackOff", ""));
    assert_eq!(shown(&mut scene), one(CauseKind::Pull, "new-3"));
    scene.put(scene.new_pod("new-4").waiting("CreateContainerConfigError", "secret \"db\" not found"));
    assert_eq!(shown(&mut scene), one(CauseKind::BadConfig, "new-4"));
    scene.put(scene.new_pod("new-5").restarts(1, "Error"));
    assert_eq!(shown(&mut scene), one(CauseKind::CrashLoop, "new-5"));
    scene.put(scene.new_pod("new-6").restarts(1, "Error").restarts(1, "Error"));
    assert_eq!(shown(&mut scene), one(CauseKind::CrashLoop, "new-6"), "the one with more restarts");
    scene.put(scene.new_pod("new-7").restarts(137, "OOMKilled"));
    assert_eq!(shown(&mut scene), one(CauseKind::OutOfMemory, "new-7"));
}

#[test]
fn a_pod_that_is_never_ready_is_shown_with_the_log_that_it_writes() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").running()).controller_looks();
    let (cause, lookup) = cause_of(&mut scene, &Failure::Deadline);
    assert_eq!((cause.kind, cause.affected, cause.of), (CauseKind::NeverReady, 1, 1));
    assert_eq!(lookup.expect("a pod").log, log("api", false));
    scene.put(scene.new_pod("new-1").waiting("ContainerCreating", "")).controller_looks();
    let (cause, lookup) = cause_of(&mut scene, &Failure::Deadline);
    assert_eq!((cause.kind, cause.reason.as_str()), (CauseKind::NeverReady, "ContainerCreating"));
    assert_eq!(lookup.expect("a pod").log, None, "it has not run yet");
}

#[test]
fn an_init_container_that_fails_is_the_one_to_look_at() {
    let mut scene = Scene::deploying(2);
    let mut new = scene.new_pod("new-1").waiting("PodInitializing", "");
    let mut init = new.containers[0].clone();
    init.name = "migrate".to_owned();
    init.init = true;
    init.restarts = 2;
    init.state = ContainerState::Terminated(ContainerEnd { exit_code: 3, reason: "Error".to_owned(), at: None });
    new.containers.insert(0, init);
    scene.put(new).controller_looks();
    let Judgement::Failing(failure, _) = scene.look() else { panic!("not failing") };
    let (cause, lookup) = cause_of(&mut scene, &failure);
    assert_eq!((cause.container.as_deref(), cause.exit_code), (Some("migrate"), Some(3)));
    assert_eq!(lookup.expect("a pod").log, log("migrate", false));
}

#[test]
fn a_quota_is_quoted_when_no_pod_was_made() {
    let mut scene = Scene::deploying(2);
    scene.controller_looks().workload().conditions.push(ConditionSeen {
        kind: "ReplicaFailure".to_owned(),
        status: "True".to_owned(),
        reason: "FailedCreate".to_owned(),
        message: "pods \"api-1\" is forbidden: exceeded quota: small".to_owned(),
    });
    let (cause, lookup) = cause_of(&mut scene, &Failure::Deadline);
    assert_eq!((cause.kind, cause.reason.as_str()), (CauseKind::NotCreated, "FailedCreate"));
    assert_eq!(cause.message, "pods \"api-1\" is forbidden: exceeded quota: small");
    assert_eq!((lookup, cause.pod.as_deref()), (None, None));

    let Judgement::Moving(progress) = scene.look() else { panic!("not moving") };
    let early = progress.sign.expect("a sign");
    let (shown, _) = cause_of_sign(&scene.view, &scene.expectation, &scene.memory, &early, scene.moment().wall);
    assert_eq!(shown, cause, "the progress card shows the same");
}

#[test]
fn a_pod_that_vanished_meanwhile_leaves_its_kind() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-2").waiting("ImagePullBackOff", "")).controller_looks();
    let (cause, _) = cause_of(&mut scene, &sign(CauseKind::Pull, "new-1"));
    assert_eq!((cause.kind, cause.pod.as_deref()), (CauseKind::Pull, Some("new-2")), "another one that shows it");
    let (cause, lookup) = cause_of(scene.remove("new-2"), &sign(CauseKind::Pull, "new-1"));
    assert_eq!((cause.kind, cause.pod, lookup), (CauseKind::Pull, None, None));
}

#[test]
fn new_pods_that_are_evicted_again_and_again_are_shown() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").evicted()).controller_looks();
    let (cause, _) = cause_of(&mut scene, &Failure::Deadline);
    assert_eq!(cause.pod.as_deref(), Some("new-1"));
}

#[test]
fn a_wrong_image_is_shown_by_what_the_node_runs() {
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64)).parse().expect("a digest");
    let mut scene = Scene::deploying(2);
    scene.finish();
    let image = scene.expectation.images.remove(0);
    scene.expectation.images.push(ExpectedImage::known(image.container, image.wanted, digest("a"), []));
    scene.change("new-1", |pod| pod.runs(&format!("api@{}", digest("a"))));
    scene.change("new-2", |pod| pod.runs(&format!("api@{}", digest("b"))));
    let (cause, _) = cause_of(&mut scene, &sign(CauseKind::WrongImage, "new-2"));
    assert_eq!((cause.kind, cause.affected, cause.of), (CauseKind::WrongImage, 1, 2));
    assert_eq!(cause.message, format!("api@{}", digest("b")));
    assert_eq!(cause.container.as_deref(), Some("api"));
}
