//! kill -9 at any instant: afterwards each change has exactly one outcome, and the cluster is as that says.
//!
//! Half of the rounds are killed at a random moment, half at one that the proxy before the API server gives away: before a write is
//! passed on, after it was carried out and before its answer, and between the answer and what is stored of it. 15 rounds in the normal
//! run, 100 in the full one. `ROTABOT_TEST_SEED` plays the same moments again.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cluster::{Image, until};
use e2e::{At, PATIENCE, Proxy, Random, Said, Saying, Setup, Shop, full_length};
use serde_json::Value;

/// Shops in which rounds are played side by side.
const SHOPS: usize = 3;

/// About as long as a change takes here, in milliseconds.
const A_CHANGE: u64 = 4_500;

#[test]
fn a_kill_at_any_instant_leaves_one_outcome_and_the_cluster_as_it_says() -> Result<()> {
    let rounds = if full_length() { 100 } else { 15 };
    let mut random = Random::seeded("kills");
    let rounds: Vec<(u64, Random)> = (0..rounds).map(|number| (number, random.fork())).collect();
    let waiting = Mutex::new(rounds.into_iter());
    let missed = AtomicU64::new(0);
    let play = || -> Result<()> {
        let mut ground = Ground::new()?;
        loop {
            let next = waiting.lock().expect("no panic while it is held").next();
            let Some((number, random)) = next else { return Ok(()) };
            let round = Round::plan(number, random, ground.releases.len());
            let struck = ground.play(&round).with_context(|| format!("round {number}: {round}"))?;
            println!("round {number}: {round}: {struck}");
            missed.fetch_add(u64::from(struck.nothing_was_said), Ordering::Relaxed);
        }
    };
    scope(|scope| {
        let shops: Vec<_> = (0..SHOPS).map(|_| scope.spawn(play)).collect();
        shops.into_iter().try_for_each(|shop| shop.join().expect("no panic"))
    })?;
    println!("rounds in which rotabot was killed before it was told anything: {}", missed.into_inner());
    Ok(())
}

/// What a round does, and when it kills.
struct Round {
    number: u64,
    what: What,
    kill: Kill,
    /// Killed once more so soon after it was started again.
    again: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Deploys what gets good.
    Good,
    /// Deploys what can't be pulled, which is returned.
    Bad,
    /// Rolls back.
    Back,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    After(Duration),
    /// At the write of this step, at this point of it.
    Aimed(&'static str, Point),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The write was not passed on, and never is.
    BeforeItIsPassedOn,
    /// The write is passed on only when rotabot is dead.
    PassedOnAfterDeath,
    /// It was carried out, and the answer is lost.
    CarriedOutUnanswered,
    /// The answer has come; what follows from it may be stored or not.
    BetweenAnswerAndCommit(Duration),
}

/// How a kill struck.
struct Struck {
    phase: String,
    nothing_was_said: bool,
    outcome: &'static str,
}

impl Round {
    fn plan(number: u64, mut random: Random, releases: usize) -> Self {
        let what = match random.below(3) {
            0 => What::Bad,
            1 if releases > 1 => What::Back,
            _ => What::Good,
        };
        let milliseconds = |random: &mut Random, most| Duration::from_millis(random.below(most));
        let kill = if number.is_multiple_of(2) {
            Kill::After(milliseconds(&mut random, A_CHANGE))
        } else {
            let step = if what == What::Bad && random.below(2) == 0 { "/return" } else { "/apply" };
            let point = match (number / 2) % 4 {
                0 => Point::BeforeItIsPassedOn,
                1 => Point::CarriedOutUnanswered,
                2 => Point::BetweenAnswerAndCommit(Duration::from_micros(random.below(8_000))),
                _ => Point::PassedOnAfterDeath,
            };
            Kill::Aimed(step, point)
        };
        let again = (random.below(3) == 0).then(|| milliseconds(&mut random, 1_500));
        Self { number, what, kill, again }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, killed {:?}", self.what, self.kill)?;
        self.again.map_or(Ok(()), |again| write!(f, " and once more {again:?} after the start"))
    }
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struck in {}; {}", self.phase, self.outcome)
    }
}

/// A shop behind a proxy, with what is known to run in it.
struct Ground {
    proxy: Proxy,
    shop: Shop<'static>,
    /// What could be gone back to, the running one last.
    releases: Vec<Image>,
}

impl Ground {
    fn new() -> Result<Self> {
        let (proxy, setup) = Setup::behind_a_proxy()?;
        let setup = setup.policy("after_failure", "\"rollback\"").policy("stability_window", "\"1s\"");
        let shop = setup.policy("certain_after", "\"1s\"").deployment(|api| api.replicas(2)).start()?;
        let releases = vec![shop.first.clone()];
        Ok(Self { proxy, shop, releases })
    }

