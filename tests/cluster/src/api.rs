//! The API server over its own REST, for what tests set up and look at. Synchronous, on a runtime of its own, so that it can be called
//! from any test.

use std::fmt;
use std::future::Future;
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::kubeconfig::{Identity, Kubeconfig};

/// Longer than the API server ever takes, shorter than anybody waits for a frozen one.
const TIMEOUT: Duration = Duration::from_secs(20);

/// No watch of a test is open for longer.
const LONGEST_WATCH: Duration = Duration::from_secs(3600);

/// The name under which tests own fields in server-side apply.
const MANAGER: &str = "test";

/// A client with one identity.
#[derive(Clone)]
pub struct Api {
    client: Client,
    server: String,
    token: Option<String>,
}

/// An answer of the API server that is not a success. Find it with `error.downcast_ref::<ApiError>()`.
#[derive(Debug)]
pub struct ApiError {
    pub status: u16,
    pub reason: String,
    pub message: String,
}

impl Api {
    pub fn new(config: &Kubeconfig) -> Result<Self> {
        let mut builder = Client::builder().timeout(TIMEOUT).no_proxy();
        if let Some(authority) = &config.authority {
            builder = builder.tls_certs_only([Certificate::from_pem(authority.as_bytes())?]);
        }
        let mut token = None;
        match &config.identity {
            Identity::Token(text) => token = Some(text.clone()),
            Identity::Certificate(pair) => {
                let identity = reqwest::Identity::from_pkcs8_pem(pair.certificate.as_bytes(), pair.key.as_bytes())?;
                builder = builder.identity(identity);
            }
        }
        Ok(Self { client: builder.build()?, server: config.server.clone(), token })
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(("application/json", body)))
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PUT, path, Some(("application/json", body)))
    }

    /// A JSON merge patch.
    pub fn merge(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PATCH, path, Some(("application/merge-patch+json", body)))
    }

    /// A strategic merge patch: lists of containers are merged by name.
    pub fn strategic(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PATCH, path, Some(("application/strategic-merge-patch+json", body)))
    }

    /// A server-side apply that takes over what others own.
    pub fn apply(&self, path: &str, body: &Value) -> Result<Value> {
        let path = format!("{path}?fieldManager={MANAGER}&force=true");
        self.send(Method::PATCH, &path, Some(("application/apply-patch+yaml", body)))
    }

    pub fn delete(&self, path: &str) -> Result<Value> {
        self.send(Method::DELETE, path, Some(("application/json", &json!({ "propagationPolicy": "Background" }))))
    }

    /// Text that is no JSON, as logs are.
    pub fn text(&self, path: &str) -> Result<String> {
        let request = self.request(Method::GET, path);
        block(async move { answer(request).await })
    }

    /// Every change of a collection from now on, or from the `resourceVersion` that the path names, with the moment at which it was
    /// heard. Ends when the receiver is dropped, or when the server ends it.
    pub fn watch(&self, path: &str) -> Result<Receiver<(Instant, Value)>> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let request = self.request(Method::GET, &format!("{path}{separator}watch=true")).timeout(LONGEST_WATCH);
        let mut response = block(async move { Ok(request.send().await?.error_for_status()?) })?;
        let (events, heard) = channel();
        runtime()?.spawn(async move {
            let mut unread = Vec::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                let now = Instant::now();
                unread.extend_from_slice(&chunk);
                while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = unread.drain(..=end).collect();
                    let Ok(event) = serde_json::from_slice(&line) else { return };
                    if events.send((now, event)).is_err() {
                        return;
                    }
                }
            }
        });
        Ok(heard)
    }

    fn send(&self, method: Method, path: &str, body: Option<(&str, &Value)>) -> Result<Value> {
        let what = format!("{method} {path}");
        let mut request = self.request(method, path);
        if let Some((kind, value)) = body {
            request = request.header("content-type", kind).body(value.to_string());
        }
        let text = block(async move { answer(request).await }).with_context(|| what.clone())?;
        serde_json::from_str(&text).with_context(|| format!("{what} answers no JSON"))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.server));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<String> {
    let response = request.send().await?;
    let status = response.status();
    let text = response.text().await?;
    if status.is_success() {
        return Ok(text);
    }
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    Err(ApiError {
        status: status.as_u16(),
        reason: body["reason"].as_str().unwrap_or_default().to_owned(),
        message: body["message"].as_str().unwrap_or(&text).to_owned(),
    }
    .into())
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.status, self.reason, self.message)
    }
}

impl std::error::Error for ApiError {}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<Result<Runtime, std::io::Error>> =
        LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).thread_name("cluster").enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow!("the harness's runtime: {error}"))
}

/// Runs to its end on the harness's own runtime, whatever thread asks.
pub(crate) fn block<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let (sender, answer) = sync_channel(1);
    runtime()?.spawn(async move {
        let _ = sender.send(work.await);
    });
    answer.recv().context("the harness's runtime dropped a request")?
}
