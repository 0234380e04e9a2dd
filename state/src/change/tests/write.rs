//! Before a write, read: every marker with every template and pause, and what each patch really does to an object.

use std::sync::Arc;

use serde_json::{Value, json};

use super::applier::applied;
use super::scene::*;
use crate::change::outcome::Overtaken;
use crate::change::patch::PatchStep;
use crate::change::write::{Decision, Intent, decide};
use crate::change::{Change, Phase, Pin, WorkloadWork, Written};
use crate::rollout::seen::{MARKER_ANNOTATION, MarkerStep, WorkloadSeen};
use crate::template::Template;

/// What may stand in our annotation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    /// What was found before: nothing.
    Found,
    /// This change's, of a step.
    Ours(MarkerStep),
    /// Anything else.
    Other,
}

/// Which template stands there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stands {
    /// The one that was found.
    Before,
    /// The one that we write.
    After,
    /// Somebody's.
    Other,
}

const MARKS: [Mark; 6] = [
    Mark::Found,
    Mark::Other,
    Mark::Ours(MarkerStep::Apply),
    Mark::Ours(MarkerStep::Hold),
    Mark::Ours(MarkerStep::Return),
    Mark::Ours(MarkerStep::Fence),
];
const TEMPLATES: [Stands; 3] = [Stands::Before, Stands::After, Stands::Other];

fn change() -> Change {
    in_phase(&["api"], Phase::Applying { written: Vec::new() })
}

fn looks(mark: Mark, stands: Stands, paused: bool) -> WorkloadSeen {
    let template = match stands {
        Stands::Before => template("api", &image("api", "v1", None)),
        Stands::After => ours("api"),
        Stands::Other => template_with("api", &image("api", "v2", Some(&digest(2))), "99"),
    };
    let marker = match mark {
        Mark::Found => None,
        Mark::Ours(step) => Some(format!("{}/{step}", id())),
        Mark::Other => Some(format!("{}/apply", earlier())),
    };
    WorkloadSeen { marker, paused, ..seen(&template) }
}

/// What is decided, in a word.
fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Done { .. } => "done",
        Decision::Patch(_) => "patch",
        Decision::Overtaken(Overtaken::Template) => "other template",
        Decision::Overtaken(Overtaken::Undone) => "undone",
        Decision::Overtaken(Overtaken::Recreated) => "recreated",
        Decision::Paused => "paused",
        Decision::Missing => "missing",
        Decision::Overtaken(Overtaken::Gone) => "gone",
    }
}

/// Tries all combinations against what the rules say of each.
fn all_combinations(intent: Intent<'_>, item: &WorkloadWork, rules: impl Fn(Mark, Stands, bool) -> &'static str) {
    for mark in MARKS {
        for stands in TEMPLATES {
            for paused in [false, true] {
                let looks = looks(mark, stands, paused);
                let decision = decide(intent, item, id(), Some(&looks));
                assert_eq!(word(&decision), rules(mark, stands, paused), "{mark:?} {stands:?} paused: {paused}");
                if let Decision::Done { generation, template } = decision {
                    assert_eq!((generation, template), (looks.generation, looks.template.hash()));
                }
            }
        }
    }
}

#[test]
fn whether_to_apply() {
    let change = change();
    all_combinations(Intent::Apply, item(&change, 0), |mark, stands, paused| match (mark, stands, paused) {
        (Mark::Ours(MarkerStep::Apply), Stands::After, _) => "done",
        (Mark::Ours(MarkerStep::Apply | MarkerStep::Hold | MarkerStep::Return), _, _) => "undone",
        (Mark::Other, _, _) => "other template",
        (_, Stands::After | Stands::Other, _) => "other template",
        (_, Stands::Before, true) => "paused",
        (Mark::Found | Mark::Ours(MarkerStep::Fence), Stands::Before, false) => "patch",
    });
}

