//! A bot that goes away in the middle, and comes back or doesn't.

use std::time::Duration;

use commands::card::LineStyle;
use commands::invocation::News;
use futures::stream::StreamExt as _;
use state::names::ChangeNumber;
use tokio::net::UnixListener;
use ulid::Ulid;

use super::super::partner::{Lost, Partner as _, Said, Seen};
use super::super::remote::{Patience, Remote};
use super::super::testing::{FakeBot, change, verified, working};
use super::super::wire::{self, CALL_AT_MOST, Call, Reply, Welcome};

fn deploy() -> Said {
    Said::Text("deploy api prod v7".to_owned())
}

fn request() -> Ulid {
    Ulid::from_parts(1_795_000_000_000, 9)
}

#[tokio::test]
async fn a_request_is_sent_again_as_the_same_request() {
    let mut bot = FakeBot::new().await;
    // This one takes the call and dies of it.
    let dying = UnixListener::bind(bot.socket()).expect("a socket");
    let remote = bot.remote();
    let asked = tokio::spawn(async move { remote.ask(deploy(), request()).await });
    let (stream, _) = dying.accept().await.expect("a client");
    let call: Option<Call> =
        wire::receive(&mut tokio::io::BufReader::new(stream), CALL_AT_MOST).await.expect("readable");
    assert!(format!("{call:?}").contains(&format!("{:?}", request())), "{call:?}");
    drop(dying);
    bot.start();
    let told = asked.await.expect("no panic").expect("an answer, at last");
    assert_eq!(told.change, Some((change(ChangeNumber(1)), ChangeNumber(1))));
    assert_eq!(bot.desk.said.lock().expect("not poisoned")[0].request.0, request().to_string());
}

#[tokio::test]
async fn an_answer_that_is_lost_on_its_way_is_asked_for_again_and_nothing_is_done_twice() {
    let mut bot = FakeBot::started().await;
    let remote = bot.remote();
    let told = remote.ask(deploy(), request()).await.expect("an answer");
    bot.stop().await;
    bot.start();
    let again = remote.ask(deploy(), request()).await.expect("the same answer");
    assert_eq!(told.change, again.change);
}

#[tokio::test]
async fn a_change_is_followed_through_a_restart() {
    let mut bot = FakeBot::started().await;
    bot.desk.goes_on(News::Progress(working("rolling out", LineStyle::Doing)));
    let mut seen = bot.remote().follow(change(ChangeNumber(1)));
    assert!(matches!(seen.next().await, Some(Ok(Seen::Progress(_)))));
    bot.stop().await;
    let next = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(seen) = seen.next().await {
            all.push(seen);
        }
        all
    });
    bot.start();
    bot.desk.goes_on(verified());
    let all = next.await.expect("no panic");
    assert!(matches!(all.last(), Some(Ok(Seen::Ended { .. }))), "{all:?}");
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

#[tokio::test]
async fn a_bot_that_is_not_there_is_told_from_one_that_went_away() {
    let bot = FakeBot::new().await;
    let lost = bot.remote().ask(deploy(), request()).await.expect_err("nobody");
    assert_eq!(lost, Lost::NotRunning { socket: bot.socket().display().to_string() });

    let short = Duration::from_millis(200);
    let patience = Patience { first: Duration::from_millis(20), busy: short, again: short };
    let impatient = Remote::new(bot.socket(), None, patience, std::sync::Arc::new(|_, _| {}));
    let dying = UnixListener::bind(bot.socket()).expect("a socket");
    let asked = tokio::spawn({
        let impatient = impatient.clone();
        async move { impatient.ask(deploy(), request()).await }
    });
    // It says welcome, so that it may have heard, and is gone.
    let (mut stream, _) = dying.accept().await.expect("a client");
    let welcome = Welcome {
        rotabot: "1.0.0".to_owned(),
        person: None,
        language: state::catalogue::Language::English,
        zone: "UTC".to_owned(),
        objection: None,
    };
    wire::send(&mut stream, &Reply::Welcome(welcome)).await.expect("sent");
    drop((stream, dying));
    assert_eq!(asked.await.expect("no panic"), Err(Lost::OutcomeUnknown));
    let seen = impatient.follow(change(ChangeNumber(1))).next().await;
    assert_eq!(seen, Some(Err(Lost::Gone)), "a change that was accepted goes on without us");
}

#[tokio::test]
async fn what_is_being_answered_when_the_bot_ends_is_answered() {
    let mut bot = FakeBot::started().await;
    let remote = bot.remote();
    let asked = tokio::spawn(async move { remote.ask(Said::Text("slow deploy".to_owned()), request()).await });
    while bot.desk.said.lock().expect("not poisoned").is_empty() {
        tokio::task::yield_now().await;
    }
    let desk = bot.desk.clone();
    let ((), ()) = tokio::join!(bot.stop(), async { desk.gate.notify_one() });
    assert!(asked.await.expect("no panic").is_ok());
}
