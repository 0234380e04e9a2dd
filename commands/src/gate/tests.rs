use std::collections::BTreeMap;

use chrono::NaiveDate;
use state::catalogue::{Environment, Mode, Permissions, Policy, Service};
use state::names::{RoleName, TargetName};

use super::*;

fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name")
}

fn now() -> DateTime<Utc> {
    "2026-11-26T03:00:00Z".parse().expect("a moment")
}

const EVERYBODY: [&str; 5] = ["lin", "mo", "zhou", "ann", "eve"];

/// lin is on call, mo is a developer, zhou owns `api`, ann is an admin, eve has nothing.
fn catalogue(granted: &[(&str, Action, &[Grantee])]) -> Catalogue {
    let role = |role: &str| Person { roles: [name::<RoleName>(role)].into(), ..Person::default() };
    let mut catalogue = Catalogue { on_call: Some(name("lin")), ..Catalogue::default() };
    let people = [("lin", Person::default()), ("mo", role("developer")), ("zhou", Person::default())];
    catalogue.people.extend(people.map(|(who, person)| (name(who), person)));
    catalogue.people.extend([(name("ann"), role("admin")), (name("eve"), Person::default())]);
    for service in ["api", "web"] {
        let owners = if service == "api" { vec![name("zhou")] } else { Vec::new() };
        catalogue.services.insert(name(service), Service { owners, ..Service::default() });
    }
    for environment in ["prod", "staging"] {
        let mut permissions = Permissions::default();
        for (_, action, grantees) in granted.iter().filter(|(where_, ..)| *where_ == environment) {
            permissions.0.insert(*action, grantees.iter().cloned().collect());
        }
        let environment_ = Environment {
            cluster: name("main"),
            namespace: name("shop"),
            channel: name("ops"),
            mode: Mode::Act,
            permissions,
            policy: Policy::default(),
        };
        catalogue.environments.insert(name(environment), environment_);
    }
    catalogue
}

fn may(catalogue: &Catalogue, action: Action, scope: &str) -> Vec<&'static str> {
    let scope: Scope = name(scope);
    let passes = |who: &&str| gate(catalogue, &name(who), action, &scope, None, now()) == Gate::Allowed;
    EVERYBODY.into_iter().filter(passes).collect()
}

#[test]
fn each_way_to_grant_lets_just_those_through() {
    for (grantee, who) in [
        (Grantee::Everyone, &EVERYBODY[..]),
        (Grantee::OnCall, &["lin"]),
        (Grantee::Owner, &["zhou"]),
        (Grantee::Role(name("developer")), &["mo"]),
        (Grantee::Role(name("admin")), &["ann"]),
        (Grantee::Role(name("nobodys")), &[]),
        (Grantee::Person(name("eve")), &["eve"]),
    ] {
        for action in Action::ALL {
            let catalogue = catalogue(&[("prod", action, std::slice::from_ref(&grantee))]);
            assert_eq!(may(&catalogue, action, "api/prod"), who, "{action:?} granted to {grantee:?}");
            for other in Action::ALL.into_iter().filter(|other| *other != action) {
                assert_eq!(may(&catalogue, other, "api/prod"), [""; 0], "{other:?} is nobody's");
            }
            assert_eq!(may(&catalogue, action, "api/staging"), [""; 0], "nor is it anywhere else");
        }
    }
    let several = catalogue(&[("prod", Action::Deploy, &[Grantee::OnCall, Grantee::Role(name("admin"))])]);
    assert_eq!(may(&several, Action::Deploy, "api/prod"), ["lin", "ann"]);
    assert_eq!(may(&several, Action::Deploy, "web/prod"), ["lin", "ann"]);
}

#[test]
fn owners_are_those_of_the_service_that_it_is_about() {
    let catalogue = catalogue(&[("prod", Action::Deploy, &[Grantee::Owner])]);
    assert_eq!(may(&catalogue, Action::Deploy, "api/prod"), ["zhou"]);
    assert_eq!(may(&catalogue, Action::Deploy, "web/prod"), [""; 0]);
    assert_eq!(may(&catalogue, Action::Deploy, "prod"), [""; 0], "an environment has no owner");
}

