//! `kubectl apply` after our patch: what passes, what conflicts, and the ways out.

use anyhow::Result;
use cluster::Deployment;
use e2e::{Setup, Shop};
use serde_json::json;

#[test]
fn after_our_write_a_client_side_apply_passes() -> Result<()> {
    let (shop, ours) = deployed(&[])?;
    // Of the old manifest: it writes the old image back, as it always did.
    let output = shop.namespace.kubectl_apply(&ours.json(), &[])?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(shop.image()?, shop.first.pinned());
    // Of a new one.
    let third = shop.push("v3")?;
    let output = shop.namespace.kubectl_apply(&Deployment::new("api", &third.pinned()).replicas(3).json(), &[])?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(shop.image()?, third.pinned());
    Ok(())
}

#[test]
fn after_our_write_a_server_side_apply_of_another_image_conflicts_and_has_two_ways_out() -> Result<()> {
    let (shop, ours) = deployed(&["--server-side"])?;
    let ran = shop.image()?;
    let third = shop.push("v3")?;
    let manifest = Deployment::new("api", &third.pinned()).replicas(3).json();
    for manager in ["kubectl", "rotabot"] {
        let flag = format!("--field-manager={manager}");
        let output = shop.namespace.kubectl_apply(&manifest, &["--server-side", &flag])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("conflict") && said.contains("image"), "{manager}: {said}");
    }
    assert_eq!(shop.image()?, ran);

    // The image left out of what is applied: everything else is applied, and the image stays.
    let mut without = ours.json();
    without["spec"]["template"]["spec"]["containers"] = json!([{ "name": "api" }]);
    without["spec"]["template"]["metadata"]["annotations"] = json!({ "applied": "without an image" });
    let output = shop.namespace.kubectl_apply(&without, &["--server-side"])?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let template = shop.deployment()?["spec"]["template"].clone();
    assert_eq!(template["metadata"]["annotations"]["applied"], "without an image");
    assert_eq!(shop.image()?, ran);

    // Or forced.
    let output = shop.namespace.kubectl_apply(&manifest, &["--server-side", "--force-conflicts"])?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(shop.image()?, third.pinned());
    Ok(())
}

/// A Deployment that was made by `kubectl apply`, with a verified deploy of ours on it.
fn deployed(flags: &[&str]) -> Result<(Shop<'static>, Deployment)> {
    let setup = Setup::new()?.without_deployment();
    let manifest = Deployment::new("api", &setup.first().pinned()).replicas(3);
    let shop = setup.prepare()?;
    let output = shop.namespace.kubectl_apply(&manifest.json(), flags)?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    shop.namespace.wait_rolled_out("api", e2e::PATIENCE)?;
    shop.bot.start()?;
    shop.deploy("v2")?.must_be("verified", 0)?;
    Ok((shop, manifest))
}
