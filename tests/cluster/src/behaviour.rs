//! What a simulated container does, by the last part of its image's tag: `shop/api:v8-crash` crashes, `shop/api:v8` does not.
//!
//! The tag counts also when a digest follows it (`shop/api:v8-crash@sha256:…`). A reference without a tag behaves well. In a pod with
//! several containers one badly behaved image decides for the pod; the others run beside it.

/// Running and ready about a second after it was scheduled. Any tag that names nothing else.
pub const GOOD: &str = "good";
/// Waits in ErrImagePull, then ImagePullBackOff, in turns.
pub const PULL_FAILS: &str = "pullfail";
/// Waits in CreateContainerConfigError: a ConfigMap is missing.
pub const BAD_CONFIG: &str = "badconfig";
/// Waits in InvalidImageName.
pub const INVALID_NAME: &str = "invalidname";
/// Runs, never ready.
pub const NEVER_READY: &str = "neverready";
/// Ready after 15 s, running before.
pub const SLOW: &str = "slow";
/// Ready for 0.8 s, then exits with code 2; restarted at once, then in CrashLoopBackOff in turns, with restart counts that rise for ever.
pub const CRASHES: &str = "crash";
/// As [`CRASHES`], killed for its memory (OOMKilled, code 137).
pub const OUT_OF_MEMORY: &str = "oom";
/// As [`CRASHES`], but each run lasts 20 s.
pub const DIES_AFTER_20_S: &str = "dies20";
/// As [`CRASHES`], but each run lasts 90 s.
pub const DIES_AFTER_90_S: &str = "dies90";
/// Ready for 20 s, then running and not ready for good, without a restart.
pub const UNREADY_AFTER_20_S: &str = "unready20";
/// Good, but its `imageID` carries another digest than the one asked for.
pub const WRONG_DIGEST: &str = "wrongdigest";
/// Good, but its `imageID` is a bare id that names no repository and says nothing about the digest.
pub const BARE_ID: &str = "bareid";

/// Those that die in turns, with how long a run lasts in milliseconds.
pub(crate) const DYING: [(&str, u64); 4] =
    [(CRASHES, 800), (OUT_OF_MEMORY, 800), (DIES_AFTER_20_S, 20_000), (DIES_AFTER_90_S, 90_000)];

/// Those that don't become ready by the common stage.
pub(crate) const NEVER_SIMPLY_READY: [&str; 5] = [PULL_FAILS, BAD_CONFIG, INVALID_NAME, NEVER_READY, SLOW];
