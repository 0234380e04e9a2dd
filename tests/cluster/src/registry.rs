//! A real image registry on loopback: Debian's `docker-registry`, with images of one small blob each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::block;
use crate::certificates::Authority;
use crate::namespace::random_name;
use crate::owned::{Owned, OwnedFolder};
use crate::ports::free_port;
use crate::wait::until;

/// The bcrypt form of [`Registry::PASSWORD`], at the lowest cost.
const PASSWORD_HASH: &str = "$2b$04$Oc5w9Gdx/VOTOAN03G7tEeTvp3GOKqtyd6e.fUrDaKhsk32CE17ZO";

const PROGRAM: &str = "docker-registry";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[derive(Clone, Debug, Default)]
pub struct RegistryOptions {
    /// Answers 401 to all but [`Registry::USER`] with [`Registry::PASSWORD`].
    pub authenticated: bool,
    /// Serves HTTPS with a certificate of its own authority, see [`Registry::authority`].
    pub tls: bool,
}

/// A running registry. Ends when dropped, and when the process that started it ends.
pub struct Registry {
    options: RegistryOptions,
    address: String,
    authority: Authority,
    client: Client,
    process: Mutex<Option<Owned>>,
    folder: OwnedFolder,
}

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub repository: String,
    pub tag: String,
    /// `sha256:…`
    pub digest: String,
}

/// An image for several platforms: the digest that the tag names, and those of the platforms' manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub image: Image,
    pub platforms: Vec<String>,
}

impl Registry {
    /// The one user of a registry with authentication.
    pub const USER: &str = "puller";
    pub const PASSWORD: &str = "open sesame";

