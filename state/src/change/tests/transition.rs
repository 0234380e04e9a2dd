//! What follows: every event in every phase.

use std::collections::BTreeMap;

use super::scene::*;
use crate::catalogue::{AfterFailure, Unanswered};
use crate::change::outcome::{
    Asked, CantTell, Digests, EndedBy, Left, NotReturned, Outcome, Overtaken, Refused, ReturnProblem,
};
use crate::change::prepare::Prepared;
use crate::change::release::Origin;
use crate::change::transition::{Also, Event, Transition, resumed, transition};
use crate::change::{Ask, Change, Held, Parked, ParkedWhy, Phase, ReturnStage, RollbackTo, Stop, Written};
use crate::evidence::{Cause, CauseKind};
use crate::journal::{JournalLine, JournalWhat, NoticeWhat};

use crate::names::ChangeNumber;
use crate::rollout::seen::MarkerStep;
use crate::rollout::testing::wall;

pub(super) const BOTH: [&str; 2] = ["api", "worker"];

pub(super) fn rollback(mut change: Change) -> Change {
    change.head.ask = Ask::Rollback { to: RollbackTo::Previous, template: false };
    change
}

fn some_cause() -> Cause {
    Cause {
        kind: CauseKind::Pull,
        affected: 1,
        of: 2,
        pod: Some("api-7".to_owned()),
        container: Some("api".to_owned()),
        reason: "ImagePullBackOff".to_owned(),
        message: "not found".to_owned(),
        exit_code: None,
        restarts: 0,
        since: wall(40),
        events: Vec::new(),
        log: Vec::new(),
    }
}

/// Every kind of event, with what it would be about.
pub(super) fn events(place: usize) -> Vec<(&'static str, Event)> {
    let workload = BOTH[place];
    let write = |step| written(workload, step);
    let work = in_phase(&BOTH, Phase::Preparing).work.expect("work");
    vec![
        ("refuse", Event::Prepared(Prepared::Refuse(Refused::ClusterUnreadable))),
        ("nothing", Event::Prepared(Prepared::NothingToDo)),
        ("write", Event::Prepared(Prepared::Write(Box::new(work)))),
        ("wrote", Event::Wrote(write(MarkerStep::Apply))),
        ("rejected", Event::Rejected(Refused::Rejected { workload: name(workload), sentence: "quota".to_owned() })),
        ("settled", Event::Settled),
        ("completed", Event::Completed(Vec::new())),
        ("verified", Event::Verified { digests: Digests::Match, pods: 4, ran: vec![BTreeMap::new(); 2] }),
        ("failed", Event::Failed { workload: name(workload), kind: CauseKind::CrashLoop, ended_by: EndedBy::Sign }),
        ("investigated", Event::Investigated(Box::new(some_cause()))),
        ("held-as", Event::HeldAs(place, Held::Paused(write(MarkerStep::Hold)))),
        ("all-held", Event::AllHeld),
        ("old-images", Event::OldImages(Vec::new())),
        ("image-gone", Event::OldImageGone),
        ("wrote-back", Event::WroteBack(place, write(MarkerStep::Return))),
        ("back-rejected", Event::BackRejected("policy".to_owned())),
        ("cant-tell", Event::CantTell(CantTell::Gone)),
        ("overtaken", Event::Overtaken(name(workload), Overtaken::Template)),
        ("stop", Event::Stop(name("mo"))),
        ("park", Event::Park(ParkedWhy::ClusterUnreadable)),
        ("unpark", Event::Unpark),
        ("release", Event::Release(name("root"))),
    ]
}

pub(super) fn follows(change: &Change, event: &str) -> Transition {
    let event = events(0).into_iter().find(|(word, _)| *word == event).expect("an event").1;
    transition(change, event, now()).expect("something follows")
}

pub(super) fn ended(transition: &Transition) -> &Outcome {
    &transition.change.ended().expect("an end").outcome
}

