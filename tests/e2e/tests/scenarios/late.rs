//! Writes that arrive late or whose answer is lost, and what somebody did while rotabot was down.

use std::time::Duration;

use anyhow::Result;
use cluster::until;
use e2e::{At, PATIENCE, Setup};

#[test]
fn a_write_that_arrives_after_it_was_given_up_changes_nothing_a_second_time() -> Result<()> {
    let (proxy, setup) = Setup::behind_a_proxy()?;
    let shop = setup.start()?;
    let image = shop.push("v2")?;
    let held = proxy.hold_patch(At::TheRequest, "/apply");
    let saying = shop.bot.begin("/deploy api prod v2")?;
    held.reached(PATIENCE)?;
    // Given up after some seconds, it is written again.
    until("the second write", PATIENCE, || Ok(shop.marker()?.is_some().then_some(())))?;
    let generation = shop.deployment()?["metadata"]["generation"].clone();
    held.go_on();
    assert_eq!(held.answered(Duration::from_secs(10))?, 422, "a late write fails its test");
    saying.end()?.must_be("verified", 0)?;
    assert_eq!(shop.deployment()?["metadata"]["generation"], generation);
    shop.must_serve(&image, 3)
}

#[test]
fn a_write_whose_answer_is_lost_is_found_and_not_repeated() -> Result<()> {
    let (proxy, setup) = Setup::behind_a_proxy()?;
    let shop = setup.start()?;
    let image = shop.push("v2")?;
    let held = proxy.hold_patch(At::TheAnswer, "/apply");
    let saying = shop.bot.begin("/deploy api prod v2")?;
    held.reached(PATIENCE)?;
    held.lose();
    saying.end()?.must_be("verified", 0)?;
    shop.must_serve(&image, 3)?;
    let patches = proxy.requests().into_iter().filter(|request| request.method == "PATCH").count();
    assert_eq!(patches, 1, "it read before it wrote");
    Ok(())
}

#[test]
fn somebody_who_undoes_our_write_while_rotabot_is_down_is_not_overruled() -> Result<()> {
    let shop = Setup::new()?.start()?;
    shop.push("v2-slow")?;
    let saying = shop.bot.begin("/deploy api prod v2-slow")?;
    let number = shop.number_of(&saying)?;
    shop.until_phase(number, "rolling")?;
    shop.bot.kill()?;
    shop.namespace.set_image("api", "api", &shop.first.pinned())?;
    let generation = shop.deployment()?["metadata"]["generation"].clone();
    shop.bot.start()?;
    saying.end()?.must_be("superseded", 3)?;
    let change = shop.recorded(number)?;
    assert_eq!(change.outcomes, ["superseded"]);
    assert_eq!(shop.deployment()?["metadata"]["generation"], generation, "never patched again");
    assert_eq!(shop.image()?, shop.first.pinned());
    Ok(())
}

#[test]
fn somebody_who_undoes_a_write_of_which_rotabot_never_heard_is_not_overruled() -> Result<()> {
    let (proxy, setup) = Setup::behind_a_proxy()?;
    let shop = setup.start()?;
    shop.push("v2")?;
    let held = proxy.hold_patch(At::TheAnswer, "/apply");
    let saying = shop.bot.begin("/deploy api prod v2")?;
    held.reached(PATIENCE)?;
    shop.bot.kill()?;
    held.lose();
    // The marker stays, the values go.
    shop.namespace.set_image("api", "api", &shop.first.pinned())?;
    let generation = shop.deployment()?["metadata"]["generation"].clone();
    shop.bot.start()?;
    saying.end()?.must_be("superseded", 3)?;
    assert_eq!(shop.deployment()?["metadata"]["generation"], generation, "never patched again");
    Ok(())
}

#[test]
fn what_went_on_while_rotabot_was_down_counts() -> Result<()> {
    // Complete before timing out: the deadline passes while nobody looks, and the pods get ready all the same.
    let shop = Setup::new()?.policy("progress_deadline", "\"25s\"").start()?;
    let image = shop.push("v2-slow")?;
    let saying = shop.bot.begin("/deploy api prod v2-slow")?;
    let number = shop.number_of(&saying)?;
    shop.until_phase(number, "rolling")?;
    shop.bot.kill()?;
    shop.namespace.wait_rolled_out("api", PATIENCE)?;
    shop.bot.start()?;
    saying.end()?.must_be("verified", 0)?;
    shop.must_serve(&image, 3)
}
