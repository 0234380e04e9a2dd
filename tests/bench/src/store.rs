//! Durable commits a second, against a bare loop of write and fdatasync with records of the same size: the least that any
//! store on this disk has to do. Once with one commit waiting at a time, once with 64, both sides then writing in groups.

use crate::table::{Compared, Row, median};
use anyhow::{Context as _, Result, bail};
use futures::StreamExt as _;
use futures::channel::oneshot;
use futures::executor::block_on;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use state::store::{Commit, Committed, Key, SledOptions, SledStore, Store as _};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How many pairs are measured with each number of waiting commits.
const PAIRS: usize = 60;
/// How long each half of a pair takes: short, so that whatever else the disk does meets both halves.
const SLICE: Duration = Duration::from_millis(100);

pub(crate) fn run(folder: &Path) -> Result<Vec<Row>> {
    refuse_memory(folder)?;
    let folder = tempfile::Builder::new().prefix("bench-store").tempdir_in(folder)?;
    let ours = SledStore::open(SledOptions::new(folder.path().join("store")))?;
    let bare = BareLog::create(&folder.path().join("bare"))?;
    [1, 64].into_iter().map(|waiting| compare(&ours, &bare, waiting)).collect()
}

/// What a record of a change comes to.
const RECORD: usize = 400;
/// How many records there are: they are written again and again, as those of open changes are.
const RECORDS: u64 = 10_000;

fn compare(ours: &SledStore, bare: &BareLog, waiting: usize) -> Result<Row> {
    let (mut rates, mut bare_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    let mut store_commits = |slice| {
        per_second(waiting, slice, || {
            number += 1;
            let mut commit = Commit::new();
            commit.put(Key::kind("bench").number(number % RECORDS), vec![b'r'; RECORD]);
            Box::pin(async move {
                match ours.commit(commit).await? {
                    Committed::Done(_) => Ok(()),
                    conflict => bail!("{conflict:?}"),
                }
            })
        })
    };
    let bare_writes = |slice| match waiting {
        1 => bare.alone(slice),
        _ => per_second(waiting, slice, || bare.commit()),
    };
    // What is measured first is not always the same, and the first of all does not count: everything is cold.
    store_commits(SLICE)?;
    bare_writes(SLICE)?;
    for pair in 0..PAIRS {
        let (rate, bare_rate) = if pair % 2 == 0 {
            let rate = store_commits(SLICE)?;
            (rate, bare_writes(SLICE)?)
        } else {
            let bare_rate = bare_writes(SLICE)?;
            (store_commits(SLICE)?, bare_rate)
        };
        rates.push(rate);
        bare_rates.push(bare_rate);
        ratios.push(rate / bare_rate);
    }
    Ok(Row {
        what: format!("durable commits a second, {waiting} waiting; a bare loop of write and fdatasync"),
        ours: format!("{:.0}", median(rates)),
        beside: format!("{:.0}", median(bare_rates)),
        compared: Compared::Faster { ratio: median(ratios), at_least: 0.35 },
    })
}

/// Keeps so many commits waiting for a while, and counts those that were answered.
fn per_second<'a>(
    waiting: usize,
    slice: Duration,
    mut commit: impl FnMut() -> BoxFuture<'a, Result<()>>,
) -> Result<f64> {
    let begun = Instant::now();
    let mut answered = 0_u64;
    block_on(async {
        let mut under_way: FuturesUnordered<_> = (0..waiting).map(|_| commit()).collect();
        while let Some(done) = under_way.next().await {
            done?;
            answered += 1;
            if begun.elapsed() < slice {
                under_way.push(commit());
            }
        }
        Ok(answered as f64 / begun.elapsed().as_secs_f64())
    })
}

/// The least there is: records at the end of a file, synced. With many waiting, one thread writes all that wait at once.
struct BareLog {
    file: File,
    waiting: mpsc::Sender<oneshot::Sender<std::io::Result<()>>>,
}

impl BareLog {
    fn create(path: &Path) -> Result<BareLog> {
        let file = File::create(path)?;
        let mut log = file.try_clone()?;
        let (waiting, answers) = mpsc::channel::<oneshot::Sender<_>>();
        std::thread::spawn(move || {
            while let Ok(first) = answers.recv() {
                let group: Vec<_> = std::iter::once(first).chain(answers.try_iter()).collect();
                let written = log.write_all(&vec![b'r'; RECORD * group.len()]).and_then(|()| log.sync_data());
                for answer in group {
                    let _ = answer.send(written.as_ref().map(|_| ()).map_err(|error| error.kind().into()));
                }
            }
        });
        Ok(BareLog { file, waiting })
    }

    /// With nobody else, there is no need of another thread.
    fn alone(&self, slice: Duration) -> Result<f64> {
        let (begun, mut written) = (Instant::now(), 0_u64);
        while begun.elapsed() < slice {
            (&self.file).write_all(&[b'r'; RECORD])?;
            self.file.sync_data()?;
            written += 1;
        }
        Ok(written as f64 / begun.elapsed().as_secs_f64())
    }

    fn commit(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let (answer, answered) = oneshot::channel();
            self.waiting.send(answer).ok().context("the bare log has ended")?;
            Ok(answered.await??)
        })
    }
}

/// In memory everything is durable at once, and nothing is measured.
fn refuse_memory(folder: &Path) -> Result<()> {
    const TMPFS: i64 = 0x0102_1994;
    const RAMFS: i64 = 0x8584_58f6;
    let kind = rustix::fs::statfs(folder).with_context(|| format!("{}: no such folder", folder.display()))?.f_type;
    #[allow(clippy::unnecessary_cast, reason = "its width depends on the machine")]
    if [TMPFS, RAMFS].contains(&(kind as i64)) {
        bail!("{} is in memory, where nothing is durable: name a folder on a disk with --folder", folder.display());
    }
    Ok(())
}
