//! Where rows go: to a terminal, on which a block can be drawn in place of the one before, or to anything else, line by
//! line. Whoever has stopped reading is no fault, and nobody waits for them: what is drawn is written elsewhere
//! (`outlet`).

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use super::draw::Row;
use super::outlet::{Outlet, Piece, Sink, Worth};
use super::{Shutdown, ends};
use crate::surroundings;

/// What is assumed of a terminal that doesn't tell.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// How long the last rows may take to be read once the console or the process ends.
const LAST_ROWS: Duration = Duration::from_secs(1);

/// An editor of lines has the terminal mark what is pasted, and would take that back at the end of its line.
const PASTE_AS_BEFORE: &str = "\x1b[?2004l\r";

/// The row that tells how many lines were not shown.
pub(super) type Gap = Box<dyn Fn(usize) -> Row + Send>;

/// Where rows go.
pub(super) struct Screen {
    colour: bool,
    /// Whether it is a terminal: rows are broken to its width.
    terminal: bool,
    /// Whether somebody types there.
    prompts: bool,
    outlet: Outlet,
}

/// What pieces become.
struct Drawn {
    out: Out,
    /// The rows of the block that may be drawn anew.
    live: usize,
    gap: Gap,
    colour: bool,
}

enum Out {
    Stream(Box<dyn Write + Send>),
    /// Prints above the line that is being typed, whenever there is one.
    Prompt(Box<dyn rustyline::ExternalPrinter + Send>),
}

impl Screen {
    /// Standard output.
    pub(super) fn stdout(gap: Gap) -> io::Result<Self> {
        Self::new(Out::Stream(Box::new(io::stdout())), gap, colours(), is_terminal())
    }

    /// A terminal at which somebody types.
    pub(super) fn prompt(printer: Box<dyn rustyline::ExternalPrinter + Send>, gap: Gap) -> io::Result<Self> {
        Self::new(Out::Prompt(printer), gap, colours(), true)
    }

    /// Anything else, without colours.
    #[cfg(test)]
    pub(super) fn to(out: Box<dyn Write + Send>) -> Self {
        let gap: Gap = Box::new(|lines| Row::faint(&format!("{lines} missing")));
        Self::new(Out::Stream(out), gap, false, false).expect("a thread")
    }

    fn new(out: Out, gap: Gap, colour: bool, terminal: bool) -> io::Result<Self> {
        let prompts = matches!(out, Out::Prompt(_));
        let outlet = Outlet::open("screen", Drawn { out, live: 0, gap, colour })?;
        Ok(Self { colour, terminal, prompts, outlet })
    }

    /// Shows rows that stay.
    pub(super) fn print(&self, rows: &[Row]) {
        self.print_worth(rows, Worth::Word);
    }

    /// Shows rows that stay, and are the first to be left out for a terminal that nobody reads.
    pub(super) fn print_progress(&self, rows: &[Row]) {
        self.print_worth(rows, Worth::Progress);
    }

    fn print_worth(&self, rows: &[Row], worth: Worth) {
        let columns = if self.terminal { size().0 } else { usize::MAX };
        let mut text = String::new();
        for row in rows.iter().flat_map(|row| row.wrapped(columns)) {
            text.push_str(&row.painted(self.colour));
            text.push('\n');
        }
        // What was answered stands apart from what is typed next.
        if self.prompts {
            text.push('\n');
        }
        self.outlet.push(Piece::Stays { text, worth });
    }

    /// Shows lines that somebody else has made, such as those of the log.
    pub(super) fn print_raw(&self, lines: &str, worth: Worth) {
        self.outlet.push(Piece::Stays { text: lines.to_owned(), worth });
    }

    /// Draws rows in place of those that were drawn so before. They are broken to the terminal, so that how many it takes
    /// back is known.
    pub(super) fn live(&self, rows: &[Row]) {
        let (columns, lines) = size();
        let (mut text, mut drawn) = (String::new(), 0);
        for row in rows.iter().flat_map(|row| row.wrapped(columns)).take(lines.saturating_sub(1).max(1)) {
            text.push_str(&row.painted(self.colour));
            text.push('\n');
            drawn += 1;
        }
        self.outlet.push(Piece::Block { text, rows: drawn });
    }

    /// Lets what was drawn in place stay where it is.
    pub(super) fn settle(&self) {
        self.outlet.push(Piece::Settle);
    }

    /// Takes away what was drawn in place.
    pub(super) fn clear(&self) {
        self.outlet.push(Piece::Clear);
    }

    /// Waits until all that was shown so far is written.
    pub(super) async fn written(&self) {
        self.outlet.written().await;
    }

    /// The same on a thread of the terminal, which may wait so long for it.
    pub(super) fn written_within(&self, patience: Duration) {
        self.outlet.written_within(patience);
    }

    /// Waits for whoever reads, where that is no terminal: a pipe gets all of it, as fast as it is read.
    pub(super) async fn keep_pace(&self) {
        if !self.terminal {
            self.written().await;
        }
    }

