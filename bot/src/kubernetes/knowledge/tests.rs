use state::catalogue::WorkloadKind;
use state::names::WorkloadName;

use super::super::objects::tests::{deployment_json, pod_json, replica_set_json};
use super::*;

const V7: &str = "registry.example/shop/api:v7";
const V8: &str = "registry.example/shop/api:v8";

fn api() -> Workload {
    Workload { kind: WorkloadKind::Deployment, name: WorkloadName::new("api").expect("a name"), containers: Vec::new() }
}

fn deployment() -> Deployment {
    Deployment::read(deployment_json()).expect("a Deployment")
}

fn set(uid: &str, owner: &str, image: &str) -> ReplicaSet {
    ReplicaSet::read(replica_set_json("api-7c9d", uid, owner, image)).expect("a ReplicaSet")
}

fn pod(name: &str, owner: &str) -> Pod {
    Pod::read(pod_json(name, owner)).expect("a pod")
}

fn pods(knowledge: &Knowledge) -> Vec<(String, Option<TemplateHash>)> {
    knowledge.view(&api()).pods.into_iter().map(|pod| (pod.name, pod.template)).collect()
}

#[test]
fn pods_belong_to_the_deployment_by_their_replica_set() {
    let mut knowledge = Knowledge::default();
    deployment().keep(&mut knowledge);
    let (old, new, foreign) = (set("rs-1", "d-1", V7), set("rs-2", "d-1", V8), set("rs-3", "d-2", V7));
    let (old_hash, new_hash) = (old.template, new.template);
    for set in [old, new, foreign] {
        assert!(set.keep(&mut knowledge));
    }
    for (name, owner) in [("b", "rs-2"), ("a", "rs-1"), ("c", "rs-3")] {
        assert!(pod(name, owner).keep(&mut knowledge));
    }
    assert_eq!(pods(&knowledge), [("a".to_owned(), Some(old_hash)), ("b".to_owned(), Some(new_hash))]);
    assert!(Pod::forget(&mut knowledge, "a"));
    assert_eq!(pods(&knowledge), [("b".to_owned(), Some(new_hash))]);
    assert!(!Pod::forget(&mut knowledge, "a"), "forgotten already");
}

#[test]
fn a_pod_whose_replica_set_is_not_known_yet_is_there_by_its_labels() {
    let mut knowledge = Knowledge::default();
    deployment().keep(&mut knowledge);
    pod("a", "rs-1").keep(&mut knowledge);
    assert_eq!(pods(&knowledge), [("a".to_owned(), None)]);
    let set = set("rs-1", "d-1", V7);
    let hash = set.template;
    set.keep(&mut knowledge);
    assert_eq!(pods(&knowledge), [("a".to_owned(), Some(hash))]);
    ReplicaSet::forget(&mut knowledge, "rs-1");
    assert_eq!(pods(&knowledge), [("a".to_owned(), None)]);
    Pod::forget(&mut knowledge, "a");
    assert!(knowledge.strangers.is_empty() && knowledge.pods.is_empty() && knowledge.sets_of.is_empty());
}

#[test]
fn a_pod_that_no_replica_set_owns_is_nobodys() {
    let mut knowledge = Knowledge::default();
    deployment().keep(&mut knowledge);
    let orphan = Pod { owner: None, ..pod("a", "rs-1") };
    assert!(!orphan.clone().keep(&mut knowledge));
    pod("a", "rs-1").keep(&mut knowledge);
    assert!(orphan.keep(&mut knowledge), "it was let go");
    assert_eq!(pods(&knowledge), []);
}

#[test]
fn the_same_again_is_no_change() {
    let mut knowledge = Knowledge::default();
    assert!(deployment().keep(&mut knowledge));
    assert!(!deployment().keep(&mut knowledge));
    assert!(set("rs-1", "d-1", V7).keep(&mut knowledge));
    assert!(!set("rs-1", "d-1", V7).keep(&mut knowledge));
    assert!(pod("a", "rs-1").keep(&mut knowledge));
    assert!(!pod("a", "rs-1").keep(&mut knowledge));
    let mut ready = pod("a", "rs-1");
    ready.seen.ready = true;
    assert!(ready.keep(&mut knowledge));
}

