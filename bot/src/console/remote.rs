//! A running bot, talked to over its socket. A bot that restarts is waited for, and asked the same again: the same
//! request finds what it began.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use commands::card::Card;
use commands::command::complete::Completion;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, BoxStream, StreamExt as _};
use state::catalogue::Language;
use state::names::ChangeId;
use state::zone::Zone;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use ulid::Ulid;

use super::channel::Heard;
use super::partner::{Lost, Partner, Reader, Said, Seen, Told};
use super::wire::{self, Call, Failed, PROTOCOL, REPLY_AT_MOST, Reply, Wanted, Welcome};
use crate::surroundings;
use crate::transfer::Exported;

/// How long a bot may say nothing before it counts as gone: it says every few seconds that it is there.
const SILENCE: Duration = Duration::from_secs(20);

/// How long a bot may take to say welcome.
const WELCOME: Duration = Duration::from_secs(10);

/// How often a bot that is not there is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long completion may keep a person waiting.
const COMPLETION: Duration = Duration::from_millis(700);

/// What is refused to a user who is nobody here.
const NOT_YOURS: &str = "that is not for this user";

/// How long a bot is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// One that was not there at all.
    pub first: Duration,
    /// One that is there, and has no time.
    pub busy: Duration,
    /// One that was there, and is gone.
    pub again: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), busy: Duration::from_secs(15), again: Duration::from_secs(60) }
    }
}

/// What whoever waits may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// The bot is gone, and is waited for.
    Waiting,
    /// The bot is there, and has no time: it is waited for.
    Busy,
    /// It is back, or has time again.
    Back,
}

/// A running bot behind its socket.
#[derive(Clone)]
pub struct Remote {
    socket: PathBuf,
    in_name_of: Option<String>,
    patience: Patience,
    remark: Arc<dyn Fn(Remark, Language) + Send + Sync>,
    known: Arc<Mutex<Known>>,
}

/// What the last welcome said.
#[derive(Debug, Clone)]
struct Known {
    reader: Reader,
    objection: Option<Card>,
}

/// Why a call came to nothing.
#[derive(Debug)]
enum Failure {
    /// There is nobody. Nothing was said.
    Absent,
    /// There is somebody, who has no time. Nothing was said that counts.
    Busy,
    /// There was somebody, who went without a welcome: nothing is done before that.
    Unheard,
    /// It broke off. What was said may have been heard.
    Broken,
    /// Trying again is no use.
    Final(Lost),
}

/// An open line, after the welcome.
struct Open {
    from: BufReader<OwnedReadHalf>,
    /// Kept open: its end would tell the bot that nobody listens.
    _to: tokio::net::unix::OwnedWriteHalf,
}

impl Remote {
    /// The bot behind this socket. It is not reached yet.
    pub fn new(
        socket: PathBuf,
        in_name_of: Option<String>,
        patience: Patience,
        remark: Arc<dyn Fn(Remark, Language) + Send + Sync>,
    ) -> Self {
        let reader = Reader { person: None, language: surroundings::language(), zone: Zone::utc() };
        let known = Arc::new(Mutex::new(Known { reader, objection: None }));
        Self { socket, in_name_of, patience, remark, known }
    }

    /// Finds out whether the bot is there, and for whom one speaks.
    pub async fn greet(&self) -> Result<(), Lost> {
        let open = self.persist(false, self.patience.first, || self.call(Wanted::Welcome)).await;
        open.map(|_| ())
    }

