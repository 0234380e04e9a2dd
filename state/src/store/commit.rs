//! The conditional batch, and what a store checks before it looks at one.

use super::{Key, RequestFault, Revision, Versioned};
use std::collections::BTreeSet;

/// The most compares, and the most puts and deletes together, that one commit may hold.
pub const OPERATIONS_AT_MOST: usize = 128;

/// The longest value a store takes, in bytes. What may be longer is a document, see [`super::documents`].
pub const VALUE_AT_MOST: usize = 4 * 1024;

/// What must hold for a commit to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compare {
    /// The key does not exist.
    Absent(Key),
    /// The key was written last at this revision, and exists.
    Revision(Key, Revision),
}

impl Compare {
    /// The key that is looked at.
    pub fn key(&self) -> &Key {
        match self {
            Compare::Absent(key) | Compare::Revision(key, _) => key,
        }
    }

    /// Whether it holds, given what the store has for the key.
    pub fn holds(&self, revision: Option<Revision>) -> bool {
        match self {
            Compare::Absent(_) => revision.is_none(),
            Compare::Revision(_, wanted) => revision == Some(*wanted),
        }
    }
}

/// A small conditional batch: if all compares hold, everything is put and deleted, else nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Commit {
    /// What must hold.
    pub compares: Vec<Compare>,
    /// What is written.
    pub puts: Vec<(Key, Vec<u8>)>,
    /// What is taken away. Taking away an absent key is no fault.
    pub deletes: Vec<Key>,
}

impl Commit {
    /// An empty batch.
    pub fn new() -> Commit {
        Commit::default()
    }

    /// Demands that the key does not exist.
    pub fn demand_absent(&mut self, key: Key) -> &mut Commit {
        self.compares.push(Compare::Absent(key));
        self
    }

    /// Demands that the key is still as it was read at this revision.
    pub fn demand(&mut self, key: Key, revision: Revision) -> &mut Commit {
        self.compares.push(Compare::Revision(key, revision));
        self
    }

    /// Demands that the key is still as it was read: at this revision, or absent.
    pub fn demand_unchanged(&mut self, key: Key, read: Option<Revision>) -> &mut Commit {
        match read {
            Some(revision) => self.demand(key, revision),
            None => self.demand_absent(key),
        }
    }

    /// Writes the value.
    pub fn put(&mut self, key: Key, value: impl Into<Vec<u8>>) -> &mut Commit {
        self.puts.push((key, value.into()));
        self
    }

    /// Takes the key away.
    pub fn delete(&mut self, key: Key) -> &mut Commit {
        self.deletes.push(key);
        self
    }

    /// How many keys are written or taken away.
    pub fn writes(&self) -> usize {
        self.puts.len() + self.deletes.len()
    }

    /// Every store refuses a batch that any store could not take, before it looks at the compares.
    pub fn check(&self) -> Result<(), RequestFault> {
        let operations = self.compares.len().max(self.writes());
        if operations > OPERATIONS_AT_MOST {
            return Err(RequestFault::TooManyOperations { operations });
        }
        for compare in &self.compares {
            compare.key().check()?;
        }
        let mut written = BTreeSet::new();
        for key in self.puts.iter().map(|(key, _)| key).chain(&self.deletes) {
            key.check()?;
            if !written.insert(key) {
                return Err(RequestFault::KeyTwice { key: key.clone() });
            }
        }
        match self.puts.iter().find(|(_, value)| value.len() > VALUE_AT_MOST) {
            Some((key, value)) => Err(RequestFault::ValueTooLong { key: key.clone(), bytes: value.len() }),
            None => Ok(()),
        }
    }
}

/// What became of a commit whose outcome is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// Applied and durable; what was put is at this revision. (A batch without puts and deletes writes nothing: then this
    /// is the revision at which its compares held.)
    Done(Revision),
    /// Nothing was applied: the first compare that does not hold is about this key.
    Conflict {
        /// The key.
        key: Key,
        /// What the store has for it.
        held: Option<Versioned>,
    },
}
