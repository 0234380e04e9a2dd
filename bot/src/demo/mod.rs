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
use state::catalogue::{Catalogue, Person};
use state::names::PersonName;
use state::store::MemoryStore;
use world::process::Process;
use world::shop::Shop;

use self::desk::DemoDesk;
use crate::cli::{Options, cannot_be_set_up};
use crate::config::{Log, LogFormat, LogLevel};
use crate::console::{Beside, Channels, Console, Identity, Local};
use crate::runner::{Ending, Neighbours, Runner, Tasks};
use crate::{clock, logs, signals, surroundings};

/// The world is brought up to the present so often.
const TICK: Duration = Duration::from_millis(20);

/// The shop opens at the latest then.
const OPENS: Duration = Duration::from_secs(5);

/// Longer than anybody plays.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Whoever plays.
#[expect(clippy::expect_used, reason = "a constant that a test reads")]
fn you() -> PersonName {
    PersonName::new("you").expect("a name")
}

/// Plays the shop.
pub fn demo(options: &Options) -> ExitCode {
    // Whoever plays wants to see what the console says, not what the log does.
    logs::start(options.log(Log { format: LogFormat::Text, level: LogLevel::Warn }));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return cannot_be_set_up(&why).into(),
    };
    let code = runtime.block_on(async {
        match signals::asked_to_leave() {
            Ok(asked) => play(asked).await,
            Err(why) => cannot_be_set_up(&why),
        }
    });
    runtime.shutdown_background();
    code.into()
}

async fn play(asked_to_leave: impl Future<Output = ()> + Send + 'static) -> u8 {
    let began = clock::now();
    let you = you();
    let player = Person { language: surroundings::language(), zone: surroundings::zone(), ..Person::default() };
    let words = Words::get(player.language);
    let shop = Shop::open(began.wall, &you, player);
    let catalogue = Arc::clone(&shop.catalogue);
    let process = shop.world.start_process(Arc::new(MemoryStore::new()));
    for target in catalogue.targets().filter_map(|name| catalogue.target(&name)) {
        // The first look begins the watch.
        process.cluster.observe(&target);
    }
    let shop_seen = Arc::clone(&catalogue);
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

    tokio::spawn({
        let runner = Arc::clone(&runner);
        async move {
            asked_to_leave.await;
            runner.end(Ending::Asked);
        }
    });

    // The first command finds the shop as it is, also where it is piped in.
    let _ = tokio::time::timeout(OPENS, seen(&process, &shop_seen)).await;
    let identity = Identity::oneself(you);
    let partner = Arc::new(Local { desk, channels, clock: clock::now, identity, via: Via::Console });
    let welcome = Some(commands::cards::demo::welcome(words));
    let console = Console { partner, clock: clock::now, history: None, leaving: Leaving::EndsTheDemo, welcome };
    let code = console.run(runner.ending()).await;
    runner.end(Ending::Asked);
    let _ = running.await;
    ticking.abort();
    code
}

/// Waits until the watches know every target.
async fn seen(process: &Process, catalogue: &Catalogue) {
    let targets: Vec<_> = catalogue.targets().filter_map(|name| catalogue.target(&name)).collect();
    while targets.iter().any(|target| !process.cluster.observe(target).fresh()) {
        tokio::time::sleep(TICK).await;
    }
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
}
