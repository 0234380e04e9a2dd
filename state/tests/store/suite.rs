//! The promises of the trait. Each is a function over a [`Lab`]; the macro at the end makes a test of each for every store.

use crate::Lab;
use futures::executor::block_on;
use futures::future::join_all;
use state::store::documents::{self, Batch, DOCUMENT_AT_MOST, Document};
use state::store::{
    Commit, Committed, ENTRIES_AT_MOST, KEY_AT_MOST, Key, OPERATIONS_AT_MOST, Page, Range, RequestFault, Revision,
    Store, StoreFault, VALUE_AT_MOST, Versioned,
};
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) fn a_value_comes_back_until_it_is_taken_away<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    assert_eq!(get(store, &key(1)), None);
    let revision = put(store, &key(1), b"one");
    assert_eq!(get(store, &key(1)), Some(Versioned { value: b"one".to_vec(), revision }));
    assert_eq!(get(store, &key(2)), None);
    let empty = put(store, &key(2), b"");
    assert_eq!(get(store, &key(2)), Some(Versioned { value: Vec::new(), revision: empty }));
    done(store, |commit| {
        commit.delete(key(1)).delete(key(7));
    });
    assert_eq!(get(store, &key(1)), None);
    assert!(get(store, &key(2)).is_some());
}

pub(crate) fn a_commit_is_all_or_nothing_by_its_compares<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    let first = put(store, &key(1), b"claimed by 412");
    let claim = |compares: &[(u64, Option<Revision>)]| {
        let mut commit = Commit::new();
        for (number, read) in compares {
            commit.demand_unchanged(key(*number), *read);
        }
        commit.put(key(8), "written").delete(key(1));
        block_on(store.commit(commit)).unwrap()
    };

    let held = Some(Versioned { value: b"claimed by 412".to_vec(), revision: first });
    assert_eq!(claim(&[(2, None), (1, None)]), Committed::Conflict { key: key(1), held: held.clone() });
    let wrong = Revision(first.0 + 1);
    assert_eq!(claim(&[(1, Some(wrong)), (9, Some(first))]), Committed::Conflict { key: key(1), held: held.clone() });
    assert_eq!(claim(&[(9, Some(first))]), Committed::Conflict { key: key(9), held: None });
    // A key that does not exist is at no revision, not at zero.
    assert_eq!(claim(&[(9, Some(Revision(0)))]), Committed::Conflict { key: key(9), held: None });
    assert_eq!((get(store, &key(1)), get(store, &key(8))), (held, None));

    assert!(matches!(claim(&[(1, Some(first)), (2, None)]), Committed::Done(_)));
    assert_eq!(get(store, &key(1)), None);
    assert_eq!(get(store, &key(8)).unwrap().value, b"written");
}

pub(crate) fn the_revision_rises_with_every_write_also_across_a_restart<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    let first = put(store, &key(1), b"");
    let second = done(store, |commit| {
        commit.put(key(1), "again").put(key(2), "together");
    });
    assert!(second > first);
    assert_eq!(get(store, &key(1)).unwrap().revision, get(store, &key(2)).unwrap().revision);
    let third = done(store, |commit| {
        commit.delete(key(2));
    });
    assert!(third > second);
    assert_eq!(done(store, |_| {}), third, "a commit that writes nothing is at the revision it found");
    assert_eq!(page(store, Range::under(&kind())).revision, third);

    let lab = lab.reopen();
    let store = lab.store();
    assert_eq!(get(store, &key(1)).unwrap().revision, second);
    assert_eq!(page(store, Range::under(&kind())).revision, third);
    // The last change was a delete: no key that is left knows of it.
    assert!(put(store, &key(3), b"") > third);
}

