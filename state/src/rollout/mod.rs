//! What a cluster reports about a workload, and what may be concluded from it.
//!
//! `seen` is the report, as an adapter boils it down; `judge` concludes. Neither asks anything of anybody.

pub mod seen;
