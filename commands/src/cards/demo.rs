//! The demo: its welcome, and what `/demo` answers.

use state::names::ServiceName;

use crate::card::{Card, CardState, LineStyle, Text};
use crate::words::{Arg, Words, say, say_first};

/// The three lines at the start.
pub fn welcome(words: &Words) -> Card {
    let mut card = Card::new(CardState::Plain, say_first!(words, "demo-first"));
    card.plain(say!(words, "demo-simulated"));
    card.plain(say!(
        words,
        "demo-try",
        good = typed("/deploy api prod 4.2.0"),
        break_it = typed("/demo break pay crash"),
        bad = typed("/deploy pay prod 1.8.3"),
        help = typed("/help")
    ));
    card
}

/// The next image of a service will misbehave.
pub fn broken(words: &Words, service: &ServiceName, way: &str, release: &str) -> Card {
    let mut card =
        Card::new(CardState::Plain, say_first!(words, "demo-broken", service = Arg::Name(service.to_string())));
    card.plain(how(words, way));
    card.plain(say!(words, "demo-broken-next", command = typed(&format!("/deploy {service} prod {release}"))));
    card
}

/// That was not how `/demo` is typed.
pub fn usage(words: &Words, ways: &[&str]) -> Card {
    let mut card = Card::new(CardState::Refused, say_first!(words, "demo-usage"));
    card.plain(say!(words, "demo-usage-line", usage = pattern(ways)));
    card.plain(say!(words, "demo-usage-services", command = typed("/status")));
    card
}

/// All commands, that of the demo among them.
pub fn help_all(words: &Words, ways: &[&str]) -> Card {
    let mut card = super::help::card(words, None);
    let demo = say!(words, "help-row", usage = pattern(ways), help = words.plain("demo-help"));
    let behind = card.lines.iter().rposition(|line| line.style == LineStyle::Item).map_or(0, |last| last + 1);
    card.line(LineStyle::Item, demo);
    card.lines[behind..].rotate_right(1);
    card
}

/// How `/demo` is used.
pub fn help(words: &Words, ways: &[&str]) -> Card {
    let mut card = Card::new(CardState::Plain, say_first!(words, "help-first-command", command = "/demo".to_owned()));
    card.plain(say!(words, "demo-help"));
    card.plain(Text::of_spans([crate::card::Span::Command(line(ways))]));
    for way in ways {
        card.line(
            LineStyle::Item,
            say!(words, "help-argument", argument = Arg::Name((*way).to_owned()), help = how(words, way)),
        );
    }
    card.plain(say!(words, "help-example", example = typed("/demo break pay crash")));
    card
}

fn how(words: &Words, way: &str) -> Text {
    match way {
        "crash" => say!(words, "demo-way-crash"),
        "never-ready" => say!(words, "demo-way-never-ready"),
        "pull" => say!(words, "demo-way-pull"),
        _ => say!(words, "demo-way-slow"),
    }
}

fn typed(line: &str) -> Arg {
    Arg::Command(line.to_owned())
}

fn pattern(ways: &[&str]) -> Arg {
    Arg::Command(line(ways))
}

fn line(ways: &[&str]) -> String {
    format!("/demo break SERVICE {}", ways.join("|"))
}
