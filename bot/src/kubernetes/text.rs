//! Text that comes from outside, made fit to be kept and shown: redacted and cut.

use state::redact::{clean_line, clean_log};

/// How many characters of a sentence are kept.
const SENTENCE: usize = 600;

/// A sentence of the API server, of a node or of a controller.
pub(super) fn sentence(text: &str) -> String {
    // Nearly every status says nothing.
    if text.is_empty() { String::new() } else { clean_line(text, SENTENCE) }
}

/// The last lines of a log, oldest first.
pub(super) fn log_lines(log: &str, last: usize) -> Vec<String> {
    clean_log(log, last, SENTENCE)
}
