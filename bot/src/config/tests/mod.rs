//! Every kind of fault and warning, as `rotabot check` tells it; and the example, which has none.

mod example;
mod file;
mod meaning;
mod values;

use std::path::Path;

use state::catalogue::Policy;

use super::{Faulty, Loaded, Request, load, read};

fn request() -> Request<'static> {
    Request {
        file: Path::new("rotabot.toml"),
        data: Path::new("data"),
        home: Some(Path::new("/home/lin")),
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 26).expect("a day"),
    }
}

/// Reads a text that must have no faults.
fn good(text: &str) -> Loaded {
    read(text, &request()).unwrap_or_else(|faulty| panic!("{}", told(&faulty)))
}

/// Reads the small company's config with something added to it, and tells what is wrong with that.
fn added(text: &str) -> String {
    wrong(&format!("{SMALL}{text}"))
}

/// Reads the small company's config with one thing in it replaced, and tells what is wrong with that.
fn replaced(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "{old} is not there to be replaced");
    wrong(&SMALL.replacen(old, new, 1))
}

/// What is wrong with a text, in which something must be.
fn wrong(text: &str) -> String {
    match read(text, &request()) {
        Ok(loaded) if loaded.warnings.is_empty() => panic!("nothing is wrong with it"),
        Ok(Loaded { warnings, .. }) => told(&Faulty { faults: Vec::new(), warnings, needs: Vec::new() }),
        Err(faulty) => told(&faulty),
    }
}

fn told(faulty: &Faulty) -> String {
    let faults = faulty.faults.iter().map(|finding| finding.told("", finding.what.hint()));
    let warnings = faulty.warnings.iter().map(|finding| finding.told("warning: ", finding.what.hint()));
    faults.chain(warnings).collect::<Vec<_>>().join("\n")
}

/// A small company whose config has nothing wrong with it.
const SMALL: &str = r#"
[clusters.main]
context = "shop"

[registries."registry.example"]

[channels.ops]

[environments.prod]
namespace = "shop"

[services.api]
owners = ["mo"]
workloads = [{ containers = { api = "registry.example/shop/api" } }]

[people.lin]
roles = ["admin"]
unix = "lin"

[people.mo]
unix = "mo"

[on_call]
person = "lin"
"#;
