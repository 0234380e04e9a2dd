//! The requests that are made, each with its path, parameters and headers.

use http::{Method, Request, header};
use serde_json::Value;
use state::change::patch::PatchStep;
use state::fault::Fault;
use state::names::Namespace;
use state::rollout::seen::FIELD_MANAGER;

use super::answers::CallFault;

/// How many objects of a list come in one answer.
const PAGE: u32 = 250;

/// A collection of objects of one kind, in any namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Collection {
    root: &'static [&'static str],
    plural: &'static str,
}

pub(super) const DEPLOYMENTS: Collection = Collection { root: &["apis", "apps", "v1"], plural: "deployments" };
pub(super) const REPLICA_SETS: Collection = Collection { root: &["apis", "apps", "v1"], plural: "replicasets" };
pub(super) const PODS: Collection = Collection { root: &["api", "v1"], plural: "pods" };
pub(super) const EVENTS: Collection = Collection { root: &["api", "v1"], plural: "events" };
pub(super) const AUTOSCALERS: Collection =
    Collection { root: &["apis", "autoscaling", "v2"], plural: "horizontalpodautoscalers" };

impl Collection {
    /// What it is called in the API.
    pub(super) fn plural(self) -> &'static str {
        self.plural
    }
}

type Outgoing = Result<Request<Vec<u8>>, CallFault>;

/// Whether the API server is alive and can reach its own store.
pub(super) fn readyz() -> Outgoing {
    plain(Method::GET, &["readyz"], &[])
}

/// One object.
pub(super) fn get(collection: Collection, namespace: &Namespace, name: &str) -> Outgoing {
    plain(Method::GET, &place(collection, namespace, &[name]), &[])
}

/// All objects that a label selector selects, as they are now, in one answer.
pub(super) fn list_selected(collection: Collection, namespace: &Namespace, labels: &str) -> Outgoing {
    plain(Method::GET, &place(collection, namespace, &[]), &[("labelSelector", labels)])
}

/// A page of all objects, as they are now.
pub(super) fn list_page(collection: Collection, namespace: &Namespace, next: Option<&str>) -> Outgoing {
    let page = PAGE.to_string();
    let mut parameters = vec![("limit", page.as_str())];
    parameters.extend(next.map(|next| ("continue", next)));
    plain(Method::GET, &place(collection, namespace, &[]), &parameters)
}

/// All changes from a version on, for some seconds.
pub(super) fn watch(collection: Collection, namespace: &Namespace, version: &str, seconds: u64) -> Outgoing {
    let seconds = seconds.to_string();
    let parameters = [
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version),
        ("timeoutSeconds", seconds.as_str()),
    ];
    plain(Method::GET, &place(collection, namespace, &[]), &parameters)
}

/// Events about an object of that name.
pub(super) fn events(namespace: &Namespace, object: &str) -> Outgoing {
    let selector = format!("involvedObject.name={object}");
    plain(Method::GET, &place(EVENTS, namespace, &[]), &[("fieldSelector", &selector), ("limit", "500")])
}

/// The end of a container's log.
pub(super) fn log(namespace: &Namespace, pod: &str, container: &str, previous: bool, lines: usize) -> Outgoing {
    let lines = lines.to_string();
    let mut parameters = vec![("container", container), ("tailLines", lines.as_str()), ("limitBytes", "262144")];
    if previous {
        parameters.push(("previous", "true"));
    }
    plain(Method::GET, &place(PODS, namespace, &[pod, "log"]), &parameters)
}

/// A JSON Patch of a Deployment.
pub(super) fn patch(namespace: &Namespace, name: &str, steps: &[PatchStep]) -> Outgoing {
    let body = Value::Array(steps.iter().map(PatchStep::to_json).collect()).to_string();
    let mut request =
        plain(Method::PATCH, &place(DEPLOYMENTS, namespace, &[name]), &[("fieldManager", FIELD_MANAGER)])?;
    let kind = header::HeaderValue::from_static("application/json-patch+json");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    *request.body_mut() = body.into_bytes();
    Ok(request)
}

fn place<'a>(collection: Collection, namespace: &'a Namespace, rest: &[&'a str]) -> Vec<&'a str> {
    let mut segments = collection.root.to_vec();
    segments.extend(["namespaces", namespace.as_str(), collection.plural]);
    segments.extend(rest);
    segments
}

/// The client puts the server's address in front: only path and query are of use here. Building them with a URL type
/// keeps a name with a slash in it from becoming another path.
fn plain(method: Method, segments: &[&str], parameters: &[(&str, &str)]) -> Outgoing {
    let unusable = |error: &dyn std::error::Error| CallFault::Misread(Fault::of(error));
    let mut url = reqwest::Url::parse("http://cluster/").map_err(|error| unusable(&error))?;
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(segments);
    }
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    let path_and_query = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    Request::builder().method(method).uri(path_and_query).body(Vec::new()).map_err(|error| unusable(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shop() -> Namespace {
        Namespace::new("shop").expect("a namespace")
    }

    fn uri(request: Outgoing) -> String {
        request.expect("a request").uri().to_string()
    }

    #[test]
    fn each_request_goes_to_its_place() {
        let shop = shop();
        assert_eq!(uri(readyz()), "/readyz");
        assert_eq!(uri(get(DEPLOYMENTS, &shop, "api")), "/apis/apps/v1/namespaces/shop/deployments/api");
        assert_eq!(
            uri(list_selected(PODS, &shop, "app=api,tier in (a,b)")),
            "/api/v1/namespaces/shop/pods?labelSelector=app%3Dapi%2Ctier+in+%28a%2Cb%29"
        );
        assert_eq!(uri(list_page(REPLICA_SETS, &shop, None)), "/apis/apps/v1/namespaces/shop/replicasets?limit=250");
        assert_eq!(
            uri(watch(AUTOSCALERS, &shop, "412", 60)),
            "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers\
             ?watch=true&allowWatchBookmarks=true&resourceVersion=412&timeoutSeconds=60"
        );
        assert_eq!(
            uri(log(&shop, "api-7c9d-x2x", "api", true, 25)),
            "/api/v1/namespaces/shop/pods/api-7c9d-x2x/log\
             ?container=api&tailLines=25&limitBytes=262144&previous=true"
        );
        assert_eq!(uri(get(PODS, &shop, "../secrets")), "/api/v1/namespaces/shop/pods/..%2Fsecrets");
    }

    #[test]
    fn a_patch_is_written_as_rfc_6902_has_it() {
        let steps = [
            PatchStep::Test("/metadata/annotations/rotabot.dev~1change".to_owned(), Value::Null),
            PatchStep::Replace("/spec/template/spec/containers/0/image".to_owned(), json!("api:v2")),
            PatchStep::Add("/metadata/annotations".to_owned(), json!({})),
            PatchStep::Remove("/spec/paused".to_owned()),
        ];
        let request = patch(&shop(), "api", &steps).expect("a request");
        assert_eq!(request.method(), Method::PATCH);
        assert_eq!(request.uri(), "/apis/apps/v1/namespaces/shop/deployments/api?fieldManager=rotabot");
        assert_eq!(request.headers()[header::CONTENT_TYPE], "application/json-patch+json");
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        assert_eq!(
            body,
            json!([
                { "op": "test", "path": "/metadata/annotations/rotabot.dev~1change", "value": null },
                { "op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "api:v2" },
                { "op": "add", "path": "/metadata/annotations", "value": {} },
                { "op": "remove", "path": "/spec/paused" },
            ])
        );
    }
}
