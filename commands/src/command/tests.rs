//! What people type, and what is understood of it.

use chrono::DateTime;
use proptest::prelude::*;
use state::catalogue::{Action, Catalogue, Environment, Grantee, Mode, Permissions, Person, Policy, Service};
use state::names::PersonName;

use super::complete::{Completion, Recent, Sight, complete, target_of};
use super::*;

/// What is understood, written back; or the refusal's facts.
fn understood(line: &str) -> String {
    match Command::from_text(line) {
        Ok(command) => command.to_text(),
        Err(refusal) => format!("{refusal:?}"),
    }
}

#[test]
fn lines_are_read_as_people_type_them() {
    for (line, meant) in [
        ("/deploy api prod v7", "/deploy api prod v7"),
        ("deploy api prod v7 plan", "/deploy api prod v7 plan"),
        ("/deploy api prod v7 --plan", "/deploy api prod v7 plan"),
        ("/deploy api prod v7 —plan", "/deploy api prod v7 plan"),
        ("／deploy　api prod v7", "/deploy api prod v7"),
        ("  Deploy Api PROD V7 ", "/deploy api prod V7"),
        ("/deploy api/prod v7", "/deploy api prod v7"),
        ("/deploy plan prod v7 plan", "/deploy \"plan\" prod v7 plan"),
        ("/deploy api prod \"plan\"", "/deploy api prod \"plan\""),
        ("/deploy --env prod --service=api v7", "/deploy api prod v7"),
        ("/rollback api prod", "/rollback api prod"),
        ("/rollback api prod v6", "/rollback api prod to v6"),
        ("/rollback api prod to v6 template plan", "/rollback api prod to v6 template plan"),
        ("/rollback api prod plan to #412", "/rollback api prod to #412 plan"),
        ("/rollback api prod --to=v6", "/rollback api prod to v6"),
        ("/stop api prod", "/stop api prod"),
        ("/status", "/status"),
        ("/status api", "/status api"),
        ("/status --env prod", "/status --env prod"),
        ("/history api prod since 7d", "/history api prod since 7d"),
        ("/history since 7d", "/history since 7d"),
        ("/history api --since 90m", "/history api since 1h30m"),
        ("/show 412", "/show #412"),
        ("/show #412", "/show #412"),
        ("/lock api/prod bad commit for 2h", "/lock api/prod \"bad commit\" for 2h"),
        ("/lock api/prod bad commit for 2 hours", "/lock api/prod \"bad commit\" for 2h"),
        ("/lock api/prod waiting for mo", "/lock api/prod \"waiting for mo\""),
        ("/lock api/prod down for 2h already", "/lock api/prod \"down for 2h already\""),
        ("/lock api/prod \"down for 2h\"", "/lock api/prod \"down for 2h\""),
        ("/lock all can't reach the db, don't touch", "/lock all \"can't reach the db, don't touch\""),
        ("/lock prod --for 2h --force push gone wrong", "/lock prod \"--force push gone wrong\" for 2h"),
        ("/lock prod migration plan", "/lock prod \"migration plan\""),
        ("/lock prod 数据库迁移 for 2小时", "/lock prod 数据库迁移 for 2h"),
        ("/unlock api/prod", "/unlock api/prod"),
        ("/change release #412", "/change release #412"),
        ("/CHANGE Release 412", "/change release #412"),
        ("/help", "/help"),
        ("/help rollback", "/help rollback"),
        ("/help change release", "/help change release"),
        ("/rollback --help", "/help rollback"),
    ] {
        assert_eq!(understood(line), meant, "{line}");
    }
}

