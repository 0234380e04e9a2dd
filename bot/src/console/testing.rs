//! A desk for tests: it answers by the first word of a line, and its changes go on as the test says.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use commands::card::{Card, CardState, LineStyle, Text};
use commands::command::complete::{Completion, Recent, Sight, complete};
use commands::invocation::{Answer, AnswerKind, Desk, Invocation, News, What};
use commands::press::Press;
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::stream::{self, BoxStream, StreamExt as _};
use state::catalogue::{self, Action, Catalogue, Environment, Grantee, Language, Mode, Permissions, Person, Policy};
use state::names::{ChangeId, ChangeNumber, PersonName};
use state::store::MemoryStore;
use state::time::Now;
use tokio::sync::{Notify, watch};

use super::channel::{Beside, Channels};
use super::remote::{Patience, Remote};
use super::socket::{Service, Socket};
use super::speaker::{own_user, user_name};
use super::{Clock, Shutdown};
use crate::config::SOCKET;
use crate::runner::Ending;

pub(super) fn clock() -> Now {
    Now { wall: DateTime::from_timestamp(1_795_000_000, 0).expect("a moment"), monotonic: Duration::from_secs(1) }
}

pub(super) const CLOCK: Clock = clock;

pub(super) fn name(text: &str) -> PersonName {
    text.parse().expect("a name")
}

/// A desk that answers by the first word: `deploy`, `status`, `refuse`, `unsure`, `slow`.
pub(super) struct FakeDesk {
    catalogue: Arc<Catalogue>,
    /// All that was said, in order.
    pub(super) said: Mutex<Vec<Invocation>>,
    changes: Mutex<BTreeMap<String, ChangeNumber>>,
    /// The news of all changes, the newest last.
    news: watch::Sender<Vec<News>>,
    /// What `slow` waits for.
    pub(super) gate: Notify,
}

impl FakeDesk {
    pub(super) async fn new() -> Arc<Self> {
        let own = Person {
            unix: Some(user_name(own_user()).await),
            zone: Some("Asia/Shanghai".to_owned()),
            ..Person::default()
        };
        let chinese = Person { language: Language::Chinese, ..Person::default() };
        let people = [(name("lin"), own), (name("ci"), chinese), (name("mo"), Person::default())].into();
        let mut catalogue = Catalogue { people, ..Catalogue::default() };
        let view = Permissions([(Action::View, [Grantee::Everyone].into())].into());
        let prod = Environment {
            cluster: "main".parse().expect("a name"),
            namespace: "shop".parse().expect("a name"),
            channel: "ops".parse().expect("a name"),
            mode: Mode::Act,
            permissions: view,
            policy: Policy::default(),
        };
        let placements = [("prod".parse().expect("a name"), Vec::new())].into();
        catalogue
            .services
            .insert("api".parse().expect("a name"), catalogue::Service { placements, ..Default::default() });
        catalogue.environments.insert("prod".parse().expect("a name"), prod);
        Arc::new(Self {
            catalogue: Arc::new(catalogue),
            said: Mutex::default(),
            changes: Mutex::default(),
            news: watch::Sender::default(),
            gate: Notify::new(),
        })
    }

    pub(super) fn goes_on(&self, news: News) {
        self.news.send_modify(|all| all.push(news));
    }

    /// What was said, as text.
    pub(super) fn texts(&self) -> Vec<String> {
        let said = self.said.lock().expect("not poisoned");
        let text = |invocation: &Invocation| match &invocation.what {
            What::Text(text) => text.clone(),
            What::Press(press) => format!("{press:?}"),
            What::Command(command) => command.to_text(),
        };
        said.iter().map(text).collect()
    }

    fn begin(&self, request: &str) -> Answer {
        let mut changes = self.changes.lock().expect("not poisoned");
        let next = ChangeNumber(u64::try_from(changes.len()).expect("few") + 1);
        let number = *changes.entry(request.to_owned()).or_insert(next);
        let id = change(number);
        let mut card = working(&format!("{number} accepted"), LineStyle::Doing);
        card.button(Text::words("Stop"), Press::Stop(id));
        Answer { kind: AnswerKind::Done, card, change: Some((id, number)) }
    }
}

pub(super) fn change(number: ChangeNumber) -> ChangeId {
    ChangeId::from_parts(1_795_000_000_000, number.0.into())
}

pub(super) fn card(state: CardState, first: &str) -> Card {
    Card::new(state, Text::words(first))
}

/// A change under way, with its one step in that style.
pub(super) fn working(first: &str, step: LineStyle) -> Card {
    let mut card = card(CardState::Working, first);
    card.line(step, Text::words("rollout"));
    card
}

pub(super) fn verified() -> News {
    let mut card = card(CardState::Good, "api → prod verified");
    card.button(Text::words("Roll back to v6"), Press::RollBack(change(ChangeNumber(1))));
    News::Ended { word: "verified", exit_code: 0, card }
}

