//! A request on its way: it arrives, is carried out and answered at moments of the virtual clock, by the fault plan, and
//! whether or not whoever sent it still lives or still waits.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use state::names::ClusterName;

use crate::cluster::ApiHealth;
use crate::plan::{Kill, Site};
use crate::process::ProcessId;
use crate::{Due, Shared, State};

/// How long a caller waits for an answer.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// How often a request that waits at a frozen server looks whether it goes on.
const KNOCKS: Duration = Duration::from_millis(500);

/// A call.
pub(crate) struct Call<T> {
    pub(crate) process: ProcessId,
    pub(crate) site: Site,
    /// What it is, for the trace.
    pub(crate) text: String,
    /// The cluster it goes to, if it goes to one.
    pub(crate) cluster: Option<ClusterName>,
    /// What it does when it arrives.
    pub(crate) effect: Effect<T>,
    /// What the caller gets when no answer comes, for this reason.
    pub(crate) unanswered: fn(&'static str) -> T,
}

/// What a call does, and the answer.
pub(crate) type Effect<T> = Box<dyn Fn(&mut State) -> T + Send + Sync>;

struct Request<T> {
    call: Call<T>,
    number: u64,
    deadline: Duration,
    back: Option<Duration>,
    kill: Option<Kill>,
    slot: Arc<Slot<T>>,
}

/// Where the answer is put.
struct Slot<T>(Mutex<Waiting<T>>);

enum Waiting<T> {
    For(Option<Waker>),
    Answered(Option<T>),
}

impl<T> Slot<T> {
    /// The first answer counts.
    fn fill(&self, state: &mut State, answer: T) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Waiting::For(waker) = &mut *waiting {
            state.wake.extend(waker.take());
            *waiting = Waiting::Answered(Some(answer));
        }
    }
}

struct Answer<T>(Arc<Slot<T>>);

impl<T> Future for Answer<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut waiting = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            Waiting::Answered(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            Waiting::For(waker) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Sends a call. Nothing happens before the future is polled first.
pub(crate) fn send<T>(shared: Arc<Shared>, call: Call<T>) -> BoxFuture<'static, T>
where
    T: fmt::Debug + Send + 'static,
{
    async move {
        let slot = Arc::new(Slot(Mutex::new(Waiting::For(None))));
        let answer = Answer(Arc::clone(&slot));
        shared.with(|state| begin(state, call, slot));
        answer.await
    }
    .boxed()
}

fn begin<T: fmt::Debug + Send + 'static>(state: &mut State, call: Call<T>, slot: Arc<Slot<T>>) {
    if state.alive != Some(call.process) {
        return;
    }
    let fate = state.plan.fate(LIMIT);
    let number = state.plan.calls();
    state.tell(format_args!("#{number} {:?} {}", call.site, call.text));
    let process = call.process;
    if fate.kill == Some(Kill::Before) {
        return state.kill(process, "before a call");
    }
    let deadline = state.now + LIMIT;
    let request = Arc::new(Request { call, number, deadline, back: fate.back, kill: fate.kill, slot });
    match fate.there {
        None => {
            state.tell(format_args!("#{number} is lost on its way"));
            // Some losses are noticed at once, others only by waiting.
            let noticed = state.random.chance(500);
            let at = if noticed { state.now + Duration::from_millis(5) } else { deadline };
            give_up(state, &request, at, "the connection was reset");
        }
        Some(after) => {
            if state.now + after >= deadline || fate.back.is_none_or(|back| state.now + after + back >= deadline) {
                give_up(state, &request, deadline, "no answer in time");
            }
            let at = state.now + after;
            let arriving = Arc::clone(&request);
            state.queue(at, Due::Delivery(Box::new(move |state| arrive(state, arriving, true))));
            if let Some(again) = fate.again {
                state.tell(format_args!("#{number} will arrive twice"));
                state.queue(at + again, Due::Delivery(Box::new(move |state| arrive(state, request, false))));
            }
        }
    }
    if fate.kill == Some(Kill::InFlight) {
        state.kill(process, "with a call on its way");
    }
}

/// The caller waits no longer than its limit.
fn give_up<T: fmt::Debug + Send + 'static>(
    state: &mut State,
    request: &Arc<Request<T>>,
    at: Duration,
    why: &'static str,
) {
    let request = Arc::clone(request);
    state.queue(at, Due::Delivery(Box::new(move |state| request.slot.fill(state, (request.call.unanswered)(why)))));
}

fn arrive<T: fmt::Debug + Send + 'static>(state: &mut State, request: Arc<Request<T>>, first: bool) {
    match state.health_of(request.call.cluster.as_ref()) {
        ApiHealth::Up => {}
        ApiHealth::Down => {
            state.tell(format_args!("#{} is refused: nobody listens", request.number));
            let answer = (request.call.unanswered)("connection refused");
            return request.slot.fill(state, answer);
        }
        ApiHealth::Frozen => return wait_at_the_door(state, request, first),
    }
    let answer = (request.call.effect)(state);
    state.tell(format_args!("#{}{} -> {}", request.number, if first { "" } else { " again" }, brief(&answer)));
    if !first {
        return;
    }
    if request.kill == Some(Kill::After) {
        state.kill(request.call.process, "after a call");
    }
    if let Some(back) = request.back {
        let at = state.now + back;
        state.queue(at, Due::Delivery(Box::new(move |state| request.slot.fill(state, answer))));
    }
}

/// A frozen server takes up requests when it goes on; by then some callers have closed their connections.
fn wait_at_the_door<T: fmt::Debug + Send + 'static>(state: &mut State, request: Arc<Request<T>>, first: bool) {
    let given_up = state.now >= request.deadline;
    if !given_up && state.now + KNOCKS >= request.deadline {
        give_up(state, &request, request.deadline, "no answer in time");
    }
    if given_up && state.random.chance(100) {
        return state.tell(format_args!("#{} is dropped by the frozen server", request.number));
    }
    let at = state.now + KNOCKS;
    state.queue(at, Due::Delivery(Box::new(move |state| arrive(state, request, first))));
}

/// The beginning of an answer, for the trace. Most of a long one is never even formatted.
fn brief<T: fmt::Debug>(answer: &T) -> String {
    struct Beginning(String);
    impl fmt::Write for Beginning {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(text);
            if self.0.len() < BRIEF { Ok(()) } else { Err(fmt::Error) }
        }
    }
    let mut beginning = Beginning(String::with_capacity(2 * BRIEF));
    if fmt::write(&mut beginning, format_args!("{answer:?}")).is_err() {
        beginning.0.push('…');
    }
    beginning.0
}

const BRIEF: usize = 100;

/// A moment that is waited for.
pub(crate) struct Sleep {
    pub(crate) shared: Arc<Shared>,
    pub(crate) until: Duration,
    pub(crate) queued: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (until, queued) = (self.until, self.queued);
        self.queued = true;
        self.shared.with(|state| {
            if state.now >= until {
                return Poll::Ready(());
            }
            if !queued {
                let waker = context.waker().clone();
                state.queue(until, Due::Wake(waker));
            }
            Poll::Pending
        })
    }
}
