//! The store on the local disk, kept by the embedded database sled. The only file that names it.
//!
//! sled keeps its word only if it is used in one way, and that way is this file:
//!
//! - One thread commits. It takes all commits that wait, judges them in order, applies what they change as one batch,
//!   calls `flush` (which writes the log, but does not sync it), syncs the log by a handle of its own, and answers them all.
//!   `flush_async` can deadlock, and is never called.
//! - A range is not one moment by itself. Readers and the committing thread share a lock, held by the latter until the
//!   batch is durable: nothing is ever read that a power cut could take back.
//! - Pages beyond a limit go to files in `blobs/` that nothing syncs. Keys and values are limited so that no page gets there.
//! - Opening cuts off what can't be read: see `trial`.
//! - After a failed write nobody knows what is on the disk: see `health`.
//! - What it recovers may be less than was acknowledged, without a word: see `mark`.
//! - No call is made on the asker's thread, which may be an async worker.

mod folder;
mod group;
mod health;
mod mark;
mod trial;

use super::{Commit, Committed, Entry, Key, Page, Range, Revision, Store, StoreFault, Versioned};
use ::sled as database;
use folder::Folder;
use futures::channel::oneshot;
use futures::future::{BoxFuture, FutureExt as _};
use group::Group;
use health::Health;
use mark::Mark;
use parking_lot::{Mutex, RwLock};
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The format that this program writes: the meaning of keys and values, not the version of single records.
pub const FORMAT: u32 = 1;

/// The oldest rotabot that can read [`FORMAT`].
pub const FORMAT_NEEDS: &str = "0.1.0";

/// Where and how to keep the store.
#[derive(Debug, Clone)]
pub struct SledOptions {
    /// The folder; created if it is missing.
    pub path: PathBuf,
    /// How long to wait for a holder of the folder that is just dying.
    pub lock_patience: Duration,
    /// How long one write may take before the disk counts as failed.
    pub disk_patience: Duration,
    /// How many bytes stay free: with less room, commits are refused before anything is written.
    pub reserve: u64,
}

impl SledOptions {
    /// The usual options for a store in this folder.
    pub fn new(path: impl Into<PathBuf>) -> SledOptions {
        SledOptions {
            path: path.into(),
            lock_patience: Duration::from_secs(5),
            disk_patience: Duration::from_secs(30),
            reserve: 16 * 1024 * 1024,
        }
    }
}

/// A [`Store`] in a folder on the local disk, held by one process at a time. Dropping it waits for the commits under way
/// and gives the folder free.
#[derive(Debug)]
pub struct SledStore {
    disk: Arc<Disk>,
    commits: Option<mpsc::Sender<Waiting>>,
    reads: Option<mpsc::Sender<Read>>,
    threads: Vec<JoinHandle<()>>,
    watch: Option<JoinHandle<()>>,
}

impl SledStore {
    /// Opens the store, or creates it. Blocks: not for an async worker.
    pub fn open(options: SledOptions) -> Result<SledStore, StoreFault> {
        let disk = Arc::new(Disk::open(&options)?);
        let (commits, commits_to_write) = mpsc::channel();
        let (reads, reads_to_do) = mpsc::channel();
        let reads_to_do = Arc::new(Mutex::new(reads_to_do));
        let mut store =
            SledStore { disk, commits: Some(commits), reads: Some(reads), threads: Vec::new(), watch: None };
        let committer = store.spawn("store-commit", move |disk| disk.commit_all(&commits_to_write))?;
        store.threads.push(committer);
        let patience = options.disk_patience;
        store.watch = Some(store.spawn("store-watch", move |disk| disk.watch(patience))?);
        for _ in 0..READERS {
            let reads = reads_to_do.clone();
            let reader = store.spawn("store-read", move |disk| disk.read_all(&reads))?;
            store.threads.push(reader);
        }
        Ok(store)
    }

    fn spawn(&self, name: &str, run: impl FnOnce(&Disk) + Send + 'static) -> Result<JoinHandle<()>, StoreFault> {
        let disk = self.disk.clone();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&disk));
        thread.map_err(|error| self.disk.folder.cannot_open(&error))
    }

    /// Runs `read` on a thread that may block.
    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Disk, Revision) -> Result<T, StoreFault> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreFault>> {
        async move {
            let (answer, answered) = oneshot::channel();
            let read: Read = Box::new(move |disk| {
                // Whoever asked may have gone.
                let _ = answer.send(disk.at_one_moment(|revision| read(disk, revision)));
            });
            if self.reads.as_ref().is_none_or(|reads| reads.send(read).is_err()) {
                return Err(self.disk.health.unanswered());
            }
            answered.await.unwrap_or_else(|_| Err(self.disk.health.unanswered()))
        }
        .boxed()
    }
}

