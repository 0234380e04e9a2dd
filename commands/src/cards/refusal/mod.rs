//! Refusals as cards: "Nothing was changed", then rule, since when and by whom, who can lift it, what to type.

mod first_line;
mod obstacles;
mod typing;

use state::catalogue::Grantee;
use state::names::TargetName;

use super::{
    doing, grantees, list_and, list_or, lock_end, lock_reason, show_command, status_command, stop_command, unreadable,
};
use crate::card::{Card, CardState, TimeStyle};
use crate::command::Command;
use crate::press::Press;
use crate::refusal::{KnownAs, Refusal};
use crate::words::{Arg, Words, say, say_first};

/// A refusal, as its asker sees it.
pub fn card(words: &Words, refusal: &Refusal) -> Card {
    let mut card = Card::new(CardState::Refused, first_line::of(words, refusal));
    match refusal {
        Refusal::NothingTyped
        | Refusal::UnknownCommand { .. }
        | Refusal::MissingArgument { .. }
        | Refusal::BadArgument { .. }
        | Refusal::UnknownOption { .. }
        | Refusal::TooMuch { .. }
        | Refusal::GivenTwice { .. } => typing::explain(words, refusal, &mut card),
        Refusal::UnknownService { .. }
        | Refusal::UnknownEnvironment { .. }
        | Refusal::NotThere { .. }
        | Refusal::UnknownChange { .. }
        | Refusal::ForgottenChange => names(words, refusal, &mut card),
        Refusal::UnknownPerson { .. } | Refusal::Left { .. } | Refusal::MayNotSpeakFor { .. } => {
            speakers(words, refusal, &mut card);
        }
        Refusal::NotAllowed { .. } | Refusal::CouldNotCheck { .. } | Refusal::WatchOnly { .. } => {
            rights(words, refusal, &mut card);
        }
        Refusal::Locked { target, lock, allowed, reader, on_call, owners, asked } => {
            let who = obstacles::Who { allowed, on_call: on_call.as_ref(), owners };
            obstacles::locked(words, &mut card, target, lock, who, *reader, asked);
        }
        Refusal::Busy { .. } | Refusal::NothingToStop { .. } | Refusal::TooLateToStop { .. } => {
            obstacles::under_way(words, refusal, &mut card);
        }
        Refusal::NotLocked { .. }
        | Refusal::LockHeld { .. }
        | Refusal::NotParked { .. }
        | Refusal::PressTooLate { .. }
        | Refusal::Unreadable(_)
        | Refusal::UnreadableOther { .. }
        | Refusal::StoreUnavailable { .. } => others(words, refusal, &mut card),
    }
    card
}

/// Nobody knows whether it was done: the store failed in the middle of it.
pub fn unsure(words: &Words, reference: &str, target: Option<&TargetName>) -> Card {
    let mut card = Card::new(CardState::Unsure, say_first!(words, "unsure"));
    card.plain(say!(words, "unsure-why", reference = reference));
    let look = match target {
        Some(target) => status_command(target),
        None => Arg::from(&Command::Now),
    };
    card.plain(say!(words, "unsure-next", command = look));
    card
}

fn names(words: &Words, refusal: &Refusal, card: &mut Card) {
    match refusal {
        Refusal::UnknownService { nearest, instead, .. } => {
            if let Some(nearest) = nearest {
                card.plain(say!(words, "refusal-did-you-mean-name", name = nearest));
            }
            match instead {
                Some(instead) => card.plain(say!(words, "refusal-type", command = instead)),
                None => {
                    let all = Command::Status { service: None, environment: None };
                    card.plain(say!(words, "refusal-services", command = &all))
                }
            };
        }
        Refusal::UnknownEnvironment { nearest, known, instead, .. } => {
            match nearest {
                Some(nearest) => card.plain(say!(words, "refusal-did-you-mean-name", name = nearest)),
                None => card.plain(say!(words, "refusal-environments", known = list_and(words, known))),
            };
            if let Some(instead) = instead {
                card.plain(say!(words, "refusal-type", command = instead));
            }
        }
        Refusal::NotThere { target, runs_in } => {
            card.plain(match runs_in.len() {
                0 => say!(words, "refusal-runs-nowhere"),
                _ => say!(words, "refusal-runs-in", known = list_and(words, runs_in)),
            });
            let status = Command::Status { service: Some(target.service.clone()), environment: None };
            card.plain(say!(words, "refusal-type", command = &status));
        }
        Refusal::UnknownChange { newest, .. } => {
            let history = Command::History { service: None, environment: None, since: None };
            card.plain(match newest {
                Some(newest) => say!(words, "refusal-newest-change", number = *newest, command = &history),
                None => say!(words, "refusal-no-change-yet"),
            });
        }
        Refusal::ForgottenChange => {
            let history = Command::History { service: None, environment: None, since: None };
            card.plain(say!(words, "refusal-forgotten-change-next", command = &history));
        }
        _ => {}
    }
}

