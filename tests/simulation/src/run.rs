//! Plays one scenario: lets rotabot and the world go on in turns, does what the schedule says, and asks the checks.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use commands::card::{Span, Text};
use commands::invocation::{Answer, AnswerKind, Desk as _, Invocation, News, RequestId, Via, What};
use commands::press::Press;
use futures::{FutureExt as _, StreamExt as _};
use state::change::{Change, Phase};
use state::names::{ChangeId, PersonName};
use state::store::Store;
use world::World;
use world::behaviour::Behaviour;
use world::cluster::{ApiHealth, Cluster, Edit, Kind, Writer};
use world::images::RegistryHealth;
use world::plan::{Kill, Plan};
use world::random::Random;
use world::trace::Lines;

use crate::acts::{Act, Schedule};
use crate::checks::{self, Found, Verdict};
use crate::company::{Company, repository};
use crate::ledger::{Entry, Ledger};
use crate::rotabot::Rotabot;
use crate::scripts::{Deed, Script, Step};

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

/// A script while it is played.
struct Playing {
    steps: VecDeque<Step>,
    wait_until: Duration,
}

type Wrong = Rc<RefCell<Vec<String>>>;

/// A request that a person made, with the answer if one came.
struct Asked {
    invocation: Invocation,
    answer: Rc<RefCell<Option<Answer>>>,
}

/// How much time the cluster could be watched, with some grace for each time that it went out of sight.
#[derive(Default)]
struct Watched {
    total: Duration,
    since: BTreeMap<ChangeId, Duration>,
    in_sight: bool,
}