impl Store for SledStore {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Versioned>, StoreFault>> {
        let key = key.clone();
        self.read(move |disk, _| {
            key.check()?;
            disk.get(&key)
        })
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Page, StoreFault>> {
        self.read(move |disk, revision| disk.range(&range, revision))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreFault>> {
        async move {
            commit.check()?;
            let (answer, answered) = oneshot::channel();
            if self.commits.as_ref().is_none_or(|commits| commits.send(Waiting { commit, answer }).is_err()) {
                return Err(self.disk.health.unanswered());
            }
            answered.await.unwrap_or_else(|_| Err(self.disk.health.unanswered()))
        }
        .boxed()
    }

    fn writable(&self) -> BoxFuture<'_, Result<(), StoreFault>> {
        self.read(|disk, _| disk.folder.check_room(disk.reserve))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.commits = None;
        self.reads = None;
        // The watch ends with the committing thread, or when that does not come back. A thread that panicked has said so.
        let _ = self.watch.take().map(JoinHandle::join);
        if self.disk.health.check().is_err() {
            // The database must not write once more when it is dropped: the folder stays held until the process ends.
            std::mem::forget(self.disk.clone());
            return;
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

const READERS: usize = 2;
const CACHE: u64 = 16 * 1024 * 1024;
const GROUP_COMMITS_AT_MOST: usize = 1_024;
const GROUP_BYTES_AT_MOST: usize = 1024 * 1024;

// Keys that begin with a zero byte are closed to records.
const FORMAT_KEY: &[u8] = b"\0format";
const REVISION_KEY: &[u8] = b"\0revision";
const FIRST_RECORD_KEY: &[u8] = &[1];

type Read = Box<dyn FnOnce(&Disk) + Send>;

struct Waiting {
    commit: Commit,
    answer: health::Answer,
}

/// What all threads of a store share. Fields are dropped in order: the folder is given free last.
#[derive(Debug)]
struct Disk {
    tree: database::Db,
    log: File,
    mark: Mark,
    /// The revision of what is durable. Held for reading by whoever needs one moment, for writing by the committing thread
    /// from before a batch is applied until it is durable.
    moment: RwLock<Revision>,
    health: Health,
    reserve: u64,
    folder: Folder,
}

impl Disk {
    fn open(options: &SledOptions) -> Result<Disk, StoreFault> {
        let folder = Folder::hold(&options.path, options.lock_patience)?;
        folder.remove_half_written()?;
        if !folder.path().join("db").exists() {
            // Nothing at all, which opening would make a store of.
            check_mark(&folder, folder.path(), Revision(0))?;
        } else if let Some(copy) = trial::Copy::of(&folder).map_err(|error| folder.cannot_open(&error))? {
            examine(&folder, copy.path(), options.lock_patience)?;
        }
        let (tree, revision, mark) = examine(&folder, folder.path(), options.lock_patience)?;
        let log = File::open(folder.path().join("db")).map_err(|error| folder.cannot_open(&error))?;
        tree.flush().map_err(|error| cannot_open(folder.path(), error))?;
        folder.sync_all()?;
        // Only now: what was found may have been written by a process that died before it synced it.
        mark.set(revision).map_err(|error| folder.cannot_open(&error))?;
        folder.check_no_pages_aside()?;
        let (moment, health) = (RwLock::new(revision), Health::default());
        Ok(Disk { tree, log, mark, moment, health, reserve: options.reserve, folder })
    }

    /// The committing thread: writes until nobody can ask any more, or a write fails.
    fn commit_all(&self, commits: &mpsc::Receiver<Waiting>) {
        let _ending = self.health.ends_with_this();
        while let Ok(first) = commits.recv() {
            let mut revision = self.moment.write();
            let (group, answers, outcomes) = self.gather(first, commits, *revision);
            self.health.writing(answers);
            let written = self.health.check().and_then(|()| {
                catch_unwind(AssertUnwindSafe(|| self.write(&group)))
                    .unwrap_or_else(|_| Err(self.health.fail("the database gave up while writing", false)))
            });
            if written.is_ok() {
                *revision = group.revision();
            }
            let Some(answers) = self.health.written() else {
                return;
            };
            parking_lot::RwLockWriteGuard::unlock_fair(revision);
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // Whoever asked may have gone.
                let _ = answer.send(match &written {
                    Ok(()) => outcome,
                    // A commit that was refused by itself would have been so anyway, but may have been judged by what failed.
                    Err(fault) => Err(fault.clone()),
                });
            }
        }
    }

    /// Takes the commits that wait, up to a limit, and judges them in order.
    fn gather(
        &self,
        first: Waiting,
        commits: &mpsc::Receiver<Waiting>,
        revision: Revision,
    ) -> (Group, Vec<health::Answer>, Vec<Result<Committed, StoreFault>>) {
        let mut group = Group::upon(revision);
        let (mut answers, mut outcomes) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(Waiting { commit, answer }) = next {
            outcomes.push(group.add(commit, |key| self.get(key)));
            answers.push(answer);
            let full = answers.len() >= GROUP_COMMITS_AT_MOST || group.bytes() >= GROUP_BYTES_AT_MOST;
            next = if full { None } else { commits.try_recv().ok() };
        }
        (group, answers, outcomes)
    }

    /// Makes a group durable. Any fault but a full disk found beforehand ends the store.
    fn write(&self, group: &Group) -> Result<(), StoreFault> {
        if group.changes().is_empty() {
            return Ok(());
        }
        self.folder.check_room(self.reserve)?;
        if !self.folder.still_holds("db", &self.log).unwrap_or(true) {
            // What is written now nobody would ever read, and another rotabot may have begun a store in this place.
            return Err(self.health.fail("its files were removed or replaced while they were in use", false));
        }
        let mut batch = database::Batch::default();
        for (key, change) in group.changes() {
            match change {
                Some(held) => batch.insert(key.as_bytes(), to_stored(held)),
                None => batch.remove(key.as_bytes()),
            }
        }
        batch.insert(REVISION_KEY, &group.revision().0.to_be_bytes());
        let failed = |error: database::Error| {
            let full = matches!(&error, database::Error::Io(error) if error.kind() == ErrorKind::StorageFull);
            self.health.fail(error.to_string(), full)
        };
        self.tree.apply_batch(batch).map_err(failed)?;
        self.tree.flush().map_err(failed)?;
        self.log.sync_data().map_err(|error| failed(error.into()))?;
        // What is durable stays so without its mark.
        let _ = self.mark.set(group.revision());
        Ok(())
    }

    /// A reading thread.
    fn read_all(&self, reads: &Mutex<mpsc::Receiver<Read>>) {
        loop {
            let Ok(read) = reads.lock().recv() else {
                return;
            };
            read(self);
        }
    }

    /// Reads while nothing is being committed.
    fn at_one_moment<T>(&self, read: impl FnOnce(Revision) -> Result<T, StoreFault>) -> Result<T, StoreFault> {
        loop {
            self.health.check()?;
            if let Some(revision) = self.moment.try_read_for(Duration::from_millis(500)) {
                // Writing may have failed while the lock was waited for.
                self.health.check()?;
                return read(*revision);
            }
        }
    }

    /// Reads at `key`, or from there on. A damaged page can make the database panic.
    fn guarded<T>(&self, key: &Key, read: impl FnOnce() -> database::Result<T>) -> Result<T, StoreFault> {
        let damaged = || StoreFault::Unreadable { key: key.clone(), cause: "its page is damaged".to_owned() };
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(database::Error::Corruption { .. })) | Err(_) => Err(damaged()),
            // No reading fills a disk: the database wrote behind our back, that failed, and it says so from now on.
            Ok(Err(database::Error::Io(error))) if error.kind() == ErrorKind::StorageFull => {
                Err(self.health.fail(error.to_string(), true))
            }
            Ok(Err(error)) => Err(StoreFault::ReadFailed { cause: error.to_string() }),
        }
    }

    fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreFault> {
        let stored = self.guarded(key, || self.tree.get(key.as_bytes()))?;
        stored.map(|stored| from_stored(key, &stored)).transpose()
    }

    fn range(&self, range: &Range, revision: Revision) -> Result<Page, StoreFault> {
        let mut page = Page { entries: Vec::new(), more: false, revision };
        let from = range.from.as_bytes().max(FIRST_RECORD_KEY);
        if range.to.as_ref().is_some_and(|to| to.as_bytes() <= from) {
            return Ok(page);
        }
        let to = range.to.as_ref().map_or(Bound::Unbounded, |to| Bound::Excluded(to.as_bytes()));
        let mut found = self.tree.range::<&[u8], _>((Bound::Included(from), to));
        let mut last = range.from.clone();
        let mut next = |last: &Key| {
            self.guarded(last, || if range.reverse { found.next_back() } else { found.next() }.transpose())
        };
        while let Some((key, stored)) = next(&last)? {
            if page.entries.len() == range.page_size() {
                page.more = true;
                break;
            }
            let key = Key::from_bytes(key.as_ref());
            let Versioned { value, revision } = from_stored(&key, &stored)?;
            last.clone_from(&key);
            page.entries.push(Entry { key, value, revision });
        }
        Ok(page)
    }