pub(crate) fn commits_that_wait_together_are_judged_in_their_order<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    let claims = (0..64).map(|asker: u64| {
        let mut commit = Commit::new();
        commit.demand_absent(key(1)).put(key(1), asker.to_be_bytes()).put(key(100 + asker), "mine");
        store.commit(commit)
    });
    let answers: Vec<Committed> = block_on(join_all(claims)).into_iter().map(Result::unwrap).collect();
    let Committed::Done(revision) = answers[0] else {
        panic!("the first was refused: {:?}", answers[0]);
    };
    let held = Some(Versioned { value: 0_u64.to_be_bytes().to_vec(), revision });
    for answer in &answers[1..] {
        assert_eq!(*answer, Committed::Conflict { key: key(1), held: held.clone() });
    }
    assert_eq!(page(store, Range::under(&kind())).entries.len(), 2);

    // A later commit sees what an earlier one of the same group puts and takes away.
    let mut free = Commit::new();
    free.demand(key(1), revision).delete(key(1));
    let mut again = Commit::new();
    again.demand_absent(key(1)).put(key(1), "again");
    let mut late = Commit::new();
    late.demand(key(1), revision).delete(key(1));
    let answers = block_on(join_all([free, again, late].map(|commit| store.commit(commit))));
    let [Ok(Committed::Done(freed)), Ok(Committed::Done(taken)), Ok(Committed::Conflict { held, .. })] = &answers[..]
    else {
        panic!("{answers:?}");
    };
    assert!(freed < taken);
    assert_eq!(*held, Some(Versioned { value: b"again".to_vec(), revision: *taken }));
}

pub(crate) fn counting_up_by_compare_loses_no_count<L: Lab>() {
    const THREADS: u64 = 4;
    const TIMES: u64 = 25;
    let lab = L::new();
    let store = lab.store();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..TIMES).for_each(|_| count_up(store)));
        }
    });
    let counted = get(store, &key(1)).unwrap();
    assert_eq!(counted.value, (THREADS * TIMES).to_be_bytes());
    assert_eq!(counted.revision, Revision(THREADS * TIMES), "conflicts write nothing");
}

fn count_up(store: &dyn Store) {
    loop {
        let read = get(store, &key(1));
        let count = read.as_ref().map_or(0, |held| u64::from_be_bytes(held.value.clone().try_into().unwrap()));
        let mut commit = Commit::new();
        commit.demand_unchanged(key(1), read.map(|held| held.revision)).put(key(1), (count + 1).to_be_bytes());
        if let Committed::Done(_) = block_on(store.commit(commit)).unwrap() {
            return;
        }
    }
}

pub(crate) fn a_range_is_ordered_bounded_and_read_on_from_either_end<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    for number in [3, 1, 4, 5, 9, 2, 6, u64::MAX] {
        put(store, &key(number), &number.to_be_bytes());
    }
    put(store, &Key::kind("before").number(1), b"");
    put(store, &Key::kind("numbers-and-more").number(1), b"");
    put(store, &Key::kind("other").number(1), b"");

    let all = Range::under(&kind());
    assert_eq!(numbers(&page(store, all.clone())), [1, 2, 3, 4, 5, 6, 9, u64::MAX]);
    assert_eq!(numbers(&page(store, all.clone().reversed())), [u64::MAX, 9, 6, 5, 4, 3, 2, 1]);
    let some = Range { from: key(3), to: Some(key(6)), limit: 10, reverse: false };
    assert_eq!(numbers(&page(store, some.clone())), [3, 4, 5], "the end does not belong to it");
    assert_eq!(numbers(&page(store, some.clone().reversed())), [5, 4, 3]);
    let to_the_end = Range { from: key(9), to: None, limit: 20, reverse: false };
    assert_eq!(page(store, to_the_end.clone()).entries.len(), 3);
    assert_eq!(page(store, Range { from: Key::from_bytes([]), ..to_the_end }).entries.len(), 11);
    for nothing in
        [Range { from: key(6), to: Some(key(3)), ..some.clone() }, Range { from: key(6), to: Some(key(6)), ..some }]
    {
        assert_eq!(page(store, nothing.clone()).entries, []);
        assert_eq!(page(store, nothing.reversed()).entries, []);
    }

    for range in [all.clone(), all.clone().reversed()] {
        let whole = page(store, range.clone());
        assert!(!whole.more);
        let exactly = page(store, range.clone().limit(8));
        assert_eq!((exactly.entries.len(), exactly.more), (8, false));
        let (mut rest, mut parts) = (range.limit(3), Vec::new());
        loop {
            let part = page(store, rest.clone());
            assert!(part.entries.len() <= 3);
            parts.extend(part.entries.clone());
            if !part.more {
                break;
            }
            rest = rest.beyond(&part.entries.last().unwrap().key);
        }
        assert_eq!(parts, whole.entries);
    }
}

