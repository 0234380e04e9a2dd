//! The runner where something under it breaks.

mod waking;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use commands::invocation::{Desk as _, Invocation, RequestId, Via, What};
use commands::ports::{RegistryFault, Resolved};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use state::catalogue::Person;
use state::fault::Fault;
use state::image::{Image, Repository};
use state::names::{PersonName, TargetName};
use state::store::{Commit, Committed, Key, MemoryStore, Page, Range, StoreFault, Versioned};
use tokio::time::timeout;
use world::shop::Shop;

use super::*;
use crate::clock;
use crate::console::{Beside, Channels, Concerns};

const PATIENCE: Duration = Duration::from_secs(20);

/// A registry that panics when it is asked, once each time it is armed.
struct Brittle {
    registry: Arc<dyn Registry>,
    armed: Arc<AtomicBool>,
}

impl Registry for Brittle {
    fn configured(&self, repository: &Repository) -> bool {
        self.registry.configured(repository)
    }

    fn resolve<'a>(&'a self, image: &'a Image) -> BoxFuture<'a, Result<Resolved, RegistryFault>> {
        assert!(!self.armed.swap(false, Ordering::SeqCst), "the panic that this test is about");
        self.registry.resolve(image)
    }
}

/// A store whose records can't be read while it is garbled.
struct Garbled {
    store: MemoryStore,
    garbled: Arc<AtomicBool>,
}

