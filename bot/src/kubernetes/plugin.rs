//! The command of a kubeconfig that fetches credentials.
//!
//! It is run here rather than by the client, which would begin a new one with every request once a token has expired and
//! its command hangs. One at a time runs for a cluster, and none for longer than it may. Nothing that it prints is told,
//! but the sentences on its standard error.

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use kube::config::{AuthInfo, ExecAuthCluster, ExecConfig};
use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use state::fault::Fault;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::text;
use crate::clock;

/// How long a command may take. One that takes longer is stopped.
pub(super) const LIMIT: Duration = Duration::from_secs(15);

/// Longer than any credentials are, in bytes.
const LONGEST_OUTPUT: u64 = 1 << 20;

/// New credentials are fetched so long before the old ones end.
const BEFORE_THE_END: Duration = Duration::from_secs(60);

/// What is exchanged with the command. It has no `Debug`, so that what it holds can't be printed by accident.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(skip_deserializing)]
    spec: Option<Spec>,
    #[serde(skip_serializing)]
    status: Option<Status>,
}

#[derive(Serialize)]
struct Spec {
    /// Nobody sits in front of a bot: a command that asks would wait for ever, or write into our console.
    interactive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<ExecAuthCluster>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<DateTime<Utc>>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs the command, where there is one, and puts what it fetched in its place. After how long that is to be fetched
/// anew; none where it doesn't say.
pub(super) async fn fetch(auth: &mut AuthInfo, limit: Duration) -> Result<Option<Duration>, Fault> {
    // A token that stands in the kubeconfig goes before.
    let given = auth.token.is_some() || auth.token_file.is_some() || auth.username.is_some();
    let Some(exec) = auth.exec.take().filter(|_| !given) else { return Ok(None) };
    let name = exec.command.clone().unwrap_or_default();
    let fault = |sentence: String| Fault::new(format!("with the credential plugin {name}: {sentence}"));
    let output = match timeout(limit, run(&exec)).await {
        Ok(output) => output.map_err(|error| fault(format!("it can't be run: {error}")))?,
        Err(_) => return Err(fault(format!("it did not end within {} s, and was stopped", limit.as_secs()))),
    };
    if !output.status.success() {
        let said = text::sentence(&String::from_utf8_lossy(&output.stderr));
        return Err(fault(format!("it ended with {}: {said}", output.status)));
    }
    let fetched: ExecCredential = serde_saphyr::from_slice(&output.stdout).map_err(|error| {
        let place = error.location().map(|at| format!(", line {}, column {}", at.line(), at.column()));
        fault(format!("what it printed can't be read{}", place.unwrap_or_default()))
    })?;
    let status = fetched.status.ok_or_else(|| fault("it printed no credentials".to_owned()))?;
    let end = status.expiration_timestamp;
    match (status.token, status.client_certificate_data.zip(status.client_key_data)) {
        (None, None) => return Err(fault("it printed no credentials".to_owned())),
        (token, certificate) => {
            auth.token = token.map(SecretString::from);
            if let Some((certificate, key)) = certificate {
                auth.client_certificate_data = Some(BASE64.encode(certificate));
                auth.client_key_data = Some(BASE64.encode(key).into());
            }
        }
    }
    Ok(end.map(|end| renewed_after(end - clock::now().wall)))
}

/// Credentials that end soon are not fetched anew all the time.
fn renewed_after(lasts: chrono::TimeDelta) -> Duration {
    let lasts = lasts.to_std().unwrap_or(Duration::ZERO);
    lasts.saturating_sub(BEFORE_THE_END).max(lasts / 2)
}

async fn run(exec: &ExecConfig) -> io::Result<Output> {
    let spec = Spec { interactive: false, cluster: exec.cluster.clone().filter(|_| exec.provide_cluster_info) };
    let asked = ExecCredential {
        api_version: exec.api_version.clone(),
        kind: Some("ExecCredential".to_owned()),
        spec: Some(spec),
        status: None,
    };
    let mut command = Command::new(exec.command.as_deref().unwrap_or_default());
    command.args(exec.args.iter().flatten()).env("KUBERNETES_EXEC_INFO", serde_json::to_string(&asked)?);
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let mut group = Group(group);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (status, stdout, stderr) = tokio::try_join!(child.wait(), begin_of(stdout), begin_of(stderr))?;
    let output = Output { status, stdout, stderr };
    // What it left behind on purpose, such as a helper that remembers credentials, goes on.
    group.0 = None;
    Ok(output)
}

/// What a command prints, as far as credentials can be that long. One that goes on printing never ends, and is stopped.
async fn begin_of(printed: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut begin = Vec::new();
    if let Some(printed) = printed {
        printed.take(LONGEST_OUTPUT).read_to_end(&mut begin).await?;
    }
    Ok(begin)
}

/// The command and what it started: all of it is stopped where nobody waits for it any longer.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn plugin(script: &str) -> AuthInfo {
        let args = Some(vec!["-c".to_owned(), script.to_owned()]);
        let exec = ExecConfig { command: Some("sh".to_owned()), args, ..ExecConfig::default() };
        AuthInfo { exec: Some(exec), ..AuthInfo::default() }
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_is_stopped_with_all_that_it_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let pid = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! > '{0}.new'; mv '{0}.new' '{0}'; wait", pid.display());
        let mut auth = plugin(&script);
        let fault = fetch(&mut auth, Duration::from_secs(2)).await.expect_err("it hangs");
        assert!(fault.chain().contains("plugin sh: it did not end within 2 s"), "{}", fault.chain());
        let started: i32 = std::fs::read_to_string(&pid).expect("it began").trim().parse().expect("a number");
        let status = format!("/proc/{started}/stat");
        let gone = async {
            // Killed, and at the most not yet buried.
            while std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z ")) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), gone).await.expect("it is stopped");
    }

    #[tokio::test]
    async fn what_is_fetched_is_put_in_place_until_shortly_before_its_end() {
        let end = clock::now().wall + TimeDelta::minutes(10);
        let script =
            format!("echo '{{\"status\": {{\"token\": \"t0psecret\", \"expirationTimestamp\": \"{end:?}\"}}}}'");
        let mut auth = plugin(&script);
        let renewed = fetch(&mut auth, LIMIT).await.expect("credentials").expect("an end");
        assert!((Duration::from_secs(500)..=Duration::from_secs(540)).contains(&renewed), "{renewed:?}");
        assert!(auth.exec.is_none() && auth.token.is_some(), "the client has no command to run");
        let mut auth = plugin("printf 'status:\\n  clientCertificateData: one\\n  clientKeyData: two\\n'");
        assert_eq!(fetch(&mut auth, LIMIT).await.expect("credentials"), None);
        assert_eq!(auth.client_certificate_data.as_deref(), Some("b25l"));
        let mut auth = plugin("echo '{\"status\": {}}'");
        assert!(fetch(&mut auth, LIMIT).await.expect_err("nothing").chain().contains("no credentials"));
    }

    #[test]
    fn what_ends_soon_is_not_fetched_all_the_time() {
        assert_eq!(renewed_after(TimeDelta::seconds(600)), Duration::from_secs(540));
        assert_eq!(renewed_after(TimeDelta::seconds(30)), Duration::from_secs(15));
        assert_eq!(renewed_after(TimeDelta::seconds(-5)), Duration::ZERO);
    }
}
