//! One cluster: how it is reached, and whether it is alive.
//!
//! A cluster that is not there is no error: its client is made when its kubeconfig can be read, and made anew when the
//! cluster stays silent or no longer takes our credentials, for files and tokens change under a bot that runs for
//! months. The heartbeat says when the API server last answered; what that is worth is in `freshness`.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use commands::ports::ClusterFault;
use futures::io::AsyncReadExt as _;
use http::Request;
use state::fault::Fault;
use state::names::{ClusterName, Namespace};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use super::answers::CallFault;
use super::client;
use super::requests;
use super::room::Room;
use crate::config::ClusterAccess;

const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);
pub(super) const HEARTBEAT_LIMIT: Duration = Duration::from_secs(3);
/// Making a client may run a command that fetches a token.
const CLIENT_LIMIT: Duration = Duration::from_secs(20);
/// A client that was made less than this ago is not made anew for want of credentials.
const CLIENT_REST: Duration = Duration::from_secs(10);
/// No log that we ask for is longer; the server's own limit is lower.
const LONGEST_LOG: u64 = 1 << 20;

/// Called with each change of what is known of a namespace.
pub type Wake = Arc<dyn Fn(&ClusterName, &Namespace, Concerned<'_>) + Send + Sync>;

/// Whom a change of what is known concerns.
#[derive(Debug, Clone, Copy)]
pub enum Concerned<'a> {
    /// All who look at the namespace.
    All,
    /// Those who look at a workload of one of these names.
    Of(&'a BTreeSet<String>),
}

pub(super) struct Connection {
    name: ClusterName,
    access: ClusterAccess,
    wake: Wake,
    client: Mutex<Client>,
    /// Held while a client is made, also where nobody waits for it any more: one command that hangs may be so, not one
    /// more with each attempt.
    making: Arc<tokio::sync::Mutex<()>>,
    rooms: Mutex<HashMap<Namespace, Arc<Room>>>,
    /// Whether a client was made, or could not be made.
    tried: watch::Sender<bool>,
    /// Counts how often the watches had to be subscribed anew.
    pulse: watch::Sender<u64>,
    beat_soon: Notify,
}

#[derive(Default)]
struct Client {
    client: Option<kube::Client>,
    made: Option<Instant>,
    /// When its credentials are to be fetched anew.
    renewed: Option<Instant>,
    /// Why no newer one could be made.
    unmade: Option<Fault>,
    /// Why the cluster can't be used, while it can't.
    trouble: Option<ClusterFault>,
}

impl Connection {
    pub(super) fn new(name: ClusterName, access: ClusterAccess, wake: Wake) -> Self {
        Self {
            name,
            access,
            wake,
            client: Mutex::default(),
            making: Arc::default(),
            rooms: Mutex::default(),
            tried: watch::Sender::new(false),
            pulse: watch::Sender::new(0),
            beat_soon: Notify::new(),
        }
    }

    pub(super) fn name(&self) -> &ClusterName {
        &self.name
    }

    /// What is known of a namespace. Tells whether it was unknown until now, and is to be watched.
    pub(super) fn room(&self, namespace: &Namespace) -> (Arc<Room>, bool) {
        let mut rooms = locked(&self.rooms);
        if let Some(room) = rooms.get(namespace) {
            return (Arc::clone(room), false);
        }
        let room = Arc::new(Room::new(namespace.clone()));
        rooms.insert(namespace.clone(), Arc::clone(&room));
        (room, true)
    }

    /// Why the cluster can't be used, while it can't.
    pub(super) fn trouble(&self) -> Option<ClusterFault> {
        locked(&self.client).trouble.clone()
    }

    /// Changes when watches have to be subscribed anew.
    pub(super) fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// A watch came into sync: the next heartbeat, which makes that count, needn't wait.
    pub(super) fn beat_soon(&self) {
        self.beat_soon.notify_one();
    }

    pub(super) fn wake(&self, namespace: &Namespace, concerned: Concerned<'_>) {
        (self.wake)(self.name(), namespace, concerned);
    }

    /// The client, if there is one yet.
    pub(super) fn client(&self) -> Result<kube::Client, CallFault> {
        let client = locked(&self.client);
        client.client.clone().ok_or_else(|| {
            CallFault::Unanswered(match &client.trouble {
                Some(ClusterFault::Unreachable(fault) | ClusterFault::Unreadable(fault)) => fault.clone(),
                _ => Fault::new("not connected yet"),
            })
        })
    }

    /// Asks and waits for the whole answer.
    pub(super) async fn call(&self, request: Request<Vec<u8>>, limit: Duration) -> Result<String, CallFault> {
        let first = self.call_once(request.clone(), limit).await;
        match first {
            // Nothing was done, and a token that was replaced on disk is all that may be missing.
            Err(fault) if fault.is_unauthenticated() && self.make_client(CLIENT_REST).await => {
                self.call_once(request, limit).await
            }
            other => other,
        }
    }

    async fn call_once(&self, request: Request<Vec<u8>>, limit: Duration) -> Result<String, CallFault> {
        let ask = async { Ok(self.first_client().await?.request_text(request).await?) };
        timeout(limit, ask).await.unwrap_or_else(|_| Err(unanswered(limit)))
    }

    /// The client. Whoever comes right after the start waits for it.
    async fn first_client(&self) -> Result<kube::Client, CallFault> {
        // The sender lives as long as this, so there is always an answer.
        let _ = self.tried.subscribe().wait_for(|tried| *tried).await;
        self.client()
    }

    /// Asks and waits for an answer that may be cut in the middle of a character.
    pub(super) async fn call_for_bytes(
        &self,
        request: Request<Vec<u8>>,
        limit: Duration,
    ) -> Result<Vec<u8>, CallFault> {
        let read = async {
            let mut bytes = Vec::new();
            let stream = self.first_client().await?.request_stream(request).await?;
            let mut stream = std::pin::pin!(stream.take(LONGEST_LOG));
            stream.read_to_end(&mut bytes).await.map_err(|error| CallFault::Unanswered(Fault::of(&error)))?;
            Ok(bytes)
        };
        timeout(limit, read).await.unwrap_or_else(|_| Err(unanswered(limit)))
    }

    /// Keeps the client and the heartbeat going, for ever.
    pub(super) async fn keep_alive(self: Arc<Self>) {
        let mut misses: u32 = 0;
        let mut answered_before = false;
        loop {
            if remake_client_after(misses) || locked(&self.client).client.is_none() {
                self.make_client(Duration::ZERO).await;
            }
            self.renew_credentials();
            let sent = Instant::now();
            match self.beat().await {
                Ok(()) => {
                    // Watches may have lost their connection without a sign while nothing was answered.
                    if misses > 0 {
                        self.renew();
                    }
                    if misses > 0 || !answered_before {
                        tracing::info!(cluster = %self.name(), missed = misses, "The API server answers");
                    }
                    (misses, answered_before) = (0, true);
                    locked(&self.client).trouble = None;
                    self.answered(sent);
                }
                Err(fault) => {
                    let fault = self.told(fault);
                    if misses == 0 {
                        tracing::warn!(cluster = %self.name(), fault = ?fault, "The API server does not answer");
                    }
                    misses = misses.saturating_add(1);
                    locked(&self.client).trouble = Some(fault);
                }
            }
            let next =
                if misses == 0 { HEARTBEAT_EVERY } else { HEARTBEAT_EVERY.min(Duration::from_secs(u64::from(misses))) };
            tokio::select! {
                () = tokio::time::sleep_until(sent + next) => {}
                () = self.beat_soon.notified(), if misses == 0 => {}
            }
        }
    }

    /// The task of the heartbeat panicked, and is begun again. Until then what is known ages.
    pub(super) fn broke(&self) {
        tracing::error!(cluster = %self.name(), "The task of the heartbeat panicked; it is begun again");
        self.renew();
    }

    /// Credentials that are not taken, where newer ones can't be fetched, are a matter of that.
    fn told(&self, fault: CallFault) -> ClusterFault {
        let unmade = locked(&self.client).unmade.clone().filter(|_| fault.is_unauthenticated());
        unmade.map_or_else(|| fault.trouble(), ClusterFault::Unreachable)
    }

    /// Fetches credentials anew before they end. The heartbeat doesn't wait for it: the old ones still serve.
    fn renew_credentials(self: &Arc<Self>) {
        if locked(&self.client).renewed.is_some_and(|at| at <= Instant::now()) {
            let connection = Arc::clone(self);
            tokio::spawn(async move { connection.make_client(CLIENT_REST).await });
        }
    }

    async fn beat(&self) -> Result<(), CallFault> {
        self.call(requests::readyz()?, HEARTBEAT_LIMIT).await.map(|_| ())
    }

    /// Nothing that was heard so far is believed any more until it was listed anew.
    fn renew(&self) {
        self.pulse.send_modify(|pulse| *pulse += 1);
        locked(&self.rooms).values().for_each(|room| room.renew());
    }

    fn answered(&self, sent: Instant) {
        let rooms: Vec<_> = locked(&self.rooms).values().cloned().collect();
        for room in rooms {
            if room.beat(sent) {
                self.wake(room.namespace(), Concerned::All);
            }
        }
    }

    /// Makes the client anew, unless that was done just now. Tells whether there is a new one.
    async fn make_client(&self, rest: Duration) -> bool {
        let Ok(alone) = Arc::clone(&self.making).try_lock_owned() else { return false };
        let now = Instant::now();
        {
            let mut client = locked(&self.client);
            if client.made.is_some_and(|made| now.saturating_duration_since(made) < rest) {
                return false;
            }
            client.made = Some(now);
        }
        let access = self.access.clone();
        let runtime = tokio::runtime::Handle::current();
        // Files are read, and a command that fetches a token may be waited for.
        let making = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            runtime.block_on(client::make(&access))
        });
        let made = match timeout(CLIENT_LIMIT, making).await {
            Ok(Ok(made)) => made,
            Ok(Err(error)) => Err(Fault::of(&error)),
            Err(_) => {
                tracing::warn!(cluster = %self.name(), "Reading the kubeconfig, or the command that it names, takes too \
                    long; no other attempt is made until it ends");
                Err(Fault::new("reading the kubeconfig, or the command that it names, took too long"))
            }
        };
        let mut client = locked(&self.client);
        let made = match made {
            Ok(made) => {
                client.client = Some(made.client);
                client.renewed = made.renewed_after.map(|after| Instant::now() + after);
                client.unmade = None;
                true
            }
            // An old client is better than none.
            Err(fault) => {
                if client.client.is_none() {
                    client.trouble = Some(ClusterFault::Unreachable(fault.clone()));
                } else if client.unmade.is_none() {
                    tracing::warn!(cluster = %self.name(), fault = fault.chain(), "The client can't be made anew; the \
                        old one serves as long as its credentials are taken");
                }
                client.unmade = Some(fault);
                false
            }
        };
        drop(client);
        self.tried.send_replace(true);
        made
    }
}

