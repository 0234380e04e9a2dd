use serde_json::{Value, json};
use state::catalogue::{ContainerSource, Permissions, Policy, Target, Workload, WorkloadKind};
use state::names::ClusterName;
use state::rollout::seen::{ContainerState, WorkloadView};
use state::store::MemoryStore;

use super::*;
use crate::trace::Lines;
use crate::{World, images};

/// A world with one cluster, and a Deployment `api` in it.
struct Bench {
    world: World,
    cluster: ClusterName,
    shop: Namespace,
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

impl Bench {
    fn new(spec: Spec) -> Self {
        let cluster = ClusterName::new("main").expect("a name");
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let world = World::new(7, start, Lines::Hashed).with_cluster(&cluster);
        let bench = Self { world, cluster, shop: Namespace::new("shop").expect("a name") };
        bench.act(|cluster, shop| cluster.create(shop, "api", spec));
        bench.pass(seconds(30));
        bench
    }

    fn act<T>(&self, act: impl FnOnce(&mut Cluster, &Namespace) -> T) -> T {
        self.world.cluster(&self.cluster, |cluster| act(cluster, &self.shop)).expect("the cluster")
    }

    fn image(&self, image: &str) {
        let edit = Edit::Image { container: "api".to_owned(), image: image.to_owned() };
        self.act(|cluster, shop| cluster.edit(shop, "api", &edit)).expect("an edit");
    }

    fn pass(&self, time: Duration) {
        self.world.advance(self.world.now() + time);
    }

    /// Passes time in small steps, and looks at each.
    fn watch(&self, time: Duration, mut look: impl FnMut(&Truth)) {
        let end = self.world.now() + time;
        while self.world.now() < end {
            self.pass(Duration::from_millis(20));
            look(&self.truth());
        }
    }

    fn status(&self) -> Status {
        self.act(|cluster, shop| cluster.find(shop, "api").expect("a Deployment").status.clone())
    }

    fn truth(&self) -> Truth {
        self.act(|cluster, shop| cluster.truth(shop, "api").expect("a workload"))
    }

    fn ready_of(&self, image: &str) -> usize {
        let runs = images::digest_of(image);
        let truth = self.truth();
        truth.pods.iter().filter(|pod| pod.ready && pod.runs.iter().any(|(_, digest)| *digest == runs)).count()
    }

    fn target(&self) -> Target {
        let source =
            ContainerSource { container: "api".parse().expect("a name"), repository: "shop/api".parse().expect("one") };
        Target {
            name: state::names::TargetName {
                service: "api".parse().expect("a name"),
                environment: "prod".parse().expect("a name"),
            },
            cluster: self.cluster.clone(),
            namespace: self.shop.clone(),
            workloads: vec![Workload {
                kind: WorkloadKind::Deployment,
                name: "api".parse().expect("a name"),
                containers: vec![source],
            }],
            channel: "prod".parse().expect("a name"),
            policy: Policy::default(),
            permissions: Permissions::default(),
            owners: Vec::new(),
            runbook: None,
            dashboard: None,
        }
    }
}

fn counts(status: &Status) -> [u32; 4] {
    [status.total, status.updated, status.ready, status.available]
}

#[test]
fn a_new_image_rolls_out_within_surge_and_unavailability() {
    let bench = Bench::new(Spec { replicas: 10, ..Spec::new("api", "shop/api:v1", 10) });
    assert_eq!(counts(&bench.status()), [10; 4]);
    bench.image("shop/api:v2");
    assert_eq!(bench.status().observed_generation, 1, "the controller lags behind the write");
    let (mut least, mut most) = (usize::MAX, 0);
    bench.watch(seconds(30), |truth| {
        least = least.min(truth.pods.iter().filter(|pod| pod.ready).count());
        // The surge is held to what the ReplicaSets want; their pods lag behind it.
        most = most.max(bench.act(|cluster, _| cluster.sets.values().map(|set| set.replicas).sum()));
    });
    assert_eq!(bench.status().observed_generation, 2);
    // 25 % of 10: three more, two fewer.
    assert!((8..10).contains(&least), "{least}");
    assert_eq!(most, 13);
    assert_eq!(counts(&bench.status()), [10; 4]);
    assert_eq!(bench.ready_of("shop/api:v2"), 10);
}

#[test]
fn what_never_gets_ready_stalls_and_leaves_the_old_pods() {
    let mut spec = Spec::new("api", "shop/api:v1", 3);
    spec.progress_deadline = seconds(60);
    let bench = Bench::new(spec);
    bench.image("shop/api:v2-neverready");
    bench.pass(seconds(120));
    assert_eq!(counts(&bench.status()), [4, 1, 3, 3]);
    assert_eq!(bench.ready_of("shop/api:v1"), 3);
    let progressing = bench.status().conditions.into_iter().find(|condition| condition.kind == "Progressing");
    assert_eq!(progressing.map(|condition| condition.reason).as_deref(), Some("ProgressDeadlineExceeded"));
}

#[test]
fn a_rollout_that_was_complete_once_is_called_complete_though_its_pods_crash() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 1));
    bench.image("shop/api:v2-crash");
    bench.pass(seconds(60));
    assert_eq!(bench.ready_of("shop/api:v1"), 0);
    assert!(bench.status().ready == 0, "{:?}", bench.status());
    let progressing = bench.status().conditions.into_iter().find(|condition| condition.kind == "Progressing");
    assert_eq!(progressing.map(|condition| condition.reason).as_deref(), Some("NewReplicaSetAvailable"));
}

