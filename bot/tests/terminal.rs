//! A terminal at which nobody reads: stopped with Ctrl-S, or a window that hangs. The bot behind it goes on, answers on
//! its socket, and ends when it is asked to.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Action, Winsize, tcflow, tcsetwinsize};

/// Whatever should happen does so by then, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// So soon a bot has ended, once it is asked to.
const ENDS: Duration = Duration::from_secs(5);

/// A cluster at whose address nobody listens.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
clusters: [{ name: main, cluster: { server: 'http://127.0.0.1:1' } }]
users: [{ name: main, user: {} }]
contexts: [{ name: main, context: { cluster: main, user: main } }]
";

const CONFIG: &str = "\
[clusters.main]
context = \"main\"
kubeconfig = \"kubeconfig\"
[environments.prod]
namespace = \"shop\"
[environments.prod.allow]
lock = [\"everyone\"]
[services.api]
workloads = [{ containers = { api = \"registry.example/api\" } }]
[people.me]
roles = [\"admin\"]
";

/// `rotabot run --console` at a terminal of ours.
struct AtTerminal {
    folder: tempfile::TempDir,
    bot: Child,
    keys: File,
    terminal: File,
    screen: Arc<Mutex<String>>,
}

/// Whether anybody reads what the terminal shows.
#[derive(PartialEq)]
enum Reads {
    Somebody,
    Nobody,
}

impl AtTerminal {
    fn started(reads: Reads) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).expect("users").expect("a user").name;
        fs::write(folder.path().join("kubeconfig"), KUBECONFIG).expect("written");
        fs::write(folder.path().join("rotabot.toml"), format!("{CONFIG}unix = \"{user}\"\n")).expect("written");
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&keys).and_then(|()| unlockpt(&keys)).expect("a terminal");
        let name = ptsname(&keys, Vec::new()).expect("a name").into_string().expect("text");
        let terminal = File::options().read(true).write(true).open(name).expect("a terminal");
        let size = Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("a size");
        let end = || Stdio::from(terminal.try_clone().expect("a handle"));
        let bot = rotabot(folder.path())
            .args(["run", "--console"])
            .env("RUST_LOG", "debug")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("rotabot");
        let (keys, screen) = (File::from(keys), Arc::new(Mutex::new(String::new())));
        if reads == Reads::Somebody {
            let (mut from, to) = (keys.try_clone().expect("a handle"), Arc::clone(&screen));
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                while let Ok(count @ 1..) = from.read(&mut some) {
                    to.lock().expect("not poisoned").push_str(&String::from_utf8_lossy(&some[..count]));
                }
            });
        }
        Self { folder, bot, keys, terminal, screen }
    }

    fn types(&mut self, line: &str) {
        write!(self.keys, "{line}\r").expect("typed");
    }

    fn shows(&self, what: &str) -> bool {
        self.screen.lock().expect("not poisoned").contains(what)
    }

    /// What the bot answers at its socket to a line: the exit code.
    fn answers(&self, line: &str) -> Option<i32> {
        let said = rotabot(self.folder.path()).args(["say", "--json", line]).stdout(Stdio::null()).spawn();
        ends_within(&mut said.expect("rotabot"), PATIENCE).and_then(|status| status.code())
    }

    fn ends(&mut self) -> Option<ExitStatus> {
        let id = Pid::from_child(&self.bot);
        kill_process(id, Signal::TERM).expect("it is there");
        ends_within(&mut self.bot, ENDS)
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        let _ = self.bot.kill();
        let _ = self.bot.wait();
    }
}

fn rotabot(folder: &Path) -> Command {
    let mut rotabot = Command::new(env!("CARGO_BIN_EXE_rotabot"));
    rotabot.current_dir(folder).env_remove("ROTABOT_CONFIG").env_remove("ROTABOT_DATA").env("TERM", "xterm");
    rotabot
}

fn ends_within(process: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let mut ended = None;
    let over = until(patience, || {
        ended = process.try_wait().expect("ours");
        ended.is_some()
    });
    if !over {
        let _ = process.kill();
        let _ = process.wait();
    }
    ended
}

fn until(patience: Duration, mut wanted: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !wanted() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

#[test]
fn a_stopped_terminal_stops_nothing_else() {
    let mut bot = AtTerminal::started(Reads::Somebody);
    assert!(until(PATIENCE, || bot.shows("› ")), "a prompt");
    tcflow(&bot.terminal, Action::OOff).expect("stopped");
    // The editor is stuck in the first letter that it echoes; the log has ever more to say.
    bot.types("/help");
    for _ in 0..10 {
        assert_eq!(bot.answers("/now"), Some(0));
    }
    assert_eq!(bot.answers("/lock prod \"nobody reads\""), Some(0));
    assert!(!bot.shows("nobody reads"));
    let ended = bot.ends();
    assert_eq!(ended.expect("it ends while nobody reads").code(), Some(0));
}

#[test]
fn a_terminal_that_goes_on_shows_what_was_said_meanwhile() {
    let mut bot = AtTerminal::started(Reads::Somebody);
    assert!(until(PATIENCE, || bot.shows("› ")), "a prompt");
    tcflow(&bot.terminal, Action::OOff).expect("stopped");
    bot.types("/help lock");
    assert_eq!(bot.answers("/lock prod \"nobody reads\""), Some(0));
    tcflow(&bot.terminal, Action::OOn).expect("goes on");
    bot.types("/locks");
    assert!(until(PATIENCE, || bot.shows("nobody reads")), "{}", bot.screen.lock().expect("not poisoned"));
    assert!(bot.ends().expect("it ends").success());
}

#[test]
fn a_terminal_that_nobody_ever_reads_stops_nothing_else() {
    let mut bot = AtTerminal::started(Reads::Nobody);
    let socket = bot.folder.path().join("data/rotabot.sock");
    assert!(until(PATIENCE, || socket.exists()), "a socket");
    // Until the terminal has taken all that it can hold, and the bot is stuck in it.
    for _ in 0..40 {
        assert_eq!(bot.answers("/help"), Some(0));
        let _ = rustix::io::ioctl_fionbio(&bot.keys, true);
        let _ = bot.keys.write(b"/help\r");
    }
    assert_eq!(bot.answers("/now"), Some(0));
    assert!(bot.ends().expect("it ends while nobody reads").success());
}
