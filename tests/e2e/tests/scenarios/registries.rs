//! Registries that don't answer, don't know, don't let in, or have lost an image.

use anyhow::Result;
use cluster::{ControlPlane, Registry, RegistryOptions, until};
use e2e::{PATIENCE, Setup, Shop};

#[test]
fn an_unknown_tag_is_refused_and_nothing_is_touched() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let said = shop.bot.say_wait("/deploy api prod v9")?;
    refused(&shop, &said, "image-unknown")?;
    assert!(said.text().contains("v9"), "{}", said.text());
    Ok(())
}

#[test]
fn a_registry_that_is_down_refuses_a_tag_but_not_a_digest() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let shop = Setup::on(ControlPlane::shared()?, &registry)?.start()?;
    let image = shop.push("v2")?;
    registry.kill()?;
    let said = shop.bot.say_wait("/deploy api prod v2")?;
    refused(&shop, &said, "registry-unreachable")?;
    assert!(said.text().contains(registry.address()), "{}", said.text());
    // Nothing has to be asked of a digest; that it could not be is no failure.
    shop.bot.say_wait(&format!("/deploy api prod {}", image.digest))?.must_be("verified", 0)?;
    shop.must_serve(&image, 3)
}

#[test]
fn a_registry_that_wants_credentials_refuses_without_and_serves_with_them() -> Result<()> {
    let registry = Registry::start(&RegistryOptions { authenticated: true, ..RegistryOptions::default() })?;
    let mut shop = Setup::on(ControlPlane::shared()?, &registry)?.start()?;
    let image = shop.push("v2")?;
    let said = shop.bot.say_wait("/deploy api prod v2")?;
    refused(&shop, &said, "registry-denied")?;
    assert!(said.text().contains(registry.address()), "{}", said.text());

    shop.bot.stop()?;
    let password = shop.bot.folder().join("password");
    std::fs::write(&password, format!("{}\n", Registry::PASSWORD))?;
    let address = registry.address();
    shop.reconfigure(|mut config| {
        config.sections = vec![format!(
            "[registries.\"{address}\"]\nplain_http = true\nusername = {:?}\npassword_file = {password:?}\n",
            Registry::USER
        )];
        config
    })?;
    shop.bot.start()?;
    shop.bot.say_wait("/deploy api prod v2")?.must_be("verified", 0)?;
    shop.must_serve(&image, 3)?;
    let said = [shop.bot.log(), shop.bot.say("/show #1")?.text(), shop.bot.say("/status")?.text()].concat();
    assert!(!said.contains(Registry::PASSWORD), "a password was printed");
    Ok(())
}

#[test]
fn a_registry_with_an_authority_of_its_own_is_trusted_where_the_config_says_so() -> Result<()> {
    let registry = Registry::start(&RegistryOptions { tls: true, ..RegistryOptions::default() })?;
    let setup = Setup::on(ControlPlane::shared()?, &registry)?;
    let address = registry.address();
    let mut shop = setup
        .configured(|config| e2e::Config { sections: vec![format!("[registries.\"{address}\"]\n")], ..config })
        .start()?;
    shop.push("v2")?;
    let said = shop.bot.say_wait("/deploy api prod v2")?;
    refused(&shop, &said, "registry-unreachable")?;

    shop.bot.stop()?;
    let authority = shop.bot.folder().join("registry-ca.pem");
    std::fs::write(&authority, registry.authority().certificate()?)?;
    shop.reconfigure(|mut config| {
        config.sections = vec![format!("[registries.\"{address}\"]\nca_file = \"registry-ca.pem\"\n")];
        config
    })?;
    shop.bot.start()?;
    shop.bot.say_wait("/deploy api prod v2")?.must_be("verified", 0)?;
    Ok(())
}

#[test]
fn a_registry_that_is_down_does_not_stop_a_return() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let setup = Setup::on(ControlPlane::shared()?, &registry)?.policy("after_failure", "\"rollback\"");
    let shop = setup.start()?;
    shop.push("v2-pullfail")?;
    let saying = shop.bot.begin("/deploy api prod v2-pullfail")?;
    until("our write", PATIENCE, || Ok(shop.marker()?.is_some().then_some(())))?;
    registry.kill()?;
    saying.end()?.must_be("returned", 2)?;
    shop.must_serve(&shop.first, 3)
}

#[test]
fn an_old_image_that_is_gone_is_not_returned_to() -> Result<()> {
    let setup = Setup::new()?.policy("after_failure", "\"rollback\"");
    let shop = setup.start()?;
    shop.registry.delete(&shop.image_name(), &shop.first.digest)?;
    let said = shop.deploy("v2-pullfail")?;
    said.must_be("left", 2)?;
    let outcome = shop.record_of(&said)?.ended()["outcome"].clone();
    assert_eq!((&outcome["not_returned"], &outcome["question"]), (&"image-gone".into(), &serde_json::Value::Null));
    assert_eq!(shop.deployment()?["spec"]["paused"], true, "it is stopped as `hold` would");
    shop.must_serve(&shop.first, 3)
}

/// It was refused for this reason, and the Deployment is as it was.
fn refused(shop: &Shop<'_>, said: &e2e::Said, why: &str) -> Result<()> {
    said.must_be("refused", 1)?;
    let recorded = shop.record_of(said)?.ended()["outcome"]["why"].clone();
    assert!(recorded.get(why).is_some() || recorded == why, "{recorded} instead of {why}");
    assert_eq!((shop.marker()?, shop.image()?), (None, shop.first.pinned()));
    assert!(shop.bot.export()?.of("lock").is_empty());
    Ok(())
}
