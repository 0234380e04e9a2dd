//! Locks: the widest first, the holder passes, whoever may lifts them.

use futures::executor::block_on;
use state::change::Asker;
use state::change::transition::Event;
use state::journal::JournalWhat;
use state::lock::{Lock, Reason, Withdrawal};

use super::super::*;
use super::lab::*;
use crate::refusal::MayLift;

fn scope_of(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Locked { lock, .. } => lock.scope.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_widest_lock_is_told_first() {
    let lab = Lab::new();
    for scope in ["api/prod", "prod", "all"] {
        assert_eq!(lab.say("ann", &format!("/lock {scope} migration")).kind, AnswerKind::Done);
        assert_eq!(scope_of(&lab.refusal("mo", "/deploy api prod v2")), scope);
    }
    assert_eq!(scope_of(&lab.refusal("mo", "/deploy api staging v2")), "all");
    for (scope, next) in [("all", "prod"), ("prod", "api/prod")] {
        assert_eq!(lab.say("ann", &format!("/unlock {scope}")).kind, AnswerKind::Done);
        assert_eq!(scope_of(&lab.refusal("mo", "/rollback api prod")), next, "it refuses a rollback as well");
    }
    assert_eq!(lab.say("mo", "/deploy api staging v2").kind, AnswerKind::Done);
}

#[test]
fn the_holder_passes_and_nobody_else() {
    let lab = Lab::new();
    lab.say("mo", "/lock api/prod migration");
    for who in ["sun", "lin", "ann"] {
        let refusal = lab.refusal(who, "/deploy api prod v2");
        let Refusal::Locked { lock, reader, asked, .. } = &refusal else { panic!("{refusal:?}") };
        assert_eq!((&lock.by, &lock.reason), (&name("mo"), &Reason::Said("migration".to_owned())));
        assert_eq!(*reader, if who == "sun" { MayLift::No } else { MayLift::Yes }, "{who}");
        assert_eq!(asked.to_text(), "/deploy api prod v2");
    }
    assert_eq!(lab.say("mo", "/deploy api prod v2").kind, AnswerKind::Done);
}

#[test]
fn a_lock_that_ran_out_stands_in_nobody_s_way() {
    let lab = Lab::new();
    lab.say("mo", "/lock api/prod migration for 1s");
    // Everything that is refused is asked for one second later.
    assert_eq!(lab.say("sun", "/deploy api prod v2").kind, AnswerKind::Refused);
    let refusal = lab.refusal("sun", "/unlock api/prod");
    assert!(matches!(refusal, Refusal::NotLocked { .. }), "{refusal:?}");
}

#[test]
fn a_lock_that_a_failure_left_refuses_deploys_alone() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, state::change::Held::Complete));
    lab.happens(id, Event::AllHeld);
    let refusal = lab.refusal("sun", "/deploy api prod v3");
    let Refusal::Locked { lock, .. } = &refusal else { panic!("{refusal:?}") };
    let image = "v2".to_owned();
    assert_eq!(
        (&lock.by, &lock.reason),
        (&name("mo"), &Reason::Withdrawn { image, how: Withdrawal::Failed, changes: vec![number] })
    );
    assert_eq!(lab.say("sun", "/rollback api prod").kind, AnswerKind::Done, "going back stays possible");
}

#[test]
fn one_s_own_lock_is_lifted_by_anybody_another_s_only_with_the_right() {
    let lab = Lab::new();
    lab.say("mo", "/lock api/prod migration");
    let refusal = lab.refusal("sun", "/unlock api/prod");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Unlock, .. }), "{refusal:?}");
    assert_eq!(lab.say("mo", "/unlock api/prod").kind, AnswerKind::Done);
    lab.say("mo", "/lock api/prod migration");
    assert_eq!(lab.say("lin", "/unlock api/prod").kind, AnswerKind::Done, "lin is on call");
    let journal = block_on(lab.engine.records.journal(&name("api/prod"), None, 9)).expect("readable");
    let of_mo = JournalWhat::Unlocked { scope: name("api/prod"), held_by: Some(name("mo")) };
    let lifted = journal.iter().filter(|line| line.line.what == of_mo).map(|line| line.line.by.clone());
    let who: std::collections::BTreeSet<_> = lifted.flatten().collect();
    assert_eq!(who, [name("mo"), name("lin")].into(), "the journal shows who");
    assert_eq!(lab.say("eve", "/lock api/prod no").kind, AnswerKind::Refused);
}

