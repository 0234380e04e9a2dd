//! Scripted rollouts: what is asked and done, and what has to come of it.
//!
//! They are data, so that the same scripts can be played on the world and on a real control plane; on both the judge has
//! to go through the same phases and to conclude the same. Images behave by the last part of their tag on either.

use std::time::Duration;

use state::catalogue::{AfterFailure, LogsInChat, Policy, Unanswered};
use state::evidence::CauseKind;

/// A script: one service with one workload of that many replicas, which runs `v1` when it begins.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// What it is about.
    pub name: &'static str,
    /// How many replicas there are.
    pub replicas: u32,
    /// What is done after a failure.
    pub after_failure: AfterFailure,
    /// Whether a question that nobody answers ends in a rollback, and after how long.
    pub goes_back_after: Option<Duration>,
    /// How long all pods must stay good.
    pub window: Duration,
    /// How long a rollout may go without progress.
    pub deadline: Duration,
    /// What happens.
    pub steps: &'static [Step],
    /// What comes of each change, in the order in which they are asked for.
    pub endings: &'static [Ending],
    /// Whether all pods look good for less than a second: on a real control plane under load that may pass unseen, and
    /// then nothing stabilizes. The conclusion is the same.
    pub momentary: bool,
}

/// A step of a script. Steps follow each other at once, but for those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Somebody types a line about the service `api` in the environment `prod`.
    Ask(&'static str),
    /// Waits until the newest change is in this phase.
    Until(&'static str),
    /// Waits so many seconds.
    Wait(u64),
    /// Waits until no change is open.
    UntilEnd,
    /// Somebody else writes to the workload.
    Somebody(Deed),
}

/// What somebody else writes to the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Another image, by its tag.
    Image(&'static str),
    /// An environment variable in the template.
    Variable,
    /// An annotation of the workload itself.
    Annotation,
    /// `kubectl rollout pause`.
    Pause,
    /// `kubectl rollout resume`.
    Resume,
    /// `kubectl scale`.
    Replicas(u32),
    /// `kubectl rollout undo`.
    Undo,
}

/// What comes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The phases that it goes through.
    pub phases: &'static [&'static str],
    /// The word for its outcome.
    pub outcome: &'static str,
    /// The failure that is found.
    pub cause: Option<CauseKind>,
}

impl Script {
    /// The policy of its environment.
    pub fn policy(&self) -> Policy {
        Policy {
            after_failure: self.after_failure,
            ask_for: self.goes_back_after.unwrap_or(Duration::from_secs(600)),
            unanswered: if self.goes_back_after.is_some() { Unanswered::Rollback } else { Unanswered::Hold },
            stability_window: self.window,
            progress_deadline: self.deadline,
            certain_after: Duration::from_secs(5),
            logs_in_chat: LogsInChat::Redacted,
        }
    }
}

const GOOD: &[&str] = &["preparing", "applying", "rolling", "stabilizing", "ended"];
const REFUSED: &[&str] = &["preparing", "ended"];
const FAILED_ROLLING: &[&str] = &["preparing", "applying", "rolling", "holding", "ended"];
const FAILED_STABLE: &[&str] = &["preparing", "applying", "rolling", "stabilizing", "holding", "ended"];
const RETURNED: &[&str] = &["preparing", "applying", "rolling", "returning", "ended"];
const RETURNED_STABLE: &[&str] = &["preparing", "applying", "rolling", "stabilizing", "returning", "ended"];

const VERIFIED: Ending = Ending { phases: GOOD, outcome: "verified", cause: None };

const fn refused() -> Ending {
    Ending { phases: REFUSED, outcome: "refused", cause: None }
}

const fn left(phases: &'static [&'static str], cause: CauseKind) -> Ending {
    Ending { phases, outcome: "left", cause: Some(cause) }
}

const fn returned(phases: &'static [&'static str], cause: CauseKind) -> Ending {
    Ending { phases, outcome: "returned", cause: Some(cause) }
}

