//! What `--version` says: the version, the commit, and the edition of the time zone data.

use chrono::{Days, NaiveDate};
use state::zone;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from; `-changed` at its end where the sources differed from it.
pub const COMMIT: &str = env!("ROTABOT_COMMIT");

/// Everything that tells one build from another, and a warning where it has grown old.
pub fn told(today: NaiveDate) -> String {
    let mut text = format!("{VERSION}\ncommit {COMMIT}\ntzdata {}", zone::edition());
    if zones_are_old(today) {
        text.push_str("\nwarning: the time zone data is older than a year; take a newer rotabot, or times may be an hour off where a government changed its clocks");
    }
    text
}

/// Whether the time zone data is older than a year.
pub fn zones_are_old(today: NaiveDate) -> bool {
    zone::edition_day().checked_add_days(Days::new(366)).is_some_and(|old| today > old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_zone_data_is_warned_of_after_a_year() {
        let (fresh, old) = (zone::edition_day() + Days::new(300), zone::edition_day() + Days::new(400));
        assert!(!told(fresh).contains("warning"));
        assert!(told(old).contains("\nwarning: the time zone data is older than a year"));
        assert!(told(fresh).starts_with(&format!("{VERSION}\ncommit ")));
        assert!(!COMMIT.is_empty());
    }
}
