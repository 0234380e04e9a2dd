//! What a registry wants before it answers: the header `WWW-Authenticate`.

use http_auth::ChallengeRef;
use reqwest::Url;

/// How to be let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User name and password with each request.
    Basic,
    /// A token, which is to be had at this address.
    Token(Url),
}

/// Reads the challenges of an answer. A token goes before a password.
pub(super) fn read<'a>(headers: impl Iterator<Item = &'a str>, repository: &str) -> Option<Challenge> {
    let challenges: Vec<_> = headers.filter_map(|text| http_auth::parse_challenges(text).ok()).flatten().collect();
    let of = |scheme: &str| challenges.iter().find(|one| one.scheme.eq_ignore_ascii_case(scheme));
    let token = of("Bearer").and_then(|challenge| token_address(challenge, repository));
    token.map(Challenge::Token).or_else(|| of("Basic").map(|_| Challenge::Basic))
}

fn token_address(challenge: &ChallengeRef<'_>, repository: &str) -> Option<Url> {
    let parameter = |name: &str| {
        let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_unescaped())
    };
    let mut address = Url::parse(&parameter("realm")?).ok()?;
    // What is asked for, not what the registry says: no token with more rights than reading this one repository.
    let scope = format!("repository:{repository}:pull");
    let service = parameter("service");
    let parameters = service.iter().map(|service| ("service", service)).chain([("scope", &scope)]);
    address.query_pairs_mut().extend_pairs(parameters);
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(header: &str) -> Option<Challenge> {
        read([header].into_iter(), "shop/api")
    }

    #[test]
    fn a_token_is_asked_for_where_the_registry_says() {
        let header = r#"Bearer realm="https://auth.example/token?x=1",service="registry.example",scope="all:push""#;
        let address = "https://auth.example/token?x=1&service=registry.example&scope=repository%3Ashop%2Fapi%3Apull";
        assert_eq!(read_one(header), Some(Challenge::Token(Url::parse(address).expect("a URL"))));
    }

    #[test]
    fn a_password_is_given_where_nothing_else_is_wanted() {
        assert_eq!(read_one(r#"Basic realm="test""#), Some(Challenge::Basic));
        assert_eq!(read([r#"Digest realm="x""#, r#"basic realm="y""#].into_iter(), "api"), Some(Challenge::Basic));
        let both = [r#"Basic realm="x""#, r#"bearer realm="https://auth.example/""#];
        assert!(matches!(read(both.into_iter(), "api"), Some(Challenge::Token(_))));
    }

    #[test]
    fn what_is_not_understood_is_no_challenge() {
        for header in ["", "Bearer", r#"Bearer realm="not a URL""#, "Negotiate", ",,,=", "Bearer realm=\"\u{7f}"] {
            assert_eq!(read_one(header), None, "{header}");
        }
    }
}
