//! The desk of the demo: everything goes to the real one, but for `/demo`, which only this shop has.

use std::sync::Arc;

use commands::cards::demo;
use commands::command::complete::Completion;
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
const WAYS: [&str; 4] = ["crash", "never-ready", "pull", "slow"];

pub(super) struct DemoDesk {
    desk: Arc<dyn Desk>,
    shop: Shop,
}

/// What is typed, where it is about the demo.
enum Typed<'a> {
    /// `/demo` with whatever follows.
    Demo(&'a [&'a str]),
    /// `/help demo`.
    HelpDemo,
    /// `/help`.
    HelpAll,
    /// Nothing of the kind.
    Else,
}

impl<'a> Typed<'a> {
    fn of(words: &'a [&'a str]) -> Self {
        let Some((first, rest)) = words.split_first() else { return Self::Else };
        match (first.trim_start_matches('/'), rest) {
            ("demo", rest) => Self::Demo(rest),
            ("help", []) => Self::HelpAll,
            ("help", [about]) if about.trim_start_matches('/') == "demo" => Self::HelpDemo,
            _ => Self::Else,
        }
    }
}

impl DemoDesk {
    pub(super) fn new(desk: Arc<dyn Desk>, shop: Shop) -> Self {
        Self { desk, shop }
    }

    /// `/demo break SERVICE WAY`: the next image of the service that no node has run yet will behave so.
    fn play(&self, words: &Words, typed: &[&str]) -> Answer {
        let broken = match typed {
            ["break", service, way] => ServiceName::new(*service).ok().zip(way.parse::<Behaviour>().ok()),
            _ => None,
        };
        let release = broken.and_then(|(service, how)| Some((self.shop.break_next(&service, how)?, service)));
        match (release, typed) {
            (Some((release, service)), [.., way]) => answer(demo::broken(words, &service, way, &release)),
            _ => Answer { kind: AnswerKind::Refused, card: demo::usage(words, &WAYS), change: None },
        }
    }

