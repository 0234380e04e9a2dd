//! The text of the file, and where in it something stands.

use std::fmt;
use std::path::{Path, PathBuf};

/// The file's text, for turning offsets into lines and columns.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

/// A place that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A place in the file; both count from 1, columns in characters.
    Spot { file: PathBuf, line: usize, column: usize },
    /// The file as a whole.
    File(PathBuf),
    /// Something beside the file, such as an option of the command line.
    Beside(&'static str),
}

impl Source<'_> {
    /// The place of a byte of the text.
    pub(super) fn place(&self, offset: usize) -> Place {
        let (line, column) = line_and_column(self.text, offset);
        Place::Spot { file: self.path.to_owned(), line, column }
    }
}

/// Line and column of a byte, both from 1.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Spot { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Place::File(file) => write!(f, "{}", file.display()),
            Place::Beside(what) => f.write_str(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::line_and_column;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let text = "a = 1\r\n值班 = 2\n";
        assert_eq!(line_and_column(text, 0), (1, 1));
        assert_eq!(line_and_column(text, text.find('=').expect("there")), (1, 3));
        assert_eq!(line_and_column(text, text.rfind('=').expect("there")), (2, 4));
        assert_eq!(line_and_column(text, text.len()), (3, 1));
        assert_eq!(line_and_column("", 7), (1, 1));
    }
}
