//! What a card of a change needs beyond its record: what serves now, what is asked, how long such a change takes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use state::change::outcome::{NotReturned, Outcome, Question};
use state::change::release::{Origin, Release};
use state::change::{Change, Phase};
use state::image::Reference;
use state::journal::JournalWhat;
use state::lock::{Lock, Scope};
use state::rollout::judge::Progress;

use crate::facts::{ChangeFacts, Reopened, Serving};
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
    question: Option<Question>,
    reopened: Option<Reopened>,
    locked: bool,
    earlier: Option<Vec<Reference>>,
}

impl Gathered {
    pub(crate) fn facts<'a>(
        &'a self,
        change: &'a Change,
        progress: &'a [Progress],
        catalogue: &'a state::catalogue::Catalogue,
        now: DateTime<Utc>,
    ) -> ChangeFacts<'a> {
        let (question, reopened) = (self.question.as_ref(), self.reopened.as_ref());
        let (usual, serving, locked) = (self.usual, self.serving.as_slice(), self.locked);
        let (standstill, earlier) = (self.standstill.as_ref(), self.earlier.as_deref());
        ChangeFacts {
            change,
            progress,
            catalogue,
            now,
            usual,
            serving,
            standstill,
            question,
            reopened,
            locked,
            earlier,
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
        let is_locked = |number| locks.iter().any(|lock| lock.changes().contains(&number));
        let mut reopened = None;
        if let Some(question) = open.clone().filter(|question| is_reopened(change, question)) {
            let earlier = self.records.change(question.change).await.ok().flatten();
            let returns_to = earlier.and_then(|earlier| earlier.change.returns_to());
            reopened = Some(Reopened { locked: is_locked(question.number), question, returns_to });
        }
        Gathered {
            usual: self.usual(change).await,
            serving,
            standstill: self.standstill(change),
            question: open.filter(|question| question.change == change.head.id),
            reopened,
            locked: is_locked(change.head.number),
            earlier: self.earlier_than(change).await,
        }
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

    /// What else could be gone back to, where the registry no longer has what ran before.
    async fn earlier_than(&self, change: &Change) -> Option<Vec<Reference>> {
        let not_returned = Some(NotReturned::ImageGone);
        let gone = change
            .ended()
            .filter(|ended| matches!(&ended.outcome, Outcome::Left { not_returned: why, .. } if *why == not_returned));
        let gone = gone.and(change.work.as_ref())?.baseline_images();
        let target = &change.target.name;
        let mut releases = self.records.releases(target).await.ok()?;
        let withdrawn = self.records.withdrawn(target).await.ok()?;
        releases.retain(|release| {
            release.covers(&gone) && !release.runs(&gone) && !withdrawn.iter().any(|one| release.runs(&one.running()))
        });
        releases.sort_by_key(|release| std::cmp::Reverse((release.origin == Origin::Verified, release.at)));
        let mut earlier: Vec<Reference> = Vec::new();
        for reference in releases.iter().filter_map(Release::reference) {
            if earlier.len() < EARLIER_AT_MOST && !earlier.contains(&reference) {
                earlier.push(reference);
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
