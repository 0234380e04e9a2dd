//! How a client reaches the API server and as whom: written as a kubeconfig file in JSON, which every reader of YAML takes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::certificates::Pair;

/// A server, whom it is trusted by, and an identity. Change a part and write it to a file.
#[derive(Clone)]
pub struct Kubeconfig {
    pub(crate) server: String,
    pub(crate) authority: Option<String>,
    pub(crate) identity: Identity,
    pub(crate) namespace: String,
    pub(crate) context: String,
}

#[derive(Clone)]
pub(crate) enum Identity {
    /// Passes through a proxy that ends TLS.
    Token(String),
    /// Proved in the TLS handshake: only good for the API server itself.
    Certificate(Pair),
}

impl Kubeconfig {
    /// Another address, as of a proxy before the API server. With `http://` no authority is written.
    pub fn with_server(mut self, server: &str) -> Self {
        self.server = server.to_owned();
        self
    }

    /// Another certificate authority (PEM) to trust.
    pub fn with_authority(mut self, certificate: &str) -> Self {
        self.authority = Some(certificate.to_owned());
        self
    }

    /// Another bearer token, as one that the API server refuses.
    pub fn with_token(mut self, token: &str) -> Self {
        self.identity = Identity::Token(token.to_owned());
        self
    }

    pub fn with_namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.to_owned();
        self
    }

    /// The name of the one context, `test` unless told otherwise.
    pub fn with_context(mut self, context: &str) -> Self {
        self.context = context.to_owned();
        self
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, self.json().to_string()).with_context(|| format!("{}", path.display()))
    }

    pub fn json(&self) -> Value {
        let mut cluster = json!({ "server": self.server });
        if let Some(authority) = self.authority.as_ref().filter(|_| self.server.starts_with("https:")) {
            cluster["certificate-authority-data"] = base64(authority).into();
        }
        let user = match &self.identity {
            Identity::Token(token) => json!({ "token": token }),
            Identity::Certificate(pair) => json!({
                "client-certificate-data": base64(&pair.certificate),
                "client-key-data": base64(&pair.key),
            }),
        };
        let context = &self.context;
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{ "name": context, "cluster": cluster }],
            "users": [{ "name": context, "user": user }],
            "contexts": [{ "name": context, "context": {
                "cluster": context, "user": context, "namespace": self.namespace,
            }}],
        })
    }
}

fn base64(text: &str) -> String {
    openssl::base64::encode_block(text.as_bytes())
}
