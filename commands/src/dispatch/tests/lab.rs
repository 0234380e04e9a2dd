//! The desk of a small shop, with a network that nobody may touch.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{self, BoxFuture, FutureExt as _};
use serde_json::json;
use state::catalogue::{
    Catalogue, ContainerSource, Environment, Grantee, Mode, Permissions, Person, Policy, Service, Workload,
    WorkloadKind,
};
use state::change::outcome::{EndedBy, Failure};
use state::change::patch::PatchStep;
use state::change::transition::{Event, Transition, transition};
use state::change::{Baseline, Change, Head, NewImage, Phase, Work, WorkloadWork, Written};
use state::claim::Claim;
use state::evidence::CauseKind;
use state::fault::Fault;
use state::image::Image;
use state::names::ContainerName;
use state::records::{Advanced, Records};
use state::rollout::seen::{EventSeen, MarkerStep, Observed, PodSeen, WorkloadSeen, WorkloadView};
use state::store::{Commit, Key, MemoryStore, Range, Revision, Store};
use state::template::Template;

use super::super::*;
use crate::engine::Board;
use crate::invocation::{RequestId, Via};
use crate::ports::{Cluster, ClusterFault, Patched, Registry, RegistryFault, Resolved};
use crate::press::Press;

pub(crate) fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name")
}

/// So many seconds after the night began.
pub(crate) fn at(seconds: u64) -> Now {
    let began = "2026-11-26T03:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().expect("a moment");
    Now { wall: began + Duration::from_secs(seconds), monotonic: Duration::from_secs(seconds) }
}

/// lin is on call, mo and sun are developers, zhou owns `api`, ann is an admin, eve may only look, and bob not even that.
pub(crate) fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue { on_call: Some(name("lin")), ..Catalogue::default() };
    for who in ["lin", "mo", "sun", "zhou", "ann", "eve", "bob"] {
        let roles: &[&str] = match who {
            "ann" => &["admin", "viewer"],
            "lin" | "mo" | "sun" => &["developer", "viewer"],
            "bob" => &[],
            _ => &["viewer"],
        };
        let roles = roles.iter().map(|role| name(role)).collect();
        catalogue.people.insert(name(who), Person { roles, ..Person::default() });
    }
    let role = |role: &str| Grantee::Role(name(role));
    let permissions = Permissions(
        [
            (Action::View, vec![role("viewer")]),
            (Action::Deploy, vec![role("developer"), role("admin")]),
            (Action::Rollback, vec![role("developer"), Grantee::Owner]),
            (Action::Stop, vec![role("developer"), Grantee::Owner]),
            (Action::Lock, vec![role("developer"), role("admin")]),
            (Action::Unlock, vec![Grantee::OnCall, role("admin")]),
            (Action::Release, vec![role("admin")]),
        ]
        .into_iter()
        .map(|(action, to)| (action, to.into_iter().collect()))
        .collect(),
    );
    for (environment, mode) in [("prod", Mode::Act), ("staging", Mode::Act), ("legacy", Mode::Watch)] {
        let environment_ = Environment {
            cluster: name("main"),
            namespace: name(environment),
            channel: name("ops"),
            mode,
            permissions: permissions.clone(),
            policy: Policy::default(),
        };
        catalogue.environments.insert(name(environment), environment_);
    }
    for (service, environments) in [("api", &["prod", "staging", "legacy"][..]), ("web", &["prod"])] {
        let workload = Workload {
            kind: WorkloadKind::Deployment,
            name: name(service),
            containers: vec![ContainerSource {
                container: name("app"),
                repository: name(&format!("r.example/shop/{service}")),
            }],
        };
        let placements = environments.iter().map(|environment| (name(environment), vec![workload.clone()]));
        let owners = vec![name("zhou")];
        let service_ = Service { owners, placements: placements.collect(), ..Service::default() };
        catalogue.services.insert(name(service), service_);
    }
    catalogue
}

/// A cluster of which the watches know something. Whoever asks it anything is counted.
#[derive(Default)]
pub(crate) struct Watched {
    pub(crate) views: Mutex<BTreeMap<TargetName, WorkloadView>>,
    pub(crate) asked: AtomicUsize,
    /// What a fresh read of any workload finds; nobody answers where that is not said.
    pub(crate) read: Mutex<Option<Option<WorkloadSeen>>>,
    /// So many seconds ago it was read.
    pub(crate) age: AtomicU64,
    /// What keeps the knowledge from being kept up.
    pub(crate) trouble: Mutex<Option<ClusterFault>>,
}

