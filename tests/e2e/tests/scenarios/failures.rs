//! What is done after a failure: V11, V14, and the questions.

use anyhow::Result;
use cluster::{Namespace, until};
use e2e::{PATIENCE, Setup, Shop};
use serde_json::Value;

#[test]
fn rollback_writes_the_old_template_back_byte_for_byte_and_its_pods_serve_on() -> Result<()> {
    let shop = Setup::new()?.policy("after_failure", "\"rollback\"").start()?;
    let template = shop.deployment()?["spec"]["template"].clone();
    let old_pods = pod_names(&shop.namespace)?;
    let said = shop.deploy("v2-pullfail")?;
    said.must_be("returned", 2)?;
    let deployment = shop.deployment()?;
    assert_eq!(deployment["spec"]["template"], template);
    assert_ne!(deployment["spec"]["paused"], true);
    shop.must_serve(&shop.first, 3)?;
    assert_eq!(pod_names(&shop.namespace)?, old_pods, "the surviving pods are used again");
    let change = shop.record_of(&said)?;
    assert_eq!((change.outcomes.as_slice(), change.left()), (&["returned".to_owned()][..], vec!["returned"]));
    assert_eq!(shop.marker()?, Some(format!("{}/return", change.id)));
    let export = shop.bot.export()?;
    assert_eq!((export.of("lock").len(), export.of("withdrawn").len()), (1, 1), "the bad image must not come back");
    // The same image again is refused, in the name of whoever holds no lock.
    let again = shop.bot.say_as("mo", "/deploy api prod v2-pullfail")?;
    assert!(again.must_refuse()?.text().contains("v2-pullfail"), "{}", again.text());
    Ok(())
}

#[test]
fn a_rollback_with_an_unready_past_asks_instead() -> Result<()> {
    let setup = Setup::new()?.policy("after_failure", "\"rollback\"").policy("unanswered", "\"rollback\"");
    let shop = setup.prepare()?;
    // What stands there before the change is as bad as what it ships.
    shop.push("v1-neverready")?;
    shop.namespace.set_image("api", "api", &shop.registry.reference(&shop.image_name(), "v1-neverready"))?;
    until("an unready pod", PATIENCE, || Ok((pod_names(&shop.namespace)?.len() == 4).then_some(())))?;
    shop.bot.start()?;
    let said = shop.deploy("v2-pullfail")?;
    said.must_be("left", 2)?;
    let change = shop.record_of(&said)?;
    assert_eq!(change.ended()["outcome"]["not_returned"], "baseline-not-ready");
    assert_eq!(change.ended()["outcome"]["question"]["then"], "hold", "nobody's silence leads back to what was bad");
    shop.must_serve(&shop.first, 3)
}

#[test]
fn hold_stops_the_rollout_where_it_stands_and_a_new_deploy_resumes_it() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let said = shop.deploy("v2-pullfail")?;
    said.must_be("left", 2)?;
    let change = shop.record_of(&said)?;
    let held = shop.deployment()?;
    assert_eq!((held["spec"]["paused"].clone(), change.left()), (true.into(), vec!["paused"]));
    assert_eq!(shop.marker()?, Some(format!("{}/hold", change.id)));
    shop.must_serve(&shop.first, 3)?;
    assert!(shop.bot.export()?.of("question").is_empty(), "hold asks nobody");

    // The lock that was left refuses deploys to all but its holder, who has the fix.
    shop.bot.say_as("mo", "/deploy api prod v3")?.must_refuse()?;
    let image = shop.push("v3")?;
    let said = shop.bot.say_wait("/deploy api prod v3")?;
    said.must_be("verified", 0)?;
    assert_ne!(shop.deployment()?["spec"]["paused"], true, "our own pause is taken away by the same write");
    shop.must_serve(&image, 3)?;
    // It inherited the baseline: going back leads past what failed.
    let said = shop.bot.say_wait("/rollback api prod")?;
    said.must_be("verified", 0)?;
    shop.must_serve(&shop.first, 3)
}

#[test]
fn a_failed_release_that_was_held_is_rolled_back_by_hand() -> Result<()> {
    let shop = Setup::new()?.start()?;
    shop.deploy("v2-pullfail")?.must_be("left", 2)?;
    shop.bot.say_wait("/rollback api prod")?.must_be("verified", 0)?;
    assert_ne!(shop.deployment()?["spec"]["paused"], true);
    shop.must_serve(&shop.first, 3)
}

