//! Every kind of record with every value that matters, each by its name.
//!
//! A variant that is new here breaks a `match`: its golden record is added with it.

use std::collections::BTreeMap;

use serde_json::json;
use state::catalogue::{AfterFailure, LogsInChat, Target, Unanswered};
use state::change::outcome::{
    Asked, CantTell, Digests, Ended, EndedBy, Failure, Left, LeftBehind, NotReturned, Outcome, Overtaken, PlaceOf,
    Question, Refused, ReturnProblem, WrittenBy,
};
use state::change::release::{Origin, Release, ReleaseWorkload, Withdrawn, WithdrawnImage};
use state::change::{Ask, Asker, Head, Held, Parked, ParkedWhy, Phase, ReturnStage, RollbackTo, Stop, Watch, Work};
use state::evidence::{Cause, CauseKind};
use state::journal::{JournalLine, JournalWhat, Notice, NoticeWhat};
use state::lock::{Lock, Reason, Scope, Withdrawal};
use state::names::ChangeNumber;
use state::records::{ClaimRecord, MessageRecord};
use state::rollout::seen::MarkerStep;
use state::template::Template;

use super::shop::*;

/// The values of one kind of record.
pub(crate) type Values<R> = Vec<(String, R)>;

fn named<R>(values: impl IntoIterator<Item = (&'static str, R)>) -> Values<R> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn heads() -> Values<Head> {
    let mut heads = named(asks().into_iter().map(|(name, ask)| (name, Head { ask, ..head(1, Phase::Preparing) })));
    let timer = Asker::Timer { question_of: id(7), on_behalf_of: name("lin") };
    let typed = Asker::Person { name: name("lin"), typed_by: Some(name("mo")) };
    heads.extend(named([
        ("asked-by-timer", Head { asked_by: timer, ..head(2, Phase::Preparing) }),
        ("asked-through-somebody", Head { asked_by: typed, ..head(3, Phase::Preparing) }),
        ("answers", Head { answers: Some(questions().swap_remove(0).1), ..head(9, Phase::Preparing) }),
        (
            "stop-asked",
            Head {
                stop: Some(Stop { by: name("mo"), at: at(20) }),
                ..head(4, Phase::Applying { written: applied(1) })
            },
        ),
    ]));
    for why in [
        ParkedWhy::ClusterUnreadable,
        ParkedWhy::WriteInDoubt,
        ParkedWhy::RecordUnreadable,
        ParkedWhy::Imported,
        ParkedWhy::ClaimMissing,
    ] {
        let parked = Some(Parked { since: at(1_800), why });
        let head = Head { parked, ..head(5, Phase::Rolling { written: applied(2) }) };
        heads.push((format!("parked-{}", parked_word(why)), head));
    }
    let phased = phases().into_iter().map(|(name, phase)| (format!("phase-{name}"), head(6, phase)));
    heads.extend(phased);
    for (name, outcome) in outcomes() {
        let template = |what| (what != Left::Untouched).then(|| ours("api").hash());
        let all = [Left::Untouched, Left::Written, Left::Paused, Left::NotPaused, Left::Returned];
        let one = |what| LeftBehind {
            workload: self::name("api"),
            what: left(what),
            template: template(what),
            generation: template(what).map(|_| 7),
            sentence: None,
        };
        let touched = !matches!(outcome, Outcome::Refused { .. } | Outcome::NothingToDo);
        let left = if touched { all.into_iter().map(one).collect() } else { Vec::new() };
        let phase = Phase::Ended(Box::new(Ended { outcome, at: at(120), left }));
        heads.push((format!("ended-{name}"), head(8, phase)));
    }
    heads
}

fn asks() -> Vec<(&'static str, Ask)> {
    let back = |to, template| Ask::Rollback { to, template };
    let digest = digest(2);
    vec![
        ("deploy-tag", deploy()),
        ("deploy-digest", Ask::Deploy { reference: name(digest.as_str()) }),
        ("deploy-both", Ask::Deploy { reference: name(&format!("v2@{digest}")) }),
        ("rollback-previous", back(RollbackTo::Previous, false)),
        ("rollback-named", back(RollbackTo::Named(name("v1")), true)),
        ("rollback-release", back(RollbackTo::Release(ChangeNumber(400)), false)),
        ("rollback-before", back(RollbackTo::Before(id(7)), false)),
    ]
}

pub(crate) fn phases() -> Vec<(&'static str, Phase)> {
    let (written, failure) = (applied(2), failure());
    let holding =
        |held, not_returned| Phase::Holding { written: applied(2), failure: failure.clone(), held, not_returned };
    let held = [
        Held::Paused(self::written("api", MarkerStep::Hold)),
        Held::Complete,
        Held::PausedBySomebody,
        Held::Refused("denied: \"freeze\"".to_owned()),
    ];
    for one in &held {
        // A new way to be held wants its place in the list above.
        match one {
            Held::Paused(_) | Held::Complete | Held::PausedBySomebody | Held::Refused(_) => {}
        }
    }
    let returning = |stage| Phase::Returning { written: applied(2), failure: failure.clone(), stage };
    let phases = vec![
        Phase::Preparing,
        Phase::Applying { written: Vec::new() },
        Phase::Rolling { written: written.clone() },
        Phase::Stabilizing { written },
        holding(held.into_iter().enumerate().collect(), Some(NotReturned::BaselineNotReady)),
        holding(BTreeMap::new(), None),
        returning(ReturnStage::Checking),
        returning(ReturnStage::Writing { pinned: vec![pin()], back: back(1) }),
        returning(ReturnStage::Rolling { back: back(0) }),
        returning(ReturnStage::Stabilizing { back: back(0) }),
    ];
    phases.into_iter().map(|phase| (phase_word(&phase), phase)).collect()
}

fn phase_word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Preparing => "preparing",
        Phase::Applying { .. } => "applying",
        Phase::Rolling { .. } => "rolling",
        Phase::Stabilizing { .. } => "stabilizing",
        Phase::Holding { held, .. } if held.is_empty() => "holding",
        Phase::Holding { .. } => "holding-all-ways",
        Phase::Returning { stage, .. } => match stage {
            ReturnStage::Checking => "returning-checking",
            ReturnStage::Writing { .. } => "returning-writing",
            ReturnStage::Rolling { .. } => "returning-rolling",
            ReturnStage::Stabilizing { .. } => "returning-stabilizing",
        },
        Phase::Ended(_) => "ended",
    }
}