#[test]
fn a_lock_that_somebody_else_holds_is_not_taken_over() {
    let lab = Lab::new();
    lab.say("mo", "/lock api/prod migration");
    let refusal = lab.refusal("sun", "/lock api/prod mine");
    let Refusal::LockHeld { lock: Lock { by, .. } } = &refusal else { panic!("{refusal:?}") };
    assert_eq!(*by, name("mo"));
    assert_eq!(lab.say("mo", "/lock api/prod longer for 2h").kind, AnswerKind::Done, "one's own is laid anew");
    let locks = block_on(lab.engine.records.locks_over(&target_name("api", "prod"))).expect("readable");
    let reason = locks[0].lock.as_ref().map(|lock| lock.reason.clone());
    assert_eq!((locks.len(), reason), (1, Ok(Reason::Said("longer".to_owned()))));
}

#[test]
fn no_lock_stops_what_is_open() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    let laid = lab.say("ann", "/lock all migration");
    let of = |answer: &Answer, begin: &str| {
        let line = |line: &crate::card::Line| Some(line.text.to_string().strip_prefix(begin)?.to_owned());
        answer.card.lines.iter().find_map(line)
    };
    let refused = "Still being prepared, and refused by it before anything is written: ";
    let goes_on = "Under way, and not stopped by it: ";
    assert_eq!((of(&laid, refused), of(&laid, goes_on)), (Some(number.to_string()), None));
    assert!(lab.change(id).ended().is_none());
    // Whoever holds the lock passes it, and what writes already is not looked at again.
    lab.say("ann", "/unlock all");
    let own = lab.say("mo", "/lock api/prod mine");
    assert_eq!((of(&own, refused), of(&own, goes_on)), (None, Some(number.to_string())));
    lab.say("mo", "/unlock api/prod");
    lab.put(id, |head| head.phase = rolling());
    let laid = lab.say("ann", "/lock all migration");
    assert_eq!((of(&laid, refused), of(&laid, goes_on)), (None, Some(number.to_string())));
    assert_eq!(lab.say("sun", "/stop api prod").kind, AnswerKind::Done, "nor does one refuse a stop");
    assert!(matches!(lab.change(id).head.asked_by, Asker::Person { .. }));
    assert!(lab.change(id).ended().is_some());
}

#[test]
fn one_s_own_lock_is_lifted_beside_another_s_and_each_is_named() {
    let lab = Lab::new();
    let (id, _) = lab.begun("sun");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, state::change::Held::Complete));
    lab.happens(id, Event::AllHeld);
    lab.say("mo", "/lock api/prod migration");
    let locks = || block_on(lab.engine.records.locks_over(&target_name("api", "prod"))).expect("readable");
    let told = |answer: &Answer| {
        let lines = answer.card.lines.iter().map(|line| line.text.to_string());
        std::iter::once(answer.card.first_line.to_string()).chain(lines).collect::<Vec<_>>().join("\n")
    };
    let own = told(&lab.say("mo", "/unlock api/prod"));
    assert!(own.contains("stays locked") && own.contains("migration") && own.contains("v2 failed"), "{own}");
    let by = locks().into_iter().map(|laid| laid.lock.expect("readable").by).collect::<Vec<_>>();
    assert_eq!(by, [name("sun")]);
    let refusal = lab.refusal("mo", "/unlock api/prod");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Unlock, .. }), "{refusal:?}");
    lab.say("mo", "/lock api/prod migration");
    let both = told(&lab.say("lin", "/unlock api/prod"));
    assert!(both.contains("is open again") && both.contains("migration") && both.contains("v2 failed"), "{both}");
    assert!(locks().is_empty());
}

#[test]
fn a_lock_on_a_place_that_is_gone_is_lifted_by_whoever_may_everywhere() {
    let lab = Lab::new();
    assert_eq!(lab.say("mo", "/lock staging moving").kind, AnswerKind::Done);
    let mut smaller = catalogue();
    smaller.environments.remove(&name::<state::names::EnvironmentName>("staging"));
    lab.desk.reload(Arc::new(smaller));
    let refusal = lab.refusal("sun", "/unlock staging");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Unlock, .. }), "{refusal:?}");
    assert_eq!(lab.say("ann", "/unlock staging").kind, AnswerKind::Done);
}
