//! Why a change fails, with its proof: one sentence, one telling line, one pod; the rest apart.

use state::catalogue::LogsInChat;
use state::change::Phase;
use state::change::outcome::{EndedBy, Failure};
use state::evidence::{Cause, CauseKind};
use state::names::{Namespace, PersonName, WorkloadName};

use super::Story;
use crate::card::{Card, Line, LineStyle, Span, Text, TimeStyle};
use crate::cards::{DOT, list_and};
use crate::plain::harmless;
use crate::words::{Arg, Words, say};

pub(super) fn kind(words: &Words, kind: CauseKind) -> Text {
    say!(words, "cause-kind", kind = Arg::Choice(kind.word()))
}

/// What is known so far of a change that is still under way.
pub(super) fn so_far(story: &Story<'_>, card: &mut Card) {
    let words = story.words;
    let sign = story.pods().sign;
    // While it still goes on, what was seen once and has passed is nobody's worry.
    let failed = matches!(story.change.phase(), Phase::Holding { .. } | Phase::Returning { .. });
    match (&story.change.cause, sign) {
        (Some(cause), sign) if failed || sign.is_some() => {
            sentence(story, cause, None, card);
            proof(story, cause, card);
        }
        (_, Some(sign)) => {
            card.plain(say!(words, "cause-so-far", what = kind(words, sign.kind)));
        }
        (_, None) => {}
    }
}

/// Cause and proof of a failure.
pub(super) fn of_failure(story: &Story<'_>, failure: Option<&Failure>, card: &mut Card) {
    let words = story.words;
    match (&story.change.cause, failure) {
        (Some(cause), failure) => {
            sentence(story, cause, failure, card);
            proof(story, cause, card);
            details(story, cause, card);
        }
        (None, Some(failure)) => {
            let what = Text::joined(DOT, [kind(words, failure.kind), deadline(story, Some(failure))]);
            card.plain(say!(words, "cause", what = what));
        }
        (None, None) => {}
    }
}

fn sentence(story: &Story<'_>, cause: &Cause, failure: Option<&Failure>, card: &mut Card) {
    let words = story.words;
    let what = kind(words, cause.kind);
    let text = match cause.of {
        0 => say!(words, "cause", what = what),
        of if of == cause.affected && of > 1 => say!(words, "cause-pods-all", what = what, of = of),
        of => say!(words, "cause-pods", what = what, affected = cause.affected, of = of),
    };
    card.plain(Text::joined(DOT, [text, deadline(story, failure)]));
}

fn deadline(story: &Story<'_>, failure: Option<&Failure>) -> Text {
    match failure.map(|failure| failure.ended_by) {
        Some(EndedBy::Deadline) => {
            say!(story.words, "cause-deadline", deadline = story.change.target.policy.progress_deadline)
        }
        _ => Text::default(),
    }
}

/// Who paused it, and how that is undone.
fn pause(story: &Story<'_>, cause: &Cause, card: &mut Card) {
    let words = story.words;
    let failure = match story.change.phase() {
        Phase::Holding { failure, .. } | Phase::Returning { failure, .. } => failure,
        Phase::Ended(ended) => match ended.outcome.failure() {
            Some(failure) => failure,
            None => return,
        },
        _ => return,
    };
    let (workload, by) = (&failure.workload, Arg::Outside(cut(&cause.reason)));
    card.plain(match cause.reason.as_str() {
        "" => say!(words, "cause-paused", workload = workload),
        _ => say!(words, "cause-paused-by", workload = workload, by = by),
    });
    let resume = Arg::Command(resume_command(workload, &story.change.target.namespace));
    card.plain(say!(words, "cause-paused-next", command = resume));
}

/// What lifts a pause that somebody else has laid.
pub(crate) fn resume_command(workload: &WorkloadName, namespace: &Namespace) -> String {
    format!("kubectl rollout resume deployment/{workload} -n {namespace}")
}

fn proof(story: &Story<'_>, cause: &Cause, card: &mut Card) {
    let words = story.words;
    if cause.kind == CauseKind::PausedBySomebody {
        return pause(story, cause, card);
    }
    let log = log(story, cause);
    let line = telling_line(log).map(str::to_owned).filter(|_| cause.kind.is_crash()).or_else(|| {
        let event = cause.events.last().map(|event| event.message.clone());
        [Some(cause.message.clone()), telling_line(log).map(str::to_owned), event]
            .into_iter()
            .flatten()
            .find(|text| !text.trim().is_empty())
    });
    if let Some(line) = line {
        card.line(LineStyle::Quote, Text::outside(cut(&line)));
    }
    let outside = |text: &Option<String>| text.as_deref().map(Text::outside).unwrap_or_default();
    let exit = cause.exit_code.map(|code| say!(words, "cause-exit", code = code.to_string())).unwrap_or_default();
    let since = Arg::Time(cause.since, TimeStyle::Clock);
    let when = match cause.restarts {
        0 => say!(words, "cause-since", since = since),
        restarts => say!(words, "cause-restarts", restarts = restarts, since = since),
    };
    let reason = Text::outside(cause.reason.as_str());
    card.plain(Text::joined(DOT, [outside(&cause.pod), reason, exit, when]));
    if let Some(command) = log_command(story, cause) {
        card.plain(say!(words, "cause-logs", command = Arg::Command(command)));
    }
}

