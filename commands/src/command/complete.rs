//! What may come next in a line: names of commands and of what the catalogue holds, and what happened lately.
//!
//! Completion walks the line exactly as reading does, so that what it offers is what will be understood. A place is only
//! offered to those who may look at it, and so is what happened there.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use state::catalogue::Catalogue;
use state::lock::Scope;
use state::names::{ChangeNumber, EnvironmentName, PersonName, ServiceName, TargetName};

use super::table::{Argument, Kind, Row, Table};
use super::text::{Token, Walk, find_row, next_place, split, walk, words_count};
use crate::gate::may_view;

/// What happened lately, as far as completing a line needs it; the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent {
    /// What was asked for in the target that the line names.
    pub references: Vec<String>,
    /// What that target can go back to, by name.
    pub releases: Vec<String>,
    /// Changes that verified a release of it.
    pub verified: Vec<ChangeNumber>,
    /// Changes: those of that target, or all where the line names none.
    pub changes: Vec<(ChangeNumber, TargetName)>,
    /// Changes that are parked.
    pub parked: Vec<(ChangeNumber, TargetName)>,
    /// What is locked.
    pub locks: Vec<Scope>,
}

/// What there is to be offered, and who asks.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// The names that there are.
    pub catalogue: &'a Catalogue,
    /// What happened lately.
    pub recent: &'a Recent,
    /// Who types.
    pub reader: &'a PersonName,
    /// When.
    pub now: DateTime<Utc>,
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Completion {
    /// Where in the line the text goes, in bytes: from here to the cursor.
    pub from: usize,
    /// The text.
    pub text: String,
}

/// The ways to go on at the cursor, the best first.
pub fn complete(sight: &Sight<'_>, line: &str, cursor: usize) -> Vec<Completion> {
    let Some((tokens, partial)) = until(line, cursor) else { return Vec::new() };
    let candidates = candidates(sight, &tokens, &partial);
    let completion = |text| Completion { from: partial.at, text };
    ranked(&partial.text, candidates).into_iter().map(completion).collect()
}

/// The target that a line names before the word at the cursor: what happened there lately may be offered.
pub fn target_of(line: &str, cursor: usize) -> Option<TargetName> {
    let (tokens, _) = until(line, cursor)?;
    let (row, rest) = find_row(&tokens).ok()?;
    walk(row, rest).ok()?.target()
}

/// The words before the cursor, and the one that is being typed there. None inside quotes: that is nobody's to complete.
fn until(line: &str, cursor: usize) -> Option<(Vec<Token>, Token)> {
    let head = line.get(..cursor)?;
    let mut tokens = split(head);
    let in_word = !head.is_empty() && !head.ends_with(char::is_whitespace);
    match in_word.then(|| tokens.pop()).flatten() {
        Some(token) if token.quoted => None,
        Some(token) => Some((tokens, token)),
        None => Some((tokens, Token { text: String::new(), quoted: false, at: head.len() })),
    }
}

/// All that may stand where the partial word stands.
fn candidates(sight: &Sight<'_>, before: &[Token], partial: &Token) -> Vec<String> {
    if before.is_empty() {
        let slash = if partial.text.is_empty() || partial.text.starts_with('/') { "/" } else { "" };
        return Table::get().rows().iter().map(|row| format!("{slash}{}", row.name)).collect();
    }
    let Ok((row, rest)) = find_row(before) else { return second_words(before) };
    let Ok(walk) = walk(row, rest) else { return Vec::new() };
    let known = Known { sight, row, walk: &walk };
    if let Some(argument) = walk.waiting {
        return known.values(argument, partial);
    }
    let missing = |argument: &&Argument| !walk.given.iter().any(|(given, _)| given.id == argument.id);
    if partial.text.starts_with("--") {
        return row.arguments.iter().filter(missing).map(|argument| format!("--{}", argument.id)).collect();
    }
    let next = next_place(row, &walk.given);
    let mut all = next.map(|next| known.values(next, partial)).unwrap_or_default();
    if words_count(next) && next.is_none_or(|next| !next.required) {
        let words = row.arguments.iter().filter(missing).filter(|argument| argument.has_word());
        all.extend(words.map(|argument| argument.id.clone()));
    }
    all
}

/// The second words of commands whose name has two.
fn second_words(before: &[Token]) -> Vec<String> {
    let [first] = before else { return Vec::new() };
    let first = first.text.trim_start_matches('/');
    let rows = Table::get().rows().iter().filter(|row| row.group() == Some(first));
    rows.filter_map(|row| row.name.split_once(' ').map(|(_, second)| second.to_owned())).collect()
}

impl<'a> Sight<'a> {
    fn sees(&self, scope: &Scope) -> bool {
        may_view(self.catalogue, self.reader, scope, self.now)
    }

    fn sees_target(&self, target: &TargetName) -> bool {
        self.sees(&Scope::Target(target.clone()))
    }

    fn targets(&self) -> impl Iterator<Item = TargetName> + 'a {
        let sight = *self;
        self.catalogue.targets().filter(move |target| sight.sees_target(target))
    }

    fn environments(&self) -> impl Iterator<Item = String> + 'a {
        let sight = *self;
        // Whoever owns a service may look at it where they may not look at all of the place.
        let seen = move |name: &EnvironmentName| {
            sight.sees(&Scope::Environment(name.clone())) || sight.targets().any(|target| target.environment == *name)
        };
        self.catalogue.environments.keys().filter(move |name| seen(name)).map(to_string)
    }

    fn changes(&self, of: &'a [(ChangeNumber, TargetName)]) -> impl Iterator<Item = &'a (ChangeNumber, TargetName)> {
        let sight = *self;
        of.iter().filter(move |(_, target)| sight.sees_target(target))
    }
}

