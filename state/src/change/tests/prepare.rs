//! What `preparing` ends with.

use super::scene::*;
use crate::change::outcome::{PlaceOf, Refused, WrittenBy};
use crate::change::prepare::{Facts, Found, Prepared, prepare};
use crate::change::release::{Origin, Release, ReleaseWorkload, Withdrawn};
use crate::change::{Ask, RollbackTo};
use crate::image::Image;
use crate::names::ChangeNumber;
use crate::rollout::seen::{ConditionSeen, WorkloadSeen, Writer};
use crate::rollout::testing::{PodLife, wall};
use crate::template::Template;

fn v1() -> Image {
    image("api", "v1", None)
}

fn v2() -> Image {
    image("api", "v2", Some(&digest(2)))
}

/// What becomes of a deploy of version 2 onto one workload.
fn onto(found: Found) -> Prepared {
    prepare(&deploy("v2"), &target(&["api"]), &wanting(vec![found], &[("api", v2())]))
}

fn but(change: impl FnOnce(&mut WorkloadSeen)) -> Found {
    let mut found = found("api", &v1(), Some(&digest(1)));
    change(found.seen.as_mut().expect("seen"));
    found
}

#[test]
fn a_deploy_writes_its_images_and_remembers_what_it_found() {
    let found = found("api", &v1(), Some(&digest(1)));
    let before = found.seen.clone().expect("seen");
    let work = work_of(onto(found));
    let item = &work.workloads[0];
    assert_eq!(first_image(&work).from, "r.example/shop/api:v1");
    assert_eq!(first_image(&work).to.to_string(), format!("r.example/shop/api:v2@{}", digest(2)));
    assert_eq!(item.baseline.template, *before.template.json(), "byte for byte");
    assert_eq!(item.baseline.digests.values().collect::<Vec<_>>(), [&digest(1)]);
    assert!(item.baseline.all_ready && !item.resumes && item.template.is_none());
    assert_eq!((item.found, item.found_marker.as_ref()), (before.template.hash(), None));
    assert_eq!((work.release, work.differences.len()), (None, 0));
    let new = item.new_template(&before.template);
    assert!(new.differences(&before.template, 9).is_empty(), "nothing but images is touched");
    assert_eq!(new.image_of(&name("proxy")), Some("envoy:v1"), "and of those only what the catalogue names");
}

#[test]
fn what_can_t_be_written_is_refused() {
    let missing = Found { seen: None, pods: Vec::new(), held: None };
    assert_eq!(onto(missing), Prepared::Refuse(Refused::Missing { workload: name("api") }));

    let other = template("other", &image("other", "v1", None));
    let renamed = but(|seen| seen.template = other);
    let has = vec!["proxy".to_owned(), "other".to_owned()];
    let no_container = Refused::NoContainer { workload: name("api"), container: name("api"), has };
    assert_eq!(onto(renamed), Prepared::Refuse(no_container));

    let paused = Prepared::Refuse(Refused::Paused { workload: name("api"), by: None });
    assert_eq!(onto(but(|seen| seen.paused = true)), paused);
    let by = but(|seen| (seen.paused, seen.paused_by) = (true, Some("kubectl-rollout".to_owned())));
    let told = Refused::Paused { workload: name("api"), by: Some("kubectl-rollout".to_owned()) };
    assert_eq!(onto(by), Prepared::Refuse(told));
    // A deploy and a rollback alike.
    let back = Ask::Rollback { to: RollbackTo::Previous, template: false };
    let facts = Facts { releases: vec![release(1, "v0")], ..wanting(vec![but(|seen| seen.paused = true)], &[]) };
    assert_eq!(prepare(&back, &target(&["api"]), &facts), paused);
}

#[test]
fn one_workload_that_can_t_be_written_refuses_all() {
    let mut second = found("worker", &image("worker", "v1", None), None);
    second.seen = None;
    let wanted = [("api", v2()), ("worker", image("worker", "v2", None))];
    let facts = wanting(vec![found("api", &v1(), None), second], &wanted);
    let refused = prepare(&deploy("v2"), &target(&["api", "worker"]), &facts);
    assert_eq!(refused, Prepared::Refuse(Refused::Missing { workload: name("worker") }));
}

