//! A watch: lists all objects of one kind in one namespace, then hears of every change, for ever.
//!
//! kube's own watcher does much the same, but doesn't tell when it is subscribed again after a fault; here that moment
//! decides how old the knowledge is. Objects are boiled down while they are read, one at a time, so that a big
//! namespace costs memory for what is kept of it and not for what came.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use commands::ports::ClusterFault;
use futures::TryStreamExt as _;
use kube::core::WatchEvent;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use state::fault::Fault;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout};

use super::answers::{self, CallFault};
use super::connection::{Concerned, Connection};
use super::knowledge::{Kept, Knowledge};
use super::objects::{Autoscaler, Deployment, Misshapen, Pod, ReplicaSet};
use super::requests::{self, Collection};
use super::room::Room;

/// How long the server keeps one watch open. Short, for it bounds how long a watch may be deaf whose connection was
/// lost without a sign while the heartbeat's was not.
const WATCH_FOR: u64 = 60;
/// How long to wait for the end of a watch beyond that.
const END_MARGIN: u64 = 5;
const LIST_LIMIT: Duration = Duration::from_secs(30);
const SUBSCRIBE_LIMIT: Duration = Duration::from_secs(10);
/// A round that ends sooner than this did no good, whatever its end.
const HASTY: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A right that is missing is asked for no more often than this, however often people look.
const SOONEST: Duration = Duration::from_secs(1);
/// So many failures in a row are worth a line in the log.
const FAILURES_TO_TELL: u32 = 3;

/// A kind of object that is watched.
pub(super) trait Watched: Kept + Clone + Send + Sync + 'static {
    /// Its place among the watches of a namespace.
    const WATCH: usize;
    const COLLECTION: Collection;

    fn read(json: Value) -> Result<Self, Misshapen>;
}

impl Watched for Deployment {
    const WATCH: usize = 0;
    const COLLECTION: Collection = requests::DEPLOYMENTS;

    fn read(json: Value) -> Result<Self, Misshapen> {
        Deployment::read(json)
    }
}

impl Watched for ReplicaSet {
    const WATCH: usize = 1;
    const COLLECTION: Collection = requests::REPLICA_SETS;

    fn read(json: Value) -> Result<Self, Misshapen> {
        ReplicaSet::read(json)
    }
}

impl Watched for Pod {
    const WATCH: usize = 2;
    const COLLECTION: Collection = requests::PODS;

    fn read(json: Value) -> Result<Self, Misshapen> {
        Pod::read(json)
    }
}

impl Watched for Autoscaler {
    const WATCH: usize = 3;
    const COLLECTION: Collection = requests::AUTOSCALERS;

    fn read(json: Value) -> Result<Self, Misshapen> {
        Autoscaler::read(json)
    }
}

/// An object as it is read: boiled down at once, so that no two whole ones are in memory at a time.
#[derive(Clone)]
pub(super) struct Boiled<T> {
    version: String,
    pub(super) object: T,
}

impl<'de, T: Watched> Deserialize<'de> for Boiled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let version = json.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { version, object: T::read(json).map_err(serde::de::Error::custom)? })
    }
}

/// A list of objects. (kube's own buffers the whole list before it reads the first object.)
#[derive(Deserialize)]
#[serde(bound = "T: Watched")]
pub(super) struct List<T> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<Boiled<T>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}

/// Why one subscription ended.
enum End {
    /// The server's time for it was over.
    Over,
    /// The heartbeat was lost in between: what the connection is worth is not known.
    Renewed,
    /// The server no longer remembers what we missed.
    Gone,
    Failed(CallFault),
}