#[test]
fn a_paused_deployment_still_loses_its_old_pods_once_the_new_ones_look_good_for_a_moment() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 1));
    bench.image("shop/api:v2-crash");
    bench.pass(Duration::from_millis(700));
    bench.act(|cluster, shop| cluster.edit(shop, "api", &Edit::Pause(true))).expect("an edit");
    assert_eq!(bench.ready_of("shop/api:v1"), 1);
    bench.pass(seconds(10));
    assert_eq!(bench.ready_of("shop/api:v1"), 0, "the pause is no promise");
}

#[test]
fn a_pause_keeps_the_old_pods_where_the_new_ones_never_look_good() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 3));
    bench.image("shop/api:v2-neverready");
    bench.pass(seconds(3));
    bench.act(|cluster, shop| cluster.edit(shop, "api", &Edit::Pause(true))).expect("an edit");
    bench.pass(seconds(60));
    assert_eq!(bench.ready_of("shop/api:v1"), 3);
    assert!(bench.act(|cluster, shop| cluster.undo(shop, "api")).is_err(), "kubectl refuses to undo while paused");
}

#[test]
fn an_undo_takes_the_old_replica_set_and_its_surviving_pods() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 3));
    let before: Vec<String> = bench.truth().pods.into_iter().map(|pod| pod.name).collect();
    bench.image("shop/api:v2-neverready");
    bench.pass(seconds(5));
    bench.act(|cluster, shop| cluster.undo(shop, "api")).expect("an undo");
    bench.pass(seconds(10));
    let after: Vec<String> = bench.truth().pods.into_iter().map(|pod| pod.name).collect();
    assert_eq!(before, after);
    let revision = bench.act(|cluster, shop| {
        cluster.find(shop, "api").and_then(|one| one.annotations.get(objects::REVISION_ANNOTATION).cloned())
    });
    assert_eq!(revision.as_deref(), Some("3"));
}

#[test]
fn a_crash_loop_raises_its_restart_count_and_backs_off() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1-crash", 1));
    let pod = || bench.act(|cluster, _| cluster.pods.values().next().cloned()).expect("a pod");
    let first = pod().containers[0].restarts;
    assert!(first >= 2, "{first}");
    bench.pass(seconds(60));
    let later = &pod().containers[0];
    assert!(later.restarts > first && later.restarts < first + 6, "{} after {first}", later.restarts);
    assert_eq!(later.last_end.as_ref().map(|end| end.exit_code), Some(2));
    let name = pod().name;
    let log = bench.act(|cluster, shop| cluster.log_of(shop, &name, "api", true));
    assert!(log.last().is_some_and(|line| line.contains("panicked")), "{log:?}");
    let events = bench.act(|cluster, shop| cluster.events_of(shop, &name));
    assert!(events.iter().any(|event| event.reason == "BackOff" && event.count > 1), "{events:?}");
}

