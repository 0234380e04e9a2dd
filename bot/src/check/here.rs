//! What `rotabot run` needs beside the config file, looked for on this machine. Nothing is asked over the network, no
//! command is run, and no secret is shown.
//!
//! A file is reviewed on machines that have none of it. So what is not there is told, and fails no check; what is there
//! and of no use is a fault like one in the file itself.

use std::fmt;

use futures::FutureExt as _;

use crate::config::{ClusterAccess, Finding, Need, Place};
use crate::kubernetes::{self, Lack};
use crate::registry::{self, SetupFault};
use crate::secret::SecretFault;

/// Something that `rotabot run` would not find here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) grave: Grave,
    sentence: String,
    hint: String,
}

/// What it means that it is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grave {
    /// It is there, and nobody can use it: a fault.
    Wrong,
    /// It is not here, and without it nothing starts.
    DoesNotStart,
    /// It is not here, and without it a cluster can't be reached.
    CantReach,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Missing {
    pub(super) fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}

/// All that is not found here, in the order of the file.
pub(super) fn missing(needs: &[Finding<Need>]) -> Vec<Finding<Missing>> {
    let mut missing: Vec<_> = needs.iter().filter_map(look).collect();
    missing.sort_by(|one, other| one.place.cmp(&other.place));
    missing
}

fn look(need: &Finding<Need>) -> Option<Finding<Missing>> {
    let at = |place: &Place, what| Some(Finding { place: place.clone(), what });
    match &need.what {
        Need::Secret { host, source } => at(&need.place, secret(host, &source.read().err()?)),
        Need::Authority { host, file } => at(&need.place, authority(host, &registry::authority(host, file).err()?)),
        Need::Cluster { cluster, access, file } => {
            // Everything in it reads files and is done at once.
            let lack = kubernetes::way(access).now_or_never()?.err()?;
            let place = if matches!(lack, Lack::Kubeconfig(_)) { file } else { &need.place };
            let (sentence, hint) = match access {
                ClusterAccess::InCluster => (
                    format!("{cluster} is reached from a pod of it, and this is none"),
                    format!("`rotabot run` starts here all the same, and can't reach {cluster}"),
                ),
                ClusterAccess::Kubeconfig { .. } => (
                    format!("{cluster} can't be reached from here: {}", lack.fault().chain()),
                    format!("`rotabot run` starts all the same, and can't reach {cluster} until this is mended"),
                ),
            };
            at(place, Missing { grave: Grave::CantReach, sentence, hint })
        }
    }
}

fn secret(host: &str, fault: &SecretFault) -> Missing {
    let absent = |do_it: &str| (Grave::DoesNotStart, format!("`rotabot run` needs it for {host}: {do_it}"));
    let (grave, hint) = match fault {
        SecretFault::NoVariable(_) | SecretFault::EmptyVariable(_) => absent("set it where rotabot runs"),
        SecretFault::NoFile { .. } => absent("put it where rotabot runs, readable for its user"),
        SecretFault::NotText(_) => (Grave::Wrong, "save the secret for this registry as text, in UTF-8".to_owned()),
        SecretFault::EmptyFile(_) => (Grave::Wrong, format!("write the secret for {host} into it")),
    };
    Missing { grave, sentence: fault.to_string(), hint }
}

fn authority(host: &str, fault: &SetupFault) -> Missing {
    let (grave, hint) = match fault {
        SetupFault::Authority { .. } => (
            Grave::DoesNotStart,
            format!("`rotabot run` needs it for {host}: put it where rotabot runs, readable for its user"),
        ),
        SetupFault::Credentials { .. } | SetupFault::NoCertificate { .. } | SetupFault::Client { .. } => {
            (Grave::Wrong, "save the certificate in PEM form, beginning with -----BEGIN CERTIFICATE-----".to_owned())
        }
    };
    Missing { grave, sentence: fault.to_string(), hint }
}
