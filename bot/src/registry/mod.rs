//! Image registries behind the port `Registry`: which digest a tag stands for.
//!
//! One GET of the manifest gives the digest and, for an index, the digests of its platforms. Nothing is kept, for a tag
//! may move at any moment. Which services need a digest, and what it means when there is none, is not decided here.

mod challenge;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use commands::ports::{Registry, RegistryFault, Resolved};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::header::{ACCEPT, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use state::fault::Fault;
use state::image::{Digest, Image, Repository};
use state::redact::clean_line;
use tokio::time::timeout;

use self::challenge::Challenge;
use crate::bounded;
use crate::config::{Login, RegistryAccess};
use crate::secret::SecretFault;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long one question may take, with the token that it needs.
const LIMIT: Duration = Duration::from_secs(10);

/// A manifest is a page of text. The specification lets registries refuse what is larger than this.
const LARGEST_ANSWER: usize = 4 << 20;

/// Kinds of manifests that a tag may stand for, those of several platforms and those of one.
const KINDS: &str = "application/vnd.oci.image.index.v1+json, \
                     application/vnd.docker.distribution.manifest.list.v2+json, \
                     application/vnd.oci.image.manifest.v1+json, \
                     application/vnd.docker.distribution.manifest.v2+json";

/// Why a registry of the config can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum SetupFault {
    #[error("the credentials for {host}: {why}")]
    Credentials { host: String, why: SecretFault },
    #[error("the authority of {host}: {path}: {why}", path = .path.display())]
    Authority { host: String, path: PathBuf, why: io::Error },
    #[error("the authority of {host}: {path} is no certificate in PEM form", path = .path.display())]
    NoCertificate { host: String, path: PathBuf },
    #[error("{host}: {why}")]
    Client { host: String, why: reqwest::Error },
}

/// All registries of the config.
pub struct Registries {
    hosts: BTreeMap<String, Host>,
}

impl Registries {
    /// Reads credentials and authorities. Nothing is asked yet.
    pub fn new(registries: &BTreeMap<String, RegistryAccess>) -> Result<Self, SetupFault> {
        let made = registries.iter().map(|(host, access)| Ok((host.clone(), Host::new(host, access)?)));
        Ok(Self { hosts: made.collect::<Result<_, SetupFault>>()? })
    }

    fn host(&self, repository: &Repository) -> Option<&Host> {
        self.hosts.get(repository.host()?)
    }
}

impl Registry for Registries {
    fn configured(&self, repository: &Repository) -> bool {
        self.host(repository).is_some()
    }

    fn resolve<'a>(&'a self, image: &'a Image) -> BoxFuture<'a, Result<Resolved, RegistryFault>> {
        async move {
            let Some(host) = self.host(&image.repository) else {
                return Err(unreachable(format!("the registry of {} is not in the config", image.repository)));
            };
            let answer = timeout(LIMIT, host.resolve(image)).await;
            answer.unwrap_or_else(|_| Err(unreachable(format!("no answer within {} s", LIMIT.as_secs()))))
        }
        .boxed()
    }
}

/// One registry. It has no `Debug`, so that its password can't be printed by accident.
struct Host {
    name: String,
    address: String,
    client: Client,
    login: Option<(String, SecretString)>,
}

impl Host {
    fn new(host: &str, access: &RegistryAccess) -> Result<Self, SetupFault> {
        let unread = |why| SetupFault::Credentials { host: host.to_owned(), why };
        let login = access.login.as_ref().map(Login::read).transpose().map_err(unread)?;
        let authority = access.ca_file.as_ref().map_or(Ok(Vec::new()), |file| authority(host, file))?;
        let scheme = if access.plain_http { "http" } else { "https" };
        let mut builder = Client::builder()
            .user_agent(concat!("rotabot/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_LIMIT)
            .timeout(LIMIT)
            // Neither a token service nor a redirect may lead a password out of TLS.
            .https_only(!access.plain_http)
            .tls_certs_merge(authority);
        if is_loopback(host) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|why| SetupFault::Client { host: host.to_owned(), why })?;
        Ok(Self { name: host.to_owned(), address: format!("{scheme}://{}", api_host(host)), client, login })
    }

    async fn resolve(&self, image: &Image) -> Result<Resolved, RegistryFault> {
        let repository = self.repository(&image.repository);
        let reference = image.reference.digest().map(Digest::as_str).or(image.reference.tag()).unwrap_or("latest");
        let address = format!("{}/v2/{repository}/manifests/{reference}", self.address);
        let ask = || self.client.get(&address).header(ACCEPT, KINDS);
        let mut answer = sent(ask()).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            answer = sent(self.let_in(ask(), answer.headers(), &repository).await?).await?;
        }
        let status = answer.status();
        let told = answer.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
        let told = told.and_then(|text| text.parse::<Digest>().ok());
        let body = read_body(answer).await?;
        match status {
            StatusCode::OK => resolved(&body, told, image.reference.digest()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(RegistryFault::Denied),
            StatusCode::NOT_FOUND if is_registrys(&body) => Err(RegistryFault::Unknown),
            _ => Err(refused("the registry", status, &body)),
        }
    }

    /// The request with what the registry wants to see first.
    async fn let_in(
        &self,
        request: RequestBuilder,
        headers: &HeaderMap,
        repository: &str,
    ) -> Result<RequestBuilder, RegistryFault> {
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        match (challenge::read(challenges, repository), &self.login) {
            (Some(Challenge::Token(address)), _) => Ok(request.bearer_auth(self.token(address).await?)),
            (Some(Challenge::Basic), Some(_)) => Ok(self.signed(request)),
            (Some(Challenge::Basic) | None, _) => Err(RegistryFault::Denied),
        }
    }

    async fn token(&self, address: Url) -> Result<String, RegistryFault> {
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let answer = sent(self.signed(self.client.get(address))).await?;
        let status = answer.status();
        let body = read_body(answer).await?;
        match status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(RegistryFault::Denied),
            _ => return Err(refused("the token service", status, &body)),
        }
        // The body holds a token: nothing of it is told.
        let token = serde_json::from_slice(&body).ok().and_then(|token: Token| token.token.or(token.access_token));
        token.ok_or_else(|| unreachable("the token service answers without a token".to_owned()))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.login {
            Some((name, password)) => request.basic_auth(name, Some(password.expose_secret())),
            None => request,
        }
    }

