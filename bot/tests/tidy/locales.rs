//! Every sentence is there in both languages, and is filled from the same facts.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, read};

const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// What a message is made of, apart from its words: its attributes, and the variables that it and they are filled from.
#[derive(Debug, Default, PartialEq, Eq)]
struct Message {
    attributes: BTreeSet<String>,
    variables: BTreeSet<String>,
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The messages of a Fluent file. A message begins at the left edge; what belongs to it is indented.
fn messages(fluent: &str) -> BTreeMap<String, Message> {
    let mut found: BTreeMap<String, Message> = BTreeMap::new();
    let mut current = None;
    for line in fluent.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if !line.starts_with([' ', '\t', '}']) {
            let (name, _) = line.split_once('=').unwrap_or_else(|| panic!("not a message: {line}"));
            let name = name.trim().to_owned();
            assert!(!found.contains_key(&name), "{name} is there twice");
            found.insert(name.clone(), Message::default());
            current = Some(name);
        }
        let Some(message) = current.as_ref().and_then(|name| found.get_mut(name)) else { continue };
        if let Some(attribute) = line.trim_start().strip_prefix('.').filter(|_| line.starts_with(' '))
            && attribute.contains('=')
        {
            message.attributes.insert(identifier(attribute).to_owned());
        }
        message.variables.extend(line.split('$').skip(1).map(|rest| identifier(rest).to_owned()));
    }
    found
}

fn of(language: &str) -> BTreeMap<String, BTreeMap<String, Message>> {
    let folder = format!("commands/locales/{language}");
    let name = |path: &String| path.strip_prefix(&format!("{folder}/")).expect("in its folder").to_owned();
    files(&folder, ".ftl").iter().map(|path| (name(path), messages(&read(path)))).collect()
}

#[test]
fn a_fluent_file_is_taken_apart() {
    let found =
        messages("# words\na-b = One { $c }\n    two { $d ->\n  *[other] x\n}\n    .title = T { $e }\n-term = X\n");
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(found["a-b"], Message { attributes: set(&["title"]), variables: set(&["c", "d", "e"]) });
    assert_eq!(found["-term"], Message::default());
    assert_eq!(found.len(), 2);
}

#[test]
fn both_languages_have_the_same_files_and_messages() {
    let [one, other] = LANGUAGES.map(of);
    assert!(!one.is_empty(), "there are words");
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (file, messages) in &one {
        let names: BTreeSet<&String> = messages.keys().collect();
        let others: BTreeSet<&String> = other[file].keys().collect();
        let missing: Vec<_> = names.symmetric_difference(&others).collect();
        assert_eq!(missing, Vec::<&&String>::new(), "{file}: in one language only");
    }
}

#[test]
fn both_languages_are_filled_from_the_same_facts() {
    let [one, other] = LANGUAGES.map(of);
    let mut differ = Vec::new();
    for (file, messages) in &one {
        for (name, message) in messages {
            let twin = other.get(file).and_then(|messages| messages.get(name));
            if twin.is_some_and(|twin| twin != message) {
                differ.push(format!("{file} {name}: {message:?} and {twin:?}"));
            }
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}
