//! `/stop` in each phase, and the fence before "not done".

use std::time::Duration;

use anyhow::Result;
use cluster::{ControlPlane, Registry, RegistryOptions, holds_for, until};
use e2e::{At, PATIENCE, Setup};

/// Longer than rotabot waits for an answer to a write.
const GIVEN_UP: Duration = Duration::from_secs(30);

#[test]
fn stopped_while_it_prepares_nothing_is_touched() -> Result<()> {
    // A registry that doesn't answer keeps the change in `preparing`.
    let registry = Registry::start(&RegistryOptions::default())?;
    let shop = Setup::on(ControlPlane::shared()?, &registry)?.start()?;
    shop.push("v2")?;
    let generation = shop.deployment()?["metadata"]["generation"].clone();
    registry.freeze()?;
    let saying = shop.bot.begin("/deploy api prod v2")?;
    let number = shop.number_of(&saying)?;
    shop.until_phase(number, "preparing")?;
    let stop = shop.bot.say("/stop api prod")?;
    registry.thaw()?;
    assert_eq!(stop.exit_code, 0, "{stop:#?}");
    saying.end()?.must_be("cancelled", 3)?;
    assert_eq!((shop.deployment()?["metadata"]["generation"].clone(), shop.marker()?), (generation, None));
    assert!(shop.recorded(number)?.left().is_empty());
    Ok(())
}

#[test]
fn stopped_while_a_write_is_under_way_it_says_that_the_write_arrived() -> Result<()> {
    let (proxy, setup) = Setup::behind_a_proxy()?;
    let shop = setup.start()?;
    let image = shop.push("v2")?;
    let held = proxy.hold_patch(At::TheRequest, "/apply");
    let saying = shop.bot.begin("/deploy api prod v2")?;
    held.reached(PATIENCE)?;
    assert_eq!(shop.bot.say("/stop api prod")?.exit_code, 0);
    held.go_on();
    saying.end()?.must_be("cancelled", 3)?;
    assert_eq!(shop.image()?, image.pinned(), "left as it is");
    let change = shop.bot.export()?.changes()?.remove(0);
    assert_eq!(change.left(), ["written"]);
    Ok(())
}

#[test]
fn stopped_before_a_write_that_arrives_late_the_late_write_fails() -> Result<()> {
    let (proxy, setup) = Setup::behind_a_proxy()?;
    let shop = setup.start()?;
    shop.push("v2")?;
    let template = shop.deployment()?["spec"]["template"].clone();
    let held = proxy.hold_patch(At::TheRequest, "/apply");
    let saying = shop.bot.begin("/deploy api prod v2")?;
    held.reached(PATIENCE)?;
    assert_eq!(shop.bot.say("/stop api prod")?.exit_code, 0);
    // It gives the write up, and makes it fail before it says "not written".
    let said = saying.end()?;
    said.must_be("cancelled", 3)?;
    let change = shop.record_of(&said)?;
    assert_eq!(shop.marker()?, Some(format!("{}/fence", change.id)));
    assert!(change.left().is_empty(), "{:?}", change.left());
    held.go_on();
    assert_eq!(held.answered(GIVEN_UP)?, 422, "a late write fails its test");
    assert_eq!(shop.deployment()?["spec"]["template"], template);
    shop.must_serve(&shop.first, 3)?;
    // The fence stands in nobody's way.
    shop.bot.say_wait("/deploy api prod v2")?.must_be("verified", 0)?;
    Ok(())
}

#[test]
fn stopped_in_mid_rollout_it_is_left_as_it_is_and_is_no_release() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let image = shop.push("v2-neverready")?;
    let saying = shop.bot.begin("/deploy api prod v2-neverready")?;
    let number = shop.number_of(&saying)?;
    shop.until_phase(number, "rolling")?;
    assert_eq!(shop.bot.say("/stop api prod")?.exit_code, 0);
    saying.end()?.must_be("cancelled", 3)?;
    assert_eq!(shop.image()?, image.pinned());
    assert_ne!(shop.deployment()?["spec"]["paused"], true);
    let export = shop.bot.export()?;
    let verified = export.of("release").iter().filter(|release| release["origin"] == "verified").count();
    assert_eq!((verified, export.of("lock").len()), (0, 0));
    // The way back is open.
    shop.bot.say_wait("/rollback api prod")?.must_be("verified", 0)?;
    shop.must_serve(&shop.first, 3)
}

#[test]
fn stopped_while_it_is_watched_it_is_no_release_either() -> Result<()> {
    let shop = Setup::new()?.policy("stability_window", "\"10m\"").start()?;
    let image = shop.push("v2")?;
    let saying = shop.bot.begin("/deploy api prod v2")?;
    let number = shop.number_of(&saying)?;
    shop.until_phase(number, "stabilizing")?;
    assert_eq!(shop.bot.say("/stop api prod")?.exit_code, 0);
    saying.end()?.must_be("cancelled", 3)?;
    shop.must_serve(&image, 3)?;
    let export = shop.bot.export()?;
    assert!(!export.of("release").iter().any(|release| release["origin"] == "verified"));
    Ok(())
}

#[test]
fn while_it_holds_or_returns_it_cannot_be_stopped() -> Result<()> {
    for (policy, step, outcome) in [("\"hold\"", "/hold", "left"), ("\"rollback\"", "/return", "returned")] {
        let (proxy, setup) = Setup::behind_a_proxy()?;
        let shop = setup.policy("after_failure", policy).start()?;
        shop.push("v2-pullfail")?;
        let held = proxy.hold_patch(At::TheRequest, step);
        let saying = shop.bot.begin("/deploy api prod v2-pullfail")?;
        held.reached(PATIENCE)?;
        shop.bot.say("/stop api prod")?.must_refuse()?;
        held.go_on();
        saying.end()?.must_be(outcome, 2)?;
    }
    Ok(())
}

#[test]
fn a_stop_with_nothing_under_way_is_refused() -> Result<()> {
    let shop = Setup::new()?.start()?;
    shop.bot.say("/stop api prod")?.must_refuse()?;
    holds_for(&None, Duration::from_millis(500), || shop.marker())?;
    until("nothing", PATIENCE, || Ok(shop.bot.export()?.changes()?.is_empty().then_some(())))
}