#[test]
fn what_can_t_be_read_is_refused_with_its_facts() {
    let lines = [
        "",
        "/",
        "/depoly api prod v7",
        "/frobnicate",
        "/change",
        "/change relaese 4",
        "/deploy",
        "/deploy api",
        "/deploy api prod",
        "/deploy api prod plan",
        "/deploy api prod v7 now",
        "/deploy api prod v7 --paln",
        "/deploy a!b prod v7",
        "/deploy api prod @everyone",
        "/deploy api prod v7 --service web",
        "/rollback api prod to",
        "/rollback api prod --to=",
        "/history api since yesterday",
        "/show x",
        "/lock api/prod",
        "/lock api/prod for 2h",
        "/lock api/prod bad commit for 2x",
        "/lock api/prod bad commit for -1h",
        "/lock api/prod/x bad",
        "/help frobnicate",
        "/now now",
    ];
    let shown: Vec<_> = lines.iter().map(|line| format!("{line:40} {}", understood(line))).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
                                             NothingTyped
    /                                        NothingTyped
    /depoly api prod v7                      UnknownCommand { typed: "depoly", nearest: Some("deploy") }
    /frobnicate                              UnknownCommand { typed: "frobnicate", nearest: None }
    /change                                  UnknownCommand { typed: "change", nearest: Some("change release") }
    /change relaese 4                        UnknownCommand { typed: "change relaese", nearest: Some("change release") }
    /deploy                                  MissingArgument { command: "deploy", argument: "service" }
    /deploy api                              MissingArgument { command: "deploy", argument: "env" }
    /deploy api prod                         MissingArgument { command: "deploy", argument: "ref" }
    /deploy api prod plan                    MissingArgument { command: "deploy", argument: "ref" }
    /deploy api prod v7 now                  TooMuch { command: "deploy", extra: "now" }
    /deploy api prod v7 --paln               UnknownOption { command: "deploy", typed: "paln", nearest: Some("plan") }
    /deploy a!b prod v7                      BadArgument { command: "deploy", argument: "service", value: "a!b" }
    /deploy api prod @everyone               BadArgument { command: "deploy", argument: "ref", value: "@everyone" }
    /deploy api prod v7 --service web        GivenTwice { command: "deploy", argument: "service" }
    /rollback api prod to                    MissingArgument { command: "rollback", argument: "to" }
    /rollback api prod --to=                 BadArgument { command: "rollback", argument: "to", value: "" }
    /history api since yesterday             BadArgument { command: "history", argument: "since", value: "yesterday" }
    /show x                                  BadArgument { command: "show", argument: "number", value: "x" }
    /lock api/prod                           MissingArgument { command: "lock", argument: "reason" }
    /lock api/prod for 2h                    MissingArgument { command: "lock", argument: "reason" }
    /lock api/prod bad commit for 2x         BadArgument { command: "lock", argument: "for", value: "2x" }
    /lock api/prod bad commit for -1h        BadArgument { command: "lock", argument: "for", value: "-1h" }
    /lock api/prod/x bad                     BadArgument { command: "lock", argument: "scope", value: "api/prod/x" }
    /help frobnicate                         UnknownCommand { typed: "frobnicate", nearest: None }
    /now now                                 TooMuch { command: "now", extra: "now" }
    "#);
}

#[test]
fn a_reason_that_nobody_sees_is_missing() {
    let refused = Command::from_text("/lock api/prod \u{200b}\u{200b}").expect_err("no reason");
    assert!(matches!(refused, Refusal::MissingArgument { argument, .. } if argument == "reason"));
}

#[test]
fn a_chat_hands_over_arguments_by_name() {
    let command = Command::from_arguments("status", &[("env", "prod")]).expect("a command");
    assert_eq!(command.to_text(), "/status --env prod");
    let given = [("service", "api"), ("env", "prod"), ("ref", "plan"), ("plan", "false")];
    let command = Command::from_arguments("deploy", &given).expect("a command");
    assert_eq!(command.to_text(), "/deploy api prod \"plan\"");
    let command = Command::from_arguments("change release", &[("number", "412")]).expect("a command");
    assert_eq!(command.to_text(), "/change release #412");
    assert!(matches!(
        Command::from_arguments("deploy", &[("service", "api")]),
        Err(Refusal::MissingArgument { argument, .. }) if argument == "env"
    ));
    assert!(matches!(
        Command::from_arguments("deploy", &[("servce", "api")]),
        Err(Refusal::UnknownOption { nearest: Some(nearest), .. }) if nearest == "service"
    ));
    assert!(matches!(Command::from_arguments("deplyo", &[]), Err(Refusal::UnknownCommand { nearest: Some(_), .. })));
}

