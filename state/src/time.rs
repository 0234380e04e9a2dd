//! Moments, and the time that counts. The clock itself is read in `bot` alone; here `now` is an argument.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock: what is told to people, and what deadlines given to people are held to.
    pub wall: DateTime<Utc>,
    /// Time since the process began. It never jumps, but stands still while the process does.
    pub monotonic: Duration,
}

/// How much longer than this a gap between two looks can't be: it was spent asleep, frozen or stopped, and is blind.
pub const LONGEST_GAP: Duration = Duration::from_secs(15);

/// Time in which the cluster was really being watched. Deadlines and windows of a rollout count only this, so that
/// an outage of the bot or of the API server makes nothing fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObservedTime(u64);

impl ObservedTime {
    /// As a duration.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// The time from `earlier` to this.
    pub fn since(self, earlier: ObservedTime) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Adds the time between two looks, by the smaller of wall and monotonic time. A wall clock that went backwards
    /// counts nothing, and so does a gap longer than 15 s.
    #[must_use]
    pub fn advanced(self, last: Now, now: Now) -> Self {
        let wall = (now.wall - last.wall).to_std().unwrap_or_default();
        let smaller = wall.min(now.monotonic.saturating_sub(last.monotonic));
        if smaller > LONGEST_GAP {
            return self;
        }
        Self(self.0 + u64::try_from(smaller.as_millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: i64, monotonic: u64) -> Now {
        let wall = DateTime::from_timestamp(1_800_000_000 + wall, 0).expect("a moment");
        Now { wall, monotonic: Duration::from_secs(monotonic) }
    }

    #[test]
    fn only_watched_time_counts() {
        let zero = ObservedTime::default();
        assert_eq!(zero.advanced(at(0, 0), at(5, 5)).duration().as_secs(), 5);
        assert_eq!(zero.advanced(at(0, 0), at(3600, 5)).duration().as_secs(), 5, "a wall clock set forward");
        assert_eq!(zero.advanced(at(10, 0), at(0, 5)).duration().as_secs(), 0, "a wall clock set back");
        assert_eq!(zero.advanced(at(0, 0), at(60, 60)).duration().as_secs(), 0, "a process that stood still");
    }
}
