//! What is to be done next, in every phase.

use std::collections::BTreeMap;
use std::time::Duration;

use super::scene::*;
use crate::change::outcome::{CantTell, Digests, EndedBy, Overtaken, Refused};
use crate::change::plan::{DOUBT_PARKS, Look, Step, UNREADABLE_PARKS, UNREADABLE_REFUSES, begin_watch, plan, verify};
use crate::change::prepare::Prepared;
use crate::change::transition::Event;
use crate::change::{Change, Held, Parked, ParkedWhy, Phase, ReturnStage, Stop};
use crate::evidence::CauseKind;
use crate::rollout::judge::PAUSE_PATIENCE;
use crate::rollout::seen::{MarkerStep, Observed, WorkloadView};
use crate::rollout::testing::{PodLife, observed as counted, wall};

/// One look after so many seconds that counted.
fn look(observed: &Observed, seconds: u64) -> Look<'_> {
    let (at, now) = (counted(seconds), wall(seconds));
    Look { observed, at, now, blind_for: Duration::ZERO, unsure: false, refused: false }
}

fn next(change: &Change, workloads: Vec<WorkloadView>) -> Step {
    plan(change, look(&observed(workloads), 20)).step
}

fn rolling(workloads: &[&str]) -> Change {
    let mut change = in_phase(workloads, Phase::Rolling { written: applied_to(workloads) });
    // As the engine does it before the first write: what comes later is this rollout's.
    let before = |workload: &&str| {
        let template = template(workload, &image(workload, "v1", None));
        WorkloadView { workload: Some(seen(&template)), pods: ready_pods(workload, &template, Some(&digest(1))) }
    };
    change.watch = begin_watch(&change, &observed(workloads.iter().map(before).collect()));
    change
}

/// A change in its stability window, which began at second 20.
fn stabilizing(workloads: &[&str]) -> Change {
    let mut change = rolling(workloads);
    let views = observed(workloads.iter().map(|workload| complete(workload, MarkerStep::Apply)).collect());
    let planned = plan(&change, look(&views, 20));
    let Step::Conclude(Event::Completed(windows)) = planned.step else { panic!("{:?}", planned.step) };
    change.watch = planned.watch;
    change.watch.windows = windows;
    change.head.phase = Phase::Stabilizing { written: applied_to(workloads) };
    change
}

/// Takes one look after the other until something is to be done.
fn go_on(change: &mut Change, views: &Observed, seconds: std::ops::Range<u64>) -> (u64, Step) {
    for second in seconds.step_by(5) {
        let planned = plan(change, look(views, second));
        change.watch = planned.watch;
        if planned.step != Step::Wait {
            return (second, planned.step);
        }
    }
    (u64::MAX, Step::Wait)
}

fn crashing(workload: &str) -> WorkloadView {
    let mut view = moving(workload);
    let new = ready_pod(workload, 7, &ours(workload), None);
    let crashed = new.ends(1, "Error").restarts(1, "Error").restarts(1, "Error");
    view.pods.push(crashed);
    view
}

#[test]
fn preparing_asks_and_touches_nothing() {
    let change = preparing(&["api"]);
    assert_eq!(next(&change, vec![complete("api", MarkerStep::Apply)]), Step::Prepare);
    let never = Observed { workloads: vec![], age: None };
    assert_eq!(plan(&change, look(&never, 20)).step, Step::Wait);
    let blind = |blind_for| plan(&change, Look { blind_for, ..look(&never, 20) }).step;
    assert_eq!(blind(UNREADABLE_REFUSES - Duration::from_secs(1)), Step::Wait);
    let refused = Prepared::Refuse(Refused::ClusterUnreadable);
    assert_eq!(blind(UNREADABLE_REFUSES), Step::Conclude(Event::Prepared(refused)));
}

#[test]
fn later_a_cluster_that_can_t_be_read_parks() {
    let stale = Observed { age: Some(Duration::from_secs(15)), ..observed(vec![moving("api")]) };
    let change = rolling(&["api"]);
    let blind = |blind_for| plan(&change, Look { blind_for, ..look(&stale, 9_999) }).step;
    assert_eq!(blind(UNREADABLE_PARKS - Duration::from_secs(1)), Step::Wait, "whatever its deadline is");
    assert_eq!(blind(UNREADABLE_PARKS), Step::Conclude(Event::Park(ParkedWhy::ClusterUnreadable)));
}

