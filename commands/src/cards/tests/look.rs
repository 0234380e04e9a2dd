//! What people look at: status, now, history, one change, a plan.

use std::time::Duration;

use state::catalogue::{Action, Catalogue, Target, Unanswered};
use state::change::outcome::{Digests, EndedBy, Left, Outcome, Refused};
use state::change::release::{Origin, Release};
use state::change::{Ask, Phase, RollbackTo};
use state::evidence::CauseKind;
use state::journal::{JournalLine, JournalWhat};
use state::records::HistoryLine;
use state::rollout::seen::Writer;

use super::super::{history, now, overview, plan, show, status};
use super::scene::{Scene, crash, failure, question, target_of, work};
use super::unreadable::{Damaged, unreadable};
use super::*;
use crate::facts::{
    HistoryFacts, NowFacts, PlanFacts, Restarted, Rollout, Serving, Stands, TargetStatus, Unread, Unwritable,
};
use crate::sight::{Forbidden, Sightless, Standstill};

fn catalogue(sample: &Sample) -> Catalogue {
    Catalogue { on_call: Some(sample.lin.clone()), ..Catalogue::default() }
}

fn serving(target: &Target, images: &[(&str, u32)]) -> Serving {
    Serving {
        workload: target.workloads[0].name.clone(),
        desired: 6,
        images: images.iter().map(|(name, pods)| ((*name).to_owned(), *pods)).collect(),
        marker: None,
        paused: false,
        restarts: Vec::new(),
        rollout: Rollout::Finished,
        autoscaler: None,
    }
}

fn release(sample: &Sample, origin: Origin) -> Release {
    let image = format!("registry.example/shop/api:{}", sample.old).parse().expect("an image");
    Release {
        change: id(),
        number: ChangeNumber(398),
        at: at("03:00:00") - TimeDelta::days(6),
        origin,
        workloads: vec![state::change::release::ReleaseWorkload {
            workload: "api".parse().expect("a name"),
            template: serde_json::Value::Null,
            images: [("app".parse().expect("a name"), image)].into(),
        }],
    }
}

fn healthy(sample: &Sample) -> TargetStatus {
    let target = target_of(sample);
    TargetStatus {
        age: Some(Duration::from_secs(2)),
        sightless: None,
        standstill: None,
        serving: vec![Some(serving(&target, &[(&sample.old, 6)]))],
        wanted: vec![sample.old.clone()],
        release: Some(release(sample, Origin::Verified)),
        open: None,
        progress: Vec::new(),
        locks: Vec::new(),
        question: None,
        last: None,
        stands: Stands::NotOurs,
        questioned: None,
        unreadable: Vec::new(),
        target,
    }
}

fn restarted(sample: &Sample, times: u32, clock: &str) -> Restarted {
    Restarted { image: sample.old.clone(), ready: true, times, at: at(clock) }
}

/// All pods are ready at this moment, and three of them go on crashing; a fourth has not for long.
fn crashing(sample: &Sample) -> TargetStatus {
    let mut status = healthy(sample);
    if let Some(serving) = &mut status.serving[0] {
        let pods = [(2, "03:16:00"), (3, "03:24:50"), (2, "03:25:00"), (9, "03:15:00")];
        serving.restarts = pods.map(|(times, clock)| restarted(sample, times, clock)).into();
    }
    status
}

/// The cluster was read two minutes ago, and not since.
fn blind(status: TargetStatus) -> TargetStatus {
    TargetStatus { age: Some(Duration::from_secs(130)), sightless: Some(Sightless::Unanswered), ..status }
}

fn never_read(status: TargetStatus, why: Sightless) -> TargetStatus {
    let (serving, wanted) = (vec![None], Vec::new());
    TargetStatus { age: None, sightless: Some(why), serving, wanted, release: None, ..status }
}

fn no_right() -> Sightless {
    Sightless::Forbidden(Forbidden::of(
        "pods is forbidden: User \"system:serviceaccount:rotabot:rotabot\" cannot list resource \"pods\" in API group \
         \"\" in the namespace \"shop\"",
    ))
}

fn paused(sample: &Sample, by: Option<&str>) -> Standstill {
    let workload = target_of(sample).workloads[0].name.clone();
    Standstill::Paused { workload, by: by.map(str::to_owned), since: at("03:12:40") }
}

fn sightless(why: Sightless) -> Standstill {
    Standstill::Blind { since: at("03:12:40"), why }
}

