//! People, and who of them is on call.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use state::catalogue::{Language, Person};
use state::names::{PersonName, RoleName};

use super::environments::LANGUAGES;
use super::fault::{Fault, Warning};
use super::known::Known;
use super::section::{At, Section};

/// Words that mean something else where a role could stand.
const RESERVED: [&str; 3] = ["everyone", "on-call", "owner"];

/// Who has which account: its kind and name, and the person with the place where it stands.
type Accounts = BTreeMap<(&'static str, String), (PersonName, usize)>;

pub(super) fn people(root: &Section<'_>, language: Language) -> BTreeMap<PersonName, Person> {
    let mut people = BTreeMap::new();
    let mut accounts = Accounts::new();
    for (name, section) in root.sections("people") {
        let name = section.as_name::<PersonName>(name, "person");
        let roles = section.texts("roles").unwrap_or_default();
        let roles = roles.into_iter().filter_map(|role| self::role(&section, role)).collect();
        let language = section.choice("language", LANGUAGES).unwrap_or(language);
        let zone = section.zone("zone");
        let [unix, gitlab] = ["unix", "gitlab"].map(|key| section.text(key));
        let discord = section.discord_id("discord");
        let left = section.day("left");
        section.finish();
        let Some(At { value: name, at }) = name else { continue };
        let discord_text = discord.as_ref().map(|id| At { value: id.value.to_string(), at: id.at });
        for (kind, account) in [("unix", &unix), ("gitlab", &gitlab), ("discord", &discord_text)] {
            if let Some(account) = account {
                note_account(kind, account, &name, &mut accounts, &section);
            }
        }
        if unix.is_none() && discord.is_none() && left.is_none() && !section.has("unix") && !section.has("discord") {
            section.report.warn(at, Warning::NoAccount { person: name.to_string() });
        }
        let [unix, gitlab] = [unix, gitlab].map(|account| account.map(|account| account.value));
        let discord = discord.map(|id| id.value);
        people.insert(name, Person { roles, language, zone, discord, gitlab, unix, left });
    }
    people
}

/// The person on call, who must be here today.
pub(super) fn on_call(
    root: &Section<'_>,
    known: &Known,
    people: &BTreeMap<PersonName, Person>,
    today: NaiveDate,
) -> Option<PersonName> {
    let Some(section) = root.section("on_call") else {
        if !root.has("on_call") {
            root.report.warn_whole(Warning::NobodyOnCall);
        }
        return None;
    };
    let text = section.text("person");
    section.finish();
    let text = text?;
    let person = known.people.find::<PersonName>(&text, root.report)?;
    if let Some(day) = left_by(people, &person, today) {
        root.report.fault(text.at, Fault::OnCallLeft { person: person.to_string(), day });
    }
    Some(person)
}

/// A list of people who should be here; that one left is worth a warning.
pub(super) fn named(
    section: &Section<'_>,
    key: &'static str,
    role: &'static str,
    known: &Known,
    people: &BTreeMap<PersonName, Person>,
    today: NaiveDate,
) -> Vec<PersonName> {
    let mut named = Vec::new();
    for text in section.texts(key).unwrap_or_default() {
        let Some(person) = known.people.find::<PersonName>(&text, section.report) else { continue };
        if let Some(day) = left_by(people, &person, today) {
            section.report.warn(text.at, Warning::StillNamed { person: person.to_string(), day, role });
        }
        named.push(person);
    }
    named
}

/// Warns where nobody who is here is an admin.
pub(super) fn note_no_admin(root: &Section<'_>, people: &BTreeMap<PersonName, Person>, today: NaiveDate) {
    let is_admin = |(name, person): (&PersonName, &Person)| {
        person.roles.iter().any(|role| role.as_str() == "admin") && left_by(people, name, today).is_none()
    };
    if !people.iter().any(is_admin) {
        root.report.warn_whole(Warning::NoAdmin);
    }
}

fn left_by(people: &BTreeMap<PersonName, Person>, name: &PersonName, today: NaiveDate) -> Option<NaiveDate> {
    people.get(name)?.left.filter(|left| *left <= today)
}

fn role(section: &Section<'_>, text: At<String>) -> Option<RoleName> {
    if RESERVED.contains(&text.value.as_str()) {
        section.report.fault(text.at, Fault::ReservedRole { role: text.value });
        return None;
    }
    section.as_name(text, "role").map(|role| role.value)
}

fn note_account(
    kind: &'static str,
    account: &At<String>,
    person: &PersonName,
    accounts: &mut Accounts,
    section: &Section<'_>,
) {
    let key = (kind, account.value.clone());
    let Some((other, at)) = accounts.get(&key) else {
        accounts.insert(key, (person.clone(), account.at));
        return;
    };
    let place = section.report.place(*at);
    let fault = Fault::SameAccount { account: kind, person: person.to_string(), other: other.to_string(), place };
    section.report.fault(account.at, fault);
}
