//! Stateful models of cluster, registry and chat behind rotabot's ports, with a virtual clock and a fault plan.
//!
//! A world stands still until somebody advances its clock: a simulation does so as fast as it can, the demo by the real
//! time. Everything that happens follows from the seed, from the calls that are made, and from what the driver does to
//! it. There is no thread, no real clock, and no order that a hash decides.
//!
//! ```text
//! rotabot's ports --> request (fault plan: slow, lost, late, twice, kill) --> cluster, images, chat
//!                                                                              |
//! driver --> advance(to) --> events that are due: deliveries, controllers, kubelets, watches, wake-ups
//! ```

pub mod behaviour;
pub mod chat;
pub mod cluster;
pub mod images;
pub mod plan;
pub mod process;
pub mod random;
mod registry;
mod request;
pub mod shop;
pub mod store;
pub mod trace;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use state::names::ClusterName;

use chat::Chat;
use cluster::{ApiHealth, Cluster, ClusterEvent};
use images::Images;
use plan::Plan;
use process::ProcessId;
use random::Random;
use trace::{Lines, Trace};

/// A world. Clones are the same world.
#[derive(Clone)]
pub struct World {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    state: Mutex<State>,
}

/// Everything in a world, but for rotabot.
pub(crate) struct State {
    /// Time since the world began. It never jumps.
    pub(crate) now: Duration,
    start: DateTime<Utc>,
    /// By how much the wall clock was set forward or back.
    shifts: Vec<(Duration, TimeDelta)>,
    queue: BTreeMap<(Duration, u64), Due>,
    queued: u64,
    pub(crate) wake: Vec<Waker>,
    pub(crate) random: Random,
    pub(crate) plan: Plan,
    pub(crate) clusters: BTreeMap<ClusterName, Cluster>,
    pub(crate) images: Images,
    pub(crate) chat: Chat,
    pub(crate) alive: Option<ProcessId>,
    pub(crate) last_process: u32,
    pub(crate) trace: Trace,
}

/// Something that is due at a moment.
pub(crate) enum Due {
    Cluster(ClusterName, ClusterEvent),
    Delivery(Box<dyn FnOnce(&mut State) + Send>),
    Wake(Waker),
}

impl World {
    /// A world at its beginning, in which nothing goes wrong by itself.
    pub fn new(seed: u64, start: DateTime<Utc>, lines: Lines) -> Self {
        let random = Random::new(seed);
        let state = State {
            now: Duration::ZERO,
            start,
            shifts: Vec::new(),
            queue: BTreeMap::new(),
            queued: 0,
            wake: Vec::new(),
            plan: Plan::calm(random.fork("plan")),
            random: random.fork("world"),
            clusters: BTreeMap::new(),
            images: Images::default(),
            chat: Chat::default(),
            alive: None,
            last_process: 0,
            trace: Trace::new(lines),
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state) }) }
    }

    /// The same with a cluster of that name.
    #[must_use]
    pub fn with_cluster(self, name: &ClusterName) -> Self {
        self.shared.with(|state| {
            let random = state.random.fork(name.as_str());
            let cluster = Cluster::new(random, state.now, state.wall());
            state.clusters.insert(name.clone(), cluster);
        });
        self
    }

    /// Time since the world began.
    pub fn now(&self) -> Duration {
        self.shared.with(|state| state.now)
    }

    /// The wall clock.
    pub fn wall(&self) -> DateTime<Utc> {
        self.shared.with(|state| state.wall())
    }

    /// What the wall clock shows now, and what it would show if it had not been set within that time: newest first.
    pub fn walls(&self, within: Duration) -> Vec<DateTime<Utc>> {
        self.shared.with(|state| {
            let mut walls = vec![state.wall()];
            for (_, by) in state.shifts.iter().rev().take_while(|(at, _)| *at + within > state.now) {
                walls.extend(walls.last().map(|wall| *wall - *by));
            }
            walls
        })
    }

    /// Sets the wall clock forward or back.
    pub fn shift_wall(&self, by: TimeDelta) {
        self.shared.with(|state| {
            state.shifts.push((state.now, by));
            state.tell(format_args!("the wall clock is set by {} s", by.num_seconds()));
        });
    }

    /// When something happens next.
    pub fn next(&self) -> Option<Duration> {
        self.shared.with(|state| state.queue.first_key_value().map(|((at, _), _)| *at))
    }

    /// Lets everything happen that is due until then, and sets the clock to it.
    pub fn advance(&self, to: Duration) {
        self.shared.with(|state| state.advance(to));
    }

    /// Looks at a cluster, or does something to it that is in nobody's fault plan.
    pub fn cluster<T>(&self, name: &ClusterName, act: impl FnOnce(&mut Cluster) -> T) -> Option<T> {
        self.shared.with(|state| state.in_cluster(name, |cluster, _| act(cluster)))
    }

    /// Looks at the images, or does something to them.
    pub fn images<T>(&self, act: impl FnOnce(&mut Images) -> T) -> T {
        self.shared.with(|state| act(&mut state.images))
    }

    /// Looks at the chat, or does something to it.
    pub fn chat<T>(&self, act: impl FnOnce(&mut Chat) -> T) -> T {
        self.shared.with(|state| act(&mut state.chat))
    }

    /// Looks at the fault plan, or changes it.
    pub fn plan<T>(&self, act: impl FnOnce(&mut Plan) -> T) -> T {
        self.shared.with(|state| act(&mut state.plan))
    }

    /// Adds a line to the trace.
    pub fn tell(&self, what: fmt::Arguments<'_>) {
        self.shared.with(|state| state.tell(what));
    }

    /// Looks at the trace.
    pub fn trace<T>(&self, look: impl FnOnce(&Trace) -> T) -> T {
        self.shared.with(|state| look(&state.trace))
    }

    /// Waits until a moment of the virtual clock.
    pub fn until(&self, moment: Duration) -> impl Future<Output = ()> + Send + use<> {
        request::Sleep { shared: Arc::clone(&self.shared), until: moment, queued: false }
    }

    /// Random numbers that follow from the world's seed and a name.
    pub fn random(&self, name: &str) -> Random {
        self.shared.with(|state| state.random.fork(name))
    }
}

