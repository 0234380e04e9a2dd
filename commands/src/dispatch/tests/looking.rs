//! `/status`, `/now`, `/history`, `/show`: what somebody may look at, and nothing else.

use futures::executor::block_on;
use futures::future::BoxFuture;
use state::change::Held;
use state::change::transition::Event;

use super::super::*;
use super::lab::*;

#[test]
fn looking_needs_the_right_to_and_writes_nothing() {
    let lab = Lab::new();
    lab.runs("v1");
    lab.begun("mo");
    let before = lab.revision();
    for line in ["/status", "/status api prod", "/now", "/history", "/history api prod", "/show 1", "/locks", "/help"] {
        assert_eq!(lab.say("eve", line).kind, AnswerKind::Done, "{line}");
    }
    for line in ["/status", "/status api prod", "/now", "/history api", "/show 1"] {
        let refusal = lab.refusal("bob", line);
        assert!(matches!(refusal, Refusal::NotAllowed { action: Action::View, .. }), "{line}: {refusal:?}");
    }
    assert_eq!(lab.revision(), before);
}

#[test]
fn an_environment_that_somebody_may_not_look_at_is_left_out() {
    let lab = Lab::new();
    let mut some = catalogue();
    some.environments.get_mut(&name::<state::names::EnvironmentName>("prod")).expect("prod").permissions.0.clear();
    lab.desk.reload(Arc::new(some));
    let status = text(&lab.say("eve", "/status"));
    assert!(status.contains("staging") && !status.contains("prod"), "{status}");
    let refusal = lab.refusal("eve", "/status web prod");
    assert!(matches!(refusal, Refusal::NotAllowed { action: Action::View, .. }), "{refusal:?}");
}

#[test]
fn a_record_that_can_t_be_read_hides_no_other() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.say("sun", "/deploy api staging v2");
    lab.spoil(id, "work");
    lab.spoil(id, "watch");
    let now = text(&lab.say("eve", "/now"));
    assert!(now.contains("#1") && now.contains("#2"), "{now}");
    assert_eq!(lab.say("eve", "/show 2").kind, AnswerKind::Done);
    assert_eq!(lab.say("eve", "/status").kind, AnswerKind::Done);
    // Who may look at it stands in the record; what its claim tells is told to whoever may look at the target.
    for line in ["/show 1", "/stop api prod"] {
        let refused = lab.say("mo", line);
        assert_eq!(refused.kind, AnswerKind::Refused, "{line}");
        assert!(text(&refused).contains("/change release #1"), "{}", text(&refused));
        let refusal = lab.refusal("bob", line);
        assert!(matches!(refusal, Refusal::CouldNotCheck { .. }), "{line}: {refusal:?}");
    }
    assert!(block_on(lab.engine.records.change(id)).is_err());
}

#[test]
fn old_knowledge_is_not_told_as_what_is_so_now() {
    use std::sync::atomic::Ordering;
    let lab = Lab::new();
    lab.runs("v1");
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, Held::Complete));
    lab.happens(id, Event::AllHeld);
    let planned = || text(&lab.say("eve", "/deploy api prod v3 plan"));
    let shown = || text(&lab.say("eve", "/show 1"));
    let now = || text(&lab.say("eve", "/now"));
    assert!(planned().contains("v1 → v3"), "{}", planned());
    assert!(shown().contains("Running:"), "{}", shown());
    lab.cluster.age.store(7200, Ordering::SeqCst);
    assert!(planned().contains("the cluster can't be read"), "{}", planned());
    assert!(!shown().contains("Running:"), "{}", shown());
    assert!(now().contains("The cluster main can't be read since"), "{}", now());
    let question = lab.refusal("eve", "/stop api prod");
    assert!(matches!(question, Refusal::NotAllowed { .. }), "the question is told of all the same");
    assert!(now().contains("waits"), "{}", now());
}

#[test]
fn without_fresh_knowledge_nothing_is_called_quiet() {
    use std::sync::atomic::Ordering;
    let lab = Lab::new();
    for service in ["api", "web"] {
        for environment in ["prod", "staging", "legacy"] {
            lab.runs_in(service, environment, "v1");
        }
    }
    let quiet = || lab.say("eve", "/now").card.first_line.to_string();
    assert!(!quiet().contains("can't"), "{}", quiet());
    lab.cluster.age.store(7200, Ordering::SeqCst);
    assert_eq!(quiet(), "Can't tell: the cluster main can't be read");
}

#[test]
fn what_goes_on_where_somebody_may_not_look_is_not_told() {
    let lab = Lab::new();
    let mut some = catalogue();
    let prod = name::<state::names::EnvironmentName>("prod");
    some.environments.get_mut(&prod).expect("prod").permissions.0.remove(&Action::View);
    lab.desk.reload(Arc::new(some));
    lab.begun("mo");
    lab.say("mo", "/lock prod secret");
    lab.say("ann", "/lock staging open");
    for line in ["/now", "/locks", "/history"] {
        let told = text(&lab.say("eve", line));
        assert!(!told.contains("secret") && !told.contains("prod"), "{line}: {told}");
        assert!(told.contains("open"), "{line}: {told}");
    }
}