fn parked_word(why: ParkedWhy) -> &'static str {
    match why {
        ParkedWhy::ClusterUnreadable => "cluster-unreadable",
        ParkedWhy::WriteInDoubt => "write-in-doubt",
        ParkedWhy::RecordUnreadable => "record-unreadable",
        ParkedWhy::Imported => "imported",
        ParkedWhy::ClaimMissing => "claim-missing",
    }
}

fn left(left: Left) -> Left {
    match left {
        Left::Untouched | Left::Written | Left::Paused | Left::NotPaused | Left::Returned => left,
    }
}

fn outcomes() -> Vec<(String, Outcome)> {
    let mut outcomes: Vec<Outcome> = vec![Outcome::NothingToDo, Outcome::Cancelled { by: name("mo") }];
    for digests in [Digests::Match, Digests::NoRegistry, Digests::NotReported] {
        outcomes.push(Outcome::Verified { digests, pods: 4 });
    }
    outcomes.extend(refusals().into_iter().map(|why| Outcome::Refused { why }));
    for ended_by in [EndedBy::Sign, EndedBy::Deadline, EndedBy::Window, EndedBy::Digest] {
        outcomes.push(Outcome::Returned { failure: Failure { ended_by, ..failure() } });
    }
    for then in [Unanswered::Rollback, Unanswered::Hold] {
        let question = Some(Asked { until: at(690), then });
        outcomes.push(Outcome::Left { failure: failure(), question, not_returned: None });
    }
    outcomes.push(Outcome::Left { failure: failure(), question: None, not_returned: None });
    for why in [NotReturned::BaselineNotReady, NotReturned::WasRollback, NotReturned::ImageGone] {
        outcomes.push(Outcome::Left { failure: failure(), question: None, not_returned: Some(why) });
    }
    let rejected = ReturnProblem::Rejected("denied by quota".to_owned());
    for back in [ReturnProblem::Failed(CauseKind::Pull), rejected, ReturnProblem::CantTell(CantTell::Gone)] {
        outcomes.push(Outcome::ReturnFailed { failure: failure(), back });
    }
    for why in [CantTell::NoPods, CantTell::Paused, CantTell::Released, CantTell::ReleasedUnsettled, CantTell::Gone] {
        outcomes.push(Outcome::CantTell { why });
    }
    for (how, after_failure) in [
        (Overtaken::Template, None),
        (Overtaken::Undone, Some(failure())),
        (Overtaken::Recreated, None),
        (Overtaken::Gone, None),
    ] {
        outcomes.push(Outcome::Superseded { workload: name("api"), how, after_failure });
    }
    outcomes.into_iter().map(|outcome| (outcome_word(&outcome), outcome)).collect()
}

