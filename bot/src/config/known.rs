//! The names that the file declares, gathered before anything is read, so that entries can refer to each other in any
//! order, and so that an entry with a fault in it is still known to the others.

use std::collections::BTreeSet;
use std::str::FromStr;

use commands::command::lookup::misspelt;
use state::names::{NameError, RoleName};
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::report::Report;
use super::section::{At, Section};
use super::value;

/// What the file declares.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub clusters: Names,
    pub channels: Names,
    pub environments: Names,
    pub people: Names,
    pub roles: BTreeSet<String>,
}

/// The names of one kind of entry.
#[derive(Debug, Default)]
pub(super) struct Names {
    what: &'static str,
    table: &'static str,
    names: BTreeSet<String>,
}

impl Known {
    pub(super) fn gathered(root: &DeTable<'_>) -> Self {
        let people = root.get("people").and_then(|people| people.get_ref().as_table());
        let roles = people.into_iter().flat_map(|people| people.values()).filter_map(|person| {
            let roles = person.get_ref().as_table()?.get("roles")?.get_ref().as_array()?;
            Some(roles.iter().filter_map(|role| role.get_ref().as_str().map(str::to_owned)).collect::<Vec<_>>())
        });
        Self {
            clusters: Names::gathered(root, "cluster", "clusters"),
            channels: Names::gathered(root, "channel", "channels"),
            environments: Names::gathered(root, "environment", "environments"),
            people: Names::gathered(root, "person", "people"),
            roles: roles.flatten().collect(),
        }
    }

    /// The role, if somebody has it.
    pub(super) fn role(&self, text: &At<String>, report: &Report<'_>) -> Option<RoleName> {
        if self.roles.contains(&text.value) {
            // A name that is none was noted where the person is.
            return text.value.parse().ok();
        }
        let grantees = ["everyone", "on-call", "owner"];
        let everyone = ["*", "all", "any", "anyone", "anybody", "everybody"].contains(&text.value.as_str());
        let near = everyone.then(|| "everyone".to_owned()).or_else(|| {
            let names = self.roles.iter().map(String::as_str).chain(grantees);
            misspelt(&text.value, names).map(str::to_owned)
        });
        let near = near.or_else(|| self.people.names.contains(&text.value).then(|| format!("person:{}", text.value)));
        let known = self.roles.iter().cloned().collect();
        report.fault(text.at, Fault::NobodyHasRole { role: text.value.clone(), nearest: near, known });
        None
    }
}

impl Names {
    /// The name, if it is declared; that it isn't is noted.
    pub(super) fn find<N: FromStr<Err = NameError>>(&self, text: &At<String>, report: &Report<'_>) -> Option<N> {
        if self.names.contains(&text.value) {
            // One that is declared under a bad name was noted there.
            return text.value.parse().ok();
        }
        let fault = Fault::Unknown {
            what: self.what,
            text: text.value.clone(),
            nearest: misspelt(&text.value, self.names.iter().map(String::as_str)).map(str::to_owned),
            known: self.names.iter().cloned().collect(),
            declared_as: format!("[{}.{}]", self.table, value::quoted(&text.value)),
        };
        report.fault(text.at, fault);
        None
    }

    /// The name that a key refers to, or the only one that there is.
    pub(super) fn find_or_only<N: FromStr<Err = NameError>>(
        &self,
        section: &Section<'_>,
        key: &'static str,
    ) -> Option<N> {
        if section.has(key) {
            return self.find(&section.text(key)?, section.report);
        }
        let mut names = self.names.iter();
        match (names.next(), names.next()) {
            (Some(only), None) => only.parse().ok(),
            _ => {
                let fault = Fault::WhichOne {
                    table: section.title.clone(),
                    what: self.what,
                    known: self.names.iter().cloned().collect(),
                    declared_as: format!("[{}.NAME]", self.table),
                };
                section.report.fault(section.at, fault);
                None
            }
        }
    }

    /// All of them that are names.
    pub(super) fn all<N: FromStr<Err = NameError>>(&self) -> Vec<N> {
        self.names.iter().filter_map(|name| name.parse().ok()).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn gathered(root: &DeTable<'_>, what: &'static str, table: &'static str) -> Self {
        let declared = root.get(table).and_then(|entries| match entries.get_ref() {
            DeValue::Table(entries) => Some(entries),
            _ => None,
        });
        let names = declared.into_iter().flat_map(|entries| entries.keys()).map(|name| name.get_ref().to_string());
        Self { what, table, names: names.collect() }
    }
}
