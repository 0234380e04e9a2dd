//! Sticky locks (D2, D3, D4): laid until they are lifted or run out. The lock of a change under way is its claim.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::names::{ChangeNumber, EnvironmentName, NameError, PersonName, ServiceName, TargetName};

/// What a lock covers. The widest is looked at first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Everything.
    All,
    /// One environment.
    Environment(EnvironmentName),
    /// One service in one environment.
    Target(TargetName),
}

impl Scope {
    /// The scopes that cover a target, the widest first.
    pub fn covering(target: &TargetName) -> [Scope; 3] {
        [Scope::All, Scope::Environment(target.environment.clone()), Scope::Target(target.clone())]
    }
}

impl FromStr for Scope {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('/') {
            _ if text == "all" => Ok(Scope::All),
            None => Ok(Scope::Environment(EnvironmentName::new(text)?)),
            Some((service, environment)) => Ok(Scope::Target(TargetName {
                service: ServiceName::new(service)?,
                environment: EnvironmentName::new(environment)?,
            })),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => f.write_str("all"),
            Scope::Environment(name) => name.fmt(f),
            Scope::Target(name) => name.fmt(f),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.to_string()
    }
}

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What it covers.
    pub scope: Scope,
    /// Who holds it.
    pub by: PersonName,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when, if an end was set.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Reason,
}

/// Why there is a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A person gave a reason.
    Said(String),
    /// A release failed or was rolled back from. Such a lock refuses only deploys.
    Withdrawn {
        /// What must not come back: the tag, or the digest in short.
        image: String,
        /// What happened to it.
        how: Withdrawal,
        /// The changes that lead to it, the oldest first.
        changes: Vec<ChangeNumber>,
    },
}

/// What happened to a release that must not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Withdrawal {
    /// It failed.
    Failed,
    /// It was rolled back from.
    RolledBack,
    /// It failed, and was rolled back from later.
    FailedAndRolledBack,
}

/// What a lock is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asking {
    /// A deploy.
    Deploy,
    /// A rollback that a person asks for.
    Rollback,
}

impl Lock {
    /// Whether it is still in force.
    pub fn in_force(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it refuses this to this person. Its holder passes (D3); a lock that a failure left refuses deploys only,
    /// for going back must stay possible (D4).
    pub fn refuses(&self, asking: Asking, person: &PersonName, now: DateTime<Utc>) -> bool {
        if !self.in_force(now) {
            return false;
        }
        match self.reason {
            Reason::Said(_) => *person != self.by,
            Reason::Withdrawn { .. } => asking == Asking::Deploy && *person != self.by,
        }
    }

    /// The same lock in the place of an earlier one that rotabot left: it names the changes of both, and all that
    /// happened to the image where both are about the same.
    #[must_use]
    pub fn over(mut self, earlier: &Lock) -> Self {
        let (Reason::Withdrawn { image, how, changes }, Reason::Withdrawn { image: before, how: had, changes: all }) =
            (&mut self.reason, &earlier.reason)
        else {
            return self;
        };
        let mut both = all.clone();
        both.append(changes);
        both.dedup();
        *changes = both;
        if image == before && how != had {
            *how = Withdrawal::FailedAndRolledBack;
        }
        self
    }

    /// The changes that led to it.
    pub fn changes(&self) -> &[ChangeNumber] {
        match &self.reason {
            Reason::Said(_) => &[],
            Reason::Withdrawn { changes, .. } => changes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(reason: Reason) -> Lock {
        let at = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let by = PersonName::new("lin").expect("a name");
        Lock { scope: Scope::All, by, since: at, until: Some(at + chrono::TimeDelta::hours(1)), reason }
    }

    fn left_by(number: u64, image: &str, how: Withdrawal) -> Reason {
        Reason::Withdrawn { image: image.to_owned(), how, changes: vec![ChangeNumber(number)] }
    }

    #[test]
    fn a_later_lock_takes_over_and_names_both_changes() {
        use Withdrawal::{Failed, FailedAndRolledBack, RolledBack};
        for (before, after, same, how) in [
            (Failed, Failed, true, Failed),
            (Failed, RolledBack, true, FailedAndRolledBack),
            (FailedAndRolledBack, RolledBack, true, FailedAndRolledBack),
            (Failed, RolledBack, false, RolledBack),
            (RolledBack, Failed, false, Failed),
        ] {
            let earlier = lock(left_by(1, "v8", before));
            let later = lock(left_by(2, if same { "v8" } else { "v9" }, after)).over(&earlier);
            let Reason::Withdrawn { how: said, changes, .. } = later.reason else { panic!("{later:?}") };
            assert_eq!((said, changes), (how, vec![ChangeNumber(1), ChangeNumber(2)]), "{before:?}, {after:?}");
        }
        let said = lock(Reason::Said("migration".to_owned()));
        assert_eq!(said.clone().over(&lock(left_by(1, "v8", Failed))), said);
    }

    #[test]
    fn scopes_are_read_back_and_ordered_widest_first() {
        for text in ["all", "prod", "api/prod"] {
            assert_eq!(text.parse::<Scope>().expect("a scope").to_string(), text);
        }
        assert!("api/".parse::<Scope>().is_err());
        let target =
            TargetName { service: "api".parse().expect("a name"), environment: "prod".parse().expect("a name") };
        assert_eq!(Scope::covering(&target).map(|scope| scope.to_string()), ["all", "prod", "api/prod"]);
    }

    #[test]
    fn who_passes_a_lock() {
        let (lin, mo) = (PersonName::new("lin").expect("a name"), PersonName::new("mo").expect("a name"));
        let said = lock(Reason::Said("migration".to_owned()));
        let left = lock(left_by(1, "v8", Withdrawal::Failed));
        let (now, later) = (said.since, said.since + chrono::TimeDelta::hours(1));
        assert!(said.refuses(Asking::Deploy, &mo, now) && said.refuses(Asking::Rollback, &mo, now));
        assert!(!said.refuses(Asking::Deploy, &lin, now), "the holder passes");
        assert!(!said.refuses(Asking::Deploy, &mo, later), "it ran out");
        assert!(left.refuses(Asking::Deploy, &mo, now) && !left.refuses(Asking::Rollback, &mo, now));
    }
}
