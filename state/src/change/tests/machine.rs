//! Whatever comes, in whatever order: one outcome, and what goes with it.

use proptest::prelude::*;

use super::scene::*;
use super::transition::{events, is_sound, rollback};
use crate::catalogue::{AfterFailure, Unanswered};
use crate::change::Change;
use crate::change::transition::transition;

fn begun() -> impl Strategy<Value = Change> {
    let after = prop_oneof![Just(AfterFailure::Rollback), Just(AfterFailure::Hold), Just(AfterFailure::Ask)];
    let then = prop_oneof![Just(Unanswered::Rollback), Just(Unanswered::Hold)];
    (after, then, any::<bool>()).prop_map(|(after_failure, unanswered, is_rollback)| {
        let mut change = preparing(&["api", "worker"]);
        (change.target.policy.after_failure, change.target.policy.unanswered) = (after_failure, unanswered);
        if is_rollback { rollback(change) } else { change }
    })
}

/// Events as they come, those that lead on more often than those that end.
fn some_events() -> impl Strategy<Value = Vec<(usize, usize)>> {
    let all = events(0);
    let ending = ["refuse", "nothing", "stop", "overtaken", "cant-tell", "release", "back-rejected", "verified"];
    let weighted: Vec<(u32, usize)> =
        all.iter().enumerate().map(|(at, (word, _))| (if ending.contains(word) { 1 } else { 6 }, at)).collect();
    let one =
        prop::strategy::Union::new_weighted(weighted.into_iter().map(|(weight, at)| (weight, Just(at))).collect());
    prop::collection::vec((one, 0..2_usize), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn it_ends_once_and_what_goes_with_it_goes_once(begun in begun(), picks in some_events()) {
        let (mut change, all) = (begun, [events(0), events(1)]);
        let mut claims = 0;
        for (at, place) in picks {
            let (word, event) = all[place][at].clone();
            let Some(next) = transition(&change, event, now()) else { continue };
            is_sound(&change, &next);
            let released = next.also.iter().filter(|also| matches!(also, crate::change::transition::Also::ReleaseClaim));
            claims += released.count();
            prop_assert_eq!(claims, usize::from(next.change.ended().is_some()), "after {}", word);
            if next.change.ended().is_none() {
                prop_assert!(next.change.written().len() >= change.written().len(), "{} took back what was written", word);
                prop_assert!(next.change.written().len() <= 2);
            }
            prop_assert_eq!(&next.change.head.id, &change.head.id);
            prop_assert_eq!(&next.change.target, &change.target);
            change = next.change;
        }
    }

    #[test]
    fn what_has_ended_stays_as_it_is(begun in begun(), picks in some_events()) {
        let (mut change, all) = (begun, [events(0), events(1)]);
        let mut end = None;
        for (at, place) in picks {
            let next = transition(&change, all[place][at].1.clone(), now());
            if end.is_some() {
                prop_assert!(next.is_none());
            } else if let Some(next) = next {
                change = next.change;
                end = change.ended().cloned();
            }
        }
    }
}