#[test]
fn a_scale_in_mid_rollout_is_shared_by_the_replica_sets() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 10));
    bench.image("shop/api:v2-neverready");
    bench.pass(seconds(5));
    bench.act(|cluster, shop| cluster.autoscale(shop, "api", Some(2), 40));
    bench.act(|cluster, shop| cluster.autoscaler_wishes(shop, "api", 20)).expect("an autoscaler");
    bench.pass(seconds(10));
    let status = bench.status();
    assert_eq!(status.total, 25, "20 wanted and 25 % surge");
    assert!(status.updated > 5, "the new ReplicaSet has its share: {status:?}");
    assert!(status.available >= 8, "{status:?}");
}

#[test]
fn recreating_takes_all_old_pods_away_before_the_first_new_one_comes() {
    let mut spec = Spec::new("api", "shop/api:v1", 3);
    spec.recreate = true;
    let bench = Bench::new(spec);
    bench.image("shop/api:v2");
    bench.watch(seconds(20), |truth| {
        let templates: std::collections::BTreeSet<_> = truth.pods.iter().map(|pod| pod.template).collect();
        assert!(templates.len() <= 1, "{truth:?}");
    });
    assert_eq!(bench.ready_of("shop/api:v2"), 3);
}

#[test]
fn a_quota_keeps_pods_from_being_made_and_says_so() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 3));
    bench.act(|cluster, shop| cluster.quota.insert(shop.clone(), 3));
    bench.image("shop/api:v2");
    bench.pass(seconds(10));
    let status = bench.status();
    let failure = status.conditions.iter().find(|condition| condition.kind == "ReplicaFailure");
    assert!(failure.is_some_and(|condition| condition.message.contains("exceeded quota")), "{status:?}");
    bench.act(|cluster, _| cluster.quota.clear());
    bench.pass(seconds(30));
    assert_eq!(bench.ready_of("shop/api:v2"), 3);
}

#[test]
fn min_ready_seconds_delay_what_counts_as_available() {
    let mut spec = Spec::new("api", "shop/api:v1", 1);
    spec.min_ready = seconds(20);
    let bench = Bench::new(spec);
    bench.image("shop/api:v2");
    bench.pass(seconds(10));
    assert_eq!(counts(&bench.status()), [2, 1, 2, 1]);
    bench.pass(seconds(20));
    assert_eq!(counts(&bench.status()), [1, 1, 1, 1]);
}

#[test]
fn a_frozen_api_server_is_seen_by_the_age_alone() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 3));
    let process = bench.world.start_process(Arc::new(MemoryStore::new()));
    let target = bench.target();
    assert_eq!(process.cluster.observe(&target).age, None);
    bench.pass(seconds(2));
    let before = process.cluster.observe(&target);
    assert!(before.fresh() && before.workloads[0].pods.len() == 3, "{before:?}");
    bench.act(|cluster, _| cluster.set_health(ApiHealth::Frozen));
    bench.pass(seconds(60));
    let frozen = process.cluster.observe(&target);
    assert_eq!(frozen.workloads, before.workloads);
    assert!(!frozen.fresh());
    bench.act(|cluster, _| cluster.set_health(ApiHealth::Up));
    bench.image("shop/api:v2");
    bench.pass(seconds(20));
    let after = process.cluster.observe(&target);
    assert!(after.fresh());
    assert_eq!(after.workloads[0].workload.as_ref().map(|seen| seen.generation), Some(2));
}

