//! The built binary on a real control plane and a real registry, one scenario a test. Each names the rule it proves.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod applied;
mod clusters;
mod failures;
mod foreign;
mod kills;
mod late;
mod locks;
mod newcomer;
mod proxy;
mod registries;
mod rights;
mod rollbacks;
mod scripts;
mod stops;
mod verdicts;
mod words;
mod workloads;