fn phases() -> Vec<(&'static str, Change)> {
    let applying = |done: usize| in_phase(&BOTH, Phase::Applying { written: applied_to(&BOTH[..done]) });
    let rolling = in_phase(&BOTH, Phase::Rolling { written: applied_to(&BOTH) });
    let stopped = {
        let mut change = applying(1);
        change.head.stop = Some(Stop { by: name("mo"), at: wall(30) });
        change
    };
    let parked = {
        let mut change = rolling.clone();
        change.head.parked = Some(Parked { since: wall(30), why: ParkedWhy::ClusterUnreadable });
        change
    };
    let held = {
        let mut change = holding(&BOTH);
        if let Phase::Holding { held, .. } = &mut change.head.phase {
            *held = [(0, Held::Complete), (1, Held::Paused(written("worker", MarkerStep::Hold)))].into();
        }
        change
    };
    let last_back = [(1, written("worker", MarkerStep::Return))].into();
    vec![
        ("preparing", preparing(&BOTH)),
        ("applying the first", applying(0)),
        ("applying the last", applying(1)),
        ("applying, stopped", stopped),
        ("rolling", rolling.clone()),
        ("rolling back", rollback(rolling.clone())),
        ("stabilizing", in_phase(&BOTH, Phase::Stabilizing { written: applied_to(&BOTH) })),
        ("holding", holding(&BOTH)),
        ("all held", held),
        ("asking the registry", returning(&BOTH, ReturnStage::Checking)),
        ("writing the last back", returning(&BOTH, ReturnStage::Writing { pinned: vec![], back: last_back })),
        ("returning", returning(&BOTH, ReturnStage::Rolling { back: back(&BOTH) })),
        ("returned, stabilizing", returning(&BOTH, ReturnStage::Stabilizing { back: back(&BOTH) })),
        ("parked", parked),
        ("ended", follows(&rolling, "stop").change),
    ]
}

/// What follows, in a few words.
fn told(before: &Change, transition: &Transition) -> String {
    let after = &transition.change;
    let stage = |change: &Change| match change.phase() {
        Phase::Returning { stage: ReturnStage::Checking, .. } => "returning/checking",
        Phase::Returning { stage: ReturnStage::Writing { .. }, .. } => "returning/writing",
        Phase::Returning { stage: ReturnStage::Rolling { .. }, .. } => "returning/rolling",
        Phase::Returning { stage: ReturnStage::Stabilizing { .. }, .. } => "returning/stabilizing",
        Phase::Ended(ended) => ended.outcome.word(),
        phase => phase.word(),
    };
    let parked = match (&before.head.parked, &after.head.parked) {
        (None, Some(_)) => " (parked)",
        (Some(_), None) if after.ended().is_none() => " (goes on)",
        _ => "",
    };
    format!("{}{parked}", stage(after))
}

/// What must hold of whatever follows.
pub(super) fn is_sound(before: &Change, after: &Transition) {
    let count = |what: fn(&Also) -> bool| after.also.iter().filter(|also| what(also)).count();
    let journalled = |what: fn(&JournalWhat) -> bool| {
        let line = |also: &&Also| matches!(also, Also::Journal(line) if what(&line.what));
        after.also.iter().filter(line).count()
    };
    let end = after.change.ended();
    let once = usize::from(end.is_some());
    assert_eq!(count(|also| matches!(also, Also::ReleaseClaim)), once, "the claim goes with the outcome");
    assert_eq!(count(|also| matches!(also, Also::Notice(NoticeWhat::Outcome))), once, "it is told");
    assert_eq!(journalled(|what| matches!(what, JournalWhat::Ended { .. })), once, "it is journalled");
    assert!(before.ended().is_none(), "nothing follows an end");
    assert!(end.is_none() || after.change.head.parked.is_none(), "what has ended waits for nothing");

    let failed = end.is_some_and(|ended| ended.outcome.failure().is_some());
    let verified = end.is_some_and(|ended| matches!(ended.outcome, Outcome::Verified { .. }));
    let is_rollback = matches!(before.head.ask, Ask::Rollback { .. });
    let leaves = usize::from(failed || (verified && is_rollback));
    assert_eq!(count(|also| matches!(also, Also::Lock(_))), leaves, "locks");
    assert_eq!(count(|also| matches!(also, Also::Withdraw(_))), leaves, "marks");
    let released = |also: &Also| matches!(also, Also::Release(release) if release.origin == Origin::Verified);
    assert_eq!(count(released), usize::from(verified && !is_rollback), "releases");
    let first_write = before.written().is_empty() && !after.change.written().is_empty();
    let baseline = |also: &Also| matches!(also, Also::Release(release) if release.origin == Origin::Baseline);
    assert_eq!(count(baseline), usize::from(first_write), "what ran before is kept once something was written");

    let asks = end.is_some_and(|ended| matches!(ended.outcome, Outcome::Left { question: Some(_), .. }));
    assert_eq!(count(|also| matches!(also, Also::Question(_))), usize::from(asks));
    let enters = matches!((before.phase(), after.change.phase()), (Phase::Preparing, Phase::Applying { .. }));
    assert_eq!(count(|also| matches!(also, Also::NoLock)), usize::from(enters), "locks are looked at in this commit");
    let parks = before.head.parked.is_none() && after.change.head.parked.is_some();
    assert_eq!(count(|also| matches!(also, Also::Notice(NoticeWhat::Parked))), usize::from(parks), "said once");
    if let Some(ended) = end
        && let Some(work) = &before.work
    {
        let written = before.written().len();
        assert!(ended.left.is_empty() || ended.left.len() == work.workloads.len(), "each workload is listed");
        for (place, left) in ended.left.iter().enumerate() {
            assert_eq!(left.what == Left::Untouched, place >= written, "{left:?}");
        }
        assert!(written == 0 || !ended.left.is_empty());
    }
}

