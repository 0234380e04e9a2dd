//! The stores agree: whatever is asked of all of them, in any order, gets the same answers.

use crate::{InMemory, Lab, OnDisk};
use futures::executor::block_on;
use futures::future::join_all;
use proptest::prelude::*;
use state::store::{Commit, Committed, Compare, Key, Page, Range, Revision, Store, StoreFault};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_of_them(steps in prop::collection::vec(step(), 1..40)) {
        let (memory, mut disk) = (InMemory::new(), OnDisk::new());
        for step in steps {
            match step {
                Step::Commit(commits) => prop_assert_eq!(commit(memory.store(), &commits), commit(disk.store(), &commits)),
                Step::Range(range) => prop_assert_eq!(read(memory.store(), &range), read(disk.store(), &range)),
                Step::Reopen => disk = disk.reopen(),
            }
        }
        let everything = Range { from: Key::from_bytes([]), to: None, limit: 1_000, reverse: false };
        prop_assert_eq!(read(memory.store(), &everything), read(disk.store(), &everything));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Commit>),
    Range(Range),
    Reopen,
}

fn commit(store: &dyn Store, commits: &[Commit]) -> Vec<Result<Committed, StoreFault>> {
    block_on(join_all(commits.iter().map(|commit| store.commit(commit.clone()))))
}

fn read(store: &dyn Store, range: &Range) -> Result<Page, StoreFault> {
    block_on(store.range(range.clone()))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(any_commit(), 1..6).prop_map(Step::Commit),
        3 => any_range().prop_map(Step::Range),
        1 => Just(Step::Reopen),
    ]
}

/// Few keys, so that commits meet; some a beginning of others.
fn any_key() -> impl Strategy<Value = Key> {
    prop::collection::vec(prop_oneof![Just(b'a'), Just(0), Just(0xff)], 0..3)
        .prop_map(|rest| Key::from_bytes([b"k".as_slice(), &rest].concat()))
}

/// Few revisions, so that some hold.
fn any_compare() -> impl Strategy<Value = Compare> {
    let revision = (0..12_u64).prop_map(Revision);
    prop_oneof![
        any_key().prop_map(Compare::Absent),
        (any_key(), revision).prop_map(|(key, revision)| Compare::Revision(key, revision)),
    ]
}

fn any_commit() -> impl Strategy<Value = Commit> {
    let value = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..8),
        1 => Just(vec![7; state::store::VALUE_AT_MOST]),
    ];
    let puts = prop::collection::vec((any_key(), value), 0..4);
    let deletes = prop::collection::vec(any_key(), 0..2);
    (prop::collection::vec(any_compare(), 0..2), puts, deletes).prop_map(|(compares, puts, deletes)| Commit {
        compares,
        puts,
        deletes,
    })
}

fn any_range() -> impl Strategy<Value = Range> {
    (any_key(), prop::option::of(any_key()), 0..9_usize, any::<bool>()).prop_map(|(from, to, limit, reverse)| Range {
        from,
        to,
        limit,
        reverse,
    })
}
