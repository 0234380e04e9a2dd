//! What looks like a secret wherever it stands.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::REDACTED;

/// Takes them out.
pub(super) fn redact(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, with) in RULES.iter() {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, with.as_str()).into_owned();
        }
    }
    let text = SCHEME.replace_all(&text, scheme);
    let text =
        replace_alone(&text, &MIXED, |found| is_mixed(found), |c| c.is_ascii_alphanumeric() || "/+=_-".contains(c));
    replace_alone(&text, &NUMBERS, |_| true, |c| c.is_ascii_digit())
}

/// Patterns with what comes in their place.
static RULES: LazyLock<Vec<(Regex, String)>> = LazyLock::new(|| {
    let rules: &[(&str, &str)] = &[
        // Key blocks; one whose beginning or end was cut off takes everything before or after it along.
        (r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)", ""),
        (r"(?s)\A.*-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----", ""),
        (r"(?m)^[ \t]*[A-Za-z0-9+/]{60,}={0,2}[ \t]*$", ""),
        // Passwords in addresses. They may hold any character but a space, `@` among them.
        (r"([A-Za-z][A-Za-z0-9+.\-]*://[^\s/?#:@]*:)[^\s]*@", "$1 @"),
        (r"([A-Za-z][A-Za-z0-9+.\-]*://)[^\s/?#@]*[^\s/?#@:*]@", "$1 @"),
        // The same in the addresses that Go's MySQL driver takes.
        (r"([\w.\-]+:)\S*@(tcp|unix)\(", "$1 @$2("),
        // Addresses that are secrets themselves.
        (r"((?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/)[\w/\-]+", "$1 "),
        (r"(hooks\.slack\.com/)[\w/\-]+", "$1 "),
        // GitLab, GitHub.
        (r"\b(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glsoat|gloas|glimt|glagent|glwt|glffct)-[A-Za-z0-9_.\-]+", ""),
        (r"\bGR1348941[A-Za-z0-9_\-]+", ""),
        (r"\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})", ""),
        // AWS, and its like in China and elsewhere.
        (r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{12,}", ""),
        (r"\b(?:LTAI|AKID)[A-Za-z0-9]{12,}", ""),
        (r"\bAIza[A-Za-z0-9_\-]{30,}", ""),
        (r"\bsk[-_](?:[a-z]+[-_])*[A-Za-z0-9_\-]{16,}", ""),
        // Discord: a bot's token is the id, the time and a signature, each in base64.
        (r"\b[A-Za-z0-9_\-]{23,32}\.[A-Za-z0-9_\-]{5,8}\.[A-Za-z0-9_\-]{25,}", ""),
        (r"\bmfa\.[A-Za-z0-9_\-]{20,}", ""),
        // Slack.
        (r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9\-]{8,}", ""),
        (r"\bxapp-[A-Za-z0-9\-]{8,}", ""),
        // JWTs, signed or encrypted, whole or cut short.
        (r"\beyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*)*", ""),
    ];
    let compile = |(pattern, with): &(&str, &str)| {
        let pattern = Regex::new(pattern).expect("the pattern is a constant that a test compiles");
        // The place of the secret is the space in what replaces it, or all of it.
        let with = if with.is_empty() { REDACTED.to_owned() } else { with.replacen(' ', REDACTED, 1) };
        // `$1***` would be read as it is meant only with braces.
        (pattern, with.replace("$1", "${1}").replace("$2", "${2}"))
    };
    rules.iter().map(compile).collect()
});

/// The schemes of an Authorization header, with what follows.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(bearer|basic)([ \t]+|%20|\+)([A-Za-z0-9._~+/=\-]+)")
        .expect("the pattern is a constant that a test compiles")
});

/// Words that follow a scheme's name in a sentence.
const WORDS_AFTER_SCHEME: [&str; 8] =
    ["token", "tokens", "auth", "authentication", "authorization", "realm", "scheme", "header"];

fn scheme(found: &Captures<'_>) -> String {
    if WORDS_AFTER_SCHEME.contains(&found[3].trim_end_matches('.')) {
        return found[0].to_owned();
    }
    format!("{}{}{REDACTED}", &found[1], &found[2])
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

/// Replaces matches that stand alone, so that no part of a longer run is taken for the whole.
fn replace_alone(
    text: &str,
    pattern: &Regex,
    wanted: impl Fn(&str) -> bool,
    same_run: impl Fn(char) -> bool,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = pattern.find_at(text, at) {
        let before = text[..found.start()].chars().next_back().is_some_and(&same_run);
        let after = text[found.end()..].chars().next().is_some_and(&same_run);
        if before || after || !wanted(found.as_str()) {
            // Another one may begin within this one.
            at = found.start() + text[found.start()..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        out.push_str(&text[copied..found.start()]);
        out.push_str(REDACTED);
        copied = found.end();
        at = found.end();
    }
    out.push_str(&text[copied..]);
    out
}
