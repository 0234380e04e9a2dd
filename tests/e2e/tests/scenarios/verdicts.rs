//! What a deploy is judged to be: V1, V2, V4, V5, V6 and the ways in which images fail.

use anyhow::Result;
use cluster::until;
use e2e::{PATIENCE, Recorded, Said, Setup, Shop, full_length};

#[test]
fn a_good_release_is_verified_by_its_digest_and_becomes_a_release() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let image = shop.push("v2")?;
    let said = shop.bot.say_wait("/deploy api prod v2")?;
    said.must_be("verified", 0)?;
    assert_eq!(shop.image()?, image.pinned(), "the digest is what is wanted, the tag is for people");
    shop.must_serve(&image, 3)?;
    let change = shop.record_of(&said)?;
    assert_eq!((change.outcome(), &change.outcomes[..]), (Some("verified"), &["verified".to_owned()][..]));
    assert_eq!(change.ended()["outcome"]["digests"], "match");
    assert_eq!(shop.marker()?, Some(format!("{}/apply", change.id)));
    assert!(!change.holds, "the claim is given back with the outcome");
    let export = shop.bot.export()?;
    let origins: Vec<_> = export.of("release").iter().map(|release| release["origin"].clone()).collect();
    assert!(origins.contains(&"verified".into()) && origins.contains(&"baseline".into()), "{origins:?}");
    assert!(export.of("lock").is_empty() && export.of("withdrawn").is_empty());

    // What runs already, and is healthy, is no change to the cluster.
    let generation = shop.deployment()?["metadata"]["generation"].clone();
    shop.bot.say_wait("/deploy api prod v2")?.must_be("nothing-to-do", 0)?;
    assert_eq!(shop.deployment()?["metadata"]["generation"], generation);
    Ok(())
}

#[test]
fn what_never_gets_ready_fails_by_the_deadline_and_the_old_pods_serve_on() -> Result<()> {
    let shop = Setup::new()?.policy("progress_deadline", "\"8s\"").start()?;
    let said = shop.deploy("v2-neverready")?;
    failed(&shop, &said, &["never-ready"], &["deadline"])?;
    // V14: it is stopped where it stands, before it takes good pods away.
    shop.must_serve(&shop.first, 3)
}

#[test]
fn what_crashes_once_it_was_ready_fails_though_kubectl_calls_it_a_success() -> Result<()> {
    let shop = Setup::new()?.deployment(|api| api.replicas(1)).start()?;
    shop.push("v2-crash")?;
    let generation = shop.deployment()?["metadata"]["generation"].as_u64();
    let saying = shop.bot.begin("/deploy api prod v2-crash")?;
    until("our write", PATIENCE, || {
        Ok((shop.deployment()?["metadata"]["generation"].as_u64() > generation).then_some(()))
    })?;
    let kubectl = shop.namespace.kubectl(&["rollout", "status", "deployment/api", "--timeout=60s"])?;
    assert!(kubectl.contains("successfully rolled out"), "{kubectl}");
    let said = saying.end()?;
    let change = failed(&shop, &said, &["crashed-after-ready"], &["window", "sign"])?;
    // V6: the cause is shown with its proof, and nothing of it rings or tells a secret.
    let cause = change.part("cause");
    assert_eq!(cause["exit_code"], 2, "{cause:#}");
    let log = cause["log"].to_string();
    assert!(log.contains("DATABASE_URL is not set"), "{log}");
    assert!(!log.contains("not-a-real-token") && !said.text().contains("not-a-real-token"), "{log}");
    assert!(said.text().contains("DATABASE_URL is not set"), "{}", said.text());
    Ok(())
}

#[test]
fn what_dies_within_the_stability_window_fails() -> Result<()> {
    let shop = Setup::new()?.policy("stability_window", "\"40s\"").start()?;
    let said = shop.deploy("v2-dies20")?;
    failed(&shop, &said, &["crashed-after-ready"], &["window"]).map(drop)
}

#[test]
fn what_dies_after_the_stability_window_was_rightly_verified() -> Result<()> {
    // The window as it is by default where there is time for it, else a short one: the pods die 90 s after they were ready.
    let window = if full_length() { "\"60s\"" } else { "\"10s\"" };
    let shop = Setup::new()?.policy("stability_window", window).start()?;
    let image = shop.push("v2-dies90")?;
    let said = shop.bot.say_wait("/deploy api prod v2-dies90")?;
    said.must_be("verified", 0)?;
    shop.must_serve(&image, 3)?;
    if full_length() {
        until("the death of a pod", PATIENCE, || {
            let restarted = |pod: &serde_json::Value| pod["status"]["containerStatuses"][0]["restartCount"] != 0;
            Ok(shop.namespace.pods()?.iter().any(restarted).then_some(()))
        })?;
        let change = shop.record_of(&said)?;
        assert_eq!((change.outcome(), change.outcomes.len()), (Some("verified"), 1), "an outcome is never taken back");
    }
    Ok(())
}

