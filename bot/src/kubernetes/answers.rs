//! What an answer of the API server, or the lack of one, means for us.

use commands::ports::{ClusterFault, Patched};
use kube::core::Status;
use serde::Deserialize;
use state::fault::Fault;

use super::client;
use super::objects::Deployment;
use super::text;

/// A call that did not end in an answer of success.
#[derive(Debug)]
pub(super) enum CallFault {
    /// The server answered with an error.
    Answered(Box<Status>),
    /// There was no answer, or none in time.
    Unanswered(Fault),
    /// The answer can't be understood.
    Misread(Fault),
}

impl From<kube::Error> for CallFault {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Answered(status),
            // Texts that don't parse may hold anything: only where it fails is told.
            kube::Error::SerdeError(error) => Self::Misread(Fault::of(&error)),
            kube::Error::FromUtf8(error) => Self::Misread(Fault::of(&error)),
            other => Self::Unanswered(client::told(&other)),
        }
    }
}

impl CallFault {
    /// Whether the server says that there is no such object. A proxy that knows no such page says something else.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Answered(status) if status.code == 404 && status.reason == "NotFound")
    }

    /// Whether the credentials were not accepted.
    pub(super) fn is_unauthenticated(&self) -> bool {
        matches!(self, Self::Answered(status) if status.code == 401)
    }

    /// What keeps the knowledge from being kept up, as people are told: credentials that are not taken are a matter of
    /// rights to them.
    pub(super) fn trouble(self) -> ClusterFault {
        match self {
            Self::Answered(status) if status.code == 401 => ClusterFault::Forbidden(text::sentence(&status.message)),
            other => other.into(),
        }
    }

    /// Whether a watch asks for changes that the server no longer remembers.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Answered(status) if status.code == 410)
    }

    /// After how many seconds the server wants to be asked again.
    pub(super) fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Answered(status) => status.details.as_ref().map(|details| details.retry_after_seconds),
            _ => None,
        }
        .filter(|seconds| *seconds > 0)
    }
}

impl From<CallFault> for ClusterFault {
    fn from(fault: CallFault) -> Self {
        let status = match fault {
            CallFault::Answered(status) => status,
            CallFault::Unanswered(fault) => return ClusterFault::Unreachable(fault),
            CallFault::Misread(fault) => return ClusterFault::Unreadable(fault),
        };
        let sentence = text::sentence(&status.message);
        let told = || Fault::new(format!("HTTP {}: {sentence}", status.code));
        match status.code {
            403 => ClusterFault::Forbidden(sentence),
            // Credentials that are not taken (401) may be so again: tokens are renewed. The server took it back (409),
            // is too busy (429), or failed on its way (408, 5xx).
            401 | 408 | 409 | 425 | 429 | 500.. => ClusterFault::Unreachable(told()),
            _ => ClusterFault::Unreadable(told()),
        }
    }
}

/// What became of a patch.
pub(super) fn patched(answer: Result<String, CallFault>) -> Result<Patched, ClusterFault> {
    let fault = match answer {
        Ok(body) => return Ok(Patched::Written(Box::new(deployment(&body)?.seen))),
        Err(fault) => fault,
    };
    if fault.is_missing() {
        return Ok(Patched::Missing);
    }
    match fault {
        CallFault::Answered(status) if refuses(&status) => Ok(Patched::Rejected(text::sentence(&status.message))),
        other => Err(other.into()),
    }
}

/// Whether a patch was refused for what it says: a test that failed (422), a quota, a policy, a webhook. These answer
/// with a code of their own choice (400 and 403 are usual), so a 403 counts as missing rights only where the sentence
/// is the authorizer's.
fn refuses(status: &Status) -> bool {
    let lacks_rights = status.message.contains("\" cannot patch resource \"");
    match status.code {
        400 | 405 | 406 | 413 | 415 | 422 => true,
        403 => !lacks_rights,
        _ => false,
    }
}

