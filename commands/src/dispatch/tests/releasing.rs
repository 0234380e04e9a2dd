//! `/change release`: an admin frees what is parked, and nothing else.

use futures::executor::block_on;
use state::change::outcome::{CantTell, Outcome};
use state::change::transition::Event;
use state::change::{Parked, ParkedWhy, Phase};
use state::journal::JournalWhat;

use super::super::*;
use super::lab::*;
use crate::refusal::Doing;

fn parked(why: ParkedWhy) -> Option<Parked> {
    Some(Parked { since: at(1).wall, why })
}

#[test]
fn only_an_admin_releases_and_only_what_is_parked() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    let target = target_name("api", "prod");
    let not_parked = |doing| Refusal::NotParked { number, target: target.clone(), doing };
    assert_eq!(lab.refusal("ann", "/change release 1"), not_parked(Some(Doing::Preparing)));
    lab.put(id, |head| (head.phase, head.parked) = (rolling(), parked(ParkedWhy::ClusterUnreadable)));
    for who in ["mo", "lin", "zhou", "eve"] {
        let refusal = lab.refusal(who, "/change release 1");
        assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Release, .. }), "{who}: {refusal:?}");
    }
    let released = lab.say("ann", "/change release 1");
    assert_eq!((released.kind, released.change), (AnswerKind::Done, Some((id, number))));
    let ended = lab.change(id).ended().cloned().expect("an end");
    assert_eq!(ended.outcome, Outcome::CantTell { why: CantTell::Released });
    assert_eq!(block_on(lab.engine.records.holder(&target)), Ok(None));
    assert_eq!(lab.heard.lock().expect("not poisoned").last(), Some(&Heard::Acted(id)));
    assert_eq!(lab.say("ann", "/change release 1").kind, AnswerKind::Already);
    lab.begun("mo");
    lab.say("mo", "/stop api prod");
    let ended = Refusal::NotParked { number: ChangeNumber(2), target: target.clone(), doing: None };
    assert_eq!(lab.refusal("ann", "/change release 2"), ended);
    let number = ChangeNumber(2);
    let unknown = Refusal::UnknownChange { number: ChangeNumber(9), newest: Some(number) };
    assert_eq!(lab.refusal("ann", "/change release 9"), unknown);
}

#[test]
fn a_change_that_can_t_be_read_gives_its_target_back() {
    for part in ["head", "target"] {
        let lab = Lab::new();
        let (id, _) = lab.begun("mo");
        lab.spoil(id, part);
        let refusal = lab.refusal("mo", "/change release 1");
        assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Release, .. }), "{part}: {refusal:?}");
        assert_eq!(lab.say("ann", "/change release 1").kind, AnswerKind::Done, "{part}");
        assert_eq!(block_on(lab.engine.records.holder(&target_name("api", "prod"))), Ok(None));
        assert_eq!(lab.say("mo", "/deploy api prod v3").kind, AnswerKind::Done, "{part}");
    }
}

#[test]
fn imported_ones_wait_in_whatever_phase_they_were() {
    for phase in [Phase::Preparing, Phase::Applying { written: vec![] }, rolling(), holding()] {
        let lab = Lab::new();
        let (id, _) = lab.begun("mo");
        lab.put(id, |head| (head.phase, head.parked) = (phase.clone(), parked(ParkedWhy::Imported)));
        assert_eq!(lab.say("ann", "/change release 1").kind, AnswerKind::Done);
        let change = lab.change(id);
        // A write may be on its way in the phases that stand for one, and that is said.
        let why = match &phase {
            Phase::Preparing | Phase::Rolling { .. } => CantTell::Released,
            _ => CantTell::ReleasedUnsettled,
        };
        assert_eq!(change.ended().map(|ended| &ended.outcome), Some(&Outcome::CantTell { why }), "{phase:?}");
        assert!(change.head.parked.is_none());
    }
}

#[test]
fn a_change_that_could_not_be_read_is_told_by_its_journal_once_it_was_freed() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.spoil(id, "head");
    assert!(text(&lab.say("eve", "/show 1")).contains("/change release #1"), "while it holds its target");
    lab.say("ann", "/change release 1");
    let history = text(&lab.say("eve", "/history api prod"));
    assert!(history.contains("#1 · mo · deploy v2 · can't tell"), "{history}");
    assert!(history.contains("#1 · ann · freed"), "{history}");
    let shown = lab.say("eve", "/show 1");
    let told = text(&shown);
    assert_eq!(shown.kind, AnswerKind::Done, "{told}");
    assert!(told.contains("It holds nothing up") && told.contains("can't tell") && told.contains("ann"), "{told}");
    assert!(!told.contains("try again"), "{told}");
    let refusal = lab.refusal("bob", "/show 1");
    assert!(matches!(refusal, Refusal::UnreadableOther { .. }), "{refusal:?}");
    let refusal = lab.refused_press("mo", crate::press::Press::RollBack(id));
    assert!(matches!(refusal, Refusal::UnreadableOther { .. }), "{refusal:?}");
}

#[test]
fn the_end_of_a_change_is_journalled_once() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, state::change::Held::Complete));
    lab.happens(id, Event::AllHeld);
    // It has ended before; only its question is taken away.
    lab.spoil(id, "head");
    assert_eq!(lab.say("ann", "/change release 1").kind, AnswerKind::Done);
    let scope = Scope::Target(target_name("api", "prod"));
    let lines = block_on(lab.engine.records.journal(&scope, None, 50)).expect("a journal");
    let ends = lines.iter().filter(|line| matches!(line.line.what, JournalWhat::Ended { .. }));
    assert_eq!(ends.map(|line| line.line.change).collect::<Vec<_>>(), [Some(number)]);
    assert!(text(&lab.say("eve", "/show 1")).contains("failed"), "{}", text(&lab.say("eve", "/show 1")));
}
