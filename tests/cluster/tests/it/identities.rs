//! Clients with exactly the rights that were bound to them.

use anyhow::Result;
use cluster::{Api, ApiError, ControlPlane, Kubeconfig, Namespace};
use serde_json::{Value, json};

#[test]
fn a_service_account_may_do_what_its_role_says_and_no_more() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("serviceaccounts", &json!({ "metadata": { "name": "reader" } }))?;
    let subject = json!({ "kind": "ServiceAccount", "name": "reader", "namespace": namespace.name() });
    let kubeconfig = plane.kubeconfig_for_service_account(namespace.name(), "reader")?;
    may_read_pods_only(&namespace, &subject, &kubeconfig)
}

#[test]
fn a_user_by_certificate_may_do_what_its_role_says_and_no_more() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    let subject = json!({ "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "mei" });
    may_read_pods_only(&namespace, &subject, &plane.kubeconfig_for_user("mei", &[])?)
}

#[test]
fn a_wrong_token_is_nobody() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let api = Api::new(&plane.kubeconfig().with_token("wrong"))?;
    assert_eq!(refused(api.get("/api/v1/nodes")), 401);
    Ok(())
}

#[test]
fn kubectl_takes_a_written_kubeconfig() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    let file = plane.folder().join(format!("{}.kubeconfig", namespace.name()));
    plane.kubeconfig_for_user("li", &["system:masters"])?.with_namespace(namespace.name()).write(&file)?;
    let output = plane
        .kubectl_command()
        .args(["get", "serviceaccounts", "--output", "name"])
        .env("KUBECONFIG", &file)
        .output()?;
    assert_eq!(String::from_utf8(output.stdout)?, "serviceaccount/default\n");
    Ok(())
}

fn may_read_pods_only(namespace: &Namespace<'_>, subject: &Value, kubeconfig: &Kubeconfig) -> Result<()> {
    let api = Api::new(kubeconfig)?;
    assert_eq!(refused(api.get(&namespace.path("pods"))), 403);
    let rules = json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": ["list"] }]);
    namespace.create_object("roles", &json!({ "metadata": { "name": "reader" }, "rules": rules }))?;
    let role = json!({ "kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": "reader" });
    namespace.create_object(
        "rolebindings",
        &json!({ "metadata": { "name": "reader" }, "subjects": [subject], "roleRef": role }),
    )?;
    // The authorizer learns of the binding from its watch.
    cluster::until("the binding's effect", std::time::Duration::from_secs(10), || {
        Ok(api.get(&namespace.path("pods")).ok().map(drop))
    })?;
    assert_eq!(refused(api.get(&namespace.path("secrets"))), 403);
    Ok(())
}

fn refused(answer: Result<Value>) -> u16 {
    let error = answer.unwrap_err();
    error.downcast_ref::<ApiError>().unwrap_or_else(|| panic!("no answer: {error:#}")).status
}