#[test]
fn our_own_pause_is_lifted_and_its_baseline_inherited() {
    let bad = image("api", "v9", Some(&digest(9)));
    let work = work_of(onto(held("api", &bad)));
    let item = &work.workloads[0];
    assert!(item.resumes);
    assert_eq!(item.baseline, baseline("api"), "what ran before the change that failed, not what that one left");
    assert_eq!(first_image(&work).from, bad.to_string());
    // What is written is known whole, because the baseline is another template.
    let whole = Template::new(item.template.clone().expect("a whole template"));
    assert_eq!(whole.hash(), ours("api").hash());

    // The same version again resumes as well.
    let same = work_of(onto(held("api", &v2())));
    assert!(same.workloads[0].resumes);

    // A rollback inherits too.
    let back = Ask::Rollback { to: RollbackTo::Previous, template: false };
    let facts = Facts { releases: vec![release(1, "v1")], ..wanting(vec![held("api", &bad)], &[]) };
    assert!(work_of(prepare(&back, &target(&["api"]), &facts)).workloads[0].resumes);
}

#[test]
fn whose_pause_it_is_shows_in_marker_and_template() {
    let bad = image("api", "v9", None);
    let paused = Prepared::Refuse(Refused::Paused { workload: name("api"), by: None });
    let but = |change: fn(&mut Found)| {
        let mut found = held("api", &bad);
        change(&mut found);
        onto(found)
    };
    let marker = |text: String| move |found: &mut Found| found.seen.as_mut().expect("seen").marker = Some(text);
    let marked = |text: String| {
        let mut found = held("api", &bad);
        marker(text)(&mut found);
        onto(found)
    };
    assert_eq!(marked(format!("{}/apply", earlier())), paused, "we applied, somebody else paused");
    assert!(matches!(marked(format!("{}/fence", earlier())), Prepared::Write(_)), "a fence put over our pause");
    assert_eq!(but(|found| found.held = None), paused, "nobody knows the change that the marker names");
    let edited = but(|found| {
        let edited = template_with("api", &image("api", "v9", None), "99");
        found.seen.as_mut().expect("seen").template = edited;
    });
    assert_eq!(edited, paused, "somebody has edited what we had paused");
    let resumed = work_of(but(|found| found.seen.as_mut().expect("seen").paused = false));
    assert!(!resumed.workloads[0].resumes, "somebody has lifted our pause");
    assert_eq!(resumed.workloads[0].baseline.template, *template("api", &bad).json());
}

#[test]
fn what_a_failed_change_left_complete_is_no_better_than_what_it_left_paused() {
    let left_complete = |workload: &str| {
        let mut found = held(workload, &image(workload, "v9", None));
        let seen = found.seen.as_mut().expect("seen");
        seen.paused = false;
        seen.marker = Some(format!("{}/apply", earlier()));
        found
    };
    let wanted = [("api", v2()), ("worker", image("worker", "v2", Some(&digest(2))))];
    let both = vec![left_complete("api"), held("worker", &image("worker", "v9", None))];
    let target = target(&["api", "worker"]);
    let work = work_of(prepare(&deploy("v2"), &target, &wanting(both, &wanted)));
    let inherited: Vec<_> = work.workloads.iter().map(|item| (item.resumes, item.baseline.clone())).collect();
    assert_eq!(inherited, [(false, baseline("api")), (true, baseline("worker"))]);

    // With nothing of it paused, what stands there is what ran before.
    let both = vec![left_complete("api"), left_complete("worker")];
    let work = work_of(prepare(&deploy("v2"), &target, &wanting(both, &wanted)));
    assert!(work.workloads.iter().all(|item| item.baseline != baseline(item.workload.name.as_str())));
}

