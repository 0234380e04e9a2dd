//! Signs of failure: what ends a rollout early, and what is only shown.

use super::*;
use crate::rollout::seen::ConditionSeen;

#[test]
fn certain_signs_end_it_after_a_minute() {
    for (reason, kind) in [
        ("ErrImagePull", CauseKind::Pull),
        ("ImagePullBackOff", CauseKind::Pull),
        ("InvalidImageName", CauseKind::BadImageName),
        ("CreateContainerConfigError", CauseKind::BadConfig),
    ] {
        let mut scene = Scene::deploying(2);
        scene.put(scene.new_pod("new-1").waiting(reason, "")).controller_looks().after(7);
        let sign = moving(&scene.look()).sign.clone().expect("shown at once");
        assert_eq!((sign.kind, sign.pod.as_deref(), sign.since), (kind, Some("new-1"), wall(7)), "{reason}");
        let (second, judgement) = scene.look_for(3600);
        assert_eq!(second, 67, "{reason}");
        assert!(failing(kind, "new-1")(&judgement), "{reason}: {judgement:?}");
    }
}

#[test]
fn a_failed_pull_and_its_back_off_are_the_same_sign() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").waiting("ErrImagePull", "")).controller_looks().look();
    scene.change("new-1", |pod| pod.waiting("ImagePullBackOff", "")).after(59);
    assert!(matches!(scene.look(), Judgement::Moving(_)));
    scene.change("new-1", |pod| pod.waiting("ErrImagePull", "")).after(1);
    assert!(failing(CauseKind::Pull, "new-1")(&scene.look()));
}

#[test]
fn a_failed_pull_that_goes_away_in_time_is_forgotten() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").waiting("ImagePullBackOff", "")).controller_looks().look();
    scene.change("new-1", PodLife::running).after(50);
    assert_eq!(moving(&scene.look()).sign, None);
    scene.change("new-1", |pod| pod.waiting("ImagePullBackOff", "")).after(5).look();
    assert!(matches!(scene.after(55).look(), Judgement::Moving(_)), "it begins anew");
    assert!(failing(CauseKind::Pull, "new-1")(&scene.after(5).look()));
}

#[test]
fn a_sign_belongs_to_its_pod() {
    let mut scene = Scene::deploying(4);
    scene.put(scene.new_pod("new-1").waiting("ImagePullBackOff", "")).controller_looks().look();
    scene.remove("new-1");
    scene.put(scene.new_pod("new-2").waiting("ImagePullBackOff", "")).controller_looks();
    assert!(matches!(scene.after(59).look(), Judgement::Moving(_)));
    assert!(matches!(scene.after(59).look(), Judgement::Moving(_)));
    assert!(failing(CauseKind::Pull, "new-2")(&scene.after(1).look()));
}

#[test]
fn an_old_pods_trouble_is_not_this_rollouts() {
    let mut scene = Scene::deploying(2);
    scene.change("old-1", |pod| pod.restarts(1, "Error").restarts(1, "Error").waiting("ImagePullBackOff", ""));
    scene.controller_looks().look();
    assert_eq!(moving(&scene.after(300).look()).sign, None);
}

#[test]
fn two_restarts_end_it_and_one_is_only_shown() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").ends(1, "Error")).controller_looks();
    assert_eq!(moving(&scene.look()).sign.as_ref().map(|sign| sign.kind), Some(CauseKind::CrashLoop));
    scene.change("new-1", |pod| pod.restarts(1, "Error")).after(1);
    assert_eq!(moving(&scene.look()).sign.as_ref().map(|sign| sign.kind), Some(CauseKind::CrashLoop));
    scene.change("new-1", |pod| pod.waiting("CrashLoopBackOff", "back-off 10s")).after(100);
    assert!(matches!(scene.look(), Judgement::Moving(_)), "the deadline decides");
    scene.change("new-1", |pod| pod.restarts(1, "Error")).after(1);
    assert!(failing(CauseKind::CrashLoop, "new-1")(&scene.look()));
}

#[test]
fn a_pod_that_restarted_once_and_is_ready_shows_nothing() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").restarts(1, "Error").ready()).controller_looks();
    assert_eq!(moving(&scene.look()).sign, None);
}

#[test]
fn two_restarts_of_two_containers_are_one_each() {
    let mut scene = Scene::deploying(2);
    let mut new = scene.new_pod("new-1").restarts(1, "Error");
    let mut sidecar = new.containers[0].clone();
    sidecar.name = "proxy".to_owned();
    new.containers.push(sidecar);
    assert!(matches!(scene.put(new).controller_looks().look(), Judgement::Moving(_)));
}

#[test]
fn out_of_memory_is_told_from_other_ends() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").ends(137, "OOMKilled")).controller_looks();
    assert_eq!(moving(&scene.look()).sign.as_ref().map(|sign| sign.kind), Some(CauseKind::OutOfMemory));
    scene.change("new-1", |pod| {
        pod.restarts(137, "OOMKilled").restarts(137, "OOMKilled").waiting("CrashLoopBackOff", "")
    });
    assert!(failing(CauseKind::OutOfMemory, "new-1")(&scene.look()));
}