impl Store for Garbled {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Versioned>, StoreFault>> {
        self.store.get(key)
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Page, StoreFault>> {
        let read = self.store.range(range);
        Box::pin(async move {
            let mut page = read.await?;
            if self.garbled.load(Ordering::SeqCst) {
                page.entries.iter_mut().for_each(|entry| entry.value = b"not a record".to_vec());
            }
            Ok(page)
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreFault>> {
        self.store.commit(commit)
    }
}

struct Bed {
    runner: Arc<Runner>,
    channels: Arc<Channels>,
    armed: Arc<AtomicBool>,
    garbled: Arc<AtomicBool>,
}

impl Bed {
    fn open(clock: fn() -> Now) -> Self {
        let player: PersonName = "you".parse().expect("a name");
        let shop = Shop::open(clock::now().wall, &player, Person::default());
        let catalogue = Arc::clone(&shop.catalogue);
        let process = shop.world.start_process(Arc::new(MemoryStore::new()));
        // The shop goes on by itself, as a real one does.
        let began = clock::now().monotonic;
        tokio::spawn(async move {
            loop {
                shop.advance(clock::now().monotonic.saturating_sub(began));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let (armed, garbled) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let channels = Arc::new(Channels::new(Beside::Nowhere));
        let neighbours = Neighbours {
            store: Arc::new(Garbled { store: MemoryStore::new(), garbled: Arc::clone(&garbled) }),
            cluster: Arc::clone(&process.cluster),
            registry: Arc::new(Brittle { registry: Arc::clone(&process.registry), armed: Arc::clone(&armed) }),
            chat: Arc::<Channels>::clone(&channels),
            clock,
        };
        let keep_history = Duration::from_secs(24 * 60 * 60);
        let runner = Runner::new(neighbours, catalogue, keep_history, Arc::new(Tasks::default()));
        Self { runner, channels, armed, garbled }
    }

    async fn deploys(&self) -> ChangeId {
        let invocation = Invocation {
            speaker: "you".parse().expect("a name"),
            typed_by: None,
            request: RequestId("1".to_owned()),
            via: Via::Console,
            what: What::Text("/deploy api prod 4.2.0".to_owned()),
        };
        let answer = self.runner.desk().dispatch(invocation, clock::now()).await;
        answer.change.unwrap_or_else(|| panic!("{answer:?}")).0
    }

    async fn until(&self, what: &str, wanted: impl Fn() -> bool) {
        let wait = async {
            while !wanted() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} within {PATIENCE:?}"));
    }

    fn is_taken_up(&self, id: ChangeId) -> bool {
        self.runner.tasks.changes().contains_key(&id)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_task_panicked_can_be_taken_up_again() {
    let bed = Bed::open(clock::now);
    bed.armed.store(true, Ordering::SeqCst);
    let id = bed.deploys().await;
    bed.until("the panic", || !bed.armed.load(Ordering::SeqCst)).await;
    bed.until("that it is put down", || !bed.is_taken_up(id)).await;
    tokio::spawn(Arc::clone(&bed.runner).begin(id));
    bed.until("that it is taken up", || bed.is_taken_up(id)).await;
    bed.runner.end(Ending::Asked);
}

#[tokio::test]
async fn a_round_that_panics_ends_the_process() {
    let bed = Bed::open(|| panic!("the panic that this test is about"));
    let ended = timeout(PATIENCE, bed.runner.run()).await.expect("an end");
    assert_eq!(ended, Ending::Broken);
}

#[tokio::test]
async fn the_gravest_reason_to_end_is_the_one_that_counts() {
    for (first, second) in [(Ending::StoreUnknown, Ending::Asked), (Ending::Asked, Ending::StoreUnknown)] {
        let bed = Bed::open(clock::now);
        bed.runner.end(first);
        bed.runner.end(second);
        assert_eq!(timeout(PATIENCE, bed.runner.run()).await.expect("an end"), Ending::StoreUnknown);
    }
}

/// What is logged in this thread from now on.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn heard(&self) -> tracing::subscriber::DefaultGuard {
        let lines = self.clone();
        let log = tracing_subscriber::fmt().with_writer(move || lines.clone()).with_ansi(false).finish();
        tracing::subscriber::set_default(log)
    }

    fn with(&self, words: &str) -> usize {
        let lines = self.0.lock().expect("not poisoned");
        String::from_utf8_lossy(&lines).lines().filter(|line| line.contains(words)).count()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_change_that_stays_unreadable_is_logged_once() {
    let bed = Bed::open(clock::now);
    let lines = Lines::default();
    let _heard = lines.heard();
    let id = bed.deploys().await;
    bed.garbled.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        Arc::clone(&bed.runner).begin(id).await;
    }
    assert_eq!(lines.with("its record can't be read"), 1);
    bed.garbled.store(false, Ordering::SeqCst);
    tokio::spawn(Arc::clone(&bed.runner).begin(id));
    bed.until("that it is over", || lines.with("works again") == 1).await;
    bed.runner.end(Ending::Asked);
}

#[tokio::test]
async fn a_claim_that_cannot_be_read_is_said_in_its_channel_and_by_what_it_is_freed() {
    let bed = Bed::open(clock::now);
    let mut heard = bed.channels.listen();
    let id = bed.deploys().await;
    let mut commit = Commit::new();
    commit.put(Key::kind("claim").text("api").text("prod"), *b"not a record");
    bed.runner.engine().records.store().commit(commit).await.expect("a commit");
    tokio::spawn(Arc::clone(&bed.runner).take_up_open());
    let said = timeout(PATIENCE, heard.next()).await.expect("a word about it").expect("a message");
    let (service, environment) = ("api".parse().expect("a name"), "prod".parse().expect("a name"));
    let target = TargetName { service, environment };
    assert_eq!((said.concerns, said.about), (Some(Concerns::Target(target)), None), "of {id}");
    assert!(said.card.lines.iter().any(|line| line.text.to_string().contains("/change release #1")), "{:?}", said.card);
    bed.runner.end(Ending::Asked);
}

#[tokio::test]
async fn a_full_disk_is_logged_when_it_begins_and_when_there_is_room_again() {
    let bed = Bed::open(clock::now);
    let lines = Lines::default();
    let _heard = lines.heard();
    let doing = Doing::all("delivering messages");
    for free in 0..5 {
        let fault = RecordFault::Failed(Fault::new(format!("the disk is full: {free} bytes are free")));
        bed.runner.store_failed(&doing, &fault);
    }
    assert_eq!(lines.with("the store failed"), 1);
    bed.runner.store_works(&doing);
    bed.runner.store_works(&doing);
    assert_eq!(lines.with("the store works again"), 1);
    assert_eq!(bed.runner.ended(), Ending::No);
}
