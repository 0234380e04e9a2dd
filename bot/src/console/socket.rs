//! The socket beside the data, by which a running bot is talked to.
//!
//! Only the bot's own user (and root) can connect: the file is theirs alone. Who speaks is told by the kernel, never by
//! the client.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use commands::invocation::{Desk, Via};
use futures::stream::{BoxStream, StreamExt as _};
use rustix::fs::Mode;
use state::names::PersonName;
use state::store::Store;
use tokio::io::{AsyncWrite, BufReader};
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::channel::Channels;
use super::partner::{Local, Lost, Partner as _, Said};
use super::speaker::{Identity, own_user, user_name};
use super::wire::{self, CALL_AT_MOST, Call, Failed, PROTOCOL, Reply, Wanted, Welcome};
use super::{Clock, Shutdown, ends};
use crate::transfer::{self, Exported};

/// How many clients are served at once.
const CLIENTS_AT_MOST: usize = 64;

/// How long a client may take to say what it wants, and to take a reply.
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);

/// How often a client that waits hears that the bot is there.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// How long what is being answered may go on once the bot ends.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// The mode of the socket: for its owner alone.
const OWNER_ONLY: u32 = 0o600;

/// A socket that is there, and not served yet.
pub struct Socket {
    path: PathBuf,
    listener: UnixListener,
    /// Device and number of the file, so that only our own is taken away.
    file: (u64, u64),
}

/// What the socket serves.
#[derive(Clone)]
pub struct Service {
    /// The desk.
    pub desk: Arc<dyn Desk>,
    /// The channels, where they are listened to.
    pub channels: Arc<Channels>,
    /// The clock.
    pub clock: Clock,
    /// The people in whose name others may speak.
    pub may_be_spoken_for: BTreeSet<PersonName>,
    /// The store, for exports.
    pub store: Arc<dyn Store>,
}

