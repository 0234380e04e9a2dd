//! The file as a whole, and what is beside it.

use super::*;

#[test]
fn a_small_file_has_neither_faults_nor_warnings() {
    let loaded = good(SMALL);
    assert_eq!(loaded.warnings, []);
    let environment = &loaded.config.catalogue.environments[&"prod".parse().expect("a name")];
    assert_eq!(environment.policy, Policy::default(), "the table of keys and the catalogue agree on the defaults");
    insta::assert_debug_snapshot!(loaded.config);
}

#[test]
fn what_is_not_toml() {
    insta::assert_snapshot!(wrong("[clusters.main\ncontext = \"shop\"\n"), @"rotabot.toml:1:15: this is not TOML: unclosed table, expected `]`");
    insta::assert_snapshot!(wrong("[clusters.main]\ncontext = shop\n"), @r#"
    rotabot.toml:2:11: this is not TOML: string values must be quoted, expected literal string
        texts stand in quotes, and true and false stand without: name = "api"
    "#);
    insta::assert_snapshot!(wrong("[clusters.main]\ncontext = \"shop\n"), @r#"
    rotabot.toml:2:16: this is not TOML: invalid basic string, expected `"`
        close the quotes that this text begins with: name = "api"
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nunix = \"mo\""), @r"
    rotabot.toml:22:1: this is not TOML: duplicate key
        give each key once; tables of the same name are one table
    ");
    insta::assert_snapshot!(added("\n[people.lin]\ngitlab = \"lin\""), @r"
    rotabot.toml:26:9: this is not TOML: duplicate key
        give each key once; tables of the same name are one table
    ");
    insta::assert_snapshot!(wrong("language = \n[clusters.main]\ncontxt = \"shop\"\nin_cluster = yes\n[people.lin]\nzone = \"Mars\"\nroles = [\"a\""), @r#"
    rotabot.toml:1:12: this is not TOML: string values must be quoted, expected literal string
        texts stand in quotes, and true and false stand without: name = "api"
    rotabot.toml:3:1: "contxt" is no key of [clusters.main]
        did you mean "context"?
    rotabot.toml:4:14: this is not TOML: string values must be quoted, expected literal string
        texts stand in quotes, and true and false stand without: name = "api"
    rotabot.toml:6:8: "Mars" is no time zone
        write it as continent and city, such as "Asia/Shanghai" or "Europe/Berlin"
    rotabot.toml:7:13: this is not TOML: unclosed array, expected `]`
    "#);
}

#[test]
fn a_file_that_can_not_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| {
        let file = folder.path().join(name);
        let faulty = load(&Request { file: &file, ..request() }).expect_err("a fault");
        told(&faulty).replace(&folder.path().display().to_string(), "")
    };
    insta::assert_snapshot!(at("nowhere.toml"), @r"
    /nowhere.toml: there is no such file
        give the file with --config or ROTABOT_CONFIG; rotabot.example.toml is one to start from
    ");
    insta::assert_snapshot!(at("."), @"/.: the file can't be read: Is a directory (os error 21)");
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("endless.toml")).expect("linked");
    insta::assert_snapshot!(at("endless.toml"), @"/endless.toml: the file can't be read: it is longer than 16 MiB, which none of its kind is");
    std::fs::write(folder.path().join("latin1.toml"), b"language = \"en\"\n# caf\xe9\n").expect("written");
    insta::assert_snapshot!(at("latin1.toml"), @r"
    /latin1.toml:2:6: the file is not UTF-8
        save it as UTF-8
    ");
}

#[test]
fn a_socket_path_that_no_system_takes() {
    let long = "d".repeat(94);
    let read = |data: &str| read(SMALL, &Request { data: Path::new(data), ..request() });
    assert!(read(&long).is_ok(), "107 bytes with the socket's name");
    let faulty = read(&format!("{long}d")).expect_err("a fault");
    insta::assert_snapshot!(told(&faulty), @r"
    --data: the socket's path would have 108 bytes, and no system takes more than 107: ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd/rotabot.sock
        choose a data folder with a shorter path, with --data or ROTABOT_DATA
    ");
}

#[test]
fn old_zone_data() {
    let today = chrono::NaiveDate::from_ymd_opt(2028, 1, 1).expect("a day");
    let loaded = read(SMALL, &Request { today, ..request() }).expect("no faults");
    insta::assert_snapshot!(told(&Faulty { faults: Vec::new(), warnings: loaded.warnings, needs: Vec::new() }), @r"
    rotabot.toml: warning: the time zone data of this rotabot (2026f) is older than a year
        take a newer rotabot, or handoffs may be an hour off where a government changed its clocks
    ");
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_no_harm() {
    let windows = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
    assert_eq!(good(&windows).config, good(SMALL).config);
}

#[test]
fn no_torn_or_shortened_file_stops_the_reader_from_answering() {
    let example = include_str!("../../../../rotabot.example.toml");
    let lines: Vec<&str> = example.lines().filter(|line| !line.starts_with('#')).collect();
    for at in 0..lines.len() {
        let without: Vec<&str> = lines.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, line)| *line).collect();
        let _ = read(&without.join("\n"), &request());
        let value = lines[at].split_once('=').map_or("7 = 7".to_owned(), |(key, _)| format!("{key} = 7"));
        let numbered: Vec<&str> =
            lines.iter().enumerate().map(|(n, line)| if n == at { &value } else { *line }).collect();
        assert!(read(&numbered.join("\n"), &request()).is_err() || lines[at].is_empty(), "{value}");
    }
    let text = lines.join("\n");
    for end in (0..text.len()).step_by(5) {
        let _ = read(&text[..end], &request());
    }
}
