//! A shop to try things on: five services, staging and prod, some releases, and the people who run it.
//!
//! It is what the demo shows. Its clock is advanced by whoever opens it, by the real time for a demo.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use state::catalogue::{
    Action, AfterFailure, Catalogue, ContainerSource, Environment, Grantee, LogsInChat, Mode, Permissions, Person,
    Policy, Service, Unanswered, Workload, WorkloadKind,
};
use state::image::Repository;
use state::names::{ChannelName, ClusterName, EnvironmentName, PersonName, ServiceName};

use crate::World;
use crate::behaviour::Behaviour;
use crate::cluster::Spec;
use crate::trace::Lines;

/// A shop that is open.
#[derive(Clone)]
pub struct Shop {
    /// Its world.
    pub world: World,
    /// Its catalogue.
    pub catalogue: Arc<Catalogue>,
}

/// The services, with who owns each, how many replicas prod has, and the releases, of which the first runs.
const SERVICES: [(&str, &str, u32, [&str; 4]); 5] = [
    ("web", "zhou", 3, ["2.3.0", "2.4.0", "2.4.1", "2.5.0"]),
    ("api", "mo", 3, ["4.1.0", "4.2.0", "4.2.1", "4.3.0"]),
    ("pay", "lin", 2, ["1.8.2", "1.8.3", "1.9.0", "1.9.1"]),
    ("search", "mo", 2, ["0.9.0", "0.9.1", "0.10.0", "0.10.1"]),
    ("mail", "zhou", 1, ["3.0.4", "3.0.5", "3.1.0", "3.1.1"]),
];

const HOST: &str = "registry.shop.test";

/// How long a pod of the shop must be ready before it takes the place of an old one.
const MIN_READY: Duration = Duration::from_secs(2);

/// So much has passed in the world before the shop opens, so that everything runs.
const SETTLES: Duration = Duration::from_secs(30);

impl Shop {
    /// Opens it: everything runs its first release. Whoever plays it may do everything in it.
    pub fn open(now: DateTime<Utc>, name: &PersonName, player: Person) -> Self {
        let catalogue = catalogue(name, player);
        let start = now - chrono::TimeDelta::from_std(SETTLES).unwrap_or_default();
        let mut world = World::new(0, start, Lines::Hashed);
        let clusters: BTreeSet<&ClusterName> =
            catalogue.environments.values().map(|environment| &environment.cluster).collect();
        for cluster in clusters {
            world = world.with_cluster(cluster);
        }
        for (service, _, replicas, releases) in SERVICES {
            let repository = repository(service);
            world.images(|images| releases.map(|release| images.push(&repository, release)));
            for (name, environment) in &catalogue.environments {
                let replicas = if name.as_str() == "prod" { replicas } else { 1 };
                let mut spec = Spec::new(service, &format!("{repository}:{}", releases[0]), replicas);
                // So that pods which crash right after they are ready don't cost those that serve.
                spec.min_ready = MIN_READY;
                world.cluster(&environment.cluster, |cluster| cluster.create(&environment.namespace, service, spec));
            }
        }
        world.advance(SETTLES);
        Self { world, catalogue: Arc::new(catalogue) }
    }

    /// Lets the shop's time pass, up to so much since it opened.
    pub fn advance(&self, since_opened: Duration) {
        self.world.advance(SETTLES + since_opened);
    }

    /// The releases of a service that its registry has, the oldest first.
    pub fn releases(&self, service: &ServiceName) -> Vec<String> {
        let repository = repository(service.as_str());
        let mut releases: Vec<String> =
            self.world.images(|images| images.tags(&repository).map(str::to_owned).collect());
        releases.sort_by_key(|release| numbers(release));
        releases
    }

    /// The next release of a service that has not run yet will behave so. Says which one is to be tried: where all have
    /// run, there is a new one. None: there is no such service.
    pub fn break_next(&self, service: &ServiceName, behaviour: Behaviour) -> Option<String> {
        self.catalogue.services.get(service)?;
        let repository = repository(service.as_str());
        let releases = self.releases(service);
        let newest = releases.last()?.clone();
        self.world.images(|images| {
            images.break_next(&repository, behaviour);
            let fresh = releases.into_iter().find(|release| !images.has_run(&repository, release));
            fresh.or_else(|| {
                let next = one_more(&newest);
                images.push(&repository, &next);
                Some(next)
            })
        })
    }
}

