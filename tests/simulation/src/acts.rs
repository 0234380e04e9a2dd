//! What happens in a scenario, beside rotabot's own doing: people ask, other people and programs write, neighbours fail.

use std::time::Duration;

use state::catalogue::Target;
use state::names::{Namespace, PersonName};
use world::cluster::{ApiHealth, Edit, Kind};
use world::images::RegistryHealth;
use world::plan::Odds;
use world::random::Random;

use crate::company::Company;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A person types a line.
    Say(PersonName, String),
    /// A person presses one of the buttons that are to be seen; which one, a number decides.
    Press(PersonName, u64),
    /// A request is sent again, as after a reconnect.
    Again(u64),
    /// An image is pushed; a tag that is there moves to it.
    Push(String, String, u32),
    /// An image is taken away.
    Remove(String, String),
    /// Somebody writes to a workload.
    Edit(Place, Edit),
    /// Somebody undoes a rollout.
    Undo(Place),
    /// Somebody deletes a workload and makes it anew.
    Recreate(Place),
    /// Somebody deletes a workload for good.
    Delete(Place),
    /// A workload gets an autoscaler.
    Autoscale(Place, Option<u32>, u32),
    /// An autoscaler wishes for so many pods.
    Wish(Place, u32),
    /// A node is drained of so many of its pods.
    Drain(Place, usize),
    /// A node evicts so many of its pods.
    Evict(Place, usize),
    /// The API server.
    Api(ApiHealth),
    /// The controllers stand still, or go on.
    Controllers(bool),
    /// The watch of a kind lags behind by so much.
    Lag(Kind, Duration),
    /// The registries.
    Registry(RegistryHealth),
    /// The chat is down, or not.
    Chat(bool),
    /// The chat can't be read, or can.
    ChatUnreadable(bool),
    /// The nodes are full, or not.
    Nodes(bool),
    /// At most so many pods in a namespace.
    Quota(Namespace, Option<usize>),
    /// Rotabot may patch, or not.
    MayPatch(bool),
    /// Rotabot may read logs, or not.
    MayReadLogs(bool),
    /// A webhook refuses rotabot's writes, or doesn't.
    Webhook(bool),
    /// Rotabot is killed.
    Kill,
    /// Rotabot stands still for so long.
    Freeze(Duration),
    /// The wall clock is set by so many seconds.
    Wall(i64),
    /// Calls go wrong with these odds.
    Odds(Odds),
    /// From now on nothing goes wrong, and whatever was broken is mended.
    CalmDown,
}

/// A workload.
pub type Place = (Namespace, String);

/// Acts with the moments at which they happen, in order.
pub type Schedule = Vec<(Duration, Act)>;

/// A scenario that a seed chooses: some episodes, each about one target, in which somebody asks for a change and a few
/// things happen to it while it is under way.
pub fn chosen(company: &Company, random: &mut Random) -> Schedule {
    let rough = random.chance(850);
    let first = company.targets[random.place(company.targets.len())].clone();
    let mut chooser = Chooser { company, random, acts: Vec::new(), target: first, from: Duration::ZERO, rough };
    chooser.choose();
    let mut acts = chooser.acts;
    // A stable sort: what was chosen first happens first.
    acts.sort_by_key(|(at, _)| *at);
    acts
}

struct Chooser<'a> {
    company: &'a Company,
    random: &'a mut Random,
    acts: Schedule,
    /// What the episode is about.
    target: Target,
    /// When it begins.
    from: Duration,
    rough: bool,
}

/// Tags that are pushed before anything begins. The first ones are good.
const TAGS: [&str; 14] = [
    "v2",
    "v3",
    "v4",
    "v5",
    "v6-slow",
    "v7-crash",
    "v8-neverready",
    "v9-pullfail",
    "v10-oom",
    "v11-dies20",
    "v12-unready20",
    "v13-wrongdigest",
    "v14-bareid",
    "v15-badconfig",
];

