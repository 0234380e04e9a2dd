//! Why something can't be seen, and what to do about it.

use state::names::{ClusterName, Namespace};

use super::change::resume_command;
use crate::card::{Text, TimeStyle};
use crate::sight::{Forbidden, Sightless, Standstill};
use crate::words::{Arg, Words, say};

/// Which right is missing.
pub(crate) fn right(words: &Words, cluster: &ClusterName, forbidden: &Forbidden) -> Text {
    let cluster = name(cluster);
    let outside = |text: &String| Arg::Outside(text.clone());
    match forbidden {
        Forbidden::Right { verb, resource, namespace: Some(namespace) } => say!(
            words,
            "sight-right",
            cluster = cluster,
            verb = outside(verb),
            resource = outside(resource),
            namespace = outside(namespace)
        ),
        Forbidden::Right { verb, resource, namespace: None } => {
            say!(words, "sight-right-wide", cluster = cluster, verb = outside(verb), resource = outside(resource))
        }
        Forbidden::Said(sentence) => say!(words, "sight-said", cluster = cluster, sentence = outside(sentence)),
    }
}

/// How it is granted.
pub(crate) fn grant(words: &Words, forbidden: &Forbidden) -> Text {
    match forbidden {
        Forbidden::Right { .. } => say!(words, "sight-grant"),
        Forbidden::Said(_) => say!(words, "sight-grant-said"),
    }
}

/// The right that is missing, and how it is granted, where it is that.
pub(crate) fn missing(words: &Words, cluster: &ClusterName, why: &Sightless) -> Option<[Text; 2]> {
    match why {
        Sightless::Forbidden(forbidden) => Some([right(words, cluster, forbidden), grant(words, forbidden)]),
        Sightless::NotYet | Sightless::Unanswered => None,
    }
}

/// Why a change under way stands still, what becomes of its deadline, and what to do.
pub(crate) fn standstill(
    words: &Words,
    standstill: &Standstill,
    cluster: &ClusterName,
    namespace: &Namespace,
) -> Vec<Text> {
    match standstill {
        Standstill::Paused { workload, by, since } => {
            let since = Arg::Time(*since, TimeStyle::Clock);
            let paused = match by {
                Some(by) => {
                    let by = Arg::Outside(by.clone());
                    say!(words, "standstill-paused-by", workload = workload, since = since, by = by)
                }
                None => say!(words, "standstill-paused", workload = workload, since = since),
            };
            let patience = state::rollout::judge::PAUSE_PATIENCE;
            let resume = Arg::Command(resume_command(workload, namespace));
            vec![
                paused,
                say!(words, "standstill-paused-clock", patience = patience),
                say!(words, "cause-paused-next", command = resume),
            ]
        }
        Standstill::Blind { since, why } => {
            let since = Arg::Time(*since, TimeStyle::Clock);
            let mut lines = vec![say!(words, "standstill-blind", cluster = name(cluster), since = since)];
            lines.extend(missing(words, cluster, why).into_iter().flatten());
            lines.push(say!(words, "standstill-blind-clock"));
            lines
        }
    }
}

pub(super) fn name(cluster: &ClusterName) -> Arg {
    Arg::Name(cluster.to_string())
}