    /// Plays a round, and looks at everything afterwards.
    fn play(&mut self, round: &Round) -> Result<Struck> {
        let tag = format!("r{}", round.number);
        let (line, image) = match round.what {
            What::Good => (format!("/deploy api prod {tag}"), Some(self.shop.push(&tag)?)),
            What::Bad => {
                self.shop.push(&format!("{tag}-pullfail"))?;
                (format!("/deploy api prod {tag}-pullfail"), None)
            }
            What::Back => ("/rollback api prod".to_owned(), None),
        };
        let before = self.shop.bot.export()?.changes()?.len();
        let template = self.shop.deployment()?["spec"]["template"].clone();
        let mut saying = self.shop.bot.begin(&line)?;
        self.kill(round, &saying)?;
        let phase = self.last_phase();
        self.shop.bot.start()?;
        if let Some(again) = round.again {
            sleep(again);
            self.shop.bot.kill()?;
            self.shop.bot.start()?;
        }
        let mut said = saying.end()?;
        let nothing_was_said = said.exit_code == 69;
        if nothing_was_said {
            // Nobody was there to hear it, so nothing may have begun.
            ensure!(self.shop.bot.export()?.changes()?.len() == before, "it said 69, and something was begun");
            saying = self.shop.bot.begin(&line)?;
            said = saying.end()?;
        }
        let outcome = match round.what {
            What::Good => {
                self.releases.extend(image);
                "verified"
            }
            What::Bad => "returned",
            What::Back => {
                self.releases.pop();
                "verified"
            }
        };
        self.must_be_as_told(round, &said, outcome, before, &template)?;
        Ok(Struck { phase, nothing_was_said, outcome })
    }

    fn kill(&self, round: &Round, saying: &Saying) -> Result<()> {
        let bot = &self.shop.bot;
        match round.kill {
            Kill::After(after) => {
                sleep(after);
                bot.kill()
            }
            Kill::Aimed(step, point) => {
                let at = match point {
                    Point::BeforeItIsPassedOn | Point::PassedOnAfterDeath => At::TheRequest,
                    Point::CarriedOutUnanswered | Point::BetweenAnswerAndCommit(_) => At::TheAnswer,
                };
                let held = self.proxy.hold_patch(at, step);
                held.reached(PATIENCE).with_context(|| format!("{:#?}", saying.so_far()))?;
                match point {
                    Point::BeforeItIsPassedOn | Point::CarriedOutUnanswered => {
                        bot.kill()?;
                        held.lose();
                    }
                    Point::PassedOnAfterDeath => {
                        bot.kill()?;
                        held.go_on();
                    }
                    Point::BetweenAnswerAndCommit(after) => {
                        held.go_on();
                        sleep(after);
                        bot.kill()?;
                    }
                }
                Ok(())
            }
        }
    }

    /// The phase that its log told of last.
    fn last_phase(&self) -> String {
        let log = self.shop.bot.log();
        let line = log.lines().rev().find(|line| line.contains("taken up") || line.contains("went on"));
        let phase =
            line.and_then(|line| Some(line.split("phase=").nth(1)?.split(' ').next()?.trim_matches('"').to_owned()));
        phase.unwrap_or_else(|| "preparing".to_owned())
    }

    /// One change was begun, it has one outcome, and the cluster matches it.
    fn must_be_as_told(
        &self,
        round: &Round,
        said: &Said,
        outcome: &str,
        before: usize,
        template: &Value,
    ) -> Result<()> {
        let exit_code = if outcome == "verified" { 0 } else { 2 };
        said.must_be(outcome, exit_code)?;
        let export = self.shop.bot.export()?;
        let changes = export.changes()?;
        ensure!(changes.len() == before + 1, "{} changes became {}", before, changes.len());
        let change = changes.last().context("a change")?;
        ensure!(change.number == said.change()?, "told of another change: {change:#?}");
        ensure!(
            change.outcome() == Some(outcome) && change.outcomes == [outcome],
            "{:?} {:?}",
            change.outcome(),
            change.outcomes
        );
        ensure!(export.of("claim").is_empty(), "the claim is held after the outcome");
        let told = format!("{}/outcome", change.id);
        until("the channel to hear of the outcome", PATIENCE, || {
            Ok((self.shop.bot.export()?.of("outbox").is_empty() && self.shop.bot.log().contains(&told)).then_some(()))
        })?;

        let deployment = self.shop.deployment()?;
        let step = if outcome == "returned" { "return" } else { "apply" };
        ensure!(
            self.shop.marker()? == Some(format!("{}/{step}", change.id)),
            "the marker is {:?}",
            self.shop.marker()?
        );
        ensure!(deployment["spec"]["paused"] != true, "it was left paused");
        if round.what == What::Bad {
            ensure!(deployment["spec"]["template"] == *template, "the template is not as it was");
        }
        let runs = self.releases.last().context("a release")?;
        ensure!(self.shop.image()?.ends_with(&runs.digest), "{} instead of {}", self.shop.image()?, runs.pinned());
        self.shop.must_serve(runs, 2)
    }
}
