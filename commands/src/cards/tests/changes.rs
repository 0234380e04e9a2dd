//! Changes, under way and with every outcome.

use std::collections::BTreeMap;
use std::time::Duration;

use state::catalogue::{AfterFailure, Unanswered};
use state::change::outcome::{Asked, CantTell, Digests, EndedBy, Left, NotReturned, Outcome, Overtaken, ReturnProblem};
use state::change::{Asker, Parked, ParkedWhy, Phase, ReturnStage, Stop};
use state::evidence::{Cause, CauseKind};
use state::names::{ChangeId, WorkloadName};
use state::rollout::judge::EarlySign;
use state::rollout::seen::{Marker, MarkerStep};
use state::time::ObservedTime;

use super::offers::sign;
use super::scene::{Scene, by_tag, crash, failure, pull, question, target_of, workload, written};
use super::*;
use crate::facts::ClosedBy;
use crate::sight::{Sightless, Standstill};

/// A scene for each language and length of names.
pub(super) fn scene(make: impl Fn(&Sample) -> Scene + 'static) -> Make {
    Box::new(move |sample, words| make(sample).card(words))
}

#[test]
fn under_way() {
    let rolling = |sample: &Sample| Scene::new(sample).phase(sample, Phase::Rolling { written: written() });
    let returning = |sample: &Sample| {
        let failure = failure(sample, CauseKind::CrashLoop, EndedBy::Sign);
        let stage = ReturnStage::Rolling { back: BTreeMap::new() };
        Scene::new(sample).phase(sample, Phase::Returning { written: written(), failure, stage })
    };
    snapshot!(all(vec![
        ("preparing", scene(Scene::new)),
        ("preparing a rollback", scene(|sample| Scene::new(sample).rollback(sample))),
        ("applying", scene(|sample| Scene::new(sample).phase(sample, Phase::Applying { written: Vec::new() }))),
        (
            "rolling",
            scene(move |sample| {
                rolling(sample).progress(6, 2, 5).with(|scene| scene.usual = Some(Duration::from_secs(230)))
            })
        ),
        ("rolling, nothing seen of it yet", scene(rolling)),
        (
            "rolling, paused by somebody",
            scene(move |sample| {
                let by = Some("kubectl-rollout".to_owned());
                let (workload, since) = (target_of(sample).workloads[0].name.clone(), at("03:12:40"));
                let standstill = Some(Standstill::Paused { workload, by, since });
                rolling(sample).progress(6, 2, 5).with(|scene| scene.standstill = standstill)
            })
        ),
        (
            "rolling, and the cluster can't be read",
            scene(move |sample| {
                let standstill = Some(Standstill::Blind { since: at("03:12:40"), why: Sightless::Unanswered });
                rolling(sample).progress(6, 2, 5).with(|scene| scene.standstill = standstill)
            })
        ),
        (
            "rolling, policy rollback, with a first sign of failure",
            scene(move |sample| {
                rolling(sample).progress(6, 2, 5).with(|scene| {
                    scene.change.target.policy.after_failure = AfterFailure::Rollback;
                    scene.progress[0].sign = Some(EarlySign {
                        kind: CauseKind::Unschedulable,
                        pod: Some("api-7c9d-x2x".to_owned()),
                        observed_since: ObservedTime::default(),
                        since: at("03:12:30"),
                    });
                })
            })
        ),
        (
            "rolling two workloads, longer than usual, and the cause is known",
            scene(move |sample| {
                let two = |scene: &mut Scene| {
                    scene.change.target.workloads.push(workload("api-grpc"));
                    scene.change.target.policy.after_failure = AfterFailure::Hold;
                    scene.usual = Some(Duration::from_secs(20));
                    scene.change.cause = Some(crash());
                };
                let sign = |scene: &mut Scene| scene.progress[1].sign = Some(sign());
                rolling(sample).with(two).progress(6, 0, 6).with(sign)
            })
        ),
        (
            "stabilizing, for somebody else",
            scene(|sample| {
                let asker = Asker::Person { name: sample.mo.clone(), typed_by: Some(sample.zhou.clone()) };
                let phase = Phase::Stabilizing { written: written() };
                Scene::new(sample)
                    .phase(sample, phase)
                    .progress(6, 6, 0)
                    .with(|scene| scene.change.head.asked_by = asker)
            })
        ),
        (
            "a rollback by the timer, to be stopped",
            scene(move |sample| {
                rolling(sample).rollback(sample).progress(6, 2, 5).with(|scene| {
                    scene.change.head.asked_by = Asker::Timer { question_of: id(), on_behalf_of: sample.lin.clone() };
                    scene.change.head.stop = Some(Stop { by: sample.mo.clone(), at: at("03:12:40") });
                })
            })
        ),
        (
            "holding",
            scene(|sample| {
                let failure = failure(sample, CauseKind::CrashLoop, EndedBy::Sign);
                let not_returned = Some(NotReturned::BaselineNotReady);
                let phase = Phase::Holding { written: written(), failure, held: BTreeMap::new(), not_returned };
                Scene::new(sample)
                    .phase(sample, phase)
                    .progress(6, 2, 5)
                    .with(|scene| scene.change.cause = Some(crash()))
            })
        ),
        ("returning", scene(move |sample| returning(sample).progress(6, 4, 1))),
        (
            "parked: the cluster",
            scene(move |sample| {
                rolling(sample).with(|scene| {
                    scene.change.head.parked =
                        Some(Parked { since: at("02:40:00"), why: ParkedWhy::ClusterUnreadable });
                })
            })
        ),
        (
            "parked: a write in doubt",
            scene(move |sample| {
                rolling(sample).with(|scene| {
                    scene.change.head.parked = Some(Parked { since: at("02:40:00"), why: ParkedWhy::WriteInDoubt });
                })
            })
        ),
        (
            "parked: imported",
            scene(move |sample| {
                rolling(sample).with(|scene| {
                    scene.change.head.parked = Some(Parked { since: at("02:40:00"), why: ParkedWhy::Imported });
                })
            })
        ),
    ]));
}

