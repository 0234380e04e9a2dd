//! How every benchmark shows what it found: a table in Markdown, one row for each pair.

use std::process::ExitCode;

/// One figure of rotabot's, beside that of a peer or a limit.
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// rotabot's figure, with its unit.
    pub(crate) ours: String,
    /// The figure of the peer, or the limit.
    pub(crate) beside: String,
    /// How they compare.
    pub(crate) compared: Compared,
}

/// How two figures compare, and how they have to.
pub(crate) enum Compared {
    /// Ours is so many times the peer's, and must be at least so many times.
    Faster { ratio: f64, at_least: f64 },
    /// Ours is such a part of the limit, and must not be more than the whole.
    Within { ratio: f64 },
    /// Ours comes so many milliseconds after the peer's, and may come so many.
    Later { milliseconds: f64, at_most: f64 },
    /// There is nothing that it must be.
    Shown,
}

impl Row {
    /// A figure with a limit, both in this unit.
    pub(crate) fn within(what: impl Into<String>, ours: f64, limit: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            ours: format!("{} {unit}", short(ours)),
            beside: format!("{} {unit}", short(limit)),
            compared: Compared::Within { ratio: ours / limit },
        }
    }

    /// A figure for which there is no limit.
    pub(crate) fn shown(what: impl Into<String>, ours: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            ours: format!("{} {unit}", short(ours)),
            beside: String::new(),
            compared: Compared::Shown,
        }
    }
}

/// Three figures of a number at least, and no fraction where it says nothing.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 || number.fract() == 0.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

impl Compared {
    /// Whether it is as it has to be; none where it need not be anything.
    fn met(&self) -> Option<bool> {
        match self {
            Self::Faster { ratio, at_least } => Some(ratio >= at_least),
            Self::Within { ratio } => Some(*ratio <= 1.0),
            Self::Later { milliseconds, at_most } => Some(milliseconds <= at_most),
            Self::Shown => None,
        }
    }

    fn found(&self) -> String {
        match self {
            Self::Faster { ratio, .. } | Self::Within { ratio } => format!("{ratio:.2}"),
            Self::Later { milliseconds, .. } => format!("{milliseconds:+.1} ms"),
            Self::Shown => String::new(),
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Faster { at_least, .. } => format!(">= {at_least:.2}"),
            Self::Within { .. } => "<= 1".to_owned(),
            Self::Later { at_most, .. } => format!("<= {at_most:+.0} ms"),
            Self::Shown => String::new(),
        }
    }
}

/// The head of the table.
pub(crate) const HEAD: &str = "| what | rotabot | peer or limit | ratio | wanted | |\n|---|---:|---:|---:|---:|---|";

impl std::fmt::Display for Row {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, ours, beside, compared } = self;
        let met = compared.met().map_or("", |met| if met { "met" } else { "MISSED" });
        write!(formatter, "| {what} | {ours} | {beside} | {} | {} | {met} |", compared.found(), compared.wanted())
    }
}

/// How a run ends: with 1 if anything is not as it has to be.
pub(crate) fn ending(rows: &[Row]) -> ExitCode {
    let missed = rows.iter().any(|row| row.compared.met() == Some(false));
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The middle of some figures; of an even number of them, the lower of the two in the middle.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    assert!(!figures.is_empty(), "no figures to take the median of");
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() - 1) / 2]
}

/// The greatest of some figures.
pub(crate) fn greatest(figures: impl IntoIterator<Item = f64>) -> f64 {
    figures.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_figure_that_was_measured() {
        assert_eq!(median(vec![3.0]), 3.0);
        assert_eq!(median(vec![9.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(vec![9.0, 1.0, 3.0, 4.0]), 3.0);
        assert_eq!(greatest([9.0, 1.0, 3.0]), 9.0);
    }

    #[test]
    fn a_missed_limit_fails_the_run() {
        let row = |compared| Row { what: String::new(), ours: String::new(), beside: String::new(), compared };
        let faster = |ratio| row(Compared::Faster { ratio, at_least: 0.35 });
        assert_eq!(ending(&[faster(0.35), Row::shown("", 3.0, ""), faster(0.9)]), ExitCode::SUCCESS);
        assert_eq!(ending(&[faster(0.9), faster(0.34)]), ExitCode::FAILURE);
        assert_eq!(ending(&[Row::within("", 4.0, 4.0, "")]), ExitCode::SUCCESS);
        assert_eq!(ending(&[Row::within("", 5.0, 4.0, "")]), ExitCode::FAILURE);
        let later = |milliseconds| row(Compared::Later { milliseconds, at_most: 10.0 });
        assert_eq!(ending(&[later(-3.0), later(10.0)]), ExitCode::SUCCESS);
        assert_eq!(ending(&[later(10.1)]), ExitCode::FAILURE);
    }

    #[test]
    fn a_row_shows_what_was_found_and_what_was_wanted() {
        let row = Row::within("memory, idle", 31.25, 40.0, "MiB");
        assert_eq!(row.to_string(), "| memory, idle | 31.2 MiB | 40 MiB | 0.78 | <= 1 | met |");
        let compared = Compared::Later { milliseconds: 12.34, at_most: 10.0 };
        let row = Row { what: "verdict".into(), ours: "20 ms".into(), beside: "8 ms".into(), compared };
        assert_eq!(row.to_string(), "| verdict | 20 ms | 8 ms | +12.3 ms | <= +10 ms | MISSED |");
        assert_eq!(Row::shown("seeds", 15.2, "a second").to_string(), "| seeds | 15.2 a second |  |  |  |  |");
    }
}
