//! Deployments on a healthy control plane.

use std::time::{Duration, Instant};

use anyhow::Result;
use cluster::{ControlPlane, Deployment, container_statuses, pods_of_image, until};
use serde_json::json;

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
fn logs_of_this_run_and_of_the_one_before_are_served() -> Result<()> {
    let namespace = ControlPlane::shared()?.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7-crash").json())?;
    until("a crash", PATIENCE, || {
        let crashed = |pod| container_statuses(pod).iter().any(|status| status["restartCount"].as_u64() >= Some(1));
        Ok(namespace.pods()?.iter().any(crashed).then_some(()))
    })?;
    let present = namespace.kubectl(&["logs", "deployment/api", "--tail", "3"])?;
    assert_eq!(present.lines().count(), 3, "{present}");
    assert!(present.contains("@everyone") && present.contains("Bearer not-a-real-token"), "{present}");
    assert!(!present.contains("panicked"), "{present}");
    let previous = namespace.kubectl(&["logs", "deployment/api", "--previous", "--tail", "25"])?;
    assert_eq!(previous.lines().count(), 25, "{previous}");
    assert!(previous.ends_with("DATABASE_URL is not set\n"), "{previous}");
    Ok(())
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
