//! The rights that the manifest under deploy/ gives, exactly; what is said where one is missing; and how few requests it takes.

use anyhow::Result;
use cluster::{ControlPlane, until};
use e2e::{PATIENCE, Setup, grant, registry, requests_of};
use serde_json::json;

const USER: &str = "system:serviceaccount:rotabot:rotabot";

#[test]
fn with_exactly_the_rights_of_the_manifest_everything_works_in_at_most_four_requests() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let setup = Setup::on(plane, registry()?)?;
    grant(setup.namespace())?;
    let kubeconfig = plane.kubeconfig_for_service_account("rotabot", "rotabot")?;
    let shop = setup.kubeconfig(kubeconfig).policy("after_failure", "\"rollback\"").start()?;
    let namespace = shop.namespace.name();
    // The watches begin when the bot does: they are shared, and no part of a deploy.
    until("the watches", PATIENCE, || Ok((requests_of(plane, USER, namespace, 0)?.0.watches >= 8).then_some(())))?;
    let (_, from) = requests_of(plane, USER, namespace, 0)?;
    shop.deploy("v2")?.must_be("verified", 0)?;
    let (counted, from) = requests_of(plane, USER, namespace, from)?;
    println!("a verified deploy: {:#?}", counted.others);
    assert!(counted.others.len() <= 4, "{counted:#?}");

    // A failing one reads events and the log, and writes twice.
    let said = shop.deploy("v3-crash")?;
    said.must_be("returned", 2)?;
    let log = shop.record_of(&said)?.part("cause")["log"].to_string();
    assert!(log.contains("DATABASE_URL is not set"), "{log}");
    let (counted, _) = requests_of(plane, USER, namespace, from)?;
    println!("a returned one: {:#?}", counted.others);
    assert!(counted.others.iter().any(|request| request.contains("/log")), "{counted:#?}");
    Ok(())
}

#[test]
fn a_missing_right_is_named_with_its_verb_and_resource_and_nothing_is_changed() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let setup = Setup::on(plane, registry()?)?;
    let namespace = setup.namespace();
    namespace.create_object("serviceaccounts", &json!({ "metadata": { "name": "reader" } }))?;
    let rules = json!([
        { "apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list", "watch"] },
        { "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["list", "watch"] },
    ]);
    namespace.create_object("roles", &json!({ "metadata": { "name": "reader" }, "rules": rules }))?;
    let subject = json!({ "kind": "ServiceAccount", "name": "reader", "namespace": namespace.name() });
    let role = json!({ "kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": "reader" });
    let binding = json!({ "metadata": { "name": "reader" }, "subjects": [subject], "roleRef": role });
    namespace.create_object("rolebindings", &binding)?;
    let kubeconfig = plane.kubeconfig_for_service_account(namespace.name(), "reader")?;
    let shop = setup.kubeconfig(kubeconfig).start()?;
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    let text = said.text();
    assert!(text.contains("patch") && text.contains("deployments"), "{text}");
    assert_eq!((shop.marker()?, shop.image()?), (None, shop.first.pinned()));
    Ok(())
}

#[test]
fn without_any_rights_it_is_refused_at_once_and_says_which_one_is_missing() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let setup = Setup::on(plane, registry()?)?;
    setup.namespace().create_object("serviceaccounts", &json!({ "metadata": { "name": "nobody" } }))?;
    let kubeconfig = plane.kubeconfig_for_service_account(setup.namespace().name(), "nobody")?;
    let shop = setup.kubeconfig(kubeconfig).start()?;
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    let text = said.text();
    assert!(text.contains("deployments") && (text.contains("get") || text.contains("list")), "{text}");
    Ok(())
}

#[test]
fn a_token_that_is_not_taken_is_told() -> Result<()> {
    let setup = Setup::new()?;
    let kubeconfig = setup.namespace().plane().kubeconfig().with_token("wrong");
    let shop = setup.kubeconfig(kubeconfig).start()?;
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    assert_eq!(shop.marker()?, None);
    Ok(())
}
