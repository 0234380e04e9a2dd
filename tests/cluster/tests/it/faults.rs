//! A control plane that is killed, frozen and started again.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;
use cluster::{ControlPlane, Deployment, Options, Part, Program};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn an_api_server_that_was_killed_comes_back_with_its_data_on_its_port() -> Result<()> {
    let plane = ControlPlane::start(&Options { nodes: 2, ..Options::default() })?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7").replicas(2).json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    namespace.set_image("api", "api", "shop/api:v8-slow")?;

    plane.kill(Part::ApiServer)?;
    assert!(namespace.get("deployments", "api").is_err(), "a killed API server answers");
    assert!(plane.kill(Part::ApiServer).is_err(), "a killed API server is killed again");
    let start = Instant::now();
    plane.restart(Part::ApiServer)?;
    println!("the API server is back after {:.1?}", start.elapsed());

    let image = namespace.get("deployments", "api")?["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    assert_eq!(image, "shop/api:v8-slow");
    namespace.wait_rolled_out("api", PATIENCE)?;
    Ok(())
}

#[test]
fn a_frozen_api_server_answers_nothing_until_it_is_thawed() -> Result<()> {
    let plane = ControlPlane::start(&Options { nodes: 1, ..Options::default() })?;
    plane.freeze(Part::ApiServer)?;
    let start = Instant::now();
    let output = plane.kubectl_output(&["get", "nodes", "--request-timeout", "2s"], "")?;
    assert!(!output.status.success() && start.elapsed() >= Duration::from_secs(2), "{output:?}");
    plane.thaw(Part::ApiServer)?;
    plane.kubectl(&["get", "nodes"])?;
    Ok(())
}

#[test]
fn every_part_can_be_restarted() -> Result<()> {
    let plane = ControlPlane::start(&Options { nodes: 2, ..Options::default() })?;
    for part in [Part::Etcd, Part::ApiServer, Part::ControllerManager, Part::Scheduler, Part::Kwok] {
        plane.restart(part)?;
    }
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7").replicas(4).json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    Ok(())
}

#[test]
fn another_process_may_use_it_but_not_maltreat_it() -> Result<()> {
    let plane = ControlPlane::start(&Options { nodes: 1, ..Options::default() })?;
    let attached = ControlPlane::attach(plane.folder())?;
    let namespace = attached.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v7").json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    assert!(attached.kill(Part::ApiServer).is_err());
    drop(namespace);
    drop(attached);
    plane.kubectl(&["get", "nodes"])?;
    Ok(())
}

#[test]
fn a_command_finds_the_control_plane_that_was_started_for_it() -> Result<()> {
    let program = Program::find()?;
    let output = Command::new(env!("CARGO_BIN_EXE_cluster"))
        .arg("with")
        .arg(program.path())
        .args(["kubectl", "get", "nodes", "--output", "name"])
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    assert_eq!(text.lines().filter(|line| line.starts_with("node/")).count(), 5, "{text}");
    let failing = Command::new(env!("CARGO_BIN_EXE_cluster")).args(["with", "sh", "-c", "exit 7"]).status()?;
    assert_eq!(failing.code(), Some(7));
    Ok(())
}
