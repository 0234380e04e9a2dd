//! What is forgotten with the history, and what stays however old it is.

use chrono::TimeDelta;
use futures::executor::block_on;
use state::change::outcome::{CantTell, Digests};
use state::change::release::{Origin, Release, Withdrawn};
use state::change::transition::{Also, Event, Transition};
use state::change::{Change, Held};
use state::records::Advanced;
use state::store::documents;
use state::store::{Commit, Key, Range};

use super::super::*;
use super::lab::*;

fn prune(lab: &Lab, days: i64) -> usize {
    block_on(lab.engine.records.prune(at(0).wall + TimeDelta::days(days))).expect("a store")
}

fn under(lab: &Lab, prefix: &Key) -> usize {
    block_on(lab.store.range(Range::under(prefix))).expect("a range").entries.len()
}

fn chunks(lab: &Lab, owner: &str) -> usize {
    under(lab, &documents::chunks_of(owner))
}

fn marks(lab: &Lab) -> Vec<Withdrawn> {
    block_on(lab.engine.records.withdrawn(&target_name("api", "prod"))).expect("readable")
}

/// Commits a change as it is, with something beside it.
fn commit(lab: &Lab, id: ChangeId, change: impl FnOnce(&mut Change), also: Vec<Also>) {
    let stored = block_on(lab.engine.records.change(id)).expect("readable").expect("a change");
    let mut changed = stored.change.clone();
    change(&mut changed);
    let advanced = block_on(lab.engine.records.advance(&stored, &Transition { change: changed, also }, at(3).wall));
    assert!(matches!(advanced, Ok(Advanced::Done(_))), "{advanced:?}");
}

/// More than fits into one value, and another each time.
fn long_watch(change: &mut Change, n: usize) {
    let one = |place: usize| serde_json::json!({ "looked": 100_000 + n * 1000 + place, "idle": 0, "furthest": null });
    let memory = (0..300).map(one).map(serde_json::from_value).collect::<Result<_, _>>();
    change.watch.memory = memory.expect("what the judge remembers");
}

/// A failed deploy of version 2, with what keeps people from going back to it.
fn failed(lab: &Lab) -> ChangeId {
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = holding());
    lab.happens(id, Event::HeldAs(0, Held::Complete));
    lab.happens(id, Event::AllHeld);
    lab.say("mo", "/stop api prod");
    lab.say("ann", "/unlock api/prod");
    id
}

/// Another change, so that the one before has not the newest number.
fn another(lab: &Lab) -> ChangeId {
    let (id, _) = lab.say("mo", "/deploy web prod v2").change.expect("a change");
    lab.say("mo", "/stop web prod");
    id
}

#[test]
fn a_mark_goes_with_its_change_but_not_before_what_it_is_on() {
    let lab = Lab::new();
    let id = failed(&lab);
    another(&lab);
    assert_eq!(marks(&lab).len(), 1);
    prune(&lab, -1);
    assert_eq!(marks(&lab).len(), 1, "its change is younger");
    // A release of the same images can be gone back to for as long as it is known.
    let images = marks(&lab)[0].images.clone();
    let mut release = Release {
        change: id,
        number: ChangeNumber(1),
        at: at(0).wall,
        origin: Origin::Verified,
        workloads: Vec::new(),
    };
    release.workloads = images
        .iter()
        .map(|one| state::change::release::ReleaseWorkload {
            workload: one.workload.clone(),
            template: serde_json::Value::Null,
            images: [(one.container.clone(), one.image.clone())].into(),
        })
        .collect();
    let kept = Lab::new();
    let of_kept = failed(&kept);
    commit(&kept, of_kept, |_| {}, vec![Also::Release(Box::new(release))]);
    another(&kept);
    assert!(prune(&kept, 1) > 0 && block_on(kept.engine.records.change(of_kept)) == Ok(None));
    assert_eq!(marks(&kept).len(), 1, "the release stays, and so does what keeps people from it");

    prune(&lab, 1);
    assert_eq!(block_on(lab.engine.records.change(id)), Ok(None));
    assert_eq!(marks(&lab), []);
    // What can't be read stays until somebody has looked.
    let lab = Lab::new();
    failed(&lab);
    another(&lab);
    lab.damage(Key::kind("withdrawn").text("api").text("prod").number(1));
    prune(&lab, 1);
    assert_eq!(under(&lab, &Key::kind("withdrawn")), 1);
}

