//! kill -9: what the store has acknowledged survives the death of its process at any moment, and nothing is torn.
//!
//! Not here: what survives a power cut. Killing a process leaves the page cache alone, so it proves that acknowledged writes
//! have reached the system, not the disk; the order of system calls is tested apart.
//!
//! Without a harness, because this program is also the process that gets killed. `ROTABOT_KILLS` sets the number of rounds.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use futures::executor::block_on;
use state::store::{Commit, Committed, Key, Range, SledOptions, SledStore, Store as _, VALUE_AT_MOST};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, folder, pairs] = &arguments[..]
        && role == WRITER
    {
        return write_until_killed(Path::new(folder), pairs.parse().unwrap());
    }
    // As a harness has it: a filter that names no test of this file runs nothing, and `--list` only tells.
    if arguments.iter().any(|argument| argument == "--list") {
        return println!("{NAME}: test");
    }
    if arguments.iter().any(|argument| !argument.starts_with('-') && !NAME.contains(argument.as_str())) {
        return;
    }
    let rounds = std::env::var("ROTABOT_KILLS").map_or(12, |rounds| rounds.parse().unwrap());
    println!("test {NAME} ({rounds} rounds)");
    let (acknowledged, kept) = kill_and_look(rounds);
    println!("test {NAME} ... ok: {acknowledged} acknowledged, none lost; {kept} kept, none torn");
}

const NAME: &str = "nothing_acknowledged_is_lost_by_kill_nine";
const WRITER: &str = "write-until-killed";
const RESTS: &str = "rests";
const WRITERS: u64 = 4;
/// How many pairs each writer leaves behind it: the older ones it takes away, so that the log is cleaned up meanwhile.
const PAIRS_KEPT: u64 = 300;

fn kill_and_look(rounds: u64) -> (u64, usize) {
    let folder = tempfile::tempdir().unwrap();
    let (mut total, mut kept) = (0, 0);
    let mut promised = Promised::default();
    for round in 0..rounds {
        let acknowledged = write_and_kill(folder.path(), round);
        if When::of(round) != When::Starting {
            assert!(!acknowledged.is_empty(), "round {round}: killed before anything was acknowledged");
        }
        total += acknowledged.len() as u64;
        acknowledged.into_iter().for_each(|one| promised.take(one));
        let store = SledStore::open(SledOptions::new(folder.path().join("store"))).unwrap();
        kept = look(&store, &mut promised, round);
        assert_eq!(std::fs::read_dir(folder.path().join("store/blobs")).unwrap().count(), 0);
    }
    (total, kept)
}

/// When a round's process is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// While it writes.
    Writing,
    /// Afterwards, when nothing comes after the last write that could carry it to the disk.
    Resting,
    /// While it opens the store, most likely.
    Starting,
}

impl When {
    fn of(round: u64) -> When {
        [When::Writing, When::Resting, When::Starting][(round % 3) as usize]
    }
}

/// Lets a process write for a while, kills it, and returns what it has acknowledged.
fn write_and_kill(folder: &Path, round: u64) -> Vec<Acknowledgement> {
    let when = When::of(round);
    let pairs = if when == When::Resting { 10 + round } else { u64::MAX };
    let mut writer = Command::new(std::env::current_exe().unwrap());
    writer.arg(WRITER).arg(folder).arg(pairs.to_string()).stdout(Stdio::piped());
    let begun = Instant::now();
    let mut writer = Killed(writer.spawn().unwrap());
    let mut lines = BufReader::new(writer.0.stdout.take().unwrap());
    let (acknowledging, starts) = mpsc::channel();
    let (resting, rests) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let (mut acknowledged, mut line) = (Vec::new(), String::new());
        while lines.read_line(&mut line).unwrap() > 0 {
            match line.strip_suffix('\n') {
                Some(RESTS) => resting.send(()).unwrap(),
                Some(line) => acknowledged.push(Acknowledgement::parse(line)),
                None => {}
            }
            let _ = acknowledging.send(());
            line.clear();
        }
        acknowledged
    });
    let minute = Duration::from_secs(60);
    // It is the moment of death that has to vary, among the writes and among the rounds.
    let odd = || u64::from(begun.elapsed().subsec_nanos());
    match when {
        When::Writing => {
            starts.recv_timeout(minute).expect("the writers should acknowledge something within a minute");
            std::thread::sleep(Duration::from_micros(odd() % 100_000 + (round % 5) * 100_000));
        }
        When::Resting => rests.recv_timeout(minute).expect("the writers should be done within a minute"),
        When::Starting => std::thread::sleep(Duration::from_micros(odd() % 15_000)),
    }
    writer.0.kill().unwrap();
    writer.0.wait().unwrap();
    reader.join().unwrap()
}

