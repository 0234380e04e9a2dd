//! A process that does nothing but write to a store and say what became of it, one line each: for tests that watch its
//! system calls, or fill its disk.

use anyhow::{Result, bail};
use futures::executor::block_on;
use state::store::{Commit, Committed, Key, Range, SledOptions, SledStore, Store as _, StoreFault};
use std::io::Write as _;
use std::path::Path;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["accept", folder, times] => accept(Path::new(folder), times.parse()?),
        ["fill", folder, reserve, ballast] => fill(Path::new(folder), reserve.parse()?, Path::new(ballast)),
        ["count", folder] => count(Path::new(folder)),
        _ => bail!("usage: store-writer accept FOLDER TIMES | fill FOLDER RESERVE BALLAST | count FOLDER"),
    }
}

/// Commits one after the other, and says `accepted` after each.
fn accept(folder: &Path, times: u64) -> Result<()> {
    let store = SledStore::open(SledOptions::new(folder))?;
    for number in 0..times {
        match write(&store, number)? {
            Committed::Done(_) => say(&format!("accepted {number}"))?,
            conflict => bail!("{conflict:?}"),
        }
    }
    Ok(())
}

/// Commits until there is a fault, then looks what it left, removes the ballast, and tries again.
fn fill(folder: &Path, reserve: u64, ballast: &Path) -> Result<()> {
    let store = SledStore::open(SledOptions { reserve, ..SledOptions::new(folder) })?;
    let mut number = 0;
    let fault = loop {
        match write(&store, number) {
            Ok(_) => number += 1,
            Err(fault) => break fault,
        }
    };
    say(&format!("acknowledged {number}"))?;
    say(&format!("then {}", name(&fault)))?;
    say(&match block_on(store.get(&pair("left", 0))) {
        Ok(held) => format!("reading goes on: {}", held.is_some()),
        Err(fault) => format!("reading ends: {}", name(&fault)),
    })?;
    std::fs::remove_file(ballast)?;
    say(&match write(&store, number) {
        Ok(_) => "writing goes on".to_owned(),
        Err(fault) => format!("writing ends: {}", name(&fault)),
    })
}

/// Says how many commits are there, and whether one is torn.
fn count(folder: &Path) -> Result<()> {
    let store = match SledStore::open(SledOptions::new(folder)) {
        Ok(store) => store,
        Err(fault) => return say(&format!("not opened: {}", name(&fault))),
    };
    let (left, right) = (keys(&store, "left")?, keys(&store, "right")?);
    say(&format!("found {} and {}", left, right))
}

fn keys(store: &SledStore, side: &'static str) -> Result<usize> {
    let (mut range, mut count) = (Range::under(&Key::kind(side)), 0);
    loop {
        let page = block_on(store.range(range.clone()))?;
        count += page.entries.len();
        match page.entries.last() {
            Some(last) if page.more => range = range.beyond(&last.key),
            _ => return Ok(count),
        }
    }
}

fn write(store: &SledStore, number: u64) -> Result<Committed, StoreFault> {
    let mut commit = Commit::new();
    for side in ["left", "right"] {
        commit.demand_absent(pair(side, number)).put(pair(side, number), vec![b'v'; 2_000]);
    }
    block_on(store.commit(commit))
}

fn pair(side: &'static str, number: u64) -> Key {
    Key::kind(side).number(number)
}

fn name(fault: &StoreFault) -> String {
    match fault {
        StoreFault::DiskFull { .. } => "disk full, nothing written".to_owned(),
        StoreFault::OutcomeUnknown { disk_full, .. } => format!("outcome unknown, disk full: {disk_full}"),
        fault => fault.to_string(),
    }
}

/// One line, by one write.
fn say(line: &str) -> Result<()> {
    Ok(std::io::stdout().write_all(format!("{line}\n").as_bytes())?)
}