#[test]
fn every_event_in_every_phase() {
    let mut table = String::new();
    for (phase, change) in phases() {
        for (word, event) in events(0) {
            let Some(after) = transition(&change, event, now()) else { continue };
            is_sound(&change, &after);
            table.push_str(&format!("{phase} + {word} = {}\n", told(&change, &after)));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_policy_decides_about_a_failure() {
    let try_with = |after_failure, unanswered, ready: bool, is_rollback: bool| {
        let mut change = in_phase(&["api"], Phase::Rolling { written: applied_to(&["api"]) });
        change.target.policy.after_failure = after_failure;
        change.target.policy.unanswered = unanswered;
        change.work.as_mut().expect("work").workloads[0].baseline.all_ready = ready;
        let change = if is_rollback { rollback(change) } else { change };
        let mut next = follows(&change, "failed");
        if let Phase::Holding { held, .. } = &mut next.change.head.phase {
            held.insert(0, Held::Complete);
            next = follows(&next.change, "all-held");
        }
        match next.change.ended().map(|ended| ended.outcome.clone()) {
            None => ("returning", None, None),
            Some(Outcome::Left { question, not_returned, .. }) => {
                ("left", question.map(|asked| asked.then), not_returned)
            }
            other => panic!("{other:?}"),
        }
    };
    use AfterFailure::{Ask as Asks, Hold, Rollback};
    use NotReturned::{BaselineNotReady, WasRollback};
    let (back, stay) = (Unanswered::Rollback, Unanswered::Hold);
    for (policy, unanswered, ready, is_rollback, wanted) in [
        (Rollback, stay, true, false, ("returning", None, None)),
        (Rollback, back, false, false, ("left", Some(stay), Some(BaselineNotReady))),
        (Rollback, back, true, true, ("left", Some(stay), Some(WasRollback))),
        (Hold, back, true, false, ("left", None, None)),
        (Hold, back, true, true, ("left", None, None)),
        (Asks, back, true, false, ("left", Some(back), None)),
        (Asks, stay, true, false, ("left", Some(stay), None)),
        (Asks, back, false, false, ("left", Some(stay), None)),
        (Asks, back, true, true, ("left", Some(stay), None)),
    ] {
        let found = try_with(policy, unanswered, ready, is_rollback);
        assert_eq!(found, wanted, "{policy:?}, ready: {ready}, rollback: {is_rollback}");
    }
}

#[test]
fn a_question_has_a_deadline_and_says_what_then() {
    let mut change = holding(&["api"]);
    change.target.policy.unanswered = Unanswered::Rollback;
    if let Phase::Holding { held, .. } = &mut change.head.phase {
        held.insert(0, Held::Complete);
    }
    let left = follows(&change, "all-held");
    let until = now() + chrono::TimeDelta::minutes(10);
    let Outcome::Left { question, .. } = ended(&left) else { panic!("{left:?}") };
    assert_eq!(*question, Some(Asked { until, then: Unanswered::Rollback }));
    let asked = left.also.iter().find_map(|also| match also {
        Also::Question(question) => Some(question),
        _ => None,
    });
    let asked = asked.expect("a question");
    assert_eq!((asked.change, asked.number, asked.until, asked.extended), (id(), ChangeNumber(412), until, false));
}

#[test]
fn an_old_image_that_is_gone_is_held_and_asks_nobody() {
    let mut held = follows(&returning(&["api"], ReturnStage::Checking), "image-gone");
    let Phase::Holding { held: all, .. } = &mut held.change.head.phase else { panic!("{held:?}") };
    all.insert(0, Held::Complete);
    held.change.target.policy.after_failure = AfterFailure::Rollback;
    let left = follows(&held.change, "all-held");
    let Outcome::Left { question: None, not_returned, .. } = ended(&left) else { panic!("{left:?}") };
    assert_eq!(*not_returned, Some(NotReturned::ImageGone));
}

#[test]
fn a_refusal_of_the_first_write_touched_nothing_and_a_later_one_is_a_failure() {
    let applying = |done: usize| in_phase(&BOTH, Phase::Applying { written: applied_to(&BOTH[..done]) });
    assert!(matches!(ended(&follows(&applying(0), "rejected")), Outcome::Refused { why: Refused::Rejected { .. } }));
    let later = follows(&applying(1), "rejected");
    let Phase::Holding { failure, written, .. } = later.change.phase() else { panic!("{later:?}") };
    assert_eq!((failure.workload.as_str(), failure.kind, written.len()), ("worker", CauseKind::NotCreated, 1));
    assert_eq!(later.change.cause.as_ref().map(|cause| cause.message.as_str()), Some("quota"));
}

#[test]
fn a_stop_while_writing_waits_until_that_is_settled() {
    let change = in_phase(&BOTH, Phase::Applying { written: vec![] });
    let stopped = follows(&change, "stop");
    assert!(stopped.change.ended().is_none());
    assert_eq!(stopped.change.head.stop.as_ref().map(|stop| stop.by.as_str()), Some("mo"));
    // The write had arrived: it is told as written, and the rest stays as it is.
    let arrived = follows(&stopped.change, "wrote").change;
    let settled = follows(&arrived, "settled");
    let left: Vec<Left> = settled.change.ended().expect("an end").left.iter().map(|left| left.what).collect();
    assert_eq!(left, [Left::Written, Left::Untouched]);
    assert_eq!(ended(&settled), &Outcome::Cancelled { by: name("mo") });
    assert!(transition(&change, Event::Settled, now()).is_none(), "nobody has asked to stop");
}

#[test]
fn who_stopped_stands_in_the_journal_once() {
    let asked = |also: &[Also]| {
        let by = |also: &Also| match also {
            Also::Journal(JournalLine { what: JournalWhat::AskedStop, by, .. }) => by.clone(),
            _ => None,
        };
        also.iter().filter_map(by).map(|by| by.to_string()).collect::<Vec<_>>()
    };
    let rolling = in_phase(&BOTH, Phase::Rolling { written: applied_to(&BOTH) });
    for change in [preparing(&BOTH), rolling.clone(), in_phase(&BOTH, Phase::Applying { written: vec![] })] {
        assert_eq!(asked(&follows(&change, "stop").also), ["mo"], "{:?}", change.phase());
    }
    let mut stopped = rolling;
    stopped.head.stop = Some(Stop { by: name("mo"), at: wall(30) });
    assert!(asked(&follows(&stopped, "stop").also).is_empty(), "it was asked for while the last write was in flight");
}

#[test]
fn parked_is_beside_the_phases() {
    let mut change = in_phase(&BOTH, Phase::Stabilizing { written: applied_to(&BOTH) });
    let parked = follows(&change, "park").change;
    assert_eq!(parked.phase(), change.phase());
    assert!(transition(&parked, Event::Park(ParkedWhy::RecordUnreadable), now()).is_none(), "said once");
    assert_eq!(follows(&parked, "unpark").change, change);
    assert!(matches!(ended(&follows(&parked, "release")), Outcome::CantTell { why: CantTell::Released }));
    change.head.parked = None;
    for event in [Event::Unpark, Event::Release(name("root"))] {
        assert!(transition(&change, event, now()).is_none(), "it is not parked");
    }
}

#[test]
fn after_a_restart_only_the_window_starts_anew() {
    let change = in_phase(
        &BOTH,
        Phase::Rolling { written: vec![Written { generation: 7, ..written("api", MarkerStep::Apply) }] },
    );
    assert_eq!(resumed(change.clone()), change);
}

#[test]
fn a_release_in_the_middle_of_a_write_says_that_it_may_still_arrive() {
    let write_in_doubt = [
        "applying the first",
        "applying the last",
        "applying, stopped",
        "holding",
        "all held",
        "writing the last back",
    ];
    for (phase, mut change) in phases() {
        if change.ended().is_some() {
            continue;
        }
        change.head.parked = Some(Parked { since: wall(30), why: ParkedWhy::ClusterUnreadable });
        let why = if write_in_doubt.contains(&phase) { CantTell::ReleasedUnsettled } else { CantTell::Released };
        assert_eq!(ended(&follows(&change, "release")), &Outcome::CantTell { why }, "{phase}");
    }
}

#[test]
fn each_outcome_has_its_word_and_its_exit_code() {
    let (failure, workload) = (failure("api"), name("api"));
    let question = None;
    for (outcome, word, code) in [
        (Outcome::Verified { digests: Digests::Match, pods: 2 }, "verified", 0),
        (Outcome::NothingToDo, "nothing-to-do", 0),
        (Outcome::Refused { why: Refused::RunsUnhealthy }, "refused", 1),
        (Outcome::Returned { failure: failure.clone() }, "returned", 2),
        (Outcome::Left { failure: failure.clone(), question, not_returned: None }, "left", 2),
        (Outcome::ReturnFailed { failure, back: ReturnProblem::CantTell(CantTell::Gone) }, "return-failed", 2),
        (Outcome::CantTell { why: CantTell::NoPods }, "cant-tell", 3),
        (Outcome::Cancelled { by: name("mo") }, "cancelled", 3),
        (Outcome::Superseded { workload, how: Overtaken::Template, after_failure: None }, "superseded", 3),
    ] {
        assert_eq!((outcome.word(), outcome.exit_code()), (word, code));
    }
}
