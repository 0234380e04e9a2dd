use serde_json::json;

use super::*;

/// A Deployment as an API server gives it, with everything that comes along.
pub(in super::super) fn deployment_json() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "api", "namespace": "shop", "uid": "d-1", "resourceVersion": "812", "generation": 3,
            "creationTimestamp": "2026-11-20T08:00:00Z",
            "annotations": {
                "deployment.kubernetes.io/revision": "2",
                "rotabot.dev/change": "01JD0000000000000000000000/apply"
            },
            "managedFields": [{ "manager": "kubectl", "operation": "Update", "fieldsV1": { "f:spec": {} } }]
        },
        "spec": {
            "replicas": 3,
            "revisionHistoryLimit": 10,
            "selector": { "matchLabels": { "app": "api" } },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } },
            "template": {
                "metadata": { "creationTimestamp": null, "labels": { "app": "api" } },
                "spec": {
                    "containers": [{
                        "name": "api", "image": "registry.example/shop/api:v7",
                        "resources": { "requests": { "cpu": "100m" } },
                        "fieldOfTheFuture": { "ratio": 0.25, "list": [1, null, "x"] }
                    }],
                    "terminationGracePeriodSeconds": 30
                }
            }
        },
        "status": {
            "observedGeneration": 2, "replicas": 4, "updatedReplicas": 1, "readyReplicas": 3,
            "availableReplicas": 2, "unavailableReplicas": 2,
            "conditions": [{
                "type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated",
                "message": "ReplicaSet \"api-7c9d\" is progressing.",
                "lastUpdateTime": "2026-11-26T03:12:00Z", "lastTransitionTime": "2026-11-26T03:12:00Z"
            }]
        }
    })
}

pub(in super::super) fn replica_set_json(name: &str, uid: &str, owner: &str, image: &str) -> Value {
    let mut template = deployment_json()["spec"]["template"].take();
    template["metadata"]["labels"]["pod-template-hash"] = json!(name);
    template["spec"]["containers"][0]["image"] = json!(image);
    json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": uid, "resourceVersion": "813",
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "api", "uid": owner,
                                  "controller": true, "blockOwnerDeletion": true }]
        },
        "spec": { "replicas": 1, "template": template },
        "status": { "replicas": 1 }
    })
}

pub(in super::super) fn pod_json(name: &str, owner: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": "814",
            "creationTimestamp": "2026-11-26T03:12:01Z",
            "labels": { "app": "api", "pod-template-hash": "7c9d" },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-7c9d", "uid": owner,
                                  "controller": true, "blockOwnerDeletion": true }]
        },
        "spec": {
            "initContainers": [{ "name": "migrate", "image": "registry.example/shop/migrate:v7" }],
            "containers": [{ "name": "api", "image": "registry.example/shop/api:v7" },
                           { "name": "proxy", "image": "envoy:v1" }]
        },
        "status": {
            "phase": "Running",
            "conditions": [
                { "type": "PodScheduled", "status": "True" },
                { "type": "Ready", "status": "False", "reason": "ContainersNotReady" }
            ],
            "initContainerStatuses": [{
                "name": "migrate", "image": "registry.example/shop/migrate:v7", "imageID": "", "ready": true,
                "restartCount": 0,
                "state": { "terminated": { "exitCode": 0, "reason": "Completed",
                                           "startedAt": "2026-11-26T03:12:02Z", "finishedAt": "2026-11-26T03:12:03Z" } },
                "lastState": {}
            }],
            // The order of statuses is not that of the spec.
            "containerStatuses": [
                { "name": "proxy", "image": "envoy:v1", "imageID": "docker.io/envoy@sha256:aa", "ready": true,
                  "restartCount": 1, "state": { "running": { "startedAt": "2026-11-26T03:12:04Z" } }, "lastState": {} },
                { "name": "api", "image": "registry.example/shop/api:v7", "ready": false, "restartCount": 4,
                  "imageID": "registry.example/shop/api@sha256:61c0aa11bb22cc33dd44ee55ff6677889900aabbccddeeff00112233445566e4",
                  "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container" } },
                  "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled",
                                                 "finishedAt": "2026-11-26T03:13:00Z" } } }
            ]
        }
    })
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a moment").to_utc()
}

