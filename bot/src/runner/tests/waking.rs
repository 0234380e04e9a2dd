//! Who is woken by which news.

use std::collections::BTreeSet;

use futures::FutureExt as _;
use state::catalogue::{Permissions, Policy, Workload, WorkloadKind};
use state::names::{ChannelName, EnvironmentName, ServiceName, TargetName};

use super::super::*;

fn target(namespace: &str, workloads: &[&str]) -> Target {
    let workload = |name: &&str| Workload {
        kind: WorkloadKind::Deployment,
        name: WorkloadName::new(*name).expect("a name"),
        containers: Vec::new(),
    };
    Target {
        name: TargetName {
            service: ServiceName::new("api").expect("a name"),
            environment: EnvironmentName::new("prod").expect("a name"),
        },
        cluster: ClusterName::new("main").expect("a name"),
        namespace: namespace.parse().expect("a namespace"),
        workloads: workloads.iter().map(workload).collect(),
        channel: ChannelName::new("ops").expect("a name"),
        policy: Policy::default(),
        permissions: Permissions::default(),
        owners: Vec::new(),
        runbook: None,
        dashboard: None,
    }
}

#[test]
fn news_of_a_workload_wake_those_who_change_it_and_nobody_else() {
    let tasks = Tasks::default();
    let targets =
        [target("shop", &["api", "worker"]), target("shop", &["pay"]), target("elsewhere", &["worker", "pay"])];
    let places = (0..).zip(&targets);
    let wakes: Vec<_> = places
        .map(|(n, target)| tasks.take_up(ChangeId::from_parts(0, n), target).expect("not taken up before"))
        .collect();
    let woken = || wakes.iter().map(|taken| taken.wake.notified().now_or_never().is_some()).collect::<Vec<_>>();
    let main = ClusterName::new("main").expect("a name");
    let shop: Namespace = "shop".parse().expect("a namespace");

    let names = BTreeSet::from(["worker".to_owned(), "web".to_owned()]);
    tasks.wake(&main, &shop, Concerned::Of(&names));
    assert_eq!(woken(), [true, false, false]);
    tasks.wake(&main, &shop, Concerned::All);
    assert_eq!(woken(), [true, true, false]);
    tasks.wake(&ClusterName::new("other").expect("a name"), &shop, Concerned::All);
    assert_eq!(woken(), [false, false, false]);
    tasks.wake_all();
    assert_eq!(woken(), [true, true, true]);
}
