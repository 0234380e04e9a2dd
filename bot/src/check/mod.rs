//! `rotabot check`: every fault of the config, or what it holds; and what `rotabot run` would miss on this machine.

mod here;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use state::catalogue::{Catalogue, Mode};

use crate::cli::{Options, exit};
use crate::config::{Config, Fault, Faulty, Finding, Need, Place, Warning};

use self::here::Grave;

/// What is said, and how the process ends.
pub struct Checked {
    pub text: String,
    pub exit: ExitCode,
}

/// Checks the config that the command line names.
pub fn check(options: &Options) -> Checked {
    let file = &options.config;
    match options.load() {
        Ok(loaded) => {
            let found = Found::of(&[], &loaded.warnings, &loaded.needs);
            let text = if found.faults == 0 {
                found.text.clone() + &holdings(file, &loaded.config, &found) + &found.not_here()
            } else {
                found.told_as_faulty(file)
            };
            Checked { text, exit: if found.faults == 0 { ExitCode::SUCCESS } else { exit::REFUSED.into() } }
        }
        Err(Faulty { faults, warnings, needs }) => {
            let found = Found::of(&faults, &warnings, &needs);
            Checked { text: found.told_as_faulty(file), exit: exit::REFUSED.into() }
        }
    }
}

/// All that was found, for people, and how much it is.
struct Found {
    text: String,
    faults: usize,
    warnings: usize,
    missing: usize,
    /// Of those, without how many nothing starts.
    needed: usize,
}

impl Found {
    fn of(faults: &[Finding<Fault>], warnings: &[Finding<Warning>], needs: &[Finding<Need>]) -> Self {
        let (wrong, missing): (Vec<_>, Vec<_>) =
            here::missing(needs).into_iter().partition(|missing| missing.what.grave == Grave::Wrong);
        let mut all: Vec<(&Place, String)> =
            faults.iter().map(|finding| (&finding.place, finding.told("", finding.what.hint()))).collect();
        all.extend(wrong.iter().map(|finding| (&finding.place, finding.told("", finding.what.hint()))));
        all.sort_by(|one, other| one.0.cmp(other.0));
        let mut lines: Vec<String> = all.into_iter().map(|(_, told)| told).collect();
        lines.extend(warnings.iter().map(|finding| finding.told("warning: ", finding.what.hint())));
        lines.extend(missing.iter().map(|finding| finding.told("not here: ", finding.what.hint())));
        let text = lines.into_iter().map(|line| line + "\n").collect();
        let needed = missing.iter().filter(|missing| missing.what.grave == Grave::DoesNotStart).count();
        let faults = faults.len() + wrong.len();
        Self { text, faults, warnings: warnings.len(), missing: missing.len(), needed }
    }

    fn told_as_faulty(&self, file: &Path) -> String {
        let counted = count(self.faults, "fault", "faults");
        let also = match self.warnings {
            0 => String::new(),
            warnings => format!(" and {}", count(warnings, "warning", "warnings")),
        };
        let file = file.display();
        let not_here = self.not_here();
        format!("{}\n{file}: {counted}{also}. rotabot starts once there are no faults.\n{not_here}", self.text)
    }

    fn not_here(&self) -> String {
        if self.missing == 0 {
            return String::new();
        }
        let are = if self.missing == 1 { "is" } else { "are" };
        let missing = count(self.missing, "thing", "things");
        let start = match self.needed {
            0 => "`rotabot run` would start here, and not reach every cluster.".to_owned(),
            needed => format!("`rotabot run` would not start here for want of {needed}."),
        };
        format!(
            "\n{missing} that the file names {are} not on this machine; to review the file that is fine.\n{start}\n"
        )
    }
}

/// What a config without faults holds.
fn holdings(file: &Path, config: &Config, found: &Found) -> String {
    let catalogue = &config.catalogue;
    let also = match found.warnings {
        0 => String::new(),
        warnings => format!(", {}", count(warnings, "warning", "warnings")),
    };
    let lead = if found.text.is_empty() { "" } else { "\n" };
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
