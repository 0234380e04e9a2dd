//! Cards as rows of a terminal: a colour for each state, everything from outside made harmless.
//!
//! Not here: the words, and what becomes of the rows (`screen`).

use commands::card::{Button, Card, CardState, Line, LineStyle, Progress, width};
use commands::plain::{self, Reader, harmless};
use state::names::TargetName;

use super::wrap::wrap;

/// Rows of buttons are no wider than this, so that they are taken in at a glance.
const BUTTONS_AT_MOST: usize = 76;

/// What stands before the details of a card.
const INDENT: &str = "  ";

/// How wide the bar of a progress is.
const BAR: u32 = 20;

/// A row, before it is painted: its width can still be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    paint: Paint,
    text: String,
}

/// How a row is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Plain,
    Faint,
    Good,
    Bad,
    Careful,
    Busy,
    Bold,
    Button,
}

impl Paint {
    /// The codes of the terminal, between escape and letter.
    fn codes(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Faint => Some("2"),
            Self::Good => Some("1;32"),
            Self::Bad => Some("1;31"),
            Self::Careful => Some("1;33"),
            Self::Busy => Some("1;36"),
            Self::Bold => Some("1"),
            Self::Button => Some("36"),
        }
    }

    fn of_state(state: CardState) -> Self {
        match state {
            CardState::Good | CardState::Healthy => Self::Good,
            CardState::Bad | CardState::Sick => Self::Bad,
            CardState::Refused | CardState::Unsure | CardState::Locked => Self::Careful,
            CardState::Working => Self::Busy,
            CardState::Ended | CardState::Plain => Self::Bold,
        }
    }

    fn of_style(style: LineStyle) -> Self {
        match style {
            LineStyle::Quote | LineStyle::Later => Self::Faint,
            LineStyle::Plain
            | LineStyle::Done
            | LineStyle::Doing
            | LineStyle::Failed
            | LineStyle::Locked
            | LineStyle::Item => Self::Plain,
        }
    }
}

impl Row {
    /// A row of our own words, faint.
    pub(super) fn faint(text: &str) -> Self {
        Self { paint: Paint::Faint, text: harmless(text) }
    }

    /// The row with the codes of a terminal, if it takes colours.
    pub(super) fn painted(&self, colour: bool) -> String {
        match self.paint.codes().filter(|_| colour && !self.text.is_empty()) {
            Some(codes) => format!("\u{1b}[{codes}m{}\u{1b}[0m", self.text),
            None => self.text.clone(),
        }
    }

    /// The row in as many as it takes, none wider than so many columns.
    pub(super) fn wrapped(&self, columns: usize) -> Vec<Self> {
        let row = |text| Self { paint: self.paint, text };
        wrap(&self.text, columns).into_iter().map(row).collect()
    }
}

/// How what could be pressed is offered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Offered<'a> {
    /// As buttons, numbered from this one.
    Buttons(usize),
    /// As commands: nobody is there to read a number. What names its change alone concerns this target.
    Commands(Option<&'a TargetName>),
}

/// A whole card.
pub(super) fn card(card: &Card, reader: &Reader<'_>, offered: Offered<'_>) -> Vec<Row> {
    let mut rows = vec![first_line(card, reader)];
    let lines = card.lines.iter().chain(&card.details);
    // In which zone the clocks of a card go is told at the first of them.
    let clock = lines.clone().position(|line| plain::tells_clock(&line.text));
    rows.extend(lines.enumerate().map(|(at, one)| {
        let row = if clock == Some(at) { line_in_zone(one, reader) } else { line(one, reader) };
        if at < card.lines.len() { row } else { indented(row) }
    }));
    rows.extend(match offered {
        Offered::Buttons(first) => buttons(card, reader, first),
        Offered::Commands(target) => commands(card, reader, target),
    });
    rows
}

/// A card while it goes on: with a bar under its first line.
pub(super) fn live(card: &Card, reader: &Reader<'_>, offered: Offered<'_>) -> Vec<Row> {
    let mut rows = self::card(card, reader, offered);
    if let Some(progress) = card.progress.filter(|progress| progress.of > 0) {
        rows.insert(1, Row { paint: Paint::Busy, text: bar(progress) });
    }
    rows
}

/// A card in one row: what it is about, and the step that is under way.
pub(super) fn stage(card: &Card, reader: &Reader<'_>) -> Row {
    let first = first_line(card, reader);
    let doing = card.lines.iter().find(|line| line.style == LineStyle::Doing);
    let doing = doing.map(|line| harmless(&plain::text(&line.text, reader)));
    let text = doing.map_or_else(|| first.text.clone(), |doing| format!("{} · {doing}", first.text));
    Row { paint: first.paint, text }
}

