//! Moments as a reader's own clock and calendar show them.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
use state::zone::Zone;

use super::{Words, say};
use crate::card::{Text, TimeStyle};

impl Words {
    /// Writes a moment for a reader. The year is told where it is not this year's.
    pub fn moment(&self, at: DateTime<Utc>, style: TimeStyle, zone: &Zone, now: DateTime<Utc>) -> String {
        let (at, now) = (zone.local(at), zone.local(now));
        let clock = format!("{:02}:{:02}", at.hour(), at.minute());
        let date = || {
            let day = at.date_naive();
            if at.year() == now.year() { self.day_and_month(day) } else { self.date(day) }
        };
        match style {
            TimeStyle::Clock => clock,
            TimeStyle::Seconds => format!("{clock}:{:02}", at.second()),
            TimeStyle::Day => date().to_string(),
            TimeStyle::Full => {
                let weekday = self.plain(&format!("weekday-{}", at.weekday().number_from_monday()));
                say!(self, "moment-full", weekday = weekday, date = date(), clock = clock).to_string()
            }
        }
    }

    /// Writes a day with its year.
    pub fn date(&self, day: NaiveDate) -> Text {
        say!(self, "moment-date-of-year", date = self.day_and_month(day), year = day.year().to_string())
    }

    fn day_and_month(&self, day: NaiveDate) -> Text {
        let month = self.plain(&format!("month-{}", day.month()));
        say!(self, "moment-date", day = u64::from(day.day()), month = month)
    }
}

#[cfg(test)]
mod tests {
    use state::catalogue::Language;

    use super::*;

    #[test]
    fn moments_are_written_for_their_reader() {
        let at: DateTime<Utc> = "2026-11-25T19:16:08Z".parse().expect("a moment");
        let next_year = "2027-01-01T00:00:00Z".parse().expect("a moment");
        let shanghai = Zone::named("Asia/Shanghai").expect("a zone");
        let write = |language, style, zone: &Zone, now| Words::get(language).moment(at, style, zone, now);
        assert_eq!(write(Language::English, TimeStyle::Full, &shanghai, at), "Thu 26 Nov 03:16");
        assert_eq!(write(Language::Chinese, TimeStyle::Full, &shanghai, at), "11月26日 周四 03:16");
        assert_eq!(write(Language::English, TimeStyle::Full, &Zone::utc(), at), "Wed 25 Nov 19:16");
        assert_eq!(write(Language::English, TimeStyle::Day, &shanghai, next_year), "26 Nov 2026");
        assert_eq!(write(Language::Chinese, TimeStyle::Day, &shanghai, next_year), "2026年11月26日");
        assert_eq!(write(Language::English, TimeStyle::Seconds, &shanghai, at), "03:16:08");
    }
}
