use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::secret::SecretSource;

/// A registry that answers what a test wants it to, and remembers what it was asked.
struct Odd {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Odd {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Odd {
    /// `answer` gets the whole head of a request and gives the whole answer.
    async fn start(answer: impl Fn(&str, &str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (own, heard) = (host.clone(), Arc::clone(&asked));
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let answer = answer(&head, &own);
                heard.lock().expect("no panic").push(head);
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { host, asked, server }
    }

    fn access() -> RegistryAccess {
        RegistryAccess { plain_http: true, ..RegistryAccess::default() }
    }

    fn registries(&self, access: RegistryAccess) -> Registries {
        Registries::new(&BTreeMap::from([(self.host.clone(), access)])).expect("registries")
    }

    fn image(&self, reference: &str) -> Image {
        format!("{}/shop/api{reference}", self.host).parse().expect("an image")
    }

    async fn resolve(&self) -> Result<Resolved, RegistryFault> {
        self.registries(Self::access()).resolve(&self.image(":v7")).await
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}

fn login(folder: &Path, password: &str) -> RegistryAccess {
    let file = folder.join("password");
    std::fs::write(&file, password).expect("written");
    let login =
        Login { username: crate::config::Username::Plain("puller".to_owned()), password: SecretSource::File(file) };
    RegistryAccess { login: Some(login), ..Odd::access() }
}

const MANIFEST: &str = r#"{"schemaVersion":2,"config":{},"layers":[]}"#;
const PASSWORD: &str = "open-sesame-417";

fn digest(text: &str) -> Digest {
    digest_of(text.as_bytes()).expect("a digest")
}

#[tokio::test]
async fn the_digest_is_that_of_the_manifest() {
    let odd = Odd::start(|_, _| answer("200 OK", "", MANIFEST)).await;
    assert_eq!(odd.resolve().await, Ok(Resolved { digest: digest(MANIFEST), platforms: Vec::new() }));
    let head = odd.asked().remove(0).to_lowercase();
    assert!(head.starts_with("get /v2/shop/api/manifests/v7 http/1.1\r\n"), "{head}");
    assert!(head.contains("image.index.v1+json") && head.contains("user-agent: rotabot/"), "{head}");
}

#[tokio::test]
async fn an_index_gives_the_digests_of_its_platforms() {
    let (amd, arm) = (digest("amd"), digest("arm"));
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"{amd}"}},{{"digest":"{arm}"}},{{}}]}}"#);
    let expected = Resolved { digest: digest(&index), platforms: vec![amd, arm] };
    let odd = Odd::start(move |_, _| answer("200 OK", "", &index)).await;
    assert_eq!(odd.resolve().await, Ok(expected));
}

#[tokio::test]
async fn a_digest_is_asked_for_and_must_be_what_comes() {
    let odd = Odd::start(|_, _| answer("200 OK", "", MANIFEST)).await;
    let registries = odd.registries(Odd::access());
    let right = odd.image(&format!(":v7@{}", digest(MANIFEST)));
    assert!(registries.resolve(&right).await.is_ok());
    assert!(odd.asked()[0].starts_with(&format!("GET /v2/shop/api/manifests/{} ", digest(MANIFEST))));
    let wrong = odd.image(&format!("@{}", digest("else")));
    assert!(matches!(registries.resolve(&wrong).await, Err(RegistryFault::Unreachable(_))));
}

#[tokio::test]
async fn a_registry_that_contradicts_itself_is_not_believed() {
    let header = format!("docker-content-digest: {}\r\n", digest("else"));
    let odd = Odd::start(move |_, _| answer("200 OK", &header, MANIFEST)).await;
    assert!(matches!(odd.resolve().await, Err(RegistryFault::Unreachable(_))));
}

