//! One step of one change: look, plan, at most one effect, at most one commit.

use std::time::Duration;

use state::change::outcome::Refused;
use state::change::plan::{Look, Plan, Step, begin_watch, plan};
use state::change::prepare::Prepared;
use state::change::transition::{Event, Transition, transition};
use state::change::{Change, ParkedWhy, Phase, ReturnStage};
use state::lock::Lock;
use state::records::{Advanced, RecordFault, Unreadable};
use state::rollout::seen::{BLIND_AFTER, Observed};
use state::time::{LONGEST_GAP, Now};

use super::effects::Done;
use super::{Engine, Live, Seen};
use crate::ports::ClusterFault;

/// A change is looked at so often even if nothing is heard of it.
const LOOK: Duration = Duration::from_secs(1);

/// After a call without an answer, so long is waited for the next.
const RETRY: Duration = Duration::from_secs(1);

/// What is remembered is stored so often, so that a crash forgets no more than 30 s.
const KEEP: Duration = Duration::from_secs(25);

/// For so long a right to watch may be missing, because a token is just being renewed, before that refuses a change.
const FORBIDDEN_REFUSES: Duration = Duration::from_secs(5);

/// What a step came to.
#[derive(Debug)]
pub enum Stepped {
    /// There may be more to do at once.
    Again,
    /// Nothing to do until something is heard of the target or of the change, or until this has passed.
    Wait(Duration),
    /// It has its outcome, which is stored.
    Ended,
    /// The store failed. Where the outcome of a commit is unknown, the process must end and let a restart read the truth.
    Failed(RecordFault),
}

impl Engine {
    /// Does the next thing for a change.
    pub async fn step(&self, live: &mut Live, now: Now) -> Stepped {
        let stepped = match self.try_step(live, now).await {
            // A record that can't be read blocks what it is about: this change waits until somebody has looked.
            Err(RecordFault::Unreadable(unreadable)) => self.park(live, unreadable, now).await,
            stepped => stepped,
        };
        stepped.unwrap_or_else(Stepped::Failed)
    }

    async fn park(&self, live: &mut Live, unreadable: Unreadable, now: Now) -> Result<Stepped, RecordFault> {
        if let Some(next) = transition(&live.current, Event::Park(ParkedWhy::RecordUnreadable), now.wall) {
            let change = live.current.head.number;
            tracing::error!(%change, fault = unreadable.fault.chain(), "a change is parked: a record that it needs can't be read");
            let stepped = self.commit(live, next, now).await?;
            if live.current.head.parked.is_some() {
                return Ok(stepped);
            }
        }
        // It is the change's own record, so that not even that can be stored.
        Err(RecordFault::Unreadable(unreadable))
    }

    async fn try_step(&self, live: &mut Live, now: Now) -> Result<Stepped, RecordFault> {
        if !self.up_to_date(live).await? {
            return Ok(Stepped::Ended);
        }
        if live.current.ended().is_some() {
            self.show(live);
            return Ok(Stepped::Ended);
        }
        let observed = self.cluster.observe(&live.current.target);
        live.pass(&observed, now);
        // Nothing is written or judged for a target that another change may hold by now.
        let parked = live.current.head.parked.is_some();
        if !parked && !self.records.holds(&live.current.target.name, live.id()).await? {
            tracing::error!(change = %live.current.head.number, "a change is parked: it holds its target no more");
            return self.follow_from(live, Event::Park(ParkedWhy::ClaimMissing), &observed, now).await;
        }
        if !self.answers_again(live, &observed, now).await {
            self.show(live);
            return Ok(Stepped::Wait(RETRY));
        }
        let Plan { step, watch, progress } = plan(&live.current, live.look(&observed, now));
        live.current.watch = watch;
        if observed.fresh() {
            // What was seen last stays up while nothing can be seen.
            live.progress = progress;
        }
        self.show(live);
        let done = match self.not_allowed_to_look(live, &observed) {
            Some(refused) => Done::Event(refused),
            None => self.carry_out(live, step, &observed, now).await?,
        };
        let doubted = live.in_doubt;
        (live.unreachable, live.in_doubt) = match &done {
            Done::Unreachable => (true, false),
            Done::InDoubt => (true, true),
            // To be parked is no answer of the cluster.
            Done::Event(Event::Park(_)) => (live.unreachable, live.in_doubt),
            _ => (false, false),
        };
        if live.in_doubt && !doubted {
            // Only from now on does it give answers that settle nothing.
            live.blind = Duration::ZERO;
        }
        match done {
            Done::Event(event) => self.follow_from(live, event, &observed, now).await,
            Done::Nothing => self.keep(live, now).await.map(|()| Stepped::Wait(LOOK)),
            Done::Again => Ok(Stepped::Again),
            Done::Unreachable | Done::InDoubt => self.keep(live, now).await.map(|()| Stepped::Wait(RETRY)),
        }
    }

