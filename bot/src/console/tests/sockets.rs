//! The socket: who may, what is understood, and what is there before and after.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commands::invocation::{AnswerKind, Via};
use commands::press::Press;
use futures::stream::StreamExt as _;
use state::catalogue::Language;
use state::names::ChangeNumber;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use ulid::Ulid;

use super::super::partner::{Lost, Partner as _, Said, Seen, exit_code};
use super::super::remote::{Patience, Remark, Remote};
use super::super::socket::Socket;
use super::super::testing::{FakeBot, change, name, verified};

fn text(text: &str) -> Said {
    Said::Text(text.to_owned())
}

fn request() -> Ulid {
    Ulid::from_parts(1_795_000_000_000, 7)
}

/// Sends bytes, and gives back all that is replied.
async fn raw(bot: &FakeBot, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(bot.socket()).await.expect("a bot");
    // The bot may have closed before it took everything.
    let _ = stream.write_all(bytes).await;
    let mut replies = Vec::new();
    // What the bot leaves unread resets the connection, behind what it replied.
    while let Ok(1..) = timeout(Duration::from_secs(20), stream.read_buf(&mut replies)).await.expect("it closes") {}
    String::from_utf8(replies).expect("text")
}

#[tokio::test]
async fn the_kernel_says_who_speaks() {
    let bot = FakeBot::started().await;
    let remote = bot.remote();
    let told = remote.ask(text("status api"), request()).await.expect("an answer");
    assert_eq!(told.kind, AnswerKind::Done);
    assert_eq!(remote.reader().person, Some(name("lin")));
    assert_eq!(remote.reader().zone.name(), "Asia/Shanghai");
    let said = bot.desk.said.lock().expect("not poisoned").pop().expect("one");
    assert_eq!((said.speaker, said.typed_by, said.via), (name("lin"), None, Via::Socket));
    assert_eq!(said.request.0, request().to_string());
}

#[tokio::test]
async fn only_those_of_the_config_are_spoken_for_and_both_names_are_known() {
    let bot = FakeBot::started().await;
    let remote = bot.remote_as(Some("ci"));
    remote.ask(text("status"), request()).await.expect("an answer");
    let said = bot.desk.said.lock().expect("not poisoned").pop().expect("one");
    assert_eq!((said.speaker, said.typed_by), (name("ci"), Some(name("lin"))));
    assert_eq!(remote.reader().language, Language::Chinese);

    for nobody in ["mo", "somebody"] {
        let remote = bot.remote_as(Some(nobody));
        let told = remote.ask(text("deploy api prod v7"), request()).await.expect("an answer");
        assert_eq!((told.kind, told.change), (AnswerKind::Refused, None), "{nobody}");
        assert!(remote.objection().is_some());
        let seen = remote.follow(change(ChangeNumber(1))).next().await;
        assert_eq!(seen, Some(Err(Lost::NotYours)));
    }
    assert_eq!(bot.desk.texts(), Vec::<String>::new(), "nothing reached the desk");
}

#[tokio::test]
async fn changes_are_followed_and_buttons_pressed() {
    let bot = FakeBot::started().await;
    let remote = bot.remote();
    let told = remote.ask(text("deploy api prod v7"), request()).await.expect("an answer");
    let (id, number) = told.change.expect("a change");
    assert_eq!(number, ChangeNumber(1));
    let mut seen = remote.follow(id);
    bot.desk.goes_on(verified());
    let Some(Ok(Seen::Ended { outcome, exit_code: 0, card })) = seen.next().await else { panic!("no outcome") };
    assert_eq!(outcome, "verified");
    assert_eq!(seen.next().await, None);
    let press = card.buttons[0].press.clone();
    remote.ask(Said::Press(press), request()).await.expect("an answer");
    assert_eq!(bot.desk.texts()[1], format!("{:?}", Press::RollBack(id)));
    let completions = remote.complete("/status a".to_owned(), 9).await;
    assert_eq!(completions.first().map(|first| first.text.as_str()), Some("api"));
    assert_eq!(bot.remote_as(Some("mo")).complete("/status a".to_owned(), 9).await, [], "whoever is nobody here");
}