fn outcome_word(outcome: &Outcome) -> String {
    let part = match outcome {
        Outcome::Verified { digests, .. } => match digests {
            Digests::Match => "match",
            Digests::NoRegistry => "no-registry",
            Digests::NotReported => "not-reported",
        },
        Outcome::NothingToDo | Outcome::Cancelled { .. } => return outcome.word().to_owned(),
        Outcome::Refused { why } => refused_word(why),
        Outcome::Returned { failure } => match failure.ended_by {
            EndedBy::Sign => "sign",
            EndedBy::Deadline => "deadline",
            EndedBy::Window => "window",
            EndedBy::Digest => "digest",
        },
        Outcome::Left { question, not_returned, .. } => match (question.map(|asked| asked.then), not_returned) {
            (Some(Unanswered::Rollback), _) => "asking-then-rollback",
            (Some(Unanswered::Hold), _) => "asking-then-hold",
            (None, None) => "hold",
            (None, Some(NotReturned::BaselineNotReady)) => "baseline-not-ready",
            (None, Some(NotReturned::WasRollback)) => "was-rollback",
            (None, Some(NotReturned::ImageGone)) => "image-gone",
        },
        Outcome::ReturnFailed { back, .. } => match back {
            ReturnProblem::Failed(_) => "failed",
            ReturnProblem::Rejected(_) => "rejected",
            ReturnProblem::CantTell(_) => "cant-tell",
        },
        Outcome::CantTell { why } => match why {
            CantTell::NoPods => "no-pods",
            CantTell::Paused => "paused",
            CantTell::Released => "released",
            CantTell::ReleasedUnsettled => "released-unsettled",
            CantTell::Gone => "gone",
        },
        Outcome::Superseded { how, .. } => match how {
            Overtaken::Template => "template",
            Overtaken::Undone => "undone",
            Overtaken::Recreated => "recreated",
            Overtaken::Gone => "gone",
        },
    };
    format!("{}-{part}", outcome.word())
}

fn refusals() -> Vec<Refused> {
    let (workload, sentence) = (|| name("api"), "exceeded quota: pods".to_owned());
    let somebody = WrittenBy::Somebody { name: "kubectl-set".to_owned(), at: "2026-11-26T03:10:00Z".parse().ok() };
    vec![
        Refused::ImageUnknown { image: "r.example/shop/api:v2".to_owned() },
        Refused::RegistryDenied { host: "r.example".to_owned() },
        Refused::RegistryUnreachable { host: "r.example".to_owned() },
        Refused::ClusterUnreadable,
        Refused::Forbidden { sentence: "deployments.apps \"api\" is forbidden".to_owned() },
        Refused::Rejected { workload: workload(), sentence },
        Refused::Missing { workload: workload() },
        Refused::NoContainer { workload: workload(), container: name("api"), has: vec!["proxy".to_owned()] },
        Refused::Paused { workload: workload(), by: None },
        Refused::Paused { workload: workload(), by: Some("kubectl-rollout".to_owned()) },
        Refused::RunsUnhealthy,
        Refused::UnderWay { workload: workload(), by: None, ready: 0, desired: 3 },
        Refused::UnderWay { workload: workload(), by: Some(WrittenBy::Us { at: None }), ready: 1, desired: 3 },
        Refused::UnderWay { workload: workload(), by: Some(somebody), ready: 2, desired: 3 },
        Refused::NothingToReturnTo,
        Refused::UnknownRelease { named: "v7".to_owned() },
        Refused::NoEarlierImage {
            earlier: "v7".to_owned(),
            of: vec![
                PlaceOf { workload: workload(), container: None },
                PlaceOf { workload: workload(), container: Some(name("app")) },
            ],
        },
        Refused::Locked { scope: "api/prod".to_owned(), by: name("mo"), reason: "migration".to_owned() },
        Refused::Moved { workload: workload() },
    ]
}

fn refused_word(why: &Refused) -> &'static str {
    match why {
        Refused::ImageUnknown { .. } => "image-unknown",
        Refused::RegistryDenied { .. } => "registry-denied",
        Refused::RegistryUnreachable { .. } => "registry-unreachable",
        Refused::ClusterUnreadable => "cluster-unreadable",
        Refused::Forbidden { .. } => "forbidden",
        Refused::Rejected { .. } => "rejected",
        Refused::Missing { .. } => "missing",
        Refused::NoContainer { .. } => "no-container",
        Refused::Paused { by: None, .. } => "paused",
        Refused::Paused { by: Some(_), .. } => "paused-by",
        Refused::RunsUnhealthy => "runs-unhealthy",
        Refused::UnderWay { by: None, .. } => "under-way",
        Refused::UnderWay { by: Some(WrittenBy::Us { .. }), .. } => "under-way-by-us",
        Refused::UnderWay { by: Some(WrittenBy::Somebody { .. }), .. } => "under-way-by-somebody",
        Refused::NothingToReturnTo => "nothing-to-return-to",
        Refused::UnknownRelease { .. } => "unknown-release",
        Refused::NoEarlierImage { .. } => "no-earlier-image",
        Refused::Locked { .. } => "locked",
        Refused::Moved { .. } => "moved",
    }
}