#[test]
fn a_write_that_the_cluster_does_not_let_us_settle_parks_sooner() {
    let change = in_phase(&["api"], Phase::Applying { written: vec![] });
    let views = observed(vec![moving("api")]);
    let refused = |blind_for| plan(&change, Look { blind_for, refused: true, unsure: true, ..look(&views, 20) }).step;
    let write = Step::Write { place: 0, step: MarkerStep::Apply };
    assert_eq!(refused(DOUBT_PARKS - Duration::from_secs(1)), write, "it is tried until then");
    assert_eq!(refused(DOUBT_PARKS), Step::Conclude(Event::Park(ParkedWhy::WriteInDoubt)));
}

#[test]
fn the_evidence_that_is_kept_is_that_of_the_release_which_failed() {
    let mut change = returning(&["api"], ReturnStage::Rolling { back: back(&["api"]) });
    let mut back = complete("api", MarkerStep::Return);
    let template = back.workload.as_ref().expect("seen").template.clone();
    change.watch = plan(&change, look(&observed(vec![back.clone()]), 15)).watch;
    back.pods[0] = ready_pod("api", 1, &template, None).restarts(1, "Error").restarts(1, "Error");
    let step = next(&change, vec![back]);
    assert!(matches!(step, Step::Conclude(Event::Failed { kind: CauseKind::CrashedAfterReady, .. })), "{step:?}");
}

#[test]
fn what_is_parked_goes_on_by_itself_only_where_the_cluster_was_the_reason() {
    let mut change = rolling(&["api"]);
    for (why, goes_on) in [
        (ParkedWhy::ClusterUnreadable, true),
        (ParkedWhy::WriteInDoubt, true),
        (ParkedWhy::RecordUnreadable, false),
        (ParkedWhy::Imported, false),
    ] {
        change.head.parked = Some(Parked { since: wall(0), why });
        let wanted = if goes_on { Step::Conclude(Event::Unpark) } else { Step::Wait };
        assert_eq!(next(&change, vec![complete("api", MarkerStep::Apply)]), wanted, "{why:?}");
        let stale = Observed { age: None, workloads: vec![] };
        assert_eq!(plan(&change, look(&stale, 20)).step, Step::Wait, "{why:?}, still blind");
    }
}

#[test]
fn workloads_are_written_in_their_order() {
    let both = ["api", "worker"];
    for done in 0..2 {
        let change = in_phase(&both, Phase::Applying { written: applied_to(&both[..done]) });
        let write = Step::Write { place: done, step: MarkerStep::Apply };
        assert_eq!(next(&change, vec![moving("api"), moving("worker")]), write, "none waits for another's rollout");
    }
}

#[test]
fn a_stop_settles_what_may_be_on_its_way() {
    let mut change = in_phase(&["api"], Phase::Applying { written: vec![] });
    change.head.stop = Some(Stop { by: name("mo"), at: wall(5) });
    let unreadable = Observed { workloads: vec![], age: None };
    let step = |unsure, views: &Observed| plan(&change, Look { unsure, ..look(views, 20) }).step;
    assert_eq!(step(false, &unreadable), Step::Conclude(Event::Settled), "it needs no look at the cluster");
    let views = observed(vec![moving("api")]);
    assert_eq!(step(true, &views), Step::Write { place: 0, step: MarkerStep::Fence });
    assert_eq!(step(true, &unreadable), Step::Wait);

    // Everything had been written when the stop was settled.
    change.head.phase = Phase::Rolling { written: applied_to(&["api"]) };
    assert_eq!(next(&change, vec![moving("api")]), Step::Conclude(Event::Stop(name("mo"))));
}

#[test]
fn a_complete_rollout_has_to_stay_so() {
    let mut change = rolling(&["api"]);
    let complete = vec![complete("api", MarkerStep::Apply)];
    assert_eq!(next(&change, vec![moving("api")]), Step::Wait);
    assert!(matches!(next(&change, complete.clone()), Step::Conclude(Event::Completed(windows)) if windows.len() == 1));
    change.target.policy.stability_window = Duration::ZERO;
    assert_eq!(next(&change, complete), Step::Verify, "without a window one fresh look is enough");
}