fn unread(cluster: &str, places: usize, hours: Option<u64>, why: Sightless) -> Unread {
    let age = hours.map(|hours| Duration::from_secs(hours * 3600));
    Unread { cluster: cluster.parse().expect("a name"), places, age, why }
}

/// After a failure that asks.
fn waiting(sample: &Sample) -> TargetStatus {
    let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
    let outcome = Outcome::Left { failure, question: None, not_returned: None };
    let mut status = healthy(sample);
    let mut pods = serving(&status.target, &[(&sample.old, 5)]);
    pods.paused = true;
    status.serving = vec![Some(pods)];
    status.wanted = vec![sample.new.clone()];
    status.question = Some(question(sample, Unanswered::Rollback));
    status.last = Some(Scene::new(sample).ended(sample, outcome, Left::Paused).change);
    status.questioned = status.last.clone();
    status.locks = vec![sample.lock(Scope::Target(sample.target.clone()), sample.withdrawn())];
    status.release = None;
    status
}

/// Nobody can read who holds it, and one pod is down.
fn blocked(sample: &Sample) -> TargetStatus {
    let mut status = healthy(sample);
    status.unreadable = vec![unreadable(sample, Damaged::Claim), unreadable(sample, Damaged::Lock { left: false })];
    status
}

fn moving(sample: &Sample) -> TargetStatus {
    let mut status = healthy(sample);
    status.open = Some(Scene::new(sample).phase(sample, Phase::Rolling { written: Vec::new() }).change);
    status.progress = vec![state::rollout::judge::Progress {
        desired: 6,
        new_ready: 2,
        new_total: 3,
        old_serving: 5,
        old_total: 5,
        sign: None,
    }];
    status
}

fn one(make: impl Fn(&Sample) -> TargetStatus + 'static) -> Make {
    Box::new(move |sample, words| status::target(words, &make(sample), &catalogue(sample), at("03:25:08")))
}

fn changed(change: impl Fn(&mut TargetStatus, &Sample) + 'static) -> Make {
    one(move |sample| {
        let mut status = healthy(sample);
        change(&mut status, sample);
        status
    })
}

#[test]
fn status_of_one() {
    snapshot!(all(vec![
        ("healthy", one(healthy)),
        ("can't be changed", one(blocked)),
        (
            "somebody's rollout goes on",
            changed(|status, _| {
                if let Some(serving) = &mut status.serving[0] {
                    serving.rollout = Rollout::UnderWay { new_ready: 1 };
                }
            }),
        ),
        (
            "a rollout doesn't get on, and earlier pods serve",
            changed(|status, _| {
                if let Some(serving) = &mut status.serving[0] {
                    serving.rollout = Rollout::Stuck { new_ready: 0 };
                }
            }),
        ),
        (
            "healthy, restarted, scaled, locked, a baseline",
            changed(|status, sample| {
                if let Some(serving) = &mut status.serving[0] {
                    let once = ["03:22:00", "03:20:30", "03:20:00", "01:00:00"].map(|at| restarted(sample, 1, at));
                    serving.restarts = once.into();
                    serving.autoscaler = Some((4, 10));
                }
                status.release = Some(release(sample, Origin::Baseline));
                status.locks = vec![sample.lock(Scope::All, Reason::Said("network works".to_owned()))];
            })
        ),
        ("ready at this moment, and crashing", one(crashing)),
        (
            "crashing, and some are not ready at this moment",
            one(|sample| {
                let mut status = crashing(sample);
                if let Some(serving) = &mut status.serving[0] {
                    serving.images[0].1 = 4;
                }
                status
            })
        ),
        (
            "waiting for a decision, and what is ready crashes",
            one(|sample| TargetStatus { serving: crashing(sample).serving, ..waiting(sample) })
        ),
        (
            "not ours",
            changed(|status, sample| {
                status.release = None;
                let outcome = Outcome::Verified { digests: Digests::Match, pods: 6 };
                status.last = Some(Scene::new(sample).ended(sample, outcome, Left::Written).change);
            })
        ),
        ("moving", one(moving)),
        ("waiting for a decision", one(waiting)),
        (
            "left as it stood",
            one(|sample| TargetStatus {
                question: None,
                questioned: None,
                stands: Stands::Left(ChangeNumber(413)),
                ..waiting(sample)
            })
        ),
        (
            "written by somebody else since",
            changed(|status, _| {
                let by = Writer { name: "kubectl-set".to_owned(), at: Some(at("03:20:00")) };
                (status.release, status.stands) = (None, Stands::Foreign { since: ChangeNumber(413), by });
            })
        ),
        (
            "unwell",
            changed(|status, sample| {
                status.serving = vec![Some(serving(&status.target, &[(&sample.old, 4)]))];
            })
        ),
        (
            "no pods",
            changed(|status, _| status.serving =
                vec![Some(Serving { desired: 0, images: vec![], ..serving(&status.target, &[]) })])
        ),
        ("missing", changed(|status, _| status.serving = vec![None])),
        ("old knowledge, and a question", one(|sample| blind(waiting(sample)))),
        ("old knowledge", one(|sample| blind(healthy(sample)))),
        (
            "never read",
            changed(|status, _| {
                *status = never_read(status.clone(), Sightless::Unanswered);
            })
        ),
        ("only starting to look", one(|sample| never_read(healthy(sample), Sightless::NotYet))),
        ("without the right to look", one(|sample| never_read(healthy(sample), no_right()))),
        (
            "without the right to look at the pods alone",
            one(|sample| {
                let (serving, wanted) = (vec![Some(serving(&target_of(sample), &[]))], vec![sample.old.clone()]);
                TargetStatus { serving, wanted, ..never_read(healthy(sample), no_right()) }
            })
        ),
        (
            "without the right to look any more",
            one(|sample| TargetStatus { sightless: Some(no_right()), ..blind(healthy(sample)) })
        ),
        (
            "paused by somebody in mid-rollout",
            one(|sample| {
                let mut status = moving(sample);
                status.standstill = Some(paused(sample, Some("kubectl-rollout")));
                status
            })
        ),
        (
            "unread in mid-rollout",
            one(|sample| {
                let mut status = blind(moving(sample));
                status.standstill = Some(sightless(Sightless::Unanswered));
                status
            })
        ),
    ]));
}