fn speakers(words: &Words, refusal: &Refusal, card: &mut Card) {
    match refusal {
        Refusal::UnknownPerson { known_as: KnownAs::Unix(user) } => {
            card.plain(say!(words, "refusal-unknown-unix", user = Arg::Outside(user.clone())));
            card.plain(say!(words, "refusal-unknown-unix-next", user = Arg::Outside(user.clone())));
        }
        Refusal::UnknownPerson { known_as: KnownAs::Name(name) } => {
            card.plain(say!(words, "refusal-unknown-name", name = Arg::Outside(name.clone())));
            card.plain(say!(words, "refusal-unknown-name-next"));
        }
        Refusal::Left { person, on } => {
            card.plain(say!(words, "refusal-left-why", person = person, day = words.date(*on)));
            card.plain(say!(words, "refusal-left-next"));
        }
        Refusal::MayNotSpeakFor { .. } => {
            card.plain(say!(words, "refusal-may-not-speak-for-why"));
        }
        _ => {}
    }
}

fn rights(words: &Words, refusal: &Refusal, card: &mut Card) {
    match refusal {
        Refusal::NotAllowed { allowed, on_call, owners, asked, .. } => {
            let mut people = grantees(words, allowed, on_call.as_ref(), owners);
            if people.is_empty() {
                people.push(say!(words, "grantee-nobody"));
            }
            card.plain(say!(words, "refusal-who-may", people = list_or(words, people)));
            let on_call = on_call.as_ref().filter(|_| allowed.contains(&Grantee::OnCall));
            card.plain(match (asked, on_call) {
                (Some(asked), Some(person)) => {
                    say!(words, "refusal-ask-on-call", person = person, command = asked)
                }
                (Some(asked), None) if !allowed.is_empty() => say!(words, "refusal-ask-one", command = asked),
                _ => say!(words, "refusal-ask-admin"),
            });
        }
        Refusal::CouldNotCheck { reference } => {
            card.plain(say!(words, "refusal-could-not-check-why", reference = reference.as_str()));
            card.plain(say!(words, "refusal-try-again"));
        }
        Refusal::WatchOnly { environment } => {
            card.plain(say!(words, "refusal-watch-only-why"));
            let look = Command::Status { service: None, environment: Some(environment.clone()) };
            card.plain(say!(words, "refusal-watch-only-next", command = &look));
        }
        _ => {}
    }
}

fn others(words: &Words, refusal: &Refusal, card: &mut Card) {
    match refusal {
        Refusal::NotLocked { near, .. } => {
            card.plain(match near.len() {
                0 => say!(words, "nothing-more"),
                _ => say!(words, "refusal-locked-near", scopes = list_and(words, near)),
            });
        }
        Refusal::LockHeld { lock } => {
            card.plain(say!(words, "refusal-why", reason = lock_reason(words, lock)));
            let since = Arg::Time(lock.since, TimeStyle::Full);
            card.plain(say!(words, "refusal-lock-since", since = since, by = &lock.by, end = lock_end(words, lock)));
            card.plain(say!(words, "nothing-more"));
        }
        Refusal::NotParked { number, target, doing: Some(now) } => {
            let now = doing(words, *now);
            card.plain(say!(words, "refusal-not-parked-doing", doing = now, command = stop_command(target)));
            card.button(say!(words, "button-show", number = *number), Press::Show(*number));
        }
        Refusal::NotParked { number, doing: None, .. } => {
            card.plain(say!(words, "refusal-not-parked-ended", command = show_command(*number)));
        }
        Refusal::PressTooLate { number, target } => {
            card.plain(say!(words, "refusal-press-too-late-why", target = target, number = *number));
            card.plain(say!(words, "refusal-press-too-late-next", command = status_command(target)));
            card.button(say!(words, "button-status", target = target), Press::Status(target.clone()));
        }
        Refusal::Unreadable(unreadable) => {
            card.plain(unreadable::what(words, unreadable));
            card.plain(unreadable::next(words, unreadable));
            card.plain(say!(words, "unreadable-log", reference = unreadable.reference.as_str()));
        }
        Refusal::UnreadableOther { reference } => {
            card.plain(say!(words, "unreadable-log", reference = reference.as_str()));
            card.plain(say!(words, "unreadable-next-other"));
        }
        Refusal::StoreUnavailable { reference } => {
            card.plain(say!(words, "refusal-store-why", reference = reference.as_str()));
            card.plain(say!(words, "refusal-store-next"));
        }
        _ => {}
    }
}