impl Watched {
    fn asked<T: Send + 'static>(&self) -> BoxFuture<'static, Result<T, ClusterFault>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        future::ready(Err(ClusterFault::Unreachable(Fault::new("nobody is there")))).boxed()
    }
}

impl Cluster for Watched {
    fn observe(&self, target: &Target) -> Observed {
        let views = self.views.lock().expect("not poisoned");
        let none = WorkloadView { workload: None, pods: Vec::new() };
        let known = views.get(&target.name);
        let workloads = target.workloads.iter().map(|_| known.cloned().unwrap_or(none.clone())).collect();
        Observed { workloads, age: known.map(|_| Duration::from_secs(self.age.load(Ordering::SeqCst))) }
    }

    fn trouble(&self, _target: &Target) -> Option<ClusterFault> {
        self.trouble.lock().expect("not poisoned").clone()
    }

    fn read<'a>(
        &'a self,
        _target: &'a Target,
        _workload: &'a Workload,
    ) -> BoxFuture<'a, Result<Option<WorkloadSeen>, ClusterFault>> {
        match &*self.read.lock().expect("not poisoned") {
            Some(found) => future::ready(Ok(found.clone())).boxed(),
            None => self.asked(),
        }
    }

    fn pods<'a>(
        &'a self,
        _target: &'a Target,
        _workload: &'a Workload,
    ) -> BoxFuture<'a, Result<Vec<PodSeen>, ClusterFault>> {
        self.asked()
    }

    fn patch<'a>(
        &'a self,
        _claim: &'a Claim,
        _target: &'a Target,
        _workload: &'a Workload,
        _patch: &'a [PatchStep],
    ) -> BoxFuture<'a, Result<Patched, ClusterFault>> {
        // What stands there takes a fence.
        match &*self.read.lock().expect("not poisoned") {
            Some(Some(found)) => future::ready(Ok(Patched::Written(Box::new(found.clone())))).boxed(),
            Some(None) => future::ready(Ok(Patched::Missing)).boxed(),
            None => self.asked(),
        }
    }

    fn events<'a>(
        &'a self,
        _target: &'a Target,
        _object: &'a str,
    ) -> BoxFuture<'a, Result<Vec<EventSeen>, ClusterFault>> {
        self.asked()
    }

    fn log<'a>(
        &'a self,
        _target: &'a Target,
        _pod: &'a str,
        _container: &'a str,
        _previous: bool,
    ) -> BoxFuture<'a, Result<Vec<String>, ClusterFault>> {
        self.asked()
    }
}

/// A registry that is configured for everything, and counts who asks.
#[derive(Default)]
pub(crate) struct Asked(pub(crate) AtomicUsize);

impl Registry for Asked {
    fn configured(&self, _repository: &state::image::Repository) -> bool {
        true
    }

    fn resolve<'a>(&'a self, _image: &'a Image) -> BoxFuture<'a, Result<Resolved, RegistryFault>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        future::ready(Err(RegistryFault::Unknown)).boxed()
    }
}

