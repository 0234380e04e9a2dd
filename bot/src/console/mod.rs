//! The console: chat in a terminal, and over a socket beside the data.
//!
//! Three front ends share it: `run --console`, where people type at the running bot itself; the socket, by which
//! `rotabot console` and `rotabot say` reach a running bot; and the lines that a channel's messages become. What is
//! asked and answered is the desk's business: here it is only read, carried and drawn.

mod beside;
pub mod channel;
pub mod client;
mod draw;
mod follow;
mod keyboard;
mod outlet;
pub mod partner;
mod piped;
pub mod remote;
mod say;
mod screen;
pub mod socket;
pub mod speaker;
mod talk;
mod terminal;
mod wire;
mod wrap;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use commands::card::Card;
use commands::cards::console::Leaving;
use state::time::Now;
use tokio::sync::watch;

use crate::runner::Ending;

pub use beside::{LogLines, complain, last_lines};
pub use channel::{Beside, Channels, Concerns};
pub use partner::{Local, Lost, Partner};
pub use remote::{Patience, Remark, Remote};
pub use say::Saying;
pub use socket::{Service, Socket};
pub use speaker::Identity;

/// The file of typed lines, in the data folder.
pub const HISTORY: &str = "console.history";

/// Reads the clocks.
pub type Clock = fn() -> Now;

/// Tells when the process ends.
pub type Shutdown = watch::Receiver<Ending>;

/// The console of the bot's own process; its exit code.
pub async fn interactive(local: Local, data: &Path, shutdown: Shutdown) -> u8 {
    let clock = local.clock;
    let (history, leaving) = (Some(data.join(HISTORY)), Leaving::EndsTheBot);
    Console { partner: Arc::new(local), clock, history, leaving, welcome: None }.run(shutdown).await
}

/// A console on standard input and output.
pub struct Console {
    /// The other side.
    pub partner: Arc<dyn Partner>,
    /// The clock.
    pub clock: Clock,
    /// Where the typed lines are remembered.
    pub history: Option<PathBuf>,
    /// What leaving it means.
    pub leaving: Leaving,
    /// What is shown first, in the place of who is here.
    pub welcome: Option<Card>,
}

/// Whether somebody sits at a terminal, to read as well as to type.
pub fn at_a_terminal() -> bool {
    io::stdin().is_terminal() && screen::is_terminal()
}

impl Console {
    /// Until it is left, its input ends, or the process does; the exit code. At a terminal a person has seen all there
    /// is to see: that is no failure.
    pub async fn run(self, shutdown: Shutdown) -> u8 {
        if at_a_terminal() {
            match self.at_the_terminal() {
                Ok((talk, keyboard)) => {
                    terminal::Console::new(talk, keyboard, self.leaving).run(self.welcome.as_ref(), shutdown).await;
                    return 0;
                }
                Err(error) => tracing::warn!(error = %error, "the terminal can't be used as one"),
            }
        }
        let screen = match screen::Screen::stdout(talk::gap(&self.partner, self.clock)) {
            Ok(screen) => Arc::new(screen),
            Err(error) => {
                crate::cli::complain(format_args!("nothing can be shown: {error}"));
                return crate::cli::exit::REFUSED;
            }
        };
        let mut talk = talk::Talk::new(self.partner, screen, self.clock);
        match &self.welcome {
            Some(card) => talk.begin(card),
            None => talk.objection(),
        }
        piped::run(talk, piped::stdin(), shutdown).await
    }

    fn at_the_terminal(&self) -> Result<(talk::Talk, keyboard::Keyboard), rustyline::error::ReadlineError> {
        let (keyboard, printer) = keyboard::Keyboard::open(self.partner.clone(), self.history.clone())?;
        let screen = Arc::new(screen::Screen::prompt(printer, talk::gap(&self.partner, self.clock))?);
        beside::is_in_front(&screen);
        Ok((talk::Talk::new(self.partner.clone(), screen, self.clock), keyboard))
    }
}

/// Waits until the process ends.
pub(crate) async fn ends(shutdown: &mut Shutdown) {
    // Whoever could end it is gone: then it ends too.
    let _ = shutdown.wait_for(|ending| *ending != Ending::No).await;
}
