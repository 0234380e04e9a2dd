//! 500 changes open at once on the control plane, a fifth each good, never ready, crashing, with an image that can't be pulled,
//! and superseded: every one has to get its right outcome, and the memory that it takes is measured on the way.
//!
//! The controllers are frozen while the changes are asked for, so that all of them are open before the first can end; then all
//! 500 roll out at the same time. Each change is of a service of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cluster::{ControlPlane, Deployment, Image, Namespace, Options, Part, Registry, RegistryOptions, until};
use e2e::{Bot, Build, Config, Recorded};

use crate::machine::{most_memory, processor_time};
use crate::table::Row;

const CHANGES: usize = 500;

/// How many `say` run side by side.
const ASKERS: usize = 4;

/// Far more than the control plane takes to make the first pods of all services.
const PATIENCE: Duration = Duration::from_secs(300);

/// The deadline of those that never get ready, and what the control plane may take for all rollouts beside each other.
const PROGRESS_DEADLINE: Duration = Duration::from_secs(180);

/// Far more than the deadline, holding and the stability window of the last one take together.
const ENDED_WITHIN: Duration = Duration::from_secs(900);

pub(crate) fn run(build: &Build, namespaces: usize) -> Result<Vec<Row>> {
    let plane = ControlPlane::start(&Options::default())?;
    let registry = Registry::start(&RegistryOptions::default())?;
    let crowd = Crowd::start(build, &plane, &registry, CHANGES, namespaces, PROGRESS_DEADLINE)?;
    let process = crowd.bot.process_id().context("rotabot is not running")?;
    let mut rolled = (0.0, 0.0);
    let (memory, ()) = most_memory(process, || {
        plane.freeze(Part::ControllerManager)?;
        crowd.ask(|n| Fate::of(n).tag())?;
        crowd.until_written()?;
        let (begun, before) = (Instant::now(), processor_time(process)?);
        plane.thaw(Part::ControllerManager)?;
        crowd.supersede()?;
        crowd.until_ended()?;
        rolled = (begun.elapsed().as_secs_f64(), processor_time(process)? - before);
        Ok(())
    })?;
    crowd.must_be_judged_right()?;
    let (took, busy) = rolled;
    let spread = format!("{CHANGES} changes open at once in {namespaces} namespaces");
    Ok(vec![
        Row::within(format!("memory (PSS), {spread}, all judged right"), memory, 100.0, "MiB"),
        Row::shown(format!("processor, {spread}, over {took:.0} s"), 100.0 * busy / took, "% of a core"),
    ])
}

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Good,
    NeverReady,
    Crashes,
    PullFails,
    Superseded,
}

impl Fate {
    /// They take turns, so that each namespace has all of them.
    fn of(n: usize) -> Self {
        [Self::Good, Self::NeverReady, Self::Crashes, Self::PullFails, Self::Superseded][n % 5]
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Good | Self::Superseded => "v2",
            Self::NeverReady => "v2-neverready",
            Self::Crashes => "v2-crash",
            Self::PullFails => "v2-pullfail",
        }
    }

    /// Whether this is the outcome that it has to have, for the reason that it has to have.
    fn is_told_by(self, change: &Recorded) -> bool {
        let (kind, ended_by) = change.failure();
        match (self, change.outcome()) {
            (Self::Good, Some("verified")) | (Self::Superseded, Some("superseded")) => true,
            (Self::NeverReady, Some("left")) => (kind, ended_by) == ("never-ready", "deadline"),
            (Self::Crashes, Some("left")) => ["crash-loop", "crashed-after-ready"].contains(&kind),
            (Self::PullFails, Some("left")) => (kind, ended_by) == ("pull", "sign"),
            _ => false,
        }
    }
}

/// Many services, each with a Deployment of one pod, and the rotabot that looks after them.
pub(crate) struct Crowd<'a> {
    // Dropped first: rotabot.
    pub(crate) bot: Bot,
    namespaces: Vec<Namespace<'a>>,
    /// What somebody else puts in the place of what we wrote.
    foreign: Image,
    services: usize,
}

