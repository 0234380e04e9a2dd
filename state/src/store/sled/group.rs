//! A group of commits that become durable together: each is judged against what the ones before it would leave.
//!
//! Not here: the disk. What is stored already is asked of whoever builds the group.

use crate::store::{Commit, Committed, Key, Revision, StoreFault, Versioned};
use std::collections::HashMap;

/// What the commits judged so far would change, none of it written yet.
#[derive(Debug)]
pub(super) struct Group {
    changes: HashMap<Key, Option<Versioned>>,
    revision: Revision,
    bytes: usize,
}

impl Group {
    /// A group on top of a store at this revision.
    pub(super) fn upon(revision: Revision) -> Group {
        Group { changes: HashMap::new(), revision, bytes: 0 }
    }

    /// Judges one commit, and takes its changes in if its compares hold. An error leaves the group as it was.
    pub(super) fn add(
        &mut self,
        commit: Commit,
        stored: impl Fn(&Key) -> Result<Option<Versioned>, StoreFault>,
    ) -> Result<Committed, StoreFault> {
        for compare in &commit.compares {
            let key = compare.key();
            let held = match self.changes.get(key) {
                Some(changed) => changed.clone(),
                None => stored(key)?,
            };
            if !compare.holds(held.as_ref().map(|held| held.revision)) {
                return Ok(Committed::Conflict { key: key.clone(), held });
            }
        }
        if commit.writes() == 0 {
            return Ok(Committed::Done(self.revision));
        }
        self.revision = Revision(self.revision.0 + 1);
        for key in commit.deletes {
            self.bytes += key.as_bytes().len();
            self.changes.insert(key, None);
        }
        for (key, value) in commit.puts {
            self.bytes += key.as_bytes().len() + value.len();
            self.changes.insert(key, Some(Versioned { value, revision: self.revision }));
        }
        Ok(Committed::Done(self.revision))
    }

    /// The revision after all its commits.
    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// What there is to write.
    pub(super) fn changes(&self) -> &HashMap<Key, Option<Versioned>> {
        &self.changes
    }

    /// Roughly how many bytes there are to write.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