    /// A change that is parked because the cluster gave no answers goes on once it has given one: that its watches
    /// are fed is not enough.
    async fn answers_again(&self, live: &mut Live, observed: &Observed, now: Now) -> bool {
        let parked = live.current.head.parked.as_ref().map(|parked| parked.why);
        if !observed.fresh() {
            return true;
        }
        match parked {
            Some(ParkedWhy::WriteInDoubt) => return self.settles(live, observed, now).await,
            Some(ParkedWhy::ClusterUnreadable) if live.unreachable => {}
            _ => return true,
        }
        let target = &live.current.target;
        for workload in &target.workloads {
            if self.cluster.read(target, workload).await.is_err() {
                return false;
            }
        }
        live.unreachable = false;
        true
    }

    /// Whether the write that is in doubt can be settled now: it has arrived, or the cluster takes the fence.
    async fn settles(&self, live: &mut Live, observed: &Observed, now: Now) -> bool {
        let mut unparked = live.current.clone();
        unparked.head.parked = None;
        let look = Look { blind_for: Duration::ZERO, refused: false, ..live.look(observed, now) };
        let Step::Write { place, step } = plan(&unparked, look).step else { return true };
        let claim = self.records.claim(&unparked.target.name, live.id()).await;
        let Ok(Some(claim)) = claim else { return false };
        let settled = self.settle(&claim, live, place, step, now).await;
        (live.unreachable, live.in_doubt) = (!settled, !settled);
        settled
    }

    /// Reads the record again if it has moved on: a person's act was committed beside us. False: it is gone.
    async fn up_to_date(&self, live: &mut Live) -> Result<bool, RecordFault> {
        let id = live.id();
        match self.records.revision(id).await? {
            None => Ok(false),
            Some(revision) if revision == live.stored.revision => Ok(true),
            Some(_) => {
                let Some(stored) = self.records.change(id).await? else { return Ok(false) };
                live.take_up(stored);
                Ok(true)
            }
        }
    }

    async fn follow_from(
        &self,
        live: &mut Live,
        event: Event,
        observed: &Observed,
        now: Now,
    ) -> Result<Stepped, RecordFault> {
        let Some(mut next) = transition(&live.current, event, now.wall) else {
            return Ok(Stepped::Wait(LOOK));
        };
        if matches!((live.current.phase(), next.change.phase()), (Phase::Preparing, Phase::Applying { .. })) {
            next.change.watch = begin_watch(&next.change, observed);
        }
        self.commit(live, next, now).await
    }

    async fn commit(&self, live: &mut Live, next: Transition, now: Now) -> Result<Stepped, RecordFault> {
        // Until it is stored, a write that was answered is known to this call alone: if the record has moved on, or the
        // store fails, it has to be looked for again.
        let unsure = std::mem::replace(&mut live.unsure, may_write(&live.current));
        match self.records.advance(&live.stored, &next, now.wall).await? {
            Advanced::Done(stored) => {
                live.unsure = unsure;
                live.stored = *stored;
                live.current = live.stored.change.clone();
                live.kept = live.current.head.observed;
                self.show(live);
                Ok(if live.current.ended().is_some() { Stepped::Ended } else { Stepped::Again })
            }
            Advanced::Moved => Ok(Stepped::Again),
            Advanced::Locked(lock) => {
                let refused = locked(&live.current, &lock);
                match transition(&live.current, refused, now.wall) {
                    Some(next) => Box::pin(self.commit(live, next, now)).await,
                    None => Ok(Stepped::Again),
                }
            }
        }
    }

    /// Stores what is remembered, now and then.
    async fn keep(&self, live: &mut Live, now: Now) -> Result<(), RecordFault> {
        if live.current.head.observed.since(live.kept) < KEEP {
            return Ok(());
        }
        let next = Transition { change: live.current.clone(), also: Vec::new() };
        if let Advanced::Done(stored) = self.records.advance(&live.stored, &next, now.wall).await? {
            live.stored = *stored;
            live.kept = live.current.head.observed;
        }
        Ok(())
    }

    fn show(&self, live: &Live) {
        let (change, progress) = (live.current.clone(), live.progress.clone());
        self.board.show(Seen { change, progress, blind_since: live.blind_since });
    }

