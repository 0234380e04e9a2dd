//! Every refusal.

use state::catalogue::Action;

use super::*;
use crate::command::Command;
use crate::refusal::{Doing, KnownAs, MayLift, Refusal};

fn typed(line: &'static str) -> impl Fn(&Sample) -> Refusal {
    move |_| Command::from_text(line).expect_err("a refusal")
}

type Refuse = Box<dyn Fn(&Sample) -> Refusal>;

fn drawn(refusals: Vec<(&'static str, Refuse)>) -> String {
    all(refusals
        .into_iter()
        .map(|(name, make)| {
            let card = move |sample: &Sample, words: &'static Words| {
                let card = super::super::refusal::card(words, &make(sample));
                let first = card.first_line.to_string();
                let begins = ["Nothing was changed: ", "线上没有任何改动："];
                assert!(begins.iter().any(|begin| first.starts_with(begin)), "{first}");
                card
            };
            (name, Box::new(card) as Make)
        })
        .collect())
}

fn deploy(sample: &Sample) -> Command {
    Command::Deploy {
        service: sample.target.service.clone(),
        environment: sample.target.environment.clone(),
        reference: sample.new.parse().expect("a reference"),
        plan: false,
    }
}

#[test]
fn what_was_typed() {
    snapshot!(drawn(vec![
        ("nothing", Box::new(typed("  "))),
        ("a slip", Box::new(typed("/depoly api prod v7"))),
        ("no such command", Box::new(typed("/frobnicate api"))),
        ("too little", Box::new(typed("/deploy api prod"))),
        ("no value", Box::new(typed("/rollback api prod to"))),
        ("too much", Box::new(typed("/deploy api prod v7 now please"))),
        ("an option that isn't", Box::new(typed("/deploy api prod v7 --paln"))),
        ("twice", Box::new(typed("/deploy api prod v7 --service web"))),
        ("bad name", Box::new(typed("/deploy a!b prod v7"))),
        ("bad image", Box::new(typed("/deploy api prod @everyone"))),
        ("bad earlier", Box::new(typed("/rollback api prod to #x"))),
        ("bad number", Box::new(typed("/show latest"))),
        ("bad scope", Box::new(typed("/lock api/prod/x bad"))),
        ("bad period", Box::new(typed("/history since yesterday"))),
        ("bad period in a reason", Box::new(typed("/lock api/prod bad commit for 2x"))),
    ]));
}

#[test]
fn names() {
    let environments = || ["prod", "staging"].map(|name| name.parse().expect("a name")).to_vec();
    let changed = |sample: &Sample, service: &str| Refusal::UnknownService {
        typed: service.parse().expect("a name"),
        nearest: Some(sample.target.service.clone()),
        instead: Some(deploy(sample)),
    };
    snapshot!(drawn(vec![
        ("unknown service", Box::new(move |sample| changed(sample, "apii"))),
        (
            "unknown service, none near",
            Box::new(|_| Refusal::UnknownService {
                typed: "search".parse().expect("a name"),
                nearest: None,
                instead: None,
            })
        ),
        (
            "unknown environment",
            Box::new(move |sample| Refusal::UnknownEnvironment {
                typed: "production".parse().expect("a name"),
                nearest: Some(sample.target.environment.clone()),
                known: environments(),
                instead: Some(deploy(sample)),
            })
        ),
        (
            "unknown environment, none near",
            Box::new(move |_| Refusal::UnknownEnvironment {
                typed: "test".parse().expect("a name"),
                nearest: None,
                known: environments(),
                instead: None,
            })
        ),
        (
            "not there",
            Box::new(move |sample| Refusal::NotThere { target: sample.target.clone(), runs_in: environments() })
        ),
        (
            "unknown change",
            Box::new(|_| Refusal::UnknownChange { number: ChangeNumber(999), newest: Some(ChangeNumber(421)) })
        ),
        ("no change yet", Box::new(|_| Refusal::UnknownChange { number: ChangeNumber(1), newest: None })),
    ]));
}

