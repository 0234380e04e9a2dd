//! What runs in many targets, a line each.

use chrono::{DateTime, TimeDelta, Utc};
use state::names::TargetName;
use state::rollout::seen::BLIND_AFTER;

use super::status::{Health, crashing_pods, health, missing_name, pods, serving, unfinished};
use super::{DOT, doing, sight, unreadable};
use crate::card::{Card, CardState, LineStyle, Text, TimeStyle};
use crate::command::Command;
use crate::facts::{TargetStatus, Unreadable};
use crate::refusal::Doing;
use crate::sight::{Sightless, Standstill};
use crate::words::{Arg, Words, say, say_first};

/// So many rows are shown at most; what is healthy gives way first.
const ROWS_AT_MOST: usize = 30;

/// Many targets: what needs a look first.
pub fn card(words: &Words, all: &[TargetStatus], now: DateTime<Utc>) -> Card {
    // What moves is told by its change, but only where its cluster can be read.
    let down = |one: &TargetStatus| matches!(pods(one), (0, wanted) if wanted > 0);
    let stopped = |one: &TargetStatus| !one.fresh() || one.standstill.is_some() || down(one);
    let needs_a_look = |one: &&TargetStatus| health(one, now) < Health::Moving || stopped(one);
    let bad = all.iter().filter(needs_a_look).count();
    let moving = all.iter().filter(|one| matches!(health(one, now), Health::Moving | Health::Rolling)).count();
    let Some(first) = all.first() else {
        let mut card = Card::new(CardState::Plain, say_first!(words, "overview-nothing"));
        card.plain(say!(words, "overview-nothing-next"));
        return card;
    };
    let mut card = match bad {
        0 if moving > 0 => {
            Card::new(CardState::Working, say_first!(words, "overview-moving", moving = moving, count = all.len()))
        }
        0 => Card::new(CardState::Healthy, say_first!(words, "overview-all-healthy", count = all.len())),
        bad => Card::new(CardState::Sick, say_first!(words, "overview-some", bad = bad, count = all.len())),
    };
    let mut sorted: Vec<&TargetStatus> = all.iter().collect();
    sorted.sort_by_key(|one| (health(one, now), one.locks.is_empty()));
    let shown = sorted.len().min(ROWS_AT_MOST);
    for one in &sorted[..shown] {
        card.line(row_style(one, now), row(words, one, now));
    }
    // A lock that can't be read may cover several.
    let mut told: Vec<&Unreadable> = Vec::new();
    for one in all.iter().flat_map(|one| &one.unreadable) {
        if !told.contains(&one) {
            card.line(LineStyle::Failed, unreadable::line(words, one));
            told.push(one);
        }
    }
    let mut rights: Vec<[Text; 2]> = Vec::new();
    for one in all {
        let why = one.sightless.as_ref().and_then(|why| sight::missing(words, &one.target.cluster, why));
        if let Some(why) = why.filter(|why| !rights.contains(why)) {
            rights.push(why);
        }
    }
    // How they are granted is the same for all.
    let grants = rights.last().map(|[_, grant]| grant.clone());
    for text in rights.into_iter().map(|[right, _]| right).chain(grants) {
        card.plain(text);
    }
    if sorted.len() > shown {
        card.plain(say!(words, "overview-more", count = sorted.len() - shown));
    }
    let oldest = all.iter().filter_map(|one| one.age).max().filter(|age| *age < BLIND_AFTER);
    let live = oldest.map(|age| {
        let at = now - TimeDelta::from_std(age).unwrap_or(TimeDelta::zero());
        say!(words, "status-live", at = Arg::Time(at, TimeStyle::Seconds))
    });
    let TargetName { service, environment } = sorted.first().map_or(&first.target.name, |one| &one.target.name).clone();
    let look = Command::Status { service: Some(service), environment: Some(environment) };
    card.plain(Text::joined(DOT, [live.unwrap_or_default(), say!(words, "overview-next", command = &look)]));
    card
}

fn row_style(facts: &TargetStatus, now: DateTime<Utc>) -> LineStyle {
    match health(facts, now) {
        Health::Missing | Health::Blocked | Health::Waits | Health::Unwell => LineStyle::Failed,
        Health::Unread | Health::NoPods => LineStyle::Later,
        Health::Moving | Health::Rolling => LineStyle::Doing,
        Health::Healthy if facts.locks.is_empty() => LineStyle::Done,
        Health::Healthy => LineStyle::Locked,
    }
}

/// A target in one line.
pub(crate) fn row(words: &Words, facts: &TargetStatus, now: DateTime<Utc>) -> Text {
    let target = &facts.target.name;
    let (ready, of) = pods(facts);
    let begin = match health(facts, now) {
        Health::Missing => say!(words, "overview-row-missing", target = target, workload = missing_name(facts)),
        _ if !facts.fresh() => match facts.sightless {
            Some(Sightless::NotYet) => say!(words, "status-first-look", target = target),
            Some(Sightless::Forbidden(_)) => say!(words, "status-forbidden", target = target),
            _ => say!(words, "overview-row-unread", target = target),
        },
        _ => say!(words, "overview-row", target = target, ready = ready, of = of),
    };
    let mut names: Vec<&str> =
        serving(facts).flat_map(|one| one.images.iter().map(|(name, _)| name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let images = super::list_and(words, names.into_iter().map(Arg::image));
    let open = facts.open.as_ref().map(|change| {
        say!(words, "overview-doing", number = change.head.number, doing = doing(words, Doing::of(change)))
    });
    let waits = facts.question.as_ref().map(|question| say!(words, "overview-waits", number = question.number));
    let images = if facts.fresh() { images } else { Text::default() };
    let by_somebody = matches!(facts.standstill, Some(Standstill::Paused { .. }));
    let paused = facts.fresh() && (by_somebody || facts.open.is_none() && serving(facts).any(|one| one.paused));
    let paused = if paused { say!(words, "overview-paused") } else { Text::default() };
    let crashing = crashing_pods(facts, now);
    let crashing = (crashing > 0).then(|| say!(words, "overview-crashing", crashing = crashing));
    let rolling = unfinished(facts).filter(|_| facts.fresh() && facts.open.is_none() && !by_somebody);
    let rolling = rolling.map(|new| say!(words, "overview-unfinished", new = new));
    let lock = facts.locks.first().map(|lock| say!(words, "overview-locked", by = &lock.by));
    let blocked = (!facts.unreadable.is_empty()).then(|| say!(words, "overview-blocked"));
    let parts = [crashing, rolling, open, waits, Some(paused), lock, blocked].map(Option::unwrap_or_default);
    Text::joined(DOT, [begin, images].into_iter().chain(parts))
}
