//! Looking and writing, with exactly the rights of the manifest.

use std::sync::atomic::Ordering;

use anyhow::Result;
use chrono::Utc;
use cluster::{ControlPlane, Deployment, Namespace};
use commands::ports::{Cluster as _, ClusterFault, Patched};
use serde_json::{Value, json};
use state::change::patch::PatchStep;
use state::rollout::seen::{ContainerState, MARKER_ANNOTATION, PodSeen};

use crate::clusters::{Bed, PATIENCE, bed, claim, target, workload};

const MARKER: &str = "01JD0000000000000000000000/apply";

fn marker_path() -> String {
    format!("/metadata/annotations/{}", MARKER_ANNOTATION.replace('/', "~1"))
}

fn test(path: &str, value: Value) -> PatchStep {
    PatchStep::Test(path.to_owned(), value)
}

fn patch(bed: &Bed, namespace: &Namespace<'_>, name: &str, steps: &[PatchStep]) -> Result<Patched> {
    let target = target(namespace.name(), &[name]);
    let workload = &target.workloads[0];
    let answer = bed.wait(async {
        let claim = claim(&target).await?;
        anyhow::Ok(bed.kubernetes.patch(&claim, &target, workload, steps).await)
    })?;
    answer.map_err(|fault| anyhow::anyhow!("{fault:?}"))
}

#[test]
fn a_rollout_is_seen_with_exactly_the_rights_of_the_manifest() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").replicas(3).json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    let bed = bed(&namespace)?;
    let target = target(namespace.name(), &["api", "nowhere"]);
    assert_eq!(bed.kubernetes.observe(&target).age, None, "never read");

    let seen = bed.until("the workload", &target, |seen| seen.fresh() && seen.workloads[0].pods.len() == 3)?;
    assert_eq!(bed.kubernetes.trouble(&target), None);
    assert!(seen.workloads[1].workload.is_none(), "there is no such workload");
    let api = seen.workloads[0].workload.clone().unwrap();
    assert_eq!((api.desired, api.total, api.updated, api.ready, api.available), (3, 3, 3, 3, 3));
    assert!(api.observed_generation >= api.generation && !api.paused && api.marker.is_none());
    assert_eq!(api.template.json(), &namespace.get("deployments", "api")?["spec"]["template"], "byte for byte");
    for pod in &seen.workloads[0].pods {
        assert!(pod.ready && !pod.deleting && pod.phase == "Running", "{pod:#?}");
        assert_eq!(pod.template, Some(api.template.hash()));
        assert!(
            pod.containers[0].digest().is_some() && matches!(pod.containers[0].state, ContainerState::Running { .. })
        );
    }

    let before = bed.woken.load(Ordering::Relaxed);
    namespace.set_image("api", "api", "shop/api:v2")?;
    let of_new = |pod: &&PodSeen| pod.template.is_some() && pod.template != Some(api.template.hash()) && pod.ready;
    let seen = bed.until("the new pods", &target, |seen| {
        let (workload, pods) = (&seen.workloads[0].workload, &seen.workloads[0].pods);
        workload.as_ref().is_some_and(|one| one.generation == api.generation + 1 && one.updated == 3 && one.total == 3)
            && pods.iter().filter(of_new).count() == 3
            && pods.len() == 3
    })?;
    assert!(bed.woken.load(Ordering::Relaxed) > before, "each change wakes");

    let read = bed.wait(bed.kubernetes.read(&target, &target.workloads[0])).unwrap().unwrap();
    assert_eq!(Some(read), seen.workloads[0].workload);
    let pods = bed.wait(bed.kubernetes.pods(&target, &target.workloads[0])).unwrap();
    assert_eq!(pods, seen.workloads[0].pods);
    assert_eq!(bed.wait(bed.kubernetes.read(&target, &target.workloads[1])), Ok(None));
    assert_eq!(bed.wait(bed.kubernetes.pods(&target, &target.workloads[1])), Ok(Vec::new()));
    Ok(())
}

#[test]
fn an_autoscaler_is_seen() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").json())?;
    let scales = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" });
    let scaler = json!({ "metadata": { "name": "api" }, "spec": { "maxReplicas": 7, "scaleTargetRef": scales } });
    namespace.create_object("horizontalpodautoscalers", &scaler)?;
    let bed = bed(&namespace)?;
    let target = target(namespace.name(), &["api"]);
    let bounds = |seen: &state::rollout::seen::Observed| {
        let scaler = seen.workloads[0].workload.as_ref().and_then(|workload| workload.autoscaler);
        scaler.map(|scaler| (scaler.min, scaler.max))
    };
    bed.until("the autoscaler", &target, |seen| bounds(seen) == Some((1, 7)))?;
    namespace.merge("horizontalpodautoscalers", "api", &json!({ "spec": { "minReplicas": 3 } }))?;
    bed.until("its new bounds", &target, |seen| bounds(seen) == Some((3, 7)))?;
    let read = bed.wait(bed.kubernetes.read(&target, &target.workloads[0])).unwrap().unwrap();
    assert_eq!(read.autoscaler.map(|scaler| scaler.min), Some(3));
    namespace.delete("horizontalpodautoscalers", "api")?;
    bed.until("that it is gone", &target, |seen| seen.workloads[0].workload.is_some() && bounds(seen).is_none())?;
    Ok(())
}

