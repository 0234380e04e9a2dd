//! One run of rotabot: engine and desk over the world's ports, with the same tasks as the real runner has.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use commands::dispatch::{Dispatch, Heard};
use commands::engine::{Board, Engine, Stepped};
use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, select};
use state::catalogue::Catalogue;
use state::names::ChangeId;
use state::records::{RecordFault, Records};
use world::World;
use world::process::Process;
use world::random::Random;

use crate::executor::{Bell, Executor};

/// The pace of the real runner.
const RETRY: Duration = Duration::from_secs(5);
const DELIVER: Duration = Duration::from_secs(1);
const QUESTIONS: Duration = Duration::from_secs(1);
const OPEN: Duration = Duration::from_secs(30);

/// A run of rotabot.
pub struct Rotabot {
    /// Its place in the world.
    pub process: Process,
    /// Its desk.
    pub desk: Arc<Dispatch>,
    executor: Executor,
    runner: Rc<Runner>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

struct Runner {
    world: World,
    process: Process,
    engine: Engine,
    catalogue: Arc<Catalogue>,
    bells: RefCell<BTreeMap<ChangeId, Bell>>,
    committed: Bell,
    /// The outcome of a write is unknown: only another run can read the truth.
    must_end: Cell<bool>,
    spawned: RefCell<VecDeque<LocalBoxFuture<'static, ()>>>,
}

impl Rotabot {
    /// Starts it.
    pub fn start(world: &World, process: Process, catalogue: Arc<Catalogue>, random: Random) -> Self {
        let engine = Engine {
            records: Records::new(Arc::clone(&process.store)),
            cluster: Arc::clone(&process.cluster),
            registry: Arc::clone(&process.registry),
            board: Arc::new(Board::new()),
        };
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let hear = {
            let heard = Arc::clone(&heard);
            move |what| heard.lock().unwrap_or_else(PoisonError::into_inner).push(what)
        };
        let desk = Arc::new(Dispatch::new(engine.clone(), Arc::clone(&catalogue), Arc::new(hear)));
        let runner = Rc::new(Runner {
            world: world.clone(),
            process: process.clone(),
            engine,
            catalogue,
            bells: RefCell::default(),
            committed: Bell::default(),
            must_end: Cell::new(false),
            spawned: RefCell::default(),
        });
        let mut executor = Executor::new(random);
        executor.spawn(Rc::clone(&runner).deliver().boxed_local());
        executor.spawn(Rc::clone(&runner).look_after_questions().boxed_local());
        executor.spawn(Rc::clone(&runner).take_up_open().boxed_local());
        Self { process, desk, executor, runner, heard }
    }

    /// Adds a task of its own kind, such as a person's request.
    pub fn spawn(&mut self, task: LocalBoxFuture<'static, ()>) {
        self.executor.spawn(task);
    }

    /// Lets one task go on that can. False: none can, or it has ended.
    pub fn go_on(&mut self) -> bool {
        if self.has_ended() {
            return false;
        }
        let polled = self.executor.poll_one();
        for heard in std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner)) {
            match heard {
                Heard::Began(id) => self.runner.spawn_change(id),
                Heard::Acted(id) => {
                    if let Some(bell) = self.runner.bells.borrow().get(&id) {
                        bell.ring();
                    }
                    self.runner.committed.ring();
                }
            }
        }
        for task in self.runner.spawned.borrow_mut().drain(..) {
            self.executor.spawn(task);
        }
        polled
    }

    /// Something has arrived by a watch.
    pub fn wake(&self) {
        self.runner.bells.borrow().values().for_each(Bell::ring);
    }

    /// Whether it was killed, or has to end because it can't know what its store holds.
    pub fn has_ended(&self) -> bool {
        self.process.is_dead() || self.runner.must_end.get()
    }
}

impl Runner {
    async fn pause(&self, length: Duration) {
        self.world.until(self.world.now() + length).await;
    }

    async fn pause_or(&self, bell: &Bell, length: Duration) {
        select(bell.rung(), Box::pin(self.world.until(self.world.now() + length))).await;
    }

    fn failed(&self, doing: &str, fault: &RecordFault) {
        self.world.tell(format_args!("the store failed while {doing}: {}", fault.fault().chain()));
        if matches!(fault, RecordFault::OutcomeUnknown(_)) {
            self.must_end.set(true);
        }
    }

    fn spawn_change(self: &Rc<Self>, id: ChangeId) {
        let runner = Rc::clone(self);
        self.spawned.borrow_mut().push_back(async move { runner.begin(id).await }.boxed_local());
    }

    async fn begin(&self, id: ChangeId) {
        let live = match self.engine.take(id).await {
            Ok(Some(live)) => live,
            Ok(None) => return,
            Err(fault) => return self.failed("taking up a change", &fault),
        };
        let bell = Bell::default();
        if self.bells.borrow().contains_key(&id) {
            return;
        }
        self.bells.borrow_mut().insert(id, bell.clone());
        self.work(live, &bell).await;
        self.bells.borrow_mut().remove(&id);
    }

    async fn work(&self, mut live: commands::engine::Live, bell: &Bell) {
        let mut phase = live.change().phase().word();
        loop {
            let stepped = self.engine.step(&mut live, self.process.now()).await;
            let now = live.change().phase().word();
            if std::mem::replace(&mut phase, now) != now {
                self.committed.ring();
            }
            let wait = match stepped {
                Stepped::Again => continue,
                Stepped::Wait(wait) => wait,
                Stepped::Ended => return self.committed.ring(),
                Stepped::Failed(fault) => {
                    self.failed("a step of a change", &fault);
                    RETRY
                }
            };
            self.pause_or(bell, wait).await;
        }
    }

    async fn deliver(self: Rc<Self>) {
        let mut courier = self.engine.courier(Arc::clone(&self.process.chat), Arc::clone(&self.catalogue));
        loop {
            if let Err(fault) = courier.round(self.process.now()).await {
                self.failed("delivering messages", &fault);
            }
            self.pause_or(&self.committed, DELIVER).await;
        }
    }

    async fn look_after_questions(self: Rc<Self>) {
        let mut starting = true;
        loop {
            match self.engine.questions(self.process.now(), starting).await {
                Ok(asked) => {
                    starting = false;
                    asked.began.into_iter().for_each(|id| self.spawn_change(id));
                }
                Err(fault) => self.failed("looking after questions", &fault),
            }
            self.pause(QUESTIONS).await;
        }
    }

    async fn take_up_open(self: Rc<Self>) {
        let mut looked_for_unclaimed = false;
        loop {
            if !looked_for_unclaimed {
                match self.engine.unclaimed().await {
                    Ok(unclaimed) => {
                        looked_for_unclaimed = true;
                        unclaimed.into_iter().for_each(|id| self.spawn_change(id));
                    }
                    Err(fault) => self.failed("reading open changes", &fault),
                }
            }
            match self.engine.records.open().await {
                Ok(open) => {
                    for claim in open {
                        match claim {
                            Ok(claim) => self.spawn_change(claim.change),
                            Err(fault) => self.failed("reading a claim", &fault),
                        }
                    }
                }
                Err(fault) => self.failed("reading open changes", &fault),
            }
            self.pause(OPEN).await;
        }
    }
}
