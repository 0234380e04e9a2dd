//! What happened: a row for each change, with what came of it, and one for each other act.

use chrono::{DateTime, Utc};
use state::journal::{JournalLine, JournalWhat};
use state::records::HistoryLine;

use super::{DOT, alone};
use crate::card::{Card, CardState, LineStyle, Span, Text, TimeStyle};
use crate::command::Command;
use crate::facts::HistoryFacts;
use crate::words::{Arg, Words, say, say_first};

/// The history of a target, or of all.
pub fn card(words: &Words, facts: &HistoryFacts) -> Card {
    let first = match &facts.of {
        _ if facts.lines.is_empty() => say_first!(words, "history-none"),
        Some(target) => say_first!(words, "history-of", target = target),
        None => say_first!(words, "history-all"),
    };
    let mut card = Card::new(CardState::Plain, first);
    if let Some(since) = facts.since {
        card.plain(say!(words, "history-since", since = Arg::Time(since, TimeStyle::Full)));
    }
    rows(words, facts, &mut card);
    if facts.lines.is_empty() {
        card.plain(say!(words, "history-none-next"));
        return card;
    }
    let older = facts.before.iter().filter_map(|line| line.line.change).find(|number| {
        let told = |line: &HistoryLine| line.line.change == Some(*number);
        !facts.lines.iter().any(told)
    });
    match older {
        _ if facts.before.is_empty() => {}
        // Of one target the rest is reached by number alone.
        Some(number) if facts.of.is_some() => {
            card.plain(say!(words, "history-older", command = &Command::Show { number }));
        }
        _ => {
            let example = Arg::Command("/history api prod since 7d".to_owned());
            card.plain(say!(words, "history-more", command = example));
        }
    }
    if let Some(number) = facts.lines.iter().find_map(|line| line.line.change) {
        card.plain(say!(words, "history-next", command = &Command::Show { number }));
    }
    card
}

/// A row for each change and for each other act.
pub(super) fn rows(words: &Words, facts: &HistoryFacts, card: &mut Card) {
    for line in &facts.lines {
        if told_with_its_end(&line.line, &facts.lines) {
            continue;
        }
        let (style, text) = row(words, line, facts);
        card.line(style, text);
    }
}

fn is_ask(line: &JournalLine) -> bool {
    matches!(line.what, JournalWhat::AskedDeploy { .. } | JournalWhat::AskedRollback { .. })
}

/// Whether the line asks for a change whose end is told as well: one row says both.
fn told_with_its_end(line: &JournalLine, all: &[HistoryLine]) -> bool {
    let is_end =
        |other: &HistoryLine| other.line.change == line.change && matches!(other.line.what, JournalWhat::Ended { .. });
    is_ask(line) && line.change.is_some() && all.iter().any(is_end)
}

fn row(words: &Words, line: &HistoryLine, facts: &HistoryFacts) -> (LineStyle, Text) {
    let JournalLine { at, change, what, .. } = &line.line;
    // A change whose end is told was asked for earlier, by whom that line says.
    let asked = match what {
        JournalWhat::Ended { .. } => {
            let known = facts.lines.iter().chain(&facts.before).map(|other| &other.line);
            known.into_iter().find(|other| is_ask(other) && other.change == *change)
        }
        _ => None,
    };
    let when = Text::of_spans([Span::Time(asked.map_or(*at, |asked| asked.at), TimeStyle::Full)]);
    let names_its_scope = matches!(what, JournalWhat::Locked { .. } | JournalWhat::Unlocked { .. });
    let place = match facts.of {
        None if !names_its_scope => alone(words, Arg::from(&line.scope)),
        _ => Text::default(),
    };
    let number = change.map(|number| alone(words, number.into())).unwrap_or_default();
    let who = who(words, asked.unwrap_or(&line.line));
    let said = match (what, asked) {
        (JournalWhat::Ended { outcome: word, image }, Some(asked)) => {
            let took = took(words, asked.at, *at);
            let asked = match (&asked.what, image) {
                // Where it went is known by now.
                (JournalWhat::AskedRollback { to: None }, Some(_)) => JournalWhat::AskedRollback { to: image.clone() },
                (asked, _) => asked.clone(),
            };
            Text::joined(DOT, [said(words, &asked), outcome(words, word), took])
        }
        (what, _) => said(words, what),
    };
    let style = match what {
        JournalWhat::Ended { outcome, .. } => match outcome.as_str() {
            "verified" | "nothing-to-do" => LineStyle::Done,
            "returned" | "left" | "return-failed" => LineStyle::Failed,
            _ => LineStyle::Item,
        },
        JournalWhat::AskedDeploy { .. } | JournalWhat::AskedRollback { .. } => LineStyle::Doing,
        JournalWhat::Locked { .. } => LineStyle::Locked,
        _ => LineStyle::Item,
    };
    (style, Text::joined(DOT, [when, place, number, who, said]))
}

fn took(words: &Words, from: DateTime<Utc>, to: DateTime<Utc>) -> Text {
    alone(words, Arg::Duration((to - from).to_std().unwrap_or_default()))
}

fn who(words: &Words, line: &JournalLine) -> Text {
    match (&line.by, &line.typed_by) {
        (Some(by), Some(typist)) => say!(words, "history-by-typed", person = by, typist = typist),
        (Some(by), None) => say!(words, "history-by", person = by),
        (None, _) => say!(words, "history-by-itself"),
    }
}

fn said(words: &Words, what: &JournalWhat) -> Text {
    let name = |text: &String| Arg::Outside(short(text));
    match what {
        JournalWhat::AskedDeploy { reference } => say!(words, "history-deploy", image = name(reference)),
        JournalWhat::AskedRollback { to: Some(to) } => say!(words, "history-rollback-to", image = name(to)),
        JournalWhat::AskedRollback { to: None } => say!(words, "history-rollback"),
        JournalWhat::AskedStop => say!(words, "history-stop"),
        JournalWhat::Ended { outcome: word, image: Some(image) } => {
            say!(words, "history-ended-image", image = name(image), outcome = outcome(words, word))
        }
        JournalWhat::Ended { outcome: word, image: None } => {
            say!(words, "history-ended", outcome = outcome(words, word))
        }
        JournalWhat::Parked(_) => say!(words, "history-parked"),
        JournalWhat::Resumed => say!(words, "history-resumed"),
        JournalWhat::Released => say!(words, "history-released"),
        JournalWhat::Locked { scope, reason } => {
            say!(words, "history-locked", scope = scope, reason = Arg::Outside(reason.clone()))
        }
        JournalWhat::Unlocked { scope, held_by } => match held_by {
            Some(person) => say!(words, "history-unlocked", scope = scope, person = person),
            None => say!(words, "history-unlocked-unreadable", scope = scope),
        },
        JournalWhat::LeftAsIs => say!(words, "history-left-as-is"),
        JournalWhat::Lapsed => say!(words, "history-lapsed"),
        JournalWhat::AskedAgain => say!(words, "history-asked-again"),
    }
}

/// A digest is shown in short.
fn short(reference: &str) -> String {
    match reference.parse::<state::image::Reference>() {
        Ok(reference) => super::reference_name(&reference),
        Err(_) => reference.to_owned(),
    }
}

/// The word for an outcome. One that a later version knows is shown as it is.
pub(crate) fn outcome(words: &Words, word: &str) -> Text {
    let key = format!("outcome-{word}");
    if words.has(&key) { say!(words, &key) } else { Text::outside(word) }
}
