//! Tells secrets that were written into the file, so that they are refused and never repeated.
//!
//! Reading real secrets from where they belong is in `secret`.

use toml::de::DeValue;

/// Whether a key holds a secret, by its name or by what it holds.
pub(super) fn is_in(key: &str, value: &DeValue<'_>) -> bool {
    !value.is_table() && (names_a_secret(key) || value.as_str().is_some_and(is_secret))
}

/// Tells every secret in the tables below a value.
pub(super) fn below(value: &DeValue<'_>, tell: &mut dyn FnMut(&str, usize)) {
    match value {
        DeValue::Table(entries) => {
            for (key, value) in entries {
                if is_in(key.get_ref(), value.get_ref()) {
                    tell(key.get_ref(), key.span().start);
                } else {
                    below(value.get_ref(), tell);
                }
            }
        }
        DeValue::Array(items) => items.iter().for_each(|item| below(item.get_ref(), tell)),
        _ => {}
    }
}

/// Whether a key by its name would hold a secret itself, rather than say where it is.
fn names_a_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    let points_elsewhere = key.ends_with("_env") || key.ends_with("_file");
    let words = ["token", "secret", "password", "passwd", "pwd", "api_key", "apikey", "credential", "private_key"];
    !points_elsewhere && words.iter().any(|word| key.contains(word))
}

/// The keys of a table that say where such a secret is: those of the same name, else any.
pub(super) fn instead_of(key: &str, known: &[&'static str]) -> Vec<String> {
    let points = |name: &&&str| {
        let stem = name.strip_suffix("_env").or_else(|| name.strip_suffix("_file"));
        stem.is_some_and(names_a_secret)
    };
    let all: Vec<String> = known.iter().filter(points).map(|name| (*name).to_owned()).collect();
    let same: Vec<String> = all.iter().filter(|name| name.starts_with(&format!("{key}_"))).cloned().collect();
    if same.is_empty() { all } else { same }
}

/// Whether a text has the shape of a secret that some service hands out.
pub(super) fn is_secret(text: &str) -> bool {
    let prefixes = ["glpat-", "gldt-", "glrt-", "ghp_", "gho_", "ghs_", "github_pat_", "xoxb-", "xoxp-", "AKIA", "eyJ"];
    let long =
        |rest: &str| rest.chars().count() >= 12 && rest.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    prefixes.iter().any(|prefix| text.strip_prefix(prefix).is_some_and(long)) || text.contains("-----BEGIN ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_key_and_by_shape() {
        for key in ["token", "bot_token", "PASSWORD", "api-key", "client_secret"] {
            assert!(names_a_secret(key), "{key}");
        }
        for key in ["token_env", "password_file", "tokens_file", "context", "certain_after"] {
            assert!(!names_a_secret(key), "{key}");
        }
        assert!(is_secret("glpat-0123456789abcdefghij"));
        assert!(is_secret("-----BEGIN PRIVATE KEY-----"));
        assert!(!is_secret("registry.example/shop/api"));
        assert!(!is_secret("eyJ"));
    }
}
