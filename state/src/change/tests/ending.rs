//! What an outcome leaves behind: releases, marks, locks, and what stands in each workload.

use std::collections::BTreeMap;

use super::scene::*;
use super::transition::{BOTH, ended, follows, rollback};
use crate::catalogue::Unanswered;
use crate::change::outcome::{CantTell, Digests, Left, Outcome, Overtaken, Question, Refused, ReturnProblem};
use crate::change::prepare::Prepared;
use crate::change::release::Origin;
use crate::change::transition::{Also, Event, TIME_TO_ANSWER, transition};
use crate::change::{Ask, Asker, Change, Held, Parked, ParkedWhy, Phase, Pin, ReturnStage, RollbackTo, WorkloadWork};
use crate::evidence::CauseKind;
use crate::lock::{Reason, Scope, Withdrawal};
use crate::names::ChangeNumber;
use crate::rollout::seen::MarkerStep;
use crate::template::Template;

#[test]
fn a_verified_deploy_becomes_a_release_with_the_digests_that_ran() {
    let mut change = in_phase(&["api"], Phase::Stabilizing { written: applied_to(&["api"]) });
    // Without a registry the tag is written as it is; the pods say what it stood for.
    change.work.as_mut().expect("work").workloads[0].images[0].to = image("api", "v2", None);
    let ran = vec![BTreeMap::from([(name("api"), digest(2))])];
    let event = Event::Verified { digests: Digests::NoRegistry, pods: 2, ran };
    let next = transition(&change, event, now()).expect("an end");
    let release = next.also.iter().find_map(|also| match also {
        Also::Release(release) => Some(release),
        _ => None,
    });
    let release = release.expect("a release");
    assert_eq!(release.workloads[0].images[&name("api")], image("api", "v2", Some(&digest(2))));
    let template = Template::new(release.workloads[0].template.clone());
    assert_eq!(template.hash(), template_of(item(&change, 0)).hash(), "the template as it was written");
    assert!(next.also.iter().any(|also| matches!(also, Also::Restore(_))));
}

fn template_of(item: &WorkloadWork) -> Template {
    item.new_template(&Template::new(item.baseline.template.clone()))
}

#[test]
fn what_ran_before_is_kept_by_the_first_write_with_its_digests() {
    for change in
        [in_phase(&BOTH, Phase::Applying { written: vec![] })].map(|change| [change.clone(), rollback(change)])
    {
        for change in change {
            let next = follows(&change, "wrote");
            let Some(Also::Release(kept)) = next.also.first() else { panic!("{:?}", next.also) };
            assert_eq!((kept.origin, kept.number, kept.change), (Origin::Baseline, ChangeNumber(412), id()));
            assert_eq!(kept.workloads.len(), 2);
            assert_eq!(kept.workloads[0].template, item(&change, 0).baseline.template);
            assert_eq!(kept.workloads[0].images[&name("api")], image("api", "v1", Some(&digest(1))));
        }
    }
}

#[test]
fn a_verified_rollback_withdraws_what_it_left_and_locks_in_its_name() {
    let change = rollback(in_phase(&["api"], Phase::Stabilizing { written: applied_to(&["api"]) }));
    let next = follows(&change, "verified");
    let lock = next.also.iter().find_map(|also| match also {
        Also::Lock(lock) => Some(lock),
        _ => None,
    });
    let lock = lock.expect("a lock");
    assert_eq!(lock.scope, Scope::Target(change.target.name.clone()));
    assert_eq!((lock.by.as_str(), lock.until), ("lin", None));
    let left =
        Reason::Withdrawn { image: "v1".to_owned(), how: Withdrawal::RolledBack, changes: vec![ChangeNumber(412)] };
    assert_eq!(lock.reason, left, "what was left, not what was gone to");
    let withdrawn = next.also.iter().find_map(|also| match also {
        Also::Withdraw(withdrawn) => Some(withdrawn.images[0].image.clone()),
        _ => None,
    });
    assert_eq!(withdrawn, Some(image("api", "v1", Some(&digest(1)))));

    // A template that is restored around the same image leaves no image.
    let mut same = change;
    same.work.as_mut().expect("work").workloads[0].images[0].to = image("api", "v1", Some(&digest(1)));
    let next = follows(&same, "verified");
    assert!(!next.also.iter().any(|also| matches!(also, Also::Withdraw(_))));
    assert!(next.also.iter().any(|also| matches!(also, Also::Lock(_))));
}

