//! An API server that answers as the real one rarely does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use commands::ports::Cluster as _;
use serde_json::json;
use state::catalogue::{Permissions, Policy, Target, Workload, WorkloadKind};
use state::names::{ChannelName, ClusterName, EnvironmentName, ServiceName, TargetName, WorkloadName};
use state::rollout::seen::Observed;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::objects::tests::deployment_json;
use super::*;
use crate::config::ClusterAccess;
use crate::kubernetes::{Kubernetes, Wake};

/// What is answered to one request.
enum Answer {
    /// This, and that was all.
    Whole(u16, Value),
    /// These lines, and then nothing more, the connection staying open.
    Open(Vec<Value>),
    /// These lines, and the end of the watch.
    Ended(String),
}

type Script = dyn Fn(&str, usize) -> Option<Answer> + Send + Sync;

struct Server {
    kubernetes: Kubernetes,
    asked: Arc<Mutex<Vec<String>>>,
    woken: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Server {
    /// The script gets each request and how many of the same path came before; where it has no answer, there is a
    /// healthy server with one Deployment.
    async fn start(script: impl Fn(&str, usize) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self::start_with(script, || {}).await
    }

    /// `woken` is called with each wake.
    async fn start_with(
        script: impl Fn(&str, usize) -> Option<Answer> + Send + Sync + 'static,
        woken: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let script: Arc<Script> = Arc::new(script);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&heard), Arc::clone(&script)));
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kubeconfig");
        let kubeconfig = json!({
            "clusters": [{ "name": "odd", "cluster": { "server": format!("http://{address}") } }],
            "users": [{ "name": "odd", "user": {} }],
            "contexts": [{ "name": "odd", "context": { "cluster": "odd", "user": "odd" } }],
        });
        std::fs::write(&file, kubeconfig.to_string()).expect("written");
        let access = ClusterAccess::Kubeconfig { file: Some(file), context: "odd".to_owned() };
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let wake: Wake = Arc::new(move |_, _, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            woken();
        });
        let name = ClusterName::new("odd").expect("a name");
        let kubernetes = Kubernetes::start(&BTreeMap::from([(name, access)]), &wake);
        Self { kubernetes, asked, woken: count, server, _folder: folder }
    }

    async fn until(&self, what: &str, wanted: impl Fn(&Observed) -> bool) -> Observed {
        let target = target();
        let start = Instant::now();
        loop {
            let seen = self.kubernetes.observe(&target);
            if wanted(&seen) {
                return seen;
            }
            let trouble = self.kubernetes.trouble(&target);
            assert!(start.elapsed() < Duration::from_secs(20), "{what}: {seen:?} {trouble:?} {:#?}", self.asked());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn room(&self) -> Arc<Room> {
        let target = target();
        let connection = &self.kubernetes.connections[&target.cluster];
        self.kubernetes.room(connection, &target.namespace)
    }

    async fn until_trouble(&self, wanted: impl Fn(&ClusterFault) -> bool) -> ClusterFault {
        let target = target();
        let start = Instant::now();
        loop {
            match self.kubernetes.trouble(&target) {
                Some(trouble) if wanted(&trouble) => return trouble,
                trouble => assert!(start.elapsed() < Duration::from_secs(20), "{trouble:?}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The requests for Deployments.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("no panic");
        asked.iter().filter(|one| one.contains("/deployments?")).cloned().collect()
    }
}

async fn answer(mut stream: TcpStream, asked: Arc<Mutex<Vec<String>>>, script: Arc<Script>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let before = {
        let mut asked = asked.lock().expect("no panic");
        let kind = |text: &str| (text.split('?').next().map(str::to_owned), text.contains("watch=true"));
        let before = asked.iter().filter(|one| kind(one) == kind(&path)).count();
        asked.push(path.clone());
        before
    };
    let lines = |lines: &[Value]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let (status, body, open) = match script(&path, before).unwrap_or_else(|| healthy(&path)) {
        Answer::Whole(status, body) => (status, body.to_string(), false),
        Answer::Open(events) => (200, lines(&events), true),
        Answer::Ended(body) => (200, body, false),
    };
    let head = format!("HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    if open {
        // Until the client goes, or the test ends.
        let _ = stream.read_u8().await;
    }
    let _ = stream.shutdown().await;
}

fn healthy(path: &str) -> Answer {
    if path == "/readyz" {
        return Answer::Whole(200, json!("ok"));
    }
    if path.contains("watch=true") {
        return Answer::Open(Vec::new());
    }
    let items = if path.contains("/deployments?") { vec![deployment("api", 3)] } else { Vec::new() };
    Answer::Whole(200, list("100", "", &items))
}

fn deployment(name: &str, replicas: u32) -> Value {
    let mut json = deployment_json();
    json["metadata"]["name"] = json!(name);
    json["metadata"]["resourceVersion"] = json!("101");
    json["spec"]["replicas"] = json!(replicas);
    json
}

fn list(version: &str, next: &str, items: &[Value]) -> Value {
    json!({ "kind": "List", "metadata": { "resourceVersion": version, "continue": next }, "items": items })
}

fn failure(code: u16, reason: &str, message: &str) -> Value {
    json!({ "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message })
}

fn target() -> Target {
    let workload = |name: &str| Workload {
        kind: WorkloadKind::Deployment,
        name: WorkloadName::new(name).expect("a name"),
        containers: Vec::new(),
    };
    Target {
        name: TargetName {
            service: ServiceName::new("api").expect("a name"),
            environment: EnvironmentName::new("prod").expect("a name"),
        },
        cluster: ClusterName::new("odd").expect("a name"),
        namespace: "shop".parse().expect("a namespace"),
        workloads: vec![workload("api"), workload("pay")],
        channel: ChannelName::new("ops").expect("a name"),
        policy: Policy::default(),
        permissions: Permissions::default(),
        owners: Vec::new(),
        runbook: None,
        dashboard: None,
    }
}

fn desired(seen: &Observed) -> Vec<Option<u32>> {
    seen.workloads.iter().map(|view| view.workload.as_ref().map(|workload| workload.desired)).collect()
}

fn is_list(path: &str) -> bool {
    path.contains("/deployments?") && !path.contains("watch=true")
}

fn is_watch(path: &str) -> bool {
    path.contains("/deployments?") && path.contains("watch=true")
}

#[tokio::test]
async fn all_pages_are_read_and_changes_heard() {
    let server = Server::start(|path, _| {
        if is_watch(path) {
            let event = |kind: &str, object: Value| json!({ "type": kind, "object": object });
            let bookmark =
                json!({ "kind": "Deployment", "apiVersion": "apps/v1", "metadata": { "resourceVersion": "9" } });
            return Some(Answer::Open(vec![
                event("BOOKMARK", bookmark),
                event("MODIFIED", deployment("api", 5)),
                event("DELETED", deployment("pay", 4)),
            ]));
        }
        let second = path.contains("continue=next%2Fpage");
        match is_list(path) {
            true if second => Some(Answer::Whole(200, list("101", "", &[deployment("pay", 4)]))),
            true => Some(Answer::Whole(200, list("101", "next/page", &[deployment("api", 3)]))),
            false => None,
        }
    })
    .await;
    let seen = server.until("all of it", |seen| desired(seen) == [Some(5), None] && seen.fresh()).await;
    assert!(seen.age < Some(Duration::from_secs(5)));
    assert!(server.woken.load(Ordering::Relaxed) >= 4);
    let asked = server.asked();
    assert!(asked[2].contains("resourceVersion=101") && asked[2].contains("allowWatchBookmarks=true"), "{asked:#?}");
}

#[tokio::test]
async fn what_the_server_no_longer_remembers_is_listed_anew() {
    let gone = json!({ "type": "ERROR", "object": failure(410, "Expired", "too old resource version") });
    let server = Server::start(move |path, before| match (is_list(path), is_watch(path), before) {
        (true, _, 0) => Some(Answer::Whole(200, list("100", "", &[deployment("api", 3), deployment("pay", 4)]))),
        (true, ..) => Some(Answer::Whole(200, list("200", "", &[deployment("api", 6)]))),
        (_, true, 0) => Some(Answer::Ended(format!("{gone}\n"))),
        _ => None,
    })
    .await;
    server.until("the second list", |seen| desired(seen) == [Some(6), None] && seen.fresh()).await;
    let last = server.asked().pop().expect("a request");
    assert!(last.contains("resourceVersion=200"), "{last}");
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_from_where_it_was() {
    let modified = json!({ "type": "MODIFIED", "object": deployment("api", 5) });
    let server = Server::start(move |path, before| match (is_watch(path), before) {
        (true, 0) => Some(Answer::Ended(format!("{modified}\n"))),
        _ => None,
    })
    .await;
    server.until("the change", |seen| desired(seen)[0] == Some(5)).await;
    server.until("the second watch", |_| server.asked().len() >= 3).await;
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|path| is_list(path)).count(), 1, "{asked:#?}");
    assert!(asked[2].contains("resourceVersion=101"), "{asked:#?}");
    server.until("freshness", Observed::fresh).await;
}

#[tokio::test]
async fn nonsense_is_told_and_overcome() {
    let server = Server::start(|path, before| match (is_list(path), is_watch(path), before) {
        (true, _, 0) => Some(Answer::Whole(200, json!({ "items": [{ "metadata": { "name": "api" } }] }))),
        (_, true, 0) => Some(Answer::Ended("{\"type\":\"MODIFIED\",\"object\":7}\n".to_owned())),
        _ => None,
    })
    .await;
    server.kubernetes.observe(&target());
    let trouble = server.until_trouble(|trouble| matches!(trouble, ClusterFault::Unreadable(_))).await;
    assert!(format!("{trouble:?}").contains("without a template"), "{trouble:?}");
    server.until("the workload", |seen| desired(seen)[0] == Some(3) && seen.fresh()).await;
    assert_eq!(server.kubernetes.trouble(&target()), None);
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() {
    let mut busy = failure(429, "TooManyRequests", "storage is (re)initializing");
    busy["details"] = json!({ "retryAfterSeconds": 2 });
    let server = Server::start(move |path, before| match (is_list(path), before) {
        (true, 0) => Some(Answer::Whole(429, busy.clone())),
        _ => None,
    })
    .await;
    let start = Instant::now();
    server.until("the workload", |seen| desired(seen)[0] == Some(3)).await;
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_right_that_is_missing_is_tried_again_soon_while_somebody_looks() {
    let granted = Arc::new(AtomicBool::new(false));
    let given = Arc::clone(&granted);
    let server = Server::start(move |path, _| {
        let refused = "deployments.apps is forbidden: User \"rotabot\" cannot list resource \"deployments\"";
        let denied = is_list(path) && !given.load(Ordering::Relaxed);
        denied.then(|| Answer::Whole(403, failure(403, "Forbidden", refused)))
    })
    .await;
    // By itself the seventh look would come half a minute after the first.
    server.until_trouble(|trouble| matches!(trouble, ClusterFault::Forbidden(_)) && server.asked().len() > 6).await;
    granted.store(true, Ordering::Relaxed);
    let start = Instant::now();
    server.until("the workload", |seen| desired(seen)[0] == Some(3) && seen.fresh()).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(server.kubernetes.trouble(&target()), None);
}

#[tokio::test]
async fn without_a_heartbeat_nothing_is_fresh() {
    let server = Server::start(|path, _| {
        let refused = "forbidden: User \"rotabot\" cannot get path \"/readyz\"";
        (path == "/readyz").then(|| Answer::Whole(403, failure(403, "Forbidden", refused)))
    })
    .await;
    let seen = server.until("the workload", |seen| desired(seen)[0] == Some(3)).await;
    assert_eq!(seen.age, None);
    let trouble = server.until_trouble(|trouble| matches!(trouble, ClusterFault::Forbidden(_))).await;
    assert!(format!("{trouble:?}").contains("cannot get path"), "{trouble:?}");
}

#[tokio::test]
async fn what_is_known_is_not_called_fresh_while_a_watch_pauses() {
    let server = Server::start(|path, _| is_watch(path).then(|| Answer::Ended(String::new()))).await;
    let watches = || server.asked().iter().filter(|path| is_watch(path)).count();
    server.until("a second watch", |_| watches() >= 2).await;
    let room = server.room();
    let stale = |age: Option<Duration>| age.is_none_or(|age| age > Duration::from_millis(300));
    server
        .until("a heartbeat that makes nothing younger", |_| {
            room.beat(Instant::now());
            stale(room.age())
        })
        .await;
}

/// An API server that can be made to miss heartbeats, and to come back as another one.
struct Outage {
    failing: Arc<AtomicBool>,
    restored: Arc<AtomicBool>,
}

impl Outage {
    async fn start() -> (Server, Self) {
        let (failing, restored) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (fails, other) = (Arc::clone(&failing), Arc::clone(&restored));
        let server = Server::start(move |path, _| {
            let fault = || Answer::Whole(500, failure(500, "InternalError", "etcd failed"));
            if path == "/readyz" && fails.load(Ordering::Relaxed) {
                return Some(fault());
            }
            (is_list(path) && other.load(Ordering::Relaxed))
                .then(|| Answer::Whole(200, list("7", "", &[deployment("api", 8)])))
        })
        .await;
        server.until("the workload", |seen| desired(seen)[0] == Some(3) && seen.fresh()).await;
        (server, Self { failing, restored })
    }

    async fn pass(&self, server: &Server) {
        self.failing.store(true, Ordering::Relaxed);
        server.until_trouble(|trouble| matches!(trouble, ClusterFault::Unreachable(_))).await;
        self.failing.store(false, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn after_a_heartbeat_that_was_missed_the_watches_are_subscribed_anew() {
    let (server, outage) = Outage::start().await;
    let watches = || server.asked().iter().filter(|path| is_watch(path)).count();
    let before = watches();
    outage.pass(&server).await;
    server.until("a new subscription", |_| watches() > before).await;
    let young = |seen: &Observed| seen.age.is_some_and(|age| age < Duration::from_secs(1));
    server.until("freshness", young).await;
    let lists = server.asked().iter().filter(|path| is_list(path)).count();
    assert_eq!(lists, 2, "one list at the start, and one after the outage");
}

/// Its versions begin anew where it was restored from a snapshot or made anew: one that we know from before may lie in
/// its future, and a watch from there on waits without a word.
#[tokio::test]
async fn a_server_that_came_back_with_older_versions_is_listed_anew() {
    let (server, outage) = Outage::start().await;
    outage.restored.store(true, Ordering::Relaxed);
    outage.pass(&server).await;
    server.until("what the restored server has", |seen| desired(seen)[0] == Some(8) && seen.fresh()).await;
    // What is known may be as young as that before the watch after the list is asked for.
    let watched = || server.asked().pop().is_some_and(|last| last.contains("resourceVersion=7&"));
    server.until("the watch from there on", |_| watched()).await;
}

#[tokio::test]
async fn a_watch_whose_task_panics_is_begun_again() {
    let armed = Arc::new(AtomicBool::new(false));
    let arms = Arc::clone(&armed);
    let event = |replicas| json!({ "type": "MODIFIED", "object": deployment("api", replicas) });
    let script = move |path: &str, before| match (is_watch(path), before) {
        (true, 0) => {
            arms.store(true, Ordering::Relaxed);
            Some(Answer::Open(vec![event(5)]))
        }
        (true, _) => Some(Answer::Open(vec![event(6)])),
        _ => None,
    };
    let server = Server::start_with(script, move || {
        assert!(!armed.swap(false, Ordering::Relaxed), "the panic that this test is about");
    })
    .await;
    server.until("a change after the panic", |seen| desired(seen)[0] == Some(6) && seen.fresh()).await;
    assert_eq!(server.kubernetes.trouble(&target()), None);
}

#[test]
fn pauses_grow_to_a_limit() {
    let seconds: Vec<_> = (1..9).map(|failures| pause_after(failures).as_secs_f32()).collect();
    assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
    assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    for _ in 0..50 {
        let pause = spread(Duration::from_secs(10));
        assert!(pause >= Duration::from_secs(10) && pause < Duration::from_secs(15), "{pause:?}");
    }
}