#[test]
fn a_patch_tests_what_is_not_there() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    let image = "/spec/template/spec/containers/0/image";
    let deployment = Deployment::new("api", "shop/api:v1").paused().json();
    namespace.create_object("deployments", &deployment)?;
    let bed = bed(&namespace)?;
    let write = |steps: &[PatchStep]| patch(&bed, &namespace, "api", steps);

    // A Deployment that was never rolled out has no annotations at all: there is no map to put one into.
    let object = namespace.get("deployments", "api")?;
    assert_eq!(object["metadata"]["annotations"], Value::Null);
    let into_map = [test(&marker_path(), Value::Null), PatchStep::Add(marker_path(), json!(MARKER))];
    assert!(matches!(write(&into_map)?, Patched::Rejected(_)), "null is no value below what is absent");
    let map = "/metadata/annotations";
    let add = PatchStep::Add(map.to_owned(), json!({ MARKER_ANNOTATION: MARKER }));
    let replace = PatchStep::Replace(image.to_owned(), json!("shop/api:v2"));
    let steps = [test(map, Value::Null), add, test(image, json!("shop/api:v1")), replace.clone()];
    let Patched::Written(written) = write(&steps)? else { panic!("not written") };
    assert_eq!(written.marker.as_deref(), Some(MARKER));
    assert_eq!(written.template.containers().collect::<Vec<_>>(), [("api", "shop/api:v2")]);
    assert_eq!(written.generation, object["metadata"]["generation"].as_i64().unwrap() + 1);

    // The same again fails its tests, as a late one has to.
    let Patched::Rejected(sentence) = write(&steps)? else { panic!("written twice") };
    println!("a test that fails: {sentence}");
    // An absent annotation beside others, and an absent field of the spec.
    let other = format!("{}-2", marker_path());
    let steps = [
        test(&other, Value::Null),
        PatchStep::Add(other.clone(), json!("x")),
        test("/spec/paused", json!(true)),
        PatchStep::Remove("/spec/paused".to_owned()),
    ];
    let Patched::Written(written) = write(&steps)? else { panic!("not written") };
    assert!(!written.paused);
    let steps = [test("/spec/paused", Value::Null), PatchStep::Add("/spec/paused".to_owned(), json!(true))];
    let Patched::Written(written) = write(&steps)? else { panic!("null is not taken for an absent field") };
    assert!(written.paused);
    assert!(matches!(write(&[test(&other, Value::Null), replace.clone()])?, Patched::Rejected(_)), "it is there now");
    assert!(matches!(write(&[test("/spec/paused", json!(false)), replace])?, Patched::Rejected(_)));

    let managers = namespace.get("deployments", "api")?["metadata"]["managedFields"].to_string();
    assert!(managers.contains(r#""manager":"rotabot","operation":"Update""#), "{managers}");
    Ok(())
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").json())?;
    let bed = bed(&namespace)?;
    let write = |name: &str, steps: &[PatchStep]| patch(&bed, &namespace, name, steps);
    let replace = |path: &str, value: Value| [PatchStep::Replace(path.to_owned(), value)];

    assert_eq!(write("nowhere", &replace("/spec/replicas", json!(2)))?, Patched::Missing);
    for steps in [
        replace("/spec/template/spec/containers/0/image", json!("")),
        replace("/spec/template/spec/containers/0/image", json!(7)),
        replace("/spec/template/metadata/labels/app", json!("else")),
        replace("/spec/nonsense/deep", json!(1)),
        [PatchStep::Remove("/spec/paused".to_owned())],
    ] {
        let answer = write("api", &steps)?;
        let Patched::Rejected(sentence) = answer else { panic!("{steps:?}: {answer:?}") };
        println!("{sentence}");
        assert!(!sentence.is_empty());
    }

    // A policy of the cluster, in its own words.
    let name = format!("{}-signed", namespace.name());
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": { "name": name },
        "spec": {
            "matchConstraints": { "resourceRules": [{ "apiGroups": ["apps"], "apiVersions": ["v1"],
                                                      "operations": ["UPDATE"], "resources": ["deployments"] }],
                                  "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": namespace.name() } } },
            "validations": [{ "expression": "object.spec.replicas < 5", "message": "no more than 4 in this shop",
                              "reason": "Forbidden" }]
        }
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": { "name": name },
        "spec": { "policyName": name, "validationActions": ["Deny"] }
    });
    let group = "/apis/admissionregistration.k8s.io/v1";
    plane.api().post(&format!("{group}/validatingadmissionpolicies"), &policy)?;
    plane.api().post(&format!("{group}/validatingadmissionpolicybindings"), &binding)?;
    let refused =
        cluster::until("the policy's effect", PATIENCE, || match write("api", &replace("/spec/replicas", json!(5)))? {
            Patched::Rejected(sentence) => Ok(Some(sentence)),
            _ => Ok(None),
        });
    plane.api().delete(&format!("{group}/validatingadmissionpolicybindings/{name}"))?;
    plane.api().delete(&format!("{group}/validatingadmissionpolicies/{name}"))?;
    let sentence = refused?;
    println!("{sentence}");
    assert!(sentence.contains("no more than 4 in this shop"), "{sentence}");
    Ok(())
}

