//! A running control plane: started, shared, looked at, and maltreated.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::api::{Api, ApiError};
use crate::certificates::{Authority, Pair, signing_keys};
use crate::kubeconfig::{Identity, Kubeconfig};
use crate::kwok;
use crate::namespace::Namespace;
use crate::owned::{Owned, OwnedFolder};
use crate::parts::{Part, Ports};
use crate::ports::free_port;
use crate::program::Program;
use crate::wait::until;

/// Generous: a machine with two cores may be building beside it.
const START_PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Debug)]
pub struct Options {
    /// Simulated nodes.
    pub nodes: usize,
    /// Whether requests are logged: see [`ControlPlane::audit`].
    pub audit: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { nodes: 5, audit: false }
    }
}

/// etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok. Ends when dropped, and when the process that started it ends.
pub struct ControlPlane {
    program: Program,
    folder: PathBuf,
    server: String,
    authority: Authority,
    admin: Kubeconfig,
    api: Api,
    own: Option<Own>,
}

/// What only the process that started it has. The processes end before their folder goes.
struct Own {
    ports: Ports,
    audit: bool,
    running: Mutex<BTreeMap<Part, Owned>>,
    folder: OwnedFolder,
}

impl ControlPlane {
    /// The environment variable that names the folder of a running control plane, for test processes that share one.
    pub const SHARED: &str = "ROTABOT_TEST_CLUSTER";

    /// One for all tests of this process: that of `ROTABOT_TEST_CLUSTER`, else one that is started at the first call.
    ///
    /// Don't kill or freeze its parts: other tests run on it.
    pub fn shared() -> Result<&'static Self> {
        static SHARED_ONE: OnceLock<Result<ControlPlane, String>> = OnceLock::new();
        let shared = SHARED_ONE.get_or_init(|| {
            let outcome = match env::var_os(Self::SHARED).filter(|folder| !folder.is_empty()) {
                Some(folder) => Self::attach(Path::new(&folder)),
                None => Self::start(&Options { audit: true, ..Options::default() }),
            };
            outcome.map_err(|error| format!("{error:#}"))
        });
        shared.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Starts one of its own, and waits until its nodes take pods.
    pub fn start(options: &Options) -> Result<Self> {
        let program = Program::find()?;
        let folder = OwnedFolder::new("rotabot-cluster-")?;
        let path = folder.path().to_owned();
        let ports = Ports {
            api_server: free_port()?,
            etcd: free_port()?,
            kubelet: free_port()?,
            controller_manager: free_port()?,
            scheduler: free_port()?,
        };
        let server = format!("https://127.0.0.1:{}", ports.api_server);
        write_files(&path, &server)?;
        let mut plane = Self::attach_with(program, &path)?;
        plane.own = Some(Own { ports, audit: options.audit, running: Mutex::default(), folder });
        plane.start_part(Part::Etcd)?;
        plane.start_part(Part::ApiServer)?;
        plane.wait_until_served()?;
        plane.let_kubelets_be_read()?;
        plane.api.post(DEFINITIONS, &kwok::logs_definition())?;
        plane.start_part(Part::ControllerManager)?;
        plane.start_part(Part::Scheduler)?;
        plane.wait_until_defined(kwok::LOGS)?;
        plane.start_part(Part::Kwok)?;
        for n in 0..options.nodes {
            plane.api.post("/api/v1/nodes", &node(n))?;
        }
        plane.wait_for_nodes(options.nodes)?;
        Ok(plane)
    }

    /// Uses one that another process has started; that process ends it.
    pub fn attach(folder: &Path) -> Result<Self> {
        Self::attach_with(Program::find()?, folder).with_context(|| format!("no control plane in {}", folder.display()))
    }

    fn attach_with(program: Program, folder: &Path) -> Result<Self> {
        let authority = Authority::read(&Pair::read(folder, "authority")?)?;
        let server = fs::read_to_string(folder.join("server"))?;
        let admin = Kubeconfig {
            server: server.clone(),
            authority: Some(authority.certificate()?),
            identity: Identity::Token(fs::read_to_string(folder.join("admin-token"))?),
            namespace: "default".to_owned(),
            context: "test".to_owned(),
        };
        let api = Api::new(&admin)?;
        Ok(Self { program, folder: folder.to_owned(), server, authority, admin, api, own: None })
    }

