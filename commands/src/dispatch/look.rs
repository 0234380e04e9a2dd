//! `/status`, `/now`, `/history` and `/show`: what is known, from the store and the watches alone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use state::catalogue::{Action, Target};
use state::change::Change;
use state::change::outcome::{NotReturned, Outcome, Question};
use state::change::release::{Origin, Release, RunningImages, with_running_digest};
use state::image::{self, Image, Reference};
use state::journal::JournalWhat;
use state::lock::Scope;
use state::names::{ChangeNumber, EnvironmentName, ServiceName, TargetName};
use state::records::HistoryLine;
use state::rollout::judge::Progress;
use state::rollout::seen::{BLIND_AFTER, Observed, WorkloadView};

use super::{Answered, Asking, Dispatch, Stop, shown};
use crate::card::Card;
use crate::cards;
use crate::command::value::Period;
use crate::facts::{ChangeFacts, HistoryFacts, NowFacts, Serving, TargetStatus};
use crate::gate::{Gate, gate};
use crate::refusal::Refusal;

/// So many lines of history are shown at once.
const HISTORY_LINES: usize = 20;

/// So many releases are offered where the one before is gone: what each is has to be taken in at a glance.
const EARLIER_AT_MOST: usize = 3;

/// So many lines are read to find usual durations and the last change.
const RECENT_LINES: usize = 60;

impl Dispatch {
    pub(super) async fn status(
        &self,
        asking: &Asking<'_>,
        service: Option<&ServiceName>,
        environment: Option<&EnvironmentName>,
    ) -> Answered {
        let targets = self.targets(asking, service, environment)?;
        let mut all = Vec::new();
        for target in targets {
            all.push(self.target_status(asking, target).await?);
        }
        let now = asking.now.wall;
        Ok(shown(match all.as_slice() {
            [one] if service.is_some() => cards::status::target(asking.words, one, &asking.catalogue, now),
            _ => cards::status::overview(asking.words, &all, now),
        }))
    }

    pub(super) async fn now(&self, asking: &Asking<'_>) -> Answered {
        let records = &self.engine.records;
        let mut facts = NowFacts::default();
        for claim in records.open().await? {
            let claim = match claim {
                Ok(claim) => claim,
                Err(fault) => {
                    facts.unreadable.extend(self.seen_unreadable(asking, fault).await?);
                    continue;
                }
            };
            let scope = Scope::Target(claim.target.clone());
            let stored = records.change(claim.change).await;
            let begun = stored.as_ref().ok().and_then(|stored| Some(&stored.as_ref()?.change.target));
            if asking.pass(Action::View, &scope, begun).is_err() {
                continue;
            }
            match stored {
                Ok(Some(stored)) => facts.open.push((stored.change, self.progress(claim.change))),
                Ok(None) => facts.unreadable.push(self.gone(&claim)),
                Err(fault) => facts.unreadable.extend(self.seen_unreadable(asking, fault).await?),
            }
        }
        for question in records.questions().await? {
            if let Err(fault) = question {
                facts.unreadable.extend(self.seen_unreadable(asking, fault).await?);
            }
        }
        for target in self.targets(asking, None, None)? {
            let status = self.target_status(asking, target).await?;
            if !status.fresh() {
                let unread = facts.unread.entry(status.target.cluster.clone()).or_default();
                unread.places += 1;
                unread.age = unread.age.max(status.age);
            }
            if let Some(question) = &status.question {
                facts.questions.push((status.target.name.clone(), question.clone()));
            }
            if status.open.is_none() && status.broken() {
                facts.broken.push(status);
            }
        }
        for lock in records.locks().await? {
            match lock {
                Ok(lock) if lock.in_force(asking.now.wall) && asking.may_view(&lock.scope) => facts.locks.push(lock),
                Ok(_) => {}
                Err(fault) => facts.unreadable.extend(self.seen_unreadable(asking, fault).await?),
            }
        }
        Ok(shown(cards::now::card(asking.words, &facts, asking.speaker, &asking.catalogue, asking.now.wall)))
    }