impl<'a> Crowd<'a> {
    /// All of them run `v1`.
    pub(crate) fn start(
        build: &Build,
        plane: &'a ControlPlane,
        registry: &Registry,
        services: usize,
        namespaces: usize,
        progress_deadline: Duration,
    ) -> Result<Self> {
        let push = |tag| registry.push("crowd", tag);
        let (first, foreign) = (push("v1")?, push("v3")?);
        for tag in ["v2", "v2-neverready", "v2-crash", "v2-pullfail"] {
            push(tag)?;
        }
        let namespaces = (0..namespaces).map(|_| plane.namespace()).collect::<Result<Vec<_>>>()?;
        let mut config = Config::new(namespaces[0].name(), &first.repository).plain_registry(registry.address());
        let policy = [
            ("after_failure", "\"hold\"".to_owned()),
            ("stability_window", "\"60s\"".to_owned()),
            ("certain_after", "\"60s\"".to_owned()),
            ("progress_deadline", format!("\"{}s\"", progress_deadline.as_secs())),
        ];
        for (key, value) in &policy {
            config = config.policy(key, value);
        }
        for (n, namespace) in namespaces.iter().enumerate().skip(1) {
            let policy: String = policy.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
            let (name, namespace) = (environment(n), namespace.name());
            config = config.section(format!("[environments.{name}]\nnamespace = {namespace:?}\n{policy}"));
        }
        for n in 0..services {
            let (name, place, image) = (service(n), n % namespaces.len(), &first.repository);
            config = config.section(format!(
                "[services.{name}]\nowners = [\"lin\"]\nenvironments = [{:?}]\n\
                 workloads = [{{ containers = {{ {name} = {image:?} }} }}]\n",
                environment(place)
            ));
            let deployment = Deployment::new(&name, &first.pinned()).progress_deadline(600);
            namespaces[place].create_object("deployments", &deployment.json())?;
        }
        let bot = Bot::of(build.clone(), &config, &plane.kubeconfig())?;
        let crowd = Self { bot, namespaces, foreign, services };
        crowd.until_rolled_out()?;
        crowd.bot.start()?;
        Ok(crowd)
    }

    fn namespace(&self, n: usize) -> &Namespace<'a> {
        &self.namespaces[n % self.namespaces.len()]
    }

    fn until_rolled_out(&self) -> Result<()> {
        for namespace in &self.namespaces {
            until("the first pods of all services", PATIENCE, || {
                let deployments = namespace.list("deployments")?;
                let ready = deployments.iter().all(|deployment| deployment["status"]["availableReplicas"] == 1);
                Ok(ready.then_some(()))
            })?;
        }
        Ok(())
    }

    /// Asks for a deploy of every service; each must be accepted.
    pub(crate) fn ask(&self, tag: impl Fn(usize) -> &'static str + Sync) -> Result<()> {
        let next = AtomicUsize::new(0);
        let ask = || -> Result<()> {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= self.services {
                    return Ok(());
                }
                let place = environment(n % self.namespaces.len());
                let said = self.bot.say(&format!("/deploy {} {place} {}", service(n), tag(n)))?;
                if said.exit_code != 0 {
                    bail!("not accepted: {said:#?}");
                }
            }
        };
        thread::scope(|scope| {
            let askers: Vec<_> = (0..ASKERS).map(|_| scope.spawn(ask)).collect();
            askers.into_iter().try_for_each(|asker| asker.join().ok().context("asking panicked")?)
        })
    }

    /// Waits until all are written, with not one of them ended.
    pub(crate) fn until_written(&self) -> Result<()> {
        until("the writes of all changes", PATIENCE, || {
            let log = self.bot.log();
            if ended(&log) > 0 {
                bail!("a change has ended already");
            }
            let rolling = log.lines().filter(|line| line.ends_with("went on phase=\"rolling\"")).count();
            Ok((rolling == self.services).then_some(()))
        })
    }

    /// Somebody else deploys what they like over those that are to be superseded.
    fn supersede(&self) -> Result<()> {
        for n in (0..self.services).filter(|n| Fate::of(*n) == Fate::Superseded) {
            self.namespace(n).set_image(&service(n), &service(n), &self.foreign.pinned())?;
        }
        Ok(())
    }

    fn until_ended(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let ended = ended(&self.bot.log());
            if ended == self.services {
                return Ok(());
            }
            if begun.elapsed() > ENDED_WITHIN {
                bail!("only {ended} of {} have ended", self.services);
            }
            thread::sleep(Duration::from_secs(1));
        }
    }

    /// Every change has the one outcome that it has to have.
    fn must_be_judged_right(&self) -> Result<()> {
        let changes = self.bot.export()?.changes()?;
        if changes.len() != self.services {
            bail!("{} changes, where {} were asked for", changes.len(), self.services);
        }
        let mut wrong = String::new();
        for change in changes {
            let name = change.part("target")["name"]["service"].as_str().unwrap_or_default().to_owned();
            let n: usize = name.trim_start_matches('s').parse().with_context(|| format!("a change of {name:?}"))?;
            let once = change.outcomes.len() == 1 && !change.holds;
            if !once || !Fate::of(n).is_told_by(&change) {
                writeln!(wrong, "{name}, {:?}: {} {:?}", Fate::of(n), change.ended(), change.outcomes)?;
            }
        }
        if !wrong.is_empty() {
            bail!("judged wrong:\n{wrong}");
        }
        Ok(())
    }
}

/// How many changes have ended, as the log tells it.
fn ended(log: &str) -> usize {
    let lines = log.lines().filter(|line| line.contains(": ended outcome="));
    let numbers = lines.filter_map(|line| line.split_once("number=")?.1.split(' ').next());
    numbers.collect::<BTreeSet<_>>().len()
}

fn service(n: usize) -> String {
    format!("s{n}")
}

/// The first is the one that every configuration of these tests has.
fn environment(place: usize) -> String {
    if place == 0 { "prod".to_owned() } else { format!("prod-{place}") }
}
