//! What runs in one target, and whether it is well.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use state::catalogue::{Catalogue, Unanswered};
use state::change::release::{Origin, Release};
use state::names::TargetName;

use super::change::{Story, crashing, images, owner_line};
use super::{DOT, doing, lock_end, lock_reason, sight, unreadable};
use crate::card::{Card, CardState, LineStyle, Text, TimeStyle};
use crate::command::Command;
use crate::facts::{ChangeFacts, Rollout, Serving, Stands, TargetStatus};
use crate::press::Press;
use crate::refusal::Doing;
use crate::sight::Sightless;
use crate::words::{Arg, Words, say, say_first};

/// One target.
pub fn target(words: &Words, facts: &TargetStatus, catalogue: &Catalogue, now: DateTime<Utc>) -> Card {
    let name = &facts.target.name;
    let mut card = Card::new(state(facts, now), first_line(words, facts, now));
    for one in &facts.unreadable {
        card.line(LineStyle::Failed, unreadable::line(words, one));
    }
    missing(words, facts, &mut card);
    running(words, facts, now, &mut card);
    card.plain(release(words, facts));
    open(words, facts, catalogue, now, &mut card);
    question(words, facts, &mut card);
    for lock in &facts.locks {
        let since = Arg::Time(lock.since, TimeStyle::Full);
        let (end, reason) = (lock_end(words, lock), lock_reason(words, lock));
        let text = say!(words, "status-locked", by = &lock.by, since = since, end = end, reason = reason);
        card.line(LineStyle::Locked, text);
    }
    last(words, facts, &mut card);
    let on_duty = catalogue.on_call.as_ref().map(|person| say!(words, "status-on-duty", person = person));
    let (runbook, dashboard) = (facts.target.runbook.as_deref(), facts.target.dashboard.as_deref());
    let owner = owner_line(words, &facts.target.owners, runbook, dashboard, Text::default());
    card.plain(Text::joined(DOT, [on_duty.unwrap_or_default(), owner]));
    as_of(words, facts, now, &mut card);
    card.button(say!(words, "button-history", target = name), Press::History(name.clone()));
    card
}

/// A restart that is longer ago than this says nothing about now.
const RECENTLY: TimeDelta = TimeDelta::minutes(5);

/// How it is with a target, in a word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Missing,
    Blocked,
    Waits,
    Unwell,
    Unread,
    Moving,
    Rolling,
    NoPods,
    Healthy,
}

pub(super) fn health(facts: &TargetStatus, now: DateTime<Utc>) -> Health {
    if facts.age.is_none() {
        return Health::Unread;
    }
    if facts.fresh() && facts.serving.iter().any(Option::is_none) {
        return Health::Missing;
    }
    let (ready, desired) = pods(facts);
    let stopped = serving(facts).any(|one| one.paused);
    let stuck = serving(facts).any(|one| matches!(one.rollout, Rollout::Stuck { .. }));
    let unwell = facts.fresh() && (ready < desired || stopped || stuck || crashing_pods(facts, now) > 0);
    if !facts.unreadable.is_empty() {
        return if unwell { Health::Unwell } else { Health::Blocked };
    }
    if facts.open.is_some() {
        return Health::Moving;
    }
    if facts.question.is_some() {
        return Health::Waits;
    }
    if !facts.fresh() {
        return Health::Unread;
    }
    if unwell {
        return Health::Unwell;
    }
    if desired == 0 {
        return Health::NoPods;
    }
    if unfinished(facts).is_some() { Health::Rolling } else { Health::Healthy }
}

fn state(facts: &TargetStatus, now: DateTime<Utc>) -> CardState {
    match health(facts, now) {
        Health::Missing | Health::Blocked | Health::Waits | Health::Unwell => CardState::Sick,
        Health::Unread | Health::NoPods => CardState::Unsure,
        Health::Moving if facts.standstill.is_some() => CardState::Unsure,
        Health::Moving | Health::Rolling => CardState::Working,
        Health::Healthy => CardState::Healthy,
    }
}