/// A catalogue of services with the environments that they run in.
fn catalogue(services: &[(&str, &[&str])]) -> Catalogue {
    let people = ["lin", "mo"].map(|person| (reader(person), Person::default()));
    let mut catalogue = Catalogue { people: people.into(), ..Catalogue::default() };
    for (service, environments) in services {
        let mut known = Service::default();
        for environment in *environments {
            let name = EnvironmentName::new(*environment).expect("a name");
            known.placements.insert(name.clone(), Vec::new());
            catalogue.environments.insert(
                name,
                Environment {
                    cluster: "main".parse().expect("a name"),
                    namespace: "shop".parse().expect("a name"),
                    channel: "ops".parse().expect("a name"),
                    mode: Mode::Act,
                    permissions: Permissions([(Action::View, [Grantee::Everyone].into())].into()),
                    policy: Policy::default(),
                },
            );
        }
        catalogue.services.insert(ServiceName::new(*service).expect("a name"), known);
    }
    catalogue
}

fn reader(name: &str) -> PersonName {
    name.parse().expect("a name")
}

/// What lin is offered, or somebody else.
fn offered(catalogue: &Catalogue, who: &str, line: &str, cursor: usize) -> Vec<Completion> {
    let recent = lately(target_of(line, cursor));
    complete(&Sight { catalogue, recent: &recent, reader: &reader(who), now: DateTime::UNIX_EPOCH }, line, cursor)
}

fn texts(completions: Vec<Completion>) -> String {
    completions.into_iter().map(|completion| completion.text).collect::<Vec<_>>().join(" ")
}

fn shop() -> Catalogue {
    catalogue(&[("api", &["prod", "staging"]), ("web", &["prod"]), ("worker", &["prod", "staging"]), ("lab", &["dev"])])
}

#[test]
fn names_are_held_against_the_catalogue() {
    let settled = |line: &str| match Command::from_text(line).expect("a command").settled(&shop()) {
        Ok(command) => command.to_text(),
        Err(Refusal::UnknownService { instead, .. } | Refusal::UnknownEnvironment { instead, .. }) => {
            instead.map_or("unknown".to_owned(), |command| format!("instead {}", command.to_text()))
        }
        Err(refusal) => format!("{refusal:?}"),
    };
    assert_eq!(settled("/deploy api prod v7"), "/deploy api prod v7");
    assert_eq!(settled("/status prod"), "/status --env prod");
    assert_eq!(settled("/history prod since 2d"), "/history --env prod since 2d");
    assert_eq!(settled("/deploy apii prod v7"), "instead /deploy api prod v7");
    assert_eq!(settled("/rollback api production to v6"), "instead /rollback api prod to v6");
    assert_eq!(settled("/deploy search prod v7"), "unknown");
    assert_eq!(settled("/lock wbe/prod broken"), "instead /lock web/prod broken");
    assert_eq!(settled("/lock all broken"), "/lock all broken");
    assert_eq!(settled("/unlock gone/prod"), "/unlock gone/prod");
    assert_eq!(
        settled("/stop web staging"),
        r#"NotThere { target: TargetName { service: "web", environment: "staging" }, runs_in: ["prod"] }"#
    );
}

fn lately(of: Option<TargetName>) -> Recent {
    let known = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let (references, releases) = match of.as_ref().map(ToString::to_string).as_deref() {
        Some("api/prod") => (known(&["v8", "v7"]), known(&["v7", "v6", "v7"])),
        Some("web/prod") => (known(&["w2"]), known(&["w1"])),
        _ => (Vec::new(), Vec::new()),
    };
    let changes = [(12, target("web", "prod")), (11, target("api", "prod"))];
    let its = |(_, target): &(_, TargetName)| of.as_ref().is_none_or(|of| of == target);
    Recent {
        references,
        releases,
        verified: vec![ChangeNumber(10), ChangeNumber(8)],
        changes: changes.into_iter().filter(its).map(|(number, target)| (ChangeNumber(number), target)).collect(),
        parked: vec![(ChangeNumber(9), target("web", "prod"))],
        locks: vec![Scope::Environment("staging".parse().expect("a name"))],
    }
}

