//! Records that can't be read, and what somebody is told who takes them away.

use state::records::RecordName;

use super::*;
use crate::cards;
use crate::cards::locks::Unlocked;
use crate::facts::Unreadable;
use crate::refusal::Refusal;

/// What can't be read of a target.
#[derive(Clone, Copy)]
pub(super) enum Damaged {
    Claim,
    Unnumbered,
    Change,
    Question,
    Lock { left: bool },
    Withdrawn,
}

pub(super) fn unreadable(sample: &Sample, what: Damaged) -> Unreadable {
    let scope = Scope::Target(sample.target.clone());
    let record = match what {
        Damaged::Claim | Damaged::Unnumbered => RecordName::Claim(sample.target.clone()),
        Damaged::Change => RecordName::Change(id()),
        Damaged::Question => RecordName::Question(sample.target.clone()),
        Damaged::Lock { left } => RecordName::Lock { scope: scope.clone(), left },
        Damaged::Withdrawn => RecordName::Withdrawn { target: sample.target.clone(), by: ChangeNumber(397) },
    };
    let number = match what {
        Damaged::Claim | Damaged::Change | Damaged::Question => Some(ChangeNumber(412)),
        Damaged::Unnumbered | Damaged::Lock { .. } | Damaged::Withdrawn => None,
    };
    Unreadable { record, blocks: scope, number, reference: "f3a9".to_owned() }
}

#[test]
fn records_that_can_t_be_read() {
    let refused = |what| -> Make {
        let refusal = move |sample: &Sample| Refusal::Unreadable(unreadable(sample, what));
        Box::new(move |sample, words| cards::refusal::card(words, &refusal(sample)))
    };
    let of_target = |sample: &Sample| Scope::Target(sample.target.clone());
    snapshot!(all(vec![
        ("claim", refused(Damaged::Claim)),
        ("claim, no number known", refused(Damaged::Unnumbered)),
        ("change", refused(Damaged::Change)),
        ("question", refused(Damaged::Question)),
        ("a person's lock", refused(Damaged::Lock { left: false })),
        ("a lock that was left", refused(Damaged::Lock { left: true })),
        ("a mark of what was withdrawn", refused(Damaged::Withdrawn)),
        (
            "another",
            Box::new(|_, words| {
                cards::refusal::card(words, &Refusal::UnreadableOther { reference: "f3a9".to_owned() })
            })
        ),
        (
            "freed",
            Box::new(|sample, words| {
                let gone = [Damaged::Claim, Damaged::Question].map(|what| unreadable(sample, what).record);
                cards::unreadable::freed(words, &sample.target, &gone)
            })
        ),
        (
            "lifted",
            Box::new(move |sample, words| {
                let unreadable = vec![unreadable(sample, Damaged::Lock { left: true }).record];
                let scope = of_target(sample);
                cards::locks::lifted(words, &Unlocked { scope, lifted: Vec::new(), unreadable, still: Vec::new() })
            })
        ),
        (
            "all locks",
            Box::new(|sample, words| {
                cards::locks::all(words, &[], &[unreadable(sample, Damaged::Lock { left: true })])
            })
        ),
    ]));
}