#[tokio::test]
async fn whoever_speaks_in_tongues_is_told_so() {
    let bot = FakeBot::started().await;
    let replies = raw(&bot, b"GET / HTTP/1.1\r\n").await;
    assert!(replies.starts_with("{\"failed\":{\"unreadable\""), "{replies}");
    let replies = raw(&bot, b"{\"v\":2,\"what\":\"listen\"}\n").await;
    assert_eq!(replies, "{\"failed\":{\"version\":{\"speaks\":1}}}\n");
    let replies = raw(&bot, &vec![b'x'; 100_000]).await;
    assert!(replies.contains("too long"), "{replies}");
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_goes_with_the_bot() {
    let mut bot = FakeBot::started().await;
    let file = fs::symlink_metadata(bot.socket()).expect("it is there");
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    bot.stop().await;
    assert!(!bot.socket().exists());
}

#[tokio::test]
async fn a_dead_bots_socket_is_replaced_and_nothing_else_is() {
    let bot = FakeBot::new().await;
    // A socket whose process was killed: nobody listens, the file stays.
    drop(std::os::unix::net::UnixListener::bind(bot.socket()).expect("a socket"));
    assert!(bot.socket().exists());
    let alive = Socket::bind(&bot.socket()).expect("the dead one is replaced");
    let error = Socket::bind(&bot.socket()).err().expect("somebody lives there");
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    drop(alive);
    assert!(!bot.socket().exists(), "the one that was refused took nothing away, and ours is gone");
    fs::write(bot.socket(), "a file").expect("written");
    assert!(Socket::bind(&bot.socket()).is_err());
    assert_eq!(fs::read_to_string(bot.socket()).expect("still there"), "a file");
}

#[tokio::test]
async fn a_bot_that_is_full_says_so_and_serves_again() {
    let bot = FakeBot::started().await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(UnixStream::connect(bot.socket()).await.expect("a bot"));
    }
    assert_eq!(raw(&bot, b"").await, "{\"failed\":\"busy\"}\n");
    assert_eq!(bot.remote().ask(text("deploy api prod v7"), request()).await, Err(Lost::Busy));
    assert_eq!(bot.desk.texts(), Vec::<String>::new());
    drop(silent);
    let remote = bot.remote_as(None);
    let told = timeout(Duration::from_secs(20), async {
        loop {
            if let Ok(told) = remote.ask(text("status"), request()).await {
                return told;
            }
        }
    });
    assert_eq!(told.await.expect("room again").kind, AnswerKind::Done);
}

#[tokio::test]
async fn a_bot_that_is_too_busy_is_told_from_one_that_is_not_there() {
    let bot = FakeBot::new().await;
    // It is there, and has time for nobody.
    let full = UnixListener::bind(bot.socket()).expect("a socket");
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = full.accept().await {
            let _ = stream.write_all(b"{\"failed\":\"busy\"}\n").await;
        }
    });
    let remarks = Arc::new(Mutex::new(Vec::new()));
    let remark = {
        let remarks = Arc::clone(&remarks);
        move |remark, _| remarks.lock().expect("not poisoned").push(remark)
    };
    let short = Duration::from_millis(300);
    let patience = Patience { first: short, busy: short, again: short };
    let remote = Remote::new(bot.socket(), None, patience, Arc::new(remark));
    let lost = remote.ask(text("status"), request()).await.expect_err("no time");
    assert_eq!((exit_code(&lost), &lost), (1, &Lost::Busy));
    let seen = remote.follow(change(ChangeNumber(1))).next().await.expect("a word").expect_err("no time");
    assert_eq!((exit_code(&seen), &seen), (75, &Lost::TooBusyToFollow), "what was accepted goes on");
    assert_eq!(*remarks.lock().expect("not poisoned"), [Remark::Busy, Remark::Busy], "whoever waits knows for what");
    serving.abort();
}

#[tokio::test]
async fn channels_are_heard_by_whoever_is_somebody() {
    let bot = FakeBot::started().await;
    let mut heard = bot.remote().listen();
    let post = |marker: &str| commands::card::Post {
        channel: "deploys".parse().expect("a name"),
        marker: marker.to_owned(),
        card: super::super::testing::card(commands::card::CardState::Good, marker),
        reply_to: None,
        silent: false,
    };
    let said = async {
        let mut number = 0;
        loop {
            // Said again and again: nobody knows when the listener is there.
            number += 1;
            let said = post(&format!("api/prod/{number}"));
            commands::ports::Chat::post(&*bot.channels, &said).await.expect("said");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        heard = heard.next() => assert_eq!(heard.expect("a message").channel.as_str(), "deploys"),
        () = said => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("nothing was heard"),
    }
    let mut heard = bot.remote_as(Some("mo")).listen();
    assert_eq!(timeout(Duration::from_secs(20), heard.next()).await.expect("it ends"), None);
}
