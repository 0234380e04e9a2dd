//! What entries mean together.

use super::*;

#[test]
fn without_channels_there_is_one() {
    let loaded = good(&SMALL.replace("[channels.ops]", ""));
    let environment = &loaded.config.catalogue.environments[&"prod".parse().expect("a name")];
    assert_eq!(environment.channel.as_str(), "ops");
}

#[test]
fn a_name_that_nothing_has() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\ncluster = \"mian\"\nchannel = \"alerts\""), @r#"
    rotabot.toml:11:11: there is no cluster "mian"
        did you mean "main"?
    rotabot.toml:12:11: there is no channel "alerts"
        add [channels.alerts], or take one of these: ops
    "#);
    insta::assert_snapshot!(replaced("owners = [\"mo\"]", "owners = [\"moo\", \"zhou\"]\nenvironments = [\"prod\", \"prdo\"]"), @r#"
    rotabot.toml:13:11: there is no person "moo"
        did you mean "mo"?
    rotabot.toml:13:18: there is no person "zhou"
        add [people.zhou], or take one of these: lin, mo
    rotabot.toml:14:25: there is no environment "prdo"
        did you mean "prod"?
    "#);
    insta::assert_snapshot!(replaced("person = \"lin\"", "person = \"lim\""), @r#"
    rotabot.toml:24:10: there is no person "lim"
        did you mean "lin"?
    "#);
    insta::assert_snapshot!(added("\n[console]\nas = [\"l1n\"]"), @r#"
    rotabot.toml:27:7: there is no person "l1n"
        did you mean "lin"?
    "#);
    insta::assert_snapshot!(replaced("[channels.ops]\n\n[environments.prod]", "[environments.prod]\nchannel = \"ops\""), @r#"
    rotabot.toml:8:11: there is no channel "ops"
        add [channels.ops]
    "#);
    insta::assert_snapshot!(added("\n[services.api.in.tset]\nworkloads = [{ containers = { api = \"registry.example/shop/api\" } }]"), @r#"
    rotabot.toml:26:18: there is no environment "tset"
        add [environments.tset], or take one of these: prod
    "#);
}

#[test]
fn a_role_that_nobody_has() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\nallow = { deploy = [\"admins\"], stop = [\"oncall\", \"developer\"], lock = [\"mo\"], unlock = [\"person:m0\"] }"), @r#"
    rotabot.toml:11:21: nobody has the role "admins"
        did you mean "admin"?
    rotabot.toml:11:40: nobody has the role "oncall"
        did you mean "on-call"?
    rotabot.toml:11:50: nobody has the role "developer"
        there are admin; give it to somebody with roles = ["developer"], or name one person as "person:NAME"
    rotabot.toml:11:72: nobody has the role "mo"
        did you mean "person:mo"?
    rotabot.toml:11:89: there is no person "m0"
        did you mean "mo"?
    "#);
    insta::assert_snapshot!(replaced("roles = [\"admin\"]", "roles = [\"admin\", \"on-call\"]"), @r#"
    rotabot.toml:17:19: "on-call" can't be a role: in `allow` the word means something else
        choose another name
    "#);
}

#[test]
fn two_of_something_that_there_is_one_of() {
    insta::assert_snapshot!(added("\n[services.web]\nworkloads = [{ name = \"api\", containers = { web = \"registry.example/shop/web\" } }]"), @r"
    rotabot.toml:27:14: Deployment api of web in prod is also a workload of api in prod (rotabot.toml:14:14)
        one workload belongs to one service in one environment; take it out of one of them
    ");
    insta::assert_snapshot!(added("\n[environments.other]\nnamespace = \"shop\""), @r"
    rotabot.toml:14:14: prod and other are both in namespace shop of main, so Deployment api of api would be in both
        give the environments different namespaces, or say what differs under [services.api.in.prod]
    ");
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\ncluster = \"main\"\n[clusters.other]\ncontext = \"shop\""), @r"
    rotabot.toml:12:11: clusters other and main are the same cluster (rotabot.toml:2:11)
        keep one of them: a cluster known by two names would be changed twice at once
    ");
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"lin\""), @r"
    rotabot.toml:21:8: mo and lin have the same unix account (rotabot.toml:18:8)
        an account tells who is speaking, so it is one person's; take it from the other, also if they left
    ");
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\ndiscord = \"175928847299117063\"\n[people.zhou]\ndiscord = 175928847299117063\nleft = 2026-01-01"), @r"
    rotabot.toml:24:11: zhou and mo have the same discord account (rotabot.toml:22:11)
        an account tells who is speaking, so it is one person's; take it from the other, also if they left
    ");
}

#[test]
fn a_workload_listed_twice() {
    insta::assert_snapshot!(replaced("workloads = [{", "workloads = [{ name = \"api\", containers = { sidecar = \"registry.example/shop/sidecar\" } }, {"), @r"
    rotabot.toml:14:92: Deployment api is listed twice for api in prod
        put all its containers into one of them
    ");
}

#[test]
fn a_service_that_runs_nowhere() {
    insta::assert_snapshot!(replaced("owners = [\"mo\"]", "environments = []"), @r"
    rotabot.toml:12:11: warning: api runs in no environment
        add [environments.NAME], or name some in its `environments`, or leave the service out
    ");
}

#[test]
fn settings_that_contradict_each_other() {
    insta::assert_snapshot!(replaced("context = \"shop\"", "in_cluster = true\ncontext = \"shop\"\nkubeconfig = \"x\""), @r#"
    rotabot.toml:4:1: [clusters.main] can't have both "in_cluster" and "context"
        in_cluster takes the service account of rotabot's own pod, and no kubeconfig
    rotabot.toml:5:1: [clusters.main] can't have both "in_cluster" and "kubeconfig"
        in_cluster takes the service account of rotabot's own pod, and no kubeconfig
    "#);
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\nca_file = \"ca.pem\"\nplain_http = true"), @r#"
    rotabot.toml:6:1: [registries."registry.example"] can't have both "plain_http" and "ca_file"
        without TLS there is no certificate to check; leave one of them out
    "#);
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\nusername = \"bot\"\nusername_env = \"BOT\"\npassword_env = \"A\"\npassword_file = \"b\""), @r#"
    rotabot.toml:7:1: [registries."registry.example"] can't have both "username" and "username_env"
        one place is enough; leave the other out
    rotabot.toml:9:1: [registries."registry.example"] can't have both "password_env" and "password_file"
        one place is enough; leave the other out
    "#);
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\nusername = \"bot\"\n[registries.\"other.example\"]\npassword_env = \"A\""), @r#"
    rotabot.toml:6:1: [registries."registry.example"] has "username" without "password_env" or "password_file"
        add "password_env" or "password_file", or leave "username" out
    rotabot.toml:8:1: [registries."other.example"] has "password_env" without "username"
        add "username", or leave "password_env" out
    "#);
}

#[test]
fn settings_that_take_each_other_s_effect_away() {
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\nprogress_deadline = \"45s\"\nstability_window = \"0s\""), @r#"
    rotabot.toml:11:1: warning: [environments.prod]: a certain sign of failure must stay for 1m, and the deadline strikes after 45s: it never ends a rollout early
        make "certain_after" shorter, or "progress_deadline" longer
    rotabot.toml:12:1: warning: [environments.prod]: without a stability window a release that crashes right after it was ready counts as verified
        give it some time: stability_window = "60s"
    "#);
    insta::assert_snapshot!(replaced("namespace = \"shop\"", "namespace = \"shop\"\ncertain_after = \"10m\"\nafter_failure = \"hold\"\nask_for = \"5m\"\nunanswered = \"hold\""), @r#"
    rotabot.toml:11:1: warning: [environments.prod]: a certain sign of failure must stay for 10m, and the deadline strikes after 10m: it never ends a rollout early
        make "certain_after" shorter, or "progress_deadline" longer
    rotabot.toml:13:1: warning: [environments.prod] has "ask_for", but nobody is ever asked there: after a failure it holds
        leave "ask_for" out, or write after_failure = "ask"
    rotabot.toml:14:1: warning: [environments.prod] has "unanswered", but nobody is ever asked there: after a failure it holds
        leave "unanswered" out, or write after_failure = "ask"
    "#);
}

#[test]
fn a_service_and_its_environments() {
    insta::assert_snapshot!(added("\n[environments.test]\nnamespace = \"test\"\n[services.web.in.prod]\nworkloads = [{ containers = { web = \"registry.example/shop/web\" } }]"), @r#"
    rotabot.toml:28:11: web has no workloads in test
        add `workloads`, or [services.web.in.test] with its own, or leave test out: environments = ["…"]
    "#);
    insta::assert_snapshot!(added("\n[environments.test]\nnamespace = \"test\"\n[services.web]\nenvironments = [\"test\"]\nworkloads = [{ containers = { web = \"registry.example/shop/web\" } }]\n[services.web.in.prod]\nworkloads = [{ containers = { web = \"registry.example/shop/web\" } }]"), @r#"
    rotabot.toml:31:18: web says what differs in prod, where it doesn't run
        add "prod" to its `environments`, or take this out
    "#);
}

#[test]
fn people_who_left() {
    insta::assert_snapshot!(replaced("roles = [\"admin\"]", "roles = [\"admin\"]\nleft = 2026-11-26"), @r#"
    rotabot.toml:25:10: lin, who is on call, left on 2026-11-26
        name somebody who is here
    rotabot.toml: warning: nobody has the role "admin"
        give it to somebody: roles = ["admin"]; nobody else can free a parked change
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", "unix = \"mo\"\nleft = \"2026-01-31\""), @r"
    rotabot.toml:13:11: warning: mo left on 2026-01-31, and still owns a service
        name somebody who is here
    ");
}

#[test]
fn what_is_probably_not_meant() {
    insta::assert_snapshot!(wrong(""), @r#"
    rotabot.toml: warning: nobody is on call
        add [on_call] with person = "NAME"; what `allow` gives to "on-call" is nobody's until then
    rotabot.toml: warning: nobody has the role "admin"
        give it to somebody: roles = ["admin"]; nobody else can free a parked change
    rotabot.toml: warning: there are no services, so there is nothing to deploy
        add [services.NAME]
    "#);
    insta::assert_snapshot!(replaced("roles = [\"admin\"]", ""), @r#"
    rotabot.toml: warning: nobody has the role "admin"
        give it to somebody: roles = ["admin"]; nobody else can free a parked change
    "#);
    insta::assert_snapshot!(replaced("unix = \"mo\"", ""), @r#"
    rotabot.toml:20:9: warning: mo can't be known by anything
        add unix = "USER", so that the console knows them
    "#);
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.exmaple\"]"), @r#"
    rotabot.toml:14:37: warning: digests of images from registry.example can't be checked: it is not among the registries
        did you mean "registry.exmaple"?
    "#);
    insta::assert_snapshot!(replaced("registry.example/shop/api", "ghcr.io/shop/api"), @r#"
    rotabot.toml:14:37: warning: digests of images from ghcr.io can't be checked: it is not among the registries
        add [registries."ghcr.io"]
    "#);
    insta::assert_snapshot!(replaced("registry.example/shop/api", "shop/api"), @r#"
    rotabot.toml:14:37: warning: digests of shop/api can't be checked: it doesn't say its registry
        write the host in front, such as "registry.example/shop/api"
    "#);
    insta::assert_snapshot!(replaced("[registries.\"registry.example\"]", "[registries.\"registry.example\"]\nplain_http = true\nusername = \"bot\"\npassword_env = \"A\""), @r"
    rotabot.toml:6:1: warning: the password for registry.example is sent in the clear
        speak TLS to it: leave plain_http out, and name its authority with ca_file
    ");
}
