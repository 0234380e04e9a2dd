//! Asks the checks: of every commit as it is made, and of everything once it has come to rest.

use std::collections::BTreeMap;
use std::time::Duration;

use state::change::{Change, Phase};
use state::names::ChangeId;

use super::Simulation;
use crate::checks::{self, Verdict};
use crate::ledger::Entry;

/// Knowledge is used until it is so old.
pub(super) const GRACE: Duration = Duration::from_secs(15);

/// So long a step may take from its look at the clock to its commit: a few calls, each with a limit of 10 s.
const STEP: Duration = Duration::from_secs(60);

/// How much time the cluster could be watched, with some grace for each time that it went out of sight.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) total: Duration,
    pub(super) since: BTreeMap<ChangeId, Duration>,
    pub(super) in_sight: bool,
}

impl Simulation {
    pub(super) fn check_commits(&mut self) {
        for entry in self.ledger.since(&mut self.seen) {
            self.check_entry(&entry);
        }
        let mut place = self.writes_seen;
        let found = self.cluster(|cluster| checks::nothing_of_somebody_elses_is_overwritten(cluster, &mut place));
        self.writes_seen = place;
        self.note("nothing_of_somebody_elses_is_overwritten", found);
    }

    fn check_entry(&mut self, entry: &Entry) {
        let change = &entry.after;
        let id = change.head.id;
        let total = self.watched.total;
        // A change may count the last moments before it was asked for only if it looks back; it does not.
        let since = *self.watched.since.entry(id).or_insert(total);
        let (number, name) = (change.head.number, &change.target.name);
        let parked = |change: &Change| change.head.parked.as_ref().map(|parked| parked.why);
        if entry.before.as_ref().map(|before| before.phase().word()) != Some(change.phase().word()) {
            let outcome = change.ended().map(|ended| format!(" {:?}", ended.outcome));
            let text = format!("-- {number} {name} {}{}", change.phase().word(), outcome.unwrap_or_default());
            self.world.tell(format_args!("{text}"));
        }
        if entry.before.as_ref().and_then(parked) != parked(change) {
            self.world.tell(format_args!("-- {number} {name} parked: {:?}", parked(change)));
        }
        if matches!(change.phase(), Phase::Preparing) {
            self.prepared.insert(id, entry.at);
        }
        let process = self.rotabot.as_ref().map(|rotabot| rotabot.process.id());
        let prepared = self.prepared.get(&id).copied().unwrap_or_default();
        self.note("one_open_change_per_target", checks::one_open_change_per_target(entry, &self.newest));
        self.note("an_outcome_is_final", checks::an_outcome_is_final(entry));
        self.note("no_lock_is_passed", checks::no_lock_is_passed(entry, &self.world.walls(STEP)));
        self.note("blind_time_does_not_count", checks::blind_time_does_not_count(entry, total - since + GRACE));
        self.note("a_question_comes_back", checks::a_question_comes_back(entry));
        self.note("a_failure_leaves_a_lock", checks::a_failure_leaves_a_lock(entry));
        self.note("a_cause_is_true", checks::a_cause_is_true(entry));
        self.note("a_deadline_is_given_whole", checks::a_deadline_is_given_whole(entry));
        let found = self.cluster(|cluster| {
            let mut found =
                vec![("somebody_else_really_did_it", checks::somebody_else_really_did_it(entry, cluster, prepared))];
            if let Some(process) = process {
                let verdict = Verdict { cluster, process };
                found.push(("verified_is_true", verdict.verified_is_true(entry)));
                found.push(("returned_is_true", verdict.returned_is_true(entry)));
            }
            found
        });
        found.into_iter().for_each(|(check, found)| self.note(check, found));
        self.newest.insert(id, change.clone());
    }

    /// Everything has ended: a while later nothing may have changed any more.
    pub(super) fn check_at_rest(&mut self) {
        let end = self.world.now() + Duration::from_secs(75);
        while self.world.now() < end && self.wrong.borrow().is_empty() {
            self.turns();
            self.start_if_due();
            self.pass_time();
        }
        let newest = self.ledger.newest();
        for (at, change) in newest.values().cloned() {
            let ended_at = self.ended_at(&change).unwrap_or(at);
            let may_repeat = self.chat_was_unreadable;
            let found = self.cluster(|cluster| checks::what_was_left_is_what_was_said(&change, ended_at, cluster));
            self.note("what_was_left_is_what_was_said", found);
            let found = self.world.chat(|chat| checks::one_outcome_is_told(&change, chat, may_repeat));
            self.note("one_outcome_is_told", found);
            let told = self.world.chat(|chat| checks::each_parking_is_told(&change, &self.ledger, chat, may_repeat));
            self.note("each_parking_is_told", told);
            let lapsed = self.cluster(|cluster| checks::a_question_lapses_for_a_reason(&change, &self.ledger, cluster));
            self.note("a_question_lapses_for_a_reason", lapsed);
            self.note("a_question_is_acted_upon_once", checks::a_question_is_acted_upon_once(&change, &newest));
            self.note("one_end_is_journalled", checks::one_end_is_journalled(&change, &self.ledger));
        }
    }

    fn ended_at(&self, change: &Change) -> Option<Duration> {
        let entries = self.ledger.entries();
        entries
            .iter()
            .find(|entry| entry.after.head.id == change.head.id && entry.after.ended().is_some())
            .map(|entry| entry.at)
    }
}