#[test]
fn good_ends() {
    let verified = |digests| {
        move |sample: &Sample| {
            let scene = Scene::new(sample).with(|scene| scene.usual = Some(Duration::from_secs(480)));
            scene.ended(sample, Outcome::Verified { digests, pods: 6 }, Left::Written)
        }
    };
    snapshot!(all(vec![
        ("verified", scene(verified(Digests::Match))),
        ("verified, no registry", scene(verified(Digests::NoRegistry))),
        ("verified, nodes report nothing", scene(verified(Digests::NotReported))),
        (
            "verified without a window",
            scene(move |sample| {
                verified(Digests::Match)(sample)
                    .with(|scene| scene.change.target.policy.stability_window = Duration::ZERO)
            })
        ),
        (
            "verified, two workloads",
            scene(|sample| {
                let outcome = Outcome::Verified { digests: Digests::Match, pods: 12 };
                let two = |scene: &mut Scene| scene.change.target.workloads.push(workload("api-grpc"));
                Scene::new(sample).with(two).ended(sample, outcome, Left::Written)
            })
        ),
        ("rolled back", scene(move |sample| verified(Digests::Match)(sample).rollback(sample))),
        ("nothing to do", scene(|sample| Scene::new(sample).ended(sample, Outcome::NothingToDo, Left::Untouched))),
    ]));
}

