//! What a card of a change needs beyond its record: what serves now, what is asked, how long such a change takes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use state::catalogue::Workload;
use state::change::outcome::{NotReturned, Outcome, Question, Refused};
use state::change::release::{Origin, Release, RunningImages, same_image};
use state::change::{Ask, Change, Phase};
use state::image::{Digest, Image};
use state::journal::{JournalLine, JournalWhat};
use state::lock::{Lock, Scope};
use state::names::{ChangeNumber, ContainerName, PersonName, WorkloadName};
use state::rollout::judge::Progress;
use state::rollout::seen::Observed;

use super::standing::running;
use crate::command::value::Earlier;
use crate::facts::{ChangeFacts, ClosedBy, EarlierRelease, QuestionLeft, Reopened, Serving};
use crate::sight::{Sightless, Standstill};

/// So many releases are offered where the one before is gone: what each is has to be taken in at a glance.
const EARLIER_AT_MOST: usize = 3;

/// So many lines are read to find usual durations.
const RECENT_LINES: usize = 60;

/// What a card of a change needs beyond its record.
pub(crate) struct Gathered {
    usual: Option<Duration>,
    serving: Vec<Serving>,
    standstill: Option<Standstill>,
    question: Option<QuestionLeft>,
    reopened: Option<Reopened>,
    locked: Option<PersonName>,
    earlier: Option<Vec<EarlierRelease>>,
    returns_to_digest: Option<String>,
}

impl Gathered {
    pub(crate) fn facts<'a>(
        &'a self,
        change: &'a Change,
        progress: &'a [Progress],
        catalogue: &'a state::catalogue::Catalogue,
        now: DateTime<Utc>,
    ) -> ChangeFacts<'a> {
        ChangeFacts {
            change,
            progress,
            catalogue,
            now,
            usual: self.usual,
            serving: self.serving.as_slice(),
            standstill: self.standstill.as_ref(),
            question: self.question.as_ref(),
            reopened: self.reopened.as_ref(),
            locked: self.locked.as_ref(),
            earlier: self.earlier.as_deref(),
            returns_to_digest: self.returns_to_digest.as_deref(),
        }
    }
}

/// Whether a change has ended, and the question that it had answered is open all the same.
fn is_reopened(change: &Change, question: &Question) -> bool {
    let answered = change.head.answers.as_ref().map(|answered| answered.change);
    change.ended().is_some() && answered == Some(question.change)
}

