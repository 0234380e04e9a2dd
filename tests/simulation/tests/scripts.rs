//! The scripted rollouts, played on the world.

use simulation::scripts::SCRIPTS;
use simulation::{Options, Simulation};

#[test]
fn each_script_ends_as_it_says() {
    let mut wrong = Vec::new();
    for script in SCRIPTS {
        let report = Simulation::of_script(script, &Options::default()).run();
        for what in &report.wrong {
            wrong.push(format!("{}: {what}", script.name));
        }
        if report.changes.len() != script.endings.len() {
            wrong.push(format!("{}: {} changes", script.name, report.changes.len()));
        }
        for (found, wanted) in report.changes.iter().zip(script.endings) {
            let same =
                found.phases == wanted.phases && found.outcome == Some(wanted.outcome) && found.cause == wanted.cause;
            if !same {
                wrong.push(format!("{}: {found:?} rather than {wanted:?}", script.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
