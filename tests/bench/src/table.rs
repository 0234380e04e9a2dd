//! How every benchmark shows what it found: a table in Markdown, one row for each pair.

use std::process::ExitCode;

/// One pair that was measured side by side.
pub(crate) struct Row {
    /// What was measured, and its unit.
    pub(crate) what: String,
    /// rotabot's figure.
    pub(crate) ours: String,
    /// The figure of the peer or of the physical limit.
    pub(crate) peer: String,
    /// How they compare: the median of the pairs.
    pub(crate) compared: f64,
    /// What they have to come to.
    pub(crate) target: Target,
}

/// Where a figure has to lie.
pub(crate) enum Target {
    /// At least this much.
    AtLeast(f64),
}

impl Target {
    fn is_met_by(&self, compared: f64) -> bool {
        match self {
            Target::AtLeast(least) => compared >= *least,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::AtLeast(least) => write!(formatter, ">= {least:.2}"),
        }
    }
}

/// Prints the table; fails if a target is missed.
pub(crate) fn print(rows: &[Row]) -> ExitCode {
    println!("| what | rotabot | peer | compared | target | |");
    println!("|---|---:|---:|---:|---:|---|");
    let mut code = ExitCode::SUCCESS;
    for Row { what, ours, peer, compared, target } in rows {
        let met = target.is_met_by(*compared);
        if !met {
            code = ExitCode::FAILURE;
        }
        println!("| {what} | {ours} | {peer} | {compared:.2} | {target} | {} |", if met { "met" } else { "MISSED" });
    }
    code
}

/// The middle of some figures; of an even number of them, the lower of the two in the middle.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    assert!(!figures.is_empty(), "no figures to take the median of");
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_figure_that_was_measured() {
        assert_eq!(median(vec![3.0]), 3.0);
        assert_eq!(median(vec![9.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(vec![9.0, 1.0, 3.0, 4.0]), 3.0);
    }

    #[test]
    fn a_missed_target_fails_the_run() {
        let row = |compared| Row {
            what: String::new(),
            ours: String::new(),
            peer: String::new(),
            compared,
            target: Target::AtLeast(0.35),
        };
        assert_eq!(print(&[row(0.35), row(0.9)]), ExitCode::SUCCESS);
        assert_eq!(print(&[row(0.9), row(0.34)]), ExitCode::FAILURE);
    }
}
