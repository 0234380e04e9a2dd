//! What only the store on the disk has to promise: who may open it, what it refuses, how it treats its files.

use crate::{Lab as _, OnDisk, open};
use futures::executor::block_on;
use state::store::{
    Commit, Committed, FORMAT, KEY_AT_MOST, Key, OPERATIONS_AT_MOST, Range, SledOptions, SledStore, Store, StoreFault,
    VALUE_AT_MOST,
};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn a_second_opener_is_refused_and_told_who_holds_it() {
    let lab = OnDisk::new();
    let refused = open(lab.folder.path()).unwrap_err();
    let holder = Some(std::process::id());
    assert_eq!(refused, StoreFault::InUse { path: lab.folder.path().join("store"), holder });
    write(&lab.store, 1);
}

#[test]
fn a_holder_that_is_just_dying_is_waited_for() {
    let lab = OnDisk::new();
    write(&lab.store, 1);
    let (store, folder) = (lab.store, lab.folder);
    std::thread::scope(|scope| {
        let opener = scope.spawn(|| open(folder.path()));
        std::thread::sleep(Duration::from_millis(300));
        drop(store);
        assert_eq!(count(&opener.join().unwrap().unwrap()), 1);
    });
}

#[test]
fn a_store_of_a_newer_format_is_refused_and_left_alone() {
    let lab = OnDisk::new();
    write(&lab.store, 1);
    let (store, folder) = (lab.store, lab.folder);
    drop(store);
    let path = folder.path().join("store");
    let set_format = |format: u32, needs: &str| {
        let tree = open_raw(&path);
        tree.insert(b"\0format", format!(r#"{{"format":{format},"needs":"{needs}"}}"#).as_bytes()).unwrap();
        tree.flush().unwrap();
    };
    set_format(FORMAT + 1, "7.8.9");
    let newer = StoreFault::NewerFormat { path: path.clone(), format: FORMAT + 1, needs: "7.8.9".to_owned() };
    assert_eq!(open(folder.path()).unwrap_err(), newer);
    set_format(FORMAT, "0.1.0");
    assert_eq!(count(&open(folder.path()).unwrap()), 1);
}

#[test]
fn what_is_no_store_of_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tree = open_raw(&folder.path().join("store"));
    tree.insert("somebody", "else's").unwrap();
    tree.flush().unwrap();
    drop(tree);
    let StoreFault::CannotOpen { cause, .. } = open(folder.path()).unwrap_err() else { panic!() };
    assert!(cause.contains("no format number"), "{cause}");

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store"), "a file").unwrap();
    assert!(matches!(open(folder.path()), Err(StoreFault::CannotOpen { .. })));
}

#[test]
fn a_damaged_file_is_a_clear_refusal_and_no_panic() {
    let lab = OnDisk::new();
    let value = || vec![b'v'; VALUE_AT_MOST];
    for some in 0..12 {
        let puts =
            (0..OPERATIONS_AT_MOST as u64).map(|number| (Key::kind("numbers").number(some * 1_000 + number), value()));
        block_on(lab.store.commit(Commit { puts: puts.collect(), ..Commit::default() })).unwrap();
    }
    let (store, folder) = (lab.store, lab.folder);
    drop(store);
    // Damage at the end of the log can't be told from a write that a power cut tore, so it is the middle that counts.
    let log = folder.path().join("store/db");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 600_000].fill(0x55);
    fs::write(&log, &bytes).unwrap();
    let read = open(folder.path()).and_then(|store| {
        let mut range = Range::under(&Key::kind("numbers"));
        let mut found = 0;
        loop {
            let page = block_on(store.range(range.clone()))?;
            found += page.entries.len();
            match page.entries.last() {
                Some(last) if page.more => range = range.beyond(&last.key),
                _ => return Ok(found),
            }
        }
    });
    assert!(
        matches!(
            read,
            Err(StoreFault::CannotOpen { .. } | StoreFault::Unreadable { .. } | StoreFault::ReadFailed { .. })
        ),
        "damage went unnoticed: {read:?}"
    );
}

#[test]
fn a_start_that_died_while_writing_its_snapshot_is_no_damage() {
    let lab = OnDisk::new();
    write(&lab.store, 1);
    let (store, folder) = (lab.store, lab.folder);
    drop(store);
    fs::write(folder.path().join("store/snap.00000000FFFFFFFF.generating"), vec![7; 5_000]).unwrap();
    assert_eq!(count(&open(folder.path()).unwrap()), 1);
}

