//! What matters at this moment, in eight lines: who is on duty, what is broken, what waits, what moves, what is locked.

use chrono::{DateTime, Utc};
use state::catalogue::Catalogue;
use state::change::Change;
use state::names::PersonName;

use super::{doing, list_and, lock_reason, overview, sight, status, unreadable, unwritable};
use crate::card::{Card, CardState, LineStyle, Text, TimeStyle};
use crate::command::Command;
use crate::facts::{NowFacts, Unread};
use crate::press::Press;
use crate::refusal::Doing;
use crate::sight::{Sightless, Standstill};
use crate::words::{Arg, Words, say, say_first};

/// The first line, who is on duty, and so many more.
const THINGS_AT_MOST: usize = 6;

/// The moment.
pub fn card(words: &Words, facts: &NowFacts, speaker: &PersonName, catalogue: &Catalogue, now: DateTime<Utc>) -> Card {
    let things = things(words, facts, speaker, catalogue, now);
    let mut card = Card::new(state(facts), first_line(words, facts));
    card.plain(match &catalogue.on_call {
        Some(person) if person == speaker => say!(words, "now-on-duty-you"),
        Some(person) => say!(words, "now-on-duty", person = person),
        None => say!(words, "now-on-duty-nobody"),
    });
    let all = things.len();
    let shown = if all > THINGS_AT_MOST { THINGS_AT_MOST - 1 } else { all };
    for (style, text) in things.into_iter().take(shown) {
        card.line(style, text);
    }
    if all > shown {
        let status = Command::Status { service: None, environment: None };
        let text = say!(words, "now-more", count = all - shown, status = &status, locks = &Command::Locks);
        card.plain(text);
    }
    if all == 0 {
        card.plain(say!(words, "nothing-more"));
    }
    if let Some((_, question)) = facts.questions.first() {
        card.button(say!(words, "button-show", number = question.number), Press::Show(question.number));
    } else if let Some((change, _)) = facts.open.first() {
        card.button(say!(words, "button-show", number = change.head.number), Press::Show(change.head.number));
    }
    card
}

/// What waits for an answer is told as that, and not once more as broken.
fn broken(facts: &NowFacts) -> impl Iterator<Item = &crate::facts::TargetStatus> {
    facts.broken.iter().filter(|one| one.question.is_none())
}

fn state(facts: &NowFacts) -> CardState {
    let answered = facts.questions.is_empty() && facts.unreadable.is_empty() && facts.unwritable.is_none();
    match (answered, broken(facts).next()) {
        (true, None) if !facts.unread.is_empty() => CardState::Unsure,
        (true, None) if facts.open.iter().any(|(_, standstill)| standstill.is_some()) => CardState::Unsure,
        (true, None) if facts.open.is_empty() => CardState::Healthy,
        (true, None) => CardState::Working,
        _ => CardState::Sick,
    }
}

fn first_line(words: &Words, facts: &NowFacts) -> Text {
    let (broken, moving, waiting) = (broken(facts).count(), facts.open.len(), facts.questions.len());
    let broken = broken + facts.unreadable.len();
    if broken + moving + waiting == 0 {
        return quiet(words, facts);
    }
    // What there is none of is not told.
    let counts = [("now-broken", broken), ("now-in-motion", moving), ("now-waiting", waiting)];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0).map(|(key, count)| say!(words, key, count = count));
    say_first!(words, "now-busy", counts = list_and(words, counts))
}

/// Nothing is known to be broken, to move, or to wait.
fn quiet(words: &Words, facts: &NowFacts) -> Text {
    if facts.unwritable.is_some() {
        return say_first!(words, "now-unwritable");
    }
    let Some(unread) = facts.unread.first() else { return say_first!(words, "now-quiet") };
    let cluster = sight::name(&unread.cluster);
    match unread.why {
        Sightless::NotYet => say_first!(words, "now-first-look", cluster = cluster),
        Sightless::Unanswered => say_first!(words, "now-cant-tell", cluster = cluster),
        Sightless::Forbidden(_) => say_first!(words, "now-forbidden", cluster = cluster),
    }
}

fn things(
    words: &Words,
    facts: &NowFacts,
    speaker: &PersonName,
    catalogue: &Catalogue,
    now: DateTime<Utc>,
) -> Vec<(LineStyle, Text)> {
    let mut things = Vec::new();
    if let Some(unwritable) = &facts.unwritable {
        things.push((LineStyle::Failed, unwritable::line(words, unwritable)));
    }
    for one in &facts.unreadable {
        things.push((LineStyle::Failed, unreadable::line(words, one)));
    }
    for unread in &facts.unread {
        things.push((LineStyle::Failed, unseen(words, unread, now)));
    }
    for (target, question) in &facts.questions {
        let until = Arg::Time(question.until, TimeStyle::Clock);
        let (number, person) = (question.number, &question.asked_by);
        let mine = person == speaker || catalogue.on_call.as_ref() == Some(speaker);
        let text = if mine {
            say!(words, "now-waits-you", target = target, number = number, until = until)
        } else {
            say!(words, "now-waits", target = target, number = number, until = until, person = person)
        };
        things.push((LineStyle::Failed, text));
    }
    for one in broken(facts) {
        things.push((LineStyle::Failed, overview::row(words, one, now)));
    }
    for (change, standstill) in &facts.open {
        things.push(match standstill {
            Some(why) => (LineStyle::Failed, stands_still(words, change, why)),
            None => {
                let text = say!(
                    words,
                    "now-moving",
                    target = &change.target.name,
                    number = change.head.number,
                    doing = doing(words, Doing::of(change)),
                    elapsed = status::elapsed(change.head.asked_at, now)
                );
                (LineStyle::Doing, text)
            }
        });
    }
    for lock in &facts.locks {
        let text = say!(words, "now-locked", scope = &lock.scope, by = &lock.by, reason = lock_reason(words, lock));
        things.push((LineStyle::Locked, text));
    }
    things
}

fn unseen(words: &Words, unread: &Unread, now: DateTime<Utc>) -> Text {
    let (cluster, places) = (sight::name(&unread.cluster), unread.places);
    if let Some([right, grant]) = sight::missing(words, &unread.cluster, &unread.why) {
        return say!(words, "now-not-allowed", right = right, places = places, grant = grant);
    }
    match unread.age.and_then(|age| chrono::TimeDelta::from_std(age).ok()) {
        Some(age) => {
            let since = Arg::Time(now - age, TimeStyle::Full);
            say!(words, "now-unread", cluster = cluster, since = since, places = places)
        }
        None if unread.why == Sightless::NotYet => say!(words, "status-starting", cluster = cluster),
        None => say!(words, "now-never-read", cluster = cluster, places = places),
    }
}

fn stands_still(words: &Words, change: &Change, why: &Standstill) -> Text {
    let (target, number) = (&change.target.name, change.head.number);
    let clock = |since: &DateTime<Utc>| Arg::Time(*since, TimeStyle::Clock);
    match why {
        Standstill::Paused { by: Some(by), since, .. } => {
            let (by, since) = (Arg::Outside(by.clone()), clock(since));
            say!(words, "now-paused-by", target = target, number = number, by = by, since = since)
        }
        Standstill::Paused { by: None, since, .. } => {
            say!(words, "now-paused", target = target, number = number, since = clock(since))
        }
        Standstill::Blind { since, .. } => {
            let doing = doing(words, Doing::of(change));
            say!(words, "now-blind", target = target, number = number, doing = doing, since = clock(since))
        }
    }
}