#[test]
fn a_watch_that_lags_shows_pods_and_workloads_of_different_moments() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 3));
    let process = bench.world.start_process(Arc::new(MemoryStore::new()));
    let target = bench.target();
    process.cluster.observe(&target);
    bench.pass(seconds(2));
    bench.act(|cluster, _| cluster.set_lag(Kind::Pods, seconds(30)));
    bench.image("shop/api:v2");
    bench.pass(seconds(15));
    let WorkloadView { workload, pods } = process.cluster.observe(&target).workloads.remove(0);
    let workload = workload.expect("a workload");
    assert_eq!([workload.updated, workload.available], [3, 3], "the workload is of now");
    assert!(pods.iter().all(|pod| pod.template != Some(workload.template.hash())), "the pods are of then: {pods:?}");
    bench.pass(seconds(30));
    let pods = process.cluster.observe(&target).workloads.remove(0).pods;
    assert!(pods.iter().all(|pod| pod.template == Some(workload.template.hash()) && pod.ready), "{pods:?}");
}

#[test]
fn a_pod_is_known_before_its_replica_set_is() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 1));
    let process = bench.world.start_process(Arc::new(MemoryStore::new()));
    let target = bench.target();
    process.cluster.observe(&target);
    bench.pass(seconds(2));
    bench.act(|cluster, _| cluster.set_lag(Kind::ReplicaSets, seconds(5)));
    bench.image("shop/api:v2");
    bench.pass(seconds(3));
    let pods = process.cluster.observe(&target).workloads.remove(0).pods;
    assert!(pods.iter().any(|pod| pod.template.is_none()), "{pods:?}");
}

#[test]
fn a_write_by_patch_raises_the_generation_and_is_written_down() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 1));
    let id = bench.act(|cluster, shop| cluster.find(shop, "api").expect("a Deployment").id);
    let marker = "/metadata/annotations/rotabot.dev~1change";
    let image = "/spec/template/spec/containers/0/image";
    let steps = |old: Value| {
        vec![
            PatchStep::Test(marker.to_owned(), old),
            PatchStep::Add(marker.to_owned(), json!("x/apply")),
            PatchStep::Replace(image.to_owned(), json!("shop/api:v2")),
        ]
    };
    let patch = |old| bench.act(|cluster, _| cluster.patch_deployment(id, &steps(old), Writer::Somebody, None));
    assert_eq!(patch(Value::Null), Ok(()));
    assert!(patch(Value::Null).is_err(), "the marker is there now");
    let writes = bench.act(|cluster, _| cluster.writes().to_vec());
    assert_eq!(writes.len(), 1);
    assert_eq!(
        writes[0].changed,
        ["/metadata/annotations/rotabot.dev/change", "/spec/template/spec/containers/0/image"]
    );
    assert_eq!(bench.act(|cluster, shop| cluster.find(shop, "api").expect("one").generation), 2);
}

#[test]
fn nothing_is_left_of_a_deployment_that_was_deleted_and_another_comes_in_its_place() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 3));
    let before = bench.truth();
    bench.act(|cluster, shop| cluster.recreate(shop, "api")).expect("one");
    bench.pass(seconds(20));
    let after = bench.truth();
    assert_ne!(before.uid, after.uid);
    assert_eq!(bench.act(|cluster, _| (cluster.pods.len(), cluster.sets.len())), (3, 1));
    assert!(after.pods.iter().all(|pod| pod.ready && before.pods.iter().all(|old| old.name != pod.name)));
}

#[test]
fn a_registry_that_comes_back_lets_pods_start_at_last() {
    let bench = Bench::new(Spec::new("api", "shop/api:v1", 1));
    let repository = "shop/api".parse().expect("a repository");
    bench.world.images(|images| {
        images.push(&repository, "v2");
        images.health = images::RegistryHealth::Down;
    });
    bench.image("shop/api:v2");
    bench.pass(seconds(20));
    let waits = bench.act(|cluster, _| {
        let states = cluster.pods.values().flat_map(|pod| &pod.containers).map(|container| container.state.clone());
        states.filter(|state| matches!(state, ContainerState::Waiting { .. })).count()
    });
    assert_eq!(waits, 1);
    bench.world.images(|images| images.health = images::RegistryHealth::Up);
    bench.pass(seconds(30));
    assert_eq!(counts(&bench.status()), [1; 4]);
}
