//! Whole stores, each with one change in one phase: what the keys are, and what is written together.

use std::sync::Arc;

use futures::executor::block_on;
use state::catalogue::AfterFailure;
use state::change::outcome::{Asked, Digests, Ended, Left, LeftBehind, Outcome, Question};
use state::change::release::{Origin, Release, Withdrawn};
use state::change::transition::{Also, Transition};
use state::change::{Ask, Change, Head, Held, Parked, ParkedWhy, Phase, ReturnStage, RollbackTo, Stop, Watch};
use state::evidence::CauseKind;
use state::journal::{JournalLine, JournalWhat, Notice, NoticeWhat};
use state::lock::{Lock, Reason, Scope, Withdrawal};
use state::names::{ChangeId, ChangeNumber, TargetName};
use state::records::{Advanced, Begin, Begun, ClaimRecord, MessageRecord, Records, Stored};
use state::rollout::seen::MarkerStep;
use state::store::{Commit, Entry, Key, MemoryStore, Range, Store};

use super::shop::*;
use super::values;

/// What the records say of one target and its change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) change: Change,
    pub(crate) found_by_number_and_request: [Option<ChangeId>; 2],
    pub(crate) holder: Option<ClaimRecord>,
    /// The newest first.
    pub(crate) journal: Vec<JournalLine>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) message: Option<MessageRecord>,
    pub(crate) releases: Vec<Release>,
    pub(crate) withdrawn: Vec<Withdrawn>,
    pub(crate) question: Option<Question>,
    pub(crate) locks: Vec<Lock>,
}

impl Told {
    /// Reads all of it.
    pub(crate) fn by(records: &Records, expected: &Change) -> Told {
        let (id, target) = (expected.head.id, &expected.target.name);
        let waiting = block_on(records.waiting()).expect("the outbox").into_iter();
        let waiting = waiting.map(|waiting| waiting.expect("a readable notice").notice);
        let mut notices: Vec<Notice> = waiting.filter(|notice| notice.change == id).collect();
        notices.sort_by_key(Notice::marker);
        let journal = block_on(records.journal(&Scope::Target(target.clone()), None, 100)).expect("the journal");
        Told {
            change: block_on(records.change(id)).expect("a readable change").expect("the change").change,
            found_by_number_and_request: [
                block_on(records.by_number(expected.head.number)).expect("a readable number"),
                block_on(records.by_request(&expected.head.request)).expect("a readable request"),
            ],
            holder: block_on(records.holder(target)).expect("a readable claim"),
            journal: journal.into_iter().map(|line| line.line).collect(),
            notices,
            message: block_on(records.message_of(id)).expect("a readable message"),
            releases: block_on(records.releases(target)).expect("releases"),
            withdrawn: block_on(records.withdrawn(target)).expect("marks"),
            question: block_on(records.question(target)).expect("a question").map(|(question, _)| question),
            locks: locks_of(records, target),
        }
    }
}

/// The locks on just that target.
fn locks_of(records: &Records, target: &TargetName) -> Vec<Lock> {
    let on = block_on(records.locks_on(&Scope::Target(target.clone()))).expect("locks");
    on.into_iter().map(|laid| laid.lock.expect("a readable lock")).collect()
}

/// A store as the records write it, and what they must tell of it.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) told: Told,
    store: Arc<MemoryStore>,
    stored: Stored,
}