#[test]
fn a_right_that_is_missing_is_told_as_that() {
    use crate::ports::ClusterFault;
    let lab = Lab::new();
    let told = |line: &str| text(&lab.say("eve", line));
    for line in ["/status api prod", "/status", "/now"] {
        assert!(told(line).contains("starting to look"), "nobody has looked yet: {}", told(line));
    }
    let sentence =
        "pods is forbidden: User \"bot\" cannot list resource \"pods\" in API group \"\" in the namespace \"prod\"";
    *lab.cluster.trouble.lock().expect("not poisoned") = Some(ClusterFault::Forbidden(sentence.to_owned()));
    for line in ["/status api prod", "/status", "/now"] {
        let told = told(line);
        assert!(told.contains("main doesn't let me list pods in the namespace prod"), "{line}: {told}");
        assert!(told.contains("deploy/kubernetes/rights.yaml"), "{line}: {told}");
        assert!(!told.contains("my log") && !told.contains("can't be read"), "{line}: {told}");
        assert_eq!(told.matches("rights.yaml").count(), 1, "{line}: {told}");
    }
    lab.runs("v1");
    assert!(!told("/status api prod").contains("rights.yaml"), "what can be seen lacks no right");
}

#[test]
fn pods_that_crash_again_and_again_are_not_called_healthy_between_two_crashes() {
    use state::rollout::seen::{ContainerSeen, ContainerState, PodSeen};
    let lab = Lab::new();
    for service in ["api", "web"] {
        for environment in ["prod", "staging", "legacy"] {
            lab.runs_in(service, environment, "v1");
        }
    }
    let pod = |number: u32, restarts| PodSeen {
        name: format!("api-{number}"),
        uid: format!("uid-{number}"),
        template: Some(template("v1").hash()),
        deleting: false,
        ready: true,
        phase: "Running".to_owned(),
        created: at(0).wall,
        unschedulable: None,
        containers: vec![ContainerSeen {
            name: "app".to_owned(),
            init: false,
            image: "r.example/shop/api:v1".to_owned(),
            image_id: String::new(),
            restarts,
            ready: true,
            state: ContainerState::Running { since: Some(at(0).wall - std::time::Duration::from_secs(20)) },
            last_end: None,
        }],
    };
    let pods = |restarts| {
        let mut views = lab.cluster.views.lock().expect("not poisoned");
        views.get_mut(&target_name("api", "prod")).expect("a view").pods = vec![pod(1, restarts), pod(2, restarts)];
    };
    let told = |line: &str| text(&lab.say("eve", line));
    pods(1);
    assert!(!told("/status api prod").contains("keep crashing"), "{}", told("/status api prod"));
    pods(4);
    for line in ["/status api prod", "/now", "/status"] {
        assert!(told(line).contains("2 keep crashing"), "{line}: {}", told(line));
    }
    assert!(told("/status api prod").starts_with("api → prod unwell: 2 of 2 ready"), "{}", told("/status api prod"));
    assert!(told("/status api prod").contains("8 restarts, the last at"), "{}", told("/status api prod"));
}

/// A store whose disk is full, as long as that is said.
struct Full {
    store: state::store::MemoryStore,
    full: std::sync::atomic::AtomicBool,
}

impl state::store::Store for Full {
    fn get(
        &self,
        key: &state::store::Key,
    ) -> BoxFuture<'_, Result<Option<state::store::Versioned>, state::store::StoreFault>> {
        self.store.get(key)
    }

    fn range(&self, range: state::store::Range) -> BoxFuture<'_, Result<state::store::Page, state::store::StoreFault>> {
        self.store.range(range)
    }

    fn commit(
        &self,
        commit: state::store::Commit,
    ) -> BoxFuture<'_, Result<state::store::Committed, state::store::StoreFault>> {
        self.store.commit(commit)
    }

    fn writable(&self) -> BoxFuture<'_, Result<(), state::store::StoreFault>> {
        let full = self.full.load(std::sync::atomic::Ordering::SeqCst);
        let fault = || state::store::StoreFault::DiskFull { path: "data".into(), free: 1, needed: 2 };
        Box::pin(futures::future::ready(if full { Err(fault()) } else { Ok(()) }))
    }
}

#[test]
fn a_full_disk_is_told_with_since_when() {
    use std::sync::atomic::Ordering;
    let store = Arc::new(Full { store: state::store::MemoryStore::new(), full: false.into() });
    let lab = Lab::over(store.clone());
    let told = |seconds, line: &str| lab.later(seconds, "eve", What::Text(line.to_owned())).1;
    assert!(!told(0, "/now").contains("write"));
    store.full.store(true, Ordering::SeqCst);
    // Looked at by a round, before anybody asks.
    let since = at(60).wall;
    assert_eq!(block_on(lab.engine.unwritable(since)).map(|unwritable| unwritable.since), Some(since));
    for line in ["/now", "/status", "/status api prod"] {
        let told = told(300, line);
        assert!(
            told.contains("I can't write anything down since") && told.contains("disk of my data is full"),
            "{told}"
        );
    }
    assert_eq!(block_on(lab.engine.unwritable(at(301).wall)).map(|unwritable| unwritable.since), Some(since));
    store.full.store(false, Ordering::SeqCst);
    for line in ["/now", "/status", "/status api prod"] {
        assert!(!told(360, line).contains("write"), "{line}");
    }
}
