//! Exporting: the whole store, as it was at one moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt as _};
use serde::Serialize;
use serde_json::Value;
use state::store::{Entry, Key, Range, Revision, Store, StoreFault, documents};
use tokio::sync::mpsc;

use super::line::{Footer, Header, Line};

/// How often a store is read anew that is written meanwhile. One pass takes a fraction of a second, and a bot at work
/// writes every few seconds.
const PASSES: usize = 20;

/// How many lines may be under way to whoever takes them.
const UNDER_WAY: usize = 64;

/// What comes out of an export.
#[derive(Debug, Clone, PartialEq)]
pub enum Exported {
    /// A line, without its line break.
    Line(String),
    /// The store was written meanwhile: the lines so far are void, it starts anew.
    Torn,
    /// That was all.
    End,
    /// It can't be exported. The reason is for people.
    Failed(String),
}

/// Exports a store. A slow taker slows it down; nothing is held in memory but a page.
pub fn export(store: Arc<dyn Store>, at: DateTime<Utc>) -> BoxStream<'static, Exported> {
    let (to, from) = mpsc::channel(UNDER_WAY);
    tokio::spawn(async move {
        // Whoever wanted it may be gone; then nothing is left to do.
        let _ = passes(&*store, at, &to).await;
    });
    stream::unfold(from, async |mut from| from.recv().await.map(|exported| (exported, from))).boxed()
}

/// Why a pass ended early.
enum Stop {
    Gone,
    Fault(StoreFault),
}

impl From<StoreFault> for Stop {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<mpsc::error::SendError<Exported>> for Stop {
    fn from(_: mpsc::error::SendError<Exported>) -> Self {
        Self::Gone
    }
}

async fn passes(store: &dyn Store, at: DateTime<Utc>, to: &mpsc::Sender<Exported>) -> Result<(), Stop> {
    for _ in 0..PASSES {
        match pass(store, at, to).await {
            Ok(true) => return Ok(to.send(Exported::End).await?),
            Ok(false) => to.send(Exported::Torn).await?,
            Err(Stop::Fault(fault)) => return Ok(to.send(Exported::Failed(fault.to_string())).await?),
            Err(Stop::Gone) => return Err(Stop::Gone),
        }
    }
    let why = format!("the store was written during each of {PASSES} readings; export when less is under way");
    Ok(to.send(Exported::Failed(why)).await?)
}

/// One pass over everything; whether it was all of one moment.
async fn pass(store: &dyn Store, at: DateTime<Utc>, to: &mpsc::Sender<Exported>) -> Result<bool, Stop> {
    let mut pass = Pass { store, to, lines: 0, owners_in_full: BTreeSet::new() };
    to.send(line(&Header::new(at))).await?;
    let began = pass.all_but_chunks().await?;
    let Some(mut ended) = began else { return Ok(false) };
    for owner in std::mem::take(&mut pass.owners_in_full) {
        ended = pass.chunks_of(&owner).await?;
    }
    // One more look, for the chunks were read without one.
    ended = ended.max(store.range(Range::under(&documents::all_chunks()).limit(1)).await?.revision);
    if Some(ended) != began {
        return Ok(false);
    }
    to.send(line(&Footer { records: pass.lines })).await?;
    Ok(true)
}

struct Pass<'a> {
    store: &'a dyn Store,
    to: &'a mpsc::Sender<Exported>,
    lines: usize,
    /// Owners of documents that can't be put together: their chunks go along as they are.
    owners_in_full: BTreeSet<String>,
}

impl Pass<'_> {
    /// Everything, but for the chunks of documents that can be put together. None: it was written meanwhile.
    async fn all_but_chunks(&mut self) -> Result<Option<Revision>, Stop> {
        let mut began = None;
        // Keys that begin with a zero byte are the store's own.
        let first = Key::from_bytes([1]);
        let chunks = documents::all_chunks();
        let parts = [(first, Some(chunks.clone())), (chunks.after_all_under().unwrap_or(chunks), None)];
        for (from, to) in parts {
            let mut range = Range { from, to, limit: state::store::ENTRIES_AT_MOST, reverse: false };
            loop {
                let page = self.store.range(range.clone()).await?;
                if *began.get_or_insert(page.revision) != page.revision {
                    return Ok(None);
                }
                for entry in &page.entries {
                    self.entry(entry).await?;
                }
                match page.entries.last() {
                    Some(last) if page.more => range = range.beyond(&last.key),
                    _ => break,
                }
            }
        }
        Ok(began)
    }

    async fn entry(&mut self, entry: &Entry) -> Result<(), Stop> {
        let owner = documents::owner(&entry.value);
        let record = match documents::assemble(self.store, &entry.value).await? {
            Ok(bytes) => faithful(&bytes),
            Err(_) => None,
        };
        let line = match record {
            Some(record) => Line::record(&entry.key, owner, record),
            None => {
                self.owners_in_full.extend(owner);
                Line::bytes(&entry.key, &entry.value)
            }
        };
        self.send(&line).await
    }

    async fn chunks_of(&mut self, owner: &str) -> Result<Revision, Stop> {
        let mut range = Range::under(&documents::chunks_of(owner));
        loop {
            let page = self.store.range(range.clone()).await?;
            for entry in &page.entries {
                self.send(&Line::bytes(&entry.key, &entry.value)).await?;
            }
            match page.entries.last() {
                Some(last) if page.more => range = range.beyond(&last.key),
                _ => return Ok(page.revision),
            }
        }
    }

    async fn send(&mut self, what: &Line) -> Result<(), Stop> {
        self.lines += 1;
        Ok(self.to.send(line(what)).await?)
    }
}

/// The record in these bytes, if it gives the same bytes again: an import must put back what was there.
fn faithful(bytes: &[u8]) -> Option<Value> {
    let record: Value = serde_json::from_slice(bytes).ok()?;
    (serde_json::to_vec(&record).ok()? == bytes).then_some(record)
}

fn line(what: &impl Serialize) -> Exported {
    match serde_json::to_string(what) {
        Ok(line) => Exported::Line(line),
        Err(error) => Exported::Failed(error.to_string()),
    }
}