/// Version 2 stands in the template, in the ways in which it can.
#[test]
fn what_runs_already_is_judged_by_digest() {
    let v2_tag = || image("api", "v2", None);
    let unhealthy = |mut found: Found| {
        found.seen.as_mut().expect("seen").available = 1;
        found
    };
    let nothing = Prepared::NothingToDo;
    let refused = Prepared::Refuse(Refused::RunsUnhealthy);
    assert_eq!(onto(found("api", &v2(), None)), nothing, "the digest stands in the template");
    assert_eq!(onto(unhealthy(found("api", &v2(), None))), refused);
    assert_eq!(onto(found("api", &v2_tag(), Some(&digest(2)))), nothing, "the pods report it");
    assert!(matches!(onto(found("api", &v2_tag(), Some(&digest(3)))), Prepared::Write(_)), "the tag has moved");
    assert!(matches!(onto(unhealthy(found("api", &v2_tag(), None))), Prepared::Write(_)), "nobody knows what runs");
    let elsewhere: Image = format!("other.example/api:v2@{}", digest(2)).parse().expect("an image");
    assert!(matches!(onto(found("api", &elsewhere, None)), Prepared::Write(_)), "another repository");

    // A node may report the digest of its own platform.
    let mut facts = wanting(vec![found("api", &v2_tag(), Some(&digest(22)))], &[("api", v2())]);
    for wanted in facts.wanted.values_mut() {
        wanted.platforms = vec![digest(21), digest(22)];
    }
    assert_eq!(prepare(&deploy("v2"), &target(&["api"]), &facts), nothing);

    // Without a registry the tag is all there is.
    let by_tag = |found| prepare(&deploy("v2"), &target(&["api"]), &wanting(vec![found], &[("api", v2_tag())]));
    assert_eq!(by_tag(found("api", &v2_tag(), Some(&digest(2)))), nothing);
    assert!(matches!(by_tag(found("api", &v1(), None)), Prepared::Write(_)));

    // Without pods nothing runs.
    let mut none = found("api", &v2(), None);
    let seen = none.seen.as_mut().expect("seen");
    (seen.desired, seen.total, seen.updated, seen.ready, seen.available) = (0, 0, 0, 0, 0);
    assert!(matches!(onto(none), Prepared::Write(_)));

    // A status of an older generation is nobody's health, nor proof that it is unwell.
    let mut stale = found("api", &v2(), None);
    stale.seen.as_mut().expect("seen").generation = 9;
    assert!(matches!(onto(stale), Prepared::Refuse(Refused::UnderWay { .. })));
}

#[test]
fn all_workloads_must_run_it_already() {
    let both = |second: &Image| vec![found("api", &v2(), None), found("worker", second, None)];
    let wanted = [("api", v2()), ("worker", image("worker", "v2", Some(&digest(2))))];
    let target = target(&["api", "worker"]);
    let behind = prepare(&deploy("v2"), &target, &wanting(both(&image("worker", "v1", None)), &wanted));
    assert_eq!(work_of(behind).workloads.len(), 2, "changed together");
    assert_eq!(prepare(&deploy("v2"), &target, &wanting(both(&wanted[1].1), &wanted)), Prepared::NothingToDo);
}

