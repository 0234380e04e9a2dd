//! The revision that was acknowledged last, in a small file beside the database.
//!
//! After a crash the database recovers what it can read of its log, and takes the rest for a write that was torn. Damage to
//! the disk looks the same to it, so it can come back with less than was acknowledged, even with nothing, and not know. The
//! mark knows. It is written after a batch is durable and before it is acknowledged, and never synced: an older one proves
//! less, but nothing wrong.
//!
//! Not here: a single damaged page deep in the log, which can come back as it was before. Only a copy elsewhere helps then.

use crate::store::Revision;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// The file, open.
#[derive(Debug)]
pub(super) struct Mark(File);

impl Mark {
    /// Opens the mark of the store in this folder, or makes one. Tells what it says; nothing if it is new or unreadable.
    pub(super) fn open(folder: &Path) -> io::Result<(Mark, Option<Revision>)> {
        let path = folder.join("acknowledged");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = String::new();
        let said = match file.read_to_string(&mut text) {
            Ok(_) => text.strip_suffix('\n').filter(|digits| digits.len() == DIGITS),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
            Err(error) => return Err(error),
        };
        let said = said.and_then(|digits| digits.parse().ok()).map(Revision);
        Ok((Mark(file), said))
    }

    /// Sets the mark, in place: always the same few bytes, which neither tear nor need room.
    pub(super) fn set(&self, revision: Revision) -> io::Result<()> {
        let text = format!("{:0width$}\n", revision.0, width = DIGITS);
        self.0.write_all_at(text.as_bytes(), 0)
    }
}

const DIGITS: usize = 20;
