//! Every dependency has a licence that deny.toml allows, and what deny.toml puts up with is still there.

use super::{list, metadata, read, text};

fn allowed() -> Vec<String> {
    let deny: toml::Table = read("deny.toml").parse().expect("TOML");
    let allowed = deny["licenses"]["allow"].as_array().expect("a list");
    allowed.iter().map(|licence| licence.as_str().expect("a text").to_owned()).collect()
}

/// Whether an SPDX expression can be satisfied with the allowed licences: one of those joined by OR, all joined by AND.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    // Old manifests write a slash for OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let good = either(&mut words, allowed);
    good && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut good = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        good |= both(words, allowed);
    }
    good
}

fn both(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut good = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        good &= one(words, allowed);
    }
    good
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let good = either(words, allowed);
            words.next_if_eq(&")").is_some() && good
        }
        Some(name) => {
            let exception = words.next_if_eq(&"WITH").and_then(|_| words.next());
            let whole = exception.map_or(name.to_owned(), |exception| format!("{name} WITH {exception}"));
            allowed.contains(&whole)
        }
        None => false,
    }
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let allowed = ["MIT".to_owned(), "Apache-2.0".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/GPL-3.0",
        "(GPL-3.0 OR MIT) AND Apache-2.0",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
    ] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0", "MIT)", "MIT WITH x"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let (metadata, allowed) = (metadata(), allowed());
    let wrong: Vec<String> = list(metadata, "packages")
        .filter(|package| !is_allowed(text(package, "license"), &allowed))
        .map(|package| format!("{} {}: {:?}", text(package, "name"), text(package, "version"), package["license"]))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_is_put_up_with_is_still_there() {
    let deny: toml::Table = read("deny.toml").parse().expect("TOML");
    let lock: toml::Table = read("Cargo.lock").parse().expect("TOML");
    let locked: Vec<&str> =
        lock["package"].as_array().expect("a list").iter().filter_map(|package| package["name"].as_str()).collect();
    let ignored = deny["advisories"]["ignore"].as_array().expect("a list");
    assert!(!ignored.is_empty());
    for advisory in ignored {
        let reason = advisory["reason"].as_str().expect("each has a reason");
        let name = reason.split_whitespace().next().expect("which begins with the crate's name");
        assert!(locked.contains(&name), "{name} is gone: take {advisory} out of deny.toml");
    }
}
