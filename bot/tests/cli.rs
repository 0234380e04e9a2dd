//! The program as people start it: exit codes, and what goes where.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn rotabot(folder: &Path) -> Command {
    let mut rotabot = Command::new(env!("CARGO_BIN_EXE_rotabot"));
    rotabot.current_dir(folder).env_remove("ROTABOT_CONFIG").env_remove("ROTABOT_DATA").env_remove("RUST_LOG");
    rotabot
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

#[test]
fn check_tells_what_a_good_config_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../rotabot.example.toml");
    let output = rotabot(folder.path()).args(["check", "--config", example]).output().expect("rotabot");
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    insta::assert_snapshot!(out(&output).replace(example, "rotabot.example.toml"), @r"
    rotabot.example.toml: no faults.
      environments  prod (namespace shop of main), staging (namespace shop-staging of test)
      services      api (prod, staging), web (prod, staging)
      people        lin, mo
      who left      zhou
      on call       lin
      registries    mirror.example, old.example, registry.example, registry.test:5000
    ");
    assert_eq!(err(&output), "");
}

#[test]
fn check_tells_every_fault_and_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rotabot.toml"), "[services.api]\nowner = \"lin\"\n[enviroments.prod]\n")
        .expect("written");
    let output = rotabot(folder.path()).arg("check").output().expect("rotabot");
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(out(&output), @r#"
    rotabot.toml:2:1: "owner" is no key of [services.api]
        did you mean "owners"?
    rotabot.toml:3:2: "enviroments" is no key of the top of the file
        did you mean "environments"?
    rotabot.toml:1:11: warning: api runs in no environment
        add [environments.NAME], or name some in its `environments`, or leave the service out
    rotabot.toml: warning: nobody is on call
        add [on_call] with person = "NAME"; what `allow` gives to "on-call" is nobody's until then
    rotabot.toml: warning: nobody has the role "admin"
        give it to somebody: roles = ["admin"]; nobody else can free a parked change

    rotabot.toml: 2 faults and 3 warnings. rotabot starts once there are no faults.
    "#);
    assert_eq!(err(&output), "");
}

#[test]
fn the_config_is_found_by_option_by_variable_and_by_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let says = |command: &mut Command| out(&command.output().expect("rotabot")).lines().next().map(str::to_owned);
    let missing = |name: &str| Some(format!("{name}: there is no such file"));
    assert_eq!(says(rotabot(folder.path()).arg("check")), missing("rotabot.toml"));
    assert_eq!(says(rotabot(folder.path()).arg("check").env("ROTABOT_CONFIG", "a.toml")), missing("a.toml"));
    let both = says(rotabot(folder.path()).args(["--config", "b.toml", "check"]).env("ROTABOT_CONFIG", "a.toml"));
    assert_eq!(both, missing("b.toml"));
}

#[test]
fn an_unusable_command_line_is_no_failed_release() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [vec!["chekc"], vec!["check", "--confg", "x"], vec!["check", "--log", "xml"], vec![]] {
        let output = rotabot(folder.path()).args(&arguments).output().expect("rotabot");
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", err(&output));
        assert_eq!(out(&output), "");
        assert!(err(&output).contains("--help"), "{}", err(&output));
    }
}

#[test]
fn the_version_tells_commit_and_zone_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = rotabot(folder.path()).arg("--version").output().expect("rotabot");
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<&str> = out(&output).lines().collect();
    assert_eq!(lines[0], format!("rotabot {}", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("commit ") && lines[1].len() > "commit ".len(), "{lines:?}");
    assert!(lines[2].starts_with("tzdata 20"), "{lines:?}");
}

#[test]
fn the_schema_is_json_and_a_reader_may_stop_reading() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = rotabot(folder.path()).arg("schema").output().expect("rotabot");
    let schema: serde_json::Value = serde_json::from_str(out(&output)).expect("JSON");
    assert_eq!(schema["title"], "rotabot.toml");
    let mut cut =
        rotabot(folder.path()).arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("rotabot");
    drop(cut.stdout.take());
    let output = cut.wait_with_output().expect("its end");
    assert_eq!(err(&output), "", "no panic where the reader is gone");
}

#[test]
fn the_demo_knows_its_shop_from_the_first_line_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = rotabot(folder.path());
    for locale in ["LC_ALL", "LC_MESSAGES", "LANG"] {
        demo.env_remove(locale);
    }
    let mut demo = demo.arg("demo").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("rotabot");
    let mut lines = demo.stdin.take().expect("a pipe");
    lines.write_all(b"/status api prod\n/demo break pay crash\n/deploy apii prod 4.2.0\n").expect("written");
    drop(lines);
    let output = demo.wait_with_output().expect("its end");
    let told = out(&output);
    for sentence in ["api → prod healthy: 3 of 3 pods", "Next: /deploy pay prod 1.8.3", "Did you mean api?"] {
        assert!(told.contains(sentence), "{sentence} in {told}");
    }
    assert_eq!(output.status.code(), Some(1), "the worst of its lines");
    assert_eq!(told.matches("Welcome").count(), 1, "{told}");
}