    /// Where its files are: `admin.kubeconfig`, the logs of its parts, `audit.log`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    /// The API as administrator.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// May do everything; carries a token, so it also passes through a proxy that ends TLS.
    pub fn kubeconfig(&self) -> Kubeconfig {
        self.admin.clone()
    }

    /// A user by client certificate, with the rights that tests bind to the user or its groups.
    pub fn kubeconfig_for_user(&self, user: &str, groups: &[&str]) -> Result<Kubeconfig> {
        let identity = Identity::Certificate(self.authority.client(user, groups)?);
        Ok(Kubeconfig { identity, ..self.admin.clone() })
    }

    /// A service account by token, as a pod would have it. The account must exist.
    pub fn kubeconfig_for_service_account(&self, namespace: &str, name: &str) -> Result<Kubeconfig> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let body = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                           "spec": { "expirationSeconds": 86_400 } });
        let answer = self.api.post(&path, &body)?;
        let token = answer["status"]["token"].as_str().context("a TokenRequest without a token")?.to_owned();
        Ok(Kubeconfig { identity: Identity::Token(token), ..self.admin.clone() })
    }

    /// Whom clients trust: signs the certificate of a proxy before the API server, too.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A fresh namespace, deleted without waiting when dropped.
    pub fn namespace(&self) -> Result<Namespace<'_>> {
        Namespace::create(self)
    }

    /// kubectl as administrator: its standard output, or an error with its standard error.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let output = self.kubectl_output(arguments, "")?;
        if !output.status.success() {
            bail!("kubectl {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// kubectl as administrator with this on its standard input, whatever its outcome.
    pub fn kubectl_output(&self, arguments: &[&str], input: &str) -> Result<Output> {
        use std::io::Write;
        let mut command = self.kubectl_command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // A kubectl that reads no input may be gone before it is written.
            let _ = pipe.write_all(input.as_bytes());
        }
        Ok(child.wait_with_output()?)
    }

    /// kubectl as administrator, for the caller to start and time.
    pub fn kubectl_command(&self) -> Command {
        let mut command = Command::new(self.program.path());
        command.arg("kubectl").env("KUBECONFIG", self.folder.join("admin.kubeconfig"));
        // Discovery is cached per control plane: ports are used again by others.
        command.arg("--cache-dir").arg(self.folder.join("kubectl-cache"));
        command
    }

    /// The requests since the start, one JSON object each (`user`, `verb`, `requestURI`, `responseStatus`, …). Needs [`Options::audit`].
    pub fn audit(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(self.folder.join("audit.log")).context("no audit log: see Options::audit")?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// Kills a part with SIGKILL. Its data and its port stay its own.
    pub fn kill(&self, part: Part) -> Result<()> {
        self.running()?.remove(&part).with_context(|| format!("{part:?} is not running"))?.kill()
    }

    /// Stops a part where it is: its connections stay open and nothing answers on them.
    pub fn freeze(&self, part: Part) -> Result<()> {
        self.running()?.get(&part).with_context(|| format!("{part:?} is not running"))?.freeze()
    }

    /// Lets a frozen part go on.
    pub fn thaw(&self, part: Part) -> Result<()> {
        self.running()?.get(&part).with_context(|| format!("{part:?} is not running"))?.thaw()
    }

    /// Starts a killed part again, on the same port and data, and waits until it serves.
    pub fn restart(&self, part: Part) -> Result<()> {
        if self.running()?.contains_key(&part) {
            self.kill(part)?;
        }
        self.start_part(part)?;
        if part <= Part::ApiServer {
            self.wait_until_served()?;
        }
        Ok(())
    }

    /// The processes' ids, for those who look what is left behind or measure memory.
    pub fn process_ids(&self) -> Result<Vec<(Part, u32)>> {
        Ok(self.running()?.iter().map(|(part, owned)| (*part, owned.id())).collect())
    }

    fn own(&self) -> Result<&Own> {
        self.own
            .as_ref()
            .context("this control plane belongs to another process, which alone may kill or freeze its parts")
    }

    fn running(&self) -> Result<MutexGuard<'_, BTreeMap<Part, Owned>>> {
        Ok(self.own()?.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn start_part(&self, part: Part) -> Result<()> {
        let own = self.own()?;
        let arguments = part.arguments(own.folder.path(), own.ports, own.audit);
        let log = self.folder.join(format!("{}.log", part.name()));
        let owned = Owned::start(self.program.path(), &arguments, &log)?;
        self.running()?.insert(part, owned);
        Ok(())
    }

    fn wait_until_served(&self) -> Result<()> {
        until("the API server's readiness", START_PATIENCE, || {
            self.must_all_run()?;
            Ok(self.api.text("/readyz").ok())
        })
        .map(drop)
    }

    fn must_all_run(&self) -> Result<()> {
        self.running()?.values().try_for_each(Owned::must_run)
    }

    /// The API server reads logs from kubelets as this user.
    fn let_kubelets_be_read(&self) -> Result<()> {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": { "name": "test:kubelet-client" },
            "subjects": [{ "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": KUBELET_CLIENT }],
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:kubelet-api-admin" },
        });
        let path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
        // The stock roles are written by the API server itself in its first moments.
        until("the binding of the kubelet's reader", START_PATIENCE, || match self.api.post(path, &binding) {
            Ok(_) => Ok(Some(())),
            Err(error) => match error.downcast_ref::<ApiError>() {
                Some(ApiError { status: 409, .. }) => Ok(Some(())),
                _ => Err(error),
            },
        })
    }

    fn wait_until_defined(&self, name: &str) -> Result<()> {
        until(&format!("the definition of {name}"), START_PATIENCE, || {
            let definition = self.api.get(&format!("{DEFINITIONS}/{name}"))?;
            Ok(has_condition(&definition, "Established").then_some(()))
        })
    }

    /// Ready is not enough: the taint that keeps pods off goes a little later.
    fn wait_for_nodes(&self, count: usize) -> Result<()> {
        until("the readiness of all nodes", START_PATIENCE, || {
            self.must_all_run()?;
            let nodes = self.api.get("/api/v1/nodes")?;
            let usable = nodes["items"].as_array().into_iter().flatten().filter(|node| takes_pods(node)).count();
            Ok((usable == count).then_some(()))
        })
    }
}

