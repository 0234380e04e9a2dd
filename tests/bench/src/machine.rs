//! What the kernel tells of the machine and of a process.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// How often memory is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(200);

/// What has to be known of a machine to make sense of its figures.
pub(crate) fn caption() -> Result<String> {
    let cores = thread::available_parallelism()?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!("{cores} cores, {}, load {load} at the start.", chrono::Utc::now().format("%Y-%m-%d")))
}

/// Memory of a process in MiB, what it shares with others counted by its part of it (PSS).
pub(crate) fn memory(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).with_context(|| format!("{path} has no Pss"))?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes / 1024.0)
}

/// The most memory that a process has while something is done, in MiB, looked at again and again.
pub(crate) fn most_memory<T>(process: u32, done: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut most = memory(process)?;
            while !over.load(Ordering::Relaxed) {
                thread::sleep(SAMPLE_EVERY);
                most = most.max(memory(process)?);
            }
            anyhow::Ok(most)
        });
        let done = done();
        over.store(true, Ordering::Relaxed);
        let most = looking.join().ok().context("looking at memory panicked")?;
        let done = done?;
        Ok((most?, done))
    })
}

/// How many seconds of one processor a process has taken so far.
pub(crate) fn processor_time(process: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name comes second, in brackets, and may hold anything.
    let (_, rest) = text.rsplit_once(") ").context("a stat of a process without its name")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |place: usize| -> Result<f64> { Ok(fields.get(place).context("a short stat")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / rustix::param::clock_ticks_per_second() as f64)
}