    /// The watching thread. When writing the log fails on one of the database's own threads, `flush` may miss it and wait
    /// for ever: it looks for the error only when it is woken, and not every failure wakes it. Asking for stability once more
    /// does: it meets the error at once, and wakes whoever waits.
    fn watch(&self, patience: Duration) {
        self.health.watch(patience, || {
            if self.tree.context.global_error().is_err() {
                let _ = self.tree.context.pagecache.log.make_stable(i64::MAX);
            }
        });
    }
}

/// Opens the files of the folder, or a copy of them, and checks what is in them.
fn examine(folder: &Folder, files: &Path, patience: Duration) -> Result<(database::Db, Revision, Mark), StoreFault> {
    let tree = open_database(folder, files, patience)?;
    let revision = check_format(&tree, folder.path())?;
    let mark = check_mark(folder, files, revision)?;
    Ok((tree, revision, mark))
}

fn open_database(folder: &Folder, files: &Path, patience: Duration) -> Result<database::Db, StoreFault> {
    let deadline = Instant::now() + patience;
    loop {
        let config = database::Config::new().path(files).cache_capacity(CACHE).flush_every_ms(None);
        // Damaged files can make it panic.
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(tree)) => return Ok(tree),
            // The database has a lock of its own, which its threads may hold a moment longer than its owner.
            Ok(Err(database::Error::Io(error))) if error.to_string().starts_with("could not acquire lock") => {
                if Instant::now() >= deadline {
                    return Err(StoreFault::InUse { path: folder.path().to_owned(), holder: None });
                }
                std::thread::sleep(folder::RETRY_EVERY);
            }
            Ok(Err(database::Error::Io(error))) => return Err(folder.cannot_open(&error)),
            Ok(Err(error)) => return Err(cannot_open(folder.path(), error)),
            Err(_) => return Err(cannot_open(folder.path(), "its files are damaged")),
        }
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Format {
    format: u32,
    needs: String,
}

/// Refuses a store of a newer format, and marks a new store. Answers with the revision of the store.
fn check_format(tree: &database::Db, path: &Path) -> Result<Revision, StoreFault> {
    let read = |key: &[u8]| tree.get(key).map_err(|error| cannot_open(path, error));
    let Some(stored) = read(FORMAT_KEY)? else {
        if !tree.is_empty() {
            return Err(cannot_open(path, "it has no format number: it is no store of rotabot"));
        }
        let format = Format { format: FORMAT, needs: FORMAT_NEEDS.to_owned() };
        let format = serde_json::to_vec(&format).map_err(|error| cannot_open(path, error))?;
        tree.insert(FORMAT_KEY, format).map_err(|error| cannot_open(path, error))?;
        return Ok(Revision(0));
    };
    let Format { format, needs } =
        serde_json::from_slice(&stored).map_err(|error| cannot_open(path, format!("its format number: {error}")))?;
    if format > FORMAT {
        return Err(StoreFault::NewerFormat { path: path.to_owned(), format, needs });
    }
    let Some(revision) = read(REVISION_KEY)? else {
        return Ok(Revision(0));
    };
    let revision = revision.as_ref().try_into().map_err(|_| cannot_open(path, "its revision is damaged"))?;
    Ok(Revision(u64::from_be_bytes(revision)))
}

/// Refuses a store that has come back with less than it had acknowledged.
fn check_mark(folder: &Folder, files: &Path, revision: Revision) -> Result<Mark, StoreFault> {
    let (mark, said) = Mark::open(files).map_err(|error| folder.cannot_open(&error))?;
    match said {
        Some(acknowledged) if revision < acknowledged => {
            Err(StoreFault::LostWrites { path: folder.path().to_owned(), found: revision, acknowledged })
        }
        _ => Ok(mark),
    }
}

/// A value is stored with its revision in front: eight bytes, the greatest first.
fn to_stored(held: &Versioned) -> Vec<u8> {
    [&held.revision.0.to_be_bytes(), held.value.as_slice()].concat()
}

fn from_stored(key: &Key, stored: &[u8]) -> Result<Versioned, StoreFault> {
    let Some((revision, value)) = stored.split_first_chunk::<8>() else {
        return Err(StoreFault::Unreadable { key: key.clone(), cause: "it has no revision".to_owned() });
    };
    Ok(Versioned { value: value.to_vec(), revision: Revision(u64::from_be_bytes(*revision)) })
}

fn cannot_open(path: &Path, cause: impl ToString) -> StoreFault {
    StoreFault::CannotOpen { path: path.to_owned(), cause: cause.to_string() }
}