#[test]
fn who_paused_is_told_by_their_field_manager() {
    let read = |json: Value| Deployment::read(json).expect("a Deployment").seen;
    let by = |manager: &str, time: &str, fields: Value| json!({ "manager": manager, "time": time, "fieldsV1": fields });
    let mut json = deployment_json();
    json["metadata"]["managedFields"] = json!([
        by("kubectl-rollout", "2026-11-26T03:10:00Z", json!({ "f:spec": { "f:paused": {} } })),
        by("helm", "2026-11-26T03:11:00Z", json!({ "f:spec": { "f:paused": {}, "f:replicas": {} } })),
        by("kubectl-edit", "2026-11-26T03:12:00Z", json!({ "f:spec": { "f:template": {} } })),
        json!({ "manager": "kube-controller-manager", "time": "2026-11-26T03:13:00Z", "subresource": "status" }),
    ]);
    assert_eq!(read(json.clone()).paused_by, None, "it is not paused");
    json["spec"]["paused"] = json!(true);
    assert_eq!(read(json.clone()).paused_by.as_deref(), Some("helm"));
    json["metadata"]["managedFields"] = json!([{ "manager": 7, "fieldsV1": { "f:spec": { "f:paused": {} } } }]);
    assert_eq!(read(json.clone()).paused_by, None);
    json["metadata"].as_object_mut().expect("an object").remove("managedFields");
    assert!(read(json).paused, "whoever did it");
}

#[test]
fn who_wrote_the_template_last_is_told_with_when() {
    let read = |json: Value| Deployment::read(json).expect("a Deployment").seen.template_by;
    let by = |manager: &str, time: &str, fields: Value| json!({ "manager": manager, "time": time, "fieldsV1": fields });
    let image = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
        "k:{\"name\":\"api\"}": { "f:image": {} } } } } } });
    let mut json = deployment_json();
    json["metadata"]["managedFields"] = json!([
        by("kubectl-set", "2026-11-26T03:12:00Z", image.clone()),
        by("rotabot", "2026-11-26T03:11:00Z", image),
        by("kubectl-scale", "2026-11-26T03:13:00Z", json!({ "f:spec": { "f:replicas": {} } })),
    ]);
    let writer = Writer { name: "kubectl-set".to_owned(), at: Some(at("2026-11-26T03:12:00Z")) };
    assert!(!writer.is_rotabot());
    assert_eq!(read(json.clone()), Some(writer));
    json["metadata"].as_object_mut().expect("an object").remove("managedFields");
    assert_eq!(read(json), None);
}

#[test]
fn a_deployment_is_read_whole() {
    let deployment = Deployment::read(deployment_json()).expect("a Deployment");
    let seen = &deployment.seen;
    assert_eq!((deployment.name.as_str(), seen.uid.as_str()), ("api", "d-1"));
    assert_eq!((seen.generation, seen.observed_generation), (3, 2));
    assert_eq!((seen.desired, seen.total, seen.updated, seen.ready, seen.available), (3, 4, 1, 3, 2));
    assert!(seen.has_annotations && !seen.paused);
    assert_eq!(seen.marker.as_deref(), Some("01JD0000000000000000000000/apply"));
    assert_eq!(seen.revision.as_deref(), Some("2"));
    assert!(seen.our_marker().is_some());
    assert_eq!(seen.conditions[0].message, "ReplicaSet \"api-7c9d\" is progressing.");
    assert_eq!(deployment.selector.query().as_deref(), Some("app=api"));
}

#[test]
fn a_template_keeps_every_field_as_it_came() {
    let deployment = Deployment::read(deployment_json()).expect("a Deployment");
    assert_eq!(deployment.seen.template.json(), &deployment_json()["spec"]["template"]);
}

#[test]
fn a_deployment_that_just_came_to_be_has_no_status() {
    let json = json!({
        "metadata": { "name": "api", "uid": "d-1", "generation": 1 },
        "spec": { "selector": { "matchLabels": { "app": "api" } }, "paused": true,
                  "template": { "spec": { "containers": [] } } },
        "status": {}
    });
    let seen = Deployment::read(json).expect("a Deployment").seen;
    assert_eq!((seen.desired, seen.total, seen.observed_generation), (1, 0, 0));
    assert!(seen.paused && !seen.has_annotations);
    assert_eq!(seen.marker, None);
}

#[test]
fn what_is_no_deployment_is_not_taken_for_one() {
    for json in [json!(null), json!({}), json!({ "metadata": { "name": "api", "uid": "d-1" } }), json!([1])] {
        assert!(Deployment::read(json.clone()).is_err(), "{json}");
        assert!(ReplicaSet::read(json.clone()).is_err(), "{json}");
    }
    assert!(Pod::read(json!({ "metadata": { "name": "api" } })).is_err());
}

#[test]
fn a_replica_set_has_the_fingerprint_of_the_template_that_made_it() {
    let deployment = Deployment::read(deployment_json()).expect("a Deployment");
    let set = ReplicaSet::read(replica_set_json("api-7c9d", "rs-1", "d-1", "registry.example/shop/api:v7"));
    let set = set.expect("a ReplicaSet");
    assert_eq!((set.uid.as_str(), set.owner.as_deref()), ("rs-1", Some("d-1")));
    assert_eq!(set.template, deployment.seen.template.hash());
    let other = ReplicaSet::read(replica_set_json("api-5b44", "rs-2", "d-1", "registry.example/shop/api:v8"));
    assert_ne!(other.expect("a ReplicaSet").template, set.template);
}

