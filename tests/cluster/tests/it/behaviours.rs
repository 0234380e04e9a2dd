//! What a tag promises is what the pod's status says, over time.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, FixedOffset, TimeDelta};
use cluster::{ControlPlane, Deployment, Namespace, behaviour, container_statuses, holds_for, until};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(40);

type Check = fn(&Namespace<'_>, &str) -> Result<()>;

/// All at once, because most of the time is waiting: the slowest takes 90 s.
#[test]
fn every_tag_behaves_as_it_says() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    let checks: [(&str, Check); 13] = [
        (behaviour::GOOD, good),
        (behaviour::PULL_FAILS, pull_fails),
        (behaviour::BAD_CONFIG, |namespace, name| waits(namespace, name, "CreateContainerConfigError")),
        (behaviour::INVALID_NAME, |namespace, name| waits(namespace, name, "InvalidImageName")),
        (behaviour::NEVER_READY, never_ready),
        (behaviour::SLOW, slow),
        (behaviour::CRASHES, |namespace, name| dies(namespace, name, Duration::ZERO, "Error", 2)),
        (behaviour::OUT_OF_MEMORY, |namespace, name| dies(namespace, name, Duration::ZERO, "OOMKilled", 137)),
        (behaviour::DIES_AFTER_20_S, |namespace, name| dies(namespace, name, Duration::from_secs(20), "Error", 2)),
        (behaviour::DIES_AFTER_90_S, |namespace, name| dies(namespace, name, Duration::from_secs(90), "Error", 2)),
        (behaviour::UNREADY_AFTER_20_S, turns_unready),
        (behaviour::WRONG_DIGEST, wrong_digest),
        (behaviour::BARE_ID, bare_id),
    ];
    for (name, _) in checks {
        namespace.create_object("deployments", &Deployment::new(name, &image(name)).json())?;
    }
    let failures: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = checks
            .iter()
            .map(|(name, check)| {
                let namespace = &namespace;
                scope.spawn(move || check(namespace, name).with_context(|| (*name).to_owned()))
            })
            .collect();
        running
            .into_iter()
            .filter_map(|thread| thread.join().unwrap().err())
            .map(|error| format!("{error:#}"))
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

fn image(behaviour: &str) -> String {
    format!("shop/api:v8-{behaviour}@{DIGEST}")
}

const DIGEST: &str = "sha256:5d0e8cf04fd49ec5d0e8cf04fd49ec5d0e8cf04fd49ec5d0e8cf04fd49ec1234";

fn good(namespace: &Namespace<'_>, name: &str) -> Result<()> {
    until("readiness", PATIENCE, || Ok(is_ready(&pod(namespace, name)?).then_some(())))?;
    assert_image_id(namespace, name, &format!("shop/api@{DIGEST}"))?;
    stays_ready(namespace, name, Duration::from_secs(10))
}

fn pull_fails(namespace: &Namespace<'_>, name: &str) -> Result<()> {
    waits(namespace, name, "ErrImagePull")?;
    waits(namespace, name, "ImagePullBackOff")?;
    has_event(namespace, name, "Failed", "Failed to pull image")?;
    waits(namespace, name, "ErrImagePull")?;
    waits(namespace, name, "ImagePullBackOff")
}

fn waits(namespace: &Namespace<'_>, name: &str, reason: &str) -> Result<()> {
    until(&format!("waiting for {reason}"), PATIENCE, || {
        let pod = pod(namespace, name)?;
        let waiting = &status(&pod)["state"]["waiting"];
        ensure!(waiting["reason"].is_null() || waiting["message"].is_string(), "no message: {waiting}");
        Ok((waiting["reason"] == reason && !is_ready(&pod) && pod["status"]["phase"] == "Pending").then_some(()))
    })
}

fn never_ready(namespace: &Namespace<'_>, name: &str) -> Result<()> {
    let runs = |pod: &Value| status(pod)["state"]["running"].is_object();
    until("running", PATIENCE, || Ok(runs(&pod(namespace, name)?).then_some(())))?;
    has_event(namespace, name, "Unhealthy", "Readiness probe failed")?;
    holds_for(&(true, false), Duration::from_secs(20), || {
        let pod = pod(namespace, name)?;
        Ok((runs(&pod), is_ready(&pod)))
    })
}

fn slow(namespace: &Namespace<'_>, name: &str) -> Result<()> {
    until("running", PATIENCE, || Ok(status(&pod(namespace, name)?)["state"]["running"].is_object().then_some(())))?;
    let ready = until("readiness at last", PATIENCE, || {
        let pod = pod(namespace, name)?;
        Ok(is_ready(&pod).then_some(pod))
    })?;
    let started = time(&status(&ready)["state"]["running"]["startedAt"])?;
    let took = time(&ready_condition(&ready)["lastTransitionTime"])? - started;
    ensure!(took >= TimeDelta::seconds(13), "ready {took} after it was started");
    stays_ready(namespace, name, Duration::from_secs(5))
}

/// Ready for as long as a run lasts, then ended, restarted at once, ended again and backing off, and the count goes on rising.
fn dies(namespace: &Namespace<'_>, name: &str, run: Duration, reason: &str, code: u64) -> Result<()> {
    until("readiness", PATIENCE, || Ok(is_ready(&pod(namespace, name)?).then_some(())))?;
    let restarted = until("the first restart", run + PATIENCE, || {
        let pod = pod(namespace, name)?;
        Ok((status(&pod)["restartCount"] == 1).then_some(pod))
    })?;
    let ended = &status(&restarted)["lastState"]["terminated"];
    ended_so(ended, reason, code)?;
    // Kubernetes keeps whole seconds.
    let lasted = (time(&ended["finishedAt"])? - time(&ended["startedAt"])?).to_std()?;
    let second = Duration::from_secs(1);
    ensure!(lasted + second >= run && lasted <= run + 10 * second, "the first run lasted {lasted:?}");
    if run > Duration::from_secs(30) {
        return Ok(());
    }
    let backing_off = until("a back-off", PATIENCE, || {
        let pod = pod(namespace, name)?;
        Ok((status(&pod)["state"]["waiting"]["reason"] == "CrashLoopBackOff").then_some(pod))
    })?;
    ensure!(!is_ready(&backing_off), "ready while backing off");
    ended_so(&status(&backing_off)["lastState"]["terminated"], reason, code)?;
    has_event(namespace, name, "BackOff", "Back-off restarting failed container")?;
    let goal = if run == Duration::ZERO { 4 } else { 2 };
    until("more restarts", PATIENCE, || {
        Ok((status(&pod(namespace, name)?)["restartCount"].as_u64() >= Some(goal)).then_some(()))
    })
}

fn ended_so(terminated: &Value, reason: &str, code: u64) -> Result<()> {
    ensure!(terminated["reason"] == reason && terminated["exitCode"] == code, "ended with {terminated}");
    ensure!(terminated["finishedAt"].is_string(), "ended at no time: {terminated}");
    Ok(())
}

fn turns_unready(namespace: &Namespace<'_>, name: &str) -> Result<()> {
    until("readiness", PATIENCE, || Ok(is_ready(&pod(namespace, name)?).then_some(())))?;
    let unready = until("unreadiness", PATIENCE, || {
        let pod = pod(namespace, name)?;
        Ok((!is_ready(&pod)).then_some(pod))
    })?;
    let started = time(&status(&unready)["state"]["running"]["startedAt"])?;
    let lasted = time(&ready_condition(&unready)["lastTransitionTime"])? - started;
    ensure!(lasted >= TimeDelta::seconds(19), "unready {lasted} after it was started");
    holds_for(&(false, 0), Duration::from_secs(10), || {
        let pod = pod(namespace, name)?;
        Ok((is_ready(&pod), status(&pod)["restartCount"].as_u64().unwrap_or(u64::MAX)))
    })
}

fn wrong_digest(namespace: &Namespace<'_>, name: &str) -> Result<()> {
    until("readiness", PATIENCE, || Ok(is_ready(&pod(namespace, name)?).then_some(())))?;
    let id = image_id(namespace, name)?;
    ensure!(id.starts_with("shop/api@sha256:") && !id.ends_with(DIGEST), "{id}");
    Ok(())
}

fn bare_id(namespace: &Namespace<'_>, name: &str) -> Result<()> {
    until("readiness", PATIENCE, || Ok(is_ready(&pod(namespace, name)?).then_some(())))?;
    let id = image_id(namespace, name)?;
    ensure!(id.starts_with("sha256:") && id != DIGEST, "{id}");
    Ok(())
}

fn assert_image_id(namespace: &Namespace<'_>, name: &str, expected: &str) -> Result<()> {
    let id = image_id(namespace, name)?;
    ensure!(id == expected, "{id}");
    Ok(())
}

fn image_id(namespace: &Namespace<'_>, name: &str) -> Result<String> {
    Ok(status(&pod(namespace, name)?)["imageID"].as_str().unwrap_or_default().to_owned())
}

fn stays_ready(namespace: &Namespace<'_>, name: &str, time: Duration) -> Result<()> {
    holds_for(&(true, 0), time, || {
        let pod = pod(namespace, name)?;
        Ok((is_ready(&pod), status(&pod)["restartCount"].as_u64().unwrap_or(u64::MAX)))
    })
}

fn has_event(namespace: &Namespace<'_>, name: &str, reason: &str, beginning: &str) -> Result<()> {
    until(&format!("the event {reason}"), PATIENCE, || {
        let events = namespace.list("events")?;
        let of_pod = |event: &&Value| {
            event["involvedObject"]["name"].as_str().is_some_and(|pod| pod.starts_with(&format!("{name}-")))
                && event["reason"] == reason
                && event["message"].as_str().is_some_and(|message| message.starts_with(beginning))
        };
        Ok(events.iter().find(of_pod).map(drop))
    })
}

fn pod(namespace: &Namespace<'_>, name: &str) -> Result<Value> {
    let pods = namespace.list(&format!("pods?labelSelector=app={name}"))?;
    Ok(pods.into_iter().next().unwrap_or_default())
}

fn status(pod: &Value) -> Value {
    container_statuses(pod).into_iter().next().unwrap_or_default()
}

fn is_ready(pod: &Value) -> bool {
    ready_condition(pod)["status"] == "True"
}

fn ready_condition(pod: &Value) -> Value {
    let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == "Ready").unwrap_or_default()
}

fn time(value: &Value) -> Result<DateTime<FixedOffset>> {
    let text = value.as_str().context("no time")?;
    DateTime::parse_from_rfc3339(text).with_context(|| text.to_owned())
}
