//! The command line: what there is, and who does it. Each subcommand is a module of its own.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{self, LogFormat};
use crate::console::{self, Saying, client};
use crate::{check, clock, demo, run, surroundings, transfer, version};

/// Exit codes that every subcommand shares. Those of outcomes are with `say`.
pub mod exit {
    /// Refused, or a config with faults.
    pub const REFUSED: u8 = 1;
    /// The command line makes no sense. It is not clap's 2, which here means a release that failed.
    pub const USAGE: u8 = 64;
    /// A part of the process ended that must not: a bug. Starting again goes on where it was.
    pub const BROKEN: u8 = 70;
    /// Whether it was done is not known: a write to the store failed.
    pub const OUTCOME_UNKNOWN: u8 = 75;
}

/// The hands and the memory of an ops team, for the developer on duty.
#[derive(Debug, Parser)]
#[command(name = "rotabot", disable_help_subcommand = true)]
struct CommandLine {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// Options of every subcommand.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The config file
    #[arg(
        long,
        global = true,
        env = "ROTABOT_CONFIG",
        hide_env_values = true,
        value_name = "FILE",
        default_value = "rotabot.toml"
    )]
    pub config: PathBuf,
    /// The data folder
    #[arg(
        long,
        global = true,
        env = "ROTABOT_DATA",
        hide_env_values = true,
        value_name = "FOLDER",
        default_value = "data"
    )]
    pub data: PathBuf,
    /// How the log is written [default: what the config says, else text]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try rotabot on a simulated shop: no account, no cluster, nothing kept
    Demo,
    /// Run the bot
    Run {
        /// Also read commands here; they may be piped in
        #[arg(long)]
        console: bool,
    },
    /// Say something to a running bot, as the person whose Unix user you are
    Say {
        /// What to say, such as: deploy api prod v7
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// Wait for the outcome
        #[arg(long)]
        wait: bool,
        /// Print a JSON object per line
        #[arg(long)]
        json: bool,
        /// Speak in the name of somebody else, whom the config lists under [console]
        #[arg(long = "as", value_name = "PERSON")]
        in_name_of: Option<String>,
    },
    /// A console of a running bot
    Console {
        /// Speak in the name of somebody else, whom the config lists under [console]
        #[arg(long = "as", value_name = "PERSON")]
        in_name_of: Option<String>,
    },
    /// Print the whole store as lines of JSON
    Export,
    /// Make a store of an export; changes that were open are parked
    Import {
        /// The file; - reads standard input
        file: PathBuf,
    },
    /// Tell every fault of the config, and what of it `run` would miss on this machine
    ///
    /// A fault ends it with 1. Secrets, authorities and kubeconfigs that are not on this machine are told, and fail
    /// nothing: the file can be reviewed where there are none. One that is there and can't be used is a fault.
    Check,
    /// Print the JSON Schema of the config
    Schema,
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let code = do_it();
    console::last_lines();
    code
}

fn do_it() -> ExitCode {
    let command = CommandLine::command().version(version::told(clock::now().wall.date_naive()));
    let parsed = command.try_get_matches().and_then(|matches| CommandLine::from_arg_matches(&matches));
    let CommandLine { options, command } = match parsed {
        Ok(parsed) => parsed,
        Err(unusable) => {
            let _ = unusable.print();
            return if unusable.use_stderr() { exit::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    match command {
        Command::Check => {
            let checked = check::check(&options);
            print(&checked.text);
            checked.exit
        }
        Command::Demo => demo::demo(&options),
        Command::Run { console } => run::run(&options, console),
        Command::Say { text, wait, json, in_name_of } => {
            let saying = Saying { text: line_of(&text), wait, json };
            client::say(&options.data, &saying, in_name_of)
        }
        Command::Console { in_name_of } => client::console(&options.data, in_name_of),
        Command::Export => transfer::run_export(&options.data),
        Command::Import { file } => transfer::run_import(&options.data, &file),
        Command::Schema => {
            print(&format!("{:#}\n", config::schema()));
            ExitCode::SUCCESS
        }
    }
}

impl Options {
    /// How the log is written: as the command line says, else as the config does.
    pub fn log(&self, config: config::Log) -> config::Log {
        config::Log { format: self.log.unwrap_or(config.format), ..config }
    }

    /// Reads the config that the command line names.
    pub fn load(&self) -> Result<config::Loaded, config::Faulty> {
        config::load(&config::Request {
            file: &self.config,
            data: &self.data,
            home: surroundings::home().as_deref(),
            today: clock::now().wall.date_naive(),
        })
    }
}

/// The line that the words of a shell make. A single one is the line itself; among several, one with a blank in it was
/// meant as one.
fn line_of(words: &[String]) -> String {
    if let [line] = words {
        return line.clone();
    }
    let quoted = |word: &String| {
        if word.is_empty() || word.contains(char::is_whitespace) {
            format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            word.clone()
        }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Writes to standard output. A reader that has seen enough, such as `head`, is no fault.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Says that the process can't even begin; its exit code.
pub(crate) fn cannot_be_set_up(error: &io::Error) -> u8 {
    complain(format_args!("the process can't be set up: {error}"));
    exit::REFUSED
}

/// Says on standard error why something is not done. Where nobody reads that, the exit code still tells.
pub fn complain(text: impl std::fmt::Display) {
    console::complain(&format!("rotabot: {text}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_shell_make_a_line() {
        let line = |words: &[&str]| line_of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(line(&["/lock prod \"a b\" for 2h"]), "/lock prod \"a b\" for 2h");
        assert_eq!(line(&["deploy", "api", "prod", "v7"]), "deploy api prod v7");
        assert_eq!(line(&["lock", "prod", "say \"no\"", "for", "2h"]), r#"lock prod "say \"no\"" for 2h"#);
    }

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
