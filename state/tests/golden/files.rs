//! The files: a line for each record, its name or key in front, every byte that is no plain text escaped.

use std::fs;
use std::path::{Path, PathBuf};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

impl Line {
    pub(crate) fn new(name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// The name as it stands in the file.
    pub(crate) fn label(&self) -> String {
        escaped(&self.name)
    }
}

/// Where they are kept.
pub(crate) fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The folders of all formats, the oldest first.
pub(crate) fn formats() -> Vec<PathBuf> {
    let entries = fs::read_dir(golden()).expect("the golden records").flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The files of a folder: the name of each, and its lines.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<Line>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let file = |path: &PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, read(&fs::read_to_string(path).expect("a golden file")))
    };
    paths.iter().map(file).collect()
}

pub(crate) fn read(text: &str) -> Vec<Line> {
    let line = |line: &str| {
        let (name, value) = line.split_once(" = ").expect("a name and a value");
        Line { name: unescaped(name), value: unescaped(value) }
    };
    text.lines().map(line).collect()
}

pub(crate) fn write(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("{} = {}\n", line.label(), escaped(&line.value))).collect()
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = match (first, behind) {
            (b'\\', [b'\\', behind @ ..]) => {
                bytes.push(b'\\');
                behind
            }
            (b'\\', [b'x', high, low, behind @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("hex digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hex digits"));
                behind
            }
            _ => {
                bytes.push(*first);
                behind
            }
        };
    }
    bytes
}

#[test]
fn any_bytes_come_back() {
    let all: Vec<u8> = (0..=255).collect();
    for value in [&all[..], b"", b" = ", b"\\x00", "你好".as_bytes()] {
        let lines = [Line::new(*b"key\0", value)];
        assert_eq!(read(&write(&lines)), lines);
    }
}