    /// Waits until the last row is read, but not much longer than the process goes on.
    pub(super) async fn last(&self, shutdown: &mut Shutdown) {
        let over = async {
            ends(shutdown).await;
            tokio::time::sleep(LAST_ROWS).await;
        };
        tokio::select! {
            () = self.written() => {}
            () = over => {}
        }
    }

    /// Leaves the terminal to the next program. One that is stopped is left as it is.
    pub(super) async fn leave(&self) {
        self.settle();
        self.outlet.push(Piece::Control(PASTE_AS_BEFORE));
        let _ = tokio::time::timeout(LAST_ROWS, self.written()).await;
    }
}

impl Sink for Drawn {
    fn write(&mut self, missed: usize, pieces: VecDeque<Piece>) {
        let mut text = String::new();
        if missed > 0 {
            text = self.erase() + &(self.gap)(missed).painted(self.colour) + "\n";
        }
        for piece in pieces {
            match piece {
                Piece::Stays { text: lines, .. } => text = text + &self.erase() + &lines,
                Piece::Block { text: block, rows } => {
                    text = text + &self.erase() + &block;
                    self.live = rows;
                }
                Piece::Settle => self.live = 0,
                Piece::Clear => text += &self.erase(),
                Piece::Control(codes) => {
                    self.show(std::mem::take(&mut text));
                    // Past the editor, which would draw its line anew.
                    let _ = io::stdout().write_all(codes.as_bytes()).and_then(|()| io::stdout().flush());
                }
            }
        }
        self.show(text);
    }
}

impl Drawn {
    /// What takes the live block away.
    fn erase(&mut self) -> String {
        match std::mem::take(&mut self.live) {
            0 => String::new(),
            rows => format!("\r\u{1b}[{rows}A\u{1b}[J"),
        }
    }

    fn show(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        // Nobody may be reading any more. What is under way goes on all the same.
        match &mut self.out {
            Out::Stream(out) => {
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
            Out::Prompt(printer) => {
                let _ = printer.print(text);
            }
        }
    }
}

/// Whether standard output takes colours.
fn colours() -> bool {
    is_terminal() && !surroundings::is_set("NO_COLOR")
}

/// Whether standard output is a terminal that can draw in place.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal() && surroundings::variable("TERM").is_none_or(|term| term != "dumb")
}

/// Columns and lines of the terminal.
fn size() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => USUAL_SIZE,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Taken;
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn rows(texts: &[&str]) -> Vec<Row> {
        texts.iter().map(|text| Row::faint(text)).collect()
    }

    #[tokio::test]
    async fn a_block_takes_the_place_of_the_one_before() {
        let taken = Taken::default();
        let screen = Screen::to(Box::new(taken.clone()));
        let shown = async || {
            screen.written().await;
            taken.take()
        };
        screen.live(&rows(&["one", "two"]));
        assert_eq!(shown().await, "one\ntwo\n");
        screen.live(&rows(&["three"]));
        assert_eq!(shown().await, "\r\u{1b}[2A\u{1b}[Jthree\n");
        screen.print(&rows(&["stays"]));
        assert_eq!(shown().await, "\r\u{1b}[1A\u{1b}[Jstays\n");
        screen.live(&rows(&["four"]));
        assert_eq!(shown().await, "four\n");
        screen.settle();
        screen.print(&rows(&["five"]));
        assert_eq!(shown().await, "five\n", "what is settled stays");
    }

    #[tokio::test]
    async fn a_block_is_never_higher_than_the_terminal() {
        let taken = Taken::default();
        let screen = Screen::to(Box::new(taken.clone()));
        let many: Vec<String> = (0..500).map(|number| number.to_string()).collect();
        screen.live(&many.iter().map(|text| Row::faint(text)).collect::<Vec<_>>());
        screen.written().await;
        let shown = taken.take().lines().count();
        assert!(shown < 500, "{shown} rows");
    }

    #[tokio::test]
    async fn nobody_reading_is_no_fault() {
        let screen = Screen::to(Box::new(Closed));
        screen.print(&rows(&["one"]));
        screen.live(&rows(&["two"]));
        screen.written().await;
    }

    #[test]
    fn what_was_not_shown_is_counted_where_it_would_have_stood() {
        let taken = Taken::default();
        let gap: Gap = Box::new(|lines| Row::faint(&format!("{lines} missing")));
        let mut drawn = Drawn { out: Out::Stream(Box::new(taken.clone())), live: 0, gap, colour: false };
        drawn.write(0, [Piece::Block { text: "half\n".to_owned(), rows: 1 }].into());
        assert_eq!(taken.take(), "half\n");
        drawn.write(7, [Piece::Stays { text: "done\n".to_owned(), worth: Worth::Word }].into());
        assert_eq!(taken.take(), "\r\u{1b}[1A\u{1b}[J7 missing\ndone\n");
    }
}
