//! Lines that are piped in: each waits for its outcome, the worst exit code counts, and what is shown is lines.

use std::sync::Arc;

use commands::card::{CardState, LineStyle, Post, Text};
use commands::invocation::{News, Via};
use commands::ports::Chat as _;
use commands::press::Press;
use state::names::ChangeNumber;
use tokio::sync::mpsc;

use super::super::Identity;
use super::super::follow::Shown;
use super::super::partner::{Local, Partner, Said};
use super::super::piped;
use super::super::say::{Saying, say_to};
use super::super::screen::Screen;
use super::super::talk::{Hint, Line, Talk};
use super::super::testing::{CLOCK, FakeBot, Taken, card, change, name, verified, working};

fn partner(bot: &FakeBot) -> Arc<dyn Partner> {
    Arc::new(Local {
        desk: bot.desk.clone(),
        channels: bot.channels.clone(),
        clock: CLOCK,
        identity: Identity::oneself(name("lin")),
        via: Via::Console,
    })
}

fn talk(partner: Arc<dyn Partner>) -> (Talk, Taken) {
    let taken = Taken::default();
    (Talk::new(partner, Arc::new(Screen::to(Box::new(taken.clone()))), CLOCK), taken)
}

fn lines(lines: &[&str]) -> mpsc::Receiver<String> {
    let (to, from) = mpsc::channel(100);
    for line in lines {
        to.try_send((*line).to_owned()).expect("room");
    }
    from
}

fn left() -> News {
    let mut card = card(CardState::Bad, "api → prod failed");
    card.button(Text::words("Roll back to v6"), Press::RollBack(change(ChangeNumber(1))));
    News::Ended { word: "left", exit_code: 2, card }
}