    /// What may follow in a line, beside what every rotabot offers.
    fn offers(&self, before: &[&str]) -> Vec<String> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match before {
            [] => vec!["/demo".to_owned()],
            ["/demo" | "demo"] => vec!["break".to_owned()],
            ["/demo" | "demo", "break"] => self.shop.catalogue.services.keys().map(ToString::to_string).collect(),
            ["/demo" | "demo", "break", _] => owned(&WAYS),
            // Whoever plays doesn't know the releases of the shop by heart.
            ["/deploy" | "deploy", service, _] => {
                let service = ServiceName::new(*service).ok();
                service.map(|service| self.shop.releases(&service)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

fn answer(card: commands::card::Card) -> Answer {
    Answer { kind: AnswerKind::Done, card, change: None }
}

impl Desk for DemoDesk {
    fn dispatch(&self, invocation: Invocation, now: Now) -> BoxFuture<'_, Answer> {
        async move {
            let What::Text(text) = &invocation.what else { return self.desk.dispatch(invocation, now).await };
            let text = text.to_lowercase();
            let typed: Vec<&str> = text.split_whitespace().collect();
            let words = Words::get(self.shop.catalogue.language_of(Some(&invocation.speaker)));
            match Typed::of(&typed) {
                Typed::Demo(rest) => self.play(words, rest),
                Typed::HelpDemo => answer(demo::help(words, &WAYS)),
                Typed::HelpAll => answer(demo::help_all(words, &WAYS)),
                Typed::Else => self.desk.dispatch(invocation, now).await,
            }
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

    fn complete<'a>(
        &'a self,
        line: &'a str,
        cursor: usize,
        reader: &'a PersonName,
        now: Now,
    ) -> BoxFuture<'a, Vec<Completion>> {
        async move {
            let Some(head) = line.get(..cursor) else { return Vec::new() };
            let partial = head.rsplit(char::is_whitespace).next().unwrap_or_default();
            let from = head.len() - partial.len();
            let before: Vec<&str> = head[..from].split_whitespace().collect();
            let mut found = self.desk.complete(line, cursor, reader, now).await;
            let offers = self.offers(&before).into_iter().filter(|offer| offer.starts_with(partial));
            for offer in offers.map(|text| Completion { from, text }) {
                if !found.contains(&offer) {
                    found.push(offer);
                }
            }
            found
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use commands::command::complete::{Recent, Sight, complete};
    use commands::invocation::{RequestId, Via};
    use futures::future::ready;
    use state::catalogue::{Language, Person};

    use super::*;

    const NOW: Now = Now { wall: DateTime::UNIX_EPOCH, monotonic: std::time::Duration::ZERO };

    struct Nobody;

    impl Desk for Nobody {
        fn dispatch(&self, _: Invocation, _: Now) -> BoxFuture<'_, Answer> {
            async {
                Answer { kind: AnswerKind::Unsure, card: demo::usage(Words::get(Language::English), &[]), change: None }
            }
            .boxed()
        }

        fn follow(&self, _: ChangeId, _: &PersonName, _: Now) -> BoxStream<'static, News> {
            Box::pin(futures::stream::empty())
        }

        fn may_view<'a>(&'a self, _: ChangeId, _: &'a PersonName, _: Now) -> BoxFuture<'a, bool> {
            Box::pin(async { false })
        }

        fn catalogue(&self) -> Arc<Catalogue> {
            let you = super::super::you();
            Shop::open(DateTime::UNIX_EPOCH, &you, Person::default()).catalogue
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

    fn desk() -> DemoDesk {
        let shop = Shop::open(DateTime::UNIX_EPOCH, &super::super::you(), Person::default());
        DemoDesk::new(Arc::new(Nobody), shop)
    }

    fn said(desk: &DemoDesk, text: &str) -> Answer {
        let invocation = Invocation {
            speaker: super::super::you(),
            typed_by: None,
            request: RequestId("1".to_owned()),
            via: Via::Console,
            what: What::Text(text.to_owned()),
        };
        desk.dispatch(invocation, NOW).now_or_never().expect("an answer at once")
    }

    fn text(answer: &Answer) -> String {
        let lines = answer.card.lines.iter().map(|line| line.text.to_string());
        std::iter::once(answer.card.first_line.to_string()).chain(lines).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_break_names_a_release_that_never_ran() {
        let desk = desk();
        assert!(text(&said(&desk, "/demo break pay crash")).contains("/deploy pay prod 1.8.3"));
        for wrong in ["/demo", "/demo break", "/demo break pay", "/demo break pya crash", "/demo break pay boom"] {
            let answer = said(&desk, wrong);
            assert_eq!(answer.kind, AnswerKind::Refused, "{wrong}");
            assert!(text(&answer).contains("crash|never-ready|pull|slow"), "{wrong}");
        }
        assert_eq!(said(&desk, "/status").kind, AnswerKind::Unsure, "the real desk's");
    }

    #[test]
    fn help_knows_the_demo() {
        let desk = desk();
        let all = text(&said(&desk, "help"));
        assert!(all.contains("/demo break SERVICE") && all.contains("/rollback"), "{all}");
        for ask in ["/help demo", "help /demo"] {
            let one = text(&said(&desk, ask));
            assert!(one.contains("never-ready") && !one.contains("/rollback"), "{one}");
        }
        assert_eq!(said(&desk, "/help deploy").kind, AnswerKind::Unsure, "the real desk's");
    }

    #[test]
    fn what_the_shop_has_is_completed() {
        let desk = desk();
        let completed = |line: &str, cursor| {
            let you = super::super::you();
            desk.complete(line, cursor, &you, NOW).now_or_never().expect("an answer at once")
        };
        let found =
            |line: &str| -> Vec<String> { completed(line, line.len()).into_iter().map(|found| found.text).collect() };
        assert_eq!(found("/de"), ["/deploy", "/demo"]);
        assert_eq!(found("/demo "), ["break"]);
        assert_eq!(found("/demo break p"), ["pay"]);
        assert_eq!(found("/demo break pay "), WAYS);
        assert_eq!(found("/deploy api prod 4.2")[..2], ["4.2.0", "4.2.1"]);
        assert_eq!(completed("/demo break pay n", 17), [Completion { from: 16, text: "never-ready".to_owned() }]);
    }
}