/// The first line alone, such as a channel's silent messages are shown.
pub(super) fn first_line(card: &Card, reader: &Reader<'_>) -> Row {
    let text = format!("{} {}", card.state.emoji(), harmless(&plain::text(&card.first_line, reader)));
    Row { paint: Paint::of_state(card.state), text }
}

fn line(line: &Line, reader: &Reader<'_>) -> Row {
    Row { paint: Paint::of_style(line.style), text: harmless(&plain::line(line, reader)) }
}

fn line_in_zone(line: &Line, reader: &Reader<'_>) -> Row {
    Row { paint: Paint::of_style(line.style), text: harmless(&plain::line_in_zone(line, reader)) }
}

fn indented(Row { paint, text }: Row) -> Row {
    Row { paint, text: format!("{INDENT}{text}") }
}

fn buttons(card: &Card, reader: &Reader<'_>, first: usize) -> Vec<Row> {
    let labels = card.buttons.iter().zip(first..);
    let labels: Vec<String> = labels
        .map(|(button, number)| format!("[{number}] {}", harmless(&plain::text(&button.label, reader))))
        .collect();
    let row = |text| Row { paint: Paint::Button, text };
    let together = labels.join("   ");
    match labels.len() {
        0 => Vec::new(),
        _ if width(&together) <= BUTTONS_AT_MOST => vec![row(together)],
        _ => labels.into_iter().map(row).collect(),
    }
}

/// What could be pressed, as it is typed; what can't be typed is left out.
fn commands(card: &Card, reader: &Reader<'_>, target: Option<&TargetName>) -> Vec<Row> {
    let command = |button: &Button| {
        // To a shell a word that begins so is a comment, and the number of a change is read without it just as well.
        let typed = button.typed.clone().or_else(|| Some(button.press.command(target)?.to_text()))?.replace(" #", " ");
        let label = harmless(&plain::text(&button.label, reader));
        Some(Row { paint: Paint::Button, text: format!("{label} · {typed}") })
    };
    card.buttons.iter().filter_map(command).collect()
}

