//! The tree reads like the list of rooms, and every crate keeps the rules of the workspace.

use std::collections::BTreeSet;
use std::process::Command;

use super::{list, metadata, read, root, text};

/// What may lie at the top. A new entry has its reason in ARCHITECTURE.md.
const TOP: [&str; 19] = [
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "bot",
    "clippy.toml",
    "commands",
    "deny.toml",
    "deploy",
    "docs",
    "rotabot.example.toml",
    "rustfmt.toml",
    "state",
    "tests",
];

/// What git keeps, or all that lies there where this is no git repository.
fn kept() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    if let Some(listed) = listed.ok().filter(|listed| listed.status.success() && !listed.stdout.is_empty()) {
        return String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect();
    }
    let entries = std::fs::read_dir(root()).expect("the root").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !["target", ".git", "data", "rotabot.toml"].contains(&name.as_str())).collect()
}

#[test]
fn nothing_new_lies_at_the_top() {
    let top: BTreeSet<String> = kept().iter().filter_map(|path| path.split('/').next()).map(str::to_owned).collect();
    let new: Vec<&String> = top.iter().filter(|name| !TOP.contains(&name.as_str())).collect();
    assert_eq!(new, Vec::<&String>::new());
}

#[test]
fn no_file_would_download_a_toolchain() {
    for name in ["rust-toolchain", "rust-toolchain.toml"] {
        assert!(!root().join(name).exists(), "{name}: rust-version in Cargo.toml says what is needed");
    }
}

#[test]
fn every_crate_keeps_the_rules_of_the_workspace() {
    let metadata = metadata();
    let members: BTreeSet<&str> = list(metadata, "workspace_members").filter_map(|id| id.as_str()).collect();
    for package in list(metadata, "packages").filter(|package| members.contains(text(package, "id"))) {
        let name = text(package, "name");
        assert!(!text(package, "rust_version").is_empty(), "{name} has no rust-version");
        assert_eq!(text(package, "edition"), "2024", "{name}");
        assert_eq!(text(package, "license"), "Apache-2.0", "{name}");
        assert!(package["publish"].as_array().is_some_and(Vec::is_empty), "{name} could be published by mistake");
        assert!(!text(package, "description").is_empty(), "{name} doesn't say what it is");
        let manifest: toml::Table =
            std::fs::read_to_string(text(package, "manifest_path")).expect("its manifest").parse().expect("TOML");
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{name} has lints of its own");
    }
}

#[test]
fn lints_forbid_what_they_should() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    assert_eq!(manifest["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for inner in ["state", "commands"] {
        let library = read(format!("{inner}/src/lib.rs"));
        assert!(library.contains("#![deny(missing_docs)]"), "{inner} must document all that it shows");
    }
}

#[test]
fn cargo_finds_the_binary_from_the_root() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let named = manifest["workspace"]["default-members"].as_array().expect("a list");
    let named: Vec<&str> = named.iter().filter_map(|member| member.as_str()).collect();
    // What needs a server is not among them, so that `cargo test` needs none.
    assert_eq!(named, ["state", "commands", "bot", "tests/world", "tests/simulation"]);
    let bot: toml::Table = read("bot/Cargo.toml").parse().expect("TOML");
    assert_eq!(bot["package"]["default-run"].as_str(), Some("rotabot"));
}
