//! Paired benchmarks: rotabot against a peer or a physical limit, in one run, as ratios. A figure by itself says more about
//! the machine than about rotabot; a ratio taken side by side does not.

mod store;
mod table;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

/// One file each.
#[derive(Subcommand)]
enum Benchmark {
    /// Durable commits against a bare loop of write and fdatasync.
    Store(store::Arguments),
}

fn main() -> Result<ExitCode> {
    let rows = match Arguments::parse().benchmark {
        Benchmark::Store(arguments) => store::run(&arguments)?,
    };
    Ok(table::print(&rows))
}
