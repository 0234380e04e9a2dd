//! Plays seeds: `--seeds 1000`, or one with all that happens in it: `--seed N --trace`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use clap::Parser;
use simulation::{Options, Simulation};
use world::trace::Lines;

/// Plays rotabot on a simulated world.
#[derive(Parser)]
struct Arguments {
    /// Play so many seeds.
    #[arg(long, conflicts_with = "seed")]
    seeds: Option<u64>,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Play this one.
    #[arg(long)]
    seed: Option<u64>,
    /// Print what happens.
    #[arg(long)]
    trace: bool,
    /// Play each seed twice, and compare the traces.
    #[arg(long)]
    twice: bool,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let lines = if arguments.trace { Lines::Printed } else { Lines::Hashed };
    let seeds = match (arguments.seed, arguments.seeds) {
        (Some(seed), _) => seed..seed + 1,
        (None, count) => arguments.from..arguments.from + count.unwrap_or(100),
    };
    let begin = Instant::now();
    let (mut failed, mut all, mut changes, mut calls, mut starts) = (0_u64, 0_u64, 0, 0, 0);
    let mut endings = BTreeMap::<&str, u64>::new();
    let count = seeds.end - seeds.start;
    let play = |seed| {
        let report = Simulation::of_seed(seed, &Options { lines, kill: None }).run();
        let again = arguments.twice.then(|| Simulation::of_seed(seed, &Options::default()).run().hash);
        (report, again)
    };
    side_by_side(seeds, play, |seed, (report, again)| {
        let mut wrong = report.wrong;
        if let Some(again) = again.filter(|again| *again != report.hash) {
            wrong.push(format!("same_seed_same_trace: {:016x} and {again:016x}", report.hash));
        }
        for story in &report.changes {
            *endings.entry(story.outcome.unwrap_or("open")).or_default() += 1;
        }
        all = all.rotate_left(5) ^ report.hash;
        (changes, calls, starts) = (changes + report.changes.len(), calls + report.calls, starts + report.starts);
        for what in &wrong {
            println!("seed {seed}: {what}");
        }
        if !wrong.is_empty() {
            failed += 1;
            println!("  replay: cargo run -p simulation -- --seed {seed} --trace");
        }
    });
    let took = begin.elapsed().as_secs_f64();
    println!(
        "{count} seeds in {took:.1} s ({:.1} a second): {changes} changes, {calls} calls, {starts} starts, trace {all:016x}",
        count as f64 / took.max(0.001)
    );
    println!("{endings:?}");
    if failed == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{failed} of {count} seeds failed");
    ExitCode::FAILURE
}

/// Plays seeds on as many threads as there are processors, each seed on one, and hands them over in their order.
fn side_by_side<T: Send>(seeds: Range<u64>, play: impl Fn(u64) -> T + Sync, mut take: impl FnMut(u64, T)) {
    let next = AtomicU64::new(seeds.start);
    let (played, all) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (next, play, played, end) = (&next, &play, played.clone(), seeds.end);
            scope.spawn(move || {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < end) {
                    let _ = played.send((seed, play(seed)));
                }
            });
        }
        drop(played);
        let (mut waiting, mut due) = (BTreeMap::new(), seeds.start);
        for (seed, one) in all {
            waiting.insert(seed, one);
            while let Some(one) = waiting.remove(&due) {
                take(due, one);
                due += 1;
            }
        }
    });
}