const fn script(name: &'static str, steps: &'static [Step], endings: &'static [Ending]) -> Script {
    Script {
        name,
        replicas: 3,
        after_failure: AfterFailure::Hold,
        goes_back_after: None,
        window: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
        steps,
        endings,
        momentary: false,
    }
}

const fn returning(script: Script) -> Script {
    Script { after_failure: AfterFailure::Rollback, ..script }
}

const fn asking(script: Script, seconds: u64) -> Script {
    let goes_back_after = Some(Duration::from_secs(seconds));
    Script { after_failure: AfterFailure::Ask, goes_back_after, ..script }
}

const fn watching(script: Script, seconds: u64) -> Script {
    Script { window: Duration::from_secs(seconds), ..script }
}

const fn momentary(script: Script) -> Script {
    Script { momentary: true, ..script }
}

const fn of(script: Script, replicas: u32) -> Script {
    Script { replicas, ..script }
}

use Step::{Ask, Somebody, Until, UntilEnd, Wait};

/// Nobody answers, but for one whose rollback names what never was, and one who thinks better of it. What the deadline
/// begins by itself makes it too long for a real control plane.
pub const ANSWERED_BY_NOTHING: Script = asking(
    script(
        "answered by nothing, and then by its deadline",
        &[
            Ask("/deploy api prod v2-neverready"),
            UntilEnd,
            Ask("/rollback api prod to #999"),
            UntilEnd,
            Ask("/deploy api prod v99"),
            UntilEnd,
        ],
        &[left(FAILED_ROLLING, CauseKind::NeverReady), refused(), refused(), VERIFIED],
    ),
    30,
);

