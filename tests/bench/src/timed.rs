//! A process whose every line, and whose end, are stamped as they come.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Context, Result};

/// What came of it.
#[derive(Debug)]
pub(crate) struct Timed {
    /// What it printed, each line with the moment at which it was there.
    pub(crate) lines: Vec<(Instant, String)>,
    /// When it ended.
    pub(crate) ended: Instant,
    /// How.
    pub(crate) status: ExitStatus,
}

/// Starts it; it ends with this program. The thread that waits for it is the one that it was started by, for the kernel takes
/// that one for its parent.
pub(crate) fn start(command: Command) -> JoinHandle<Result<Timed>> {
    std::thread::spawn(move || {
        let mut child = bound(&command).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut printed = BufReader::new(child.stdout.take().context("it has no output")?);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if printed.read_line(&mut line)? == 0 {
                break;
            }
            lines.push((Instant::now(), line));
        }
        let status = child.wait()?;
        Ok(Timed { lines, ended: Instant::now(), status })
    })
}

/// Waits for its end.
pub(crate) fn end(started: JoinHandle<Result<Timed>>) -> Result<Timed> {
    started.join().ok().context("the thread that waits for a process panicked")?
}

/// The same command, killed by the kernel when whoever started it is gone.
fn bound(command: &Command) -> Command {
    let mut bound = Command::new("setpriv");
    bound.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    bound
}
