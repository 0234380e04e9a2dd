//! A change as people see it: under way, and with its outcome.
//!
//! A card of a change is made anew from its record at every look, and the same record gives the same card.

mod evidence;
mod failed;
mod notices;
mod outcome;
mod progress;
pub(super) mod refused;

use std::time::Duration;

use state::change::outcome::{Ended, Outcome};
use state::change::{Ask, Asker, Change, Phase};
use state::image::Image;
use state::names::{ChangeNumber, PersonName, TargetName};
use state::rollout::judge::Progress;
use state::rollout::seen::MarkerStep;

use crate::card::{Card, Text};
use crate::command::Command;
use crate::command::value::Earlier;
use crate::facts::{ChangeFacts, Serving};
use crate::press::Press;
use crate::words::{Arg, Words, say};

pub(super) use evidence::{owner_line, resume_command};
pub(super) use failed::{crashing, images};
pub use notices::{asked_again, lapsed, left_as_is, parked, unreadable};
pub(super) use progress::first_line as progress_line;

/// A change as it is now: under way, parked, or with its outcome.
pub fn card(words: &Words, facts: &ChangeFacts<'_>) -> Card {
    let story = Story::of(words, facts);
    match facts.change.phase() {
        Phase::Ended(ended) => outcome::card(&story, ended),
        _ => progress::card(&story),
    }
}

/// A change and the words to tell it in.
#[derive(Clone, Copy)]
pub(crate) struct Story<'a> {
    words: &'a Words,
    facts: &'a ChangeFacts<'a>,
    change: &'a Change,
}

impl<'a> Story<'a> {
    pub(crate) fn of(words: &'a Words, facts: &'a ChangeFacts<'a>) -> Self {
        Self { words, facts, change: facts.change }
    }

    fn target(&self) -> &'a TargetName {
        &self.change.target.name
    }

    fn number(&self) -> ChangeNumber {
        self.change.head.number
    }

    fn is_rollback(&self) -> bool {
        matches!(self.change.head.ask, Ask::Rollback { .. })
    }

    /// What is wanted; none while a rollback hasn't found out.
    fn new_name(&self) -> Option<Arg> {
        self.change.wanted_name().map(|name| Arg::image(&name))
    }

    /// What is wanted, or the change's number where that isn't known.
    fn new_or_number(&self) -> Arg {
        self.new_name().unwrap_or_else(|| self.number().into())
    }

    /// What its write replaces; none while that isn't known.
    fn replaced(&self) -> Option<Arg> {
        self.change.replaced_name().map(|name| Arg::image(&name))
    }

    fn replaced_or_words(&self) -> Arg {
        self.replaced().unwrap_or_else(|| Arg::Words("?".to_owned()))
    }

    /// What a way back goes to; none while that isn't known.
    fn returns_to(&self) -> Option<Arg> {
        self.change.returns_to().map(|name| Arg::image(&name))
    }

    fn returns_to_or_words(&self) -> Arg {
        self.returns_to().unwrap_or_else(|| Arg::Words("?".to_owned()))
    }

    /// The digest that is wanted, in short.
    fn digest(&self) -> Option<String> {
        let image: &Image = &self.change.work.as_ref()?.workloads.first()?.images.first()?.to;
        image.reference.digest().map(state::image::Digest::short)
    }

    /// The person whom the outcome concerns, mentioned.
    fn who(&self) -> Arg {
        Arg::Mention(self.change.head.asked_by.person().clone())
    }

    pub(super) fn asked_by(&self) -> Text {
        let on_duty = |person: &PersonName| self.facts.catalogue.on_call.as_ref() == Some(person);
        match &self.change.head.asked_by {
            Asker::Person { name, typed_by: Some(typist) } => {
                say!(self.words, "asked-by-typed", person = name, typist = typist)
            }
            Asker::Person { name, .. } if on_duty(name) => say!(self.words, "asked-by-on-duty", person = name),
            Asker::Person { name, .. } => say!(self.words, "asked-by", person = name),
            Asker::Timer { on_behalf_of, .. } => say!(self.words, "asked-by-timer", person = on_behalf_of),
        }
    }

    /// All workloads together. What one has beyond what is wanted of it makes up for no other.
    fn pods(&self) -> Progress {
        let none = Progress { desired: 0, new_ready: 0, new_total: 0, old_serving: 0, old_total: 0, sign: None };
        self.facts.progress.iter().fold(none, |sum, one| Progress {
            desired: sum.desired + one.desired,
            new_ready: sum.new_ready + one.new_ready.min(one.desired),
            new_total: sum.new_total + one.new_total,
            old_serving: sum.old_serving + one.old_serving,
            old_total: sum.old_total + one.old_total,
            sign: sum.sign.or_else(|| one.sign.clone()),
        })
    }

    /// Whether several workloads are changed together, so that each must be named.
    fn several(&self) -> bool {
        self.change.target.workloads.len() > 1
    }

    /// How long it has been under way, or was.
    fn lasted(&self) -> Duration {
        let until = self.change.ended().map_or(self.facts.now, |ended| ended.at);
        (until - self.change.head.asked_at).to_std().unwrap_or_default()
    }

    fn took(&self) -> Text {
        match self.facts.usual {
            Some(usual) => say!(self.words, "took-usual", took = self.lasted(), usual = Arg::About(usual)),
            None => say!(self.words, "took", took = self.lasted()),
        }
    }

    fn number_text(&self) -> Text {
        super::alone(self.words, self.number().into())
    }

    /// Whether somebody wrote to a workload since, as its mark tells: a later change of ours, or whoever lifted our pause.
    fn since(&self, serving: &Serving) -> bool {
        let Some(marker) = serving.marker else { return false };
        let lifted = marker.step == MarkerStep::Hold && !serving.paused;
        // While its question is open, whoever came later has written nothing but that.
        let only_fenced = marker.step == MarkerStep::Fence && self.facts.open_question().is_some();
        (marker.change > self.change.head.id && !only_fenced) || (marker.change == self.change.head.id && lifted)
    }

    /// A way back to what ran before.
    fn rollback_button(&self, card: &mut Card) {
        if let Some(old) = self.returns_to().filter(|_| !self.facts.serving.iter().any(|one| self.since(one))) {
            let label = rollback_label(self.words, old, self.facts.returns_to_digest);
            way_back_button(card, label, self.change);
        }
    }

    fn rollback_command(&self) -> Command {
        let target = self.target().clone();
        Command::Rollback {
            service: target.service,
            environment: target.environment,
            to: None,
            template: false,
            plan: false,
        }
    }

    /// The command by which it was asked for.
    fn asked_command(&self) -> Option<Command> {
        let TargetName { service, environment } = self.target().clone();
        match &self.change.head.ask {
            Ask::Deploy { reference } => {
                Some(Command::Deploy { service, environment, reference: reference.clone(), plan: false })
            }
            Ask::Rollback { .. } => None,
        }
    }

    fn ended_as(&self, ended: &'a Ended) -> &'a Outcome {
        &ended.outcome
    }
}

