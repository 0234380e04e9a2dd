//! From the start of the process to the first answer, with a store that holds much: 100,000 lines of the journal, and 100 changes
//! that are open. And the memory that it takes then.
//!
//! The changes are real ones, begun by rotabot itself on the control plane and under way when it was killed; the lines are added
//! through the records, as the store would have them after a year or so.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use chrono::{TimeDelta, Utc};
use cluster::{ControlPlane, Options, Registry, RegistryOptions, until};
use e2e::{Bot, Build};
use futures::executor::block_on;
use state::change::transition::{Also, Transition};
use state::journal::{JournalLine, JournalWhat};
use state::names::PersonName;
use state::records::{Advanced, Records, Stored};
use state::store::{SledOptions, SledStore};

use crate::crowd::Crowd;
use crate::machine::most_memory;
use crate::table::{Row, greatest};

const OPEN: usize = 100;
const LINES: usize = 100_000;
/// As many as fit one commit.
const LINES_AT_ONCE: usize = 100;
const ROUNDS: usize = 5;

/// The changes stay open for as long as the benchmark takes.
const PROGRESS_DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

/// So long memory is looked at after the start.
const WATCHED_FOR: Duration = Duration::from_secs(10);

pub(crate) fn run(build: &Build) -> Result<Vec<Row>> {
    let plane = ControlPlane::start(&Options::default())?;
    let registry = Registry::start(&RegistryOptions::default())?;
    let crowd = Crowd::start(build, &plane, &registry, OPEN, 1, PROGRESS_DEADLINE)?;
    crowd.ask(|_| "v2-neverready")?;
    crowd.until_written()?;
    crowd.bot.kill()?;
    block_on(write_journal(&crowd.bot.data()))?;

    let mut answered = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..ROUNDS {
        answered.push(first_answer(&crowd.bot)?);
        let process = crowd.bot.process_id().context("rotabot is not running")?;
        let (most, ()) = most_memory(process, || {
            thread::sleep(WATCHED_FOR);
            Ok(())
        })?;
        memory.push(most);
        crowd.bot.kill()?;
    }
    crowd.bot.start()?;
    must_hold_all(&crowd.bot)?;
    let store = format!("{LINES} lines of the journal and {OPEN} open changes");
    Ok(vec![
        Row::within(format!("start to the first answer, {store} (slowest of {ROUNDS})"), greatest(answered), 1.0, "s"),
        Row::shown(format!("memory (PSS), {store}"), greatest(memory), "MiB"),
    ])
}

/// Seconds from its start until it has answered what moves now.
fn first_answer(bot: &Bot) -> Result<f64> {
    let begun = Instant::now();
    bot.launch()?;
    while UnixStream::connect(bot.data().join("rotabot.sock")).is_err() {
        if begun.elapsed() > Duration::from_secs(30) {
            bail!("it does not answer: {}", bot.log());
        }
        thread::sleep(Duration::from_millis(1));
    }
    let answer = bot.command(&["say", "/now", "--json"]).output()?;
    let took = begun.elapsed().as_secs_f64();
    if !answer.status.success() {
        bail!("no answer: {answer:?}");
    }
    Ok(took)
}

/// A year of lines, spread over all targets.
async fn write_journal(data: &Path) -> Result<()> {
    let options = SledOptions::new(data.join("store"));
    let store = until("the store of the bot that was killed", Duration::from_secs(10), || {
        Ok(Some(SledStore::open(options.clone())?))
    })?;
    let records = Records::new(Arc::new(store));
    let mut changes = Vec::new();
    for claim in records.open().await.map_err(fault)? {
        let claim = claim.map_err(fault)?;
        changes.push(records.change(claim.change).await.map_err(fault)?.context("a claim without its change")?);
    }
    if changes.len() != OPEN {
        bail!("{} changes are open, where {OPEN} were begun", changes.len());
    }
    let mut written = 0;
    while written < LINES {
        for change in &mut changes {
            *change = write_lines(&records, change, written).await?;
            written += LINES_AT_ONCE;
        }
    }
    Ok(())
}

async fn write_lines(records: &Records, before: &Stored, written: usize) -> Result<Stored> {
    let lines = (written..written + LINES_AT_ONCE).map(|n| line(n).map(Also::Journal)).collect::<Result<_>>()?;
    let next = Transition { change: before.change.clone(), also: lines };
    match records.advance(before, &next, Utc::now()).await.map_err(fault)? {
        Advanced::Done(stored) => Ok(*stored),
        other => bail!("a store that nobody else has open: {other:?}"),
    }
}

/// Every other one asks, every other one ends.
fn line(n: usize) -> Result<JournalLine> {
    let back = TimeDelta::seconds(i64::try_from(LINES - n)? * 300);
    let what = match n % 2 {
        0 => JournalWhat::AskedDeploy { reference: format!("v{n}") },
        _ => JournalWhat::Ended { outcome: "verified".to_owned(), image: Some(format!("v{}", n - 1)) },
    };
    Ok(JournalLine { at: Utc::now() - back, by: Some(PersonName::new("lin")?), typed_by: None, change: None, what })
}

/// What was started is what was meant to be.
fn must_hold_all(bot: &Bot) -> Result<()> {
    let export = bot.export()?;
    let (lines, open) = (export.of("journal").len(), export.of("claim").len());
    if lines < LINES || open != OPEN {
        bail!("the store holds {lines} lines and {open} open changes");
    }
    Ok(())
}

fn fault(fault: state::records::RecordFault) -> anyhow::Error {
    anyhow::anyhow!("{}", fault.fault().chain())
}
