//! What people say and press, and the front end between them and the desk.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use commands::card::{Span, Text};
use commands::invocation::{Answer, AnswerKind, Desk as _, Invocation, News, RequestId, Via, What};
use commands::press::Press;
use futures::{FutureExt as _, StreamExt as _};
use state::names::PersonName;
use world::process::ProcessId;

use super::{Simulation, note};
use crate::checks;

/// A request that a person made, with the answer if one came.
pub(super) struct Asked {
    invocation: Invocation,
    pub(super) answer: Rc<RefCell<Option<Answer>>>,
    /// The process that has it, or had it when it died.
    sent_to: Option<ProcessId>,
}

impl Asked {
    /// Whether this process has yet to answer it.
    pub(super) fn waits_for(&self, process: ProcessId) -> bool {
        self.sent_to == Some(process) && self.answer.borrow().is_none()
    }
}

impl Simulation {
    pub(super) fn button(&self, which: u64) -> Option<Press> {
        let mut presses: Vec<Press> = self.world.chat(|chat| {
            let mut messages: Vec<_> = chat.all().map(|(_, message)| message).collect();
            messages.sort_by_key(|message| std::cmp::Reverse((message.at, message.id.clone())));
            messages
                .iter()
                .take(4)
                .flat_map(|message| &message.card.buttons)
                .map(|button| button.press.clone())
                .collect()
        });
        let answers = self.asked.iter().rev().take(2).filter_map(|asked| asked.answer.borrow().clone());
        presses.extend(answers.flat_map(|answer| answer.card.buttons).map(|button| button.press));
        if presses.is_empty() {
            return None;
        }
        let place = usize::try_from(which % presses.len() as u64).unwrap_or(0);
        presses.into_iter().nth(place)
    }

    pub(super) fn ask(&mut self, speaker: PersonName, what: What) {
        let request = RequestId(format!("request-{}", self.asked.len() + 1));
        let invocation = Invocation { speaker, typed_by: None, request, via: Via::Console, what };
        self.asked.push(Asked { invocation, answer: Rc::default(), sent_to: None });
        self.send(self.asked.len() - 1);
    }

    /// Hands a request to the desk, and follows the change that comes of it. Nobody is there to take it: it is lost.
    pub(super) fn send(&mut self, place: usize) {
        let Some(rotabot) = &mut self.rotabot else { return };
        self.asked[place].sent_to = Some(rotabot.process.id());
        let Asked { invocation, answer, .. } = &self.asked[place];
        let (invocation, place_of_answer) = (invocation.clone(), Rc::clone(answer));
        let (desk, process) = (Arc::clone(&rotabot.desk), rotabot.process.clone());
        let (world, ledger, wrong) = (self.world.clone(), Arc::clone(&self.ledger), Rc::clone(&self.wrong));
        let task = async move {
            let answer = desk.dispatch(invocation.clone(), process.now()).await;
            let told = words(&answer.card.first_line);
            world.tell(format_args!("{} is told ({:?}): {told}", invocation.request.0, answer.kind));
            note(&world, &wrong, "accepted_is_stored", checks::accepted_is_stored(&ledger, &answer));
            let change = answer.change.filter(|_| answer.kind == AnswerKind::Done);
            *place_of_answer.borrow_mut() = Some(answer);
            let Some((id, _)) = change else { return };
            let mut news = desk.follow(id, &invocation.speaker, process.now());
            while let Some(news) = news.next().await {
                if let News::Ended { word, .. } = news {
                    note(&world, &wrong, "told_outcome_is_stored", checks::told_outcome_is_stored(&ledger, id, word));
                }
            }
        };
        rotabot.spawn(task.boxed_local());
    }
}

/// A text without anything that a front end would draw.
fn words(text: &Text) -> String {
    let words = text.0.iter().filter_map(|span| match span {
        Span::Words(text) | Span::Outside(text) | Span::Command(text) => Some(text.as_str()),
        Span::Person(name) | Span::Mention(name) => Some(name.as_str()),
        _ => None,
    });
    words.collect()
}