#[test]
fn a_baseline_is_good_if_all_its_pods_were_ready() {
    let is_ready = |change: fn(&mut Found)| {
        let mut found = found("api", &v1(), Some(&digest(1)));
        change(&mut found);
        work_of(onto(found)).workloads[0].baseline.all_ready
    };
    let unready = |found: &mut Found| found.pods[0].ready = false;
    assert!(is_ready(|_| {}));
    assert!(!is_ready(unready));
    assert!(!is_ready(|found| drop(found.pods.pop())), "one is missing");
    let again = |found: &mut Found| {
        let template = found.seen.as_ref().expect("seen").template.clone();
        found.pods.push(ready_pod("api", 3, &template, None));
    };
    assert!(!is_ready(|found| {
        found.pods[0].ready = false;
        let template = found.seen.as_ref().expect("seen").template.clone();
        found.pods.push(ready_pod("api", 3, &template, None));
    }));
    // What goes or has ended has its place taken by others.
    let gone = is_ready(|found| {
        let template = found.seen.as_ref().expect("seen").template.clone();
        let (evicted, deleting) = (found.pods[0].clone().evicted(), found.pods[1].clone().deleting());
        found.pods =
            vec![evicted, deleting, ready_pod("api", 3, &template, None), ready_pod("api", 4, &template, None)];
    });
    assert!(gone);
    let mut more = found("api", &v1(), None);
    again(&mut more);
    assert!(work_of(onto(more)).workloads[0].baseline.all_ready, "more than are wanted do no harm");
}

#[test]
fn a_digest_is_known_only_where_all_ready_pods_agree() {
    let mut found = found("api", &v1(), Some(&digest(1)));
    found.pods[1] = found.pods[1].clone().runs(&format!("r.example/shop/api@{}", digest(7)));
    assert!(work_of(onto(found)).workloads[0].baseline.digests.is_empty());
    let mut found = super::scene::found("api", &v1(), Some(&digest(1)));
    found.pods[1] = found.pods[1].clone().runs("sha256:0123");
    assert!(work_of(onto(found)).workloads[0].baseline.digests.is_empty(), "a bare config id is no digest");
}

#[test]
fn the_number_of_the_rollout_is_kept_once_its_controller_has_looked() {
    let revision = |found| work_of(onto(found)).workloads[0].found_revision.clone();
    assert_eq!(revision(but(|_| {})).as_deref(), Some("3"));
    assert_eq!(revision(but(|seen| seen.observed_generation = 5)), None);
}

// Rollbacks

fn release(at: i64, tag: &str) -> Release {
    let image = image("api", tag, Some(&digest(u8::try_from(at).expect("small"))));
    Release {
        change: crate::names::ChangeId::from_parts(at.unsigned_abs(), 0),
        number: ChangeNumber(at.unsigned_abs()),
        at: wall(at.unsigned_abs()),
        origin: Origin::Verified,
        workloads: vec![ReleaseWorkload {
            workload: name("api"),
            template: template_with("api", &image, "20").json().clone(),
            images: [(name("api"), image)].into(),
        }],
    }
}

fn back(to: RollbackTo, template: bool, releases: Vec<Release>) -> Prepared {
    let facts = Facts { releases, ..wanting(vec![found("api", &v2(), Some(&digest(2)))], &[]) };
    prepare(&Ask::Rollback { to, template }, &target(&["api"]), &facts)
}

#[test]
fn a_rollback_writes_images_by_digest_and_names_what_else_differs() {
    let work = work_of(back(RollbackTo::Previous, false, vec![release(1, "v1"), release(2, "v2")]));
    assert_eq!(first_image(&work).to, image("api", "v1", Some(&digest(1))));
    assert_eq!((work.release, work.workloads[0].template.is_none()), (Some(ChangeNumber(1)), true));
    assert_eq!(work.differences, ["spec.containers.1.env.0.value"]);

    let whole = work_of(back(RollbackTo::Previous, true, vec![release(1, "v1"), release(2, "v2")]));
    let restored = Template::new(whole.workloads[0].template.clone().expect("a whole template"));
    assert_eq!(restored.hash(), template_with("api", &image("api", "v1", Some(&digest(1))), "20").hash());
}

