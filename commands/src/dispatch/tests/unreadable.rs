//! Records that can't be read: what they block is said, everything else works, and a person takes them away.

use futures::executor::block_on;
use state::change::Held;
use state::change::outcome::{CantTell, Outcome};
use state::change::transition::Event;
use state::journal::JournalWhat;
use state::records::RecordName;
use state::store::{Key, SledOptions, SledStore};

use super::super::*;
use super::lab::*;

fn claim() -> Key {
    Key::kind("claim").text("api").text("prod")
}

fn question() -> Key {
    Key::kind("question").text("api").text("prod")
}

fn lock(scope: &str, which: &str) -> Key {
    Key::kind("lock").text(scope).text(which)
}

/// A failed deploy that asks what is to be done.
fn asking(lab: &Lab) -> ChangeId {
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, Held::Complete));
    lab.happens(id, Event::AllHeld);
    id
}

/// Everything else is shown, each record that can't be read is named with what to type, and what it blocks is refused
/// with the same words.
fn is_told(lab: &Lab, record: &str, way_out: &str) {
    for line in ["/now", "/status", "/status api prod"] {
        let shown = lab.say("eve", line);
        assert_eq!(shown.kind, AnswerKind::Done, "{line}: {}", text(&shown));
        let told = text(&shown);
        let lines: Vec<&str> = told.lines().filter(|told| told.contains(record)).collect();
        assert_eq!(lines.len(), 1, "{line}: {told}");
        assert!(lines[0].contains(way_out), "{line}: {told}");
        assert!(line.ends_with("prod") || told.contains("web"), "{line}: {told}");
    }
    let refused = lab.say("mo", "/deploy api prod v3");
    assert_eq!(refused.kind, AnswerKind::Refused);
    let told = text(&refused);
    assert!(told.contains(record) && told.contains(way_out), "{told}");
    assert_eq!(lab.say("mo", "/deploy web prod v3").kind, AnswerKind::Done, "another target is not concerned");
    lab.say("mo", "/stop web prod");
}

fn lab() -> Lab {
    let lab = Lab::new();
    lab.runs("v1");
    lab.runs_in("web", "prod", "v1");
    // Something that is worth a line of its own.
    lab.say("ann", "/lock web/prod works");
    lab.say("ann", "/unlock web/prod");
    lab
}

fn journal(lab: &Lab) -> Vec<state::journal::JournalLine> {
    let lines = block_on(lab.engine.records.journal(&name("api/prod"), None, 9)).expect("readable");
    lines.into_iter().map(|line| line.line).collect()
}

#[test]
fn a_claim_is_freed_with_its_change() {
    for phase in [state::change::Phase::Preparing, rolling(), holding()] {
        let lab = lab();
        let (id, _) = lab.begun("mo");
        lab.put(id, |head| head.phase = phase.clone());
        lab.damage(claim());
        is_told(&lab, "claim/api/prod", "/change release #1");
        let refusal = lab.refusal("mo", "/change release 1");
        assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Release, .. }), "{refusal:?}");
        assert_eq!(lab.say("ann", "/change release 1").kind, AnswerKind::Done);
        let outcome = lab.change(id).ended().map(|ended| ended.outcome.clone());
        assert!(matches!(outcome, Some(Outcome::CantTell { why: CantTell::Released | CantTell::ReleasedUnsettled })));
        assert_eq!(lab.say("mo", "/deploy api prod v3").kind, AnswerKind::Done);
    }
}

#[test]
fn a_claim_that_no_open_change_is_known_of_is_freed() {
    let lab = lab();
    let (id, number) = lab.begun("mo");
    lab.damage(claim());
    // Its journal has a later number of a change that has ended, and the change itself can't be read either.
    lab.spoil(id, "head");
    is_told(&lab, "claim/api/prod", "/change release #1");
    let freed = lab.say("ann", "/change release 1");
    assert_eq!(freed.kind, AnswerKind::Done, "{}", text(&freed));
    assert!(text(&freed).contains("claim/api/prod"), "{}", text(&freed));
    let released = journal(&lab).into_iter().find(|line| line.what == JournalWhat::Released).expect("a line");
    assert_eq!((released.by, released.change), (Some(name("ann")), Some(number)));
    assert_eq!(lab.say("mo", "/deploy api prod v3").kind, AnswerKind::Done);
}