    /// Everything in the bot's store. None of it counts unless the stream ends with the end.
    pub async fn export(&self) -> Result<BoxStream<'static, Exported>, Lost> {
        let open = self.persist(false, self.patience.first, || self.call(Wanted::Export)).await?;
        let exported = stream::unfold(Some(open), async |open| {
            let mut open = open?;
            let exported = match open.next().await {
                Ok(Reply::Exported(line)) => Exported::Line(line),
                Ok(Reply::ExportTorn) => Exported::Torn,
                Ok(Reply::ExportEnds) => Exported::End,
                Ok(Reply::Failed(Failed::Store { why })) => Exported::Failed(why),
                Ok(Reply::Failed(Failed::NotYours)) => Exported::Failed(NOT_YOURS.to_owned()),
                Ok(_) | Err(_) => Exported::Failed("the bot ended in the middle of it".to_owned()),
            };
            let goes_on = matches!(exported, Exported::Line(_) | Exported::Torn);
            Some((exported, goes_on.then_some(open)))
        });
        Ok(exported.boxed())
    }

    /// Calls, and calls again while the bot is not there.
    async fn persist<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        heard_already: bool,
        first: Duration,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Lost> {
        let mut may_have_heard = heard_already;
        let mut was_there = heard_already;
        let mut deadline = Instant::now() + first;
        let mut remarked = None;
        loop {
            let failure = match call().await {
                Ok(answer) => {
                    if remarked.is_some() {
                        self.remark(Remark::Back);
                    }
                    return Ok(answer);
                }
                Err(Failure::Final(lost)) => return Err(lost),
                Err(failure) => failure,
            };
            let busy = matches!(failure, Failure::Busy);
            may_have_heard |= matches!(failure, Failure::Broken);
            if !matches!(failure, Failure::Absent) && !std::mem::replace(&mut was_there, true) {
                deadline = Instant::now() + if busy { self.patience.busy } else { self.patience.again };
            }
            if Instant::now() >= deadline {
                return Err(match (busy, may_have_heard) {
                    (true, true) if heard_already => Lost::TooBusyToFollow,
                    (true, false) => Lost::Busy,
                    (_, true) => Lost::OutcomeUnknown,
                    (false, false) => self.not_running(),
                });
            }
            let remark = if busy { Remark::Busy } else { Remark::Waiting };
            if was_there && remarked.replace(remark) != Some(remark) {
                self.remark(remark);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Says what is wanted, once. The line is open for what follows the welcome.
    async fn call(&self, what: Wanted) -> Result<Open, Failure> {
        let stream = match UnixStream::connect(&self.socket).await {
            Ok(stream) => stream,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(Failure::Final(self.not_allowed()));
            }
            // Whoever knocks is not even let into the queue.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(Failure::Busy),
            Err(_) => return Err(Failure::Absent),
        };
        let (from, mut to) = stream.into_split();
        let mut open_from = BufReader::new(from);
        let call = Call { v: PROTOCOL, in_name_of: self.in_name_of.clone(), what };
        // A bot that is full answers before it reads: what it says is looked at even where it took nothing.
        let _ = wire::send(&mut to, &call).await;
        let Ok(welcome) = timeout(WELCOME, receive(&mut open_from)).await else { return Err(Failure::Busy) };
        let welcome = match welcome {
            Ok(Reply::Welcome(welcome)) => welcome,
            Ok(other) => return Err(unexpected(other)),
            Err(Failure::Final(lost)) => return Err(Failure::Final(lost)),
            Err(_) => return Err(Failure::Unheard),
        };
        self.remember(welcome);
        Ok(Open { from: open_from, _to: to })
    }

    fn remark(&self, remark: Remark) {
        (self.remark)(remark, self.known().reader.language);
    }

    fn not_running(&self) -> Lost {
        Lost::NotRunning { socket: self.socket.display().to_string() }
    }

    fn not_allowed(&self) -> Lost {
        Lost::NotAllowed { socket: self.socket.display().to_string() }
    }

    fn remember(&self, welcome: Welcome) {
        let zone = Zone::named(&welcome.zone).unwrap_or_else(|_| Zone::utc());
        let reader = Reader { person: welcome.person, language: welcome.language, zone };
        *self.known() = Known { reader, objection: welcome.objection };
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask_once(&self, said: &Said, request: Ulid) -> Result<Told, Failure> {
        let what = match said {
            Said::Text(text) => Wanted::Say { text: text.clone(), request },
            Said::Press(press) => Wanted::Press { press: press.clone(), request },
        };
        match self.call(what).await?.next().await? {
            Reply::Told(told) => Ok(*told),
            other => Err(unexpected(other)),
        }
    }
}

impl Open {
    /// The next reply that says something.
    async fn next(&mut self) -> Result<Reply, Failure> {
        loop {
            let reply = timeout(SILENCE, receive(&mut self.from)).await.unwrap_or(Err(Failure::Broken))?;
            if reply != Reply::Alive {
                return Ok(reply);
            }
        }
    }
}

async fn receive(from: &mut BufReader<OwnedReadHalf>) -> Result<Reply, Failure> {
    match wire::receive(from, REPLY_AT_MOST).await {
        Ok(Some(reply)) => Ok(reply),
        // What it says means nothing to us: another version, or no rotabot at all.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Failure::Final(Lost::Version)),
        Ok(None) | Err(_) => Err(Failure::Broken),
    }
}

fn unexpected(reply: Reply) -> Failure {
    match reply {
        Reply::Failed(Failed::Ending) => Failure::Broken,
        Reply::Failed(Failed::Busy) => Failure::Busy,
        Reply::Failed(Failed::Version { .. }) => Failure::Final(Lost::Version),
        Reply::Failed(Failed::NotYours) => Failure::Final(Lost::NotYours),
        Reply::Failed(Failed::Unreadable { why } | Failed::Store { why }) => Failure::Final(Lost::Failed { why }),
        _ => Failure::Final(Lost::Version),
    }
}

impl Partner for Remote {
    fn ask(&self, said: Said, request: Ulid) -> BoxFuture<'_, Result<Told, Lost>> {
        async move { self.persist(false, self.patience.first, || self.ask_once(&said, request)).await }.boxed()
    }

    fn follow(&self, change: ChangeId) -> BoxStream<'static, Result<Seen, Lost>> {
        let following = Following { remote: self.clone(), change, open: None, over: false };
        stream::unfold(following, async |mut following| {
            let seen = following.next().await?;
            Some((seen, following))
        })
        .boxed()
    }

    fn complete(&self, line: String, cursor: usize) -> BoxFuture<'static, Vec<Completion>> {
        let remote = self.clone();
        let asked = async move {
            match remote.call(Wanted::Complete { line, cursor }).await?.next().await? {
                Reply::Completions(completions) => Ok(completions),
                other => Err(unexpected(other)),
            }
        };
        // The timer is only made where this is awaited: whoever asks may be a thread without a runtime.
        async { timeout(COMPLETION, asked).await.ok().and_then(Result::ok).unwrap_or_default() }.boxed()
    }

    fn listen(&self) -> BoxStream<'static, Heard> {
        let heard = stream::unfold((self.clone(), None::<Open>), async |(remote, open)| {
            let mut open = open;
            loop {
                if let Some(line) = &mut open {
                    match line.next().await {
                        Ok(Reply::Heard(heard)) => return Some((*heard, (remote, open))),
                        Ok(Reply::Failed(Failed::NotYours)) => return None,
                        Ok(_) | Err(_) => open = None,
                    }
                }
                match remote.call(Wanted::Listen).await {
                    Ok(line) => open = Some(line),
                    Err(Failure::Final(_)) => return None,
                    // However long it is away: nobody waits for this.
                    Err(_) => sleep(LOOK_EVERY * 10).await,
                }
            }
        });
        heard.boxed()
    }

    fn reader(&self) -> Reader {
        self.known().reader.clone()
    }

    fn objection(&self) -> Option<Card> {
        self.known().objection.clone()
    }
}

