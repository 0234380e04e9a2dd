//! How many seeds the simulation plays a second, on all processors, built as it is for everyday use.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::release;
use crate::table::Row;

/// The same ones each time.
const SEEDS: u32 = 200;

pub(crate) fn run() -> Result<Vec<Row>> {
    release::cargo(&["build", "--locked", "--quiet", "--package", "simulation"])?;
    let program = release::target()?.join("debug").join("simulation");
    let begun = Instant::now();
    let output = Command::new(program).args(["--seeds", &SEEDS.to_string()]).output()?;
    let took = begun.elapsed();
    if !output.status.success() {
        bail!("a seed failed: {}", String::from_utf8_lossy(&output.stdout));
    }
    let rate = f64::from(SEEDS) / took.as_secs_f64();
    Ok(vec![Row::shown("simulation, the everyday build", rate, "seeds a second")])
}
