//! `rotabot say`: one line to a running bot, for people at a shell and for scripts.

use std::io::{self, Write};
use std::sync::Arc;

use commands::card::Card;
use commands::cards::console as remarks;
use commands::invocation::{AnswerKind, EXIT_PARKED};
use commands::plain;
use commands::words::Words;
use futures::stream::StreamExt as _;
use serde::Serialize;
use state::names::ChangeNumber;
use ulid::Ulid;

use super::draw::{self, Offered};
use super::follow::{EXIT_UNKNOWN, Shown, Stages, follow, nothing_heard};
use super::partner::{Lost, Partner, Reader, Said, Seen, Told, exit_code};
use super::screen::{self, Screen};
use super::talk::{Buttons, Line, Talk, gap};
use super::{Clock, beside};

/// What is said, and how the answer is wanted.
#[derive(Debug, Clone)]
pub struct Saying {
    /// The line.
    pub text: String,
    /// Until the outcome of the change that it begins.
    pub wait: bool,
    /// In JSON.
    pub json: bool,
}

/// A line of `--json`. Scripts rely on it.
#[derive(Debug, Serialize)]
struct JsonLine<'a> {
    v: u32,
    kind: &'static str,
    change: Option<ChangeNumber>,
    outcome: Option<&'a str>,
    card: &'a Card,
}

const JSON_VERSION: u32 = 1;

/// The word for a change that is parked: it has no outcome yet.
const PARKED: &str = "parked";

/// Says it, and shows what comes of it on standard output; the exit code.
pub(super) async fn say(saying: &Saying, partner: Arc<dyn Partner>, clock: Clock) -> u8 {
    if saying.json {
        return Json { out: Box::new(io::stdout()) }.say(saying, &*partner, clock).await;
    }
    let shown = if screen::is_terminal() { Shown::InPlace } else { Shown::ByStage };
    let screen = match Screen::stdout(gap(&partner, clock)) {
        Ok(screen) => Arc::new(screen),
        Err(error) => {
            crate::cli::complain(format_args!("nothing can be shown: {error}"));
            return crate::cli::exit::REFUSED;
        }
    };
    let mut talk = Talk::new(partner, Arc::clone(&screen), clock);
    let code = say_to(&mut talk, saying, shown).await;
    screen.written().await;
    code
}

pub(super) async fn say_to(talk: &mut Talk, saying: &Saying, shown: Shown) -> u8 {
    // A number is no button here: there is no card before, and nobody types one after.
    talk.has_one_line(&saying.text);
    let said = match talk.read(&saying.text) {
        Line::Ask(said) => said,
        _ => Said::Text(saying.text.clone()),
    };
    let told = match talk.ask(said).await {
        Ok(told) => told,
        Err(lost) => return exit_code(&lost),
    };
    match told.change.filter(|_| saying.wait && told.kind == AnswerKind::Done) {
        Some((change, _)) => follow(talk, change, &told.card, shown, &mut nothing_heard()).await,
        None => {
            talk.show(&told.card, Buttons::Anew);
            told.kind.exit_code()
        }
    }
}

struct Json<'a> {
    out: Box<dyn Write + 'a>,
}

impl Json<'_> {
    async fn say(&mut self, saying: &Saying, partner: &dyn Partner, clock: Clock) -> u8 {
        let request = Ulid::from_datetime(clock().wall.into());
        let told = match partner.ask(Said::Text(saying.text.clone()), request).await {
            Ok(told) => told,
            Err(lost) => return failed(partner, clock, &lost),
        };
        let Told { kind, change, card } = told;
        let number = change.map(|(_, number)| number);
        let refused = kind == AnswerKind::Refused;
        self.line(if refused { "refusal" } else { "card" }, number, None, &card);
        let Some((change, _)) = change.filter(|_| saying.wait && kind == AnswerKind::Done) else {
            return kind.exit_code();
        };
        let mut stages = Stages::after(&card);
        let mut seen = partner.follow(change);
        loop {
            match seen.next().await {
                Some(Ok(Seen::Progress(card))) => {
                    if stages.is_next(&card) {
                        self.line("card", number, None, &card);
                    }
                }
                Some(Ok(Seen::Parked(card))) => {
                    self.line("card", number, Some(PARKED), &card);
                    return EXIT_PARKED;
                }
                Some(Ok(Seen::Ended { outcome, exit_code, card })) => {
                    self.line("outcome", number, Some(&outcome), &card);
                    return exit_code;
                }
                Some(Err(lost)) => return failed(partner, clock, &lost),
                None => return EXIT_UNKNOWN,
            }
        }
    }

    fn line(&mut self, kind: &'static str, change: Option<ChangeNumber>, outcome: Option<&str>, card: &Card) {
        let line = JsonLine { v: JSON_VERSION, kind, change, outcome, card };
        if let Ok(mut line) = serde_json::to_vec(&line) {
            line.push(b'\n');
            // Nobody may be reading any more; the exit code is still wanted.
            let _ = self.out.write_all(&line).and_then(|()| self.out.flush());
        }
    }
}