/// All of them.
pub(crate) fn scenes() -> Vec<Scene> {
    let rolling = |number| head(number, Phase::Rolling { written: applied(2) });
    let parked = |number, why| Head { parked: Some(Parked { since: at(1_800), why }), ..rolling(number) };
    let stopped = Some(Stop { by: name("mo"), at: at(20) });
    let holding = |number, held: &[(usize, Held)]| {
        let held = held.iter().cloned().collect();
        head(number, Phase::Holding { written: applied(2), failure: failure(), held, not_returned: None })
    };
    let returning = |number, stage| head(number, Phase::Returning { written: applied(2), failure: failure(), stage });
    let paused = Held::Paused(written("api", MarkerStep::Hold));
    let windows = || WORKLOADS.iter().map(|workload| window(workload)).collect();
    let remembered = || WORKLOADS.iter().map(|_| memory()).collect();
    let writing = ReturnStage::Writing { pinned: vec![pin()], back: back(1) };
    vec![
        Scene::begin("preparing", 1),
        Scene::begin("applying", 2).goes_on(head(2, Phase::Applying { written: vec![] }), vec![Also::NoLock]),
        Scene::begin("applying-the-second", 3).applied(head(3, Phase::Applying { written: applied(1) })),
        Scene::begin("applying-stopped", 4)
            .applied(Head { stop: stopped, ..head(4, Phase::Applying { written: applied(1) }) }),
        Scene::begin("rolling", 5)
            .applied(rolling(5))
            .remembers(Watch { memory: remembered(), windows: vec![] })
            .delivered(),
        Scene::begin("stabilizing", 6)
            .applied(head(6, Phase::Stabilizing { written: applied(2) }))
            .remembers(Watch { memory: remembered(), windows: windows() }),
        Scene::begin("holding", 7).applied(holding(7, &[])).fails(),
        Scene::begin("holding-the-second", 8).applied(holding(8, &[(0, paused)])).fails(),
        Scene::begin("returning-checking", 9).applied(returning(9, ReturnStage::Checking)).fails(),
        Scene::begin("returning-writing", 10).applied(returning(10, writing)).fails(),
        Scene::begin("returning-rolling", 11).applied(returning(11, ReturnStage::Rolling { back: back(0) })).fails(),
        Scene::begin("returning-stabilizing", 12)
            .applied(returning(12, ReturnStage::Stabilizing { back: back(0) }))
            .remembers(Watch { memory: remembered(), windows: windows() })
            .fails(),
        Scene::begin("parked-cluster-unreadable", 13).parked(parked(13, ParkedWhy::ClusterUnreadable)),
        Scene::begin("parked-record-unreadable", 14).parked(parked(14, ParkedWhy::RecordUnreadable)),
        Scene::begin("parked-imported", 15).parked(parked(15, ParkedWhy::Imported)),
        Scene::begin("ended-verified", 16).verified(16),
        Scene::begin("ended-left", 17).left(17),
        Scene::begin("ended-rolled-back", 18).rolled_back(18),
        Scene::begin("long", 19).long(19),
    ]
}

impl Scene {
    fn begin(name: &'static str, number: u64) -> Self {
        let store = Arc::new(MemoryStore::new());
        // So that all of them fit into one store, each has a number of its own.
        let mut before = Commit::new();
        before.put(number_before(number), [0]);
        block_on(store.commit(before)).expect("a commit");
        let mut change = change(name, number);
        change.target.policy.after_failure = match change.target.name.service.as_str() {
            returning if returning.starts_with("returning") => AfterFailure::Rollback,
            _ => AfterFailure::Ask,
        };
        let line = JournalLine {
            change: Some(ChangeNumber(number)),
            ..values::line(JournalWhat::AskedDeploy { reference: "v2".to_owned() })
        };
        let begin = Begin { change, line: line.clone(), answers: None };
        let records = Records::new(store.clone());
        let Begun::Begun(stored) = block_on(records.begin(&begin)).expect("a beginning") else {
            panic!("{name} has begun before")
        };
        let change = stored.change.clone();
        let id = change.head.id;
        let told = Told {
            found_by_number_and_request: [Some(id), Some(id)],
            holder: Some(ClaimRecord {
                change: id,
                number: ChangeNumber(number),
                target: change.target.name.clone(),
                by: self::name("lin"),
                since: at(0),
            }),
            journal: vec![line],
            notices: vec![Notice { change: id, what: NoticeWhat::Progress, since: at(5) }],
            message: None,
            releases: vec![],
            withdrawn: vec![],
            question: None,
            locks: vec![],
            change,
        };
        Scene { name, told, store, stored: *stored }
    }