/// Knowledge is used until it is so old.
const GRACE: Duration = Duration::from_secs(15);

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
        if let Err(what) = found {
            self.world.tell(format_args!("WRONG {check}: {what}"));
            self.wrong.borrow_mut().push(format!("{check}: {what}"));
        }
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

    fn carry_out(&mut self, act: Act) {
        match act {
            Act::Say(person, line) => self.ask(person, What::Text(line)),
            Act::Press(person, which) => {
                if let Some(press) = self.button(which) {
                    self.ask(person, What::Press(press));
                }
            }
            Act::Again(which) => {
                if !self.asked.is_empty() {
                    let place = usize::try_from(which % self.asked.len() as u64).unwrap_or(0);
                    self.send(place);
                }
            }
            Act::Push(service, tag, platforms) => self.world.images(|images| {
                images.push_index(&repository(&service), &tag, platforms);
            }),
            Act::Remove(service, tag) => self.world.images(|images| {
                let repository = repository(&service);
                if let Some(digest) = images.digest(&repository, &tag).cloned() {
                    images.remove(&repository, &digest);
                }
            }),
            Act::Registry(health) => self.world.images(|images| images.health = health),
            Act::Chat(down) => self.world.chat(|chat| chat.down = down),
            Act::ChatUnreadable(unreadable) => {
                self.chat_was_unreadable |= unreadable;
                self.world.chat(|chat| chat.unreadable = unreadable);
            }
            Act::Kill => {
                if let Some(rotabot) = &self.rotabot {
                    rotabot.process.kill();
                }
            }
            Act::Freeze(length) => self.frozen_until = self.world.now() + length,
            Act::Wall(seconds) => self.world.shift_wall(TimeDelta::seconds(seconds)),
            Act::Odds(odds) => self.world.plan(|plan| plan.set_odds(odds)),
            Act::CalmDown => self.mend(),
            act => self.cluster(|cluster| in_cluster(cluster, act)),
        }
    }

    /// Whatever was broken is mended, and from now on nothing goes wrong.
    fn mend(&mut self) {
        self.mended = true;
        self.restart_at = self.restart_at.min(self.world.now() + Duration::from_secs(5));
        self.world.plan(Plan::calm_down);
        self.world.images(|images| images.health = RegistryHealth::Up);
        self.world.chat(|chat| (chat.down, chat.unreadable) = (false, false));
        let places: Vec<_> = self
            .company
            .targets
            .iter()
            .flat_map(|target| {
                target.workloads.iter().map(|workload| (target.namespace.clone(), workload.name.to_string()))
            })
            .collect();
        self.cluster(|cluster| {
            cluster.set_health(ApiHealth::Up);
            cluster.set_controllers_standing_still(false);
            cluster.rights.patch = true;
            cluster.rights.logs = true;
            (cluster.denies, cluster.nodes_full) = (None, false);
            cluster.quota.clear();
            Kind::ALL.into_iter().for_each(|kind| cluster.set_lag(kind, Duration::ZERO));
            for (namespace, name) in places {
                // Somebody's pause is lifted; rotabot's own stays.
                let paused = cluster.writes().iter().rfind(|write| {
                    write.namespace == namespace
                        && write.name == name
                        && write.changed.iter().any(|path| path == "/spec/paused")
                });
                if paused.is_some_and(|write| write.by == Writer::Somebody) {
                    let _ = cluster.edit(&namespace, &name, &Edit::Pause(false));
                }
            }
        });
    }

    fn button(&self, which: u64) -> Option<Press> {
        let mut presses: Vec<Press> = self.world.chat(|chat| {
            let mut messages: Vec<_> = chat.all().map(|(_, message)| message).collect();
            messages.sort_by_key(|message| std::cmp::Reverse((message.at, message.id.clone())));
            messages
                .iter()
                .take(4)
                .flat_map(|message| &message.card.buttons)
                .map(|button| button.press.clone())
                .collect()
        });
        let answers = self.asked.iter().rev().take(2).filter_map(|asked| asked.answer.borrow().clone());
        presses.extend(answers.flat_map(|answer| answer.card.buttons).map(|button| button.press));
        if presses.is_empty() {
            return None;
        }
        let place = usize::try_from(which % presses.len() as u64).unwrap_or(0);
        presses.into_iter().nth(place)
    }

    fn ask(&mut self, speaker: PersonName, what: What) {
        let request = RequestId(format!("request-{}", self.asked.len() + 1));
        let invocation = Invocation { speaker, typed_by: None, request, via: Via::Console, what };
        self.asked.push(Asked { invocation, answer: Rc::default() });
        self.send(self.asked.len() - 1);
    }

    /// Hands a request to the desk, and follows the change that comes of it. Nobody is there to take it: it is lost.
    fn send(&mut self, place: usize) {
        let Some(rotabot) = &mut self.rotabot else { return };
        let Asked { invocation, answer } = &self.asked[place];
        let (invocation, place_of_answer) = (invocation.clone(), Rc::clone(answer));
        let (desk, process) = (Arc::clone(&rotabot.desk), rotabot.process.clone());
        let (world, ledger, wrong) = (self.world.clone(), Arc::clone(&self.ledger), Rc::clone(&self.wrong));
        let note = move |check: &str, found: Found| {
            if let Err(what) = found {
                world.tell(format_args!("WRONG {check}: {what}"));
                wrong.borrow_mut().push(format!("{check}: {what}"));
            }
        };
        let world = self.world.clone();
        let task = async move {
            let answer = desk.dispatch(invocation.clone(), process.now()).await;
            let told = words(&answer.card.first_line);
            world.tell(format_args!("{} is told ({:?}): {told}", invocation.request.0, answer.kind));
            note("accepted_is_stored", checks::accepted_is_stored(&ledger, &answer));
            let change = answer.change.filter(|_| answer.kind == AnswerKind::Done);
            *place_of_answer.borrow_mut() = Some(answer);
            let Some((id, _)) = change else { return };
            let mut news = desk.follow(id, &invocation.speaker, process.now());
            while let Some(news) = news.next().await {
                if let News::Ended { word, .. } = news {
                    note("told_outcome_is_stored", checks::told_outcome_is_stored(&ledger, id, word));
                }
            }
        };
        rotabot.spawn(task.boxed_local());
    }

    fn check_commits(&mut self) {
        for entry in self.ledger.since(&mut self.seen) {
            self.check_entry(&entry);
        }
        let mut place = self.writes_seen;
        let found = self.cluster(|cluster| checks::nothing_of_somebody_elses_is_overwritten(cluster, &mut place));
        self.writes_seen = place;
        self.note("nothing_of_somebody_elses_is_overwritten", found);
    }

    fn check_entry(&mut self, entry: &Entry) {
        let change = &entry.after;
        let id = change.head.id;
        let total = self.watched.total;
        // A change may count the last moments before it was asked for only if it looks back; it does not.
        let since = *self.watched.since.entry(id).or_insert(total);
        let before = entry.before.as_ref().map(|before| before.phase().word());
        if before != Some(change.phase().word()) {
            let outcome = change.ended().map(|ended| format!(" {:?}", ended.outcome));
            let (number, name) = (change.head.number, &change.target.name);
            let text = format!("-- {number} {name} {}{}", change.phase().word(), outcome.unwrap_or_default());
            self.world.tell(format_args!("{text}"));
        }
        if matches!(change.phase(), Phase::Preparing) {
            self.prepared.insert(id, entry.at);
        }
        let process = self.rotabot.as_ref().map(|rotabot| rotabot.process.id());
        let prepared = self.prepared.get(&id).copied().unwrap_or_default();
        self.note("one_open_change_per_target", checks::one_open_change_per_target(entry, &self.newest));
        self.note("an_outcome_is_final", checks::an_outcome_is_final(entry));
        self.note("no_lock_is_passed", checks::no_lock_is_passed(entry, self.world.wall()));
        self.note("blind_time_does_not_count", checks::blind_time_does_not_count(entry, total - since + GRACE));
        self.note("a_failure_leaves_a_lock", checks::a_failure_leaves_a_lock(entry));
        self.note("a_cause_is_true", checks::a_cause_is_true(entry));
        self.note("a_deadline_is_given_whole", checks::a_deadline_is_given_whole(entry));
        let found = self.cluster(|cluster| {
            let mut found =
                vec![("somebody_else_really_did_it", checks::somebody_else_really_did_it(entry, cluster, prepared))];
            if let Some(process) = process {
                let verdict = Verdict { cluster, process };
                found.push(("verified_is_true", verdict.verified_is_true(entry)));
                found.push(("returned_is_true", verdict.returned_is_true(entry)));
            }
            found
        });
        found.into_iter().for_each(|(check, found)| self.note(check, found));
        self.newest.insert(id, change.clone());
    }

    /// Goes on in the script as far as it goes at this moment.
    fn play(&mut self) {
        while let Some(playing) = &mut self.script {
            let Some(step) = playing.steps.front().copied() else { return };
            let now = self.world.now();
            let answered = self.asked.iter().all(|asked| asked.answer.borrow().is_some());
            let newest = self.newest.values().max_by_key(|change| change.head.number);
            let goes_on = match step {
                Step::Ask(_) => self.rotabot.is_some(),
                Step::Somebody(_) => true,
                Step::Wait(_) => playing.wait_until != Duration::ZERO && playing.wait_until <= now,
                Step::Until(phase) => {
                    answered && newest.is_some_and(|change| change.phase().word() == phase || change.ended().is_some())
                }
                Step::UntilEnd => answered && self.newest.values().all(|change| change.ended().is_some()),
            };
            if let Step::Wait(seconds) = step
                && playing.wait_until == Duration::ZERO
            {
                playing.wait_until = now + Duration::from_secs(seconds);
            }
            if !goes_on {
                return;
            }
            playing.wait_until = Duration::ZERO;
            playing.steps.pop_front();
            self.world.tell(format_args!("== {step:?}"));
            match step {
                Step::Ask(line) => self.ask(crate::company::name("lin"), What::Text(line.to_owned())),
                Step::Somebody(deed) => self.somebody(deed),
                Step::Wait(_) | Step::Until(_) | Step::UntilEnd => {}
            }
            self.turns();
        }
    }

    fn somebody(&self, deed: Deed) {
        let place = (crate::company::name("prod"), "api".to_owned());
        let edit = match deed {
            Deed::Image(tag) => {
                Edit::Image { container: "api".to_owned(), image: format!("{}:{tag}", repository("api")) }
            }
            Deed::Variable => Edit::Variable { name: "LIMIT".to_owned(), value: "1".to_owned() },
            Deed::Annotation => Edit::Annotation { key: "team.example/note".to_owned(), value: "1".to_owned() },
            Deed::Pause => Edit::Pause(true),
            Deed::Resume => Edit::Pause(false),
            Deed::Replicas(count) => Edit::Replicas(count),
            Deed::Undo => return self.cluster(|cluster| in_cluster(cluster, Act::Undo(place))),
        };
        self.cluster(|cluster| in_cluster(cluster, Act::Edit(place, edit)));
    }

    fn is_at_rest(&self) -> bool {
        let played = self.script.as_ref().is_none_or(|playing| playing.steps.is_empty());
        played && self.rotabot.is_some() && checks::everything_ends(&self.ledger).is_ok()
    }

    /// Everything has ended: a while later nothing may have changed any more.
    fn check_at_rest(&mut self) {
        let end = self.world.now() + Duration::from_secs(75);
        while self.world.now() < end && self.wrong.borrow().is_empty() {
            self.turns();
            self.start_if_due();
            self.pass_time();
        }
        for (at, change) in self.ledger.newest().into_values() {
            let ended_at = self.ended_at(&change).unwrap_or(at);
            let may_repeat = self.chat_was_unreadable;
            let found = self.cluster(|cluster| checks::what_was_left_is_what_was_said(&change, ended_at, cluster));
            self.note("what_was_left_is_what_was_said", found);
            let found = self.world.chat(|chat| checks::one_outcome_is_told(&change, chat, may_repeat));
            self.note("one_outcome_is_told", found);
            let lapsed = self.cluster(|cluster| checks::a_question_lapses_for_a_reason(&change, &self.ledger, cluster));
            self.note("a_question_lapses_for_a_reason", lapsed);
            self.note("one_end_is_journalled", checks::one_end_is_journalled(&change, &self.ledger));
        }
    }

    fn ended_at(&self, change: &Change) -> Option<Duration> {
        let entries = self.ledger.entries();
        entries
            .iter()
            .find(|entry| entry.after.head.id == change.head.id && entry.after.ended().is_some())
            .map(|entry| entry.at)
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

/// A text without anything that a front end would draw.
fn words(text: &Text) -> String {
    let words = text.0.iter().filter_map(|span| match span {
        Span::Words(text) | Span::Outside(text) | Span::Command(text) => Some(text.as_str()),
        Span::Person(name) | Span::Mention(name) => Some(name.as_str()),
        _ => None,
    });
    words.collect()
}

/// Acts on the cluster. What can't be done, because there is nothing to do it to, is not done.
fn in_cluster(cluster: &mut Cluster, act: Act) {
    let done = match act {
        Act::Edit((namespace, name), edit) => cluster.edit(&namespace, &name, &edit),
        Act::Undo((namespace, name)) => cluster.undo(&namespace, &name),
        Act::Recreate((namespace, name)) => match cluster.recreate(&namespace, &name) {
            Ok(()) => Ok(()),
            Err(_) => {
                let image = format!("{}:v1", repository(name.split('-').next().unwrap_or("api")));
                cluster.create(&namespace, &name, world::cluster::Spec::new(&name, &image, 2));
                Ok(())
            }
        },
        Act::Delete((namespace, name)) => cluster.delete(&namespace, &name),
        Act::Autoscale((namespace, name), min, max) => {
            cluster.autoscale(&namespace, &name, min, max);
            Ok(())
        }
        Act::Wish((namespace, name), wish) => cluster.autoscaler_wishes(&namespace, &name, wish),
        Act::Drain((namespace, name), count) => {
            cluster.drain(&namespace, &name, count);
            Ok(())
        }
        Act::Evict((namespace, name), count) => {
            cluster.evict(&namespace, &name, count);
            Ok(())
        }
        act => {
            switch(cluster, act);
            Ok(())
        }
    };
    // There was nothing to do it to, or it was refused: then it did not happen.
    drop(done);
}

fn switch(cluster: &mut Cluster, act: Act) {
    match act {
        Act::Api(health) => cluster.set_health(health),
        Act::Controllers(still) => cluster.set_controllers_standing_still(still),
        Act::Lag(kind, lag) => cluster.set_lag(kind, lag),
        Act::Nodes(full) => cluster.nodes_full = full,
        Act::Quota(namespace, Some(most)) => drop(cluster.quota.insert(namespace, most)),
        Act::Quota(namespace, None) => drop(cluster.quota.remove(&namespace)),
        Act::MayPatch(may) => cluster.rights.patch = may,
        Act::MayReadLogs(may) => cluster.rights.logs = may,
        Act::Webhook(denies) => {
            let sentence = "admission webhook \"policy.example\" denied the request: image is not signed";
            cluster.denies = denies.then(|| sentence.to_owned());
        }
        _ => {}
    }
}
