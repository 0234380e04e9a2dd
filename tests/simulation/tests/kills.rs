//! Rotabot is killed at every call in turn: before it, with it on its way, and after it. Each time, when it is started
//! again, every change ends once and as it would have ended without.

use simulation::scripts::{ANSWERED_BY_NOTHING, SCRIPTS, Script};
use simulation::{Options, Report, Simulation};
use world::plan::Kill;

/// Scripts that end the same whenever rotabot is away for some seconds.
fn killed_at_every_call(names: &[&str]) {
    let named = |name: &&str| SCRIPTS.iter().find(|script| script.name == *name).expect("a script");
    killed_in(names.iter().map(named));
}

fn killed_in<'a>(scripts: impl Iterator<Item = &'a Script>) {
    let mut wrong = Vec::new();
    let mut kills = 0;
    for script in scripts {
        let name = script.name;
        let calls = play(script, None).calls;
        assert!(calls > 10, "{name}: {calls} calls");
        for call in 1..=calls {
            for kill in Kill::ALL {
                let report = play(script, Some((call, kill)));
                assert!(report.starts == 2, "{name}: not killed at {call}");
                kills += 1;
                let what = format!("{name}, killed at call {call} ({kill:?})");
                wrong.extend(report.wrong.iter().map(|wrong| format!("{what}: {wrong}")));
                let found: Vec<_> = report.changes.iter().map(|story| (story.outcome, story.cause)).collect();
                let wanted: Vec<_> = script.endings.iter().map(|ending| (Some(ending.outcome), ending.cause)).collect();
                if found != wanted {
                    wrong.push(format!("{what}: {found:?} rather than {wanted:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {kills}:\n{}", wrong.len(), wrong.join("\n"));
}

fn play(script: &Script, kill: Option<(u64, Kill)>) -> Report {
    Simulation::of_script(script, &Options { kill, ..Options::default() }).run()
}

#[test]
fn a_good_release() {
    killed_at_every_call(&["a good release"]);
}

#[test]
fn a_failing_release_that_is_returned() {
    killed_at_every_call(&["never ready, and returned", "a pull that fails"]);
}

#[test]
fn a_failing_release_that_is_held_and_mended() {
    killed_at_every_call(&["held, and mended by the next release", "held, and rolled back"]);
}

#[test]
fn a_rollback() {
    killed_at_every_call(&["rolled back"]);
}

#[test]
fn a_stop() {
    killed_at_every_call(&["stopped in mid-rollout"]);
}

#[test]
fn somebody_else_in_mid_rollout() {
    killed_at_every_call(&["somebody's image in mid-rollout", "somebody's annotation in mid-rollout"]);
}

#[test]
fn a_question_that_is_answered_by_what_comes_to_nothing() {
    killed_in([ANSWERED_BY_NOTHING].iter());
}