#[test]
fn whether_to_apply_over_our_own_pause() {
    let mut change = change();
    let item = &mut change.work.as_mut().expect("work").workloads[0];
    item.resumes = true;
    all_combinations(Intent::Apply, item, |mark, stands, paused| match (mark, stands, paused) {
        (Mark::Ours(MarkerStep::Apply), Stands::After, _) => "done",
        (Mark::Ours(MarkerStep::Apply | MarkerStep::Hold | MarkerStep::Return), _, _) => "undone",
        (Mark::Other, _, _) => "other template",
        (_, Stands::After | Stands::Other, _) => "other template",
        // Somebody has lifted the pause: what was decided was decided on another state.
        (_, Stands::Before, false) => "other template",
        (Mark::Found | Mark::Ours(MarkerStep::Fence), Stands::Before, true) => "patch",
    });
}

#[test]
fn whether_to_hold() {
    let (change, over) = (change(), written("api", MarkerStep::Apply));
    all_combinations(Intent::Hold(&over), item(&change, 0), |mark, stands, paused| match (mark, stands, paused) {
        (_, Stands::Before | Stands::Other, _) => "other template",
        (Mark::Ours(MarkerStep::Hold), Stands::After, true) => "done",
        (Mark::Ours(MarkerStep::Hold), Stands::After, false) => "undone",
        // Somebody else's pause is theirs to lift.
        (_, Stands::After, true) => "paused",
        (_, Stands::After, false) => "patch",
    });
}

#[test]
fn whether_to_return() {
    let (change, over) = (change(), written("api", MarkerStep::Apply));
    let intent = Intent::Return { over: &over, pins: &[], place: 0 };
    all_combinations(intent, item(&change, 0), |mark, stands, _| match (mark, stands) {
        (Mark::Ours(MarkerStep::Return), Stands::Before) => "done",
        (Mark::Ours(MarkerStep::Return), _) => "undone",
        (_, Stands::Before | Stands::Other) => "other template",
        (_, Stands::After) => "patch",
    });
}

#[test]
fn whether_to_fence() {
    let change = change();
    all_combinations(Intent::Fence(MarkerStep::Apply), item(&change, 0), |mark, stands, _| match (mark, stands) {
        // It had arrived after all, and is looked at as such.
        (Mark::Ours(MarkerStep::Apply), Stands::After) => "done",
        (Mark::Ours(MarkerStep::Apply), _) => "undone",
        _ => "patch",
    });
    // The marker of the step before says that a later one has not arrived.
    for of in [MarkerStep::Hold, MarkerStep::Return] {
        all_combinations(Intent::Fence(of), item(&change, 0), |mark, _, _| match mark {
            Mark::Ours(step) if step == of => "done",
            _ => "patch",
        });
    }
}

#[test]
fn another_object_or_none_is_never_written() {
    let (change, over) = (change(), written("api", MarkerStep::Apply));
    let intents = [
        Intent::Apply,
        Intent::Hold(&over),
        Intent::Return { over: &over, pins: &[], place: 0 },
        Intent::Fence(MarkerStep::Apply),
    ];
    for intent in intents {
        assert_eq!(decide(intent, item(&change, 0), id(), None), Decision::Missing);
        let other = WorkloadSeen { uid: "uid-2".to_owned(), ..looks(Mark::Found, Stands::After, false) };
        let decision = decide(intent, item(&change, 0), id(), Some(&other));
        assert_eq!(decision, Decision::Overtaken(Overtaken::Recreated));
    }
}

#[test]
fn an_undo_that_gives_back_the_old_marker_shows_in_the_number_of_the_rollout() {
    let change = change();
    let mut undone = looks(Mark::Found, Stands::Before, false);
    undone.revision = Some("5".to_owned());
    let decision = decide(Intent::Apply, item(&change, 0), id(), Some(&undone));
    assert_eq!(decision, Decision::Overtaken(Overtaken::Undone));
    undone.revision = None;
    assert_eq!(
        word(&decide(Intent::Apply, item(&change, 0), id(), Some(&undone))),
        "patch",
        "no number proves nothing"
    );
}

