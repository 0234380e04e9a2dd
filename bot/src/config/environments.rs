//! Environments and channels: where a change happens, who may ask for it, how it is judged, and who hears of it.

use std::collections::{BTreeMap, BTreeSet};

use state::catalogue::{
    Action, AfterFailure, Environment, Grantee, Language, LogsInChat, Mode, Permissions, Policy, Unanswered,
};
use state::names::{ChannelName, EnvironmentName};

use super::fault::Warning;
use super::known::Known;
use super::section::{At, Section};
use super::value;

pub(super) const LANGUAGES: &[(&str, Language)] = &[("en", Language::English), ("zh-CN", Language::Chinese)];
const MODES: &[(&str, Mode)] = &[("act", Mode::Act), ("watch", Mode::Watch)];
const AFTER_FAILURE: &[(&str, AfterFailure)] =
    &[("rollback", AfterFailure::Rollback), ("hold", AfterFailure::Hold), ("ask", AfterFailure::Ask)];
const UNANSWERED: &[(&str, Unanswered)] = &[("rollback", Unanswered::Rollback), ("hold", Unanswered::Hold)];
const LOGS: &[(&str, LogsInChat)] =
    &[("redacted", LogsInChat::Redacted), ("link", LogsInChat::Link), ("off", LogsInChat::Off)];
const ACTIONS: &[(&str, Action)] = &[
    ("view", Action::View),
    ("deploy", Action::Deploy),
    ("rollback", Action::Rollback),
    ("stop", Action::Stop),
    ("lock", Action::Lock),
    ("unlock", Action::Unlock),
    ("release", Action::Release),
];

/// The channel of environments that name none, where no channel is declared at all.
const ONLY_CHANNEL: &str = "ops";

pub(super) fn channels(root: &Section<'_>, language: Language) -> BTreeMap<ChannelName, Language> {
    let mut channels = BTreeMap::new();
    for (name, section) in root.sections("channels") {
        let name = section.as_name::<ChannelName>(name, "channel");
        let language = section.choice("language", LANGUAGES).unwrap_or(language);
        section.finish();
        channels.extend(name.map(|name| (name.value, language)));
    }
    channels
}

pub(super) fn environments(root: &Section<'_>, known: &Known) -> BTreeMap<EnvironmentName, Environment> {
    let mut environments = BTreeMap::new();
    for (name, section) in root.sections("environments") {
        let name = section.as_name::<EnvironmentName>(name, "environment");
        let environment = environment(&section, known);
        section.finish();
        environments.extend(name.map(|name| name.value).zip(environment));
    }
    environments
}

fn environment(section: &Section<'_>, known: &Known) -> Option<Environment> {
    let cluster = known.clusters.find_or_only(section, "cluster");
    let namespace = section.name("namespace", "namespace");
    let channel = if known.channels.is_empty() && !section.has("channel") {
        ONLY_CHANNEL.parse().ok()
    } else {
        known.channels.find_or_only(section, "channel")
    };
    let mode = section.choice("mode", MODES).unwrap_or_default();
    let policy = policy(section);
    let permissions = section.section("allow").map(|allow| permissions(&allow, known));
    Some(Environment {
        cluster: cluster?,
        namespace: namespace?.value,
        channel: channel?,
        mode,
        permissions: permissions?,
        policy: policy?,
    })
}

fn policy(section: &Section<'_>) -> Option<Policy> {
    let after_failure = section.choice("after_failure", AFTER_FAILURE);
    let unanswered = section.choice("unanswered", UNANSWERED);
    let logs_in_chat = section.choice("logs_in_chat", LOGS);
    let [ask_for, stability_window, progress_deadline, certain_after] =
        ["ask_for", "stability_window", "progress_deadline", "certain_after"].map(|key| section.duration(key));
    let policy = Policy {
        after_failure: after_failure?,
        ask_for,
        unanswered: unanswered?,
        stability_window,
        progress_deadline,
        certain_after,
        logs_in_chat: logs_in_chat?,
    };
    contradictions(section, &policy);
    Some(policy)
}

/// Notes settings of a policy that take each other's effect away. A duration of zero was wrong, but for the window.
fn contradictions(section: &Section<'_>, policy: &Policy) {
    let table = || section.title.clone();
    if !policy.progress_deadline.is_zero() && policy.certain_after >= policy.progress_deadline {
        let (certain_after, progress_deadline) = (policy.certain_after, policy.progress_deadline);
        let warning = Warning::SignsComeTooLate { table: table(), certain_after, progress_deadline };
        let key = if section.has("certain_after") { "certain_after" } else { "progress_deadline" };
        section.report.warn(section.at_key(key), warning);
    }
    // Zero is also what a duration that can't be read is taken for; that is a fault, and told as one.
    let window = section.text("stability_window").and_then(|text| value::duration(&text.value));
    if window.is_some_and(|window| window.is_zero()) {
        section.report.warn(section.at_key("stability_window"), Warning::NoWindow { table: table() });
    }
    if policy.after_failure == AfterFailure::Hold {
        for key in ["ask_for", "unanswered"].into_iter().filter(|key| section.has(key)) {
            let warning = Warning::NobodyIsAsked { table: table(), key };
            section.report.warn(section.at_key(key), warning);
        }
    }
}

fn permissions(allow: &Section<'_>, known: &Known) -> Permissions {
    let mut granted = BTreeMap::new();
    for (key, action) in ACTIONS {
        // The defaults speak of a role that nobody needs to have; what the file says itself must have somebody.
        let by_default = !allow.has(key);
        let grantee = |text: At<String>| grantee(&text, known, by_default, allow);
        let grantees: BTreeSet<Grantee> = allow.texts(key).into_iter().flatten().filter_map(grantee).collect();
        granted.insert(*action, grantees);
    }
    allow.finish();
    Permissions(granted)
}

fn grantee(text: &At<String>, known: &Known, by_default: bool, allow: &Section<'_>) -> Option<Grantee> {
    match text.value.as_str() {
        "everyone" => return Some(Grantee::Everyone),
        "on-call" => return Some(Grantee::OnCall),
        "owner" => return Some(Grantee::Owner),
        _ => {}
    }
    if let Some(person) = text.value.strip_prefix("person:") {
        let person = At { value: person.trim().to_owned(), at: text.at };
        return known.people.find(&person, allow.report).map(Grantee::Person);
    }
    if by_default {
        return text.value.parse().ok().map(Grantee::Role);
    }
    known.role(text, allow.report).map(Grantee::Role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_can_be_allowed() {
        assert_eq!(ACTIONS.iter().map(|(_, action)| *action).collect::<Vec<_>>(), Action::ALL);
    }
}
