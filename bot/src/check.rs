//! `rotabot check`: every fault of the config, or what it holds.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use state::catalogue::{Catalogue, Mode};

use crate::cli::{Options, exit};
use crate::config::{Config, Faulty, Finding, Warning};

/// What is said, and how the process ends.
pub struct Checked {
    pub text: String,
    pub exit: ExitCode,
}

/// Checks the config that the command line names.
pub fn check(options: &Options) -> Checked {
    match options.load() {
        Ok(loaded) => {
            let mut text = warnings(&loaded.warnings);
            text.push_str(&holdings(&options.config, &loaded.config, loaded.warnings.len()));
            Checked { text, exit: ExitCode::SUCCESS }
        }
        Err(faulty) => Checked { text: told(&options.config, &faulty), exit: exit::REFUSED.into() },
    }
}

/// All that is wrong with a config, for people.
pub fn told(file: &Path, faulty: &Faulty) -> String {
    let mut text = String::new();
    for finding in &faulty.faults {
        let _ = writeln!(text, "{}", finding.told("", finding.what.hint()));
    }
    text.push_str(&warnings(&faulty.warnings));
    let counted = count(faulty.faults.len(), "fault", "faults");
    let also = match faulty.warnings.len() {
        0 => String::new(),
        warnings => format!(" and {}", count(warnings, "warning", "warnings")),
    };
    let _ = writeln!(text, "\n{}: {counted}{also}. rotabot starts once there are no faults.", file.display());
    text
}

/// Warnings, for people.
pub fn warnings(warnings: &[Finding<Warning>]) -> String {
    warnings.iter().fold(String::new(), |mut text, finding| {
        let _ = writeln!(text, "{}", finding.told("warning: ", finding.what.hint()));
        text
    })
}

/// What a config without faults holds.
fn holdings(file: &Path, config: &Config, warnings: usize) -> String {
    let catalogue = &config.catalogue;
    let also = if warnings == 0 { String::new() } else { format!(", {}", count(warnings, "warning", "warnings")) };
    let lead = if warnings == 0 { "" } else { "\n" };
    let mut text = format!("{lead}{}: no faults{also}.\n", file.display());
    let environments = catalogue.environments.iter().map(|(name, environment)| {
        let watched = if environment.mode == Mode::Watch { ", only watched" } else { "" };
        format!("{name} (namespace {} of {}{watched})", environment.namespace, environment.cluster)
    });
    line(&mut text, "environments", environments);
    line(&mut text, "services", services(catalogue));
    let (here, left): (Vec<_>, Vec<_>) = catalogue.people.iter().partition(|(_, person)| person.left.is_none());
    line(&mut text, "people", here.into_iter().map(|(name, _)| name.to_string()));
    line(&mut text, "who left", left.into_iter().map(|(name, _)| name.to_string()));
    line(&mut text, "on call", catalogue.on_call.iter().map(ToString::to_string));
    line(&mut text, "registries", config.registries.keys().cloned());
    text
}

fn services(catalogue: &Catalogue) -> impl Iterator<Item = String> + '_ {
    catalogue.services.iter().map(|(name, service)| {
        let places: Vec<String> = service.placements.keys().map(ToString::to_string).collect();
        format!("{name} ({})", places.join(", "))
    })
}

fn line(text: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        let _ = writeln!(text, "  {title:<13} {}", items.join(", "));
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
