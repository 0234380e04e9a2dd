//! That nothing can be written down, and what that means.

use crate::card::{Text, TimeStyle};
use crate::facts::Unwritable;
use crate::words::{Arg, Words, say};

/// All of it in one line.
pub(crate) fn line(words: &Words, unwritable: &Unwritable) -> Text {
    let since = Arg::Time(unwritable.since, TimeStyle::Full);
    let why = Arg::Choice(if unwritable.disk_full { "disk-full" } else { "other" });
    say!(words, "unwritable", since = since, why = why)
}
