//! What is offered of late, to whoever types a line.

use futures::executor::block_on;

use super::super::*;
use super::lab::*;

fn offered(lab: &Lab, line: &str) -> Vec<String> {
    let who = name("mo");
    let offered = block_on(lab.desk.complete(line, line.len(), &who, at(0)));
    offered.into_iter().map(|completion| completion.text).collect()
}

#[test]
fn what_happened_lately_is_offered_also_by_a_process_that_has_just_begun() {
    let first = Lab::new();
    assert_eq!(offered(&first, "/show "), Vec::<String>::new());
    first.begun("mo");
    first.say("sun", "/lock api/staging migration");
    let lab = Lab::over(first.store.clone());
    assert_eq!(offered(&lab, "/deploy api prod "), ["v2"]);
    assert_eq!(offered(&lab, "/deploy api staging "), Vec::<String>::new(), "nothing was asked for there");
    assert_eq!(offered(&lab, "/show "), ["#1"]);
    assert_eq!(offered(&lab, "/unlock "), ["api/staging"]);
    // What was only asked for can't be gone back to.
    assert_eq!(offered(&lab, "/rollback api prod "), ["to", "template", "plan"]);
}

#[test]
fn a_change_that_can_not_be_read_hides_no_other() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.say("mo", "/deploy api staging v2");
    lab.spoil(id, "head");
    assert_eq!(offered(&lab, "/show "), ["#2"]);
}
