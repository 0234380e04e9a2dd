//! `rotabot.example.toml` and the JSON Schema: complete, right, and of one mind with the table of keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::super::fault::human;
use super::super::keys::{Key, Need, ROOT, Shape, Table};
use super::super::schema::json_of;
use super::*;

const EXAMPLE: &str = include_str!("../../../../rotabot.example.toml");

fn parsed(text: &str) -> DeTable<'_> {
    DeTable::parse(text).expect("TOML").into_inner()
}

#[test]
fn the_example_has_neither_faults_nor_warnings() {
    assert_eq!(good(EXAMPLE).warnings, []);
}

#[test]
fn the_shortest_file_in_the_example_has_neither_faults_nor_warnings() {
    let (_, shortest) = EXAMPLE.split_once("── The shortest file that is of use ─").expect("it is there");
    let lines = shortest.lines().skip(1).map(|line| line.trim_start_matches('#').trim_start());
    let text = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(good(&text).warnings, []);
    assert_eq!(good(&text).config.catalogue.services.len(), 1);
}

/// Which keys of which tables a file has; a kind of table that occurs in several places is one.
fn keys_of<'a>(table: &'static Table, found: &'a DeTable<'a>, keys: &mut BTreeMap<*const Table, BTreeSet<String>>) {
    let names = found.keys().map(|key| key.get_ref().to_string());
    keys.entry(table).or_default().extend(names);
    for key in table.keys {
        let (Some(below), Some(value)) = (key.shape.table(), found.get(key.name)) else { continue };
        match (&key.shape, value.get_ref()) {
            (Shape::One(_), DeValue::Table(one)) => keys_of(below, one, keys),
            (_, DeValue::Table(many)) => {
                many.values().filter_map(|one| one.get_ref().as_table()).for_each(|one| keys_of(below, one, keys));
            }
            (_, DeValue::Array(rows)) => {
                rows.iter().filter_map(|row| row.get_ref().as_table()).for_each(|row| keys_of(below, row, keys));
            }
            _ => {}
        }
    }
}

fn all_tables(table: &'static Table) -> Vec<&'static Table> {
    let below = table.keys.iter().filter_map(|key| key.shape.table()).flat_map(all_tables);
    std::iter::once(table).chain(below).collect()
}

#[test]
fn the_example_has_every_key() {
    let mut found = BTreeMap::new();
    let example = parsed(EXAMPLE);
    keys_of(&ROOT, &example, &mut found);
    for table in all_tables(&ROOT) {
        let found = found.get(&(table as *const Table)).cloned().unwrap_or_default();
        let missing: Vec<&str> = table.keys.iter().map(|key| key.name).filter(|key| !found.contains(*key)).collect();
        assert_eq!(missing, Vec::<&str>::new(), "{}", table.about);
    }
}

#[test]
fn what_the_example_says_of_reaching_things() {
    let config = good(EXAMPLE).config;
    insta::assert_debug_snapshot!((config.clusters, config.registries, config.may_be_spoken_for, config.log), @r#"
    (
        {
            "main": Kubeconfig {
                file: Some(
                    "/home/lin/.kube/config",
                ),
                context: "shop-main",
            },
            "test": InCluster,
        },
        {
            "mirror.example": RegistryAccess {
                ca_file: None,
                plain_http: false,
                login: Some(
                    Login {
                        username: Source(
                            Variable(
                                "MIRROR_USER",
                            ),
                        ),
                        password: File(
                            "/run/secrets/mirror-password",
                        ),
                    },
                ),
            },
            "old.example": RegistryAccess {
                ca_file: None,
                plain_http: false,
                login: Some(
                    Login {
                        username: Source(
                            File(
                                "/run/secrets/old-user",
                            ),
                        ),
                        password: File(
                            "/run/secrets/old-password",
                        ),
                    },
                ),
            },
            "registry.example": RegistryAccess {
                ca_file: Some(
                    "registry-ca.pem",
                ),
                plain_http: false,
                login: Some(
                    Login {
                        username: Plain(
                            "rotabot",
                        ),
                        password: Variable(
                            "REGISTRY_PASSWORD",
                        ),
                    },
                ),
            },
            "registry.test:5000": RegistryAccess {
                ca_file: None,
                plain_http: true,
                login: None,
            },
        },
        {
            "mo",
        },
        Log {
            format: Text,
            level: Info,
        },
    )
    "#);
}

/// The comments above the lines that set a key.
fn comments_on(key: &str) -> Vec<String> {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let sets = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let comment = |at: usize| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with('#'));
        above
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .map(|line| line.trim_start_matches('#').trim())
            .collect::<Vec<_>>()
            .join(" ")
    };
    (0..lines.len()).filter(|at| sets(lines[*at])).map(comment).collect()
}

