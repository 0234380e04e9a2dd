//! A thread that writes for everybody else: whoever reads may stop for as long as they like, and nobody but that thread
//! waits for them.
//!
//! What waits to be written is bounded. Where there is no room any more the oldest goes that is worth least, and how
//! much is missing is told once somebody reads again. Not here: what is written, and how it is drawn (`screen`,
//! `beside`).

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How much may wait, in bytes: some thousand lines.
const WAITING_AT_MOST: usize = 256 * 1024;

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Lines that stay. They take the place of the block, if there is one.
    Stays {
        /// The lines, each with its end.
        text: String,
        /// What they are worth.
        worth: Worth,
    },
    /// A block in the place of the one before.
    Block {
        /// Its rows, each with its end.
        text: String,
        /// How many they are.
        rows: usize,
    },
    /// The block stays where it is.
    Settle,
    /// The block is taken away.
    Clear,
    /// What only the terminal understands.
    Control(&'static str),
}

/// What lines are worth where there is no room for all. What is worth less comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// How far something is: the next one says it better.
    Progress,
    /// A line of the log.
    Log,
    /// An answer, an outcome, or a notice.
    Word,
}

/// What the pieces become. It may take its time.
pub(super) trait Sink: Send + 'static {
    /// Writes pieces, in their order. `missed` lines that came before them were given up.
    fn write(&mut self, missed: usize, pieces: VecDeque<Piece>);
}

/// Where pieces are handed in.
pub(super) struct Outlet {
    shared: Arc<Shared>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// Up to where all is written, for those who must not block.
    written: watch::Sender<u64>,
}

impl Outlet {
    /// Begins to write, on a thread of this name.
    pub(super) fn open(name: &str, sink: impl Sink) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { waiting: Mutex::default(), changed: Condvar::new(), written: watch::Sender::new(0) });
        let writer = Writer(Arc::clone(&shared));
        std::thread::Builder::new().name(name.to_owned()).spawn(move || writer.run(sink))?;
        Ok(Self { shared })
    }

    /// Has something written as soon as somebody reads.
    pub(super) fn push(&self, piece: Piece) {
        self.shared.waiting().push(piece);
        self.shared.changed.notify_all();
    }

    /// Waits until everything so far is written, or was given up.
    pub(super) async fn written(&self) {
        let pushed = self.shared.waiting().pushed;
        // The sender is ours: it is not gone.
        let _ = self.shared.written.subscribe().wait_for(|written| *written >= pushed).await;
    }

    /// The same, for a thread that may wait so long.
    pub(super) fn written_within(&self, patience: Duration) {
        let waiting = self.shared.waiting();
        let pushed = waiting.pushed;
        let _ = self.shared.changed.wait_timeout_while(waiting, patience, |waiting| waiting.written < pushed);
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.shared.waiting().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn written(&self, up_to: u64) {
        self.waiting().written = up_to;
        self.written.send_replace(up_to);
        self.changed.notify_all();
    }
}

/// The thread that writes. However it ends, nobody waits for it any longer.
struct Writer(Arc<Shared>);

impl Writer {
    fn run(self, mut sink: impl Sink) {
        while let Some((missed, pieces, up_to)) = self.next() {
            // Nothing is held here: this is where it may take for ever.
            sink.write(missed, pieces);
            self.0.written(up_to);
        }
    }

    /// All that waits; none once it is closed.
    fn next(&self) -> Option<(usize, VecDeque<Piece>, u64)> {
        let mut waiting = self.0.waiting();
        while waiting.pieces.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.0.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.bytes = 0;
        let (missed, pieces) = (std::mem::take(&mut waiting.missed), std::mem::take(&mut waiting.pieces));
        Some((missed, pieces, waiting.pushed))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.written(u64::MAX);
    }
}

/// What waits to be written.
#[derive(Default)]
struct Waiting {
    pieces: VecDeque<Piece>,
    /// The length of all texts.
    bytes: usize,
    /// The lines that were given up since something was last written.
    missed: usize,
    /// How many pieces were ever handed in.
    pushed: u64,
    /// Up to which of them all is written.
    written: u64,
    closed: bool,
}

impl Waiting {
    fn push(&mut self, piece: Piece) {
        let last = self.pieces.back();
        let settles = matches!(piece, Piece::Settle | Piece::Clear);
        let piece = match last {
            // After these there is no block.
            Some(Piece::Stays { .. } | Piece::Settle | Piece::Clear) if settles => return,
            // A block that was not drawn yet, and would not be seen.
            Some(Piece::Block { .. }) if !matches!(piece, Piece::Control(_)) => match (self.take_last(), piece) {
                (Some(Piece::Block { text, .. }), Piece::Settle) => Piece::Stays { text, worth: Worth::Progress },
                (_, piece) => piece,
            },
            _ => piece,
        };
        self.pushed += 1;
        self.bytes += piece.length();
        self.pieces.push_back(piece);
        while self.bytes > WAITING_AT_MOST && self.give_up_one() {}
    }

    fn take_last(&mut self) -> Option<Piece> {
        let last = self.pieces.pop_back()?;
        self.bytes -= last.length();
        Some(last)
    }

