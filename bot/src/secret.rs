//! Secrets: where they are, and reading them at the start. They are never in the config, never in a log, and never
//! printed, not even for debugging.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::{bounded, surroundings};

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Variable(String),
    /// A file, whose last line break is not part of the secret.
    File(PathBuf),
}

/// Why a secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    #[error("{path} can't be read: {why}", path = .path.display())]
    NoFile { path: PathBuf, why: std::io::Error },
    #[error("{path} is not text", path = .0.display())]
    NotText(PathBuf),
    #[error("the environment variable {0} holds nothing")]
    EmptyVariable(String),
    #[error("{path} holds nothing", path = .0.display())]
    EmptyFile(PathBuf),
}

/// The longest secret, in bytes.
const LONGEST_SECRET: u64 = 1 << 20;

impl SecretSource {
    /// Reads the secret.
    pub fn read(&self) -> Result<SecretString, SecretFault> {
        let text = match self {
            Self::Variable(name) => {
                surroundings::variable(name).ok_or_else(|| SecretFault::NoVariable(name.clone()))?
            }
            Self::File(path) => {
                let bytes = bounded::read(path, LONGEST_SECRET)
                    .map_err(|why| SecretFault::NoFile { path: path.clone(), why })?;
                String::from_utf8(bytes).map_err(|_| SecretFault::NotText(path.clone()))?
            }
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if !secret.trim().is_empty() {
            return Ok(secret.into());
        }
        Err(match self {
            Self::Variable(name) => SecretFault::EmptyVariable(name.clone()),
            Self::File(path) => SecretFault::EmptyFile(path.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_secret_is_read_from_its_file_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        fs::write(&path, "hunter2\n").expect("written");
        let secret = SecretSource::File(path.clone()).read().expect("a secret");
        assert_eq!(secret.expose_secret(), "hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        fs::write(&path, "\n").expect("written");
        assert!(matches!(SecretSource::File(path).read(), Err(SecretFault::EmptyFile(_))));
        let nowhere = SecretSource::File(folder.path().join("nowhere")).read();
        assert!(matches!(nowhere, Err(SecretFault::NoFile { .. })));
        let unset = SecretSource::Variable("ROTABOT_TEST_NEVER_SET".into()).read();
        assert!(matches!(unset, Err(SecretFault::NoVariable(_))));
    }
}