fn named(sample: &Sample, service: &str, mut status: TargetStatus) -> TargetStatus {
    status.target.name.service = service.parse().expect("a name");
    let _ = sample;
    status
}

#[test]
fn status_of_many() {
    let many = |make: fn(&Sample) -> Vec<TargetStatus>| -> Make {
        Box::new(move |sample, words| overview::card(words, &make(sample), at("03:25:08")))
    };
    snapshot!(all(vec![
        ("nothing", many(|_| Vec::new())),
        ("one, healthy", many(|sample| vec![healthy(sample)])),
        ("one that moves", many(|sample| vec![healthy(sample), named(sample, "pay", moving(sample))])),
        ("one that moves, and nobody can see how", many(|sample| vec![blind(moving(sample))])),
        (
            "some",
            many(|sample| {
                let mut locked = named(sample, "web", healthy(sample));
                locked.locks = vec![sample.lock(Scope::All, Reason::Said("network works".to_owned()))];
                let mut missing = named(sample, "lab", healthy(sample));
                missing.serving = vec![None];
                let unread = |service| never_read(named(sample, service, healthy(sample)), Sightless::Unanswered);
                vec![
                    named(sample, "cart", healthy(sample)),
                    locked,
                    named(sample, "pay", moving(sample)),
                    waiting(sample),
                    missing,
                    unread("mail"),
                ]
            })
        ),
        ("one that crashes", many(|sample| vec![healthy(sample), named(sample, "pay", crashing(sample))])),
        (
            "some may not be looked at",
            many(|sample| {
                let unread = |service, why| never_read(named(sample, service, healthy(sample)), why);
                let mut stopped = named(sample, "pay", moving(sample));
                stopped.standstill = Some(paused(sample, None));
                vec![stopped, unread("mail", no_right()), unread("web", no_right()), unread("lab", Sightless::NotYet)]
            })
        ),
        (
            "very many",
            many(|sample| { (0..40).map(|number| named(sample, &format!("s{number}"), healthy(sample))).collect() })
        ),
    ]));
}

