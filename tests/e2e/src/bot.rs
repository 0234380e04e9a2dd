//! The process `rotabot run`, and what is said to it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cluster::{Kubeconfig, Owned, OwnedFolder, until};

use crate::config::Config;
use crate::export::Export;
use crate::said::Said;

/// Longer than any of these tests lets a change go on.
const PATIENCE: Duration = Duration::from_secs(180);

/// The program: `ROTABOT_BIN`, else the one beside this test.
pub fn binary() -> Result<PathBuf> {
    if let Some(named) = env::var_os("ROTABOT_BIN").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let test = env::current_exe()?;
    // target/PROFILE/deps/TEST
    let found = test.ancestors().skip(1).take(2).map(|folder| folder.join("rotabot")).find(|program| program.is_file());
    found.with_context(|| {
        format!(
            "rotabot is not built: run `cargo build -p rotabot`, or name the program in ROTABOT_BIN (looked beside {})",
            test.display()
        )
    })
}

/// What tests look for in the log.
const LOG: &str = "info,rotabot=debug,commands=debug,state=debug";

/// Which rotabot runs, and what it logs.
#[derive(Clone, Debug)]
pub struct Build {
    pub program: PathBuf,
    /// As `RUST_LOG` has it.
    pub log: &'static str,
}

impl Build {
    /// The one of [`binary`], with a log that tells much.
    pub fn beside_the_test() -> Result<Self> {
        Ok(Self { program: binary()?, log: LOG })
    }
}

/// A rotabot with its folder: configuration, data, and logs. It ends with this, and with the tests.
pub struct Bot {
    build: Build,
    process: Mutex<Option<Owned>>,
    says: AtomicU64,
    folder: OwnedFolder,
}

/// A `rotabot say` that runs.
pub struct Saying {
    process: Owned,
    printed: PathBuf,
}

impl Bot {
    /// Configured, and not started yet.
    pub fn new(config: &Config, kubeconfig: &Kubeconfig) -> Result<Self> {
        Self::of(Build::beside_the_test()?, config, kubeconfig)
    }

    /// The same, of a build of one's choice.
    pub fn of(build: Build, config: &Config, kubeconfig: &Kubeconfig) -> Result<Self> {
        let folder = OwnedFolder::new("rotabot-e2e-")?;
        let bot = Self { build, process: Mutex::new(None), says: AtomicU64::new(0), folder };
        bot.configure(config, kubeconfig)?;
        Ok(bot)
    }

    /// Writes the configuration, for the next start.
    pub fn configure(&self, config: &Config, kubeconfig: &Kubeconfig) -> Result<()> {
        let file = self.folder().join("kubeconfig");
        kubeconfig.write(&file)?;
        self.write_config(&config.text(&file)?)
    }

    /// Writes any text as its configuration.
    pub fn write_config(&self, text: &str) -> Result<()> {
        Ok(fs::write(self.folder().join("rotabot.toml"), text)?)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Starts it, and doesn't wait.
    pub fn launch(&self) -> Result<()> {
        let arguments = self.arguments(&["run"]);
        let process = Owned::start_with(&self.build.program, &arguments, &self.environment(), &self.log_file())?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        Ok(())
    }

    /// Starts it, and waits until it answers.
    pub fn start(&self) -> Result<()> {
        self.launch()?;
        let running = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let started = running.as_ref().context("it was killed while it started")?;
        until("rotabot's socket", PATIENCE, || {
            started.must_run()?;
            let answers = std::os::unix::net::UnixStream::connect(self.data().join("rotabot.sock")).is_ok();
            Ok(answers.then_some(()))
        })
    }

    /// Kills it where it stands.
    pub fn kill(&self) -> Result<()> {
        match self.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(process) => process.kill(),
            None => bail!("rotabot is not running"),
        }
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&self) -> Result<std::process::ExitStatus> {
        match self.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(process) => process.terminate(PATIENCE),
            None => bail!("rotabot is not running"),
        }
    }

    /// The process's id.
    pub fn process_id(&self) -> Option<u32> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Owned::id)
    }

    /// All that it logged, over all of its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Says a line as `lin`, and waits for what is answered at once.
    pub fn say(&self, text: &str) -> Result<Said> {
        self.saying(&["say", text, "--json"])?.end()
    }

    /// Says a line as somebody else.
    pub fn say_as(&self, person: &str, text: &str) -> Result<Said> {
        self.saying(&["say", text, "--json", "--as", person])?.end()
    }

    /// Says a line, and waits for the outcome.
    pub fn say_wait(&self, text: &str) -> Result<Said> {
        self.begin(text)?.end()
    }

    /// Begins to say a line and to wait for the outcome.
    pub fn begin(&self, text: &str) -> Result<Saying> {
        self.saying(&["say", text, "--wait", "--json"])
    }

    /// Runs any subcommand with this bot's configuration and data, with what it printed and its exit code.
    pub fn run(&self, arguments: &[&str]) -> Result<Said> {
        self.saying(arguments)?.end()
    }

    /// Any subcommand with this bot's configuration and data, for the caller to start and time.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.build.program);
        command.args(self.arguments(arguments)).envs(self.environment());
        command
    }

    /// Runs a subcommand that reads its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Result<std::process::Output> {
        use std::io::Write as _;
        use std::process::Stdio;
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", "180"]).arg(&self.build.program).args(self.arguments(arguments));
        command.envs(self.environment()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("`timeout` of coreutils")?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(input.as_bytes())?;
        }
        Ok(child.wait_with_output()?)
    }

    /// What it keeps, as its export tells.
    pub fn export(&self) -> Result<Export> {
        let said = self.run(&["export"])?;
        if said.exit_code != 0 {
            bail!("no export: {said:#?}");
        }
        let lines: Vec<String> = said.lines.iter().map(ToString::to_string).collect();
        Export::read(&lines.join("\n"))
    }

    fn saying(&self, arguments: &[&str]) -> Result<Saying> {
        let number = self.says.fetch_add(1, Ordering::Relaxed);
        let printed = self.folder().join(format!("say-{number}.out"));
        let process =
            Owned::start_with(&self.build.program, &self.arguments(arguments), &self.environment(), &printed)?;
        Ok(Saying { process, printed })
    }

    fn arguments(&self, arguments: &[&str]) -> Vec<String> {
        let config = self.folder().join("rotabot.toml").display().to_string();
        let data = self.data().display().to_string();
        let own = arguments.iter().map(|argument| (*argument).to_owned());
        own.chain(["--config".to_owned(), config, "--data".to_owned(), data]).collect()
    }

    fn environment(&self) -> [(&'static str, &'static str); 2] {
        [("NO_COLOR", "1"), ("RUST_LOG", self.build.log)]
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join("rotabot.log")
    }
}

impl Saying {
    /// What it printed so far, as if it had ended.
    pub fn so_far(&self) -> Said {
        Said::read(-1, &fs::read_to_string(&self.printed).unwrap_or_default())
    }

    /// Whether it still waits.
    pub fn waits(&self) -> Result<bool> {
        Ok(self.process.ended()?.is_none())
    }

    /// Waits for its end.
    pub fn end(self) -> Result<Said> {
        let status = until("the end of a `say`", PATIENCE, || self.process.ended())
            .with_context(|| format!("so far: {:#?}", self.so_far()))?;
        let code = status.code().with_context(|| format!("it was killed: {status}"))?;
        Ok(Said::read(code, &fs::read_to_string(&self.printed)?))
    }
}
