//! Where rows go: to a terminal, on which a block can be drawn in place of the one before, or to anything else, line by
//! line. Whoever has stopped reading is no fault.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::draw::Row;
use crate::surroundings;

/// What is assumed of a terminal that doesn't tell.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// Where rows go.
pub(super) struct Screen {
    colour: bool,
    /// Whether rows are broken to the width of the terminal.
    wraps: bool,
    sink: Mutex<Sink>,
}

struct Sink {
    out: Out,
    /// The rows of the block that may be drawn anew.
    live: usize,
}

enum Out {
    Stream(Box<dyn Write + Send>),
    /// Prints above the line that is being typed, whenever there is one.
    Prompt(Box<dyn rustyline::ExternalPrinter + Send>),
}

impl Screen {
    /// Standard output.
    pub(super) fn stdout() -> Self {
        Self::new(Out::Stream(Box::new(io::stdout())), colours(), is_terminal())
    }

    /// A terminal at which somebody types.
    pub(super) fn prompt(printer: Box<dyn rustyline::ExternalPrinter + Send>) -> Self {
        Self::new(Out::Prompt(printer), colours(), true)
    }

    /// Anything else, without colours.
    #[cfg(test)]
    pub(super) fn to(out: Box<dyn Write + Send>) -> Self {
        Self::new(Out::Stream(out), false, false)
    }

    fn new(out: Out, colour: bool, wraps: bool) -> Self {
        Self { colour, wraps, sink: Mutex::new(Sink { out, live: 0 }) }
    }

    /// Shows rows that stay.
    pub(super) fn print(&self, rows: &[Row]) {
        let columns = if self.wraps { size().0 } else { usize::MAX };
        let mut sink = self.sink();
        let mut text = sink.erase();
        for row in rows.iter().flat_map(|row| row.wrapped(columns)) {
            text.push_str(&row.painted(self.colour));
            text.push('\n');
        }
        // What was answered stands apart from what is typed next.
        if matches!(sink.out, Out::Prompt(_)) {
            text.push('\n');
        }
        sink.write(text);
    }

    /// Shows lines that somebody else has made, such as those of the log.
    pub(super) fn print_raw(&self, lines: &str) {
        let mut sink = self.sink();
        let text = sink.erase() + lines;
        sink.write(text);
    }

    /// Draws rows in place of those that were drawn so before. They are broken to the terminal, so that how many it takes
    /// back is known.
    pub(super) fn live(&self, rows: &[Row]) {
        let (columns, lines) = size();
        let mut sink = self.sink();
        let mut text = sink.erase();
        for row in rows.iter().flat_map(|row| row.wrapped(columns)).take(lines.saturating_sub(1).max(1)) {
            text.push_str(&row.painted(self.colour));
            text.push('\n');
            sink.live += 1;
        }
        sink.write(text);
    }

    /// Lets what was drawn in place stay where it is.
    pub(super) fn settle(&self) {
        self.sink().live = 0;
    }

    /// Takes away what was drawn in place.
    pub(super) fn clear(&self) {
        let mut sink = self.sink();
        let text = sink.erase();
        sink.write(text);
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink {
    /// What takes the live block away.
    fn erase(&mut self) -> String {
        match std::mem::take(&mut self.live) {
            0 => String::new(),
            rows => format!("\r\u{1b}[{rows}A\u{1b}[J"),
        }
    }

    fn write(&mut self, text: String) {
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

/// The terminal at which somebody types in this process.
static IN_FRONT: Mutex<Weak<Screen>> = Mutex::new(Weak::new());

/// From now on whatever the process says beside it is printed above the prompt.
pub(super) fn is_in_front(screen: &Arc<Screen>) {
    *IN_FRONT.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(screen);
}

/// Says something on standard error, above the prompt where somebody types.
pub(super) fn beside(lines: &str) {
    let in_front = IN_FRONT.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    match in_front.filter(|_| io::stderr().is_terminal()) {
        Some(screen) => screen.print_raw(lines),
        None => {
            let _ = io::stderr().write_all(lines.as_bytes());
        }
    }
}

/// Lines of the log on standard error, which leave alone what somebody is typing.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogLines;

impl Write for LogLines {
    /// A line comes as a whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        beside(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

    #[test]
    fn a_block_takes_the_place_of_the_one_before() {
        let taken = Taken::default();
        let screen = Screen::to(Box::new(taken.clone()));
        screen.live(&rows(&["one", "two"]));
        assert_eq!(taken.take(), "one\ntwo\n");
        screen.live(&rows(&["three"]));
        assert_eq!(taken.take(), "\r\u{1b}[2A\u{1b}[Jthree\n");
        screen.print(&rows(&["stays"]));
        assert_eq!(taken.take(), "\r\u{1b}[1A\u{1b}[Jstays\n");
        screen.live(&rows(&["four"]));
        screen.settle();
        screen.print(&rows(&["five"]));
        assert_eq!(taken.take(), "four\nfive\n", "what is settled stays");
    }

    #[test]
    fn a_block_is_never_higher_than_the_terminal() {
        let taken = Taken::default();
        let screen = Screen::to(Box::new(taken.clone()));
        let many: Vec<String> = (0..500).map(|number| number.to_string()).collect();
        screen.live(&many.iter().map(|text| Row::faint(text)).collect::<Vec<_>>());
        let shown = taken.take().lines().count();
        assert!(shown < 500, "{shown} rows");
    }

    #[test]
    fn nobody_reading_is_no_fault() {
        let screen = Screen::to(Box::new(Closed));
        screen.print(&rows(&["one"]));
        screen.live(&rows(&["two"]));
    }
}
