//! Who speaks: the person behind a user of this machine, or the one in whose name that person may speak.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use commands::refusal::{KnownAs, Refusal};
use state::catalogue::Catalogue;
use state::names::PersonName;

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// In whose name.
    pub person: PersonName,
    /// Who really types, where that is somebody else.
    pub typed_by: Option<PersonName>,
}

impl Speaker {
    /// A person who speaks for themselves.
    pub fn oneself(person: PersonName) -> Self {
        Self { person, typed_by: None }
    }
}

/// Who sits at the keyboard, and who speaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The person whose account it is; none if the catalogue has nobody for that user.
    pub typist: Option<PersonName>,
    /// Who speaks, or why nobody does.
    pub speaker: Result<Speaker, Refusal>,
}

impl Identity {
    /// A person who speaks for themselves.
    pub fn oneself(person: PersonName) -> Self {
        Self { typist: Some(person.clone()), speaker: Ok(Speaker::oneself(person)) }
    }

    /// Finds out who a user of this machine is.
    pub fn of_user(
        catalogue: &Catalogue,
        user: &str,
        in_name_of: Option<&str>,
        may_be_spoken_for: &BTreeSet<PersonName>,
        now: DateTime<Utc>,
    ) -> Self {
        let typist = catalogue.people.iter().find(|(_, person)| person.unix.as_deref() == Some(user));
        Self {
            typist: typist.map(|(name, _)| name.clone()),
            speaker: speaker(catalogue, user, in_name_of, may_be_spoken_for, now),
        }
    }

    /// The person whose account this process belongs to.
    pub async fn own(catalogue: &Catalogue, now: DateTime<Utc>) -> Self {
        Self::of_user(catalogue, &user_name(own_user()).await, None, &BTreeSet::new(), now)
    }

    /// The person who reads.
    pub fn reader(&self) -> Option<&PersonName> {
        self.speaker.as_ref().ok().map(|speaker| &speaker.person).or(self.typist.as_ref())
    }
}

/// Finds out who speaks. A person who has left speaks no more, in nobody's name.
fn speaker(
    catalogue: &Catalogue,
    user: &str,
    in_name_of: Option<&str>,
    may_be_spoken_for: &BTreeSet<PersonName>,
    now: DateTime<Utc>,
) -> Result<Speaker, Refusal> {
    let unknown = |known_as| Refusal::UnknownPerson { known_as };
    let found = catalogue.people.iter().find(|(_, person)| person.unix.as_deref() == Some(user));
    let (typist, known) = found.ok_or_else(|| unknown(KnownAs::Unix(user.to_owned())))?;
    if let Some(on) = known.left.filter(|left| *left <= now.date_naive()) {
        return Err(Refusal::Left { person: typist.clone(), on });
    }
    let Some(name) = in_name_of else { return Ok(Speaker::oneself(typist.clone())) };
    let person = name.trim().trim_start_matches('@').to_ascii_lowercase().parse::<PersonName>().ok();
    let person = person.filter(|person| catalogue.people.contains_key(person));
    let person = person.ok_or_else(|| unknown(KnownAs::Name(name.to_owned())))?;
    if person == *typist {
        return Ok(Speaker::oneself(person));
    }
    if !may_be_spoken_for.contains(&person) {
        return Err(Refusal::MayNotSpeakFor { person });
    }
    Ok(Speaker { person, typed_by: Some(typist.clone()) })
}

/// The name of the user with this number; the number itself where the system has no name for it. May ask the network.
pub(super) async fn user_name(uid: u32) -> String {
    let asked = tokio::task::spawn_blocking(move || nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)));
    match asked.await {
        Ok(Ok(Some(user))) => user.name,
        _ => uid.to_string(),
    }
}

/// The number of the user that this process belongs to.
pub(super) fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use state::catalogue::Person;

    use super::*;

    fn name(text: &str) -> PersonName {
        text.parse().expect("a name")
    }

    fn catalogue() -> Catalogue {
        let unix = |unix: &str| Person { unix: Some(unix.to_owned()), ..Person::default() };
        let mut catalogue = Catalogue::default();
        catalogue.people.insert(name("lin"), unix("linx"));
        catalogue.people.insert(name("mo"), unix("mo"));
        let left = chrono::NaiveDate::from_ymd_opt(2026, 5, 1);
        catalogue.people.insert(name("old"), Person { left, ..unix("old") });
        catalogue.people.insert(name("ci"), Person::default());
        catalogue
    }

    fn find(user: &str, in_name_of: Option<&str>) -> Result<Speaker, Refusal> {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a moment");
        Identity::of_user(&catalogue(), user, in_name_of, &[name("ci")].into(), now).speaker
    }

    #[test]
    fn a_user_is_the_person_with_that_account() {
        assert_eq!(find("linx", None), Ok(Speaker::oneself(name("lin"))));
        let unknown = |known_as| Err(Refusal::UnknownPerson { known_as });
        assert_eq!(find("lin", None), unknown(KnownAs::Unix("lin".into())), "the name is no account");
        assert!(matches!(find("old", Some("ci")), Err(Refusal::Left { .. })));
    }

    #[test]
    fn speaking_for_others_is_for_the_named_only() {
        let both = Speaker { person: name("ci"), typed_by: Some(name("lin")) };
        assert_eq!(find("linx", Some("ci")), Ok(both.clone()));
        assert_eq!(find("linx", Some(" @CI")), Ok(both));
        assert_eq!(find("linx", Some("lin")), Ok(Speaker::oneself(name("lin"))), "oneself, always");
        assert_eq!(find("linx", Some("mo")), Err(Refusal::MayNotSpeakFor { person: name("mo") }));
        let unknown = Refusal::UnknownPerson { known_as: KnownAs::Name("x y".into()) };
        assert_eq!(find("linx", Some("x y")), Err(unknown));
    }
}
