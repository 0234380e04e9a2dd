//! The rows of the table, as help, completion and a chat's registration read them. All of it comes from the derive.

use std::any::TypeId;
use std::sync::LazyLock;

use state::image::Reference;
use state::lock::Scope;
use state::names::{ChangeNumber, EnvironmentName, PersonName, ServiceName};

use super::value::{CommandName, Earlier, Period, Reason};
use crate::refusal::Refusal;

/// All commands.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Row>,
}

/// A command.
#[derive(Debug)]
pub struct Row {
    /// Its name as it is typed, without its slash: `deploy`, `change release`.
    pub name: String,
    /// Its arguments, in the order in which they are typed.
    pub arguments: Vec<Argument>,
}

/// An argument of a command.
#[derive(Debug)]
pub struct Argument {
    /// Its name.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Whether the command can't do without it.
    pub required: bool,
}

/// What an argument is: decided by its type alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Said or not said.
    Switch,
    /// A service.
    Service,
    /// An environment.
    Environment,
    /// An image.
    Reference,
    /// What a rollback goes to.
    Earlier,
    /// A change, by its number.
    Number,
    /// What a lock covers.
    Scope,
    /// The rest of the line.
    Reason,
    /// A length of time.
    Period,
    /// A person.
    Person,
    /// A command.
    Command,
    /// Anything else.
    Other,
}

impl Table {
    /// The table.
    pub fn get() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table { rows: rows_of(&super::Command::clap(), None) });
        &TABLE
    }

    /// The commands, in the order in which help shows them.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The command of that name, capitals or not.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name.eq_ignore_ascii_case(name))
    }

    /// Refuses a name that no command has.
    pub fn unknown(&self, typed: &str) -> Refusal {
        let names = self.rows.iter().map(|row| row.name.as_str());
        let nearest = super::lookup::nearest(typed, names).map(str::to_owned);
        Refusal::UnknownCommand { typed: typed.to_owned(), nearest }
    }
}

fn rows_of(command: &clap::Command, group: Option<&str>) -> Vec<Row> {
    let mut rows = Vec::new();
    for row in command.get_subcommands() {
        let name = match group {
            Some(group) => format!("{group} {}", row.get_name()),
            None => row.get_name().to_owned(),
        };
        if row.has_subcommands() {
            rows.append(&mut rows_of(row, Some(&name)));
        } else {
            let arguments = row.get_arguments().map(Argument::of_clap).collect();
            rows.push(Row { name, arguments });
        }
    }
    rows
}

impl Row {
    /// The first word of a command that has two.
    pub fn group(&self) -> Option<&str> {
        self.name.split_once(' ').map(|(group, _)| group)
    }

    /// The argument of that name.
    pub fn argument(&self, id: &str) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.id.eq_ignore_ascii_case(id))
    }

    /// How it is typed: `/deploy SERVICE ENV REF [plan]`.
    pub fn usage(&self) -> String {
        let mut usage = format!("/{}", self.name);
        for argument in &self.arguments {
            usage.push(' ');
            usage.push_str(&argument.usage());
        }
        usage
    }

    pub(crate) fn unknown_option(&self, typed: &str) -> Refusal {
        let ids = self.arguments.iter().map(|argument| argument.id.as_str());
        let nearest = super::lookup::nearest(typed, ids).map(str::to_owned);
        Refusal::UnknownOption { command: self.name.clone(), typed: typed.to_owned(), nearest }
    }
}

impl Argument {
    fn of_clap(argument: &clap::Arg) -> Self {
        let kind =
            if argument.get_action().takes_values() { Kind::of(argument.get_value_parser()) } else { Kind::Switch };
        Self { id: argument.get_id().to_string(), kind, required: argument.is_required_set() }
    }

    /// Whether it may be given by its bare name: `plan`, `for 2h`, `to v6`.
    pub fn has_word(&self) -> bool {
        matches!(self.kind, Kind::Switch | Kind::Period | Kind::Earlier)
    }

    /// Whether it may be given by its place in the line.
    pub fn has_place(&self) -> bool {
        !matches!(self.kind, Kind::Switch | Kind::Period)
    }

    /// What people call it: capitals for a value, small letters for a word.
    pub fn name(&self) -> String {
        if self.has_word() { self.id.clone() } else { self.id.to_ascii_uppercase() }
    }

    fn usage(&self) -> String {
        let shown = match self.kind {
            Kind::Period if self.id == "since" => format!("{} 7d", self.id),
            Kind::Period => format!("{} 2h", self.id),
            Kind::Earlier => format!("{} REF|#NUMBER", self.id),
            _ => self.name(),
        };
        if self.required { shown } else { format!("[{shown}]") }
    }
}

impl Kind {
    fn of(parser: &clap::builder::ValueParser) -> Self {
        let kinds = [
            (TypeId::of::<ServiceName>(), Self::Service),
            (TypeId::of::<EnvironmentName>(), Self::Environment),
            (TypeId::of::<Reference>(), Self::Reference),
            (TypeId::of::<Earlier>(), Self::Earlier),
            (TypeId::of::<ChangeNumber>(), Self::Number),
            (TypeId::of::<Scope>(), Self::Scope),
            (TypeId::of::<Reason>(), Self::Reason),
            (TypeId::of::<Period>(), Self::Period),
            (TypeId::of::<PersonName>(), Self::Person),
            (TypeId::of::<CommandName>(), Self::Command),
        ];
        let id = parser.type_id();
        kinds.into_iter().find(|(kind, _)| id == *kind).map_or(Self::Other, |(_, kind)| kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_documentation_says() {
        let usages: Vec<_> = Table::get().rows().iter().map(Row::usage).collect();
        insta::assert_snapshot!(usages.join("\n"), @r#"
        /deploy SERVICE ENV REF [plan]
        /rollback SERVICE ENV [to REF|#NUMBER] [template] [plan]
        /stop SERVICE ENV
        /status [SERVICE] [ENV]
        /now
        /history [SERVICE] [ENV] [since 7d]
        /show NUMBER
        /lock SCOPE REASON [for 2h]
        /unlock SCOPE
        /locks
        /change release NUMBER
        /help [COMMAND]
        "#);
    }

    #[test]
    fn every_argument_is_of_a_kind_that_can_be_explained_and_completed() {
        super::super::Command::clap().debug_assert();
        for row in Table::get().rows() {
            for argument in &row.arguments {
                assert_ne!(argument.kind, Kind::Other, "/{} {}", row.name, argument.id);
            }
        }
    }
}
