//! Standard error: what the process says beside its answers, and its log. Where somebody types, both come above the
//! line that they are typing.
//!
//! Nobody waits for whoever reads it: a log that nobody takes costs its own lines, never a step of the engine.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::outlet::{Outlet, Piece, Sink, Worth};
use super::screen::Screen;

/// How long the last lines may take to be read before the process ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The terminal at which somebody types in this process.
static IN_FRONT: Mutex<Weak<Screen>> = Mutex::new(Weak::new());

/// None where the system has no thread for it.
static STDERR: LazyLock<Option<Outlet>> = LazyLock::new(|| Outlet::open("stderr", Stderr).ok());

struct Stderr;

impl Sink for Stderr {
    fn write(&mut self, missed: usize, pieces: VecDeque<Piece>) {
        for piece in pieces {
            if let Piece::Stays { text, .. } = piece {
                let _ = io::stderr().write_all(text.as_bytes());
            }
        }
        if missed > 0 {
            // In the format of the log, behind what is in it by now.
            tracing::warn!(lines = missed, "lines of the log are missing: whoever reads it was too slow");
        }
    }
}

/// From now on whatever the process says beside it is printed above the prompt.
pub(super) fn is_in_front(screen: &Arc<Screen>) {
    *IN_FRONT.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(screen);
}

/// Says something on standard error, above the prompt where somebody types.
pub(super) fn beside(lines: &str, worth: Worth) {
    let in_front = IN_FRONT.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    match (in_front.filter(|_| io::stderr().is_terminal()), &*STDERR) {
        (Some(screen), _) => screen.print_raw(lines, worth),
        (None, Some(stderr)) => stderr.push(Piece::Stays { text: lines.to_owned(), worth }),
        (None, None) => {
            let _ = io::stderr().write_all(lines.as_bytes());
        }
    }
}

/// Says on standard error why something is not done.
pub fn complain(lines: &str) {
    beside(lines, Worth::Word);
}

/// Gives what was said on standard error a moment to be read, at the end of the process.
pub fn last_lines() {
    if let Some(stderr) = LazyLock::get(&STDERR).and_then(Option::as_ref) {
        stderr.written_within(LAST_LINES);
    }
}

/// Lines of the log on standard error, which leave alone what somebody is typing.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogLines;

impl Write for LogLines {
    /// A line comes as a whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        beside(&String::from_utf8_lossy(line), Worth::Log);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