#[test]
fn no_page_ever_gets_into_a_file_of_its_own() {
    let lab = OnDisk::new();
    // The longest keys and values there can be, and enough of them for the index to have full pages of longest keys too:
    // keys that differ in their first bytes, and keys that differ in their last.
    let longest = |number: u64| {
        let (id, rest) = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(), [b'k'; KEY_AT_MOST - 9]);
        let parts: [&[u8]; 3] = if number.is_multiple_of(2) { [b"f", &id, &rest] } else { [b"l", &rest, &id] };
        Key::from_bytes(parts.concat())
    };
    let write = |numbers: std::ops::Range<u64>, key: &dyn Fn(u64) -> Key, length| {
        let puts = numbers.map(|number| (key(number), vec![b'v'; length])).collect();
        block_on(lab.store.commit(Commit { puts, ..Commit::default() })).unwrap();
    };
    let some = OPERATIONS_AT_MOST as u64;
    (0..94).for_each(|round| write(round * some..(round + 1) * some, &longest, 1));
    // Neighbours of greatest length, so that whole pages are full of them.
    (0..10).for_each(|round| {
        write(round * some..(round + 1) * some, &|number| Key::kind("long").number(number), VALUE_AT_MOST)
    });
    assert_eq!(fs::read_dir(lab.folder.path().join("store/blobs")).unwrap().count(), 0);
}

#[test]
fn a_page_in_a_file_of_its_own_refuses_the_start() {
    let lab = OnDisk::new();
    let (store, folder) = (lab.store, lab.folder);
    drop(store);
    fs::write(folder.path().join("store/blobs/1"), "").unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("blobs"), "{refused}");
}

#[test]
fn without_room_nothing_is_written_and_with_room_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = SledOptions { reserve: u64::MAX, ..SledOptions::new(folder.path().join("store")) };
    let store = SledStore::open(options).unwrap();
    let mut commit = Commit::new();
    commit.put(Key::kind("numbers").number(1), "never");
    let refused = block_on(store.commit(commit)).unwrap_err();
    assert!(matches!(&refused, StoreFault::DiskFull { needed: u64::MAX, .. }), "{refused}");
    assert!(!refused.outcome_unknown());
    assert_eq!(count(&store), 0);
    assert!(matches!(block_on(store.commit(Commit::new())), Ok(Committed::Done(_))), "looking needs no room");
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(count(&store), 0);
    write(&store, 1);
}

#[test]
fn readers_get_their_turn_while_others_commit_without_pause() {
    let lab = OnDisk::new();
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (store, enough) = (&lab.store, &enough);
            scope.spawn(move || {
                let mut number = writer;
                while !enough.load(Ordering::SeqCst) {
                    write(store, number);
                    number += 4;
                }
            });
        }
        (0..300).for_each(|_| drop(block_on(lab.store.get(&Key::kind("numbers").number(0))).unwrap()));
        enough.store(true, Ordering::SeqCst);
    });
}

#[test]
fn commits_under_way_are_finished_before_the_folder_is_given_free() {
    let lab = OnDisk::new();
    let (store, folder) = (lab.store, lab.folder);
    for number in 0..50 {
        // Asked for, and not waited for.
        let mut commit = Commit::new();
        commit.put(Key::kind("numbers").number(number), "");
        let mut answer = store.commit(commit);
        let _ = futures::FutureExt::now_or_never(&mut answer);
    }
    drop(store);
    assert_eq!(count(&open(folder.path()).unwrap()), 50);
}

fn write(store: &SledStore, number: u64) {
    let mut commit = Commit::new();
    commit.put(Key::kind("numbers").number(number), vec![b'v'; 500]);
    assert!(matches!(block_on(store.commit(commit)), Ok(Committed::Done(_))));
}

fn count(store: &SledStore) -> usize {
    block_on(store.range(Range::under(&Key::kind("numbers")))).unwrap().entries.len()
}

/// The database without the store around it.
fn open_raw(path: &std::path::Path) -> sled::Db {
    for _ in 0..100 {
        if let Ok(tree) = sled::open(path) {
            return tree;
        }
        // Its lock outlives its owner by a moment.
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{} stays locked", path.display());
}