#[test]
fn a_change_is_named_and_freed() {
    for part in ["head", "target", "work"] {
        let lab = lab();
        let (id, _) = lab.begun("mo");
        lab.put(id, |head| head.phase = rolling());
        lab.spoil(id, part);
        is_told(&lab, &format!("change/{id}"), "/change release #1");
        assert_eq!(lab.say("ann", "/change release 1").kind, AnswerKind::Done, "{part}");
        assert_eq!(lab.say("mo", "/deploy api prod v3").kind, AnswerKind::Done, "{part}");
    }
}

#[test]
fn a_question_is_freed_and_whatever_it_is_about() {
    for broken_change in [false, true] {
        let lab = lab();
        let id = asking(&lab);
        lab.say("lin", "/unlock api/prod");
        if broken_change {
            lab.spoil(id, "head");
        } else {
            lab.damage(question());
            is_told(&lab, "question/api/prod", "/change release #1");
            let stop = lab.say("mo", "/stop api prod");
            assert!(text(&stop).contains("/change release #1"), "{}", text(&stop));
        }
        let refusal = lab.refusal("lin", "/change release 1");
        assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Release, .. }), "{refusal:?}");
        let freed = lab.say("ann", "/change release 1");
        assert!(text(&freed).contains("question/api/prod"), "{}", text(&freed));
        let released = journal(&lab).into_iter().find(|line| line.what == JournalWhat::Released);
        assert_eq!(released.and_then(|line| line.by), Some(name("ann")));
        assert_eq!(block_on(lab.engine.records.question(&target_name("api", "prod"))), Ok(None));
        assert_eq!(lab.say("mo", "/deploy api prod v3").kind, AnswerKind::Done);
    }
}

#[test]
fn a_lock_is_lifted_by_whoever_may() {
    for scope in ["api/prod", "prod", "all"] {
        let lab = lab();
        lab.say("mo", &format!("/lock {scope} migration"));
        lab.damage(lock(scope, "said"));
        for line in ["/now", "/status", "/status api prod", "/locks"] {
            let told = text(&lab.say("eve", line));
            let lines = told.lines().filter(|told| told.contains(&format!("lock/{scope}/said")));
            assert_eq!(lines.count(), 1, "{line}: {told}");
            assert!(told.contains(&format!("/unlock {scope}")), "{line}: {told}");
        }
        for line in ["/deploy api prod v3", "/rollback api prod", &format!("/lock {scope} mine")] {
            let refused = lab.say("mo", line);
            assert_eq!(refused.kind, AnswerKind::Refused, "{line}");
            assert!(text(&refused).contains(&format!("/unlock {scope}")), "{line}: {}", text(&refused));
        }
        // Whose one it was can't be read, so that nobody lifts it as their own.
        let refusal = lab.refusal("mo", &format!("/unlock {scope}"));
        assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Unlock, .. }), "{refusal:?}");
        let lifted = lab.say("lin", &format!("/unlock {scope}"));
        assert_eq!(lifted.kind, AnswerKind::Done, "{}", text(&lifted));
        assert!(text(&lifted).contains(&format!("lock/{scope}/said")), "{}", text(&lifted));
        let lines = block_on(lab.engine.records.journal(&name(scope), None, 9)).expect("readable");
        let unlocked = JournalWhat::Unlocked { scope: name(scope), held_by: None };
        let by = lines.into_iter().find(|line| line.line.what == unlocked).and_then(|line| line.line.by);
        assert_eq!(by, Some(name("lin")));
        assert!(text(&lab.say("eve", "/history")).contains("could not be read"));
        assert_eq!(lab.say("mo", "/deploy api prod v3").kind, AnswerKind::Done);
    }
}

