//! Questions that a change answers, and that come back where it does nothing about them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::executor::block_on;
use state::change::outcome::{Outcome, Question, Refused};
use state::change::prepare::Prepared;
use state::change::release::{Origin, Release, ReleaseWorkload};
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

/// The same by a policy that goes back where nobody answers, with the target as the change left it.
fn promised() -> (Lab, ChangeId, Question) {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    let stored = block_on(lab.engine.records.change(id)).expect("readable").expect("a change");
    let mut next = Transition { change: stored.change.clone(), also: Vec::new() };
    next.change.target.policy.unanswered = state::catalogue::Unanswered::Rollback;
    block_on(lab.engine.records.advance(&stored, &next, at(0).wall)).expect("an advance");
    lab.put(id, |head| head.phase = holding());
    // Before anybody presses anything.
    let ended = at(0).wall - chrono::TimeDelta::seconds(1);
    ends(&lab, id, Event::HeldAs(0, state::change::Held::Complete), ended);
    ends(&lab, id, Event::AllHeld, ended);
    let mut seen = seen(template("v2").into());
    (seen.marker, seen.generation) = (Some(format!("{id}/apply")), 4);
    let view = state::rollout::seen::WorkloadView { workload: Some(seen), pods: Vec::new() };
    lab.cluster.views.lock().expect("not poisoned").insert(target_name("api", "prod"), view);
    let question = open(&lab).expect("a question");
    assert_eq!(question.then, state::catalogue::Unanswered::Rollback);
    (lab, id, question)
}

/// So many seconds after the night began the deadline has passed.
fn passed(question: &Question) -> u64 {
    u64::try_from((question.until - at(0).wall).num_seconds()).expect("later") + 1
}

/// What the deadline began, and the second in which it did.
fn began_by_deadline(lab: &Lab) -> (Vec<ChangeId>, u64) {
    let late = passed(&open(lab).expect("a question"));
    (block_on(lab.engine.questions(at(late), false)).expect("readable").began, late)
}

fn ends(lab: &Lab, id: ChangeId, event: Event, wall: DateTime<Utc>) {
    let stored = block_on(lab.engine.records.change(id)).expect("readable").expect("a change");
    let next = state::change::transition::transition(&stored.change, event, wall).expect("an end");
    block_on(lab.engine.records.advance(&stored, &next, wall)).expect("an advance");
}

