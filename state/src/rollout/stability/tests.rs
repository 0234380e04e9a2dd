use std::time::Duration;

use super::super::testing::{PodLife, Scene, observed, pod, template};
use super::*;
use crate::rollout::judge::{Pause, Supersession, Unobserved};

/// A scene that is complete, and its window, which has just begun.
struct Watched {
    scene: Scene,
    window: StabilityWindow,
}

impl Watched {
    fn begin(replicas: u32) -> Self {
        let mut scene = Scene::deploying(replicas);
        scene.finish().after(30);
        assert!(matches!(scene.look(), Judgement::Complete(_)));
        let window =
            StabilityWindow::begin(&scene.view, &scene.expectation, scene.memory.clone(), scene.moment().observed);
        Self { scene, window }
    }

    /// Looks. The window goes through a record, as it does between any two looks.
    fn look(&mut self) -> Stability {
        let stored = serde_json::to_vec(&self.window).expect("a record");
        let window: StabilityWindow = serde_json::from_slice(&stored).expect("a window");
        let Scene { view, expectation, policy, .. } = &self.scene;
        let (stability, window) = window.look(view, expectation, policy, self.scene.moment());
        self.window = window;
        stability
    }

    fn after(&mut self, seconds: u64) -> Stability {
        self.scene.after(seconds);
        self.look()
    }
}

fn left(stability: &Stability) -> u64 {
    match stability {
        Stability::Waiting { left, .. } => left.as_secs(),
        other => panic!("not waiting: {other:?}"),
    }
}

fn failed(kind: CauseKind, pod: &str) -> impl Fn(&Stability) -> bool {
    let failure = Failure::Sign { kind, pod: pod.to_owned() };
    move |stability| matches!(stability, Stability::Failed(found, _) if *found == failure)
}

#[test]
fn pods_that_stay_good_for_the_window_are_stable() {
    let mut watched = Watched::begin(3);
    assert_eq!(left(&watched.look()), 60);
    assert_eq!(left(&watched.after(59)), 1);
    assert!(matches!(watched.after(1), Stability::Stable(_)));
}

#[test]
fn a_window_of_nothing_looks_once() {
    let mut watched = Watched::begin(3);
    watched.scene.policy.stability_window = Duration::ZERO;
    assert!(matches!(watched.look(), Stability::Stable(_)));
    let mut watched = Watched::begin(3);
    watched.scene.policy.stability_window = Duration::ZERO;
    watched.scene.change("new-1", PodLife::running);
    assert!(failed(CauseKind::TurnedUnready, "new-1")(&watched.look()));
}

#[test]
fn a_crash_after_ready_fails_although_the_rollout_was_complete() {
    // The trap: the pods were all ready for one moment, which is all that `kubectl rollout status` asks for.
    let mut watched = Watched::begin(3);
    watched.scene.change("new-2", |pod| pod.ends(1, "Error")).controller_looks();
    assert!(failed(CauseKind::CrashedAfterReady, "new-2")(&watched.after(1)));
}

#[test]
fn one_restart_fails_even_when_the_pod_is_ready_again() {
    let mut watched = Watched::begin(3);
    watched.scene.change("new-2", |pod| pod.restarts(1, "Error").ready()).controller_looks();
    assert!(failed(CauseKind::CrashedAfterReady, "new-2")(&watched.after(20)));
}

#[test]
fn a_pod_that_died_after_the_window_is_nobodys_concern_here() {
    let mut watched = Watched::begin(3);
    assert!(matches!(watched.after(60), Stability::Stable(_)));
}

#[test]
fn restarts_from_before_completion_don_t_count() {
    let mut watched = Watched::begin(2);
    watched.scene.change("new-1", |pod| pod.restarts(1, "Error").restarts(1, "Error").ready());
    let Scene { view, expectation, memory, .. } = watched.scene.clone();
    watched.window = StabilityWindow::begin(&view, &expectation, memory, watched.scene.moment().observed);
    assert_eq!(left(&watched.after(10)), 50);
    // Nor when the rollout isn't complete for a while, because an autoscaler scales.
    watched.scene.workload().desired = 3;
    assert!(matches!(watched.after(10), Stability::Extended(_)));
}

#[test]
fn a_pod_that_turned_unready_fails() {
    let mut watched = Watched::begin(3);
    watched.scene.change("new-3", PodLife::running).controller_looks();
    assert!(failed(CauseKind::TurnedUnready, "new-3")(&watched.after(20)));
}

#[test]
fn a_pod_that_is_deleted_may_turn_unready() {
    let mut watched = Watched::begin(3);
    watched.scene.change("new-3", |pod| pod.running().deleting()).controller_looks();
    assert!(matches!(watched.after(20), Stability::Extended(_)), "until another one has its place");
    watched.scene.remove("new-3");
    watched.scene.put(watched.scene.new_pod("new-4").ready()).controller_looks();
    assert_eq!(left(&watched.after(20)), 60, "the later pod has the whole window");
    assert!(matches!(watched.after(60), Stability::Stable(_)));
}

