//! Changes, under way and with every outcome.

use std::collections::BTreeMap;
use std::time::Duration;

use state::catalogue::{AfterFailure, LogsInChat, Unanswered};
use state::change::outcome::{
    Asked, CantTell, Digests, EndedBy, Left, NotReturned, Outcome, Overtaken, PlaceOf, Refused, ReturnProblem,
};
use state::change::{Asker, Parked, ParkedWhy, Phase, ReturnStage, Stop};
use state::evidence::{Cause, CauseKind};
use state::names::{ChangeId, WorkloadName};
use state::records::ClaimRecord;
use state::rollout::judge::EarlySign;
use state::rollout::seen::{Marker, MarkerStep};
use state::time::ObservedTime;

use super::super::change as cards;
use super::scene::{Scene, baseline, crash, failure, pull, question, work, workload, written};
use super::*;

/// A scene for each language and length of names.
fn scene(make: impl Fn(&Sample) -> Scene + 'static) -> Make {
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
            "left, and the question was answered",
            Box::new(move |sample, words| {
                let mut scene = left(sample, asked(Unanswered::Hold), None, CauseKind::CrashedAfterReady);
                scene.question = None;
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
                        let known = ["e41b0c7", "77d0e1f"].map(|tag| tag.parse().expect("a reference"));
                        scene.earlier = Some(known.to_vec());
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
    use CauseKind::*;
    let kinds = [
        Pull,
        BadImageName,
        BadConfig,
        CrashLoop,
        OutOfMemory,
        CrashedAfterReady,
        TurnedUnready,
        NeverReady,
        Unschedulable,
        NotCreated,
        PausedBySomebody,
        Stuck,
        WrongImage,
    ];
    let lines = kinds.map(|kind| {
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

#[test]
fn refused_in_preparing() {
    let refused = |why: fn(&Sample) -> Refused| {
        scene(move |sample| {
            let outcome = Outcome::Refused { why: why(sample) };
            let mut scene = Scene::new(sample).ended(sample, outcome, Left::Untouched);
            scene.change.work = None;
            scene
        })
    };
    fn api(sample: &Sample) -> WorkloadName {
        WorkloadName::new(sample.target.service.as_str()).expect("a name")
    }
    snapshot!(all(vec![
        (
            "image unknown",
            refused(|sample| Refused::ImageUnknown { image: format!("registry.example/shop/api:{}", sample.new) })
        ),
        ("registry denied", refused(|_| Refused::RegistryDenied { host: "registry.example".to_owned() })),
        ("registry unreachable", refused(|_| Refused::RegistryUnreachable { host: "registry.example".to_owned() })),
        ("cluster unreadable", refused(|_| Refused::ClusterUnreadable)),
        (
            "forbidden",
            refused(|_| Refused::Forbidden {
                sentence: "deployments.apps \"api\" is forbidden: User \"bot\" cannot patch".to_owned()
            })
        ),
        (
            "rejected",
            refused(|sample| Refused::Rejected {
                workload: api(sample),
                sentence: "exceeded quota: compute".to_owned()
            })
        ),
        ("missing", refused(|sample| Refused::Missing { workload: api(sample) })),
        (
            "no such container",
            refused(|sample| Refused::NoContainer {
                workload: api(sample),
                container: "app".parse().expect("a name"),
                has: vec!["main".to_owned(), "proxy".to_owned()],
            })
        ),
        ("paused", refused(|sample| Refused::Paused { workload: api(sample), by: None })),
        (
            "paused by",
            refused(|sample| Refused::Paused { workload: api(sample), by: Some("kubectl-rollout".to_owned()) })
        ),
        ("runs unhealthy", refused(|_| Refused::RunsUnhealthy)),
        ("nothing to return to", refused(|_| Refused::NothingToReturnTo)),
        (
            "no earlier image of a part",
            refused(|sample| Refused::NoEarlierImage {
                earlier: sample.old.clone(),
                of: vec![
                    PlaceOf { workload: "worker".parse().expect("a name"), container: None },
                    PlaceOf { workload: api(sample), container: Some("app".parse().expect("a name")) },
                ],
            })
        ),
        (
            "no earlier image of a part, by digest",
            refused(|sample| Refused::NoEarlierImage {
                earlier: format!("sha256:{}", "61c0".repeat(16)),
                of: vec![PlaceOf { workload: api(sample), container: None }],
            })
        ),
        ("unknown release", refused(|_| Refused::UnknownRelease { named: "v5".to_owned() })),
        (
            "locked meanwhile",
            refused(|sample| Refused::Locked {
                scope: "prod".to_owned(),
                by: sample.mo.clone(),
                reason: "migration".to_owned()
            })
        ),
        ("moved", refused(|sample| Refused::Moved { workload: api(sample) })),
    ]));
}

#[test]
fn notices_and_answers() {
    let left = |sample: &Sample| {
        let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
        let asked = Some(Asked { until: at("03:24:00"), then: Unanswered::Rollback });
        let outcome = Outcome::Left { failure, question: asked, not_returned: None };
        Scene::new(sample).ended(sample, outcome, Left::Paused).with(|scene| {
            scene.change.cause = Some(crash());
            scene.question = Some(question(sample, Unanswered::Rollback));
        })
    };
    let claim = |sample: &Sample| ClaimRecord {
        change: id(),
        number: ChangeNumber(412),
        target: sample.target.clone(),
        by: sample.lin.clone(),
        since: at("03:12:00"),
    };
    snapshot!(all(vec![
        ("lapsed", Box::new(move |sample, words| left(sample).tell(|facts| cards::lapsed(words, facts)))),
        ("asked again", Box::new(move |sample, words| left(sample).tell(|facts| cards::asked_again(words, facts)))),
        (
            "left as it is",
            Box::new(move |sample, words| left(sample).tell(|facts| cards::left_as_is(words, facts, &sample.mo)))
        ),
        ("unreadable", Box::new(move |sample, words| cards::unreadable(words, &claim(sample)))),
    ]));
}

fn sign() -> EarlySign {
    EarlySign {
        kind: CauseKind::CrashLoop,
        pod: Some("api-7c9d-x2x".to_owned()),
        observed_since: ObservedTime::default(),
        since: at("03:12:30"),
    }
}

#[test]
fn a_cause_that_has_passed_is_told_of_no_more() {
    let sample = Sample::short();
    let rolling = || {
        let scene = Scene::new(&sample).phase(&sample, Phase::Rolling { written: written() }).progress(6, 6, 0);
        scene.with(|scene| scene.change.cause = Some(pull()))
    };
    assert!(!rolling().told().contains("Cause"), "{}", rolling().told());
    let shown = rolling().with(|scene| scene.progress[0].sign = Some(sign()));
    assert!(shown.told().contains("Cause: new pods can't pull their image"), "{}", shown.told());
    let failure = failure(&sample, CauseKind::Pull, EndedBy::Sign);
    let held = Phase::Holding { written: written(), failure, held: BTreeMap::new(), not_returned: None };
    let failed = rolling().with(|scene| scene.change.head.phase = held);
    assert!(failed.told().contains("Cause: new pods can't pull their image"), "{}", failed.told());
}

#[test]
fn logs_are_shown_linked_to_or_left_alone_as_the_policy_says() {
    let sample = Sample::short();
    let told = |logs, cause: Cause| {
        let failure = failure(&sample, cause.kind, EndedBy::Window);
        let outcome = Outcome::Left { failure, question: None, not_returned: None };
        let scene = Scene::new(&sample).ended(&sample, outcome, Left::Paused);
        let told = scene.with(|scene| {
            scene.change.cause = Some(cause);
            scene.change.target.policy.logs_in_chat = logs;
        });
        told.told()
    };
    let command = "kubectl -n shop logs api-7c9d-x2x -c app";
    let redacted = told(LogsInChat::Redacted, crash());
    assert!(redacted.contains("panic: relation") && !redacted.contains("kubectl"), "{redacted}");
    let link = told(LogsInChat::Link, crash());
    assert!(link.contains(&format!("{command} --previous")) && !link.contains("panic: relation"), "{link}");
    let first_run = told(LogsInChat::Link, Cause { restarts: 0, ..crash() });
    assert!(first_run.contains(command) && !first_run.contains("--previous"), "{first_run}");
    let off = told(LogsInChat::Off, crash());
    assert!(!off.contains("panic: relation") && !off.contains("kubectl"), "{off}");
    // What never ran has no log, and what is no name is typed into no shell.
    assert!(!told(LogsInChat::Link, pull()).contains("kubectl"));
    assert!(!told(LogsInChat::Link, Cause { pod: Some("x; rm -r ~".to_owned()), ..crash() }).contains("kubectl"));
}

#[test]
fn an_image_that_is_gone_is_not_offered() {
    let sample = Sample::short();
    let told = |earlier: Option<&[&str]>| {
        let failure = failure(&sample, CauseKind::CrashLoop, EndedBy::Sign);
        let outcome = Outcome::Left { failure, question: None, not_returned: Some(NotReturned::ImageGone) };
        let earlier = earlier.map(|tags| tags.iter().map(|tag| tag.parse().expect("a reference")).collect());
        Scene::new(&sample).ended(&sample, outcome, Left::Paused).with(|scene| scene.earlier = earlier).told()
    };
    let some = told(Some(&["e41b0c7", "77d0e1f"]));
    assert!(some.contains("/rollback api prod to e41b0c7 or /rollback api prod to 77d0e1f"), "{some}");
    assert!(told(Some(&[])).contains("no earlier release"), "{}", told(Some(&[])));
    for told in [some, told(Some(&[])), told(None)] {
        assert!(!told.contains("[Roll back"), "{told}");
    }
}

/// Everything that a card says of a failure and of the way back, in each phase and with each outcome that has one.
fn with_a_way_back(sample: &Sample) -> Vec<Scene> {
    let failure = || failure(sample, CauseKind::CrashLoop, EndedBy::Sign);
    let returning = |stage| Phase::Returning { written: written(), failure: failure(), stage };
    let under_way = [
        Phase::Rolling { written: written() },
        returning(ReturnStage::Checking),
        returning(ReturnStage::Rolling { back: BTreeMap::new() }),
    ];
    let asked = Some(Asked { until: at("03:24:00"), then: Unanswered::Rollback });
    let ended = [
        (Outcome::Returned { failure: failure() }, Left::Returned),
        (Outcome::Left { failure: failure(), question: asked, not_returned: None }, Left::Paused),
        (Outcome::Verified { digests: Digests::Match, pods: 6 }, Left::Written),
        (Outcome::Cancelled { by: sample.mo.clone() }, Left::Returned),
        (Outcome::CantTell { why: CantTell::Paused }, Left::Written),
    ];
    let under_way = under_way.into_iter().map(|phase| Scene::new(sample).phase(sample, phase));
    let ended = ended.into_iter().map(|(outcome, left)| Scene::new(sample).ended(sample, outcome, left));
    under_way
        .chain(ended)
        .map(|scene| {
            let scene = scene.serving(&[(&sample.old, 5)], false).after_a_failure();
            scene.with(|scene| scene.change.target.policy.after_failure = AfterFailure::Rollback)
        })
        .collect()
}

#[test]
fn after_a_held_failure_the_way_back_names_what_it_goes_to() {
    let sample = Sample::short();
    for scene in with_a_way_back(&sample) {
        let told = scene.told();
        assert!(told.contains(&sample.old), "{told}");
        // What was held is replaced, and nobody goes back to it.
        let replaces = told.replace("replaces held", "").replace("replaced held", "");
        assert!(!replaces.contains("held"), "{told}");
    }
    let serves = with_a_way_back(&sample).remove(4).told();
    assert!(serves.contains("4d1e77c serves, 5 of 6 pods"), "{serves}");
}

#[test]
fn going_back_by_itself_is_promised_only_where_all_was_ready_before() {
    let sample = Sample::short();
    let scene = |ready: bool| {
        Scene::new(&sample).phase(&sample, Phase::Rolling { written: written() }).with(|scene| {
            scene.change.target.policy.after_failure = AfterFailure::Rollback;
            scene.change.target.workloads.push(workload("api-grpc"));
            scene.change.work = Some(work(&sample, &scene.change.target));
            let work = scene.change.work.as_mut().expect("work");
            work.workloads[1].baseline.all_ready = ready;
        })
    };
    assert!(scene(true).told().contains("I go back to 4d1e77c by myself"), "{}", scene(true).told());
    let told = scene(false).told();
    assert!(!told.contains("by myself") && told.contains("and ask, for not all pods were ready before"), "{told}");
}

#[test]
fn what_can_t_be_read_as_an_image_is_told_as_words_from_outside() {
    let sample = Sample::short();
    let strange = format!("[click](https://evil.example) @everyone\u{202e}{}", "x".repeat(200));
    for mut scene in with_a_way_back(&sample) {
        for one in &mut scene.change.work.as_mut().expect("work").workloads {
            one.images[0].from = strange.clone();
            one.baseline = baseline("");
            one.baseline.template["spec"]["containers"][0]["image"] = strange.clone().into();
        }
        let scene = scene.serving(&[(&strange, 5)], false);
        for language in Language::ALL {
            let card = scene.card(Words::get(language));
            let labels = card.buttons.iter().map(|button| &button.label);
            let texts = card.lines.iter().map(|line| &line.text).chain([&card.first_line]).chain(labels);
            for span in texts.flat_map(|text| &text.0) {
                match span {
                    Span::Words(words) => assert!(!words.contains("evil"), "{words}"),
                    Span::Outside(text) => assert!(text.chars().count() <= 60 && !text.contains('\u{202e}'), "{text}"),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn a_lock_that_was_lifted_is_told_of_no_more() {
    let sample = Sample::short();
    let failure = || failure(&sample, CauseKind::CrashLoop, EndedBy::Sign);
    let how = Overtaken::Undone;
    let workload = WorkloadName::new("api").expect("a name");
    let back = ReturnProblem::Failed(CauseKind::NeverReady);
    let asked = Some(Asked { until: at("03:24:00"), then: Unanswered::Rollback });
    for outcome in [
        Outcome::Returned { failure: failure() },
        Outcome::ReturnFailed { failure: failure(), back },
        Outcome::Superseded { workload, how, after_failure: Some(failure()) },
        Outcome::Left { failure: failure(), question: asked, not_returned: None },
        Outcome::Verified { digests: Digests::Match, pods: 6 },
    ] {
        let rollback = matches!(outcome, Outcome::Verified { .. });
        let scene = Scene::new(&sample).ended(&sample, outcome, Left::Written).serving(&[(&sample.old, 6)], false);
        let scene = if rollback { scene.rollback(&sample) } else { scene };
        let scene = scene.with(|scene| scene.question = asked.map(|asked| question(&sample, asked.then)));
        let left = |scene: &Scene| {
            let card = scene.tell(|facts| cards::left_as_is(Words::get(Language::English), facts, &sample.mo));
            card.lines.iter().map(|line| line.text.to_string()).collect::<Vec<_>>().join(" | ")
        };
        for told in [scene.told(), left(&scene)] {
            assert!(told.to_lowercase().contains("lock"), "while it is there: {told}");
        }
        let scene = scene.with(|scene| scene.locked = false);
        for told in [scene.told(), left(&scene)] {
            assert!(!told.to_lowercase().contains("lock"), "{told}");
        }
    }
}
