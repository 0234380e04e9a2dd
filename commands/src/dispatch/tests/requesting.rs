//! `/deploy` and `/rollback`: begun once, held by one, and foreseen without a trace.

use futures::executor::block_on;
use state::change::transition::Event;
use state::change::{Ask, Asker};
use state::journal::{JournalWhat, NoticeWhat};
use state::records::RecordName;

use super::super::*;
use super::lab::*;
use crate::press::Press;
use crate::refusal::Doing;

#[test]
fn what_is_accepted_is_stored_with_claim_journal_line_and_message() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    assert_eq!(number, ChangeNumber(1));
    let records = &lab.engine.records;
    let change = lab.change(id);
    assert_eq!(change.head.ask, Ask::Deploy { reference: name("v2") });
    assert_eq!(change.target, lab.desk.catalogue().target(&target_name("api", "prod")).expect("a target"));
    let holder = block_on(records.holder(&target_name("api", "prod"))).expect("readable").expect("a claim");
    assert_eq!((holder.change, holder.by), (id, name("mo")));
    let journal = block_on(records.journal(&name("api/prod"), None, 9)).expect("readable");
    assert!(matches!(&journal[0].line.what, JournalWhat::AskedDeploy { reference } if reference == "v2"));
    let waiting = block_on(records.waiting()).expect("readable");
    let waiting: Vec<_> = waiting.iter().flatten().map(|waiting| waiting.notice.what).collect();
    assert_eq!(waiting, [NoticeWhat::Progress]);
    assert_eq!(*lab.heard.lock().expect("not poisoned"), [Heard::Began(id)], "the engine hears of it, once");
}

#[test]
fn the_same_request_twice_finds_its_own_change() {
    let lab = Lab::new();
    let first = lab.say_again("again", "mo", "/deploy api prod v2").change;
    let before = lab.revision();
    assert_eq!(lab.say_again("again", "mo", "/deploy api prod v2").change, first);
    // Even once it is over, and somebody else is at work.
    let (id, _) = first.expect("a change");
    lab.happens(id, Event::Stop(name("mo")));
    let (other, _) = lab.begun("sun");
    let during = lab.revision();
    let again = lab.say_again("again", "mo", "/deploy api prod v2");
    assert_eq!((again.change, again.kind), (first, AnswerKind::Done));
    assert_eq!(lab.revision(), during, "it is found, not begun");
    assert!(during > before && other != id);
}

#[test]
fn whoever_asks_for_the_same_while_it_is_open_is_shown_it() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    let before = lab.revision();
    let again = lab.say("mo", "/deploy api prod v2");
    assert_eq!((again.kind, again.change), (AnswerKind::Done, Some((id, number))));
    assert_eq!(lab.revision(), before, "it is shown, and nothing is begun");
    // A lock that was laid since stops nothing that is open.
    assert_eq!(lab.say("sun", "/lock api/prod migration").kind, AnswerKind::Done);
    assert_eq!(lab.say("mo", "/deploy api prod v2").change, Some((id, number)));
}

#[test]
fn everyone_else_is_refused_with_holder_and_progress() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    let busy = |doing| Refusal::Busy {
        target: target_name("api", "prod"),
        change: id,
        number,
        by: name("mo"),
        since: at(0).wall,
        doing,
    };
    assert_eq!(lab.refusal("sun", "/deploy api prod v2"), busy(Doing::Preparing));
    assert_eq!(lab.refusal("mo", "/deploy api prod v3"), busy(Doing::Preparing), "the same person, something else");
    assert_eq!(lab.refusal("mo", "/rollback api prod"), busy(Doing::Preparing));
    lab.put(id, |head| head.phase = rolling());
    assert_eq!(lab.refusal("sun", "/rollback api prod"), busy(Doing::Rolling));
    lab.put(id, |head| head.phase = holding());
    assert_eq!(lab.refusal("sun", "/deploy api prod v9"), busy(Doing::Holding));
    // Another target is nobody's business.
    assert_eq!(lab.say("sun", "/deploy api staging v2").kind, AnswerKind::Done);
}

#[test]
fn a_claim_whose_change_can_t_be_read_blocks_its_target_and_no_other() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    lab.spoil(id, "head");
    let refusal = lab.refusal("mo", "/deploy api prod v2");
    let Refusal::Unreadable(unreadable) = refusal else { panic!("{refusal:?}") };
    assert_eq!((unreadable.record, unreadable.number), (RecordName::Change(id), Some(number)));
    assert_eq!(lab.say("mo", "/deploy api staging v2").kind, AnswerKind::Done);
    let now = lab.say("mo", "/now").card;
    let told: Vec<String> = now.lines.iter().map(|line| line.text.to_string()).collect();
    assert!(told.iter().any(|line| line.contains(&number.to_string())), "{told:?}");
}

