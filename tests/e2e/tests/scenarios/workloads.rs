//! Workloads as they are found: paused, missing, without pods, without the container, several (V13).

use anyhow::Result;
use cluster::Deployment;
use e2e::Setup;
use serde_json::json;

#[test]
fn a_workload_that_somebody_paused_is_refused() -> Result<()> {
    let shop = Setup::new()?.deployment(Deployment::paused).start()?;
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    // By whom, the server knows: the manager of the field.
    let deployment = shop.deployment()?;
    let managers = deployment["metadata"]["managedFields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by = managers.iter().find(|one| one["fieldsV1"]["f:spec"]["f:paused"].is_object());
    let by = by.map(|one| one["manager"].clone());
    assert!(by.is_some(), "{managers:?}");
    let why = json!({ "paused": { "workload": "api", "by": by } });
    assert_eq!(shop.record_of(&said)?.ended()["outcome"]["why"], why);
    assert_eq!((shop.marker()?, shop.image()?), (None, shop.first.pinned()));
    assert_eq!(shop.deployment()?["spec"]["paused"], true, "their pause is theirs to lift");
    Ok(())
}

#[test]
fn a_workload_that_is_not_there_is_refused() -> Result<()> {
    let shop = Setup::new()?.without_deployment().start()?;
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    assert_eq!(shop.record_of(&said)?.ended()["outcome"]["why"], json!({ "missing": { "workload": "api" } }));
    assert!(said.text().contains("api"), "{}", said.text());
    Ok(())
}

#[test]
fn a_workload_without_the_container_is_refused_and_the_containers_it_has_are_named() -> Result<()> {
    let setup = Setup::new()?;
    let containers = json!({ "containers": [{ "name": "server", "image": setup.first().pinned() }] });
    let shop = setup.deployment(|api| api.pod_spec(containers)).start()?;
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    let why = shop.record_of(&said)?.ended()["outcome"]["why"].clone();
    assert_eq!(why, json!({ "no-container": { "workload": "api", "container": "api", "has": ["server"] } }));
    assert!(said.text().contains("server"), "{}", said.text());
    assert_eq!(shop.marker()?, None);
    Ok(())
}

#[test]
fn without_replicas_it_is_written_and_cannot_be_told() -> Result<()> {
    let shop = Setup::new()?.deployment(|api| api.replicas(0)).start()?;
    let image = shop.push("v2")?;
    let said = shop.bot.say_wait("/deploy api prod v2")?;
    said.must_be("cant-tell", 3)?;
    assert_eq!(shop.image()?, image.pinned());
    let export = shop.bot.export()?;
    let verified = export.of("release").iter().filter(|release| release["origin"] == "verified").count();
    assert_eq!((verified, export.of("lock").len()), (0, 0), "no release, no lock");
    Ok(())
}

#[test]
fn several_workloads_are_written_in_order_and_judged_together() -> Result<()> {
    let setup = Setup::new()?.configured(|mut config| {
        config.workloads.push(("api-grpc".to_owned(), config.workloads[0].1.clone()));
        config
    });
    let grpc = Deployment::new("api-grpc", &setup.first().pinned());
    let containers = json!({ "containers": [{ "name": "api", "image": setup.first().pinned() }] });
    let shop = setup.prepare()?;
    shop.bot.start()?;
    // All are checked before one is written.
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    assert_eq!((shop.marker()?, shop.image()?), (None, shop.first.pinned()));

    shop.namespace.create_object("deployments", &grpc.pod_spec(containers).json())?;
    shop.namespace.wait_rolled_out("api-grpc", e2e::PATIENCE)?;
    let image = shop.push("v3")?;
    let said = shop.bot.say_wait("/deploy api prod v3")?;
    said.must_be("verified", 0)?;
    for name in ["api", "api-grpc"] {
        let template = shop.namespace.get("deployments", name)?["spec"]["template"].clone();
        assert_eq!(template["spec"]["containers"][0]["image"], image.pinned().as_str(), "{name}");
    }
    shop.must_serve(&image, 4)?;
    assert_eq!(shop.record_of(&said)?.left(), ["written", "written"]);
    Ok(())
}

#[test]
fn a_failure_of_several_returns_all_that_were_written() -> Result<()> {
    let setup = Setup::new()?.policy("after_failure", "\"rollback\"").configured(|mut config| {
        config.workloads.push(("api-grpc".to_owned(), config.workloads[0].1.clone()));
        config
    });
    let grpc = Deployment::new("api-grpc", &setup.first().pinned());
    let containers = json!({ "containers": [{ "name": "api", "image": setup.first().pinned() }] });
    let shop = setup.prepare()?;
    shop.namespace.create_object("deployments", &grpc.pod_spec(containers).json())?;
    shop.namespace.wait_rolled_out("api-grpc", e2e::PATIENCE)?;
    shop.bot.start()?;
    let said = shop.deploy("v2-pullfail")?;
    said.must_be("returned", 2)?;
    assert_eq!(shop.record_of(&said)?.left(), ["returned", "returned"]);
    shop.must_serve(&shop.first, 4)
}
