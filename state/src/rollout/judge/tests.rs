use proptest::prelude::*;

use super::super::testing::{PodLife, Scene, observed, pod, template, template_with, wall};
use super::*;
use crate::names::ChangeId;
use crate::rollout::seen::{ConditionSeen, Marker};

fn failing(kind: CauseKind, pod: &str) -> impl Fn(&Judgement) -> bool {
    let failure = Failure::Sign { kind, pod: pod.to_owned() };
    move |judgement| matches!(judgement, Judgement::Failing(found, _) if *found == failure)
}

fn moving(judgement: &Judgement) -> &Progress {
    match judgement {
        Judgement::Moving(progress) => progress,
        other => panic!("not moving: {other:?}"),
    }
}

mod completion {
    use super::*;

    #[test]
    fn a_rollout_that_ends_well_is_complete() {
        let mut scene = Scene::deploying(3);
        scene.controller_looks();
        assert!(matches!(scene.look(), Judgement::Moving(_)));
        let Judgement::Complete(progress) = scene.finish().after(30).look() else { panic!("not complete") };
        assert_eq!((progress.desired, progress.new_ready, progress.old_total), (3, 3, 0));
    }

    #[test]
    fn v1_a_status_of_an_older_generation_counts_for_nothing() {
        // Right after our write the status still says that all is well, of the version before.
        let mut scene = Scene::deploying(3);
        assert!(matches!(scene.look(), Judgement::NotObserved(Unobserved::ByController, _)));
        // Even if the pods that exist were ours already.
        scene.finish().workload().observed_generation = 6;
        assert!(matches!(scene.look(), Judgement::NotObserved(Unobserved::ByController, _)));
        scene.workload().observed_generation = 7;
        assert!(matches!(scene.look(), Judgement::Complete(_)));
    }

    #[test]
    fn a_report_from_before_our_write_is_not_somebody_elses_change() {
        let mut scene = Scene::deploying(3);
        scene.workload().generation = 6;
        scene.workload().template = template("v1");
        scene.workload().paused = true;
        assert!(matches!(scene.look(), Judgement::NotObserved(Unobserved::ByUs, _)));
    }

    #[test]
    fn v2_a_condition_is_never_believed() {
        // The condition says `NewReplicaSetAvailable`, as it does from the rollout before until the controller looks,
        // and stays true when pods die later.
        let mut scene = Scene::deploying(2);
        scene.finish();
        assert!(matches!(scene.look(), Judgement::Complete(_)));
        scene.change("new-2", PodLife::running).controller_looks().after(5);
        assert_eq!(moving(&scene.look()).new_ready, 1);
    }

    #[test]
    fn counts_without_pods_and_pods_without_counts_are_not_complete() {
        let mut scene = Scene::deploying(2);
        scene.finish();
        let all_good = scene.clone();

        scene.change("new-1", PodLife::running);
        assert!(matches!(scene.look(), Judgement::Moving(_)), "the pod watch is ahead");
        scene = all_good.clone();
        scene.workload().available = 1;
        assert!(matches!(scene.look(), Judgement::Moving(_)), "minReadySeconds has not passed");
        scene = all_good.clone();
        scene.workload().total = 3;
        assert!(matches!(scene.look(), Judgement::Moving(_)), "an old pod that the pod watch doesn't show");
        scene = all_good;
        scene.remove("new-1");
        assert!(matches!(scene.look(), Judgement::Moving(_)), "a pod is gone, the counts don't know yet");
    }

    #[test]
    fn a_pod_of_an_older_template_with_the_same_image_is_old() {
        let mut scene = Scene::deploying(2);
        let same_image = pod("old-1", &template_with("v2", "before")).ready();
        scene.finish().put(same_image);
        assert_eq!(moving(&scene.look()).old_serving, 1);
        scene.remove("new-1");
        assert_eq!(moving(&scene.look()).new_ready, 1, "it does not fill a place either");
    }

    #[test]
    fn pods_that_are_being_deleted_count_nowhere_even_while_ready() {
        let mut scene = Scene::deploying(2);
        scene.finish().put(pod("old-1", &template("v1")).ready().deleting());
        assert!(matches!(scene.look(), Judgement::Complete(_)), "an old one doesn't hinder");
        scene.change("new-1", PodLife::deleting);
        assert_eq!(moving(&scene.look()).new_ready, 1, "a new one doesn't help");
    }

