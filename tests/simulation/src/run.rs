//! Plays one scenario: lets rotabot and the world go on in turns, until all that was asked for has come to an end.

mod asking;
mod outside;
mod people;
mod script;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use state::change::Change;
use state::names::ChangeId;
use state::store::Store;
use world::World;
use world::behaviour::Behaviour;
use world::cluster::{ApiHealth, Cluster};
use world::plan::Kill;
use world::random::Random;
use world::trace::Lines;

use self::asking::{GRACE, Watched};
use self::people::Asked;
use self::script::Playing;
use crate::acts::{Act, Schedule};
use crate::checks::{self, Found};
use crate::company::Company;
use crate::ledger::Ledger;
use crate::rotabot::Rotabot;
use crate::scripts::Script;

/// After everything was mended, so much time is given to come to an end.
const PATIENCE: Duration = Duration::from_secs(3 * 60 * 60);

/// So many turns at one moment mean that rotabot runs in a circle.
const TURNS: u32 = 20_000;

/// What a run is given beside its seed.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is done with the trace.
    pub lines: Lines,
    /// The process dies at the call of this number.
    pub kill: Option<(u64, Kill)>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was found to be wrong, each with the name of its check.
    pub wrong: Vec<String>,
    /// The hash of the trace.
    pub hash: u64,
    /// How the changes ended, in the order of their numbers: the words of the outcomes, with the phases before.
    pub changes: Vec<Story>,
    /// How many calls there were.
    pub calls: u64,
    /// How much time passed in the world.
    pub lasted: Duration,
    /// How often rotabot was started.
    pub starts: u32,
    /// The lines of the trace, where they are kept.
    pub trace: Vec<String>,
}

/// The story of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The phases that it went through.
    pub phases: Vec<&'static str>,
    /// The word for its outcome.
    pub outcome: Option<&'static str>,
    /// The kind of failure that was found.
    pub cause: Option<state::evidence::CauseKind>,
}

/// A scenario while it is played.
pub struct Simulation {
    world: World,
    company: Company,
    ledger: Arc<Ledger>,
    rotabot: Option<Rotabot>,
    acts: VecDeque<(Duration, Act)>,
    random: Random,
    restart_at: Duration,
    frozen_until: Duration,
    asked: Vec<Asked>,
    wrong: Wrong,
    seen: usize,
    writes_seen: usize,
    newest: BTreeMap<ChangeId, Change>,
    prepared: BTreeMap<ChangeId, Duration>,
    watched: Watched,
    chat_was_unreadable: bool,
    mended: bool,
    starts: u32,
    script: Option<Playing>,
}

type Wrong = Rc<RefCell<Vec<String>>>;

impl Simulation {
    /// The scenario that a seed chooses.
    pub fn of_seed(seed: u64, options: &Options) -> Self {
        let random = Random::new(seed);
        let company = Company::chosen(&mut random.fork("company"));
        let schedule = crate::acts::chosen(&company, &mut random.fork("acts"));
        let replicas = u32::try_from(random.fork("replicas").within(1..=4)).unwrap_or(1);
        Self::new(seed, company, replicas, schedule, options)
    }

    /// A given scenario. Its moments count from when everything runs its first release.
    pub fn new(seed: u64, company: Company, replicas: u32, schedule: Schedule, options: &Options) -> Self {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let world = company.settle(World::new(seed, start, options.lines), replicas);
        if let Some((call, kill)) = options.kill {
            world.plan(|plan| *plan = plan.clone().with_kill(call, kill));
        }
        let begin = world.now();
        let random = world.random("simulation");
        Self {
            ledger: Ledger::new(&world),
            acts: schedule.into_iter().map(|(at, act)| (begin + at, act)).collect(),
            company,
            rotabot: None,
            random,
            restart_at: begin,
            frozen_until: begin,
            asked: Vec::new(),
            wrong: Wrong::default(),
            seen: 0,
            writes_seen: 0,
            newest: BTreeMap::new(),
            prepared: BTreeMap::new(),
            watched: Watched::default(),
            chat_was_unreadable: false,
            mended: false,
            starts: 0,
            script: None,
            world,
        }
    }

    /// A script, in which nothing goes wrong but what the options say.
    pub fn of_script(script: &Script, options: &Options) -> Self {
        let company = Company::small(&script.policy());
        let tags = ["v2", "v3"].into_iter().map(str::to_owned);
        let bad = Behaviour::SUFFIXES.into_iter().map(|(suffix, _)| format!("v2-{suffix}"));
        let push = |tag| (Duration::ZERO, Act::Push("api".to_owned(), tag, 0));
        let mut simulation = Self::new(1, company, script.replicas, tags.chain(bad).map(push).collect(), options);
        let steps = script.steps.iter().copied().collect();
        simulation.script = Some(Playing { steps, wait_until: Duration::ZERO });
        simulation
    }

    /// Plays it to its end, or to the first thing that is wrong.
    pub fn run(mut self) -> Report {
        let mut end = None;
        while self.wrong.borrow().is_empty() {
            self.turns();
            self.start_if_due();
            self.play();
            if self.acts.is_empty() && self.is_at_rest() {
                self.check_at_rest();
                break;
            }
            let limit = *end.get_or_insert_with(|| self.acts.back().map_or(Duration::ZERO, |(at, _)| *at) + PATIENCE);
            if self.world.now() > limit {
                let found = checks::everything_ends(&self.ledger);
                self.note("everything_ends", found.and(Err("it never comes to rest".to_owned())));
                break;
            }
            self.pass_time();
            self.act();
        }
        self.report()
    }

