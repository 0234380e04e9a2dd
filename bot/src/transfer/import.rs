//! Importing: a store made of an export. It is made aside and put in place when it is whole, so that an import that was
//! killed leaves nothing that could be taken for a store.

use std::fs;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use state::change::transition::{Also, Transition};
use state::change::{Change, Parked, ParkedWhy};
use state::journal::{JournalLine, JournalWhat, NoticeWhat};
use state::records::{Advanced, RecordFault, Records, Stored};
use state::store::documents::Batch;
use state::store::{FORMAT, Key, Range, RequestFault, SledOptions, SledStore, Store, StoreFault};

use super::line::{Footer, Header, Line, VERSION, What, bytes_of, unescaped};

/// What an import came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// How many records there are.
    pub records: usize,
    /// How many open changes were parked.
    pub parked: usize,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// There is a store with something in it.
    #[error("{} holds a store already; import into another data folder, or move that one away", path.display())]
    NotEmpty {
        /// Its folder.
        path: PathBuf,
    },
    /// The file is no export.
    #[error("line {line} is not what an export of rotabot has there: {why}")]
    NotAnExport {
        /// Which line.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The file was cut off.
    #[error("the file ends in the middle: after {records} records the last line is missing")]
    CutOff {
        /// How many records it has.
        records: usize,
    },
    /// Something stands behind the last line: the file is damaged, or more than one export.
    #[error(
        "the export ends with line {footer}, and more follows: the file is damaged, or several exports are in it; import \
         one whole export"
    )]
    GoesOn {
        /// The last line of the export.
        footer: usize,
    },
    /// A newer rotabot wrote it.
    #[error("the file is from rotabot {rotabot}; it needs rotabot {needs} or newer")]
    Newer {
        /// Which one.
        rotabot: String,
        /// The oldest that can read it.
        needs: String,
    },
    /// The file can't be read.
    #[error("the file can't be read: {0}")]
    File(#[source] io::Error),
    /// A folder can't be made or moved.
    #[error("{} can't be put in place: {why}", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A record can't be written.
    #[error("{0}")]
    Record(String),
}

impl From<RequestFault> for ImportFault {
    fn from(fault: RequestFault) -> Self {
        Self::Store(fault.into())
    }
}

impl From<RecordFault> for ImportFault {
    fn from(fault: RecordFault) -> Self {
        Self::Record(fault.fault().chain().to_owned())
    }
}

/// Makes the store in `folder` out of an export. Changes that were open are parked: the cluster may have gone on since,
/// or be another one, so that a person has to look first.
pub async fn import(from: &mut dyn BufRead, folder: &Path, now: DateTime<Utc>) -> Result<Imported, ImportFault> {
    let stale = holds_something(folder).await?;
    let aside = folder.with_extension("import");
    if holds_something(&aside).await? == Holds::Something {
        // The rest of an import that was killed. Its folder was just held, so that no other import is at work there.
        remove(&aside)?;
    }
    if stale == Holds::Something {
        return Err(ImportFault::NotEmpty { path: folder.to_owned() });
    }
    let imported = fill(from, &aside, now).await;
    if imported.is_err() {
        let _ = fs::remove_dir_all(&aside);
    }
    let imported = imported?;
    if stale == Holds::Nothing {
        remove(folder)?;
    }
    put_in_place(&aside, folder).map_err(|why| ImportFault::Folder { path: folder.to_owned(), why })?;
    Ok(imported)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    NoStore,
    Nothing,
    Something,
}

async fn holds_something(folder: &Path) -> Result<Holds, ImportFault> {
    if !folder.exists() {
        return Ok(Holds::NoStore);
    }
    let store = open(folder).await?;
    let first = Range { from: Key::from_bytes([1]), to: None, limit: 1, reverse: false };
    let empty = store.range(first).await?.entries.is_empty();
    close(store).await;
    Ok(if empty { Holds::Nothing } else { Holds::Something })
}

/// Opening and closing wait for the disk.
async fn open(folder: &Path) -> Result<SledStore, StoreFault> {
    let options = SledOptions::new(folder);
    let failed = StoreFault::CannotOpen { path: folder.to_owned(), cause: "it was given up".to_owned() };
    tokio::task::spawn_blocking(move || SledStore::open(options)).await.unwrap_or(Err(failed))
}

async fn close(store: impl Send + 'static) {
    let _ = tokio::task::spawn_blocking(move || drop(store)).await;
}

fn remove(folder: &Path) -> Result<(), ImportFault> {
    fs::remove_dir_all(folder).map_err(|why| ImportFault::Folder { path: folder.to_owned(), why })
}

