//! Services: what they consist of where, and that no workload is anybody else's too.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use commands::command::lookup::misspelt;
use state::catalogue::{ContainerSource, Environment, Person, Service, Workload, WorkloadKind};
use state::image::{Image, Repository};
use state::names::{ClusterName, EnvironmentName, Namespace, PersonName, ServiceName, TargetName};

use super::fault::{Fault, Warning};
use super::known::Known;
use super::section::{At, Section};
use super::{RegistryAccess, people, value};

/// What the services refer to.
pub(super) struct Surroundings<'a> {
    pub known: &'a Known,
    pub environments: &'a BTreeMap<EnvironmentName, Environment>,
    pub registries: &'a BTreeMap<String, RegistryAccess>,
    pub people: &'a BTreeMap<PersonName, Person>,
    pub today: NaiveDate,
}

/// Which workload of which target, for telling two that are the same: where it is, what it is, who named it first.
type Taken = BTreeMap<(ClusterName, Namespace, WorkloadKind, String), (TargetName, usize)>;

type Workloads = Vec<At<Workload>>;

pub(super) fn services(root: &Section<'_>, around: &Surroundings<'_>) -> BTreeMap<ServiceName, Service> {
    let mut services = BTreeMap::new();
    let mut taken = Taken::new();
    for (name, section) in root.sections("services") {
        let title = name.value.clone();
        let name = section.as_name::<ServiceName>(name, "service");
        let owners =
            people::named(&section, "owners", "still owns a service", around.known, around.people, around.today);
        let runbook = section.address("runbook");
        let dashboard = section.address("dashboard");
        let placements = placements(&section, &title, around);
        section.finish();
        let Some(At { value: name, at }) = name else { continue };
        note_shared(&name, &placements, around, &mut taken, &section);
        let placements: BTreeMap<_, _> = placements
            .into_iter()
            .map(|(environment, workloads)| (environment, workloads.into_iter().map(|one| one.value).collect()))
            .collect();
        if placements.is_empty() {
            root.report.warn(at, Warning::RunsNowhere { service: name.to_string() });
        }
        services.insert(name, Service { owners, runbook, dashboard, placements });
    }
    services
}

fn placements(section: &Section<'_>, service: &str, around: &Surroundings<'_>) -> BTreeMap<EnvironmentName, Workloads> {
    let environments: Vec<EnvironmentName> = match section.texts("environments") {
        Some(named) => named.iter().filter_map(|name| around.known.environments.find(name, section.report)).collect(),
        None => around.known.environments.all(),
    };
    let common = section.rows("workloads").map(|rows| workloads(&rows, service, around));
    let mut own = BTreeMap::new();
    for (name, placement) in section.sections("in") {
        let environment: Option<EnvironmentName> = around.known.environments.find(&name, section.report);
        let rows = placement.rows("workloads").map(|rows| workloads(&rows, service, around));
        placement.finish();
        let Some(environment) = environment else { continue };
        if !environments.contains(&environment) {
            let fault = Fault::NotPlaced { service: service.to_owned(), environment: environment.to_string() };
            section.report.fault(name.at, fault);
        }
        own.insert(environment, rows.unwrap_or_default());
    }
    let mut placements = BTreeMap::new();
    for environment in environments {
        let workloads = own.remove(&environment).or_else(|| common.clone());
        if workloads.is_none() && !section.has("workloads") {
            let fault = Fault::NoWorkloads { service: service.to_owned(), environment: environment.to_string() };
            section.report.fault(section.at, fault);
        }
        placements.insert(environment, workloads.unwrap_or_default());
    }
    placements
}

fn workloads(rows: &[Section<'_>], service: &str, around: &Surroundings<'_>) -> Workloads {
    let read = |row: &Section<'_>| {
        let kind = kind(row);
        let name = if row.has("name") {
            row.name("name", "workload")
        } else {
            row.text("name");
            service.parse().ok().map(|value| At { value, at: row.at })
        };
        let containers = containers(row, around);
        row.finish();
        let value = Workload { kind: kind?, name: name?.value, containers: containers? };
        Some(At { value, at: row.at })
    };
    rows.iter().filter_map(read).collect()
}