impl crate::engine::Engine {
    /// Gathers what a card of a change needs beyond its record. What can't be read is left out.
    pub(crate) async fn gathered(&self, change: &Change) -> Gathered {
        let target = &change.target;
        let observed = self.cluster.observe(target);
        let serving = target.workloads.iter().zip(&observed.workloads).map(|(workload, view)| {
            let container = workload.containers.first().map(|source| &source.container);
            Serving::of(&workload.name, container, view)
        });
        let serving = if observed.fresh() { serving.collect() } else { Vec::new() };
        let open = self.records.question(&target.name).await.ok().flatten().map(|(question, _)| question);
        let locks = self.records.locks_over(&target.name).await.unwrap_or_default().into_iter();
        let locks: Vec<Lock> = locks.filter_map(|laid| laid.lock.ok()).collect();
        let holder = |number| locks.iter().find(|lock| lock.changes().contains(&number)).map(|lock| lock.by.clone());
        // What is offered is told apart by all that was ever released there.
        let releases = match change.ended() {
            Some(_) => self.records.releases(&target.name).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let mut reopened = None;
        if let Some(question) = open.clone().filter(|question| is_reopened(change, question)) {
            let questioned = self.records.change(question.change).await.ok().flatten().map(|earlier| earlier.change);
            let returns_to_digest = questioned.as_ref().and_then(|earlier| told_apart(earlier, &releases));
            let locked = holder(question.number).is_some();
            reopened = Some(Reopened { question, questioned, returns_to_digest, locked });
        }
        Gathered {
            usual: self.usual(change).await,
            serving,
            standstill: self.standstill(change),
            question: self.question_left(change, open).await,
            reopened,
            locked: holder(change.head.number),
            earlier: self.earlier_than(change, &observed, &releases).await,
            returns_to_digest: told_apart(change, &releases),
        }
    }

    /// What has become of the question that a change left, by the one that is open on its target, and by the journal.
    async fn question_left(&self, change: &Change, open: Option<Question>) -> Option<QuestionLeft> {
        if let Some(question) = open.filter(|question| question.change == change.head.id) {
            return Some(QuestionLeft::Open(question));
        }
        let Outcome::Left { question: Some(_), .. } = &change.ended()?.outcome else { return None };
        let scope = Scope::Target(change.target.name.clone());
        let lines = self.records.journal(&scope, None, RECENT_LINES).await.unwrap_or_default();
        let by = closed_by(change.head.number, lines.iter().map(|line| &line.line));
        Some(QuestionLeft::Closed(by.unwrap_or(ClosedBy::Unknown)))
    }

    /// Why a change under way stands still, though nothing has failed: by what its task has seen, which holds both its
    /// pauses and its blind times against the deadline.
    pub(crate) fn standstill(&self, change: &Change) -> Option<Standstill> {
        // One that is parked says so itself, and before the first write nothing stands still that anybody waits for.
        let waits = match change.phase() {
            Phase::Applying { .. } | Phase::Rolling { .. } | Phase::Stabilizing { .. } => true,
            Phase::Holding { .. } | Phase::Returning { .. } => true,
            Phase::Preparing | Phase::Ended(_) => false,
        };
        let seen = self.board.seen(change.head.id).filter(|_| waits && change.head.parked.is_none())?;
        let target = &change.target;
        let observed = self.cluster.observe(target);
        if let Some(since) = seen.blind_since {
            let why = Sightless::of(observed.age, self.cluster.trouble(target));
            return Some(Standstill::Blind { since, why });
        }
        // What holding finds paused is no news: it is what holding is for.
        if matches!(change.phase(), Phase::Holding { .. }) {
            return None;
        }
        let mut pauses = seen.change.watch.memory.iter().enumerate();
        let (place, since) = pauses.find_map(|(place, memory)| Some((place, memory.paused_since()?)))?;
        let by = observed.workloads.get(place).and_then(|view| view.workload.as_ref()?.paused_by.clone());
        Some(Standstill::Paused { workload: target.workloads.get(place)?.name.clone(), by, since })
    }

    /// What else could be gone back to, where the registry no longer has what was to be gone back to.
    async fn earlier_than(
        &self,
        change: &Change,
        observed: &Observed,
        releases: &[Release],
    ) -> Option<Vec<EarlierRelease>> {
        let gone = Gone::of(change)?;
        let withdrawn = self.records.withdrawn(&change.target.name).await.ok()?;
        let running = running(&change.target, observed);
        let can_be = |release: &&Release| {
            let is_withdrawn = withdrawn.iter().any(|one| release.runs(&one.running()));
            !is_withdrawn && gone.leaves(release) && release.covers(&gone.places) && !release.runs(&running)
        };
        let mut others: Vec<&Release> = releases.iter().filter(can_be).collect();
        others.sort_by_key(|release| std::cmp::Reverse((release.origin == Origin::Verified, release.at)));
        let mut earlier: Vec<EarlierRelease> = Vec::new();
        // The newest of the same images comes first, and stands for all of them.
        let mut offered: Vec<&Release> = Vec::new();
        for release in others {
            let known = offered.iter().any(|other| release.runs(&other.running()));
            if let Some(one) = offer(release, releases).filter(|_| !known && earlier.len() < EARLIER_AT_MOST) {
                earlier.push(one);
                offered.push(release);
            }
        }
        Some(earlier)
    }

    /// How long the last ten other changes of its target took that were verified: the one in the middle.
    async fn usual(&self, change: &Change) -> Option<Duration> {
        let scope = Scope::Target(change.target.name.clone());
        let lines = self.records.journal(&scope, None, RECENT_LINES).await.ok()?;
        let mut took: Vec<Duration> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let verified = matches!(&line.line.what, JournalWhat::Ended { outcome, .. } if outcome == "verified");
            if !verified || line.line.change == Some(change.head.number) || took.len() == 10 {
                continue;
            }
            let began = lines[at..].iter().find(|other| {
                let asked =
                    matches!(other.line.what, JournalWhat::AskedDeploy { .. } | JournalWhat::AskedRollback { .. });
                asked && other.line.change == line.line.change
            });
            took.extend(began.and_then(|began| (line.line.at - began.line.at).to_std().ok()));
        }
        took.sort();
        took.get(took.len() / 2).copied()
    }
}

