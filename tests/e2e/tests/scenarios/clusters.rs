//! A control plane that dies or freezes in mid-rollout, and one that was never there.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use cluster::{ControlPlane, Options, Part, free_port};
use e2e::{Setup, registry};

/// How long it is away, as the rule has it.
const AWAY: Duration = Duration::from_secs(20);

#[test]
fn an_api_server_that_is_killed_or_frozen_in_mid_rollout_costs_time_and_no_verdict() -> Result<()> {
    // Its own, for it is maltreated.
    let plane = ControlPlane::start(&Options { nodes: 2, audit: false })?;
    let setup = Setup::on(&plane, registry()?)?.policy("progress_deadline", "\"60s\"");
    let shop = setup.deployment(|api| api.replicas(2)).start()?;
    for (tag, frozen) in [("v2-slow", false), ("v3-slow", true)] {
        let image = shop.push(tag)?;
        let saying = shop.bot.begin(&format!("/deploy api prod {tag}"))?;
        let number = shop.number_of(&saying)?;
        shop.until_phase(number, "rolling")?;
        if frozen {
            plane.freeze(Part::ApiServer)?
        } else {
            plane.kill(Part::ApiServer)?
        }
        sleep(AWAY);
        assert!(saying.waits()?, "nothing is concluded from what can't be seen: {:#?}", saying.so_far());
        if frozen {
            plane.thaw(Part::ApiServer)?
        } else {
            plane.restart(Part::ApiServer)?
        }
        saying.end()?.must_be("verified", 0)?;
        shop.must_serve(&image, 2)?;
        assert_eq!(shop.recorded(number)?.outcomes, ["verified"]);
    }
    Ok(())
}

#[test]
fn a_cluster_that_is_not_there_is_told_and_nothing_is_accepted_as_done() -> Result<()> {
    let setup = Setup::new()?;
    let nowhere = format!("https://127.0.0.1:{}", free_port()?);
    let kubeconfig = setup.namespace().plane().kubeconfig().with_server(&nowhere);
    let shop = setup.kubeconfig(kubeconfig).start()?;
    // It starts all the same, and says so.
    assert_eq!(shop.bot.say("/now")?.exit_code, 0);
    let said = shop.deploy("v2")?;
    said.must_be("refused", 1)?;
    assert_eq!(shop.record_of(&said)?.ended()["outcome"]["why"], "cluster-unreadable");
    Ok(())
}
