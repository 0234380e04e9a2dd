//! The gate: who may do what, decided in one place, before anything is done. A press passes it like a command.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use state::catalogue::{Action, Catalogue, Grantee, Person, Target};
use state::lock::Scope;
use state::names::{EnvironmentName, PersonName, TargetName};

use crate::refusal::{KnownAs, Refusal};

/// What the gate says.
#[derive(Debug, Clone, PartialEq)]
pub enum Gate {
    /// Go on.
    Allowed,
    /// No, because of this.
    Denied(Box<Refusal>),
}

/// Whether somebody is in the catalogue and has not left.
pub fn known<'a>(catalogue: &'a Catalogue, name: &PersonName, now: DateTime<Utc>) -> Result<&'a Person, Refusal> {
    let person = catalogue
        .people
        .get(name)
        .ok_or_else(|| Refusal::UnknownPerson { known_as: KnownAs::Name(name.to_string()) })?;
    match person.left {
        Some(on) if on <= now.date_naive() => Err(Refusal::Left { person: name.clone(), on }),
        _ => Ok(person),
    }
}

/// Asks whether a person may do something there. `begun` is the target of a change that has begun: who may act on that
/// stands in it. A scope wider than an environment needs the right in all of them, and so does
/// looking at, or unlocking, one that the catalogue no longer has.
pub fn gate(
    catalogue: &Catalogue,
    speaker: &PersonName,
    action: Action,
    scope: &Scope,
    begun: Option<&Target>,
    now: DateTime<Utc>,
) -> Gate {
    let person = match known(catalogue, speaker, now) {
        Ok(person) => person,
        Err(refusal) => return Gate::Denied(Box::new(refusal)),
    };
    let owners = match (begun, scope) {
        (Some(begun), _) => begun.owners.clone(),
        (None, Scope::Target(target)) => {
            catalogue.services.get(&target.service).map(|service| service.owners.clone()).unwrap_or_default()
        }
        (None, _) => Vec::new(),
    };
    let asked: Vec<Option<&BTreeSet<Grantee>>> = match begun {
        Some(begun) => vec![begun.permissions.0.get(&action)],
        None => environments(catalogue, scope, action).map(|environment| of(catalogue, environment, action)).collect(),
    };
    let who = Who { catalogue, speaker, person, owners: &owners };
    let refused = asked.iter().find(|allowed| !allowed.is_some_and(|allowed| who.is_among(allowed)));
    match refused {
        None if !asked.is_empty() => Gate::Allowed,
        _ => Gate::Denied(Box::new(Refusal::NotAllowed {
            action,
            scope: scope.clone(),
            allowed: refused.copied().flatten().cloned().unwrap_or_default(),
            on_call: catalogue.on_call.clone(),
            owners,
            asked: None,
        })),
    }
}

/// Whether somebody may see what lies on a scope: whoever may look at a place that it covers.
pub fn may_view(catalogue: &Catalogue, reader: &PersonName, scope: &Scope, now: DateTime<Utc>) -> bool {
    let view = |scope: &Scope| gate(catalogue, reader, Action::View, scope, None, now) == Gate::Allowed;
    match scope {
        Scope::All => catalogue.environments.keys().any(|name| view(&Scope::Environment(name.clone()))),
        scope => view(scope),
    }
}

/// To whom an action is granted in the place of a target, for a refusal to name them.
pub fn allowed(catalogue: &Catalogue, environment: &EnvironmentName, action: Action) -> BTreeSet<Grantee> {
    of(catalogue, environment, action).cloned().unwrap_or_default()
}

fn of<'a>(catalogue: &'a Catalogue, name: &EnvironmentName, action: Action) -> Option<&'a BTreeSet<Grantee>> {
    catalogue.environments.get(name)?.permissions.0.get(&action)
}

fn environments<'a>(
    catalogue: &'a Catalogue,
    scope: &'a Scope,
    action: Action,
) -> Box<dyn Iterator<Item = &'a EnvironmentName> + 'a> {
    match scope {
        Scope::All => Box::new(catalogue.environments.keys()),
        Scope::Environment(environment) | Scope::Target(TargetName { environment, .. }) => {
            // On a place that the config no longer has nothing is begun, but what was left there can be taken away.
            let gone = !catalogue.environments.contains_key(environment);
            if gone && matches!(action, Action::View | Action::Unlock) {
                return Box::new(catalogue.environments.keys());
            }
            Box::new(std::iter::once(environment))
        }
    }
}

struct Who<'a> {
    catalogue: &'a Catalogue,
    speaker: &'a PersonName,
    person: &'a Person,
    owners: &'a [PersonName],
}

impl Who<'_> {
    fn is_among(&self, allowed: &BTreeSet<Grantee>) -> bool {
        allowed.iter().any(|grantee| match grantee {
            Grantee::Everyone => true,
            Grantee::OnCall => self.catalogue.on_call.as_ref() == Some(self.speaker),
            Grantee::Owner => self.owners.contains(self.speaker),
            Grantee::Role(role) => self.person.roles.contains(role),
            Grantee::Person(name) => name == self.speaker,
        })
    }
}

#[cfg(test)]
mod tests;
