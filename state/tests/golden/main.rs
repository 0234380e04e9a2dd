//! Golden records: what every format has stored, as bytes, held to what it means today.
//!
//! `records/` has the values of each kind of record, `stores/` whole stores with one change in each phase, `disk` what the
//! store on the disk keeps beside them. CONTRIBUTING.md says what to do when they differ from what is written now.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod files;
mod going_on;
#[path = "../common/raw.rs"]
mod raw;
mod shop;
mod stores;
mod values;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use files::Line;
use futures::executor::block_on;
use raw::open_raw;
use state::names::ChangeId;
use state::records::{RecordFault, Records};
use state::store::record::{Record, decode, encode};
use state::store::{
    Commit, FORMAT, FORMAT_NEEDS, Key, MemoryStore, Revision, SledOptions, SledStore, Store, StoreFault, Versioned,
};
use stores::{Scene, Told, scenes};
use values::Values;

/// One kind of record.
struct Kind {
    name: &'static str,
    lines: Vec<Line>,
    reads: Box<Reads>,
}

/// Whether a line is read as what it means; what is wrong otherwise.
type Reads = dyn Fn(&Line) -> Result<(), String>;

fn kind<R: Record + PartialEq + Debug + 'static>(name: &'static str, values: Values<R>) -> Kind {
    let lines = values.iter().map(|(name, value)| Line::new(name.as_str(), encode(value).expect("a record")));
    let lines = lines.collect();
    let reads = move |line: &Line| {
        let meant = values.iter().find(|(name, _)| name.as_bytes() == line.name);
        let (_, meant) = meant.ok_or("what it means is not known any more")?;
        let read: R = decode(&line.value).map_err(|error| format!("it can't be read: {error}"))?;
        if read == *meant { Ok(()) } else { Err(format!("it is read as {read:?}\nand means {meant:?}")) }
    };
    Kind { name, lines, reads: Box::new(reads) }
}

fn kinds() -> Vec<Kind> {
    vec![
        kind("cause", values::causes()),
        kind("claim", values::claims()),
        kind("head", values::heads()),
        kind("journal-line", values::lines()),
        kind("lock", values::locks()),
        kind("message", values::messages()),
        kind("notice", values::notices()),
        kind("question", values::questions()),
        kind("release", values::releases()),
        kind("target", values::targets()),
        kind("watch", values::watches()),
        kind("withdrawn", values::withdrawns()),
        kind("work", values::works()),
    ]
}

/// What this rotabot writes, by the name of the file.
fn written_now() -> Vec<(String, Vec<Line>)> {
    let records = kinds().into_iter().map(|kind| (format!("records/{}", kind.name), kind.lines));
    let of_scene = |scene: &Scene| {
        let line = |entry: state::store::Entry| Line::new(entry.key.as_bytes(), entry.value);
        scene.entries().into_iter().map(line).collect()
    };
    let stores = scenes().into_iter().map(|scene| (format!("stores/{}", scene.name), of_scene(&scene)));
    records.chain(stores).chain([("disk/store".to_owned(), disk_now())]).collect()
}

/// What the store on the disk keeps once one value was written.
fn disk_now() -> Vec<Line> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SledStore::open(SledOptions::new(&path)).unwrap();
    let mut commit = Commit::new();
    commit.put(Key::kind("number").number(412), "a value");
    block_on(store.commit(commit)).unwrap();
    drop(store);
    let raw = open_raw(&path);
    raw.iter().map(|entry| entry.map(|(key, value)| Line::new(key.to_vec(), value.to_vec())).unwrap()).collect()
}

