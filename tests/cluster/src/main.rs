//! A control plane and a registry to try things on by hand, or for several test processes to share.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use cluster::{ControlPlane, Options, Program, Registry, RegistryOptions};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: cluster build | up | with COMMAND [ARGUMENT...]

  build   builds the control plane's program into the cache, and prints its path
  up      starts a control plane and a registry, and ends them at Ctrl-C
  with    runs a command with ROTABOT_TEST_CLUSTER and KUBECONFIG naming a control plane that ends with it";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let outcome = match arguments.next().as_deref().and_then(|verb| verb.to_str()) {
        Some("build") => build(),
        Some("up") => up(),
        Some("with") => with(arguments.collect()),
        _ => Err(anyhow!("{USAGE}")),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

fn build() -> Result<ExitCode> {
    println!("{}", Program::find()?.path().display());
    Ok(ExitCode::SUCCESS)
}

fn up() -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let start = Instant::now();
    let plane = ControlPlane::start(&Options { audit: true, ..Options::default() })?;
    let registry = Registry::start(&RegistryOptions::default())?;
    let text = format!(
        "started in {:.1} s; Ctrl-C ends it\nexport KUBECONFIG={}\nexport {}={}\nkubectl: {} kubectl\nregistry: {} (plain HTTP)\n",
        start.elapsed().as_secs_f64(),
        plane.folder().join("admin.kubeconfig").display(),
        ControlPlane::SHARED,
        plane.folder().display(),
        Program::find()?.path().display(),
        registry.address(),
    );
    // Heard from before the text is out: who has read it may interrupt at once.
    let (mut interrupt, mut terminate) = {
        let _entered = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    io::stdout().write_all(text.as_bytes())?;
    runtime.block_on(async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    Ok(ExitCode::SUCCESS)
}

fn with(command: Vec<OsString>) -> Result<ExitCode> {
    let (program, arguments) = command.split_first().context(USAGE)?;
    let plane = ControlPlane::start(&Options { audit: true, ..Options::default() })?;
    let status = Command::new(program)
        .args(arguments)
        .env(ControlPlane::SHARED, plane.folder())
        .env("KUBECONFIG", plane.folder().join("admin.kubeconfig"))
        .status()
        .with_context(|| format!("{}", program.display()))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
