//! Questions that a change answers, and that come back where it does nothing about them.

use chrono::{DateTime, Utc};
use futures::executor::block_on;
use state::change::outcome::{Outcome, Question, Refused};
use state::change::prepare::Prepared;
use state::change::transition::{Event, TIME_TO_ANSWER};
use state::journal::JournalWhat;

use super::super::*;
use super::lab::*;
use crate::press::Press;

/// A deploy of mo's that failed, and left a question.
fn asked() -> (Lab, ChangeId, Question) {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, state::change::Held::Complete));
    lab.happens(id, Event::AllHeld);
    let question = open(&lab).expect("a question");
    (lab, id, question)
}

fn open(lab: &Lab) -> Option<Question> {
    let question = block_on(lab.engine.records.question(&target_name("api", "prod"))).expect("readable");
    question.map(|(question, _)| question)
}

fn mistyped() -> Event {
    Event::Prepared(Prepared::Refuse(Refused::UnknownRelease { named: "#999".to_owned() }))
}

fn journal(lab: &Lab) -> Vec<(Option<ChangeNumber>, JournalWhat, DateTime<Utc>)> {
    let scope = Scope::Target(target_name("api", "prod"));
    let lines = block_on(lab.engine.records.journal(&scope, None, 50)).expect("a journal");
    lines.into_iter().map(|line| (line.line.change, line.line.what, line.line.at)).collect()
}

#[test]
fn a_mistyped_rollback_leaves_the_question_as_it_was() {
    let (lab, first, question) = asked();
    let (second, _) = lab.say("lin", "/rollback api prod to #999").change.expect("a change");
    assert_eq!(open(&lab), None, "while it is under way it answers");
    lab.happens(second, mistyped());
    assert_eq!(open(&lab), Some(question));
    let again = (Some(ChangeNumber(1)), JournalWhat::AskedAgain, at(2).wall);
    assert!(journal(&lab).contains(&again), "{:?}", journal(&lab));
    // Whoever sees how it ended sees that as well, with what there is to be pressed.
    let shown = lab.say("lin", "/show 2");
    assert!(text(&shown).contains("The question of #1 is open again: decide by "), "{}", text(&shown));
    let presses: Vec<Press> = shown.card.buttons.into_iter().map(|button| button.press).collect();
    assert_eq!(presses, [Press::RollBack(first), Press::Leave(first), Press::Show(ChangeNumber(1))]);
    assert!(text(&lab.say("lin", "/show 1")).contains("Decide by "), "the failed one waits for its answer again");
    // The buttons do what they say.
    assert_eq!(lab.press("mo", Press::Leave(first)).kind, AnswerKind::Done);
    assert_eq!(open(&lab), None);
    assert!(!text(&lab.say("lin", "/show 2")).contains("is open again"), "it was answered since");
}

#[test]
fn what_is_stopped_before_it_wrote_leaves_the_question_as_it_was() {
    let (lab, _, question) = asked();
    lab.say("mo", "/deploy api prod v3");
    let stopped = lab.say("lin", "/stop api prod");
    assert_eq!(open(&lab), Some(question));
    let told = text(&stopped);
    assert!(told.contains("is open again") && !told.contains("Nothing more to do"), "{told}");
}

#[test]
fn a_button_that_came_to_nothing_can_be_pressed_again() {
    let (lab, first, _) = asked();
    let (second, _) = lab.press("lin", Press::RollBack(first)).change.expect("a change");
    // The answer was lost: that is shown, and nothing else begins.
    assert_eq!(lab.press("lin", Press::RollBack(first)).change.map(|(id, _)| id), Some(second));
    lab.happens(second, Event::Prepared(Prepared::Refuse(Refused::ClusterUnreadable)));
    let (third, _) = lab.press("lin", Press::RollBack(first)).change.expect("a change");
    assert_ne!(third, second);
    assert_eq!(lab.change(third).head.answers.map(|question| question.change), Some(first));
}

#[test]
fn a_question_that_came_back_is_acted_upon_by_its_deadline() {
    let (lab, first, question) = asked();
    let (second, _) = lab.say("lin", "/rollback api prod to #999").change.expect("a change");
    lab.happens(second, mistyped());
    assert_eq!(lab.change(second).ended().map(|ended| ended.outcome.word()), Some("refused"));
    let late = u64::try_from((question.until - at(0).wall).num_seconds()).expect("later") + 1;
    // Nobody has written there since.
    let mut seen = seen(template("v2").into());
    (seen.marker, seen.generation) = (Some(format!("{first}/apply")), 4);
    let view = state::rollout::seen::WorkloadView { workload: Some(seen), pods: Vec::new() };
    lab.cluster.views.lock().expect("not poisoned").insert(target_name("api", "prod"), view);
    let began = block_on(lab.engine.questions(at(late), false)).expect("readable").began;
    let then = state::catalogue::Unanswered::Hold;
    assert_eq!((question.then, began.len()), (then, 0), "by this policy it stays as it is");
    assert_eq!(open(&lab), None);
    assert_eq!(journal(&lab)[0].1, JournalWhat::LeftAsIs);
}

#[test]
fn a_target_that_was_freed_meanwhile_is_not_asked_about_again() {
    let (lab, _, _) = asked();
    let (second, _) = lab.say("lin", "/rollback api prod to #999").change.expect("a change");
    let claim = state::store::Key::kind("claim").text("api").text("prod");
    let mut commit = state::store::Commit::new();
    commit.delete(claim);
    block_on(lab.store.commit(commit)).expect("a commit");
    lab.happens(second, mistyped());
    assert!(matches!(lab.change(second).ended().map(|ended| &ended.outcome), Some(Outcome::Refused { .. })));
    assert_eq!(open(&lab), None);
    assert!(!text(&lab.say("lin", "/show 2")).contains("is open again"));
}

#[test]
fn a_deadline_that_has_passed_meanwhile_gives_time_to_answer() {
    let (lab, _, question) = asked();
    let (second, _) = lab.say("lin", "/rollback api prod to #999").change.expect("a change");
    let stored = block_on(lab.engine.records.change(second)).expect("readable").expect("a change");
    let late = question.until + chrono::TimeDelta::minutes(1);
    let next = state::change::transition::transition(&stored.change, mistyped(), late).expect("an end");
    block_on(lab.engine.records.advance(&stored, &next, late)).expect("an advance");
    assert_eq!(open(&lab).map(|question| question.until), Some(late + TIME_TO_ANSWER));
}