pub(crate) struct Lab {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engine: Engine,
    pub(crate) cluster: Arc<Watched>,
    pub(crate) registry: Arc<Asked>,
    pub(crate) desk: Arc<Dispatch>,
    pub(crate) heard: Arc<Mutex<Vec<Heard>>>,
    /// Where two desks have the same store one after the other, they are asked by requests of their own.
    opened_at: Revision,
    requests: AtomicU32,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new()))
    }

    /// The same over a store that may hold something already.
    pub(crate) fn over(store: Arc<dyn Store>) -> Self {
        let (cluster, registry): (Arc<Watched>, Arc<Asked>) = Default::default();
        let engine = Engine {
            records: Records::new(store.clone()),
            cluster: cluster.clone(),
            registry: registry.clone(),
            board: Arc::new(Board::new()),
        };
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let hear = {
            let heard = heard.clone();
            Arc::new(move |what| heard.lock().expect("not poisoned").push(what))
        };
        let opened_at = block_on(store.range(Range::under(&Key::kind("claim")).limit(1))).expect("a range").revision;
        let desk = Arc::new(Dispatch::new(engine.clone(), Arc::new(catalogue()), hear));
        Self { store, engine, cluster, registry, desk, heard, opened_at, requests: AtomicU32::new(0) }
    }

    fn request(&self) -> String {
        format!("request-{}-{}", self.opened_at.0, self.requests.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Says a line, and gets the answer as a front end would.
    pub(crate) fn say(&self, who: &str, text: &str) -> Answer {
        self.say_again(&self.request(), who, text)
    }

    /// The same with an id of the request.
    pub(crate) fn say_again(&self, request: &str, who: &str, text: &str) -> Answer {
        let invocation = Invocation {
            speaker: name(who),
            typed_by: None,
            request: RequestId(request.to_owned()),
            via: Via::Console,
            what: What::Text(text.to_owned()),
        };
        let answer = block_on(self.desk.dispatch(invocation, at(0)));
        assert_eq!(self.cluster.asked.load(Ordering::SeqCst), 0, "{text}: the cluster was asked");
        assert_eq!(self.registry.0.load(Ordering::SeqCst), 0, "{text}: the registry was asked");
        answer
    }

    /// Does it later, as a front end would, and gets the whole answer as text.
    pub(crate) fn later(&self, seconds: u64, who: &str, what: What) -> (AnswerKind, String) {
        let request = RequestId(self.request());
        let invocation = Invocation { speaker: name(who), typed_by: None, request, via: Via::Console, what };
        let before = self.revision();
        let answer = block_on(self.desk.dispatch(invocation, at(seconds)));
        if answer.kind == AnswerKind::Already {
            assert_eq!(self.revision(), before, "nothing is written");
        }
        (answer.kind, text(&answer))
    }

    fn carried_out(&self, who: &str, what: &What) -> Answered {
        let catalogue = self.desk.catalogue();
        let words = Words::get(catalogue.language_of(None));
        let (speaker, request) = (name(who), self.request());
        let asking = Asking { speaker: &speaker, typed_by: None, request: &request, now: at(1), catalogue, words };
        block_on(self.desk.carry_out(&asking, what))
    }

    /// Says a line that is refused, and gets the rule.
    pub(crate) fn refusal(&self, who: &str, text: &str) -> Refusal {
        self.refused(who, What::Text(text.to_owned()))
    }

    pub(crate) fn refused_press(&self, who: &str, press: Press) -> Refusal {
        self.refused(who, What::Press(press))
    }

    fn refused(&self, who: &str, what: What) -> Refusal {
        let before = self.revision();
        let answered = self.carried_out(who, &what);
        assert_eq!(self.revision(), before, "{what:?} was refused, and something was written");
        match answered {
            Err(Stop::Refused(refusal)) => *refusal,
            Err(Stop::Failed(fault)) => panic!("{what:?}: {fault:?}"),
            Ok(answer) => panic!("{what:?} passed: {}", answer.card.first_line),
        }
    }

    /// Presses a button.
    pub(crate) fn press(&self, who: &str, press: Press) -> Answer {
        match self.carried_out(who, &What::Press(press.clone())) {
            Ok(answer) => answer,
            Err(Stop::Refused(refusal)) => panic!("{press:?}: {refusal:?}"),
            Err(Stop::Failed(fault)) => panic!("{press:?}: {fault:?}"),
        }
    }

    /// How often the store was written.
    pub(crate) fn revision(&self) -> Revision {
        block_on(self.store.range(Range::under(&Key::kind("claim")).limit(1))).expect("a range").revision
    }

    /// Begins a deploy of `api` in `prod`.
    pub(crate) fn begun(&self, who: &str) -> (ChangeId, ChangeNumber) {
        let answer = self.say(who, "/deploy api prod v2");
        assert_eq!(answer.kind, AnswerKind::Done, "{}", answer.card.first_line);
        answer.change.expect("a change")
    }

    pub(crate) fn change(&self, id: ChangeId) -> Change {
        block_on(self.engine.records.change(id)).expect("readable").expect("a change").change
    }

    /// Puts an open change into a phase, as the engine would.
    pub(crate) fn put(&self, id: ChangeId, set: impl FnOnce(&mut Head)) {
        let stored = block_on(self.engine.records.change(id)).expect("readable").expect("a change");
        let mut change = stored.change.clone();
        change.work.get_or_insert_with(|| work(&stored.change.target));
        set(&mut change.head);
        let next = Transition { change, also: Vec::new() };
        let advanced = block_on(self.engine.records.advance(&stored, &next, at(1).wall)).expect("an advance");
        assert!(matches!(advanced, Advanced::Done(_)), "{advanced:?}");
    }

    /// Something happens to a change.
    pub(crate) fn happens(&self, id: ChangeId, event: Event) {
        let stored = block_on(self.engine.records.change(id)).expect("readable").expect("a change");
        let next = transition(&stored.change, event, at(2).wall).expect("something follows");
        let advanced = block_on(self.engine.records.advance(&stored, &next, at(2).wall)).expect("an advance");
        assert!(matches!(advanced, Advanced::Done(_)), "{advanced:?}");
    }

    /// Spoils a part of a change's record.
    pub(crate) fn spoil(&self, id: ChangeId, part: &str) {
        self.damage(Key::kind("change").text(&id.to_string()).text(part));
    }

    /// Puts what nobody can read in the place of a record.
    pub(crate) fn damage(&self, key: Key) {
        let mut commit = Commit::new();
        commit.put(key, *b"\0{\"v\":1,\"half of");
        block_on(self.store.commit(commit)).expect("a commit");
    }

    /// What runs in `api` of `prod`, as the watches know it: version 1 on two ready pods.
    pub(crate) fn runs(&self, tag: &str) {
        self.runs_in("api", "prod", tag);
    }

    pub(crate) fn runs_in(&self, service: &str, environment: &str, tag: &str) {
        let template = Arc::new(template(tag));
        let view = WorkloadView { workload: Some(seen(template)), pods: Vec::new() };
        self.cluster.views.lock().expect("not poisoned").insert(target_name(service, environment), view);
    }
}

/// All lines of an answer.
pub(crate) fn text(answer: &Answer) -> String {
    let lines = answer.card.lines.iter().map(|line| line.text.to_string());
    std::iter::once(answer.card.first_line.to_string()).chain(lines).collect::<Vec<_>>().join("\n")
}

pub(crate) fn target_name(service: &str, environment: &str) -> TargetName {
    TargetName { service: name(service), environment: name(environment) }
}

pub(crate) fn template(tag: &str) -> Template {
    Template::new(
        json!({ "spec": { "containers": [{ "name": "app", "image": format!("r.example/shop/api:{tag}") }] } }),
    )
}

pub(crate) fn seen(template: Arc<Template>) -> WorkloadSeen {
    WorkloadSeen {
        uid: "uid-1".to_owned(),
        generation: 3,
        observed_generation: 3,
        desired: 2,
        total: 2,
        updated: 2,
        ready: 2,
        available: 2,
        paused: false,
        paused_by: None,
        template_by: None,
        has_annotations: true,
        marker: None,
        template,
        revision: Some("1".to_owned()),
        conditions: Vec::new(),
        autoscaler: None,
    }
}

fn work(target: &Target) -> Work {
    let one = |workload: &Workload| WorkloadWork {
        workload: workload.clone(),
        uid: "uid-1".to_owned(),
        found: template("v1").hash(),
        found_marker: None,
        found_revision: None,
        resumes: false,
        replicas: 2,
        images: vec![NewImage {
            container: name::<ContainerName>("app"),
            from: "r.example/shop/api:v1".to_owned(),
            to: name("r.example/shop/api:v2"),
            platforms: Vec::new(),
            asked: false,
        }],
        template: None,
        baseline: Baseline { template: template("v1").json().clone(), digests: BTreeMap::new(), all_ready: true },
    };
    Work { workloads: target.workloads.iter().map(one).collect(), release: None, differences: Vec::new() }
}

pub(crate) fn written() -> Vec<Written> {
    vec![Written { step: MarkerStep::Apply, generation: 4, template: template("v2").hash(), at: at(1).wall }]
}

pub(crate) fn failure() -> Failure {
    Failure { workload: name("api"), kind: CauseKind::CrashLoop, ended_by: EndedBy::Sign, at: at(1).wall }
}

pub(crate) fn rolling() -> Phase {
    Phase::Rolling { written: written() }
}

pub(crate) fn holding() -> Phase {
    Phase::Holding { written: written(), failure: failure(), held: BTreeMap::new(), not_returned: None }
}
