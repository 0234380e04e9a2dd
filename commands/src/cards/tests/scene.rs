//! A change, and what is around it, for cards to be drawn from.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use state::catalogue::{
    AfterFailure, Catalogue, ContainerSource, Permissions, Policy, Target, Unanswered, Workload, WorkloadKind,
};
use state::change::outcome::{Ended, EndedBy, Failure, Left, LeftBehind, Outcome, Question};
use state::change::{
    Ask, Asker, Baseline, Change, Head, NewImage, Phase, RollbackTo, Watch, Work, WorkloadWork, Written,
};
use state::evidence::{Cause, CauseKind};
use state::names::WorkloadName;
use state::rollout::judge::Progress;
use state::rollout::seen::{EventSeen, MarkerStep};
use state::template::Template;
use state::time::ObservedTime;

use super::super::change as cards;
use super::*;
use crate::command::value::Earlier;
use crate::facts::{ChangeFacts, ClosedBy, EarlierRelease, QuestionLeft, Reopened, Restarted, Rollout, Serving};
use crate::sight::Standstill;

/// A change and what is around it.
pub(super) struct Scene {
    pub(super) change: Change,
    pub(super) progress: Vec<Progress>,
    pub(super) serving: Vec<Serving>,
    pub(super) standstill: Option<Standstill>,
    pub(super) question: Option<Question>,
    pub(super) closed_by: Option<ClosedBy>,
    pub(super) reopened: Option<Reopened>,
    pub(super) usual: Option<Duration>,
    pub(super) on_call: Option<PersonName>,
    pub(super) locked: bool,
    pub(super) earlier: Option<Vec<EarlierRelease>>,
    pub(super) returns_to_digest: Option<String>,
}

impl Scene {
    pub(super) fn new(sample: &Sample) -> Self {
        let change = Change {
            head: Head {
                id: id(),
                number: ChangeNumber(412),
                ask: Ask::Deploy { reference: sample.new.parse().expect("a reference") },
                asked_by: Asker::Person { name: sample.lin.clone(), typed_by: None },
                asked_at: at("03:12:00"),
                request: "r".to_owned(),
                observed: ObservedTime::default(),
                phase: Phase::Preparing,
                stop: None,
                parked: None,
                answers: None,
            },
            target: target_of(sample),
            work: None,
            watch: Watch::default(),
            cause: None,
        };
        Self {
            change,
            progress: Vec::new(),
            serving: Vec::new(),
            standstill: None,
            question: None,
            closed_by: None,
            reopened: None,
            usual: None,
            locked: true,
            earlier: None,
            returns_to_digest: None,
            on_call: Some(sample.lin.clone()),
        }
    }

    pub(super) fn phase(mut self, sample: &Sample, phase: Phase) -> Self {
        self.change.work = Some(work(sample, &self.change.target));
        self.change.head.phase = phase;
        self
    }

    pub(super) fn ended(self, sample: &Sample, outcome: Outcome, left: Left) -> Self {
        let workloads = self.change.target.workloads.clone();
        let left = workloads
            .into_iter()
            .map(|workload| LeftBehind {
                workload: workload.name,
                what: left,
                template: None,
                generation: None,
                sentence: None,
            })
            .collect();
        self.phase(sample, Phase::Ended(Box::new(Ended { outcome, at: at("03:17:12"), left })))
    }

    pub(super) fn progress(mut self, desired: u32, new_ready: u32, old_serving: u32) -> Self {
        let none = self.change.target.workloads.len();
        let one =
            Progress { desired, new_ready, new_total: new_ready, old_serving, old_total: old_serving, sign: None };
        self.progress = vec![one; none];
        self
    }

    pub(super) fn serving(mut self, images: &[(&str, u32)], paused: bool) -> Self {
        let one = |workload: &Workload| Serving {
            workload: workload.name.clone(),
            desired: 6,
            images: images.iter().map(|(name, pods)| ((*name).to_owned(), *pods)).collect(),
            paused,
            marker: None,
            restarts: Vec::new(),
            rollout: Rollout::Finished,
            autoscaler: None,
        };
        self.serving = self.change.target.workloads.iter().map(one).collect();
        self
    }

    /// So many pods of an image are ready now, and go on crashing.
    pub(super) fn crashes(&mut self, image: &str, pods: usize) {
        let one = Restarted { image: image.to_owned(), ready: true, times: 3, at: at("03:12:45") };
        for serving in &mut self.serving {
            serving.restarts = vec![one.clone(); pods];
        }
    }

    pub(super) fn rollback(mut self, sample: &Sample) -> Self {
        self.change.head.ask = Ask::Rollback { to: RollbackTo::Previous, template: false };
        if let Some(work) = &mut self.change.work {
            for image in work.workloads.iter_mut().flat_map(|workload| &mut workload.images) {
                image.from = format!("registry.example/shop/api:{}", sample.new);
                image.to = format!("registry.example/shop/api:{}@{DIGEST}", sample.old).parse().expect("an image");
            }
            for workload in &mut work.workloads {
                workload.baseline = baseline(&sample.new);
            }
        }
        self
    }

    /// What stands in the template was left by a failure; what is gone back to ran before that.
    pub(super) fn after_a_failure(mut self) -> Self {
        for image in self.change.work.iter_mut().flat_map(|work| &mut work.workloads).flat_map(|one| &mut one.images) {
            image.from = "registry.example/shop/api:held".to_owned();
        }
        self
    }

    /// The whole card in one line, in English.
    pub(super) fn told(&self) -> String {
        let card = self.card(Words::get(Language::English));
        let lines = card.lines.iter().chain(&card.details).map(|line| line.text.to_string());
        let buttons = card.buttons.iter().map(|button| format!("[{}]", button.label));
        std::iter::once(card.first_line.to_string()).chain(lines).chain(buttons).collect::<Vec<_>>().join(" | ")
    }

