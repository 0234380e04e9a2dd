//! The runner: calls the engine when it is time to. A task for each open change, one for messages, one for questions,
//! one for what is old.
//!
//! Whatever is heard of a cluster only wakes a task early; a word that is lost costs a second. Nothing is decided here.

mod change;
mod rounds;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use commands::dispatch::{Dispatch, Heard};
use commands::engine::{Board, Engine};
use commands::ports::{Chat, Cluster, Registry};
use state::catalogue::{Catalogue, Target};
use state::names::{ChangeId, ClusterName, Namespace, WorkloadName};
use state::records::{RecordFault, Records};
use state::store::Store;
use state::time::Now;
use tokio::sync::{Notify, watch};

use crate::kubernetes::Concerned;

/// What the engine works on, here or in a demonstration.
pub struct Neighbours {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clusters.
    pub cluster: Arc<dyn Cluster>,
    /// The registries.
    pub registry: Arc<dyn Registry>,
    /// The channels.
    pub chat: Arc<dyn Chat>,
    /// The clock.
    pub clock: fn() -> Now,
}

/// Why the process must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It does not.
    No,
    /// Somebody asked for it.
    Asked,
    /// The outcome of a write to the store is unknown: only a start can read the truth.
    StoreUnknown,
}

/// The runner.
pub struct Runner {
    engine: Engine,
    clock: fn() -> Now,
    chat: Arc<dyn Chat>,
    catalogue: Arc<Catalogue>,
    keep_history: Duration,
    tasks: Arc<Tasks>,
    ending: watch::Sender<Ending>,
}

/// Where the tasks of changes are woken.
#[derive(Default)]
pub struct Tasks {
    changes: Mutex<BTreeMap<ChangeId, Task>>,
    /// Something was committed that a channel may have to hear of.
    committed: Notify,
}

struct Task {
    cluster: ClusterName,
    namespace: Namespace,
    workloads: Vec<WorkloadName>,
    wake: Arc<Notify>,
}

impl Task {
    fn is_concerned(&self, cluster: &ClusterName, namespace: &Namespace, concerned: Concerned<'_>) -> bool {
        let named = || match concerned {
            Concerned::All => true,
            Concerned::Of(names) => self.workloads.iter().any(|workload| names.contains(workload.as_str())),
        };
        self.namespace == *namespace && self.cluster == *cluster && named()
    }
}

impl Tasks {
    /// Wakes the changes in a namespace that something concerns.
    pub fn wake(&self, cluster: &ClusterName, namespace: &Namespace, concerned: Concerned<'_>) {
        for task in self.changes().values().filter(|task| task.is_concerned(cluster, namespace, concerned)) {
            task.wake.notify_one();
        }
    }

    /// Wakes all changes.
    pub fn wake_all(&self) {
        for task in self.changes().values() {
            task.wake.notify_one();
        }
    }

    fn wake_change(&self, id: ChangeId) {
        if let Some(task) = self.changes().get(&id) {
            task.wake.notify_one();
        }
    }

    /// Takes up a change; none where it has a task already.
    fn take_up(&self, id: ChangeId, target: &Target) -> Option<Arc<Notify>> {
        let mut changes = self.changes();
        if changes.contains_key(&id) {
            return None;
        }
        let wake = Arc::new(Notify::new());
        let task = Task {
            cluster: target.cluster.clone(),
            namespace: target.namespace.clone(),
            workloads: target.workloads.iter().map(|workload| workload.name.clone()).collect(),
            wake: Arc::clone(&wake),
        };
        changes.insert(id, task);
        Some(wake)
    }

    fn put_down(&self, id: ChangeId) {
        self.changes().remove(&id);
    }

