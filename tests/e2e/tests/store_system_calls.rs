//! The order of system calls behind every "accepted": the log is written, then its pages are sent to the disk (`flush`), then
//! the disk is told to make them durable (`fdatasync`), and only then is anything said. No kill shows whether this is so:
//! only a power cut would, so the calls themselves are looked at.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::process::Command;

#[test]
fn what_is_accepted_was_written_then_flushed_then_synced() {
    const TIMES: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let calls = trace(folder.path(), TIMES);
    let accepted: Vec<&Call> = calls.iter().filter(|call| call.says_accepted()).collect();
    assert_eq!(accepted.len(), TIMES);
    let mut since = 0;
    for accepted in accepted {
        let before: Vec<&Call> =
            calls.iter().filter(|call| call.on_log && call.began > since && call.began < accepted.began).collect();
        let of = |name: &str| before.iter().copied().filter(|call| call.name == name).collect::<Vec<_>>();
        let (writes, flushes, syncs) = (of("pwrite64"), of("sync_file_range"), of("fdatasync"));
        let shown = || format!("{}\n{before:#?}", accepted.line);
        assert!(!writes.is_empty(), "nothing was written before {}", shown());
        let sync = syncs.last().unwrap_or_else(|| panic!("nothing was synced before {}", shown()));
        assert!(sync.succeeded && sync.ended < accepted.began, "said before it was synced: {}", shown());
        for write in writes {
            assert!(write.ended < sync.began, "written after the sync began: {write:?} of {}", shown());
            let flushed = |flush: &&Call| flush.succeeded && flush.began > write.ended && flush.ended < sync.began;
            assert!(
                flushes.iter().copied().any(|flush| flushed(&flush)),
                "not flushed before the sync: {write:?} of {}",
                shown()
            );
        }
        since = accepted.began;
    }
}

/// One system call, with the lines of the trace at which it began and ended.
#[derive(Debug)]
struct Call {
    process: String,
    name: String,
    line: String,
    began: usize,
    ended: usize,
    succeeded: bool,
    on_log: bool,
}

impl Call {
    fn says_accepted(&self) -> bool {
        self.name == "write" && self.line.contains("\"accepted ")
    }
}

/// Runs the writer under strace, and returns its calls in the order in which they began.
fn trace(folder: &std::path::Path, times: usize) -> Vec<Call> {
    let output = folder.join("calls");
    let run = Command::new("strace")
        .args(["-f", "-y", "-s", "40", "-e", "trace=pwrite64,write,sync_file_range,fdatasync", "-o"])
        .arg(&output)
        .arg(env!("CARGO_BIN_EXE_store-writer"))
        .arg("accept")
        .arg(folder.join("store"))
        .arg(times.to_string())
        .output()
        .expect("this test needs strace: install the package strace");
    assert!(
        run.status.success(),
        "{}. In a container, strace needs the right to trace (CAP_SYS_PTRACE).\n{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
    let log = format!("<{}>", folder.join("store/db").display());
    let mut calls: Vec<Call> = Vec::new();
    for (number, line) in (1..).zip(std::fs::read_to_string(&output).unwrap().lines()) {
        let (process, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        let succeeded = rest.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with(['-', '?']));
        if rest.starts_with("<... ") {
            let begun = calls.iter_mut().rev().find(|call| call.process == process && call.ended == usize::MAX);
            if let Some(call) = begun {
                (call.ended, call.succeeded) = (number, succeeded);
            }
        } else if let Some((name, _)) = rest.split_once('(') {
            calls.push(Call {
                process: process.to_owned(),
                name: name.to_owned(),
                line: line.to_owned(),
                began: number,
                ended: if rest.ends_with("<unfinished ...>") { usize::MAX } else { number },
                succeeded,
                on_log: rest.contains(&log),
            });
        }
    }
    calls
}
