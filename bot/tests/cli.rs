//! The program as people start it: exit codes, and what goes where.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn rotabot(folder: &Path) -> Command {
    let mut rotabot = Command::new(env!("CARGO_BIN_EXE_rotabot"));
    rotabot.current_dir(folder).env("HOME", folder);
    for variable in [
        "ROTABOT_CONFIG",
        "ROTABOT_DATA",
        "RUST_LOG",
        "KUBECONFIG",
        "KUBERNETES_SERVICE_HOST",
        "REGISTRY_PASSWORD",
        "MIRROR_USER",
    ] {
        rotabot.env_remove(variable);
    }
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
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let output = rotabot(folder.path()).args(["check", "--config", example]).output().expect("rotabot");
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    let home = folder.path().display().to_string();
    let told = out(&output).replace(example, "rotabot.example.toml").replace(&home, "~").replace(beside, "");
    insta::assert_snapshot!(told, @r"
    rotabot.example.toml:22:14: not here: main can't be reached from here: ~/.kube/config: No such file or directory (os error 2)
        `rotabot run` starts all the same, and can't reach main until this is mended
    rotabot.example.toml:27:1: not here: test is reached from a pod of it, and this is none
        `rotabot run` starts here all the same, and can't reach test
    rotabot.example.toml:35:16: not here: the environment variable REGISTRY_PASSWORD is not set
        `rotabot run` needs it for registry.example: set it where rotabot runs
    rotabot.example.toml:37:11: not here: the authority of registry.example: registry-ca.pem: No such file or directory (os error 2)
        `rotabot run` needs it for registry.example: put it where rotabot runs, readable for its user
    rotabot.example.toml:44:16: not here: the environment variable MIRROR_USER is not set
        `rotabot run` needs it for mirror.example: set it where rotabot runs
    rotabot.example.toml:45:17: not here: /run/secrets/mirror-password can't be read: No such file or directory (os error 2)
        `rotabot run` needs it for mirror.example: put it where rotabot runs, readable for its user
    rotabot.example.toml:48:17: not here: /run/secrets/old-user can't be read: No such file or directory (os error 2)
        `rotabot run` needs it for old.example: put it where rotabot runs, readable for its user
    rotabot.example.toml:49:17: not here: /run/secrets/old-password can't be read: No such file or directory (os error 2)
        `rotabot run` needs it for old.example: put it where rotabot runs, readable for its user

    rotabot.example.toml: no faults.
      environments  prod (namespace shop of main), staging (namespace shop-staging of test)
      services      api (prod, staging), web (prod, staging)
      people        lin, mo
      who left      zhou
      on call       lin
      registries    mirror.example, old.example, registry.example, registry.test:5000

    8 things that the file names are not on this machine; to review the file that is fine.
    `rotabot run` would not start here for want of 6.
    ");
    assert_eq!(err(&output), "");
}

/// What `check` says of a config beside which these files lie; and its exit code.
fn checked(config: &str, files: &[(&str, &str)], variables: &[(&str, &str)]) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files.iter().chain(&[("rotabot.toml", config)]) {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let output = rotabot(folder.path()).arg("check").envs(variables.iter().copied()).output().expect("rotabot");
    (out(&output).to_owned(), output.status.code())
}

const NEEDS: &str = r#"[clusters.main]
context = "shop"
kubeconfig = "kubeconfig"
[registries."registry.example"]
username = "rotabot"
password_env = "ROTABOT_TEST_PASSWORD"
ca_file = "ca.pem"
[registries."mirror.example"]
username_file = "user"
password_file = "password"
[environments.prod]
namespace = "shop"
[services.api]
workloads = [{ containers = { api = "registry.example/api" } }]
[people.lin]
roles = ["admin"]
unix = "lin"
[on_call]
person = "lin"
"#;

const KUBECONFIG: &str = r#"
clusters: [{ name: main, cluster: { server: "http://127.0.0.1:1" } }]
users: [{ name: main, user: { token: "t0psecret" } }]
contexts: [{ name: elsewhere, context: { cluster: main, user: main } }, { name: nowhere, context: { cluster: gone, user: main } }]
"#;

const CERTIFICATE: &str = include_str!("certificate.pem");

