//! The proxy itself: what the tests with faults rest on.

use std::time::Duration;

use anyhow::Result;
use cluster::{Api, ControlPlane};
use e2e::{At, Proxy};
use serde_json::json;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn what_goes_through_the_proxy_is_what_the_api_server_says() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    let proxy = Proxy::start(plane)?;
    let api = Api::new(&proxy.before(plane.kubeconfig()))?;
    let direct = plane.api().get(&namespace.path("serviceaccounts/default"))?;
    assert_eq!(api.get(&namespace.path("serviceaccounts/default"))?, direct);
    assert!(api.get(&namespace.path("serviceaccounts/nobody")).is_err());
    assert_eq!(proxy.requests().len(), 2);
    Ok(())
}

#[test]
fn a_held_request_arrives_after_its_client_is_gone() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    let proxy = Proxy::start(plane)?;
    let held = proxy.hold_patch(At::TheRequest, "late");
    let patched = || -> Result<_> {
        Ok(namespace.get("serviceaccounts", "default")?["metadata"]["annotations"]["test"].as_str() == Some("late"))
    };
    let path = namespace.path("serviceaccounts/default");
    // kubectl is killed while its request is held.
    let file = plane.folder().join(format!("{}.proxy", namespace.name()));
    proxy.before(plane.kubeconfig()).write(&file)?;
    let patch = json!({ "metadata": { "annotations": { "test": "late" } } }).to_string();
    let mut kubectl = plane.kubectl_command();
    kubectl.args(["--namespace", namespace.name(), "patch", "serviceaccount", "default", "--patch", &patch]);
    let mut kubectl = kubectl.env("KUBECONFIG", &file).stdout(std::process::Stdio::null()).spawn()?;
    held.reached(SOON)?;
    kubectl.kill()?;
    kubectl.wait()?;
    assert!(!patched()?, "{path} was patched while the request was held");
    held.go_on();
    assert_eq!(held.answered(SOON)?, 200);
    assert!(patched()?);
    Ok(())
}

#[test]
fn an_answer_is_held_when_the_request_has_been_carried_out() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    let proxy = Proxy::start(plane)?;
    let api = Api::new(&proxy.before(plane.kubeconfig()))?;
    let held = proxy.hold_patch(At::TheAnswer, "unanswered");
    let patch = json!({ "metadata": { "annotations": { "test": "unanswered" } } });
    std::thread::scope(|scope| -> Result<()> {
        let path = namespace.path("serviceaccounts/default");
        let client = scope.spawn(move || api.merge(&path, &patch));
        held.reached(SOON)?;
        let object = namespace.get("serviceaccounts", "default")?;
        assert_eq!(object["metadata"]["annotations"]["test"], "unanswered");
        held.lose();
        assert!(client.join().expect("no panic").is_err(), "the answer was lost");
        Ok(())
    })
}

#[test]
fn a_frozen_proxy_answers_late_and_a_refusing_one_not_at_all() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let proxy = Proxy::start(plane)?;
    let api = Api::new(&proxy.before(plane.kubeconfig()))?;
    proxy.refuse();
    assert!(api.get("/readyz").is_err() && api.text("/readyz").is_err());
    proxy.freeze();
    std::thread::scope(|scope| -> Result<()> {
        let client = scope.spawn(|| api.text("/readyz"));
        cluster::until("the request to come", SOON, || Ok((!proxy.requests().is_empty()).then_some(())))?;
        assert!(!client.is_finished());
        proxy.open();
        assert_eq!(client.join().expect("no panic")?, "ok");
        Ok(())
    })
}