/// Watches one kind of objects in one namespace, for ever.
pub(super) async fn watch<T: Watched>(connection: Arc<Connection>, room: Arc<Room>) {
    let mut watching = Watching::<T> {
        pulse: connection.pulse(),
        connection,
        room: Arc::clone(&room),
        known: None,
        kind: std::marker::PhantomData,
    };
    let mut failures: u32 = 0;
    let mut gone_before = false;
    loop {
        let began = Instant::now();
        let end = watching.round().await;
        let hasty = began.elapsed() < HASTY;
        let gone = matches!(end, End::Gone);
        let mut forbidden = false;
        // How long to wait before the next round: not at all, as long as the server wants, or as it seems good.
        let wait = match end {
            End::Over => {
                if hasty {
                    watching.starting();
                }
                hasty.then_some(None)
            }
            End::Renewed => {
                watching.starting();
                None
            }
            End::Gone => {
                watching.starting();
                watching.known = None;
                gone_before.then_some(None)
            }
            End::Failed(fault) => {
                let asked = fault.retry_after();
                let trouble = fault.trouble();
                forbidden = matches!(trouble, ClusterFault::Forbidden(_));
                watching.faulty(trouble, failures);
                Some(asked)
            }
        };
        gone_before = gone;
        let Some(asked) = wait else {
            failures = 0;
            continue;
        };
        failures = failures.saturating_add(1);
        let pause = asked.map_or(pause_after(failures), |seconds| Duration::from_secs(seconds.into()));
        let paused = tokio::select! {
            paused = watching.pause(pause.min(LONGEST_PAUSE)) => paused,
            () = sooner(&room, forbidden) => Pause::Over,
        };
        if paused == Pause::CutShort {
            failures = 0;
        }
    }
}

/// Rights are given by people, who then try at once whether it helped.
async fn sooner(room: &Room, forbidden: bool) {
    if !forbidden {
        return std::future::pending().await;
    }
    tokio::time::sleep(SOONEST).await;
    room.wanted().await;
}

#[derive(PartialEq)]
enum Pause {
    Over,
    /// The cluster answers again.
    CutShort,
}

/// Half a second, doubled with each failure.
fn pause_after(failures: u32) -> Duration {
    let half_seconds = 1_u32.checked_shl(failures.saturating_sub(1)).filter(|half| *half != 0).unwrap_or(u32::MAX);
    LONGEST_PAUSE.min(Duration::from_millis(500).saturating_mul(half_seconds))
}

/// A pause, or up to a half more, so that not all watches come back at once.
fn spread(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 512;
    pause.mul_f64(1.0 + f64::from(u32::try_from(random).unwrap_or(0)) / 1024.0)
}

struct Watching<T> {
    connection: Arc<Connection>,
    room: Arc<Room>,
    pulse: Receiver<u64>,
    /// From where on changes are wanted; none where the objects have to be listed first.
    known: Option<Known>,
    kind: std::marker::PhantomData<fn() -> T>,
}

/// What was listed, with all changes up to a version.
struct Known {
    version: String,
    /// At which pulse it was listed. After an outage it may be another cluster that answers, or one restored from a
    /// snapshot: to a watch from a version in its future it would say nothing, and that looks like quiet.
    pulse: u64,
}

/// A watch's task panicked: what it knows ages from now on, and it is begun again.
pub(super) fn broke<T: Watched>(connection: &Connection, room: &Room) {
    let fault = ClusterFault::Unreadable(Fault::new("the task of a watch panicked"));
    room.freshness(|freshness| freshness.faulty(T::WATCH, fault));
    tracing::error!(cluster = %connection.name(), namespace = %room.namespace(), kind = T::COLLECTION.plural(),
        "The task of a watch panicked; it is begun again");
}

impl<T: Watched> Watching<T> {
    async fn round(&mut self) -> End {
        match self.try_round().await {
            Ok(end) => end,
            Err(fault) if fault.is_gone() => End::Gone,
            Err(fault) => End::Failed(fault),
        }
    }

    async fn try_round(&mut self) -> Result<End, CallFault> {
        let pulse = *self.pulse.borrow_and_update();
        let version = match self.known.take() {
            Some(known) if known.pulse == pulse => known.version,
            _ => self.list().await?,
        };
        self.known = Some(Known { version: version.clone(), pulse });
        self.hear(version).await
    }

