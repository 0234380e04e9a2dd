//! What the engine concludes from what it finds when it is about to write.

use futures::executor::block_on;
use state::change::Phase;
use state::change::outcome::{Outcome, Overtaken};
use state::evidence::CauseKind;
use state::names::ChangeId;
use state::rollout::seen::WorkloadSeen;

use super::Stepped;
use crate::dispatch::tests::lab::*;

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
