//! Every kind of fault and warning, as `rotabot check` tells it.

use std::path::Path;

use super::{Faulty, Loaded, Request, read};

fn request() -> Request<'static> {
    Request {
        file: Path::new("rotabot.toml"),
        data: Path::new("data"),
        home: Some(Path::new("/home/lin")),
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 26).expect("a day"),
    }
}

fn good(text: &str) -> Loaded {
    read(text, &request()).unwrap_or_else(|faulty| panic!("{}", told(&faulty)))
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

#[test]
fn a_small_file_has_neither_faults_nor_warnings() {
    let loaded = good(SMALL);
    assert_eq!(loaded.warnings, []);
    insta::assert_debug_snapshot!(loaded.config);
}