    #[test]
    fn evicted_pods_that_were_replaced_hinder_nothing() {
        let mut scene = Scene::deploying(2);
        scene.finish();
        scene.put(scene.new_pod("new-0").evicted()).put(pod("old-1", &template("v1")).evicted()).controller_looks();
        let Judgement::Complete(progress) = scene.look() else { panic!("not complete") };
        assert_eq!((progress.new_total, progress.old_total), (2, 0));
    }

    #[test]
    fn a_pod_that_nothing_owns_hinders_nothing_and_fills_no_place() {
        let mut scene = Scene::deploying(2);
        let mut stray = scene.new_pod("stray").ready();
        stray.template = None;
        scene.finish().put(stray).controller_looks();
        assert!(matches!(scene.look(), Judgement::Complete(_)));
        scene.remove("new-1").controller_looks();
        assert!(matches!(scene.look(), Judgement::Moving(_)));
    }

    #[test]
    fn no_replicas_are_nothing_to_judge() {
        let mut scene = Scene::deploying(0);
        assert!(matches!(scene.look(), Judgement::NotObserved(..)), "not before our write is seen");
        assert_eq!(scene.controller_looks().look(), Judgement::NoPods);
    }
}

mod others {
    use super::*;

    #[test]
    fn another_template_is_superseded_and_other_changes_are_not() {
        let mut scene = Scene::deploying(2);
        scene.controller_looks();
        scene.workload().generation = 9;
        scene.workload().desired = 4;
        assert!(matches!(scene.look(), Judgement::Moving(_)), "an annotation and a scale raise the generation too");
        scene.workload().template = template("v3");
        let v3 = template("v3").hash();
        assert_eq!(scene.look(), Judgement::Superseded(Supersession::Template(v3)));
    }

    #[test]
    fn another_field_of_the_template_is_superseded_too() {
        let mut scene = Scene::deploying(2);
        scene.finish();
        scene.workload().template = template_with("v2", "restarted by hand");
        assert!(matches!(scene.look(), Judgement::Superseded(Supersession::Template(_))));
    }

    #[test]
    fn an_object_that_was_deleted_is_missing_and_one_made_anew_is_another() {
        let mut scene = Scene::deploying(2);
        scene.finish();
        scene.workload().uid = "another".to_owned();
        assert_eq!(scene.look(), Judgement::Superseded(Supersession::Recreated));
        scene.view.workload = None;
        assert_eq!(scene.look(), Judgement::Missing);
    }

    #[test]
    fn a_pause_in_mid_rollout_stops_the_deadline() {
        let mut scene = Scene::deploying(2);
        scene.put(scene.new_pod("new-1").running()).controller_looks();
        assert!(matches!(scene.look_for(300), (300, Judgement::Moving(_))));
        scene.workload().paused = true;
        let Judgement::Paused(pause, _) = scene.look() else { panic!("not paused") };
        assert_eq!((pause.since, pause.lasted.as_secs()), (wall(300), 0));
        let Judgement::Paused(pause, progress) = scene.after(1000).look() else { panic!("not paused") };
        assert_eq!((pause.lasted.as_secs(), progress.new_total, pause.too_long()), (1000, 1, false));
        let Judgement::Paused(pause, _) = scene.after(800).look() else { panic!("not paused") };
        assert!(pause.too_long(), "after 30 minutes nothing can be told");

        scene.workload().paused = false;
        let (second, judgement) = scene.look_for(600);
        assert_eq!(second, 2100 + 300, "300 of the 600 seconds were used up before the pause");
        assert!(matches!(judgement, Judgement::Failing(Failure::Deadline, _)));
    }

    #[test]
    fn a_second_pause_is_counted_from_its_own_beginning() {
        let mut scene = Scene::deploying(2);
        scene.controller_looks().workload().paused = true;
        scene.look();
        scene.workload().paused = false;
        scene.after(1000).look();
        scene.workload().paused = true;
        let Judgement::Paused(pause, _) = scene.after(5).look() else { panic!("not paused") };
        assert_eq!(pause.since, wall(1005));
    }