#[test]
fn all_workloads_are_judged_together() {
    let change = rolling(&["api", "worker"]);
    let done = || complete("api", MarkerStep::Apply);
    assert_eq!(next(&change, vec![done(), moving("worker")]), Step::Wait);
    assert_eq!(next(&change, vec![done()]), Step::Wait, "of one nothing is known");
    let both = next(&change, vec![done(), complete("worker", MarkerStep::Apply)]);
    assert!(matches!(both, Step::Conclude(Event::Completed(windows)) if windows.len() == 2));
}

#[test]
fn a_failure_is_concluded_with_its_cause() {
    let mut change = rolling(&["api"]);
    let views = vec![crashing("api")];
    let Step::Investigate { place: 0, cause, lookup: Some(lookup) } = next(&change, views.clone()) else {
        panic!("{:?}", next(&change, views))
    };
    assert_eq!((cause.kind, cause.affected, cause.of), (CauseKind::CrashLoop, 1, 1));
    assert_eq!(lookup.pod, "api-7");
    change.cause = Some(*cause);
    let failed = Event::Failed { workload: name("api"), kind: CauseKind::CrashLoop, ended_by: EndedBy::Sign };
    assert_eq!(next(&change, views.clone()), Step::Conclude(failed));

    // What was found early is brought up to date: two of two crash by now.
    let mut more = views;
    let mut second = more[0].pods.last().expect("a pod").clone();
    (second.name, second.uid) = ("api-8".to_owned(), "uid-8".to_owned());
    more[0].pods.push(second);
    let again = next(&change, more);
    assert!(matches!(&again, Step::Investigate { cause, .. } if cause.affected == 2), "{again:?}");
}

#[test]
fn the_deadline_is_looked_at_last() {
    let mut change = rolling(&["api"]);
    let views = observed(vec![moving("api")]);
    let (_, step) = go_on(&mut change, &views, 20..600);
    assert_eq!(step, Step::Wait);
    let (second, step) = go_on(&mut change, &views, 600..1000);
    assert_eq!(second, 620);
    assert!(matches!(&step, Step::Investigate { .. }), "{step:?}");
    // It was complete in time, though nobody looked.
    let late = observed(vec![complete("api", MarkerStep::Apply)]);
    assert!(matches!(plan(&change, look(&late, 5_000)).step, Step::Conclude(Event::Completed(_))));
}

#[test]
fn two_workloads_with_different_signs_are_looked_into_once() {
    let mut change = rolling(&["api", "worker"]);
    let mut crashed = moving("api");
    crashed.pods.push(ready_pod("api", 7, &ours("api"), None).restarts(1, "Error"));
    let mut pulling = moving("worker");
    pulling.pods.push(ready_pod("worker", 7, &ours("worker"), None).waiting("ImagePullBackOff", "not found"));
    let views = observed(vec![crashed, pulling]);
    let Step::Investigate { cause, place, .. } = plan(&change, look(&views, 20)).step else { panic!("no sign") };
    assert_eq!((cause.kind, place), (CauseKind::CrashLoop, 0), "the most telling of them");
    change.cause = Some(*cause);
    assert_eq!(plan(&change, look(&views, 21)).step, Step::Wait);
}

#[test]
fn somebody_else_s_write_ends_the_judging() {
    let overtaken = |how| Step::Conclude(Event::Overtaken(name("worker"), how));
    let other = |change: fn(&mut WorkloadView)| {
        let mut view = complete("worker", MarkerStep::Apply);
        change(&mut view);
        vec![moving("api"), view]
    };
    let seen = |view: &mut WorkloadView| view.workload.take().expect("seen");
    for change in [rolling(&["api", "worker"]), stabilizing(&["api", "worker"])] {
        let edited = other(|view| {
            view.workload.as_mut().expect("seen").template =
                template_with("worker", &image("worker", "v2", None), "99");
        });
        assert_eq!(next(&change, edited), overtaken(Overtaken::Template));
        let anew = other(|view| view.workload.as_mut().expect("seen").uid = "uid-2".to_owned());
        assert_eq!(next(&change, anew), overtaken(Overtaken::Recreated));
        let mut gone = other(|_| {});
        drop(seen(&mut gone[1]));
        assert_eq!(next(&change, gone), Step::Conclude(Event::CantTell(CantTell::Gone)));
        // Annotations, replicas and autoscalers raise the generation too.
        let mut annotated = vec![complete("api", MarkerStep::Apply), complete("worker", MarkerStep::Apply)];
        for view in &mut annotated {
            let seen = view.workload.as_mut().expect("seen");
            (seen.generation, seen.observed_generation) = (9, 9);
        }
        assert!(!matches!(next(&change, annotated), Step::Conclude(Event::Overtaken(..))));
    }
}

