//! Whether a target is still as a change left it, which its question depends on.

use super::scene::*;
use crate::change::outcome::{Ended, Left, LeftBehind, Outcome, Standing};
use crate::change::{Change, Phase};
use crate::rollout::seen::{MarkerStep, WorkloadSeen, WorkloadView};

fn left(what: Left) -> Change {
    let written = (what != Left::Untouched).then(|| written("api", MarkerStep::Apply));
    let (template, generation) = (written.as_ref().map(|one| one.template), written.as_ref().map(|one| one.generation));
    let outcome = Outcome::Left { failure: failure("api"), question: None, not_returned: None };
    let left = vec![LeftBehind { workload: name("api"), what, template, generation, sentence: None }];
    in_phase(&["api"], Phase::Ended(Box::new(Ended { outcome, at: now(), left })))
}

fn stands(what: Left, step: MarkerStep, change: impl FnOnce(&mut WorkloadView)) -> Standing {
    let mut view = complete("api", step);
    view.workload.as_mut().expect("seen").template = ours("api");
    view.workload.as_mut().expect("seen").paused = step == MarkerStep::Hold;
    change(&mut view);
    let left = left(what);
    left.ended().expect("an end").standing(&left, &[view])
}

fn seen(view: &mut WorkloadView) -> &mut WorkloadSeen {
    view.workload.as_mut().expect("seen")
}

#[test]
fn it_stands_until_somebody_writes() {
    use Standing::{AsLeft, Changed};
    let (hold, apply) = (MarkerStep::Hold, MarkerStep::Apply);
    assert_eq!(stands(Left::Paused, hold, |_| {}), AsLeft);
    assert_eq!(stands(Left::Written, apply, |_| {}), AsLeft);
    assert_eq!(stands(Left::NotPaused, apply, |_| {}), AsLeft);
    for (what, step) in [(Left::Paused, hold), (Left::Written, apply)] {
        let edited = |view: &mut WorkloadView| {
            seen(view).template = template_with("api", &image("api", "v2", Some(&digest(2))), "99");
        };
        assert_eq!(stands(what, step, edited), Changed, "somebody has edited it");
        assert_eq!(stands(what, step, |view| view.workload = None), Changed, "it is gone");
        assert_eq!(stands(what, step, |view| seen(view).uid = "uid-2".to_owned()), Changed, "it was made anew");
        assert_eq!(stands(what, step, |view| seen(view).marker = Some(format!("{}/apply", earlier()))), Changed);
        assert_eq!(stands(what, step, |view| seen(view).marker = None), Changed);
    }
    assert_eq!(stands(Left::Paused, hold, |view| seen(view).paused = false), Changed, "our pause was lifted");
    assert_eq!(stands(Left::Paused, apply, |view| seen(view).paused = true), Changed, "another pause");
}

#[test]
fn what_does_not_touch_the_rollout_changes_nothing() {
    let scaled = |view: &mut WorkloadView| {
        let seen = seen(view);
        (seen.desired, seen.generation) = (9, 12);
        view.pods.clear();
    };
    assert_eq!(stands(Left::Paused, MarkerStep::Hold, scaled), Standing::AsLeft);
    let gone = |view: &mut WorkloadView| view.workload = None;
    assert_eq!(stands(Left::Untouched, MarkerStep::Apply, gone), Standing::AsLeft, "it was never ours");
}

#[test]
fn a_report_from_before_our_last_write_says_nothing_about_it() {
    let before = |view: &mut WorkloadView| {
        let seen = seen(view);
        seen.generation = 6;
        seen.template = template("api", &image("api", "v1", None));
        seen.marker = None;
    };
    for what in [Left::Paused, Left::Written, Left::NotPaused] {
        assert_eq!(stands(what, MarkerStep::Apply, before), Standing::NotSeenYet, "{what:?}");
    }
}

#[test]
fn a_later_change_that_wrote_nothing_but_a_fence_changes_nothing() {
    let later = crate::names::ChangeId::from_parts(1_900_000_000_000, 413);
    let fenced = |of: crate::names::ChangeId| format!("{of}/fence");
    for (what, paused) in [(Left::Paused, true), (Left::Written, false), (Left::NotPaused, false)] {
        let with = |marker: String| {
            move |view: &mut WorkloadView| (seen(view).marker, seen(view).paused) = (Some(marker), paused)
        };
        assert_eq!(stands(what, MarkerStep::Apply, with(fenced(later))), Standing::AsLeft, "{what:?}");
        assert_eq!(
            stands(what, MarkerStep::Apply, with(fenced(earlier()))),
            Standing::Changed,
            "{what:?}: it is older"
        );
        assert_eq!(stands(what, MarkerStep::Apply, with(format!("{later}/apply"))), Standing::Changed, "{what:?}");
    }
    let lifted = |view: &mut WorkloadView| (seen(view).marker, seen(view).paused) = (Some(fenced(later)), false);
    assert_eq!(stands(Left::Paused, MarkerStep::Apply, lifted), Standing::Changed, "our pause was lifted");
}