    /// A target that may not even be looked at is refused with the server's sentence, rather than as unreadable. A token
    /// that is just being renewed is waited for.
    fn not_allowed_to_look(&self, live: &Live, observed: &Observed) -> Option<Event> {
        let waits = matches!(live.current.phase(), Phase::Preparing) && live.current.head.parked.is_none();
        if observed.fresh() || !waits {
            return None;
        }
        // Asked from the first look on: what is told in the end was then tried a moment ago.
        let trouble = self.cluster.trouble(&live.current.target)?;
        if live.blind < FORBIDDEN_REFUSES {
            return None;
        }
        match trouble {
            ClusterFault::Forbidden(sentence) => {
                Some(Event::Prepared(Prepared::Refuse(Refused::Forbidden { sentence })))
            }
            ClusterFault::Unreachable(_) | ClusterFault::Unreadable(_) => None,
        }
    }

    async fn carry_out(&self, live: &mut Live, step: Step, observed: &Observed, now: Now) -> Result<Done, RecordFault> {
        match step {
            Step::Wait => Ok(Done::Nothing),
            Step::Conclude(event) => Ok(Done::Event(event)),
            Step::Prepare => self.prepare(&live.current, observed).await,
            Step::Write { place, step } => {
                let claim = self.records.claim(&live.current.target.name, live.id()).await?;
                // It is gone with the commit of the outcome, which the next look finds, or an admin has freed the target.
                let Some(claim) = claim else { return Ok(Done::Nothing) };
                Ok(self.write(&claim, live, place, step, now).await)
            }
            Step::CheckOldImages => Ok(self.check_old_images(&live.current).await),
            Step::Verify => Ok(self.verify(live, observed, now).await),
            Step::Investigate { place, cause, lookup } => {
                Ok(Done::Event(self.investigate(&live.current, place, *cause, lookup).await))
            }
        }
    }
}

impl Live {
    /// Lets time pass: what counts, and for how long nothing could be seen.
    fn pass(&mut self, observed: &Observed, now: Now) {
        if let Some(last) = self.last.replace(now) {
            if observed.fresh() {
                self.current.head.observed = self.current.head.observed.advanced(last, now);
            }
            let blind = !observed.fresh() || self.unreachable;
            // Who stood still for a while has not tried in vain for as long.
            let passed = now.monotonic.saturating_sub(last.monotonic).min(LONGEST_GAP);
            self.blind = if blind { self.blind + passed } else { Duration::ZERO };
        }
        self.blind_since = match (observed.fresh(), self.blind_since, observed.age) {
            (true, _, _) => None,
            (false, Some(since), _) => Some(since),
            (false, None, Some(age)) => Some(now.wall - age),
            // Right after a start nothing was read yet, which is no news.
            (false, None, None) if self.blind < BLIND_AFTER => None,
            (false, None, None) => Some(now.wall - self.blind),
        };
    }

    pub(super) fn look<'a>(&self, observed: &'a Observed, now: Now) -> Look<'a> {
        Look {
            observed,
            at: self.current.head.observed,
            now: now.wall,
            blind_for: self.blind,
            unsure: self.unsure,
            refused: self.in_doubt,
        }
    }

    /// Takes up what somebody else committed, and keeps what only this process knows.
    fn take_up(&mut self, stored: state::records::Stored) {
        let mut current = stored.change.clone();
        if std::mem::discriminant(current.phase()) == std::mem::discriminant(self.current.phase()) {
            current.watch = self.current.watch.clone();
        }
        current.head.observed = self.current.head.observed.max(current.head.observed);
        self.stored = stored;
        self.current = current;
    }
}

/// Whether this phase stands for a write that may be on its way. Any other was entered with an answer to each write.
pub(super) fn may_write(change: &Change) -> bool {
    match change.phase() {
        Phase::Applying { .. } | Phase::Holding { .. } => true,
        Phase::Returning { stage, .. } => matches!(stage, ReturnStage::Writing { .. }),
        Phase::Preparing | Phase::Rolling { .. } | Phase::Stabilizing { .. } | Phase::Ended(_) => false,
    }
}

fn locked(change: &Change, lock: &Lock) -> Event {
    debug_assert!(matches!(change.phase(), Phase::Preparing));
    let reason = match &lock.reason {
        state::lock::Reason::Said(reason) => reason.clone(),
        state::lock::Reason::Withdrawn { image, .. } => image.clone(),
    };
    let refused = Refused::Locked { scope: lock.scope.to_string(), by: lock.by.clone(), reason };
    Event::Prepared(Prepared::Refuse(refused))
}