/// Looks at everything that is there after a death, and returns how many pairs.
fn look(store: &SledStore, promised: &mut Promised, round: u64) -> usize {
    let (left, right) = (read_all(store, &Key::kind("left")), read_all(store, &Key::kind("right")));
    assert_eq!(left, right, "round {round}: torn: the two keys of a commit differ");
    for writer in 0..WRITERS {
        let last = block_on(store.get(&last_key(writer))).unwrap();
        let (count, revision) = last.map_or((0, 0), |last| (number(&last.value), last.revision.0));
        let there = Acknowledgement { writer, count, revision };
        let promise =
            promised.newest.get(&writer).copied().unwrap_or(Acknowledgement { writer, count: 0, revision: 0 });
        assert!(count >= promise.count, "round {round}: lost: {promise:?} was acknowledged, {there:?} is there");
        assert!(count <= promise.count + 1, "round {round}: {there:?} is more than was asked after {promise:?}");
        assert!(count > promise.count || there == promise, "round {round}: {promise:?} became {there:?}");
        promised.take(there);
        let expected = count.saturating_sub(PAIRS_KEPT) + 1..=count;
        let counts: Vec<u64> = left.keys().filter(|(of, _)| *of == writer).map(|(_, count)| *count).collect();
        assert_eq!(counts, expected.collect::<Vec<u64>>(), "round {round}: writer {writer} misses pairs");
    }
    for ((writer, count), value) in &left {
        assert_eq!(*value, content(*writer, *count), "round {round}: writer {writer}, pair {count}");
    }
    let mut commit = Commit::new();
    commit.put(Key::kind("round").number(round), "");
    let Committed::Done(revision) = block_on(store.commit(commit)).unwrap() else { panic!() };
    let seen = std::mem::replace(&mut promised.revision, revision.0);
    assert!(revision.0 > seen, "round {round}: revision {revision:?} after {seen} was handed out");
    left.len()
}

fn read_all(store: &SledStore, kind: &Key) -> BTreeMap<(u64, u64), Vec<u8>> {
    let (mut range, mut all) = (Range::under(kind), BTreeMap::new());
    loop {
        let page = block_on(store.range(range.clone())).unwrap();
        for entry in &page.entries {
            let mut parts = entry.key.parts_after(kind).unwrap();
            all.insert((parts.number().unwrap(), parts.number().unwrap()), entry.value.clone());
        }
        match page.entries.last() {
            Some(last) if page.more => range = range.beyond(&last.key),
            _ => return all,
        }
    }
}

/// The process that gets killed: several writers, each going on where it was stopped, for so many pairs.
fn write_until_killed(folder: &Path, pairs: u64) {
    let store = SledStore::open(SledOptions::new(folder.join("store"))).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                let mut last = block_on(store.get(&last_key(writer))).unwrap();
                for _ in 0..pairs {
                    let count = last.as_ref().map_or(0, |last| number(&last.value)) + 1;
                    let mut commit = Commit::new();
                    commit.demand_unchanged(last_key(writer), last.map(|last| last.revision));
                    commit.put(last_key(writer), count.to_be_bytes());
                    for side in ["left", "right"] {
                        let pair = |count: u64| Key::kind(side).number(writer).number(count);
                        commit.put(pair(count), content(writer, count));
                        if let Some(old) = count.checked_sub(PAIRS_KEPT).filter(|old| *old > 0) {
                            commit.delete(pair(old));
                        }
                    }
                    let Committed::Done(revision) = block_on(store.commit(commit)).unwrap() else { panic!() };
                    let line = format!("{writer} {count} {}\n", revision.0);
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                    last = block_on(store.get(&last_key(writer))).unwrap();
                }
            });
        }
    });
    println!("{RESTS}");
    loop {
        std::thread::park();
    }
}

/// A process that does not outlive this value.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What has to be there after all rounds so far.
#[derive(Default)]
struct Promised {
    newest: BTreeMap<u64, Acknowledgement>,
    revision: u64,
}

impl Promised {
    fn take(&mut self, one: Acknowledgement) {
        self.newest.insert(one.writer, one);
        self.revision = self.revision.max(one.revision);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Acknowledgement {
    writer: u64,
    count: u64,
    revision: u64,
}

impl Acknowledgement {
    fn parse(line: &str) -> Acknowledgement {
        let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let [writer, count, revision] = numbers[..] else { panic!("{line:?}") };
        Acknowledgement { writer, count, revision }
    }
}

fn last_key(writer: u64) -> Key {
    Key::kind("last").number(writer)
}

fn number(value: &[u8]) -> u64 {
    u64::from_be_bytes(value.try_into().unwrap())
}

/// What belongs to a pair: of all lengths, mostly short.
fn content(writer: u64, count: u64) -> Vec<u8> {
    let length = if count.is_multiple_of(50) { VALUE_AT_MOST } else { (count % 7 * 40) as usize };
    (writer * 1_000_000 + count).to_be_bytes().into_iter().cycle().take(length).collect()
}