#[test]
fn a_question_that_nobody_answers_leads_back_where_the_policy_says_so() -> Result<()> {
    let shop = asking("\"4s\"", "\"rollback\"")?;
    let said = shop.deploy("v2-pullfail")?;
    said.must_be("left", 2)?;
    let question = shop.record_of(&said)?.ended()["outcome"]["question"].clone();
    assert_eq!(question["then"], "rollback", "{question}");
    let first = said.change()?;
    let second = until("the timer's own change to end", PATIENCE, || {
        let changes = shop.bot.export()?.changes()?;
        Ok(changes.into_iter().find(|change| change.number > first && change.outcome().is_some()))
    })?;
    assert_eq!(second.outcome(), Some("verified"));
    assert!(second.part("head")["asked_by"]["timer"].is_object(), "{:#}", second.part("head"));
    assert_ne!(shop.deployment()?["spec"]["paused"], true);
    shop.must_serve(&shop.first, 3)?;
    assert!(shop.bot.export()?.of("question").is_empty());
    Ok(())
}

#[test]
fn a_question_that_nobody_answers_changes_nothing_where_the_policy_says_hold() -> Result<()> {
    let shop = asking("\"4s\"", "\"hold\"")?;
    let said = shop.deploy("v2-pullfail")?;
    said.must_be("left", 2)?;
    let generation = shop.deployment()?["metadata"]["generation"].clone();
    until("the end of the question", PATIENCE, || Ok(shop.bot.export()?.of("question").is_empty().then_some(())))?;
    let deployment = shop.deployment()?;
    assert_eq!((&deployment["spec"]["paused"], &deployment["metadata"]["generation"]), (&true.into(), &generation));
    let export = shop.bot.export()?;
    assert_eq!((export.changes()?.len(), export.of("lock").len()), (1, 1));
    Ok(())
}

#[test]
fn a_question_is_answered_by_going_back() -> Result<()> {
    let shop = asking("\"10m\"", "\"hold\"")?;
    shop.deploy("v2-pullfail")?.must_be("left", 2)?;
    assert_eq!(shop.bot.export()?.of("question").len(), 1);
    shop.bot.say_wait("/rollback api prod")?.must_be("verified", 0)?;
    assert!(shop.bot.export()?.of("question").is_empty(), "answered by the commit that began the change");
    shop.must_serve(&shop.first, 3)
}

#[test]
fn a_question_is_answered_by_the_button_that_goes_back() -> Result<()> {
    let shop = asking("\"10m\"", "\"hold\"")?;
    shop.push("v2-pullfail")?;
    let output = shop.bot.run_with_input(&["console"], "/deploy api prod v2-pullfail\n1\n")?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "the worst of both: {printed}");
    let export = shop.bot.export()?;
    let outcomes: Vec<_> = export.changes()?.iter().map(|change| change.outcome().map(str::to_owned)).collect();
    assert_eq!(outcomes, [Some("left".to_owned()), Some("verified".to_owned())], "{printed}");
    assert!(export.of("question").is_empty());
    shop.must_serve(&shop.first, 3)
}

#[test]
fn a_question_is_answered_by_leaving_it() -> Result<()> {
    let shop = asking("\"10m\"", "\"rollback\"")?;
    shop.deploy("v2-pullfail")?.must_be("left", 2)?;
    let generation = shop.deployment()?["metadata"]["generation"].clone();
    let said = shop.bot.say("/stop api prod")?;
    assert_eq!(said.exit_code, 0, "{said:#?}");
    assert!(shop.bot.export()?.of("question").is_empty());
    assert_eq!(shop.deployment()?["metadata"]["generation"], generation, "leaving it never touches the cluster");
    Ok(())
}

#[test]
fn a_question_lapses_once_somebody_else_has_acted() -> Result<()> {
    let shop = asking("\"10m\"", "\"rollback\"")?;
    shop.deploy("v2-pullfail")?.must_be("left", 2)?;
    shop.namespace.set_image("api", "api", &shop.first.pinned())?;
    until("the end of the question", PATIENCE, || Ok(shop.bot.export()?.of("question").is_empty().then_some(())))?;
    assert_eq!(shop.bot.export()?.changes()?.len(), 1);
    Ok(())
}

fn asking(ask_for: &str, unanswered: &str) -> Result<Shop<'static>> {
    let setup = Setup::new()?.policy("after_failure", "\"ask\"").policy("ask_for", ask_for);
    setup.policy("unanswered", unanswered).start()
}

/// The names of all pods that are not on their way out.
fn pod_names(namespace: &Namespace<'_>) -> Result<Vec<String>> {
    let pods = namespace.pods()?;
    let there = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let mut names: Vec<String> =
        there.filter_map(|pod: &Value| Some(pod["metadata"]["name"].as_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}
