//! The keyboard of a terminal: a line with completion and history, or the first key that somebody presses while they
//! watch. Reading blocks, so it has a thread of its own, which does what it is wished to and answers each wish once.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use rustyline::completion::{Completer, Pair};
use rustyline::config::{CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::partner::Partner;
use super::screen::Screen;

/// What stands before a line.
const PROMPT: &str = "› ";

/// How many lines are remembered.
const HISTORY: usize = 1000;

/// How long the prompt waits for what is to stand above it. Longer would be no use: what was printed in the moment when
/// a line ended is only shown by the editor of the next one.
const SETTLES: Duration = Duration::from_millis(300);

/// What is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line.
    Line(String),
    /// Keys, while somebody watched.
    Keys(String),
    /// Nothing, until the watching was over.
    Nothing,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D, or the terminal is gone.
    End,
}

enum Wish {
    Line {
        initial: String,
        screen: Arc<Screen>,
    },
    /// The number by which [`Keyboard::enough`] names it.
    Keys(u8),
}

/// A keyboard.
pub(super) struct Keyboard {
    wishes: std::sync::mpsc::Sender<Wish>,
    typed: mpsc::UnboundedReceiver<Typed>,
    wake: PipeWriter,
    /// The newest wish for keys.
    watching: u8,
    _terminal: Terminal,
}

/// The terminal as it was found, and as it is left: the thread may be in the middle of a line.
struct Terminal(Option<Termios>);

impl Terminal {
    fn found() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(found) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, found);
        }
    }
}

impl Keyboard {
    /// Opens the keyboard, with a way to print above the line that is being typed.
    pub(super) fn open(
        partner: Arc<dyn Partner>,
        history: Option<PathBuf>,
    ) -> Result<(Self, Box<dyn ExternalPrinter + Send>), ReadlineError> {
        let terminal = Terminal::found();
        let config = Config::builder()
            .max_history_size(HISTORY)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .build();
        let mut editor: Editor<Completing, FileHistory> = Editor::with_config(config)?;
        editor.set_helper(Some(Completing { partner, runtime: Handle::current() }));
        if let Some(history) = &history {
            // There is none at the first start.
            let _ = editor.load_history(history);
        }
        let printer = editor.create_external_printer()?;
        let (wishes, wished) = std::sync::mpsc::channel();
        let (to, typed) = mpsc::unbounded_channel();
        let (mut woken, wake) = io::pipe()?;
        std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            for wish in wished {
                let typed = match wish {
                    Wish::Line { initial, screen } => {
                        screen.written_within(SETTLES);
                        drop(screen);
                        line(&mut editor, &initial, history.as_ref())
                    }
                    Wish::Keys(watching) => keys(&mut woken, watching).unwrap_or(Typed::End),
                };
                if to.send(typed).is_err() {
                    return;
                }
            }
        })?;
        Ok((Self { wishes, typed, wake, watching: 0, _terminal: terminal }, Box::new(printer)))
    }

    /// Wishes a line that begins like this, below what is on the screen by now.
    pub(super) fn line(&self, initial: &str, screen: &Arc<Screen>) {
        let _ = self.wishes.send(Wish::Line { initial: initial.to_owned(), screen: Arc::clone(screen) });
    }

    /// Wishes to know of any key.
    pub(super) fn keys(&mut self) {
        self.watching = self.watching.wrapping_add(1);
        let _ = self.wishes.send(Wish::Keys(self.watching));
    }

    /// Ends the newest wish for keys, which may be answered by now; it is answered all the same, once.
    pub(super) fn enough(&mut self) {
        let _ = self.wake.write_all(&[self.watching]);
    }

    /// The answer to the wish.
    pub(super) async fn typed(&mut self) -> Typed {
        self.typed.recv().await.unwrap_or(Typed::End)
    }
}

fn line(editor: &mut Editor<Completing, FileHistory>, initial: &str, history: Option<&PathBuf>) -> Typed {
    match editor.readline_with_initial(PROMPT, (initial, "")) {
        Ok(line) => {
            let new = editor.add_history_entry(line.as_str()).unwrap_or(false);
            if let Some(history) = history.filter(|_| new && !line.trim().is_empty()) {
                // A folder that can't be written costs the memory of a line, no more.
                let _ = editor.append_history(history);
            }
            Typed::Line(line)
        }
        Err(ReadlineError::Interrupted) => Typed::Interrupt,
        Err(_) => Typed::End,
    }
}

/// Waits for a key, or for enough.
fn keys(woken: &mut PipeReader, watching: u8) -> io::Result<Typed> {
    let stdin = io::stdin();
    let found = tcgetattr(&stdin)?;
    let mut raw = found.clone();
    // Keys come at once and unseen; Ctrl-C is one of them.
    raw.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    raw.special_codes[SpecialCodeIndex::VMIN] = 1;
    raw.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&stdin, OptionalActions::Now, &raw)?;
    let typed = wait_for_keys(&stdin, woken, watching);
    tcsetattr(&stdin, OptionalActions::Now, &found)?;
    typed
}

