//! `rotabot.toml` for one service in one environment, as its users would write it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What a test wants of the configuration. The service is `api`, the environment `prod`.
#[derive(Clone, Debug)]
pub struct Config {
    pub namespace: String,
    /// Keys of the environment's policy, with their values as TOML has them.
    pub policy: BTreeMap<&'static str, String>,
    /// The workloads' names, each with the repository of the container `api`.
    pub workloads: Vec<(String, String)>,
    /// Whole sections, as TOML has them.
    pub sections: Vec<String>,
    /// The language of whoever speaks.
    pub language: &'static str,
}

impl Config {
    /// One workload `api`, with windows that are short and still mean something: pods of the test bed are ready after one second, crash
    /// loops show after two.
    pub fn new(namespace: &str, repository: &str) -> Self {
        let seconds = |seconds: u32| format!("\"{seconds}s\"");
        let policy = BTreeMap::from([
            ("after_failure", "\"hold\"".to_owned()),
            ("stability_window", seconds(3)),
            ("progress_deadline", seconds(30)),
            ("certain_after", seconds(3)),
        ]);
        Self {
            namespace: namespace.to_owned(),
            policy,
            workloads: vec![("api".to_owned(), repository.to_owned())],
            sections: Vec::new(),
            language: "en",
        }
    }

    /// Sets a key of the policy, with its value as TOML has it.
    pub fn policy(mut self, key: &'static str, value: &str) -> Self {
        self.policy.insert(key, value.to_owned());
        self
    }

    /// A whole section more, as TOML has it.
    pub fn section(mut self, text: String) -> Self {
        self.sections.push(text);
        self
    }

    /// A registry that is spoken to without TLS.
    pub fn plain_registry(self, address: &str) -> Self {
        self.section(format!("[registries.\"{address}\"]\nplain_http = true\n"))
    }

    /// The file's text. `lin` is whoever runs the tests, an admin; `mo` reads Chinese and may be spoken for; `zhou` may only look.
    pub fn text(&self, kubeconfig: &Path) -> Result<String> {
        let (user, language) = (own_user_name()?, self.language);
        let mut text = format!("[clusters.main]\ncontext = \"test\"\nkubeconfig = {:?}\n\n", kubeconfig.display());
        for section in &self.sections {
            writeln!(text, "{section}")?;
        }
        writeln!(text, "[environments.prod]\nnamespace = {:?}", self.namespace)?;
        for (key, value) in &self.policy {
            writeln!(text, "{key} = {value}")?;
        }
        writeln!(text, "\n[services.api]\nowners = [\"mo\"]")?;
        for (name, repository) in &self.workloads {
            writeln!(text, "[[services.api.workloads]]\nname = {name:?}\ncontainers = {{ api = {repository:?} }}")?;
        }
        write!(
            text,
            "\n[people.lin]\nroles = [\"admin\"]\nunix = {user:?}\nlanguage = {language:?}\n\n\
             [people.mo]\nlanguage = \"zh-CN\"\n\n[people.zhou]\n\n\
             [on_call]\nperson = \"lin\"\n\n[console]\nas = [\"mo\", \"zhou\"]\n"
        )?;
        Ok(text)
    }
}

/// The name of the user whom the tests belong to, by which the socket knows them.
fn own_user_name() -> Result<String> {
    let output = Command::new("id").arg("-un").output().context("`id` of coreutils")?;
    if !output.status.success() {
        bail!("`id -un`: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
