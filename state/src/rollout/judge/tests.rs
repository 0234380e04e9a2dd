use super::super::testing::{PodLife, Scene, observed, pod, template, template_with, wall};
use super::*;
use crate::names::ChangeId;
use crate::rollout::seen::Marker;

mod properties;
mod signs;

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
    fn a_pod_more_than_desired_is_not_complete() {
        let mut scene = Scene::deploying(2);
        scene.finish();
        scene.put(scene.new_pod("new-3").running());
        assert_eq!(moving(&scene.look()).new_total, 3);
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
        assert!(matches!(scene.look(), Judgement::Paused(..)), "we have paused nothing yet");
        let Judgement::Paused(pause, _) = scene.after(2000).look() else { panic!("not paused") };
        assert!(pause.too_long());
        scene.expectation.pauses = Pauses::OursByMarker;
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
    fn v8_an_autoscaler_that_never_rests_keeps_no_rollout_open_for_ever() {
        let mut scene = Scene::deploying(4);
        scene.put(scene.new_pod("new-1").running()).controller_looks();
        let mut failed_at = None;
        for round in 0..100_u32 {
            scene.workload().desired = 4 + 2 * (round % 2);
            if let (second, Judgement::Failing(Failure::Deadline, _)) = scene.look_for(170) {
                failed_at.get_or_insert(second);
            }
        }
        assert_eq!(failed_at, Some(1800), "three deadlines");
    }

    #[test]
    fn v8_scaling_costs_nothing_as_long_as_pods_turn_ready() {
        let mut scene = Scene::deploying(30);
        scene.controller_looks();
        for number in 1..=29_u32 {
            scene.workload().desired = 30 + number % 2;
            scene.put(scene.new_pod(&format!("new-{number}")).ready()).controller_looks();
            assert!(matches!(scene.look_for(170), (_, Judgement::Moving(_))), "pod {number}");
        }
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
    fn completion_starts_the_deadline_anew() {
        let mut scene = Scene::deploying(2);
        scene.finish().workload().available = 1;
        assert!(matches!(scene.look_for(595), (595, Judgement::Moving(_))), "minReadySeconds");
        assert!(matches!(scene.controller_looks().after(4).look(), Judgement::Complete(_)));
        scene.change("new-2", PodLife::deleting).controller_looks();
        assert!(matches!(scene.after(10).look_for(580), (_, Judgement::Moving(_))), "a drained node");
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
