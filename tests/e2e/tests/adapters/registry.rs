//! Digests from Debian's docker-registry.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use cluster::{Registry, RegistryOptions};
use commands::ports::{Registry as _, RegistryFault, Resolved};
use rotabot::config::{Login, RegistryAccess, Username};
use rotabot::registry::Registries;
use rotabot::secret::SecretSource;
use state::image::Image;

fn resolve(registry: &Registry, access: &RegistryAccess, image: &str) -> Result<Result<Resolved, RegistryFault>> {
    let registries = Registries::new(&BTreeMap::from([(registry.address().to_owned(), access.clone())]))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let image: Image = image.parse()?;
    assert!(registries.configured(&image.repository));
    Ok(runtime.block_on(registries.resolve(&image)))
}

fn plain() -> RegistryAccess {
    RegistryAccess { plain_http: true, ..RegistryAccess::default() }
}

fn login(folder: &Path, password: &str) -> Result<Login> {
    let file = folder.join("password");
    fs::write(&file, password)?;
    Ok(Login { username: Username::Plain(Registry::USER.to_owned()), password: SecretSource::File(file) })
}

fn digest(answer: Result<Resolved, RegistryFault>) -> String {
    answer.unwrap().digest.to_string()
}

#[test]
fn a_tag_is_resolved_and_followed_when_it_moves() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let first = registry.push("shop/api", "v1")?;
    let second = registry.push("shop/api", "v2")?;
    assert_eq!(digest(resolve(&registry, &plain(), &first.tagged())?), first.digest);
    assert_eq!(digest(resolve(&registry, &plain(), &first.pinned())?), first.digest);
    registry.move_tag("shop/api", "v1", &second.digest)?;
    assert_eq!(digest(resolve(&registry, &plain(), &first.tagged())?), second.digest);
    assert_eq!(digest(resolve(&registry, &plain(), &first.pinned())?), first.digest, "a digest never moves");
    registry.delete("shop/api", &first.digest)?;
    assert_eq!(resolve(&registry, &plain(), &first.pinned())?, Err(RegistryFault::Unknown));
    Ok(())
}

#[test]
fn an_index_has_the_digests_of_its_platforms() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let index = registry.push_index("shop/api", "v1")?;
    let resolved = resolve(&registry, &plain(), &index.image.tagged())?.unwrap();
    assert_eq!(resolved.digest.as_str(), index.image.digest);
    let platforms: Vec<_> = resolved.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, index.platforms);
    Ok(())
}

#[test]
fn what_it_does_not_have_is_unknown() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    registry.push("shop/api", "v1")?;
    for (name, tag) in [("shop/api", "v2"), ("shop/nowhere", "v1")] {
        let answer = resolve(&registry, &plain(), &registry.reference(name, tag))?;
        assert_eq!(answer, Err(RegistryFault::Unknown), "{name}:{tag}");
    }
    Ok(())
}

#[test]
fn credentials_and_authority_are_what_the_settings_say() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let registry = Registry::start(&RegistryOptions { authenticated: true, tls: true })?;
    let image = registry.push("shop/api", "v1")?;
    let ca_file = folder.path().join("ca.pem");
    // A bundle: the right one comes second.
    let other = cluster::Authority::new("another authority")?.certificate()?;
    fs::write(&ca_file, format!("{other}\n{}", registry.authority().certificate()?))?;
    let trusting = RegistryAccess { ca_file: Some(ca_file), ..RegistryAccess::default() };
    let logged_in = RegistryAccess { login: Some(login(folder.path(), Registry::PASSWORD)?), ..trusting.clone() };
    assert_eq!(digest(resolve(&registry, &logged_in, &image.tagged())?), image.digest);
    assert_eq!(resolve(&registry, &trusting, &image.tagged())?, Err(RegistryFault::Denied), "nobody");
    let wrong = RegistryAccess { login: Some(login(folder.path(), "wrong")?), ..trusting };
    assert_eq!(resolve(&registry, &wrong, &image.tagged())?, Err(RegistryFault::Denied));
    let login = Some(login(folder.path(), Registry::PASSWORD)?);
    let distrusting = RegistryAccess { login, ..RegistryAccess::default() };
    let answer = resolve(&registry, &distrusting, &image.tagged())?;
    let Err(RegistryFault::Unreachable(fault)) = answer else { panic!("{answer:?}") };
    println!("{fault:?}");
    assert!(fault.chain().contains("certificate"), "{fault:?}");
    Ok(())
}

#[test]
fn one_that_is_frozen_or_dead_is_unreachable() -> Result<()> {
    let registry = Registry::start(&RegistryOptions::default())?;
    let image = registry.push("shop/api", "v1")?;
    registry.freeze()?;
    let start = Instant::now();
    assert!(matches!(resolve(&registry, &plain(), &image.tagged())?, Err(RegistryFault::Unreachable(_))));
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    registry.thaw()?;
    assert_eq!(digest(resolve(&registry, &plain(), &image.tagged())?), image.digest);
    registry.kill()?;
    assert!(matches!(resolve(&registry, &plain(), &image.tagged())?, Err(RegistryFault::Unreachable(_))));
    registry.restart()?;
    assert_eq!(digest(resolve(&registry, &plain(), &image.tagged())?), image.digest);
    Ok(())
}