#[test]
fn a_timer_s_rollback_is_held_by_whoever_asked_first() {
    let mut change = rollback(in_phase(&["api"], Phase::Stabilizing { written: applied_to(&["api"]) }));
    change.head.asked_by = Asker::Timer { question_of: earlier(), on_behalf_of: name("zhou") };
    let next = follows(&change, "verified");
    assert!(next.also.iter().any(|also| matches!(also, Also::Lock(lock) if lock.by.as_str() == "zhou")));
}

#[test]
fn a_failure_withdraws_the_new_images_and_locks_in_their_name() {
    let change = returning(&["api"], ReturnStage::Stabilizing { back: back(&["api"]) });
    let next = follows(&change, "verified");
    assert!(matches!(ended(&next), Outcome::Returned { .. }));
    let named = |also: &Also| {
        matches!(also, Also::Lock(lock)
        if lock.reason == Reason::Withdrawn { image: "v2".to_owned(), how: Withdrawal::Failed, changes: vec![ChangeNumber(412)] })
    };
    assert!(next.also.iter().any(named));
    let marked = |also: &Also| {
        matches!(also, Also::Withdraw(withdrawn)
        if withdrawn.images[0].image == image("api", "v2", Some(&digest(2))))
    };
    assert!(next.also.iter().any(marked));
}

#[test]
fn a_return_that_fails_is_said_with_its_reason() {
    let writing = ReturnStage::Writing { pinned: vec![], back: BTreeMap::new() };
    let why = |stage: ReturnStage, event| match ended(&follows(&returning(&["api"], stage), event)) {
        Outcome::ReturnFailed { back, .. } => back.clone(),
        other => panic!("{other:?}"),
    };
    let rolling = || ReturnStage::Rolling { back: back(&["api"]) };
    assert_eq!(why(writing, "back-rejected"), ReturnProblem::Rejected("policy".to_owned()));
    assert_eq!(why(rolling(), "failed"), ReturnProblem::Failed(CauseKind::CrashLoop));
    assert_eq!(why(rolling(), "cant-tell"), ReturnProblem::CantTell(CantTell::Gone));
    // A foreign write during it leaves lock and mark all the same.
    let overtaken = follows(&returning(&["api"], rolling()), "overtaken");
    assert!(matches!(ended(&overtaken), Outcome::Superseded { after_failure: Some(_), .. }));
}

#[test]
fn a_return_writes_each_workload_once_and_then_judges_afresh() {
    let pinned = vec![Pin { workload: 0, container: name("api"), image: image("api", "v1", Some(&digest(1))) }];
    let asked = transition(&returning(&BOTH, ReturnStage::Checking), Event::OldImages(pinned.clone()), now());
    let mut change = asked.expect("writing").change;
    for place in [1, 0] {
        let Phase::Returning { stage: ReturnStage::Writing { pinned: kept, .. }, .. } = change.phase() else {
            panic!()
        };
        assert_eq!(*kept, pinned);
        let back = Event::WroteBack(place, written(BOTH[place], MarkerStep::Return));
        change = transition(&change, back, now()).expect("written back").change;
    }
    let Phase::Returning { stage: ReturnStage::Rolling { back }, .. } = change.phase() else { panic!() };
    assert_eq!(back.len(), 2);
    assert_eq!(change.watch, Default::default(), "own deadline, own window");
}

#[test]
fn what_was_left_is_listed_for_each_workload() {
    let left = |change: &Change, event| {
        let next = follows(change, event);
        next.change.ended().expect("an end").left.iter().map(|left| (left.what, left.template)).collect::<Vec<_>>()
    };
    let hash = |workload: &str, step| Some(written(workload, step).template);
    let (apply, back) = (MarkerStep::Apply, MarkerStep::Return);
    let mut change = holding(&BOTH);
    let Phase::Holding { held, .. } = &mut change.head.phase else { panic!() };
    *held = [(0, Held::Refused("policy".to_owned())), (1, Held::Paused(written("worker", MarkerStep::Hold)))].into();
    let wanted = [(Left::NotPaused, hash("api", apply)), (Left::Paused, hash("worker", apply))];
    assert_eq!(left(&change, "all-held"), wanted);
    let sentences = |change: &Change| {
        let ended = follows(change, "all-held").change.ended().cloned().expect("an end");
        ended.left.into_iter().map(|left| left.sentence).collect::<Vec<_>>()
    };
    assert_eq!(sentences(&change), [Some("policy".to_owned()), None], "the server's sentence is kept");
    let Phase::Holding { held, .. } = &mut change.head.phase else { panic!() };
    held.insert(0, Held::PausedBySomebody);
    assert_eq!(sentences(&change), [None, None], "nobody refused it");
    let half = returning(&BOTH, ReturnStage::Writing { pinned: vec![], back: [(1, written("worker", back))].into() });
    let wanted = [(Left::Written, hash("api", apply)), (Left::Returned, hash("worker", back))];
    assert_eq!(left(&half, "back-rejected"), wanted);
    assert_eq!(left(&preparing(&BOTH), "stop"), []);

    // It was written, and undone before that was recorded.
    let applying = in_phase(&BOTH, Phase::Applying { written: vec![] });
    let undone = Event::Overtaken(name("api"), Overtaken::Undone);
    let next = transition(&applying, undone, now()).expect("an end").change;
    let left: Vec<_> = next.ended().expect("an end").left.iter().map(|left| (left.what, left.template)).collect();
    assert_eq!(left, [(Left::Written, None), (Left::Untouched, None)]);
}

