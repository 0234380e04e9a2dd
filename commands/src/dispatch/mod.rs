//! Dispatch: what a person says or presses, carried out or refused. It uses the config, the store and what the watches
//! know, and touches no network, so that it answers within milliseconds or not at all.
//!
//! "Accepted" is said only after the commit that makes it true. A file for each family of commands.

mod already;
mod begin;
mod follow;
mod gathered;
mod locks;
mod look;
mod press;
mod recent;
mod release;
mod standing;
mod stop;
mod unreadable;

use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use state::catalogue::{Action, Catalogue, Target};
use state::change::Change;
use state::change::transition::{Also, Transition};
use state::fault::Fault;
use state::lock::Scope;
use state::names::{ChangeId, ChangeNumber, PersonName, TargetName};
use state::records::{RecordFault, Unreadable};
use state::time::Now;

use crate::card::Card;
use crate::cards;
use crate::command::complete::{Completion, Sight, complete, target_of};
use crate::command::{ChangeCommand, Command};
use crate::engine::{Engine, Seen};
use crate::gate::{Gate, gate, known, may_view};
use crate::invocation::{Answer, AnswerKind, Desk, Invocation, News, What};
use crate::refusal::Refusal;
use crate::words::Words;

pub(crate) use begin::{asked, preparing};
use follow::Reader;

/// Something that whoever runs the engine must hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// A change has begun.
    Began(ChangeId),
    /// A person has acted on a change.
    Acted(ChangeId),
}

/// The desk behind every front end.
pub struct Dispatch {
    engine: Engine,
    catalogue: RwLock<Arc<Catalogue>>,
    hear: Arc<dyn Fn(Heard) + Send + Sync>,
}

/// Who asks, when, and in which words the answer is given.
pub(crate) struct Asking<'a> {
    speaker: &'a PersonName,
    typed_by: Option<&'a PersonName>,
    request: &'a str,
    now: Now,
    catalogue: Arc<Catalogue>,
    words: &'static Words,
}

/// Why there is no answer as it was asked for.
pub(crate) enum Stop {
    Refused(Box<Refusal>),
    Failed(RecordFault),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<RecordFault> for Stop {
    fn from(fault: RecordFault) -> Self {
        Self::Failed(fault)
    }
}

type Answered = Result<Answer, Stop>;

impl Dispatch {
    /// A desk. `hear` is called after every commit that the engine must act on.
    pub fn new(engine: Engine, catalogue: Arc<Catalogue>, hear: Arc<dyn Fn(Heard) + Send + Sync>) -> Self {
        Self { engine, catalogue: RwLock::new(catalogue), hear }
    }

    /// Takes another catalogue. Changes under way keep what they were begun with.
    pub fn reload(&self, catalogue: Arc<Catalogue>) {
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = catalogue;
    }

    async fn answer(&self, invocation: &Invocation, now: Now) -> Answer {
        let catalogue = self.catalogue();
        let words = Words::get(catalogue.language_of(Some(&invocation.speaker)));
        let asking = Asking {
            speaker: &invocation.speaker,
            typed_by: invocation.typed_by.as_ref(),
            request: &invocation.request.0,
            now,
            catalogue,
            words,
        };
        match self.carry_out(&asking, &invocation.what).await {
            Ok(answer) => answer,
            Err(Stop::Refused(refusal)) => {
                Answer { kind: AnswerKind::Refused, card: cards::refusal::card(words, &refusal), change: None }
            }
            Err(Stop::Failed(fault)) => self.failed(&asking, &fault),
        }
    }

    async fn carry_out(&self, asking: &Asking<'_>, what: &What) -> Answered {
        known(&asking.catalogue, asking.speaker, asking.now.wall)?;
        let answered = match what {
            What::Text(text) => self.command(asking, Command::from_text(text)?).await,
            What::Command(command) => self.command(asking, command.clone()).await,
            What::Press(press) => self.press(asking, press).await,
        };
        match answered {
            Err(Stop::Failed(RecordFault::Unreadable(unreadable))) => Err(self.refused_by(asking, unreadable).await),
            answered => answered,
        }
    }

    async fn command(&self, asking: &Asking<'_>, command: Command) -> Answered {
        let command = command.settled(&asking.catalogue)?;
        let mut answered = self.settled(asking, &command).await;
        // Whoever may can be asked for just that.
        if let Err(Stop::Refused(refusal)) = &mut answered
            && let Refusal::NotAllowed { asked, .. } = &mut **refusal
        {
            *asked = Some(command);
        }
        answered
    }

    async fn settled(&self, asking: &Asking<'_>, command: &Command) -> Answered {
        match command {
            Command::Deploy { reference, plan, .. } => {
                let ask = state::change::Ask::Deploy { reference: reference.clone() };
                self.ask_for(asking, command, ask, *plan).await
            }
            Command::Rollback { to, template, plan, .. } => {
                let to = begin::rollback_to(to.as_ref());
                self.ask_for(asking, command, state::change::Ask::Rollback { to, template: *template }, *plan).await
            }
            Command::Stop { service, environment } => {
                let target = TargetName { service: service.clone(), environment: environment.clone() };
                self.stop(asking, &target).await
            }
            Command::Status { service, environment } => {
                self.status(asking, service.as_ref(), environment.as_ref()).await
            }
            Command::Now => self.now(asking).await,
            Command::History { service, environment, since } => {
                self.history(asking, service.as_ref(), environment.as_ref(), *since).await
            }
            Command::Show { number } => self.show(asking, *number).await,
            Command::Lock { scope, reason, period } => self.lock(asking, scope, reason, *period).await,
            Command::Unlock { scope } => self.unlock(asking, scope).await,
            Command::Locks => self.locks(asking).await,
            Command::Change(ChangeCommand::Release { number }) => self.release(asking, *number).await,
            Command::Help { command } => Ok(shown(cards::help::card(asking.words, *command))),
        }
    }

