use proptest::prelude::*;

use super::*;

/// Lines that must come out as they are written here.
#[track_caller]
fn becomes(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        assert_eq!(redact(text), *wanted, "from {text:?}");
    }
}

/// Texts that hold no secret and must survive whole.
#[track_caller]
fn survives(cases: &[&str]) {
    for text in cases {
        assert_eq!(redact(text), *text);
    }
}

#[test]
fn every_pattern_compiles_and_an_empty_text_stays_empty() {
    becomes(&[("", ""), ("\n", "\n"), ("***", "***")]);
}

#[test]
fn values_after_telling_keys() {
    becomes(&[
        ("login user=lin password=hunter2 ok", "login user=lin password=*** ok"),
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=***"),
        ("export GITLAB_TOKEN='a b c' x", "export GITLAB_TOKEN='***' x"),
        ("password: correct horse battery staple", "password: ***"),
        ("passwd=a,b;c&d e", "passwd=*** e"),
        ("api key: 12345", "api key: ***"),
        ("X-Api-Key: 12345", "X-Api-Key: ***"),
        ("apikey=1", "apikey=***"),
        ("pwd=123456", "pwd=***"),
        ("secret_key_base = abc def", "secret_key_base = ***"),
        ("credentials => abc", "credentials => ***"),
        ("{Host:db Password:hunter2 Port:5432}", "{Host:db Password:*** Port:5432}"),
        ("https://x.example/cb?access_token=abc&state=1 done", "https://x.example/cb?access_token=*** done"),
        ("url=\"https://x.example/?token=abc\" ok", "url=\"https://x.example/?token=***\" ok"),
        ("用户密码：abc", "用户密码：***"),
        ("密钥=abc 完成", "密钥=*** 完成"),
        ("params[password]=hunter2 x", "params[password]=*** x"),
        ("Cookie: session=abc; theme=dark", "Cookie: ***"),
        ("password==hunter2", "password==***"),
    ]);
}