/// The lines of a log that may be shown in a chat.
fn log<'a>(story: &Story<'_>, cause: &'a Cause) -> &'a [String] {
    match story.change.target.policy.logs_in_chat {
        LogsInChat::Redacted => &cause.log,
        LogsInChat::Link | LogsInChat::Off => &[],
    }
}

/// What to type to see the log, where it is not to be shown in a chat.
fn log_command(story: &Story<'_>, cause: &Cause) -> Option<String> {
    let target = &story.change.target;
    if target.policy.logs_in_chat != LogsInChat::Link || !cause.kind.has_log() {
        return None;
    }
    // Only what is a name of Kubernetes is put where people type it into a shell.
    let is_name = |name: &&String| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let (pod, container) = (cause.pod.as_ref().filter(is_name)?, cause.container.as_ref().filter(is_name)?);
    let previous = if cause.restarts > 0 { " --previous" } else { "" };
    Some(format!("kubectl -n {} logs {pod} -c {container}{previous}", target.namespace))
}

/// One line of proof holds no more; the whole of it is in the details.
const QUOTE_AT_MOST: usize = 200;

fn cut(line: &str) -> String {
    let line = harmless(line);
    let line = line.trim();
    if line.chars().count() <= QUOTE_AT_MOST {
        return line.to_owned();
    }
    line.chars().take(QUOTE_AT_MOST - 1).chain(['…']).collect()
}

/// The line of a log that most likely says what went wrong: stack traces end in lines that say nothing.
fn telling_line(log: &[String]) -> Option<&str> {
    const SIGNS: [&str; 8] = ["panic", "fatal", "exception", "traceback", "error", "killed", "refused", "denied"];
    let spoken = || log.iter().rev().map(|line| line.trim()).filter(|line| !line.is_empty());
    let said = |sign: &&str| spoken().find(|line| line.to_lowercase().contains(*sign));
    SIGNS.iter().find_map(said).or_else(|| spoken().next())
}

fn details(story: &Story<'_>, cause: &Cause, card: &mut Card) {
    let words = story.words;
    let log = log(story, cause);
    let pod = || Arg::Outside(cause.pod.clone().unwrap_or_default());
    let plain = |text| Line { style: LineStyle::Plain, text };
    let quote = |text| Line { style: LineStyle::Quote, text };
    if !cause.events.is_empty() {
        card.details.push(plain(say!(words, "details-events", pod = pod())));
    }
    for event in &cause.events {
        let at = Span::Time(event.at, TimeStyle::Clock);
        let said = Span::Outside(format!("{} {}", event.reason, event.message));
        card.details.push(quote(Text::of_spans([at, Span::Words(" ".to_owned()), said])));
    }
    if !log.is_empty() {
        card.details.push(plain(say!(words, "details-log", pod = pod())));
    }
    card.details.extend(log.iter().map(|line| quote(Text::outside(harmless(line).trim_end()))));
}

/// Who knows the service, and where it is written up.
pub(crate) fn owner_line(
    words: &Words,
    owners: &[PersonName],
    runbook: Option<&str>,
    dashboard: Option<&str>,
    also: Text,
) -> Text {
    let link = |key, address: Option<&str>| {
        let address = address?.to_owned();
        Some(Text::of_spans([Span::Link { word: words.plain(key), address }]))
    };
    let owner = match owners {
        [] => Text::default(),
        owners => say!(words, "owner", people = list_and(words, owners)),
    };
    let links = [link("runbook", runbook), link("dashboard", dashboard)].map(Option::unwrap_or_default);
    Text::joined(DOT, [owner].into_iter().chain(links).chain([also]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_what_went_wrong_is_shown() {
        let log = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let rust = log(&["starting", "thread 'main' panicked at src/main.rs:3", "note: run with RUST_BACKTRACE=1", ""]);
        assert_eq!(telling_line(&rust), Some("thread 'main' panicked at src/main.rs:3"));
        let java =
            log(&["java.lang.IllegalStateException: no such table", "  at a.B.c(B.java:1)", "  at d.E.f(E.java:2)"]);
        assert_eq!(telling_line(&java), Some("java.lang.IllegalStateException: no such table"));
        assert_eq!(telling_line(&log(&["one", "two"])), Some("two"));
        assert_eq!(telling_line(&[]), None);
    }
}