pub(crate) fn targets() -> Values<Target> {
    let with =
        |after_failure, unanswered, logs| Target { policy: policy(after_failure, unanswered, logs), ..target("api") };
    let bare = Target {
        permissions: Default::default(),
        owners: Vec::new(),
        runbook: None,
        dashboard: Some("https://dash.example/api".to_owned()),
        ..target("api")
    };
    named([
        ("rollback", with(AfterFailure::Rollback, Unanswered::Rollback, LogsInChat::Redacted)),
        ("hold", with(AfterFailure::Hold, Unanswered::Hold, LogsInChat::Link)),
        ("ask", with(AfterFailure::Ask, Unanswered::Hold, LogsInChat::Off)),
        ("bare", bare),
    ])
}

pub(crate) fn works() -> Values<Work> {
    let mut resumed = item("api");
    resumed.found_marker = Some(format!("{}/hold", id(7)));
    resumed.found_revision = None;
    resumed.resumes = true;
    resumed.template = Some(ours("api").json().clone());
    resumed.images[0].asked = false;
    resumed.images[0].platforms = Vec::new();
    resumed.baseline.all_ready = false;
    let back = Work {
        workloads: vec![resumed],
        release: Some(ChangeNumber(400)),
        differences: vec!["spec.containers.1.env".to_owned()],
    };
    named([("deploy", work()), ("rollback-over-a-hold", back)])
}

pub(crate) fn watches() -> Values<Watch> {
    named([
        ("nothing", Watch::default()),
        ("rolling", Watch { memory: vec![memory(), full_memory()], windows: Vec::new() }),
        ("stabilizing", Watch { memory: vec![memory()], windows: vec![window("api")] }),
        (
            "just-begun",
            Watch { memory: vec![told(json!({ "looked": 0, "idle": 0, "furthest": null }))], windows: vec![] },
        ),
    ])
}

pub(crate) fn causes() -> Values<Cause> {
    let mut causes: Values<Cause> = CauseKind::ALL.map(|kind| (kind.word().to_owned(), cause(kind))).into();
    let bare =
        Cause { pod: None, container: None, exit_code: None, events: vec![], log: vec![], ..cause(CauseKind::Pull) };
    causes.push(("without-proof".to_owned(), bare));
    causes
}

pub(crate) fn locks() -> Values<Lock> {
    let said = |scope: &str| Lock {
        scope: name(scope),
        by: name("mo"),
        since: at(0),
        until: None,
        reason: Reason::Said("migration of \"orders\"".to_owned()),
    };
    let left = |how| {
        let reason =
            Reason::Withdrawn { image: "v2".to_owned(), how, changes: vec![ChangeNumber(412), ChangeNumber(413)] };
        let word = match how {
            Withdrawal::Failed => "left-failed",
            Withdrawal::RolledBack => "left-rolled-back",
            Withdrawal::FailedAndRolledBack => "left-failed-and-rolled-back",
        };
        (word, Lock { reason, ..said("api/prod") })
    };
    named([
        ("on-all", said("all")),
        ("on-an-environment", said("prod")),
        ("on-a-target", Lock { until: Some(at(7_200)), ..said("api/prod") }),
        left(Withdrawal::Failed),
        left(Withdrawal::RolledBack),
        left(Withdrawal::FailedAndRolledBack),
    ])
}

pub(crate) fn questions() -> Values<Question> {
    let question = |then, extended| Question {
        change: id(7),
        number: ChangeNumber(412),
        asked_by: name("lin"),
        until: at(690),
        then,
        extended,
        tried: 0,
    };
    named([
        ("then-rollback", question(Unanswered::Rollback, false)),
        ("then-hold", question(Unanswered::Hold, true)),
        ("tried", Question { tried: 2, ..question(Unanswered::Rollback, false) }),
    ])
}

