//! Notes the commit that is built, for `--version`.
//!
//! Without git or a repository, as in a container build from an archive, `ROTABOT_COMMIT` says it, or nothing does.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=ROTABOT_COMMIT");
    // A build that holds changes says so, so the question is asked anew whenever the sources of the program change.
    for part in ["src", "build.rs", "../commands/src", "../state/src", "../Cargo.lock"] {
        println!("cargo:rerun-if-changed={part}");
    }
    // The log of HEAD grows with every commit and checkout; in a worktree it is elsewhere than in `.git`.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
        println!("cargo:rerun-if-changed={log}");
    }
    let said = env::var("ROTABOT_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    let commit = said.or_else(|| git(&["describe", "--always", "--dirty=-changed", "--abbrev=10", "--exclude=*"]));
    println!("cargo:rustc-env=ROTABOT_COMMIT={}", commit.as_deref().map_or("unknown", str::trim));
}

fn git(arguments: &[&str]) -> Option<String> {
    let answer = Command::new("git").args(arguments).output().ok().filter(|answer| answer.status.success())?;
    let text = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
