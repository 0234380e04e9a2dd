//! Making a client: where the API server is, who we are to it, and why that can't be found out.

use std::error::Error;
use std::time::Duration;

use http::{HeaderValue, header};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use state::fault::Fault;

use super::connection::HEARTBEAT_LIMIT;
use super::{plugin, text};
use crate::config::ClusterAccess;

/// Why a cluster can't be reached from here.
#[derive(Debug)]
pub(crate) enum Lack {
    /// The kubeconfig can't be read.
    Kubeconfig(Fault),
    /// What it says of the context, or the service account of the pod, is of no use.
    Context(Fault),
}

impl Lack {
    pub(crate) fn fault(self) -> Fault {
        match self {
            Self::Kubeconfig(fault) | Self::Context(fault) => fault,
        }
    }
}

/// The way to a cluster. Files are read; no command is run, and nothing is asked.
pub(crate) async fn way(access: &ClusterAccess) -> Result<kube::Config, Lack> {
    let (file, context) = match access {
        ClusterAccess::InCluster => return kube::Config::incluster().map_err(|error| Lack::Context(told(&error))),
        ClusterAccess::Kubeconfig { file, context } => (file, context),
    };
    let kubeconfig = file.as_ref().map_or_else(Kubeconfig::read, Kubeconfig::read_from);
    let kubeconfig = kubeconfig.map_err(|error| {
        Lack::Kubeconfig(match (&error, file) {
            (KubeconfigError::ReadConfig(why, path), _) => Fault::new(format!("{}: {why}", path.display())),
            (_, Some(file)) => Fault::new(format!("{}: {}", file.display(), told(&error).chain())),
            (_, None) => told(&error),
        })
    })?;
    if !kubeconfig.contexts.iter().any(|one| one.name == *context) {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|one| one.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let sentence = format!("the kubeconfig has no context {context:?}; there is {known}");
        return Err(Lack::Context(Fault::new(text::sentence(&sentence))));
    }
    let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let own_proxy = has_proxy(&kubeconfig, context);
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|error| Lack::Context(told(&error)))?;
    // The proxy of the environment is for the way out; only a kubeconfig says that its cluster is out there.
    config.proxy_url = config.proxy_url.filter(|_| own_proxy);
    Ok(config)
}

/// A client, and after how long its credentials are to be fetched anew.
pub(super) struct Made {
    pub(super) client: kube::Client,
    pub(super) renewed_after: Option<Duration>,
}

/// A client for a cluster. It reads files, and may run a command that fetches a token.
pub(super) async fn make(access: &ClusterAccess) -> Result<Made, Fault> {
    let mut config = way(access).await.map_err(Lack::fault)?;
    let renewed_after = plugin::fetch(&mut config.auth_info, plugin::LIMIT).await?;
    // Each request is made once: whether it may be made again is not for the client to decide.
    config.default_retry = false;
    config.connect_timeout = Some(HEARTBEAT_LIMIT);
    let agent = HeaderValue::from_static(concat!("rotabot/", env!("CARGO_PKG_VERSION")));
    config.headers.push((header::USER_AGENT, agent));
    let client = kube::Client::try_from(config).map_err(|error| told(&error))?;
    Ok(Made { client, renewed_after })
}

/// An error of the client as it may be logged. Some tell more than that: the lines of a kubeconfig, where the tokens are.
pub(super) fn told(error: &(dyn Error + 'static)) -> Fault {
    let mut cause = Some(error);
    while let Some(one) = cause {
        let sentence = match one.downcast_ref::<KubeconfigError>() {
            Some(KubeconfigError::Parse(error)) => {
                let place = error.location().map(|at| format!(", line {}, column {}", at.line(), at.column()));
                Some(format!("the kubeconfig can't be read{}", place.unwrap_or_default()))
            }
            _ => None,
        };
        if let Some(sentence) = sentence {
            return Fault::new(sentence);
        }
        cause = one.source();
    }
    Fault::new(text::sentence(Fault::of(error).chain()))
}

fn has_proxy(kubeconfig: &Kubeconfig, context: &str) -> bool {
    let context = kubeconfig.contexts.iter().find(|one| one.name == context);
    let cluster = context.and_then(|one| one.context.as_ref()).map(|context| &context.cluster);
    let cluster = kubeconfig.clusters.iter().find(|one| Some(&one.name) == cluster);
    cluster.and_then(|one| one.cluster.as_ref()).is_some_and(|cluster| cluster.proxy_url.is_some())
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;

    /// A kubeconfig whose user has this plugin.
    pub(in super::super) fn kubeconfig(exec: &Value) -> String {
        let mut exec = exec.clone();
        exec["apiVersion"] = json!("client.authentication.k8s.io/v1");
        let kubeconfig = json!({
            "clusters": [{ "name": "odd", "cluster": { "server": "http://127.0.0.1:1" } }],
            "users": [{ "name": "odd", "user": { "exec": exec } }],
            "contexts": [{ "name": "odd", "context": { "cluster": "odd", "user": "odd" } }],
        });
        kubeconfig.to_string()
    }

    async fn made(kubeconfig: &str) -> (TempDir, Result<(), String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kubeconfig");
        std::fs::write(&file, kubeconfig).expect("written");
        let access = ClusterAccess::Kubeconfig { file: Some(file), context: "odd".to_owned() };
        let made = make(&access).await.map(|_| ()).map_err(|fault| fault.chain().to_owned());
        (folder, made)
    }

    fn shell(script: &str) -> Value {
        let env = json!([{ "name": "CLIENT_SECRET", "value": "t0psecret" }]);
        json!({ "command": "sh", "args": ["-c", script], "env": env })
    }

    #[tokio::test]
    async fn a_plugin_that_fails_is_told_without_its_secrets() {
        let script = "echo so it is >&2; echo password=hunter2 >&2; echo t0psecret; exit 3";
        let (_folder, made) = made(&kubeconfig(&shell(script))).await;
        let told = made.expect_err("a fault");
        assert!(told.contains("plugin sh") && told.contains("exit status: 3") && told.contains("so it is"), "{told}");
        assert!(!told.contains("t0psecret") && !told.contains("hunter2"), "{told}");
    }

    #[tokio::test]
    async fn what_a_plugin_prints_is_not_told() {
        let (_folder, made) = made(&kubeconfig(&shell("echo '{\"status\": {\"token\": [\"t0psecret\"]}}'"))).await;
        let told = made.expect_err("a fault");
        assert!(told.contains("plugin sh") && told.contains("can't be read") && !told.contains("t0psecret"), "{told}");
    }

    #[tokio::test]
    async fn a_plugin_is_told_that_nobody_is_there() {
        let script = "case \"$KUBERNETES_EXEC_INFO\" in *'\"interactive\":false'*) ;; *) exit 4;; esac; \
                      echo '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \
                      \"status\": {\"token\": \"t0psecret\"}}'";
        let (_folder, made) = made(&kubeconfig(&shell(script))).await;
        assert_eq!(made, Ok(()));
    }

    #[tokio::test]
    async fn of_a_kubeconfig_that_cant_be_read_the_place_is_told_and_no_line() {
        let broken = "users:\n- name: odd\n  user:\n    token: t0psecret\n    exec: [t0psecret\n  - : }\n";
        let (folder, made) = made(broken).await;
        let told = made.expect_err("a fault");
        assert!(told.starts_with(&folder.path().join("kubeconfig").display().to_string()), "{told}");
        assert!(told.contains(", line ") && !told.contains("t0psecret"), "{told}");
    }
}