fn kind(row: &Section<'_>) -> Option<WorkloadKind> {
    let later = ["StatefulSet", "DaemonSet"];
    let written = row.text("kind")?;
    let plain = written.value.to_lowercase();
    if let Some(kind) = later.iter().find(|kind| plain.trim_end_matches('s') == kind.to_lowercase()) {
        row.report.fault(written.at, Fault::KindNotYet { kind: format!("a {kind}") });
        return None;
    }
    row.choice("kind", &[("Deployment", WorkloadKind::Deployment)])
}

fn containers(row: &Section<'_>, around: &Surroundings<'_>) -> Option<Vec<ContainerSource>> {
    let pairs = row.pairs("containers")?;
    if pairs.is_empty() {
        row.report.fault(row.at_key("containers"), Fault::NoContainers { table: row.title.clone() });
    }
    let source = |(container, repository): (At<String>, At<String>)| {
        let container = row.as_name(container, "container");
        let repository = self::repository(row, &repository, around);
        Some(ContainerSource { container: container?.value, repository: repository? })
    };
    Some(pairs.into_iter().filter_map(source).collect())
}

fn repository(row: &Section<'_>, text: &At<String>, around: &Surroundings<'_>) -> Option<Repository> {
    let Ok(repository) = text.value.parse::<Repository>() else {
        let fault = match text.value.parse::<Image>() {
            Ok(image) => Fault::RepositoryWithTag { text: text.value.clone(), without: image.repository.to_string() },
            Err(_) => match value::address(&text.value) {
                value::Address::Password => Fault::PasswordInAddress { key: "containers".into() },
                _ => Fault::NotARepository { text: text.value.clone() },
            },
        };
        row.report.fault(text.at, fault);
        return None;
    };
    match repository.host() {
        None => row.report.warn(text.at, Warning::NoRegistry { repository: repository.to_string() }),
        Some(host) if !around.registries.contains_key(host) => {
            let nearest = misspelt(host, around.registries.keys().map(String::as_str)).map(str::to_owned);
            row.report.warn(text.at, Warning::RegistryNotListed { host: host.to_owned(), nearest });
        }
        Some(_) => {}
    }
    Some(repository)
}

/// Notes workloads that belong to two targets: a claim on the one would not keep the other from changing it.
fn note_shared(
    service: &ServiceName,
    placements: &BTreeMap<EnvironmentName, Workloads>,
    around: &Surroundings<'_>,
    taken: &mut Taken,
    section: &Section<'_>,
) {
    for (environment, workloads) in placements {
        let Some(place) = around.environments.get(environment) else { continue };
        for workload in workloads {
            let name = workload.value.name.to_string();
            let key = (place.cluster.clone(), place.namespace.clone(), workload.value.kind, name.clone());
            let target = TargetName { service: service.clone(), environment: environment.clone() };
            let Some((other, at)) = taken.get(&key) else {
                taken.insert(key, (target, workload.at));
                continue;
            };
            let described = format!("{:?} {name}", workload.value.kind);
            let fault = if *other == target {
                Fault::WorkloadTwice {
                    workload: described,
                    service: service.to_string(),
                    environment: environment.to_string(),
                }
            } else if other.service == *service {
                Fault::SameNamespace {
                    environment: environment.to_string(),
                    other: other.environment.to_string(),
                    namespace: place.namespace.to_string(),
                    cluster: place.cluster.to_string(),
                    workload: described,
                    service: service.to_string(),
                }
            } else {
                Fault::SameWorkload {
                    workload: described,
                    service: service.to_string(),
                    environment: environment.to_string(),
                    other: format!("{} in {}", other.service, other.environment),
                    place: section.report.place(*at),
                }
            };
            section.report.fault(workload.at, fault);
        }
    }
}