pub(crate) fn a_page_has_an_end_whatever_it_is_asked_for<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    let many = ENTRIES_AT_MOST + 3;
    let mut keys = (0..many).map(|number| key(number as u64));
    while keys.len() > 0 {
        done(store, |commit| commit.puts.extend(keys.by_ref().take(OPERATIONS_AT_MOST).map(|key| (key, vec![]))));
    }
    let first = page(store, Range::under(&kind()).limit(usize::MAX));
    assert_eq!((first.entries.len(), first.more), (ENTRIES_AT_MOST, true));
    let rest = page(store, Range::under(&kind()).beyond(&first.entries.last().unwrap().key));
    assert_eq!((rest.entries.len(), rest.more), (3, false));
    let none = page(store, Range::under(&kind()).limit(0));
    assert_eq!((none.entries.len(), none.more), (0, true));
}

pub(crate) fn a_range_is_one_moment_while_others_commit<L: Lab>() {
    const KEYS: u64 = 100;
    const MOMENTS: usize = 50;
    let lab = L::new();
    let store = lab.store();
    let write = |round: u64| {
        done(store, |commit| commit.puts.extend((0..KEYS).map(|number| (key(number), round.to_be_bytes().to_vec()))))
    };
    write(0);
    // It is written for as long as it takes the reader to meet so many moments, however the machine shares its processors out.
    let (enough, mut mixed, mut moments) = (AtomicBool::new(false), 0, std::collections::BTreeSet::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !enough.load(Ordering::SeqCst) {
                round += 1;
                write(round);
            }
        });
        let mut reverse = false;
        while moments.len() < MOMENTS {
            let page = page(store, Range { reverse, ..Range::under(&kind()) });
            let (count, newest) = (page.entries.len() as u64, page.entries.iter().map(|entry| entry.revision).max());
            mixed += usize::from(page.entries.iter().any(|entry| entry.revision != page.revision));
            moments.insert(page.revision);
            reverse = !reverse;
            if count != KEYS || newest > Some(page.revision) {
                mixed += 1;
                break;
            }
        }
        enough.store(true, Ordering::SeqCst);
    });
    assert_eq!(mixed, 0, "of {moments:?}");
}

pub(crate) fn what_no_store_takes_is_refused_and_nothing_of_it_written<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    let refused = |fill: &dyn Fn(&mut Commit)| {
        let mut commit = Commit::new();
        commit.put(key(1), "never");
        fill(&mut commit);
        match block_on(store.commit(commit)) {
            Err(StoreFault::Request(fault)) => fault,
            other => panic!("{other:?}"),
        }
    };
    let many = OPERATIONS_AT_MOST as u64;
    let too_many = RequestFault::TooManyOperations { operations: OPERATIONS_AT_MOST + 1 };
    assert_eq!(refused(&|commit| commit.deletes.extend((2..many + 2).map(key))), too_many);
    assert_eq!(
        refused(&|commit| (0..=many).for_each(|n| {
            commit.demand_absent(key(n));
        })),
        too_many
    );
    assert_eq!(
        refused(&|commit| {
            commit.put(key(1), "");
        }),
        RequestFault::KeyTwice { key: key(1) }
    );
    assert_eq!(
        refused(&|commit| {
            commit.delete(key(1));
        }),
        RequestFault::KeyTwice { key: key(1) }
    );
    let bytes = VALUE_AT_MOST + 1;
    let too_long = RequestFault::ValueTooLong { key: key(2), bytes };
    assert_eq!(
        refused(&|commit| {
            commit.put(key(2), vec![0; bytes]);
        }),
        too_long
    );
    let long = Key::from_bytes(vec![b'k'; KEY_AT_MOST + 1]);
    assert_eq!(
        refused(&|commit| {
            commit.delete(long.clone());
        }),
        RequestFault::KeyTooLong { key: long.clone() }
    );
    for reserved in [Key::from_bytes([]), Key::from_bytes(*b"\0format")] {
        let fault = RequestFault::ReservedKey { key: reserved.clone() };
        assert_eq!(
            refused(&|commit| {
                commit.put(reserved.clone(), "");
            }),
            fault
        );
        assert_eq!(
            refused(&|commit| {
                commit.demand_absent(reserved.clone());
            }),
            fault
        );
        assert_eq!(block_on(store.get(&reserved)), Err(StoreFault::Request(fault)));
    }
    assert_eq!(page(store, Range { from: Key::from_bytes([]), to: None, limit: 9, reverse: false }).entries, []);

    // And what is just within the limits is taken.
    let longest = |number: u64| Key::from_bytes([&[b'k'; KEY_AT_MOST - 8][..], &number.to_be_bytes()].concat());
    let revision = done(store, |commit| {
        (0..many).for_each(|number| {
            commit.demand_absent(longest(number));
        });
        commit.puts.extend((0..many).map(|number| (longest(number), vec![7; VALUE_AT_MOST])));
    });
    assert_eq!(get(store, &longest(many - 1)), Some(Versioned { value: vec![7; VALUE_AT_MOST], revision }));
}

