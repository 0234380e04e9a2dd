//! `/status`, `/now`, `/history` and `/show`: what is known, from the store and the watches alone.

use chrono::TimeDelta;
use state::catalogue::{Action, Target};
use state::change::Change;
use state::lock::Scope;
use state::names::{ChangeNumber, EnvironmentName, ServiceName, TargetName};
use state::records::{HistoryLine, RecordFault, Unreadable};
use state::rollout::judge::Progress;

use super::{Answered, Asking, Dispatch, Stop, shown};
use crate::card::{Card, LineStyle};
use crate::cards;
use crate::command::value::Period;
use crate::facts::{ChangeFacts, HistoryFacts, NowFacts, TargetStatus, Unread};
use crate::gate::{Gate, gate};
use crate::refusal::Refusal;
use crate::sight::Sightless;

/// So many lines of history are shown at once.
const HISTORY_LINES: usize = 20;

/// So many lines are read to find the last change.
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
        let mut card = match all.as_slice() {
            [one] if service.is_some() => cards::status::target(asking.words, one, &asking.catalogue, now),
            _ => cards::overview::card(asking.words, &all, now),
        };
        if let Some(unwritable) = self.engine.unwritable(now).await {
            card.line(LineStyle::Failed, cards::unwritable::line(asking.words, &unwritable));
        }
        Ok(shown(card))
    }

    pub(super) async fn now(&self, asking: &Asking<'_>) -> Answered {
        let records = &self.engine.records;
        let unwritable = self.engine.unwritable(asking.now.wall).await;
        let mut facts = NowFacts { unwritable, ..NowFacts::default() };
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
                Ok(Some(stored)) => {
                    let standstill = self.engine.standstill(&stored.change);
                    facts.open.push((stored.change, standstill));
                }
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
            if let Some(why) = &status.sightless {
                unseen(&mut facts.unread, &status, why);
            }
            if let Some(question) = &status.question {
                facts.questions.push((status.target.name.clone(), question.clone()));
            }
            if status.open.is_none() && status.broken(asking.now.wall) {
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
            lines.extend(self.engine.records.journal(&scope, since, 2 * HISTORY_LINES).await?);
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.line.at));
        let before = lines.split_off(lines.len().min(HISTORY_LINES));
        let facts = HistoryFacts { of, since, lines, before };
        Ok(shown(cards::history::card(asking.words, &facts)))
    }

    pub(super) async fn show(&self, asking: &Asking<'_>, number: ChangeNumber) -> Answered {
        let Some(id) = self.engine.records.by_number(number).await? else {
            return Err(Refusal::UnknownChange { number, newest: self.newest().await? }.into());
        };
        let change = match self.engine.records.change(id).await {
            Err(RecordFault::Unreadable(unreadable)) if self.held_by(id).await?.is_none() => {
                return self.show_by_journal(asking, number, &unreadable).await;
            }
            _ => self.stored(asking, id).await?.change,
        };
        asking.pass(Action::View, &Scope::Target(change.target.name.clone()), Some(&change.target))?;
        let progress = self.progress(id);
        let card = self.with_facts(asking, &change, &progress, |facts| cards::show::card(asking.words, facts)).await;
        // Whoever looks at a change doesn't wait for it.
        Ok(shown(card))
    }

    /// A change that can't be read and holds nothing up: what is still known of it stands in the journal, for those who may
    /// look at its target.
    async fn show_by_journal(&self, asking: &Asking<'_>, number: ChangeNumber, unreadable: &Unreadable) -> Answered {
        let reference = self.logged(&unreadable.fault);
        for scope in self.engine.records.journal_scopes().await? {
            let Scope::Target(target) = &scope else { continue };
            if !asking.may_view(&scope) {
                continue;
            }
            let mut lines = self.engine.records.journal(&scope, None, usize::MAX).await?;
            lines.retain(|line| line.line.change == Some(number));
            if !lines.is_empty() {
                let facts = HistoryFacts { of: Some(target.clone()), since: None, lines, before: Vec::new() };
                return Ok(shown(cards::unreadable::by_journal(asking.words, number, &facts, &reference)));
            }
        }
        Err(Refusal::UnreadableOther { reference }.into())
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

    pub(super) fn progress(&self, id: state::names::ChangeId) -> Vec<Progress> {
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
}

/// What can't be seen for the same reason is told as one.
fn unseen(unread: &mut Vec<Unread>, status: &TargetStatus, why: &Sightless) {
    let cluster = &status.target.cluster;
    match unread.iter_mut().find(|one| one.cluster == *cluster && one.why == *why) {
        Some(known) => {
            known.places += 1;
            known.age = known.age.max(status.age);
        }
        None => unread.push(Unread { cluster: cluster.clone(), why: why.clone(), places: 1, age: status.age }),
    }
}
