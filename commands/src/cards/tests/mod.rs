//! Every card in both languages, as plain text, for people to read in review; and the rules that hold for all of them.

/// A snapshot without the expression that made it.
macro_rules! snapshot {
    ($($argument:tt)*) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($($argument)*) })
    };
}

mod changes;
mod console;
mod look;
mod notices;
mod offers;
mod refusals;
mod refused;
mod scene;
mod unreadable;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use state::catalogue::{Grantee, Language};
use state::lock::{Lock, Reason, Scope, Withdrawal};
use state::names::{ChangeId, ChangeNumber, EnvironmentName, PersonName, ServiceName, TargetName};
use state::zone::Zone;

use crate::card::{Card, Span, width};
use crate::plain::{Reader, draw};
use crate::words::{FIRST_LINE_AT_MOST, Words};

/// The names of a sample: short as in a shop, or as long as names may be.
pub(super) struct Sample {
    pub(super) target: TargetName,
    pub(super) lin: PersonName,
    pub(super) mo: PersonName,
    pub(super) zhou: PersonName,
    /// A tag.
    pub(super) old: String,
    /// Another.
    pub(super) new: String,
}

impl Sample {
    pub(super) fn short() -> Self {
        let name = |name: &str| PersonName::new(name).expect("a name");
        Self {
            target: target("api", "prod"),
            lin: name("lin"),
            mo: name("mo"),
            zhou: name("zhou"),
            old: "4d1e77c".to_owned(),
            new: "9f3c2ab".to_owned(),
        }
    }

    fn long() -> Self {
        let name = |letter: &str| PersonName::new(letter.repeat(63)).expect("a name");
        Self {
            target: target(&"service-".repeat(7), &"environment".repeat(5)),
            lin: name("l"),
            mo: name("m"),
            zhou: name("z"),
            old: "o".repeat(128),
            new: "n".repeat(128),
        }
    }

    pub(super) fn lock(&self, scope: Scope, reason: Reason) -> Lock {
        Lock { scope, by: self.lin.clone(), since: at("03:16:00"), until: None, reason }
    }

    pub(super) fn withdrawn(&self) -> Reason {
        Reason::Withdrawn {
            image: self.new.clone(),
            how: Withdrawal::FailedAndRolledBack,
            changes: vec![ChangeNumber(412), ChangeNumber(413)],
        }
    }

    pub(super) fn duty(&self) -> BTreeSet<Grantee> {
        [Grantee::OnCall, Grantee::Role("admin".parse().expect("a name"))].into()
    }
}

pub(super) fn target(service: &str, environment: &str) -> TargetName {
    TargetName {
        service: ServiceName::new(service.trim_end_matches('-')).expect("a name"),
        environment: EnvironmentName::new(environment).expect("a name"),
    }
}

/// A time of the night of Thursday, 26 November 2026, in Shanghai.
pub(super) fn at(clock: &str) -> DateTime<Utc> {
    format!("2026-11-26T{clock}+08:00").parse().expect("a moment")
}

pub(super) fn id() -> ChangeId {
    ChangeId::from_parts(1_800_000_000_000, 7)
}

