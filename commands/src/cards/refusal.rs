//! Refusals as cards: "Nothing was changed", then rule, since when and by whom, who can lift it, what to type.

use std::collections::BTreeSet;

use state::catalogue::{Action, Grantee};
use state::lock::{Lock, Reason, Scope};
use state::names::{PersonName, TargetName};

use super::{alone, doing, grantees, help, list_and, list_or, lock_end, lock_reason, show_command};
use crate::card::{Card, CardState, Text, TimeStyle};
use crate::command::table::{Kind, Row, Table};
use crate::command::value::Earlier;
use crate::command::{ChangeCommand, Command};
use crate::press::Press;
use crate::refusal::{Doing, KnownAs, MayLift, Refusal};
use crate::words::{Arg, Words, say, say_first};

/// A refusal, as its asker sees it.
pub fn card(words: &Words, refusal: &Refusal) -> Card {
    let first = first_line(words, refusal);
    let mut card = Card::new(CardState::Refused, first);
    match refusal {
        Refusal::NothingTyped
        | Refusal::UnknownCommand { .. }
        | Refusal::MissingArgument { .. }
        | Refusal::BadArgument { .. }
        | Refusal::UnknownOption { .. }
        | Refusal::TooMuch { .. }
        | Refusal::GivenTwice { .. } => typing(words, refusal, &mut card),
        Refusal::UnknownService { .. }
        | Refusal::UnknownEnvironment { .. }
        | Refusal::NotThere { .. }
        | Refusal::UnknownChange { .. } => names(words, refusal, &mut card),
        Refusal::UnknownPerson { .. } | Refusal::Left { .. } | Refusal::MayNotSpeakFor { .. } => {
            speakers(words, refusal, &mut card);
        }
        Refusal::NotAllowed { .. } | Refusal::CouldNotCheck { .. } | Refusal::WatchOnly { .. } => {
            rights(words, refusal, &mut card);
        }
        Refusal::Locked { target, lock, allowed, reader, on_call, owners, asked } => {
            let who = Who { allowed, on_call: on_call.as_ref(), owners };
            locked(words, &mut card, target, lock, who, *reader, asked);
        }
        Refusal::Busy { .. } | Refusal::NothingToStop { .. } | Refusal::TooLateToStop { .. } => {
            under_way(words, refusal, &mut card);
        }
        Refusal::NothingToGoBackTo { .. } | Refusal::UnknownRelease { .. } => going_back(words, refusal, &mut card),
        Refusal::NotLocked { .. }
        | Refusal::LockHeld { .. }
        | Refusal::NotParked { .. }
        | Refusal::PressTooLate { .. }
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

fn first_line(words: &Words, refusal: &Refusal) -> Text {
    let slash = |command: &str| format!("/{command}");
    let outside = |text: &str| Arg::Outside(text.to_owned());
    match refusal {
        Refusal::NothingTyped => say_first!(words, "refusal-nothing-typed"),
        Refusal::UnknownCommand { typed, .. } => {
            say_first!(words, "refusal-unknown-command", typed = outside(&format!("/{typed}")))
        }
        Refusal::MissingArgument { command, argument } => {
            let known = Table::get().row(command).and_then(|row| row.argument(argument));
            let has_word = known.is_some_and(|argument| argument.has_word());
            let argument = argument_name(command, argument);
            if has_word {
                return say_first!(words, "refusal-missing-value", argument = argument);
            }
            say_first!(words, "refusal-missing-argument", command = slash(command), argument = argument)
        }
        Refusal::BadArgument { command, argument, value } => {
            let kind = Arg::Choice(kind_word(command, argument));
            say_first!(words, "refusal-bad-value", value = outside(value), kind = kind)
        }
        Refusal::UnknownOption { command, typed, .. } => {
            say_first!(
                words,
                "refusal-unknown-option",
                command = slash(command),
                typed = outside(&format!("--{typed}"))
            )
        }
        Refusal::TooMuch { command, extra } => {
            say_first!(words, "refusal-too-much", command = slash(command), extra = outside(extra))
        }
        Refusal::GivenTwice { command, argument } => {
            say_first!(words, "refusal-given-twice", argument = argument_name(command, argument))
        }
        Refusal::UnknownService { typed, .. } => say_first!(words, "refusal-unknown-service", typed = typed),
        Refusal::UnknownEnvironment { typed, .. } => say_first!(words, "refusal-unknown-environment", typed = typed),
        Refusal::NotThere { target, .. } => {
            say_first!(words, "refusal-not-there", service = &target.service, env = &target.environment)
        }
        Refusal::UnknownChange { number, .. } => say_first!(words, "refusal-unknown-change", number = *number),
        Refusal::UnknownPerson { .. } => say_first!(words, "refusal-unknown-person"),
        Refusal::Left { person, .. } => say_first!(words, "refusal-left", person = person),
        Refusal::MayNotSpeakFor { person } => say_first!(words, "refusal-may-not-speak-for", person = person),
        Refusal::NotAllowed { action, scope, .. } => {
            say_first!(words, "refusal-not-allowed", action = Arg::Choice(action_word(*action)), scope = scope)
        }
        Refusal::CouldNotCheck { .. } => say_first!(words, "refusal-could-not-check"),
        Refusal::WatchOnly { environment } => say_first!(words, "refusal-watch-only", env = environment),
        Refusal::Locked { target, lock, .. } => match &lock.scope {
            Scope::Target(_) => say_first!(words, "refusal-locked", target = target),
            scope => say_first!(words, "refusal-locked-widely", scope = scope),
        },
        Refusal::Busy { target, number, .. } => {
            say_first!(words, "refusal-busy", target = target, number = *number)
        }
        Refusal::NothingToStop { target, .. } => say_first!(words, "refusal-nothing-to-stop", target = target),
        Refusal::TooLateToStop { number, doing: now, .. } => {
            say_first!(words, "refusal-too-late-to-stop", number = *number, doing = doing(words, *now))
        }
        Refusal::NothingToGoBackTo { .. } => say_first!(words, "refusal-nothing-to-go-back-to"),
        Refusal::UnknownRelease { target, named, .. } => {
            let named = Arg::Name(named.to_string());
            say_first!(words, "refusal-unknown-release", named = named, target = target)
        }
        Refusal::NotLocked { scope, .. } => say_first!(words, "refusal-not-locked", scope = scope),
        Refusal::LockHeld { lock } => say_first!(words, "refusal-lock-held", scope = &lock.scope),
        Refusal::NotParked { number, .. } => say_first!(words, "refusal-not-parked", number = *number),
        Refusal::PressTooLate { .. } => say_first!(words, "refusal-press-too-late"),
        Refusal::StoreUnavailable { .. } => say_first!(words, "refusal-store"),
    }
}

fn typing(words: &Words, refusal: &Refusal, card: &mut Card) {
    let table = Table::get();
    match refusal {
        Refusal::UnknownCommand { nearest: Some(nearest), .. } => {
            card.plain(say!(words, "refusal-did-you-mean", command = Arg::Command(format!("/{nearest}"))));
            if let Some(row) = table.row(nearest) {
                usage(words, row, card);
            }
        }
        Refusal::MissingArgument { command, argument } => {
            let Some(row) = table.row(command) else { return };
            if let Some(missing) = row.argument(argument) {
                let help = help::description(words, row, Some(missing));
                card.plain(say!(words, "refusal-argument", argument = missing.name(), help = help));
            }
            usage(words, row, card);
        }
        Refusal::BadArgument { command, argument, .. } => {
            let kind = kind_word(command, argument);
            card.plain(say!(words, "refusal-bad-value-rule", kind = Arg::Choice(kind)));
            let Some(row) = table.row(command) else { return };
            if kind == "period" && row.arguments.iter().any(|argument| argument.kind == Kind::Reason) {
                card.plain(say!(words, "refusal-quote-reason"));
            }
            usage(words, row, card);
        }
        Refusal::UnknownOption { command, nearest, .. } => {
            if let Some(nearest) = nearest {
                card.plain(say!(words, "refusal-did-you-mean-option", option = Arg::Command(nearest.clone())));
            }
            table.row(command).into_iter().for_each(|row| usage(words, row, card));
        }
        Refusal::TooMuch { command, .. } | Refusal::GivenTwice { command, .. } => {
            table.row(command).into_iter().for_each(|row| usage(words, row, card));
        }
        _ => {
            card.plain(say!(words, "refusal-all-commands", command = &Command::Help { command: None }));
        }
    }
}

fn usage(words: &Words, row: &Row, card: &mut Card) {
    card.plain(say!(words, "refusal-usage", usage = Arg::Command(row.usage())));
    card.plain(say!(words, "refusal-example", example = Arg::Command(help::example(words, row))));
}

fn argument_name(command: &str, argument: &str) -> String {
    let known = Table::get().row(command).and_then(|row| row.argument(argument));
    known.map_or_else(|| argument.to_owned(), |argument| argument.name())
}

fn kind_word(command: &str, argument: &str) -> &'static str {
    match Table::get().row(command).and_then(|row| row.argument(argument)).map(|argument| argument.kind) {
        Some(Kind::Service) => "service",
        Some(Kind::Environment) => "environment",
        Some(Kind::Reference) => "reference",
        Some(Kind::Earlier) => "earlier",
        Some(Kind::Number) => "number",
        Some(Kind::Scope) => "scope",
        Some(Kind::Reason) => "reason",
        Some(Kind::Period) => "period",
        Some(Kind::Switch | Kind::Person | Kind::Command | Kind::Other) | None => "other",
    }
}

fn action_word(action: Action) -> &'static str {
    match action {
        Action::View => "view",
        Action::Deploy => "deploy",
        Action::Rollback => "rollback",
        Action::Stop => "stop",
        Action::Lock => "lock",
        Action::Unlock => "unlock",
        Action::Release => "release",
    }
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

/// Who may do something, with whom the roles stand for now.
#[derive(Clone, Copy)]
struct Who<'a> {
    allowed: &'a BTreeSet<Grantee>,
    on_call: Option<&'a PersonName>,
    owners: &'a [PersonName],
}