/// The question that the earlier change left, with its deadline so many seconds after the night began.
fn question(until: u64) -> Question {
    Question {
        change: earlier(),
        number: ChangeNumber(400),
        asked_by: name("zhou"),
        until: crate::rollout::testing::wall(until),
        then: Unanswered::Rollback,
        extended: false,
        tried: 0,
    }
}

fn answering(mut change: Change, until: u64) -> Change {
    change.head.answers = Some(question(until));
    change
}

/// The question that comes back with an event.
fn asked_again(change: &Change, event: Event) -> Option<Question> {
    let next = transition(change, event, now()).expect("something follows");
    assert!(next.change.ended().is_some(), "{:?}", next.change.phase());
    next.also.into_iter().find_map(|also| match also {
        Also::AskAgain(question) => Some(question),
        _ => None,
    })
}

fn refuse(why: Refused) -> Event {
    Event::Prepared(Prepared::Refuse(why))
}

#[test]
fn a_question_comes_back_with_its_deadline_where_nothing_was_touched() {
    let mistyped = || rollback(preparing(&BOTH));
    let applying = in_phase(&BOTH, Phase::Applying { written: vec![] });
    let unknown = Refused::UnknownRelease { named: "#999".to_owned() };
    let mut stopping = applying.clone();
    stopping.head.stop = Some(crate::change::Stop { by: name("mo"), at: now() });
    let mut imported = mistyped();
    imported.head.parked = Some(Parked { since: now(), why: ParkedWhy::Imported });
    let image = Refused::ImageUnknown { image: "r.example/shop/api:v99".to_owned() };
    for (change, event) in [
        (mistyped(), refuse(unknown)),
        (preparing(&BOTH), refuse(image)),
        (preparing(&BOTH), Event::Prepared(Prepared::NothingToDo)),
        (mistyped(), Event::Stop(name("mo"))),
        (stopping, Event::Settled),
        (applying, Event::Rejected(Refused::Moved { workload: name("api") })),
        (imported, Event::Release(name("ann"))),
    ] {
        assert_eq!(asked_again(&change, event.clone()), None, "{event:?}: it had answered none");
        let again = asked_again(&answering(change, 700), event.clone());
        assert_eq!(again, Some(question(700)), "{event:?}");
    }
}

#[test]
fn whoever_is_asked_again_has_time_to_answer() {
    let refused = || refuse(Refused::UnknownRelease { named: "#999".to_owned() });
    for passed in [50, 100, 150] {
        let again = asked_again(&answering(rollback(preparing(&BOTH)), passed), refused());
        assert_eq!(again.map(|again| again.until), Some(now() + TIME_TO_ANSWER), "{passed}");
    }
}

#[test]
fn a_question_that_was_acted_upon_does_not_come_back() {
    let written = || Phase::Rolling { written: applied_to(&["api"]) };
    let none = |change: Change, event: Event| {
        assert_eq!(asked_again(&answering(change, 700), event.clone()), None, "{event:?}");
    };
    none(in_phase(&["api"], written()), Event::Stop(name("mo")));
    none(in_phase(&["api"], written()), Event::CantTell(CantTell::NoPods));
    none(in_phase(&["api"], written()), Event::Overtaken(name("api"), Overtaken::Template));
    let mut held = holding(&["api"]);
    if let Phase::Holding { held, .. } = &mut held.head.phase {
        held.insert(0, Held::Complete);
    }
    none(held, Event::AllHeld);
    let verified = Event::Verified { digests: Digests::Match, pods: 2, ran: vec![BTreeMap::new()] };
    none(in_phase(&["api"], written()), verified);
    // A write may be on its way.
    let mut parked = in_phase(&["api"], Phase::Applying { written: vec![] });
    parked.head.parked = Some(Parked { since: now(), why: ParkedWhy::WriteInDoubt });
    none(parked, Event::Release(name("ann")));
}

