//! `/stop` in each phase, and "leave it".

use std::collections::BTreeMap;

use futures::executor::block_on;
use state::change::outcome::{CantTell, Outcome};
use state::change::transition::Event;
use state::change::{Held, Parked, ParkedWhy, Phase, ReturnStage};
use state::journal::JournalWhat;

use super::super::*;
use super::lab::*;
use crate::press::Press;
use crate::refusal::Doing;

fn returning(stage: ReturnStage) -> Phase {
    Phase::Returning { written: written(), failure: failure(), stage }
}

#[test]
fn a_stop_ends_what_has_no_write_in_flight() {
    for phase in [Phase::Preparing, rolling(), Phase::Stabilizing { written: written() }] {
        let lab = Lab::new();
        let (id, _) = lab.begun("mo");
        lab.put(id, |head| head.phase = phase.clone());
        let stopped = lab.say("sun", "/stop api prod");
        assert_eq!(stopped.kind, AnswerKind::Done, "{phase:?}");
        let outcome = lab.change(id).ended().map(|ended| ended.outcome.clone());
        assert_eq!(outcome, Some(Outcome::Cancelled { by: name("sun") }), "{phase:?}");
        assert_eq!(block_on(lab.engine.records.holder(&target_name("api", "prod"))), Ok(None), "its claim is free");
        assert_eq!(lab.heard.lock().expect("not poisoned").last(), Some(&Heard::Acted(id)));
    }
}

#[test]
fn a_stop_while_writing_waits_for_the_write() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    lab.put(id, |head| head.phase = Phase::Applying { written: vec![] });
    assert_eq!(lab.say("sun", "/stop api prod").change, Some((id, number)));
    let change = lab.change(id);
    assert!(change.ended().is_none(), "it is settled first");
    assert_eq!(change.head.stop.as_ref().map(|stop| stop.by.clone()), Some(name("sun")));
    // Whoever asks again is shown that it is being stopped, and follows it to its end.
    let again = lab.say("mo", "/stop api prod");
    assert_eq!((again.kind, again.change), (AnswerKind::Done, Some((id, number))));
    assert!(text(&again).contains("sun asked to stop it"), "{}", text(&again));
}

#[test]
fn what_holds_or_returns_is_not_stopped() {
    let back = BTreeMap::new;
    for (phase, doing) in [
        (holding(), Doing::Holding),
        (returning(ReturnStage::Checking), Doing::Returning),
        (returning(ReturnStage::Writing { pinned: vec![], back: back() }), Doing::Returning),
        (returning(ReturnStage::Rolling { back: back() }), Doing::Returning),
        (returning(ReturnStage::Stabilizing { back: back() }), Doing::Returning),
    ] {
        let lab = Lab::new();
        let (id, number) = lab.begun("mo");
        lab.put(id, |head| head.phase = phase.clone());
        let target = target_name("api", "prod");
        assert_eq!(lab.refusal("mo", "/stop api prod"), Refusal::TooLateToStop { target, number, doing }, "{phase:?}");
        assert_eq!(lab.change(id).head.phase, phase);
    }
}

#[test]
fn what_is_parked_is_released_rather_than_stopped() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    lab.put(id, |head| {
        head.phase = rolling();
        head.parked = Some(Parked { since: at(1).wall, why: ParkedWhy::ClusterUnreadable });
    });
    let target = target_name("api", "prod");
    let too_late = Refusal::TooLateToStop { target, number, doing: Doing::Parked };
    assert_eq!(lab.refusal("mo", "/stop api prod"), too_late);
}

#[test]
fn where_nothing_is_open_there_is_nothing_to_stop() {
    let lab = Lab::new();
    let target = target_name("api", "prod");
    let nothing = |last| Refusal::NothingToStop { target: target.clone(), last };
    assert_eq!(lab.refusal("mo", "/stop api prod"), nothing(None));
    let (id, number) = lab.begun("mo");
    lab.put(id, |head| head.phase = rolling());
    lab.happens(id, Event::CantTell(CantTell::NoPods));
    assert_eq!(lab.refusal("mo", "/stop api prod"), nothing(Some(number)));
    assert_eq!(lab.refused_press("mo", Press::Stop(id)), nothing(Some(number)), "the button of its message");
    let refusal = lab.refusal("eve", "/stop api prod");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Stop, .. }), "{refusal:?}");
}

#[test]
fn who_may_stop_is_what_stood_in_the_config_when_it_began() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    let mut strict = catalogue();
    for environment in strict.environments.values_mut() {
        environment.permissions.0.remove(&Action::Stop);
    }
    lab.desk.reload(Arc::new(strict));
    let refusal = lab.refusal("eve", "/stop api prod");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Stop, .. }), "{refusal:?}");
    assert_eq!(lab.say("zhou", "/stop api prod").kind, AnswerKind::Done, "zhou owned it when it began");
    assert!(lab.change(id).ended().is_some());
}

#[test]
fn a_stop_of_a_question_leaves_it_as_it_is() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, Held::Complete));
    lab.happens(id, Event::AllHeld);
    let target = target_name("api", "prod");
    let question = || block_on(lab.engine.records.question(&target)).expect("readable");
    assert!(question().is_some());
    let refusal = lab.refusal("eve", "/stop api prod");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Rollback, .. }), "{refusal:?}");
    assert_eq!(lab.say("sun", "/stop api prod").kind, AnswerKind::Done);
    assert!(question().is_none());
    let journal = block_on(lab.engine.records.journal(&name("api/prod"), None, 9)).expect("readable");
    let locks = block_on(lab.engine.records.locks_over(&target)).expect("readable");
    assert_eq!(locks.len(), 1, "the lock stays");
    assert!(journal.iter().any(|line| line.line.what == JournalWhat::LeftAsIs && line.line.by == Some(name("sun"))));
    lab.say("ann", "/unlock api/prod");
    lab.say("mo", "/deploy api prod v3");
    let late = lab.refused_press("sun", Press::Leave(id));
    assert_eq!(late, Refusal::PressTooLate { number, target: target.clone() }, "whoever comes first answers it");
    lab.say("mo", "/stop api prod");
}

#[test]
fn a_rollback_answers_the_question() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, Held::Complete));
    lab.happens(id, Event::AllHeld);
    let (back, _) = lab.press("sun", Press::RollBack(id)).change.expect("a change");
    let target = target_name("api", "prod");
    assert_eq!(block_on(lab.engine.records.question(&target)), Ok(None), "in the commit of its own change");
    assert_eq!(block_on(lab.engine.records.holder(&target)).expect("readable").map(|claim| claim.change), Some(back));
}
