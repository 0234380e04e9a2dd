//! Clusters that are not there, freeze, die, or give no rights.

use std::time::{Duration, Instant};

use anyhow::Result;
use cluster::{ControlPlane, Deployment, Options, Part};
use commands::ports::{Cluster as _, ClusterFault};
use e2e::grant;
use serde_json::json;
use state::change::patch::PatchStep;
use state::rollout::seen::{BLIND_AFTER, Observed};

use crate::clusters::{Bed, PATIENCE, bed, claim, target, with_rights};

fn image(seen: &Observed) -> Option<String> {
    let template = &seen.workloads[0].workload.as_ref()?.template;
    template.containers().next().map(|(_, image)| image.to_owned())
}

#[test]
fn without_rights_it_is_said_which_are_missing_until_they_are_there() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").json())?;
    let elsewhere = plane.namespace()?;
    grant(&elsewhere)?;
    let bed = Bed::start(&with_rights(plane)?)?;
    let target = target(namespace.name(), &["api"]);
    let trouble = cluster::until("the missing rights", PATIENCE, || match bed.kubernetes.trouble(&target) {
        Some(ClusterFault::Forbidden(sentence)) => Ok(Some(sentence)),
        _ => {
            bed.kubernetes.observe(&target);
            Ok(None)
        }
    })?;
    println!("{trouble}");
    assert!(trouble.contains("cannot list resource") && trouble.contains(namespace.name()), "{trouble}");
    let read = bed.wait(bed.kubernetes.read(&target, &target.workloads[0]));
    let Err(ClusterFault::Forbidden(sentence)) = read else { panic!("{read:?}") };
    assert!(sentence.contains("cannot get resource \"deployments\""), "{sentence}");
    let steps = [PatchStep::Replace("/spec/replicas".to_owned(), json!(3))];
    let written = bed.wait(async {
        let claim = claim(&target).await.unwrap();
        bed.kubernetes.patch(&claim, &target, &target.workloads[0], &steps).await
    });
    let Err(ClusterFault::Forbidden(sentence)) = written else { panic!("{written:?}") };
    assert!(sentence.contains("cannot patch resource \"deployments\""), "{sentence}");
    assert_eq!(bed.kubernetes.observe(&target).age, None);

    grant(&namespace)?;
    bed.until("the rights", &target, |seen| seen.fresh() && seen.workloads[0].workload.is_some())?;
    assert_eq!(bed.kubernetes.trouble(&target), None);
    Ok(())
}

#[test]
fn a_cluster_may_come_later_and_under_other_credentials() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").json())?;
    grant(&namespace)?;
    let bed = Bed::start_in(tempfile::tempdir()?)?;
    let target = target(namespace.name(), &["api"]);
    let trouble = cluster::until("the missing kubeconfig", PATIENCE, || Ok(bed.kubernetes.trouble(&target)))?;
    assert!(matches!(trouble, ClusterFault::Unreachable(_)), "{trouble:?}");
    assert!(matches!(bed.wait(bed.kubernetes.read(&target, &target.workloads[0])), Err(ClusterFault::Unreachable(_))));

    let file = bed.folder().join("kubeconfig");
    plane.kubeconfig().with_token("wrong").write(&file)?;
    cluster::until("the refused credentials", PATIENCE, || {
        Ok(bed.kubernetes.trouble(&target).filter(|trouble| matches!(trouble, ClusterFault::Forbidden(_))))
    })?;
    assert_eq!(bed.kubernetes.observe(&target).age, None);
    with_rights(plane)?.write(&file)?;
    bed.until("the workload", &target, |seen| seen.fresh() && image(seen).is_some())?;
    assert_eq!(bed.kubernetes.trouble(&target), None);
    Ok(())
}