#[test]
fn who_speaks_and_what_they_may() {
    let scope = |sample: &Sample| Scope::Target(sample.target.clone());
    let not_allowed = move |sample: &Sample, allowed, asked| Refusal::NotAllowed {
        action: Action::Deploy,
        scope: scope(sample),
        allowed,
        on_call: Some(sample.zhou.clone()),
        owners: vec![sample.mo.clone()],
        asked,
    };
    snapshot!(drawn(vec![
        ("unknown user", Box::new(|_| Refusal::UnknownPerson { known_as: KnownAs::Unix("root\u{1b}[2J".to_owned()) })),
        ("unknown name", Box::new(|_| Refusal::UnknownPerson { known_as: KnownAs::Name("lni".to_owned()) })),
        (
            "left",
            Box::new(|sample| Refusal::Left {
                person: sample.mo.clone(),
                on: chrono::NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day")
            })
        ),
        ("may not speak for", Box::new(|sample| Refusal::MayNotSpeakFor { person: sample.mo.clone() })),
        ("not allowed", Box::new(move |sample| not_allowed(sample, sample.duty(), Some(deploy(sample))))),
        (
            "not allowed, owners",
            Box::new(move |sample| not_allowed(sample, [Grantee::Owner].into(), Some(deploy(sample))))
        ),
        ("not allowed to anybody", Box::new(move |sample| not_allowed(sample, BTreeSet::new(), Some(deploy(sample))))),
        (
            "not allowed to lock all",
            Box::new(|sample| Refusal::NotAllowed {
                action: Action::Lock,
                scope: Scope::All,
                allowed: [Grantee::Everyone, Grantee::Person(sample.lin.clone()), Grantee::OnCall].into(),
                on_call: None,
                owners: Vec::new(),
                asked: None,
            })
        ),
        ("could not check", Box::new(|_| Refusal::CouldNotCheck { reference: "f3a9".to_owned() })),
        ("watch only", Box::new(|sample| Refusal::WatchOnly { environment: sample.target.environment.clone() })),
    ]));
}

#[test]
fn what_stands_in_the_way() {
    let locked = |sample: &Sample, lock, reader| Refusal::Locked {
        target: sample.target.clone(),
        lock,
        allowed: sample.duty(),
        reader,
        on_call: Some(sample.zhou.clone()),
        owners: Vec::new(),
        asked: deploy(sample),
    };
    let busy = |sample: &Sample, doing| Refusal::Busy {
        target: sample.target.clone(),
        change: id(),
        number: ChangeNumber(412),
        by: sample.lin.clone(),
        since: at("03:12:00"),
        doing,
    };
    let not_parked =
        |sample: &Sample, doing| Refusal::NotParked { number: ChangeNumber(412), target: sample.target.clone(), doing };
    snapshot!(drawn(vec![
        (
            "locked",
            Box::new(move |sample| {
                let lock = sample.lock(Scope::Target(sample.target.clone()), sample.withdrawn());
                locked(sample, lock, MayLift::No)
            })
        ),
        (
            "locked, and the reader may lift it",
            Box::new(move |sample| {
                let lock = sample.lock(Scope::Target(sample.target.clone()), sample.withdrawn());
                locked(sample, lock, MayLift::Yes)
            })
        ),
        (
            "locked because of another image",
            Box::new(move |sample| {
                let reason = Reason::Withdrawn {
                    image: sample.old.clone(),
                    how: Withdrawal::Failed,
                    changes: vec![ChangeNumber(412)],
                };
                locked(sample, sample.lock(Scope::Target(sample.target.clone()), reason), MayLift::No)
            })
        ),
        (
            "all locked by a person",
            Box::new(move |sample| {
                let mut lock = sample.lock(Scope::All, Reason::Said("network works tonight".to_owned()));
                lock.until = Some(at("06:00:00"));
                locked(sample, lock, MayLift::No)
            })
        ),
        ("busy", Box::new(move |sample| busy(sample, Doing::Rolling))),
        ("busy with a parked change", Box::new(move |sample| busy(sample, Doing::Parked))),
        (
            "nothing to stop",
            Box::new(|sample| Refusal::NothingToStop { target: sample.target.clone(), last: Some(ChangeNumber(412)) })
        ),
        (
            "too late to stop",
            Box::new(|sample| Refusal::TooLateToStop {
                target: sample.target.clone(),
                number: ChangeNumber(412),
                doing: Doing::Returning,
            })
        ),
        (
            "it is parked",
            Box::new(|sample| Refusal::TooLateToStop {
                target: sample.target.clone(),
                number: ChangeNumber(412),
                doing: Doing::Parked,
            })
        ),
        ("a change that is forgotten", Box::new(|_| Refusal::ForgottenChange)),
        (
            "not locked",
            Box::new(|sample| Refusal::NotLocked {
                scope: Scope::Target(sample.target.clone()),
                near: vec![Scope::All, Scope::Environment(sample.target.environment.clone())],
            })
        ),
        (
            "lock held",
            Box::new(|sample| Refusal::LockHeld {
                lock: sample.lock(Scope::Environment(sample.target.environment.clone()), sample.withdrawn())
            })
        ),
        ("not parked", Box::new(move |sample| not_parked(sample, Some(Doing::Stabilizing)))),
        ("not parked, ended", Box::new(move |sample| not_parked(sample, None))),
        (
            "press too late",
            Box::new(|sample| Refusal::PressTooLate { number: ChangeNumber(412), target: sample.target.clone() })
        ),
        ("store unavailable", Box::new(|_| Refusal::StoreUnavailable { reference: "f3a9".to_owned() })),
    ]));
}

#[test]
fn nobody_knows() {
    snapshot!(both(&|sample, words| { super::super::refusal::unsure(words, "f3a9", Some(&sample.target)) }));
}
