//! A proxy before the API server: it ends TLS, and can hold a request before it goes on, hold its answer, or let nothing through.
//!
//! Each request has a connection of its own on both sides (`Connection: close`), and none is given up because its client is: what a
//! client no longer waits for may still be on its way, as on a real network. It offers no ALPN, so clients speak HTTP/1.1.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cluster::{ControlPlane, Kubeconfig, until};
use native_tls::{Certificate, Identity};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_native_tls::{TlsAcceptor, TlsConnector, TlsStream};

type Client = TlsStream<TcpStream>;

/// A running proxy. What goes through it ends when it is dropped.
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
    // The last to go: its tasks use all of the above.
    _runtime: Runtime,
}

/// The head of a request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    pub body: String,
}

/// Where a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The API server has not seen it.
    TheRequest,
    /// The API server has carried it out, and the client has not heard of it.
    TheAnswer,
}

/// Holds the first request that fits. Dropped, it holds nothing any more.
pub struct Breakpoint {
    held: Arc<Held>,
}

struct Held {
    at: At,
    fits: Box<dyn Fn(&Request) -> bool + Send + Sync>,
    state: watch::Sender<State>,
    /// The status with which the API server answered the held request.
    answer: watch::Sender<Option<u16>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Reached,
    GoesOn,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    /// Connections are accepted, and nothing moves on them.
    Frozen,
    /// Connections are closed as they come, and those that were there are.
    Refusing,
}

struct Shared {
    server: String,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    mode: watch::Sender<Mode>,
    breakpoints: Mutex<Vec<Arc<Held>>>,
    requests: Mutex<Vec<Request>>,
}

impl Proxy {
    pub fn start(plane: &ControlPlane) -> Result<Self> {
        let pair = plane.authority().server("proxy", &[])?;
        let identity = Identity::from_pkcs8(pair.certificate.as_bytes(), pair.key.as_bytes())?;
        let trusted = Certificate::from_pem(plane.authority().certificate()?.as_bytes())?;
        let connector =
            native_tls::TlsConnector::builder().add_root_certificate(trusted).disable_built_in_roots(true).build()?;
        let shared = Arc::new(Shared {
            server: plane.server().trim_start_matches("https://").to_owned(),
            acceptor: native_tls::TlsAcceptor::new(identity)?.into(),
            connector: connector.into(),
            mode: watch::Sender::new(Mode::Open),
            breakpoints: Mutex::default(),
            requests: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = format!("https://{}", listener.local_addr()?);
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _runtime: runtime })
    }

    /// The same identity, by way of this proxy.
    pub fn before(&self, kubeconfig: Kubeconfig) -> Kubeconfig {
        kubeconfig.with_server(&self.address)
    }

    /// Holds the first request from now on that fits.
    pub fn hold(&self, at: At, fits: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Breakpoint {
        let (state, answer) = (watch::Sender::new(State::Waiting), watch::Sender::new(None));
        let held = Arc::new(Held { at, fits: Box::new(fits), state, answer });
        locked(&self.shared.breakpoints).push(Arc::clone(&held));
        Breakpoint { held }
    }

    /// Holds the first PATCH whose body contains this text, as the name of a step in our marker.
    pub fn hold_patch(&self, at: At, containing: &str) -> Breakpoint {
        let containing = containing.to_owned();
        self.hold(at, move |request| request.method == "PATCH" && request.body.contains(&containing))
    }

    /// Nothing moves any more, and nothing is closed.
    pub fn freeze(&self) {
        self.shared.mode.send_replace(Mode::Frozen);
    }

    /// Nothing is let in, and what is under way is cut.
    pub fn refuse(&self) {
        self.shared.mode.send_replace(Mode::Refusing);
    }

    /// As it should be.
    pub fn open(&self) {
        self.shared.mode.send_replace(Mode::Open);
    }

    /// All requests that came so far, in their order.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.shared.requests).clone()
    }
}

impl Breakpoint {
    /// Waits until a request is held here.
    pub fn reached(&self, patience: Duration) -> Result<()> {
        until("a request that the proxy was to hold", patience, || {
            Ok((*self.held.state.borrow() != State::Waiting).then_some(()))
        })
    }

    /// Whether a request is held here.
    pub fn is_reached(&self) -> bool {
        *self.held.state.borrow() == State::Reached
    }

    /// Lets it go on, whether or not its client still waits.
    pub fn go_on(&self) {
        self.held.state.send_replace(State::GoesOn);
    }

    /// It is lost: the client never hears of it, and neither does the server if it was held before it came there.
    pub fn lose(&self) {
        self.held.state.send_replace(State::Lost);
    }