fn put_in_place(aside: &Path, folder: &Path) -> io::Result<()> {
    fs::rename(aside, folder)?;
    match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => fs::File::open(".")?.sync_all(),
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

async fn fill(from: &mut dyn BufRead, folder: &Path, now: DateTime<Utc>) -> Result<Imported, ImportFault> {
    let store = std::sync::Arc::new(open(folder).await?);
    let filled = async {
        let records = write_all(from, &*store).await?;
        let parked = park_all(&Records::new(store.clone()), now).await?;
        Ok(Imported { records, parked })
    };
    let filled = filled.await;
    close(store).await;
    filled
}

/// Writes all records; how many there are.
async fn write_all(from: &mut dyn BufRead, store: &dyn Store) -> Result<usize, ImportFault> {
    let mut number = 0;
    let mut next = |from: &mut dyn BufRead| {
        number += 1;
        let mut line = String::new();
        match Read::take(&mut *from, LONGEST_LINE).read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(bytes) if bytes as u64 == LONGEST_LINE => {
                let why = format!("it is longer than {} MiB", LONGEST_LINE >> 20);
                Err(ImportFault::NotAnExport { line: number, why })
            }
            // Half a line: the file was cut off in it.
            Ok(_) if !line.ends_with('\n') => Ok(None),
            Ok(_) => Ok(Some((number, line))),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(ImportFault::NotAnExport { line: number, why: "it is not text".to_owned() })
            }
            Err(error) => Err(ImportFault::File(error)),
        }
    };
    let Some((_, header)) = next(from)? else {
        return Err(ImportFault::NotAnExport { line: 1, why: "it is missing".to_owned() });
    };
    check(&header)?;
    let mut records = 0;
    let mut some = Vec::new();
    loop {
        let Some((number, text)) = next(from)? else { return Err(ImportFault::CutOff { records }) };
        let wrong = |why: String| ImportFault::NotAnExport { line: number, why };
        if let Ok(footer) = serde_json::from_str::<Footer>(&text) {
            if footer.records != records {
                return Err(wrong(format!("it counts {} records, {records} stand before it", footer.records)));
            }
            if !from.fill_buf().map_err(ImportFault::File)?.is_empty() {
                return Err(ImportFault::GoesOn { footer: number });
            }
            write(&mut some, store).await?;
            return Ok(records);
        }
        let line: Line = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let put = Put::of(line).ok_or_else(|| wrong("its key or its value can't be read".to_owned()))?;
        // A chunk that is there as it is may be one of a record's in the same commit, which writes no key twice.
        let kind = std::mem::discriminant(&put);
        if some.len() == AT_ONCE || some.last().is_some_and(|last| std::mem::discriminant(last) != kind) {
            write(&mut some, store).await?;
        }
        some.push(put);
        records += 1;
    }
}

fn check(header: &str) -> Result<(), ImportFault> {
    let header: Header =
        serde_json::from_str(header).map_err(|error| ImportFault::NotAnExport { line: 1, why: error.to_string() })?;
    if header.version > VERSION || header.format > FORMAT {
        return Err(ImportFault::Newer { rotabot: header.rotabot, needs: header.needs });
    }
    Ok(())
}

/// Longer than any line of an export, in bytes: a document may have 4 MiB, and six letters stand for a byte at worst.
const LONGEST_LINE: u64 = 32 << 20;

/// How many records are written by one commit, if they are short.
const AT_ONCE: usize = 64;

enum Put {
    Record { key: Key, owner: String, bytes: Vec<u8> },
    Bytes { key: Key, bytes: Vec<u8> },
}

impl Put {
    fn of(line: Line) -> Option<Self> {
        let key = unescaped(&line.key)?;
        Some(match line.what {
            What::Record(record) => {
                Self::Record { key, owner: line.owner.unwrap_or_default(), bytes: serde_json::to_vec(&record).ok()? }
            }
            What::Base64(text) => Self::Bytes { key, bytes: bytes_of(&text)? },
        })
    }
}

async fn write(some: &mut Vec<Put>, store: &dyn Store) -> Result<(), ImportFault> {
    let mut batch = Batch::new();
    for put in some.drain(..) {
        match put {
            Put::Record { key, owner, bytes } => batch.put_document(key, &owner, &bytes)?,
            Put::Bytes { key, bytes } => {
                batch.commit.put(key, bytes);
            }
        }
    }
    batch.write(store).await?;
    Ok(())
}

/// Parks what was open.
async fn park_all(records: &Records, now: DateTime<Utc>) -> Result<usize, ImportFault> {
    let mut parked = 0;
    // A claim or a change that can't be read blocks its target as it did before: that too waits for a person.
    for claim in records.open().await?.into_iter().flatten() {
        let stored = match records.change(claim.change).await {
            Ok(Some(stored)) => stored,
            Ok(None) | Err(RecordFault::Unreadable(_)) => continue,
            Err(fault) => return Err(fault.into()),
        };
        parked += park(records, &stored, now).await?;
    }
    Ok(parked)
}

async fn park(records: &Records, stored: &Stored, now: DateTime<Utc>) -> Result<usize, ImportFault> {
    let head = &stored.change.head;
    if stored.change.ended().is_some() || head.parked.as_ref().is_some_and(|parked| parked.why == ParkedWhy::Imported) {
        return Ok(0);
    }
    let mut change: Change = stored.change.clone();
    change.head.parked = Some(Parked { since: now, why: ParkedWhy::Imported });
    let line = JournalLine {
        at: now,
        by: None,
        typed_by: None,
        change: Some(head.number),
        what: JournalWhat::Parked(ParkedWhy::Imported),
    };
    let also = vec![Also::Journal(line), Also::Notice(NoticeWhat::Parked)];
    match records.advance(stored, &Transition { change, also }, now).await? {
        Advanced::Done(_) => Ok(1),
        // Nobody else has this store.
        other => Err(ImportFault::Record(format!("{} could not be parked: {other:?}", head.number))),
    }
}