#[test]
fn what_is_written_today_is_what_the_golden_records_have() {
    let folder = files::golden().join(format!("format-{FORMAT}"));
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden").join(format!("format-{FORMAT}"));
    let mut differ = Vec::new();
    let written = written_now();
    for (name, lines) in &written {
        let text = files::write(lines);
        let golden = fs::read_to_string(folder.join(format!("{name}.golden"))).unwrap_or_default();
        let path = new.join(format!("{name}.golden"));
        if text == golden {
            // What an earlier run has left differs no more.
            let _ = fs::remove_file(path);
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let had = files::read(&golden);
        let first = lines.iter().find(|line| !had.contains(line)).or(had.iter().find(|line| !lines.contains(line)));
        differ.push(format!("{name}: {}", first.map(Line::label).unwrap_or_default()));
    }
    assert!(
        differ.is_empty(),
        "what rotabot stores is not what format {FORMAT} has:\n  {}\n\
         Was that not meant, undo it: stores that are in use could not be read any more, or not by the rotabot before.\n\
         Was it meant, and format {FORMAT} was released: give the record a new version with an upgrade from the old one,\n\
         raise FORMAT and FORMAT_NEEDS (state/src/store/sled.rs), add the new files as a folder of their own\n\
         (format-<the new number>), and keep the old ones as they are: they must be readable for ever.\n\
         Is it a record that was not there before, or was the format never released, add the new files to its folder.\n\
         What is written now lies in {}",
        differ.join("\n  "),
        new.display()
    );
    let known: BTreeSet<String> = written.into_iter().map(|(name, _)| name).collect();
    let kept = ["records", "stores", "disk"]
        .into_iter()
        .flat_map(|part| files::files(&folder.join(part)).into_iter().map(move |(name, _)| format!("{part}/{name}")));
    assert_eq!(
        kept.filter(|name| !known.contains(name)).collect::<Vec<_>>(),
        Vec::<String>::new(),
        "nobody writes these"
    );
}

#[test]
fn every_record_of_every_format_is_read_as_what_it_means() {
    let kinds = kinds();
    let mut read = 0;
    for format in files::formats() {
        for (name, lines) in files::files(&format.join("records")) {
            let kind = kinds.iter().find(|kind| kind.name == name).expect("a kind that is known");
            for line in lines {
                let place = format!("{}/records/{name}: {}", format.display(), line.label());
                (kind.reads)(&line).unwrap_or_else(|why| panic!("{place}: {why}"));
                read += 1;
            }
        }
    }
    assert!(read >= 110, "only {read} records were read");
}

#[test]
fn every_store_of_every_format_tells_what_was_stored() {
    let scenes = scenes();
    for format in files::formats() {
        for (name, lines) in files::files(&format.join("stores")) {
            let scene = scenes.iter().find(|scene| scene.name == name).expect("a scene that is known");
            let records = Records::new(in_memory(&lines));
            let told = Told::by(&records, &scene.told.change);
            assert_eq!(told, scene.told, "{}/stores/{name}", format.display());
        }
    }
}

/// An upgrade in the middle of each phase: the process of before is gone, and this one takes its store.
#[test]
fn every_open_change_of_every_format_goes_on_from_its_phase() {
    for format in files::formats() {
        let folder = tempfile::tempdir().unwrap();
        let all = all_stores(&format);
        let records = Records::new(Arc::new(on_disk(folder.path(), &format, &all)));
        let open = block_on(records.open()).unwrap();
        let open: BTreeSet<ChangeId> = open.into_iter().map(|claim| claim.unwrap().change).collect();
        let mut played = String::new();
        for scene in scenes() {
            let (id, target) = (scene.told.change.head.id, &scene.told.change.target.name);
            assert_eq!(open.contains(&id), scene.told.holder.is_some(), "{}", scene.name);
            if !open.contains(&id) {
                continue;
            }
            let outcome = going_on::play(&records, id);
            let holder = block_on(records.holder(target)).unwrap();
            assert_eq!(holder.is_some(), outcome.is_none(), "{}: the claim goes with the outcome", scene.name);
            let word = outcome.map_or("waits for somebody", |outcome| outcome.word());
            played.push_str(&format!("{}: {word}\n", scene.name));
        }
        assert_eq!(played, PLAYED, "{}", format.display());
    }
}

const PLAYED: &str = "\
preparing: verified
applying: verified
applying-the-second: verified
applying-stopped: cancelled
rolling: verified
stabilizing: verified
holding: left
holding-the-second: left
returning-checking: returned
returning-writing: returned
returning-rolling: returned
returning-stabilizing: returned
parked-cluster-unreadable: verified
parked-record-unreadable: waits for somebody
parked-imported: waits for somebody
long: verified
";

#[test]
fn a_record_that_can_t_be_read_parks_its_own_change_and_no_other() {
    let format = files::golden().join(format!("format-{FORMAT}"));
    let all = all_stores(&format);
    let (store, scenes) = (in_memory(&all), scenes());
    let records = Records::new(store.clone());
    let held = scenes.iter().filter(|scene| scene.told.holder.is_some()).count();
    for broken in &scenes {
        let prefix = Key::kind("change").text(&broken.told.change.head.id.to_string());
        for part in all.iter().filter(|line| line.name.starts_with(prefix.as_bytes())) {
            for value in [&b"\0{\"v\":99}"[..], b"\0{\"v\":1,\"half of", b"\0\xff", b"", b"\x01{\"owner\":\"gone\"}"] {
                put(&*store, &Line { value: value.to_vec(), ..part.clone() });
                let place = format!("{} as {}", part.label(), value.escape_ascii());
                let fault = block_on(records.change(broken.told.change.head.id));
                assert!(matches!(fault, Err(RecordFault::Unreadable(_))), "{place}: {fault:?}");
            }
            // Its claim can be read, so that it is known who holds what, and that it can be freed.
            let open = block_on(records.open()).unwrap();
            assert_eq!(open.into_iter().flatten().count(), held, "{}", part.label());
            for other in scenes.iter().filter(|other| other.name != broken.name) {
                let read = block_on(records.change(other.told.change.head.id)).unwrap().unwrap();
                assert_eq!(read.change, other.told.change, "{}", part.label());
            }
            put(&*store, part);
        }
    }
}

fn put(store: &dyn Store, line: &Line) {
    let mut commit = Commit::new();
    commit.put(Key::from_bytes(line.name.clone()), line.value.clone());
    block_on(store.commit(commit)).unwrap();
}

#[test]
fn a_store_of_a_newer_format_is_refused_with_the_version_that_reads_it() {
    let format = files::golden().join(format!("format-{FORMAT}"));
    let folder = tempfile::tempdir().unwrap();
    drop(on_disk(folder.path(), &format, &all_stores(&format)));
    let path = folder.path().join("store");
    let raw = open_raw(&path);
    raw.insert(b"\0format", format!(r#"{{"format":{},"needs":"7.8.9"}}"#, FORMAT + 1).as_bytes()).unwrap();
    raw.flush().unwrap();
    let all = raw.len();
    drop(raw);
    let fault = SledStore::open(SledOptions::new(&path)).unwrap_err();
    assert_eq!(fault, StoreFault::NewerFormat { path: path.clone(), format: FORMAT + 1, needs: "7.8.9".to_owned() });
    assert!(fault.to_string().contains("needs rotabot 7.8.9 or newer"), "{fault}");
    assert_eq!(open_raw(&path).len(), all, "it is left alone");
}

#[test]
fn every_format_says_its_number_and_is_read_from_the_disk() {
    let formats = files::formats();
    let numbers: Vec<String> = formats.iter().map(|path| path.file_name().unwrap().to_string_lossy().into()).collect();
    let all: Vec<String> = (1..=FORMAT).map(|number| format!("format-{number}")).collect();
    assert_eq!(numbers, all, "none is taken away");
    for (number, format) in (1..).zip(&formats) {
        let folder = tempfile::tempdir().unwrap();
        let lines = disk_of(format);
        let raw = open_raw(&folder.path().join("store"));
        lines.iter().for_each(|line| drop(raw.insert(line.name.clone(), line.value.clone()).unwrap()));
        let mark: serde_json::Value = serde_json::from_slice(&raw.get(b"\0format").unwrap().unwrap()).unwrap();
        assert_eq!(mark["format"], number);
        if number == FORMAT {
            assert_eq!(mark["needs"], FORMAT_NEEDS);
        }
        raw.flush().unwrap();
        drop(raw);
        let store = SledStore::open(SledOptions::new(folder.path().join("store"))).unwrap();
        let held = block_on(store.get(&Key::kind("number").number(412))).unwrap();
        assert_eq!(held, Some(Versioned { value: b"a value".to_vec(), revision: Revision(1) }));
    }
}

fn disk_of(format: &Path) -> Vec<Line> {
    files::files(&format.join("disk")).swap_remove(0).1
}

/// The records of all stores of a format. What several of them have is the same in each.
fn all_stores(format: &Path) -> Vec<Line> {
    let all: Vec<Line> = files::files(&format.join("stores")).into_iter().flat_map(|(_, lines)| lines).collect();
    let names: BTreeSet<&Vec<u8>> = all.iter().map(|line| &line.name).collect();
    assert_eq!(names.len(), all.len(), "two stores have the same key");
    all
}

fn in_memory(lines: &[Line]) -> Arc<dyn Store> {
    let store = MemoryStore::new();
    for some in lines.chunks(100) {
        let puts = some.iter().map(|line| (Key::from_bytes(line.name.clone()), line.value.clone())).collect();
        block_on(store.commit(Commit { puts, ..Commit::default() })).unwrap();
    }
    Arc::new(store)
}

/// A store on the disk, as that format kept it.
fn on_disk(folder: &Path, format: &Path, lines: &[Line]) -> SledStore {
    let path = folder.join("store");
    let raw = open_raw(&path);
    for line in disk_of(format).iter().filter(|line| line.name.starts_with(b"\0")) {
        raw.insert(line.name.clone(), line.value.clone()).unwrap();
    }
    for line in lines {
        raw.insert(line.name.clone(), [&1_u64.to_be_bytes(), line.value.as_slice()].concat()).unwrap();
    }
    raw.flush().unwrap();
    drop(raw);
    SledStore::open(SledOptions::new(path)).unwrap()
}
