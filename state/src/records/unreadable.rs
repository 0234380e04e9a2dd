//! Records that can't be read: what each is, and how a person takes away one that blocks a target.
//!
//! Nothing is ever taken away by itself: whoever does it has looked.

use std::fmt;

use super::{ClaimRecord, RecordFault, Records, keys, put, readable};
use crate::change::outcome::Question;
use crate::fault::Fault;
use crate::journal::JournalLine;
use crate::lock::Scope;
use crate::names::{ChangeId, ChangeNumber, TargetName};
use crate::store::documents::{self, Batch};
use crate::store::record::Record;
use crate::store::{Committed, Key, Revision};

/// A record that is there, and can't be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreadable {
    /// Which one.
    pub record: RecordName,
    /// Why, for a log.
    pub fault: Fault,
}

/// What a record is, as far as its key tells. Shown as people find it in an export: `claim/api/prod`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordName {
    /// Who holds a target.
    Claim(TargetName),
    /// The question that is open on a target.
    Question(TargetName),
    /// A lock.
    Lock {
        /// What it covers.
        scope: Scope,
        /// Whether rotabot left it, rather than a person having laid it.
        left: bool,
    },
    /// A mark of what must not be gone back to.
    Withdrawn {
        /// The target.
        target: TargetName,
        /// The change that left it.
        by: ChangeNumber,
    },
    /// A part of a change, or all of it.
    Change(ChangeId),
    /// Any other.
    Other(Key),
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(target) => write!(f, "claim/{}/{}", target.service, target.environment),
            Self::Question(target) => write!(f, "question/{}/{}", target.service, target.environment),
            Self::Lock { scope, left } => write!(f, "lock/{scope}/{}", if *left { "left" } else { "said" }),
            Self::Withdrawn { target, by } => write!(f, "withdrawn/{}/{}/{}", target.service, target.environment, by.0),
            Self::Change(id) => write!(f, "change/{id}"),
            Self::Other(key) => write!(f, "{key:?}"),
        }
    }
}

/// Of the lines of a journal, the newest so many tell which change of the target is the last.
const RECENT_LINES: usize = 100;

impl Records {
    /// Who must hold a target whose claim can't be read: its last change, where that is open.
    pub async fn holder_by_journal(&self, target: &TargetName) -> Result<Option<ClaimRecord>, RecordFault> {
        let lines = self.journal(&Scope::Target(target.clone()), None, RECENT_LINES).await?;
        let Some(number) = lines.into_iter().filter_map(|line| line.line.change).max() else { return Ok(None) };
        let Some(id) = self.by_number(number).await? else { return Ok(None) };
        let open = self.change(id).await?.filter(|stored| stored.change.ended().is_none());
        Ok(open.map(|stored| ClaimRecord::of(&stored.change)))
    }

    /// Frees a target of what can't be read: its claim and its question where they themselves can't be, or where they are
    /// those of `change`, whose record can't be. What went; none where nothing of that kind is there.
    pub async fn free(
        &self,
        target: &TargetName,
        change: Option<ChangeId>,
        lines: &[JournalLine],
    ) -> Result<Vec<RecordName>, RecordFault> {
        loop {
            let (claim, question) = (keys::claim(target), keys::question(target));
            let mut batch = Batch::new();
            let mut gone = Vec::new();
            if let Some(revision) = self.blocks(&claim, change, |claim: &ClaimRecord| claim.change).await? {
                batch.commit.demand(claim.clone(), revision);
                batch.commit.delete(claim);
                gone.push(RecordName::Claim(target.clone()));
            }
            if let Some(revision) = self.blocks(&question, change, |question: &Question| question.change).await? {
                batch.commit.demand(question.clone(), revision);
                batch.commit.delete(question);
                gone.push(RecordName::Question(target.clone()));
            }
            if gone.is_empty() {
                return Ok(gone);
            }
            let unique = change.map_or_else(|| "free".to_owned(), |id| format!("{id}/free"));
            for (n, line) in (0_u64..).zip(lines) {
                let key = keys::journal(&Scope::Target(target.clone()), line.at, &unique, n);
                put(&mut batch, key, "", line)?;
            }
            if let Committed::Done(_) = self.write(batch).await? {
                return Ok(gone);
            }
        }
    }

    /// The revision of a record that can't be read, or that is about this change.
    async fn blocks<R: Record>(
        &self,
        key: &Key,
        change: Option<ChangeId>,
        of: impl Fn(&R) -> ChangeId,
    ) -> Result<Option<Revision>, RecordFault> {
        let found = self.read_or_not::<R>(key).await?;
        let blocks = |read: &Result<R, Unreadable>| read.as_ref().map_or(true, |read| change == Some(of(read)));
        Ok(found.filter(|(read, _)| blocks(read)).map(|(_, revision)| revision))
    }

    /// A record with its revision, also where it can't be read.
    pub(super) async fn read_or_not<R: Record>(
        &self,
        key: &Key,
    ) -> Result<Option<(Result<R, Unreadable>, Revision)>, RecordFault> {
        let Some(held) = self.store.get(key).await? else { return Ok(None) };
        let read = match documents::assemble(&*self.store, &held.value).await? {
            Ok(bytes) => readable(key, &bytes),
            Err(cause) => Err(unreadable(key, &cause)),
        };
        match read {
            Ok(record) => Ok(Some((Ok(record), held.revision))),
            Err(RecordFault::Unreadable(unreadable)) => Ok(Some((Err(unreadable), held.revision))),
            Err(fault) => Err(fault),
        }
    }
}

pub(super) fn unreadable(key: &Key, cause: &str) -> RecordFault {
    let fault = Fault::new(format!("the record {key:?} can't be read: {cause}"));
    RecordFault::Unreadable(Unreadable { record: keys::name_of(key), fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_key() {
        let target = TargetName { service: "api".parse().unwrap(), environment: "prod".parse().unwrap() };
        let id = ChangeId::from_parts(1_800_000_000_000, 7);
        for (key, name, shown) in [
            (keys::claim(&target), RecordName::Claim(target.clone()), "claim/api/prod".to_owned()),
            (keys::question(&target), RecordName::Question(target.clone()), "question/api/prod".to_owned()),
            (
                keys::lock_in(&Scope::Target(target.clone()), true),
                RecordName::Lock { scope: Scope::Target(target.clone()), left: true },
                "lock/api/prod/left".to_owned(),
            ),
            (
                keys::lock_in(&Scope::All, false),
                RecordName::Lock { scope: Scope::All, left: false },
                "lock/all/said".to_owned(),
            ),
            (
                keys::withdrawn(&target, ChangeNumber(7)),
                RecordName::Withdrawn { target: target.clone(), by: ChangeNumber(7) },
                "withdrawn/api/prod/7".to_owned(),
            ),
            (keys::part(id, "head"), RecordName::Change(id), format!("change/{id}")),
            (keys::change(id), RecordName::Change(id), format!("change/{id}")),
        ] {
            assert_eq!(keys::name_of(&key), name);
            assert_eq!(name.to_string(), shown);
        }
        let strange = Key::kind("claim").text("A Name That Is None").text("prod");
        assert_eq!(keys::name_of(&strange), RecordName::Other(strange.clone()));
    }
}