#[test]
fn failures() {
    let left = |sample: &Sample, asked: Option<Asked>, not_returned, kind| {
        let failure = failure(sample, kind, EndedBy::Window);
        let outcome = Outcome::Left { failure, question: asked, not_returned };
        Scene::new(sample).ended(sample, outcome, Left::Paused).with(|scene| {
            scene.change.cause = Some(crash());
            scene.question = asked.map(|asked| question(sample, asked.then));
        })
    };
    let asked = |then| Some(Asked { until: at("03:24:00"), then });
    let paused = move |sample: &Sample, by: &str| {
        let scene = left(sample, asked(Unanswered::Rollback), None, CauseKind::PausedBySomebody);
        let (kind, reason) = (CauseKind::PausedBySomebody, by.to_owned());
        let cause = Cause {
            kind,
            reason,
            affected: 0,
            of: 0,
            pod: None,
            log: vec![],
            message: String::new(),
            events: Vec::new(),
            ..crash()
        };
        scene.with(|scene| scene.change.cause = Some(cause))
    };
    snapshot!(all(vec![
        ("a workload that somebody has paused", scene(move |sample| paused(sample, "kubectl-rollout"))),
        ("a workload that somebody has paused, nobody knows who", scene(move |sample| paused(sample, ""))),
        (
            "left, and asked: the old version serves",
            scene(move |sample| {
                left(sample, asked(Unanswered::Rollback), None, CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.old, 5)], true)
            })
        ),
        (
            "left, and asked: both serve, else it stays",
            scene(move |sample| {
                left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.old, 3), (&sample.new, 1)], true)
            })
        ),
        (
            "left, and asked: the old version suffices, and a new pod is ready for a moment",
            scene(move |sample| {
                left(sample, asked(Unanswered::Rollback), None, CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.old, 6), (&sample.new, 1)], true)
            })
        ),
        (
            "left, and all that is ready crashes again and again",
            scene(move |sample| {
                left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.new, 6)], true)
                    .with(|scene| scene.crashes(&sample.new, 6))
            })
        ),
        (
            "left, the old version suffices, and a new pod crashes again and again",
            scene(move |sample| {
                left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.old, 6), (&sample.new, 1)], true)
                    .with(|scene| scene.crashes(&sample.new, 1))
            })
        ),
        (
            "left, and the old version crashes too",
            scene(move |sample| {
                left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.old, 6)], true)
                    .with(|scene| scene.crashes(&sample.old, 2))
            })
        ),
        (
            "left, and the question was answered",
            Box::new(move |sample, words| {
                let mut scene = left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady);
                scene.question = None;
                scene.serving(&[(&sample.old, 5)], true).card(words)
            })
        ),
        (
            "left, and the deadline began a rollback",
            Box::new(move |sample, words| {
                let mut scene = left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady);
                (scene.question, scene.closed_by) = (None, Some(ClosedBy::Deadline(ChangeNumber(413))));
                scene.serving(&[(&sample.old, 5)], true).card(words)
            })
        ),
        (
            "left, and a change answered",
            Box::new(move |sample, words| {
                let mut scene = left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady);
                (scene.question, scene.closed_by) = (None, Some(ClosedBy::Change(ChangeNumber(413))));
                scene.serving(&[(&sample.old, 5)], true).card(words)
            })
        ),
        (
            "left, and somebody else has acted",
            Box::new(move |sample, words| {
                let mut scene = left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady);
                (scene.question, scene.closed_by) = (None, Some(ClosedBy::Lapsed));
                scene.serving(&[(&sample.old, 5)], true).card(words)
            })
        ),
        (
            "left, and it was to stay so",
            Box::new(move |sample, words| {
                let mut scene = left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady);
                (scene.question, scene.closed_by) = (None, Some(ClosedBy::LeftAsIs));
                scene.serving(&[(&sample.old, 5)], true).card(words)
            })
        ),
        (
            "left, and a later change went back and was unlocked",
            Box::new(move |sample, words| {
                let mut scene = left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady);
                (scene.question, scene.locked) = (None, false);
                let mut scene = scene.serving(&[(&sample.old, 6)], false);
                let later = ChangeId::from_parts(1_800_000_060_000, 7);
                for one in &mut scene.serving {
                    one.marker = Some(Marker { change: later, step: MarkerStep::Apply });
                }
                scene.card(words)
            })
        ),
        (
            "left by policy: nothing serves, a bad pull",
            scene(move |sample| {
                left(sample, None, None, CauseKind::Pull)
                    .serving(&[], true)
                    .with(|scene| scene.change.cause = Some(pull()))
            })
        ),
        (
            "left, for it was a rollback; the pods were not looked at",
            scene(move |sample| {
                left(sample, None, Some(NotReturned::WasRollback), CauseKind::NeverReady)
                    .rollback(sample)
                    .with(|scene| scene.change.cause = None)
            })
        ),
        (
            "two workloads, the deadline, a pause refused",
            scene(|sample| {
                let failure = failure(sample, CauseKind::NeverReady, EndedBy::Deadline);
                let outcome = Outcome::Left { failure, question: None, not_returned: Some(NotReturned::ImageGone) };
                Scene::new(sample)
                    .with(|scene| scene.change.target.workloads.push(workload("api-grpc")))
                    .ended(sample, outcome, Left::NotPaused)
                    .serving(&[(&sample.old, 5)], false)
                    .with(|scene| {
                        if let Phase::Ended(ended) = &mut scene.change.head.phase {
                            ended.left[0].sentence = Some("exceeded quota: compute".to_owned());
                        }
                        // The other one was paused by somebody.
                        scene.serving[1].paused = true;
                    })
            })
        ),
        (
            "left, for the image that ran is gone: older ones are there",
            scene(move |sample| {
                left(sample, None, Some(NotReturned::ImageGone), CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.old, 5)], true)
                    .with(|scene| {
                        scene.earlier = Some(by_tag(&["e41b0c7", "77d0e1f"]));
                    })
            })
        ),
        (
            "left, for the image that ran is gone, and none is older",
            scene(move |sample| {
                left(sample, None, Some(NotReturned::ImageGone), CauseKind::CrashedAfterReady)
                    .serving(&[(&sample.old, 5)], true)
                    .with(|scene| scene.earlier = Some(Vec::new()))
            })
        ),
        (
            "returned",
            scene(|sample| {
                let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
                Scene::new(sample)
                    .ended(sample, Outcome::Returned { failure }, Left::Returned)
                    .serving(&[(&sample.old, 6)], false)
                    .with(|scene| scene.change.cause = Some(crash()))
            })
        ),
        (
            "return failed",
            scene(|sample| {
                let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
                let back = ReturnProblem::Failed(CauseKind::NeverReady);
                Scene::new(sample)
                    .ended(sample, Outcome::ReturnFailed { failure, back }, Left::Returned)
                    .serving(&[(&sample.old, 1)], false)
                    .with(|scene| {
                        scene.change.cause = Some(crash());
                        scene.on_call = Some(sample.zhou.clone());
                    })
            })
        ),
        (
            "return refused by the cluster",
            scene(|sample| {
                let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
                let back = ReturnProblem::Rejected("admission webhook \"policy\" denied the request".to_owned());
                Scene::new(sample)
                    .ended(sample, Outcome::ReturnFailed { failure, back }, Left::Written)
                    .serving(&[(&sample.new, 1)], false)
            })
        ),
        (
            "return can't be judged",
            scene(|sample| {
                let failure = failure(sample, CauseKind::OutOfMemory, EndedBy::Sign);
                let back = ReturnProblem::CantTell(CantTell::NoPods);
                Scene::new(sample).ended(sample, Outcome::ReturnFailed { failure, back }, Left::Returned)
            })
        ),
    ]));
}

