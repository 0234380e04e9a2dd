//! What a new user does wrong: each is a clear sentence with what to do, and nothing is lost.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cluster::{OwnedFolder, holds_for};
use e2e::{Setup, Shop, binary};

#[test]
fn every_fault_of_a_config_is_told_at_once_with_its_place_and_a_hint() -> Result<()> {
    let shop = Setup::new()?.without_deployment().prepare()?;
    let good = fs::read_to_string(shop.bot.folder().join("rotabot.toml"))?;
    let bad = good.replace("after_failure", "afterfailure").replace("owners = [\"mo\"]", "owners = [\"moo\"]");
    shop.bot.write_config(&bad)?;
    for subcommand in ["check", "run"] {
        let said = shop.bot.run(&[subcommand])?;
        assert_eq!(said.exit_code, 1, "{said:#?}");
        let place = |word: &str| {
            let line = bad.lines().position(|line| line.contains(word)).unwrap() + 1;
            format!("rotabot.toml:{line}:")
        };
        for told in [&place("afterfailure"), "after_failure", &place("\"moo\""), "mo"] {
            assert!(said.rest.contains(told), "{subcommand}: no {told} in {}", said.rest);
        }
    }
    assert!(!shop.bot.data().join("store").exists(), "nothing was begun with a config that has faults");
    Ok(())
}

#[test]
fn a_config_that_is_not_there_is_told() -> Result<()> {
    let shop = Setup::new()?.without_deployment().prepare()?;
    fs::remove_file(shop.bot.folder().join("rotabot.toml"))?;
    let said = shop.bot.run(&["run"])?;
    assert_eq!(said.exit_code, 1, "{said:#?}");
    assert!(said.rest.contains("rotabot.toml") && said.rest.contains("--config"), "{}", said.rest);
    Ok(())
}

#[test]
fn without_a_running_bot_one_is_told_how_to_start_it() -> Result<()> {
    let shop = Setup::new()?.without_deployment().prepare()?;
    for arguments in [&["say", "/now"][..], &["say", "/now", "--json"], &["say", "/deploy api prod v2", "--wait"]] {
        let said = shop.bot.run(arguments)?;
        assert_eq!(said.exit_code, 69, "{said:#?}");
        let told = format!("{}{}", said.rest, said.text());
        assert!(told.contains("rotabot run"), "{arguments:?}: {told}");
    }
    Ok(())
}

#[test]
fn a_data_folder_in_use_is_refused_and_whoever_holds_it_goes_on() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let said = shop.bot.run(&["run"])?;
    assert_eq!(said.exit_code, 1, "{said:#?}");
    assert!(said.rest.contains("rotabot console"), "{}", said.rest);
    shop.deploy("v2")?.must_be("verified", 0)?;
    Ok(())
}

#[test]
fn names_that_are_not_there_are_answered_with_the_nearest() -> Result<()> {
    let shop = Setup::new()?.start()?;
    for (typed, nearest) in [
        ("/deploy ap prod v2", "api"),
        ("/deploy api prdo v2", "prod"),
        ("/depoly api prod v2", "/deploy"),
        ("/deploy api", "/deploy"),
        ("/show #99", "#99"),
    ] {
        let said = shop.bot.say(typed)?;
        let text = said.must_refuse()?.text();
        assert!(
            text.starts_with("Nothing was changed") || said.first_line().starts_with("Nothing was changed"),
            "{text}"
        );
        assert!(text.contains(nearest), "{typed}: {text}");
    }
    shop.bot.say_as("nobody", "/now")?.must_refuse()?;
    assert!(shop.bot.export()?.changes()?.is_empty());
    Ok(())
}

#[test]
fn who_is_in_no_config_is_told_what_to_add() -> Result<()> {
    let shop = Setup::new()?.prepare()?;
    let good = fs::read_to_string(shop.bot.folder().join("rotabot.toml"))?;
    let without: Vec<&str> = good.lines().filter(|line| !line.starts_with("unix = ")).collect();
    shop.bot.write_config(&without.join("\n"))?;
    shop.bot.start()?;
    let said = shop.bot.say("/deploy api prod v2")?;
    assert!(said.must_refuse()?.text().contains("unix = "), "{}", said.text());
    Ok(())
}

