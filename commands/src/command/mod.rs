//! The one table of commands: what people can ask for.
//!
//! The enum below, derived with clap, is the whole of it. It reads the console's text (`text`), takes the arguments that a
//! chat hands over (`Command::from_arguments`), gives the rows from which help and the registration of slash commands are
//! made (`table`), and says what can be completed (`complete`). Every argument is a long option to clap; that most of them
//! are given by position, and some by a bare word such as `plan` or `for 2h`, is the grammar of `text`, and follows from
//! the arguments' types.
//!
//! Not here: prose. Help comes from the words under keys made of command and argument ids, and clap's own texts are never
//! shown: doc comments are for readers of this file. Not here either: whether a name exists (`lookup`) and who may (the
//! gate).

pub mod complete;
pub mod lookup;
pub mod table;
pub mod text;
pub mod value;

use std::str::FromStr;

use clap::{CommandFactory as _, Parser as _};
use state::image::Reference;
use state::lock::Scope;
use state::names::{ChangeNumber, EnvironmentName, ServiceName, TargetName};

use crate::refusal::Refusal;
use table::{Row, Table};
use value::{CommandName, Earlier, Period, Reason};

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq, clap::Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
pub enum Command {
    /// Run another image.
    Deploy {
        /// Of which service.
        #[arg(long, value_parser = lowered::<ServiceName>)]
        service: ServiceName,
        /// Where.
        #[arg(id = "env", long = "env", value_parser = lowered::<EnvironmentName>)]
        environment: EnvironmentName,
        /// Which image.
        #[arg(id = "ref", long = "ref")]
        reference: Reference,
        /// Only show what would be done (D18).
        #[arg(long)]
        plan: bool,
    },
    /// Go back to what ran before.
    Rollback {
        /// Of which service.
        #[arg(long, value_parser = lowered::<ServiceName>)]
        service: ServiceName,
        /// Where.
        #[arg(id = "env", long = "env", value_parser = lowered::<EnvironmentName>)]
        environment: EnvironmentName,
        /// To what; to the newest good release before what runs where none is named (D11).
        #[arg(long)]
        to: Option<Earlier>,
        /// Restore the whole recorded template rather than the images only.
        #[arg(long)]
        template: bool,
        /// Only show what would be done (D18).
        #[arg(long)]
        plan: bool,
    },
    /// Stop the open change of a target.
    Stop {
        /// Of which service.
        #[arg(long, value_parser = lowered::<ServiceName>)]
        service: ServiceName,
        /// Where.
        #[arg(id = "env", long = "env", value_parser = lowered::<EnvironmentName>)]
        environment: EnvironmentName,
    },
    /// Show what runs.
    Status {
        /// Of which service; of all where none is named.
        #[arg(long, value_parser = lowered::<ServiceName>)]
        service: Option<ServiceName>,
        /// Where; everywhere where none is named.
        #[arg(id = "env", long = "env", value_parser = lowered::<EnvironmentName>)]
        environment: Option<EnvironmentName>,
    },
    /// Show what matters at this moment.
    Now,
    /// Show what happened.
    History {
        /// Of which service; of all where none is named.
        #[arg(long, value_parser = lowered::<ServiceName>)]
        service: Option<ServiceName>,
        /// Where; everywhere where none is named.
        #[arg(id = "env", long = "env", value_parser = lowered::<EnvironmentName>)]
        environment: Option<EnvironmentName>,
        /// How far back.
        #[arg(long)]
        since: Option<Period>,
    },
    /// Show one change with its evidence.
    Show {
        /// Which one.
        #[arg(long)]
        number: ChangeNumber,
    },
    /// Lock, so that nobody else deploys (D2).
    Lock {
        /// What.
        #[arg(long, value_parser = lowered::<Scope>)]
        scope: Scope,
        /// Why.
        #[arg(long)]
        reason: Reason,
        /// For how long; until it is lifted where nothing is said.
        #[arg(id = "for", long = "for")]
        period: Option<Period>,
    },
    /// Lift a lock.
    Unlock {
        /// Of what.
        #[arg(long, value_parser = lowered::<Scope>)]
        scope: Scope,
    },
    /// Show all locks.
    Locks,
    /// What only an administrator needs.
    #[command(subcommand)]
    Change(ChangeCommand),
    /// Explain the commands.
    Help {
        /// Which one; all where none is named.
        #[arg(long, value_parser = lowered::<CommandName>)]
        command: Option<CommandName>,
    },
}

/// What an administrator can do to a change.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum ChangeCommand {
    /// End a parked change as "can't tell", and free its target.
    Release {
        /// Which one.
        #[arg(long)]
        number: ChangeNumber,
    },
}

/// Names have no capitals, and the keyboards of phones begin every line with one.
fn lowered<T: FromStr>(text: &str) -> Result<T, T::Err> {
    text.to_ascii_lowercase().parse()
}