fn unanswered(limit: Duration) -> CallFault {
    CallFault::Unanswered(Fault::new(format!("no answer within {} s", limit.as_secs())))
}

/// A client that gets no answers is made anew now and then, ever more rarely.
fn remake_client_after(misses: u32) -> bool {
    misses >= 3
        && (misses.is_multiple_of(24) || (misses < 24 && (misses / 3).is_power_of_two() && misses.is_multiple_of(3)))
}

/// Nothing that is held under these locks can be left half done, so a panic elsewhere doesn't spoil them.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A connection whose kubeconfig names a plugin, which notes each of its starts.
    struct Odd {
        folder: tempfile::TempDir,
        connection: Arc<Connection>,
    }

    impl Odd {
        /// `script` is what the plugin does at its second start and later; at the first as well where `first` is empty.
        fn new(address: &str, first: &str, script: &str) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("kubeconfig");
            let mut whole = format!("cd '{}'; echo once >> started; ", folder.path().display());
            if !first.is_empty() {
                whole += &format!("if [ $(wc -l < started) = 1 ]; then {first}; exit 0; fi; ");
            }
            let exec = json!({ "command": "sh", "args": ["-c", whole + script] });
            let kubeconfig = client::tests::kubeconfig(&exec).replace("127.0.0.1:1", address);
            std::fs::write(&file, kubeconfig).expect("written");
            let access = ClusterAccess::Kubeconfig { file: Some(file), context: "odd".to_owned() };
            let name = ClusterName::new("odd").expect("a name");
            Self { folder, connection: Arc::new(Connection::new(name, access, Arc::new(|_, _, _| {}))) }
        }

        fn starts(&self) -> usize {
            std::fs::read_to_string(self.folder.path().join("started")).unwrap_or_default().lines().count()
        }

        /// The plugin need not wait any longer.
        fn go(&self) {
            std::fs::write(self.folder.path().join("go"), "").expect("written");
        }

        async fn until(&self, what: &str, wanted: impl Fn() -> bool) {
            let wait = async {
                while !wanted() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let waited = timeout(Duration::from_secs(20), wait).await;
            assert!(waited.is_ok(), "{what}: {:?}", self.connection.trouble());
        }
    }

    const HANGS: &str = "n=0; while [ ! -e go ] && [ $n -lt 200 ]; do n=$((n+1)); sleep 0.05; done; ";

    fn prints(token: &str, seconds: i64) -> String {
        let end = crate::clock::now().wall + chrono::TimeDelta::seconds(seconds);
        format!("echo '{{\"status\": {{\"token\": \"{token}\", \"expirationTimestamp\": \"{end:?}\"}}}}'")
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_is_not_started_again() {
        let odd = Odd::new("127.0.0.1:1", "", &format!("{HANGS} exit 1"));
        let first = tokio::spawn({
            let connection = Arc::clone(&odd.connection);
            async move { connection.make_client(Duration::ZERO).await }
        });
        odd.until("it begins", || odd.starts() > 0).await;
        // As after the limit: nobody waits for it any more, and it goes on all the same.
        first.abort();
        let again = timeout(Duration::from_secs(1), odd.connection.make_client(Duration::ZERO)).await;
        assert_eq!((again, odd.starts()), (Ok(false), 1));
        odd.go();
        // The folder stays until the last look at it.
        drop(odd.connection.making.lock().await);
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_when_its_token_ends_runs_once_and_is_taken_at_its_word_when_it_answers() {
        let odd = Odd::new("127.0.0.1:1", &prints("first", 0), &format!("{HANGS} {}", prints("second", 3600)));
        assert!(odd.connection.make_client(Duration::ZERO).await, "{:?}", odd.connection.trouble());
        locked(&odd.connection.client).made = None;
        let due = || locked(&odd.connection.client).renewed.is_some_and(|at| at <= Instant::now());
        assert!(due(), "the first token has ended");
        // As the heartbeat does, over and over, and whoever is told that the token is not taken any more.
        for _ in 0..20 {
            odd.connection.renew_credentials();
            tokio::task::yield_now().await;
        }
        odd.until("it begins anew", || odd.starts() == 2).await;
        assert!(!odd.connection.make_client(Duration::ZERO).await);
        assert!(odd.connection.client().is_ok(), "the old one is better than none");
        assert_eq!(odd.starts(), 2);
        odd.go();
        odd.until("the new token is taken", || !due()).await;
        assert_eq!(odd.starts(), 2);
    }

    #[tokio::test]
    async fn credentials_that_can_t_be_renewed_are_told_as_that() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = server.local_addr().expect("an address").to_string();
        let serving = tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            while let Ok((mut stream, _)) = server.accept().await {
                let body = r#"{"kind":"Status","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
                let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nconnection: close\r\n";
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let odd = Odd::new(&address, &prints("first", 0), "echo no card in the reader >&2; exit 3");
        assert!(odd.connection.make_client(Duration::ZERO).await, "{:?}", odd.connection.trouble());
        locked(&odd.connection.client).made = None;
        let alive = tokio::spawn(Arc::clone(&odd.connection).keep_alive());
        let told = || match odd.connection.trouble() {
            Some(ClusterFault::Unreachable(fault)) => fault.chain().to_owned(),
            _ => String::new(),
        };
        odd.until("it is told", || told().contains("the credential plugin sh")).await;
        assert!(told().contains("no card in the reader"), "{}", told());
        alive.abort();
        serving.abort();
    }

    #[test]
    fn a_silent_client_is_made_anew_ever_more_rarely() {
        let remade: Vec<_> = (0..80).filter(|misses| remake_client_after(*misses)).collect();
        assert_eq!(remade, [3, 6, 12, 24, 48, 72]);
    }
}