#[test]
fn a_crash_after_ready_is_told_from_a_crash_at_start() {
    let mut scene = Scene::deploying(2);
    scene.put(scene.new_pod("new-1").ready()).controller_looks().look();
    scene.change("new-1", |pod| pod.restarts(1, "Error")).after(1).look();
    scene.change("new-1", |pod| pod.restarts(1, "Error")).after(1);
    assert!(failing(CauseKind::CrashedAfterReady, "new-1")(&scene.look()));
}

#[test]
fn a_slow_start_that_is_ready_at_last_did_not_crash_after_ready() {
    let mut scene = Scene::deploying(3);
    scene.put(scene.new_pod("new-1").restarts(1, "Error").restarts(1, "Error").ready()).controller_looks();
    assert!(failing(CauseKind::CrashLoop, "new-1")(&scene.look()));
}

#[test]
fn restarts_from_before_the_rollout_don_t_count() {
    // A return finds pods of the old template, some of which had restarted long ago.
    let mut scene = Scene::writing("v1", 3);
    scene.change("old-1", |pod| pod.restarts(1, "Error").restarts(1, "Error").restarts(1, "Error").ready());
    let v1 = scene.expectation.template;
    scene.memory = Memory::begin(&scene.view, v1, observed(0));
    scene.change("old-2", PodLife::running).controller_looks();
    assert_eq!(moving(&scene.look()).sign, None);
    scene.change("old-1", |pod| pod.restarts(1, "Error"));
    assert!(matches!(scene.look(), Judgement::Moving(_)), "one since");
    scene.change("old-1", |pod| pod.restarts(1, "Error"));
    assert!(matches!(scene.look(), Judgement::Failing(..)), "two since");
}

#[test]
fn an_init_container_that_ended_well_is_no_sign() {
    let mut scene = Scene::deploying(2);
    let mut new = scene.new_pod("new-1").running();
    let mut init = scene.new_pod("x").ends(0, "Completed").containers.remove(0);
    init.init = true;
    new.containers.insert(0, init);
    assert_eq!(moving(&scene.put(new.clone()).controller_looks().look()).sign, None);
    new.containers[0].state = scene.new_pod("x").ends(1, "Error").containers.remove(0).state;
    assert!(moving(&scene.put(new).look()).sign.is_some());
}

#[test]
fn the_most_telling_sign_is_shown() {
    let mut scene = Scene::deploying(6);
    let mut nowhere = scene.new_pod("new-1");
    nowhere.unschedulable = Some("0/5 nodes are available".to_owned());
    scene.put(nowhere).controller_looks();
    let shown = |scene: &mut Scene| moving(&scene.look()).sign.as_ref().map(|sign| sign.kind);
    assert_eq!(shown(&mut scene), Some(CauseKind::Unschedulable));
    scene.put(scene.new_pod("new-2").waiting("ImagePullBackOff", ""));
    assert_eq!(shown(&mut scene), Some(CauseKind::Pull));
    scene.put(scene.new_pod("new-3").ends(1, "Error"));
    assert_eq!(shown(&mut scene), Some(CauseKind::CrashLoop));
    scene.put(scene.new_pod("new-4").ends(137, "OOMKilled"));
    assert_eq!(shown(&mut scene), Some(CauseKind::OutOfMemory));
}

#[test]
fn a_quota_that_refuses_pods_is_shown_and_left_to_the_deadline() {
    let mut scene = Scene::deploying(2);
    scene.controller_looks().workload().conditions.push(ConditionSeen {
        kind: "ReplicaFailure".to_owned(),
        status: "True".to_owned(),
        reason: "FailedCreate".to_owned(),
        message: "exceeded quota".to_owned(),
    });
    let sign = moving(&scene.look()).sign.clone().expect("a sign");
    assert_eq!((sign.kind, sign.pod), (CauseKind::NotCreated, None));
    let (second, judgement) = scene.look_for(3600);
    assert_eq!(second, 600);
    assert!(matches!(judgement, Judgement::Failing(Failure::Deadline, _)));
}

#[test]
fn nodes_that_lack_room_are_left_to_the_deadline() {
    let mut scene = Scene::deploying(2);
    let mut nowhere = scene.new_pod("new-1");
    nowhere.unschedulable = Some("0/5 nodes are available".to_owned());
    scene.put(nowhere).controller_looks();
    assert_eq!(scene.look_for(3600).0, 600, "an autoscaler of the cluster may add some");
}

#[test]
fn many_signs_neither_hide_the_one_that_is_certain_nor_swell_the_record() {
    let mut scene = Scene::deploying(200);
    for number in 0..200 {
        let mut nowhere = scene.new_pod(&format!("new-{number}"));
        nowhere.unschedulable = Some("0/5 nodes are available".to_owned());
        scene.put(nowhere);
    }
    scene.controller_looks().look();
    scene.put(scene.new_pod("new-7").waiting("ImagePullBackOff", "")).after(100).look();
    assert!(failing(CauseKind::Pull, "new-7")(&scene.after(60).look()));
    let bytes = serde_json::to_vec(&scene.memory).expect("a record").len();
    assert!(bytes < 2048, "{bytes}");
}
