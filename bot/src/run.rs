//! `rotabot run`: opens the store, reaches the neighbours, and goes on until it is asked to end.

use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use commands::invocation::{Desk, Via};
use commands::ports::Cluster;
use futures::FutureExt as _;
use state::store::{SledOptions, SledStore, Store, StoreFault};

use crate::check;
use crate::cli::{Options, complain, exit};
use crate::clock;
use crate::config::{Config, Log, LogLevel, SOCKET};
use crate::console::{self, Beside, Channels, Identity, Local, Service, Socket};
use crate::first_look::{first_look, glance};
use crate::kubernetes::{Kubernetes, Wake};
use crate::logs;
use crate::registry::{Registries, SetupFault};
use crate::runner::{Ending, Neighbours, Runner, Tasks};
use crate::signals;

/// The folder of the store, in the data folder.
pub const STORE: &str = "store";

/// Why the bot doesn't start, or not go on: a sentence with what to do.
#[derive(Debug, thiserror::Error)]
enum RunFault {
    #[error("{0}\n{hint}", hint = hint(.0))]
    Store(#[from] StoreFault),
    #[error("a registry can't be asked: {0}\nMend it in the config; `rotabot check` tells every fault of it.")]
    Registry(#[from] SetupFault),
    #[error("the socket {path} can't be made: {why}\nChoose another data folder with --data, or see who else uses this one.", path = .path.display())]
    Socket { path: PathBuf, why: io::Error },
    #[error("the process can't be set up: {0}")]
    Setup(#[from] io::Error),
}

fn hint(fault: &StoreFault) -> &'static str {
    match fault {
        StoreFault::InUse { .. } => {
            "Another rotabot runs on this data folder: talk to it with `rotabot console`, or end it first."
        }
        StoreFault::NewerFormat { .. } => "Start that version, or take another data folder with --data.",
        StoreFault::LostWrites { .. } => {
            "Put a whole backup in its place; or, to go on with what is there, take the file `acknowledged` out of that \
             folder."
        }
        StoreFault::DiskFull { .. } => "Make room on that disk, then start again: nothing was lost.",
        _ => "Nothing was written. See that the folder exists and belongs to this user, or choose another with --data.",
    }
}

/// Runs the bot. With `interactive`, commands are also read here.
pub fn run(options: &Options, interactive: bool) -> ExitCode {
    let loaded = match options.load() {
        Ok(loaded) => loaded,
        Err(_) => {
            // The same words as `check`, which tells all faults at once.
            let checked = check::check(options);
            let _ = io::stderr().write_all(checked.text.as_bytes());
            return checked.exit;
        }
    };
    let config = loaded.config;
    let log = options.log(config.log);
    // Whoever types here sees how a change goes on the console; its log would stand in between.
    let quiet = interactive && console::at_a_terminal() && log.level == LogLevel::Info;
    logs::start(Log { level: if quiet { LogLevel::Warn } else { log.level }, ..log });
    for broken in commands::words::Words::check() {
        tracing::error!(broken, "the words of this build are not complete");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return failed(&RunFault::Setup(why)),
    };
    match runtime.block_on(serve(options, config, interactive)) {
        Ok(code) => {
            // A reader that waits at the terminal would keep the process for ever.
            runtime.shutdown_background();
            code
        }
        Err(fault) => failed(&fault),
    }
}

fn failed(fault: &RunFault) -> ExitCode {
    complain(fault);
    exit::REFUSED.into()
}

async fn serve(options: &Options, config: Config, interactive: bool) -> Result<ExitCode, RunFault> {
    let store: Arc<dyn Store> = Arc::new(SledStore::open(SledOptions::new(options.data.join(STORE)))?);
    warn_of_strangers(&options.data);
    let registry = Arc::new(Registries::new(&config.registries)?);
    let tasks = Arc::new(Tasks::default());
    let cluster: Arc<dyn Cluster> = Arc::new(watched(&config, &tasks));
    let beside = if interactive { Beside::Nowhere } else { Beside::Log };
    let channels = Arc::new(Channels::new(beside));
    let neighbours = Neighbours {
        store: Arc::clone(&store),
        cluster: Arc::clone(&cluster),
        registry,
        chat: Arc::clone(&channels) as _,
        clock: clock::now,
    };
    let catalogue = Arc::new(config.catalogue);
    let runner = Runner::new(neighbours, catalogue, config.keep_history, tasks);
    let desk: Arc<dyn Desk> = runner.desk();
    let socket = options.data.join(SOCKET);
    let socket = Socket::bind(&socket).map_err(|why| RunFault::Socket { path: socket, why })?;
    let service = Service {
        desk: Arc::clone(&desk),
        channels: Arc::clone(&channels),
        clock: clock::now,
        may_be_spoken_for: config.may_be_spoken_for,
        store,
    };
    let served = {
        let (cluster, runner) = (Arc::clone(&cluster), Arc::clone(&runner));
        tokio::spawn(async move {
            // Whoever calls meanwhile waits in the queue of the socket, and is told what runs rather than that nobody knows.
            glance(&*cluster, &service.desk.catalogue(), runner.ending()).await;
            let ended = tokio::spawn(socket.serve(service, runner.ending())).await;
            if runner.ended() == Ending::No {
                tracing::error!(panicked = ended.is_err(), "the socket is no longer served, so the process ends");
                runner.end(Ending::Broken);
            }
        })
    };
    // Whoever types here is gone with the terminal, which is left as it was found.
    let asked = match interactive && console::at_a_terminal() {
        true => signals::asked_to_leave()?.boxed(),
        false => signals::asked_to_end()?.boxed(),
    };
    tokio::spawn({
        let runner = Arc::clone(&runner);
        async move {
            asked.await;
            runner.end(Ending::Asked);
        }
    });
    let running = {
        let runner = Arc::clone(&runner);
        tokio::spawn(async move { runner.run().await })
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), data = %options.data.display(), "rotabot runs");

    let mut code = ExitCode::SUCCESS;
    if interactive {
        let identity = Identity::own(&desk.catalogue(), clock::now().wall).await;
        if !console::at_a_terminal() {
            first_look(&*cluster, &desk.catalogue(), runner.ending()).await;
        }
        let local = Local { desk, channels, clock: clock::now, identity, via: Via::Console };
        code = console::interactive(local, &options.data, runner.ending()).await.into();
        runner.end(Ending::Asked);
    }
    if running.await.is_err() {
        runner.end(Ending::Broken);
    }
    let _ = served.await;
    // Only now: the last steps and answers may have failed in a graver way than what ended the process.
    match runner.ended() {
        Ending::StoreUnknown => {
            complain(
                "a write to the store failed, and whether it happened is not known. Start rotabot again: it \
                 reads the truth and goes on.",
            );
            return Ok(exit::OUTCOME_UNKNOWN.into());
        }
        Ending::Broken => {
            complain(
                "a part of rotabot has failed that it can't go on without; the log says which. Start rotabot \
                 again: it goes on where it was. This is a bug: please report it with the log.",
            );
            return Ok(exit::BROKEN.into());
        }
        Ending::No | Ending::Asked => {}
    }
    tracing::info!("rotabot ends");
    Ok(code)
}

/// A data folder that we made is ours alone; one that was there before is not changed behind anybody's back.
fn warn_of_strangers(data: &Path) {
    let mode = std::fs::metadata(data).map_or(0, |data| data.mode() & 0o777);
    if mode & 0o077 != 0 {
        let data = data.display();
        tracing::warn!(
            mode = format!("{mode:o}"),
            "others can enter the data folder; make it yours alone: chmod 700 {data}"
        );
    }
}

/// The clusters, with all namespaces of the catalogue watched from the start.
fn watched(config: &Config, tasks: &Arc<Tasks>) -> Kubernetes {
    let tasks = Arc::clone(tasks);
    let wake: Wake = Arc::new(move |cluster, namespace, concerned| tasks.wake(cluster, namespace, concerned));
    let kubernetes = Kubernetes::start(&config.clusters, &wake);
    for environment in config.catalogue.environments.values() {
        kubernetes.watch(&environment.cluster, &environment.namespace);
    }
    kubernetes
}
