//! The other side of a console: the desk of this process, or of another one behind its socket. What a console does with
//! it is the same.

use std::sync::Arc;

use commands::card::Card;
use commands::cards;
pub use commands::cards::console::Lost;
use commands::command::complete::Completion;
use commands::gate::may_view;
use commands::invocation::{Answer, AnswerKind, Desk, Invocation, News, RequestId, Via, What};
use commands::press::Press;
use commands::refusal::Refusal;
use commands::words::Words;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, BoxStream, StreamExt as _};
use serde::{Deserialize, Serialize};
use state::catalogue::Language;
use state::lock::Scope;
use state::names::{ChangeId, ChangeNumber, PersonName};
use state::zone::Zone;
use ulid::Ulid;

use super::Clock;
use super::channel::{Channels, Concerns, Heard};
use super::speaker::Identity;

/// What a person says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A line.
    Text(String),
    /// A button.
    Press(Press),
}

/// What they are told at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// What kind of answer it is.
    pub kind: AnswerKind,
    /// The change that there is to follow now.
    pub change: Option<(ChangeId, ChangeNumber)>,
    /// What is shown.
    pub card: Card,
}

/// What is seen of a change that is followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// How far it is.
    Progress(Card),
    /// It can't go on for now.
    Parked(Card),
    /// It has its outcome.
    Ended {
        /// The word of the outcome.
        outcome: String,
        /// The exit code that goes with it.
        exit_code: u8,
        /// What is shown.
        card: Card,
    },
}

/// How a person reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Reader {
    /// Who; none if the catalogue has nobody for that user.
    pub person: Option<PersonName>,
    /// In which language.
    pub language: Language,
    /// In which zone.
    pub zone: Zone,
}

/// The exit code of a loss: the outcome is unknown, nothing was done, or there is no bot.
pub(super) fn exit_code(lost: &Lost) -> u8 {
    match lost {
        Lost::OutcomeUnknown | Lost::NotYours | Lost::TooBusyToFollow => 75,
        Lost::Busy => AnswerKind::Refused.exit_code(),
        Lost::NotRunning { .. } | Lost::NotAllowed { .. } | Lost::Gone | Lost::Version | Lost::Failed { .. } => 69,
    }
}

/// The other side of a console.
pub trait Partner: Send + Sync {
    /// Has something carried out. The same request sent again finds what it began.
    fn ask(&self, said: Said, request: Ulid) -> BoxFuture<'_, Result<Told, Lost>>;

    /// Follows a change. The stream ends with its outcome, or with the loss of the other side.
    fn follow(&self, change: ChangeId) -> BoxStream<'static, Result<Seen, Lost>>;

    /// Ways in which a line may go on.
    fn complete(&self, line: String, cursor: usize) -> BoxFuture<'static, Vec<Completion>>;

    /// What is said from now on in the channels about what the person may look at.
    fn listen(&self) -> BoxStream<'static, Heard>;

    /// How the person reads.
    fn reader(&self) -> Reader;

    /// Why the person can't do anything here, where they can't.
    fn objection(&self) -> Option<Card>;
}

/// The desk of this process.
#[derive(Clone)]
pub struct Local {
    /// The desk.
    pub desk: Arc<dyn Desk>,
    /// The channels, where they are listened to.
    pub channels: Arc<Channels>,
    /// The clock.
    pub clock: Clock,
    /// Who speaks, or why nobody does.
    pub identity: Identity,
    /// Where it comes from.
    pub via: Via,
}

impl Partner for Local {
    fn ask(&self, said: Said, request: Ulid) -> BoxFuture<'_, Result<Told, Lost>> {
        async move {
            let speaker = match &self.identity.speaker {
                Ok(speaker) => speaker.clone(),
                Err(refusal) => {
                    return Ok(Told { kind: AnswerKind::Refused, change: None, card: self.refused(refusal) });
                }
            };
            let invocation = Invocation {
                speaker: speaker.person,
                typed_by: speaker.typed_by,
                request: RequestId(request.to_string()),
                via: self.via,
                what: match said {
                    Said::Text(text) => What::Text(text),
                    Said::Press(press) => What::Press(press),
                },
            };
            let Answer { kind, card, change } = self.desk.dispatch(invocation, (self.clock)()).await;
            Ok(Told { kind, change, card })
        }
        .boxed()
    }

    fn follow(&self, change: ChangeId) -> BoxStream<'static, Result<Seen, Lost>> {
        let seen = |news| match news {
            News::Progress(card) => Ok(Seen::Progress(card)),
            News::Parked(card) => Ok(Seen::Parked(card)),
            News::Ended { word, exit_code, card } => Ok(Seen::Ended { outcome: word.to_owned(), exit_code, card }),
            News::NotYours => Err(Lost::NotYours),
        };
        match &self.identity.speaker {
            Ok(speaker) => self.desk.follow(change, &speaker.person, (self.clock)()).map(seen).boxed(),
            Err(_) => stream::iter([Err(Lost::NotYours)]).boxed(),
        }
    }

    fn complete(&self, line: String, cursor: usize) -> BoxFuture<'static, Vec<Completion>> {
        let (desk, now) = (self.desk.clone(), (self.clock)());
        let Ok(speaker) = &self.identity.speaker else { return futures::future::ready(Vec::new()).boxed() };
        let reader = speaker.person.clone();
        async move { desk.complete(&line, cursor, &reader, now).await }.boxed()
    }

    fn listen(&self) -> BoxStream<'static, Heard> {
        let Ok(speaker) = &self.identity.speaker else { return stream::empty().boxed() };
        let (desk, person, clock) = (self.desk.clone(), speaker.person.clone(), self.clock);
        let theirs = self.channels.listen().filter_map(move |heard| {
            let (desk, person) = (desk.clone(), person.clone());
            async move {
                let may = match &heard.concerns {
                    Some(Concerns::Change(change)) => desk.may_view(*change, &person, clock()).await,
                    Some(Concerns::Target(target)) => {
                        let scope = Scope::Target(target.clone());
                        may_view(&desk.catalogue(), &person, &scope, clock().wall)
                    }
                    // Who may hear it can't be found out.
                    None => false,
                };
                may.then_some(heard)
            }
        });
        theirs.boxed()
    }

    fn reader(&self) -> Reader {
        let catalogue = self.desk.catalogue();
        let person = self.identity.reader();
        let zone = person.and_then(|name| catalogue.people.get(name)?.zone.as_deref());
        Reader {
            person: person.cloned(),
            language: catalogue.language_of(person),
            zone: zone.and_then(|zone| Zone::named(zone).ok()).unwrap_or_else(Zone::utc),
        }
    }

    fn objection(&self) -> Option<Card> {
        self.identity.speaker.as_ref().err().map(|refusal| self.refused(refusal))
    }
}

impl Local {
    fn refused(&self, refusal: &Refusal) -> Card {
        cards::refusal::card(Words::get(self.reader().language), refusal)
    }
}