#[test]
fn duty_is_asked_at_that_very_moment() {
    let mut catalogue = catalogue(&[("prod", Action::Deploy, &[Grantee::OnCall])]);
    assert_eq!(may(&catalogue, Action::Deploy, "api/prod"), ["lin"]);
    catalogue.on_call = Some(name("mo"));
    assert_eq!(may(&catalogue, Action::Deploy, "api/prod"), ["mo"]);
    catalogue.on_call = None;
    assert_eq!(may(&catalogue, Action::Deploy, "api/prod"), [""; 0], "nobody is on call");
}

#[test]
fn a_wide_scope_needs_the_right_everywhere() {
    let developer = [Grantee::Role(name("developer"))];
    let (admin, both) = ([Grantee::Role(name("admin"))], [developer[0].clone(), Grantee::Role(name("admin"))]);
    let catalogue = catalogue(&[("prod", Action::Lock, &admin), ("staging", Action::Lock, &both)]);
    assert_eq!(may(&catalogue, Action::Lock, "staging"), ["mo", "ann"]);
    assert_eq!(may(&catalogue, Action::Lock, "prod"), ["ann"]);
    assert_eq!(may(&catalogue, Action::Lock, "all"), ["ann"]);
    assert_eq!(may(&catalogue, Action::Lock, "nowhere"), [""; 0], "what is not known is nobody's");
    let gone = self::catalogue(&[("prod", Action::Unlock, &admin), ("staging", Action::Unlock, &both)]);
    assert_eq!(may(&gone, Action::Unlock, "nowhere"), ["ann"], "what was left there can be taken away");
    assert_eq!(may(&Catalogue { environments: BTreeMap::new(), ..catalogue }, Action::Lock, "all"), [""; 0]);
}

#[test]
fn who_is_unknown_or_has_left_may_nothing() {
    let mut catalogue = catalogue(&[("prod", Action::View, &[Grantee::Everyone])]);
    let ask = |catalogue: &Catalogue, who: &str| match gate(
        catalogue,
        &name(who),
        Action::View,
        &name("api/prod"),
        None,
        now(),
    ) {
        Gate::Allowed => None,
        Gate::Denied(refusal) => Some(*refusal),
    };
    let stranger = Refusal::UnknownPerson { known_as: KnownAs::Name("stranger".to_owned()) };
    assert_eq!(ask(&catalogue, "stranger"), Some(stranger));
    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a day");
    for (on, may) in [(25, false), (26, false), (27, true)] {
        catalogue.people.get_mut(&name::<PersonName>("eve")).expect("eve").left = Some(day(on));
        let refusal = (!may).then(|| Refusal::Left { person: name("eve"), on: day(on) });
        assert_eq!(ask(&catalogue, "eve"), refusal, "left on the {on}th");
    }
}

#[test]
fn a_change_keeps_the_permissions_that_it_began_with() {
    let before = catalogue(&[("prod", Action::Stop, &[Grantee::Role(name("developer")), Grantee::Owner])]);
    let mut after = catalogue(&[("prod", Action::Stop, &[Grantee::Role(name("admin"))])]);
    let name_of: TargetName = TargetName { service: name("api"), environment: name("prod") };
    let mut known = before.clone();
    known.services.get_mut(&name_of.service).expect("api").placements.insert(name("prod"), Vec::new());
    let begun = known.target(&name_of).expect("a target");
    after.services.get_mut(&name_of.service).expect("api").owners = vec![name("eve")];
    let may = |who: &str| {
        let scope = Scope::Target(name_of.clone());
        gate(&after, &name(who), Action::Stop, &scope, Some(&begun), now()) == Gate::Allowed
    };
    assert_eq!(EVERYBODY.map(may), [false, true, true, false, false], "mo, and zhou who owned it then");
}

#[test]
fn a_refusal_names_who_may() {
    let admins = [Grantee::Role(name("admin")), Grantee::OnCall];
    let catalogue = catalogue(&[("prod", Action::Deploy, &admins)]);
    let scope: Scope = name("api/prod");
    let Gate::Denied(refusal) = gate(&catalogue, &name("eve"), Action::Deploy, &scope, None, now()) else {
        panic!("eve passes")
    };
    let expected = Refusal::NotAllowed {
        action: Action::Deploy,
        scope,
        allowed: admins.into(),
        on_call: Some(name("lin")),
        owners: vec![name("zhou")],
        asked: None,
    };
    assert_eq!(*refusal, expected);
    assert_eq!(allowed(&catalogue, &name("prod"), Action::Deploy).len(), 2);
    assert!(allowed(&catalogue, &name("prod"), Action::Lock).is_empty());
}