#[test]
fn a_template_that_was_written_whole_is_known_again() {
    let mut change = change();
    let whole = template_with("api", &image("api", "v1", Some(&digest(1))), "20");
    let item = &mut change.work.as_mut().expect("work").workloads[0];
    item.template = Some(whole.json().clone());
    let mark = Mark::Ours(MarkerStep::Apply);
    let looks =
        |template: &Arc<Template>| WorkloadSeen { template: Arc::clone(template), ..looks(mark, Stands::Other, false) };
    assert_eq!(word(&decide(Intent::Apply, item, id(), Some(&looks(&whole)))), "done");
    assert_eq!(word(&decide(Intent::Apply, item, id(), Some(&looks(&ours("api"))))), "undone");
}

// What a patch does

/// An object as the API server holds it.
fn object(looks: &WorkloadSeen) -> Value {
    let mut object = json!({
        "metadata": { "uid": looks.uid, "resourceVersion": "812", "annotations": { "team": "shop" } },
        "spec": { "replicas": 2, "template": looks.template.json() },
        "status": { "replicas": 2 },
    });
    if let Some(marker) = &looks.marker {
        object["metadata"]["annotations"][MARKER_ANNOTATION] = json!(marker);
    }
    if looks.paused {
        object["spec"]["paused"] = json!(true);
    }
    if !looks.has_annotations {
        object["metadata"].as_object_mut().expect("metadata").remove("annotations");
    }
    object
}

fn patch(intent: Intent<'_>, item: &WorkloadWork, looks: &WorkloadSeen) -> Vec<Value> {
    match decide(intent, item, id(), Some(looks)) {
        Decision::Patch(steps) => steps.iter().map(PatchStep::to_json).collect(),
        other => panic!("no patch: {other:?}"),
    }
}

/// What the object must be after the patch.
fn expected(looks: &WorkloadSeen, step: MarkerStep, template: &Template, paused: bool) -> Value {
    let marker = Some(format!("{}/{step}", id()));
    let mut after = object(&WorkloadSeen { marker: None, paused, ..looks.clone() });
    after["spec"]["template"] = template.json().clone();
    after["metadata"]["annotations"][MARKER_ANNOTATION] = json!(marker);
    after
}

/// Everything that, changed by somebody else in between, must make the patch fail as a whole.
fn changes_of_others(object: &Value) -> Vec<(&'static str, Value)> {
    let with = |path: &str, value: Value| {
        let mut other = object.clone();
        let (parent, key) = path.rsplit_once('/').expect("a path");
        let parent = other.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        parent.insert(key.replace("~1", "/"), value);
        other
    };
    let mut all = vec![
        ("another object", with("/metadata/uid", json!("uid-2"))),
        ("another image", with("/spec/template/spec/containers/1/image", json!("api:v7"))),
        ("another field", with("/spec/template/spec/terminationGracePeriodSeconds", json!(5))),
    ];
    match object.pointer("/metadata/annotations") {
        Some(_) => {
            let path = format!("/metadata/annotations/{}", MARKER_ANNOTATION.replace('/', "~1"));
            let other = crate::names::ChangeId::from_parts(1_750_000_000_000, 405);
            all.push(("another marker", with(&path, json!(format!("{other}/hold")))));
        }
        None => all.push(("an annotation", with("/metadata/annotations", json!({ "team": "shop" })))),
    }
    all
}

fn proves(what: &str, intent: Intent<'_>, item: &WorkloadWork, looks: &WorkloadSeen, after: &Value) {
    let (patch, before) = (patch(intent, item, looks), object(looks));
    assert_eq!(applied(&before, &patch).as_ref(), Ok(after), "{what}");
    for (change, other) in changes_of_others(&before) {
        assert!(applied(&other, &patch).is_err(), "{what}: {change} in between");
    }
    assert!(applied(after, &patch).is_err(), "{what}: the same patch, late, once more");
    // A status update gets in nobody's way.
    let mut status = before;
    (status["metadata"]["resourceVersion"], status["status"]["replicas"]) = (json!("813"), json!(3));
    assert!(applied(&status, &patch).is_ok(), "{what}: a status update");
    assert!(!patch.iter().any(|step| step["path"].as_str().is_some_and(|path| path.contains("resourceVersion"))));
}