    /// The status with which the API server answered at last.
    pub fn answered(&self, patience: Duration) -> Result<u16> {
        until("the API server's answer to the held request", patience, || Ok(*self.held.answer.borrow()))
    }
}

impl Drop for Breakpoint {
    fn drop(&mut self) {
        self.held.state.send_if_modified(|state| {
            let holds = matches!(state, State::Waiting | State::Reached);
            if holds {
                *state = State::GoesOn;
            }
            holds
        });
    }
}

impl Held {
    async fn pass(&self) -> Result<()> {
        self.state.send_if_modified(|state| {
            let waits = *state == State::Waiting;
            if waits {
                *state = State::Reached;
            }
            waits
        });
        let mut state = self.state.subscribe();
        match *state.wait_for(|state| matches!(state, State::GoesOn | State::Lost)).await? {
            State::GoesOn => Ok(()),
            _ => bail!("lost on purpose"),
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let refused = async {
                let mut mode = shared.mode.subscribe();
                let _ = mode.wait_for(|mode| *mode == Mode::Refusing).await;
            };
            // A connection that ends in the middle is the client's affair: this is what it is there to meet.
            tokio::select! {
                _ = serve(stream, &shared) => {}
                () = refused => {}
            }
        });
    }
}

/// One request and its answer.
async fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut client = shared.acceptor.accept(stream).await?;
    let Some(asked) = read_request(&mut client).await? else { return Ok(()) };
    locked(&shared.requests).push(asked.request.clone());
    shared.moves().await;
    let held = shared.breakpoint(&asked.request);
    if let Some(held) = held.as_deref().filter(|held| held.at == At::TheRequest) {
        held.pass().await?;
    }
    let tcp = TcpStream::connect(&shared.server).await?;
    tcp.set_nodelay(true)?;
    let host = shared.server.split(':').next().unwrap_or_default();
    let mut server = shared.connector.connect(host, tcp).await?;
    server.write_all(&asked.bytes).await?;
    server.flush().await?;
    match held.as_deref() {
        None => relay(&mut server, &mut client, shared).await,
        Some(held) => {
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).await?;
            held.answer.send_replace(status(&answer));
            if held.at == At::TheAnswer {
                held.pass().await?;
            }
            client.write_all(&answer).await?;
            Ok(client.shutdown().await?)
        }
    }
}

/// Copies what the server sends, as it comes.
async fn relay(server: &mut Client, client: &mut Client, shared: &Shared) -> Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = server.read(&mut buffer).await?;
        shared.moves().await;
        if read == 0 {
            return Ok(client.shutdown().await?);
        }
        client.write_all(&buffer[..read]).await?;
        client.flush().await?;
    }
}

impl Shared {
    /// Waits while nothing moves.
    async fn moves(&self) {
        let _ = self.mode.subscribe().wait_for(|mode| *mode != Mode::Frozen).await;
    }

    /// The breakpoint that this request is held at; each holds one.
    fn breakpoint(&self, request: &Request) -> Option<Arc<Held>> {
        let mut breakpoints = locked(&self.breakpoints);
        let place = breakpoints.iter().position(|held| (held.fits)(request))?;
        Some(breakpoints.remove(place))
    }
}

struct Asked {
    request: Request,
    /// The whole request as it is sent on.
    bytes: Vec<u8>,
}

/// Reads a request with its body; none where the client closed without one.
async fn read_request(client: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    parsed.parse(&bytes[..end]).context("a request head")?;
    let (method, path) = (parsed.method.unwrap_or_default().to_owned(), parsed.path.unwrap_or_default().to_owned());
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n").into_bytes();
    let mut length = 0;
    for header in parsed.headers.iter() {
        let name = header.name.to_ascii_lowercase();
        match name.as_str() {
            "connection" => continue,
            "transfer-encoding" => bail!("a request body of unknown length"),
            "content-length" => length = std::str::from_utf8(header.value)?.trim().parse()?,
            _ => {}
        }
        head.extend_from_slice(format!("{name}: ").as_bytes());
        head.extend_from_slice(header.value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let mut body = bytes.split_off(end);
    while body.len() < length {
        if client.read_buf(&mut body).await? == 0 {
            bail!("a request that ended in its body");
        }
    }
    head.extend_from_slice(&body);
    let request = Request { method, path, body: String::from_utf8_lossy(&body).into_owned() };
    Ok(Some(Asked { request, bytes: head }))
}

/// The status of an answer; none where there is not even a first line.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(line).ok()?.split(' ').nth(1)?.parse().ok()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
