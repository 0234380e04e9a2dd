//! What others do to a workload in mid-rollout: supersession, and what is none.

use std::time::Duration;

use anyhow::Result;
use cluster::{Deployment, Image, holds_for, until};
use e2e::{PATIENCE, Saying, Setup, Shop};
use serde_json::json;

#[test]
fn another_image_in_mid_rollout_supersedes_and_is_never_overwritten() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let theirs = shop.push("v7")?;
    let (saying, number, _) = in_mid_rollout(&shop)?;
    shop.namespace.set_image("api", "api", &theirs.pinned())?;
    saying.end()?.must_be("superseded", 3)?;
    assert_eq!(shop.image()?, theirs.pinned());
    shop.namespace.wait_rolled_out("api", PATIENCE)?;
    shop.must_serve(&theirs, 3)?;
    let change = shop.recorded(number)?;
    assert_eq!((&change.ended()["outcome"]["how"], change.outcomes.len()), (&json!("template"), 1));
    assert!(shop.bot.export()?.of("lock").is_empty(), "nothing failed, so nothing is locked");
    Ok(())
}

#[test]
fn another_field_of_the_template_supersedes_too() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let (saying, _, _) = in_mid_rollout(&shop)?;
    let patch = json!({ "spec": { "template": { "metadata": { "annotations": { "restarted": "now" } } } } });
    shop.namespace.merge("deployments", "api", &patch)?;
    saying.end()?.must_be("superseded", 3)?;
    Ok(())
}

#[test]
fn annotations_and_replicas_of_others_do_not_supersede() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let (saying, _, image) = in_mid_rollout(&shop)?;
    shop.namespace.annotate("deployments", "api", "team", "shop")?;
    shop.namespace.merge("deployments", "api", &json!({ "spec": { "replicas": 2 } }))?;
    saying.end()?.must_be("verified", 0)?;
    shop.must_serve(&image, 2)
}

#[test]
fn a_workload_that_was_made_anew_supersedes() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let (saying, _, _) = in_mid_rollout(&shop)?;
    shop.namespace.delete("deployments", "api")?;
    until("the end of the Deployment", PATIENCE, || {
        Ok(shop.namespace.find("deployments", "api")?.is_none().then_some(()))
    })?;
    shop.namespace.create_object("deployments", &Deployment::new("api", &shop.first.pinned()).json())?;
    let said = saying.end()?;
    // Between the two there was none: that can be seen first.
    assert!(matches!(said.outcome(), Some("superseded" | "cant-tell")) && said.exit_code == 3, "{said:#?}");
    assert_eq!(shop.marker()?, None, "the new one is not ours");
    Ok(())
}

#[test]
fn a_pause_by_somebody_in_mid_rollout_stops_the_deadline_and_is_theirs_to_lift() -> Result<()> {
    let setup = Setup::new()?.policy("progress_deadline", "\"8s\"");
    let shop = setup.deployment(|api| api.replicas(8).rolling(1.into(), 0.into())).start()?;
    let image = shop.push("v2")?;
    let saying = shop.bot.begin("/deploy api prod v2")?;
    let number = shop.number_of(&saying)?;
    until("our write", PATIENCE, || Ok(shop.marker()?.is_some().then_some(())))?;
    let pause = |paused: bool| shop.namespace.merge("deployments", "api", &json!({ "spec": { "paused": paused } }));
    pause(true)?;
    // More than twice the deadline, in which nothing may happen.
    holds_for(&true, Duration::from_secs(18), || saying.waits())?;
    assert_eq!(shop.recorded(number)?.phase(), "rolling");
    assert_eq!(shop.deployment()?["spec"]["paused"], true);
    pause(false)?;
    saying.end()?.must_be("verified", 0)?;
    shop.must_serve(&image, 8)
}

/// A rollout that takes its time, and has begun: who waits for it, its number, and its image.
fn in_mid_rollout(shop: &Shop<'_>) -> Result<(Saying, u64, Image)> {
    let image = shop.push("v2-slow")?;
    let saying = shop.bot.begin("/deploy api prod v2-slow")?;
    let number = shop.number_of(&saying)?;
    shop.until_phase(number, "rolling")?;
    Ok((saying, number, image))
}