#[test]
fn a_promised_rollback_is_tried_again_until_it_can_be_done() {
    let (lab, first, question) = promised();
    let mut tried = Vec::new();
    for minutes in [2, 4, 8] {
        let (began, late) = began_by_deadline(&lab);
        let [id] = began[..] else { panic!("{began:?}") };
        assert_eq!(open(&lab), None, "while it is under way nothing is asked");
        let number = lab.change(id).head.number;
        let acted = format!("Nobody had answered in time, so I acted: {number} tells what came of it.");
        assert!(text(&lab.say("lin", "/show 1")).contains(&acted), "{}", text(&lab.say("lin", "/show 1")));
        ends(&lab, id, Event::Prepared(Prepared::Refuse(Refused::ClusterUnreadable)), at(late + 30).wall);
        let again = open(&lab).expect("asked again");
        assert_eq!(again.until, at(late + 30 + minutes * 60).wall);
        assert!(text(&lab.say("lin", "/show 1")).contains("Decide by "), "a person may still decide");
        let told = text(&lab.say("lin", &format!("/show {number}")));
        assert!(told.contains("The question of #1 is open again: decide by "), "{told}");
        assert!(!told.contains("It stays as it is"), "{told}");
        // Before its time nothing happens, and nothing while the cluster is away.
        assert_eq!(block_on(lab.engine.questions(at(late + 31), false)).expect("readable").began, []);
        lab.cluster.age.store(60, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(began_by_deadline(&lab).0, []);
        lab.cluster.age.store(0, std::sync::atomic::Ordering::SeqCst);
        tried.push(id);
    }
    let (began, late) = began_by_deadline(&lab);
    assert_eq!(block_on(lab.engine.questions(at(late), false)).expect("readable").began, [], "it was acted upon");
    let stored = lab.change(began[0]);
    assert!(!tried.contains(&began[0]), "it is another change");
    let answered = stored.head.answers.expect("an answer");
    assert_eq!((answered.change, answered.number, answered.tried), (first, question.number, 3));
}

#[test]
fn a_promise_that_can_never_be_kept_is_not_made_again() {
    let (lab, _, _) = promised();
    let (began, late) = began_by_deadline(&lab);
    ends(&lab, began[0], Event::Prepared(Prepared::Refuse(Refused::NothingToReturnTo)), at(late + 30).wall);
    assert_eq!(open(&lab), None);
    let told = text(&lab.say("lin", "/show 2"));
    assert!(told.contains("It stays as it is until you decide."), "{told}");
    assert!(text(&lab.say("lin", "/show 1")).contains("so I acted: #2 tells what came of it"));
}

#[test]
fn the_card_of_a_failed_change_says_what_closed_its_question() {
    let (lab, first, _) = promised();
    lab.press("lin", Press::RollBack(first)).change.expect("a change");
    assert!(text(&lab.say("lin", "/show 1")).contains("Its question was answered by #2."));
    let (lab, first, _) = promised();
    lab.press("lin", Press::Leave(first));
    assert!(text(&lab.say("lin", "/show 1")).contains("It stays as it is until you decide."));
    let (lab, _, _) = promised();
    for view in lab.cluster.views.lock().expect("not poisoned").values_mut() {
        view.workload.as_mut().expect("a workload").template = template("v9").into();
    }
    block_on(lab.engine.questions(at(1), false)).expect("readable");
    assert!(text(&lab.say("lin", "/show 1")).contains("Its question is closed: somebody else has acted."));
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

fn digest(of: u8) -> state::image::Digest {
    format!("sha256:{}", format!("{of:02x}").repeat(32)).parse().expect("a digest")
}

/// `api` of `prod` was released as this, some time ago.
fn released(lab: &Lab, by: ChangeId, hours_ago: u64, tag: &str, of: u8) {
    let stored = block_on(lab.engine.records.change(by)).expect("readable").expect("a change");
    let image: state::image::Image = format!("r.example/shop/api:{tag}").parse().expect("an image");
    let release = Release {
        change: by,
        number: ChangeNumber(100 - hours_ago),
        at: at(0).wall - Duration::from_secs(3_600 * hours_ago),
        origin: Origin::Verified,
        workloads: vec![ReleaseWorkload {
            workload: name("api"),
            template: template(tag).json().clone(),
            images: [(name("app"), image.resolved(digest(of)))].into(),
        }],
    };
    let also = vec![Also::Release(Box::new(release))];
    let next = Transition { change: stored.change.clone(), also };
    block_on(lab.engine.records.advance(&stored, &next, at(1).wall)).expect("an advance");
}

fn gone(tag: &str, of: u8) -> Event {
    let image: state::image::Image = format!("r.example/shop/api:{tag}").parse().expect("an image");
    let image = image.resolved(digest(of)).to_string();
    Event::Prepared(Prepared::Refuse(Refused::ImageUnknown { image }))
}

#[test]
fn where_the_way_back_is_gone_it_stays_as_it_is_and_others_are_offered() {
    let (lab, first, _) = asked();
    lab.runs("v2");
    for (hours, tag, of) in [(9, "v0", 8), (8, "v0", 9), (7, "v0.5", 7), (6, "v1", 1)] {
        released(&lab, first, hours, tag, of);
    }
    let (back, _) = lab.press("mo", Press::RollBack(first)).change.expect("a change");
    lab.happens(back, gone("v1", 1));
    assert_eq!(open(&lab), None, "what can't be done is not promised again");
    let shown = text(&lab.say("mo", "/show 2"));
    assert!(shown.contains("can't go back") && shown.contains("It stays as it is until you decide"), "{shown}");
    let offered = "/rollback api prod to v0.5, /rollback api prod to #92 (v0, 0909…09) or \
                   /rollback api prod to #91 (v0, 0808…08)";
    assert!(shown.contains(offered), "{shown}");
}

#[test]
fn what_was_promised_and_could_not_be_done_is_said() {
    let (lab, first, _) = asked();
    let (back, _) = lab.press("mo", Press::RollBack(first)).change.expect("a change");
    lab.put(back, |head| {
        head.asked_by = state::change::Asker::Timer { question_of: first, on_behalf_of: name("mo") };
    });
    lab.happens(back, gone("v1", 1));
    let shown = text(&lab.say("lin", "/show 2"));
    assert!(shown.contains("I had said that I would go back, and could not."), "{shown}");
    assert!(shown.contains("I know no earlier release to go back to"), "{shown}");
    assert!(!shown.contains("check the tag"), "{shown}");
}

#[test]
fn a_button_tells_two_images_of_one_tag_apart() {
    let lab = Lab::new();
    lab.runs("v1");
    let (first, _) = lab.begun("mo");
    lab.put(first, |head| head.phase = holding());
    released(&lab, first, 9, "v1", 8);
    let work = |of: u8| {
        let stored = block_on(lab.engine.records.change(first)).expect("readable").expect("a change");
        let mut change = stored.change.clone();
        for one in change.work.iter_mut().flat_map(|work| &mut work.workloads) {
            one.baseline.digests = [(name("app"), digest(of))].into();
        }
        let next = Transition { change, also: Vec::new() };
        block_on(lab.engine.records.advance(&stored, &next, at(1).wall)).expect("an advance");
    };
    work(9);
    lab.happens(first, Event::HeldAs(0, state::change::Held::Complete));
    lab.happens(first, Event::AllHeld);
    let label = || lab.say("mo", "/show 1").card.buttons[0].label.to_string();
    assert_eq!(label(), "Roll back to v1 (0909…09)");
    work(8);
    assert_eq!(label(), "Roll back to v1", "there is but one");
}