    pub(super) async fn history(
        &self,
        asking: &Asking<'_>,
        service: Option<&ServiceName>,
        environment: Option<&EnvironmentName>,
        since: Option<Period>,
    ) -> Answered {
        let since = since.and_then(|since| TimeDelta::from_std(since.duration()).ok()).map(|ago| asking.now.wall - ago);
        let mut lines: Vec<HistoryLine> = Vec::new();
        let mut of = None;
        let targets = self.targets(asking, service, environment)?;
        if let ([only], Some(_)) = (targets.as_slice(), service) {
            of = Some(only.name.clone());
        }
        let mut scopes: Vec<Scope> = targets.into_iter().map(|target| Scope::Target(target.name)).collect();
        if service.is_none() {
            let wide = self.engine.records.journal_scopes().await?;
            scopes.extend(wide.into_iter().filter(|scope| match scope {
                Scope::All => environment.is_none(),
                Scope::Environment(name) => environment.is_none_or(|wanted| wanted == name),
                Scope::Target(_) => false,
            }));
            scopes.retain(|scope| asking.may_view(scope));
        }
        for scope in scopes {
            lines.extend(self.engine.records.journal(&scope, since, HISTORY_LINES + 1).await?);
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.line.at));
        let more = lines.len() > HISTORY_LINES;
        lines.truncate(HISTORY_LINES);
        let facts = HistoryFacts { of, since, lines, more };
        Ok(shown(cards::history::card(asking.words, &facts)))
    }

    pub(super) async fn show(&self, asking: &Asking<'_>, number: ChangeNumber) -> Answered {
        let Some(id) = self.engine.records.by_number(number).await? else {
            return Err(Refusal::UnknownChange { number, newest: self.newest().await? }.into());
        };
        let change = self.stored(asking, id).await?.change;
        asking.pass(Action::View, &Scope::Target(change.target.name.clone()), Some(&change.target))?;
        let progress = self.progress(id);
        let card = self.with_facts(asking, &change, &progress, |facts| cards::show::card(asking.words, facts)).await;
        // Whoever looks at a change doesn't wait for it.
        Ok(shown(card))
    }

    /// The card of a change as it stands: under way, parked, or with its outcome.
    pub(super) async fn change_card(&self, asking: &Asking<'_>, change: &Change, progress: &[Progress]) -> Card {
        self.with_facts(asking, change, progress, |facts| cards::change::card(asking.words, facts)).await
    }

    pub(super) async fn progress_card(&self, asking: &Asking<'_>, change: &Change, progress: &[Progress]) -> Card {
        self.change_card(asking, change, progress).await
    }

    pub(super) async fn with_facts(
        &self,
        asking: &Asking<'_>,
        change: &Change,
        progress: &[Progress],
        card: impl FnOnce(&ChangeFacts<'_>) -> Card,
    ) -> Card {
        let gathered = self.engine.gathered(change).await;
        card(&gathered.facts(change, progress, &asking.catalogue, asking.now.wall))
    }

    fn progress(&self, id: state::names::ChangeId) -> Vec<Progress> {
        self.engine.board.seen(id).map(|seen| seen.progress.clone()).unwrap_or_default()
    }

    /// The targets that the speaker may look at, narrowed down.
    fn targets(
        &self,
        asking: &Asking<'_>,
        service: Option<&ServiceName>,
        environment: Option<&EnvironmentName>,
    ) -> Result<Vec<Target>, Stop> {
        let names: Vec<TargetName> = asking
            .catalogue
            .targets()
            .filter(|name| service.is_none_or(|wanted| *wanted == name.service))
            .filter(|name| environment.is_none_or(|wanted| *wanted == name.environment))
            .collect();
        let mut targets = Vec::new();
        let mut denied = None;
        for name in names {
            let scope = Scope::Target(name.clone());
            match gate(&asking.catalogue, asking.speaker, Action::View, &scope, None, asking.now.wall) {
                Gate::Allowed => targets.extend(asking.catalogue.target(&name)),
                Gate::Denied(refusal) => denied = Some(refusal),
            }
        }
        match denied {
            Some(refusal) if targets.is_empty() => Err(Stop::Refused(refusal)),
            _ => Ok(targets),
        }
    }

    /// What can't be read is told, and hides nothing else.
    async fn target_status(&self, asking: &Asking<'_>, target: Target) -> Result<TargetStatus, Stop> {
        let records = &self.engine.records;
        let observed = self.engine.cluster.observe(&target);
        let mut unreadable = Vec::new();
        let mut open = None;
        match records.holder(&target.name).await {
            Ok(Some(holder)) => match records.change(holder.change).await {
                Ok(Some(stored)) => open = Some(stored.change),
                Ok(None) => unreadable.push(self.gone(&holder)),
                Err(fault) => unreadable.extend(self.seen_unreadable(asking, fault).await?),
            },
            Ok(None) => {}
            Err(fault) => unreadable.extend(self.seen_unreadable(asking, fault).await?),
        }
        let progress = open.as_ref().map(|change| self.progress(change.head.id)).unwrap_or_default();
        let running = running(&target, &observed);
        let releases = records.releases(&target.name).await?;
        // What was verified once stays so, also where a later change found it there before its own write.
        let mut known = releases.iter().rev().filter(|release| release.runs(&running));
        let release =
            known.clone().find(|release| release.origin == Origin::Verified).or_else(|| known.next()).cloned();
        let last = self.last_stored(&target.name).await?;
        let marked = |change: &Change| {
            let mut markers = observed.workloads.iter().filter_map(|view| view.workload.as_ref()?.our_marker());
            change.ended().is_some() && markers.any(|marker| marker.change == change.head.id)
        };
        let left = last.as_ref().is_some_and(marked);
        let question = match records.question(&target.name).await {
            Ok(question) => question.map(|(question, _)| question),
            Err(fault) => {
                unreadable.extend(self.seen_unreadable(asking, fault).await?);
                None
            }
        };
        let mut locks = Vec::new();
        for laid in records.locks_over(&target.name).await? {
            match laid.lock {
                Ok(lock) => locks.push(lock),
                Err(fault) => unreadable.extend(self.told_of(asking, &fault).await?),
            }
        }
        let wanted = wanted(&target, &observed.workloads);
        let serving = target.workloads.iter().zip(&observed.workloads).map(|(workload, view)| {
            view.workload.as_ref()?;
            let container = workload.containers.first().map(|source| &source.container);
            Some(Serving::of(&workload.name, container, view))
        });
        let (serving, age) = (serving.collect(), observed.age);
        Ok(TargetStatus {
            age,
            serving,
            wanted,
            release,
            open,
            progress,
            locks,
            question,
            last,
            left,
            unreadable,
            target,
        })
    }

    /// The last change of a target, where it can be read.
    pub(super) async fn last_stored(&self, target: &TargetName) -> Result<Option<Change>, Stop> {
        let records = &self.engine.records;
        let Some(number) = self.last_change(target).await? else { return Ok(None) };
        let Some(id) = records.by_number(number).await.ok().flatten() else { return Ok(None) };
        Ok(records.change(id).await.ok().flatten().map(|stored| stored.change))
    }

    /// The newest change of a target that the journal knows.
    pub(super) async fn last_change(&self, target: &TargetName) -> Result<Option<ChangeNumber>, Stop> {
        let lines = self.engine.records.journal(&Scope::Target(target.clone()), None, RECENT_LINES).await?;
        Ok(lines.into_iter().filter_map(|line| line.line.change).max())
    }

    /// The newest number that was given out.
    pub(super) async fn newest(&self) -> Result<Option<ChangeNumber>, Stop> {
        Ok(self.engine.records.newest_number().await?)
    }

    /// Keeps what completion offers. A failure leaves the old offers, which are as good as before.
    pub(super) async fn refresh_recent(&self) {
        if let Ok(recent) = self.gather_recent().await {
            *self.recent.write().unwrap_or_else(std::sync::PoisonError::into_inner) = std::sync::Arc::new(recent);
        }
    }

    async fn gather_recent(&self) -> Result<crate::command::complete::Recent, Stop> {
        let mut recent = crate::command::complete::Recent::default();
        let catalogue = crate::invocation::Desk::catalogue(self);
        for name in catalogue.targets() {
            let lines = self.engine.records.journal(&Scope::Target(name.clone()), None, HISTORY_LINES).await?;
            let references = recent.references.entry(name.clone()).or_default();
            for line in lines {
                if let JournalWhat::AskedDeploy { reference } = &line.line.what
                    && !references.contains(reference)
                {
                    references.push(reference.clone());
                }
                if let Some(number) = line.line.change
                    && !recent.changes.iter().any(|(known, _)| *known == number)
                {
                    recent.changes.push((number, name.clone()));
                }
            }
        }
        recent.changes.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        recent.locks = self.engine.records.locks().await?.into_iter().flatten().map(|lock| lock.scope).collect();
        recent.parked = self
            .engine
            .board
            .all()
            .iter()
            .filter(|seen| seen.change.head.parked.is_some())
            .map(|seen| (seen.change.head.number, seen.change.target.name.clone()))
            .collect();
        Ok(recent)
    }
}