#[tokio::test]
async fn only_a_registry_can_say_that_an_image_is_unknown() {
    let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    let odd = Odd::start(move |_, _| answer("404 Not Found", "", unknown)).await;
    assert_eq!(odd.resolve().await, Err(RegistryFault::Unknown));
    for page in ["<html>404</html>", "", "{}", "[]"] {
        let odd = Odd::start(move |_, _| answer("404 Not Found", "", page)).await;
        assert!(matches!(odd.resolve().await, Err(RegistryFault::Unreachable(_))), "{page}");
    }
}

#[tokio::test]
async fn other_answers_are_none() {
    let answers = [
        answer("500 Internal Server Error", "", "oops"),
        answer("429 Too Many Requests", "retry-after: 3\r\n", "slow down"),
        answer("204 No Content", "", ""),
        answer("200 OK", "", "<html>welcome</html>"),
        answer("200 OK", "", r#"{"schemaVersion":1}"#),
        answer("302 Found", "location: /v2/shop/api/manifests/v7\r\n", ""),
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned(),
        "nonsense".to_owned(),
        String::new(),
    ];
    for answer in answers {
        let text = answer.clone();
        let odd = Odd::start(move |_, _| text.clone()).await;
        let outcome = odd.resolve().await;
        assert!(matches!(outcome, Err(RegistryFault::Unreachable(_))), "{answer}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let odd = Odd::start(|_, _| answer("200 OK", "", &" ".repeat(LARGEST_ANSWER + 2))).await;
    assert!(matches!(odd.resolve().await, Err(RegistryFault::Unreachable(_))));
}

/// A registry with a token service, as GitLab has one.
fn with_tokens(head: &str, host: &str) -> String {
    if head.starts_with("GET /token?") {
        let right = head.contains(&basic(PASSWORD)) && head.contains("scope=repository%3Ashop%2Fapi%3Apull");
        return if right { answer("200 OK", "", r#"{"token":"t-1"}"#) } else { answer("403 Forbidden", "", "{}") };
    }
    if head.to_lowercase().contains("authorization: bearer t-1") {
        return answer("200 OK", "", MANIFEST);
    }
    let challenge = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"test\"\r\n");
    answer("401 Unauthorized", &challenge, r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#)
}

/// RFC 7617, written down so that the test computes nothing.
fn basic(password: &str) -> String {
    match password {
        PASSWORD => "Basic cHVsbGVyOm9wZW4tc2VzYW1lLTQxNw==".to_owned(),
        other => panic!("not written down: {other}"),
    }
}

#[tokio::test]
async fn a_token_is_fetched_with_the_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = Odd::start(with_tokens).await;
    let registries = odd.registries(login(folder.path(), PASSWORD));
    assert_eq!(registries.resolve(&odd.image(":v7")).await.map(|found| found.digest), Ok(digest(MANIFEST)));
    let asked = odd.asked();
    assert_eq!(asked.len(), 3);
    assert!(!asked[0].to_lowercase().contains("authorization"), "no password before it is asked for");
    assert!(!asked[2].contains("Basic"), "the password goes to the token service only");
}

#[tokio::test]
async fn credentials_that_are_not_taken_are_denied() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = Odd::start(with_tokens).await;
    let wrong = odd.registries(login(folder.path(), "wrong"));
    assert_eq!(wrong.resolve(&odd.image(":v7")).await, Err(RegistryFault::Denied));
    assert_eq!(odd.resolve().await, Err(RegistryFault::Denied), "without any");
    for challenge in ["www-authenticate: Basic realm=\"x\"\r\n", ""] {
        let odd = Odd::start(move |_, _| answer("401 Unauthorized", challenge, "")).await;
        let registries = odd.registries(login(folder.path(), PASSWORD));
        assert_eq!(registries.resolve(&odd.image(":v7")).await, Err(RegistryFault::Denied), "{challenge}");
    }
    let odd = Odd::start(|_, _| answer("403 Forbidden", "", "")).await;
    assert_eq!(odd.resolve().await, Err(RegistryFault::Denied));
}

#[tokio::test]
async fn a_token_service_that_fails_says_nothing_about_credentials() {
    let folder = tempfile::tempdir().expect("a folder");
    for broken in [answer("503 Service Unavailable", "", "later"), answer("200 OK", "", "{}"), String::new()] {
        let odd = Odd::start(move |head, host| match head.starts_with("GET /token?") {
            true => broken.clone(),
            false => with_tokens(head, host),
        })
        .await;
        let registries = odd.registries(login(folder.path(), PASSWORD));
        let outcome = registries.resolve(&odd.image(":v7")).await;
        assert!(matches!(outcome, Err(RegistryFault::Unreachable(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_password_stays_within_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let access = RegistryAccess { plain_http: false, ..login(folder.path(), PASSWORD) };
    let host = Host::new("registry.example", &access).expect("a host");
    let outcome = host.token(Url::parse("http://127.0.0.1:9/token").expect("a URL")).await;
    let Err(RegistryFault::Unreachable(fault)) = outcome else { panic!("{outcome:?}") };
    assert!(fault.chain().contains("scheme"), "{fault:?}");
}

#[tokio::test]
async fn no_fault_shows_a_password_or_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    // A registry that repeats what it was sent.
    let odd = Odd::start(|head, host| {
        let known = head.to_lowercase().contains("authorization: ");
        let challenge = format!("www-authenticate: Basic realm=\"http://{host}/\"\r\n");
        if known { answer("500 Oops", "", head) } else { answer("401 Unauthorized", &challenge, "") }
    })
    .await;
    let registries = odd.registries(login(folder.path(), PASSWORD));
    let Err(RegistryFault::Unreachable(fault)) = registries.resolve(&odd.image(":v7")).await else {
        panic!("an answer");
    };
    assert!(fault.chain().contains("500"), "{fault:?}");
    assert!(odd.asked()[1].contains(&basic(PASSWORD)), "it was sent");
    let coded = basic(PASSWORD).replace("Basic ", "");
    assert!(!fault.chain().contains(PASSWORD) && !fault.chain().contains(&coded), "{fault:?}");
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_unreachable() {
    let host = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("an address").to_string()
    };
    let registries = Registries::new(&BTreeMap::from([(host.clone(), Odd::access())])).expect("registries");
    let image: Image = format!("{host}/api:v7").parse().expect("an image");
    assert!(matches!(registries.resolve(&image).await, Err(RegistryFault::Unreachable(_))));
}

#[test]
fn a_registry_is_found_by_its_host() {
    let registries = ["registry.example", "registry.example:5000", "docker.io"];
    let access = |host: &&str| ((*host).to_owned(), RegistryAccess::default());
    let registries = Registries::new(&registries.iter().map(access).collect()).expect("registries");
    for (repository, path) in [
        ("registry.example/shop/api", Some("shop/api")),
        ("registry.example:5000/api", Some("api")),
        ("docker.io/nginx", Some("library/nginx")),
        ("docker.io/shop/api", Some("shop/api")),
        ("registry.example:5001/api", None),
        ("nginx", None),
    ] {
        let repository: Repository = repository.parse().expect("a repository");
        let host = registries.host(&repository);
        assert_eq!(host.map(|host| host.repository(&repository)).as_deref(), path, "{repository}");
        assert_eq!(registries.configured(&repository), path.is_some());
    }
}

#[test]
fn what_is_wrong_with_the_settings_is_said_with_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    let made = |access: RegistryAccess| {
        let made = Registries::new(&BTreeMap::from([("registry.example".to_owned(), access)]));
        made.err().map(|fault| fault.to_string()).unwrap_or_default()
    };
    let access = RegistryAccess { ca_file: Some(path.clone()), ..RegistryAccess::default() };
    assert!(made(access.clone()).contains("ca.pem"));
    std::fs::write(&path, "no certificate").expect("written");
    assert!(made(access).contains("is no certificate"));
    let password = SecretSource::File(folder.path().join("nowhere"));
    let login = Login { username: crate::config::Username::Plain("puller".to_owned()), password };
    let access = RegistryAccess { login: Some(login), ..RegistryAccess::default() };
    assert!(made(access).contains("nowhere"));
}