#[test]
fn a_crash_is_explained_by_events_and_log() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1-crash").json())?;
    let bed = bed(&namespace)?;
    let target = target(namespace.name(), &["api"]);
    let seen = bed.until("the crash loop", &target, |seen| {
        let pod = seen.workloads[0].pods.first();
        pod.is_some_and(|pod| pod.restarts() >= 2 && pod.containers[0].last_end.is_some())
    })?;
    let pod = &seen.workloads[0].pods[0];
    let end = pod.containers[0].last_end.clone().unwrap();
    assert_eq!((end.exit_code, end.reason.as_str()), (2, "Error"));
    for previous in [true, false] {
        let log = bed.wait(bed.kubernetes.log(&target, &pod.name, "api", previous)).unwrap();
        println!("previous: {previous}: {log:#?}");
        assert!(!log.is_empty() && log.len() <= 25);
    }
    assert_eq!(bed.wait(bed.kubernetes.log(&target, "nowhere", "api", true)), Ok(Vec::new()));
    let events = bed.wait(bed.kubernetes.events(&target, &pod.name)).unwrap();
    println!("{events:#?}");
    assert!(!events.is_empty() && events.len() <= 10);
    assert!(events.is_sorted_by_key(|event| event.at) && events.iter().all(|event| event.at <= Utc::now()));
    Ok(())
}

#[test]
fn a_deploy_costs_four_requests_beyond_watches_and_heartbeat() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").replicas(2).json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    let bed = bed(&namespace)?;
    let target = target(namespace.name(), &["api"]);
    bed.until("the workload", &target, |seen| seen.fresh() && seen.workloads[0].workload.is_some())?;

    let api = workload("api");
    let read = bed.wait(bed.kubernetes.read(&target, &api)).unwrap().unwrap();
    bed.wait(bed.kubernetes.read(&target, &api)).unwrap();
    let steps = [PatchStep::Replace("/spec/template/spec/containers/0/image".to_owned(), json!("shop/api:v2"))];
    patch(&bed, &namespace, "api", &steps)?;
    bed.until("the new pods", &target, |seen| {
        let workload = seen.workloads[0].workload.as_ref();
        workload.is_some_and(|one| one.generation > read.generation && one.observed_generation >= one.generation)
            && workload.is_some_and(|one| one.updated == 2 && one.total == 2 && one.ready == 2)
    })?;
    bed.wait(bed.kubernetes.pods(&target, &api)).unwrap();

    let of_adapter = |line: &Value| {
        line["userAgent"].as_str().is_some_and(|agent| agent.starts_with("rotabot/"))
            && line["requestURI"].as_str().is_some_and(|uri| uri.contains(namespace.name()))
    };
    let lines: Vec<_> = plane.audit()?.into_iter().filter(of_adapter).collect();
    let asked = |line: &Value| format!("{} {}", line["verb"].as_str().unwrap(), line["requestURI"].as_str().unwrap());
    let beyond = |line: &&Value| line["verb"] != "watch" && !asked(line).contains("limit=250");
    let beyond: Vec<_> = lines.iter().filter(beyond).map(asked).collect();
    println!("{beyond:#?}");
    assert_eq!(beyond.len(), 4);
    let watches: Vec<_> = lines.iter().map(asked).filter(|asked| asked.starts_with("watch")).collect();
    assert!(watches.len() >= 4, "{watches:#?}");
    Ok(())
}

#[test]
fn a_claim_on_something_else_writes_nothing() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").json())?;
    let bed = bed(&namespace)?;
    let (target, other) = (target(namespace.name(), &["api"]), target(namespace.name(), &["pay"]));
    let steps = [PatchStep::Replace("/spec/replicas".to_owned(), json!(3))];
    let answer = bed.wait(async {
        let claim = claim(&other).await.unwrap();
        bed.kubernetes.patch(&claim, &target, &target.workloads[0], &steps).await
    });
    assert!(matches!(answer, Err(ClusterFault::Unreadable(_))), "{answer:?}");
    assert_eq!(namespace.get("deployments", "api")?["spec"]["replicas"], 1);
    Ok(())
}
