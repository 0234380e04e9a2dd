//! The runner: calls the engine when it is time to. A task for each open change, one for messages, one for questions,
//! one for what is old.
//!
//! Whatever is heard of a cluster only wakes a task early; a word that is lost costs a second. Nothing is decided here.

mod change;
mod failures;
mod rounds;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use commands::dispatch::{Dispatch, Heard};
use commands::engine::{Board, Engine};
use commands::ports::{Chat, Cluster, Registry};
use futures::future;
use state::catalogue::{Catalogue, Target};
use state::names::{ChangeId, ClusterName, Namespace, WorkloadName};
use state::records::{RecordFault, Records};
use state::store::Store;
use state::time::Now;
use tokio::sync::{Notify, watch};

use self::failures::{Doing, Failures};
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

/// Why the process must end; of two reasons the one that comes later here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It does not.
    No,
    /// Somebody asked for it.
    Asked,
    /// A part of it that must never end has ended: what it did would not be done any more.
    Broken,
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
    failures: Failures,
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
    fn take_up(&self, id: ChangeId, target: &Target) -> Option<TakenUp<'_>> {
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
        Some(TakenUp { tasks: self, id, wake })
    }

    fn changes(&self) -> MutexGuard<'_, BTreeMap<ChangeId, Task>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change that has a task. However the task ends, another one may take the change up again.
struct TakenUp<'a> {
    tasks: &'a Tasks,
    id: ChangeId,
    wake: Arc<Notify>,
}

impl Drop for TakenUp<'_> {
    fn drop(&mut self) {
        self.tasks.changes().remove(&self.id);
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
        Arc::new(Self { engine, clock, chat, catalogue, keep_history, tasks, failures: Failures::default(), ending })
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
            ("delivering messages", tokio::spawn(Arc::clone(self).deliver())),
            ("looking after questions", tokio::spawn(Arc::clone(self).look_after_questions())),
            ("taking up changes", tokio::spawn(Arc::clone(self).take_up_open())),
            ("pruning history", tokio::spawn(Arc::clone(self).prune())),
        ];
        let (names, rounds): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
        let aborts: Vec<_> = rounds.iter().map(tokio::task::JoinHandle::abort_handle).collect();
        tokio::select! {
            _ = ending.wait_for(|ending| *ending != Ending::No) => {}
            (ended, which, _) = future::select_all(rounds) => {
                let panicked = ended.is_err_and(|error| error.is_panic());
                tracing::error!(round = names[which], panicked, "what must go on for ever has ended, so the process ends");
                self.end(Ending::Broken);
            }
        }
        for abort in aborts {
            abort.abort();
        }
        self.ended()
    }

    /// Ends the process. A graver reason takes the place of another, never the other way round.
    pub fn end(&self, ending: Ending) {
        self.ending.send_if_modified(|now| {
            let graver = ending > *now;
            if graver {
                *now = ending;
            }
            graver
        });
    }

    /// Why the process must end, as far as is known by now.
    pub fn ended(&self) -> Ending {
        *self.ending.borrow()
    }

    /// Who is told that the process ends.
    pub fn ending(&self) -> watch::Receiver<Ending> {
        self.ending.subscribe()
    }

    /// A failure of the store, where it is handled: logged when it begins or changes. One of unknown outcome ends the
    /// process.
    fn store_failed(&self, doing: &Doing, fault: &RecordFault) {
        if self.failures.failed(doing, fault.fault().chain()) {
            tracing::error!(doing = doing.what(), of = doing.of(), fault = fault.fault().chain(), "the store failed");
        }
        if matches!(fault, RecordFault::OutcomeUnknown(_)) {
            self.end(Ending::StoreUnknown);
        }
    }

    /// What may have failed before has succeeded.
    fn store_works(&self, doing: &Doing) {
        if self.failures.over(doing) {
            tracing::info!(doing = doing.what(), of = doing.of(), "the store works again");
        }
    }
}

#[cfg(test)]
mod tests;