pub(crate) fn a_future_that_is_never_polled_does_nothing<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    let mut commit = Commit::new();
    commit.put(key(1), "never");
    drop(store.commit(commit));
    put(store, &key(2), b"");
    assert_eq!(get(store, &key(1)), None);
}

pub(crate) fn a_document_of_any_length_comes_back<L: Lab>() {
    let lab = L::new();
    let mut written = Vec::new();
    let lengths = [0, 1, VALUE_AT_MOST - 1, VALUE_AT_MOST, VALUE_AT_MOST + 1, 100_000, 1_200_000, DOCUMENT_AT_MOST];
    for (number, length) in (0..).zip(lengths) {
        let text = text(length, number);
        let revision = write_document(lab.store(), &key(number), "change-1", &text);
        written.push((key(number), Some(Document { bytes: text, revision })));
    }
    let lab = lab.reopen();
    for (key, document) in written {
        assert_eq!(block_on(documents::read(lab.store(), &key)).unwrap(), document);
    }
    assert_eq!(block_on(documents::read(lab.store(), &key(99))).unwrap(), None);
    let too_long = Batch::new().put_document(key(1), "change-1", &vec![0; DOCUMENT_AT_MOST + 1]);
    assert!(matches!(too_long, Err(RequestFault::DocumentTooLong { .. })));
}

pub(crate) fn documents_belong_to_the_commit_they_are_put_by<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    // With few chunks there is one commit, with many there are some before it: a conflict shows nothing either way.
    for (number, length) in [(1, 50_000), (2, 900_000)] {
        let before = text(length, 1);
        write_document(store, &key(number), "change-1", &before);
        let mut batch = Batch::new();
        batch.put_document(key(number), "change-1", &text(length, 2)).unwrap();
        batch.commit.demand_absent(key(number)).put(key(90), "with it");
        assert!(matches!(block_on(batch.write(store)).unwrap(), Committed::Conflict { .. }));
        assert_eq!(block_on(documents::read(store, &key(number))).unwrap().unwrap().bytes, before);
        assert_eq!(get(store, &key(90)), None);
    }

    // One commit is as full as can be, and takes two equal documents and a short one all the same.
    let mut batch = Batch::new();
    batch.commit.puts.extend((100..100 + OPERATIONS_AT_MOST as u64 - 3).map(|number| (key(number), vec![])));
    for number in [3, 4] {
        batch.put_document(key(number), "change-2", &text(10_000, 3)).unwrap();
    }
    batch.put_document(key(5), "change-2", b"short").unwrap();
    let Committed::Done(revision) = block_on(batch.write(store)).unwrap() else { panic!() };
    for (number, bytes) in [(3, text(10_000, 3)), (4, text(10_000, 3)), (5, b"short".to_vec())] {
        assert_eq!(block_on(documents::read(store, &key(number))).unwrap(), Some(Document { bytes, revision }));
    }
}

pub(crate) fn a_document_with_a_damaged_chunk_is_unreadable_and_nothing_worse<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    write_document(store, &key(1), "change-1", &text(30_000, 1));
    write_document(store, &key(2), "change-2", &text(30_000, 2));
    let chunks = page(store, Range::under(&documents::all_chunks())).entries;
    let second = &chunks[1];
    put(store, &second.key, &[&second.value[..second.value.len() - 1], b"?"].concat());
    let unreadable = |number: u64| match block_on(documents::read(store, &key(number))) {
        Err(StoreFault::Unreadable { key: at, cause }) => {
            assert_eq!(at, key(number));
            cause
        }
        other => panic!("{other:?}"),
    };
    assert!(unreadable(1).contains("hash"));
    done(store, |commit| {
        commit.delete(second.key.clone());
    });
    assert_eq!(unreadable(1), "25904 of its 30000 bytes are there");
    for no_document in [&b""[..], b"{}", b"\x01", b"\x01{}", b"\x01{\"owner\":\"x\",\"length\":1e30,\"sha256\":\"\"}"] {
        put(store, &key(1), no_document);
        assert_eq!(unreadable(1), "it is not a document");
    }
    assert!(block_on(documents::read(store, &key(2))).unwrap().is_some());
}

