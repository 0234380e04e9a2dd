//! The log: lines on standard error, for people or for machines. What is logged is decided where it happens.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::ChronoUtc;

use crate::config::{Log, LogFormat, LogLevel};
use crate::console::LogLines;
use crate::surroundings;

/// Our own crates: the level of the config is theirs. Of others only what they warn of is of interest.
const OURS: [&str; 4] = ["rotabot", "commands", "state", "world"];

/// Begins to write the log. `RUST_LOG` goes before the level of the config.
pub fn start(log: Log) {
    let wish = surroundings::variable("RUST_LOG").filter(|wish| !wish.trim().is_empty());
    let parsed = wish.as_deref().map(EnvFilter::try_new);
    let unusable = matches!(parsed, Some(Err(_)));
    let filter = match parsed {
        Some(Ok(filter)) => filter,
        _ => EnvFilter::new(directives(log.level)),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(LogLines::default);
    let lines = lines.with_timer(ChronoUtc::new("%Y-%m-%dT%H:%M:%S%.3fZ".into()));
    // A second start, in tests, keeps the first log.
    let _ = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => {
            let colours = io::stderr().is_terminal() && !surroundings::is_set("NO_COLOR");
            lines.with_ansi(colours).try_init()
        }
    };
    if unusable {
        tracing::warn!(rust_log = wish, "RUST_LOG can't be read, the level of the config is taken");
    }
}

fn directives(level: LogLevel) -> String {
    let level = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let others = if level == "error" { "error" } else { "warn" };
    // kube logs each request that fails as an error. We say once that a cluster doesn't answer.
    let others = format!("{others},kube_client=off");
    OURS.iter().fold(others, |text, name| format!("{text},{name}={level}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_for_our_own_crates() {
        assert_eq!(
            directives(LogLevel::Debug),
            "warn,kube_client=off,rotabot=debug,commands=debug,state=debug,world=debug"
        );
        assert!(EnvFilter::try_new(directives(LogLevel::Trace)).is_ok());
    }
}
