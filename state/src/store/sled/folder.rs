//! The folder of the store: created durably, held by one process at a time, with room to write into.
//!
//! Not here: what the database does with its files.

use crate::store::StoreFault;
use rustix::fs::statvfs;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder that this process holds until the value is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates the folder where it is missing and takes hold of it. A holder that is just dying is waited for.
    pub(super) fn hold(path: &Path, patience: Duration) -> Result<Folder, StoreFault> {
        let cannot = |error: io::Error| cannot_open(path, &error);
        create_durably(path).map_err(cannot)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(cannot)?;
        let deadline = Instant::now() + patience;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(RETRY_EVERY);
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(StoreFault::InUse { path: path.to_owned(), holder: read_holder(&mut lock) });
                }
                Err(fs::TryLockError::Error(error)) => return Err(cannot(error)),
            }
        }
        // Only a help to whoever is refused: a full disk is found out elsewhere.
        let _ = write_holder(&mut lock);
        Ok(Folder { path: path.to_owned(), _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The fault for what failed while opening.
    pub(super) fn cannot_open(&self, error: &io::Error) -> StoreFault {
        cannot_open(&self.path, error)
    }

    /// Takes away what a start that died half-way has left: the database writes a snapshot of its page table at each start, and
    /// would take the half of one for the newest and for damaged.
    pub(super) fn remove_half_written(&self) -> Result<(), StoreFault> {
        let remove = || -> io::Result<()> {
            for entry in fs::read_dir(&self.path)? {
                let entry = entry?;
                if entry.file_name().as_encoded_bytes().ends_with(b".generating") {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        };
        remove().map_err(|error| self.cannot_open(&error))
    }

    /// Makes the names of all files in the folder durable, and their bytes. The database syncs neither when it creates
    /// them, and renames a file at every start.
    pub(super) fn sync_all(&self) -> Result<(), StoreFault> {
        let sync = || -> io::Result<()> {
            for entry in fs::read_dir(&self.path)? {
                // A folder can be opened and synced like a file.
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_file() || kind.is_dir() {
                    File::open(entry.path())?.sync_all()?;
                }
            }
            File::open(&self.path)?.sync_all()
        };
        sync().map_err(|error| cannot_open(&self.path, &error))
    }

    /// Refuses a folder in which the database has put pages aside, into files that nothing syncs. Values within the
    /// limits of the store never get there.
    pub(super) fn check_no_pages_aside(&self) -> Result<(), StoreFault> {
        let blobs = self.path.join("blobs");
        let aside = fs::read_dir(&blobs).map_err(|error| cannot_open(&self.path, &error))?.count();
        if aside == 0 {
            return Ok(());
        }
        Err(StoreFault::CannotOpen {
            path: self.path.clone(),
            cause: format!("{} holds {aside} files, which are never made durable", blobs.display()),
        })
    }

    /// How many bytes are free on its disk, where that is told.
    pub(super) fn free(&self) -> Option<u64> {
        free_bytes(&self.path)
    }

    /// Whether `name` in the folder still is the file that was opened as `held`.
    pub(super) fn still_holds(&self, name: &str, held: &File) -> io::Result<bool> {
        let held = held.metadata()?;
        match fs::metadata(self.path.join(name)) {
            Ok(there) => Ok((there.dev(), there.ino()) == (held.dev(), held.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Refuses to go on when less than `needed` bytes are free.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), StoreFault> {
        match self.free() {
            Some(free) if free < needed => Err(StoreFault::DiskFull { path: self.path.clone(), free, needed }),
            // Not being told how much is free is no reason to stop writing.
            _ => Ok(()),
        }
    }
}

/// Whoever can enter the folder can read everything that was ever done.
const OWNER_ONLY: u32 = 0o700;

/// How long to wait before trying for a lock again.
pub(super) const RETRY_EVERY: Duration = Duration::from_millis(50);

/// What opening may have to write, and should find room for.
pub(super) const OPENING_NEEDS: u64 = 1024 * 1024;

fn cannot_open(path: &Path, error: &io::Error) -> StoreFault {
    if error.kind() == io::ErrorKind::StorageFull {
        let free = free_bytes(path).unwrap_or(0);
        return StoreFault::DiskFull { path: path.to_owned(), free, needed: OPENING_NEEDS };
    }
    StoreFault::CannotOpen { path: path.to_owned(), cause: error.to_string() }
}

fn free_bytes(path: &Path) -> Option<u64> {
    let disk = statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Creates a folder and those above it, for this user alone, and makes each new name durable.
fn create_durably(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_durably(parent)?;
    match fs::DirBuilder::new().mode(OWNER_ONLY).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(parent)?.sync_all()
}

fn read_holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_holder(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}