#[test]
fn values_in_json() {
    becomes(&[
        (r#"{"user":"lin","password":"hunter2","n":1}"#, r#"{"user":"lin","password":"***","n":1}"#),
        (r#"{"password" : "hun\"ter2", "n": 1}"#, r#"{"password" : "***", "n": 1}"#),
        (r#"{"token":12345,"n":1}"#, r#"{"token":***,"n":1}"#),
        (r#"{"token": 12345, "n": 1}"#, r#"{"token": ***, "n": 1}"#),
        (r#"{"credentials":{"user":"a","pin":[1,2]},"n":1}"#, r#"{"credentials":***,"n":1}"#),
        (r#"{"secrets": ["a", "b"], "n": 1}"#, r#"{"secrets": ***, "n": 1}"#),
        (r#"msg="{\"password\":\"hunter2\",\"n\":1}""#, r#"msg="{\"password\":\"***\",\"n\":1}""#),
        (r#"{\\\"password\\\":\\\"hunter2\\\"}"#, r#"{\\\"password\\\":\\\"***\\\"}"#),
        (r#"{"password":"hunter2"#, r#"{"password":"***"#),
        (r#"{"password":"","n":1}"#, r#"{"password":"","n":1}"#),
        (r#"{'password': 'it''s', 'n': 1}"#, r#"{'password': '***''s', 'n': 1}"#),
    ]);
}

#[test]
fn values_elsewhere() {
    becomes(&[
        ("mysqld --password hunter2 --port 3306", "mysqld --password *** --port 3306"),
        ("mysqld --password=hunter2 --port 3306", "mysqld --password=*** --port 3306"),
        ("invalid token \"abcdef\"", "invalid token \"***\""),
        ("wrong password 'hunter2' for lin", "wrong password '***' for lin"),
        ("<password>hunter2</password>", "<password>***</password>"),
        ("<db:Password kind=\"x\">hunter2</db:Password>", "<db:Password kind=\"x\">***</db:Password>"),
    ]);
}

#[test]
fn headers() {
    becomes(&[
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("sent bearer abc-def_1 to x", "sent bearer *** to x"),
        ("Proxy: Basic dXNlcjpwYXNz", "Proxy: Basic ***"),
        ("curl -H 'authorization: Basic dXNlcjpwYXNz'", "curl -H 'authorization: ***"),
        ("the server wants basic authentication", "the server wants basic authentication"),
        ("Bearer bearer abc", "Bearer bearer ***"),
        ("no bearer token was sent", "no bearer token was sent"),
    ]);
}

#[test]
fn passwords_in_addresses() {
    becomes(&[
        ("postgres://app:hunter2@db:5432/shop", "postgres://app:***@db:5432/shop"),
        ("postgres://app:hun@ter/2@db:5432/shop", "postgres://app:***@db:5432/shop"),
        ("redis://:hunter2@cache", "redis://:***@cache"),
        ("amqp://a:b@x,amqp://c:d@y", "amqp://a:***@y"),
        ("https://glued@registry.example/x", "https://***@registry.example/x"),
        ("app:hunter2@tcp(db:3306)/shop", "app:***@tcp(db:3306)/shop"),
    ]);
    survives(&["GET http://shop.example:8080/items?page=2 200", "see https://shop.example/@lin"]);
}

#[test]
fn private_keys() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    becomes(&[
        (&format!("a\n-----BEGIN RSA PRIVATE KEY-----\n{body}\n{body}\n-----END RSA PRIVATE KEY-----\nb"), "a\n***\nb"),
        (&format!("a\n-----BEGIN PRIVATE KEY-----\n{body}\n"), "a\n***"),
        (&format!("{body}\nAbc=\n-----END PRIVATE KEY-----\nb"), "***\nb"),
        (&format!("{body}\nb"), "***\nb"),
        (r"key -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n end", r"key ***\n end"),
    ]);
    let lines = clean_log(&format!("start\n-----BEGIN PRIVATE KEY-----\n{body}\n{body}\n"), 25, 200);
    assert_eq!(lines, ["start", "***"]);
}

#[test]
fn shapes_of_tokens() {
    for secret in [
        "glpat-xYz1234567890abcdefg",
        "gldt-xYz1234567890abcdefg",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE1",
        "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
        "mfa.VkO_2G4Qv3T--NO--lWetW_tjND--TOKEN--QFTm6YGtzq9PH",
        concat!("xoxb-", "123456789012-abcdefABCDEF"),
        concat!("xapp-", "1-A0123-4567-abcdef"),
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "LTAI5tAbCdEfGhIjKlMnOpQr",
        "13800138000",
        "+86 138 0013 8000",
        "138-0013-8000",
        "11010519491231002X",
        "110105 19491231 0021",
        "110105491231002",
    ] {
        assert_eq!(redact(&format!("a {secret} b")), "a *** b", "{secret}");
        assert_eq!(redact(secret), "***", "{secret}");
        assert_eq!(redact(&format!("电话：{secret}，谢谢")), "电话：***，谢谢");
    }
    becomes(&[
        ("13800138000,13900139000", "***,***"),
        ("https://discord.com/api/webhooks/123/abc-DEF_1 x", "https://discord.com/api/webhooks/*** x"),
        ("https://hooks.slack.com/services/T0/B0/abc x", "https://hooks.slack.com/*** x"),
    ]);
}

#[test]
fn what_helps_at_three_in_the_morning_survives() {
    survives(&[
        "panic: relation \"orders_v2\" does not exist",
        "thread 'main' panicked at src/token.rs:12:5:",
        "   7: shop::token::verify\n             at ./src/token.rs:45:9",
        "\tat com.shop.auth.TokenService.verify(TokenService.java:45)",
        "  File \"/app/shop/password_reset.py\", line 12, in handle",
        "    at PasswordService.check (/app/src/password.service.ts:10:3)",
        "main.go:42: listen tcp :8080: bind: address already in use",
        "SyntaxError: Unexpected token } in JSON at position 5",
        "SyntaxError: Unexpected token '<' at 1",
        "JsonWebTokenError: invalid signature",
        "org.shop.InvalidCredentialsException: no such user",
        "Back-off pulling image \"registry.example:5000/shop/api:v7\"",
        "failed to pull registry.example/shop/api@sha256:61c0aa11bb22cc33dd44ee55ff6677889900aabbccddeeff00112233445566e4",
        "commit 9f3c2ab4d1e77c0e41b0c777d0e1f9f3c2ab4d1e at 2026-11-22T17:44:00.123456789Z",
        "1732291234567 pid=12345 duration=15.3ms 0x00007f3a1c2b4d5e",
        "0/5 nodes are available: 5 Insufficient cpu. preemption: 0/5 nodes are available",
        "exceeded quota: small, requested: pods=1, used: pods=10, limited: pods=10",
        "pod uid 3f2504e0-4f89-41d3-9a0c-0305e82c3301 killed, exit code 137",
        "java.lang.OutOfMemoryError: Java heap space",
        "数据库连接失败：10.0.3.7:5432 超时",
    ]);
}

#[test]
fn what_is_not_meant_for_eyes_goes() {
    becomes(&[
        ("\u{1b}[31mred\u{1b}[0m", "red"),
        ("\u{1b}[36mtoken\u{1b}[0m=\u{1b}[1mabc\u{1b}[0m", "token=***"),
        ("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\link\u{1b}]8;;\u{1b}\\", "xlink"),
        ("a\u{202e}b\u{200f}c\u{2066}d\u{feff}e", "abcde"),
        ("pass\u{200b}word=hunter2", "password=***"),
        ("a\u{0}b\u{8}c\u{7f}", "abc"),
        ("a\r\nb\rc\u{2028}d", "a\nb\nc\nd"),
    ]);
}

#[test]
fn lines_are_cut_by_characters() {
    assert_eq!(clean_line("发布失败了吗", 4), "发布失…");
    assert_eq!(clean_line("发布失败", 4), "发布失败");
    assert_eq!(clean_line("  a\n\tb  ", 10), "a b");
    assert_eq!(clean_line("abc", 0), "");
    assert_eq!(clean_line("abc", 1), "…");
    assert_eq!(clean_log("1\n\n2\n3\n", 2, 10), ["2", "3"]);
    assert_eq!(clean_line("x password=abcdefgh", 14), "x password=***", "redacted before it is cut");
}

/// What may stand around a secret: anything that a program writes, other secrets' keys among it.
fn around() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{0,8}",
        "[ -~]{0,12}",
        Just("token".to_owned()),
        Just("\"".to_owned()),
        Just("{\"password\":".to_owned()),
        Just("数据库：".to_owned()),
        Just("\u{1b}[0m".to_owned()),
        Just("https://".to_owned()),
        Just("Bearer".to_owned()),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.join(" "))
}

/// A secret in its place, and the part of it that may be nowhere in what comes out.
fn planted() -> impl Strategy<Value = (String, String)> {
    let keys = prop_oneof![
        Just("password"),
        Just("PASSWD"),
        Just("db_pwd"),
        Just("client-secret"),
        Just("AccessToken"),
        Just("api key"),
        Just("x.api-key"),
        Just("API_KEY"),
        Just("credential"),
        Just("aws.credentials.value"),
    ];
    let value = "[A-Za-z0-9!#$%^&*()_+.,/?-]{0,10}Q7x[A-Za-z0-9]{2}";
    let with = |text: &'static str| move |secret: String| (text.replace('@', &secret), secret);
    prop_oneof![
        (keys, value, 0..9_usize).prop_map(|(key, value, form)| {
            let form =
                ["K=V", "K: V", "K:V", "K = V", "\"K\":\"V\"", "\"K\": \"V\"", "'K': 'V'", r#"\"K\":\"V\""#, "K=\"V\""]
                    [form];
            (form.replace('K', key).replace('V', &value), value)
        }),
        "[A-Za-z0-9_.~+/-]{8,30}Q7x={0,2}".prop_map(with("Authorization: Bearer @")),
        "[A-Za-z0-9_.~+/-]{8,30}Q7x={0,2}".prop_map(with("Bearer @")),
        "[A-Za-z0-9+/]{8,30}Q7x={0,2}".prop_map(with("Basic @")),
        "[A-Za-z0-9:/@!#$%^&*()?.-]{0,20}Q7x".prop_map(|secret| (format!("mysql://lin:{secret}@db.example/x"), secret)),
        "([A-Za-z0-9+/]{64}\n){1,3}[A-Za-z0-9+/]{20}Q7x".prop_map(|secret| {
            (format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"), secret)
        }),
        "glpat-[A-Za-z0-9_-]{20}".prop_map(with("@")),
        "(AKIA|ASIA)[A-Z0-9]{16}".prop_map(with("@")),
        "[MN][A-Za-z0-9]{23}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27}".prop_map(with("@")),
        "xox[abp]-[0-9]{10,12}-[A-Za-z0-9]{20}".prop_map(with("@")),
        "gh[pousr]_[A-Za-z0-9]{36}".prop_map(with("@")),
        "eyJ[A-Za-z0-9_-]{10,30}\\.eyJ[A-Za-z0-9_-]{10,30}\\.[A-Za-z0-9_-]{20,43}".prop_map(with("@")),
        "1[3-9][0-9]{9}".prop_map(with("@")),
        "[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}[0-9X]".prop_map(with("@")),
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_a_second_time_changes_nothing(text in "\\PC{0,200}|[ -~\n]{0,200}|(?s).{0,80}") {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn texts_with_secrets_are_done_after_one_time(before in around(), (text, _) in planted(), after in around()) {
        let once = redact(&format!("{before} {text} {after}"));
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn no_planted_secret_survives(before in around(), (text, secret) in planted(), after in around()) {
        let out = redact(&format!("{before} {text} {after}"));
        prop_assert!(!out.contains(&secret), "{:?} in {:?}", secret, out);
    }

    #[test]
    fn lines_are_never_longer_than_asked(text in "(?s).{0,200}", limit in 0..60_usize) {
        let line = clean_line(&text, limit);
        prop_assert!(line.chars().count() <= limit);
        prop_assert!(!line.chars().any(char::is_control));
    }

    /// Words and numbers without any key or shape stay as they are.
    #[test]
    fn plain_words_survive(words in prop::collection::vec(("[a-n]{1,9}", "[0-9]{1,6}|[a-n]+\\([a-n]+\\.rs:[0-9]{1,4}\\)"), 0..8)) {
        let text: Vec<String> = words.into_iter().flat_map(|(word, other)| [word, other]).collect();
        let text = text.join(" ");
        prop_assert_eq!(redact(&text), text);
    }
}