#[test]
fn a_line_is_completed_with_what_will_be_understood() {
    for (line, wanted) in [
        ("/d", "/deploy"),
        ("de", "deploy"),
        ("/roll", "/rollback"),
        ("/dpeloy", "/deploy"),
        ("/ch", "/change release"),
        ("/change ", "release"),
        ("/deploy ", "api lab web worker"),
        ("/deploy w", "web worker"),
        ("/deploy wro", "worker"),
        ("/deploy web/", "web/prod"),
        ("/deploy web ", "prod"),
        ("/deploy lab ", "dev"),
        ("/deploy api s", "staging"),
        ("/deploy api prod ", "v8 v7"),
        ("/deploy api prod v8 ", "plan"),
        ("/deploy api prod v8 plan ", ""),
        ("/deploy api prod v8 --", "--plan"),
        ("/rollback api prod ", "v7 v6 #10 #8 to template plan"),
        ("/rollback api prod to ", "v7 v6 #10 #8"),
        ("/rollback api prod to v8 ", "template plan"),
        ("/status p", "prod api"),
        ("/history api prod ", "since"),
        ("/history api prod since ", "1d 7d 30d"),
        ("/show ", "#12 #11"),
        ("/show 1", "#12 #11"),
        ("/change release ", "#9"),
        ("/unlock ", "staging"),
        ("/lock a", "all api/prod api/staging staging lab/dev worker/staging"),
        ("/lock api/prod ", ""),
        ("/help ro", "rollback"),
        ("/nothing ", ""),
        ("/deploy api prod v8 plan x y", ""),
    ] {
        assert_eq!(texts(offered(&shop(), "lin", line, line.len())), wanted, "{line}|");
    }
    let inside = offered(&shop(), "lin", "/deploy w prod", "/deploy w".len());
    assert_eq!(inside.first().map(|first| (first.from, first.text.as_str())), Some((8, "web")));
    assert!(offered(&shop(), "lin", "/锁", 2).is_empty(), "a cursor inside a character");
}

#[test]
fn nobody_is_offered_what_they_may_not_look_at() {
    let mut shop = shop();
    let only = |who: Grantee| Permissions([(Action::View, [who].into())].into());
    let prod = shop.environments.get_mut(&EnvironmentName::new("prod").expect("a name")).expect("prod");
    prod.permissions = only(Grantee::Owner);
    let staging = shop.environments.get_mut(&EnvironmentName::new("staging").expect("a name")).expect("staging");
    staging.permissions = only(Grantee::Person(reader("lin")));
    shop.services.get_mut(&ServiceName::new("api").expect("a name")).expect("api").owners = vec![reader("mo")];
    for (line, lin, mo) in [
        ("/deploy ", "api lab worker", "api lab"),
        ("/deploy api/", "api/staging", "api/prod"),
        ("/deploy api ", "staging", "prod"),
        ("/deploy api prod ", "", "v8 v7"),
        ("/status ", "api lab worker dev staging", "api lab dev prod"),
        ("/show ", "", "#11"),
        ("/rollback web prod to ", "", ""),
        ("/rollback api prod to ", "", "v7 v6 #10 #8"),
        ("/change release ", "", ""),
        ("/unlock ", "staging", ""),
        ("/lock ", "all dev staging api/staging lab/dev worker/staging", "all dev prod api/prod lab/dev"),
    ] {
        let told = |who| texts(offered(&shop, who, line, line.len()));
        assert_eq!((told("lin").as_str(), told("mo").as_str()), (lin, mo), "{line}|");
        let stranger = told("stranger");
        let places = ["api", "web", "worker", "lab", "prod", "staging", "dev", "v7", "#"];
        assert!(places.iter().all(|place| !stranger.contains(place)), "{line}|{stranger}");
    }
}