impl Desk for FakeDesk {
    fn dispatch(&self, invocation: Invocation, _now: Now) -> BoxFuture<'_, Answer> {
        async move {
            let What::Text(text) = invocation.what.clone() else {
                self.said.lock().expect("not poisoned").push(invocation);
                return Answer { kind: AnswerKind::Done, card: card(CardState::Good, "pressed"), change: None };
            };
            let request = invocation.request.0.clone();
            self.said.lock().expect("not poisoned").push(invocation);
            let answer = |kind, state, first: &str| Answer { kind, card: card(state, first), change: None };
            match text.split_whitespace().next().unwrap_or_default() {
                "deploy" => self.begin(&request),
                "slow" => {
                    self.gate.notified().await;
                    self.begin(&request)
                }
                "refuse" => answer(AnswerKind::Refused, CardState::Refused, "Nothing was changed: no"),
                "unsure" => answer(AnswerKind::Unsure, CardState::Unsure, "Can't tell"),
                _ => answer(AnswerKind::Done, CardState::Plain, &format!("seen: {text}")),
            }
        }
        .boxed()
    }

    fn follow(&self, _change: ChangeId, _reader: &PersonName, _now: Now) -> BoxStream<'static, News> {
        let news = self.news.subscribe();
        // The present state first, then what comes.
        let from = news.borrow().len().saturating_sub(1);
        stream::unfold((news, from, false), async |(mut news, at, over)| {
            if over {
                return None;
            }
            let next = news.wait_for(|all| all.len() > at).await.ok()?[at].clone();
            let over = matches!(next, News::Ended { .. });
            Some((next, (news, at + 1, over)))
        })
        .boxed()
    }

    /// The third change is nobody's to look at.
    fn may_view<'a>(&'a self, id: ChangeId, _reader: &'a PersonName, _now: Now) -> BoxFuture<'a, bool> {
        ready(id != change(ChangeNumber(3))).boxed()
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.clone()
    }

    fn complete<'a>(
        &'a self,
        line: &'a str,
        cursor: usize,
        reader: &'a PersonName,
        now: Now,
    ) -> BoxFuture<'a, Vec<Completion>> {
        let catalogue = self.catalogue();
        let sight = Sight { catalogue: &catalogue, recent: &Recent::default(), reader, now: now.wall };
        ready(complete(&sight, line, cursor)).boxed()
    }
}

/// A bot with a socket in a folder of its own.
pub(super) struct FakeBot {
    pub(super) desk: Arc<FakeDesk>,
    pub(super) channels: Arc<Channels>,
    folder: tempfile::TempDir,
    ending: watch::Sender<Ending>,
    served: Option<tokio::task::JoinHandle<()>>,
}

impl FakeBot {
    /// One that is not started.
    pub(super) async fn new() -> Self {
        Self {
            desk: FakeDesk::new().await,
            channels: Arc::new(Channels::new(Beside::Nowhere)),
            folder: tempfile::tempdir().expect("a folder"),
            ending: watch::channel(Ending::No).0,
            served: None,
        }
    }

    pub(super) async fn started() -> Self {
        let mut bot = Self::new().await;
        bot.start();
        bot
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join(SOCKET)
    }

    pub(super) fn shutdown(&self) -> Shutdown {
        self.ending.subscribe()
    }

    pub(super) fn service(&self) -> Service {
        Service {
            desk: self.desk.clone(),
            channels: self.channels.clone(),
            clock: CLOCK,
            may_be_spoken_for: [name("ci")].into(),
            store: Arc::new(MemoryStore::new()),
        }
    }

    pub(super) fn start(&mut self) {
        self.ending.send_replace(Ending::No);
        let socket = Socket::bind(&self.socket()).expect("a socket");
        self.served = Some(tokio::spawn(socket.serve(self.service(), self.shutdown())));
    }

    /// Ends it in good order.
    pub(super) async fn stop(&mut self) {
        self.ending.send_replace(Ending::Asked);
        if let Some(served) = self.served.take() {
            served.await.expect("it ends");
        }
    }

    pub(super) fn remote(&self) -> Remote {
        self.remote_as(None)
    }

    pub(super) fn remote_as(&self, in_name_of: Option<&str>) -> Remote {
        let patience = Patience {
            first: Duration::from_millis(50),
            busy: Duration::from_millis(300),
            again: Duration::from_secs(20),
        };
        Remote::new(self.socket(), in_name_of.map(str::to_owned), patience, Arc::new(|_, _| {}))
    }
}

/// What was written, to be looked at.
#[derive(Clone, Default)]
pub(super) struct Taken(Arc<Mutex<Vec<u8>>>);

impl Taken {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }

    /// What was written since this was last asked.
    pub(super) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().expect("not poisoned"))).expect("text")
    }
}

impl Write for Taken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
