//! What a change ends with, and what it leaves behind: releases, marks, locks, a question.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::super::outcome::{
    Asked, CantTell, Digests, Ended, Failure, Left, LeftBehind, NotReturned, Outcome, Overtaken, Question, Refused,
    ReturnProblem, TIME_TO_ANSWER,
};
use super::super::release::{Origin, Release, ReleaseWorkload, Withdrawn, with_running_digest};
use super::super::{Ask, Asker, Change, Held, Phase, ReturnStage, RollbackTo, WorkloadWork};
use super::{Also, Next, Transition};
use crate::catalogue::{AfterFailure, Unanswered};
use crate::image::Digest;
use crate::journal::{JournalWhat, NoticeWhat};
use crate::lock::{Lock, Reason, Scope, Withdrawal};
use crate::names::{ChangeId, ContainerName};
use crate::template::Template;

impl Next<'_> {
    /// `hold` asks nobody, and neither does a return that has nothing to go back to. Whatever else was left asks; where
    /// going back would not help, nobody's silence leads back.
    pub(super) fn left(&self, failure: Failure, not_returned: Option<NotReturned>) -> Transition {
        let policy = &self.change.target.policy;
        let asks = policy.after_failure != AfterFailure::Hold && not_returned != Some(NotReturned::ImageGone);
        let then = if not_returned.is_some() { Unanswered::Hold } else { policy.unanswered };
        let until = self.now + TimeDelta::from_std(policy.ask_for).unwrap_or(TimeDelta::MAX);
        let question = asks.then_some(Asked { until, then });
        let not_returned = not_returned.filter(|_| policy.after_failure == AfterFailure::Rollback);
        let mut transition = self.end(Outcome::Left { failure, question, not_returned });
        if let Some(asked) = question {
            let head = &self.change.head;
            transition.also.push(Also::Question(Question {
                change: head.id,
                number: head.number,
                asked_by: head.asked_by.person().clone(),
                until: asked.until,
                then: asked.then,
                extended: false,
                tried: 0,
            }));
        }
        transition
    }

    /// The question that it answered, where it has touched nothing after all: what was promised for its deadline still
    /// holds. Whoever has just seen the answer come to nothing gets the time to give another one, and what the deadline
    /// itself began is tried again where that may help. A way back that is gone is not promised again.
    fn unanswered(&self, ended: &Change) -> Option<Question> {
        let (question, end) = (ended.head.answers.clone()?, ended.ended()?);
        let untouched = match &end.outcome {
            Outcome::Refused { why: Refused::ImageUnknown { .. } } => !self.goes_back_before(question.change),
            Outcome::Refused { .. } | Outcome::NothingToDo | Outcome::Cancelled { .. } => true,
            Outcome::CantTell { why } => *why == CantTell::Released,
            _ => false,
        };
        if !untouched || !end.left.is_empty() {
            return None;
        }
        match (&ended.head.asked_by, &end.outcome) {
            (Asker::Person { .. }, _) => {
                Some(Question { until: question.until.max(self.now + TIME_TO_ANSWER), ..question })
            }
            (Asker::Timer { .. }, Outcome::Refused { why }) if why.may_pass() => Some(question.postponed(self.now)),
            // It was stopped by a person, or is not to be had.
            (Asker::Timer { .. }, _) => None,
        }
    }

    /// Whether it was to bring back what the deadline of that question would bring back.
    fn goes_back_before(&self, id: ChangeId) -> bool {
        matches!(&self.change.head.ask, Ask::Rollback { to: RollbackTo::Before(before), .. } if *before == id)
    }

    pub(super) fn return_failed(&self, failure: &Failure, back: ReturnProblem) -> Transition {
        self.end(Outcome::ReturnFailed { failure: failure.clone(), back })
    }

    pub(super) fn verified(&self, digests: Digests, pods: u32, ran: &[BTreeMap<ContainerName, Digest>]) -> Transition {
        let mut transition = self.end(Outcome::Verified { digests, pods });
        let work = self.work();
        let new = work.new_images();
        match self.change.head.ask {
            Ask::Deploy { .. } => {
                transition.also.push(Also::Restore(new));
                transition.also.push(Also::Release(Box::new(self.release_of(Origin::Verified, ran))));
            }
            Ask::Rollback { .. } => {
                let left = Withdrawn::of(self.change.head.number, &work.old_images());
                // A template that was restored around the same images leaves nothing that must not come back.
                if !left.is_of(&new) {
                    transition.also.push(Also::Withdraw(left));
                }
                transition
                    .also
                    .push(self.lock(self.change.replaced_name().unwrap_or_default(), Withdrawal::RolledBack));
            }
        }
        transition
    }

    fn lock(&self, image: String, how: Withdrawal) -> Also {
        let head = &self.change.head;
        Also::Lock(Lock {
            scope: Scope::Target(self.change.target.name.clone()),
            by: head.asked_by.person().clone(),
            since: self.now,
            until: None,
            reason: Reason::Withdrawn { image, how, changes: vec![head.number] },
        })
    }

    pub(super) fn baseline_release(&self) -> Release {
        let ran: Vec<_> = self.work().workloads.into_iter().map(|item| item.baseline.digests).collect();
        self.release_of(Origin::Baseline, &ran)
    }

    fn release_of(&self, origin: Origin, ran: &[BTreeMap<ContainerName, Digest>]) -> Release {
        let work = self.work();
        let workloads = work.workloads.iter().enumerate().map(|(place, item)| {
            let baseline = Template::new(item.baseline.template.clone());
            let template = match origin {
                Origin::Baseline => baseline,
                Origin::Verified => item.new_template(&baseline),
            };
            let images = item.images.iter().filter_map(|new| {
                let written = template.image_of(&new.container)?.parse().ok()?;
                let ran = ran.get(place).and_then(|ran| ran.get(&new.container));
                Some((new.container.clone(), with_running_digest(written, ran)))
            });
            let images = images.collect();
            ReleaseWorkload { workload: item.workload.name.clone(), template: template.json().clone(), images }
        });
        let head = &self.change.head;
        Release { change: head.id, number: head.number, at: self.now, origin, workloads: workloads.collect() }
    }

    pub(super) fn end(&self, outcome: Outcome) -> Transition {
        let left = left_behind(self.change, &outcome);
        let word = outcome.word().to_owned();
        let failed = outcome.failure().is_some();
        let mut transition = self.go(Phase::Ended(Box::new(Ended { outcome, at: self.now, left })));
        transition.change.head.parked = None;
        let image = transition.change.wanted_name();
        let ended = JournalWhat::Ended { outcome: word, image: image.clone() };
        transition.also.extend([self.journal(None, ended), Also::Notice(NoticeWhat::Outcome), Also::ReleaseClaim]);
        transition.also.extend(self.unanswered(&transition.change).map(Also::AskAgain));
        if failed {
            let images = self.work().new_images();
            transition.also.push(Also::Withdraw(Withdrawn::of(self.change.head.number, &images)));
            transition.also.push(self.lock(image.unwrap_or_default(), Withdrawal::Failed));
        }
        transition
    }
}

