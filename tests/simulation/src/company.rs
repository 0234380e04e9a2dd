//! The company that the simulation is about: three services in two environments, of which one has two workloads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use state::catalogue::{
    Action, AfterFailure, Catalogue, ContainerSource, Environment, Grantee, Language, LogsInChat, Mode, Permissions,
    Person, Policy, Service, Target, Unanswered, Workload, WorkloadKind,
};
use state::image::Repository;
use state::names::{ChannelName, ClusterName, Namespace, PersonName};
use world::World;
use world::cluster::Spec;
use world::random::Random;

/// The company with its catalogue.
#[derive(Clone)]
pub struct Company {
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    /// The one cluster.
    pub cluster: ClusterName,
    /// All targets.
    pub targets: Vec<Target>,
    /// Everybody.
    pub people: Vec<PersonName>,
}

/// Names that are names.
pub(crate) fn name<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    #[expect(clippy::expect_used, reason = "a simulation with a name that is none can't begin")]
    text.parse().expect("a name")
}

impl Company {
    /// One service with one workload in one environment.
    pub fn small(policy: &Policy) -> Self {
        let mut company = Self::with_policies([policy.clone(), policy.clone()]);
        let catalogue = Arc::make_mut(&mut company.catalogue);
        catalogue.services.retain(|service, _| service.as_str() == "api");
        catalogue.environments.retain(|environment, _| environment.as_str() == "prod");
        for service in catalogue.services.values_mut() {
            service.placements.retain(|environment, _| environment.as_str() == "prod");
        }
        company.targets = catalogue.targets().filter_map(|name| catalogue.target(&name)).collect();
        company
    }

    /// With policies that a seed chooses.
    pub fn chosen(random: &mut Random) -> Self {
        Self::with_policies([policy(random), policy(random)])
    }

    fn with_policies([prod, staging]: [Policy; 2]) -> Self {
        let cluster: ClusterName = name("main");
        let everything = || {
            let all = Action::ALL.into_iter().map(|action| (action, BTreeSet::from([Grantee::Everyone])));
            Permissions(all.collect())
        };
        let environment = |of: &str, policy| Environment {
            cluster: cluster.clone(),
            namespace: name::<Namespace>(of),
            channel: name::<ChannelName>(of),
            mode: Mode::Act,
            permissions: everything(),
            policy,
        };
        let people: Vec<PersonName> = ["lin", "mo", "zhou"].into_iter().map(name).collect();
        let mut catalogue = Catalogue {
            services: BTreeMap::new(),
            environments: [
                (name("prod"), environment("prod", prod)),
                (name("staging"), environment("staging", staging)),
            ]
            .into(),
            people: people.iter().map(|person| (person.clone(), Person::default())).collect(),
            on_call: people.first().cloned(),
            channel_language: Language::English,
            channels: BTreeMap::new(),
            registries: BTreeSet::from(["registry.shop.test".to_owned()]),
        };
        for (service, workloads) in [("api", &["api"][..]), ("pay", &["pay-http", "pay-jobs"]), ("web", &["web"])] {
            let workloads: Vec<Workload> = workloads.iter().map(|workload| self::workload(service, workload)).collect();
            let placements = catalogue.environments.keys().map(|name| (name.clone(), workloads.clone())).collect();
            catalogue.services.insert(name(service), Service { placements, ..Service::default() });
        }
        let targets = catalogue.targets().filter_map(|name| catalogue.target(&name)).collect();
        Self { catalogue: Arc::new(catalogue), cluster, targets, people }
    }

    /// A world in which everything of the company runs its first release.
    pub fn settle(&self, world: World, replicas: u32) -> World {
        let world = world.with_cluster(&self.cluster);
        for service in self.catalogue.services.keys() {
            world.images(|images| images.push(&repository(service.as_str()), "v1"));
        }
        for target in &self.targets {
            for workload in &target.workloads {
                let Some(source) = workload.containers.first() else { continue };
                let mut spec = Spec::new(workload.name.as_str(), &format!("{}:v1", source.repository), replicas);
                spec.progress_deadline = Duration::from_secs(600);
                world.cluster(&self.cluster, |cluster| {
                    cluster.create(&target.namespace, workload.name.as_str(), spec);
                });
            }
        }
        world.advance(Duration::from_secs(20));
        world
    }
}

/// Where the images of a service are.
pub fn repository(service: &str) -> Repository {
    name(&format!("registry.shop.test/{service}"))
}

fn workload(service: &str, workload: &str) -> Workload {
    // The first container has the Deployment's own name, as the world makes it.
    let source = ContainerSource { container: name(workload), repository: repository(service) };
    Workload { kind: WorkloadKind::Deployment, name: name(workload), containers: vec![source] }
}

fn policy(random: &mut Random) -> Policy {
    let seconds =
        |random: &mut Random, choices: &[u64]| Duration::from_secs(random.pick(choices).copied().unwrap_or(60));
    Policy {
        after_failure: *random
            .pick(&[AfterFailure::Rollback, AfterFailure::Rollback, AfterFailure::Hold, AfterFailure::Ask])
            .unwrap_or(&AfterFailure::Ask),
        ask_for: seconds(random, &[30, 120, 300]),
        unanswered: if random.chance(500) { Unanswered::Rollback } else { Unanswered::Hold },
        stability_window: seconds(random, &[0, 15, 30, 60]),
        progress_deadline: seconds(random, &[60, 120, 300]),
        certain_after: seconds(random, &[10, 30, 60]),
        logs_in_chat: LogsInChat::Redacted,
    }
}