#[test]
fn a_mark_of_what_was_withdrawn_is_in_the_way_of_rotabot_s_own_choice_alone_and_is_lifted() {
    let lab = lab();
    let mark = Key::kind("withdrawn").text("api").text("prod").number(7);
    lab.damage(mark.clone());
    for line in ["/rollback api prod", "/rollback api prod plan"] {
        let refused = lab.say("mo", line);
        let told = text(&refused);
        assert_eq!(refused.kind, AnswerKind::Refused, "{line}: {told}");
        for part in ["withdrawn/api/prod/7", "/rollback api prod to REF", "/unlock api/prod"] {
            assert!(told.contains(part), "{line}: {told}");
        }
    }
    for line in ["/rollback api prod to v0 plan", "/deploy api prod v3 plan", "/rollback web prod plan"] {
        let answer = lab.say("mo", line);
        // Where nothing is known of what a plan names, that is told, and not the mark.
        let told = text(&answer);
        assert!(!told.contains("withdrawn/api/prod/7") && !told.contains("/unlock"), "{line}: {told}");
    }
    let refusal = lab.refusal("mo", "/unlock api/prod");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Unlock, .. }), "{refusal:?}");
    let lifted = lab.say("lin", "/unlock api/prod");
    assert_eq!(lifted.kind, AnswerKind::Done, "{}", text(&lifted));
    assert!(text(&lifted).contains("withdrawn/api/prod/7"), "{}", text(&lifted));
    let unlocked = JournalWhat::Unlocked { scope: name("api/prod"), held_by: None };
    assert!(journal(&lab).iter().any(|line| line.what == unlocked && line.by == Some(name("lin"))));
    assert_eq!(block_on(lab.store.get(&mark)), Ok(None));
    assert_eq!(lab.say("mo", "/rollback api prod").kind, AnswerKind::Done);
}

#[test]
fn an_earlier_number_frees_no_other_change() {
    let lab = lab();
    lab.begun("mo");
    assert_eq!(lab.say("mo", "/stop api prod").kind, AnswerKind::Done);
    let (open, _) = lab.begun("sun");
    lab.put(open, |head| head.phase = rolling());
    lab.damage(claim());
    let refusal = lab.refusal("ann", "/change release 1");
    let Refusal::Unreadable(told) = refusal else { panic!("{refusal:?}") };
    assert_eq!((told.record, told.number), (RecordName::Claim(target_name("api", "prod")), Some(ChangeNumber(2))));
    assert_eq!(lab.say("ann", "/change release 2").kind, AnswerKind::Done);
    assert!(lab.change(open).ended().is_some());
}

#[test]
fn a_lock_that_a_failure_left_refuses_deploys_alone_even_if_it_can_t_be_read() {
    let lab = lab();
    asking(&lab);
    lab.damage(lock("api/prod", "left"));
    is_told(&lab, "lock/api/prod/left", "/unlock api/prod");
    let (back, _) = lab.say("sun", "/rollback api prod").change.expect("going back stays possible");
    // A later failure leaves its own in that place.
    lab.put(back, |head| head.phase = holding());
    lab.happens(back, Event::HeldAs(0, Held::Complete));
    lab.happens(back, Event::AllHeld);
    let locks = block_on(lab.engine.records.locks_over(&target_name("api", "prod"))).expect("a store");
    assert!(matches!(&locks[..], [one] if one.lock.is_ok()), "{locks:?}");
}

#[test]
fn a_number_that_cannot_be_read_keeps_nothing_else_from_being_pruned() {
    let lab = lab();
    let ids = [(); 3].map(|()| {
        let (id, _) = lab.begun("mo");
        lab.say("mo", "/stop api prod");
        id
    });
    lab.damage(Key::kind("number").number(1));
    block_on(lab.engine.records.prune(at(3600).wall)).expect("pruned");
    let there = ids.map(|id| block_on(lab.engine.records.change(id)).expect("readable").is_some());
    assert_eq!(there, [true, false, true], "what can't be read stays, and the newest number");
}

#[test]
fn what_cannot_be_read_stays_so_on_the_disk_and_is_taken_away_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Arc::new(SledStore::open(SledOptions::new(folder.path().join("store"))).expect("a store"));
    let written = Lab::over(open());
    written.begun("mo");
    let (id, _) = written.say("sun", "/deploy api staging v2").change.expect("a change");
    written.say("ann", "/lock web/prod works");
    written.damage(claim());
    written.damage(lock("web/prod", "said"));
    written.spoil(id, "head");
    drop(written);
    let lab = Lab::over(open());
    let now = text(&lab.say("eve", "/now"));
    let records = ["claim/api/prod", "lock/web/prod/said", &format!("change/{id}")];
    assert!(records.iter().all(|record| now.contains(*record)), "{now}");
    assert_eq!(lab.say("eve", "/status").kind, AnswerKind::Done);
    for line in ["/change release 1", "/change release 2", "/unlock web/prod"] {
        assert_eq!(lab.say("ann", line).kind, AnswerKind::Done, "{line}");
    }
    drop(lab);
    let lab = Lab::over(open());
    for line in ["/deploy api prod v3", "/deploy api staging v3", "/deploy web prod v3"] {
        let begun = lab.say("mo", line);
        assert_eq!(begun.kind, AnswerKind::Done, "{line}: {}", text(&begun));
    }
}
