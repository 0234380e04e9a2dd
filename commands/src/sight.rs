//! What stands between rotabot and the sight of what runs: a cluster that gives no answer, a right that is missing, or
//! nothing but that it has only just begun to look; and what keeps a change under way from getting on meanwhile.
//!
//! How it is put into words is the business of `cards`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use state::names::WorkloadName;

use crate::ports::ClusterFault;

/// Why a target can't be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sightless {
    /// This process has only just begun to look.
    NotYet,
    /// The cluster gives no answer, or none that can be understood.
    Unanswered,
    /// A right is missing: waiting won't bring it.
    Forbidden(Forbidden),
}

impl Sightless {
    /// By how old the knowledge is (none where there never was any), and what the cluster's adapter says.
    pub fn of(age: Option<Duration>, trouble: Option<ClusterFault>) -> Self {
        match trouble {
            Some(ClusterFault::Forbidden(sentence)) => Self::Forbidden(Forbidden::of(&sentence)),
            None if age.is_none() => Self::NotYet,
            Some(ClusterFault::Unreachable(_) | ClusterFault::Unreadable(_)) | None => Self::Unanswered,
        }
    }
}

/// What the API server says of a right that is missing. All of it is the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forbidden {
    /// This right.
    Right {
        /// What may not be done: `list`, `watch`…
        verb: String,
        /// To what, with its group: `pods`, `deployments.apps`…
        resource: String,
        /// Where; none where that is not in one namespace.
        namespace: Option<String>,
    },
    /// Something else: credentials that are not taken, a rule of an authorizer that is not Kubernetes' own.
    Said(String),
}

impl Forbidden {
    /// Reads the sentence of Kubernetes' authorizer; any other is told as it is.
    pub fn of(sentence: &str) -> Self {
        let right = || {
            let (_, rest) = sentence.split_once(" cannot ")?;
            let (verb, rest) = rest.split_once(" resource \"")?;
            let (resource, rest) = rest.split_once('"')?;
            let (group, rest) = match rest.strip_prefix(" in API group \"") {
                Some(rest) => rest.split_once('"')?,
                None => ("", rest),
            };
            let namespace = rest.split_once(" in the namespace \"").and_then(|(_, rest)| rest.split_once('"'));
            let resource = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
            let (verb, namespace) = (verb.to_owned(), namespace.map(|(name, _)| name.to_owned()));
            Some(Self::Right { verb, resource, namespace })
        };
        right().unwrap_or_else(|| Self::Said(sentence.to_owned()))
    }
}

/// Why nothing moves in a change under way, though nothing has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standstill {
    /// Somebody else has paused a workload.
    Paused {
        /// Which.
        workload: WorkloadName,
        /// Who, by the name under which they write, where the server tells.
        by: Option<String>,
        /// When that was first seen.
        since: DateTime<Utc>,
    },
    /// Its cluster can't be read.
    Blind {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        why: Sightless,
    },
}

#[cfg(test)]
mod tests {
    use state::fault::Fault;

    use super::*;

    #[test]
    fn the_authorizers_sentence_names_the_right() {
        let said = "deployments.apps is forbidden: User \"system:serviceaccount:rotabot:rotabot\" cannot list resource \
                    \"deployments\" in API group \"apps\" in the namespace \"shop\"";
        let right = |verb: &str, resource: &str, namespace: Option<&str>| Forbidden::Right {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.map(str::to_owned),
        };
        assert_eq!(Forbidden::of(said), right("list", "deployments.apps", Some("shop")));
        let core = "pods is forbidden: User \"bot\" cannot watch resource \"pods\" in API group \"\" in the namespace \"shop\": \
                    RBAC: not found";
        assert_eq!(Forbidden::of(core), right("watch", "pods", Some("shop")));
        let wide =
            "nodes is forbidden: User \"bot\" cannot list resource \"nodes\" in API group \"\" at the cluster scope";
        assert_eq!(Forbidden::of(wide), right("list", "nodes", None));
        for other in ["Unauthorized", "", "somebody cannot do that", "cannot list resource \"pods"] {
            assert_eq!(Forbidden::of(other), Forbidden::Said(other.to_owned()));
        }
    }

    #[test]
    fn who_has_just_begun_to_look_is_not_told_that_the_cluster_is_dead() {
        let hour = Some(Duration::from_secs(3600));
        let silent = || Some(ClusterFault::Unreachable(Fault::new("no answer")));
        assert_eq!(Sightless::of(None, None), Sightless::NotYet);
        assert_eq!(Sightless::of(None, silent()), Sightless::Unanswered);
        assert_eq!(Sightless::of(hour, None), Sightless::Unanswered);
        let denied = Some(ClusterFault::Forbidden("Unauthorized".to_owned()));
        assert_eq!(Sightless::of(hour, denied), Sightless::Forbidden(Forbidden::Said("Unauthorized".to_owned())));
    }
}
