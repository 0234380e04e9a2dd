//! Names against the catalogue: whether they exist, where a service runs, and the nearest name to one that doesn't exist.

use state::catalogue::Catalogue;
use state::lock::Scope;
use state::names::{EnvironmentName, ServiceName, TargetName};

use super::Command;
use crate::refusal::Refusal;

/// The candidate that a person most likely meant; none where nothing is near. A word that was cut short, or written out,
/// is meant more surely than one with other letters.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(typed);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let begins = |candidate: &&str| {
        let known = plain(candidate);
        let (shorter, longer) = if wanted.len() < known.len() { (&wanted, &known) } else { (&known, &wanted) };
        !shorter.is_empty() && longer.starts_with(shorter.as_str())
    };
    let begun = candidates.iter().copied().filter(begins);
    let begun = begun.min_by_key(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), *candidate));
    begun.or_else(|| misspelt(typed, candidates))
}

/// Nothing that long, in bytes, is a slip of a name: the search takes as long as the text and every candidate are.
const LONGEST_SLIP: usize = 200;

/// The candidate that differs from what was typed by a slip or two.
pub fn misspelt<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if typed.len() > LONGEST_SLIP {
        return None;
    }
    let wanted = plain(typed);
    let allowed = wanted.chars().count().div_ceil(4).clamp(1, 3);
    let score = |candidate: &'a str| {
        let slips = strsim::damerau_levenshtein(&wanted, &plain(candidate));
        (slips <= allowed && !wanted.is_empty()).then_some((slips, candidate))
    };
    candidates.into_iter().filter_map(score).min().map(|(_, candidate)| candidate)
}

/// Without what people confuse anyway: case, and how words are joined.
fn plain(text: &str) -> String {
    text.to_lowercase().replace(['_', '-', ' ', '.'], "")
}

impl Command {
    /// Holds the names of a command against the catalogue. What comes back is the command that was meant: one word after
    /// `/status` or `/history` may also be an environment.
    pub fn settled(self, catalogue: &Catalogue) -> Result<Self, Refusal> {
        match self {
            Self::Status { service, environment } => {
                let (service, environment) = settled_pair(service, environment, catalogue);
                let command = Self::Status { service, environment };
                command.check(catalogue).map(|()| command)
            }
            Self::History { service, environment, since } => {
                let (service, environment) = settled_pair(service, environment, catalogue);
                let command = Self::History { service, environment, since };
                command.check(catalogue).map(|()| command)
            }
            command => command.check(catalogue).map(|()| command),
        }
    }

    fn check(&self, catalogue: &Catalogue) -> Result<(), Refusal> {
        match self {
            Self::Deploy { service, environment, .. }
            | Self::Rollback { service, environment, .. }
            | Self::Stop { service, environment } => self.check_pair(Some(service), Some(environment), catalogue),
            Self::Status { service, environment } | Self::History { service, environment, .. } => {
                self.check_pair(service.as_ref(), environment.as_ref(), catalogue)
            }
            // A lock that lies on a name which the catalogue no longer has must still be liftable.
            Self::Lock { scope: Scope::Target(target), .. } => {
                self.check_pair(Some(&target.service), Some(&target.environment), catalogue)
            }
            Self::Lock { scope: Scope::Environment(environment), .. } => {
                self.check_pair(None, Some(environment), catalogue)
            }
            _ => Ok(()),
        }
    }

    fn check_pair(
        &self,
        service: Option<&ServiceName>,
        environment: Option<&EnvironmentName>,
        catalogue: &Catalogue,
    ) -> Result<(), Refusal> {
        if let Some(service) = service
            && !catalogue.services.contains_key(service)
        {
            let nearest = nearest_service(service, catalogue);
            let instead = nearest.clone().map(|nearest| self.clone().with_service(nearest));
            return Err(Refusal::UnknownService { typed: service.clone(), nearest, instead });
        }
        if let Some(environment) = environment
            && !catalogue.environments.contains_key(environment)
        {
            let nearest = nearest_environment(environment, service, catalogue);
            let instead = nearest.clone().map(|nearest| self.clone().with_environment(nearest));
            let known = catalogue.environments.keys().cloned().collect();
            return Err(Refusal::UnknownEnvironment { typed: environment.clone(), nearest, known, instead });
        }
        if let (Some(service), Some(environment)) = (service, environment)
            && let Some(known) = catalogue.services.get(service)
            && !known.placements.contains_key(environment)
        {
            let target = TargetName { service: service.clone(), environment: environment.clone() };
            return Err(Refusal::NotThere { target, runs_in: known.placements.keys().cloned().collect() });
        }
        Ok(())
    }

