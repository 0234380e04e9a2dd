//! Names and ids. Each is validated in its constructor and nowhere else; beyond the front ends and the config reader
//! nothing handles them as bare strings.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ulid::Ulid;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// Longer than the limit, in characters.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// Holds a character that the name can't have.
    #[error("has {0:?}; allowed are a-z, 0-9, '-' and '.', with a letter or a digit at both ends")]
    BadCharacter(char),
    /// Holds a character that a name of this kind, which is part of a host name, can't have.
    #[error("has {0:?}; allowed are a-z, 0-9 and '-', with a letter or a digit at both ends")]
    BadInLabel(char),
    /// Not a number of a change.
    #[error("is not the number of a change")]
    NotANumber,
    /// Not the id of a change.
    #[error("is not the id of a change")]
    NotAnId,
}

/// Kubernetes' two rules for names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// For most objects, and here for all names but those of the other rule: a DNS subdomain.
    Subdomain,
    /// For namespaces and containers: a DNS label (RFC 1123), which has no dots.
    Label,
}

fn validate(text: &str, limit: usize, rule: Rule) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > limit {
        return Err(NameError::TooLong(limit));
    }
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = |c: char| edge(c) || c == '-' || (c == '.' && rule == Rule::Subdomain);
    let ends = || text.chars().next().into_iter().chain(text.chars().last());
    match (text.chars().find(|c| !inner(*c)).or_else(|| ends().find(|c| !edge(*c))), rule) {
        (None, _) => Ok(()),
        (Some(bad), Rule::Subdomain) => Err(NameError::BadCharacter(bad)),
        (Some(bad), Rule::Label) => Err(NameError::BadInLabel(bad)),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $limit:expr) => {
        name!($(#[$doc])* $type, $limit, Rule::Subdomain);
    };
    ($(#[$doc:meta])* $type:ident, $limit:expr, $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Takes a text as a name, if it is one.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                validate(&text, $limit, $rule)?;
                Ok(Self(text))
            }

            /// The name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

name!(/// A service of the catalogue, such as `api`.
    ServiceName, 63);
name!(/// An environment of the catalogue, such as `prod`.
    EnvironmentName, 63);
name!(/// A person of the catalogue.
    PersonName, 63);
name!(/// A cluster of the catalogue.
    ClusterName, 63);
name!(/// A namespace of a cluster.
    Namespace, 63, Rule::Label);
name!(/// The name of a Deployment, StatefulSet or DaemonSet.
    WorkloadName, 253);
name!(/// A container of a pod.
    ContainerName, 63, Rule::Label);
name!(/// A channel in chat, by its name in the config.
    ChannelName, 63);
name!(/// A role that people have, such as `developer` or `admin`.
    RoleName, 63);

/// The id of a change: also its marker in the cluster and in messages. Sorts by the moment it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeId(Ulid);

impl ChangeId {
    /// Makes an id from its parts: milliseconds since 1970, and 80 bits that tell it apart.
    pub fn from_parts(milliseconds: u64, rest: u128) -> Self {
        Self(Ulid::from_parts(milliseconds, rest))
    }

    /// When the change began.
    pub fn at(self) -> DateTime<Utc> {
        i64::try_from(self.0.timestamp_ms()).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default()
    }

    /// The id of the change that a request begins. Requests are unique, so their hash serves where others take chance,
    /// and the same seed of a simulation gives the same ids.
    pub fn of_request(at: DateTime<Utc>, request: &str) -> Self {
        let hash = Sha256::digest(request);
        let rest = hash.iter().take(10).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        Self::from_parts(u64::try_from(at.timestamp_millis()).unwrap_or(0), rest)
    }
}

impl FromStr for ChangeId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Ulid::from_string(text).map(Self).map_err(|_| NameError::NotAnId)
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number by which people call a change: `#412`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeNumber(pub u64);

impl FromStr for ChangeNumber {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        match digits.parse() {
            Ok(number) if number > 0 => Ok(Self(number)),
            _ => Err(NameError::NotANumber),
        }
    }
}

impl fmt::Display for ChangeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What a change is about: one service in one environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TargetName {
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.environment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule_of_kubernetes() {
        for good in ["api", "a", "web-2", "x.y", "0a"] {
            assert!(ServiceName::new(good).is_ok(), "{good}");
        }
        assert_eq!(ServiceName::new(""), Err(NameError::Empty));
        assert_eq!(ServiceName::new("-a"), Err(NameError::BadCharacter('-')));
        assert_eq!(ServiceName::new("a."), Err(NameError::BadCharacter('.')));
        assert_eq!(ServiceName::new("Api"), Err(NameError::BadCharacter('A')));
        assert_eq!(ServiceName::new("@everyone"), Err(NameError::BadCharacter('@')));
        assert_eq!(ServiceName::new("a".repeat(64)), Err(NameError::TooLong(63)));
        assert!(serde_json::from_str::<ServiceName>("\"a b\"").is_err());
    }

    #[test]
    fn namespaces_and_containers_have_no_dots() {
        assert!(Namespace::new("shop-1").is_ok() && ContainerName::new("0a").is_ok());
        assert_eq!(Namespace::new("shop.eu"), Err(NameError::BadInLabel('.')));
        assert_eq!(ContainerName::new("api.v1"), Err(NameError::BadInLabel('.')));
        assert_eq!(ContainerName::new("api-"), Err(NameError::BadInLabel('-')));
        assert!(WorkloadName::new("api.v1").is_ok());
        let told = NameError::BadInLabel('.').to_string();
        assert!(!told.contains("'-' and '.'"), "{told}");
    }

    #[test]
    fn numbers_are_read_with_and_without_their_sign() {
        assert_eq!("#412".parse(), Ok(ChangeNumber(412)));
        assert_eq!("412".parse(), Ok(ChangeNumber(412)));
        assert_eq!("0".parse::<ChangeNumber>(), Err(NameError::NotANumber));
        assert_eq!("#".parse::<ChangeNumber>(), Err(NameError::NotANumber));
    }
}
