//! How many requests a verified deploy of one workload takes, by the API server's own audit log: beyond the watches, which are
//! shared by all changes of a namespace, and the heartbeat.

use anyhow::Result;
use cluster::{ControlPlane, Options, Registry, RegistryOptions, until};
use e2e::{Build, PATIENCE, Setup, requests_of};
use serde_json::json;

use crate::table::{Row, greatest};

/// Whom the audit log names.
const USER: &str = "rotabot";

/// One that is over at once, and one whose pods take 15 s to become ready.
const TAGS: [&str; 2] = ["v2", "v3-slow"];

pub(crate) fn run(build: &Build) -> Result<Vec<Row>> {
    let plane = ControlPlane::start(&Options { audit: true, ..Options::default() })?;
    let registry = Registry::start(&RegistryOptions::default())?;
    let kubeconfig = plane.kubeconfig_for_user(USER, &["system:masters"])?;
    let setup = Setup::on(&plane, &registry)?.build(build.clone()).kubeconfig(kubeconfig);
    let shop = setup.deployment(|deployment| deployment.rolling(json!(3), json!(0))).start()?;
    let namespace = shop.namespace.name();
    // Four kinds are listed and then watched.
    until("the watches", PATIENCE, || Ok((requests_of(&plane, USER, namespace, 0)?.0.watches >= 8).then_some(())))?;
    let (_, mut from) = requests_of(&plane, USER, namespace, 0)?;
    let mut counts = Vec::new();
    for tag in TAGS {
        shop.deploy(tag)?.must_be("verified", 0)?;
        let (counted, next) = requests_of(&plane, USER, namespace, from)?;
        from = next;
        eprintln!("{tag}: {:#?}", counted.others);
        counts.push(counted.others.len() as f64);
    }
    Ok(vec![Row::within("a verified deploy, beyond watches and heartbeat", greatest(counts), 4.0, "requests")])
}
