//! What follows from what was done or seen: the next state of a change, and what is stored together with it.
//!
//! Everything that a transition names is committed in one transaction; nothing is told before that.

mod ending;

pub use super::outcome::TIME_TO_ANSWER;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::outcome::{
    CantTell, Digests, EndedBy, Failure, NotReturned, Outcome, Overtaken, Question, Refused, ReturnProblem,
};
use super::prepare::Prepared;
use super::release::{Release, RunningImages, Withdrawn};
use super::{Ask, Change, Held, Parked, ParkedWhy, Phase, Pin, ReturnStage, Work, Written};
use crate::catalogue::AfterFailure;
use crate::evidence::{Cause, CauseKind};
use crate::image::Digest;
use crate::journal::{JournalLine, JournalWhat, NoticeWhat};
use crate::lock::Lock;
use crate::names::{ContainerName, PersonName, WorkloadName};
use crate::rollout::stability::StabilityWindow;

/// Something that was done, seen or concluded.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It was found out what is to be written.
    Prepared(Prepared),
    /// A workload was written; the next one in the order.
    Wrote(Written),
    /// The first workload could not be written, or a later one: the server's sentence.
    Rejected(Refused),
    /// A write that was asked to stop is settled.
    Settled,
    /// Everything is complete; these windows begin, in the order of the workloads.
    Completed(Vec<StabilityWindow>),
    /// Judged good.
    Verified {
        /// What is known of the digests.
        digests: Digests,
        /// Pods that run it.
        pods: u32,
        /// The digests that the pods of each workload agree on, in the order of the workloads.
        ran: Vec<BTreeMap<ContainerName, Digest>>,
    },
    /// Judged bad.
    Failed {
        /// The workload that failed first.
        workload: WorkloadName,
        /// The sign of it.
        kind: CauseKind,
        /// What ended the waiting.
        ended_by: EndedBy,
    },
    /// The cause was looked into.
    Investigated(Box<Cause>),
    /// A workload is stopped where it stands, or can't be.
    HeldAs(usize, Held),
    /// All workloads that can be stopped are.
    AllHeld,
    /// The registry was asked for the old images.
    OldImages(Vec<Pin>),
    /// The registry says that an old image is gone.
    OldImageGone,
    /// A workload was written back.
    WroteBack(usize, Written),
    /// The server refused to take a workload back, with this sentence.
    BackRejected(String),
    /// Measuring can't succeed.
    CantTell(CantTell),
    /// Somebody else changed a workload.
    Overtaken(WorkloadName, Overtaken),
    /// A person asks to stop.
    Stop(PersonName),
    /// It can't go on for now.
    Park(ParkedWhy),
    /// It can go on.
    Unpark,
    /// An admin frees it while it is parked.
    Release(PersonName),
}

/// What follows: stored in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The change as it is from now on.
    pub change: Change,
    /// What is stored together with it.
    pub also: Vec<Also>,
}

/// What is stored together with a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Also {
    /// A line of the journal.
    Journal(JournalLine),
    /// A message for the channel.
    Notice(NoticeWhat),
    /// The claim is given back.
    ReleaseClaim,
    /// No lock may stand in the way at this very moment.
    NoLock,
    /// Something that can be gone back to.
    Release(Box<Release>),
    /// What must not be gone back to.
    Withdraw(Withdrawn),
    /// What may be gone back to again.
    Restore(RunningImages),
    /// A lock that rotabot leaves.
    Lock(Lock),
    /// A question.
    Question(Question),
    /// The question of an earlier change, which this one had answered and then did nothing about.
    AskAgain(Question),
}

/// What follows from an event; none where the event means nothing in this phase (it came twice, or too late).
pub fn transition(change: &Change, event: Event, now: DateTime<Utc>) -> Option<Transition> {
    let next = Next { change, now };
    match event {
        Event::Park(why) => return next.park(why),
        Event::Unpark => return next.unpark(),
        Event::Release(by) => return next.release(by),
        Event::Investigated(cause) => {
            let changed = Change { cause: Some(*cause), ..change.clone() };
            return change.ended().is_none().then(|| Transition { change: changed, also: Vec::new() });
        }
        _ => {}
    }
    match (&change.head.phase, event) {
        (Phase::Preparing, Event::Prepared(prepared)) => Some(next.prepared(prepared)),
        (Phase::Preparing, Event::Stop(by)) => Some(next.cancelled(by)),
        (Phase::Applying { written }, event) => next.applying(written, event),
        (Phase::Rolling { written }, Event::Completed(windows)) => Some(next.completed(written, windows)),
        (Phase::Rolling { .. } | Phase::Stabilizing { .. }, Event::Verified { digests, pods, ran }) => {
            Some(next.verified(digests, pods, &ran))
        }
        (Phase::Rolling { written } | Phase::Stabilizing { written }, event) => next.judged(written, event),
        (Phase::Holding { .. }, event) => next.holding(event),
        (Phase::Returning { written, failure, stage }, event) => next.returning(written, failure, stage, event),
        _ => None,
    }
}

struct Next<'a> {
    change: &'a Change,
    now: DateTime<Utc>,
}

