//! Facts from which cards are made: what a card of a change, of a target, or of everything at once may say.
//!
//! Cards choose among these and put them into words; nothing here is put into words.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use state::catalogue::{Catalogue, Target};
use state::change::outcome::{Question, Refused};
use state::change::release::Release;
use state::change::{Ask, Change, Work, running};
use state::image;
use state::lock::{Lock, Scope};
use state::names::{ChangeNumber, ClusterName, ContainerName, PersonName, TargetName, WorkloadName};
use state::records::{HistoryLine, RecordName};
use state::rollout::judge::Progress;
use state::rollout::pods::counts;
use state::rollout::seen::{BLIND_AFTER, Marker, PodSeen, WorkloadSeen, WorkloadView, Writer};
use state::rollout::signs::crashes_on;

use crate::command::value::Earlier;
use crate::sight::{Sightless, Standstill};

/// What a card of a change is made of.
#[derive(Debug, Clone, Copy)]
pub struct ChangeFacts<'a> {
    /// The change.
    pub change: &'a Change,
    /// How far each workload is, while it is being judged.
    pub progress: &'a [Progress],
    /// Who is who, and who is on call.
    pub catalogue: &'a Catalogue,
    /// The moment of drawing.
    pub now: DateTime<Utc>,
    /// How long such a change usually takes, by the last ten of its target.
    pub usual: Option<Duration>,
    /// What serves now, by the order of the workloads, where the pods were looked at.
    pub serving: &'a [Serving],
    /// Why nothing moves, though nothing has failed.
    pub standstill: Option<&'a Standstill>,
    /// What has become of the question that it left.
    pub question: Option<&'a QuestionLeft>,
    /// The question of an earlier change that it had answered, and that is open again.
    pub reopened: Option<&'a Reopened>,
    /// Who holds the lock that it left, while that is there: they pass it, and nobody else does.
    pub locked: Option<&'a PersonName>,
    /// Where what was to be gone back to is gone from the registry: what else could be, the newest first. None where that
    /// is not the case, or can't be found out.
    pub earlier: Option<&'a [EarlierRelease]>,
    /// The digest of what a way back goes to, in short, where its tag alone doesn't tell it from another release.
    pub returns_to_digest: Option<&'a str>,
}

impl ChangeFacts<'_> {
    /// The question that is open about it, with its deadline as it stands.
    pub fn open_question(&self) -> Option<&Question> {
        match self.question? {
            QuestionLeft::Open(question) => Some(question),
            QuestionLeft::Closed(_) => None,
        }
    }
}

/// What has become of a question that a change left.
#[derive(Debug, Clone, PartialEq)]
pub enum QuestionLeft {
    /// It waits for its answer.
    Open(Question),
    /// It doesn't any more.
    Closed(ClosedBy),
}

/// What closed a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedBy {
    /// Its deadline, which began this change.
    Deadline(ChangeNumber),
    /// Somebody who began this change.
    Change(ChangeNumber),
    /// It stays as it is: somebody said so, or nobody said anything until its deadline.
    LeftAsIs,
    /// The target was no longer as it was left.
    Lapsed,
    /// The journal says nothing of it any more.
    Unknown,
}

/// Something that can be gone back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierRelease {
    /// By what it is asked for.
    pub to: Earlier,
    /// Its tag and its digest in short, where the tag alone doesn't tell it from another release.
    pub told_apart: Option<(String, String)>,
}

/// A question that is open again, because the change that answered it ended without touching anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Reopened {
    /// The question.
    pub question: Question,
    /// The change that it is about, where it can be read.
    pub questioned: Option<Change>,
    /// Its digest in short, where the tag alone doesn't tell it from another release.
    pub returns_to_digest: Option<String>,
    /// Whether the lock that this change left is still there.
    pub locked: bool,
}

/// What serves in one workload, counted from its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The workload.
    pub workload: WorkloadName,
    /// Pods that are wanted.
    pub desired: u32,
    /// Ready pods by what people call the image that they run, the most first. It may come from outside: see `Arg::image`.
    pub images: Vec<(String, u32)>,
    /// Whether the rollout is paused.
    pub paused: bool,
    /// How far the rollout of the template that stands there is.
    pub rollout: Rollout,
    /// The change that wrote to it last, as it marked it.
    pub marker: Option<Marker>,
    /// Its pods that were started anew.
    pub restarts: Vec<Restarted>,
    /// The bounds of its autoscaler.
    pub autoscaler: Option<(u32, u32)>,
}

