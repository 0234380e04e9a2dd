//! The scripted rollouts of the simulation, played on a real control plane: the judge goes through the same phases, and concludes the
//! same, as it does on the world. So the world can be believed in what it says of a million seeds.

use std::sync::Mutex;
use std::thread::{scope, sleep};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cluster::until;
use e2e::{PATIENCE, Saying, Setup, Shop};
use serde_json::json;
use simulation::scripts::{Deed, SCRIPTS, Script, Step};
use state::catalogue::AfterFailure;

/// Scripts that are played side by side.
const SIDE_BY_SIDE: usize = 9;

#[test]
fn each_script_ends_on_the_control_plane_as_it_does_on_the_world() -> Result<()> {
    let waiting = Mutex::new(SCRIPTS.iter());
    let wrong = Mutex::new(Vec::new());
    scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("no panic while it is held").next();
                    let Some(script) = next else { return };
                    if let Err(error) = play(script) {
                        let mut wrong = wrong.lock().expect("no panic while it is held");
                        wrong.push(format!("{}: {error:#}", script.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner()?;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

fn play(script: &Script) -> Result<()> {
    let after_failure = match script.after_failure {
        AfterFailure::Rollback => "\"rollback\"",
        AfterFailure::Hold => "\"hold\"",
        AfterFailure::Ask => "\"ask\"",
    };
    let seconds = |time: Duration| format!("\"{}s\"", time.as_secs());
    let policy = script.policy();
    let shop = Setup::new()?
        .policy("after_failure", after_failure)
        .policy("stability_window", &seconds(script.window))
        .policy("progress_deadline", &seconds(script.deadline))
        .policy("certain_after", &seconds(policy.certain_after))
        .deployment(|api| api.replicas(script.replicas))
        .start()?;
    let mut asked = Vec::new();
    for step in script.steps {
        take(&shop, *step, &mut asked).with_context(|| format!("{step:?}"))?;
    }
    for saying in asked {
        saying.end()?;
    }
    compare(script, &shop)
}

fn take(shop: &Shop<'_>, step: Step, asked: &mut Vec<Saying>) -> Result<()> {
    match step {
        Step::Ask(line) => {
            // What nobody pushed is the one that a script wants to be unknown.
            if let Some(tag) = line.strip_prefix("/deploy api prod ").filter(|tag| *tag != "v99")
                && shop.registry.resolve(&shop.image_name(), tag)?.is_none()
            {
                shop.push(tag)?;
            }
            let saying = shop.bot.begin(line)?;
            shop.number_of(&saying)?;
            asked.push(saying);
        }
        Step::Until(phase) => {
            let newest = shop.bot.export()?.changes()?.last().context("no change was asked for")?.number;
            shop.until_phase(newest, phase)?;
        }
        Step::Wait(seconds) => sleep(Duration::from_secs(seconds)),
        Step::UntilEnd => {
            until("the end of all changes", PATIENCE * 2, || {
                Ok(shop.bot.export()?.of("claim").is_empty().then_some(()))
            })?;
        }
        Step::Somebody(deed) => somebody(shop, deed)?,
    }
    Ok(())
}

fn somebody(shop: &Shop<'_>, deed: Deed) -> Result<()> {
    let kubectl = |arguments: &[&str]| shop.namespace.kubectl(arguments).map(drop);
    match deed {
        Deed::Image(tag) => {
            let image = shop.push(tag)?;
            shop.namespace.set_image("api", "api", &image.pinned()).map(drop)
        }
        Deed::Variable => kubectl(&["set", "env", "deployment/api", "MODE=somebody"]),
        Deed::Annotation => kubectl(&["annotate", "deployment/api", "team=shop"]),
        Deed::Pause => kubectl(&["rollout", "pause", "deployment/api"]),
        Deed::Resume => kubectl(&["rollout", "resume", "deployment/api"]),
        Deed::Replicas(count) => kubectl(&["scale", "deployment/api", &format!("--replicas={count}")]),
        Deed::Undo => kubectl(&["rollout", "undo", "deployment/api"]),
    }
}

fn compare(script: &Script, shop: &Shop<'_>) -> Result<()> {
    let (changes, log) = (shop.bot.export()?.changes()?, shop.bot.log());
    if changes.len() != script.endings.len() {
        bail!("{} changes", changes.len());
    }
    for (change, wanted) in changes.iter().zip(script.endings) {
        let of_change = format!("number={} ", change.number);
        let gone = log.lines().filter(|line| line.contains(&of_change) && line.contains("went on"));
        let word = |line: &str| Some(line.split("phase=").nth(1)?.trim_matches('"').to_owned());
        let phases: Vec<String> = ["preparing".to_owned()].into_iter().chain(gone.filter_map(word)).collect();
        let cause = change.ended()["outcome"]["failure"]["kind"].clone();
        let counts = |phase: &&str| !script.momentary || *phase != "stabilizing";
        let went = phases.iter().map(String::as_str).filter(counts);
        let same_way = went.eq(wanted.phases.iter().copied().filter(counts));
        let same = same_way && change.outcome() == Some(wanted.outcome) && cause == json!(wanted.cause);
        if !same {
            bail!("#{}: {phases:?} {:?} {cause} rather than {wanted:?}", change.number, change.outcome());
        }
    }
    Ok(())
}
