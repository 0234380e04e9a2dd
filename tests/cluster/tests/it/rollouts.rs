//! Deployments on a healthy control plane.

use std::time::{Duration, Instant};

use anyhow::Result;
use cluster::{ControlPlane, Deployment, container_statuses, pods_of_image, until};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_deployment_rolls_out_and_on_to_a_new_image() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    let deployment = Deployment::new("api", "shop/api:v7").replicas(3);
    namespace.create_object("deployments", &deployment.json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    assert_eq!(namespace.pods()?.len(), 3);

    namespace.set_image("api", "api", "shop/api:v8")?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    let pods = until("the end of the old pods", PATIENCE, || {
        let pods = namespace.pods()?;
        Ok((pods_of_image(&pods, "shop/api:v7").is_empty()).then_some(pods))
    })?;
    assert_eq!(pods_of_image(&pods, "shop/api:v8").len(), 3);
    assert_eq!(namespace.list("replicasets")?.len(), 2);
    Ok(())
}

#[test]
fn a_pod_reports_the_digest_of_its_reference() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    let digest = format!("sha256:{}", "1f".repeat(32));
    let image = format!("127.0.0.1:5000/shop/api:v7@{digest}");
    namespace.create_object("deployments", &Deployment::new("api", &image).json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    let status = &container_statuses(&namespace.pods()?[0])[0];
    assert_eq!(status["imageID"], format!("127.0.0.1:5000/shop/api@{digest}"));
    assert_eq!(status["image"], image);
    assert_eq!(status["restartCount"], 0);
    assert!(status["state"]["running"]["startedAt"].is_string(), "{status}");
    Ok(())
}

#[test]
fn the_behaviour_counts_also_before_a_digest() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    let image = format!("shop/api:v8-pullfail@sha256:{}", "2e".repeat(32));
    namespace.create_object("deployments", &Deployment::new("api", &image).json())?;
    until("a failed pull", PATIENCE, || {
        let pods = namespace.pods()?;
        let waits =
            |pod| container_statuses(pod).iter().any(|status| status["state"]["waiting"]["reason"] == "ErrImagePull");
        Ok(pods.iter().any(waits).then_some(()))
    })
}

#[test]
fn one_bad_container_leaves_the_others_running() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    let deployment = Deployment::new("api", "shop/api:v8").container("worker", "shop/worker:v8-crash");
    namespace.create_object("deployments", &deployment.json())?;
    until("a crash of one of two containers", PATIENCE, || {
        let pods = namespace.pods()?;
        let Some(pod) = pods.first() else { return Ok(None) };
        let statuses = container_statuses(pod);
        let find = |name: &str| statuses.iter().find(|status| status["name"] == name).cloned().unwrap_or_default();
        let (api, worker) = (find("api"), find("worker"));
        let seen = worker["state"]["waiting"]["reason"] == "CrashLoopBackOff"
            && api["ready"] == true
            && api["restartCount"] == 0
            && worker["restartCount"].as_u64() >= Some(1);
        Ok(seen.then_some(()))
    })
}

#[test]
fn the_log_of_a_run_that_crashed_ends_in_its_panic_and_holds_secrets() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7-crash").json())?;
    until("a back-off", PATIENCE, || {
        let waits =
            |pod| container_statuses(pod).iter().any(|one| one["state"]["waiting"]["reason"] == "CrashLoopBackOff");
        Ok(namespace.pods()?.iter().any(waits).then_some(()))
    })?;
    let previous = namespace.kubectl(&["logs", "deployment/api", "--previous", "--tail", "25"])?;
    assert_eq!(previous.lines().count(), 25, "{previous}");
    assert!(previous.ends_with("DATABASE_URL is not set\n"), "{previous}");
    assert!(previous.contains("@everyone") && previous.contains("Bearer not-a-real-token"), "{previous}");
    Ok(())
}