struct Known<'a> {
    sight: &'a Sight<'a>,
    row: &'a Row,
    walk: &'a Walk<'a>,
}

impl Known<'_> {
    fn values(&self, argument: &Argument, partial: &Token) -> Vec<String> {
        match argument.kind {
            Kind::Service => self.services(argument, partial),
            Kind::Environment => self.environments(),
            Kind::Reference => self.references(),
            Kind::Earlier => self.releases(),
            Kind::Number if self.row.name == "change release" => {
                self.sight.changes(&self.sight.recent.parked).map(|(number, _)| number.to_string()).collect()
            }
            Kind::Number => self.numbers(),
            Kind::Scope if self.row.name == "unlock" => {
                self.sight.recent.locks.iter().filter(|scope| self.sight.sees(scope)).map(to_string).collect()
            }
            Kind::Scope => {
                let all = std::iter::once("all".to_owned());
                all.chain(self.sight.environments()).chain(self.targets()).collect()
            }
            Kind::Period if argument.id == "since" => ["1d", "7d", "30d"].map(str::to_owned).into(),
            Kind::Period => ["30m", "2h", "8h", "1d"].map(str::to_owned).into(),
            Kind::Person => {
                let still_here = self.sight.catalogue.people.iter().filter(|(_, person)| person.left.is_none());
                still_here.map(|(name, _)| name.to_string()).collect()
            }
            Kind::Command => Table::get().rows().iter().map(|row| row.name.clone()).collect(),
            Kind::Switch | Kind::Reason | Kind::Other => Vec::new(),
        }
    }

    fn targets(&self) -> impl Iterator<Item = String> + '_ {
        self.sight.targets().map(|target| target.to_string())
    }

    fn services(&self, argument: &Argument, partial: &Token) -> Vec<String> {
        if partial.text.contains('/') {
            return self.targets().collect();
        }
        let services: BTreeSet<String> = self.sight.targets().map(|target| target.service.to_string()).collect();
        // Where the service may be left out, an environment may stand in its place.
        let environments = self.sight.environments().filter(|_| !argument.required);
        services.into_iter().chain(environments).collect()
    }

    /// Only those in which the service runs.
    fn environments(&self) -> Vec<String> {
        let service = self.walk.service();
        match service.filter(|service| self.sight.catalogue.services.contains_key(service)) {
            Some(service) => {
                let its = self.sight.targets().filter(|target| target.service == service);
                its.map(|target| target.environment.to_string()).collect()
            }
            None => self.sight.environments().collect(),
        }
    }

    fn references(&self) -> Vec<String> {
        if self.sees_its_target() { self.sight.recent.references.clone() } else { Vec::new() }
    }

    /// By name first: that is what people have in mind.
    fn releases(&self) -> Vec<String> {
        if !self.sees_its_target() {
            return Vec::new();
        }
        let (names, numbers) = (&self.sight.recent.releases, &self.sight.recent.verified);
        names.iter().cloned().chain(numbers.iter().map(ToString::to_string)).collect()
    }

    fn sees_its_target(&self) -> bool {
        self.walk.target().is_some_and(|target| self.sight.sees_target(&target))
    }

    fn numbers(&self) -> Vec<String> {
        let target = self.walk.target();
        let wanted = |of: &TargetName| target.as_ref().is_none_or(|target| target == of);
        let seen = self.sight.changes(&self.sight.recent.changes);
        seen.filter(|(_, of)| wanted(of)).map(|(number, _)| number.to_string()).collect()
    }
}

impl Walk<'_> {
    fn service(&self) -> Option<ServiceName> {
        self.value(Kind::Service)
    }

    fn target(&self) -> Option<TargetName> {
        Some(TargetName { service: self.service()?, environment: self.value(Kind::Environment)? })
    }

    fn value<T: std::str::FromStr>(&self, kind: Kind) -> Option<T> {
        let (_, value) = self.given.iter().find(|(argument, _)| argument.kind == kind)?;
        value.to_ascii_lowercase().parse().ok()
    }
}

fn to_string(value: &impl ToString) -> String {
    value.to_string()
}

/// The candidates that fit what was typed: those that begin with it, then those that hold it, then those that are near.
fn ranked(typed: &str, candidates: Vec<String>) -> Vec<String> {
    let typed = typed.to_lowercase();
    let bare = |text: &str| text.trim_start_matches(['/', '#']).to_owned();
    let rank = |candidate: &str| {
        let (candidate, typed) = (bare(&candidate.to_lowercase()), bare(&typed));
        if candidate.starts_with(&typed) {
            return Some(0);
        }
        if candidate.contains(&typed) {
            return Some(1);
        }
        // Near to what was typed so far: the rest of the candidate isn't typed yet.
        let begun: String = candidate.chars().take(typed.chars().count()).collect();
        let distance = strsim::damerau_levenshtein(&begun, &typed);
        (typed.chars().count() >= 3 && distance <= 1).then_some(2)
    };
    let mut fitting: Vec<_> =
        candidates.into_iter().filter_map(|candidate| Some((rank(&candidate)?, candidate))).collect();
    fitting.sort_by_key(|(rank, _)| *rank);
    let mut texts: Vec<String> = Vec::new();
    for (_, text) in fitting {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}