    fn changes(&self) -> MutexGuard<'_, BTreeMap<ChangeId, Task>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner {
    /// A runner over these neighbours. `tasks` is what the clusters' wake calls.
    pub fn new(
        neighbours: Neighbours,
        catalogue: Arc<Catalogue>,
        keep_history: Duration,
        tasks: Arc<Tasks>,
    ) -> Arc<Self> {
        let Neighbours { store, cluster, registry, chat, clock } = neighbours;
        let engine = Engine { records: Records::new(store), cluster, registry, board: Arc::new(Board::new()) };
        let (ending, _) = watch::channel(Ending::No);
        Arc::new(Self { engine, clock, chat, catalogue, keep_history, tasks, ending })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The desk behind every front end.
    pub fn desk(self: &Arc<Self>) -> Arc<Dispatch> {
        let runner = Arc::clone(self);
        let runtime = tokio::runtime::Handle::current();
        let hear = move |heard| {
            let runner = Arc::clone(&runner);
            match heard {
                Heard::Began(id) => {
                    runtime.spawn(async move { runner.begin(id).await });
                }
                Heard::Acted(id) => {
                    runner.tasks.wake_change(id);
                    runner.tasks.committed.notify_one();
                }
            }
        };
        Arc::new(Dispatch::new(self.engine.clone(), Arc::clone(&self.catalogue), Arc::new(hear)))
    }

    /// Takes up what is open, and goes on until the process is to end.
    pub async fn run(self: &Arc<Self>) -> Ending {
        let mut ending = self.ending.subscribe();
        let rounds = [
            tokio::spawn(Arc::clone(self).deliver()),
            tokio::spawn(Arc::clone(self).look_after_questions()),
            tokio::spawn(Arc::clone(self).take_up_open()),
            tokio::spawn(Arc::clone(self).prune()),
        ];
        let ended = ending.wait_for(|ending| *ending != Ending::No).await.map_or(Ending::Asked, |ending| *ending);
        for round in rounds {
            round.abort();
        }
        ended
    }

    /// Ends the process in good order.
    pub fn end(&self, ending: Ending) {
        self.ending.send_if_modified(|now| std::mem::replace(now, ending) != ending);
    }

    /// Who is told that the process ends.
    pub fn ending(&self) -> watch::Receiver<Ending> {
        self.ending.subscribe()
    }

    /// A failure of the store, where it is handled: logged once. One of unknown outcome ends the process.
    fn store_failed(&self, doing: &'static str, fault: &RecordFault) {
        tracing::error!(doing, fault = fault.fault().chain(), "the store failed");
        if matches!(fault, RecordFault::OutcomeUnknown(_)) {
            self.end(Ending::StoreUnknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures::FutureExt as _;
    use state::catalogue::{Permissions, Policy, Workload, WorkloadKind};
    use state::names::{ChannelName, EnvironmentName, ServiceName, TargetName};

    use super::*;

    fn target(namespace: &str, workloads: &[&str]) -> Target {
        let workload = |name: &&str| Workload {
            kind: WorkloadKind::Deployment,
            name: WorkloadName::new(*name).expect("a name"),
            containers: Vec::new(),
        };
        Target {
            name: TargetName {
                service: ServiceName::new("api").expect("a name"),
                environment: EnvironmentName::new("prod").expect("a name"),
            },
            cluster: ClusterName::new("main").expect("a name"),
            namespace: namespace.parse().expect("a namespace"),
            workloads: workloads.iter().map(workload).collect(),
            channel: ChannelName::new("ops").expect("a name"),
            policy: Policy::default(),
            permissions: Permissions::default(),
            owners: Vec::new(),
            runbook: None,
            dashboard: None,
        }
    }

    #[test]
    fn news_of_a_workload_wake_those_who_change_it_and_nobody_else() {
        let tasks = Tasks::default();
        let targets =
            [target("shop", &["api", "worker"]), target("shop", &["pay"]), target("elsewhere", &["worker", "pay"])];
        let places = (0..).zip(&targets);
        let wakes: Vec<_> = places
            .map(|(n, target)| tasks.take_up(ChangeId::from_parts(0, n), target).expect("not taken up before"))
            .collect();
        let woken = || wakes.iter().map(|wake| wake.notified().now_or_never().is_some()).collect::<Vec<_>>();
        let main = ClusterName::new("main").expect("a name");
        let shop: Namespace = "shop".parse().expect("a namespace");

        let names = BTreeSet::from(["worker".to_owned(), "web".to_owned()]);
        tasks.wake(&main, &shop, Concerned::Of(&names));
        assert_eq!(woken(), [true, false, false]);
        tasks.wake(&main, &shop, Concerned::All);
        assert_eq!(woken(), [true, true, false]);
        tasks.wake(&ClusterName::new("other").expect("a name"), &shop, Concerned::All);
        assert_eq!(woken(), [false, false, false]);
        tasks.wake_all();
        assert_eq!(woken(), [true, true, true]);
    }
}
