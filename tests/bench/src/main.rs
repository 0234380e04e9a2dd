//! Benchmarks: rotabot against a peer, a physical limit, or what it promises, in one run. A figure by itself says more about
//! the machine than about rotabot; a ratio taken side by side does not.
//!
//! Without names all of them run, one after the other, and nothing else should run beside them. What they say of a machine that
//! was busy is worth nothing, so its load is told with the table.

mod crowd;
mod idle;
mod machine;
mod release;
mod requests;
mod seeds;
mod start;
mod store;
mod table;
mod timed;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use crate::table::Row;

#[derive(Parser)]
#[command(about = "Benchmarks of rotabot; all of them, or those that are named.")]
struct Arguments {
    /// Which ones.
    benchmarks: Vec<Benchmark>,
    /// A folder on the disk to measure the store on: not in memory. A folder of its own is made in it, and removed again.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// Over how many namespaces the 500 changes of `crowd` are spread.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=500))]
    namespaces: u16,
}

/// One file each.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Benchmark {
    /// Durable commits against a bare loop of write and fdatasync.
    Store,
    /// How long after the completing status the verdict is there, against `kubectl rollout status`.
    Verdict,
    /// Requests to the API server for a deploy.
    Requests,
    /// Memory with nothing to do.
    Idle,
    /// 500 changes open at once: all judged right, and the memory that it takes.
    Crowd,
    /// From the start to the first answer, with a store that holds much.
    Start,
    /// How many seeds the simulation plays.
    Seeds,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let caption = machine::caption()?;
    let wanted = match &arguments.benchmarks[..] {
        [] => Benchmark::value_variants(),
        named => named,
    };
    let mut rows = Vec::new();
    for benchmark in wanted {
        let name = benchmark.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        eprintln!("== {name}");
        rows.extend(benchmark.run(&arguments).with_context(|| format!("the benchmark `{name}`"))?);
    }
    println!("{caption}\n\n{}", table::HEAD);
    rows.iter().for_each(|row| println!("{row}"));
    Ok(table::ending(&rows))
}

impl Benchmark {
    fn run(self, arguments: &Arguments) -> Result<Vec<Row>> {
        match self {
            Self::Store => store::run(&arguments.folder),
            Self::Verdict => verdict::run(&release::build()?),
            Self::Requests => requests::run(&release::build()?),
            Self::Idle => idle::run(&release::build()?),
            Self::Crowd => crowd::run(&release::build()?, arguments.namespaces.into()),
            Self::Start => start::run(&release::build()?),
            Self::Seeds => seeds::run(),
        }
    }
}
