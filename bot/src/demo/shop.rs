//! The shop: its config, and the world that it stands for.

use std::path::Path;

use chrono::{DateTime, Utc};
use state::catalogue::{Catalogue, Language};
use state::image::Repository;
use state::names::PersonName;
use world::World;
use world::cluster::Spec;
use world::trace::Lines;

use crate::clock;
use crate::config::{self, Config, Faulty};

const CONFIG: &str = include_str!("shop.toml");

/// The tag that runs everywhere at the beginning.
pub(super) const RUNNING: &str = "v41";

/// Tags that can be deployed.
const TAGS: [&str; 5] = ["v40", RUNNING, "v42", "v43", "v44"];

/// Pods of each service, in staging and in prod.
const REPLICAS: (u32, u32) = (1, 3);

/// Whoever plays.
pub(super) fn you() -> PersonName {
    PersonName::new("you").expect("it is a name")
}

pub(super) fn config(language: Language) -> Result<Config, Faulty> {
    let text = CONFIG.replace("LANGUAGE", language.tag());
    let request = config::Request {
        file: Path::new("shop.toml"),
        data: Path::new("."),
        home: None,
        today: clock::now().wall.date_naive(),
    };
    Ok(config::read(&text, &request)?.config)
}

/// A world in which the whole catalogue runs its first image.
pub(super) fn world(start: DateTime<Utc>, catalogue: &Catalogue) -> World {
    let mut world = World::new(1, start, Lines::Hashed);
    for environment in catalogue.environments.values() {
        if world.cluster(&environment.cluster, |_| ()).is_none() {
            world = world.with_cluster(&environment.cluster);
        }
    }
    for name in catalogue.targets() {
        let Some(target) = catalogue.target(&name) else { continue };
        let replicas = if name.environment.as_str() == "prod" { REPLICAS.1 } else { REPLICAS.0 };
        for workload in &target.workloads {
            let Some(source) = workload.containers.first() else { continue };
            push(&world, &source.repository);
            let image = format!("{}:{RUNNING}", source.repository);
            let spec = Spec::new(workload.name.as_str(), &image, replicas);
            world.cluster(&target.cluster, |cluster| {
                cluster.create(&target.namespace, workload.name.as_str(), spec);
            });
        }
    }
    world
}

fn push(world: &World, repository: &Repository) {
    world.images(|images| {
        for tag in TAGS {
            if images.digest(repository, tag).is_none() {
                images.push(repository, tag);
            }
        }
    });
}