impl Chooser<'_> {
    fn choose(&mut self) {
        for service in self.services() {
            for tag in TAGS {
                let platforms = u32::try_from(self.random.below(3)).unwrap_or(0);
                self.acts.push((Duration::ZERO, Act::Push(service.clone(), tag.to_owned(), platforms)));
            }
        }
        if self.rough {
            self.acts.push((Duration::ZERO, Act::Odds(Odds::ROUGH)));
        }
        for _ in 0..self.random.within(2..=6) {
            self.episode();
            // Most episodes follow the one before, some begin while it goes on.
            self.from += Duration::from_secs(self.random.within(10..=150));
        }
        if self.rough && self.random.chance(250) {
            self.long_night();
        }
        let end = self.acts.iter().map(|(at, _)| *at).max().unwrap_or_default();
        self.acts.push((end + Duration::from_secs(1), Act::CalmDown));
    }

    fn episode(&mut self) {
        // People get in each other's way: often it is about the same target again.
        if self.random.chance(400) {
            self.target = self.company.targets[self.random.place(self.company.targets.len())].clone();
        }
        let person = self.person();
        let name = self.target.name.clone();
        let line = match self.random.below(10) {
            0..=7 => format!("/deploy {} {} {}", name.service, name.environment, self.tag()),
            8 => format!("/deploy {} {} v99", name.service, name.environment),
            _ => format!("/rollback {} {}", name.service, name.environment),
        };
        self.acts.push((self.from, Act::Say(person, line)));
        for _ in 0..self.random.within(0..=3) {
            let at = self.moment();
            self.ask(at);
        }
        if !self.rough {
            return;
        }
        for _ in 0..self.random.within(0..=2) {
            let at = self.moment();
            self.meddle(at);
        }
        if self.random.chance(400) {
            let at = self.moment();
            self.trouble(at);
        }
    }

    /// A moment of the episode: most of its changes are under way for less than a minute.
    fn moment(&mut self) -> Duration {
        let most = match self.random.below(10) {
            0..=2 => 2_000,
            3..=6 => 30_000,
            _ => 120_000,
        };
        self.from + Duration::from_millis(self.random.below(most))
    }

    fn services(&self) -> Vec<String> {
        self.company.catalogue.services.keys().map(ToString::to_string).collect()
    }

    fn person(&mut self) -> PersonName {
        let place = self.random.place(self.company.people.len());
        self.company.people[place].clone()
    }

    fn place(&mut self) -> Place {
        let target = &self.target;
        let workload = &target.workloads[self.random.place(target.workloads.len())];
        (target.namespace.clone(), workload.name.to_string())
    }

    fn tag(&mut self) -> &'static str {
        if self.random.chance(550) { TAGS[self.random.place(4)] } else { TAGS[self.random.place(TAGS.len())] }
    }

    fn ask(&mut self, at: Duration) {
        let person = self.person();
        let target = self.target.name.clone();
        let (service, environment) = (&target.service, &target.environment);
        let line = match self.random.below(100) {
            0..=19 => format!("/deploy {service} {environment} {}", self.tag()),
            20..=22 => format!("/deploy {service} {environment} {} plan", self.tag()),
            23..=35 => format!("/rollback {service} {environment}"),
            36..=37 => format!("/rollback {service} {environment} to {}", self.tag()),
            // A slip of the fingers, most often when it is urgent.
            38..=40 => format!("/rollback {service} {environment} to #999"),
            41..=42 => format!("/rollback {service} {environment} template"),
            43..=57 => format!("/stop {service} {environment}"),
            58..=61 => format!("/lock {service}/{environment} inventory"),
            62 => format!("/lock {environment} inventory for 2m"),
            63 => "/lock all inventory for 1m".to_owned(),
            64..=69 => format!("/unlock {service}/{environment}"),
            70 => "/unlock all".to_owned(),
            71..=72 => format!("/status {service} {environment}"),
            73 => "/now".to_owned(),
            74 => format!("/history {service} {environment}"),
            75..=76 => format!("/show {}", self.random.within(1..=9)),
            77..=78 => format!("/change release {}", self.random.within(1..=9)),
            79..=93 => {
                let which = self.random.number();
                return self.acts.push((at, Act::Press(person, which)));
            }
            _ => {
                let which = self.random.number();
                return self.acts.push((at, Act::Again(which)));
            }
        };
        self.acts.push((at, Act::Say(person, line)));
    }

    /// Other people and programs at work.
    fn meddle(&mut self, at: Duration) {
        let place = self.place();
        let act = match self.random.below(100) {
            0..=9 => {
                let image = self.image(&place);
                Act::Edit(place.clone(), Edit::Image { container: place.1, image })
            }
            10..=19 => {
                let value = self.random.below(1_000).to_string();
                Act::Edit(place, Edit::Variable { name: "LIMIT".to_owned(), value })
            }
            20..=29 => {
                let value = self.random.below(1_000).to_string();
                Act::Edit(place, Edit::Annotation { key: "team.example/note".to_owned(), value })
            }
            30..=34 => Act::Edit(place, Edit::Restart { at: format!("{at:?}") }),
            35..=41 => {
                let later = at + Duration::from_secs(self.random.within(5..=120));
                self.acts.push((later, Act::Edit(place.clone(), Edit::Pause(false))));
                Act::Edit(place, Edit::Pause(true))
            }
            42..=51 => Act::Edit(place, Edit::Replicas(u32::try_from(self.random.within(0..=5)).unwrap_or(1))),
            52..=59 => Act::Undo(place),
            60..=62 => Act::Recreate(place),
            63 => {
                self.acts.push((at + Duration::from_secs(40), Act::Recreate(place.clone())));
                Act::Delete(place)
            }
            64..=75 => {
                let min = (self.random.chance(700)).then_some(1);
                for _ in 0..self.random.within(1..=4) {
                    let later = at + Duration::from_secs(self.random.within(1..=180));
                    let wish = u32::try_from(self.random.within(1..=6)).unwrap_or(1);
                    self.acts.push((later, Act::Wish(place.clone(), wish)));
                }
                Act::Autoscale(place, min, 6)
            }
            76..=85 => Act::Drain(place, self.random.place(3)),
            86..=91 => Act::Evict(place, self.random.place(3)),
            92..=95 => Act::Push(place.1.split('-').next().unwrap_or("api").to_owned(), self.tag().to_owned(), 0),
            _ => Act::Remove(place.1.split('-').next().unwrap_or("api").to_owned(), self.tag().to_owned()),
        };
        self.acts.push((at, act));
    }

    fn image(&mut self, place: &Place) -> String {
        let service = place.1.split('-').next().unwrap_or("api");
        format!("{}:{}", crate::company::repository(service), self.tag())
    }

    /// What parks changes: a cluster that is gone for half an hour and more, or one that takes no write while nobody
    /// knows what became of the last one. Whoever watches it dies in the middle of it.
    fn long_night(&mut self) {
        let (person, name) = (self.person(), self.target.name.clone());
        let line = format!("/deploy {} {} {}", name.service, name.environment, self.tag());
        self.acts.push((self.from, Act::Say(person, line)));
        let soon = |this: &mut Self, most| this.from + Duration::from_millis(this.random.below(most));
        let (at, minutes, bad, good) = match self.random.below(4) {
            0 => (soon(self, 20_000), 35, Act::Api(ApiHealth::Down), Act::Api(ApiHealth::Up)),
            1 => (soon(self, 20_000), 35, Act::Api(ApiHealth::Frozen), Act::Api(ApiHealth::Up)),
            which => {
                // The write is under way soon after it was asked for, and a kill makes it doubtful.
                let at = soon(self, 150);
                self.acts.push((at, Act::Kill));
                if which == 2 {
                    (at, 3, Act::MayPatch(false), Act::MayPatch(true))
                } else {
                    (at, 3, Act::Webhook(true), Act::Webhook(false))
                }
            }
        };
        let lasts = Duration::from_secs(60 * minutes);
        self.acts.extend([(at, bad), (at + lasts, good)]);
        for _ in 0..self.random.within(0..=2) {
            let second = self.random.below(lasts.as_secs() + 30);
            self.acts.push((at + Duration::from_secs(second), Act::Kill));
        }
        for _ in 0..self.random.within(0..=2) {
            let second = self.random.below(lasts.as_secs() + 30);
            self.ask(at + Duration::from_secs(second));
        }
    }

    /// Neighbours that fail for a while.
    fn trouble(&mut self, at: Duration) {
        let lasts = Duration::from_secs(self.random.within(2..=90));
        let (bad, good) = match self.random.below(100) {
            0..=13 => (Act::Api(ApiHealth::Down), Act::Api(ApiHealth::Up)),
            14..=27 => (Act::Api(ApiHealth::Frozen), Act::Api(ApiHealth::Up)),
            28..=35 => (Act::Controllers(true), Act::Controllers(false)),
            36..=53 => {
                let kind = Kind::ALL[self.random.place(3)];
                let lag = Duration::from_millis(self.random.within(200..=12_000));
                (Act::Lag(kind, lag), Act::Lag(kind, Duration::ZERO))
            }
            54..=60 => {
                let health = if self.random.chance(700) { RegistryHealth::Down } else { RegistryHealth::Denying };
                (Act::Registry(health), Act::Registry(RegistryHealth::Up))
            }
            61..=67 => (Act::Chat(true), Act::Chat(false)),
            68..=69 => (Act::ChatUnreadable(true), Act::ChatUnreadable(false)),
            70..=73 => (Act::Nodes(true), Act::Nodes(false)),
            74..=76 => {
                let namespace = self.place().0;
                (Act::Quota(namespace.clone(), Some(self.random.place(14))), Act::Quota(namespace, None))
            }
            77..=79 => (Act::MayPatch(false), Act::MayPatch(true)),
            80..=81 => (Act::MayReadLogs(false), Act::MayReadLogs(true)),
            82..=84 => (Act::Webhook(true), Act::Webhook(false)),
            85..=94 => return self.acts.push((at, Act::Kill)),
            95..=97 => return self.acts.push((at, Act::Freeze(lasts))),
            _ => {
                let by = if self.random.chance(500) { 3_600 } else { -3_600 };
                return self.acts.push((at, Act::Wall(by)));
            }
        };
        self.acts.push((at, bad));
        self.acts.push((at + lasts, good));
    }
}
