//! What must be true, whatever goes wrong. Each is a function of its own, named after what it demands.
//!
//! Some are asked at every commit, some at every answer that a person gets, and some when everything has come to rest.

use std::collections::BTreeMap;
use std::time::Duration;

use commands::invocation::{Answer, AnswerKind};
use state::change::outcome::{CantTell, Digests, Ended, EndedBy, Left, LeftBehind, Outcome, Overtaken, Refused};
use state::change::{Ask, Asker, Change, Phase, RollbackTo};
use state::evidence::CauseKind;
use state::journal::{JournalWhat, Notice, NoticeWhat};
use state::lock::{Asking, Lock, Reason, Scope};
use state::names::{ChangeId, Namespace, WorkloadName};
use state::rollout::seen::{Marker, MarkerStep};
use world::behaviour::Behaviour;
use world::cluster::{Cluster, DELETED, Look, Write, Writer};
use world::process::ProcessId;

use crate::ledger::{Entry, Ledger, now};

/// Where our own marker stands.
const MARKER: &str = "/metadata/annotations/rotabot.dev/change";

/// So long it may take until a watch has told of a write, where it does not lag.
const HEARD_OF: Duration = Duration::from_secs(1);

/// What was found: nothing, or what is wrong.
pub type Found = Result<(), String>;

fn demand(holds: bool, what: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err(what()) }
}

fn label(change: &Change) -> String {
    format!("{} of {}", change.head.number, change.target.name)
}

/// Nobody is told "accepted" without a stored change.
pub fn accepted_is_stored(ledger: &Ledger, answer: &Answer) -> Found {
    let Some((id, number)) = answer.change.filter(|_| answer.kind == AnswerKind::Done) else { return Ok(()) };
    demand(ledger.change(id).is_some(), || format!("{number} was accepted, and is not stored"))
}

/// Nobody is told an outcome that is not stored, or another one.
pub fn told_outcome_is_stored(ledger: &Ledger, id: ChangeId, word: &str) -> Found {
    let stored = ledger.change(id).and_then(|change| change.ended().map(|ended| ended.outcome.word()));
    demand(stored == Some(word), || format!("{word} was told of a change that has {stored:?} in the store"))
}

/// At most one change of a target is open, and it holds the claim.
pub fn one_open_change_per_target(entry: &Entry, newest: &BTreeMap<ChangeId, Change>) -> Found {
    let change = &entry.after;
    if change.ended().is_some() {
        return Ok(());
    }
    demand(entry.holds_claim, || format!("{} is open and holds no claim", label(change)))?;
    let other = newest.values().find(|other| {
        other.head.id != change.head.id && other.target.name == change.target.name && other.ended().is_none()
    });
    demand(other.is_none(), || format!("{} is open beside {:?}", label(change), other.map(label)))
}

/// A change ends once; what it ended with never changes, and its claim goes with it.
pub fn an_outcome_is_final(entry: &Entry) -> Found {
    let change = &entry.after;
    if let Some(before) = entry.before.as_ref().and_then(Change::ended) {
        return demand(change.ended() == Some(before), || format!("{} ended twice", label(change)));
    }
    demand(change.ended().is_none() || !entry.holds_claim, || format!("{} ended and keeps its claim", label(change)))
}

/// What a change has done about the question that it answered, once it has ended: something, or nothing at all.
fn has_acted(change: &Change, ended: &Ended) -> bool {
    let question = change.head.answers.as_ref().map(|question| question.change);
    let back = match &change.head.ask {
        Ask::Rollback { to: RollbackTo::Before(id), .. } => Some(*id),
        _ => None,
    };
    let nothing = match &ended.outcome {
        // What the deadline would bring back is gone, so that there is nothing to wait for.
        Outcome::Refused { why: Refused::ImageUnknown { .. } } => question != back,
        Outcome::Refused { .. } | Outcome::NothingToDo | Outcome::Cancelled { .. } => true,
        Outcome::CantTell { why } => *why == CantTell::Released,
        _ => false,
    };
    // What the deadline itself began is tried again where it may come off later.
    let again = match (&change.head.asked_by, &ended.outcome) {
        (Asker::Person { .. }, _) => true,
        (Asker::Timer { .. }, Outcome::Refused { why }) => why.may_pass(),
        (Asker::Timer { .. }, _) => false,
    };
    !(nothing && again && ended.left.is_empty())
}