impl Command {
    /// Reads what a person typed: `/deploy api prod v7 plan`.
    pub fn from_text(text: &str) -> Result<Self, Refusal> {
        text::read(text)
    }

    /// Takes the arguments that a chat hands over, each with its name. A switch is given as `true` or `false`.
    pub fn from_arguments(name: &str, arguments: &[(&str, &str)]) -> Result<Self, Refusal> {
        let table = Table::get();
        let row = table.row(name).ok_or_else(|| table.unknown(name))?;
        let argument = |(id, value): &(&str, &str)| match row.argument(id) {
            Some(argument) => Ok((argument, (*value).to_owned())),
            None => Err(row.unknown_option(id)),
        };
        Self::from_row(row, &arguments.iter().map(argument).collect::<Result<Vec<_>, _>>()?)
    }

    /// Hands a row's arguments to clap, and takes its answer apart.
    pub(crate) fn from_row(row: &Row, arguments: &[(&table::Argument, String)]) -> Result<Self, Refusal> {
        let mut line: Vec<String> = row.name.split(' ').map(str::to_owned).collect();
        for (argument, value) in arguments {
            match argument.kind {
                table::Kind::Switch if value == "false" => {}
                table::Kind::Switch => line.push(format!("--{}", argument.id)),
                _ => line.push(format!("--{}={value}", argument.id)),
            }
        }
        Self::try_parse_from(line).map_err(|error| Refusal::of_clap(row, &error))
    }

    /// What a person would type for it.
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// The one target that it is about, where it is about one.
    pub fn target(&self) -> Option<TargetName> {
        match self {
            Self::Deploy { service, environment, .. }
            | Self::Rollback { service, environment, .. }
            | Self::Stop { service, environment }
            | Self::Status { service: Some(service), environment: Some(environment) }
            | Self::History { service: Some(service), environment: Some(environment), .. } => {
                Some(TargetName { service: service.clone(), environment: environment.clone() })
            }
            _ => None,
        }
    }

    /// Whether it only shows something.
    pub fn only_shows(&self) -> bool {
        match self {
            Self::Deploy { plan, .. } | Self::Rollback { plan, .. } => *plan,
            Self::Status { .. }
            | Self::Now
            | Self::History { .. }
            | Self::Show { .. }
            | Self::Locks
            | Self::Help { .. } => true,
            Self::Stop { .. } | Self::Lock { .. } | Self::Unlock { .. } | Self::Change(_) => false,
        }
    }

    /// Its name and its arguments as text, in the order of the table. Switches that are off and arguments that were
    /// left out are not among them.
    pub(crate) fn parts(&self) -> (&'static str, Vec<(&'static str, String)>) {
        fn some<T: ToString>(id: &'static str, value: Option<&T>) -> Option<(&'static str, String)> {
            value.map(|value| (id, value.to_string()))
        }
        fn switch(id: &'static str, on: bool) -> Option<(&'static str, String)> {
            on.then(|| (id, "true".to_owned()))
        }
        let (name, parts) = match self {
            Self::Deploy { service, environment, reference, plan } => (
                "deploy",
                vec![
                    some("service", Some(service)),
                    some("env", Some(environment)),
                    some("ref", Some(reference)),
                    switch("plan", *plan),
                ],
            ),
            Self::Rollback { service, environment, to, template, plan } => (
                "rollback",
                vec![
                    some("service", Some(service)),
                    some("env", Some(environment)),
                    some("to", to.as_ref()),
                    switch("template", *template),
                    switch("plan", *plan),
                ],
            ),
            Self::Stop { service, environment } => {
                ("stop", vec![some("service", Some(service)), some("env", Some(environment))])
            }
            Self::Status { service, environment } => {
                ("status", vec![some("service", service.as_ref()), some("env", environment.as_ref())])
            }
            Self::Now => ("now", vec![]),
            Self::History { service, environment, since } => (
                "history",
                vec![
                    some("service", service.as_ref()),
                    some("env", environment.as_ref()),
                    some("since", since.as_ref()),
                ],
            ),
            Self::Show { number } => ("show", vec![some("number", Some(number))]),
            Self::Lock { scope, reason, period } => {
                ("lock", vec![some("scope", Some(scope)), some("reason", Some(reason)), some("for", period.as_ref())])
            }
            Self::Unlock { scope } => ("unlock", vec![some("scope", Some(scope))]),
            Self::Locks => ("locks", vec![]),
            Self::Change(ChangeCommand::Release { number }) => ("change release", vec![some("number", Some(number))]),
            Self::Help { command } => ("help", vec![some("command", command.as_ref())]),
        };
        (name, parts.into_iter().flatten().collect())
    }

    /// The name by which people call it.
    pub fn name(&self) -> &'static str {
        self.parts().0
    }

    fn clap() -> clap::Command {
        Self::command()
    }
}

#[cfg(test)]
mod tests;
