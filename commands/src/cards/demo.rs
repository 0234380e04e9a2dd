//! The demo: its welcome, and what `/demo` answers.

use state::names::ServiceName;

use crate::card::{Card, CardState};
use crate::words::{Arg, Words, say, say_first};

/// The three lines at the start.
pub fn welcome(words: &Words) -> Card {
    let mut card = Card::new(CardState::Plain, say_first!(words, "demo-first"));
    card.plain(say!(words, "demo-simulated"));
    let typed = |line: &str| Arg::Command(line.to_owned());
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
    let how = match way {
        "crash" => say!(words, "demo-way-crash"),
        "never-ready" => say!(words, "demo-way-never-ready"),
        "pull" => say!(words, "demo-way-pull"),
        _ => say!(words, "demo-way-slow"),
    };
    card.plain(how);
    let command = Arg::Command(format!("/deploy {service} prod {release}"));
    card.plain(say!(words, "demo-broken-next", command = command));
    card
}

/// How `/demo` is typed.
pub fn usage(words: &Words, ways: &str) -> Card {
    let mut card = Card::new(CardState::Refused, say_first!(words, "demo-usage"));
    card.plain(say!(words, "demo-usage-line", usage = Arg::Command(format!("/demo break SERVICE {ways}"))));
    card.plain(say!(words, "demo-usage-services", command = Arg::Command("/status".to_owned())));
    card
}
