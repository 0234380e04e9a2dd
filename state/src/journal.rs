//! The journal: who did what to which target, and what came of it. And the notices that wait for their channel.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::change::ParkedWhy;
use crate::lock::Scope;
use crate::names::{ChangeId, ChangeNumber, PersonName};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; none for what rotabot did by itself.
    pub by: Option<PersonName>,
    /// Who really typed it, where that is somebody else.
    pub typed_by: Option<PersonName>,
    /// The change it belongs to.
    pub change: Option<ChangeNumber>,
    /// What.
    pub what: JournalWhat,
}

/// What a line of the journal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalWhat {
    /// A deploy was asked for.
    AskedDeploy {
        /// What was asked for.
        reference: String,
    },
    /// A rollback was asked for.
    AskedRollback {
        /// To what, where that was named.
        to: Option<String>,
    },
    /// A stop was asked for.
    AskedStop,
    /// A change ended.
    Ended {
        /// The word for its outcome.
        outcome: String,
        /// What it was about: the tag, or the digest in short.
        image: Option<String>,
    },
    /// A change was parked.
    Parked(ParkedWhy),
    /// A parked change goes on.
    Resumed,
    /// A parked change was released by an admin.
    Released,
    /// A lock was laid.
    Locked {
        /// Its scope.
        scope: Scope,
        /// Its reason, as it was given.
        reason: String,
    },
    /// A lock was lifted.
    Unlocked {
        /// Its scope.
        scope: Scope,
        /// Who held it; none where it could not be read.
        held_by: Option<PersonName>,
    },
    /// A question was answered with "leave it".
    LeftAsIs,
    /// A question lapsed: the target is no longer as it was left.
    Lapsed,
    /// A question is asked again: it was found overdue, or the change that answered it ended without touching anything.
    AskedAgain,
}

/// A message that a channel must see, made of nothing but what it is about: the words are put together from the records
/// when it is delivered, and the same records give the same words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The change it is about.
    pub change: ChangeId,
    /// What it says.
    pub what: NoticeWhat,
    /// Since when it waits.
    pub since: DateTime<Utc>,
}

/// What a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeWhat {
    /// The change is under way: this message is edited as it goes.
    Progress,
    /// It has its outcome.
    Outcome,
    /// It is parked.
    Parked,
    /// Its question lapsed.
    Lapsed,
    /// Its question is shown again.
    AskedAgain,
}

impl NoticeWhat {
    /// All of them.
    pub const ALL: [NoticeWhat; 5] = [Self::Progress, Self::Outcome, Self::Parked, Self::Lapsed, Self::AskedAgain];

    /// Its word in markers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Outcome => "outcome",
            Self::Parked => "parked",
            Self::Lapsed => "lapsed",
            Self::AskedAgain => "asked-again",
        }
    }
}

impl Notice {
    /// By what its message is found again (D17): unique for each message that is meant to be.
    pub fn marker(&self) -> String {
        let (change, what) = (self.change, self.what.as_str());
        match self.what {
            // A change may be parked again and again, and each time is said.
            NoticeWhat::Parked => format!("{change}/{what}/{}", self.since.timestamp_millis()),
            _ => format!("{change}/{what}"),
        }
    }

    /// What a message is about, by its marker.
    pub fn of_marker(marker: &str) -> Option<(ChangeId, NoticeWhat)> {
        let mut parts = marker.split('/');
        let (change, word) = (parts.next()?, parts.next()?);
        let what = NoticeWhat::ALL.into_iter().find(|what| what.as_str() == word)?;
        Some((change.parse().ok()?, what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_read_back() {
        for what in NoticeWhat::ALL {
            let change = ChangeId::from_parts(1_800_000_000_000, 7);
            let notice = Notice { change, what, since: DateTime::UNIX_EPOCH };
            assert_eq!(Notice::of_marker(&notice.marker()), Some((change, what)));
        }
        assert_eq!(Notice::of_marker("hello/outcome"), None);
        let change = ChangeId::from_parts(1_800_000_000_000, 7);
        assert_eq!(Notice::of_marker(&format!("{change}/parked")), Some((change, NoticeWhat::Parked)), "the old form");
    }

    #[test]
    fn each_time_that_a_change_is_parked_has_a_message_of_its_own() {
        let change = ChangeId::from_parts(1_800_000_000_000, 7);
        let at = |millis| DateTime::from_timestamp_millis(millis).unwrap();
        let marker = |what, millis| Notice { change, what, since: at(millis) }.marker();
        assert_ne!(marker(NoticeWhat::Parked, 1), marker(NoticeWhat::Parked, 2));
        assert_eq!(marker(NoticeWhat::Progress, 1), marker(NoticeWhat::Progress, 2), "it is edited under one marker");
    }
}
