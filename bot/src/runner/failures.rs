//! Failures that last: each is told when it begins, when it becomes another one, and when it is over; not every time
//! that somebody runs into it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use state::names::ChangeId;

/// The failures that last.
#[derive(Default)]
pub(super) struct Failures {
    lasting: Mutex<BTreeMap<Doing, String>>,
}

/// What does not succeed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Doing {
    what: &'static str,
    of: String,
}

impl Doing {
    /// Something that is done for all.
    pub(super) fn all(what: &'static str) -> Self {
        Self { what, of: String::new() }
    }

    /// Something that is done for one change.
    pub(super) fn one(what: &'static str, change: ChangeId) -> Self {
        Self { what, of: change.to_string() }
    }

    pub(super) fn what(&self) -> &'static str {
        self.what
    }

    /// Of what: a change, or nothing in particular.
    pub(super) fn of(&self) -> Option<&str> {
        (!self.of.is_empty()).then_some(self.of.as_str())
    }
}

/// What changed among the failures of one kind.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Changed {
    /// They are new.
    pub(super) began: Vec<String>,
    /// They are no more.
    pub(super) over: usize,
}

impl Failures {
    /// It failed. Tells whether that is news: it did not fail before, or for another reason.
    pub(super) fn failed(&self, doing: &Doing, chain: &str) -> bool {
        // Numbers change from one time to the next, as that of the bytes that are free.
        let reason: String = chain.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        let mut lasting = self.lasting();
        if lasting.get(doing) == Some(&reason) {
            return false;
        }
        lasting.insert(doing.clone(), reason);
        true
    }

    /// It succeeded. Tells whether that is news.
    pub(super) fn over(&self, doing: &Doing) -> bool {
        self.lasting().remove(doing).is_some()
    }

    /// Of all that was done under this name, these failed and nothing else.
    pub(super) fn only(&self, what: &'static str, chains: BTreeSet<String>) -> Changed {
        let mut lasting = self.lasting();
        let known = lasting.len();
        lasting.retain(|doing, _| doing.what != what || chains.contains(&doing.of));
        let over = known - lasting.len();
        let mut began = Vec::new();
        for chain in chains {
            if lasting.insert(Doing { what, of: chain.clone() }, String::new()).is_none() {
                began.push(chain);
            }
        }
        Changed { began, over }
    }

    fn lasting(&self) -> MutexGuard<'_, BTreeMap<Doing, String>> {
        self.lasting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_news_when_it_begins_changes_and_ends() {
        let failures = Failures::default();
        let all = Doing::all("delivering messages");
        let one = Doing::one("a step of a change", ChangeId::from_parts(1_795_000_000_000, 1));
        assert!(!failures.over(&all));
        assert!(failures.failed(&all, "the disk is full: 4096 bytes are free"));
        assert!(!failures.failed(&all, "the disk is full: 512 bytes are free"));
        assert!(failures.failed(&one, "the disk is full: 512 bytes are free"), "another doing");
        assert!(failures.failed(&all, "reading the store failed"));
        assert!(failures.over(&all));
        assert!(!failures.over(&all));
        assert!(failures.failed(&all, "reading the store failed"), "it began again");
        assert!(failures.over(&one));
    }

    #[test]
    fn of_several_only_those_are_news_that_were_not_there_before() {
        let failures = Failures::default();
        let set = |chains: &[&str]| chains.iter().map(|chain| (*chain).to_owned()).collect::<BTreeSet<_>>();
        let changed =
            |began: &[&str], over| Changed { began: began.iter().map(|chain| (*chain).to_owned()).collect(), over };
        failures.failed(&Doing::all("reading open changes"), "reading the store failed");
        assert_eq!(failures.only("reading a claim", set(&["a", "b"])), changed(&["a", "b"], 0));
        assert_eq!(failures.only("reading a claim", set(&["b", "a"])), changed(&[], 0));
        assert_eq!(failures.only("reading a claim", set(&["b", "c"])), changed(&["c"], 1));
        assert_eq!(failures.only("reading a claim", set(&[])), changed(&[], 2));
        assert!(failures.over(&Doing::all("reading open changes")), "another name is left alone");
    }
}
