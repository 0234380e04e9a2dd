//! One namespace of one cluster: what is known of it, and how old that is.

use std::sync::Mutex;
use std::time::Duration;

use commands::ports::ClusterFault;
use state::names::Namespace;
use state::rollout::seen::BLIND_AFTER;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::locked;
use super::freshness::Freshness;
use super::knowledge::Knowledge;

pub(super) struct Room {
    namespace: Namespace,
    knowledge: Mutex<Knowledge>,
    freshness: Mutex<Freshness>,
    /// Somebody wants to know whether a right is still missing.
    wanted: Notify,
}

impl Room {
    pub(super) fn new(namespace: Namespace) -> Self {
        Self { namespace, knowledge: Mutex::default(), freshness: Mutex::new(Freshness::new()), wanted: Notify::new() }
    }

    pub(super) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    pub(super) fn knowledge<T>(&self, look: impl FnOnce(&mut Knowledge) -> T) -> T {
        look(&mut locked(&self.knowledge))
    }

    pub(super) fn freshness<T>(&self, look: impl FnOnce(&mut Freshness) -> T) -> T {
        look(&mut locked(&self.freshness))
    }

    pub(super) fn age(&self) -> Option<Duration> {
        self.freshness(|freshness| freshness.age(Instant::now()))
    }

    /// What keeps the knowledge from being kept up. Where it is a right, its watch is tried again soon: whoever asks may
    /// just have been given it.
    pub(super) fn trouble(&self) -> Option<ClusterFault> {
        let trouble = self.freshness(|freshness| freshness.trouble());
        if matches!(trouble, Some(ClusterFault::Forbidden(_))) {
            self.wanted.notify_waiters();
        }
        trouble
    }

    /// Waits until somebody asks about a right that is missing.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// All watches have to be subscribed anew before they are believed.
    pub(super) fn renew(&self) {
        self.freshness(Freshness::renew);
    }

    /// The API server answered a heartbeat that was sent then. Tells whether that ends a time of blindness.
    pub(super) fn beat(&self, sent: Instant) -> bool {
        let now = Instant::now();
        let fresh = |freshness: &Freshness| freshness.age(now).is_some_and(|age| age < BLIND_AFTER);
        self.freshness(|freshness| {
            let before = fresh(freshness);
            freshness.beat(sent);
            !before && fresh(freshness)
        })
    }
}