pub(super) fn serving(facts: &TargetStatus) -> impl Iterator<Item = &Serving> {
    facts.serving.iter().flatten()
}

pub(super) fn pods(facts: &TargetStatus) -> (u32, u32) {
    (serving(facts).map(Serving::of_wanted).sum(), serving(facts).map(|one| one.desired).sum())
}

/// How many pods of the templates that stand there are ready, where a rollout of them is not finished.
pub(super) fn unfinished(facts: &TargetStatus) -> Option<u32> {
    // One that is paused is told as that.
    serving(facts).any(|one| !one.paused && one.rollout.unfinished().is_some()).then(|| {
        // A finished one has as many as are wanted of it.
        serving(facts).map(|one| one.rollout.unfinished().unwrap_or(one.desired)).sum()
    })
}

/// How many pods go on crashing, as far as that is known now.
pub(super) fn crashing_pods(facts: &TargetStatus, now: DateTime<Utc>) -> usize {
    serving(facts).filter(|_| facts.fresh()).map(|one| one.crashing(now).count()).sum()
}

fn first_line(words: &Words, facts: &TargetStatus, now: DateTime<Utc>) -> Text {
    let target = &facts.target.name;
    let (ready, of) = pods(facts);
    let paused = serving(facts).any(|one| one.paused);
    let restarted: usize = serving(facts).map(|one| one.restarted_since(now - RECENTLY)).sum();
    let (crashing, new) = (crashing_pods(facts, now), unfinished(facts));
    match health(facts, now) {
        Health::Missing => say_first!(words, "status-missing", target = target, workload = missing_name(facts)),
        Health::Blocked if !facts.fresh() => say_first!(words, "status-blocked-unread", target = target),
        Health::Blocked => say_first!(words, "status-blocked", target = target, ready = ready, of = of),
        Health::Waits if !facts.fresh() => say_first!(words, "status-waits-unread", target = target),
        Health::Waits if crashing > 0 => {
            say_first!(words, "status-waits-crashing", target = target, ready = ready, of = of, crashing = crashing)
        }
        Health::Waits => say_first!(words, "status-waits", target = target, ready = ready, of = of),
        Health::Unwell if paused => say_first!(words, "status-paused", target = target, ready = ready, of = of),
        Health::Unwell if crashing > 0 => {
            say_first!(words, "status-crashing", target = target, ready = ready, of = of, crashing = crashing)
        }
        Health::Unwell if ready == of && new.is_some() => {
            say_first!(words, "status-stuck", target = target, ready = ready, of = of, new = new.unwrap_or_default())
        }
        Health::Unwell => say_first!(words, "status-unwell", target = target, ready = ready, of = of),
        Health::Unread => match facts.age {
            Some(age) => say_first!(words, "status-old", target = target, age = Arg::About(age)),
            None => match facts.sightless {
                Some(Sightless::NotYet) => say_first!(words, "status-first-look", target = target),
                Some(Sightless::Forbidden(_)) => say_first!(words, "status-forbidden", target = target),
                _ => say_first!(words, "status-never-read", target = target),
            },
        },
        Health::Moving => match &facts.open {
            Some(change) => {
                told(change, facts, &Catalogue::default(), DateTime::UNIX_EPOCH, super::change::progress_line, words)
            }
            None => Text::default(),
        },
        Health::Rolling => {
            say_first!(words, "status-rolling", target = target, ready = ready, of = of, new = new.unwrap_or_default())
        }
        Health::NoPods => say_first!(words, "status-no-pods", target = target),
        Health::Healthy if restarted > 0 => {
            say_first!(words, "status-healthy-restless", target = target, ready = ready, of = of, restarted = restarted)
        }
        Health::Healthy => say_first!(words, "status-healthy", target = target, ready = ready, of = of),
    }
}

pub(super) fn missing_name(facts: &TargetStatus) -> Arg {
    let place = facts.serving.iter().position(Option::is_none).unwrap_or_default();
    facts.target.workloads.get(place).map_or_else(|| Arg::from("?"), |workload| Arg::from(&workload.name))
}