#[test]
fn a_container_that_never_ran_has_no_log_and_one_that_runs_has_none_of_a_run_before() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    namespace.create_object("deployments", &Deployment::new("pull", "shop/api:v7-pullfail").json())?;
    namespace.create_object("deployments", &Deployment::new("good", "shop/api:v7").json())?;
    namespace.wait_rolled_out("good", PATIENCE)?;
    let log = namespace.kubectl(&["logs", "deployment/good", "--tail", "3"])?;
    assert!(log.ends_with("GET /healthz 200 0 ms\n") && log.lines().count() == 3, "{log}");
    for arguments in [&["logs", "deployment/pull"][..], &["logs", "deployment/good", "--previous"][..]] {
        let error = namespace.kubectl(arguments).unwrap_err().to_string();
        assert!(error.contains("BadRequest"), "{error}");
    }
    Ok(())
}

#[test]
fn a_condition_keeps_the_time_of_its_last_change() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7-pullfail").json())?;
    let not_ready = |reason: &'static str| {
        until(reason, PATIENCE, || {
            let pods = namespace.pods()?;
            let Some(pod) = pods.first() else { return Ok(None) };
            let seen = container_statuses(pod).iter().any(|status| status["state"]["waiting"]["reason"] == reason);
            let ready = ready_condition(pod);
            Ok(seen.then(|| ready["lastTransitionTime"].clone()))
        })
    };
    let first = not_ready("ErrImagePull")?;
    assert!(first.is_string());
    assert_eq!(not_ready("ImagePullBackOff")?, first);
    Ok(())
}

#[test]
fn a_pod_that_became_ready_has_no_reason_left_for_not_being_so() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7-slow").json())?;
    until("unreadiness", PATIENCE, || {
        let pods = namespace.pods()?;
        Ok(pods.first().is_some_and(|pod| ready_condition(pod)["reason"] == "ContainersNotReady").then_some(()))
    })?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    let ready = ready_condition(&namespace.pods()?[0]);
    assert_eq!((&ready["status"], &ready["reason"]), (&json!("True"), &Value::Null));
    Ok(())
}

fn ready_condition(pod: &Value) -> Value {
    let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == "Ready").unwrap_or_default()
}

#[test]
fn kubectl_believes_a_release_that_crashes_after_it_was_ready() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v8-crash").json())?;
    let text = namespace.kubectl(&["rollout", "status", "deployment/api", "--timeout", "30s"])?;
    assert!(text.contains("successfully rolled out"), "{text}");
    Ok(())
}

#[test]
fn kubectl_notices_a_release_that_never_gets_ready_and_the_old_pods_stay() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    let deployment = Deployment::new("api", "shop/api:v7").replicas(3).progress_deadline(8);
    namespace.create_object("deployments", &deployment.json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    namespace.set_image("api", "api", "shop/api:v8-neverready")?;
    let error = namespace.kubectl(&["rollout", "status", "deployment/api"]).unwrap_err().to_string();
    assert!(error.contains("exceeded its progress deadline"), "{error}");
    assert_eq!(namespace.get("deployments", "api")?["status"]["availableReplicas"], 3);
    Ok(())
}

#[test]
fn two_hundred_replicas_roll_out_within_the_patience_of_a_test() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    let start = Instant::now();
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7").replicas(200).json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    let created = start.elapsed();
    namespace.set_image("api", "api", "shop/api:v8")?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    println!("200 replicas: created in {created:.1?}, a new image in {:.1?}", start.elapsed() - created);
    Ok(())
}

#[test]
fn requests_are_counted_by_user_in_the_audit_log() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    let user = format!("counted-{}", namespace.name());
    let kubeconfig = plane.kubeconfig_for_user(&user, &["system:masters"])?;
    let api = cluster::Api::new(&kubeconfig)?;
    api.get(&namespace.path("pods"))?;
    api.get(&namespace.path("pods"))?;
    api.post(&namespace.path("configmaps"), &json!({ "metadata": { "name": "some" } }))?;
    let audit = plane.audit()?;
    let of_user: Vec<_> = audit.iter().filter(|entry| entry["user"]["username"] == user.as_str()).collect();
    let verbs: Vec<_> = of_user.iter().filter_map(|entry| entry["verb"].as_str()).collect();
    assert_eq!(verbs, ["list", "list", "create"]);
    Ok(())
}
