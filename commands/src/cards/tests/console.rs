//! What a console says about itself.

use super::super::console::{self, Leaving, Lost};
use super::*;

#[test]
fn consoles() {
    let lost = |lost: Lost| move |_: &Sample, words: &'static Words| console::lost(words, &lost);
    let socket = || "data/rotabot.sock".to_owned();
    snapshot!(all(vec![
        (
            "welcome to the bot's own",
            Box::new(|sample, words| console::welcome(words, "0.1.0", Some(&sample.lin), Leaving::EndsTheBot))
        ),
        (
            "welcome to whoever plays",
            Box::new(|sample, words| console::welcome(words, "0.1.0", Some(&sample.lin), Leaving::EndsTheDemo))
        ),
        ("welcome to a stranger", Box::new(|_, words| console::welcome(words, "0.1.0", None, Leaving::LeavesTheBot))),
        ("working", Box::new(|_, words| console::working(words))),
        ("no such button", Box::new(|_, words| console::no_button(words, 7, 2))),
        ("no button at all", Box::new(|_, words| console::no_button(words, 1, 0))),
        ("not running", Box::new(lost(Lost::NotRunning { socket: socket() }))),
        ("busy", Box::new(lost(Lost::Busy))),
        ("too busy to follow", Box::new(lost(Lost::TooBusyToFollow))),
        ("not allowed", Box::new(lost(Lost::NotAllowed { socket: socket() }))),
        ("outcome unknown", Box::new(lost(Lost::OutcomeUnknown))),
        ("gone", Box::new(lost(Lost::Gone))),
        ("another version", Box::new(lost(Lost::Version))),
        ("failed", Box::new(lost(Lost::Failed { why: "the call is\n\u{1b}[31munreadable".to_owned() }))),
    ]));
}