    /// Lists all objects, and forgets those that are no more. Gives the version of the list.
    async fn list(&self) -> Result<String, CallFault> {
        let mut listed = HashSet::new();
        let mut next = None;
        loop {
            let request = requests::list_page(T::COLLECTION, self.room.namespace(), next.as_deref())?;
            let body = self.connection.call(request, LIST_LIMIT).await?;
            let List::<T> { metadata, items } = answers::json(&body)?;
            drop(body);
            let last = metadata.next.is_empty();
            self.learn(|knowledge| {
                for Boiled { object, .. } in items {
                    listed.insert(object.key().to_owned());
                    object.keep(knowledge);
                }
                if last {
                    for key in T::keys(knowledge).iter().filter(|key| !listed.contains(*key)) {
                        T::forget(knowledge, key);
                    }
                }
            });
            if last {
                return Ok(metadata.resource_version);
            }
            next = Some(metadata.next);
        }
    }

    async fn hear(&mut self, version: String) -> Result<End, CallFault> {
        let request = requests::watch(T::COLLECTION, self.room.namespace(), &version, WATCH_FOR)?;
        let client = self.connection.client()?;
        let subscribing = timeout(SUBSCRIBE_LIMIT, client.request_events::<Boiled<T>>(request)).await;
        let late = |_| CallFault::Unanswered(Fault::new("a watch was not answered in time"));
        let mut events = std::pin::pin!(subscribing.map_err(late)??);
        if self.pulse.has_changed().unwrap_or(false) {
            return Ok(End::Renewed);
        }
        self.in_sync();
        let over = Instant::now() + Duration::from_secs(WATCH_FOR + END_MARGIN);
        loop {
            let event = tokio::select! {
                event = tokio::time::timeout_at(over, events.try_next()) => event,
                _ = self.pulse.changed() => return Ok(End::Renewed),
            };
            let Ok(event) = event else { return Ok(End::Over) };
            match event? {
                None => return Ok(End::Over),
                Some(WatchEvent::Added(boiled) | WatchEvent::Modified(boiled)) => {
                    self.learn(|knowledge| boiled.object.keep(knowledge));
                    self.heard(boiled.version);
                }
                Some(WatchEvent::Deleted(boiled)) => {
                    self.learn(|knowledge| T::forget(knowledge, boiled.object.key()));
                    self.heard(boiled.version);
                }
                Some(WatchEvent::Bookmark(bookmark)) => self.heard(bookmark.metadata.resource_version),
                Some(WatchEvent::Error(status)) => return Err(CallFault::Answered(status)),
            }
        }
    }

    fn heard(&mut self, version: String) {
        if let Some(known) = &mut self.known {
            known.version = version;
        }
    }

    /// Waits, but no longer than until the cluster answers again.
    async fn pause(&mut self, pause: Duration) -> Pause {
        tokio::select! {
            () = tokio::time::sleep(spread(pause)) => Pause::Over,
            _ = self.pulse.changed() => Pause::CutShort,
        }
    }

    /// Takes something in, and wakes whom it concerns.
    fn learn<R>(&self, take_in: impl FnOnce(&mut Knowledge) -> R) {
        let news = self.room.knowledge(|knowledge| {
            take_in(knowledge);
            knowledge.news()
        });
        if !news.is_empty() {
            self.connection.wake(self.room.namespace(), Concerned::Of(&news));
        }
    }

    fn in_sync(&self) {
        if self.room.freshness(|freshness| freshness.in_sync(T::WATCH, Instant::now())) {
            tracing::debug!(cluster = %self.connection.name(), namespace = %self.room.namespace(),
                kind = T::COLLECTION.plural(), "Watching");
            self.connection.beat_soon();
        }
    }

    fn starting(&self) {
        self.room.freshness(|freshness| freshness.starting(T::WATCH));
    }

    /// Said once: at once where rights are missing, else where it stays while the API server answers otherwise. That
    /// the API server doesn't is said by the heartbeat.
    fn faulty(&self, fault: ClusterFault, failures: u32) {
        let news = self.room.freshness(|freshness| freshness.faulty(T::WATCH, fault.clone()));
        let passing = matches!(fault, ClusterFault::Unreachable(_));
        let stays = passing && failures == FAILURES_TO_TELL && self.connection.trouble().is_none();
        if stays || (news && !passing) {
            tracing::warn!(cluster = %self.connection.name(), namespace = %self.room.namespace(),
                kind = T::COLLECTION.plural(), ?fault, "A watch ended; it is tried again");
        }
    }
}

#[cfg(test)]
mod tests;
