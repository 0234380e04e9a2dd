//! The task of one change: step after step until its outcome.

use std::sync::Arc;
use std::time::Duration;

use commands::engine::{Live, Stepped};
use state::names::ChangeId;
use state::records::RecordFault;
use tokio::sync::Notify;
use tracing::Instrument as _;

use super::failures::Doing;
use super::{Ending, Runner};

/// After a failure of the store that wrote nothing, so long is waited.
const RETRY: Duration = Duration::from_secs(5);

impl Runner {
    /// Takes up a change, if nobody has yet.
    pub(super) async fn begin(self: Arc<Self>, id: ChangeId) {
        let taking_up = Doing::one("taking up a change", id);
        let live = match self.engine().take(id).await {
            Ok(live) => live,
            Err(RecordFault::Unreadable(unreadable)) => {
                let fault = unreadable.fault.chain();
                if self.failures.failed(&taking_up, fault) {
                    tracing::error!(change = %id, fault, "a change is parked: its record can't be read");
                }
                return self.tell_unreadable(id).await;
            }
            Err(fault) => return self.store_failed(&taking_up, &fault),
        };
        self.store_works(&taking_up);
        // It may have ended since its claim was read.
        let Some(live) = live.filter(|live| live.change().ended().is_none()) else { return };
        let Some(taken) = self.tasks.take_up(id, &live.change().target) else { return };
        let head = &live.change().head;
        let span = tracing::info_span!("change", number = head.number.0, target = %live.change().target.name);
        self.work(live, &taken.wake).instrument(span).await;
    }

    async fn work(&self, mut live: Live, wake: &Notify) {
        let mut ending = self.ending();
        let stepping = Doing::one("a step of a change", live.id());
        let mut phase = std::mem::discriminant(live.change().phase());
        tracing::info!("taken up");
        loop {
            let stepped = tokio::select! {
                stepped = self.engine().step(&mut live, (self.clock)()) => stepped,
                _ = ending.wait_for(|ending| *ending != Ending::No) => return,
            };
            let now = std::mem::discriminant(live.change().phase());
            if std::mem::replace(&mut phase, now) != now {
                self.tasks.committed.notify_one();
                tracing::info!(phase = live.change().phase().word(), "went on");
            }
            if !matches!(stepped, Stepped::Failed(_)) {
                self.store_works(&stepping);
            }
            let wait = match stepped {
                Stepped::Again => continue,
                Stepped::Wait(wait) => wait,
                Stepped::Ended => {
                    let outcome = live.change().ended().map(|ended| ended.outcome.word());
                    tracing::info!(outcome, "ended");
                    return self.tasks.committed.notify_one();
                }
                Stepped::Failed(fault) => {
                    self.store_failed(&stepping, &fault);
                    RETRY
                }
            };
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
                _ = ending.wait_for(|ending| *ending != Ending::No) => return,
            }
        }
    }
}