#[test]
fn what_is_known_of_a_frozen_api_server_ages() -> Result<()> {
    let plane = ControlPlane::start(&Options { nodes: 1, ..Options::default() })?;
    let namespace = plane.namespace()?;
    namespace.create_object("deployments", &Deployment::new("api", "shop/api:v1").json())?;
    namespace.wait_rolled_out("api", PATIENCE)?;
    let bed = bed(&namespace)?;
    let target = target(namespace.name(), &["api"]);
    bed.until("the workload", &target, |seen| seen.fresh() && image(seen).is_some())?;

    plane.freeze(Part::ApiServer)?;
    let start = Instant::now();
    let read = bed.wait(bed.kubernetes.read(&target, &target.workloads[0]));
    assert!(matches!(read, Err(ClusterFault::Unreachable(_))), "{read:?}");
    assert!(start.elapsed() < Duration::from_secs(12), "a call has an end");
    let steps = [PatchStep::Replace("/spec/replicas".to_owned(), json!(2))];
    let written = bed.wait(async {
        let claim = claim(&target).await.unwrap();
        bed.kubernetes.patch(&claim, &target, &target.workloads[0], &steps).await
    });
    assert!(matches!(written, Err(ClusterFault::Unreachable(_))), "{written:?}");
    let seen = bed.until("blindness", &target, |seen| !seen.fresh())?;
    println!("blind {:?} after the freeze, the knowledge being {:?} old", start.elapsed(), seen.age);
    assert!(seen.age.unwrap() >= BLIND_AFTER && start.elapsed() < Duration::from_secs(26));
    assert_eq!(image(&seen).as_deref(), Some("shop/api:v1"), "what was known is still there");
    assert!(matches!(bed.kubernetes.trouble(&target), Some(ClusterFault::Unreachable(_))));

    plane.thaw(Part::ApiServer)?;
    let thawed = Instant::now();
    // The patch that was given up may still arrive, as the port says.
    namespace.set_image("api", "api", "shop/api:v2")?;
    bed.until("the change", &target, |seen| seen.fresh() && image(seen).as_deref() == Some("shop/api:v2"))?;
    println!("fresh again {:?} after the thaw", thawed.elapsed());
    assert_eq!(bed.kubernetes.trouble(&target), None);
    Ok(())
}

#[test]
fn after_an_api_server_was_killed_all_is_seen_that_happened() -> Result<()> {
    let plane = ControlPlane::start(&Options { nodes: 1, ..Options::default() })?;
    let namespace = plane.namespace()?;
    for name in ["api", "pay"] {
        namespace.create_object("deployments", &Deployment::new(name, "shop/api:v1").replicas(3).json())?;
        namespace.wait_rolled_out(name, PATIENCE)?;
    }
    let bed = bed(&namespace)?;
    let (api, pay) = (target(namespace.name(), &["api"]), target(namespace.name(), &["pay"]));
    bed.until("the workloads", &api, |seen| seen.fresh() && image(seen).is_some())?;

    for round in 2..4 {
        plane.kill(Part::ApiServer)?;
        bed.until("blindness", &api, |seen| !seen.fresh())?;
        plane.restart(Part::ApiServer)?;
        let back = Instant::now();
        let wanted = format!("shop/api:v{round}");
        namespace.set_image("api", "api", &wanted)?;
        if round == 2 {
            namespace.delete("deployments", "pay")?;
        }
        bed.until("the change", &api, |seen| seen.fresh() && image(seen).as_ref() == Some(&wanted))?;
        bed.until("the deletion", &pay, |seen| seen.fresh() && seen.workloads[0].workload.is_none())?;
        println!("the change was seen {:?} after the API server was back", back.elapsed());
        // How soon the controllers make new pods is their business; the pods' watch shows by one that goes.
        let pods = bed.kubernetes.observe(&api).workloads[0].pods.clone();
        let gone = &pods.last().unwrap().name;
        namespace.kubectl(&["delete", "pod", gone, "--force", "--grace-period=0"])?;
        bed.until("that a pod went", &api, |seen| seen.workloads[0].pods.iter().all(|pod| pod.name != *gone))?;
    }
    Ok(())
}
