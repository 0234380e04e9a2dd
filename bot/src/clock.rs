//! The clocks: read here and nowhere else. Everything else is handed the time.

use std::sync::LazyLock;
use std::time::Instant;

use chrono::Utc;
use state::time::Now;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Both clocks, read at once.
pub fn now() -> Now {
    let start = *START;
    Now { wall: Utc::now(), monotonic: start.elapsed() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn monotonic_time_begins_with_the_first_reading_and_goes_on() {
        let (first, second) = (super::now(), super::now());
        assert!(second.monotonic >= first.monotonic);
    }
}