#[test]
fn a_pod_is_boiled_down() {
    let pod = Pod::read(pod_json("api-7c9d-x2x", "rs-1")).expect("a pod");
    assert_eq!(pod.owner, Some(Owner { name: "api-7c9d".to_owned(), uid: "rs-1".to_owned() }));
    let seen = pod.seen;
    assert_eq!((seen.phase.as_str(), seen.ready, seen.deleting), ("Running", false, false));
    assert_eq!(seen.created, at("2026-11-26T03:12:01Z"));
    assert_eq!(seen.unschedulable, None);
    assert_eq!(seen.restarts(), 5);
    let names: Vec<_> = seen.containers.iter().map(|one| (one.name.as_str(), one.init)).collect();
    assert_eq!(names, [("migrate", true), ("api", false), ("proxy", false)]);
    let api = &seen.containers[1];
    assert_eq!(api.digest().map(|digest| digest.short()), Some("61c0…e4".to_owned()));
    assert_eq!(
        api.state,
        ContainerState::Waiting {
            reason: "CrashLoopBackOff".to_owned(),
            message: "back-off 40s restarting failed container".to_owned()
        }
    );
    let end = ContainerEnd { exit_code: 137, reason: "OOMKilled".to_owned(), at: Some(at("2026-11-26T03:13:00Z")) };
    assert_eq!(api.last_end, Some(end));
    assert_eq!(seen.containers[2].state, ContainerState::Running { since: Some(at("2026-11-26T03:12:04Z")) });
    assert!(matches!(seen.containers[0].state, ContainerState::Terminated(_)));
}

#[test]
fn a_pod_that_finds_no_node_says_why() {
    let mut json = pod_json("api-7c9d-x2x", "rs-1");
    json["status"] = json!({
        "phase": "Pending",
        "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                         "message": "0/5 nodes are available: 5 Insufficient cpu." }]
    });
    let seen = Pod::read(json).expect("a pod").seen;
    assert_eq!(seen.unschedulable.as_deref(), Some("0/5 nodes are available: 5 Insufficient cpu."));
    assert_eq!(seen.containers[1].state, ContainerState::Unknown);
    assert_eq!(seen.containers[1].image, "registry.example/shop/api:v7", "known from its spec");
}

#[test]
fn a_pod_that_is_being_deleted_is_marked() {
    let mut json = pod_json("api-7c9d-x2x", "rs-1");
    json["metadata"]["deletionTimestamp"] = json!("2026-11-26T03:14:00Z");
    assert!(Pod::read(json).expect("a pod").seen.deleting);
}

#[test]
fn only_a_replica_set_that_controls_a_pod_owns_it() {
    let mut json = pod_json("api-7c9d-x2x", "rs-1");
    json["metadata"]["ownerReferences"][0]["controller"] = json!(false);
    assert_eq!(Pod::read(json.clone()).expect("a pod").owner, None);
    json["metadata"]["ownerReferences"][0]["controller"] = json!(true);
    json["metadata"]["ownerReferences"][0]["kind"] = json!("Job");
    assert_eq!(Pod::read(json).expect("a pod").owner, None);
}

#[test]
fn an_autoscaler_without_a_minimum_has_one() {
    let json = |min: Value| {
        json!({ "metadata": { "name": "api" },
                "spec": { "minReplicas": min, "maxReplicas": 10,
                          "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" } } })
    };
    let read = |min| Autoscaler::read(json(min)).expect("an autoscaler").seen;
    assert_eq!(read(json!(4)), AutoscalerSeen { min: 4, max: 10 });
    assert_eq!(read(Value::Null), AutoscalerSeen { min: 1, max: 10 });
}

#[test]
fn the_newest_events_come_last() {
    let items = [
        json!({ "reason": "BackOff", "message": "Back-off restarting failed container", "count": 7,
                "firstTimestamp": "2026-11-26T03:12:00Z", "lastTimestamp": "2026-11-26T03:15:00Z" }),
        json!({ "reason": "Scheduled", "message": "Successfully assigned", "eventTime": "2026-11-26T03:11:00.123456Z",
                "lastTimestamp": null, "metadata": { "creationTimestamp": "2026-11-26T03:11:00Z" } }),
        json!({ "reason": "Failed", "message": "again", "eventTime": "2026-11-26T03:10:00Z",
                "series": { "count": 3, "lastObservedTime": "2026-11-26T03:14:00Z" } }),
        json!({ "reason": "Timeless", "message": "never" }),
    ];
    let seen = events(&items, 10);
    let short: Vec<_> = seen.iter().map(|event| (event.reason.as_str(), event.count)).collect();
    assert_eq!(short, [("Scheduled", 1), ("Failed", 3), ("BackOff", 7)]);
    let newest = events(&items, 1);
    assert_eq!(newest, seen[2..]);
}