/// A change that is followed, through restarts of the bot.
struct Following {
    remote: Remote,
    change: ChangeId,
    open: Option<Open>,
    over: bool,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Seen, Lost>> {
        if self.over {
            return None;
        }
        let seen = self.seen().await;
        self.over = matches!(seen, Ok(Seen::Ended { .. }) | Err(_));
        Some(seen)
    }

    async fn seen(&mut self) -> Result<Seen, Lost> {
        let mut deadline = None;
        loop {
            if let Some(open) = &mut self.open {
                match open.next().await {
                    Ok(Reply::Seen(seen)) => return Ok(*seen),
                    Ok(other) => match unexpected(other) {
                        Failure::Final(lost) => return Err(lost),
                        _ => self.open = None,
                    },
                    Err(Failure::Final(lost)) => return Err(lost),
                    Err(_) => self.open = None,
                }
            }
            // A bot that comes back and goes again, without a word about the change, is not waited for any longer.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.remote.patience.again);
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Lost::Gone);
            }
            let wanted = Wanted::Follow { change: self.change };
            let called = self.remote.persist(true, left, || self.remote.call(wanted.clone()));
            match timeout_at(deadline + WELCOME, called).await {
                Ok(Ok(open)) => self.open = Some(open),
                Ok(Err(Lost::OutcomeUnknown | Lost::NotRunning { .. })) | Err(_) => return Err(Lost::Gone),
                Ok(Err(lost)) => return Err(lost),
            }
        }
    }
}