/// Says on standard error why there is no answer; the exit code.
pub(super) fn failed(partner: &dyn Partner, clock: Clock, lost: &Lost) -> u8 {
    let Reader { language, zone, .. } = partner.reader();
    let words = Words::get(language);
    let reader = plain::Reader { words, zone: &zone, now: clock().wall };
    for row in draw::card(&remarks::lost(words, lost), &reader, Offered::Commands(None)) {
        beside::complain(&format!("{}\n", row.painted(false)));
    }
    exit_code(lost)
}

#[cfg(test)]
mod tests {
    use commands::card::{CardState, LineStyle};
    use commands::invocation::News;

    use super::super::testing::{CLOCK, FakeBot, Taken, card, verified, working};
    use super::*;

    async fn lines(bot: &FakeBot, text: &str, wait: bool) -> (u8, Vec<serde_json::Value>) {
        let taken = Taken::default();
        let mut json = Json { out: Box::new(taken.clone()) };
        let saying = Saying { text: text.to_owned(), wait, json: true };
        let code = json.say(&saying, &bot.remote(), CLOCK).await;
        let line = |line: &str| serde_json::from_str(line).expect("a JSON object");
        (code, taken.text().lines().map(line).collect())
    }

    fn kinds(lines: &[serde_json::Value]) -> Vec<String> {
        lines.iter().map(|line| format!("{} {} {}", line["kind"], line["change"], line["outcome"])).collect()
    }

    #[tokio::test]
    async fn scripts_read_an_object_per_line() {
        let bot = FakeBot::started().await;
        let (code, said) = lines(&bot, "status", true).await;
        assert_eq!((code, kinds(&said)), (0, vec![r#""card" null null"#.to_owned()]));
        assert_eq!(said[0]["v"], 1);
        assert_eq!(said[0]["card"]["first_line"][0]["words"], "seen: status");
        let fields: Vec<&String> = said[0].as_object().expect("an object").keys().collect();
        assert_eq!(fields.len(), 5, "{fields:?}");
        assert_eq!(lines(&bot, "refuse", true).await.0, 1);
        assert_eq!(kinds(&lines(&bot, "refuse", true).await.1), [r#""refusal" null null"#]);
        assert_eq!(lines(&bot, "unsure", true).await.0, 75);
        let (code, said) = lines(&bot, "deploy api prod v7", false).await;
        assert_eq!((code, kinds(&said)), (0, vec![r#""card" 1 null"#.to_owned()]), "accepted, and not waited for");
    }

    #[tokio::test]
    async fn the_outcome_is_waited_for() {
        let bot = FakeBot::started().await;
        bot.desk.goes_on(verified());
        let (code, said) = lines(&bot, "deploy api prod v7", true).await;
        assert_eq!(code, 0);
        assert_eq!(kinds(&said), [r#""card" 1 null"#, r#""outcome" 1 "verified""#]);

        let bot = FakeBot::started().await;
        bot.desk.goes_on(News::Progress(working("watching", LineStyle::Done)));
        let parks = async { bot.desk.goes_on(News::Parked(card(CardState::Unsure, "parked"))) };
        let ((code, said), ()) = tokio::join!(lines(&bot, "deploy api prod v7", true), parks);
        assert_eq!(code, 3);
        assert_eq!(kinds(&said).last().map(String::as_str), Some(r#""card" 1 "parked""#));
    }

    #[tokio::test]
    async fn without_a_bot_nothing_is_said_on_standard_output() {
        let bot = FakeBot::new().await;
        assert_eq!(lines(&bot, "status", false).await, (69, Vec::new()));
    }
}
