//! Cards: typed facts turned into what a person is told, in their language. A file for each family.
//!
//! Not here: the words themselves (`commands/locales`), how a card is drawn, and whether its facts are true.

pub mod change;
pub mod console;
pub mod demo;
pub mod done_before;
pub mod help;
pub mod history;
pub mod locks;
pub mod now;
pub mod overview;
pub mod plan;
pub mod refusal;
pub mod show;
mod sight;
pub mod status;
pub mod unreadable;
pub(crate) mod unwritable;

use std::collections::BTreeSet;

use state::catalogue::Grantee;
use state::image::Reference;
use state::lock::{Lock, Reason, Withdrawal};
use state::names::{ChangeNumber, PersonName, TargetName};

use crate::card::{Text, TimeStyle};
use crate::command::Command;
use crate::refusal::Doing;
use crate::words::{Arg, Words, say};

/// Separates the facts of one line.
pub(crate) const DOT: &str = " · ";

/// Names one after the other: `a, b`.
pub(crate) fn list_and<A: Into<Arg>>(words: &Words, items: impl IntoIterator<Item = A>) -> Text {
    let mut items = items.into_iter().map(|item| alone(words, item.into()));
    let first = items.next().unwrap_or_default();
    items.fold(first, |before, last| say!(words, "list-and", before = before, last = last))
}

/// Names of which one serves: `a, b or c`.
pub(crate) fn list_or(words: &Words, items: Vec<Text>) -> Text {
    let mut items = items;
    let Some(last) = items.pop() else { return Text::default() };
    if items.is_empty() {
        return last;
    }
    say!(words, "list-or", before = list_and(words, items), last = last)
}

/// A fact as a text of its own.
pub(crate) fn alone(words: &Words, argument: Arg) -> Text {
    argument.alone(words)
}

/// Those to whom something is granted, in words.
pub(crate) fn grantees(
    words: &Words,
    allowed: &BTreeSet<Grantee>,
    on_call: Option<&PersonName>,
    owners: &[PersonName],
) -> Vec<Text> {
    let one = |grantee: &Grantee| match grantee {
        Grantee::Everyone => say!(words, "grantee-everyone"),
        Grantee::OnCall => match on_call {
            Some(person) => say!(words, "grantee-on-call", person = person),
            None => say!(words, "grantee-on-call-nobody"),
        },
        Grantee::Owner if owners.is_empty() => say!(words, "grantee-owners"),
        Grantee::Owner => say!(words, "grantee-owners-named", people = list_and(words, owners)),
        Grantee::Role(role) => say!(words, "grantee-role", role = role.to_string()),
        Grantee::Person(person) => alone(words, person.into()),
    };
    allowed.iter().map(one).collect()
}

/// Why there is a lock.
pub(crate) fn lock_reason(words: &Words, lock: &Lock) -> Text {
    match &lock.reason {
        Reason::Said(reason) => Text::outside(reason.as_str()),
        Reason::Withdrawn { image, how, changes } => {
            let changes = list_and(words, changes.iter().copied());
            let how = Arg::Choice(match how {
                Withdrawal::Failed => "failed",
                Withdrawal::RolledBack => "rolled-back",
                Withdrawal::FailedAndRolledBack => "both",
            });
            say!(words, "lock-reason-withdrawn", image = Arg::image(image), how = how, changes = changes)
        }
    }
}

/// Until when it lasts.
pub(crate) fn lock_end(words: &Words, lock: &Lock) -> Text {
    match lock.until {
        Some(until) => say!(words, "lock-end", until = Arg::Time(until, TimeStyle::Full)),
        None => say!(words, "lock-no-end"),
    }
}

/// What people call an image that was asked for: its tag, else its digest in short.
pub(crate) fn reference_name(reference: &Reference) -> String {
    match (reference.tag(), reference.digest()) {
        (Some(tag), _) => tag.to_owned(),
        (None, Some(digest)) => digest.short(),
        (None, None) => String::new(),
    }
}

/// What a change does now.
pub(crate) fn doing(words: &Words, doing: Doing) -> Text {
    let key = match doing {
        Doing::Preparing => "doing-preparing",
        Doing::Applying => "doing-applying",
        Doing::Rolling => "doing-rolling",
        Doing::Stabilizing => "doing-stabilizing",
        Doing::Holding => "doing-holding",
        Doing::Returning => "doing-returning",
        Doing::Parked => "doing-parked",
    };
    say!(words, key)
}

/// The command that shows a change.
fn show_command(number: ChangeNumber) -> Arg {
    Arg::from(&Command::Show { number })
}

/// The command that shows what runs.
fn status_command(target: &TargetName) -> Arg {
    let TargetName { service, environment } = target.clone();
    Arg::from(&Command::Status { service: Some(service), environment: Some(environment) })
}

/// The command that stops the change of a target.
fn stop_command(target: &TargetName) -> Arg {
    let TargetName { service, environment } = target.clone();
    Arg::from(&Command::Stop { service, environment })
}

/// A deploy whose image the reader fills in.
fn another_deploy(target: &TargetName) -> Arg {
    Arg::Command(format!("/deploy {} {} REF", target.service, target.environment))
}

/// A rollback whose aim the reader fills in.
fn another_rollback(target: &TargetName) -> Arg {
    Arg::Command(format!("/rollback {} {} to REF", target.service, target.environment))
}

#[cfg(test)]
mod tests;
