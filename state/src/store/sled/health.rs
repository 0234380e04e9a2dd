//! Whether the store may still be believed, and the commits whose outcome is being waited for.
//!
//! A failed write says nothing about what reached the disk, so one fault ends the store: everything that waits, and
//! everything asked later, is answered with it. A disk that does not answer at all is found by a watch.

use crate::store::{Committed, StoreFault};
use futures::channel::oneshot;
use parking_lot::{Condvar, Mutex};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Where the answer to one commit goes.
pub(super) type Answer = oneshot::Sender<Result<Committed, StoreFault>>;

/// The state of health, shared by all threads of a store.
#[derive(Debug, Default)]
pub(super) struct Health {
    fault: OnceLock<StoreFault>,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    group: Option<(Instant, Vec<Answer>)>,
    watch_sleeps: bool,
    closed: bool,
}

impl Health {
    /// The fault that every call has to be answered with, if there is one.
    pub(super) fn check(&self) -> Result<(), StoreFault> {
        self.fault.get().cloned().map_or(Ok(()), Err)
    }

    /// Ends the store. The first fault stays.
    pub(super) fn fail(&self, cause: impl Into<String>, disk_full: bool) -> StoreFault {
        self.fault.get_or_init(|| StoreFault::OutcomeUnknown { cause: cause.into(), disk_full }).clone()
    }

    /// The fault for an answer that never came: the thread that owed it is gone.
    pub(super) fn unanswered(&self) -> StoreFault {
        self.fail("a thread of the store has died", false)
    }

    /// From here on these commits are being written.
    pub(super) fn writing(&self, answers: Vec<Answer>) {
        let mut waiting = self.waiting.lock();
        waiting.group = Some((Instant::now(), answers));
        if waiting.watch_sleeps {
            self.changed.notify_one();
        }
    }

    /// Writing has ended. `None` if the watch has lost its patience and answered already.
    pub(super) fn written(&self) -> Option<Vec<Answer>> {
        self.waiting.lock().group.take().map(|(_, answers)| answers)
    }

    /// The watch ends when this is dropped: held by the committing thread, also while it panics.
    pub(super) fn ends_with_this(&self) -> impl Drop + '_ {
        Ending(self)
    }

    /// Watches until the committing thread ends, or does not answer. While a group is being written, `look` is called now and then; when that
    /// takes longer than `patience`, the store has failed.
    pub(super) fn watch(&self, patience: Duration, look: impl Fn()) {
        let mut waiting = self.waiting.lock();
        while !waiting.closed {
            match &waiting.group {
                None => {
                    waiting.watch_sleeps = true;
                    self.changed.wait(&mut waiting);
                    waiting.watch_sleeps = false;
                }
                Some((since, _)) if since.elapsed() >= patience => {
                    let fault = self.fail(format!("the disk did not answer for {} s", patience.as_secs()), false);
                    for answer in waiting.group.take().map(|(_, answers)| answers).unwrap_or_default() {
                        // Whoever asked may have gone.
                        let _ = answer.send(Err(fault.clone()));
                    }
                    return;
                }
                Some((since, _)) => {
                    let next = LOOK_EVERY.min(patience.saturating_sub(since.elapsed()));
                    if self.changed.wait_for(&mut waiting, next).timed_out() && waiting.group.is_some() {
                        parking_lot::MutexGuard::unlocked(&mut waiting, &look);
                    }
                }
            }
        }
    }
}

struct Ending<'a>(&'a Health);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock();
        waiting.closed = true;
        // Whoever waits still is told by the end of the channel.
        waiting.group = None;
        self.0.changed.notify_one();
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Revision;
    use futures::FutureExt as _;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_disk_that_does_not_answer_is_a_fault_for_all_that_wait_and_all_that_come() {
        let health = Health::default();
        let (answer, answered) = oneshot::channel();
        let looks = AtomicU32::new(0);
        health.writing(vec![answer]);
        let patience = LOOK_EVERY * 2 + LOOK_EVERY / 2;
        health.watch(patience, || {
            looks.fetch_add(1, Ordering::SeqCst);
        });
        let fault = answered.now_or_never().unwrap().unwrap().unwrap_err();
        assert!(fault.outcome_unknown());
        assert_eq!(health.check(), Err(fault));
        assert!(looks.load(Ordering::SeqCst) > 0, "nobody looked what it waits for");
        assert!(health.written().is_none(), "and who comes late has nobody to answer");
    }

    #[test]
    fn a_disk_that_answers_in_time_is_left_alone() {
        let health = Health::default();
        std::thread::scope(|scope| {
            let ending = health.ends_with_this();
            scope.spawn(|| health.watch(Duration::from_secs(600), || ()));
            for _ in 0..1_000 {
                let (answer, answered) = oneshot::channel();
                health.writing(vec![answer]);
                for answer in health.written().unwrap() {
                    answer.send(Ok(Committed::Done(Revision(1)))).unwrap();
                }
                assert_eq!(answered.now_or_never(), Some(Ok(Ok(Committed::Done(Revision(1))))));
            }
            drop(ending);
        });
        assert_eq!(health.check(), Ok(()));
    }

    #[test]
    fn nobody_waits_for_a_thread_that_has_died() {
        let health = Health::default();
        let (answer, answered) = oneshot::channel();
        let ending = health.ends_with_this();
        health.writing(vec![answer]);
        drop(ending);
        assert_eq!(answered.now_or_never(), Some(Err(oneshot::Canceled)));
        health.watch(Duration::from_secs(600), || ());
    }

    #[test]
    fn the_first_fault_stays() {
        let health = Health::default();
        let first = health.fail("first", true);
        assert_eq!(health.fail("second", false), first);
        assert_eq!(health.check(), Err(first));
    }
}
