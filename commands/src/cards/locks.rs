//! Locks: laid, lifted, and all of them.

use state::lock::{Lock, Scope};
use state::names::ChangeNumber;
use state::records::RecordName;

use super::{list_and, lock_end, lock_reason, unreadable};
use crate::card::{Card, CardState, LineStyle, TimeStyle};
use crate::command::Command;
use crate::facts::Unreadable;
use crate::words::{Arg, Words, say, say_first};

/// What happened when a person laid a lock.
#[derive(Debug, Clone, PartialEq)]
pub struct LockLaid {
    /// The lock.
    pub lock: Lock,
    /// The lock of the same scope whose place it takes.
    pub replaces: Option<Lock>,
    /// Changes under way that it covers, and doesn't stop.
    pub under_way: Vec<ChangeNumber>,
    /// Changes that it covers and that have written nothing yet: it refuses them before they do.
    pub refused: Vec<ChangeNumber>,
}

/// What happened when a person lifted a lock.
#[derive(Debug, Clone, PartialEq)]
pub struct Unlocked {
    /// What was unlocked.
    pub scope: Scope,
    /// The locks that were lifted.
    pub lifted: Vec<Lock>,
    /// Locks that were lifted though they could not be read.
    pub unreadable: Vec<RecordName>,
    /// Locks that still cover it: of the same scope, which the speaker may not lift, and wider ones.
    pub still: Vec<Lock>,
}

/// All locks, and those that can't be read.
pub fn all(words: &Words, locks: &[Lock], unreadable: &[Unreadable]) -> Card {
    let first = match locks.len() + unreadable.len() {
        0 => say_first!(words, "locks-none"),
        count => say_first!(words, "locks-count", count = count),
    };
    let mut card = Card::new(CardState::Locked, first);
    for lock in locks {
        card.line(LineStyle::Item, row(words, lock));
    }
    for one in unreadable {
        card.line(LineStyle::Failed, unreadable::line(words, one));
    }
    if let Some(lock) = locks.first() {
        let command = Command::Unlock { scope: lock.scope.clone() };
        card.plain(say!(words, "locks-next", command = &command));
    } else if unreadable.is_empty() {
        card.state = CardState::Plain;
        card.plain(say!(words, "nothing-more"));
    }
    card
}

/// A lock in one line.
pub(crate) fn row(words: &Words, lock: &Lock) -> crate::card::Text {
    say!(
        words,
        "lock-row",
        scope = &lock.scope,
        reason = lock_reason(words, lock),
        by = &lock.by,
        since = Arg::Time(lock.since, TimeStyle::Full),
        end = lock_end(words, lock),
    )
}

/// A lock was laid.
pub fn laid(words: &Words, facts: &LockLaid) -> Card {
    let lock = &facts.lock;
    let first = match &lock.scope {
        Scope::All => say_first!(words, "lock-laid-all"),
        scope => say_first!(words, "lock-laid", scope = scope),
    };
    let mut card = Card::new(CardState::Locked, first);
    card.plain(say!(words, "lock-laid-why", reason = lock_reason(words, lock)));
    card.plain(match lock.until {
        Some(until) => say!(words, "lock-laid-end", by = &lock.by, until = Arg::Time(until, TimeStyle::Full)),
        None => say!(words, "lock-laid-no-end", by = &lock.by),
    });
    if let Some(old) = &facts.replaces {
        let since = Arg::Time(old.since, TimeStyle::Full);
        let reason = lock_reason(words, old);
        card.plain(say!(words, "lock-laid-replaces", by = &old.by, since = since, reason = reason));
    }
    if !facts.under_way.is_empty() {
        let changes = list_and(words, facts.under_way.iter().copied());
        card.plain(say!(words, "lock-laid-under-way", changes = changes));
    }
    if !facts.refused.is_empty() {
        let changes = list_and(words, facts.refused.iter().copied());
        card.plain(say!(words, "lock-laid-refused", changes = changes));
    }
    let command = Command::Unlock { scope: lock.scope.clone() };
    card.plain(say!(words, "lock-laid-next", command = &command));
    card
}

/// A lock was lifted.
pub fn lifted(words: &Words, facts: &Unlocked) -> Card {
    let first = match &facts.scope {
        scope if !facts.still.is_empty() => say_first!(words, "unlocked-in-part", scope = scope),
        Scope::All => say_first!(words, "unlocked-all"),
        scope => say_first!(words, "unlocked", scope = scope),
    };
    let mut card = Card::new(CardState::Good, first);
    for lock in &facts.lifted {
        let since = Arg::Time(lock.since, TimeStyle::Full);
        card.plain(say!(words, "unlocked-was", by = &lock.by, since = since, reason = lock_reason(words, lock)));
    }
    if !facts.unreadable.is_empty() {
        let records = list_and(words, facts.unreadable.iter().map(|record| Arg::Name(record.to_string())));
        card.plain(say!(words, "unlocked-unreadable", records = records));
    }
    for lock in &facts.still {
        card.line(LineStyle::Locked, say!(words, "unlocked-still", lock = row(words, lock)));
    }
    card.plain(say!(words, "unlocked-next"));
    card
}
