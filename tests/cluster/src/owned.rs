//! Processes and folders that end with the process that made them, however that one ends.
//!
//! A process is started through `setpriv --pdeathsig KILL`: the kernel kills it when its parent is gone, even when the parent was
//! killed and the child is frozen. The kernel takes "parent" to be the *thread* that forked, so all are forked by one thread that
//! lives as long as the process. A folder is watched by a small shell whose standard input is a pipe from here: end of file is the
//! end of its owner.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::wait::until;

/// Refuses to go on when the parent died before `setpriv` could ask to be told of it.
const STILL_MINE: &str = r#"[ "$PPID" = "$1" ] || exit 70; shift; exec "$@""#;

/// Waits for the end of its owner, then removes the folder; the owner's other processes may still be writing for a moment.
const SWEEP: &str =
    r#"cat >/dev/null; for n in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" 2>/dev/null && exit; sleep 0.2; done"#;

/// A process in a group of its own, killed when this is dropped and when the owning process ends.
pub struct Owned {
    name: String,
    group: Pid,
    child: Mutex<Child>,
    log: PathBuf,
}

impl Owned {
    /// Starts a program with its output going to `log`. Standard input is empty.
    pub fn start(program: &Path, arguments: &[String], log: &Path) -> Result<Self> {
        Self::start_with(program, arguments, &[], log)
    }

    /// As [`Owned::start`], with more environment variables.
    pub fn start_with(program: &Path, arguments: &[String], environment: &[(&str, &str)], log: &Path) -> Result<Self> {
        let output =
            File::options().create(true).append(true).open(log).with_context(|| format!("{}", log.display()))?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "sh", "-c", STILL_MINE, "sh"]).arg(std::process::id().to_string());
        command.arg(program).args(arguments).envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = spawn(command).context("starting a process through `setpriv` of util-linux")?;
        let name = [Some(program), arguments.first().map(Path::new)]
            .iter()
            .filter_map(|part| Some(part.as_ref()?.file_name()?.to_string_lossy().into_owned()))
            .collect::<Vec<_>>()
            .join(" ");
        Ok(Self { name, group: group_of(&child)?, child: Mutex::new(child), log: log.to_owned() })
    }

    /// The process's id, which is its group's too.
    pub fn id(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// The exit status once it has ended; it is reaped by looking.
    pub fn ended(&self) -> Result<Option<ExitStatus>> {
        Ok(self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()?)
    }

    /// Kills the whole group with SIGKILL and reaps the process.
    pub fn kill(&self) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        self.signal(Signal::KILL)?;
        self.child.lock().unwrap_or_else(PoisonError::into_inner).wait()?;
        Ok(())
    }

    /// Asks the group to end (SIGTERM) and waits for it.
    pub fn terminate(&self, patience: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        until(&format!("the end of {}", self.name), patience, || self.ended())
    }

    /// Stops the group where it is (SIGSTOP): connections stay open, nothing answers.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen group go on.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// What it printed last.
    pub fn log_tail(&self, lines: usize) -> String {
        let text = fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// An error with the log's tail when the process has ended, for loops that wait for it to get ready.
    pub fn must_run(&self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}:\n{}", self.name, self.log_tail(20)),
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        kill_process_group(self.group, signal).with_context(|| format!("{signal:?} to {}", self.name))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// A temporary folder that is removed when this is dropped and when the owning process ends.
pub struct OwnedFolder {
    path: PathBuf,
    watcher: Child,
}

impl OwnedFolder {
    pub fn new(prefix: &str) -> Result<Self> {
        let path = tempfile::Builder::new().prefix(prefix).tempdir().context("a temporary folder")?.keep();
        let mut command = Command::new("sh");
        command.args(["-c", SWEEP, "sh"]).arg(&path).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let watcher = spawn(command).context("starting the shell that watches a temporary folder")?;
        Ok(Self { path, watcher })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for OwnedFolder {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

type Order = (Command, Sender<io::Result<Child>>);

static STARTER: LazyLock<Sender<Order>> = LazyLock::new(|| {
    let (sender, orders) = channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in orders {
            let _ = answer.send(command.spawn());
        }
    });
    sender
});

/// Forks on the one thread that outlives all others, into a process group of its own so that Ctrl-C and job control don't reach it.
fn spawn(mut command: Command) -> Result<Child> {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
    let (sender, answer) = channel();
    STARTER.send((command, sender)).map_err(|_| anyhow!("the thread that starts processes is gone"))?;
    Ok(answer.recv()??)
}

fn group_of(child: &Child) -> Result<Pid> {
    let id = i32::try_from(child.id())?;
    Pid::from_raw(id).ok_or_else(|| anyhow!("a process with the id 0"))
}
