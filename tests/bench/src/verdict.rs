//! How long after the API server's completing status the verdict is there: for rotabot the line that `say --wait --json` prints
//! with the outcome, for `kubectl rollout status` its end. Both watch the same rollout; a third watch stamps the status.
//!
//! The stability window is zero, because kubectl has none. What rotabot does more than kubectl before it speaks: it lists the pods
//! afresh, compares their digests, and stores the outcome.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cluster::{ControlPlane, Options, Registry, RegistryOptions};
use e2e::{Build, Said, Setup, Shop};
use serde_json::Value;

use crate::table::{Compared, Row, median, short};
use crate::timed::{self, Timed};

const PAIRS: usize = 30;

/// kubectl must be watching when the rollout completes. It nearly always is; a pair where it was not is measured again.
const TRIES: usize = 2 * PAIRS;

/// Far more than a rollout of three pods takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run(build: &Build) -> Result<Vec<Row>> {
    let plane = ControlPlane::start(&Options::default())?;
    let registry = Registry::start(&RegistryOptions::default())?;
    let shop = Setup::on(&plane, &registry)?.build(build.clone()).policy("stability_window", "\"0s\"").start()?;
    // The first one counts nowhere: everything is cold.
    shop.deploy("first")?.must_be("verified", 0)?;
    let mut pairs = Vec::new();
    for n in 0..TRIES {
        pairs.extend(pair(&shop, &format!("v{n}"))?);
        if pairs.len() == PAIRS {
            break;
        }
    }
    if pairs.len() < PAIRS {
        bail!("kubectl was there in time for only {} of {TRIES} rollouts", pairs.len());
    }
    let (ours, kubectl) = pairs.iter().copied().unzip();
    let later = pairs.iter().map(|(ours, kubectl)| ours - kubectl).collect();
    Ok(vec![Row {
        what: format!("verdict after the completing status; exit of `kubectl rollout status` (p50 of {PAIRS})"),
        ours: format!("{} ms", short(median(ours))),
        beside: format!("{} ms", short(median(kubectl))),
        compared: Compared::Later { milliseconds: median(later), at_most: 10.0 },
    }])
}

/// Milliseconds from the completing status to rotabot's verdict and to kubectl's end; none where kubectl came too late.
fn pair(shop: &Shop<'_>, tag: &str) -> Result<Option<(f64, f64)>> {
    shop.push(tag)?;
    let before = shop.deployment()?;
    let (generation, version) = (number(&before["metadata"]["generation"]), &before["metadata"]["resourceVersion"]);
    let version = version.as_str().context("an object without a version")?;
    let deployments = shop.namespace.path("deployments");
    let path = format!("{deployments}?fieldSelector=metadata.name%3Dapi&resourceVersion={version}");
    let events = shop.namespace.plane().api().watch(&path)?;

    let saying = timed::start(shop.bot.command(&["say", &format!("/deploy api prod {tag}"), "--wait", "--json"]));
    hear(&events, |deployment| number(&deployment["metadata"]["generation"]) > generation)?;
    let mut kubectl = shop.namespace.plane().kubectl_command();
    kubectl.args(["--namespace", shop.namespace.name(), "rollout", "status", "deployment/api", "--timeout=60s"]);
    let kubectl = timed::start(kubectl);
    let completed = hear(&events, is_complete)?;
    let (said, kubectl) = (timed::end(saying)?, timed::end(kubectl)?);

    if !kubectl.status.success() {
        bail!("kubectl: {kubectl:?}");
    }
    if kubectl.lines.first().is_none_or(|(at, _)| *at >= completed) {
        return Ok(None);
    }
    let after = |moment: Instant| match moment.checked_duration_since(completed) {
        Some(after) => after.as_secs_f64() * 1e3,
        None => -(completed - moment).as_secs_f64() * 1e3,
    };
    Ok(Some((after(verdict(&said)?), after(kubectl.ended))))
}

/// When the line with the outcome was there.
fn verdict(said: &Timed) -> Result<Instant> {
    let text: String = said.lines.iter().map(|(_, line)| line.as_str()).collect();
    Said::read(said.status.code().unwrap_or(-1), &text).must_be("verified", 0)?;
    said.lines.last().map(|(at, _)| *at).context("it said nothing")
}

/// When the first event came whose object is like this.
fn hear(events: &Receiver<(Instant, Value)>, like: impl Fn(&Value) -> bool) -> Result<Instant> {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let (at, event) = events.recv_timeout(left).context("the rollout was not seen")?;
        if event["type"] == "MODIFIED" && like(&event["object"]) {
            return Ok(at);
        }
    }
}

/// What `kubectl rollout status` waits for.
fn is_complete(deployment: &Value) -> bool {
    let (spec, status) = (&deployment["spec"], &deployment["status"]);
    let wanted = number(&spec["replicas"]);
    let counts = ["updatedReplicas", "replicas", "availableReplicas"];
    number(&status["observedGeneration"]) >= number(&deployment["metadata"]["generation"])
        && counts.iter().all(|count| number(&status[*count]) == wanted)
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}