    /// The repository without its host.
    fn repository(&self, repository: &Repository) -> String {
        let path = repository.as_str().strip_prefix(&self.name).unwrap_or_default().trim_start_matches('/');
        if self.name == DOCKER_HUB && !path.contains('/') { format!("library/{path}") } else { path.to_owned() }
    }
}

const DOCKER_HUB: &str = "docker.io";

/// Docker Hub is known by one name and answers at another.
fn api_host(host: &str) -> &str {
    if host == DOCKER_HUB { "registry-1.docker.io" } else { host }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// The longest file of certificates, in bytes: all authorities that the web trusts take a fiftieth of it.
const LONGEST_AUTHORITY: u64 = 16 << 20;

/// Certificates of a file that a config names as the authority of a host.
pub(crate) fn authority(host: &str, file: &Path) -> Result<Vec<Certificate>, SetupFault> {
    let (host, path) = (host.to_owned(), file.to_owned());
    let pem = match bounded::read(file, LONGEST_AUTHORITY) {
        Ok(pem) => pem,
        Err(why) => return Err(SetupFault::Authority { host, path, why }),
    };
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(SetupFault::NoCertificate { host, path }),
    }
}

async fn sent(request: RequestBuilder) -> Result<Response, RegistryFault> {
    // The address may carry a scope, which is of no use in a log.
    request.send().await.map_err(|why| RegistryFault::Unreachable(Fault::of(&why.without_url())))
}

async fn read_body(mut answer: Response) -> Result<Vec<u8>, RegistryFault> {
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await.map_err(|why| RegistryFault::Unreachable(Fault::of(&why.without_url())))?;
        let Some(chunk) = chunk else { return Ok(body) };
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(unreachable("an answer too large for a manifest".to_owned()));
        }
    }
}

/// Reads a manifest. The digest is computed, for it is what a node will compute too; where the registry tells one, or
/// one was asked for, it must be the same.
fn resolved(body: &[u8], told: Option<Digest>, asked: Option<&Digest>) -> Result<Resolved, RegistryFault> {
    let digest = digest_of(body)?;
    if told.as_ref().is_some_and(|told| *told != digest) || asked.is_some_and(|asked| *asked != digest) {
        return Err(unreachable("the manifest has another digest than the registry says".to_owned()));
    }
    let manifest: Value = serde_json::from_slice(body).map_err(|why| RegistryFault::Unreachable(Fault::of(&why)))?;
    if manifest.get("schemaVersion").and_then(Value::as_u64) != Some(2) {
        return Err(unreachable("no manifest of a kind that is known".to_owned()));
    }
    let entries = manifest.get("manifests").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let digests = entries.iter().filter_map(|entry| entry.get("digest")?.as_str()?.parse().ok());
    Ok(Resolved { digest, platforms: digests.collect() })
}

fn digest_of(body: &[u8]) -> Result<Digest, RegistryFault> {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(body) {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
    }
    text.parse().map_err(|why: state::image::ImageError| RegistryFault::Unreachable(Fault::of(&why)))
}

/// Whether an error is told in the registries' own form. Another server's "no such page" says nothing about an image:
/// to believe it would be to believe that what runs can't be gone back to.
fn is_registrys(body: &[u8]) -> bool {
    let errors = serde_json::from_slice::<Value>(body).ok();
    errors.is_some_and(|body| body.get("errors").is_some_and(Value::is_array))
}

fn refused(who: &str, status: StatusCode, body: &[u8]) -> RegistryFault {
    let said = clean_line(&String::from_utf8_lossy(&body[..body.len().min(2_000)]), 300);
    unreachable(format!("{who} answers {status}: {said}"))
}

fn unreachable(sentence: String) -> RegistryFault {
    RegistryFault::Unreachable(Fault::new(sentence))
}

#[cfg(test)]
mod tests;
