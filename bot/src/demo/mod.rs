//! `rotabot demo`: the real thing on a simulated shop. No account, no cluster; nothing is kept.
//!
//! Engine, judge, store format and console are those of `rotabot run`. Only the neighbours are models, in real time.

mod desk;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use commands::cards::console::Leaving;
use commands::invocation::{Desk, Via};
use commands::words::Words;
use state::catalogue::Language;
use state::names::PersonName;
use state::store::MemoryStore;
use world::process::Process;
use world::shop::Shop;

use self::desk::DemoDesk;
use crate::cli::{Options, exit};
use crate::config::{Log, LogFormat, LogLevel};
use crate::console::{Beside, Channels, Console, Identity, Local};
use crate::runner::{Ending, Neighbours, Runner, Tasks};
use crate::{clock, logs, surroundings};

/// The world is brought up to the present so often.
const TICK: Duration = Duration::from_millis(20);

/// Longer than anybody plays.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Whoever plays.
#[expect(clippy::expect_used, reason = "a constant that a test reads")]
fn you() -> PersonName {
    PersonName::new("you").expect("a name")
}

/// Plays the shop.
pub fn demo(options: &Options) -> ExitCode {
    let language = language(surroundings::variable("LC_ALL").or_else(|| surroundings::variable("LANG")));
    // Whoever plays wants to see what the console says, not what the log does.
    logs::start(options.log(Log { format: LogFormat::Text, level: LogLevel::Warn }));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            eprintln!("rotabot: the process can't be set up: {why}");
            return exit::REFUSED.into();
        }
    };
    let code = runtime.block_on(play(language));
    runtime.shutdown_background();
    code.into()
}

/// The language of whoever starts it, by the locale of their terminal.
fn language(locale: Option<String>) -> Language {
    if locale.is_some_and(|locale| locale.starts_with("zh")) { Language::Chinese } else { Language::English }
}

async fn play(language: Language) -> u8 {
    let began = clock::now();
    let you = you();
    let shop = Shop::open(began.wall, &you, language);
    let catalogue = Arc::clone(&shop.catalogue);
    let process = shop.world.start_process(Arc::new(MemoryStore::new()));
    for target in catalogue.targets().filter_map(|name| catalogue.target(&name)) {
        // The first look begins the watch.
        process.cluster.observe(&target);
    }
    let tasks = Arc::new(Tasks::default());
    let ticking = tokio::spawn(tick(shop.clone(), process.clone(), Arc::clone(&tasks), began.monotonic));

    let channels = Arc::new(Channels::new(Beside::Nowhere));
    let neighbours = Neighbours {
        store: Arc::clone(&process.store),
        cluster: Arc::clone(&process.cluster),
        registry: Arc::clone(&process.registry),
        chat: Arc::clone(&channels) as _,
        clock: clock::now,
    };
    let runner = Runner::new(neighbours, catalogue, KEPT, tasks);
    let desk: Arc<dyn Desk> = Arc::new(DemoDesk::new(runner.desk(), shop));
    let running = {
        let runner = Arc::clone(&runner);
        tokio::spawn(async move { runner.run().await })
    };

    let identity = Identity::oneself(you);
    let partner = Arc::new(Local { desk, channels, clock: clock::now, identity, via: Via::Console });
    let welcome = Some(commands::cards::demo::welcome(Words::get(language)));
    let console = Console { partner, clock: clock::now, history: None, leaving: Leaving::EndsTheBot, welcome };
    let code = console.run(runner.ending()).await;
    runner.end(Ending::Asked);
    let _ = running.await;
    ticking.abort();
    code
}

async fn tick(shop: Shop, process: Process, tasks: Arc<Tasks>, began: Duration) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        shop.advance(clock::now().monotonic.saturating_sub(began));
        if process.take_news() {
            tasks.wake_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_plays_has_a_name() {
        assert_eq!(you().as_str(), "you");
    }

    #[test]
    fn the_locale_chooses_the_language() {
        assert_eq!(language(Some("zh_CN.UTF-8".to_owned())), Language::Chinese);
        assert_eq!(language(Some("de_DE.UTF-8".to_owned())), Language::English);
        assert_eq!(language(None), Language::English);
    }
}
