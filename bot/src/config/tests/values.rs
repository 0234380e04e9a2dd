//! Keys, types and single values.

use super::*;

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(added("\n[environments.test]\nnamespce = \"shop\"\n"), @r#"
    rotabot.toml:27:1: "namespce" is no key of [environments.test]
        did you mean "namespace"?
    "#);
    insta::assert_snapshot!(replaced("owners = [\"mo\"]", "owners = [\"mo\"]\nstability_window = \"5s\""), @r#"
    rotabot.toml:14:1: "stability_window" is no key of [services.api]
        "stability_window" belongs to [environments.NAME]
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nhistory = { keep = \"1d\" }"), @r#"
    rotabot.toml:22:1: "history" is no key of [people.mo]
        "history" belongs to the top of the file, before the first [table]
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nheight = 180"), @r#"
    rotabot.toml:22:1: "height" is no key of [people.mo]
        its keys are roles, language, zone, unix, discord, gitlab, left
    "#);
    insta::assert_snapshot!(added("\n[service.web]\n"), @r#"
    rotabot.toml:26:2: "service" is no key of the top of the file
        did you mean "services"?
    "#);
}

#[test]
fn a_secret_in_the_file() {
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\npassword = \"hunter2\""), @r#"
    rotabot.toml:6:1: "password" would put a secret into a file that others read
        use "password_env" or "password_file", and give the secret a new value if the file was ever shared
    "#);
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\ntoken = \"hunter2\""), @r#"
    rotabot.toml:6:1: "token" would put a secret into a file that others read
        use "password_env" or "password_file", and give the secret a new value if the file was ever shared
    "#);
    insta::assert_snapshot!(added("[registries.\"https://lin:hunter2@registry.example\"]"), @r#"
    rotabot.toml:25:13: "registries" holds a password inside the address
        leave out what stands before the @
    "#);
    insta::assert_snapshot!(added("[discord]\ntoken = \"hunter2\"\n[gitlab]\ntokens = [{ token = \"hunter2\" }]"), @r#"
    rotabot.toml:25:2: "discord" is no key of the top of the file
        its keys are language, clusters, registries, channels, environments, services, people, on_call, console, history, log
    rotabot.toml:26:1: "token" would put a secret into a file that others read
        take it out, and give the secret a new value if the file was ever shared; nothing here needs one
    rotabot.toml:27:2: "gitlab" is no key of the top of the file
        its keys are language, clusters, registries, channels, environments, services, people, on_call, console, history, log
    rotabot.toml:28:1: "tokens" would put a secret into a file that others read
        take it out, and give the secret a new value if the file was ever shared; nothing here needs one
    "#);
    insta::assert_snapshot!(added("token = \"hunter2\""), @r#"
    rotabot.toml:25:1: "token" would put a secret into a file that others read
        take it out, and give the secret a new value if the file was ever shared; nothing here needs one
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\ngitlab = \"glpat-0123456789abcdefghij\""), @r#"
    rotabot.toml:22:10: "gitlab" would put a secret into a file that others read
        take it out, and give the secret a new value if the file was ever shared; nothing here needs one
    "#);
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\nusername = \"bot\"\npassword_env = \"hunter2!\""), @r#"
    rotabot.toml:7:16: "password_env" is not the name of an environment variable
        write the variable's name, such as "REGISTRY_PASSWORD"; if this was the secret itself, give it a new value
    "#);
    insta::assert_snapshot!(replaced("owners = [\"mo\"]", "runbook = \"https://lin:hunter2@wiki.example/\""), @r#"
    rotabot.toml:13:11: "runbook" holds a password inside the address
        leave out what stands before the @
    "#);
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = 7"), @r#"
    rotabot.toml:10:13: "namespace" must be a name in quotes, and here is a number
        write "7"
    "#);
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\nask_for = 600"), @r#"
    rotabot.toml:11:11: "ask_for" must be a duration in quotes, such as "90s", "10m", "2h" or "400d", and here is a number
        write "600s" if these are seconds
    "#);
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\nmode = true"), @r#"rotabot.toml:11:8: "mode" must be "act" or "watch", and here is true or false"#);
    insta::assert_snapshot!(replaced("owners = [\"mo\"]", "owners = \"mo\""), @r#"
    rotabot.toml:13:10: "owners" must be a list, such as ["a", "b"], and here is a text
        write ["mo"]
    "#);
    insta::assert_snapshot!(replaced("owners = [\"mo\"]", "owners = [\"mo\", 7]"), @r#"
    rotabot.toml:13:17: "owners" must be a name in quotes, and here is a number
        write "7"
    "#);
    insta::assert_snapshot!(replaced("context = \"shop\"", "in_cluster = \"true\"\ncontext = \"shop\""), @r#"
    rotabot.toml:3:14: "in_cluster" must be true or false, without quotes, and here is a text
        write true
    "#);
    insta::assert_snapshot!(replaced("workloads = [{ containers = { api = \"registry.example/shop/api\" } }]", "workloads = \"api\""), @r#"
    rotabot.toml:14:13: "workloads" must be a list of tables, such as [{ name = "api", containers = { … } }], and here is a text
        write [[services.api.workloads]] for each, with its keys below
    "#);
    insta::assert_snapshot!(replaced("workloads = [{ containers = { api = \"registry.example/shop/api\" } }]", "workloads = [\"api\"]"), @r#"
    rotabot.toml:14:14: [services.api.workloads] must be a table, and here is a text
        write { name = "api", containers = { … } } in its place
    "#);
    insta::assert_snapshot!(replaced("containers = { api = \"registry.example/shop/api\" }", "containers = [\"api\"]"), @r#"rotabot.toml:14:29: "containers" must be a table, such as { api = "registry.example/shop/api" }, and here is a list"#);
    insta::assert_snapshot!(replaced("[channels.ops]", "[channels]\nops = \"zh-CN\""), @r"
    rotabot.toml:8:1: [channels.ops] must be a table, and here is a text
        write [channels.ops] on a line of its own, and below it: language
    ");
    insta::assert_snapshot!(wrong("services = 7"), @r#"
    rotabot.toml:1:12: "services" must be a table for each name, and here is a number
        write [services.NAME] for each, with its keys below
    rotabot.toml: warning: nobody is on call
        add [on_call] with person = "NAME"; what `allow` gives to "on-call" is nobody's until then
    rotabot.toml: warning: nobody has the role "admin"
        give it to somebody: roles = ["admin"]; nobody else can free a parked change
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nleft = 2026"), @r#"rotabot.toml:22:8: "left" must be a day, such as 2026-11-30, and here is a number"#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\ndiscord = 1.5"), @r#"rotabot.toml:22:11: "discord" must be a Discord id in quotes, such as "175928847299117063", and here is a number"#);
}

#[test]
fn a_missing_key() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", ""), @r#"
    rotabot.toml:9:15: [environments.prod] needs "namespace", which is a name in quotes
        The namespace in that cluster.
    "#);
    insta::assert_snapshot!(replaced("context = \"shop\"", ""), @r#"
    rotabot.toml:2:11: [clusters.main] needs "context", which is a text in quotes
        The context of the kubeconfig. There is no default: the current context changes under one's hands.
    "#);
    insta::assert_snapshot!(replaced("{ containers = { api = \"registry.example/shop/api\" } }", "{ name = \"api\" }"), @r#"
    rotabot.toml:14:14: [services.api.workloads] needs "containers", which is a table, such as { api = "registry.example/shop/api" }
        The containers that a deploy gives a new image, each with the repository that its images come from.
    "#);
    insta::assert_snapshot!(replaced("person = \"lin\"", ""), @r#"
    rotabot.toml:23:1: [on_call] needs "person", which is a name in quotes
        The person on call.
    "#);
    insta::assert_snapshot!(added("\n[clusters.other]\ncontext = \"other\"\n[channels.other]"), @r#"
    rotabot.toml:9:15: [environments.prod] doesn't say which cluster it means
        there are main, other: write cluster = "NAME"
    rotabot.toml:9:15: [environments.prod] doesn't say which channel it means
        there are ops, other: write channel = "NAME"
    "#);
    insta::assert_snapshot!(replaced("[clusters.main]\ncontext = \"shop\"", ""), @r"
    rotabot.toml:8:15: [environments.prod] doesn't say which cluster it means
        there is no cluster yet: add [clusters.NAME]
    ");
}

#[test]
fn an_empty_value() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \" \""), @r#"
    rotabot.toml:10:13: "namespace" is empty
        give it a value, or leave the key out
    "#);
    insta::assert_snapshot!(replaced("workloads = [{ containers = { api = \"registry.example/shop/api\" } }]", "workloads = []"), @r#"
    rotabot.toml:14:13: "workloads" is empty
        give it a value, or leave the key out
    "#);
    insta::assert_snapshot!(replaced("containers = { api = \"registry.example/shop/api\" }", "containers = {}"), @r#"
    rotabot.toml:14:16: the containers of [services.api.workloads] name none
        name the container and its repository: containers = { api = "registry.example/shop/api" }
    "#);
}

#[test]
fn a_bad_name() {
    insta::assert_snapshot!(added("\n[services.\"Shop Web\"]\nworkloads = [{ name = \"web\", containers = { web = \"registry.example/web\" } }]"), @r#"
    rotabot.toml:26:11: "Shop Web" can't be the name of a service: it has 'S'; allowed are a-z, 0-9, '-' and '.', with a letter or a digit at both ends
        write "shop-web"
    "#);
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"商店\""), @r#"rotabot.toml:10:13: "商店" can't be the name of a namespace: it has '商'; allowed are a-z, 0-9 and '-', with a letter or a digit at both ends"#);
    insta::assert_snapshot!(replaced("containers = { api =", "containers = { API ="), @r#"
    rotabot.toml:14:31: "API" can't be the name of a container: it has 'A'; allowed are a-z, 0-9 and '-', with a letter or a digit at both ends
        write "api"
    "#);
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop.eu\""), @r#"
    rotabot.toml:10:13: "shop.eu" can't be the name of a namespace: it has '.'; allowed are a-z, 0-9 and '-', with a letter or a digit at both ends
        write "shop-eu"
    "#);
    insta::assert_snapshot!(replaced("roles = [\"admin\"]", "roles = [\"admin\", \"Back End\"]"), @r#"
    rotabot.toml:17:19: "Back End" can't be the name of a role: it has 'B'; allowed are a-z, 0-9, '-' and '.', with a letter or a digit at both ends
        write "back-end"
    "#);
    insta::assert_snapshot!(added("\n[registries.\"https://Registry.example/v2\"]\n[registries.shop]"), @r#"
    rotabot.toml:26:13: "https://Registry.example/v2" is no host of a registry
        write "registry.example"
    rotabot.toml:27:13: "shop" is no host of a registry
    "#);
}

#[test]
fn a_bad_duration() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\nask_for = \"10\"\nstability_window = \"2d\"\nprogress_deadline = \"0s\""), @r#"
    rotabot.toml:11:11: "ask_for" is "10", which is no duration
        write a number and s, m, h or d: "90s", "10m", "1h30m", "400d"
    rotabot.toml:12:20: "stability_window" is "2d", outside what is allowed: 0s to 1d
    rotabot.toml:13:21: "progress_deadline" is "0s", outside what is allowed: 1s to 1d
    "#);
    insta::assert_snapshot!(added("\n[history]\nkeep = \"1 year\""), @r#"
    rotabot.toml:27:8: "keep" is "1 year", which is no duration
        write a number and s, m, h or d: "90s", "10m", "1h30m", "400d"
    "#);
}

#[test]
fn a_word_that_is_none_of_those_allowed() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\nafter_failure = \"rolback\"\nmode = \"dry-run\""), @r#"
    rotabot.toml:11:17: "after_failure" is "rolback", which is none of its words
        did you mean "rollback"?
    rotabot.toml:12:8: "mode" is "dry-run", which is none of its words
        its words are act, watch
    "#);
    insta::assert_snapshot!(replaced("roles = [\"admin\"]", "roles = [\"admin\"]\nlanguage = \"zh\""), @r#"
    rotabot.toml:18:12: "language" is "zh", which is none of its words
        its words are en, zh-CN
    "#);
    insta::assert_snapshot!(replaced("{ containers =", "{ kind = \"deployment\", containers ="), @r#"
    rotabot.toml:14:23: "kind" is "deployment", which is none of its words
        did you mean "Deployment"?
    "#);
}

#[test]
fn kinds_that_are_not_there_yet() {
    insta::assert_snapshot!(replaced("{ containers =", "{ kind = \"StatefulSet\", containers ="), @r"
    rotabot.toml:14:23: a StatefulSet is not there yet as a kind of workload
        only Deployments are; leave this workload out until then
    ");
    insta::assert_snapshot!(replaced("{ containers =", "{ kind = \"daemonsets\", containers ="), @r"
    rotabot.toml:14:23: a DaemonSet is not there yet as a kind of workload
        only Deployments are; leave this workload out until then
    ");
}

#[test]
fn a_bad_zone_day_address_or_id() {
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nzone = \"Asia/Shangai\""), @r#"
    rotabot.toml:22:8: "Asia/Shangai" is no time zone
        did you mean "Asia/Shanghai"?
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nzone = \"CST\""), @r#"
    rotabot.toml:22:8: "CST" is no time zone
        write it as continent and city, such as "Asia/Shanghai" or "Europe/Berlin"
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nleft = \"30.11.2026\""), @r#"
    rotabot.toml:22:8: "left" is no day of the calendar
        write year, month and day: 2026-11-30
    "#);
    insta::assert_snapshot!(replaced("owners = [\"mo\"]", "runbook = \"wiki.example/api\""), @r#"
    rotabot.toml:13:11: "runbook" is "wiki.example/api", which is no web address
        write it with https:// or http:// in front
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\ndiscord = \"mo#1234\""), @r#"
    rotabot.toml:22:11: "discord" is no Discord id
        it is a long number: in Discord turn on developer mode, then right-click the person and copy the id
    "#);
}

#[test]
fn a_bad_repository() {
    insta::assert_snapshot!(replaced("registry.example/shop/api", "registry.example/shop/api:v7"), @r#"
    rotabot.toml:14:37: "registry.example/shop/api:v7" names one image, and here belongs the repository of all of them
        write "registry.example/shop/api"; which image it is, the deploy says
    "#);
    insta::assert_snapshot!(replaced("registry.example/shop/api", "https://registry.example/shop/api"), @r#"
    rotabot.toml:14:37: "https://registry.example/shop/api" is no repository of images
        write host and path in small letters, without https://: "registry.example/shop/api"
    "#);
    insta::assert_snapshot!(replaced("registry.example/shop/api", "registry.example/Shop/API"), @r#"
    rotabot.toml:14:37: "registry.example/Shop/API" is no repository of images
        write host and path in small letters, without https://: "registry.example/shop/api"
    "#);
}