#[test]
fn check_tells_what_run_would_miss_on_this_machine_and_fails_for_none_of_it() {
    let (told, code) = checked(NEEDS, &[], &[]);
    insta::assert_snapshot!(told, @r"
    rotabot.toml:3:14: not here: main can't be reached from here: kubeconfig: No such file or directory (os error 2)
        `rotabot run` starts all the same, and can't reach main until this is mended
    rotabot.toml:6:16: not here: the environment variable ROTABOT_TEST_PASSWORD is not set
        `rotabot run` needs it for registry.example: set it where rotabot runs
    rotabot.toml:7:11: not here: the authority of registry.example: ca.pem: No such file or directory (os error 2)
        `rotabot run` needs it for registry.example: put it where rotabot runs, readable for its user
    rotabot.toml:9:17: not here: user can't be read: No such file or directory (os error 2)
        `rotabot run` needs it for mirror.example: put it where rotabot runs, readable for its user
    rotabot.toml:10:17: not here: password can't be read: No such file or directory (os error 2)
        `rotabot run` needs it for mirror.example: put it where rotabot runs, readable for its user

    rotabot.toml: no faults.
      environments  prod (namespace shop of main)
      services      api (prod)
      people        lin
      on call       lin
      registries    mirror.example, registry.example

    5 things that the file names are not on this machine; to review the file that is fine.
    `rotabot run` would not start here for want of 4.
    ");
    assert_eq!(code, Some(0), "whoever reviews the file has no secrets");
    let (told, code) = checked(
        NEEDS,
        &[("kubeconfig", KUBECONFIG), ("ca.pem", CERTIFICATE), ("user", "rotabot"), ("password", "hunter2")],
        &[("ROTABOT_TEST_PASSWORD", "hunter3")],
    );
    insta::assert_snapshot!(told, @r#"
    rotabot.toml:2:11: not here: main can't be reached from here: the kubeconfig has no context "shop"; there is elsewhere, nowhere
        `rotabot run` starts all the same, and can't reach main until this is mended

    rotabot.toml: no faults.
      environments  prod (namespace shop of main)
      services      api (prod)
      people        lin
      on call       lin
      registries    mirror.example, registry.example

    1 thing that the file names is not on this machine; to review the file that is fine.
    `rotabot run` would start here, and not reach every cluster.
    "#);
    assert_eq!(code, Some(0));
    assert!(!told.contains("hunter") && !told.contains("t0psecret"));
    let elsewhere = NEEDS.replace("context = \"shop\"", "context = \"nowhere\"");
    let (told, _) = checked(&elsewhere, &[("kubeconfig", KUBECONFIG)], &[]);
    assert!(told.contains("rotabot.toml:2:11: not here: main can't be reached"), "{told}");
}

#[test]
fn commands_that_are_piped_in_wait_for_the_first_look_at_the_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    // It is there, and says nothing: the first look comes to an end when nobody waits for it any longer.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address").to_string();
    let registries = NEEDS.find("[registries").expect("there")..NEEDS.find("[environments").expect("there");
    let config = NEEDS.replace("\"shop\"\nkube", "\"elsewhere\"\nkube").replace(&NEEDS[registries], "");
    fs::write(folder.path().join("rotabot.toml"), config).expect("written");
    fs::write(folder.path().join("kubeconfig"), KUBECONFIG.replace("127.0.0.1:1", &address)).expect("written");
    let mut bot = rotabot(folder.path())
        .args(["run", "--console"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rotabot");
    bot.stdin.take().expect("a pipe").write_all(b"/help\n").expect("written");
    let output = bot.wait_with_output().expect("it ends");
    assert!(err(&output).contains("rotabot: waiting for the first look at main"), "{}", err(&output));
    let (told, silence) = (err(&output).find("waiting for"), err(&output).find("does not answer"));
    assert!(told < silence && silence.is_some(), "{}", err(&output));
    assert!(out(&output).contains("/help"), "{}", out(&output));
}

#[test]
fn what_is_there_and_of_no_use_is_a_fault_told_with_the_others() {
    let config = NEEDS.replace("namespace = \"shop\"", "namespace = \"Shop\"");
    let files = [("kubeconfig", "contexts: ["), ("ca.pem", "hunter2"), ("user", "\n"), ("password", "hunter2")];
    let (told, code) = checked(&config, &files, &[("ROTABOT_TEST_PASSWORD", "")]);
    insta::assert_snapshot!(told, @r#"
    rotabot.toml:7:11: the authority of registry.example: ca.pem is no certificate in PEM form
        save the certificate in PEM form, beginning with -----BEGIN CERTIFICATE-----
    rotabot.toml:9:17: user holds nothing
        write the secret for mirror.example into it
    rotabot.toml:12:13: "Shop" can't be the name of a namespace: it has 'S'; allowed are a-z, 0-9 and '-', with a letter or a digit at both ends
        write "shop"
    rotabot.toml:3:14: not here: main can't be reached from here: kubeconfig: the kubeconfig can't be read, line 1, column 11
        `rotabot run` starts all the same, and can't reach main until this is mended
    rotabot.toml:6:16: not here: the environment variable ROTABOT_TEST_PASSWORD holds nothing
        `rotabot run` needs it for registry.example: set it where rotabot runs

    rotabot.toml: 3 faults. rotabot starts once there are no faults.

    2 things that the file names are not on this machine; to review the file that is fine.
    `rotabot run` would not start here for want of 1.
    "#);
    assert_eq!(code, Some(1));
    let (told, code) = checked(NEEDS, &files, &[("ROTABOT_TEST_PASSWORD", "hunter3")]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("2 faults") && !told.contains("hunter"), "{told}");
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