/// What closed the question of a change, by the lines of its target, the newest first: whatever came first after it was
/// asked, or asked again.
fn closed_by<'a>(number: ChangeNumber, lines: impl Iterator<Item = &'a JournalLine>) -> Option<ClosedBy> {
    let mut by = None;
    for line in lines {
        let about = line.change == Some(number);
        match (&line.what, line.change) {
            (JournalWhat::Ended { .. } | JournalWhat::AskedAgain, _) if about => return by,
            (JournalWhat::LeftAsIs, _) if about => by = Some(ClosedBy::LeftAsIs),
            (JournalWhat::Lapsed, _) if about => by = Some(ClosedBy::Lapsed),
            (JournalWhat::AskedDeploy { .. } | JournalWhat::AskedRollback { .. }, Some(later)) if !about => {
                by = Some(if line.by.is_none() { ClosedBy::Deadline(later) } else { ClosedBy::Change(later) });
            }
            _ => {}
        }
    }
    None
}

/// What the registry no longer has.
struct Gone {
    /// Everything that was to be gone back to, or the one image of it that the registry was asked for.
    images: RunningImages,
    /// The parts of the target.
    places: RunningImages,
}

impl Gone {
    /// None where nothing was to be gone back to, or all of it is there.
    fn of(change: &Change) -> Option<Self> {
        match &change.ended()?.outcome {
            Outcome::Left { not_returned: Some(NotReturned::ImageGone), .. } => {
                let images = change.work.as_ref()?.baseline_images();
                Some(Self { places: images.clone(), images })
            }
            Outcome::Refused { why: Refused::ImageUnknown { image } } if is_rollback(change) => {
                let image: Image = image.parse().ok()?;
                let of = |workload: &Workload| {
                    let name = workload.name.clone();
                    let containers = workload.containers.iter().map(|source| source.container.clone());
                    containers.map(|container| ((name.clone(), container), image.clone())).collect::<Vec<_>>()
                };
                let places: RunningImages = change.target.workloads.iter().flat_map(of).collect();
                Some(Self { images: places.clone(), places })
            }
            _ => None,
        }
    }

    /// Whether a release does without what is gone.
    fn leaves(&self, release: &Release) -> bool {
        let gone = |(place, image): (&(WorkloadName, ContainerName), &Image)| {
            self.images.get(place).is_some_and(|gone| same_image(gone, image))
        };
        !release.running().iter().any(gone)
    }
}

fn is_rollback(change: &Change) -> bool {
    matches!(change.head.ask, Ask::Rollback { .. })
}

/// By what a release is asked for: its tag, unless that was released with another digest as well.
fn offer(release: &Release, all: &[Release]) -> Option<EarlierRelease> {
    let image = release.first_image()?;
    let told_apart = all.iter().filter_map(Release::first_image).any(|other| is_mistaken_for(image, other));
    let digest = image.reference.digest().filter(|_| told_apart).map(Digest::short);
    let Some((tag, digest)) = image.reference.tag().map(str::to_owned).zip(digest) else {
        return Some(EarlierRelease { to: Earlier::Reference(release.reference()?), told_apart: None });
    };
    let to = match release.origin {
        Origin::Verified => Earlier::Change(release.number),
        Origin::Baseline => Earlier::Reference(image.reference.clone()),
    };
    Some(EarlierRelease { to, told_apart: Some((tag, digest)) })
}

/// The digest of what a way back from a change goes to, in short, where another image has the same tag.
fn told_apart(change: &Change, releases: &[Release]) -> Option<String> {
    let work = change.work.as_ref()?;
    let place =
        (work.workloads.first()?.workload.name.clone(), work.workloads.first()?.images.first()?.container.clone());
    let back = work.baseline_images().get(&place)?.clone();
    let (new, released) = (work.new_images(), releases.iter().filter_map(|release| release.running().remove(&place)));
    let mistaken = new.get(&place).cloned().into_iter().chain(released).any(|other| is_mistaken_for(&back, &other));
    back.reference.digest().filter(|_| mistaken).map(Digest::short)
}

/// Whether two images have the same tag, and are known to be others.
fn is_mistaken_for(one: &Image, other: &Image) -> bool {
    let tag = |image: &Image| image.reference.tag().map(str::to_owned);
    let differ = match (one.reference.digest(), other.reference.digest()) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    differ && tag(one).is_some() && tag(one) == tag(other)
}