/// Draws a card in both languages, and holds it to the rules of all cards.
pub(super) fn both(make: &dyn Fn(&Sample, &'static Words) -> Card) -> String {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let mut shown = Vec::new();
    for language in Language::ALL {
        let words = Words::get(language);
        let reader = Reader { words, zone: &zone, now: at("03:25:08") };
        let card = make(&Sample::short(), words);
        keeps_the_rules(&card);
        keeps_the_rules(&make(&Sample::long(), words));
        shown.push(draw(&card, &reader));
    }
    shown.join("\n\n")
}

fn keeps_the_rules(card: &Card) {
    let first = card.first_line.to_string();
    assert!(width(&first) <= FIRST_LINE_AT_MOST, "{first} is {} wide", width(&first));
    assert!(!first.contains('\n') && !first.is_empty());
    for span in &card.first_line.0 {
        let bare = matches!(span, Span::Words(_) | Span::Outside(_) | Span::Person(_));
        assert!(bare, "a lock screen shows neither times nor links nor rings twice: {first}");
    }
    assert!(card.buttons.len() <= 3, "{first}");
    assert!(!card.lines.is_empty(), "what does the reader do now? {first}");
    let labels: BTreeSet<_> = card.buttons.iter().map(|button| button.label.to_string()).collect();
    assert_eq!(labels.len(), card.buttons.len(), "two buttons that say the same: {first}");
    for line in &card.lines {
        let text = line.text.to_string();
        assert!(!text.contains("  ") && text.trim() == text, "{text}");
    }
}

/// What makes a card.
pub(super) type Make = Box<dyn Fn(&Sample, &'static Words) -> Card>;

/// Draws many cards, each with its name.
pub(super) fn all(cards: Vec<(&str, Make)>) -> String {
    let drawn = cards.iter().map(|(name, make)| format!("── {name}\n\n{}\n", both(make.as_ref())));
    drawn.collect::<Vec<_>>().join("\n")
}

#[test]
fn help() {
    let one = |command: &'static str| {
        move |_: &Sample, words: &'static Words| super::help::card(words, Some(command.parse().expect("a command")))
    };
    snapshot!(all(vec![
        ("all", Box::new(|_, words| super::help::card(words, None))),
        ("deploy", Box::new(one("deploy"))),
        ("lock", Box::new(one("lock"))),
        ("now", Box::new(one("now"))),
    ]));
}

#[test]
fn locks() {
    use super::locks::{LockLaid, Unlocked};
    let said = || Reason::Said("migration of *orders* @everyone".to_owned());
    let with_end = move |sample: &Sample, scope| Lock {
        until: Some(at("03:16:00") + TimeDelta::hours(2)),
        ..sample.lock(scope, said())
    };
    let of_target = |sample: &Sample| Scope::Target(sample.target.clone());
    snapshot!(all(vec![
        ("none", Box::new(|_, words| super::locks::all(words, &[], &[]))),
        (
            "two lifted, and another stays",
            Box::new(move |sample, words| {
                let lock = sample.lock(of_target(sample), sample.withdrawn());
                let lifted = vec![lock, with_end(sample, of_target(sample))];
                let still = vec![sample.lock(Scope::Environment(sample.target.environment.clone()), said())];
                super::locks::lifted(
                    words,
                    &Unlocked { scope: of_target(sample), lifted, unreadable: Vec::new(), still },
                )
            })
        ),
        (
            "two",
            Box::new(move |sample, words| {
                let left = sample.lock(of_target(sample), sample.withdrawn());
                super::locks::all(words, &[with_end(sample, Scope::All), left], &[])
            })
        ),
        (
            "laid",
            Box::new(move |sample, words| {
                let replaces = Some(sample.lock(of_target(sample), sample.withdrawn()));
                let under_way = vec![ChangeNumber(421)];
                let lock = with_end(sample, of_target(sample));
                super::locks::laid(words, &LockLaid { lock, replaces, under_way, refused: vec![ChangeNumber(422)] })
            })
        ),
        (
            "laid on everything",
            Box::new(move |sample, words| {
                let lock = sample.lock(Scope::All, said());
                super::locks::laid(
                    words,
                    &LockLaid { lock, replaces: None, under_way: Vec::new(), refused: Vec::new() },
                )
            })
        ),
        (
            "lifted",
            Box::new(move |sample, words| {
                let lock = sample.lock(of_target(sample), sample.withdrawn());
                let scope = of_target(sample);
                super::locks::lifted(
                    words,
                    &Unlocked { scope, lifted: vec![lock], unreadable: Vec::new(), still: Vec::new() },
                )
            })
        ),
    ]));
}

#[test]
fn done_before() {
    use crate::facts::{DoneBefore, DoneWhat};
    let done = |what: fn(&Sample) -> DoneWhat, by: fn(&Sample) -> Option<PersonName>| -> Make {
        Box::new(move |sample, words| {
            let facts = DoneBefore { what: what(sample), by: by(sample), at: at("03:24:48") };
            super::done_before::card(words, &facts, at("03:25:08"))
        })
    };
    let left = |sample: &Sample| DoneWhat::LeftAsIs { target: sample.target.clone(), number: ChangeNumber(412) };
    fn unlocked(sample: &Sample, near: &[Scope]) -> DoneWhat {
        DoneWhat::Unlocked { scope: Scope::Target(sample.target.clone()), near: near.to_vec() }
    }
    snapshot!(all(vec![
        ("stopped", done(|_| DoneWhat::Stopped(ChangeNumber(412)), |sample| Some(sample.lin.clone()))),
        ("freed", done(|_| DoneWhat::Freed(ChangeNumber(412)), |sample| Some(sample.lin.clone()))),
        ("left as it is", done(left, |sample| Some(sample.lin.clone()))),
        ("nobody answered", done(left, |_| None)),
        ("unlocked", done(|sample| unlocked(sample, &[]), |sample| Some(sample.lin.clone()))),
        ("unlocked, but", done(|sample| unlocked(sample, &[Scope::All]), |sample| Some(sample.lin.clone()))),
    ]));
}
