//! Changes that ended before anything was written.

use chrono::{DateTime, Utc};
use state::catalogue::Unanswered;
use state::change::outcome::{Left, Outcome, PlaceOf, Refused, WrittenBy};
use state::change::{Ask, Asker, RollbackTo};
use state::names::WorkloadName;

use super::changes::scene;
use super::scene::{Scene, by_tag, question};
use super::*;
use crate::command::value::Earlier;

#[test]
fn refused_in_preparing() {
    let refused = |why: fn(&Sample) -> Refused| {
        scene(move |sample| {
            let outcome = Outcome::Refused { why: why(sample) };
            let mut scene = Scene::new(sample).ended(sample, outcome, Left::Untouched);
            scene.change.work = None;
            scene
        })
    };
    let under_way = |by: fn(Option<DateTime<Utc>>) -> Option<WrittenBy>| {
        scene(move |sample| {
            let (workload, by) = (api(sample), by(Some(at("03:10:00"))));
            let why = Refused::UnderWay { workload, by, ready: 1, desired: 3 };
            let mut scene = Scene::new(sample).ended(sample, Outcome::Refused { why }, Left::Untouched);
            scene.change.work = None;
            scene
        })
    };
    fn api(sample: &Sample) -> WorkloadName {
        WorkloadName::new(sample.target.service.as_str()).expect("a name")
    }
    snapshot!(all(vec![
        (
            "image unknown",
            refused(|sample| Refused::ImageUnknown { image: format!("registry.example/shop/api:{}", sample.new) })
        ),
        ("registry denied", refused(|_| Refused::RegistryDenied { host: "registry.example".to_owned() })),
        ("registry unreachable", refused(|_| Refused::RegistryUnreachable { host: "registry.example".to_owned() })),
        ("cluster unreadable", refused(|_| Refused::ClusterUnreadable)),
        (
            "forbidden",
            refused(|_| Refused::Forbidden {
                sentence: "deployments.apps \"api\" is forbidden: User \"bot\" cannot patch".to_owned()
            })
        ),
        (
            "rejected",
            refused(|sample| Refused::Rejected {
                workload: api(sample),
                sentence: "exceeded quota: compute".to_owned()
            })
        ),
        ("missing", refused(|sample| Refused::Missing { workload: api(sample) })),
        (
            "no such container",
            refused(|sample| Refused::NoContainer {
                workload: api(sample),
                container: "app".parse().expect("a name"),
                has: vec!["main".to_owned(), "proxy".to_owned()],
            })
        ),
        ("paused", refused(|sample| Refused::Paused { workload: api(sample), by: None })),
        (
            "paused by",
            refused(|sample| Refused::Paused { workload: api(sample), by: Some("kubectl-rollout".to_owned()) })
        ),
        ("runs unhealthy", refused(|_| Refused::RunsUnhealthy)),
        ("rolled out by somebody", under_way(|at| Some(WrittenBy::Somebody { name: "kubectl-set".to_owned(), at }))),
        ("left by us, and still being rolled out", under_way(|at| Some(WrittenBy::Us { at }))),
        ("rolled out by nobody knows whom", under_way(|_| None)),
        (
            "rolled out by somebody, and nobody knows when",
            under_way(|_| Some(WrittenBy::Somebody { name: "helm".to_owned(), at: None }))
        ),
        ("nothing to return to", refused(|_| Refused::NothingToReturnTo)),
        (
            "no earlier image of a part",
            refused(|sample| Refused::NoEarlierImage {
                earlier: sample.old.clone(),
                of: vec![
                    PlaceOf { workload: "worker".parse().expect("a name"), container: None },
                    PlaceOf { workload: api(sample), container: Some("app".parse().expect("a name")) },
                ],
            })
        ),
        (
            "no earlier image of a part, by digest",
            refused(|sample| Refused::NoEarlierImage {
                earlier: format!("sha256:{}", "61c0".repeat(16)),
                of: vec![PlaceOf { workload: api(sample), container: None }],
            })
        ),
        ("unknown release", refused(|_| Refused::UnknownRelease { named: "v5".to_owned() })),
        (
            "locked meanwhile",
            refused(|sample| Refused::Locked {
                scope: "prod".to_owned(),
                by: sample.mo.clone(),
                reason: "migration".to_owned()
            })
        ),
        ("moved", refused(|sample| Refused::Moved { workload: api(sample) })),
    ]));
}

#[test]
fn a_way_back_that_is_not_there() {
    let back = |timer: bool, why: fn(&Sample) -> Refused, earlier: &'static [&'static str]| {
        scene(move |sample| {
            let outcome = Outcome::Refused { why: why(sample) };
            let scene = Scene::new(sample).ended(sample, outcome, Left::Untouched).serving(&[(&sample.new, 5)], true);
            scene.with(|scene| {
                scene.change.work = None;
                scene.change.head.ask = Ask::Rollback { to: RollbackTo::Before(id()), template: false };
                scene.change.head.answers = Some(question(sample, Unanswered::Rollback));
                if timer {
                    let on_behalf_of = sample.lin.clone();
                    scene.change.head.asked_by = Asker::Timer { question_of: id(), on_behalf_of };
                }
                scene.earlier = Some(by_tag(earlier));
                if let Some(one) = scene.earlier.as_mut().and_then(|earlier| earlier.first_mut()) {
                    one.to = Earlier::Change(ChangeNumber(398));
                    one.told_apart = Some((sample.old.clone(), "61c0…e4".to_owned()));
                }
            })
        })
    };
    fn gone(sample: &Sample) -> Refused {
        Refused::ImageUnknown { image: format!("registry.example/shop/api:{}", sample.old) }
    }
    snapshot!(all(vec![
        ("promised, and its image is gone", back(true, gone, &["4d1e77c", "e41b0c7"])),
        ("promised, and nothing is older", back(true, gone, &[])),
        ("pressed, and its image is gone", back(false, gone, &["4d1e77c", "e41b0c7"])),
        ("promised, and put off: the cluster can't be read", back(true, |_| Refused::ClusterUnreadable, &[])),
        ("promised, and nothing is known to go back to", back(true, |_| Refused::NothingToReturnTo, &[])),
    ]));
}