pub(crate) fn release(origin: Origin, number: u64, at_second: i64) -> Release {
    let (tag, digest) = if origin == Origin::Verified { ("v2", digest(2)) } else { ("v1", digest(1)) };
    let of = |workload: &&str| {
        let image = image(workload, tag, Some(&digest));
        ReleaseWorkload {
            workload: name(workload),
            template: template(workload, &image).json().clone(),
            images: BTreeMap::from([(name(workload), image)]),
        }
    };
    let workloads = WORKLOADS.iter().map(of).collect();
    Release { change: id(number), number: ChangeNumber(number), at: at(at_second), origin, workloads }
}

pub(crate) fn releases() -> Values<Release> {
    named([("verified", release(Origin::Verified, 412, 120)), ("baseline", release(Origin::Baseline, 412, 10))])
}

pub(crate) fn withdrawn() -> Withdrawn {
    let image = |workload: &&str| WithdrawnImage {
        workload: name(workload),
        container: name(workload),
        image: image(workload, "v2", Some(&digest(2))),
    };
    Withdrawn { by: ChangeNumber(412), images: WORKLOADS.iter().map(image).collect() }
}

pub(crate) fn withdrawns() -> Values<Withdrawn> {
    named([("withdrawn", withdrawn())])
}

pub(crate) fn line(what: JournalWhat) -> JournalLine {
    JournalLine { at: at(5), by: Some(name("lin")), typed_by: None, change: Some(ChangeNumber(412)), what }
}

pub(crate) fn lines() -> Values<JournalLine> {
    let whats = vec![
        JournalWhat::AskedDeploy { reference: "v2".to_owned() },
        JournalWhat::AskedRollback { to: Some("#400".to_owned()) },
        JournalWhat::AskedStop,
        JournalWhat::Ended { outcome: "verified".to_owned(), image: Some("v2".to_owned()) },
        JournalWhat::Parked(ParkedWhy::ClusterUnreadable),
        JournalWhat::Resumed,
        JournalWhat::Released,
        JournalWhat::Locked { scope: Scope::All, reason: "migration".to_owned() },
        JournalWhat::Unlocked { scope: name("prod"), held_by: Some(name("mo")) },
        JournalWhat::Unlocked { scope: Scope::All, held_by: None },
        JournalWhat::LeftAsIs,
        JournalWhat::Lapsed,
        JournalWhat::AskedAgain,
    ];
    let mut lines: Values<JournalLine> =
        whats.into_iter().map(|what| (line_word(&what).to_owned(), line(what))).collect();
    let by_itself = JournalLine { by: None, change: None, ..line(JournalWhat::AskedRollback { to: None }) };
    let through = JournalLine { typed_by: Some(name("mo")), ..line(JournalWhat::AskedStop) };
    lines.extend(named([("by-itself", by_itself), ("through-somebody", through)]));
    lines
}

fn line_word(what: &JournalWhat) -> &'static str {
    match what {
        JournalWhat::AskedDeploy { .. } => "asked-deploy",
        JournalWhat::AskedRollback { .. } => "asked-rollback",
        JournalWhat::AskedStop => "asked-stop",
        JournalWhat::Ended { .. } => "ended",
        JournalWhat::Parked(_) => "parked",
        JournalWhat::Resumed => "resumed",
        JournalWhat::Released => "released",
        JournalWhat::Locked { .. } => "locked",
        JournalWhat::Unlocked { held_by: Some(_), .. } => "unlocked",
        JournalWhat::Unlocked { held_by: None, .. } => "unlocked-unreadable",
        JournalWhat::LeftAsIs => "left-as-is",
        JournalWhat::Lapsed => "lapsed",
        JournalWhat::AskedAgain => "asked-again",
    }
}

pub(crate) fn notices() -> Values<Notice> {
    let notice = |what: NoticeWhat| (what.as_str().to_owned(), Notice { change: id(7), what, since: at(5) });
    NoticeWhat::ALL.map(notice).into()
}

pub(crate) fn claims() -> Values<ClaimRecord> {
    let claim = ClaimRecord {
        change: id(7),
        number: ChangeNumber(412),
        target: target("api").name,
        by: name("lin"),
        since: at(0),
    };
    named([("claim", claim)])
}

pub(crate) fn messages() -> Values<MessageRecord> {
    named([("message", MessageRecord { id: "1170000000000000001".to_owned(), channel: name("ops") })])
}

/// A template so long that its records are kept in chunks.
pub(crate) fn long_template(workload: &str) -> Template {
    let mut json = ours(workload).json().clone();
    let variable = |number: u32| json!({ "name": format!("SETTING_{number:03}"), "value": "x".repeat(20) });
    json["spec"]["containers"][1]["env"] = (0..100).map(variable).collect();
    Template::new(json)
}