    pub fn start(options: &RegistryOptions) -> Result<Self> {
        if find_program().is_none() {
            bail!("{PROGRAM} is not installed: apt-get install docker-registry");
        }
        let folder = OwnedFolder::new("rotabot-registry-")?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let authority = Authority::new("test registry authority")?;
        authority.server("registry", &[])?.write(folder.path(), "registry")?;
        fs::write(folder.path().join("htpasswd"), format!("{}:{PASSWORD_HASH}\n", Self::USER))?;
        fs::write(folder.path().join("config.yml"), configuration(folder.path(), &address, options).to_string())?;
        let trusted = Certificate::from_pem(authority.certificate()?.as_bytes())?;
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).tls_certs_only([trusted]).build()?;
        let process = Mutex::new(None);
        let registry = Self { options: options.clone(), address, authority, client, process, folder };
        registry.restart()?;
        Ok(registry)
    }

    /// `127.0.0.1:PORT`, with which references begin.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://…` or `https://…`.
    pub fn url(&self) -> String {
        let scheme = if self.options.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Who signed the certificate of a registry with TLS.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// `ADDRESS/NAME:TAG`
    pub fn reference(&self, name: &str, tag: &str) -> String {
        format!("{}/{name}:{tag}", self.address)
    }

    /// Pushes an image with contents of its own under a tag, which is moved if it is there.
    pub fn push(&self, name: &str, tag: &str) -> Result<Image> {
        let digest = self.push_manifest(name, Some(tag), "amd64")?;
        Ok(Image { repository: format!("{}/{name}", self.address), tag: tag.to_owned(), digest })
    }

    /// Pushes an image for two platforms: the tag names an index.
    pub fn push_index(&self, name: &str, tag: &str) -> Result<Index> {
        let mut platforms = Vec::new();
        let mut entries = Vec::new();
        for architecture in ["amd64", "arm64"] {
            let digest = self.push_manifest(name, None, architecture)?;
            let size =
                self.request_text(Method::GET, &format!("/v2/{name}/manifests/{digest}"), MANIFEST, None)?.1.len();
            entries.push(json!({ "mediaType": MANIFEST, "digest": digest, "size": size,
                                 "platform": { "os": "linux", "architecture": architecture } }));
            platforms.push(digest);
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
        let digest = digest_of(&index);
        self.request(Method::PUT, &format!("/v2/{name}/manifests/{tag}"), INDEX, Some(index))?;
        let image = Image { repository: format!("{}/{name}", self.address), tag: tag.to_owned(), digest };
        Ok(Index { image, platforms })
    }

    /// Lets a tag name what `digest` is.
    pub fn move_tag(&self, name: &str, tag: &str, digest: &str) -> Result<()> {
        let accepted = format!("{MANIFEST}, {INDEX}");
        let (kind, text) =
            self.request_text(Method::GET, &format!("/v2/{name}/manifests/{digest}"), &accepted, None)?;
        self.request(Method::PUT, &format!("/v2/{name}/manifests/{tag}"), &kind, Some(text))
    }

    /// The digest that a tag names now; none when there is no such tag.
    pub fn resolve(&self, name: &str, tag: &str) -> Result<Option<String>> {
        let url = format!("{}/v2/{name}/manifests/{tag}", self.url());
        let request = self.authorized(self.client.head(url).header("accept", format!("{MANIFEST}, {INDEX}")));
        block(async move {
            let response = request.send().await?;
            if response.status().as_u16() == 404 {
                return Ok(None);
            }
            let response = response.error_for_status()?;
            let digest = response.headers().get("docker-content-digest").context("no digest in the answer")?;
            Ok(Some(digest.to_str()?.to_owned()))
        })
    }

    /// Deletes the manifest, and with it every tag that names it.
    pub fn delete(&self, name: &str, digest: &str) -> Result<()> {
        self.request(Method::DELETE, &format!("/v2/{name}/manifests/{digest}"), MANIFEST, None)
    }

    /// Kills it with SIGKILL; its images and its address stay its own.
    pub fn kill(&self) -> Result<()> {
        match self.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(process) => process.kill(),
            None => bail!("the registry is not running"),
        }
    }

    /// Stops it where it is: its address accepts connections and nothing answers on them.
    pub fn freeze(&self) -> Result<()> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .context("the registry is not running")?
            .freeze()
    }

    /// Lets a frozen registry go on.
    pub fn thaw(&self) -> Result<()> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .context("the registry is not running")?
            .thaw()
    }

    /// Starts it again on the same address with the same images, and waits until it answers.
    pub fn restart(&self) -> Result<()> {
        let program =
            find_program().with_context(|| format!("{PROGRAM} is not installed: apt-get install docker-registry"))?;
        let config = self.folder.path().join("config.yml").display().to_string();
        let log = self.folder.path().join("registry.log");
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        *process = None;
        let started = process.insert(Owned::start(&program, &["serve".to_owned(), config], &log)?);
        until("the registry's start", Duration::from_secs(30), || {
            started.must_run()?;
            let request = self.authorized(self.client.get(format!("{}/v2/", self.url())));
            block(async move { Ok(request.send().await?.error_for_status()?) })?;
            Ok(Some(()))
        })
    }

    fn push_manifest(&self, name: &str, tag: Option<&str>, architecture: &str) -> Result<String> {
        let config =
            json!({ "os": "linux", "architecture": architecture, "rootfs": { "type": "layers", "diff_ids": [] },
                             "config": { "Labels": { "contents": random_name("contents")? } } })
            .to_string();
        let blob = digest_of(&config);
        self.push_blob(name, &blob, &config)?;
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
                               "config": { "mediaType": CONFIG, "digest": blob, "size": config.len() } })
        .to_string();
        let digest = digest_of(&manifest);
        let under = tag.unwrap_or(&digest);
        self.request(Method::PUT, &format!("/v2/{name}/manifests/{under}"), MANIFEST, Some(manifest))?;
        Ok(digest)
    }

    fn push_blob(&self, name: &str, digest: &str, contents: &str) -> Result<()> {
        let begin = self.authorized(self.client.post(format!("{}/v2/{name}/blobs/uploads/", self.url())));
        let location = block(async move {
            let response = begin.send().await?.error_for_status()?;
            Ok(response.headers().get("location").context("no location for the blob")?.to_str()?.to_owned())
        })?;
        let location = if location.starts_with('/') { format!("{}{location}", self.url()) } else { location };
        let separator = if location.contains('?') { '&' } else { '?' };
        let put = self.authorized(self.client.put(format!("{location}{separator}digest={digest}")));
        let put = put.header("content-type", "application/octet-stream").body(contents.to_owned());
        block(async move { Ok(put.send().await?.error_for_status().map(drop)?) })
    }

    fn request(&self, method: Method, path: &str, kind: &str, body: Option<String>) -> Result<()> {
        self.request_text(method, path, kind, body).map(drop)
    }

    /// Sends a manifest of this kind, or asks for one, and answers the kind and the text that came back.
    fn request_text(&self, method: Method, path: &str, kind: &str, body: Option<String>) -> Result<(String, String)> {
        let what = format!("{method} {path}");
        let mut request = self.authorized(self.client.request(method, format!("{}{path}", self.url())));
        request = match body {
            Some(text) => request.header("content-type", kind).body(text),
            None => request.header("accept", kind),
        };
        block(async move {
            let response = request.send().await?;
            let status = response.status();
            let kind = response
                .headers()
                .get("content-type")
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            let text = response.text().await?;
            if !status.is_success() {
                bail!("{what}: {status} {text}");
            }
            Ok((kind, text))
        })
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        if self.options.authenticated { request.basic_auth(Self::USER, Some(Self::PASSWORD)) } else { request }
    }
}

impl Image {
    /// `REPOSITORY:TAG`
    pub fn tagged(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }

    /// `REPOSITORY:TAG@DIGEST`
    pub fn pinned(&self) -> String {
        format!("{}@{}", self.tagged(), self.digest)
    }
}

/// JSON is YAML too.
fn configuration(folder: &Path, address: &str, options: &RegistryOptions) -> Value {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut http = json!({ "addr": address, "secret": "test" });
    if options.tls {
        http["tls"] = json!({ "certificate": file("registry.crt"), "key": file("registry.key") });
    }
    let mut configuration = json!({
        "version": 0.1,
        "log": { "level": "warn", "accesslog": { "disabled": true } },
        "storage": { "filesystem": { "rootdirectory": file("images") }, "delete": { "enabled": true } },
        "http": http,
    });
    if options.authenticated {
        configuration["auth"] = json!({ "htpasswd": { "realm": "test", "path": file("htpasswd") } });
    }
    configuration
}

fn find_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

fn digest_of(text: &str) -> String {
    let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hash}")
}
