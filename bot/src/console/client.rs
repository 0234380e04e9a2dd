//! `rotabot say` and `rotabot console`: the programs that talk to a running bot.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use commands::cards::console::{self as remarks, Leaving};
use commands::words::Words;
use state::catalogue::Language;
use tokio::sync::watch;

use super::say::{self, Saying, failed};
use super::{Console, HISTORY, Patience, Remark, Remote, beside};
use crate::cli::cannot_be_set_up;
use crate::clock;
use crate::config::SOCKET;
use crate::runner::Ending;
use crate::signals;

/// How long a script that waits for an outcome waits for a bot that may just be starting.
const FIRST_FOR_SCRIPTS: Duration = Duration::from_secs(5);

/// Says one line to the bot whose data folder that is.
pub fn say(data: &Path, saying: &Saying, in_name_of: Option<String>) -> ExitCode {
    let first = if saying.wait { FIRST_FOR_SCRIPTS } else { Patience::default().first };
    let remote = remote(data, in_name_of, Patience { first, ..Patience::default() });
    on_a_runtime(async { say::say(saying, Arc::new(remote), clock::now).await })
}

/// A console of the bot whose data folder that is.
pub fn console(data: &Path, in_name_of: Option<String>) -> ExitCode {
    let remote = remote(data, in_name_of, Patience::default());
    on_a_runtime(async {
        if let Err(lost) = remote.greet().await {
            return failed(&remote, clock::now, &lost);
        }
        let asked = match signals::asked_to_leave() {
            Ok(asked) => asked,
            Err(error) => return cannot_be_set_up(&error),
        };
        let (ending, shutdown) = watch::channel(Ending::No);
        tokio::spawn(async move {
            asked.await;
            ending.send_replace(Ending::Asked);
        });
        let history = io::stdin().is_terminal().then(|| data.join(HISTORY));
        let console = Console {
            partner: Arc::new(remote),
            clock: clock::now,
            history,
            leaving: Leaving::LeavesTheBot,
            welcome: None,
        };
        console.run(shutdown).await
    })
}

/// The bot whose data folder that is.
pub(crate) fn remote(data: &Path, in_name_of: Option<String>, patience: Patience) -> Remote {
    Remote::new(data.join(SOCKET), in_name_of, patience, Arc::new(remark))
}

fn remark(remark: Remark, language: Language) {
    let words = Words::get(language);
    let text = match remark {
        Remark::Waiting => remarks::waiting(words),
        Remark::Busy => remarks::busy(words),
        Remark::Back => remarks::back(words),
    };
    beside::complain(&format!("{text}\n"));
}

pub(crate) fn on_a_runtime(what: impl Future<Output = u8>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_be_set_up(&error).into(),
    };
    let code = runtime.block_on(what);
    // A thread that waits for a line would keep the process for ever.
    runtime.shutdown_background();
    code.into()
}