    fn records(&self) -> Records {
        Records::new(self.store.clone())
    }

    /// Stores another head, the work with the first of them, and what is stored together with it.
    fn goes_on(mut self, head: Head, also: Vec<Also>) -> Self {
        let mut change = Change { head, ..self.stored.change.clone() };
        change.work.get_or_insert_with(work);
        for also in &also {
            self.expect(also.clone());
        }
        self.store(change, also)
    }

    fn store(mut self, change: Change, also: Vec<Also>) -> Self {
        let next = Transition { change: change.clone(), also };
        let advanced = block_on(self.records().advance(&self.stored, &next, at(30))).expect("an advance");
        let Advanced::Done(stored) = advanced else { panic!("{}: {advanced:?}", self.name) };
        self.stored = *stored;
        self.told.change = change;
        self
    }

    fn expect(&mut self, also: Also) {
        let told = &mut self.told;
        match also {
            Also::Journal(line) => told.journal.insert(0, line),
            Also::Notice(what) => told.notices.push(Notice { change: told.change.head.id, what, since: at(30) }),
            Also::ReleaseClaim => told.holder = None,
            Also::NoLock | Also::Restore(_) => {}
            Also::Release(release) => told.releases.push(*release),
            Also::Withdraw(withdrawn) => told.withdrawn.push(withdrawn),
            Also::Lock(lock) => told.locks.push(lock),
            Also::Question(question) | Also::AskAgain(question) => told.question = Some(question),
        }
        told.notices.sort_by_key(Notice::marker);
    }

    fn journal(&self, what: JournalWhat) -> Also {
        let change = Some(self.stored.change.head.number);
        Also::Journal(JournalLine { by: None, at: at(30), change, ..values::line(what) })
    }

    /// Something was written, so that there is something to go back to.
    fn applied(self, head: Head) -> Self {
        let baseline = values::release(Origin::Baseline, head.number.0, 10);
        self.goes_on(head, vec![Also::Release(Box::new(baseline))])
    }

    fn remembers(self, watch: Watch) -> Self {
        let change = Change { watch, ..self.stored.change.clone() };
        self.store(change, vec![])
    }

    fn fails(self) -> Self {
        let change = Change { cause: Some(cause(CauseKind::CrashLoop)), ..self.stored.change.clone() };
        self.store(change, vec![])
    }

    fn delivered(mut self) -> Self {
        let waiting = block_on(self.records().waiting()).expect("the outbox");
        let message = values::messages().swap_remove(0).1;
        let progress = waiting.iter().flatten().find(|waiting| waiting.notice.what == NoticeWhat::Progress);
        block_on(self.records().delivered(progress.expect("it waits"), &message)).expect("delivered");
        self.told.message = Some(message);
        self.told.notices.retain(|notice| notice.what != NoticeWhat::Progress);
        self
    }

    fn parked(self, head: Head) -> Self {
        let why = head.parked.as_ref().map_or(ParkedWhy::Imported, |parked| parked.why);
        let rolls = Head { parked: None, ..head.clone() };
        let line = self.journal(JournalWhat::Parked(why));
        self.applied(rolls).goes_on(head, vec![line, Also::Notice(NoticeWhat::Parked)])
    }

    /// The commit of an outcome.
    fn ends(self, outcome: Outcome, what: Left, mut also: Vec<Also>) -> Self {
        let word = outcome.word().to_owned();
        let left = |workload: &&str| LeftBehind {
            workload: name(workload),
            what,
            template: Some(ours(workload).hash()),
            generation: Some(2),
            sentence: None,
        };
        let left = WORKLOADS.iter().map(left).collect();
        let phase = Phase::Ended(Box::new(Ended { outcome, at: at(30), left }));
        let head = Head { phase, ..self.stored.change.head.clone() };
        also.insert(0, self.journal(JournalWhat::Ended { outcome: word, image: Some("v2".to_owned()) }));
        also.extend([Also::Notice(NoticeWhat::Outcome), Also::ReleaseClaim]);
        self.goes_on(head, also)
    }