#[tokio::test]
async fn each_line_waits_and_the_worst_code_counts() {
    let bot = FakeBot::new().await;
    bot.desk.goes_on(verified());
    let (talk, taken) = talk(partner(&bot));
    let script = ["# a comment", "", "status api", "deploy api prod v7", "refuse", "status"];
    assert_eq!(piped::run(talk, lines(&script), bot.shutdown()).await, 1);
    assert_eq!(bot.desk.texts(), ["status api", "deploy api prod v7", "refuse", "status"]);
    insta::assert_snapshot!(taken.text(), @r"
    › status api
    📋 seen: status api

    › deploy api prod v7
    ⏳ #1 accepted
    🔄 rollout
    [1] Stop
    ✅ api → prod verified
    [1] Roll back to v6

    › refuse
    🚫 Nothing was changed: no

    › status
    📋 seen: status
    ");
}

#[tokio::test]
async fn stages_are_told_and_what_is_within_one_is_not() {
    let bot = FakeBot::new().await;
    let (mut talk, taken) = talk(partner(&bot));
    let desk = bot.desk.clone();
    desk.goes_on(News::Progress(working("rolling out: 0 of 3 pods new", LineStyle::Doing)));
    let saying = Saying { text: "deploy api prod v7".to_owned(), wait: true, json: false };
    let said = say_to(&mut talk, &saying, Shown::ByStage);
    let goes_on = async {
        desk.goes_on(News::Progress(working("rolling out: 1 of 3 pods new", LineStyle::Doing)));
        desk.goes_on(News::Progress(working("watching", LineStyle::Done)));
        desk.goes_on(left());
    };
    let (code, ()) = tokio::join!(said, goes_on);
    talk.screen.written().await;
    assert_eq!(code, 2);
    insta::assert_snapshot!(taken.text(), @r"
    ⏳ #1 accepted
    🔄 rollout
    Stop · /stop api prod
    ⏳ watching
    ❌ api → prod failed
    Roll back to v6 · /rollback api prod
    ");
}

#[tokio::test]
async fn buttons_are_pressed_by_their_numbers() {
    let bot = FakeBot::new().await;
    bot.desk.goes_on(left());
    let (talk, taken) = talk(partner(&bot));
    let code =
        piped::run(talk, lines(&["1", "deploy api prod v8", "2", "[1]", "exit", "status"]), bot.shutdown()).await;
    assert_eq!(code, 2);
    let press = format!("{:?}", Press::RollBack(change(ChangeNumber(1))));
    assert_eq!(bot.desk.texts(), ["deploy api prod v8".to_owned(), press], "two numbers had no button");
    assert_eq!(taken.text().matches("there is no button").count(), 2, "{}", taken.text());
}

#[tokio::test]
async fn a_number_keeps_its_meaning_while_the_card_changes_under_the_eyes() {
    let bot = FakeBot::new().await;
    let (mut talk, taken) = talk(partner(&bot));
    let (stop, back) = (Press::Stop(change(ChangeNumber(1))), Press::RollBack(change(ChangeNumber(1))));
    let with = |presses: &[&Press]| {
        let mut card = card(CardState::Working, "api → prod");
        for press in presses {
            card.button(Text::words("Press"), (*press).clone());
        }
        card
    };
    let pressed = |press: &Press| Line::Ask(Said::Press(press.clone()));
    talk.live(&with(&[&stop]), Hint::None);
    talk.live(&with(&[&stop]), Hint::None);
    assert_eq!((talk.read("1"), talk.read("2")), (pressed(&stop), Line::NoButton(2)));
    talk.live(&with(&[]), Hint::None);
    talk.live(&with(&[&back]), Hint::None);
    assert_eq!((talk.read("1"), talk.read("2")), (pressed(&stop), pressed(&back)));
    talk.screen.written().await;
    assert!(taken.text().ends_with("[2] Press\n"), "{}", taken.text());
    // Something else is asked for: the buttons of before are gone.
    talk.ask(Said::Text("status".to_owned())).await.expect("an answer");
    talk.live(&with(&[&back]), Hint::None);
    assert_eq!((talk.read("1"), talk.read("2")), (pressed(&back), Line::NoButton(2)));
}

#[tokio::test]
async fn a_parked_change_is_not_waited_for() {
    let bot = FakeBot::new().await;
    bot.desk.goes_on(News::Parked(card(CardState::Unsure, "parked")));
    let (talk, _) = talk(partner(&bot));
    assert_eq!(piped::run(talk, lines(&["deploy api prod v7"]), bot.shutdown()).await, 3);
}

#[tokio::test]
async fn channels_tell_what_this_console_does_not_follow() {
    let bot = FakeBot::new().await;
    bot.desk.goes_on(verified());
    let (mut talk, taken) = talk(partner(&bot));
    let mut heard = talk.partner.listen();
    let saying = Saying { text: "deploy api prod v7".to_owned(), wait: true, json: false };
    say_to(&mut talk, &saying, Shown::ByStage).await;
    talk.screen.written().await;
    let before = taken.text().len();
    let post = |number, what: &str, silent| Post {
        channel: "deploys".parse().expect("a name"),
        marker: format!("{}/{what}", change(ChangeNumber(number))),
        card: card(CardState::Good, &format!("#{number} {what}")),
        reply_to: None,
        silent,
    };
    let of_a_target = Post { marker: "api/prod/unreadable/9".to_owned(), ..post(9, "unreadable", false) };
    for said in [post(1, "outcome", false), post(1, "lapsed", false), post(2, "progress", true), of_a_target] {
        // What this person may not look at is not heard at all.
        bot.channels.post(&post(3, "outcome", false)).await.expect("said");
        for unheard in ["of nothing", "01KB0000000000000000000000/unreadable"] {
            bot.channels.post(&Post { marker: unheard.to_owned(), ..post(1, "", false) }).await.expect("said");
        }
        bot.channels.post(&said).await.expect("said");
        talk.heard(&futures::StreamExt::next(&mut heard).await.expect("a message"));
    }
    talk.screen.written().await;
    assert_eq!(
        taken.text()[before..],
        *"# deploys\n✅ #1 lapsed\n# deploys\n✅ #2 progress\n# deploys\n✅ #9 unreadable\n"
    );
}

#[tokio::test]
async fn somebody_unknown_is_told_and_does_nothing() {
    let bot = FakeBot::new().await;
    let catalogue = commands::invocation::Desk::catalogue(&*bot.desk);
    let identity = Identity::of_user(&catalogue, "stranger", None, &Default::default(), CLOCK().wall);
    let local =
        Local { desk: bot.desk.clone(), channels: bot.channels.clone(), clock: CLOCK, identity, via: Via::Console };
    let (talk, taken) = talk(Arc::new(local));
    assert_eq!(piped::run(talk, lines(&["deploy api prod v7"]), bot.shutdown()).await, 1);
    assert_eq!(bot.desk.texts(), Vec::<String>::new());
    assert!(taken.text().contains("stranger"), "{}", taken.text());
}
