//! Lengths of time in the units of people: two at most.

use std::time::Duration;

use super::{Words, say};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// From here on hours don't matter.
const MANY_DAYS: u64 = 10 * DAY;

impl Words {
    /// To the second where it is short, to the hour where it is long.
    pub(super) fn duration(&self, duration: Duration) -> String {
        let seconds = duration.as_secs();
        let (days, hours) = (seconds / DAY, seconds % DAY / HOUR);
        let (minutes, rest) = (seconds % HOUR / MINUTE, seconds % MINUTE);
        let text = match seconds {
            0..MINUTE => say!(self, "duration-seconds", seconds = seconds),
            MINUTE..HOUR if rest == 0 => say!(self, "duration-minutes", minutes = minutes),
            MINUTE..HOUR => say!(self, "duration-minutes-seconds", minutes = minutes, seconds = rest),
            HOUR..DAY if minutes == 0 => say!(self, "duration-hours", hours = hours),
            HOUR..DAY => say!(self, "duration-hours-minutes", hours = hours, minutes = minutes),
            DAY..MANY_DAYS if hours > 0 => say!(self, "duration-days-hours", days = days, hours = hours),
            _ => say!(self, "duration-days", days = days),
        };
        text.to_string()
    }

    /// As one says it: to ten seconds, to the minute, to the hour, to the day.
    pub(super) fn about(&self, duration: Duration) -> String {
        let seconds = duration.as_secs();
        let unit = match seconds {
            0..15 => 1,
            15..90 => 10,
            90..5400 => MINUTE,
            5400..172_800 => HOUR,
            _ => DAY,
        };
        self.duration(Duration::from_secs((seconds + unit / 2) / unit * unit))
    }
}