fn missing(words: &Words, facts: &TargetStatus, card: &mut Card) {
    for (workload, _) in facts.target.workloads.iter().zip(&facts.serving).filter(|(_, seen)| seen.is_none()) {
        if !facts.fresh() {
            return;
        }
        let cluster = Arg::Name(facts.target.cluster.to_string());
        let namespace = Arg::Name(facts.target.namespace.to_string());
        let text =
            say!(words, "status-missing-why", workload = &workload.name, cluster = cluster, namespace = namespace);
        card.plain(text);
    }
}

fn running(words: &Words, facts: &TargetStatus, now: DateTime<Utc>, card: &mut Card) {
    // Before all of it was seen once, pods that nobody could list would be told as pods that are not there.
    if facts.age.is_none() {
        return;
    }
    let several = facts.target.workloads.len() > 1;
    for (one, wanted) in serving(facts).zip(facts.wanted.iter().map(Some).chain(std::iter::repeat(None))) {
        let what = images(words, one);
        let what = if several { say!(words, "running-of", workload = &one.workload, what = what) } else { what };
        let paused = if one.paused { say!(words, "rollout-paused") } else { Text::default() };
        let scaled = one.autoscaler.map(|(min, max)| {
            let (workload, desired) = (&one.workload, one.desired);
            say!(words, "status-autoscaled", workload = workload, desired = desired, min = min, max = max)
        });
        let running = say!(words, "status-running", what = what);
        card.plain(Text::joined(DOT, [running, crashing(words, one, now), paused, scaled.unwrap_or_default()]));
        let runs_it = |wanted: &String| one.images.iter().any(|(image, _)| image == wanted);
        if let Some(wanted) = wanted.filter(|wanted| !runs_it(wanted)) {
            card.plain(say!(words, "status-wanted", image = Arg::image(wanted)));
        }
        if let Some(new) = one.rollout.unfinished().filter(|_| facts.fresh() && facts.open.is_none() && !one.paused) {
            let stuck = Arg::Choice(if matches!(one.rollout, Rollout::Stuck { .. }) { "stuck" } else { "moves" });
            let (workload, of) = (&one.workload, one.desired);
            card.plain(say!(words, "status-unfinished", workload = workload, new = new, of = of, how = stuck));
        }
    }
}

fn release(words: &Words, facts: &TargetStatus) -> Text {
    match &facts.release {
        Some(release) => release_line(words, release, "status-release", "status-baseline"),
        None if facts.age.is_none() || facts.open.is_some() || facts.question.is_some() => Text::default(),
        // What is not there was shipped by nobody.
        None if facts.serving.iter().any(Option::is_none) => Text::default(),
        None => match &facts.stands {
            Stands::Left(number) => {
                let TargetName { service, environment } = facts.target.name.clone();
                let back = Command::Rollback { service, environment, to: None, template: false, plan: false };
                say!(words, "status-left", number = *number, command = &back)
            }
            Stands::Foreign { since, by } => {
                let name = Arg::Outside(by.name.clone());
                match by.at {
                    Some(at) => {
                        let at = Arg::Time(at, TimeStyle::Clock);
                        say!(words, "status-foreign-at", number = *since, by = name, at = at)
                    }
                    None => say!(words, "status-foreign", number = *since, by = name),
                }
            }
            Stands::NotOurs => say!(words, "status-no-release"),
            Stands::Unknown => Text::default(),
        },
    }
}

/// Where a release comes from.
pub(crate) fn release_line(words: &Words, release: &Release, verified: &str, baseline: &str) -> Text {
    let name = Arg::Name(release.name());
    match release.origin {
        Origin::Verified => {
            let at = Arg::Time(release.at, TimeStyle::Day);
            say!(words, verified, name = name, number = release.number, at = at)
        }
        Origin::Baseline => say!(words, baseline, name = name, number = release.number),
    }
}

