//! The fault plan: what becomes of each call to a port and of each read and write of the store.

use std::time::Duration;

use crate::random::{Random, Span};

/// Where a fault may strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// A workload is read.
    Read,
    /// Pods are listed.
    Pods,
    /// A workload is patched.
    Patch,
    /// Events are read.
    Events,
    /// A log is read.
    Log,
    /// A registry is asked.
    Resolve,
    /// A message is posted.
    Post,
    /// A message is edited.
    Edit,
    /// The store is read.
    StoreRead,
    /// The store is written.
    Commit,
}

/// How a process dies at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kill {
    /// Before anything has left it.
    Before,
    /// Its request is on the way, and will be carried out. For the store the same as [`Kill::After`].
    InFlight,
    /// Its request has been carried out, and it never hears so.
    After,
}

impl Kill {
    /// All of them.
    pub const ALL: [Kill; 3] = [Kill::Before, Kill::InFlight, Kill::After];
}

/// How often something goes wrong, in so many of a thousand calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Odds {
    /// The answer comes late, but comes.
    pub slow: u32,
    /// The request is lost on its way.
    pub lost: u32,
    /// The request is carried out, and the answer is lost.
    pub unanswered: u32,
    /// The request is carried out after it was given up.
    pub late: u32,
    /// The request is carried out twice.
    pub twice: u32,
    /// The process dies.
    pub kill: u32,
    /// The disk is slow.
    pub slow_disk: u32,
    /// A read of the store fails.
    pub read_fails: u32,
    /// The disk is full.
    pub disk_full: u32,
    /// A commit fails, and whether it was carried out is not known.
    pub commit_unknown: u32,
}

impl Odds {
    /// Everything goes wrong now and then.
    pub const ROUGH: Odds = Odds {
        slow: 30,
        lost: 25,
        unanswered: 20,
        late: 15,
        twice: 10,
        kill: 4,
        slow_disk: 5,
        read_fails: 1,
        disk_full: 2,
        commit_unknown: 2,
    };
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    /// After how long the request arrives; none where it never does.
    pub(crate) there: Option<Duration>,
    /// After how long from then the answer arrives; none where it never does.
    pub(crate) back: Option<Duration>,
    /// After how long it arrives a second time.
    pub(crate) again: Option<Duration>,
    pub(crate) kill: Option<Kill>,
}

/// What becomes of a read or write of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoreFate {
    pub(crate) takes: Duration,
    pub(crate) end: StoreEnd,
    pub(crate) kill: Option<Kill>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreEnd {
    Done,
    ReadFails,
    DiskFull,
    Unknown { applied: bool },
}

/// Decides what becomes of each call. With the same seed and the same calls it decides the same.
#[derive(Debug, Clone)]
pub struct Plan {
    random: Random,
    odds: Odds,
    calls: u64,
    kill: Option<(u64, Kill)>,
    network: Span,
    disk: Span,
}

impl Plan {
    /// Nothing goes wrong.
    pub fn calm(random: Random) -> Self {
        Self {
            random,
            odds: Odds::default(),
            calls: 0,
            kill: None,
            network: Span::millis(1, 15),
            disk: Span::millis(0, 2),
        }
    }

    /// Things go wrong with these odds.
    pub fn rough(random: Random, odds: Odds) -> Self {
        Self { odds, ..Self::calm(random) }
    }

    /// The process dies at the call of this number, the first being 1.
    #[must_use]
    pub fn with_kill(self, call: u64, kill: Kill) -> Self {
        Self { kill: Some((call, kill)), ..self }
    }

    /// Nothing goes wrong from now on.
    pub fn calm_down(&mut self) {
        self.odds = Odds::default();
        self.kill = None;
    }

    /// Things go wrong with these odds from now on.
    pub fn set_odds(&mut self, odds: Odds) {
        self.odds = odds;
    }

