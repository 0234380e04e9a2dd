//! What only the store on the disk has to promise: who may open it, what it refuses, how it treats its files.

use crate::raw::open_raw;
use crate::{Lab as _, OnDisk, open};
use futures::executor::block_on;
use state::store::{
    Commit, Committed, FORMAT, KEY_AT_MOST, Key, OPERATIONS_AT_MOST, Range, Revision, SledOptions, SledStore, Store,
    StoreFault, VALUE_AT_MOST,
};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

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
fn damage_to_the_disk_is_refused_or_unreadable_or_at_least_no_turning_back() {
    const COMMITS: u64 = 6;
    let lab = OnDisk::new();
    for some in 0..COMMITS {
        let numbers = (0..OPERATIONS_AT_MOST as u64).map(|number| some * 1_000 + number);
        let puts = numbers.map(|number| (Key::kind("numbers").number(number), vec![b'v'; VALUE_AT_MOST])).collect();
        block_on(lab.store.commit(Commit { puts, ..Commit::default() })).unwrap();
    }
    let (store, folder) = (lab.store, lab.folder);
    drop(store);
    let length = fs::metadata(folder.path().join("store/db")).unwrap().len() as usize;
    let mut refusals = 0;
    for at in (0..length).step_by(length / 12) {
        let damaged = copy(folder.path());
        let log = damaged.path().join("store/db");
        let mut bytes = fs::read(&log).unwrap();
        bytes[at..(at + 100_000).min(length)].fill(0x55);
        fs::write(&log, &bytes).unwrap();
        let everything = Range::under(&Key::kind("numbers"));
        match open(damaged.path()).and_then(|store| block_on(store.range(everything))) {
            // A damaged page deep in the log may come back as it was before: that is beyond what can be noticed.
            Ok(page) => assert_eq!(page.revision, Revision(COMMITS), "damage at {at} turned the store back"),
            Err(_) => refusals += 1,
        }
    }
    assert!(refusals > 0, "no damage met anything that counts");
}

#[test]
fn whoever_mends_what_was_refused_has_lost_nothing() {
    let lab = OnDisk::new();
    (0..50).for_each(|number| write(&lab.store, number));
    // As a process leaves it that was killed: all of this stands behind the last snapshot.
    let left = copy(lab.folder.path());
    let log = left.path().join("store/db");
    let whole = fs::read(&log).unwrap();
    let mut damaged = whole.clone();
    let middle = whole.iter().rposition(|byte| *byte != 0).unwrap() / 2;
    damaged[middle] ^= 1;
    fs::write(&log, &damaged).unwrap();
    for _ in 0..2 {
        assert!(matches!(open(left.path()), Err(StoreFault::LostWrites { .. })));
        assert_eq!(fs::read(&log).unwrap(), damaged, "refusing leaves it as it was");
    }
    fs::write(&log, &whole).unwrap();
    assert_eq!(count(&open(left.path()).unwrap()), 50);
    assert!(!left.path().join("store/trial").exists());
}

#[test]
fn a_start_that_died_over_a_copy_leaves_nothing_that_is_taken_for_the_store() {
    let lab = OnDisk::new();
    write(&lab.store, 1);
    let (store, folder) = (lab.store, lab.folder);
    drop(store);
    let trial = folder.path().join("store/trial");
    fs::create_dir(&trial).unwrap();
    fs::write(trial.join("db"), "half").unwrap();
    assert_eq!(count(&open(folder.path()).unwrap()), 1);
    assert!(!trial.exists());
}

#[test]
fn what_nobody_could_ever_read_is_not_written() {
    for replaced in [false, true] {
        let lab = OnDisk::new();
        write(&lab.store, 1);
        let (store, folder) = (lab.store, lab.folder);
        let other = copy(folder.path());
        fs::remove_dir_all(folder.path().join("store")).unwrap();
        if replaced {
            fs::rename(other.path().join("store"), folder.path().join("store")).unwrap();
        }
        let mut commit = Commit::new();
        commit.put(Key::kind("numbers").number(2), "never");
        let refused = block_on(store.commit(commit)).unwrap_err();
        assert!(refused.to_string().contains("removed or replaced"), "{refused}");
        assert_eq!(
            block_on(store.get(&Key::kind("numbers").number(1))),
            Err(refused),
            "and nothing is read from then on"
        );
        assert_eq!(count(&open(folder.path()).unwrap()), usize::from(replaced));
    }
}

#[test]
fn a_store_that_has_lost_what_it_acknowledged_is_refused_until_that_is_accepted() {
    let lab = OnDisk::new();
    write(&lab.store, 1);
    let old = copy(lab.folder.path());
    write(&lab.store, 2);
    let (store, folder) = (lab.store, lab.folder);
    drop(store);
    fs::copy(folder.path().join("store/acknowledged"), old.path().join("store/acknowledged")).unwrap();
    let lost = StoreFault::LostWrites { path: old.path().join("store"), found: Revision(1), acknowledged: Revision(2) };
    assert_eq!(open(old.path()).unwrap_err(), lost);
    assert_eq!(open(old.path()).unwrap_err(), lost, "refusing changes nothing");
    fs::remove_file(old.path().join("store/acknowledged")).unwrap();
    assert_eq!(count(&open(old.path()).unwrap()), 1);

    // All of it gone, as after damage at the very beginning.
    for file in fs::read_dir(folder.path().join("store")).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() && file.file_name() != "acknowledged" {
            fs::remove_file(file.path()).unwrap();
        }
    }
    for _ in 0..2 {
        assert!(matches!(open(folder.path()), Err(StoreFault::LostWrites { found: Revision(0), .. })));
        assert!(!folder.path().join("store/db").exists(), "refusing makes nothing");
    }
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
    assert!(matches!(block_on(store.writable()), Err(StoreFault::DiskFull { .. })), "told without writing");
    assert_eq!(count(&store), 0);
    assert!(matches!(block_on(store.commit(Commit::new())), Ok(Committed::Done(_))), "looking needs no room");
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(block_on(store.writable()), Ok(()));
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

/// A copy of a store as it lies on the disk.
fn copy(folder: &Path) -> TempDir {
    let copied = tempfile::tempdir().unwrap();
    fs::create_dir_all(copied.path().join("store/blobs")).unwrap();
    for file in fs::read_dir(folder.join("store")).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), copied.path().join("store").join(file.file_name())).unwrap();
        }
    }
    copied
}