fn all_keys(table: &'static Table) -> Vec<&'static Key> {
    table
        .keys
        .iter()
        .flat_map(|key| std::iter::once(key).chain(key.shape.table().into_iter().flat_map(all_keys)))
        .collect()
}

#[test]
fn the_comments_of_the_example_tell_defaults_and_ranges() {
    let mut silent = Vec::new();
    for key in all_keys(&ROOT) {
        let comments = comments_on(key.name);
        let mut must_say = Vec::new();
        if let Need::Default(text) = key.need
            && text != "{}"
        {
            must_say.push(if text == "[]" { "Default: no".to_owned() } else { format!("efault: {text}.") });
        }
        if let Shape::Duration { least, most } = &key.shape {
            must_say.push(format!("{} to {}", human(least), human(most)));
        }
        let said = |words: &String| {
            let words = words.trim_start_matches("efault: ");
            comments.iter().any(|comment| comment.contains(words))
        };
        silent.extend(must_say.into_iter().filter(|words| !said(words)).map(|words| format!("{}: {words}", key.name)));
    }
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn a_key_with_a_comment_of_its_own_says_what_it_is_for() {
    let bare = |key: &&Key| {
        let is_a_table = key.shape.table().is_some();
        !is_a_table && comments_on(key.name).iter().all(String::is_empty)
    };
    let bare: Vec<&str> = all_keys(&ROOT).into_iter().filter(bare).map(|key| key.name).collect();
    // These stand beside their kind, under one comment.
    assert_eq!(bare, ["username_env", "username_file", "password_file", "channel", "dashboard", "gitlab"]);
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let schema = jsonschema::validator_for(&super::super::schema()).expect("a schema");
    let valid = |text: &str| {
        let value = json_of(&DeValue::Table(parsed(text)));
        schema.iter_errors(&value).map(|error| error.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(valid(EXAMPLE), Vec::<String>::new());
    assert_eq!(valid(SMALL), Vec::<String>::new());
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = jsonschema::validator_for(&super::super::schema()).expect("a schema");
    for (old, new) in [
        ("namespace = \"shop\"", "namespce = \"shop\""),
        ("namespace = \"shop\"", "namespace = 7"),
        ("namespace = \"shop\"", "namespace = \"Shop\""),
        ("namespace = \"shop\"", ""),
        ("namespace = \"shop\"", "namespace = \"shop\"\nask_for = \"10\""),
        ("namespace = \"shop\"", "namespace = \"shop\"\nmode = \"dry-run\""),
        ("unix = \"mo\"", "unix = \"mo\"\nzone = \"\""),
        ("unix = \"mo\"", "unix = \"mo\"\ndiscord = \"mo#1234\""),
        ("workloads = [{", "workloads = [{ kind = \"StatefulSet\","),
        ("registry.example/shop/api", "https://registry.example/shop/api"),
        ("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\npassword = \"x\""),
    ] {
        let text = SMALL.replacen(old, new, 1);
        assert!(read(&text, &request()).is_err(), "{new}");
        assert!(!schema.is_valid(&json_of(&DeValue::Table(parsed(&text)))), "{new}");
    }
}

#[test]
fn the_schema_explains_every_key() {
    fn unexplained(schema: &Value, path: &str, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if property["description"].as_str().is_none_or(str::is_empty) {
                found.push(path.clone());
            }
            unexplained(property, &path, found);
            unexplained(&property["additionalProperties"], &path, found);
            unexplained(&property["items"], &path, found);
        }
    }
    let mut found = Vec::new();
    unexplained(&super::super::schema(), "", &mut found);
    assert_eq!(found, Vec::<String>::new());
}