/// Reads a Deployment.
pub(super) fn deployment(body: &str) -> Result<Deployment, ClusterFault> {
    Deployment::read(json(body)?).map_err(|misshapen| ClusterFault::Unreadable(Fault::new(misshapen)))
}

/// Reads an answer.
pub(super) fn json<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, CallFault> {
    serde_json::from_str(body).map_err(|error| CallFault::Misread(Fault::of(&error)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(code: u16, reason: &str, message: &str) -> Result<String, CallFault> {
        let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                             "reason": reason, "message": message });
        Err(CallFault::Answered(serde_json::from_value(status).expect("a status")))
    }

    const TEST_FAILED: &str = "the server rejected our request due to an error in our request";
    const NO_RIGHT: &str = "deployments.apps \"api\" is forbidden: User \"rotabot\" cannot patch resource \
                            \"deployments\" in API group \"apps\" in the namespace \"shop\"";
    const QUOTA: &str = "deployments.apps \"api\" is forbidden: exceeded quota: small, requested: pods=3";
    const WEBHOOK: &str = "admission webhook \"policy.example\" denied the request: image is not signed";

    #[test]
    fn a_patch_that_is_refused_for_what_it_says_was_not_done() {
        for (code, reason, message) in [
            (422, "Invalid", TEST_FAILED),
            (403, "Forbidden", QUOTA),
            (403, "Forbidden", WEBHOOK),
            (400, "", WEBHOOK),
            (413, "RequestEntityTooLarge", "too large"),
        ] {
            assert_eq!(patched(answered(code, reason, message)), Ok(Patched::Rejected(message.to_owned())), "{code}");
        }
    }

    #[test]
    fn missing_rights_are_told_from_refusals() {
        assert_eq!(patched(answered(403, "Forbidden", NO_RIGHT)), Err(ClusterFault::Forbidden(NO_RIGHT.to_owned())));
    }

    #[test]
    fn credentials_that_are_not_taken_may_be_taken_later() {
        let unauthorized = || answered(401, "Unauthorized", "Unauthorized");
        assert!(matches!(patched(unauthorized()), Err(ClusterFault::Unreachable(_))));
        let told = unauthorized().map_err(CallFault::trouble);
        assert_eq!(told, Err(ClusterFault::Forbidden("Unauthorized".to_owned())));
    }

    #[test]
    fn what_may_have_happened_is_unreachable() {
        for (code, reason) in
            [(500, "InternalError"), (503, ""), (504, "Timeout"), (429, "TooManyRequests"), (409, "Conflict")]
        {
            let fault = patched(answered(code, reason, "later"));
            assert!(matches!(fault, Err(ClusterFault::Unreachable(_))), "{code}: {fault:?}");
        }
        let silent = patched(Err(CallFault::Unanswered(Fault::new("timed out"))));
        assert!(matches!(silent, Err(ClusterFault::Unreachable(_))));
    }

    #[test]
    fn only_the_api_server_can_say_that_a_workload_is_missing() {
        let missing = answered(404, "NotFound", "deployments.apps \"api\" not found");
        assert_eq!(patched(missing), Ok(Patched::Missing));
        let page = patched(answered(404, "Failed to parse error data", "<html>no such page</html>"));
        assert!(matches!(page, Err(ClusterFault::Unreadable(_))), "{page:?}");
    }

    #[test]
    fn an_answer_that_is_no_deployment_is_unreadable() {
        for body in ["", "{", "[]", "{\"kind\":\"Deployment\"}", "<html>"] {
            assert!(matches!(patched(Ok(body.to_owned())), Err(ClusterFault::Unreadable(_))), "{body}");
        }
    }

    #[test]
    fn the_server_says_when_to_ask_again() {
        let status = json!({ "code": 429, "message": "too many", "details": { "retryAfterSeconds": 7 } });
        let fault = CallFault::Answered(serde_json::from_value(status).expect("a status"));
        assert_eq!(fault.retry_after(), Some(7));
    }
}