/// A question is open again if the change that answered it has done nothing about it, and only then: with the deadline that
/// it had, or a later one.
pub fn a_question_comes_back(entry: &Entry) -> Found {
    let (Some(ended), Some(answered)) = (ended_now(entry), &entry.after.head.answers) else { return Ok(()) };
    let open = entry.question.as_ref().filter(|question| question.change == answered.change);
    let acted = has_acted(&entry.after, ended);
    demand(open.is_none() == acted, || {
        format!("{} acted: {acted}, and left the question {open:?}", label(&entry.after))
    })?;
    demand(open.is_none_or(|open| open.until >= answered.until && open.then == answered.then), || {
        format!("{} left {open:?} of {answered:?}", label(&entry.after))
    })
}

/// A question is acted upon once at most, whoever answers it.
pub fn a_question_is_acted_upon_once(question_of: &Change, all: &BTreeMap<ChangeId, (Duration, Change)>) -> Found {
    let about =
        |change: &&Change| change.head.answers.as_ref().is_some_and(|question| question.change == question_of.head.id);
    let answers = all.values().map(|(_, change)| change).filter(about);
    let acted: Vec<_> =
        answers.filter(|change| change.ended().is_none_or(|ended| has_acted(change, ended))).map(label).collect();
    demand(acted.len() <= 1, || format!("the question of {} was acted upon by {acted:?}", label(question_of)))
}

/// No change enters `applying` against a lock that refuses it, whatever the clock on the wall showed between the look of the step and
/// its commit: where it is set back meanwhile, a lock that had run out is in force once more.
pub fn no_lock_is_passed(entry: &Entry, walls: &[chrono::DateTime<chrono::Utc>]) -> Found {
    let change = &entry.after;
    let enters = matches!(change.phase(), Phase::Applying { .. })
        && entry.before.as_ref().is_some_and(|before| matches!(before.phase(), Phase::Preparing));
    if !enters || matches!(change.head.asked_by, Asker::Timer { .. }) {
        return Ok(());
    }
    let asking = if matches!(change.head.ask, Ask::Deploy { .. }) { Asking::Deploy } else { Asking::Rollback };
    let refuses = |lock: &&Lock| walls.iter().all(|wall| lock.refuses(asking, change.head.asked_by.person(), *wall));
    demand(!entry.locks.iter().any(|lock| refuses(&lock)), || format!("{} is applied against a lock", label(change)))
}

/// Time in which nothing could be seen does not count: what counted is never more than what could be watched.
pub fn blind_time_does_not_count(entry: &Entry, watched: Duration) -> Found {
    let counted = entry.after.head.observed.duration();
    demand(counted <= watched + Duration::from_secs(1), || {
        format!("{} counted {counted:?}, and only {watched:?} could be watched", label(&entry.after))
    })
}

/// Where a verdict comes from: what a process saw when it listed pods afresh, as it really was then.
pub struct Verdict<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The process that committed it.
    pub process: ProcessId,
}

