//! What the engine concludes from what it finds when it is about to write.

use std::sync::atomic::Ordering;

use futures::executor::block_on;
use state::change::outcome::{Outcome, Overtaken};
use state::change::{ParkedWhy, Phase};
use state::evidence::CauseKind;
use state::journal::NoticeWhat;
use state::names::ChangeId;
use state::rollout::seen::{WorkloadSeen, WorkloadView};
use state::store::{Commit, Key};

use super::Stepped;
use crate::dispatch::tests::lab::*;
use crate::invocation::AnswerKind;

/// A change of `api` and a worker, of which the first is written and the second is found like this.
fn about_to_write_the_second(found: Option<WorkloadSeen>) -> (Lab, ChangeId) {
    let lab = Lab::new();
    lab.runs("v1");
    let mut grown = catalogue();
    for service in grown.services.values_mut() {
        for workloads in service.placements.values_mut() {
            let worker = state::catalogue::Workload { name: name("worker"), ..workloads[0].clone() };
            workloads.push(worker);
        }
    }
    lab.desk.reload(std::sync::Arc::new(grown));
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = Phase::Applying { written: written() });
    *lab.cluster.read.lock().expect("not poisoned") = Some(found);
    (lab, id)
}

/// Steps until it has left the phase in which it writes.
fn steps(lab: &Lab, id: ChangeId) {
    let mut live = block_on(lab.engine.take(id)).expect("readable").expect("a change");
    for second in 10..20 {
        let stepped = block_on(lab.engine.step(&mut live, at(second)));
        if let Stepped::Failed(fault) = stepped {
            panic!("{fault:?}");
        }
        if !matches!(live.change().phase(), Phase::Applying { .. }) {
            return;
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn a_workload_that_was_deleted_is_not_told_as_made_anew() {
    for (found, how) in [
        (None, Overtaken::Gone),
        (Some(WorkloadSeen { uid: "another".to_owned(), ..seen(template("v1").into()) }), Overtaken::Recreated),
    ] {
        let (lab, id) = about_to_write_the_second(found);
        steps(&lab, id);
        let ended = lab.change(id).ended().cloned().expect("an end");
        let Outcome::Superseded { workload, how: told, .. } = ended.outcome else { panic!("{:?}", ended.outcome) };
        assert_eq!((workload, told), (name("worker"), how));
    }
}

#[test]
fn a_workload_that_somebody_paused_after_preparing_is_told_as_paused_and_by_whom() {
    for by in [None, Some("kubectl-rollout".to_owned())] {
        let paused =
            WorkloadSeen { paused: true, paused_by: by.clone(), revision: None, ..seen(template("v1").into()) };
        let (lab, id) = about_to_write_the_second(Some(paused));
        steps(&lab, id);
        let change = lab.change(id);
        let Phase::Holding { failure, .. } = change.phase() else { panic!("{:?}", change.phase()) };
        assert_eq!((&failure.workload, failure.kind), (&name("worker"), CauseKind::PausedBySomebody));
        assert_eq!(change.cause.map(|cause| cause.reason), Some(by.clone().unwrap_or_default()));
        let shown = text(&lab.say("mo", "/show 1"));
        assert!(!shown.contains("no new pod is made"), "{shown}");
        let who = if by.is_some() { "worker was paused by kubectl-rollout, not by me" } else { "worker is paused" };
        assert!(shown.contains(who), "{shown}");
        assert!(shown.contains("kubectl rollout resume deployment/worker -n prod resumes it"), "{shown}");
    }
}

/// A deploy of `api` that is being rolled out, and whoever works on it.
fn rolling_out() -> (Lab, ChangeId, super::Live) {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = rolling());
    let live = block_on(lab.engine.take(id)).expect("readable").expect("a change");
    (lab, id, live)
}

fn found(lab: &Lab, set: impl FnOnce(&mut WorkloadSeen)) {
    let mut seen = WorkloadSeen { generation: 4, observed_generation: 4, updated: 1, ..seen(template("v2").into()) };
    set(&mut seen);
    let view = WorkloadView { workload: Some(seen), pods: Vec::new() };
    lab.cluster.views.lock().expect("not poisoned").insert(target_name("api", "prod"), view);
}

fn look(lab: &Lab, live: &mut super::Live, second: u64) {
    if let Stepped::Failed(fault) = block_on(lab.engine.step(live, at(second))) {
        panic!("{fault:?}");
    }
}

#[test]
fn a_pause_by_somebody_in_mid_rollout_is_told_everywhere() {
    let (lab, _, mut live) = rolling_out();
    found(&lab, |_| {});
    look(&lab, &mut live, 10);
    let told = |line: &str| text(&lab.say("mo", line));
    assert!(!told("/show 1").contains("paused"), "{}", told("/show 1"));
    found(&lab, |seen| (seen.paused, seen.paused_by) = (true, Some("kubectl-rollout".to_owned())));
    look(&lab, &mut live, 11);
    for line in ["/show 1", "/now", "/status api prod", "/deploy api prod v2"] {
        let told = told(line);
        assert!(told.contains("paused since") || told.contains("paused by kubectl-rollout since"), "{line}: {told}");
    }
    assert!(told("/show 1").contains("my deadline stands still"), "{}", told("/show 1"));
    assert!(told("/show 1").contains("kubectl rollout resume deployment/api -n prod"), "{}", told("/show 1"));
    assert!(told("/status").contains("paused"), "{}", told("/status"));
    found(&lab, |_| {});
    look(&lab, &mut live, 12);
    for line in ["/show 1", "/now", "/status"] {
        assert!(!told(line).contains("paused"), "{line}: {}", told(line));
    }
}

#[test]
fn blindness_in_mid_rollout_is_told_with_what_was_seen_last() {
    use std::sync::atomic::Ordering;
    let (lab, id, mut live) = rolling_out();
    found(&lab, |_| {});
    look(&lab, &mut live, 10);
    lab.cluster.age.store(20, Ordering::SeqCst);
    look(&lab, &mut live, 40);
    let seen = lab.engine.board.seen(id).expect("on the board");
    assert_eq!(seen.blind_since, Some(at(20).wall));
    assert_eq!(seen.progress[0].desired, 2, "what was seen last");
    lab.cluster.age.store(25, Ordering::SeqCst);
    look(&lab, &mut live, 46);
    assert_eq!(lab.engine.board.seen(id).expect("on the board").blind_since, Some(at(20).wall), "the same blindness");
    let told = |line: &str| text(&lab.say("mo", line));
    assert!(told("/show 1").contains("I can't read the cluster main since"), "{}", told("/show 1"));
    assert!(told("/show 1").contains("doesn't count against the deadline"), "{}", told("/show 1"));
    assert!(told("/now").contains("#1 rolling out; its cluster can't be read since"), "{}", told("/now"));
    lab.cluster.age.store(0, Ordering::SeqCst);
    look(&lab, &mut live, 50);
    for line in ["/show 1", "/now"] {
        assert!(!told(line).contains("can't"), "{line}: {}", told(line));
    }
}

#[test]
fn who_has_just_started_is_not_told_as_blind() {
    let (lab, id, mut live) = rolling_out();
    let blind_since = || lab.engine.board.seen(id).expect("on the board").blind_since;
    look(&lab, &mut live, 10);
    look(&lab, &mut live, 20);
    assert_eq!(blind_since(), None, "nothing was read yet, and it may come at any moment");
    for second in [30, 40] {
        look(&lab, &mut live, second);
    }
    assert_eq!(blind_since(), Some(at(10).wall));
}

/// Takes a record out of the store, as nobody ever should.
fn lose(lab: &Lab, key: Key) {
    let mut commit = Commit::new();
    commit.delete(key);
    block_on(lab.store.commit(commit)).expect("a commit");
}

#[test]
fn a_change_that_lost_its_claim_is_parked_and_says_so() {
    for phase in [Phase::Preparing, Phase::Applying { written: vec![] }, rolling(), holding()] {
        let lab = Lab::new();
        lab.runs("v1");
        let (id, _) = lab.begun("mo");
        lab.put(id, |head| head.phase = phase.clone());
        assert_eq!(block_on(lab.engine.unclaimed()), Ok(Vec::new()), "it holds its target");
        lose(&lab, Key::kind("claim").text("api").text("prod"));
        // No claim leads to it after a start: its journal does.
        assert_eq!(block_on(lab.engine.unclaimed()), Ok(vec![id]), "{phase:?}");
        let mut live = block_on(lab.engine.take(id)).expect("readable").expect("a change");
        let asked = lab.cluster.asked.load(Ordering::SeqCst);
        for second in 10..13 {
            let stepped = block_on(lab.engine.step(&mut live, at(second)));
            assert!(!matches!(stepped, Stepped::Failed(_)), "{stepped:?}");
        }
        assert_eq!(lab.cluster.asked.load(Ordering::SeqCst), asked, "nothing is read or written for it");
        let change = lab.change(id);
        assert_eq!(
            (change.phase(), change.head.parked.as_ref().map(|parked| parked.why)),
            (&phase, Some(ParkedWhy::ClaimMissing))
        );
        let waiting = block_on(lab.engine.records.waiting()).expect("an outbox");
        let parked = waiting.iter().flatten().filter(|waiting| waiting.notice.what == NoticeWhat::Parked);
        assert_eq!(parked.count(), 1, "the channel hears of it once");
        let shown = text(&lab.say("mo", "/show 1"));
        assert!(shown.contains("is gone from my store") && shown.contains("Others can change"), "{shown}");
        // Others are not kept waiting, and an admin ends it.
        let (other, _) = lab.say("mo", "/deploy api prod v3").change.expect("a change");
        assert_eq!(lab.say("ann", "/change release 1").kind, AnswerKind::Done);
        assert!(lab.change(id).ended().is_some());
        let holder = block_on(lab.engine.records.holder(&target_name("api", "prod"))).expect("readable");
        assert_eq!(holder.map(|holder| holder.change), Some(other), "the claim of another is left alone");
    }
}