#[test]
fn who_may_not_is_told_who_may() {
    let lab = Lab::new();
    for (who, text, action) in [
        ("eve", "/deploy api prod v2", Action::Deploy),
        ("zhou", "/deploy api prod v2", Action::Deploy),
        ("ann", "/rollback api prod", Action::Rollback),
        ("bob", "/deploy api prod v2 plan", Action::View),
    ] {
        let refusal = lab.refusal(who, text);
        let Refusal::NotAllowed { action: refused, asked, .. } = &refusal else { panic!("{refusal:?}") };
        let asked = asked.as_ref().map(Command::to_text);
        assert_eq!((refused, asked.as_deref()), (&action, Some(text)), "whoever may can be asked for just that");
    }
    let stranger = lab.refusal("stranger", "/deploy api prod v2");
    assert!(matches!(stranger, Refusal::UnknownPerson { .. }), "{stranger:?}");
    assert_eq!(lab.say("eve", "/deploy api prod v2").kind, AnswerKind::Refused);
    let watched = lab.refusal("mo", "/deploy api legacy v2");
    assert_eq!(watched, Refusal::WatchOnly { environment: name("legacy") });
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let lab = Lab::new();
    let instead = |text: &str| Some(Command::from_text(text).expect("a command"));
    assert_eq!(
        lab.refusal("mo", "/deploy apii prod v2"),
        Refusal::UnknownService {
            typed: name("apii"),
            nearest: Some(name("api")),
            instead: instead("/deploy api prod v2")
        }
    );
    assert_eq!(
        lab.refusal("mo", "/deploy api production v2"),
        Refusal::UnknownEnvironment {
            typed: name("production"),
            nearest: Some(name("prod")),
            known: vec![name("legacy"), name("prod"), name("staging")],
            instead: instead("/deploy api prod v2"),
        }
    );
    assert_eq!(
        lab.refusal("mo", "/deploy web staging v2"),
        Refusal::NotThere { target: target_name("web", "staging"), runs_in: vec![name("prod")] }
    );
    assert_eq!(lab.refusal("mo", "/show 7"), Refusal::UnknownChange { number: ChangeNumber(7), newest: None });
    lab.begun("mo");
    assert_eq!(
        lab.refusal("mo", "/show 7"),
        Refusal::UnknownChange { number: ChangeNumber(7), newest: Some(ChangeNumber(1)) }
    );
}

#[test]
fn a_plan_writes_nothing_and_is_there_for_whoever_may_look() {
    let lab = Lab::new();
    lab.runs("v1");
    let before = lab.revision();
    // What would be refused is told as that, for whoever goes by the exit code.
    let plans = [
        ("/deploy api prod v2 plan", AnswerKind::Done),
        ("/rollback api prod plan", AnswerKind::Refused),
        ("/deploy api prod v1 plan", AnswerKind::Done),
    ];
    for (text, kind) in plans {
        let answer = lab.say("eve", text);
        assert_eq!((answer.kind, answer.change), (kind, None), "{text}: {}", answer.card.first_line);
    }
    // Neither a lock nor a change under way keeps anybody from looking.
    lab.say("sun", "/lock all migration");
    let (_, number) = lab.begun("sun");
    let during = lab.revision();
    let planned = lab.say("eve", "/deploy api prod v2 plan");
    assert_eq!(planned.kind, AnswerKind::Done);
    let told: Vec<String> = planned.card.lines.iter().map(|line| line.text.to_string()).collect();
    assert!(told.iter().any(|line| line.contains(&number.to_string())), "{told:?}");
    assert_eq!(lab.revision(), during);
    assert!(before < during);
    assert_eq!(*lab.heard.lock().expect("not poisoned"), [Heard::Began(lab.open())]);
}

impl Lab {
    /// The one change that is open.
    fn open(&self) -> ChangeId {
        let open = block_on(self.engine.records.open()).expect("readable");
        open.into_iter().next().expect("one").expect("readable").change
    }
}

#[test]
fn a_change_keeps_the_target_that_it_began_with() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    let before = lab.change(id).target;
    let mut other = catalogue();
    other.environments.get_mut(&before.name.environment).expect("prod").channel = name("elsewhere");
    lab.desk.reload(Arc::new(other));
    assert_eq!(lab.change(id).target, before);
    assert_eq!(lab.say("mo", "/deploy api prod v2").change.map(|(id, _)| id), Some(id), "it is still theirs");
    // The next one takes the catalogue of then.
    lab.happens(id, Event::Stop(name("mo")));
    let (next, _) = lab.begun("mo");
    assert_eq!(lab.change(next).target.channel, name("elsewhere"));
}

#[test]
fn a_button_of_a_state_that_is_gone_does_nothing() {
    let lab = Lab::new();
    let (id, number) = lab.begun("mo");
    lab.happens(id, Event::Stop(name("mo")));
    let (later, _) = lab.begun("mo");
    lab.happens(later, Event::Stop(name("mo")));
    let target = target_name("api", "prod");
    // It was asked for once more by then, and by the same person: that is what is shown.
    assert_eq!(lab.press("mo", Press::Retry(id)).change.map(|(id, _)| id), Some(later));
    for (who, press) in [("mo", Press::RollBack(id)), ("sun", Press::Retry(id)), ("mo", Press::Leave(id))] {
        let refusal = lab.refused_press(who, press.clone());
        assert_eq!(refusal, Refusal::PressTooLate { number, target: target.clone() }, "{press:?}");
    }
    // The button of the last one still speaks of what is there, and begins a change of its own.
    let (again, _) = lab.press("mo", Press::Retry(later)).change.expect("a change");
    assert_eq!(lab.change(again).head.ask, lab.change(later).head.ask);
    let refusal = lab.refused_press("eve", Press::Stop(again));
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::Stop, .. }), "a press passes the same gate");
}

#[test]
fn who_typed_it_stands_beside_in_whose_name_it_is() {
    let lab = Lab::new();
    let invocation = Invocation {
        speaker: name("mo"),
        typed_by: Some(name("ann")),
        request: crate::invocation::RequestId("typed".to_owned()),
        via: crate::invocation::Via::Socket,
        what: What::Text("/deploy api prod v2".to_owned()),
    };
    let (id, _) = block_on(lab.desk.dispatch(invocation, at(0))).change.expect("a change");
    let by = Asker::Person { name: name("mo"), typed_by: Some(name("ann")) };
    assert_eq!(lab.change(id).head.asked_by, by);
    let journal = block_on(lab.engine.records.journal(&name("api/prod"), None, 9)).expect("readable");
    assert_eq!((&journal[0].line.by, &journal[0].line.typed_by), (&Some(name("mo")), &Some(name("ann"))));
}