#[test]
fn a_command_line_that_makes_no_sense_is_no_failed_release() -> Result<()> {
    let shop = Setup::new()?.without_deployment().prepare()?;
    for arguments in [&["deploy"][..], &["say"], &["run", "--wait"]] {
        let said = shop.bot.run(arguments)?;
        assert_eq!(said.exit_code, 64, "{arguments:?}: {said:#?}");
    }
    Ok(())
}

#[test]
fn on_a_full_disk_nothing_begins_and_nothing_is_lost() -> Result<()> {
    let shop = Setup::new()?.prepare()?;
    let image = shop.push("v2")?;
    let folder = OwnedFolder::new("rotabot-disk-")?;
    // All in one shell, for the disk is seen by its processes alone.
    let script = r#"
        mount -t tmpfs -o size=64m tmpfs "$DISK"; echo mounted
        say() { "$BOT" say "$1" $2 --json --config "$CONFIG" --data "$DISK/data" | tail -n 1; }
        "$BOT" run --config "$CONFIG" --data "$DISK/data" >"$LOG" 2>&1 & bot=$!
        until [ -S "$DISK/data/rotabot.sock" ]; do kill -0 $bot; done
        say "/lock api/prod before the disk was full"
        head -c 64m /dev/zero >"$DISK/ballast" 2>/dev/null || true
        say "/deploy api prod v2"
        rm "$DISK/ballast"
        say "/deploy api prod v2" --wait
        say "/locks"
        kill $bot; wait $bot || true
    "#;
    let namespaces = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let output = Command::new("timeout")
        .args(["--kill-after=5", "120", "unshare", namespaces, "--kill-child", "--fork", "sh", "-ec", script])
        .env("BOT", binary()?)
        .env("DISK", folder.path())
        .env("CONFIG", shop.bot.folder().join("rotabot.toml"))
        .env("LOG", shop.bot.folder().join("disk.log"))
        .output()
        .context("`timeout` and `unshare`")?;
    let log = fs::read_to_string(shop.bot.folder().join("disk.log")).unwrap_or_default();
    let said =
        format!("{}\n{}\n{log}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(
        said.starts_with("mounted"),
        "this test mounts a small tmpfs. It needs `unshare` and `mount` (package util-linux) and the right to mount: run it as root (in \
         a container: with CAP_SYS_ADMIN), or allow unprivileged user namespaces.\n{said}"
    );
    let lines: Vec<serde_json::Value> =
        String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [locked, full, deployed, locks] = &lines[..] else { panic!("{said}") };
    assert_eq!(locked["kind"], "card", "{said}");
    assert_eq!((&full["kind"], &full["change"]), (&"refusal".into(), &serde_json::Value::Null), "{said}");
    assert!(full.to_string().contains("disk"), "{full}");
    assert_eq!(deployed["outcome"], "verified", "{said}");
    assert!(locks.to_string().contains("before the disk was full"), "{said}");
    shop.must_serve(&image, 3)
}

#[test]
fn commands_can_be_piped_and_the_worst_exit_code_counts() -> Result<()> {
    let shop = Setup::new()?.start()?;
    shop.push("v2")?;
    let piped = |input: &str| -> Result<(Option<i32>, String)> {
        let output = shop.bot.run_with_input(&["console"], input)?;
        Ok((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
    };
    let (code, printed) = piped("/deploy api prod v2\n/status api prod\n")?;
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("v2"), "{printed}");
    let (code, printed) = piped("/deploy api prod nowhere\n/now\n")?;
    assert_eq!(code, Some(1), "{printed}");
    shop.push("v3-pullfail")?;
    let (code, printed) = piped("/deploy api prod v3-pullfail\n")?;
    assert_eq!(code, Some(2), "{printed}");
    ended(&shop)
}

fn ended(shop: &Shop<'_>) -> Result<()> {
    holds_for(&0, Duration::from_millis(300), || Ok(shop.bot.export()?.of("claim").len()))
}