#[test]
fn without_pods_nothing_can_be_told() {
    let none = |workload: &str| {
        let mut view = complete(workload, MarkerStep::Apply);
        let seen = view.workload.as_mut().expect("seen");
        (seen.desired, seen.total, seen.updated, seen.ready, seen.available) = (0, 0, 0, 0, 0);
        view.pods.clear();
        view
    };
    let cant_tell = Step::Conclude(Event::CantTell(CantTell::NoPods));
    assert_eq!(next(&rolling(&["api"]), vec![none("api")]), cant_tell);
    let both = rolling(&["api", "worker"]);
    assert_eq!(next(&both, vec![none("api"), moving("worker")]), Step::Wait, "what has pods is judged first");
    assert_eq!(next(&both, vec![none("api"), complete("worker", MarkerStep::Apply)]), cant_tell);
    assert!(matches!(next(&both, vec![none("api"), crashing("worker")]), Step::Investigate { place: 1, .. }));

    // Scaled to nothing within the window of another one: it ends all the same.
    let mut change = stabilizing(&["api", "worker"]);
    let views = observed(vec![none("api"), complete("worker", MarkerStep::Apply)]);
    assert_eq!(go_on(&mut change, &views, 25..200), (80, cant_tell));
}

#[test]
fn a_pause_that_is_not_ours_is_waited_for_and_not_for_ever() {
    let pause = |mut view: WorkloadView, marker: Option<MarkerStep>| {
        let seen = view.workload.as_mut().expect("seen");
        seen.paused = true;
        seen.marker = marker.map(|step| format!("{}/{step}", id())).or(seen.marker.take());
        observed(vec![view])
    };
    let patience = PAUSE_PATIENCE.as_secs();
    let cant_tell = || Step::Conclude(Event::CantTell(CantTell::Paused));
    // Nor is one that carries the marker by which this change will pause it, before it has done so.
    for marker in [None, Some(MarkerStep::Hold)] {
        let mut change = rolling(&["api"]);
        let views = pause(moving("api"), marker);
        assert_eq!(go_on(&mut change, &views, 20..9_000), (20 + patience, cant_tell()), "{marker:?}");
        let mut change = stabilizing(&["api"]);
        let views = pause(complete("api", MarkerStep::Apply), marker);
        assert_eq!(go_on(&mut change, &views, 25..9_000), (25 + patience, cant_tell()), "{marker:?}");
        let mut change = returning(&["api"], ReturnStage::Rolling { back: back(&["api"]) });
        let views = pause(complete("api", MarkerStep::Return), marker);
        assert_eq!(go_on(&mut change, &views, 20..9_000), (20 + patience, cant_tell()), "{marker:?}");
    }
}

#[test]
fn the_window_ends_in_a_fresh_look() {
    let mut change = stabilizing(&["api"]);
    let views = observed(vec![complete("api", MarkerStep::Apply)]);
    assert_eq!(go_on(&mut change, &views, 25..200), (80, Step::Verify));

    let verified = verify(&change, look(&views, 80));
    let Some(Event::Verified { digests, pods, ran }) = verified else { panic!("{verified:?}") };
    assert_eq!((digests, pods), (Digests::Match, 2));
    assert_eq!(ran[0].values().collect::<Vec<_>>(), [&digest(2)]);

    // The fresh list shows what the watch has not brought yet.
    let mut fresh = views.clone();
    fresh.workloads[0].pods.pop();
    assert_eq!(verify(&change, look(&fresh, 80)), None, "one is missing: look again");
    let mut fresh = views.clone();
    fresh.workloads[0].pods[0] = fresh.workloads[0].pods[0].clone().restarts(1, "Error");
    assert_eq!(verify(&change, look(&fresh, 80)), None, "the cause is looked into first");
}