#[test]
fn the_moment() {
    let quiet = NowFacts::default;
    let busy = move |sample: &Sample| {
        let open = Scene::new(sample).phase(sample, Phase::Rolling { written: Vec::new() }).change;
        NowFacts {
            broken: vec![
                waiting(sample),
                named(sample, "web", {
                    let mut status = healthy(sample);
                    status.serving = vec![Some(serving(&status.target, &[(&sample.old, 4)]))];
                    status
                }),
            ],
            open: vec![(open, None)],
            questions: vec![(sample.target.clone(), question(sample, Unanswered::Rollback))],
            locks: vec![sample.lock(Scope::Target(sample.target.clone()), sample.withdrawn())],
            unreadable: Vec::new(),
            unread: Vec::new(),
            unwritable: None,
        }
    };
    let blind = || {
        let unread =
            vec![unread("main", 3, Some(2), Sightless::Unanswered), unread("other", 1, None, Sightless::Unanswered)];
        NowFacts { unread, ..NowFacts::default() }
    };
    let forbidden = || {
        let unread = vec![unread("main", 1, None, no_right()), unread("other", 3, Some(2), no_right())];
        NowFacts { unread, ..NowFacts::default() }
    };
    let unwritable = |disk_full| {
        let unwritable = Some(Unwritable { since: at("03:12:40"), disk_full });
        NowFacts { unwritable, ..NowFacts::default() }
    };
    let starting = || NowFacts { unread: vec![unread("main", 3, None, Sightless::NotYet)], ..NowFacts::default() };
    let still = move |sample: &Sample| {
        let open = || Scene::new(sample).phase(sample, Phase::Rolling { written: Vec::new() }).change;
        let why = [paused(sample, Some("kubectl-rollout")), paused(sample, None), sightless(Sightless::Unanswered)];
        NowFacts { open: why.map(|why| (open(), Some(why))).into(), ..NowFacts::default() }
    };
    let overfull = move |sample: &Sample| {
        let lock = || sample.lock(Scope::All, Reason::Said("network works".to_owned()));
        NowFacts {
            locks: (0..9).map(|_| lock()).collect(),
            unreadable: vec![unreadable(sample, Damaged::Change)],
            ..busy(sample)
        }
    };
    let card = |sample: &Sample, words, facts: &NowFacts, speaker: &PersonName, on_call: Option<&PersonName>| {
        let catalogue = Catalogue { on_call: on_call.cloned(), ..Catalogue::default() };
        let card = now::card(words, facts, speaker, &catalogue, at("03:13:20"));
        assert!(card.lines.len() < 8, "at most eight lines, the first one counted: {}", sample.target);
        card
    };
    snapshot!(all(vec![
        (
            "quiet, and the reader is on duty",
            Box::new(move |sample, words| card(sample, words, &quiet(), &sample.lin, Some(&sample.lin)))
        ),
        (
            "clusters that can't be read",
            Box::new(move |sample, words| card(sample, words, &blind(), &sample.lin, None))
        ),
        (
            "nothing can be written",
            Box::new(move |sample, words| card(sample, words, &unwritable(true), &sample.lin, None))
        ),
        (
            "nothing can be written, for another reason",
            Box::new(move |sample, words| card(sample, words, &unwritable(false), &sample.lin, None))
        ),
        (
            "rights that are missing",
            Box::new(move |sample, words| card(sample, words, &forbidden(), &sample.lin, None))
        ),
        ("only starting to look", Box::new(move |sample, words| card(sample, words, &starting(), &sample.lin, None))),
        (
            "changes that stand still",
            Box::new(move |sample, words| card(sample, words, &still(sample), &sample.lin, None))
        ),
        (
            "busy, somebody else is on duty and asked",
            Box::new(move |sample, words| card(sample, words, &busy(sample), &sample.zhou, Some(&sample.mo)))
        ),
        (
            "busy, and it is the reader who asked",
            Box::new(move |sample, words| card(sample, words, &busy(sample), &sample.lin, None))
        ),
        (
            "too much for eight lines",
            Box::new(move |sample, words| card(sample, words, &overfull(sample), &sample.lin, Some(&sample.mo)))
        ),
    ]));
}