/// A rollback that the deadline of the earlier change's question began, after it had been tried so often.
fn by_deadline(tried: u32) -> Change {
    let mut timer = preparing(&BOTH);
    timer.head.ask = Ask::Rollback { to: RollbackTo::Before(earlier()), template: false };
    timer.head.asked_by = Asker::Timer { question_of: earlier(), on_behalf_of: name("zhou") };
    timer.head.answers = Some(Question { tried, ..question(10) });
    timer
}

#[test]
fn what_the_deadline_could_not_do_is_tried_again_later_and_later() {
    let sentence = || "no".to_owned();
    for why in [
        Refused::ClusterUnreadable,
        Refused::RegistryUnreachable { host: "r.example".to_owned() },
        Refused::RegistryDenied { host: "r.example".to_owned() },
        Refused::Forbidden { sentence: sentence() },
        Refused::Rejected { workload: name("api"), sentence: sentence() },
        Refused::Moved { workload: name("api") },
    ] {
        let again = asked_again(&by_deadline(0), refuse(why.clone()));
        let wanted = Question { until: now() + TIME_TO_ANSWER, tried: 1, ..question(10) };
        assert_eq!(again, Some(wanted), "{why:?}");
    }
    let waits = |tried| {
        let again = asked_again(&by_deadline(tried), refuse(Refused::ClusterUnreadable)).expect("asked again");
        ((again.until - now()).num_minutes(), again.tried)
    };
    let told: Vec<_> = [0, 1, 2, 3, 4, 5, 40, u32::MAX].map(waits).into();
    assert_eq!(told, [(2, 1), (4, 2), (8, 3), (16, 4), (30, 5), (30, 6), (30, 41), (30, u32::MAX)]);
    let mut applying = by_deadline(1);
    (applying.head.phase, applying.work) = {
        let applying = in_phase(&BOTH, Phase::Applying { written: vec![] });
        (applying.head.phase, applying.work)
    };
    let rejected = Event::Rejected(Refused::Rejected { workload: name("api"), sentence: sentence() });
    assert_eq!(asked_again(&applying, rejected).map(|again| again.tried), Some(2), "the server took no write");
}

#[test]
fn each_try_of_a_deadline_is_a_request_of_its_own() {
    let first = question(10);
    let again = first.clone().postponed(now());
    let later = again.clone().postponed(now());
    let requests = [first.request(), again.request(), later.request()];
    assert_eq!(requests.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{requests:?}");
    // Found again after a commit of unknown outcome, and unmoved by a person's answer that came to nothing.
    let waiting = Question { until: now() + TIME_TO_ANSWER, extended: true, ..again.clone() };
    assert_eq!(waiting.request(), again.request());
}

#[test]
fn what_the_deadline_can_never_do_or_a_person_stopped_is_not_tried_again() {
    for event in [
        refuse(Refused::ImageUnknown { image: "r.example/shop/api:v1".to_owned() }),
        refuse(Refused::NothingToReturnTo),
        refuse(Refused::Missing { workload: name("api") }),
        refuse(Refused::Paused { workload: name("api"), by: None }),
        refuse(Refused::RunsUnhealthy),
        Event::Prepared(Prepared::NothingToDo),
        Event::Stop(name("mo")),
    ] {
        assert_eq!(asked_again(&by_deadline(0), event.clone()), None, "{event:?}");
    }
}

#[test]
fn a_way_back_that_is_gone_is_not_promised_again() {
    let back = |id| {
        let mut change = preparing(&BOTH);
        change.head.ask = Ask::Rollback { to: RollbackTo::Before(id), template: false };
        answering(change, 700)
    };
    let gone = || refuse(Refused::ImageUnknown { image: "r.example/shop/api:v1".to_owned() });
    assert_eq!(asked_again(&back(earlier()), gone()), None);
    assert_eq!(asked_again(&back(id()), gone()), Some(question(700)), "that is another way back");
    assert_eq!(asked_again(&back(earlier()), refuse(Refused::ClusterUnreadable)), Some(question(700)));
}