fn told<T>(
    change: &state::change::Change,
    status: &TargetStatus,
    catalogue: &Catalogue,
    now: DateTime<Utc>,
    tell: impl FnOnce(&Story<'_>) -> T,
    words: &Words,
) -> T {
    let progress = &status.progress;
    let facts = ChangeFacts {
        change,
        progress,
        catalogue,
        now,
        usual: None,
        serving: &[],
        standstill: status.standstill.as_ref(),
        question: None,
        reopened: None,
        locked: None,
        earlier: None,
        returns_to_digest: None,
    };
    tell(&Story::of(words, &facts))
}

fn open(words: &Words, facts: &TargetStatus, catalogue: &Catalogue, now: DateTime<Utc>, card: &mut Card) {
    let Some(change) = &facts.open else { return };
    let number = change.head.number;
    let asked = told(change, facts, catalogue, now, |story| story.asked_by(), words);
    let does = doing(words, Doing::of(change));
    card.line(LineStyle::Doing, say!(words, "status-open", number = number, doing = does, asked = asked));
    let target = &facts.target;
    for line in
        facts.standstill.iter().flat_map(|why| sight::standstill(words, why, &target.cluster, &target.namespace))
    {
        card.plain(line);
    }
    card.button(say!(words, "button-show", number = number), Press::Show(number));
}

fn question(words: &Words, facts: &TargetStatus, card: &mut Card) {
    let Some(question) = &facts.question else { return };
    let until = Arg::Time(question.until, TimeStyle::Clock);
    card.plain(match question.then {
        Unanswered::Rollback => say!(words, "status-question-rollback", number = question.number, until = until),
        Unanswered::Hold => say!(words, "status-question-hold", number = question.number, until = until),
    });
    if let Some(questioned) = &facts.questioned
        && let Some(old) = questioned.returns_to()
    {
        let label = say!(words, "button-rollback", old = super::change::short(Arg::image(&old)));
        super::change::way_back_button(card, label, questioned);
    }
    let locked = facts.locks.iter().any(|lock| lock.changes().contains(&question.number));
    let leave = super::change::stop_command(&facts.target.name);
    card.button_typed(super::change::leave_label(words, locked), Press::Leave(question.change), &leave);
}

fn last(words: &Words, facts: &TargetStatus, card: &mut Card) {
    let Some(last) = &facts.last else { return };
    let Some(ended) = last.ended() else { return };
    let told_already = facts.release.as_ref().is_some_and(|release| release.number == last.head.number);
    if told_already && facts.open.is_none() {
        return;
    }
    let outcome = super::history::outcome(words, ended.outcome.word());
    let at = Arg::Time(ended.at, TimeStyle::Full);
    card.plain(say!(words, "status-last", number = last.head.number, outcome = outcome, at = at));
}

fn as_of(words: &Words, facts: &TargetStatus, now: DateTime<Utc>, card: &mut Card) {
    let cluster = sight::name(&facts.target.cluster);
    let read = facts.age.map(|age| Arg::Time(now - TimeDelta::from_std(age).unwrap_or_default(), TimeStyle::Seconds));
    match (&facts.sightless, read) {
        (None, Some(at)) => card.plain(say!(words, "status-live", at = at)),
        (Some(_), Some(at)) => card.plain(say!(words, "status-stale", at = at, cluster = cluster)),
        (Some(Sightless::NotYet), None) => card.plain(say!(words, "status-starting", cluster = cluster)),
        (Some(Sightless::Unanswered) | None, None) => card.plain(say!(words, "status-unread", cluster = cluster)),
        // What is missing says it all.
        (Some(Sightless::Forbidden(_)), None) => card,
    };
    let why = facts.sightless.as_ref().and_then(|why| sight::missing(words, &facts.target.cluster, why));
    for line in why.into_iter().flatten() {
        card.plain(line);
    }
}

/// For how long a change has been under way.
pub(crate) fn elapsed(since: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - since).to_std().unwrap_or_default()
}