fn lines(sample: &Sample) -> Vec<HistoryLine> {
    let line = |clock: &str, by: Option<&PersonName>, change: Option<u64>, what| HistoryLine {
        scope: Scope::Target(sample.target.clone()),
        line: JournalLine { at: at(clock), by: by.cloned(), typed_by: None, change: change.map(ChangeNumber), what },
    };
    let ended =
        |outcome: &str, image: &str| JournalWhat::Ended { outcome: outcome.to_owned(), image: Some(image.to_owned()) };
    let (lin, mo) = (Some(&sample.lin), Some(&sample.mo));
    let target = || Scope::Target(sample.target.clone());
    vec![
        line("05:00:00", mo, Some(415), JournalWhat::AskedDeploy { reference: sample.new.clone() }),
        line("04:40:00", lin, None, JournalWhat::Unlocked { scope: target(), held_by: Some(sample.mo.clone()) }),
        line("04:00:00", mo, None, JournalWhat::Locked { scope: target(), reason: "bad commit".to_owned() }),
        line("03:30:00", None, Some(414), ended("verified", &sample.old)),
        line("03:27:00", lin, Some(414), JournalWhat::AskedRollback { to: None }),
        line("03:26:00", lin, Some(413), JournalWhat::LeftAsIs),
        line("03:24:00", None, Some(413), JournalWhat::AskedAgain),
        line("03:17:12", None, Some(413), ended("left", &sample.new)),
        line("03:14:00", None, Some(413), JournalWhat::Resumed),
        line("03:13:00", None, Some(413), JournalWhat::Parked(state::change::ParkedWhy::ClusterUnreadable)),
        line("03:12:30", mo, Some(413), JournalWhat::AskedStop),
        line("03:12:00", lin, Some(413), JournalWhat::AskedDeploy { reference: sample.new.clone() }),
        line("02:00:00", None, Some(412), JournalWhat::Lapsed),
        line("01:30:00", mo, Some(412), JournalWhat::Released),
        line("01:00:00", None, Some(412), ended("cant-tell", &sample.old)),
        line("00:30:00", mo, Some(411), JournalWhat::AskedRollback { to: Some("v6".to_owned()) }),
    ]
}

#[test]
fn what_happened() {
    let card = |of: bool, since: bool, shown: usize, empty: bool| -> Make {
        Box::new(move |sample, words| {
            let of = of.then(|| sample.target.clone());
            let since = since.then(|| at("00:00:00"));
            let mut lines = if empty { Vec::new() } else { lines(sample) };
            let before = lines.split_off(lines.len().min(shown));
            history::card(words, &HistoryFacts { of, since, lines, before })
        })
    };
    snapshot!(all(vec![
        ("of a target", card(true, true, 99, false)),
        ("of all, and there is more", card(false, false, 15, false)),
        ("of a target, and there is more: who asked stands there", card(true, false, 8, false)),
        ("none", card(true, true, 99, true)),
    ]));
}

#[test]
fn one_change() {
    snapshot!(all(vec![
        (
            "ended",
            Box::new(|sample, words| {
                let failure = failure(sample, CauseKind::CrashedAfterReady, EndedBy::Window);
                let mut scene = Scene::new(sample)
                    .ended(sample, Outcome::Returned { failure }, Left::Returned)
                    .serving(&[(&sample.old, 6)], false);
                scene.change.cause = Some(crash());
                scene.tell(|facts| show::card(words, facts))
            })
        ),
        ("under way", Box::new(|sample, words| Scene::new(sample).tell(|facts| show::card(words, facts)))),
    ]));
}