impl Shared {
    /// Does something to the state. Whoever waits for it is woken afterwards.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut state);
        let wake = std::mem::take(&mut state.wake);
        drop(state);
        wake.into_iter().for_each(Waker::wake);
        result
    }
}

impl State {
    pub(crate) fn wall(&self) -> DateTime<Utc> {
        let shifts = self.shifts.iter().map(|(_, by)| *by);
        self.start + TimeDelta::from_std(self.now).unwrap_or(TimeDelta::MAX) + shifts.sum::<TimeDelta>()
    }

    pub(crate) fn tell(&mut self, what: fmt::Arguments<'_>) {
        self.trace.add(self.now, what);
    }

    pub(crate) fn queue(&mut self, at: Duration, due: Due) {
        self.queued += 1;
        self.queue.insert((at.max(self.now), self.queued), due);
    }

    fn advance(&mut self, to: Duration) {
        while self.queue.first_key_value().is_some_and(|((at, _), _)| *at <= to) {
            let Some(((at, _), due)) = self.queue.pop_first() else { break };
            self.now = self.now.max(at);
            match due {
                Due::Cluster(name, event) => {
                    self.in_cluster(&name, |cluster, images| cluster.handle(event, images));
                }
                Due::Delivery(deliver) => deliver(self),
                Due::Wake(waker) => self.wake.push(waker),
            }
        }
        self.now = self.now.max(to);
    }

    /// Does something to a cluster, and takes over what becomes due by it.
    pub(crate) fn in_cluster<T>(
        &mut self,
        name: &ClusterName,
        act: impl FnOnce(&mut Cluster, &mut Images) -> T,
    ) -> Option<T> {
        let wall = self.wall();
        let cluster = self.clusters.get_mut(name)?;
        (cluster.now, cluster.wall) = (self.now, wall);
        let result = act(cluster, &mut self.images);
        for (at, event) in std::mem::take(&mut cluster.due) {
            self.queue(at, Due::Cluster(name.clone(), event));
        }
        Some(result)
    }

    pub(crate) fn health_of(&self, cluster: Option<&ClusterName>) -> ApiHealth {
        cluster.and_then(|name| self.clusters.get(name)).map_or(ApiHealth::Up, Cluster::health)
    }

    pub(crate) fn kill(&mut self, process: ProcessId, how: &str) {
        if self.alive == Some(process) {
            self.alive = None;
            self.tell(format_args!("process {} is killed {how}", process.0));
        }
    }
}