#[test]
fn another_digest_than_was_wanted_is_a_failure_and_none_is_not() {
    let mut change = stabilizing(&["api"]);
    let mut views = observed(vec![complete("api", MarkerStep::Apply)]);
    go_on(&mut change, &views, 25..200);
    views.workloads[0].pods = ready_pods("api", &ours("api"), Some(&digest(9)));
    for pod in &mut views.workloads[0].pods {
        pod.uid = format!("uid-of-{}", pod.name);
    }
    let Some(Event::Investigated(cause)) = verify(&change, look(&views, 80)) else { panic!("no proof") };
    assert_eq!(cause.kind, CauseKind::WrongImage);
    change.cause = Some(*cause);
    let failed = verify(&change, look(&views, 80));
    assert!(matches!(failed, Some(Event::Failed { kind: CauseKind::WrongImage, ended_by: EndedBy::Digest, .. })));

    views.workloads[0].pods = ready_pods("api", &ours("api"), None);
    let verified = verify(&change, look(&views, 80));
    assert!(matches!(verified, Some(Event::Verified { digests: Digests::NotReported, .. })), "{verified:?}");
}

#[test]
fn a_window_fails_on_a_pod_that_was_good() {
    let mut change = stabilizing(&["api"]);
    let mut views = observed(vec![complete("api", MarkerStep::Apply)]);
    views.workloads[0].pods[0] = views.workloads[0].pods[0].clone().restarts(137, "OOMKilled").ready();
    let Step::Investigate { cause, .. } = plan(&change, look(&views, 30)).step else { panic!("no cause") };
    change.cause = Some(*cause.clone());
    let step = plan(&change, look(&views, 30)).step;
    let Step::Conclude(Event::Failed { kind, .. }) = step else { panic!("{step:?}") };
    assert_eq!(kind, cause.kind);
}

#[test]
fn holding_stops_what_is_not_complete() {
    let both = ["api", "worker"];
    let views = || vec![complete("api", MarkerStep::Apply), crashing("worker")];
    let mut change = holding(&both);
    let as_it_is = Event::HeldAs(0, Held::Complete);
    assert_eq!(next(&change, views()), Step::Conclude(as_it_is));
    let unsure = plan(&change, Look { unsure: true, ..look(&observed(views()), 20) }).step;
    assert_eq!(unsure, Step::Write { place: 0, step: MarkerStep::Hold }, "a pause may be on its way");

    let put = |change: &mut Change, place, how| {
        if let Phase::Holding { held, .. } = &mut change.head.phase {
            held.insert(place, how);
        }
    };
    put(&mut change, 0, Held::Complete);
    assert_eq!(next(&change, views()), Step::Write { place: 1, step: MarkerStep::Hold });
    put(&mut change, 1, Held::Paused(written("worker", MarkerStep::Hold)));
    assert_eq!(next(&change, views()), Step::Conclude(Event::AllHeld));
}

#[test]
fn returning_asks_the_registry_and_goes_backwards() {
    let both = ["api", "worker"];
    let views = || vec![moving("api"), moving("worker")];
    assert_eq!(next(&returning(&both, ReturnStage::Checking), views()), Step::CheckOldImages);
    let writing = |back| returning(&both, ReturnStage::Writing { pinned: vec![], back });
    let first = Step::Write { place: 1, step: MarkerStep::Return };
    assert_eq!(next(&writing(BTreeMap::new()), views()), first);
    let back = [(1, written("worker", MarkerStep::Return))].into();
    assert_eq!(next(&writing(back), views()), Step::Write { place: 0, step: MarkerStep::Return });
}

#[test]
fn a_return_is_judged_like_a_rollout() {
    let both = ["api", "worker"];
    let good = || observed(both.iter().map(|workload| complete(workload, MarkerStep::Return)).collect());
    let mut change = returning(&both, ReturnStage::Rolling { back: back(&both) });
    let Step::Conclude(Event::Completed(windows)) = plan(&change, look(&good(), 20)).step else {
        panic!("not complete")
    };
    change.watch.windows = windows;
    change.head.phase = returning(&both, ReturnStage::Stabilizing { back: back(&both) }).head.phase;
    assert_eq!(go_on(&mut change, &good(), 25..200), (80, Step::Verify));
    assert!(matches!(
        verify(&change, look(&good(), 80)),
        Some(Event::Verified { digests: Digests::Match, pods: 4, .. })
    ));
}

#[test]
fn after_its_end_nothing_is_done() {
    let change = in_phase(&["api"], Phase::Preparing);
    let ended = crate::change::transition::transition(&change, Event::Stop(name("mo")), now()).expect("ended").change;
    assert_eq!(next(&ended, vec![moving("api")]), Step::Wait);
}
