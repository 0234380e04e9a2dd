//! `rotabot export` and `rotabot import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt as _};
use state::store::{SledOptions, SledStore, StoreFault};

use super::export::{Exported, export};
use super::import::{ImportFault, import};
use crate::cli::{complain, exit, print};
use crate::clock;
use crate::console::{Lost, Patience, client};
use crate::run::STORE;

/// Writes the store to standard output: that of a running bot through its socket, that of a stopped one from the disk.
pub fn run_export(data: &Path) -> ExitCode {
    client::on_a_runtime(async {
        match lines(data).await {
            Ok(lines) => write(&lines),
            Err(why) => {
                complain(format_args!("nothing was exported: {why}"));
                exit::REFUSED
            }
        }
    })
}

/// Makes a store of an export; `-` reads standard input.
pub fn run_import(data: &Path, file: &Path) -> ExitCode {
    client::on_a_runtime(async {
        match import_file(data, file).await {
            Ok(imported) => {
                print(&format!("{} records are in {}.\n", imported.records, data.join(STORE).display()));
                if imported.parked > 0 {
                    print(&format!(
                        "{} changes were open and are parked: look at what runs, then free each with /change release.\n",
                        imported.parked
                    ));
                }
                0
            }
            Err(why) => {
                let next = match why {
                    ImportFault::Store(StoreFault::InUse { .. }) => "\nEnd the bot first.",
                    _ => "",
                };
                complain(format_args!("nothing was imported: {why}{next}"));
                exit::REFUSED
            }
        }
    })
}

async fn import_file(data: &Path, file: &Path) -> Result<super::Imported, ImportFault> {
    let mut from: Box<dyn BufRead> = match file.to_str() {
        Some("-") => Box::new(BufReader::new(io::stdin())),
        _ => Box::new(BufReader::new(File::open(file).map_err(ImportFault::File)?)),
    };
    import(&mut *from, &data.join(STORE), clock::now().wall).await
}

/// All lines. They are kept until the last one is there: what was read of a store in motion may have to be thrown away.
async fn lines(data: &Path) -> Result<Vec<String>, String> {
    let patience = Patience { first: Duration::ZERO, ..Patience::default() };
    let remote = client::remote(data, None, patience);
    match remote.export().await {
        Ok(exported) => whole(exported).await,
        Err(Lost::NotRunning { .. }) => {
            let store = open(data).await?;
            whole(export(Arc::new(store), clock::now().wall)).await
        }
        Err(Lost::NotAllowed { socket }) => Err(format!("{socket} belongs to another user; run this as the bot's")),
        Err(Lost::Failed { why }) => Err(why),
        Err(Lost::Busy) => Err("the bot is running, but busy; try again in a minute".to_owned()),
        Err(lost) => Err(format!("the running bot can't be understood ({lost:?}); use the program that runs")),
    }
}

async fn open(data: &Path) -> Result<SledStore, String> {
    let folder = data.join(STORE);
    if !folder.exists() {
        return Err(format!("there is no store in {}; name the bot's data folder with --data", folder.display()));
    }
    let opened = tokio::task::spawn_blocking(move || SledStore::open(SledOptions::new(folder)));
    match opened.await {
        Ok(Ok(store)) => Ok(store),
        Ok(Err(fault)) => Err(fault.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// All of an export, once it has ended whole.
pub(super) async fn whole(mut exported: BoxStream<'static, Exported>) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    while let Some(part) = exported.next().await {
        match part {
            Exported::Line(line) => lines.push(line),
            Exported::Torn => lines.clear(),
            Exported::End => return Ok(lines),
            Exported::Failed(why) => return Err(why),
        }
    }
    Err("it broke off".to_owned())
}

fn write(lines: &[String]) -> u8 {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
    match written {
        Ok(()) => 0,
        // Somebody looked at the beginning of it only.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => exit::REFUSED,
        Err(error) => {
            complain(format_args!("the export could not be written: {error}"));
            exit::REFUSED
        }
    }
}