/// All scripts.
pub const SCRIPTS: &[Script] = &[
    script("a good release", &[Ask("/deploy api prod v2"), UntilEnd], &[VERIFIED]),
    script("a slow start", &[Ask("/deploy api prod v2-slow"), UntilEnd], &[VERIFIED]),
    script(
        "what runs already",
        &[Ask("/deploy api prod v2"), UntilEnd, Ask("/deploy api prod v2"), UntilEnd],
        &[VERIFIED, Ending { phases: REFUSED, outcome: "nothing-to-do", cause: None }],
    ),
    script("an image that nobody pushed", &[Ask("/deploy api prod v99"), UntilEnd], &[refused()]),
    script(
        "never ready, and held",
        &[Ask("/deploy api prod v2-neverready"), UntilEnd],
        &[left(FAILED_ROLLING, CauseKind::NeverReady)],
    ),
    returning(script(
        "never ready, and returned",
        &[Ask("/deploy api prod v2-neverready"), UntilEnd],
        &[returned(RETURNED, CauseKind::NeverReady)],
    )),
    returning(script(
        "a pull that fails",
        &[Ask("/deploy api prod v2-pullfail"), UntilEnd],
        &[returned(RETURNED, CauseKind::Pull)],
    )),
    returning(script(
        "a missing ConfigMap",
        &[Ask("/deploy api prod v2-badconfig"), UntilEnd],
        &[returned(RETURNED, CauseKind::BadConfig)],
    )),
    watching(
        returning(script(
            "good for 20 s, within the window",
            &[Ask("/deploy api prod v2-dies20"), UntilEnd],
            &[returned(RETURNED_STABLE, CauseKind::CrashedAfterReady)],
        )),
        30,
    ),
    script("good for 90 s, beyond the window", &[Ask("/deploy api prod v2-dies90"), UntilEnd], &[VERIFIED]),
    watching(
        script(
            "ready for 20 s, then not any more",
            &[Ask("/deploy api prod v2-unready20"), UntilEnd],
            &[left(FAILED_STABLE, CauseKind::TurnedUnready)],
        ),
        30,
    ),
    script(
        "another image than was asked for",
        &[Ask("/deploy api prod v2-wrongdigest"), UntilEnd],
        &[left(FAILED_STABLE, CauseKind::WrongImage)],
    ),
    script(
        "rolled back",
        &[Ask("/deploy api prod v2"), UntilEnd, Ask("/rollback api prod"), UntilEnd],
        &[VERIFIED, VERIFIED],
    ),
    script(
        "rolled back twice in a row",
        &[
            Ask("/deploy api prod v2"),
            UntilEnd,
            Ask("/deploy api prod v3"),
            UntilEnd,
            Ask("/rollback api prod"),
            UntilEnd,
            Ask("/rollback api prod"),
            UntilEnd,
        ],
        &[VERIFIED, VERIFIED, VERIFIED, VERIFIED],
    ),
    script(
        "held, and mended by the next release",
        &[Ask("/deploy api prod v2-neverready"), UntilEnd, Ask("/deploy api prod v3"), UntilEnd],
        &[left(FAILED_ROLLING, CauseKind::NeverReady), VERIFIED],
    ),
    script(
        "held, and rolled back",
        &[Ask("/deploy api prod v2-neverready"), UntilEnd, Ask("/rollback api prod"), UntilEnd],
        &[left(FAILED_ROLLING, CauseKind::NeverReady), VERIFIED],
    ),
    script(
        "stopped in mid-rollout",
        &[Ask("/deploy api prod v2-slow"), Until("rolling"), Wait(2), Ask("/stop api prod"), UntilEnd],
        &[Ending { phases: &["preparing", "applying", "rolling", "ended"], outcome: "cancelled", cause: None }],
    ),
    script(
        "somebody's image in mid-rollout",
        &[Ask("/deploy api prod v2-slow"), Until("rolling"), Wait(2), Somebody(Deed::Image("v3")), UntilEnd],
        &[Ending { phases: &["preparing", "applying", "rolling", "ended"], outcome: "superseded", cause: None }],
    ),
    script(
        "somebody's variable in mid-rollout",
        &[Ask("/deploy api prod v2-slow"), Until("rolling"), Wait(2), Somebody(Deed::Variable), UntilEnd],
        &[Ending { phases: &["preparing", "applying", "rolling", "ended"], outcome: "superseded", cause: None }],
    ),
    script(
        "somebody's undo in mid-rollout",
        &[Ask("/deploy api prod v2-slow"), Until("rolling"), Wait(2), Somebody(Deed::Undo), UntilEnd],
        &[Ending { phases: &["preparing", "applying", "rolling", "ended"], outcome: "superseded", cause: None }],
    ),
    script(
        "somebody's annotation in mid-rollout",
        &[Ask("/deploy api prod v2-slow"), Until("rolling"), Wait(2), Somebody(Deed::Annotation), UntilEnd],
        &[VERIFIED],
    ),
    script(
        "scaled in mid-rollout",
        &[Ask("/deploy api prod v2-slow"), Until("rolling"), Wait(2), Somebody(Deed::Replicas(5)), UntilEnd],
        &[VERIFIED],
    ),
    script(
        "paused and resumed by somebody in mid-rollout",
        &[
            Ask("/deploy api prod v2-slow"),
            Until("rolling"),
            Wait(2),
            Somebody(Deed::Pause),
            Wait(30),
            Somebody(Deed::Resume),
            UntilEnd,
        ],
        &[VERIFIED],
    ),
    script(
        "paused by somebody before it begins",
        &[Somebody(Deed::Pause), Wait(1), Ask("/deploy api prod v2"), UntilEnd],
        &[refused()],
    ),
    of(
        script(
            "no replicas",
            &[Ask("/deploy api prod v2"), UntilEnd],
            &[Ending { phases: &["preparing", "applying", "rolling", "ended"], outcome: "cant-tell", cause: None }],
        ),
        0,
    ),
    // A single replica whose new pod looks good for a moment: the old one goes at once, and kubectl calls it a success.
    of(
        momentary(returning(script(
            "ready for a moment, then a crash loop",
            &[Ask("/deploy api prod v2-crash"), UntilEnd],
            &[returned(RETURNED_STABLE, CauseKind::CrashedAfterReady)],
        ))),
        1,
    ),
    of(
        momentary(returning(script(
            "out of memory",
            &[Ask("/deploy api prod v2-oom"), UntilEnd],
            &[returned(RETURNED_STABLE, CauseKind::OutOfMemory)],
        ))),
        1,
    ),
];