    fn lock(&self, how: Withdrawal) -> Also {
        Also::Lock(Lock {
            scope: Scope::Target(self.stored.change.target.name.clone()),
            by: name("lin"),
            since: at(30),
            until: None,
            reason: Reason::Withdrawn { image: "v2".to_owned(), how, changes: vec![self.stored.change.head.number] },
        })
    }

    fn withdraws(&self) -> Also {
        Also::Withdraw(Withdrawn { by: self.stored.change.head.number, ..values::withdrawn() })
    }

    fn verified(self, number: u64) -> Self {
        let outcome = Outcome::Verified { digests: Digests::Match, pods: 4 };
        let release = values::release(Origin::Verified, number, 30);
        let applied = self.applied(head(number, Phase::Stabilizing { written: applied(2) }));
        applied.ends(outcome, Left::Written, vec![Also::Release(Box::new(release))])
    }

    fn left(self, number: u64) -> Self {
        let until = at(630);
        let then = state::catalogue::Unanswered::Rollback;
        let outcome = Outcome::Left { failure: failure(), question: Some(Asked { until, then }), not_returned: None };
        let id = id(number);
        let asked_by = name("lin");
        let question =
            Question { change: id, number: ChangeNumber(number), asked_by, until, then, extended: false, tried: 0 };
        let also = vec![self.withdraws(), self.lock(Withdrawal::Failed), Also::Question(question)];
        let held = [0, 1].map(|place| (place, Held::Paused(written(WORKLOADS[place], MarkerStep::Hold))));
        let (failure, held) = (failure(), held.into());
        let holding = Phase::Holding { written: applied(2), failure, held, not_returned: None };
        self.applied(head(number, holding)).fails().ends(outcome, Left::Paused, also)
    }

    fn rolled_back(self, number: u64) -> Self {
        let also = vec![self.withdraws(), self.lock(Withdrawal::RolledBack)];
        let ask = Ask::Rollback { to: RollbackTo::Previous, template: false };
        let stabilizing = Phase::Stabilizing { written: applied(2) };
        let outcome = Outcome::Verified { digests: Digests::Match, pods: 4 };
        self.applied(Head { ask, ..head(number, stabilizing) }).ends(outcome, Left::Written, also)
    }

    /// Records that are longer than one value.
    fn long(self, number: u64) -> Self {
        let mut release = values::release(Origin::Baseline, number, 10);
        for one in &mut release.workloads {
            one.template = values::long_template(one.workload.as_str()).json().clone();
        }
        let scene =
            self.goes_on(head(number, Phase::Applying { written: applied(1) }), vec![Also::Release(Box::new(release))]);
        let mut work = work();
        for item in &mut work.workloads {
            item.baseline.template = values::long_template(item.workload.name.as_str()).json().clone();
        }
        let change = Change { work: Some(work), ..scene.stored.change.clone() };
        scene.store(change, vec![])
    }

    /// Everything that is in the store, in order.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut range = Range { from: Key::from_bytes([1]), to: None, limit: usize::MAX, reverse: false };
        let mut entries = Vec::new();
        loop {
            let page = block_on(self.store.range(range.clone())).expect("a range");
            let last = page.entries.last().map(|entry| entry.key.clone());
            entries.extend(page.entries);
            match last {
                Some(last) if page.more => range = range.beyond(&last),
                _ => break,
            }
        }
        entries.retain(|entry| entry.key != number_before(self.told.change.head.number.0));
        entries
    }
}

fn number_before(number: u64) -> Key {
    Key::kind("number").number(number - 1)
}
