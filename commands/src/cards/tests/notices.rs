//! What a channel hears beside progress and outcome, and the answers to acts upon a change.

use state::catalogue::Unanswered;
use state::change::outcome::{Asked, CantTell, EndedBy, Left, Outcome, Refused};
use state::change::{Ask, Asker, RollbackTo};
use state::evidence::CauseKind;
use state::records::ClaimRecord;

use super::super::change as cards;
use super::scene::{Scene, crash, failure, question};
use super::*;
use crate::facts::Reopened;

/// A deploy that failed, whose question is open.
fn left(sample: &Sample) -> Scene {
    let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
    let asked = Some(Asked { until: at("03:24:00"), then: Unanswered::Rollback });
    let outcome = Outcome::Left { failure, question: asked, not_returned: None };
    Scene::new(sample).ended(sample, outcome, Left::Paused).with(|scene| {
        scene.change.cause = Some(crash());
        scene.question = Some(question(sample, Unanswered::Rollback));
    })
}

#[test]
fn notices_and_answers() {
    let claim = |sample: &Sample| ClaimRecord {
        change: id(),
        number: ChangeNumber(412),
        target: sample.target.clone(),
        by: sample.lin.clone(),
        since: at("03:12:00"),
    };
    snapshot!(all(vec![
        ("lapsed", Box::new(move |sample, words| left(sample).tell(|facts| cards::lapsed(words, facts)))),
        ("asked again", Box::new(move |sample, words| left(sample).tell(|facts| cards::asked_again(words, facts)))),
        (
            "left as it is",
            Box::new(move |sample, words| left(sample).tell(|facts| cards::left_as_is(words, facts, &sample.mo)))
        ),
        ("unreadable", Box::new(move |sample, words| cards::unreadable(words, &claim(sample)))),
    ]));
}

#[test]
fn a_question_that_is_open_again() {
    let ended = |outcome: fn(&Sample) -> Outcome, then: Unanswered| -> Make {
        Box::new(move |sample, words| {
            let scene = Scene::new(sample).ended(sample, outcome(sample), Left::Untouched).with(|scene| {
                scene.change.work = None;
                scene.change.head.number = ChangeNumber(413);
                let (question, questioned) = (question(sample, then), Some(left(sample).change));
                scene.reopened = Some(Reopened { question, questioned, returns_to_digest: None, locked: true });
            });
            scene.card(words)
        })
    };
    let (back, hold) = (Unanswered::Rollback, Unanswered::Hold);
    snapshot!(all(vec![
        ("refused", ended(|_| Outcome::Refused { why: Refused::UnknownRelease { named: "#999".to_owned() } }, back)),
        (
            "put off by its deadline",
            Box::new(move |sample, words| {
                let why = Refused::ClusterUnreadable;
                let questioned = Some(left(sample).change);
                let scene = Scene::new(sample).ended(sample, Outcome::Refused { why }, Left::Untouched).with(|scene| {
                    let question = question(sample, back);
                    let on_behalf_of = sample.lin.clone();
                    scene.change.work = None;
                    scene.change.head.number = ChangeNumber(413);
                    scene.change.head.ask = Ask::Rollback { to: RollbackTo::Before(id()), template: false };
                    scene.change.head.asked_by = Asker::Timer { question_of: id(), on_behalf_of };
                    scene.change.head.answers = Some(question.clone());
                    scene.reopened = Some(Reopened { question, questioned, returns_to_digest: None, locked: true });
                });
                scene.card(words)
            })
        ),
        ("stopped", ended(|sample| Outcome::Cancelled { by: sample.mo.clone() }, hold)),
        ("nothing to do", ended(|_| Outcome::NothingToDo, back)),
        ("freed", ended(|_| Outcome::CantTell { why: CantTell::Released }, back)),
    ]));
}
