//! Nothing outlives the process that started a control plane, however that process ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use cluster::until;
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn an_owner_that_is_killed_leaves_neither_processes_nor_files() -> Result<()> {
    let (mut owner, folder) = start_owner()?;
    // A frozen process can't be told anything: the kernel must end it.
    let frozen = processes_about(&folder).into_iter().find(|(_, line)| line.contains("kube-apiserver"));
    let (id, _) = frozen.context("no API server among the processes")?;
    send(id, Signal::STOP)?;
    owner.kill()?;
    owner.wait()?;
    nothing_is_left(&folder)
}

#[test]
fn an_owner_that_is_interrupted_leaves_neither_processes_nor_files() -> Result<()> {
    let (mut owner, folder) = start_owner()?;
    send(i32::try_from(owner.id())?, Signal::INT)?;
    assert!(owner.wait()?.success());
    nothing_is_left(&folder)
}

/// `cluster up`, and the folder of its control plane.
fn start_owner() -> Result<(Child, String)> {
    let mut owner = Command::new(env!("CARGO_BIN_EXE_cluster")).arg("up").stdout(Stdio::piped()).spawn()?;
    let output = BufReader::new(owner.stdout.take().context("no output")?);
    let mut folder = None;
    for line in output.lines() {
        let line = line?;
        if let Some(path) = line.strip_prefix("export ROTABOT_TEST_CLUSTER=") {
            folder = Some(path.to_owned());
        }
        if line.starts_with("registry: ") {
            break;
        }
    }
    let folder = folder.context("`cluster up` named no folder")?;
    let started = processes_about(&folder).len();
    assert!(started >= 5, "only {started} processes of {folder}");
    Ok((owner, folder))
}

fn nothing_is_left(folder: &str) -> Result<()> {
    until("the end of everything", Duration::from_secs(10), || {
        let left = processes_about(folder);
        Ok((left.is_empty() && !Path::new(folder).exists()).then_some(()))
    })
    .with_context(|| format!("left: {:?}", processes_about(folder)))
}

/// The processes whose command line names the folder.
fn processes_about(folder: &str) -> Vec<(i32, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(folder) {
            found.push((id, line));
        }
    }
    found
}

fn send(id: i32, signal: Signal) -> Result<()> {
    Ok(kill_process(Pid::from_raw(id).context("no process id")?, signal)?)
}