    /// How many calls there were. Reads of the store don't count: a death at one of them is the same as one before or
    /// after the call next to it.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    fn kill_now(&mut self) -> Option<Kill> {
        self.calls += 1;
        if self.kill.is_some_and(|(call, _)| call == self.calls) {
            return self.kill.take().map(|(_, kill)| kill);
        }
        if !self.random.chance(self.odds.kill) {
            return None;
        }
        self.random.pick(&Kill::ALL).copied()
    }

    pub(crate) fn fate(&mut self, limit: Duration) -> Fate {
        let kill = self.kill_now();
        let (there, back) = (self.random.lasting(self.network), self.random.lasting(self.network));
        let mut fate = Fate { there: Some(there), back: Some(back), again: None, kill };
        let mut sum = 0;
        let roll = u32::try_from(self.random.below(1_000)).unwrap_or(0);
        let mut falls = |odds: u32| {
            sum += odds;
            roll < sum && roll + odds >= sum
        };
        let odds = self.odds;
        if falls(odds.slow) {
            let most = limit.saturating_sub(Duration::from_millis(100));
            fate.back = Some(
                self.random.lasting(Span { shortest: Duration::from_millis(500), longest: most }) - there.min(most),
            );
        } else if falls(odds.lost) {
            fate.there = None;
        } else if falls(odds.unanswered) {
            fate.back = None;
        } else if falls(odds.late) {
            let latest = limit + Duration::from_secs(40);
            fate.there = Some(self.random.lasting(Span { shortest: limit, longest: latest }));
        } else if falls(odds.twice) {
            fate.again = Some(self.random.lasting(Span::millis(10, 20_000)));
        }
        fate
    }

    pub(crate) fn store_fate(&mut self, site: Site) -> StoreFate {
        let kill = if site == Site::Commit { self.kill_now() } else { None };
        let takes = if site == Site::Commit { self.random.lasting(self.disk) } else { Duration::ZERO };
        let mut fate = StoreFate { takes, end: StoreEnd::Done, kill };
        let odds = self.odds;
        if site == Site::StoreRead {
            if self.random.chance(odds.read_fails) {
                fate.end = StoreEnd::ReadFails;
            }
            return fate;
        }
        if self.random.chance(odds.slow_disk) {
            fate.takes = self.random.lasting(Span::millis(500, 12_000));
        }
        if self.random.chance(odds.disk_full) {
            fate.end = StoreEnd::DiskFull;
        } else if self.random.chance(odds.commit_unknown) {
            fate.end = StoreEnd::Unknown { applied: self.random.chance(500) };
        }
        fate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_decides_the_same_and_the_odds_are_met() {
        let fates = |seed| {
            let mut plan = Plan::rough(Random::new(seed), Odds::ROUGH);
            (0..20_000).map(|_| plan.fate(Duration::from_secs(10))).collect::<Vec<_>>()
        };
        let all = fates(1);
        assert_eq!(all, fates(1));
        assert_ne!(all, fates(2));
        let count = |what: fn(&Fate) -> bool| all.iter().filter(|fate| what(fate)).count();
        for (name, found, odds) in [
            ("lost", count(|fate| fate.there.is_none()), Odds::ROUGH.lost),
            ("unanswered", count(|fate| fate.back.is_none()), Odds::ROUGH.unanswered),
            ("late", count(|fate| fate.there >= Some(Duration::from_secs(10))), Odds::ROUGH.late),
            ("twice", count(|fate| fate.again.is_some()), Odds::ROUGH.twice),
            ("kill", count(|fate| fate.kill.is_some()), Odds::ROUGH.kill),
        ] {
            let expected = usize::try_from(odds).expect("small") * 20;
            assert!(found.abs_diff(expected) < expected / 2 + 20, "{name}: {found} rather than {expected}");
        }
    }

    #[test]
    fn a_kill_falls_on_the_call_that_it_is_meant_for() {
        let mut plan = Plan::calm(Random::new(1)).with_kill(3, Kill::InFlight);
        let kills: Vec<_> = (0..5).map(|_| plan.fate(Duration::from_secs(10)).kill).collect();
        assert_eq!(kills, [None, None, Some(Kill::InFlight), None, None]);
    }
}
