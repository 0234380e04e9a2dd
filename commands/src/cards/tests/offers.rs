//! What a card tells and offers by what is so now: a cause that has passed, logs by the policy, a way back that is there.

use std::collections::BTreeMap;

use state::catalogue::{AfterFailure, LogsInChat, Unanswered};
use state::change::outcome::{Asked, CantTell, Digests, EndedBy, Left, NotReturned, Outcome, Overtaken, ReturnProblem};
use state::change::{Phase, ReturnStage};
use state::evidence::{Cause, CauseKind};
use state::names::WorkloadName;
use state::rollout::judge::EarlySign;
use state::time::ObservedTime;

use super::super::change as cards;
use super::scene::{Scene, baseline, by_tag, crash, failure, pull, question, work, workload, written};
use super::*;

pub(super) fn sign() -> EarlySign {
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
        let earlier = earlier.map(by_tag);
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
    // Before anybody has looked it is said by which rule.
    let policy = AfterFailure::Rollback;
    let preparing = Scene::new(&sample).with(|scene| scene.change.target.policy.after_failure = policy).told();
    assert!(preparing.contains("If it fails: I go back by myself to what runs now, if all its pods"), "{preparing}");
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