#[test]
fn what_a_rollback_can_t_go_to_is_refused() {
    let refused = |to: RollbackTo, releases| match back(to, false, releases) {
        Prepared::Refuse(why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(RollbackTo::Previous, vec![]), Refused::NothingToReturnTo);
    assert_eq!(refused(RollbackTo::Previous, vec![release(2, "v2")]), Refused::NothingToReturnTo, "it runs");
    let unknown = |named: &str| Refused::UnknownRelease { named: named.to_owned() };
    assert_eq!(refused(RollbackTo::Named(name("v7")), vec![release(1, "v1")]), unknown("v7"));
    assert_eq!(refused(RollbackTo::Release(ChangeNumber(7)), vec![release(1, "v1")]), unknown("#7"));
    let baseline = Release { origin: Origin::Baseline, ..release(1, "v1") };
    let by_number = refused(RollbackTo::Release(ChangeNumber(1)), vec![baseline.clone()]);
    assert_eq!(by_number, unknown("#1"), "what a change found is not what it made");
    // A workload or container that the release did not have yet.
    let mut older = release(1, "v1");
    older.workloads[0].images.clear();
    let no_image = |earlier: &str, container| Refused::NoEarlierImage {
        earlier: earlier.to_owned(),
        of: vec![PlaceOf { workload: name("api"), container }],
    };
    assert_eq!(refused(RollbackTo::Release(ChangeNumber(1)), vec![older]), no_image("#1", Some(name("api"))));
    let elsewhere = Release { workloads: vec![], ..baseline };
    assert_eq!(refused(RollbackTo::Before(elsewhere.change), vec![elsewhere]), no_image("#1", None));
}

/// The catalogue has a worker beside the api, which the releases don't know yet.
#[test]
fn a_target_that_has_grown_names_the_part_that_has_no_earlier_image() {
    let both = vec![found("api", &v2(), Some(&digest(2))), found("worker", &image("worker", "v2", None), None)];
    let back = |to, releases| {
        let facts = Facts { releases, ..wanting(both.clone(), &[]) };
        prepare(&Ask::Rollback { to, template: false }, &target(&["api", "worker"]), &facts)
    };
    let worker = PlaceOf { workload: name("worker"), container: None };
    let refused = Prepared::Refuse(Refused::NoEarlierImage { earlier: "v1".to_owned(), of: vec![worker] });
    assert_eq!(back(RollbackTo::Previous, vec![release(1, "v1")]), refused);
    assert_eq!(back(RollbackTo::Named(name("v1")), vec![release(1, "v1")]), refused);
    assert_eq!(back(RollbackTo::Release(ChangeNumber(1)), vec![release(1, "v1")]), refused);
    // What ran before the deploy that brought it is known whole.
    let mut before = Release { origin: Origin::Baseline, ..release(2, "v1") };
    before.workloads.push(ReleaseWorkload {
        workload: name("worker"),
        template: template("worker", &image("worker", "v0", None)).json().clone(),
        images: [(name("worker"), image("worker", "v0", None))].into(),
    });
    let work = work_of(back(RollbackTo::Previous, vec![release(1, "v1"), before]));
    let went_to: Vec<_> =
        work.workloads.iter().map(|item| item.images[0].to.reference.tag().map(str::to_owned)).collect();
    assert_eq!(went_to, [Some("v1".to_owned()), Some("v0".to_owned())]);
}

#[test]
fn a_rollback_to_a_baseline_names_no_release() {
    let baseline = Release { origin: Origin::Baseline, ..release(1, "v1") };
    let work = work_of(back(RollbackTo::Before(baseline.change), false, vec![baseline]));
    assert_eq!(work.release, None);
    assert_eq!(first_image(&work).to, image("api", "v1", Some(&digest(1))));
}

#[test]
fn a_rollback_to_what_runs_has_nothing_to_do() {
    let named = |template| back(RollbackTo::Named(name("v2")), template, vec![release(2, "v2")]);
    assert_eq!(named(false), Prepared::NothingToDo);
    assert!(matches!(named(true), Prepared::Write(_)), "but for the rest of its template");
}

#[test]
fn what_was_withdrawn_is_passed_over() {
    let all = vec![release(1, "v1"), release(3, "v3")];
    let images = [((name("api"), name("api")), image("api", "v3", Some(&digest(3))))].into();
    let withdrawn = vec![Withdrawn::of(ChangeNumber(9), &images)];
    let back = Ask::Rollback { to: RollbackTo::Previous, template: false };
    let facts = |withdrawn| Facts { releases: all.clone(), withdrawn, ..wanting(vec![found("api", &v2(), None)], &[]) };
    let went_to = |withdrawn| work_of(prepare(&back, &target(&["api"]), &facts(withdrawn))).release;
    assert_eq!(went_to(vec![]), Some(ChangeNumber(3)), "what runs is no release, and counts as above all");
    assert_eq!(went_to(withdrawn), Some(ChangeNumber(1)));
}

/// Somebody else's rollout of what is asked for, seen in the middle.
fn rolled_out_by(found: Found, by: &str) -> Found {
    let mut found = found;
    let seen = found.seen.as_mut().expect("seen");
    let at = "2026-11-26T03:10:00Z".parse().ok();
    seen.template_by = Some(Writer { name: by.to_owned(), at });
    (seen.updated, seen.available) = (1, 1);
    seen.conditions = vec![progressing("True", "ReplicaSetUpdated")];
    found
}

fn progressing(status: &str, reason: &str) -> ConditionSeen {
    let [kind, status, reason] = ["Progressing", status, reason].map(str::to_owned);
    ConditionSeen { kind, status, reason, message: String::new() }
}

#[test]
fn what_somebody_else_rolls_out_right_now_is_not_unwell() {
    let v2_tag = || image("api", "v2", None);
    let at = "2026-11-26T03:10:00Z".parse().ok();
    let by_kubectl = || Some(WrittenBy::Somebody { name: "kubectl-set".to_owned(), at });
    let refused = |by, ready| {
        let desired = found("api", &v2(), None).seen.expect("seen").desired;
        Prepared::Refuse(Refused::UnderWay { workload: name("api"), by, ready, desired })
    };
    let by = |prepared: Prepared| match prepared {
        Prepared::Refuse(Refused::UnderWay { by, .. }) => by,
        other => panic!("{other:?}"),
    };
    let ready = found("api", &v2(), None).pods.iter().filter(|pod| pod.ready).count();
    let ready = u32::try_from(ready).expect("few");
    assert_eq!(onto(rolled_out_by(found("api", &v2(), None), "kubectl-set")), refused(by_kubectl(), ready));
    let mut none_ready = rolled_out_by(found("api", &v2(), None), "kubectl-set");
    none_ready.pods.clear();
    assert_eq!(onto(none_ready), refused(by_kubectl(), 0), "by the digest that stands there, while no pod says more");
    assert_eq!(by(onto(rolled_out_by(found("api", &v2(), None), "rotabot"))), Some(WrittenBy::Us { at }));
    let unobserved = but_of(rolled_out_by(found("api", &v2(), None), "helm"), |seen| {
        seen.observed_generation = seen.generation - 1;
        seen.conditions = vec![progressing("True", "NewReplicaSetAvailable")];
    });
    assert!(by(onto(unobserved)).is_some(), "the controller has not looked at it yet");

    // What stands still, or has arrived before, or shows that it fails, is unwell.
    let unwell = Prepared::Refuse(Refused::RunsUnhealthy);
    for (status, reason) in [("False", "ProgressDeadlineExceeded"), ("True", "NewReplicaSetAvailable")] {
        let still = but_of(rolled_out_by(found("api", &v2(), None), "helm"), |seen| {
            seen.conditions = vec![progressing(status, reason)];
        });
        assert_eq!(onto(still), unwell, "{reason}");
    }
    let mut crashing = rolled_out_by(found("api", &v2(), None), "helm");
    for container in crashing.pods.iter_mut().flat_map(|pod| &mut pod.containers) {
        container.restarts = 2;
    }
    assert_eq!(onto(crashing), unwell, "its pods crash");
    // Another image than what is asked for is written over, as before.
    assert!(matches!(onto(rolled_out_by(found("api", &v1(), Some(&digest(1))), "helm")), Prepared::Write(_)));
    let moved = rolled_out_by(found("api", &v2_tag(), Some(&digest(3))), "helm");
    assert!(matches!(onto(moved), Prepared::Write(_)), "the tag has moved since");
}

#[test]
fn a_tag_that_was_pushed_again_is_written_over_a_rollout_of_what_it_stood_for() {
    let tag = || image("api", "v2", None);
    let unready = |reports: Option<&crate::image::Digest>| {
        let mut found = rolled_out_by(found("api", &tag(), reports), "kubectl-set");
        found.pods.iter_mut().for_each(|pod| pod.ready = false);
        found
    };
    let under_way = |prepared: &Prepared| matches!(prepared, Prepared::Refuse(Refused::UnderWay { ready: 0, .. }));
    assert!(under_way(&onto(unready(Some(&digest(2))))), "its pods tell that it is the same");
    assert!(matches!(onto(unready(Some(&digest(3)))), Prepared::Write(_)), "they tell that it is another");
    assert!(matches!(onto(unready(None)), Prepared::Write(_)), "nobody knows what is being rolled out");
    let mut both = unready(Some(&digest(2)));
    both.pods[1] = both.pods[1].clone().runs(&format!("r.example/shop/api@{}", digest(3)));
    assert!(matches!(onto(both), Prepared::Write(_)), "it moved in the middle");

    // A node may report the digest of its own platform.
    let mut facts = wanting(vec![unready(Some(&digest(22)))], &[("api", v2())]);
    for wanted in facts.wanted.values_mut() {
        wanted.platforms = vec![digest(22)];
    }
    assert!(under_way(&prepare(&deploy("v2"), &target(&["api"]), &facts)));

    // Without a registry the tag is all there is.
    let facts = wanting(vec![unready(None)], &[("api", tag())]);
    assert!(under_way(&prepare(&deploy("v2"), &target(&["api"]), &facts)));
}

#[test]
fn a_rollout_whose_pods_can_t_be_made_or_placed_is_unwell() {
    let unwell = Prepared::Refuse(Refused::RunsUnhealthy);
    let mut unschedulable = rolled_out_by(found("api", &v2(), None), "helm");
    unschedulable.pods[1].ready = false;
    unschedulable.pods[1].unschedulable = Some("0/3 nodes are available".to_owned());
    assert_eq!(onto(unschedulable), unwell);
    let quota = but_of(rolled_out_by(found("api", &v2(), None), "helm"), |seen| {
        let [kind, status, reason] = ["ReplicaFailure", "True", "FailedCreate"].map(str::to_owned);
        seen.conditions.push(ConditionSeen { kind, status, reason, message: "exceeded quota".to_owned() });
    });
    assert_eq!(onto(quota), unwell);
}

#[test]
fn a_rollout_beside_a_workload_that_fails_does_not_hide_it() {
    let worker = image("worker", "v2", Some(&digest(2)));
    let onto_both = |second: Found| {
        let both = vec![rolled_out_by(found("api", &v2(), None), "helm"), second];
        let wanted = [("api", v2()), ("worker", worker.clone())];
        prepare(&deploy("v2"), &target(&["api", "worker"]), &wanting(both, &wanted))
    };
    let moving = || rolled_out_by(found("worker", &worker, None), "helm");
    for well in [found("worker", &worker, None), moving()] {
        assert!(matches!(onto_both(well), Prepared::Refuse(Refused::UnderWay { .. })));
    }
    let mut crashing = moving();
    crashing.pods[0].containers[0].restarts = 2;
    let arrived = but_of(found("worker", &worker, None), |seen| seen.available = 1);
    for unwell in
        [crashing, but_of(arrived, |seen| seen.conditions = vec![progressing("True", "NewReplicaSetAvailable")])]
    {
        assert_eq!(onto_both(unwell), Prepared::Refuse(Refused::RunsUnhealthy));
    }
}

fn but_of(found: Found, change: impl FnOnce(&mut WorkloadSeen)) -> Found {
    let mut found = found;
    change(found.seen.as_mut().expect("seen"));
    found
}
