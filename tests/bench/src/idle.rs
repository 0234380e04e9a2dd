//! The memory of a rotabot that has nothing to do: an empty store, ten services that run, and the watches on them.

use std::time::Duration;

use anyhow::{Context, Result};
use cluster::{ControlPlane, Deployment, Options, Registry, RegistryOptions};
use e2e::{Build, PATIENCE, Setup};

use crate::machine::most_memory;
use crate::table::Row;

/// Beside the one that there always is.
const MORE_SERVICES: u32 = 9;

/// A few heartbeats.
const WATCHED_FOR: Duration = Duration::from_secs(20);

pub(crate) fn run(build: &Build) -> Result<Vec<Row>> {
    let plane = ControlPlane::start(&Options::default())?;
    let registry = Registry::start(&RegistryOptions::default())?;
    let mut setup = Setup::on(&plane, &registry)?.build(build.clone());
    let image = setup.first().clone();
    for n in 0..MORE_SERVICES {
        let name = format!("service-{n}");
        let deployment = Deployment::new(&name, &image.pinned());
        setup.namespace().create_object("deployments", &deployment.json())?;
        setup.namespace().wait_rolled_out(&name, PATIENCE)?;
        let section =
            format!("[services.{name}]\nworkloads = [{{ containers = {{ {name} = {:?} }} }}]\n", image.repository);
        setup = setup.configured(|config| config.section(section));
    }
    let shop = setup.start()?;
    let process = shop.bot.process_id().context("rotabot is not running")?;
    let (most, ()) = most_memory(process, || {
        std::thread::sleep(WATCHED_FOR);
        Ok(())
    })?;
    Ok(vec![Row::within("memory (PSS), empty store, ten services, nothing to do", most, 40.0, "MiB")])
}
