//! A pod template as the API server gave it, whole, and its fingerprint.
//!
//! It is kept as JSON rather than as a typed struct, so that fields which this version has never heard of survive a
//! return byte for byte.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::names::ContainerName;

/// The label that the Deployment controller adds to the templates of ReplicaSets and to their pods.
pub const HASH_LABEL: &str = "pod-template-hash";

/// Fingerprint of a template: SHA-256 over its JSON with sorted keys, without the controller's own label.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateHash([u8; 16]);

impl fmt::Display for TemplateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TemplateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<TemplateHash> for String {
    fn from(hash: TemplateHash) -> String {
        hash.to_string()
    }
}

impl TryFrom<String> for TemplateHash {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.is_ascii() {
            return Err("is not 32 hex digits");
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| "is not 32 hex digits")?;
        }
        Ok(Self(bytes))
    }
}

/// A pod template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    json: Value,
    hash: TemplateHash,
}

impl Template {
    /// Takes the value of `spec.template`.
    pub fn new(json: Value) -> Self {
        let hash = fingerprint(&json);
        Self { json, hash }
    }

    /// The value, as it came.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Its fingerprint.
    pub fn hash(&self) -> TemplateHash {
        self.hash
    }

    /// The containers' names and images, in order.
    pub fn containers(&self) -> impl Iterator<Item = (&str, &str)> {
        let list = self.json.pointer("/spec/containers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|one| Some((one.get("name")?.as_str()?, one.get("image")?.as_str()?)))
    }

    /// The image of a container.
    pub fn image_of(&self, container: &ContainerName) -> Option<&str> {
        self.containers().find(|(name, _)| *name == container.as_str()).map(|(_, image)| image)
    }

    /// The place of a container in the list, which a JSON Patch needs.
    pub fn index_of(&self, container: &ContainerName) -> Option<usize> {
        self.containers().position(|(name, _)| name == container.as_str())
    }

    /// The same template with other images. A container that it doesn't have is passed over.
    #[must_use]
    pub fn with_images<'a>(&self, images: impl IntoIterator<Item = (&'a ContainerName, String)>) -> Self {
        let mut json = self.json.clone();
        for (container, image) in images {
            let Some(index) = self.index_of(container) else { continue };
            if let Some(place) = json.pointer_mut(&format!("/spec/containers/{index}/image")) {
                *place = Value::String(image);
            }
        }
        Self::new(json)
    }

    /// The paths of fields in which two templates differ, images left out; for people, so at most `limit`.
    pub fn differences(&self, other: &Template, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        differ(&self.json, &other.json, "", &mut found);
        found.retain(|path| !(path.starts_with("spec.containers.") && path.ends_with(".image")));
        found.truncate(limit);
        found
    }
}

fn differ(left: &Value, right: &Value, path: &str, found: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let null = Value::Null;
                differ(left.get(key).unwrap_or(&null), right.get(key).unwrap_or(&null), &below(key), found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                differ(left, right, &below(&at.to_string()), found);
            }
        }
        _ if left == right => {}
        _ => found.push(path.to_owned()),
    }
}

/// Keys are sorted here rather than trusting the JSON library, whose order depends on a feature of the build.
fn fingerprint(json: &Value) -> TemplateHash {
    let mut hasher = Sha256::new();
    feed(json, &mut hasher, 0);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    TemplateHash(bytes)
}

/// `metadata.labels`, where the controller's label stands, is at this depth below the template.
const LABELS_DEPTH: usize = 2;

fn feed(json: &Value, hasher: &mut Sha256, depth: usize) {
    match json {
        Value::Object(map) => {
            hasher.update(b"{");
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            for key in keys {
                // `metadata.creationTimestamp: null` comes and goes between versions of the API server.
                let noise = map[key].is_null() || (depth == LABELS_DEPTH && key == HASH_LABEL);
                if noise {
                    continue;
                }
                hasher.update(Value::String(key.clone()).to_string());
                hasher.update(b":");
                feed(&map[key], hasher, depth + 1);
                hasher.update(b",");
            }
            hasher.update(b"}");
        }
        Value::Array(list) => {
            hasher.update(b"[");
            for one in list {
                feed(one, hasher, depth + 1);
                hasher.update(b",");
            }
            hasher.update(b"]");
        }
        scalar => hasher.update(scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template() -> Template {
        Template::new(json!({
            "metadata": { "labels": { "app": "api" } },
            "spec": { "containers": [{ "name": "api", "image": "api:v1" }, { "name": "proxy", "image": "proxy:v3" }] },
        }))
    }

    #[test]
    fn the_controllers_label_and_nulls_don_t_count() {
        let of_replica_set = Template::new(json!({
            "spec": { "containers": [{ "image": "api:v1", "name": "api" }, { "name": "proxy", "image": "proxy:v3" }] },
            "metadata": { "creationTimestamp": null, "labels": { "pod-template-hash": "7c9d", "app": "api" } },
        }));
        assert_eq!(template().hash(), of_replica_set.hash());
        let text = String::from(template().hash());
        assert_eq!(TemplateHash::try_from(text), Ok(template().hash()));
    }

    #[test]
    fn images_are_replaced_by_the_containers_name() {
        let proxy = ContainerName::new("proxy").expect("a name");
        let changed = template().with_images([(&proxy, "proxy:v4".to_owned())]);
        assert_eq!(changed.image_of(&proxy), Some("proxy:v4"));
        assert_ne!(changed.hash(), template().hash());
        assert!(changed.differences(&template(), 9).is_empty(), "an image is not such a difference");
    }

    #[test]
    fn differences_are_named_by_their_path() {
        let mut json = template().json().clone();
        json["spec"]["containers"][0]["env"] = json!([{ "name": "A" }]);
        json["metadata"]["labels"]["tier"] = json!("web");
        let found = template().differences(&Template::new(json), 9);
        assert_eq!(found, ["metadata.labels.tier", "spec.containers.0.env"]);
    }
}