#[test]
fn every_cause_has_its_sentence() {
    let lines = CauseKind::ALL.map(|kind| {
        let card = |language| {
            let sample = Sample::short();
            let outcome = Outcome::Returned { failure: failure(&sample, kind, EndedBy::Sign) };
            let card = Scene::new(&sample).ended(&sample, outcome, Left::Returned).card(Words::get(language));
            card.lines[1].text.to_string()
        };
        format!("{} | {}", card(Language::English), card(Language::Chinese))
    });
    snapshot!(lines.join("\n"));
}

#[test]
fn other_ends() {
    let cant_tell =
        |why| scene(move |sample| Scene::new(sample).ended(sample, Outcome::CantTell { why }, Left::Written));
    let superseded = |how, failed: bool| {
        scene(move |sample| {
            let after_failure = failed.then(|| failure(sample, CauseKind::CrashLoop, EndedBy::Sign));
            let workload = WorkloadName::new(sample.target.service.as_str()).expect("a name");
            let outcome = Outcome::Superseded { workload, how, after_failure };
            Scene::new(sample).ended(sample, outcome, Left::Written)
        })
    };
    let cancelled = |left| {
        scene(move |sample| Scene::new(sample).ended(sample, Outcome::Cancelled { by: sample.mo.clone() }, left))
    };
    snapshot!(all(vec![
        ("can't tell: no pods", cant_tell(CantTell::NoPods)),
        ("can't tell: paused", cant_tell(CantTell::Paused)),
        ("can't tell: released", cant_tell(CantTell::Released)),
        ("can't tell: released in mid-write", cant_tell(CantTell::ReleasedUnsettled)),
        ("can't tell: gone", cant_tell(CantTell::Gone)),
        (
            "can't tell, two workloads",
            scene(|sample| {
                let outcome = Outcome::CantTell { why: CantTell::Paused };
                let two = |scene: &mut Scene| scene.change.target.workloads.push(workload("api-grpc"));
                Scene::new(sample).with(two).ended(sample, outcome, Left::Written)
            })
        ),
        (
            "superseded, two workloads",
            scene(|sample| {
                let (how, workload_name) = (Overtaken::Template, WorkloadName::new("api-grpc").expect("a name"));
                let outcome = Outcome::Superseded { workload: workload_name, how, after_failure: None };
                let two = |scene: &mut Scene| scene.change.target.workloads.push(workload("api-grpc"));
                let untouched = |scene: &mut Scene| {
                    if let Phase::Ended(ended) = &mut scene.change.head.phase {
                        ended.left[1].what = Left::Untouched;
                    }
                };
                Scene::new(sample).with(two).ended(sample, outcome, Left::Written).with(untouched)
            })
        ),
        ("cancelled, untouched", cancelled(Left::Untouched)),
        ("cancelled, written", cancelled(Left::Written)),
        ("superseded: template", superseded(Overtaken::Template, false)),
        ("superseded: undone, after a failure", superseded(Overtaken::Undone, true)),
        ("superseded: recreated", superseded(Overtaken::Recreated, false)),
        ("superseded: gone", superseded(Overtaken::Gone, false)),
    ]));
}
