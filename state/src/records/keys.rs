//! The keys, a prefix for each kind. What belongs to a target sorts by target, then by time.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::journal::NoticeWhat;
use crate::lock::{Lock, Reason, Scope};
use crate::names::{ChangeId, ChangeNumber, ChannelName, EnvironmentName, ServiceName, TargetName};
use crate::records::RecordName;
use crate::store::Key;

fn target(kind: &'static str, target: &TargetName) -> Key {
    Key::kind(kind).text(target.service.as_str()).text(target.environment.as_str())
}

/// A text that others choose, such as the id of a request: a long one goes by its hash, because a key has its limit.
fn given(key: Key, text: &str) -> Key {
    if text.len() <= 64 {
        return key.text(text);
    }
    let hash = Sha256::digest(text);
    key.text(&hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn moment(key: Key, at: DateTime<Utc>) -> Key {
    key.number(u64::try_from(at.timestamp_millis()).unwrap_or(0))
}

/// All claims, which are the open changes.
pub(super) fn claims() -> Key {
    Key::kind("claim")
}

pub(super) fn claim(name: &TargetName) -> Key {
    target("claim", name)
}

/// All parts of a change.
pub(super) fn change(id: ChangeId) -> Key {
    Key::kind("change").text(&id.to_string())
}

pub(super) fn part(id: ChangeId, part: &str) -> Key {
    change(id).text(part)
}

pub(super) fn numbers() -> Key {
    Key::kind("number")
}

pub(super) fn number(number: ChangeNumber) -> Key {
    numbers().number(number.0)
}

pub(super) fn request(request: &str) -> Key {
    given(Key::kind("request"), request)
}

pub(super) fn locks() -> Key {
    Key::kind("lock")
}

/// A person's lock and one that rotabot left can lie on the same scope: neither takes the other's place.
pub(super) fn lock(lock: &Lock) -> Key {
    lock_in(&lock.scope, matches!(lock.reason, Reason::Withdrawn { .. }))
}

pub(super) fn lock_in(scope: &Scope, left: bool) -> Key {
    locks().text(&scope.to_string()).text(if left { "left" } else { "said" })
}

pub(super) fn questions() -> Key {
    Key::kind("question")
}

pub(super) fn question(name: &TargetName) -> Key {
    target("question", name)
}

pub(super) fn all_releases() -> Key {
    Key::kind("release")
}

/// Service, environment, moment, change and origin of a release's key.
pub(super) fn read_release(key: &Key) -> Option<(String, String, i64, String, String)> {
    let mut parts = key.parts_after(&all_releases())?;
    let (service, environment) = (parts.text()?, parts.text()?);
    let at = i64::try_from(parts.number()?).ok()?;
    Some((service, environment, at, parts.text()?, parts.text()?))
}

/// How the owners of the chunks of releases begin.
pub(super) const RELEASE_OWNERS: &str = "release/";

const WITHDRAWN_OWNERS: &str = "withdrawn/";

/// Who owns the chunks of a release: not its change, which it outlives.
pub(super) fn release_owner(id: &str, origin: &str) -> String {
    format!("{RELEASE_OWNERS}{id}/{origin}")
}

/// Who owns the chunks of a mark, which outlives its change as well.
pub(super) fn withdrawn_owner(id: &str) -> String {
    format!("{WITHDRAWN_OWNERS}{id}")
}

/// The change by which an owner of chunks came to be.
pub(super) fn change_of_owner(owner: &str) -> Option<ChangeId> {
    let rest = owner.strip_prefix(RELEASE_OWNERS).or_else(|| owner.strip_prefix(WITHDRAWN_OWNERS)).unwrap_or(owner);
    rest.split('/').next()?.parse().ok()
}

pub(super) fn releases(name: &TargetName) -> Key {
    target("release", name)
}

pub(super) fn release(name: &TargetName, at: DateTime<Utc>, id: ChangeId, origin: &str) -> Key {
    moment(releases(name), at).text(&id.to_string()).text(origin)
}

pub(super) fn all_withdrawn() -> Key {
    Key::kind("withdrawn")
}

/// The target of a mark's key.
pub(super) fn read_withdrawn(key: &Key) -> Option<TargetName> {
    read_target(key, "withdrawn")
}

pub(super) fn withdrawn_of(name: &TargetName) -> Key {
    target("withdrawn", name)
}

pub(super) fn withdrawn(name: &TargetName, by: ChangeNumber) -> Key {
    withdrawn_of(name).number(by.0)
}

pub(super) fn journals() -> Key {
    Key::kind("journal")
}

/// The journal of a scope: a target's under its name, wider ones under theirs.
pub(super) fn journal_of(scope: &Scope) -> Key {
    journals().text(&scope.to_string())
}

pub(super) fn journal(scope: &Scope, at: DateTime<Utc>, unique: &str, n: u64) -> Key {
    given(moment(journal_of(scope), at), unique).number(n)
}

pub(super) fn journal_before(scope_text: &str, at: DateTime<Utc>) -> (Key, Key) {
    let from = journals().text(scope_text);
    (from.clone(), moment(from, at))
}

pub(super) fn outboxes() -> Key {
    Key::kind("outbox")
}

pub(super) fn outbox(channel: &ChannelName, at: DateTime<Utc>, id: ChangeId, what: NoticeWhat) -> Key {
    moment(outboxes().text(channel.as_str()), at).text(&id.to_string()).text(&format!("{id}/{}", what.as_str()))
}

pub(super) fn message(id: ChangeId) -> Key {
    Key::kind("message").text(&id.to_string())
}

fn read_target(key: &Key, kind: &'static str) -> Option<TargetName> {
    let mut parts = key.parts_after(&Key::kind(kind))?;
    let service = ServiceName::new(parts.text()?).ok()?;
    Some(TargetName { service, environment: EnvironmentName::new(parts.text()?).ok()? })
}

/// What the record of a key is.
pub(super) fn name_of(key: &Key) -> RecordName {
    let target = |kind| read_target(key, kind);
    let lock = || {
        let mut parts = key.parts_after(&locks())?;
        let scope = parts.text()?.parse().ok()?;
        Some(RecordName::Lock { scope, left: parts.text()? == "left" })
    };
    let change = || key.parts_after(&Key::kind("change"))?.text()?.parse().ok().map(RecordName::Change);
    let withdrawn = || {
        let of = target("withdrawn")?;
        let mut parts = key.parts_after(&withdrawn_of(&of))?;
        Some(RecordName::Withdrawn { target: of, by: ChangeNumber(parts.number()?) })
    };
    let named = target("claim").map(RecordName::Claim);
    let named = named.or_else(|| target("question").map(RecordName::Question)).or_else(lock).or_else(change);
    let named = named.or_else(withdrawn);
    named.unwrap_or_else(|| RecordName::Other(key.clone()))
}