fn wait_for_keys(stdin: &impl AsFd, woken: &mut PipeReader, watching: u8) -> io::Result<Typed> {
    loop {
        let (pressed, mut enough) = {
            let mut both = [PollFd::new(stdin, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
            match poll(&mut both, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            (!both[0].revents().is_empty(), !both[1].revents().is_empty())
        };
        if enough {
            let mut of = [0];
            woken.read_exact(&mut of)?;
            // Keys may have answered the wish that it was meant for.
            enough = of == [watching];
        }
        let mut keys = [0; 1024];
        let typed = match pressed {
            true => {
                let count = rustix::io::read(stdin, &mut keys[..])?;
                meaning(&keys[..count])
            }
            false => None,
        };
        match typed {
            Some(typed) => return Ok(typed),
            None if enough => return Ok(Typed::Nothing),
            None => {}
        }
    }
}

/// What keys mean to somebody who watches; none for those that mean nothing.
fn meaning(keys: &[u8]) -> Option<Typed> {
    match keys {
        [] | [0x04, ..] => Some(Typed::End),
        [0x03, ..] => Some(Typed::Interrupt),
        // Arrows and the like.
        [0x1b, ..] => None,
        keys => {
            let text = String::from_utf8_lossy(keys).replace('\r', "\n");
            let typed: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
            (!typed.is_empty()).then_some(Typed::Keys(typed))
        }
    }
}

/// Completes with what the other side knows.
struct Completing {
    partner: Arc<dyn Partner>,
    runtime: Handle,
}

impl Completer for Completing {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        // Asked inside of the runtime, for this thread has none of its own.
        let found = self.runtime.block_on(async { self.partner.complete(line.to_owned(), cursor).await });
        let Some(from) = found.first().map(|first| first.from) else { return Ok((cursor, Vec::new())) };
        let typed = line.get(from..cursor).unwrap_or_default();
        let bare = |text: &str| text.trim_start_matches(['/', '#']).to_lowercase();
        // What only resembles what was typed is offered where nothing begins like it.
        let begins = |text: &str| bare(text).starts_with(&bare(typed));
        let any = found.iter().any(|completion| begins(&completion.text));
        let fitting =
            found.into_iter().filter(|completion| completion.from == from && (!any || begins(&completion.text)));
        let mut pairs: Vec<Pair> =
            fitting.map(|found| Pair { display: found.text.clone(), replacement: found.text }).collect();
        if let [only] = pairs.as_mut_slice() {
            only.replacement.push(' ');
        }
        Ok((from, pairs))
    }
}

impl Hinter for Completing {
    type Hint = String;
}

impl Highlighter for Completing {}
impl Validator for Completing {}
impl Helper for Completing {}

#[cfg(test)]
mod tests {
    use commands::invocation::{Desk as _, Via};

    use super::super::partner::Local;
    use super::super::speaker::Identity;
    use super::super::testing::{CLOCK, FakeBot};
    use super::*;

    /// The texts that a thread without a runtime, as the keyboard's is one, is offered for a line.
    async fn offered(partner: Arc<dyn Partner>, line: &'static str) -> Vec<String> {
        let completing = Completing { partner, runtime: Handle::current() };
        let thread = std::thread::spawn(move || {
            let history = FileHistory::new();
            let (_, pairs) = completing.complete(line, line.len(), &Context::new(&history)).expect("an answer");
            pairs.into_iter().map(|pair| pair.replacement).collect()
        });
        let ended = tokio::task::spawn_blocking(|| thread.join()).await.expect("it is waited for");
        ended.expect("the thread of the keyboard lives")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_running_bot_completes_what_the_keyboard_types() {
        let bot = FakeBot::started().await;
        assert_eq!(offered(Arc::new(bot.remote()), "/sta").await, ["/status "]);
        assert_eq!(offered(Arc::new(FakeBot::new().await.remote()), "/sta").await, [""; 0], "nobody is there");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_own_bot_completes_what_the_keyboard_types() {
        let bot = FakeBot::new().await;
        let identity = Identity::own(&bot.desk.catalogue(), CLOCK().wall).await;
        let (desk, channels) = (bot.desk.clone(), bot.channels.clone());
        let local = Local { desk, channels, clock: CLOCK, identity, via: Via::Console };
        assert_eq!(offered(Arc::new(local), "/sta").await, ["/status "]);
    }

    #[test]
    fn enough_of_one_watch_does_not_end_the_next() {
        let ((keys, mut typing), (mut woken, mut wake)) = (io::pipe().expect("a pipe"), io::pipe().expect("a pipe"));
        // The first wish was answered by keys, and then ended all the same.
        wake.write_all(&[1]).expect("written");
        typing.write_all(b"x").expect("written");
        assert_eq!(wait_for_keys(&keys, &mut woken, 2).expect("an answer"), Typed::Keys("x".into()));
        wake.write_all(&[1, 2]).expect("written");
        assert_eq!(wait_for_keys(&keys, &mut woken, 2).expect("an answer"), Typed::Nothing);
    }

    #[test]
    fn keys_of_somebody_who_watches() {
        assert_eq!(meaning(b"/st"), Some(Typed::Keys("/st".into())));
        assert_eq!(meaning("停".as_bytes()), Some(Typed::Keys("停".into())));
        assert_eq!(meaning(b"1\r"), Some(Typed::Keys("1\n".into())));
        assert_eq!(meaning(b"\x1b[A"), None, "an arrow");
        assert_eq!(meaning(b"\t"), None);
        assert_eq!(meaning(b"\x03"), Some(Typed::Interrupt));
        assert_eq!(meaning(b"\x04"), Some(Typed::End));
        assert_eq!(meaning(b""), Some(Typed::End), "the terminal is gone");
    }
}
