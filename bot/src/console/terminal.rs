//! A console at a terminal. While a change goes on its card is drawn in place; any key brings the prompt back, and the
//! change goes on behind it.

use std::collections::{BTreeSet, VecDeque};

use commands::card::Card;
use commands::cards::console::{self as remarks, Leaving};
use commands::invocation::AnswerKind;
use futures::stream::{BoxStream, SelectAll, StreamExt as _};
use state::names::ChangeId;

use super::keyboard::{Keyboard, Typed};
use super::partner::{Lost, Seen};
use super::talk::{Buttons, Hint, Line, Talk};
use super::{Shutdown, ends};

type News = (ChangeId, Result<Seen, Lost>);

/// One person at a terminal.
pub(super) struct Console {
    talk: Talk,
    keyboard: Keyboard,
    leaving: Leaving,
    /// All changes that are followed.
    follows: SelectAll<BoxStream<'static, News>>,
    /// Which they are.
    following: BTreeSet<ChangeId>,
    /// The one that is drawn.
    watched: Option<ChangeId>,
    /// Lines that were typed while something else was shown.
    ahead: VecDeque<String>,
    /// How often Ctrl-C was pressed since the last line.
    interrupts: u32,
}

/// Whether it goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Leaves,
}

impl Console {
    pub(super) fn new(talk: Talk, keyboard: Keyboard, leaving: Leaving) -> Self {
        let (follows, following, ahead) = (SelectAll::new(), BTreeSet::new(), VecDeque::new());
        Self { talk, keyboard, leaving, follows, following, watched: None, ahead, interrupts: 0 }
    }

    /// Until the person leaves or the process ends.
    pub(super) async fn run(mut self, welcome: Option<&Card>, mut shutdown: Shutdown) {
        self.talk.welcome(welcome, self.leaving);
        let mut heard = self.talk.partner.listen();
        self.keyboard.line("", &self.talk.screen);
        loop {
            let goes = tokio::select! {
                () = ends(&mut shutdown) => Goes::Leaves,
                Some(heard) = heard.next() => {
                    self.talk.heard(&heard);
                    Goes::On
                }
                Some((change, seen)) = self.follows.next(), if !self.follows.is_empty() => {
                    self.seen(change, seen);
                    Goes::On
                }
                typed = self.keyboard.typed() => tokio::select! {
                    goes = self.typed(typed) => goes,
                    () = ends(&mut shutdown) => Goes::Leaves,
                },
            };
            if goes == Goes::Leaves {
                self.talk.screen.leave().await;
                return;
            }
        }
    }

    async fn typed(&mut self, typed: Typed) -> Goes {
        if typed != Typed::Interrupt {
            self.interrupts = 0;
        }
        match typed {
            Typed::End => return Goes::Leaves,
            Typed::Interrupt => {
                if self.watched.is_none() {
                    self.interrupts += 1;
                    if self.interrupts > 1 {
                        return Goes::Leaves;
                    }
                    self.talk.leave_hint(self.leaving);
                }
                self.look_away("");
            }
            Typed::Nothing => self.look_away(""),
            // A number that was on its way when the buttons changed was meant for those that are gone.
            Typed::Keys(keys) if self.watched.is_none() && keys.starts_with(|c: char| c.is_ascii_digit()) => {
                self.look_away("");
            }
            Typed::Keys(keys) => {
                let mut lines: VecDeque<String> = keys.split('\n').map(str::to_owned).collect();
                let rest = lines.pop_back().unwrap_or_default();
                self.ahead.extend(lines.into_iter().filter(|line| !line.is_empty()));
                self.look_away(&rest);
                if !self.ahead.is_empty() {
                    return self.all_ahead().await;
                }
            }
            Typed::Line(line) => {
                self.ahead.push_back(line);
                return self.all_ahead().await;
            }
        }
        Goes::On
    }

    /// Leaves what is drawn where it is, and asks for a line. The change goes on.
    fn look_away(&mut self, initial: &str) {
        self.talk.screen.settle();
        self.watched = None;
        if self.ahead.is_empty() {
            self.keyboard.line(initial, &self.talk.screen);
        }
    }

    /// Carries out the lines that were typed.
    async fn all_ahead(&mut self) -> Goes {
        while let Some(line) = self.ahead.pop_front() {
            if self.line(&line).await == Goes::Leaves {
                return Goes::Leaves;
            }
        }
        match self.watched {
            Some(_) => self.keyboard.keys(),
            None => self.keyboard.line("", &self.talk.screen),
        }
        Goes::On
    }

    async fn line(&mut self, line: &str) -> Goes {
        self.watched = None;
        match self.talk.read(line) {
            Line::Nothing => {}
            Line::Leave => return Goes::Leaves,
            Line::NoButton(number) => self.talk.no_button(number),
            Line::Ask(said) => {
                let Ok(told) = self.talk.ask(said).await else { return Goes::On };
                match told.change.filter(|_| told.kind == AnswerKind::Done) {
                    Some((change, _)) => self.watch(change, &told.card),
                    None => self.talk.show(&told.card, Buttons::Anew),
                }
            }
        }
        Goes::On
    }

    fn watch(&mut self, change: ChangeId, card: &Card) {
        self.talk.live(card, Hint::MayType);
        self.watched = Some(change);
        self.talk.follows(change);
        // Followed already, behind the prompt or because it was asked for twice: then the news come from there.
        if self.following.insert(change) {
            let seen = self.talk.partner.follow(change).map(move |seen| (change, seen));
            self.follows.push(seen.boxed());
        }
    }

    fn seen(&mut self, change: ChangeId, seen: Result<Seen, Lost>) {
        let watched = self.watched == Some(change);
        let card = match seen {
            Ok(Seen::Progress(card)) => {
                if watched {
                    self.talk.live(&card, Hint::MayType);
                }
                return;
            }
            Ok(Seen::Parked(card)) => card,
            Ok(Seen::Ended { card, .. }) => {
                self.following.remove(&change);
                card
            }
            Err(lost) => {
                self.following.remove(&change);
                remarks::lost(self.talk.words(), &lost)
            }
        };
        if watched {
            self.talk.screen.clear();
            self.talk.show(&card, Buttons::Anew);
            // The prompt comes when the keyboard has answered.
            self.watched = None;
            self.keyboard.enough();
        } else {
            self.talk.show(&card, Buttons::Onwards);
        }
    }
}