    /// The target of a name that the catalogue has.
    fn target(&self, asking: &Asking<'_>, name: &TargetName) -> Result<Target, Stop> {
        let target = asking.catalogue.target(name);
        target.ok_or_else(|| Refusal::NotThere { target: name.clone(), runs_in: Vec::new() }.into())
    }

    /// A failure is logged once, here; the person gets its reference.
    fn failed(&self, asking: &Asking<'_>, fault: &RecordFault) -> Answer {
        let reference = reference_of(asking.request);
        tracing::error!(reference, person = %asking.speaker, fault = fault.fault().chain(), "a command failed");
        let (kind, card) = match fault {
            RecordFault::OutcomeUnknown(_) => {
                (AnswerKind::Unsure, cards::refusal::unsure(asking.words, &reference, None))
            }
            RecordFault::Failed(_) => {
                let refusal = Refusal::StoreUnavailable { reference };
                (AnswerKind::Refused, cards::refusal::card(asking.words, &refusal))
            }
            RecordFault::Unreadable(_) => {
                let refusal = Refusal::UnreadableOther { reference };
                (AnswerKind::Refused, cards::refusal::card(asking.words, &refusal))
            }
        };
        Answer { kind, card, change: None }
    }

    fn hear(&self, heard: Heard) {
        (self.hear)(heard);
    }

    /// A person's act on a change is stored: whoever follows the change sees it, whether or not a task works on it.
    fn acted(&self, change: &Change) {
        // Of what goes on, its task tells: it may have ended by now, and nobody would take down again what is put up here.
        if change.ended().is_some() {
            let (progress, blind_since) = Default::default();
            self.engine.board.show(Seen { change: change.clone(), progress, blind_since });
        }
        self.hear(Heard::Acted(change.head.id));
    }

    /// A record that can't be read stands in the way: that is no failure of the store.
    async fn refused_by(&self, asking: &Asking<'_>, unreadable: Unreadable) -> Stop {
        match self.told_of(asking, &unreadable).await {
            Ok(Some(told)) => Refusal::Unreadable(told).into(),
            Ok(None) => RecordFault::Unreadable(unreadable).into(),
            Err(stop) => stop,
        }
    }

    /// A record that can't be read is told by the reference under which the log has the reason.
    fn logged(&self, fault: &Fault) -> String {
        let chain = fault.chain();
        let reference = reference_of(chain);
        tracing::error!(reference, fault = chain, "a record can't be read");
        reference
    }
}

impl Asking<'_> {
    /// `target` is that of a change that has begun, with the permissions that it began with.
    fn pass(&self, action: Action, scope: &Scope, target: Option<&Target>) -> Result<(), Stop> {
        match gate(&self.catalogue, self.speaker, action, scope, target, self.now.wall) {
            Gate::Allowed => Ok(()),
            Gate::Denied(refusal) => Err(Stop::Refused(refusal)),
        }
    }

    /// Whether something that lies on a scope may be seen.
    fn may_view(&self, scope: &Scope) -> bool {
        may_view(&self.catalogue, self.speaker, scope, self.now.wall)
    }

    /// The journal shows both the person and who really typed it.
    fn sign(&self, next: &mut Transition) {
        for also in &mut next.also {
            if let Also::Journal(line) = also
                && line.by.as_ref() == Some(self.speaker)
            {
                line.typed_by = self.typed_by.cloned();
            }
        }
    }
}

/// A short word by which a log line is found.
fn reference_of(request: &str) -> String {
    let id = ChangeId::of_request(chrono::DateTime::UNIX_EPOCH, request).to_string();
    id[id.len() - 6..].to_owned()
}

fn shown(card: Card) -> Answer {
    Answer { kind: AnswerKind::Done, card, change: None }
}

fn about(card: Card, change: ChangeId, number: ChangeNumber) -> Answer {
    Answer { kind: AnswerKind::Done, card, change: Some((change, number)) }
}

impl Desk for Dispatch {
    fn dispatch(&self, invocation: Invocation, now: Now) -> BoxFuture<'_, Answer> {
        Box::pin(async move { self.answer(&invocation, now).await })
    }

    fn follow(&self, change: ChangeId, reader: &PersonName, now: Now) -> BoxStream<'static, News> {
        follow::follow(self.engine.clone(), Reader { catalogue: self.catalogue(), name: reader.clone(), now }, change)
    }

    fn may_view<'a>(&'a self, change: ChangeId, reader: &'a PersonName, now: Now) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let reader = Reader { catalogue: self.catalogue(), name: reader.clone(), now };
            match self.engine.records.change(change).await {
                Ok(Some(stored)) => reader.may_view(&stored.change),
                // Whether they may can't be found out.
                Ok(None) | Err(_) => false,
            }
        })
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn complete<'a>(
        &'a self,
        line: &'a str,
        cursor: usize,
        reader: &'a PersonName,
        now: Now,
    ) -> BoxFuture<'a, Vec<Completion>> {
        Box::pin(async move {
            let (catalogue, recent) = (self.catalogue(), self.recent(target_of(line, cursor), now).await);
            complete(&Sight { catalogue: &catalogue, recent: &recent, reader, now: now.wall }, line, cursor)
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