    #[test]
    fn our_own_pause_is_not_somebodys() {
        let mut scene = Scene::deploying(2);
        let change = ChangeId::from_parts(1, 2);
        scene.put(scene.new_pod("new-1").running()).controller_looks().workload().paused = true;
        scene.workload().marker = Some(Marker { change, step: MarkerStep::Hold }.to_string());
        assert!(matches!(scene.look(), Judgement::Moving(_)));
        assert!(matches!(scene.after(5000).look(), Judgement::Moving(_)), "nor is the rollout to blame for it");
        scene.workload().marker = Some(Marker { change, step: MarkerStep::Apply }.to_string());
        assert!(matches!(scene.look(), Judgement::Paused(..)), "a pause under the marker of our patch is not ours");
    }
}

mod deadline {
    use super::*;

    #[test]
    fn ten_minutes_without_progress_fail() {
        let mut scene = Scene::deploying(2);
        scene.put(scene.new_pod("new-1").running()).controller_looks();
        let (second, judgement) = scene.look_for(3600);
        assert_eq!(second, 600);
        assert!(matches!(judgement, Judgement::Failing(Failure::Deadline, _)));
    }

    #[test]
    fn slow_progress_is_progress() {
        let mut scene = Scene::deploying(6);
        scene.controller_looks();
        for number in 1..=6 {
            scene.put(scene.new_pod(&format!("new-{number}")).ready()).controller_looks();
            assert!(matches!(scene.look_for(590), (_, Judgement::Moving(_))), "pod {number}");
        }
        for number in 1..=5 {
            scene.remove(&format!("old-{number}")).controller_looks();
            assert!(matches!(scene.look_for(590), (_, Judgement::Moving(_))), "old pod {number}");
        }
        scene.remove("old-6").controller_looks();
        assert!(matches!(scene.look(), Judgement::Complete(_)));
    }

    #[test]
    fn a_pod_that_turns_ready_and_unready_for_ever_is_no_progress() {
        let mut scene = Scene::deploying(2);
        let new = scene.new_pod("new-1");
        scene.put(new.clone().ready()).controller_looks().look();
        let mut failed_at = None;
        for round in 0..200 {
            let flapping = if round % 2 == 0 { new.clone().running() } else { new.clone().ready() };
            if let Judgement::Failing(Failure::Deadline, _) = scene.put(flapping).controller_looks().after(5).look() {
                failed_at.get_or_insert(scene.seconds);
            }
        }
        assert_eq!(failed_at, Some(600));
    }

    #[test]
    fn v8_another_desired_number_starts_the_deadline_anew() {
        let mut scene = Scene::deploying(4);
        scene.put(scene.new_pod("new-1").running()).controller_looks();
        assert!(matches!(scene.look_for(595), (595, Judgement::Moving(_))));
        scene.workload().desired = 6;
        let (second, judgement) = scene.look_for(3600);
        assert_eq!(second, 595 + 600);
        assert!(matches!(judgement, Judgement::Failing(Failure::Deadline, _)));
    }

    #[test]
    fn v8_an_autoscaler_that_scales_up_or_down_meanwhile_changes_what_is_complete() {
        let mut scene = Scene::deploying(4);
        scene.finish().workload().desired = 6;
        assert_eq!(moving(&scene.look()).desired, 6);
        assert!(matches!(scene.finish().after(60).look(), Judgement::Complete(_)));
        scene.workload().desired = 3;
        assert_eq!(moving(&scene.look()).new_total, 6);
        assert!(matches!(scene.finish().look(), Judgement::Complete(_)));
    }

    #[test]
    fn the_world_is_looked_at_before_the_deadline() {
        let mut scene = Scene::deploying(2);
        scene.controller_looks().look();
        assert!(matches!(scene.clone().finish().after(5000).look(), Judgement::Complete(_)));
        let new = scene.new_pod("new-1").running();
        assert!(matches!(scene.put(new).controller_looks().after(5000).look(), Judgement::Moving(_)), "progress");
    }

    #[test]
    fn a_controller_that_never_looks_is_held_to_the_deadline_and_a_stale_report_is_not() {
        let mut scene = Scene::deploying(2);
        scene.look();
        assert!(matches!(scene.clone().after(600).look(), Judgement::Failing(Failure::Deadline, _)));
        scene.workload().generation = 6;
        assert!(matches!(scene.after(600).look(), Judgement::NotObserved(Unobserved::ByUs, _)));
        scene.workload().generation = 7;
        assert!(matches!(scene.look(), Judgement::NotObserved(Unobserved::ByController, _)));
    }