impl Next<'_> {
    fn go(&self, phase: Phase) -> Transition {
        let mut change = self.change.clone();
        change.head.phase = phase;
        Transition { change, also: Vec::new() }
    }

    /// Going to a phase in which the judge starts afresh.
    fn go_judged(&self, phase: Phase) -> Transition {
        let mut transition = self.go(phase);
        transition.change.watch = Default::default();
        transition
    }

    fn work(&self) -> Work {
        self.change.work.clone().unwrap_or(Work { workloads: Vec::new(), release: None, differences: Vec::new() })
    }

    fn journal(&self, by: Option<PersonName>, what: JournalWhat) -> Also {
        let change = Some(self.change.head.number);
        Also::Journal(JournalLine { at: self.now, by, typed_by: None, change, what })
    }

    fn prepared(&self, prepared: Prepared) -> Transition {
        match prepared {
            Prepared::Refuse(why) => self.end(Outcome::Refused { why }),
            Prepared::NothingToDo => self.end(Outcome::NothingToDo),
            Prepared::Write(work) => {
                let mut transition = self.go(Phase::Applying { written: Vec::new() });
                transition.change.work = Some(*work);
                transition.also.push(Also::NoLock);
                transition
            }
        }
    }

    fn applying(&self, written: &[Written], event: Event) -> Option<Transition> {
        let workloads = self.work().workloads.len();
        Some(match event {
            Event::Wrote(one) => {
                let mut written = written.to_vec();
                written.push(one);
                let phase =
                    if written.len() < workloads { Phase::Applying { written } } else { Phase::Rolling { written } };
                let mut transition = self.go(phase);
                // What stood there is worth going back to only from now on (D12).
                if transition.change.written().len() == 1 {
                    transition.also.push(Also::Release(Box::new(self.baseline_release())));
                }
                transition
            }
            Event::Rejected(why) if written.is_empty() => self.end(Outcome::Refused { why }),
            Event::Rejected(why) => {
                let workload = self.work().workloads.get(written.len()).map(|item| item.workload.name.clone())?;
                let cause = rejected_cause(why, self.now);
                let mut transition = self.failed(written, self.failure(workload, cause.kind, EndedBy::Sign));
                transition.change.cause = Some(cause);
                transition
            }
            Event::Overtaken(workload, how) => self.end(Outcome::Superseded { workload, how, after_failure: None }),
            Event::Stop(by) => {
                let mut transition = self.go(self.change.head.phase.clone());
                transition.also.push(self.journal(Some(by.clone()), JournalWhat::AskedStop));
                transition.change.head.stop = Some(super::Stop { by, at: self.now });
                transition
            }
            Event::Settled => {
                let by = self.change.head.stop.as_ref()?.by.clone();
                self.end(Outcome::Cancelled { by })
            }
            _ => return None,
        })
    }

    /// A person's stop that ends the change at once.
    fn cancelled(&self, by: PersonName) -> Transition {
        let mut transition = self.end(Outcome::Cancelled { by: by.clone() });
        // One that was asked for while a write was in flight stands in the journal already.
        if self.change.head.stop.is_none() {
            transition.also.insert(0, self.journal(Some(by), JournalWhat::AskedStop));
        }
        transition
    }

    fn completed(&self, written: &[Written], windows: Vec<StabilityWindow>) -> Transition {
        let mut transition = self.go(Phase::Stabilizing { written: written.to_vec() });
        transition.change.watch.windows = windows;
        transition
    }

    fn judged(&self, written: &[Written], event: Event) -> Option<Transition> {
        Some(match event {
            Event::Failed { workload, kind, ended_by } => self.failed(written, self.failure(workload, kind, ended_by)),
            Event::CantTell(why) => self.end(Outcome::CantTell { why }),
            Event::Overtaken(workload, how) => self.end(Outcome::Superseded { workload, how, after_failure: None }),
            Event::Stop(by) => self.cancelled(by),
            _ => return None,
        })
    }

    fn failure(&self, workload: WorkloadName, kind: CauseKind, ended_by: EndedBy) -> Failure {
        Failure { workload, kind, ended_by, at: self.now }
    }

    /// The policy decides whether the release is returned or stopped where it stands (V11, V14).
    fn failed(&self, written: &[Written], failure: Failure) -> Transition {
        let written = written.to_vec();
        let not_returned = self.not_returned();
        if self.change.target.policy.after_failure == AfterFailure::Rollback && not_returned.is_none() {
            return self.go_judged(Phase::Returning { written, failure, stage: ReturnStage::Checking });
        }
        self.go(Phase::Holding { written, failure, held: BTreeMap::new(), not_returned })
    }

    /// Why a policy of `rollback` is not followed.
    fn not_returned(&self) -> Option<NotReturned> {
        if matches!(self.change.head.ask, Ask::Rollback { .. }) {
            return Some(NotReturned::WasRollback);
        }
        (!self.work().was_all_ready()).then_some(NotReturned::BaselineNotReady)
    }

    fn holding(&self, event: Event) -> Option<Transition> {
        let Phase::Holding { written, failure, held, not_returned } = &self.change.head.phase else { return None };
        Some(match event {
            Event::HeldAs(place, how) => {
                let mut transition = self.go(self.change.head.phase.clone());
                if let Phase::Holding { held, .. } = &mut transition.change.head.phase {
                    held.insert(place, how);
                }
                transition
            }
            Event::AllHeld if held.len() >= written.len() => self.left(failure.clone(), *not_returned),
            Event::Overtaken(workload, how) => {
                self.end(Outcome::Superseded { workload, how, after_failure: Some(failure.clone()) })
            }
            _ => return None,
        })
    }

    fn returning(
        &self,
        written: &[Written],
        failure: &Failure,
        stage: &ReturnStage,
        event: Event,
    ) -> Option<Transition> {
        let to = |stage: ReturnStage| Phase::Returning { written: written.to_vec(), failure: failure.clone(), stage };
        Some(match (stage, event) {
            (ReturnStage::Checking, Event::OldImages(pinned)) => {
                self.go(to(ReturnStage::Writing { pinned, back: BTreeMap::new() }))
            }
            // Nothing is written back; what stands there is stopped as `hold` would.
            (ReturnStage::Checking, Event::OldImageGone) => {
                let (written, failure) = (written.to_vec(), failure.clone());
                let not_returned = Some(NotReturned::ImageGone);
                self.go(Phase::Holding { written, failure, held: BTreeMap::new(), not_returned })
            }
            (ReturnStage::Writing { pinned, back }, Event::WroteBack(place, one)) => {
                let mut back = back.clone();
                back.insert(place, one);
                if back.len() < written.len() {
                    self.go(to(ReturnStage::Writing { pinned: pinned.clone(), back }))
                } else {
                    self.go_judged(to(ReturnStage::Rolling { back }))
                }
            }
            (ReturnStage::Rolling { back }, Event::Completed(windows)) => {
                let mut transition = self.go(to(ReturnStage::Stabilizing { back: back.clone() }));
                transition.change.watch.windows = windows;
                transition
            }
            (ReturnStage::Rolling { .. } | ReturnStage::Stabilizing { .. }, Event::Verified { .. }) => {
                self.end(Outcome::Returned { failure: failure.clone() })
            }
            (_, Event::Overtaken(workload, how)) => {
                self.end(Outcome::Superseded { workload, how, after_failure: Some(failure.clone()) })
            }
            (_, Event::Failed { kind, .. }) => self.return_failed(failure, ReturnProblem::Failed(kind)),
            (_, Event::BackRejected(sentence)) => self.return_failed(failure, ReturnProblem::Rejected(sentence)),
            (_, Event::CantTell(why)) => self.return_failed(failure, ReturnProblem::CantTell(why)),
            _ => return None,
        })
    }

    fn park(&self, why: ParkedWhy) -> Option<Transition> {
        if self.change.ended().is_some() || self.change.head.parked.is_some() {
            return None;
        }
        let mut transition = self.go(self.change.head.phase.clone());
        transition.change.head.parked = Some(Parked { since: self.now, why });
        transition.also.extend([self.journal(None, JournalWhat::Parked(why)), Also::Notice(NoticeWhat::Parked)]);
        Some(transition)
    }

    fn unpark(&self) -> Option<Transition> {
        self.change.head.parked.as_ref()?;
        let mut transition = self.go(self.change.head.phase.clone());
        transition.change.head.parked = None;
        transition.also.push(self.journal(None, JournalWhat::Resumed));
        Some(transition)
    }

    fn release(&self, by: PersonName) -> Option<Transition> {
        self.change.head.parked.as_ref()?;
        // These phases stand for a write that may be on its way, and nobody has settled it.
        let why = match &self.change.head.phase {
            Phase::Applying { .. } | Phase::Holding { .. } => CantTell::ReleasedUnsettled,
            Phase::Returning { stage: ReturnStage::Writing { .. }, .. } => CantTell::ReleasedUnsettled,
            _ => CantTell::Released,
        };
        let mut transition = self.end(Outcome::CantTell { why });
        transition.also.push(self.journal(Some(by), JournalWhat::Released));
        Some(transition)
    }
}

fn rejected_cause(why: Refused, since: DateTime<Utc>) -> Cause {
    let (kind, reason, message) = match why {
        Refused::Rejected { sentence, .. } | Refused::Forbidden { sentence } => {
            (CauseKind::NotCreated, String::new(), sentence)
        }
        Refused::Paused { by, .. } => (CauseKind::PausedBySomebody, by.unwrap_or_default(), String::new()),
        _ => (CauseKind::NotCreated, String::new(), String::new()),
    };
    Cause {
        kind,
        affected: 0,
        of: 0,
        pod: None,
        container: None,
        reason,
        message,
        exit_code: None,
        restarts: 0,
        since,
        events: Vec::new(),
        log: Vec::new(),
    }
}

/// A change as it goes on after a restart of rotabot: the stability window starts anew from the stored pods.
#[must_use]
pub fn resumed(mut change: Change) -> Change {
    let anew = change.head.observed;
    let windows = std::mem::take(&mut change.watch.windows);
    change.watch.windows = windows.into_iter().map(|window| window.restarted(anew)).collect();
    change
}