    fn note(&self, check: &str, found: Found) {
        note(&self.world, &self.wrong, check, found);
    }

    /// Lets rotabot do everything that it can do at this moment.
    fn turns(&mut self) {
        if self.world.now() < self.frozen_until {
            return;
        }
        if let Some(rotabot) = self.rotabot.as_ref()
            && rotabot.process.take_news()
        {
            rotabot.wake();
        }
        let mut turns = 0;
        while let Some(rotabot) = &mut self.rotabot {
            let went_on = rotabot.go_on();
            let ended = rotabot.has_ended();
            self.check_commits();
            if ended {
                self.rotabot = None;
                self.restart_at = self.world.now() + self.down_time();
            }
            turns += 1;
            if turns > TURNS {
                return self.note("nothing_runs_in_a_circle", Err(format!("{TURNS} turns at one moment")));
            }
            if !went_on {
                return;
            }
        }
    }

    fn down_time(&mut self) -> Duration {
        if self.script.is_some() {
            return Duration::from_secs(3);
        }
        let seconds = match self.random.below(20) {
            0 => self.random.within(300..=1_200),
            1..=5 => self.random.within(20..=90),
            _ => self.random.within(0..=8),
        };
        Duration::from_secs(if self.mended { seconds.min(8) } else { seconds })
    }

    fn start_if_due(&mut self) {
        if self.rotabot.is_some() || self.world.now() < self.restart_at {
            return;
        }
        self.starts += 1;
        let process = self.world.start_process(Arc::clone(&self.ledger) as Arc<dyn Store>);
        let random = self.random.fork(&format!("process {}", process.id().0));
        self.rotabot = Some(Rotabot::start(&self.world, process, Arc::clone(&self.company.catalogue), random));
        // A front end that got no answer sends its request again.
        for place in 0..self.asked.len() {
            if self.asked[place].answer.borrow().is_none() && (self.script.is_some() || self.random.chance(700)) {
                self.send(place);
            }
        }
        self.turns();
    }

    fn pass_time(&mut self) {
        let mut next = self.world.next().unwrap_or(Duration::MAX);
        next = next.min(self.acts.front().map_or(Duration::MAX, |(at, _)| *at));
        if self.rotabot.is_none() {
            next = next.min(self.restart_at);
        }
        if self.world.now() < self.frozen_until {
            next = next.min(self.frozen_until);
        }
        if let Some(playing) = self.script.as_ref().filter(|playing| playing.wait_until != Duration::ZERO) {
            next = next.min(playing.wait_until);
        }
        let now = self.world.now();
        let next = if next == Duration::MAX { now + Duration::from_secs(1) } else { next.max(now) };
        let in_sight = self.rotabot.is_some() && now >= self.frozen_until && self.health() == ApiHealth::Up;
        if in_sight {
            self.watched.total += next - now;
        } else if std::mem::replace(&mut self.watched.in_sight, in_sight) {
            self.watched.total += GRACE;
        }
        self.watched.in_sight = in_sight;
        self.world.advance(next);
    }

    fn health(&self) -> ApiHealth {
        self.cluster(|cluster| cluster.health())
    }

    fn cluster<T>(&self, act: impl FnOnce(&mut Cluster) -> T) -> T {
        #[expect(clippy::expect_used, reason = "the company has this one cluster")]
        self.world.cluster(&self.company.cluster, act).expect("the cluster")
    }

    fn act(&mut self) {
        while self.acts.front().is_some_and(|(at, _)| *at <= self.world.now()) && self.wrong.borrow().is_empty() {
            let Some((_, act)) = self.acts.pop_front() else { return };
            self.world.tell(format_args!("== {act:?}"));
            self.carry_out(act);
        }
    }

    fn is_at_rest(&self) -> bool {
        let played = self.script.as_ref().is_none_or(|playing| playing.steps.is_empty());
        let Some(rotabot) = &self.rotabot else { return false };
        let waits = self.asked.iter().any(|asked| asked.waits_for(rotabot.process.id()));
        played && !waits && checks::everything_ends(&self.ledger).is_ok()
    }

    fn report(self) -> Report {
        let mut stories: BTreeMap<u64, Story> = BTreeMap::new();
        for entry in self.ledger.entries() {
            let change = &entry.after;
            let story =
                stories.entry(change.head.number.0).or_insert(Story { phases: Vec::new(), outcome: None, cause: None });
            let phase = change.phase().word();
            if story.phases.last() != Some(&phase) {
                story.phases.push(phase);
            }
            story.outcome = change.ended().map(|ended| ended.outcome.word());
            story.cause = change.ended().and_then(|ended| ended.outcome.failure()).map(|failure| failure.kind);
        }
        let calls = self.world.plan(|plan| plan.calls());
        let (hash, trace) = self.world.trace(|trace| (trace.hash(), trace.lines().to_vec()));
        Report {
            wrong: self.wrong.borrow().clone(),
            hash,
            changes: stories.into_values().collect(),
            calls,
            lasted: self.world.now(),
            starts: self.starts,
            trace,
        }
    }
}

/// Notes what a check has found.
fn note(world: &World, wrong: &Wrong, check: &str, found: Found) {
    if let Err(what) = found {
        world.tell(format_args!("WRONG {check}: {what}"));
        wrong.borrow_mut().push(format!("{check}: {what}"));
    }
}