    #[test]
    fn annotations_that_raise_the_generation_for_ever_are_no_progress() {
        let mut scene = Scene::deploying(2);
        scene.controller_looks();
        let mut judgement = scene.look();
        while matches!(judgement, Judgement::Moving(_)) && scene.seconds < 3600 {
            scene.workload().generation += 1;
            judgement = scene.controller_looks().after(5).look();
        }
        assert_eq!(scene.seconds, 600);
    }
}

mod signs {
    use super::*;

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
}

/// Any pod, in the states that matter.
fn any_pod(name: usize) -> impl Strategy<Value = PodSeen> {
    (0..3_u8, 0..7_u8, 0..4_u32, any::<bool>()).prop_map(move |(of, life, restarts, deleting)| {
        let made = match of {
            0 => pod(&format!("pod-{name}"), &template("v1")),
            _ => pod(&format!("pod-{name}"), &template("v2")),
        };
        let mut made = match life {
            0 => made,
            1 => made.running(),
            2 => made.waiting("ImagePullBackOff", ""),
            3 => made.ends(1, "Error"),
            4 => made.evicted(),
            _ => made.ready(),
        };
        made.containers[0].restarts = restarts / 2;
        made.deleting = deleting && life % 2 == 0;
        made
    })
}

fn any_scene() -> impl Strategy<Value = Scene> {
    let pods = prop::collection::vec(0..1_usize, 0..6)
        .prop_flat_map(|list| list.into_iter().enumerate().map(|(number, _)| any_pod(number)).collect::<Vec<_>>());
    (pods, 0..4_u32, 5..9_i64, 5..9_i64, any::<bool>(), any::<[bool; 4]>()).prop_map(
        |(pods, desired, generation, observed_generation, true_counts, off)| {
            let mut scene = Scene::deploying(desired);
            scene.view.pods = pods;
            scene.controller_looks();
            let workload = scene.workload();
            workload.generation = generation;
            workload.observed_generation = observed_generation;
            if !true_counts {
                let count = |off: bool| desired + u32::from(off);
                workload.total = count(off[0]);
                workload.updated = count(off[1]);
                workload.ready = count(off[2]);
                workload.available = count(off[3]);
            }
            scene
        },
    )
}

proptest! {
    /// Said anew, in the plainest words: whatever else may be so, these must be.
    #[test]
    fn complete_is_never_said_without_its_reasons(scenes in prop::collection::vec(any_scene(), 1..4)) {
        let mut memory = scenes[0].memory.clone();
        for (number, mut scene) in scenes.into_iter().enumerate() {
            scene.memory = memory;
            let judgement = scene.after(7 * number as u64).look();
            if let Judgement::Complete(progress) = judgement {
                let workload = scene.view.workload.clone().expect("a workload");
                let ours = scene.expectation.template;
                prop_assert!(workload.observed_generation >= scene.expectation.generation);
                prop_assert!(workload.generation >= scene.expectation.generation);
                prop_assert!(workload.desired > 0);
                prop_assert_eq!(workload.template.hash(), ours);
                let alive: Vec<_> =
                    scene.view.pods.iter().filter(|pod| !pod.deleting && pod.phase != "Failed").collect();
                prop_assert!(alive.iter().all(|pod| pod.template == Some(ours) && pod.ready));
                prop_assert_eq!(alive.len(), workload.desired as usize);
                prop_assert_eq!(progress.new_ready, workload.desired);
                for count in [workload.total, workload.updated, workload.ready, workload.available] {
                    prop_assert_eq!(count, workload.desired);
                }
            }
            memory = scene.memory;
        }
    }

    /// And it is said when all is well, whatever was seen before.
    #[test]
    fn complete_is_said_when_all_is_well(before in any_scene(), later in 0..100_000_u64) {
        let mut scene = before;
        scene.look();
        let desired = scene.workload().desired.max(1);
        scene.workload().desired = desired;
        scene.workload().generation = 9;
        prop_assert!(matches!(scene.finish().after(later).look(), Judgement::Complete(_)));
    }

    /// No history keeps a rollout that stands still from ending.
    #[test]
    fn every_rollout_that_stands_still_ends(scene in any_scene()) {
        let mut scene = scene;
        scene.workload().generation = 9;
        scene.look();
        let judgement = scene.after(600).look();
        let ended = !matches!(judgement, Judgement::Moving(_) | Judgement::NotObserved(..));
        prop_assert!(ended, "{:?}", judgement);
    }
}
