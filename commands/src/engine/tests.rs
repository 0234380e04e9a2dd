//! What the engine concludes from what it finds when it is about to write.

use futures::executor::block_on;
use state::change::Phase;
use state::change::outcome::{Outcome, Overtaken};
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

/// Steps until nothing more is to be done at once.
fn steps(lab: &Lab, id: ChangeId) {
    let mut live = block_on(lab.engine.take(id)).expect("readable").expect("a change");
    for second in 10..20 {
        match block_on(lab.engine.step(&mut live, at(second))) {
            Stepped::Again => {}
            Stepped::Failed(fault) => panic!("{fault:?}"),
            Stepped::Wait(_) | Stepped::Ended => return,
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