    pub(super) fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }

    pub(super) fn card(&self, words: &Words) -> Card {
        self.tell(|facts| cards::card(words, facts))
    }

    pub(super) fn tell(&self, tell: impl FnOnce(&ChangeFacts<'_>) -> Card) -> Card {
        let catalogue = Catalogue { on_call: self.on_call.clone(), ..Catalogue::default() };
        let closed = self.closed_by.map(QuestionLeft::Closed);
        let question = self.question.clone().map(QuestionLeft::Open).or(closed);
        tell(&ChangeFacts {
            change: &self.change,
            progress: &self.progress,
            catalogue: &catalogue,
            now: at("03:12:50"),
            usual: self.usual,
            serving: &self.serving,
            standstill: self.standstill.as_ref(),
            question: question.as_ref(),
            reopened: self.reopened.as_ref(),
            locked: self.locked.then(|| self.change.head.asked_by.person()),
            earlier: self.earlier.as_deref(),
            returns_to_digest: self.returns_to_digest.as_deref(),
        })
    }
}

const DIGEST: &str = "sha256:61c0aa11bb22cc33dd44ee55ff6677889900aabbccddeeff00112233445566e4";

pub(super) fn target_of(sample: &Sample) -> Target {
    Target {
        name: sample.target.clone(),
        cluster: "main".parse().expect("a name"),
        namespace: "shop".parse().expect("a name"),
        workloads: vec![workload(sample.target.service.as_str())],
        channel: "ops".parse().expect("a name"),
        policy: Policy { after_failure: AfterFailure::Ask, ..Policy::default() },
        permissions: Permissions::default(),
        owners: vec![sample.mo.clone()],
        runbook: Some("https://wiki.example/api".to_owned()),
        dashboard: None,
    }
}

pub(super) fn workload(name: &str) -> Workload {
    Workload {
        kind: WorkloadKind::Deployment,
        name: name.parse().expect("a name"),
        containers: vec![ContainerSource {
            container: "app".parse().expect("a name"),
            repository: "registry.example/shop/api".parse().expect("a repository"),
        }],
    }
}

pub(super) fn work(sample: &Sample, target: &Target) -> Work {
    let one = |workload: &Workload| WorkloadWork {
        workload: workload.clone(),
        uid: "u".to_owned(),
        found: Template::new(Value::Null).hash(),
        found_marker: None,
        found_revision: None,
        resumes: false,
        replicas: 6,
        images: vec![NewImage {
            container: "app".parse().expect("a name"),
            from: format!("registry.example/shop/api:{}", sample.old),
            to: format!("registry.example/shop/api:{}@{DIGEST}", sample.new).parse().expect("an image"),
            platforms: Vec::new(),
            asked: true,
        }],
        template: None,
        baseline: baseline(&sample.old),
    };
    Work { workloads: target.workloads.iter().map(one).collect(), release: None, differences: Vec::new() }
}

/// What ran before, and is gone back to.
pub(super) fn baseline(tag: &str) -> Baseline {
    let image = format!("registry.example/shop/api:{tag}");
    let template = json!({ "spec": { "containers": [{ "name": "app", "image": image }] } });
    Baseline { template, digests: BTreeMap::new(), all_ready: true }
}

pub(super) fn written() -> Vec<Written> {
    let template = Template::new(Value::Null).hash();
    vec![Written { step: MarkerStep::Apply, generation: 2, template, at: at("03:12:00") }]
}

pub(super) fn failure(sample: &Sample, kind: CauseKind, ended_by: EndedBy) -> Failure {
    let workload = WorkloadName::new(sample.target.service.as_str()).expect("a name");
    Failure { workload, kind, ended_by, at: at("03:14:00") }
}

pub(super) fn crash() -> Cause {
    Cause {
        kind: CauseKind::CrashedAfterReady,
        affected: 3,
        of: 3,
        pod: Some("api-7c9d-x2x".to_owned()),
        container: Some("app".to_owned()),
        reason: "CrashLoopBackOff".to_owned(),
        message: "back-off 40s restarting failed container".to_owned(),
        exit_code: Some(1),
        restarts: 4,
        since: at("03:12:30"),
        events: vec![EventSeen {
            at: at("03:13:40"),
            reason: "BackOff".to_owned(),
            message: "Back-off restarting failed container".to_owned(),
            count: 3,
        }],
        log: vec![
            "listening on :8080".to_owned(),
            "panic: relation \"orders_v2\" does not exist \u{1b}[0m".to_owned(),
            "goroutine 1 [running]:".to_owned(),
        ],
    }
}

pub(super) fn pull() -> Cause {
    Cause {
        kind: CauseKind::Pull,
        affected: 1,
        of: 1,
        reason: "ImagePullBackOff".to_owned(),
        message: "Back-off pulling image \"registry.example/shop/api:v8\"".to_owned(),
        exit_code: None,
        restarts: 0,
        events: Vec::new(),
        log: Vec::new(),
        ..crash()
    }
}

pub(super) fn question(sample: &Sample, then: Unanswered) -> Question {
    Question {
        change: id(),
        number: ChangeNumber(412),
        asked_by: sample.lin.clone(),
        until: at("03:31:00"),
        then,
        extended: true,
        tried: 0,
    }
}

/// Releases that are known by their tags alone.
pub(super) fn by_tag(tags: &[&str]) -> Vec<EarlierRelease> {
    let to = |tag: &&str| Earlier::Reference(tag.parse().expect("a reference"));
    tags.iter().map(|tag| EarlierRelease { to: to(tag), told_apart: None }).collect()
}
