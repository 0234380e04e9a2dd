//! Refusals because of what stands in the way: locks, other changes, nothing to go back to.

use std::collections::BTreeSet;

use state::catalogue::Grantee;
use state::lock::{Lock, Reason, Scope};
use state::names::{PersonName, TargetName};

use crate::card::{Card, Text, TimeStyle};
use crate::cards::{
    alone, another_deploy, doing, grantees, list_or, lock_end, lock_reason, reference_name, show_command,
    status_command, stop_command,
};
use crate::command::{ChangeCommand, Command};
use crate::press::Press;
use crate::refusal::{Doing, MayLift, Refusal};
use crate::words::{Arg, Words, say};

/// Who may do something, with whom the roles stand for now.
#[derive(Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) allowed: &'a BTreeSet<Grantee>,
    pub(super) on_call: Option<&'a PersonName>,
    pub(super) owners: &'a [PersonName],
}

/// A lock refuses it.
pub(super) fn locked(
    words: &Words,
    card: &mut Card,
    target: &TargetName,
    lock: &Lock,
    who: Who<'_>,
    reader: MayLift,
    asked: &Command,
) {
    card.plain(say!(words, "refusal-why", reason = lock_reason(words, lock)));
    let since = Arg::Time(lock.since, TimeStyle::Full);
    card.plain(say!(words, "refusal-lock-since", since = since, by = &lock.by, end = lock_end(words, lock)));
    let mut people = vec![alone(words, (&lock.by).into())];
    people.extend(grantees(words, who.allowed, who.on_call, who.owners));
    card.plain(say!(words, "refusal-who-can-lift", people = list_or(words, people)));
    card.plain(lock_next(words, lock, who, reader, asked));
    if reader == MayLift::Yes && matches!(lock.scope, Scope::Target(_)) {
        card.button(say!(words, "button-unlock", target = target), Press::Unlock(target.clone()));
    }
    if let Some(last) = lock.changes().last() {
        card.button(say!(words, "button-show", number = *last), Press::Show(*last));
    }
}

/// What to do about a lock depends on why it is there.
fn lock_next(words: &Words, lock: &Lock, who: Who<'_>, reader: MayLift, asked: &Command) -> Text {
    let wanted = match asked {
        Command::Deploy { reference, .. } => reference_name(reference),
        _ => format!("/{}", asked.name()),
    };
    let (for_you, for_others, command) = match &lock.reason {
        Reason::Said(_) => ("refusal-locked-wait-you", "refusal-locked-wait-ask", Arg::from(asked)),
        Reason::Withdrawn { image, .. } if *image == wanted => (
            "refusal-locked-same-you",
            "refusal-locked-same-ask",
            asked.target().map_or_else(|| Arg::from(asked), |target| another_deploy(&target)),
        ),
        Reason::Withdrawn { .. } => ("refusal-locked-fix-you", "refusal-locked-fix-ask", Arg::from(asked)),
    };
    let unlock = Command::Unlock { scope: lock.scope.clone() };
    let on_call = who.on_call.filter(|_| who.allowed.contains(&Grantee::OnCall));
    let person = on_call.unwrap_or(&lock.by);
    let wanted = Arg::Name(wanted);
    match reader {
        MayLift::Yes => say!(words, for_you, wanted = wanted, unlock = &unlock, command = command),
        MayLift::No => {
            say!(words, for_others, wanted = wanted, person = person, unlock = &unlock, command = command)
        }
    }
}

/// Another change is in the way, or nothing is there that could be stopped.
pub(super) fn under_way(words: &Words, refusal: &Refusal, card: &mut Card) {
    match refusal {
        Refusal::Busy { target, change, number, by, since, doing: now } => {
            let since = Arg::Time(*since, TimeStyle::Clock);
            if *now == Doing::Parked {
                card.plain(say!(words, "refusal-busy-parked", by = by, number = *number, since = since));
                let release = Command::Change(ChangeCommand::Release { number: *number });
                let show = show_command(*number);
                card.plain(say!(words, "refusal-busy-next-parked", show = show, command = &release));
            } else {
                let now = doing(words, *now);
                card.plain(say!(words, "refusal-busy-who", by = by, number = *number, since = since, doing = now));
                card.plain(say!(words, "refusal-busy-next", command = stop_command(target)));
                card.button(say!(words, "button-stop", number = *number), Press::Stop(*change));
            }
            card.button(say!(words, "button-show", number = *number), Press::Show(*number));
        }
        Refusal::NothingToStop { target, last } => {
            if let Some(last) = last {
                card.plain(say!(words, "refusal-last-change", number = *last));
                card.button(say!(words, "button-show", number = *last), Press::Show(*last));
            }
            card.plain(say!(words, "refusal-press-too-late-next", command = status_command(target)));
        }
        Refusal::TooLateToStop { number, doing: Doing::Parked, .. } => {
            let release = Command::Change(ChangeCommand::Release { number: *number });
            let show = show_command(*number);
            card.plain(say!(words, "refusal-busy-next-parked", show = show, command = &release));
            card.button(say!(words, "button-show", number = *number), Press::Show(*number));
        }
        Refusal::TooLateToStop { target, number, .. } => {
            card.plain(say!(words, "refusal-too-late-to-stop-why", target = target));
            card.plain(say!(words, "refusal-wait"));
            card.button(say!(words, "button-show", number = *number), Press::Show(*number));
        }
        _ => {}
    }
}
