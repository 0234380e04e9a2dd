//! What a channel hears beside progress and outcome, and the answers to acts upon a change.

use state::catalogue::Unanswered;
use state::change::outcome::{Asked, EndedBy, Left, Outcome};
use state::evidence::CauseKind;
use state::records::ClaimRecord;

use super::super::change as cards;
use super::scene::{Scene, crash, failure, question};
use super::*;

#[test]
fn notices_and_answers() {
    let left = |sample: &Sample| {
        let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
        let asked = Some(Asked { until: at("03:24:00"), then: Unanswered::Rollback });
        let outcome = Outcome::Left { failure, question: asked, not_returned: None };
        Scene::new(sample).ended(sample, outcome, Left::Paused).with(|scene| {
            scene.change.cause = Some(crash());
            scene.question = Some(question(sample, Unanswered::Rollback));
        })
    };
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