    /// Gives up what is worth least, the oldest of it. A block stays: there is one at most, and it is as new as can be.
    fn give_up_one(&mut self) -> bool {
        let worth = |(at, piece): (usize, &Piece)| match piece {
            Piece::Stays { worth, .. } => Some((*worth, at)),
            _ => None,
        };
        let Some((_, at)) = self.pieces.iter().enumerate().filter_map(worth).min() else { return false };
        if let Some(piece @ Piece::Stays { .. }) = self.pieces.remove(at) {
            self.bytes -= piece.length();
            self.missed += piece.lines();
        }
        true
    }
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Self::Stays { text, .. } | Self::Block { text, .. } => text,
            Self::Settle | Self::Clear | Self::Control(_) => "",
        }
    }

    fn length(&self) -> usize {
        self.text().len()
    }

    /// How many lines somebody would have read: empty ones only stand between others.
    fn lines(&self) -> usize {
        self.text().lines().filter(|line| !line.is_empty()).count()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn stays(text: &str, worth: Worth) -> Piece {
        Piece::Stays { text: text.to_owned(), worth }
    }

    fn block(text: &str) -> Piece {
        Piece::Block { text: text.to_owned(), rows: 1 }
    }

    fn waiting(pieces: impl IntoIterator<Item = Piece>) -> Waiting {
        let mut waiting = Waiting::default();
        pieces.into_iter().for_each(|piece| waiting.push(piece));
        waiting
    }

    #[test]
    fn what_nobody_would_have_seen_is_not_drawn() {
        let word = || stays("word\n", Worth::Word);
        assert_eq!(waiting([block("1"), block("2")]).pieces, [block("2")]);
        assert_eq!(waiting([block("1"), word()]).pieces, [word()]);
        assert_eq!(waiting([block("1"), Piece::Clear]).pieces, [Piece::Clear]);
        assert_eq!(waiting([block("1\n"), Piece::Settle]).pieces, [stays("1\n", Worth::Progress)]);
        assert_eq!(waiting([Piece::Settle, Piece::Clear]).pieces, [Piece::Settle]);
        assert_eq!(waiting([word(), Piece::Settle, word()]).pieces, [word(), word()]);
        assert_eq!(waiting([block("1"), Piece::Control("x")]).pieces, [block("1"), Piece::Control("x")]);
    }

    #[test]
    fn where_there_is_no_room_the_oldest_goes_that_is_worth_least() {
        let line = |number: usize| format!("{number:0>99}\n");
        let mut full = Waiting::default();
        full.push(stays(&line(0), Worth::Word));
        full.push(stays(&line(1), Worth::Log));
        for number in 0..10_000 {
            full.push(stays(&line(number), Worth::Progress));
        }
        assert!(full.bytes <= WAITING_AT_MOST, "{}", full.bytes);
        assert_eq!(full.missed + full.pieces.len(), 10_002);
        assert_eq!(full.pieces[0], stays(&line(0), Worth::Word));
        assert_eq!(full.pieces[1], stays(&line(1), Worth::Log));
        assert_eq!(full.pieces.back(), Some(&stays(&line(9_999), Worth::Progress)), "the newest is kept");
        for number in 0..10_000 {
            full.push(stays(&line(number), Worth::Word));
        }
        assert!(full.pieces.iter().all(|piece| matches!(piece, Piece::Stays { worth: Worth::Word, .. })));
        assert_eq!(full.missed + full.pieces.len(), 20_002, "what is gone is counted");
        let bytes: usize = full.pieces.iter().map(Piece::length).sum();
        assert_eq!(full.bytes, bytes);
    }

    /// Writes only as often as it is allowed to.
    struct Slow {
        allowed: mpsc::Receiver<()>,
        wrote: mpsc::Sender<(usize, Vec<Piece>)>,
    }

    impl Sink for Slow {
        fn write(&mut self, missed: usize, pieces: VecDeque<Piece>) {
            let _ = self.wrote.send((0, Vec::new()));
            let _ = self.allowed.recv();
            let _ = self.wrote.send((missed, pieces.into()));
        }
    }

    #[tokio::test]
    async fn whoever_hands_in_never_waits_for_whoever_reads() {
        let ((allow, allowed), (wrote, written)) = (mpsc::channel(), mpsc::channel());
        let outlet = Outlet::open("test", Slow { allowed, wrote }).expect("a thread");
        outlet.push(stays("first\n", Worth::Word));
        written.recv().expect("it writes, and is stopped there");
        // Far more than there is room for, in this very thread, while nobody reads.
        for number in 0..20_000 {
            outlet.push(stays(&format!("progress number {number} of something\n"), Worth::Progress));
        }
        outlet.push(stays("outcome\n", Worth::Word));
        outlet.written_within(Duration::from_millis(1));
        assert!(futures::FutureExt::now_or_never(outlet.written()).is_none());
        drop(allow);
        outlet.written().await;
        let mut all = written.try_iter().filter(|(_, pieces)| !pieces.is_empty());
        assert_eq!(all.next(), Some((0, vec![stays("first\n", Worth::Word)])));
        let (missed, pieces) = all.next().expect("the rest");
        assert_eq!(missed + pieces.len(), 20_001);
        assert_eq!(pieces.last(), Some(&stays("outcome\n", Worth::Word)));
    }

    struct Broken;

    impl Sink for Broken {
        fn write(&mut self, _: usize, _: VecDeque<Piece>) {
            panic!("the panic that this test is about");
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_a_writer_that_is_gone() {
        let outlet = Outlet::open("test", Broken).expect("a thread");
        outlet.push(stays("one\n", Worth::Word));
        outlet.written().await;
        outlet.push(stays("two\n", Worth::Word));
        outlet.written().await;
        outlet.written_within(Duration::from_secs(60));
    }
}