    fn with_service(mut self, new: ServiceName) -> Self {
        match &mut self {
            Self::Deploy { service, .. } | Self::Rollback { service, .. } | Self::Stop { service, .. } => {
                *service = new
            }
            Self::Status { service, .. } | Self::History { service, .. } => *service = Some(new),
            Self::Lock { scope: Scope::Target(target), .. } => target.service = new,
            _ => {}
        }
        self
    }

    fn with_environment(mut self, new: EnvironmentName) -> Self {
        match &mut self {
            Self::Deploy { environment, .. } | Self::Rollback { environment, .. } | Self::Stop { environment, .. } => {
                *environment = new;
            }
            Self::Status { environment, .. } | Self::History { environment, .. } => *environment = Some(new),
            Self::Lock { scope: Scope::Target(target), .. } => target.environment = new,
            Self::Lock { scope: Scope::Environment(environment), .. } => *environment = new,
            _ => {}
        }
        self
    }
}

fn settled_pair(
    service: Option<ServiceName>,
    environment: Option<EnvironmentName>,
    catalogue: &Catalogue,
) -> (Option<ServiceName>, Option<EnvironmentName>) {
    let (Some(name), None) = (&service, &environment) else { return (service, environment) };
    if catalogue.services.contains_key(name) {
        return (service, environment);
    }
    match EnvironmentName::new(name.as_str()) {
        Ok(name) if catalogue.environments.contains_key(&name) => (None, Some(name)),
        _ => (service, environment),
    }
}

fn nearest_service(typed: &ServiceName, catalogue: &Catalogue) -> Option<ServiceName> {
    let names = catalogue.services.keys().map(ServiceName::as_str);
    nearest(typed.as_str(), names).and_then(|name| ServiceName::new(name).ok())
}

fn nearest_environment(
    typed: &EnvironmentName,
    service: Option<&ServiceName>,
    catalogue: &Catalogue,
) -> Option<EnvironmentName> {
    let placements = service.and_then(|service| catalogue.services.get(service)).map(|service| &service.placements);
    let there = |name: &&EnvironmentName| placements.is_none_or(|placements| placements.contains_key(*name));
    let names = catalogue.environments.keys().filter(there).map(EnvironmentName::as_str);
    // People say `production` for `prod` and the other way round.
    nearest(typed.as_str(), names).and_then(|name| EnvironmentName::new(name).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let services = ["api", "web", "worker", "payments"];
        for (typed, found) in [
            ("apii", Some("api")),
            ("pai", Some("api")),
            ("wroker", Some("worker")),
            ("pay", Some("payments")),
            ("search", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, services), found, "{typed}");
        }
        assert_eq!(nearest("production", ["prod", "staging"]), Some("prod"));
        let host = "registry.one.example";
        assert_eq!(nearest("registry.two.example", [host]), Some(host));
        assert_eq!(nearest("mirror.elsewhere.example", [host]), None, "long names aren't near for being long");
    }

    #[test]
    fn a_misspelt_word_is_told_from_another_word() {
        let keys = ["namespace", "cluster", "after_failure", "mode", "password_env"];
        for (typed, found) in [
            ("namespce", Some("namespace")),
            ("AfterFailure", Some("after_failure")),
            ("clutser", Some("cluster")),
            ("password", None),
            ("replicas", None),
            ("x", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(misspelt(typed, keys), found, "{typed}");
        }
        assert_eq!(nearest("password", keys), Some("password_env"));
    }
}