#[test]
fn applying_changes_images_and_marker_and_nothing_else() {
    let change = change();
    let looks = looks(Mark::Found, Stands::Before, false);
    proves("apply", Intent::Apply, item(&change, 0), &looks, &expected(&looks, MarkerStep::Apply, &ours("api"), false));

    let bare = WorkloadSeen { has_annotations: false, ..looks.clone() };
    let mut after = expected(&looks, MarkerStep::Apply, &ours("api"), false);
    after["metadata"]["annotations"].as_object_mut().expect("annotations").remove("team");
    proves("apply without annotations", Intent::Apply, item(&change, 0), &bare, &after);

    let fenced = super::write::looks(Mark::Ours(MarkerStep::Fence), Stands::Before, false);
    let after = expected(&fenced, MarkerStep::Apply, &ours("api"), false);
    proves("apply over our fence", Intent::Apply, item(&change, 0), &fenced, &after);
    // The try before the fence tested what was found, and comes too late.
    let first = patch(Intent::Apply, item(&change, 0), &looks);
    assert!(applied(&object(&fenced), &first).is_err());
}

#[test]
fn applying_over_our_pause_lifts_it_in_the_same_write() {
    let mut change = change();
    let item = &mut change.work.as_mut().expect("work").workloads[0];
    let looks =
        WorkloadSeen { marker: Some(format!("{}/hold", earlier())), ..looks(Mark::Other, Stands::Before, true) };
    (item.resumes, item.found_marker) = (true, looks.marker.clone());
    proves("resume", Intent::Apply, item, &looks, &expected(&looks, MarkerStep::Apply, &ours("api"), false));
    let mut resumed = object(&looks);
    resumed["spec"].as_object_mut().expect("spec").remove("paused");
    assert!(applied(&resumed, &patch(Intent::Apply, item, &looks)).is_err(), "somebody has lifted it in between");
}

#[test]
fn a_whole_template_is_restored_byte_for_byte() {
    let mut change = change();
    let whole = template_with("api", &image("api", "v1", Some(&digest(1))), "20");
    let item = &mut change.work.as_mut().expect("work").workloads[0];
    item.template = Some(whole.json().clone());
    let looks = looks(Mark::Found, Stands::Before, false);
    proves("whole", Intent::Apply, item, &looks, &expected(&looks, MarkerStep::Apply, &whole, false));
}

#[test]
fn holding_pauses_and_touches_nothing_else() {
    let (change, over) = (change(), written("api", MarkerStep::Apply));
    let looks = looks(Mark::Ours(MarkerStep::Apply), Stands::After, false);
    let after = expected(&looks, MarkerStep::Hold, &ours("api"), true);
    proves("hold", Intent::Hold(&over), item(&change, 0), &looks, &after);
    let mut paused = object(&looks);
    paused["spec"]["paused"] = json!(true);
    assert!(applied(&paused, &patch(Intent::Hold(&over), item(&change, 0), &looks)).is_err(), "somebody was first");
}

