//! The desk of the demo: everything goes to the real one, but for `/demo`, which only this shop has.

use std::sync::Arc;

use commands::cards::demo;
use commands::command::complete::Recent;
use commands::invocation::{Answer, AnswerKind, Desk, Invocation, News, What};
use commands::words::Words;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::BoxStream;
use state::catalogue::Catalogue;
use state::names::{ChangeId, PersonName, ServiceName};
use state::time::Now;
use world::behaviour::Behaviour;
use world::shop::Shop;

/// What can be broken, as it is typed.
const WAYS: &str = "crash|never-ready|pull|slow";

pub(super) struct DemoDesk {
    desk: Arc<dyn Desk>,
    shop: Shop,
}

impl DemoDesk {
    pub(super) fn new(desk: Arc<dyn Desk>, shop: Shop) -> Self {
        Self { desk, shop }
    }

    /// `/demo break SERVICE WAY`: the next image of the service that no node has run yet will behave so.
    fn play(&self, words: &Words, typed: &[&str]) -> Answer {
        let refused = || Answer { kind: AnswerKind::Refused, card: demo::usage(words, WAYS), change: None };
        let ["break", service, way] = typed else { return refused() };
        let (Ok(service), Ok(behaviour)) = (ServiceName::new(*service), way.parse::<Behaviour>()) else {
            return refused();
        };
        if !self.shop.break_next(&service, behaviour) {
            return refused();
        }
        let release = self.shop.releases(&service).pop().unwrap_or_default();
        Answer { kind: AnswerKind::Done, card: demo::broken(words, &service, way, &release), change: None }
    }
}

impl Desk for DemoDesk {
    fn dispatch(&self, invocation: Invocation, now: Now) -> BoxFuture<'_, Answer> {
        async move {
            if let What::Text(text) = &invocation.what {
                let typed: Vec<&str> = text.split_whitespace().collect();
                if let Some(("/demo" | "demo", rest)) = typed.split_first().map(|(first, rest)| (*first, rest)) {
                    let language = self.shop.catalogue.language_of(Some(&invocation.speaker));
                    return self.play(Words::get(language), rest);
                }
            }
            self.desk.dispatch(invocation, now).await
        }
        .boxed()
    }

    fn follow(&self, change: ChangeId, reader: &PersonName, now: Now) -> BoxStream<'static, News> {
        self.desk.follow(change, reader, now)
    }

    fn may_view<'a>(&'a self, change: ChangeId, reader: &'a PersonName, now: Now) -> BoxFuture<'a, bool> {
        self.desk.may_view(change, reader, now)
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.desk.catalogue()
    }

    fn recent(&self) -> Arc<Recent> {
        self.desk.recent()
    }
}