#[test]
fn an_evicted_pod_that_was_replaced_doesn_t_count() {
    let mut watched = Watched::begin(3);
    watched.scene.change("new-3", PodLife::evicted).controller_looks();
    assert!(matches!(watched.after(5), Stability::Extended(_)));
    watched.scene.put(watched.scene.new_pod("new-4").ready()).controller_looks();
    assert_eq!(left(&watched.after(5)), 60);
    assert!(matches!(watched.after(60), Stability::Stable(_)));
}

#[test]
fn pods_of_a_scale_up_get_the_deadline_and_extend_the_window() {
    let mut watched = Watched::begin(2);
    assert_eq!(left(&watched.after(50)), 10);
    watched.scene.workload().desired = 3;
    watched.scene.put(watched.scene.new_pod("new-3").running()).controller_looks();
    assert!(matches!(watched.after(10), Stability::Extended(_)));
    assert!(matches!(watched.after(500), Stability::Extended(_)), "it has the rollout's deadline");
    let mut never_ready = Watched { scene: watched.scene.clone(), window: watched.window.clone() };
    assert!(matches!(never_ready.after(100), Stability::Failed(Failure::Deadline, _)));

    watched.scene.change("new-3", PodLife::ready).controller_looks();
    assert_eq!(left(&watched.after(10)), 60);
    watched.scene.change("new-3", |pod| pod.restarts(137, "OOMKilled").ready());
    assert!(failed(CauseKind::CrashedAfterReady, "new-3")(&watched.after(30)), "it is stored now");
}

#[test]
fn a_later_pod_that_can_t_pull_fails_like_any_new_pod() {
    let mut watched = Watched::begin(2);
    watched.scene.workload().desired = 3;
    watched.scene.put(watched.scene.new_pod("new-3").waiting("ImagePullBackOff", "")).controller_looks();
    assert!(matches!(watched.after(10), Stability::Extended(_)));
    assert!(failed(CauseKind::Pull, "new-3")(&watched.after(60)));
}

#[test]
fn a_scale_down_is_no_failure_and_does_not_extend() {
    let mut watched = Watched::begin(4);
    watched.scene.workload().desired = 2;
    watched.scene.change("new-4", PodLife::deleting).change("new-3", PodLife::deleting);
    assert!(matches!(watched.after(30), Stability::Extended(_)), "the counts don't know yet");
    watched.scene.remove("new-3").remove("new-4").controller_looks();
    assert_eq!(left(&watched.after(10)), 20);
    assert!(matches!(watched.after(20), Stability::Stable(_)));
}

#[test]
fn old_pods_that_come_back_are_not_stable() {
    let mut watched = Watched::begin(2);
    watched.scene.put(pod("old-1", &template("v1")).ready());
    assert!(matches!(watched.after(60), Stability::Extended(_)));
}

#[test]
fn a_restart_of_ours_begins_the_window_anew_with_the_stored_pods() {
    let mut watched = Watched::begin(2);
    assert_eq!(left(&watched.after(50)), 10);
    watched.window = watched.window.clone().restarted(watched.scene.moment().observed);
    assert_eq!(left(&watched.after(10)), 50);
    // What crashed while nobody looked is found by the stored counts.
    watched.scene.change("new-1", |pod| pod.restarts(1, "Error").ready());
    assert!(failed(CauseKind::CrashedAfterReady, "new-1")(&watched.look()));
}

#[test]
fn what_ends_or_suspends_judging_does_so_here() {
    let mut watched = Watched::begin(2);
    let begun = watched.scene.clone();
    let superseded = Stability::Unsettled(Judgement::Superseded(Supersession::Template(template("v3").hash())));
    watched.scene.workload().template = template("v3");
    assert_eq!(watched.after(10), superseded);

    watched.scene = begun.clone();
    watched.scene.view.workload = None;
    assert_eq!(watched.look(), Stability::Unsettled(Judgement::Missing));

    watched.scene = begun.clone();
    watched.scene.workload().desired = 0;
    assert_eq!(watched.look(), Stability::Unsettled(Judgement::NoPods));

    watched.scene = begun.clone();
    watched.scene.workload().generation = 6;
    assert!(matches!(watched.look(), Stability::Unsettled(Judgement::NotObserved(Unobserved::ByUs, _))));

    watched.scene = begun;
    watched.scene.workload().paused = true;
    assert!(matches!(watched.after(10), Stability::Unsettled(Judgement::Paused(Pause { .. }, _))));
    watched.scene.workload().paused = false;
    assert_eq!(left(&watched.after(5)), 55, "the window begins anew with the last look at the pause");
}

#[test]
fn a_pod_that_crashes_while_somebody_pauses_the_rollout_is_still_seen() {
    let mut watched = Watched::begin(2);
    watched.scene.workload().paused = true;
    watched.scene.change("new-1", |pod| pod.restarts(1, "Error").ready());
    assert!(failed(CauseKind::CrashedAfterReady, "new-1")(&watched.after(10)));
}

#[test]
fn a_window_of_many_pods_stays_small() {
    let watched = Watched::begin(200);
    let bytes = serde_json::to_vec(&watched.window).expect("a record").len();
    assert!(bytes < 5000, "{bytes}");
    assert_eq!(watched.window.began, observed(30));
}
