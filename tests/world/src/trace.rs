//! What happened, line by line, and a hash over all of it: the same seed gives the same trace.

use std::fmt;
use std::time::Duration;

/// What is done with the lines beside hashing them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lines {
    /// Nothing.
    #[default]
    Hashed,
    /// They are kept.
    Kept,
    /// They are printed as they come.
    Printed,
}

/// A trace.
#[derive(Debug)]
pub struct Trace {
    lines: Lines,
    hash: u64,
    kept: Vec<String>,
    line: String,
}

impl Trace {
    pub(crate) fn new(lines: Lines) -> Self {
        Self { lines, hash: 0xcbf2_9ce4_8422_2325, kept: Vec::new(), line: String::with_capacity(128) }
    }

    pub(crate) fn add(&mut self, at: Duration, what: fmt::Arguments<'_>) {
        use fmt::Write as _;
        self.line.clear();
        let millis = at.as_millis();
        // Writing to a string can't fail.
        let _ = write!(self.line, "{:>6}.{:03} {what}", millis / 1_000, millis % 1_000);
        for byte in self.line.bytes().chain([b'\n']) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        match self.lines {
            Lines::Hashed => {}
            Lines::Kept => self.kept.push(self.line.clone()),
            #[expect(clippy::print_stdout, reason = "a trace is printed because somebody asked to see it")]
            Lines::Printed => println!("{}", self.line),
        }
    }

    /// A hash over all lines so far (FNV-1a).
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines, where they are kept.
    pub fn lines(&self) -> &[String] {
        &self.kept
    }
}