pub(crate) fn the_chunks_of_an_owner_go_together_and_nobody_elses<L: Lab>() {
    let lab = L::new();
    let store = lab.store();
    for (number, owner) in [(1, "change-1"), (2, "change-1"), (3, "change-10"), (4, "change-2")] {
        write_document(store, &key(number), owner, &text(700_000, 1));
    }
    write_document(store, &key(5), "change-1", &text(700_000, 5));
    block_on(documents::remove_chunks(store, "change-1")).unwrap();
    block_on(documents::remove_chunks(store, "nobody")).unwrap();
    let read = |number: u64| block_on(documents::read(store, &key(number)));
    assert!(matches!(read(1), Err(StoreFault::Unreadable { .. })));
    assert!(matches!(read(5), Err(StoreFault::Unreadable { .. })));
    assert!(read(3).unwrap().is_some() && read(4).unwrap().is_some());
    let chunks = page(store, Range::under(&documents::all_chunks().text("change-1")));
    assert_eq!(chunks.entries, []);
}

fn kind() -> Key {
    Key::kind("numbers")
}

fn key(number: u64) -> Key {
    kind().number(number)
}

fn get(store: &dyn Store, key: &Key) -> Option<Versioned> {
    block_on(store.get(key)).unwrap()
}

fn page(store: &dyn Store, range: Range) -> Page {
    block_on(store.range(range)).unwrap()
}

fn numbers(page: &Page) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.key.parts_after(&kind()).unwrap().number().unwrap()).collect()
}

fn done(store: &dyn Store, fill: impl FnOnce(&mut Commit)) -> Revision {
    let mut commit = Commit::new();
    fill(&mut commit);
    match block_on(store.commit(commit)).unwrap() {
        Committed::Done(revision) => revision,
        conflict => panic!("{conflict:?}"),
    }
}

fn put(store: &dyn Store, key: &Key, value: &[u8]) -> Revision {
    done(store, |commit| {
        commit.put(key.clone(), value);
    })
}

/// A text of this length; no two chunks of it are alike, and none is like one of another variety.
fn text(length: usize, variety: u64) -> Vec<u8> {
    (0..).flat_map(|word: u64| (word * 1_000 + variety).to_be_bytes()).take(length).collect()
}

fn write_document(store: &dyn Store, key: &Key, owner: &str, bytes: &[u8]) -> Revision {
    let mut batch = Batch::new();
    batch.put_document(key.clone(), owner, bytes).unwrap();
    match block_on(batch.write(store)).unwrap() {
        Committed::Done(revision) => revision,
        conflict => panic!("{conflict:?}"),
    }
}

macro_rules! run_on {
    ($($module:ident: $lab:ty),+) => {
        $($crate::suite::run_on!(@one $module, $lab,
            a_value_comes_back_until_it_is_taken_away,
            a_commit_is_all_or_nothing_by_its_compares,
            the_revision_rises_with_every_write_also_across_a_restart,
            commits_that_wait_together_are_judged_in_their_order,
            counting_up_by_compare_loses_no_count,
            a_range_is_ordered_bounded_and_read_on_from_either_end,
            a_page_has_an_end_whatever_it_is_asked_for,
            a_range_is_one_moment_while_others_commit,
            what_no_store_takes_is_refused_and_nothing_of_it_written,
            a_future_that_is_never_polled_does_nothing,
            a_document_of_any_length_comes_back,
            documents_belong_to_the_commit_they_are_put_by,
            a_document_with_a_damaged_chunk_is_unreadable_and_nothing_worse,
            the_chunks_of_an_owner_go_together_and_nobody_elses
        );)+
    };
    (@one $module:ident, $lab:ty, $($promise:ident),+) => {
        mod $module {
            $(#[test] fn $promise() { $crate::suite::$promise::<$lab>(); })+
        }
    };
}
pub(crate) use run_on;
