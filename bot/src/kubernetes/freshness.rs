//! How old the knowledge of a namespace is.
//!
//! A watch that hears nothing can't tell a quiet cluster from a frozen or unreachable one. So the knowledge counts as
//! true at the moment at which a heartbeat was sent that the API server answered, if all watches had been in sync by
//! then; from that moment on it ages. Only the monotonic clock is asked.

use std::time::Duration;

use commands::ports::ClusterFault;
use tokio::time::Instant;

/// How many kinds of objects are watched in a namespace.
pub(super) const KINDS: usize = 4;

/// The state of the watches of one namespace, and since when it ages.
pub(super) struct Freshness {
    watches: [Watch; KINDS],
    good_at: Option<Instant>,
}

#[derive(Clone)]
enum Watch {
    /// Not subscribed, or not again yet.
    Starting,
    /// Listed and subscribed.
    InSync(Instant),
    /// Ended by this.
    Faulty(ClusterFault),
}

impl Freshness {
    pub(super) fn new() -> Self {
        Self { watches: std::array::from_fn(|_| Watch::Starting), good_at: None }
    }

    /// A watch is subscribed, and what it missed was listed or is on its way. Tells whether that is news.
    pub(super) fn in_sync(&mut self, watch: usize, now: Instant) -> bool {
        let news = !matches!(self.watches[watch], Watch::InSync(_));
        if news {
            self.watches[watch] = Watch::InSync(now);
        }
        news
    }

    /// A watch has to be subscribed anew before it can be believed.
    pub(super) fn starting(&mut self, watch: usize) {
        if matches!(self.watches[watch], Watch::InSync(_)) {
            self.watches[watch] = Watch::Starting;
        }
    }

    /// All watches have to be subscribed anew before they can be believed.
    pub(super) fn renew(&mut self) {
        (0..KINDS).for_each(|watch| self.starting(watch));
    }

    /// A watch ended. Tells whether that is news: another kind of fault than the last one.
    pub(super) fn faulty(&mut self, watch: usize, fault: ClusterFault) -> bool {
        let same = |known: &Watch| match known {
            Watch::Faulty(known) => std::mem::discriminant(known) == std::mem::discriminant(&fault),
            _ => false,
        };
        let news = !same(&self.watches[watch]);
        self.watches[watch] = Watch::Faulty(fault);
        news
    }

    /// The API server answered a heartbeat that was sent then.
    pub(super) fn beat(&mut self, sent: Instant) {
        let trusted = |watch: &Watch| matches!(watch, Watch::InSync(since) if *since <= sent);
        if self.watches.iter().all(trusted) && self.good_at.is_none_or(|good| good < sent) {
            self.good_at = Some(sent);
        }
    }

    /// How old the knowledge is; none where it never was complete.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        self.good_at.map(|good| now.saturating_duration_since(good))
    }

    /// What keeps a watch from being in sync.
    pub(super) fn trouble(&self) -> Option<ClusterFault> {
        let faults = || {
            self.watches.iter().filter_map(|watch| match watch {
                Watch::Faulty(fault) => Some(fault),
                _ => None,
            })
        };
        // Missing rights come first: they don't go by themselves.
        faults().find(|fault| matches!(fault, ClusterFault::Forbidden(_))).or_else(|| faults().next()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use state::fault::Fault;

    use super::*;

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn synced(at: Instant) -> Freshness {
        let mut freshness = Freshness::new();
        for watch in 0..KINDS {
            assert!(freshness.in_sync(watch, at));
        }
        freshness
    }

    #[test]
    fn a_heartbeat_counts_once_every_watch_is_in_sync() {
        let start = Instant::now();
        let mut freshness = Freshness::new();
        for watch in 0..KINDS {
            freshness.beat(start);
            assert_eq!(freshness.age(start), None, "with {watch} watches in sync");
            freshness.in_sync(watch, start + seconds(1));
        }
        freshness.beat(start);
        assert_eq!(freshness.age(start), None, "sent before the watches were in sync");
        freshness.beat(start + seconds(1));
        assert_eq!(freshness.age(start + seconds(3)), Some(seconds(2)));
    }

    #[test]
    fn without_an_answer_it_ages() {
        let start = Instant::now();
        let mut freshness = synced(start);
        freshness.beat(start);
        assert_eq!(freshness.age(start + seconds(60)), Some(seconds(60)));
        freshness.beat(start + seconds(60));
        assert_eq!(freshness.age(start + seconds(60)), Some(seconds(0)));
        freshness.beat(start + seconds(5));
        assert_eq!(freshness.age(start + seconds(60)), Some(seconds(0)), "a late answer takes nothing back");
    }

    #[test]
    fn one_watch_that_ended_makes_all_of_it_age() {
        let start = Instant::now();
        let mut freshness = synced(start);
        freshness.beat(start);
        assert!(freshness.faulty(1, ClusterFault::Unreachable(Fault::new("reset"))));
        freshness.beat(start + seconds(5));
        assert_eq!(freshness.age(start + seconds(5)), Some(seconds(5)));
        assert!(!freshness.faulty(1, ClusterFault::Unreachable(Fault::new("refused"))), "told once");
        assert!(freshness.faulty(1, ClusterFault::Forbidden("may not".to_owned())));
        freshness.faulty(0, ClusterFault::Unreachable(Fault::new("reset")));
        assert_eq!(freshness.trouble(), Some(ClusterFault::Forbidden("may not".to_owned())));
        freshness.in_sync(0, start + seconds(6));
        freshness.in_sync(1, start + seconds(6));
        assert_eq!(freshness.trouble(), None);
        freshness.beat(start + seconds(7));
        assert_eq!(freshness.age(start + seconds(7)), Some(seconds(0)));
    }

    #[test]
    fn a_watch_that_starts_anew_is_not_believed_until_it_is_in_sync() {
        let start = Instant::now();
        let mut freshness = synced(start);
        freshness.starting(3);
        freshness.beat(start + seconds(1));
        assert_eq!(freshness.age(start + seconds(1)), None);
        assert!(freshness.in_sync(3, start + seconds(2)));
        assert!(!freshness.in_sync(3, start + seconds(3)), "no news, and no younger for it");
        freshness.beat(start + seconds(2));
        assert_eq!(freshness.age(start + seconds(2)), Some(seconds(0)));
    }
}
