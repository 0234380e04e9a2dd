//! The signals by which a process is asked to end. Whoever hears them leaves the terminal as it was found, and nothing
//! half done.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Waits until the process is asked to end, by `kill` or from a keyboard.
///
/// A hangup is left alone: whoever started it under `nohup` wants it to go on.
pub(crate) fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The same for what is nothing without its terminal, whose end is a reason too.
pub(crate) fn asked_to_leave() -> io::Result<impl Future<Output = ()>> {
    let (asked, mut hangup) = (asked_to_end()?, signal(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            () = asked => {}
            _ = hangup.recv() => {}
        }
    })
}