#[test]
fn a_new_status_shares_the_template_that_is_known() {
    let mut knowledge = Knowledge::default();
    deployment().keep(&mut knowledge);
    let before = Arc::clone(&knowledge.view(&api()).workload.expect("a workload").template);
    let mut progressed = deployment();
    progressed.seen.ready = 4;
    assert!(progressed.keep(&mut knowledge));
    let after = knowledge.view(&api()).workload.expect("a workload");
    assert_eq!(after.ready, 4);
    assert!(Arc::ptr_eq(&before, &after.template));
}

#[test]
fn an_autoscaler_shows_on_what_it_scales() {
    let mut knowledge = Knowledge::default();
    deployment().keep(&mut knowledge);
    let seen = AutoscalerSeen { min: 2, max: 9 };
    let scaler = |kind: &str, name: &str| Autoscaler {
        name: name.to_owned(),
        scales: (kind.to_owned(), "api".to_owned()),
        seen,
    };
    scaler("StatefulSet", "other").keep(&mut knowledge);
    assert_eq!(knowledge.view(&api()).workload.expect("a workload").autoscaler, None);
    scaler("Deployment", "api").keep(&mut knowledge);
    assert_eq!(knowledge.view(&api()).workload.expect("a workload").autoscaler, Some(seen));
    Autoscaler::forget(&mut knowledge, "api");
    assert_eq!(knowledge.view(&api()).workload.expect("a workload").autoscaler, None);
}

#[test]
fn an_unknown_workload_has_nothing() {
    let mut knowledge = Knowledge::default();
    set("rs-1", "d-1", V7).keep(&mut knowledge);
    pod("a", "rs-1").keep(&mut knowledge);
    assert_eq!(knowledge.view(&api()), WorkloadView { workload: None, pods: Vec::new() });
    assert_eq!(knowledge.selector(&api()), None);
}

fn named(name: &str, uid: &str) -> Deployment {
    let mut json = deployment_json();
    json["metadata"]["name"] = name.into();
    json["metadata"]["uid"] = uid.into();
    Deployment::read(json).expect("a Deployment")
}

fn news(knowledge: &mut Knowledge) -> Vec<String> {
    knowledge.news().into_iter().collect()
}

#[test]
fn news_are_of_the_workload_that_they_are_about() {
    let mut knowledge = Knowledge::default();
    named("api", "d-1").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["api"]);
    named("pay", "d-2").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["pay"]);
    set("rs-1", "d-1", V7).keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["api"]);
    set("rs-2", "d-2", V7).keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["pay"]);
    pod("a", "rs-2").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["pay"]);
    pod("a", "rs-2").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), [""; 0], "the same again");
    Pod::forget(&mut knowledge, "a");
    assert_eq!(news(&mut knowledge), ["pay"]);
    ReplicaSet::forget(&mut knowledge, "rs-1");
    assert_eq!(news(&mut knowledge), ["api"]);
    Deployment::forget(&mut knowledge, "pay");
    assert_eq!(news(&mut knowledge), ["pay"]);
}

#[test]
fn news_of_a_stranger_are_of_all_that_select_it() {
    let mut knowledge = Knowledge::default();
    named("api", "d-1").keep(&mut knowledge);
    // The same labels: which of them it belongs to is not known before its ReplicaSet is.
    named("pay", "d-2").keep(&mut knowledge);
    news(&mut knowledge);
    pod("a", "rs-2").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["api", "pay"]);
    set("rs-2", "d-2", V7).keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["api", "pay"], "gone from one, known of the other");
    pod("b", "rs-2").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["pay"]);
    ReplicaSet::forget(&mut knowledge, "rs-2");
    assert_eq!(news(&mut knowledge), ["api", "pay"]);
}

#[test]
fn news_of_an_autoscaler_are_of_what_it_scales_and_scaled() {
    let mut knowledge = Knowledge::default();
    let scaler = |kind: &str, name: &str| Autoscaler {
        name: "one".to_owned(),
        scales: (kind.to_owned(), name.to_owned()),
        seen: AutoscalerSeen { min: 2, max: 9 },
    };
    scaler("Deployment", "api").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["api"]);
    scaler("Deployment", "pay").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["api", "pay"]);
    scaler("StatefulSet", "db").keep(&mut knowledge);
    assert_eq!(news(&mut knowledge), ["pay"]);
    Autoscaler::forget(&mut knowledge, "one");
    assert_eq!(news(&mut knowledge), [""; 0]);
}
