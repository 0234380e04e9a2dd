//! Random numbers from a seed that is printed, so that a round can be played again.

use std::time::{SystemTime, UNIX_EPOCH};

/// SplitMix64: small, and good enough to choose moments.
pub struct Random {
    state: u64,
}

impl Random {
    /// From `ROTABOT_TEST_SEED`, else from the clock. Prints it.
    pub fn seeded(what: &str) -> Self {
        let given = std::env::var("ROTABOT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        let seed = given.unwrap_or_else(|| u64::try_from(now % 1_000_000_007).unwrap_or(1));
        println!("{what}: ROTABOT_TEST_SEED={seed}");
        Self { state: seed }
    }

    /// An independent one for a part of the work.
    pub fn fork(&mut self) -> Self {
        Self { state: self.next() }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
