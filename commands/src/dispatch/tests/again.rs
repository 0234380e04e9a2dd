//! The same act once more, because the answer to the first was lost: what became of it is told, and nothing is done twice.

use state::change::transition::Event;
use state::change::{Held, Parked, ParkedWhy};

use super::super::*;
use super::lab::*;
use crate::press::Press;

fn typed(line: &str) -> What {
    What::Text(line.to_owned())
}

fn asking(lab: &Lab) -> ChangeId {
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, Held::Complete));
    lab.happens(id, Event::AllHeld);
    id
}

#[track_caller]
fn is_told(lab: &Lab, who: &str, what: What, told: &[&str]) {
    let (kind, text) = lab.later(20, who, what.clone());
    assert_eq!(kind, AnswerKind::Already, "{what:?}: {text}");
    for told in told {
        assert!(text.contains(told), "{what:?}: {text}");
    }
    let (kind, text) = lab.later(3600, who, what.clone());
    assert_eq!(kind, AnswerKind::Refused, "an hour later it is something else: {what:?}: {text}");
}

#[test]
fn a_stop() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    assert_eq!(lab.say("sun", "/stop api prod").kind, AnswerKind::Done);
    for what in [typed("/stop api prod"), What::Press(Press::Stop(id))] {
        is_told(&lab, "sun", what.clone(), &["#1 was already stopped", "By sun, 20 s ago", "/show #1"]);
        assert_eq!(lab.later(20, "eve", what).0, AnswerKind::Refused, "who may not stop is not told");
    }
    // What moves now is another change, and is stopped.
    lab.say("mo", "/deploy api prod v3");
    assert_eq!(lab.later(30, "sun", typed("/stop api prod")).0, AnswerKind::Done);
    is_told(&lab, "mo", What::Press(Press::Stop(id)), &["#1"]);
}

#[test]
fn leave_it() {
    for first in [typed("/stop api prod"), What::Press(Press::Leave(ChangeId::from_parts(1, 1)))] {
        let lab = Lab::new();
        let id = asking(&lab);
        let leave = What::Press(Press::Leave(id));
        let first = if matches!(first, What::Press(_)) { leave.clone() } else { first };
        assert_eq!(lab.later(0, "zhou", first).0, AnswerKind::Done);
        for what in [typed("/stop api prod"), leave] {
            is_told(&lab, "zhou", what, &["already stays as it is", "By zhou, 20 s ago", "/status api prod"]);
        }
    }
}

#[test]
fn an_unlock() {
    for scope in ["api/prod", "prod", "all"] {
        let lab = Lab::new();
        lab.say("mo", &format!("/lock {scope} migration"));
        let unlock = typed(&format!("/unlock {scope}"));
        assert_eq!(lab.later(0, "lin", unlock.clone()).0, AnswerKind::Done);
        is_told(&lab, "lin", unlock.clone(), &["was already unlocked", "By lin, 20 s ago"]);
        // One that was laid again and has run out since is another.
        lab.later(30, "mo", typed(&format!("/lock {scope} migration for 1s")));
        assert_eq!(lab.later(40, "lin", unlock).0, AnswerKind::Refused);
    }
    let lab = Lab::new();
    lab.say("mo", "/lock prod migration");
    lab.say("mo", "/lock api/prod migration");
    lab.say("mo", "/unlock api/prod");
    is_told(&lab, "mo", typed("/unlock api/prod"), &["was already unlocked", "Locked are: prod"]);
}

#[test]
fn a_release() {
    let free = || typed("/change release 1");
    let told = ["#1 was already freed", "By ann, 20 s ago"];
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.parked = Some(Parked { since: at(1).wall, why: ParkedWhy::ClusterUnreadable }));
    assert_eq!(lab.later(0, "ann", free()).0, AnswerKind::Done);
    is_told(&lab, "ann", free(), &told);
    assert_eq!(lab.later(20, "mo", free()).0, AnswerKind::Refused);
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.spoil(id, "head");
    assert_eq!(lab.later(0, "ann", free()).0, AnswerKind::Done);
    is_told(&lab, "ann", free(), &told);
    assert_eq!(lab.later(20, "mo", free()).0, AnswerKind::Refused);
}

#[test]
fn going_back_by_a_button() {
    let lab = Lab::new();
    let id = asking(&lab);
    let press = || Press::RollBack(id);
    let (back, _) = lab.press("sun", press()).change.expect("a change");
    assert_eq!(lab.press("sun", press()).change.map(|(id, _)| id), Some(back), "the same, while it is open");
    let late = lab.refused_press("mo", press());
    assert!(matches!(late, Refusal::PressTooLate { .. }), "{late:?}");
    lab.put(back, |head| head.phase = rolling());
    lab.happens(back, Event::Stop(name("sun")));
    assert_eq!(lab.press("sun", press()).change.map(|(id, _)| id), Some(back), "and what came of it");
    assert_eq!(lab.later(3600, "sun", What::Press(press())).0, AnswerKind::Refused);
}