#[test]
fn plans() {
    fn drawn(
        make: impl Fn(&Sample, &mut PlanFacts<'_>) + 'static,
        ask: fn(&Sample) -> Ask,
        work: fn(&Sample, &Target) -> Result<Option<state::change::Work>, Refused>,
    ) -> Make {
        Box::new(move |sample, words| {
            let mut target = target_of(sample);
            target.permissions.0 = [(Action::Deploy, sample.duty()), (Action::Rollback, sample.duty())].into();
            let (ask, work) = (ask(sample), work(sample, &target));
            let catalogue = catalogue(sample);
            let mut facts = PlanFacts {
                ask: &ask,
                target: &target,
                work: work.as_ref().map(Option::as_ref),
                looked_up: BTreeSet::new(),
                release: None,
                differences: Vec::new(),
                locks: Vec::new(),
                holder: None,
                catalogue: &catalogue,
            };
            make(sample, &mut facts);
            plan::card(words, &facts)
        })
    }
    fn deploy(sample: &Sample) -> Ask {
        Ask::Deploy { reference: sample.new.parse().expect("a reference") }
    }
    fn rollback(_: &Sample) -> Ask {
        Ask::Rollback { to: RollbackTo::Previous, template: false }
    }
    fn whole(_: &Sample) -> Ask {
        Ask::Rollback { to: RollbackTo::Release(ChangeNumber(398)), template: true }
    }
    let differs = |_: &Sample, facts: &mut PlanFacts<'_>| {
        facts.differences = vec!["spec.containers.0.env".to_owned(), "metadata.labels.tier".to_owned()];
    };
    let looked_up = |_: &Sample, facts: &mut PlanFacts<'_>| {
        let containers = facts.target.workloads.iter().flat_map(|workload| {
            workload.containers.iter().map(|source| (workload.name.clone(), source.container.clone()))
        });
        facts.looked_up = containers.collect();
    };
    snapshot!(all(vec![
        ("deploy", drawn(|_, _| {}, deploy, |sample, target| Ok(Some(work(sample, target))))),
        (
            "deploy, locked and busy",
            drawn(
                |sample, facts| {
                    facts.locks = vec![sample.lock(Scope::All, Reason::Said("network works".to_owned()))];
                    facts.holder = Some(ChangeNumber(412));
                },
                deploy,
                |sample, target| {
                    let mut work = work(sample, target);
                    work.workloads[0].resumes = true;
                    Ok(Some(work))
                }
            )
        ),
        ("rollback", drawn(differs, rollback, |sample, target| Ok(Some(work(sample, target))))),
        ("rollback of the whole template", drawn(differs, whole, |sample, target| Ok(Some(work(sample, target))))),
        (
            "deploy of a tag that the registry will be asked about",
            drawn(looked_up, deploy, |sample, target| {
                let mut work = work(sample, target);
                for image in &mut work.workloads[0].images {
                    image.to.reference = sample.new.parse().expect("a tag");
                }
                Ok(Some(work))
            })
        ),
        ("nothing to do", drawn(|_, _| {}, deploy, |_, _| Ok(None))),
        ("nothing to do, unless the tag has moved", drawn(looked_up, deploy, |_, _| Ok(None))),
        ("unwell, unless the tag has moved", drawn(looked_up, deploy, |_, _| Err(Refused::RunsUnhealthy))),
        (
            "rolled out by somebody, unless the tag has moved",
            drawn(looked_up, deploy, |_, target| {
                let workload = target.workloads[0].name.clone();
                Err(Refused::UnderWay { workload, by: None, ready: 1, desired: 3 })
            }),
        ),
        ("refused", drawn(|_, _| {}, rollback, |_, _| Err(Refused::NothingToReturnTo))),
    ]));
}

/// A rollout has more pods than are wanted for a while, and no workload's surplus stands for another's lack.
#[test]
fn pods_beyond_those_that_are_wanted_count_for_nothing() {
    let sample = Sample::short();
    let of_two = |first: u32, second: u32| {
        let mut status = healthy(&sample);
        let mut worker = scene::workload("worker");
        worker.containers.clone_from(&status.target.workloads[0].containers);
        status.target.workloads.push(worker);
        status.serving = [first, second].map(|pods| Some(serving(&status.target, &[(&sample.old, pods)]))).into();
        let card = status::target(Words::get(Language::English), &status, &catalogue(&sample), at("03:25:08"));
        (card.state, card.first_line.to_string())
    };
    let (state, first) = of_two(8, 7);
    assert_eq!((state, first.contains("12 of 12")), (crate::card::CardState::Healthy, true), "{first}");
    let (state, first) = of_two(11, 1);
    assert_eq!((state, first.contains("7 of 12")), (crate::card::CardState::Sick, true), "{first}");
}

/// What restarted once, or long ago, is no crash loop; and what is not ready now is no less of one.
#[test]
fn a_pod_crashes_on_by_the_measure_of_the_judge() {
    let sample = Sample::short();
    let counted = |times, clock| {
        let mut status = healthy(&sample);
        if let Some(serving) = &mut status.serving[0] {
            serving.restarts = vec![restarted(&sample, times, clock)];
        }
        (status.broken(at("03:25:08")), serving_crashing(&status))
    };
    fn serving_crashing(status: &TargetStatus) -> usize {
        status.serving.iter().flatten().map(|one| one.crashing(at("03:25:08")).count()).sum()
    }
    assert_eq!(counted(2, "03:24:00"), (true, 1));
    assert_eq!(counted(2, "03:15:09"), (true, 1));
    assert_eq!(counted(2, "03:15:08"), (false, 0), "forgiven");
    assert_eq!(counted(1, "03:24:00"), (false, 0), "once is no loop");
}