fn locked(
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
        Command::Deploy { reference, .. } => super::reference_name(reference),
        _ => format!("/{}", asked.name()),
    };
    let (for_you, for_others, command) = match &lock.reason {
        Reason::Said(_) => ("refusal-locked-wait-you", "refusal-locked-wait-ask", Arg::from(asked)),
        Reason::Withdrawn { image, .. } if *image == wanted => {
            let another = asked.target().map_or_else(String::new, |target| another_deploy(&target));
            ("refusal-locked-same-you", "refusal-locked-same-ask", Arg::Command(another))
        }
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

/// A deploy whose image the reader fills in.
fn another_deploy(target: &TargetName) -> String {
    format!("/deploy {} {} REF", target.service, target.environment)
}

fn under_way(words: &Words, refusal: &Refusal, card: &mut Card) {
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
        Refusal::TooLateToStop { target, number, .. } => {
            card.plain(say!(words, "refusal-too-late-to-stop-why", target = target));
            card.plain(say!(words, "refusal-wait"));
            card.button(say!(words, "button-show", number = *number), Press::Show(*number));
        }
        _ => {}
    }
}

fn going_back(words: &Words, refusal: &Refusal, card: &mut Card) {
    match refusal {
        Refusal::NothingToGoBackTo { target } => {
            card.plain(say!(words, "refusal-nothing-to-go-back-to-why", target = target));
            let name_it = Arg::Command(another_deploy(target));
            card.plain(say!(words, "refusal-nothing-to-go-back-to-next", command = name_it));
        }
        Refusal::UnknownRelease { target, named, known } => {
            if !known.is_empty() {
                let known = list_and(words, known.iter().map(|name| Arg::Name(name.clone())));
                card.plain(say!(words, "refusal-known-releases", known = known));
            }
            if let Earlier::Reference(reference) = named {
                let deploy = Command::Deploy {
                    service: target.service.clone(),
                    environment: target.environment.clone(),
                    reference: reference.clone(),
                    plan: false,
                };
                card.plain(say!(words, "refusal-unknown-release-next", command = &deploy));
            }
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
        Refusal::StoreUnavailable { reference } => {
            card.plain(say!(words, "refusal-store-why", reference = reference.as_str()));
            card.plain(say!(words, "refusal-store-next"));
        }
        _ => {}
    }
}

fn status_command(target: &TargetName) -> Arg {
    let (service, environment) = (Some(target.service.clone()), Some(target.environment.clone()));
    Arg::from(&Command::Status { service, environment })
}

fn stop_command(target: &TargetName) -> Arg {
    Arg::from(&Command::Stop { service: target.service.clone(), environment: target.environment.clone() })
}