#[test]
fn what_a_long_watch_wrote_goes_with_the_end_of_its_change_but_for_its_last_state() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    let owner = id.to_string();
    lab.put(id, |head| head.phase = rolling());
    commit(&lab, id, |change| long_watch(change, 0), vec![]);
    let once = chunks(&lab, &owner);
    assert!(once > 1, "it takes chunks");
    for n in 1..6 {
        commit(&lab, id, |change| long_watch(change, n), vec![]);
    }
    assert_eq!(chunks(&lab, &owner), 6 * once, "each state is another document");
    let before = lab.change(id);
    prune(&lab, 1);
    assert_eq!(lab.change(id), before, "an open change is not touched, however old it is");
    lab.happens(id, Event::CantTell(CantTell::NoPods));
    assert_eq!(chunks(&lab, &owner), once);
    assert_eq!(lab.change(id).watch, before.watch, "its last state is whole");
    another(&lab);
    prune(&lab, 1);
    assert_eq!((chunks(&lab, &owner), block_on(lab.engine.records.change(id))), (0, Ok(None)));
}

#[test]
fn what_a_crash_left_goes_once_it_is_old_enough() {
    let lab = Lab::new();
    let (open, _) = lab.begun("mo");
    lab.put(open, |head| head.phase = rolling());
    commit(&lab, open, |change| long_watch(change, 0), vec![]);
    let before = lab.change(open);
    let orphan = ChangeId::of_request(at(0).wall, "never begun");
    let put = |owner: &str| {
        let mut batch = documents::Batch::new();
        let document = Key::kind("nowhere").text(owner);
        batch.put_document(document.clone(), owner, &[7; 9000]).expect("a document");
        block_on(batch.write(&*lab.store)).expect("a commit");
        // Its head is gone, or never came.
        block_on(lab.store.commit(Commit { deletes: vec![document], ..Commit::default() })).expect("a commit");
    };
    let owners = [orphan.to_string(), format!("release/{orphan}/verified"), format!("withdrawn/{orphan}")];
    let of_open = [format!("release/{open}/baseline"), format!("withdrawn/{open}")];
    owners.iter().chain(&of_open).for_each(|owner| put(owner));
    let left = |owners: &[String]| owners.iter().filter(|owner| chunks(&lab, owner) > 0).count();
    prune(&lab, -1);
    assert_eq!((left(&owners), left(&of_open)), (3, 2), "a commit that is on its way may need them");
    prune(&lab, 1);
    assert_eq!((left(&owners), left(&of_open)), (0, 2), "and so may a change that is open");
    assert_eq!(lab.change(open), before);
}

#[test]
fn a_release_that_stays_keeps_its_chunks_when_its_change_is_forgotten() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.put(id, |head| head.phase = rolling());
    let long = serde_json::json!({ "spec": "x".repeat(9000) });
    commit(
        &lab,
        id,
        |change| {
            let work = change.work.as_mut().expect("work");
            work.workloads[0].template = Some(long);
        },
        vec![],
    );
    lab.happens(id, Event::Verified { digests: Digests::NoRegistry, pods: 2, ran: vec![] });
    let releases = || block_on(lab.engine.records.releases(&target_name("api", "prod"))).expect("readable");
    let before = releases();
    assert_eq!(before.len(), 1);
    assert!(chunks(&lab, &format!("release/{id}/verified")) > 0);
    another(&lab);
    prune(&lab, 1);
    assert_eq!(block_on(lab.engine.records.change(id)), Ok(None));
    assert_eq!(releases(), before);
}
