//! Waiting for what other processes do: look, and look again until a deadline, and say what was seen last.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const PAUSE: Duration = Duration::from_millis(40);

/// Looks until there is something to return. `what` completes the sentence "… did not happen within 5 s".
pub fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        let outcome = look();
        if let Ok(Some(found)) = outcome {
            return Ok(found);
        }
        if start.elapsed() >= patience {
            match outcome {
                Err(error) => return Err(error.context(format!("{what} did not happen within {patience:?}"))),
                Ok(_) => bail!("{what} did not happen within {patience:?}"),
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Fails as soon as a look answers anything but `expected` within `time`: for what must stay as it is.
pub fn holds_for<T: PartialEq + Debug>(
    expected: &T,
    time: Duration,
    mut look: impl FnMut() -> Result<T>,
) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < time {
        let seen = look()?;
        if seen != *expected {
            bail!("after {:?}: {seen:?}, where {expected:?} should have lasted {time:?}", start.elapsed());
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}
