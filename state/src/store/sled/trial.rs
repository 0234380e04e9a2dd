//! Opening a copy first, so that a store that is refused stays as it was found.
//!
//! What the database can't read of its log it takes for a write that was torn, and cuts off when it opens: one damaged byte
//! would cost everything behind it, also for whoever could mend the file. So it opens a copy first, and gets to the real
//! files only when nothing was wrong with that.
//!
//! Where nothing is there to be copied, nothing may ever have been acknowledged either. Where there is no room for a copy, the real files are opened at once: a disk that is nearly full is more frequent than a
//! damaged one, and no reason not to start.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::folder::{Folder, OPENING_NEEDS};

/// A copy of the files of a store, taken away when it is dropped.
#[derive(Debug)]
pub(super) struct Copy(PathBuf);

impl Copy {
    /// Copies the files. `None` where there is no room for them once more.
    pub(super) fn of(folder: &Folder) -> io::Result<Option<Copy>> {
        let place = folder.path().join("trial");
        // A start that died has left its own.
        remove(&place)?;
        let files = files_of(folder.path())?;
        let needed = OPENING_NEEDS + files.iter().map(|(_, bytes)| bytes).sum::<u64>();
        if folder.free().is_some_and(|free| free < needed) {
            return Ok(None);
        }
        fs::create_dir(&place)?;
        let copy = Copy(place);
        for (from, _) in files {
            match from.file_name().map(|name| fs::copy(&from, copy.0.join(name))) {
                // A quota is no free bytes, which only writing tells.
                Some(Err(error)) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                    return Ok(None);
                }
                Some(copied) => drop(copied?),
                None => {}
            }
        }
        Ok(Some(copy))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What stays is taken away by the next start.
        let _ = remove(&self.0);
    }
}

/// The files right in the folder, with their lengths.
fn files_of(folder: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_file() {
            files.push((entry.path(), about.len()));
        }
    }
    Ok(files)
}

fn remove(place: &Path) -> io::Result<()> {
    match fs::remove_dir_all(place) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
