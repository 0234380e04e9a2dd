//! A cluster as the adapter is given it: with exactly the rights of the manifest, or as somebody else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use chrono::DateTime;
use cluster::{ControlPlane, Kubeconfig, Namespace};
use commands::ports::Cluster as _;
use e2e::grant;
use rotabot::config::ClusterAccess;
use rotabot::kubernetes::{Kubernetes, Wake};
use state::catalogue::{ContainerSource, Permissions, Policy, Target, Workload, WorkloadKind};
use state::change::{Ask, Asker, Change, Head, Phase, Watch};
use state::claim::Claim;
use state::journal::{JournalLine, JournalWhat};
use state::names::{
    ChangeId, ChangeNumber, ChannelName, ClusterName, ContainerName, EnvironmentName, PersonName, ServiceName,
    TargetName, WorkloadName,
};
use state::records::{Begin, Begun, Records};
use state::rollout::seen::Observed;
use state::store::MemoryStore;
use state::time::ObservedTime;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The adapter on a cluster, in a runtime of its own.
pub(crate) struct Bed {
    // Dropped in this order: the adapter's tasks end before their runtime.
    pub(crate) kubernetes: Kubernetes,
    pub(crate) runtime: Runtime,
    pub(crate) woken: Arc<AtomicUsize>,
    folder: TempDir,
}

impl Bed {
    pub(crate) fn start(kubeconfig: &Kubeconfig) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        kubeconfig.write(&folder.path().join("kubeconfig"))?;
        Self::start_in(folder)
    }

    /// With a kubeconfig that may not be there yet.
    pub(crate) fn start_in(folder: TempDir) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let access =
            ClusterAccess::Kubeconfig { file: Some(folder.path().join("kubeconfig")), context: "test".to_owned() };
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake: Wake = Arc::new(move |_, _, _| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let kubernetes = {
            let _inside = runtime.enter();
            Kubernetes::start(&BTreeMap::from([(cluster_name(), access)]), &wake)
        };
        Ok(Self { kubernetes, runtime, woken, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Looks at the target until it is as wanted.
    pub(crate) fn until(
        &self,
        what: &str,
        target: &Target,
        mut wanted: impl FnMut(&Observed) -> bool,
    ) -> Result<Observed> {
        let start = Instant::now();
        loop {
            let seen = self.kubernetes.observe(target);
            if wanted(&seen) {
                return Ok(seen);
            }
            if start.elapsed() > PATIENCE {
                bail!("{what} was not seen within {PATIENCE:?}: {seen:#?} {:?}", self.kubernetes.trouble(target));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub(crate) fn cluster_name() -> ClusterName {
    ClusterName::new("test").unwrap()
}

/// The service account of the manifest.
pub(crate) fn with_rights(plane: &ControlPlane) -> Result<Kubeconfig> {
    plane.kubeconfig_for_service_account("rotabot", "rotabot")
}

/// A bed with exactly the manifest's rights in this namespace.
pub(crate) fn bed(namespace: &Namespace<'_>) -> Result<Bed> {
    grant(namespace)?;
    Bed::start(&with_rights(namespace.plane())?)
}

pub(crate) fn workload(name: &str) -> Workload {
    let source =
        ContainerSource { container: ContainerName::new(name).unwrap(), repository: "shop/api".parse().unwrap() };
    Workload { kind: WorkloadKind::Deployment, name: WorkloadName::new(name).unwrap(), containers: vec![source] }
}

pub(crate) fn target(namespace: &str, workloads: &[&str]) -> Target {
    let name = TargetName {
        service: ServiceName::new(workloads[0]).unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
    };
    Target {
        name,
        cluster: cluster_name(),
        namespace: namespace.parse().unwrap(),
        workloads: workloads.iter().map(|name| workload(name)).collect(),
        channel: ChannelName::new("ops").unwrap(),
        policy: Policy::default(),
        permissions: Permissions::default(),
        owners: Vec::new(),
        runbook: None,
        dashboard: None,
    }
}

/// A claim, as only a store hands it out.
pub(crate) async fn claim(target: &Target) -> Result<Claim> {
    let records = Records::new(Arc::new(MemoryStore::new()));
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let person = PersonName::new("lin")?;
    let id = ChangeId::from_parts(1_800_000_000_000, 1);
    let head = Head {
        id,
        number: ChangeNumber(1),
        ask: Ask::Deploy { reference: "v2".parse()? },
        asked_by: Asker::Person { name: person.clone(), typed_by: None },
        asked_at: at,
        request: "request".to_owned(),
        observed: ObservedTime::default(),
        phase: Phase::Preparing,
        stop: None,
        parked: None,
        answers: None,
    };
    let watch = Watch { memory: Vec::new(), windows: Vec::new() };
    let change = Change { head, target: target.clone(), work: None, watch, cause: None };
    let line = JournalLine {
        at,
        by: Some(person),
        typed_by: None,
        change: None,
        what: JournalWhat::AskedDeploy { reference: "v2".to_owned() },
    };
    match records.begin(&Begin { change, line, answers: None }).await {
        Ok(Begun::Begun(_)) => {}
        other => bail!("a change did not begin: {other:?}"),
    }
    match records.claim(&target.name, id).await {
        Ok(Some(claim)) => Ok(claim),
        other => bail!("no claim: {other:?}"),
    }
}