impl Serving {
    /// Counts the ready pods of a view. The image is named by its tag, else by its digest in short.
    pub fn of(workload: &WorkloadName, container: Option<&ContainerName>, view: &WorkloadView) -> Self {
        let named = |pod: &PodSeen| {
            let main = pod.containers.iter().find(|one| container.is_none_or(|name| one.name == name.as_str()));
            main.map(|one| image::name_of(&one.image)).unwrap_or_default()
        };
        let mut images: Vec<(String, u32)> = Vec::new();
        for pod in view.pods.iter().filter(|pod| pod.ready && !pod.deleting) {
            let name = named(pod);
            match images.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => images.push((name, 1)),
            }
        }
        images.sort_by(|(name, count), (other, more)| more.cmp(count).then(name.cmp(other)));
        let seen = view.workload.as_ref();
        Self {
            workload: workload.clone(),
            desired: seen.map_or(0, |seen| seen.desired),
            images,
            paused: seen.is_some_and(|seen| seen.paused),
            rollout: seen.map_or(Rollout::Finished, |seen| Rollout::of(seen, &view.pods)),
            marker: seen.and_then(WorkloadSeen::our_marker),
            restarts: view
                .pods
                .iter()
                .filter(|pod| counts(pod))
                .filter_map(|pod| Restarted::of(pod, named(pod)))
                .collect(),
            autoscaler: seen.and_then(|seen| seen.autoscaler).map(|bounds| (bounds.min, bounds.max)),
        }
    }

    /// How many pods were started anew since then.
    pub fn restarted_since(&self, then: DateTime<Utc>) -> usize {
        self.restarts.iter().filter(|pod| pod.at >= then).count()
    }

    /// The pods that go on crashing. They may be ready at this moment; nobody should call that serving without a word.
    pub fn crashing(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Restarted> {
        self.restarts.iter().filter(move |pod| pod.keeps_crashing(now))
    }

    /// Ready pods out of those that are wanted. A rollout has more than that for a while, and what one workload has too
    /// many of, another does not have.
    pub fn of_wanted(&self) -> u32 {
        self.ready().min(self.desired)
    }

    /// Ready pods, of every image.
    pub fn ready(&self) -> u32 {
        self.images.iter().map(|(_, count)| count).sum()
    }
}

/// How far the rollout of a template is, whoever wrote it. Pods of an earlier one may serve meanwhile, as many as are
/// wanted: by their number alone nobody sees that it never gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// As many of its pods are ready as are wanted.
    Finished,
    /// It goes on, and nothing shows that it fails.
    UnderWay {
        /// So many of its pods are ready.
        new_ready: u32,
    },
    /// It doesn't get on, or shows that it fails.
    Stuck {
        /// So many of its pods are ready.
        new_ready: u32,
    },
}

impl Rollout {
    fn of(seen: &WorkloadSeen, pods: &[PodSeen]) -> Self {
        // Pods whose template isn't known yet prove nothing, and the workload's own counts may be a moment ahead.
        let unknown = pods.iter().any(|pod| counts(pod) && pod.template.is_none());
        let new_ready = running::new_ready(seen, pods);
        if new_ready >= seen.desired || unknown || running::healthy(seen) {
            return Self::Finished;
        }
        match running::under_way(seen, pods) {
            true => Self::UnderWay { new_ready },
            false => Self::Stuck { new_ready },
        }
    }

    /// How many pods of the template are ready, while it is not finished.
    pub fn unfinished(self) -> Option<u32> {
        match self {
            Self::Finished => None,
            Self::UnderWay { new_ready } | Self::Stuck { new_ready } => Some(new_ready),
        }
    }
}

/// A pod that was started anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restarted {
    /// What people call the image that it runs.
    pub image: String,
    /// Whether it is ready.
    pub ready: bool,
    /// How often. Over which time, the cluster doesn't tell: since the pod was made.
    pub times: u32,
    /// When, the last time.
    pub at: DateTime<Utc>,
}

impl Restarted {
    fn of(pod: &PodSeen, image: String) -> Option<Self> {
        Some(Self { image, ready: pod.ready, times: pod.restarts(), at: pod.restarted_at()? })
    }

    fn keeps_crashing(&self, now: DateTime<Utc>) -> bool {
        crashes_on(self.times, self.at, now)
    }
}

/// What the answer to `plan` is made of (D18).
#[derive(Debug, Clone)]
pub struct PlanFacts<'a> {
    /// What was asked for.
    pub ask: &'a Ask,
    /// The target.
    pub target: &'a Target,
    /// What would be written; none where exactly that runs and is healthy.
    pub work: Result<Option<&'a Work>, &'a Refused>,
    /// The containers for which the registry will be asked what the tag stands for: a plan asks nobody.
    pub looked_up: BTreeSet<(WorkloadName, ContainerName)>,
    /// What a rollback would go to.
    pub release: Option<&'a Release>,
    /// Fields of the pod template, beside images, in which a rollback's release differs from what stands there.
    pub differences: Vec<String>,
    /// Locks that refuse it now.
    pub locks: Vec<Lock>,
    /// The change that holds the target now.
    pub holder: Option<ChangeNumber>,
    /// Who is who.
    pub catalogue: &'a Catalogue,
}

/// Whose what stands in a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    /// A change of ours wrote it last, and did not verify it.
    Left(ChangeNumber),
    /// Somebody else has written to the template since a change of ours did.
    Foreign {
        /// That change.
        since: ChangeNumber,
        /// Who wrote, by the name that they chose.
        by: Writer,
    },
    /// No change of ours is known to have written there.
    NotOurs,
    /// It can't be told.
    Unknown,
}