/// What a way back goes to, with its digest where the tag alone doesn't tell.
pub(super) fn rollback_label(words: &Words, old: Arg, digest: Option<&str>) -> Text {
    match digest {
        None => say!(words, "button-rollback", old = short(old)),
        Some(digest) => say!(words, "button-rollback-digest", old = short(old), digest = Arg::image(digest)),
    }
}

/// The label of a button holds no more than a glance.
/// What is typed to stop a change, and to answer its question with "leave it".
pub(super) fn stop_command(target: &TargetName) -> Command {
    let TargetName { service, environment } = target.clone();
    Command::Stop { service, environment }
}

/// A button for the way back of this change. What is typed for it names the same image: without one a rollback goes to
/// the newest good release, which may be another.
pub(super) fn way_back_button(card: &mut Card, label: Text, change: &Change) {
    let TargetName { service, environment } = change.target.name.clone();
    let to = change.returns_to_reference().map(Earlier::Reference);
    let typed = Command::Rollback { service, environment, to, template: false, plan: false };
    card.button_typed(label, Press::RollBack(change.head.id), &typed);
}

pub(super) fn short(name: Arg) -> Arg {
    const LABEL_AT_MOST: usize = 24;
    let cut = |name: String| {
        if name.chars().count() <= LABEL_AT_MOST {
            return name;
        }
        name.chars().take(LABEL_AT_MOST - 1).chain(['…']).collect()
    };
    match name {
        Arg::Name(name) => Arg::Name(cut(name)),
        Arg::Outside(name) => Arg::Outside(cut(name)),
        name => name,
    }
}

/// Answers a question with "leave it".
pub(super) fn leave_label(words: &Words, locked: bool) -> Text {
    if locked { say!(words, "button-leave") } else { say!(words, "button-leave-open") }
}
