//! The program that is measured: a release build, named by `ROTABOT_BIN`, else built from these sources.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use e2e::Build;

/// What it logs is what it logs by default.
const LOG: &str = "info";

/// Builds it, unless it is named.
pub(crate) fn build() -> Result<Build> {
    if let Some(named) = env::var_os("ROTABOT_BIN").filter(|named| !named.is_empty()) {
        return Ok(Build { program: named.into(), log: LOG });
    }
    cargo(&["build", "--locked", "--quiet", "--release", "--package", "rotabot"])?;
    let program = target()?.join("release").join("rotabot");
    if !program.is_file() {
        bail!("cargo has built no {}", program.display());
    }
    Ok(Build { program, log: LOG })
}

/// Runs cargo on the sources of this workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).current_dir(sources()).args(arguments).status().context("cargo")?;
    if !status.success() {
        bail!("cargo {}: {status}", arguments.join(" "));
    }
    Ok(())
}

/// Where cargo puts what it builds: this program lies in a folder of it that is named for its profile.
pub(crate) fn target() -> Result<PathBuf> {
    let own = env::current_exe()?;
    Ok(own.ancestors().nth(2).context("this program lies in no folder of cargo's")?.to_owned())
}

fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