#[test]
fn what_turns_unready_within_the_window_fails_without_a_single_restart() -> Result<()> {
    let shop = Setup::new()?.policy("stability_window", "\"40s\"").start()?;
    let said = shop.deploy("v2-unready20")?;
    failed(&shop, &said, &["turned-unready"], &["window"]).map(drop)
}

#[test]
fn an_image_that_cannot_be_pulled_fails_long_before_the_deadline() -> Result<()> {
    let shop = Setup::new()?.policy("progress_deadline", "\"10m\"").start()?;
    let said = shop.deploy("v2-pullfail")?;
    let change = failed(&shop, &said, &["pull"], &["sign"])?;
    assert!(change.part("cause")["message"].to_string().contains("not found"), "{:#}", change.part("cause"));
    shop.must_serve(&shop.first, 3)
}

#[test]
fn a_missing_configuration_fails_long_before_the_deadline() -> Result<()> {
    let shop = Setup::new()?.policy("progress_deadline", "\"10m\"").start()?;
    let said = shop.deploy("v2-badconfig")?;
    let change = failed(&shop, &said, &["bad-config"], &["sign"])?;
    assert!(change.part("cause")["message"].to_string().contains("api-config"), "{:#}", change.part("cause"));
    Ok(())
}

#[test]
fn what_is_killed_for_its_memory_is_told_so() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let said = shop.deploy("v2-oom")?;
    let change = failed(&shop, &said, &["out-of-memory"], &["window", "sign"])?;
    assert_eq!(change.part("cause")["exit_code"], 137, "{:#}", change.part("cause"));
    Ok(())
}

#[test]
fn pods_that_run_another_image_than_was_asked_for_fail() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let said = shop.deploy("v2-wrongdigest")?;
    failed(&shop, &said, &["wrong-image"], &["digest"]).map(drop)
}

#[test]
fn nodes_that_report_no_digest_leave_it_unchecked_and_the_verdict_says_so() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let said = shop.deploy("v2-bareid")?;
    said.must_be("verified", 0)?;
    assert_eq!(shop.record_of(&said)?.ended()["outcome"]["digests"], "not-reported");
    assert!(said.text().contains("digest"), "{}", said.text());
    Ok(())
}

#[test]
fn without_a_registry_the_tag_is_written_as_it_is_and_the_verdict_says_so() -> Result<()> {
    let shop = Setup::new()?.configured(|config| e2e::Config { sections: Vec::new(), ..config }).start()?;
    let image = shop.push("v2")?;
    let said = shop.bot.say_wait("/deploy api prod v2")?;
    said.must_be("verified", 0)?;
    assert_eq!(shop.image()?, image.tagged());
    assert_eq!(shop.record_of(&said)?.ended()["outcome"]["digests"], "no-registry");
    assert!(said.text().contains("digest"), "{}", said.text());
    Ok(())
}

#[test]
fn a_digest_is_taken_as_it_is() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let image = shop.push("v2")?;
    let said = shop.bot.say_wait(&format!("/deploy api prod {}", image.digest))?;
    said.must_be("verified", 0)?;
    assert_eq!(shop.image()?, format!("{}@{}", image.repository, image.digest));
    shop.must_serve(&image, 3)
}

#[test]
fn an_image_for_several_platforms_is_verified_by_the_digest_of_its_index() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let index = shop.registry.push_index(&shop.image_name(), "v2")?;
    let said = shop.bot.say_wait("/deploy api prod v2")?;
    said.must_be("verified", 0)?;
    assert_eq!(shop.image()?, index.image.pinned());
    assert_eq!(shop.record_of(&said)?.ended()["outcome"]["digests"], "match");
    Ok(())
}

/// It failed for one of these reasons, was left as it stood, paused, and locked.
fn failed(shop: &Shop<'_>, said: &Said, kinds: &[&str], ended_by: &[&str]) -> Result<Recorded> {
    said.must_be("left", 2)?;
    let change = shop.record_of(said)?;
    let (kind, by) = change.failure();
    assert!(kinds.contains(&kind) && ended_by.contains(&by), "{kind} by {by}: {:#}", change.part("cause"));
    assert_eq!(change.part("cause")["kind"], kind, "the cause that is shown is the one that ended it");
    assert_eq!(change.outcomes, ["left"]);
    assert_eq!(shop.bot.export()?.of("lock").len(), 1, "every failed outcome leaves a lock");
    Ok(change)
}
