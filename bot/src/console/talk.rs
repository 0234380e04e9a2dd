//! What a person at a console does and is shown, whichever way they type.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use commands::card::Card;
use commands::cards::console::{self as remarks, Leaving, Lost};
use commands::command::Command;
use commands::plain;
use commands::press::Press;
use commands::words::Words;
use state::journal::NoticeWhat;
use state::names::{ChangeId, TargetName};
use ulid::Ulid;

use super::Clock;
use super::channel::Heard;
use super::draw::{self, Offered, Row};
use super::partner::{Partner, Said, Told};
use super::screen::{Gap, Screen};

/// Whoever has waited so long for an answer is told that there will be one.
const WORKING: Duration = Duration::from_secs(2);

/// Words that leave a console. They are no commands: a chat can't be left by one.
const LEAVE: [&str; 5] = ["exit", "quit", "/exit", "/quit", "退出"];

/// One person at one console.
pub(super) struct Talk {
    pub(super) partner: Arc<dyn Partner>,
    pub(super) screen: Arc<Screen>,
    clock: Clock,
    /// The buttons that can be chosen now, by their numbers.
    buttons: Vec<Press>,
    /// Whether there is a next line, in which a button could be chosen.
    lines: Lines,
    /// The changes that this console follows: their channel needs not tell it.
    followed: BTreeSet<ChangeId>,
    /// Whether a line was shown already.
    begun: bool,
    /// What was shown last, so that nothing is shown twice in a row.
    last: Option<Card>,
    /// The number of the first button of what is drawn in place, since something was asked for.
    drawn: Option<usize>,
}

/// The row that tells the reader how many lines they were not shown.
pub(super) fn gap(partner: &Arc<dyn Partner>, clock: Clock) -> Gap {
    let partner = partner.clone();
    Box::new(move |lines| {
        let reader = partner.reader();
        let words = Words::get(reader.language);
        let reader = plain::Reader { words, zone: &reader.zone, now: clock().wall };
        Row::faint(&plain::text(&remarks::not_shown(words, lines), &reader))
    })
}

/// How many lines a person types.
#[derive(Debug, Clone)]
enum Lines {
    /// One after the other.
    Many,
    /// A single one, about this target if it is about one.
    One(Option<TargetName>),
}

/// What a line means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Line {
    /// Nothing.
    Nothing,
    /// The console is left.
    Leave,
    /// Something is asked for.
    Ask(Said),
    /// A button that there is not.
    NoButton(usize),
}

/// How the buttons of a card are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Buttons {
    /// From one: the person has just asked for it, and the buttons of before are gone.
    Anew,
    /// After those that there are: nobody asked for it, and no number may change its meaning under a finger.
    Onwards,
}

/// Whether whoever watches is told that they may type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// They are.
    MayType,
    /// They can't.
    None,
}

impl Talk {
    pub(super) fn new(partner: Arc<dyn Partner>, screen: Arc<Screen>, clock: Clock) -> Self {
        let (buttons, followed) = (Vec::new(), BTreeSet::new());
        Self { partner, screen, clock, buttons, lines: Lines::Many, followed, begun: false, last: None, drawn: None }
    }

    /// There is this one line, and none after it: what could be pressed is shown as it is typed.
    pub(super) fn has_one_line(&mut self, line: &str) {
        self.lines = Lines::One(Command::from_text(line).ok().and_then(|command| command.target()));
    }

    /// Reads a line.
    pub(super) fn read(&self, line: &str) -> Line {
        let line = line.trim();
        if line.is_empty() {
            return Line::Nothing;
        }
        if LEAVE.contains(&line) {
            return Line::Leave;
        }
        let digits = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(line);
        match digits.parse::<usize>() {
            Ok(number) => {
                let press = number.checked_sub(1).and_then(|at| self.buttons.get(at));
                press.map_or(Line::NoButton(number), |press| Line::Ask(Said::Press(press.clone())))
            }
            Err(_) => Line::Ask(Said::Text(line.to_owned())),
        }
    }

    /// Has something carried out. How the answer is shown is the asker's choice; that there is none is shown here.
    pub(super) async fn ask(&mut self, said: Said) -> Result<Told, Lost> {
        (self.last, self.drawn) = (None, None);
        let request = Ulid::from_datetime((self.clock)().wall.into());
        let partner = self.partner.clone();
        let mut asked = partner.ask(said, request);
        let told = match tokio::time::timeout(WORKING, &mut asked).await {
            Ok(told) => told,
            Err(_) => {
                self.show(&remarks::working(self.words()), Buttons::Onwards);
                asked.await
            }
        };
        if let Err(lost) = &told {
            self.lost(lost);
        }
        told
    }

    /// Shows a card that stays.
    pub(super) fn show(&mut self, card: &Card, buttons: Buttons) {
        if self.last.as_ref() == Some(card) {
            return;
        }
        let first = self.number(card, buttons);
        let rows = self.draw(|reader| draw::card(card, reader, self.offered(first)));
        self.screen.print(&rows);
        self.last = Some(card.clone());
    }