fn numbers(release: &str) -> Vec<u32> {
    release.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

fn one_more(release: &str) -> String {
    let mut numbers = numbers(release);
    if let Some(last) = numbers.last_mut() {
        *last += 1;
    }
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

fn repository(service: &str) -> Repository {
    name(&format!("{HOST}/{service}"))
}

#[expect(clippy::expect_used, reason = "the names below are names, and a test opens the shop")]
fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name")
}

fn catalogue(player: &PersonName, as_person: Person) -> Catalogue {
    let language = as_person.language;
    let on_call: PersonName = name("lin");
    let mut people: BTreeMap<PersonName, Person> =
        ["lin", "mo", "zhou"].into_iter().map(|person| (name(person), Person::default())).collect();
    people.insert(player.clone(), as_person);
    let environments: BTreeMap<EnvironmentName, Environment> =
        ["staging", "prod"].into_iter().map(|of| (name(of), environment(of))).collect();
    let services = SERVICES.into_iter().map(|(service, owner, ..)| {
        let workload = Workload {
            kind: WorkloadKind::Deployment,
            name: name(service),
            containers: vec![ContainerSource { container: name(service), repository: repository(service) }],
        };
        let placements = environments.keys().map(|environment| (environment.clone(), vec![workload.clone()]));
        let service_of = Service {
            owners: vec![name(owner)],
            runbook: Some(format!("https://wiki.shop.test/{service}")),
            dashboard: None,
            placements: placements.collect(),
        };
        (name(service), service_of)
    });
    Catalogue {
        services: services.collect(),
        channels: environments.values().map(|environment| (environment.channel.clone(), language)).collect(),
        environments,
        people,
        on_call: Some(on_call),
        channel_language: language,
        registries: BTreeSet::from([HOST.to_owned()]),
    }
}

fn environment(of: &str) -> Environment {
    let everyone = |action| (action, BTreeSet::from([Grantee::Everyone]));
    let prod = of == "prod";
    let policy = Policy {
        after_failure: if prod { AfterFailure::Ask } else { AfterFailure::Rollback },
        ask_for: Duration::from_secs(120),
        unanswered: Unanswered::Rollback,
        stability_window: Duration::from_secs(20),
        progress_deadline: Duration::from_secs(60),
        certain_after: Duration::from_secs(15),
        logs_in_chat: LogsInChat::Redacted,
    };
    Environment {
        cluster: name("shop"),
        namespace: name(of),
        channel: name::<ChannelName>(of),
        mode: Mode::Act,
        permissions: Permissions(Action::ALL.into_iter().map(everyone).collect()),
        policy,
    }
}

#[cfg(test)]
mod tests {
    use state::catalogue::Language;

    use super::*;

    fn open() -> Shop {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        Shop::open(now, &name("sam"), Person { language: Language::Chinese, ..Person::default() })
    }

    #[test]
    fn everything_of_the_catalogue_runs_when_the_shop_opens() {
        let shop = open();
        let mut targets = 0;
        for target in shop.catalogue.targets() {
            let target = shop.catalogue.target(&target).expect("a target");
            for workload in &target.workloads {
                let truth = shop.world.cluster(&target.cluster, |cluster| {
                    cluster.truth(&target.namespace, workload.name.as_str()).expect("a workload")
                });
                let truth = truth.expect("the cluster");
                assert_eq!(truth.pods.iter().filter(|pod| pod.ready).count(), truth.replicas as usize, "{truth:?}");
                targets += 1;
            }
        }
        assert_eq!(targets, 10);
        assert_eq!(shop.world.wall(), DateTime::from_timestamp(1_800_000_000, 0).expect("a moment"));
        assert_eq!(shop.catalogue.language_of(Some(&name("sam"))), Language::Chinese);
    }

    #[test]
    fn a_service_that_exists_can_be_broken() {
        let shop = open();
        let search = || name("search");
        let mut tried = shop.releases(&search());
        assert_eq!(tried, ["0.9.0", "0.9.1", "0.10.0", "0.10.1"]);
        tried.remove(0);
        for wanted in tried.iter().map(String::as_str).chain(["0.10.2", "0.10.3"]) {
            let release = shop.break_next(&search(), Behaviour::NeverReady).expect("a service");
            assert_eq!(release, wanted);
            let image = format!("{}:{release}", repository("search"));
            assert_eq!(shop.world.images(|images| images.start(&image).behaviour), Behaviour::NeverReady);
        }
        assert_eq!(shop.break_next(&name("apu"), Behaviour::NeverReady), None);
    }
}
