//! The cause of a failure with its proof (V6), as it is kept with the change and shown to people.
//!
//! Everything here came from outside: adapters redact and cut it before they hand it over.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::rollout::seen::EventSeen;

/// How many lines of a log are kept.
pub const LOG_LINES: usize = 25;

/// Why a rollout fails, shown on one bad pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of failure it is.
    pub kind: CauseKind,
    /// How many new pods show it.
    pub affected: u32,
    /// Of how many.
    pub of: u32,
    /// The pod that is shown; none where no new pod exists at all.
    pub pod: Option<String>,
    /// The container of it.
    pub container: Option<String>,
    /// The word that Kubernetes has for it: `CrashLoopBackOff`, `OOMKilled`… Of a pause, who laid it.
    pub reason: String,
    /// The sentence that Kubernetes has for it.
    pub message: String,
    /// The exit code of the last end.
    pub exit_code: Option<i32>,
    /// How often the container was started anew.
    pub restarts: u32,
    /// Since when it is known.
    pub since: DateTime<Utc>,
    /// The last events about that pod, newest last.
    pub events: Vec<EventSeen>,
    /// The last lines of its log, newest last.
    pub log: Vec<String>,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// The image can't be pulled.
    Pull,
    /// The image's name is no name.
    BadImageName,
    /// The container can't be made: a ConfigMap, a Secret or a key is missing.
    BadConfig,
    /// The container ends again and again.
    CrashLoop,
    /// The container was killed for want of memory.
    OutOfMemory,
    /// Pods were good, then ended within the stability window.
    CrashedAfterReady,
    /// Pods were good, then turned unready within the stability window.
    TurnedUnready,
    /// Pods run but don't become ready.
    NeverReady,
    /// Pods find no node.
    Unschedulable,
    /// No pod was made at all: a quota or an admission webhook refuses.
    NotCreated,
    /// Somebody else paused it before it was written.
    PausedBySomebody,
    /// The rollout stands still, and neither the pods nor the cluster say why.
    Stuck,
    /// Ready pods run another image than was asked for.
    WrongImage,
}

impl CauseKind {
    /// All of them.
    pub const ALL: [CauseKind; 13] = [
        Self::Pull,
        Self::BadImageName,
        Self::BadConfig,
        Self::CrashLoop,
        Self::OutOfMemory,
        Self::CrashedAfterReady,
        Self::TurnedUnready,
        Self::NeverReady,
        Self::Unschedulable,
        Self::NotCreated,
        Self::PausedBySomebody,
        Self::Stuck,
        Self::WrongImage,
    ];

    /// Its word, in records and where the sentence for it is chosen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::BadImageName => "bad-image-name",
            Self::BadConfig => "bad-config",
            Self::CrashLoop => "crash-loop",
            Self::OutOfMemory => "out-of-memory",
            Self::CrashedAfterReady => "crashed-after-ready",
            Self::TurnedUnready => "turned-unready",
            Self::NeverReady => "never-ready",
            Self::Unschedulable => "unschedulable",
            Self::NotCreated => "not-created",
            Self::PausedBySomebody => "paused-by-somebody",
            Self::Stuck => "stuck",
            Self::WrongImage => "wrong-image",
        }
    }

    /// Whether a container ended that should have gone on.
    pub fn is_crash(self) -> bool {
        matches!(self, Self::CrashLoop | Self::OutOfMemory | Self::CrashedAfterReady)
    }

    /// Whether a container that shows this has run, so that there is a log.
    pub fn has_log(self) -> bool {
        self.is_crash() || matches!(self, Self::NeverReady | Self::TurnedUnready | Self::WrongImage)
    }

    /// Whether waiting longer can't help: such a sign ends a rollout early when it stays.
    pub fn certain(self) -> bool {
        matches!(self, Self::Pull | Self::BadImageName | Self::BadConfig | Self::CrashLoop | Self::OutOfMemory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_stored_by_its_word() {
        let words: std::collections::BTreeSet<&str> = CauseKind::ALL.map(CauseKind::word).into();
        assert_eq!(words.len(), CauseKind::ALL.len());
        for kind in CauseKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
