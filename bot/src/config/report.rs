//! Collects what is found while the file is read, so that all of it is told at once.

use std::cell::RefCell;

use super::fault::{Fault, Finding, Warning};
use super::reach::Need;
use super::source::{Place, Source};

/// What was found so far.
#[derive(Debug)]
pub(super) struct Report<'a> {
    source: Source<'a>,
    /// After a syntax error parts of the file are lost, so that what seems to be missing may well be there.
    torn: bool,
    faults: RefCell<Vec<Finding<Fault>>>,
    warnings: RefCell<Vec<Finding<Warning>>>,
    needs: RefCell<Vec<Finding<Need>>>,
}

/// All that was found, each in the order of the file.
pub(super) struct Findings {
    pub faults: Vec<Finding<Fault>>,
    pub warnings: Vec<Finding<Warning>>,
    pub needs: Vec<Finding<Need>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(source: Source<'a>, torn: bool) -> Self {
        Self { source, torn, faults: RefCell::default(), warnings: RefCell::default(), needs: RefCell::default() }
    }

    /// Notes a fault at a byte of the file.
    pub(super) fn fault(&self, at: usize, what: Fault) {
        self.fault_at(self.source.place(at), what);
    }

    /// Notes a fault at a place.
    pub(super) fn fault_at(&self, place: Place, what: Fault) {
        let follows_from_a_tear = matches!(
            what,
            Fault::Missing { .. }
                | Fault::Unknown { .. }
                | Fault::WhichOne { .. }
                | Fault::NobodyHasRole { .. }
                | Fault::NoContainers { .. }
                | Fault::NoWorkloads { .. }
                | Fault::NeedsAlso { .. }
        );
        if self.torn && follows_from_a_tear {
            return;
        }
        let finding = Finding { place, what };
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&finding) {
            faults.push(finding);
        }
    }

    /// Notes a warning at a byte of the file.
    pub(super) fn warn(&self, at: usize, what: Warning) {
        self.warn_at(self.source.place(at), what);
    }

    /// Notes a warning about the file as a whole.
    pub(super) fn warn_whole(&self, what: Warning) {
        self.warn_at(Place::File(self.source.path.to_owned()), what);
    }

    /// Notes what is needed beside the file.
    pub(super) fn need(&self, place: Place, what: Need) {
        self.needs.borrow_mut().push(Finding { place, what });
    }

    /// The place of a byte of the file.
    pub(super) fn place(&self, at: usize) -> Place {
        self.source.place(at)
    }

    /// All that was found, in the order of the file.
    pub(super) fn into_findings(self) -> Findings {
        let (mut faults, mut warnings) = (self.faults.into_inner(), self.warnings.into_inner());
        let mut needs = self.needs.into_inner();
        let tears: Vec<(usize, usize)> = faults.iter().filter_map(|finding| tear(self.source.text, finding)).collect();
        faults.retain(|finding| match (&finding.what, &finding.place) {
            (Fault::Syntax { .. }, _) => true,
            (_, Place::Spot { line, .. }) => !tears.iter().any(|(first, end)| first <= line && line < end),
            _ => true,
        });
        faults.sort_by(|one, other| one.place.cmp(&other.place));
        warnings.sort_by(|one, other| one.place.cmp(&other.place));
        needs.sort_by(|one, other| one.place.cmp(&other.place));
        Findings { faults, warnings, needs }
    }

    fn warn_at(&self, place: Place, what: Warning) {
        if !self.torn {
            self.warnings.borrow_mut().push(Finding { place, what });
        }
    }
}

/// The lines that a syntax error makes doubtful: its own and those below it, up to the next line that begins a table.
fn tear(text: &str, finding: &Finding<Fault>) -> Option<(usize, usize)> {
    let (Fault::Syntax { .. }, Place::Spot { line, .. }) = (&finding.what, &finding.place) else { return None };
    let below = text.lines().skip(*line).position(|text| text.trim_start().starts_with('['));
    Some((*line, below.map_or(usize::MAX, |below| line + 1 + below)))
}