#[test]
fn returning_writes_the_baseline_byte_for_byte() {
    let (change, over) = (change(), written("api", MarkerStep::Apply));
    let looks = looks(Mark::Ours(MarkerStep::Apply), Stands::After, false);
    let before = template("api", &image("api", "v1", None));
    let back = |pins| Intent::Return { over: &over, pins, place: 0 };
    proves("return", back(&[]), item(&change, 0), &looks, &expected(&looks, MarkerStep::Return, &before, false));

    // A tag that has moved is written with the digest that ran; a pin of another workload is none of ours.
    let pin = |workload| Pin { workload, container: name("api"), image: image("api", "v1", Some(&digest(1))) };
    let pinned = before.with_images([(&name("api"), image("api", "v1", Some(&digest(1))).to_string())]);
    let pins = [pin(0)];
    proves("pinned", back(&pins), item(&change, 0), &looks, &expected(&looks, MarkerStep::Return, &pinned, false));
    let pins = [pin(1)];
    proves("not pinned", back(&pins), item(&change, 0), &looks, &expected(&looks, MarkerStep::Return, &before, false));

    // A pause of ours goes with it, one of somebody else's stays.
    let held = super::write::looks(Mark::Ours(MarkerStep::Hold), Stands::After, true);
    let after = expected(&held, MarkerStep::Return, &before, false);
    proves("return from hold", back(&[]), item(&change, 0), &held, &after);
    let theirs = super::write::looks(Mark::Ours(MarkerStep::Apply), Stands::After, true);
    let after = expected(&theirs, MarkerStep::Return, &before, true);
    proves("return under a pause", back(&[]), item(&change, 0), &theirs, &after);
}

#[test]
fn a_fence_makes_any_write_before_it_fail() {
    let (change, over) = (change(), written("api", MarkerStep::Apply));
    let before = looks(Mark::Found, Stands::Before, false);
    let fence = patch(Intent::Fence(MarkerStep::Apply), item(&change, 0), &before);
    let fenced = applied(&object(&before), &fence).expect("a fence");
    assert_eq!(fenced["spec"], object(&before)["spec"], "nothing but the marker");
    assert!(applied(&fenced, &patch(Intent::Apply, item(&change, 0), &before)).is_err());

    let ours = looks(Mark::Ours(MarkerStep::Apply), Stands::After, false);
    let later = [Intent::Hold(&over), Intent::Return { over: &over, pins: &[], place: 0 }];
    for (intent, of) in later.into_iter().zip([MarkerStep::Hold, MarkerStep::Return]) {
        let fence = patch(Intent::Fence(of), item(&change, 0), &ours);
        let fenced = applied(&object(&ours), &fence).expect("a fence");
        assert!(applied(&fenced, &patch(intent, item(&change, 0), &ours)).is_err(), "{intent:?}");
    }
}

#[test]
fn a_fence_over_a_fence_stops_what_was_sent_in_between() {
    let change = change();
    let mut seen = looks(Mark::Ours(MarkerStep::Fence), Stands::Before, false);
    for _ in 0..3 {
        // Sent over the fence that stands, and still on its way when the next one is laid.
        let late = patch(Intent::Apply, item(&change, 0), &seen);
        let fence = patch(Intent::Fence(MarkerStep::Apply), item(&change, 0), &seen);
        let fenced = applied(&object(&seen), &fence).expect("a fence");
        assert!(applied(&fenced, &late).is_err(), "{late:?}");
        seen.marker = fenced["metadata"]["annotations"][MARKER_ANNOTATION].as_str().map(str::to_owned);
        assert_eq!(seen.our_marker().map(|marker| marker.step), Some(MarkerStep::Fence), "{:?}", seen.marker);
        // And it is no hindrance to a write that comes after it.
        patch(Intent::Apply, item(&change, 0), &seen);
    }
    assert!(seen.marker.is_some_and(|marker| marker.ends_with("/fence-4")));
}

#[test]
fn what_our_write_returned_is_what_a_later_look_finds_again() {
    // After a crash nobody knows what the write returned: what stands there must give it back.
    let change = change();
    let before = looks(Mark::Found, Stands::Before, false);
    let after = applied(&object(&before), &patch(Intent::Apply, item(&change, 0), &before)).expect("applied");
    let template = Arc::new(Template::new(after["spec"]["template"].clone()));
    let found = WorkloadSeen { template, generation: 9, ..looks(Mark::Ours(MarkerStep::Apply), Stands::After, false) };
    let decision = decide(Intent::Apply, item(&change, 0), id(), Some(&found));
    let wrote = Written { generation: 9, ..written("api", MarkerStep::Apply) };
    assert_eq!(decision, Decision::Done { generation: 9, template: wrote.template });
}
