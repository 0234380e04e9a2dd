//! A run of rotabot in the world: its ports, and its death.
//!
//! A process that is dead gets no more answers and has no more effects, whatever its futures are still polled for; what
//! it sent before is on its way all the same.

use std::sync::Arc;
use std::time::Duration;

use commands::ports::{Chat, Cluster, Registry};
use state::store::Store;
use state::time::Now;

use crate::chat::ChatPort;
use crate::cluster::ClusterPort;
use crate::registry::RegistryPort;
use crate::store::FaultyStore;
use crate::{Shared, World};

/// One run of rotabot among several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u32);

/// A run of rotabot.
#[derive(Clone)]
pub struct Process {
    id: ProcessId,
    shared: Arc<Shared>,
    started: Duration,
    /// Its way to the clusters.
    pub cluster: Arc<dyn Cluster>,
    /// Its way to the registries.
    pub registry: Arc<dyn Registry>,
    /// Its way to the chat.
    pub chat: Arc<dyn Chat>,
    /// Its store, over the one that outlives it.
    pub store: Arc<dyn Store>,
}

impl World {
    /// Begins a run of rotabot over a store that outlives it. A run before it is dead from now on.
    pub fn start_process(&self, store: Arc<dyn Store>) -> Process {
        let (id, started) = self.shared.with(|state| {
            state.last_process += 1;
            let id = ProcessId(state.last_process);
            state.alive = Some(id);
            let now = state.now;
            state.tell(format_args!("process {} starts", id.0));
            (id, now)
        });
        let shared = Arc::clone(&self.shared);
        Process {
            id,
            started,
            cluster: Arc::new(ClusterPort::new(Arc::clone(&shared), id)),
            registry: Arc::new(RegistryPort::new(Arc::clone(&shared), id)),
            chat: Arc::new(ChatPort::new(Arc::clone(&shared), id)),
            store: Arc::new(FaultyStore::new(Arc::clone(&shared), id, store)),
            shared,
        }
    }
}

impl Process {
    /// Which run it is.
    pub fn id(&self) -> ProcessId {
        self.id
    }

    /// Both clocks, as this run reads them.
    pub fn now(&self) -> Now {
        self.shared.with(|state| Now { wall: state.wall(), monotonic: state.now.saturating_sub(self.started) })
    }

    /// Whether it is dead.
    pub fn is_dead(&self) -> bool {
        self.shared.with(|state| state.alive != Some(self.id))
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&self) {
        self.shared.with(|state| state.kill(self.id, "from outside"));
    }

    /// Whether its watches have brought anything since this was asked last.
    pub fn take_news(&self) -> bool {
        self.shared.with(|state| {
            let mut news = false;
            for cluster in state.clusters.values_mut() {
                news |= cluster.take_news(self.id);
            }
            news
        })
    }
}