fn wanted(target: &Target, views: &[WorkloadView]) -> Vec<String> {
    let name = |(workload, view): (&state::catalogue::Workload, &WorkloadView)| {
        let source = workload.containers.first()?;
        Some(image::name_of(view.workload.as_ref()?.template.image_of(&source.container)?))
    };
    target.workloads.iter().zip(views).filter_map(name).collect()
}

fn running(target: &Target, observed: &Observed) -> RunningImages {
    let mut running = RunningImages::new();
    for (workload, view) in target.workloads.iter().zip(&observed.workloads) {
        for source in &workload.containers {
            let text = view.workload.as_ref().and_then(|seen| seen.template.image_of(&source.container));
            if let Some(image) = text.and_then(|text| text.parse::<Image>().ok()) {
                let image = with_running_digest(image, None);
                running.insert((workload.name.clone(), source.container.clone()), image);
            }
        }
    }
    running
}

impl TargetStatus {
    /// Whether the knowledge is fresh enough to speak of now.
    pub fn fresh(&self) -> bool {
        self.age.is_some_and(|age| age < BLIND_AFTER)
    }

    /// Whether somebody should look: a question waits; or, as far as that is known now, there are fewer ready pods than
    /// wanted, a workload is missing, or a rollout is stopped.
    pub fn broken(&self) -> bool {
        let fresh = self.fresh();
        self.question.is_some()
            || fresh
                && self.serving.iter().any(|one| one.as_ref().is_none_or(|one| one.ready() < one.desired || one.paused))
    }
}

/// What a card of a change needs beyond its record.
pub(crate) struct Gathered {
    usual: Option<Duration>,
    serving: Vec<Serving>,
    question: Option<Question>,
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
        let question = self.question.as_ref();
        let (usual, serving, locked) = (self.usual, self.serving.as_slice(), self.locked);
        let earlier = self.earlier.as_deref();
        ChangeFacts { change, progress, catalogue, now, usual, serving, question, locked, earlier }
    }
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
        let question = self.records.question(&target.name).await.ok().flatten().map(|(question, _)| question);
        let question = question.filter(|question| question.change == change.head.id);
        let locks = self.records.locks_over(&target.name).await.unwrap_or_default().into_iter();
        let locked = locks.filter_map(|laid| laid.lock.ok()).any(|lock| lock.changes().contains(&change.head.number));
        Gathered {
            usual: self.usual(change).await,
            serving,
            question,
            locked,
            earlier: self.earlier_than(change).await,
        }
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
