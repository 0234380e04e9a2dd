//! `rotabot demo`: the real thing on a simulated shop. No account, no cluster; nothing is kept.
//!
//! Engine, judge, store format and console are those of `rotabot run`. Only the neighbours are models, in real time.

mod desk;
mod shop;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::cards::console::Leaving;
use commands::invocation::{Desk, Via};
use commands::plain::{self, Reader};
use commands::words::Words;
use state::catalogue::Language;
use state::store::MemoryStore;
use state::zone::Zone;
use world::World;
use world::process::Process;

use self::desk::DemoDesk;
use crate::cli::{Options, exit};
use crate::config::{self, LogLevel};
use crate::console::{Beside, Channels, Console, Identity, Local};
use crate::runner::{Ending, Neighbours, Runner, Tasks};
use crate::{clock, logs, surroundings};

/// The world is brought up to the present so often.
const TICK: Duration = Duration::from_millis(20);

/// The shop has been open for so long when it is entered.
const BEFORE: Duration = Duration::from_secs(60);

/// Plays the shop.
pub fn demo(options: &Options) -> ExitCode {
    let language = language(surroundings::variable("LC_ALL").or_else(|| surroundings::variable("LANG")));
    let config = match shop::config(language) {
        Ok(config) => config,
        Err(faulty) => {
            eprint!("{}", crate::check::told(std::path::Path::new("the shop"), &faulty));
            return exit::REFUSED.into();
        }
    };
    // Whoever plays wants to see what the console says, not what the log does.
    logs::start(config::Log { level: LogLevel::Warn, ..options.log(config.log) });
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            eprintln!("rotabot: the process can't be set up: {why}");
            return exit::REFUSED.into();
        }
    };
    let code = runtime.block_on(play(config, language));
    runtime.shutdown_background();
    code.into()
}

/// The language of whoever starts it, by the locale of their terminal.
fn language(locale: Option<String>) -> Language {
    if locale.is_some_and(|locale| locale.starts_with("zh")) { Language::Chinese } else { Language::English }
}

async fn play(config: config::Config, language: Language) -> u8 {
    let began = clock::now();
    let catalogue = Arc::new(config.catalogue);
    let world = shop::world(began.wall - TimeDelta::from_std(BEFORE).unwrap_or_default(), &catalogue);
    let process = world.start_process(Arc::new(MemoryStore::new()));
    for target in catalogue.targets().filter_map(|name| catalogue.target(&name)) {
        // The first look begins the watch.
        process.cluster.observe(&target);
    }
    world.advance(BEFORE);
    let tasks = Arc::new(Tasks::default());
    let ticking = tokio::spawn(tick(world.clone(), process.clone(), Arc::clone(&tasks), began.monotonic));

    let channels = Arc::new(Channels::new(Beside::Nowhere));
    let neighbours = Neighbours {
        store: Arc::clone(&process.store),
        cluster: Arc::clone(&process.cluster),
        registry: Arc::clone(&process.registry),
        chat: Arc::clone(&channels) as _,
        clock: clock::now,
    };
    let runner = Runner::new(neighbours, Arc::clone(&catalogue), config.keep_history, tasks);
    let desk: Arc<dyn Desk> = Arc::new(DemoDesk::new(runner.desk(), world, catalogue));
    let running = {
        let runner = Arc::clone(&runner);
        tokio::spawn(async move { runner.run().await })
    };

    welcome(language);
    let identity = Identity::oneself(shop::you());
    let partner = Arc::new(Local { desk, channels, clock: clock::now, identity, via: Via::Console });
    let console = Console { partner, clock: clock::now, history: None, leaving: Leaving::EndsTheBot };
    let code = console.run(runner.ending()).await;
    runner.end(Ending::Asked);
    let _ = running.await;
    ticking.abort();
    code
}

fn welcome(language: Language) {
    let words = Words::get(language);
    let zone = Zone::utc();
    let reader = Reader { words, zone: &zone, now: clock::now().wall };
    println!("{}\n", plain::draw(&commands::cards::demo::welcome(words), &reader));
}

async fn tick(world: World, process: Process, tasks: Arc<Tasks>, began: Duration) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        world.advance(BEFORE + clock::now().monotonic.saturating_sub(began));
        if process.take_news() {
            tasks.wake_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_s_config_has_no_fault() {
        for language in Language::ALL {
            let config = shop::config(language).expect("a config");
            assert_eq!(config.catalogue.services.len(), 5);
            assert_eq!(config.catalogue.targets().count(), 10);
            assert_eq!(config.catalogue.people[&shop::you()].language, language);
        }
    }

    #[test]
    fn the_locale_chooses_the_language() {
        assert_eq!(language(Some("zh_CN.UTF-8".to_owned())), Language::Chinese);
        assert_eq!(language(Some("de_DE.UTF-8".to_owned())), Language::English);
        assert_eq!(language(None), Language::English);
    }
}
