//! Tasks on one thread, in an order that follows from a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::future::LocalBoxFuture;
use world::random::Random;

/// The tasks of one process. Dropping it drops them where they stand, as `kill -9` does.
pub struct Executor {
    tasks: BTreeMap<u64, LocalBoxFuture<'static, ()>>,
    ready: Arc<Ready>,
    last: u64,
    random: Random,
}

#[derive(Default)]
struct Ready(Mutex<BTreeSet<u64>>);

struct TaskWaker {
    task: u64,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.task);
    }
}

impl Executor {
    /// One without tasks.
    pub fn new(random: Random) -> Self {
        Self { tasks: BTreeMap::new(), ready: Arc::default(), last: 0, random }
    }

    /// Adds a task.
    pub fn spawn(&mut self, task: LocalBoxFuture<'static, ()>) {
        self.last += 1;
        self.tasks.insert(self.last, task);
        self.ready.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.last);
    }

    /// Polls one of the tasks that are ready. False: none is.
    pub fn poll_one(&mut self) -> bool {
        let Some(task) = self.choose() else { return false };
        let Some(future) = self.tasks.get_mut(&task) else { return true };
        let waker = Waker::from(Arc::new(TaskWaker { task, ready: Arc::clone(&self.ready) }));
        if Future::poll(future.as_mut(), &mut Context::from_waker(&waker)) == Poll::Ready(()) {
            self.tasks.remove(&task);
        }
        true
    }

    fn choose(&mut self) -> Option<u64> {
        let mut ready = self.ready.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = if ready.len() > 1 { self.random.place(ready.len()) } else { 0 };
        let task = ready.iter().nth(place).copied()?;
        ready.remove(&task);
        Some(task)
    }
}

/// Something that wakes one task. A ring that nobody waits for is kept for the next who does.
#[derive(Clone, Default)]
pub struct Bell(Arc<Mutex<Rung>>);

#[derive(Default)]
struct Rung {
    rung: bool,
    waker: Option<Waker>,
}

impl Bell {
    /// Rings it.
    pub fn ring(&self) {
        let mut rung = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rung.rung = true;
        let waker = rung.waker.take();
        drop(rung);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until it rings.
    pub fn rung(&self) -> impl Future<Output = ()> + Unpin + use<> {
        let bell = Arc::clone(&self.0);
        futures::future::poll_fn(move |context| {
            let mut rung = bell.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::take(&mut rung.rung) {
                return Poll::Ready(());
            }
            rung.waker = Some(context.waker().clone());
            Poll::Pending
        })
    }
}