/// What the status of one target is made of.
#[derive(Debug, Clone)]
pub struct TargetStatus {
    /// The target.
    pub target: Target,
    /// How old the knowledge is; none where the cluster was never read.
    pub age: Option<Duration>,
    /// Why it can't be seen now, while it can't.
    pub sightless: Option<Sightless>,
    /// The workloads, in order; none where there is no such workload.
    pub serving: Vec<Option<Serving>>,
    /// What the templates ask for: tags or digests, in order.
    pub wanted: Vec<String>,
    /// The release whose images run now: the newest that was verified, else the newest.
    pub release: Option<Release>,
    /// The change under way.
    pub open: Option<Change>,
    /// How far it is.
    pub progress: Vec<Progress>,
    /// Why that does not move, though nothing has failed.
    pub standstill: Option<Standstill>,
    /// Locks that cover it.
    pub locks: Vec<Lock>,
    /// The question that is open.
    pub question: Option<Question>,
    /// The change that it is about, which need not be the last.
    pub questioned: Option<Change>,
    /// The last change that ended.
    pub last: Option<Change>,
    /// Whose what stands there is, where no release is known that runs it.
    pub stands: Stands,
    /// Records that can't be read, and that something about it depends on.
    pub unreadable: Vec<Unreadable>,
}

impl TargetStatus {
    /// Whether the knowledge is fresh enough to speak of now.
    pub fn fresh(&self) -> bool {
        self.age.is_some_and(|age| age < BLIND_AFTER)
    }

    /// Whether somebody should look: a question waits; or, as far as that is known now, there are fewer ready pods than
    /// wanted, pods go on crashing, a workload is missing, or a rollout is stopped or doesn't get on.
    pub fn broken(&self, now: DateTime<Utc>) -> bool {
        let fresh = self.fresh();
        self.question.is_some()
            || fresh
                && self.serving.iter().any(|one| {
                    let unwell = |one: &Serving| {
                        let stuck = one.paused || matches!(one.rollout, Rollout::Stuck { .. });
                        one.ready() < one.desired || stuck || one.crashing(now).next().is_some()
                    };
                    one.as_ref().is_none_or(unwell)
                })
    }
}

/// A record that can't be read, with what that means for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Which one.
    pub record: RecordName,
    /// What it blocks.
    pub blocks: Scope,
    /// By which number it is freed, where that can be told; a lock has none, it is lifted.
    pub number: Option<ChangeNumber>,
    /// By what the log line with the reason is found.
    pub reference: String,
}

/// An act that had been done before somebody asked for it: often by themselves, where the answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneBefore {
    /// What.
    pub what: DoneWhat,
    /// By whom; none for what rotabot did by itself.
    pub by: Option<PersonName>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What had been done before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoneWhat {
    /// This change was stopped.
    Stopped(ChangeNumber),
    /// This change was freed.
    Freed(ChangeNumber),
    /// The question of this change was answered with "leave it", or its time ran out with the same result.
    LeftAsIs {
        /// Where.
        target: TargetName,
        /// The change.
        number: ChangeNumber,
    },
    /// This was unlocked.
    Unlocked {
        /// What.
        scope: Scope,
        /// Wider or narrower locks that touch it.
        near: Vec<Scope>,
    },
}

/// What the answer to `now` is made of: at most eight lines.
#[derive(Debug, Clone, Default)]
pub struct NowFacts {
    /// The targets that are not healthy.
    pub broken: Vec<TargetStatus>,
    /// The changes under way, with why they stand still, where they do.
    pub open: Vec<(Change, Option<Standstill>)>,
    /// Questions that wait.
    pub questions: Vec<(TargetName, Question)>,
    /// Locks in force.
    pub locks: Vec<Lock>,
    /// Records that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// Since when nothing can be written down, while it can't.
    pub unwritable: Option<Unwritable>,
    /// What can't be seen now: of what runs there nobody can tell.
    pub unread: Vec<Unread>,
}

/// Nothing can be written down now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unwritable {
    /// When that was first seen.
    pub since: DateTime<Utc>,
    /// Whether it is for want of room.
    pub disk_full: bool,
}

/// A part of a cluster that can't be seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The cluster.
    pub cluster: ClusterName,
    /// Why.
    pub why: Sightless,
    /// Places of the catalogue that are there.
    pub places: usize,
    /// How old the knowledge is; none where it was never read.
    pub age: Option<Duration>,
}

/// What the answer to `history` is made of.
#[derive(Debug, Clone)]
pub struct HistoryFacts {
    /// Of which target or of all.
    pub of: Option<TargetName>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// The lines, newest first.
    pub lines: Vec<HistoryLine>,
    /// Those before them that were read too: whoever asked for a change may stand there. None where there are no more.
    pub before: Vec<HistoryLine>,
}
