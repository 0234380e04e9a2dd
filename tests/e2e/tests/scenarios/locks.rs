//! Claims and locks: D1, D2, D3.

use anyhow::Result;
use cluster::until;
use e2e::{PATIENCE, Setup};

#[test]
fn a_target_is_held_by_one_change_at_a_time() -> Result<()> {
    let shop = Setup::new()?.policy("stability_window", "\"10m\"").start()?;
    shop.push("v2")?;
    shop.push("v3")?;
    let saying = shop.bot.begin("/deploy api prod v2")?;
    let number = shop.number_of(&saying)?;
    // The same person asking for the same thing is shown the open change.
    let same = shop.bot.say("/deploy api prod v2")?;
    assert_eq!((same.exit_code, same.change()?), (0, number), "{same:#?}");
    // Anybody else, or anything else, is refused, with holder and number.
    for said in [shop.bot.say_as("mo", "/deploy api prod v2")?, shop.bot.say("/deploy api prod v3")?] {
        let text = said.must_refuse()?.text();
        assert!(text.contains("lin") && text.contains(&format!("#{number}")), "{text}");
    }
    assert_eq!(shop.bot.export()?.changes()?.len(), 1);
    shop.bot.say("/stop api prod")?;
    saying.end()?.must_be("cancelled", 3)?;
    Ok(())
}

#[test]
fn a_lock_refuses_all_but_its_holder_and_the_widest_is_looked_at_first() -> Result<()> {
    let shop = Setup::new()?.start()?;
    assert_eq!(shop.bot.say("/lock api/prod checking the numbers")?.exit_code, 0);
    let text = shop.bot.say_as("mo", "/deploy api prod v2")?.must_refuse()?.text();
    assert!(text.contains("checking the numbers") && text.contains("lin"), "{text}");
    // A person's lock refuses going back too.
    shop.bot.say_as("mo", "/rollback api prod")?.must_refuse()?;
    assert_eq!(shop.bot.say("/lock all moving house")?.exit_code, 0);
    let text = shop.bot.say_as("mo", "/deploy api prod v2")?.must_refuse()?.text();
    assert!(text.contains("moving house"), "{text}");
    let locks = shop.bot.say("/locks")?;
    assert!(locks.text().contains("moving house") && locks.text().contains("checking the numbers"), "{}", locks.text());
    // The holder passes.
    shop.deploy("v2")?.must_be("verified", 0)?;
    // Who may not lift a lock is refused; who may is not, and then the way is free.
    shop.bot.say_as("zhou", "/unlock all")?.must_refuse()?;
    assert_eq!(shop.bot.say("/unlock all")?.exit_code, 0);
    assert_eq!(shop.bot.say("/unlock api/prod")?.exit_code, 0);
    assert!(shop.bot.export()?.of("lock").is_empty());
    shop.push("v3")?;
    let said = shop.bot.run(&["say", "/deploy api prod v3", "--wait", "--json", "--as", "mo"])?;
    said.must_be("verified", 0)?;
    Ok(())
}

#[test]
fn locks_and_history_outlive_a_kill() -> Result<()> {
    let shop = Setup::new()?.start()?;
    assert_eq!(shop.bot.say("/lock prod month end")?.exit_code, 0);
    shop.deploy("v2")?.must_be("verified", 0)?;
    let history = shop.bot.say("/history api prod")?.text();
    shop.bot.kill()?;
    shop.bot.start()?;
    shop.bot.say_as("mo", "/deploy api prod v3")?.must_refuse()?;
    assert_eq!(shop.bot.say("/history api prod")?.text(), history);
    let shown = shop.bot.say("/show #1")?;
    assert!(shown.exit_code == 0 && shown.text().contains("v2"), "{shown:#?}");
    Ok(())
}

#[test]
fn who_may_not_is_told_who_may() -> Result<()> {
    let shop = Setup::new()?.start()?;
    shop.push("v2")?;
    let text = shop.bot.say_as("zhou", "/deploy api prod v2")?.must_refuse()?.text();
    assert!(text.contains("mo") || text.contains("lin"), "{text}");
    assert!(shop.bot.export()?.changes()?.is_empty());
    // To look is for everybody; a plan changes nothing.
    let plan = until("the first look at the cluster", PATIENCE, || {
        let plan = shop.bot.say_as("zhou", "/deploy api prod v2 plan")?;
        Ok(plan.text().contains("v2").then_some(plan))
    })?;
    assert_eq!(plan.exit_code, 0, "{plan:#?}");
    assert_eq!(shop.marker()?, None);
    Ok(())
}
