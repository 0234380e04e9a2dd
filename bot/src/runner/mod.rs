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
use state::names::{ChangeId, ClusterName, Namespace};
use state::records::{RecordFault, Records};
use state::store::Store;
use state::time::Now;
use tokio::sync::{Notify, watch};

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
    place: (ClusterName, Namespace),
    wake: Arc<Notify>,
}

impl Tasks {
    /// Wakes the changes in a namespace.
    pub fn wake(&self, cluster: &ClusterName, namespace: &Namespace) {
        for task in self.changes().values().filter(|task| task.place.0 == *cluster && task.place.1 == *namespace) {
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
        let place = (target.cluster.clone(), target.namespace.clone());
        changes.insert(id, Task { place, wake: Arc::clone(&wake) });
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