fn bar(progress: Progress) -> String {
    let done = progress.done.min(progress.of);
    let filled = usize::try_from(u64::from(done) * u64::from(BAR) / u64::from(progress.of)).unwrap_or(0);
    let empty = usize::try_from(BAR).unwrap_or(0).saturating_sub(filled);
    format!("{}{} {}/{}", "█".repeat(filled), "░".repeat(empty), progress.done, progress.of)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use commands::card::{Span, Text, TimeStyle};
    use commands::press::Press;
    use commands::words::Words;
    use state::catalogue::Language;
    use state::zone::Zone;

    use super::*;

    fn failed() -> Card {
        let mut card = Card::new(CardState::Bad, Text::words("api → prod failed"));
        let at = "2026-11-25T19:24:00Z".parse().expect("a moment");
        card.plain(Text::of_spans([
            Span::Words("Decide by ".to_owned()),
            Span::Time(at, TimeStyle::Clock),
            Span::Words(".".to_owned()),
        ]));
        card.line(LineStyle::Quote, Text::outside("\u{1b}[2J\u{1b}]0;x\u{7}panic: \u{202e}gnorw\nnext"));
        card.progress = Some(Progress { done: 2, of: 6 });
        card.button(Text::words("Roll back to v6"), Press::RollBack(id()));
        card.button(Text::words("Leave it, keep locked"), Press::Leave(id()));
        card
    }

    fn id() -> state::names::ChangeId {
        state::names::ChangeId::from_parts(1, 2)
    }

    fn with_reader<T>(zone: &str, look: impl FnOnce(&Reader<'_>) -> T) -> T {
        let zone = Zone::named(zone).expect("a zone");
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a moment");
        look(&Reader { words: Words::get(Language::English), zone: &zone, now })
    }

    fn texts(rows: &[Row], colour: bool) -> Vec<String> {
        rows.iter().map(|row| row.painted(colour)).collect()
    }

    #[test]
    fn a_card_is_drawn_for_its_reader() {
        let rows = with_reader("Asia/Shanghai", |reader| texts(&card(&failed(), reader, Offered::Buttons(1)), false));
        assert_eq!(
            rows,
            [
                "❌ api → prod failed",
                "Decide by 03:24 (Asia/Shanghai).",
                "> panic: gnorw next",
                "[1] Roll back to v6   [2] Leave it, keep locked",
            ]
        );
    }

    #[test]
    fn colours_are_whole_rows_and_only_ours() {
        let rows = with_reader("UTC", |reader| texts(&card(&failed(), reader, Offered::Buttons(3)), true));
        assert_eq!(rows[0], "\u{1b}[1;31m❌ api → prod failed\u{1b}[0m");
        assert_eq!(rows[1], "Decide by 19:24 (UTC).");
        assert_eq!(rows[2].matches('\u{1b}').count(), 2, "faint, and its end: {:?}", rows[2]);
        assert_eq!(rows[3], "\u{1b}[36m[3] Roll back to v6   [4] Leave it, keep locked\u{1b}[0m");
    }

    #[test]
    fn a_rollout_has_a_bar_while_it_goes_on() {
        let rows = with_reader("UTC", |reader| texts(&live(&failed(), reader, Offered::Buttons(1)), false));
        assert_eq!(rows[1], "██████░░░░░░░░░░░░░░ 2/6");
        let nothing = Card { progress: Some(Progress { done: 0, of: 0 }), ..failed() };
        let rows = with_reader("UTC", |reader| live(&nothing, reader, Offered::Buttons(1)).len());
        assert_eq!(rows, 4, "no bar for nothing");
        assert_eq!(bar(Progress { done: 7, of: 6 }), "████████████████████ 7/6");
    }

    #[test]
    fn the_zone_is_told_once() {
        let mut card = failed();
        let at = "2026-11-25T19:25:00Z".parse().expect("a moment");
        card.plain(Text::of_spans([Span::Time(at, TimeStyle::Seconds)]));
        card.details = vec![Line { style: LineStyle::Quote, text: Text::of_spans([Span::Time(at, TimeStyle::Clock)]) }];
        let rows = with_reader("UTC", |reader| texts(&self::card(&card, reader, Offered::Buttons(1)), false));
        assert_eq!(rows.join("\n").matches("(UTC)").count(), 1, "{rows:?}");
        card.lines = vec![Line { style: LineStyle::Plain, text: Text::of_spans([Span::Time(at, TimeStyle::Day)]) }];
        let rows = with_reader("UTC", |reader| texts(&self::card(&card, reader, Offered::Buttons(1)), false));
        assert_eq!(rows[1..3], ["25 Nov", "  > 19:25 (UTC)"], "a day has no clock");
    }

    #[test]
    fn long_buttons_stand_below_each_other() {
        let mut card = failed();
        card.buttons[0].label = Text::words("Roll back to 4d1e77c, which served from 20 Nov on until today");
        let rows = with_reader("UTC", |reader| texts(&buttons(&card, reader, 1), false));
        assert_eq!(rows.len(), 2);
        assert!(rows[1].starts_with("[2] "), "{rows:?}");
        let none: Vec<Button> = Vec::new();
        let card = Card { buttons: none, ..card };
        assert!(with_reader("UTC", |reader| buttons(&card, reader, 1)).is_empty());
    }

    #[test]
    fn evidence_stands_apart_also_where_it_is_broken() {
        let mut card = failed();
        card.details = vec![Line { style: LineStyle::Quote, text: Text::outside("panic: relation is gone") }];
        let rows = with_reader("UTC", |reader| self::card(&card, reader, Offered::Buttons(1)));
        assert_eq!(rows[3].text, "  > panic: relation is gone");
        assert_eq!(texts(&rows[3].wrapped(20), false), ["  > panic: relation", "    is gone"]);
        assert!(rows[3].wrapped(20).iter().all(|row| row.paint == Paint::Faint));
    }

    #[test]
    fn what_nobody_can_press_is_typed() {
        let mut card = failed();
        card.button(Text::words("Show #12"), Press::Show(state::names::ChangeNumber(12)));
        let (service, environment) = ("api".parse().expect("a name"), "prod".parse().expect("a name"));
        let target = TargetName { service, environment };
        let offered = |target| with_reader("UTC", |reader| texts(&commands(&card, reader, target), false));
        assert_eq!(
            offered(Some(&target)),
            ["Roll back to v6 · /rollback api prod", "Leave it, keep locked · /stop api prod", "Show #12 · /show 12",]
        );
        assert_eq!(offered(None), ["Show #12 · /show 12"], "whose change it is isn't known");
        let whole = with_reader("UTC", |reader| texts(&self::card(&card, reader, Offered::Commands(None)), false));
        assert!(!whole.iter().any(|row| row.contains("[1]")), "{whole:?}");
    }
}