impl Socket {
    /// Makes the socket. What a bot that died has left there is replaced; a bot that lives keeps its own.
    pub fn bind(path: &Path) -> io::Result<Self> {
        remove_dead(path)?;
        let socket = UnixSocket::new_stream()?;
        // Where the system takes the mode from the open socket, the file is never anybody else's, not for a moment.
        let _ = rustix::fs::fchmod(&socket, Mode::from_raw_mode(OWNER_ONLY));
        socket.bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(OWNER_ONLY))?;
        let listener = socket.listen(128)?;
        let made = std::fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), listener, file: (made.dev(), made.ino()) })
    }

    /// Serves until the process ends. Then nobody new is let in, who follows is let go, and what is being answered
    /// gets a moment.
    pub async fn serve(self, service: Service, mut shutdown: Shutdown) {
        let service = Arc::new(service);
        let room = Arc::new(Semaphore::new(CLIENTS_AT_MOST));
        let mut clients = JoinSet::new();
        loop {
            let stream = tokio::select! {
                () = ends(&mut shutdown) => break,
                Some(_) = clients.join_next() => continue,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        // Out of file descriptors, mostly: the clients that are there will end.
                        tracing::warn!(error = %error, "a client of the socket could not be let in");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let permit = room.clone().try_acquire_owned().ok();
            clients.spawn(client(stream, permit, service.clone(), shutdown.clone()));
        }
        let last = async { while clients.join_next().await.is_some() {} };
        if timeout(LAST_ANSWERS, last).await.is_err() {
            tracing::warn!("a client of the socket was still being answered when the bot ended");
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let there = std::fs::symlink_metadata(&self.path);
        if there.is_ok_and(|there| (there.dev(), there.ino()) == self.file) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Takes away the socket of a bot that died.
fn remove_dead(path: &Path) -> io::Result<()> {
    let there = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        there => there?,
    };
    if !there.file_type().is_socket() {
        let why = format!("{} is there and is no socket", path.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => {
            let why = format!("another rotabot serves {}", path.display());
            Err(io::Error::new(io::ErrorKind::AddrInUse, why))
        }
    }
}

async fn client(stream: UnixStream, permit: Option<OwnedSemaphorePermit>, service: Arc<Service>, shutdown: Shutdown) {
    let Ok(peer) = stream.peer_cred() else { return };
    let (from, to) = stream.into_split();
    let mut line = Line { to, shutdown };
    if permit.is_none() {
        let _ = line.reply(Reply::Failed(Failed::Busy)).await;
        return;
    }
    let mut from = BufReader::new(from);
    let call: Call = match timeout(CLIENT_PATIENCE, wire::receive(&mut from, CALL_AT_MOST)).await {
        Ok(Ok(Some(call))) => call,
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            let _ = line.reply(Reply::Failed(Failed::Unreadable { why: error.to_string() })).await;
            return;
        }
        _ => return,
    };
    if call.v != PROTOCOL {
        let _ = line.reply(Reply::Failed(Failed::Version { speaks: PROTOCOL })).await;
        return;
    }
    // Whoever is gone is not worth a line in the log: their next call finds what this one began.
    let _ = answer(call, peer.uid(), &service, &mut line).await;
}

async fn answer(call: Call, uid: u32, service: &Service, line: &mut Line<impl AsyncWrite + Unpin>) -> io::Result<()> {
    let Call { in_name_of, what, .. } = call;
    let user = user_name(uid).await;
    let catalogue = service.desk.catalogue();
    let now = (service.clock)().wall;
    let may_be_spoken_for = &service.may_be_spoken_for;
    let local = Local {
        desk: service.desk.clone(),
        channels: service.channels.clone(),
        clock: service.clock,
        identity: Identity::of_user(&catalogue, &user, in_name_of.as_deref(), may_be_spoken_for, now),
        via: Via::Socket,
    };
    // Whoever listens must not miss what is said while the welcome is on its way.
    let heard = matches!(what, Wanted::Listen).then(|| local.listen());
    line.reply(Reply::Welcome(welcome(&local))).await?;
    match what {
        Wanted::Welcome => Ok(()),
        Wanted::Say { text, request } => line.told(&local, Said::Text(text), request).await,
        Wanted::Press { press, request } => line.told(&local, Said::Press(press), request).await,
        Wanted::Complete { line: typed, cursor } => {
            let completions = local.complete(typed, cursor).await;
            line.reply(Reply::Completions(completions)).await
        }
        Wanted::Follow { .. } | Wanted::Listen if local.identity.speaker.is_err() => {
            line.reply(Reply::Failed(Failed::NotYours)).await
        }
        Wanted::Follow { change } => {
            let seen = local.follow(change).map(|seen| match seen {
                Ok(seen) => Reply::Seen(Box::new(seen)),
                Err(Lost::NotYours) => Reply::Failed(Failed::NotYours),
                Err(_) => Reply::Failed(Failed::Ending),
            });
            line.stream(seen.boxed()).await
        }
        Wanted::Listen => {
            let heard = heard.into_iter().flat_map(|heard| vec![heard]);
            let heard = futures::stream::iter(heard).flatten().map(|heard| Reply::Heard(Box::new(heard)));
            line.stream(heard.boxed()).await
        }
        // The store holds what everybody did: it is for those who could read its files.
        Wanted::Export if uid != own_user() && uid != 0 => line.reply(Reply::Failed(Failed::NotYours)).await,
        Wanted::Export => {
            let exported = transfer::export(service.store.clone(), now).map(|exported| match exported {
                Exported::Line(line) => Reply::Exported(line),
                Exported::Torn => Reply::ExportTorn,
                Exported::End => Reply::ExportEnds,
                Exported::Failed(why) => Reply::Failed(Failed::Store { why }),
            });
            line.stream(exported.boxed()).await
        }
    }
}

fn welcome(local: &Local) -> Welcome {
    let reader = local.reader();
    Welcome {
        rotabot: env!("CARGO_PKG_VERSION").to_owned(),
        person: reader.person,
        language: reader.language,
        zone: reader.zone.name().to_owned(),
        objection: local.objection(),
    }
}

/// A client's end of the line.
struct Line<W> {
    to: W,
    shutdown: Shutdown,
}

impl<W: AsyncWrite + Unpin> Line<W> {
    /// Sends a reply, unless the client takes nothing.
    async fn reply(&mut self, reply: Reply) -> io::Result<()> {
        let sent = timeout(CLIENT_PATIENCE, wire::send(&mut self.to, &reply)).await;
        sent.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Has something carried out. It is carried out to its end, whether or not the client stays.
    async fn told(&mut self, local: &Local, said: Said, request: ulid::Ulid) -> io::Result<()> {
        let local = local.clone();
        let asked = tokio::spawn(async move { local.ask(said, request).await });
        let told = futures::FutureExt::into_stream(asked).map(|told| match told {
            Ok(Ok(told)) => Some(Reply::Told(Box::new(told))),
            // Nobody knows how far it came. The client asks again, and finds out.
            _ => None,
        });
        let mut told = told.boxed();
        let mut alive = interval(ALIVE_EVERY);
        alive.reset();
        loop {
            tokio::select! {
                Some(told) = told.next() => match told {
                    Some(reply) => return self.reply(reply).await,
                    None => return Err(io::ErrorKind::BrokenPipe.into()),
                },
                _ = alive.tick() => self.reply(Reply::Alive).await?,
            }
        }
    }

    /// Sends what comes until it ends, the client goes, or the bot does.
    async fn stream(&mut self, mut replies: BoxStream<'_, Reply>) -> io::Result<()> {
        let mut alive = interval(ALIVE_EVERY);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        alive.reset();
        loop {
            let reply = tokio::select! {
                reply = replies.next() => match reply {
                    Some(reply) => reply,
                    None => return Ok(()),
                },
                _ = alive.tick() => Reply::Alive,
                () = ends(&mut self.shutdown) => Reply::Failed(Failed::Ending),
            };
            let last = reply == Reply::Failed(Failed::Ending);
            self.reply(reply).await?;
            if last {
                return Ok(());
            }
        }
    }
}