    /// Shows a card in place of the one before, which may have been drawn so itself. A number keeps its meaning while the
    /// card changes under the eyes: other buttons get other numbers.
    pub(super) fn live(&mut self, card: &Card, hint: Hint) {
        let presses = card.buttons.iter().map(|button| &button.press);
        let first = match self.drawn {
            Some(first) if self.buttons.iter().skip(first - 1).take(presses.len()).eq(presses) => first,
            Some(_) => self.number(card, Buttons::Onwards),
            None => self.number(card, Buttons::Anew),
        };
        self.drawn = Some(first);
        let mut rows = self.draw(|reader| draw::live(card, reader, self.offered(first)));
        if hint == Hint::MayType {
            rows.push(self.draw(|reader| Row::faint(&plain::text(&remarks::watching(reader.words), reader))));
        }
        self.screen.live(&rows);
        self.last = None;
    }

    /// Shows a card in one row.
    pub(super) fn stage(&mut self, card: &Card) {
        self.number(card, Buttons::Anew);
        let row = self.draw(|reader| draw::stage(card, reader));
        self.screen.print_progress(&[row]);
        self.last = None;
    }

    /// Shows what was said in a channel, unless this console has it from elsewhere.
    pub(super) fn heard(&mut self, heard: &Heard) {
        let told_here = |what| matches!(what, NoticeWhat::Progress | NoticeWhat::Outcome | NoticeWhat::Parked);
        if heard.about.is_some_and(|(change, what)| self.followed.contains(&change) && told_here(what)) {
            return;
        }
        let mut rows = vec![Row::faint(&format!("# {}", heard.channel))];
        if heard.silent {
            rows.push(self.draw(|reader| draw::first_line(&heard.card, reader)));
            self.screen.print_progress(&rows);
        } else {
            let first = self.number(&heard.card, Buttons::Onwards);
            rows.extend(self.draw(|reader| draw::card(&heard.card, reader, self.offered(first))));
            self.screen.print(&rows);
        }
        self.last = None;
    }

    /// Says that the other side is lost.
    pub(super) fn lost(&mut self, lost: &Lost) {
        self.show(&remarks::lost(self.words(), lost), Buttons::Onwards);
    }

    pub(super) fn no_button(&mut self, number: usize) {
        let buttons = self.buttons.len();
        // The same slip twice is answered twice.
        self.last = None;
        self.show(&remarks::no_button(self.words(), number, buttons), Buttons::Onwards);
    }

    /// The first that is shown: who is here, unless the console has a welcome of its own.
    pub(super) fn welcome(&mut self, own: Option<&Card>, leaving: Leaving) {
        match own {
            Some(card) => self.begin(card),
            None => {
                let person = self.partner.reader().person;
                let version = env!("CARGO_PKG_VERSION");
                self.begin(&remarks::welcome(self.words(), version, person.as_ref(), leaving));
            }
        }
    }

    /// Begins with this card, and with why the person can do nothing here, where that is so.
    pub(super) fn begin(&mut self, card: &Card) {
        self.show(card, Buttons::Anew);
        self.begun = true;
        self.objection();
    }

    /// Says how a console is left.
    pub(super) fn leave_hint(&self, leaving: Leaving) {
        let row = self.draw(|reader| Row::faint(&plain::text(&remarks::leave(reader.words, leaving), reader)));
        self.screen.print(&[row]);
    }

    /// Shows why the person can do nothing here, where that is so.
    pub(super) fn objection(&mut self) {
        if let Some(card) = self.partner.objection() {
            self.show(&card, Buttons::Anew);
        }
    }

    /// Shows a line that nobody saw typed, apart from what was before it.
    pub(super) fn echo(&mut self, line: &str) {
        let line = Row::faint(&format!("› {line}"));
        match std::mem::replace(&mut self.begun, true) {
            true => self.screen.print(&[Row::faint(""), line]),
            false => self.screen.print(&[line]),
        }
        self.last = None;
    }

    /// This console follows the change from now on; whether it is the first time.
    pub(super) fn follows(&mut self, change: ChangeId) -> bool {
        self.followed.insert(change)
    }

    /// Takes the card's buttons in; the number of the first.
    fn number(&mut self, card: &Card, buttons: Buttons) -> usize {
        if buttons == Buttons::Anew {
            self.buttons.clear();
        }
        let first = self.buttons.len() + 1;
        self.buttons.extend(card.buttons.iter().map(|button| button.press.clone()));
        first
    }

    fn offered(&self, first: usize) -> Offered<'_> {
        match &self.lines {
            Lines::Many => Offered::Buttons(first),
            Lines::One(target) => Offered::Commands(target.as_ref()),
        }
    }

    pub(super) fn words(&self) -> &'static Words {
        Words::get(self.partner.reader().language)
    }

    fn draw<T>(&self, draw: impl FnOnce(&plain::Reader<'_>) -> T) -> T {
        let reader = self.partner.reader();
        let now = (self.clock)().wall;
        draw(&plain::Reader { words: Words::get(reader.language), zone: &reader.zone, now })
    }
}
