//! `/rollback`: D11, D12, D4.

use anyhow::Result;
use cluster::until;
use e2e::{PATIENCE, Setup};
use serde_json::json;

#[test]
fn the_first_deploy_is_rolled_back_to_what_it_found() -> Result<()> {
    let shop = Setup::new()?.start()?;
    shop.bot.say_wait("/rollback api prod")?.must_be("refused", 1)?;
    assert_eq!(shop.marker()?, None, "nothing was touched");
    shop.deploy("v2")?.must_be("verified", 0)?;
    let said = shop.bot.say_wait("/rollback api prod")?;
    said.must_be("verified", 0)?;
    shop.must_serve(&shop.first, 3)?;
    // D4: what it left is locked, by name, so that the next pipeline doesn't ship it again.
    let export = shop.bot.export()?;
    let lock = export.of("lock").first().map(|lock| lock["reason"].clone()).unwrap_or_default();
    assert_eq!(lock["withdrawn"]["image"], "v2", "{lock}");
    shop.bot.say_as("mo", "/deploy api prod v2")?.must_refuse()?;
    Ok(())
}

#[test]
fn two_rollbacks_in_a_row_go_back_twice_and_never_toggle() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let second = shop.push("v2")?;
    shop.bot.say_wait("/deploy api prod v2")?.must_be("verified", 0)?;
    shop.deploy("v3")?.must_be("verified", 0)?;
    shop.bot.say_wait("/rollback api prod")?.must_be("verified", 0)?;
    shop.must_serve(&second, 3)?;
    shop.bot.say_wait("/rollback api prod")?.must_be("verified", 0)?;
    shop.must_serve(&shop.first, 3)?;
    let said = shop.bot.say_wait("/rollback api prod")?;
    said.must_be("refused", 1)?;
    shop.must_serve(&shop.first, 3)
}

#[test]
fn a_rollback_goes_where_it_is_told() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let second = shop.push("v2")?;
    shop.bot.say_wait("/deploy api prod v2")?.must_be("verified", 0)?;
    shop.deploy("v3")?.must_be("verified", 0)?;
    shop.deploy("v4")?.must_be("verified", 0)?;
    shop.bot.say_wait("/rollback api prod v2")?.must_be("verified", 0)?;
    shop.must_serve(&second, 3)?;
    shop.bot.say_wait("/rollback api prod v9")?.must_be("refused", 1)?;
    Ok(())
}

#[test]
fn a_tag_that_was_moved_is_written_back_with_the_digest_that_ran() -> Result<()> {
    let setup = Setup::new()?.policy("after_failure", "\"rollback\"");
    let (first, tagged) = (setup.first().clone(), setup.first().tagged());
    // As `kubectl` would have it: a tag alone, of which the node knows what it stood for.
    let image = json!({ "containers": [{ "name": "api", "image": tagged }] });
    let shop = setup.deployment(|api| api.pod_spec(image)).prepare()?;
    for pod in shop.namespace.pods()? {
        let mut status = pod["status"]["containerStatuses"][0].clone();
        status["imageID"] = format!("{}@{}", first.repository, first.digest).into();
        let name = format!("{}/status", pod["metadata"]["name"].as_str().unwrap_or_default());
        shop.namespace.merge("pods", &name, &json!({ "status": { "containerStatuses": [status] } }))?;
    }
    shop.must_serve(&first, 3)?;
    let moved = shop.push("v1")?;
    assert_ne!(moved.digest, first.digest);
    shop.bot.start()?;
    shop.deploy("v2-pullfail")?.must_be("returned", 2)?;
    assert_eq!(shop.image()?, first.pinned(), "the tag now stands for something that never ran here");
    until("the old image on all pods", PATIENCE, || Ok(shop.must_serve(&first, 3).ok()))
}

#[test]
fn a_failed_rollback_is_never_returned_by_itself() -> Result<()> {
    let mut shop = Setup::new()?.policy("after_failure", "\"rollback\"").start()?;
    shop.deploy("v2-dies20")?.must_be("verified", 0)?;
    let third = shop.push("v3")?;
    shop.bot.say_wait("/deploy api prod v3")?.must_be("verified", 0)?;
    // With a longer window what was verified once fails now.
    shop.bot.stop()?;
    shop.reconfigure(|config| config.policy("stability_window", "\"40s\""))?;
    shop.bot.start()?;
    let said = shop.bot.say_wait("/rollback api prod")?;
    said.must_be("left", 2)?;
    let outcome = shop.record_of(&said)?.ended()["outcome"].clone();
    assert_eq!((&outcome["not_returned"], &outcome["question"]["then"]), (&json!("was-rollback"), &json!("hold")));
    assert!(!shop.image()?.contains(&third.digest), "no way forward is taken by itself");
    Ok(())
}