fn left_behind(change: &Change, outcome: &Outcome) -> Vec<LeftBehind> {
    let written = change.written();
    let returned = matches!(outcome, Outcome::Returned { .. });
    let none = BTreeMap::new();
    let held = match &change.head.phase {
        Phase::Holding { held, .. } => held,
        _ => &none,
    };
    let none = BTreeMap::new();
    let back = match &change.head.phase {
        Phase::Returning {
            stage: ReturnStage::Writing { back, .. } | ReturnStage::Rolling { back } | ReturnStage::Stabilizing { back },
            ..
        } => back,
        _ => &none,
    };
    // Our write was there, and has been undone before it could be recorded.
    let undone = |item: &WorkloadWork| match outcome {
        Outcome::Superseded { workload, how: Overtaken::Undone, .. } => *workload == item.workload.name,
        _ => false,
    };
    let one = |(place, item): (usize, &WorkloadWork)| {
        let (what, stands) = match (written.get(place), back.get(&place), held.get(&place)) {
            (None, ..) if undone(item) => (Left::Written, None),
            (None, ..) => (Left::Untouched, None),
            (_, Some(back), _) => (Left::Returned, Some(back)),
            (Some(written), None, _) if returned => (Left::Returned, Some(written)),
            (_, None, Some(Held::Paused(held))) => (Left::Paused, Some(held)),
            (Some(written), None, Some(Held::Refused(_) | Held::PausedBySomebody)) => (Left::NotPaused, Some(written)),
            (Some(written), None, Some(Held::Complete) | None) => (Left::Written, Some(written)),
        };
        let (template, generation) = (stands.map(|one| one.template), stands.map(|one| one.generation));
        let sentence = match held.get(&place) {
            Some(Held::Refused(sentence)) if what == Left::NotPaused => Some(sentence.clone()),
            _ => None,
        };
        LeftBehind { workload: item.workload.name.clone(), what, template, generation, sentence }
    };
    let left: Vec<LeftBehind> =
        change.work.iter().flat_map(|work| work.workloads.iter().enumerate()).map(one).collect();
    if left.iter().all(|left| left.what == Left::Untouched) { Vec::new() } else { left }
}