fn target(service: &str, environment: &str) -> TargetName {
    TargetName { service: service.parse().expect("a name"), environment: environment.parse().expect("a name") }
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,5}",
        Just("plan".to_owned()),
        Just("to".to_owned()),
        Just("for".to_owned()),
        Just("since".to_owned()),
        Just("all".to_owned()),
        Just("template".to_owned()),
        Just("a.b-c".to_owned()),
    ]
}

fn references() -> impl Strategy<Value = Reference> {
    prop_oneof![
        names(),
        "[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}",
        Just(format!("sha256:{}", "61".repeat(32))),
        Just(format!("v7@sha256:{}", "ab".repeat(32))),
    ]
    .prop_map(|text| text.parse().expect("a reference"))
}

fn periods() -> impl Strategy<Value = Period> {
    (1u64..400 * 86_400).prop_map(|seconds| format!("{seconds}s").parse().expect("a period"))
}

fn reasons() -> impl Strategy<Value = Reason> {
    let nasty = prop_oneof![
        ".{1,40}",
        "[a-z\"'\\\\“” -]{1,30}",
        Just("for 2h".to_owned()),
        Just("--for 2h".to_owned()),
        Just("\"for 2h\"".to_owned()),
        Just("—help".to_owned()),
        Just("x for 2h".to_owned()),
        Just("'tis".to_owned()),
        Just("ends in a backslash \\".to_owned()),
    ];
    nasty.prop_filter_map("not a reason", |text| text.parse().ok())
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::All),
        names().prop_map(|name| name.parse().expect("a scope")),
        (names(), names()).prop_map(|(service, environment)| Scope::Target(target(&service, &environment))),
    ]
}

fn all_commands() -> impl Strategy<Value = Command> {
    let service = || names().prop_map(|name| ServiceName::new(name).expect("a name"));
    let environment = || names().prop_map(|name| EnvironmentName::new(name).expect("a name"));
    let number = || (1..u64::MAX).prop_map(ChangeNumber);
    let earlier = prop_oneof![references().prop_map(Earlier::Reference), number().prop_map(Earlier::Change)];
    let option = proptest::option::of::<BoxedStrategy<_>>;
    prop_oneof![
        (service(), environment(), references(), any::<bool>()).prop_map(|(service, environment, reference, plan)| {
            Command::Deploy { service, environment, reference, plan }
        }),
        (service(), environment(), option(earlier.boxed()), any::<bool>(), any::<bool>()).prop_map(
            |(service, environment, to, template, plan)| Command::Rollback { service, environment, to, template, plan }
        ),
        (service(), environment()).prop_map(|(service, environment)| Command::Stop { service, environment }),
        (proptest::option::of(service()), proptest::option::of(environment()))
            .prop_map(|(service, environment)| Command::Status { service, environment }),
        (proptest::option::of(service()), proptest::option::of(environment()), proptest::option::of(periods()))
            .prop_map(|(service, environment, since)| Command::History { service, environment, since }),
        number().prop_map(|number| Command::Show { number }),
        (scopes(), reasons(), proptest::option::of(periods())).prop_map(|(scope, reason, period)| Command::Lock {
            scope,
            reason,
            period
        }),
        scopes().prop_map(|scope| Command::Unlock { scope }),
        number().prop_map(|number| Command::Change(ChangeCommand::Release { number })),
        (0..Table::get().rows().len())
            .prop_map(|at| Command::Help { command: Table::get().rows()[at].name.parse().ok() }),
        Just(Command::Help { command: None }),
        Just(Command::Now),
        Just(Command::Locks),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(command in all_commands()) {
        let text = command.to_text();
        prop_assert_eq!(Command::from_text(&text), Ok(command), "{}", text);
    }

    #[test]
    fn any_line_is_read_or_refused(line in ".{0,60}", cursor in 0usize..80) {
        let _ = Command::from_text(&line);
        let _ = Command::from_text(&format!("/lock all {line}"));
        let _ = offered(&shop(), "lin", &line, cursor);
        let _ = offered(&shop(), "lin", &format!("/rollback api {line}"), cursor);
    }
}