impl Verdict<'_> {
    fn look(&self, namespace: &Namespace, workload: &WorkloadName) -> Option<&Look> {
        let of = |look: &&Look| {
            look.process == self.process && look.namespace == *namespace && look.name == workload.as_str()
        };
        self.cluster.looks().iter().rfind(of)
    }

    /// Verified only if the ready pods really run what was wanted, by our write, and have not just been restarted.
    pub fn verified_is_true(&self, entry: &Entry) -> Found {
        let change = &entry.after;
        let Some(Ended { outcome: Outcome::Verified { digests, .. }, left, .. }) = ended_now(entry) else {
            return Ok(());
        };
        let work = change.work.as_ref().ok_or_else(|| format!("{} is verified without work", label(change)))?;
        for (place, left) in left.iter().enumerate() {
            let look = self.good_look(change, place, left, MarkerStep::Apply)?;
            let Some(item) = work.workloads.get(place) else { continue };
            for image in &item.images {
                let Some(wanted) = image.to.reference.digest() else {
                    let said = *digests != Digests::Match;
                    demand(said, || format!("{} claims that digests match where none was wanted", label(change)))?;
                    continue;
                };
                for pod in &look.truth.pods {
                    let runs = pod.runs.iter().find(|(name, _)| name == image.container.as_str()).map(|(_, runs)| runs);
                    // Where the registry was away, nobody knows which other digests a node may report for the same image.
                    let unknown = *digests == Digests::NotReported || *digests == Digests::NoRegistry && !image.asked;
                    demand(runs == Some(wanted) || unknown, || {
                        format!("{} is verified, and {} runs {runs:?} rather than {wanted}", label(change), pod.name)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Returned only if what ran before runs again.
    pub fn returned_is_true(&self, entry: &Entry) -> Found {
        let change = &entry.after;
        let Some(Ended { outcome: Outcome::Returned { .. }, left, .. }) = ended_now(entry) else { return Ok(()) };
        let work = change.work.as_ref().ok_or_else(|| format!("{} is returned without work", label(change)))?;
        for (place, left) in left.iter().enumerate().filter(|(_, left)| left.what != Left::Untouched) {
            let look = self.good_look(change, place, left, MarkerStep::Return)?;
            let Some(item) = work.workloads.get(place) else { continue };
            for (container, wanted) in &item.baseline.digests {
                for pod in &look.truth.pods {
                    let found = pod.reports.iter().find(|(name, _)| name == container.as_str()).map(|(_, found)| found);
                    demand(found == Some(wanted), || {
                        format!(
                            "{} is returned, and {} reports {found:?} rather than {wanted}",
                            label(change),
                            pod.name
                        )
                    })?;
                }
            }
        }
        Ok(())
    }

    fn good_look(&self, change: &Change, place: usize, left: &LeftBehind, step: MarkerStep) -> Result<&Look, String> {
        let what = label(change);
        let look = self.look(&change.target.namespace, &left.workload);
        let look = look.ok_or_else(|| format!("{what} has a verdict, and nobody listed pods afresh"))?;
        let truth = &look.truth;
        // Whoever writes in the very moment of the look is not heard of yet.
        let just_now = |by: fn(Writer) -> bool, paths: &[&str]| {
            let touches = |changed: &String| paths.iter().any(|path| changed.starts_with(path));
            writes_to(self.cluster, &change.target.namespace, left.workload.as_str()).any(|write| {
                by(write.by) && write.changed.iter().any(touches) && (write.at..write.at + HEARD_OF).contains(&look.at)
            })
        };
        let somebody = |by| by == Writer::Somebody;
        if just_now(somebody, &["/spec/template", MARKER, DELETED]) {
            return Ok(look);
        }
        let since = change.work.as_ref().and_then(|work| work.workloads.get(place)).map(|item| &item.uid);
        demand(since == Some(&truth.uid), || format!("{what} has a verdict on another object"))?;
        demand(left.template == Some(truth.template), || format!("{what} has a verdict on another template"))?;
        let marker = Marker { change: change.head.id, step }.to_string();
        demand(truth.marker.as_deref() == Some(&marker), || {
            format!("{what} has a verdict on what is marked {:?}", truth.marker)
        })?;
        let good = truth.pods.iter().filter(|pod| pod.ready && pod.template == truth.template).count();
        let all = just_now(|_| true, &["/spec/replicas"]) || u32::try_from(good) == Ok(truth.replicas);
        demand(truth.replicas > 0 && good > 0 && good == truth.pods.len() && all, || {
            format!("{what} has a good verdict, and {good} of {} pods were good: {truth:?}", truth.replicas)
        })?;
        let window = change.target.policy.stability_window;
        let restarted = truth.pods.iter().find(|pod| pod.ended.is_some_and(|ended| ended + window > look.at));
        demand(restarted.is_none() || window.is_zero(), || {
            format!("{what} has a good verdict within {window:?} of a restart: {restarted:?}")
        })?;
        Ok(look)
    }
}

/// The ending, where this commit brought it.
fn ended_now(entry: &Entry) -> Option<&Ended> {
    entry.after.ended().filter(|_| entry.before.as_ref().is_none_or(|before| before.ended().is_none()))
}

fn writes_to<'a>(
    cluster: &'a Cluster,
    namespace: &'a Namespace,
    workload: &'a str,
) -> impl Iterator<Item = &'a Write> + Clone {
    cluster.writes().iter().filter(move |write| write.namespace == *namespace && write.name == workload)
}

/// Whoever says that somebody else interfered can point to it: "superseded", "moved" and "paused by somebody" are true.
pub fn somebody_else_really_did_it(entry: &Entry, cluster: &Cluster, prepared: Duration) -> Found {
    let Some(ended) = ended_now(entry) else { return Ok(()) };
    let change = &entry.after;
    let namespace = &change.target.namespace;
    let wrote = |workload: &WorkloadName, paths: &[&str]| {
        writes_to(cluster, namespace, workload.as_str()).any(|write| {
            let touches = |changed: &String| paths.iter().any(|path| changed.starts_with(path));
            write.by == Writer::Somebody && write.at >= prepared && write.changed.iter().any(touches)
        })
    };
    // Rotabot's own pause counts as somebody's once somebody has changed what it stands on.
    let paused = |workload: &WorkloadName| {
        let last_to = |path: &str| {
            let writes = writes_to(cluster, namespace, workload.as_str()).filter(|write| write.by != Writer::Cluster);
            writes.filter(|write| write.changed.iter().any(|changed| changed.starts_with(path))).last()
        };
        ["/spec/paused", "/spec/"].iter().any(|path| last_to(path).is_some_and(|write| write.by == Writer::Somebody))
    };
    let what = label(change);
    match &ended.outcome {
        Outcome::Superseded { workload, how, .. } => {
            let paths: &[&str] = match how {
                Overtaken::Recreated | Overtaken::Gone => &[DELETED],
                Overtaken::Template | Overtaken::Undone => &["/spec/template", "/spec/paused", MARKER, DELETED],
            };
            demand(wrote(workload, paths), || format!("{what} is superseded ({how:?}), and nobody else wrote"))
        }
        Outcome::Refused { why: Refused::Moved { workload } } => {
            demand(wrote(workload, &["/spec/", MARKER, DELETED]), || {
                format!("{what} was refused as moved, and nobody else wrote")
            })
        }
        Outcome::Refused { why: Refused::Paused { workload, .. } } => {
            demand(paused(workload), || format!("{what} was refused as paused, and nobody else paused it"))
        }
        Outcome::CantTell { why: CantTell::Paused } => {
            let some = change.target.workloads.iter().any(|workload| paused(&workload.name));
            demand(some, || format!("{what} can't tell for a pause, and nobody else paused it"))
        }
        outcome => match outcome.failure().filter(|failure| failure.kind == CauseKind::PausedBySomebody) {
            Some(failure) => {
                demand(paused(&failure.workload), || format!("{what} failed for a pause, and nobody else paused it"))
            }
            None => Ok(()),
        },
    }
}

/// What failed leaves a lock behind, and so does a rollback.
pub fn a_failure_leaves_a_lock(entry: &Entry) -> Found {
    let Some(ended) = ended_now(entry) else { return Ok(()) };
    let rolled_back =
        matches!(ended.outcome, Outcome::Verified { .. }) && matches!(entry.after.head.ask, Ask::Rollback { .. });
    if ended.outcome.failure().is_none() && !rolled_back {
        return Ok(());
    }
    let number = entry.after.head.number;
    let left = |lock: &Lock| matches!(&lock.reason, Reason::Withdrawn { changes, .. } if changes.contains(&number));
    demand(entry.locks.iter().any(left), || format!("{} left no lock", label(&entry.after)))
}

/// What failed by its deadline had at least so much time that counted.
pub fn a_deadline_is_given_whole(entry: &Entry) -> Found {
    let failure = match entry.after.phase() {
        Phase::Holding { failure, .. } | Phase::Returning { failure, .. } => failure,
        _ => return Ok(()),
    };
    if failure.ended_by != EndedBy::Deadline {
        return Ok(());
    }
    let (counted, deadline) = (entry.after.head.observed.duration(), entry.after.target.policy.progress_deadline);
    demand(counted >= deadline, || format!("{} failed by its deadline after {counted:?}", label(&entry.after)))
}

/// The cause that a failure names is what the image really does.
pub fn a_cause_is_true(entry: &Entry) -> Found {
    let change = &entry.after;
    let failure = match change.phase() {
        Phase::Holding { failure, .. } | Phase::Returning { failure, .. } => failure,
        _ => return Ok(()),
    };
    let work = change.work.as_ref().map_or(&[][..], |work| &work.workloads);
    let images = work.iter().filter(|item| item.workload.name == failure.workload).flat_map(|item| &item.images);
    let tags: Vec<&str> = images.filter_map(|image| image.to.reference.tag()).collect();
    let does = |behaves: fn(Behaviour) -> bool| tags.iter().any(|tag| behaves(Behaviour::of_tag(tag)));
    let true_of_it = match failure.kind {
        CauseKind::BadConfig => does(|behaviour| behaviour == Behaviour::BadConfig),
        CauseKind::BadImageName => does(|behaviour| behaviour == Behaviour::InvalidName),
        CauseKind::OutOfMemory => does(|behaviour| matches!(behaviour, Behaviour::Dies { out_of_memory: true, .. })),
        CauseKind::CrashLoop | CauseKind::CrashedAfterReady => {
            does(|behaviour| matches!(behaviour, Behaviour::Dies { .. }))
        }
        CauseKind::TurnedUnready => {
            does(|behaviour| matches!(behaviour, Behaviour::TurnsUnready | Behaviour::Dies { .. }))
        }
        CauseKind::WrongImage => does(|behaviour| behaviour == Behaviour::WrongDigest),
        CauseKind::NeverReady => does(|behaviour| {
            !matches!(behaviour, Behaviour::Good | Behaviour::WrongDigest | Behaviour::BareId | Behaviour::InvalidName)
        }),
        // These may come from registries and nodes as well.
        CauseKind::Pull | CauseKind::Unschedulable | CauseKind::NotCreated | CauseKind::Stuck => true,
        // Who paused it is held to what others wrote, with the outcomes.
        CauseKind::PausedBySomebody => true,
    };
    demand(true_of_it || tags.is_empty(), || {
        format!("{} names {:?} as the cause of what {tags:?} did", label(change), failure.kind)
    })
}

/// Nothing of anybody else's is overwritten: a field that somebody wrote after rotabot had read it, or after rotabot's
/// own write of the same change, is not written again; somebody's pause is never lifted; and nothing is touched but the
/// template, the pause and our own annotation.
pub fn nothing_of_somebody_elses_is_overwritten(cluster: &Cluster, place: &mut usize) -> Found {
    let all = cluster.writes();
    let from = std::mem::replace(place, all.len());
    for (at, write) in all.iter().enumerate().skip(from) {
        let Writer::Rotabot(change) = write.by else { continue };
        let same = |other: &&Write| other.name == write.name && other.namespace == write.namespace;
        for path in &write.changed {
            if path == MARKER || path == "/metadata/annotations" {
                continue;
            }
            let ours = path.starts_with("/spec/template") || path == "/spec/paused";
            demand(ours, || format!("{} of {} was touched", path, write.name))?;
            let earlier = all[..at].iter().filter(same);
            let wrote = |other: &&Write| other.changed.iter().any(|other| touches(other, path));
            let last = earlier.clone().rfind(wrote).filter(|last| last.by == Writer::Somebody);
            let Some(last) = last else { continue };
            let unread = write.read_at.is_none_or(|read| last.at > read);
            // The template is one thing: whoever changes a part of it makes all of it theirs.
            let whole = |path: &str| path.starts_with("/spec/template");
            let same_thing = |other: &String| other == path || (whole(other) && whole(path));
            // To lay a pause is not to lift one again.
            let same_way = |other: &Write| path != "/spec/paused" || other.paused == write.paused;
            let before = |other: &Write| other.by == Writer::Rotabot(change) && other.at < last.at && same_way(other);
            let mine = earlier.clone().rfind(|other| before(other) && other.changed.iter().any(same_thing));
            // Who undoes their own undo leaves what we had written, and nothing of theirs.
            let theirs = |mine: &Write| !whole(path) || mine.template != last.template;
            let again = mine.is_some_and(theirs);
            let pause = path == "/spec/paused" && !write.paused;
            demand(!unread && !again && !pause, || {
                format!(
                    "{path} of {} was overwritten at {:?}: somebody had written it at {:?} (read at {:?}, again: {again})",
                    write.name, write.at, last.at, write.read_at
                )
            })?;
        }
    }
    Ok(())
}

/// The step that a write of ours was.
fn step_of(write: &Write) -> Option<MarkerStep> {
    write.marker.as_deref()?.parse::<Marker>().ok().map(|marker| marker.step)
}

fn touches(one: &str, other: &str) -> bool {
    one == DELETED || one.starts_with(other) || other.starts_with(one)
}

/// What a change says that it left is what it left, and it never writes after its end.
pub fn what_was_left_is_what_was_said(change: &Change, ended_at: Duration, cluster: &Cluster) -> Found {
    let Some(ended) = change.ended() else { return Ok(()) };
    let by = Writer::Rotabot(change.head.id);
    for (place, workload) in change.target.workloads.iter().enumerate() {
        let all = writes_to(cluster, &change.target.namespace, workload.name.as_str());
        let writes: Vec<(&Write, MarkerStep)> =
            all.clone().filter(|write| write.by == by).filter_map(|write| Some((write, step_of(write)?))).collect();
        let what = || format!("{} ({}) on {}", label(change), ended.outcome.word(), workload.name);
        if let Some((late, step)) = writes.iter().find(|(write, _)| write.at > ended_at) {
            return Err(format!("{} was written ({step:?}) at {:?}, after its end at {ended_at:?}", what(), late.at));
        }
        // A fence writes nothing but itself.
        let step = writes.iter().map(|(_, step)| *step).rfind(|step| *step != MarkerStep::Fence);
        // What was written to an object that somebody then deleted is gone with it.
        let deleted =
            all.filter(|write| write.at <= ended_at && write.changed == [DELETED]).map(|write| write.at).last();
        let stays = |(write, step): &(&Write, MarkerStep)| *step != MarkerStep::Fence && Some(write.at) > deleted;
        let said = ended.left.get(place).map_or(Left::Untouched, |left| left.what);
        let right = match said {
            Left::Untouched => !writes.iter().any(stays),
            Left::Written | Left::NotPaused => step == Some(MarkerStep::Apply),
            Left::Paused => step == Some(MarkerStep::Hold),
            Left::Returned => step == Some(MarkerStep::Return),
        };
        // Somebody else may have taken our marker away, which is said as well.
        let overtaken = matches!(ended.outcome, Outcome::Superseded { .. });
        demand(right || (overtaken && said != Left::Untouched), || {
            format!("{} says {said:?}, and its last write was {step:?}", what())
        })?;
    }
    Ok(())
}

/// Everything has come to an end: no change is open, no question waits, and no message.
pub fn everything_ends(ledger: &Ledger) -> Found {
    let records = ledger.records();
    let open = now(async { records.open().await.map(Some) }).unwrap_or_default();
    let questions = now(async { records.questions().await.map(Some) }).unwrap_or_default();
    let waiting = now(async { records.waiting().await.map(Some) }).unwrap_or_default();
    demand(open.is_empty(), || {
        let open = open.iter().flatten().filter_map(|claim| ledger.change(claim.change));
        let open: Vec<String> = open
            .map(|change| format!("{} {} {:?}", label(&change), change.phase().word(), change.head.parked))
            .collect();
        format!("still open: {open:?}")
    })?;
    demand(questions.is_empty(), || format!("still asked: {questions:?}"))?;
    demand(waiting.is_empty(), || format!("{} messages still wait", waiting.len()))
}

/// Each change that ended has told so in its channel, and in one way only.
pub fn one_outcome_is_told(change: &Change, chat: &world::chat::Chat, may_repeat: bool) -> Found {
    let Some(ended) = change.ended() else { return Ok(()) };
    let marker = format!("{}/outcome", change.head.id);
    let told: Vec<_> =
        chat.messages(&change.target.channel).iter().filter(|message| message.marker == marker).collect();
    let what = || format!("{} ({})", label(change), ended.outcome.word());
    demand(!told.is_empty(), || format!("{} was never told", what()))?;
    demand(told.len() == 1 || may_repeat, || format!("{} was told {} times", what(), told.len()))?;
    let first = told.first().map(|message| &message.card.first_line);
    demand(told.iter().all(|message| Some(&message.card.first_line) == first), || {
        format!("{} was told in two ways", what())
    })
}

/// Each time that a change was parked was told in its channel, once.
pub fn each_parking_is_told(change: &Change, ledger: &Ledger, chat: &world::chat::Chat, may_repeat: bool) -> Found {
    let records = ledger.records();
    let scope = Scope::Target(change.target.name.clone());
    let lines = now(async { records.journal(&scope, None, usize::MAX).await.map(Some) }).unwrap_or_default();
    let parked = |line: &&state::records::HistoryLine| {
        line.line.change == Some(change.head.number) && matches!(line.line.what, JournalWhat::Parked(_))
    };
    let parked = lines.iter().filter(parked).count();
    let messages = chat.messages(&change.target.channel).iter();
    let about = Some((change.head.id, NoticeWhat::Parked));
    let told = messages.filter(|message| Notice::of_marker(&message.marker) == about).count();
    demand(told == parked || (may_repeat && told > parked), || {
        format!("{} was parked {parked} times, and that was told {told} times", label(change))
    })
}

/// A question lapses only if somebody wrote to what the change had left, after its last own write.
pub fn a_question_lapses_for_a_reason(change: &Change, ledger: &Ledger, cluster: &Cluster) -> Found {
    let records = ledger.records();
    let scope = Scope::Target(change.target.name.clone());
    let lines = now(async { records.journal(&scope, None, usize::MAX).await.map(Some) }).unwrap_or_default();
    let lapsed = |line: &state::records::HistoryLine| {
        line.line.change == Some(change.head.number) && line.line.what == JournalWhat::Lapsed
    };
    if !lines.iter().any(lapsed) {
        return Ok(());
    }
    let overtaken = change.target.workloads.iter().any(|workload| {
        let all = writes_to(cluster, &change.target.namespace, workload.name.as_str());
        let ours = all.clone().filter(|write| write.by == Writer::Rotabot(change.head.id)).map(|write| write.at).last();
        // A change that wrote nothing but a fence has changed nothing.
        let by_others = |write: &Write| match write.by {
            Writer::Cluster => false,
            Writer::Rotabot(id) => id != change.head.id && step_of(write) != Some(MarkerStep::Fence),
            Writer::Somebody => true,
        };
        all.into_iter().any(|write| by_others(write) && Some(write.at) > ours)
    });
    demand(overtaken, || format!("the question of {} has lapsed, and nobody else wrote", label(change)))
}

/// The journal has exactly one line for the end of each change.
pub fn one_end_is_journalled(change: &Change, ledger: &Ledger) -> Found {
    let Some(ended) = change.ended() else { return Ok(()) };
    let records = ledger.records();
    let scope = Scope::Target(change.target.name.clone());
    let lines = now(async { records.journal(&scope, None, usize::MAX).await.map(Some) }).unwrap_or_default();
    let ends: Vec<_> = lines
        .iter()
        .filter(|line| line.line.change == Some(change.head.number))
        .filter_map(|line| match &line.line.what {
            JournalWhat::Ended { outcome, .. } => Some(outcome.as_str()),
            _ => None,
        })
        .collect();
    demand(ends == [ended.outcome.word()], || format!("{} ended, and its journal says {ends:?}", label(change)))
}
