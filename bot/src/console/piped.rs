//! A console without a terminal: line by line, each waits for its outcome, and the worst exit code counts.

use std::io::BufRead as _;
use std::sync::Arc;

use commands::invocation::{AnswerKind, worst};
use futures::stream::{BoxStream, StreamExt as _};
use tokio::sync::mpsc;

use super::channel::Heard;
use super::follow::{EXIT_UNKNOWN, Shown, follow};
use super::partner::exit_code;
use super::talk::{Buttons, Line, Talk};
use super::{Shutdown, ends};

/// The lines of standard input. They are read on a thread of their own, which may be left behind in the middle of it.
pub(super) fn stdin() -> mpsc::Receiver<String> {
    let (to, from) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n') {
            let Ok(line) = line else { return };
            if to.blocking_send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    from
}

/// Carries out all lines, one after the other; the worst of their exit codes.
pub(super) async fn run(mut talk: Talk, mut lines: mpsc::Receiver<String>, mut shutdown: Shutdown) -> u8 {
    let mut heard = talk.partner.listen();
    let mut codes = Vec::new();
    let screen = Arc::clone(&talk.screen);
    loop {
        let next = async {
            screen.keep_pace().await;
            lines.recv().await
        };
        let line = tokio::select! {
            () = ends(&mut shutdown) => break,
            Some(heard) = heard.next() => {
                talk.heard(&heard);
                continue;
            }
            line = next => match line {
                Some(line) => line,
                None => break,
            },
        };
        // Scripts explain themselves.
        if line.trim_start().starts_with('#') {
            continue;
        }
        let carried_out = tokio::select! {
            code = carry_out(&mut talk, &line, &mut heard) => code,
            () = ends(&mut shutdown) => Some(EXIT_UNKNOWN),
        };
        match carried_out {
            Some(code) => codes.push(code),
            None => break,
        }
    }
    screen.last(&mut shutdown).await;
    worst(codes)
}

/// Carries out a line to its outcome; its exit code, or none where it leaves.
async fn carry_out(talk: &mut Talk, line: &str, heard: &mut BoxStream<'static, Heard>) -> Option<u8> {
    let said = match talk.read(line) {
        Line::Nothing => return Some(0),
        Line::Leave => return None,
        Line::NoButton(number) => {
            talk.echo(line.trim());
            talk.no_button(number);
            return Some(AnswerKind::Refused.exit_code());
        }
        Line::Ask(said) => said,
    };
    talk.echo(line.trim());
    let told = match talk.ask(said).await {
        Ok(told) => told,
        Err(lost) => return Some(exit_code(&lost)),
    };
    match told.change.filter(|_| told.kind == AnswerKind::Done) {
        Some((change, _)) => Some(follow(talk, change, &told.card, Shown::ByStage, heard).await),
        None => {
            talk.show(&told.card, Buttons::Anew);
            Some(told.kind.exit_code())
        }
    }
}
