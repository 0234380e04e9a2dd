//! What looks like a secret wherever it stands.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Where they are.
pub(super) fn secrets(text: &str) -> impl Iterator<Item = Range<usize>> {
    let by_shape = RULES.iter().flat_map(|rule| rule.captures_iter(text)).filter_map(|found| part(&found));
    let after_scheme = SCHEME.captures_iter(text).filter(is_no_sentence).filter_map(|found| part(&found));
    let in_base64 = |c: char| c.is_ascii_alphanumeric() || "/+=_-".contains(c);
    let mixed = alone(text, &MIXED, in_base64).filter(|found| is_mixed(&text[found.clone()]));
    let numbers = alone(text, &NUMBERS, |c| c.is_ascii_digit());
    key_without_beginning(text).into_iter().chain(by_shape).chain(after_scheme).chain(mixed).chain(numbers)
}

/// The part of a match that is secret; all of it where the pattern names none.
fn part(found: &Captures<'_>) -> Option<Range<usize>> {
    found.name("secret").or_else(|| found.get(0)).map(|secret| secret.range())
}

static RULES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let rules: &[&str] = &[
        // Key blocks, and lines of one whose beginning and end were cut off.
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)",
        r"(?m)^[ \t]*[A-Za-z0-9+/]{60,}={0,2}[ \t]*$",
        // Passwords in addresses. They may hold any character but a space, `@` among them.
        r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s/?#:@]*:(?P<secret>\S*)@",
        r"[A-Za-z][A-Za-z0-9+.\-]*://(?P<secret>[^\s/?#@:]+)@",
        // The same in the addresses that Go's MySQL driver takes.
        r"[\w.\-]+:(?P<secret>\S*)@(?:tcp|unix)\(",
        // Addresses that are secrets themselves.
        r"(?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/(?P<secret>[\w/\-]+)",
        r"hooks\.slack\.com/(?P<secret>[\w/\-]+)",
        // GitLab, GitHub.
        r"\b(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glsoat|gloas|glimt|glagent|glwt|glffct)-[A-Za-z0-9_.\-]+",
        r"\bGR1348941[A-Za-z0-9_\-]+",
        r"\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})",
        // AWS, and its like in China and elsewhere.
        r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{12,}",
        r"\b(?:LTAI|AKID)[A-Za-z0-9]{12,}",
        r"\bAIza[A-Za-z0-9_\-]{30,}",
        r"\bsk[-_](?:[a-z]+[-_])*[A-Za-z0-9_\-]{16,}",
        // Discord: a bot's token is the id, the time and a signature, each in base64.
        r"\b[A-Za-z0-9_\-]{23,32}\.[A-Za-z0-9_\-]{5,8}\.[A-Za-z0-9_\-]{25,}",
        r"\bmfa\.[A-Za-z0-9_\-]{20,}",
        // Slack.
        r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9\-]{8,}",
        r"\bxapp-[A-Za-z0-9\-]{8,}",
        // JWTs, signed or encrypted, whole or cut short.
        r"\beyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*)*",
    ];
    let compile = |pattern: &&str| Regex::new(pattern).expect("the pattern is a constant that a test compiles");
    rules.iter().map(compile).collect()
});

/// The end of a key block. Before the first of them everything belongs to the block, if its beginning was cut off.
static KEY_END: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----").expect("the pattern is a constant that a test compiles")
});

fn key_without_beginning(text: &str) -> Option<Range<usize>> {
    let end = KEY_END.find(text)?;
    let begun = text[..end.start()].contains("-----BEGIN ");
    (!begun).then_some(0..end.end())
}

/// The schemes of an Authorization header, with what follows.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:(?:bearer|basic)(?:[ \t]+|%20|\+))+(?P<secret>[A-Za-z0-9._~+/=\-]+)")
        .expect("the pattern is a constant that a test compiles")
});

/// Words that follow a scheme's name in a sentence.
const WORDS_AFTER_SCHEME: [&str; 10] =
    ["token", "tokens", "auth", "authentication", "authorization", "realm", "scheme", "header", "bearer", "basic"];

fn is_no_sentence(found: &Captures<'_>) -> bool {
    let word = found["secret"].trim_end_matches('.').to_ascii_lowercase();
    !WORDS_AFTER_SCHEME.contains(&word.as_str())
}

/// Forty characters of base64, as AWS' secret keys are.
static MIXED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9/+]{40}").expect("the pattern is a constant that a test compiles"));

/// Random text has all kinds of characters; a path has many slashes, and a commit's hash no capitals.
fn is_mixed(text: &str) -> bool {
    let has = |kind: fn(&char) -> bool| text.chars().any(|c| kind(&c));
    has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
        && text.matches('/').count() <= 4
}

/// Mobile numbers of mainland China, and identity card numbers of 18 and of 15 digits.
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"[1-9][0-9]{5}[ -]?(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[ -]?[0-9]{3}[0-9Xx]",
        r"|[1-9][0-9]{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}",
        r"|(?:\+?(?:00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}",
    );
    Regex::new(pattern).expect("the pattern is a constant that a test compiles")
});

/// Matches that stand alone, so that no part of a longer run is taken for the whole.
fn alone<'t>(
    text: &'t str,
    pattern: &'static Regex,
    same_run: impl Fn(char) -> bool + 't,
) -> impl Iterator<Item = Range<usize>> + 't {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = pattern.find_at(text, at) {
            let before = text[..found.start()].chars().next_back().is_some_and(&same_run);
            let after = text[found.end()..].chars().next().is_some_and(&same_run);
            if !before && !after {
                at = found.end();
                return Some(found.range());
            }
            // Another one may begin within this one.
            at = found.start() + text[found.start()..].chars().next().map_or(1, char::len_utf8);
        }
        None
    })
}