const KUBELET_CLIENT: &str = "test:kubelet-client";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Everything that the parts read, and what [`ControlPlane::attach`] needs.
fn write_files(folder: &Path, server: &str) -> Result<()> {
    let authority = Authority::new("test authority")?;
    let front_proxy = Authority::new("test front proxy authority")?;
    authority.pair()?.write(folder, "authority")?;
    front_proxy.pair()?.write(folder, "front-proxy-authority")?;
    front_proxy.client("front-proxy", &[])?.write(folder, "front-proxy")?;
    authority
        .server("kube-apiserver", &["kubernetes", "kubernetes.default", "10.96.0.1"])?
        .write(folder, "api-server")?;
    authority.server("kubelet", &[])?.write(folder, "kubelet")?;
    authority.client(KUBELET_CLIENT, &[])?.write(folder, "kubelet-client")?;
    let (private, public) = signing_keys()?;
    fs::write(folder.join("service-accounts.key"), private)?;
    fs::write(folder.join("service-accounts.pub"), public)?;

    let token = crate::namespace::random_name("token")?;
    fs::write(folder.join("tokens.csv"), format!("{token},admin,admin,\"system:masters\"\n"))?;
    fs::write(folder.join("admin-token"), &token)?;
    fs::write(folder.join("server"), server)?;
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{ "level": "Metadata" }],
    });
    fs::write(folder.join("audit-policy.json"), policy.to_string())?;
    let admin = Kubeconfig {
        server: server.to_owned(),
        authority: Some(authority.certificate()?),
        identity: Identity::Token(token),
        namespace: "default".to_owned(),
        context: "test".to_owned(),
    };
    admin.write(&folder.join("admin.kubeconfig"))?;
    kwok::write(folder)
}

fn node(n: usize) -> Value {
    let name = format!("node-{n}");
    let room = json!({ "cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000" });
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": { "name": name, "labels": {
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": format!("zone-{}", n % 3),
        }},
        "status": { "capacity": room, "allocatable": room },
    })
}

fn takes_pods(node: &Value) -> bool {
    has_condition(node, "Ready") && node["spec"]["taints"].as_array().is_none_or(Vec::is_empty)
}

fn has_condition(object: &Value, kind: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|condition| condition["type"] == kind && condition["status"] == "True")
}
