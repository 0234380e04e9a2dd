//! The registry: tags, digests, and its ways to fail.

use anyhow::Result;
use cluster::{Registry, RegistryOptions};

#[test]
fn a_tag_names_what_was_pushed_last_until_it_is_moved() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let first = registry.push("shop/api", "v7")?;
    let second = registry.push("shop/api", "v8")?;
    assert_ne!(first.digest, second.digest);
    assert_eq!(registry.resolve("shop/api", "v7")?, Some(first.digest.clone()));
    assert_eq!(registry.resolve("shop/api", "v9")?, None);

    registry.move_tag("shop/api", "v7", &second.digest)?;
    assert_eq!(registry.resolve("shop/api", "v7")?, Some(second.digest.clone()));
    let again = registry.push("shop/api", "v8")?;
    assert_ne!(again.digest, second.digest);
    assert_eq!(registry.resolve("shop/api", "v8")?, Some(again.digest.clone()));

    registry.delete("shop/api", &again.digest)?;
    assert_eq!(registry.resolve("shop/api", "v8")?, None);
    assert_eq!(again.pinned(), format!("{}/shop/api:v8@{}", registry.address(), again.digest));
    Ok(())
}

#[test]
fn an_index_names_its_platforms() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let index = registry.push_index("shop/api", "v7")?;
    assert_eq!(registry.resolve("shop/api", "v7")?, Some(index.image.digest.clone()));
    for digest in &index.platforms {
        assert_eq!(registry.resolve("shop/api", digest)?.as_ref(), Some(digest));
    }
    Ok(())
}

#[test]
fn a_killed_registry_comes_back_with_its_images_on_its_address() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let image = registry.push("shop/api", "v7")?;
    registry.kill()?;
    assert!(registry.resolve("shop/api", "v7").is_err());
    registry.restart()?;
    assert_eq!(registry.resolve("shop/api", "v7")?, Some(image.digest));
    Ok(())
}

#[test]
fn only_the_one_user_is_served_where_authentication_is_on() -> Result<()> {
    let registry = Registry::start(&RegistryOptions { authenticated: true, ..RegistryOptions::default() })?;
    let image = registry.push("shop/api", "v7")?;
    assert_eq!(registry.resolve("shop/api", "v7")?, Some(image.digest));
    let answer = status_without_credentials(&registry)?;
    assert_eq!(answer, 401);
    Ok(())
}

#[test]
fn a_registry_with_tls_is_trusted_through_its_authority() -> Result<()> {
    let registry = Registry::start(&RegistryOptions { tls: true, ..RegistryOptions::default() })?;
    let image = registry.push("shop/api", "v7")?;
    assert_eq!(registry.resolve("shop/api", "v7")?, Some(image.digest));
    assert!(status_without_credentials(&registry).is_err(), "trusted without its authority");
    Ok(())
}

/// As a client that knows nothing of this registry but its address.
fn status_without_credentials(registry: &Registry) -> Result<u16> {
    let url = format!("{}/v2/", registry.url());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(async { Ok(reqwest::Client::builder().no_proxy().build()?.get(url).send().await?.status().as_u16()) })
}
