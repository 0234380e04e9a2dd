//! What went wrong, for logs. People are told by a refusal or an outcome, never by this.

use std::fmt;

/// A failure with its chain of causes. It has no `Display`, so that it can't slip into a message: a front end shows
/// the short reference that the log line carries, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    chain: String,
}

impl Fault {
    /// Takes a sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { chain: sentence.into() }
    }

    /// Takes an error with all of its sources.
    pub fn of(error: &dyn std::error::Error) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !chain.contains(&text) {
                chain.push_str(": ");
                chain.push_str(&text);
            }
            source = cause.source();
        }
        Self { chain }
    }

    /// The chain, outermost first, for a log.
    pub fn chain(&self) -> &str {
        &self.chain
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain)
    }
}
