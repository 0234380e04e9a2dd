//! Plays seeds: `--seeds 1000`, or one with all that happens in it: `--seed N --trace`.

use std::process::ExitCode;
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
    let mut endings = std::collections::BTreeMap::<&str, u64>::new();
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let report = Simulation::of_seed(seed, &Options { lines, kill: None }).run();
        let mut wrong = report.wrong.clone();
        if arguments.twice {
            let again = Simulation::of_seed(seed, &Options::default()).run();
            if again.hash != report.hash {
                wrong.push(format!("same_seed_same_trace: {:016x} and {:016x}", report.hash, again.hash));
            }
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
    }
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
