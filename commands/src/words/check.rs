//! The files of words, and holding them against each other.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use state::catalogue::Language;

macro_rules! sources {
    ($folder:literal, $($name:literal),+) => {
        &[$(($name, include_str!(concat!("../../locales/", $folder, "/", $name, ".ftl")))),+]
    };
}

macro_rules! languages {
    ($($name:literal),+ $(,)?) => {
        /// The files of a language, with their names.
        pub(super) fn sources(language: Language) -> &'static [(&'static str, &'static str)] {
            match language {
                Language::English => sources!("en", $($name),+),
                Language::Chinese => sources!("zh-CN", $($name),+),
            }
        }
    };
}

languages!("common", "console", "help", "refusals", "locks", "changes", "look", "demo");

/// A message's variables, by file and key.
type Messages = BTreeMap<(&'static str, String), BTreeSet<String>>;

/// What is wrong with the words.
pub(super) fn faults() -> Vec<String> {
    let mut faults = Vec::new();
    let all: Vec<_> = Language::ALL.iter().map(|language| (*language, read(*language, &mut faults))).collect();
    for (language, messages) in &all {
        for (other, others) in all.iter().filter(|(other, _)| other != language) {
            for ((file, key), variables) in messages {
                match others.get(&(*file, key.clone())) {
                    None => faults.push(format!("{}/{file}.ftl has no {key}", other.tag())),
                    Some(theirs) if theirs.is_subset(variables) && theirs != variables => {
                        let missing: Vec<_> = variables.difference(theirs).collect();
                        faults.push(format!("{}/{file}.ftl: {key} leaves out {missing:?}", other.tag()));
                    }
                    Some(theirs) if theirs != variables => {
                        faults.push(format!("{}/{file}.ftl: {key} has {theirs:?}, not {variables:?}", other.tag()));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    faults
}

fn read(language: Language, faults: &mut Vec<String>) -> Messages {
    let mut messages = Messages::new();
    let mut keys = BTreeSet::new();
    for (file, source) in sources(language) {
        let place = format!("{}/{file}.ftl", language.tag());
        if source.chars().any(|c| ('\u{e000}'..='\u{f8ff}').contains(&c)) {
            faults.push(format!("{place} has a placeholder character"));
        }
        let resource = match fluent_syntax::parser::parse(*source) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                faults.extend(errors.iter().map(|error| format!("{place}: {error}")));
                resource
            }
        };
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let key = message.id.name.to_owned();
            if !keys.insert(key.clone()) {
                faults.push(format!("{place} has {key} twice"));
            }
            let mut variables = BTreeSet::new();
            match &message.value {
                Some(pattern) => of_pattern(pattern, &mut variables),
                None => faults.push(format!("{place}: {key} is empty")),
            }
            messages.insert((*file, key), variables);
        }
    }
    messages
}

fn of_pattern(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, found);
        }
    }
}

fn of_expression(expression: &Expression<&str>, found: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, found),
        Expression::Select { selector, variants } => {
            of_inline(selector, found);
            variants.iter().for_each(|variant| of_pattern(&variant.value, found));
        }
    }
}

fn of_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => of_expression(expression, found),
        InlineExpression::FunctionReference { arguments, .. }
        | InlineExpression::TermReference { arguments: Some(arguments), .. } => of_arguments(arguments, found),
        _ => {}
    }
}

fn of_arguments(arguments: &CallArguments<&str>, found: &mut BTreeSet<String>) {
    arguments.positional.iter().for_each(|inline| of_inline(inline, found));
    arguments.named.iter().for_each(|named| of_inline(&named.value, found));
}
