//! What a container does, by the image that it runs.
//!
//! The last part of an image's tag says it, just as on the control plane for tests (`shop/api:v8-crash`), so that the
//! same images behave alike in both; and an image can be told to behave otherwise, whatever it is called.

use std::str::FromStr;
use std::time::Duration;

/// What a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behaviour {
    /// Running and ready a second after it was scheduled.
    Good,
    /// The image can't be pulled.
    PullFails,
    /// A ConfigMap is missing.
    BadConfig,
    /// The image's name is no name.
    InvalidName,
    /// Runs, never ready.
    NeverReady,
    /// Ready after 15 s.
    Slow,
    /// Ready, then it exits with code 2; restarted, and so on for ever.
    Dies {
        /// How long a run lasts.
        after: Duration,
        /// Killed for its memory rather than by its own fault.
        out_of_memory: bool,
    },
    /// Ready for 20 s, then running and not ready for good.
    TurnsUnready,
    /// Good, but runs another image than was asked for.
    WrongDigest,
    /// Good, but the node names the image by a bare id.
    BareId,
}

impl Behaviour {
    /// Ready for a moment, then a crash loop.
    pub const CRASHES: Behaviour = Behaviour::Dies { after: Duration::from_millis(800), out_of_memory: false };

    /// The suffixes of tags, with what they stand for.
    pub const SUFFIXES: [(&str, Behaviour); 12] = [
        ("pullfail", Behaviour::PullFails),
        ("badconfig", Behaviour::BadConfig),
        ("invalidname", Behaviour::InvalidName),
        ("neverready", Behaviour::NeverReady),
        ("slow", Behaviour::Slow),
        ("crash", Behaviour::CRASHES),
        ("oom", Behaviour::Dies { after: Duration::from_millis(800), out_of_memory: true }),
        ("dies20", Behaviour::Dies { after: Duration::from_secs(20), out_of_memory: false }),
        ("dies90", Behaviour::Dies { after: Duration::from_secs(90), out_of_memory: false }),
        ("unready20", Behaviour::TurnsUnready),
        ("wrongdigest", Behaviour::WrongDigest),
        ("bareid", Behaviour::BareId),
    ];

    /// What the last part of a tag says; good where it names nothing else.
    pub fn of_tag(tag: &str) -> Self {
        let last = tag.rsplit('-').next().unwrap_or_default();
        Self::SUFFIXES.iter().find(|(suffix, _)| *suffix == last).map_or(Self::Good, |(_, behaviour)| *behaviour)
    }
}

/// A word for a behaviour, as people type it.
impl FromStr for Behaviour {
    type Err = &'static str;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "crash" => Ok(Self::CRASHES),
            "never-ready" => Ok(Self::NeverReady),
            "pull" => Ok(Self::PullFails),
            "slow" => Ok(Self::Slow),
            _ => Err("is none of crash, never-ready, pull, slow"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_tag_counts() {
        assert_eq!(Behaviour::of_tag("v8-crash"), Behaviour::CRASHES);
        assert_eq!(Behaviour::of_tag("v8-crash-2"), Behaviour::Good);
        assert_eq!(Behaviour::of_tag("v8"), Behaviour::Good);
        assert_eq!(Behaviour::of_tag("neverready"), Behaviour::NeverReady);
    }
}
