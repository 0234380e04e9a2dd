//! Changes and their claims: begun, advanced and ended in one transaction each.

use chrono::{DateTime, Utc};

use super::{ClaimRecord, Pointer, RecordFault, RecordName, Records, keys, put, readable, unreadable};
use crate::change::outcome::Question;
use crate::change::release::{Origin, Release, Withdrawn};
use crate::change::transition::{Also, Transition};
use crate::change::{Change, Head};
use crate::claim::Claim;
use crate::journal::{JournalLine, JournalWhat, NoticeWhat};
use crate::lock::{Asking, Lock, Scope};
use crate::names::{ChangeId, ChangeNumber, PersonName, TargetName};
use crate::store::documents::{self, Batch};
use crate::store::record::{Record, decode};
use crate::store::{Committed, Key, Range, Revision};

/// A change as it was read, with what its next commit is held to.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The change.
    pub change: Change,
    /// The revision of its head.
    pub revision: Revision,
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenQuestion {
    /// The target that it is about.
    pub target: TargetName,
    /// The question.
    pub question: Question,
    /// Its revision.
    pub revision: Revision,
}

/// What is to begin.
#[derive(Debug, Clone)]
pub struct Begin {
    /// The change, in `preparing`. Its number is chosen by the commit.
    pub change: Change,
    /// The journal's line of it.
    pub line: JournalLine,
    /// The question that it answers, which must still be open; without one, none may be open.
    pub answers: Option<(Question, Revision)>,
}

/// What became of a beginning.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// It is durable.
    Begun(Box<Stored>),
    /// The same request has begun this change before (D1).
    Repeated(ChangeId),
    /// Another change holds the target.
    Busy(ClaimRecord),
    /// The question was answered by somebody else, or one has come up: look again.
    Answered,
}

/// What became of an advance.
#[derive(Debug, Clone, PartialEq)]
pub enum Advanced {
    /// It is durable.
    Done(Box<Stored>),
    /// The record has moved on: read it and plan again.
    Moved,
    /// A lock was laid that refuses it.
    Locked(Box<Lock>),
}

const HEAD: &str = "head";
const TARGET: &str = "target";
const WORK: &str = "work";
const WATCH: &str = "watch";
const CAUSE: &str = "cause";

impl Records {
    /// The open changes, by their claims.
    pub async fn open(&self) -> Result<Vec<Result<ClaimRecord, RecordFault>>, RecordFault> {
        let found = self.read_all(Range::under(&keys::claims())).await?;
        Ok(found.into_iter().map(|(_, claim, _)| claim).collect())
    }

    /// Who holds a target.
    pub async fn holder(&self, target: &TargetName) -> Result<Option<ClaimRecord>, RecordFault> {
        Ok(self.read(&keys::claim(target)).await?.map(|(claim, _)| claim))
    }

    /// The claim of a change on its target, if it holds it.
    pub async fn claim(&self, target: &TargetName, change: ChangeId) -> Result<Option<Claim>, RecordFault> {
        let held: Option<(ClaimRecord, Revision)> = self.read(&keys::claim(target)).await?;
        let ours = held.filter(|(claim, _)| claim.change == change);
        Ok(ours.map(|(_, revision)| Claim::new(target.clone(), change, revision.0)))
    }

    /// The change that has this number.
    pub async fn by_number(&self, number: ChangeNumber) -> Result<Option<ChangeId>, RecordFault> {
        let found: Option<(Pointer, Revision)> = self.read(&keys::number(number)).await?;
        Ok(found.map(|(pointer, _)| pointer.change))
    }

    /// The change that this request began.
    pub async fn by_request(&self, request: &str) -> Result<Option<ChangeId>, RecordFault> {
        let found: Option<(Pointer, Revision)> = self.read(&keys::request(request)).await?;
        Ok(found.map(|(pointer, _)| pointer.change))
    }

    /// The revision of a change's head: another one than was read means that the change has moved on.
    pub async fn revision(&self, id: ChangeId) -> Result<Option<Revision>, RecordFault> {
        Ok(self.store.get(&keys::part(id, HEAD)).await?.map(|head| head.revision))
    }

    /// A change, put together from its parts.
    pub async fn change(&self, id: ChangeId) -> Result<Option<Stored>, RecordFault> {
        loop {
            let revision = self.revision(id).await?;
            match self.change_as_it_stands(id).await {
                // It was written while its parts were read: what one of them needed may be gone since.
                Err(RecordFault::Unreadable(_)) if self.revision(id).await? != revision => {}
                read => return read,
            }
        }
    }

    async fn change_as_it_stands(&self, id: ChangeId) -> Result<Option<Stored>, RecordFault> {
        let prefix = keys::change(id);
        let page = self.store.range(Range::under(&prefix)).await?;
        if page.entries.is_empty() {
            return Ok(None);
        }
        let mut parts = Parts::default();
        for entry in &page.entries {
            let bytes = documents::assemble(&*self.store, &entry.value).await?;
            let bytes = bytes.map_err(|cause| unreadable(&entry.key, &cause))?;
            let name = entry.key.parts_after(&prefix).and_then(|mut parts| parts.text()).unwrap_or_default();
            parts.take(&name, &entry.key, &bytes, entry.revision)?;
        }
        parts.whole(&prefix).map(Some)
    }

    /// Begins a change: number, claim, record, journal line, and the answer to a question, all or nothing. Repeating
    /// the call after a failure of unknown outcome finds what the first one did.
    pub async fn begin(&self, begin: &Begin) -> Result<Begun, RecordFault> {
        loop {
            if let Some(id) = self.by_request(&begin.change.head.request).await? {
                return Ok(Begun::Repeated(id));
            }
            let mut change = begin.change.clone();
            change.head.number = self.next_number().await?;
            change.head.answers = begin.answers.as_ref().map(|(question, _)| question.clone());
            match self.write(self.beginning(begin, &change)?).await? {
                Committed::Done(revision) => return Ok(Begun::Begun(Box::new(Stored { change, revision }))),
                Committed::Conflict { key, .. } if key == keys::claim(&change.target.name) => {
                    if let Some(holder) = self.holder(&change.target.name).await? {
                        return Ok(Begun::Busy(holder));
                    }
                }
                Committed::Conflict { key, .. } if key == keys::question(&change.target.name) => {
                    return Ok(Begun::Answered);
                }
                // Somebody else took the number, or the same request came twice at once: look again.
                Committed::Conflict { .. } => {}
            }
        }
    }

    fn beginning(&self, begin: &Begin, change: &Change) -> Result<Batch, RecordFault> {
        let (id, number, target) = (change.head.id, change.head.number, &change.target.name);
        let owner = id.to_string();
        let mut batch = Batch::new();
        let claim = keys::claim(target);
        // The first that fails is told: the same request twice is no stranger's change, and a question that came up
        // since it was looked for must be answered too.
        batch.commit.demand_absent(keys::request(&change.head.request));
        batch.commit.demand_absent(claim.clone());
        let question = begin.answers.as_ref().map(|(_, revision)| *revision);
        batch.commit.demand_unchanged(keys::question(target), question);
        batch.commit.demand_absent(keys::number(number));
        put(&mut batch, claim, &owner, &ClaimRecord::of(change))?;
        put(&mut batch, keys::number(number), &owner, &Pointer { change: id })?;
        put(&mut batch, keys::request(&change.head.request), &owner, &Pointer { change: id })?;
        put_changed(&mut batch, None, change)?;
        let line = JournalLine { change: Some(number), ..begin.line.clone() };
        let scope = Scope::Target(target.clone());
        put(&mut batch, keys::journal(&scope, line.at, &owner, 0), &owner, &line)?;
        put_notice(&mut batch, change, NoticeWhat::Progress, line.at)?;
        if question.is_some() {
            batch.commit.delete(keys::question(target));
        }
        Ok(batch)
    }

    /// The newest number that was given out.
    pub async fn newest_number(&self) -> Result<Option<ChangeNumber>, RecordFault> {
        let newest = self.store.range(Range::under(&keys::numbers()).reversed().limit(1)).await?;
        let newest = newest.entries.first().and_then(|entry| entry.key.parts_after(&keys::numbers())?.number());
        Ok(newest.map(ChangeNumber))
    }

    async fn next_number(&self) -> Result<ChangeNumber, RecordFault> {
        Ok(ChangeNumber(self.newest_number().await?.map_or(0, |newest| newest.0) + 1))
    }

    /// The revision of the claim by which a change holds its target. One that can't be read blocks the target for
    /// whoever comes, but it does not keep an open change from giving it back: no other can have taken it.
    async fn held_at(&self, target: &TargetName, id: ChangeId) -> Result<Option<Revision>, RecordFault> {
        let Some(held) = self.store.get(&keys::claim(target)).await? else { return Ok(None) };
        let claim = documents::assemble(&*self.store, &held.value).await?;
        let claim = claim.ok().and_then(|bytes| decode::<ClaimRecord>(&bytes).ok());
        Ok(claim.is_none_or(|claim| claim.change == id).then_some(held.revision))
    }

    /// Whether a change still holds its target. A claim that can't be read is nobody else's.
    pub async fn holds(&self, target: &TargetName, change: ChangeId) -> Result<bool, RecordFault> {
        Ok(self.held_at(target, change).await?.is_some())
    }

    /// Commits a transition, if the change is still as it was read and nothing that it names stands in the way.
    pub async fn advance(
        &self,
        before: &Stored,
        transition: &Transition,
        now: DateTime<Utc>,
    ) -> Result<Advanced, RecordFault> {
        let change = &transition.change;
        let mut batch = Batch::new();
        batch.commit.demand(keys::part(change.head.id, HEAD), before.revision);
        put_changed(&mut batch, Some(&before.change), change)?;
        for (n, also) in transition.also.iter().enumerate() {
            // The revision sets lines apart that come to be in the same millisecond.
            let n = before.revision.0 * 32 + u64::try_from(n).unwrap_or(0);
            if let Some(lock) = self.put_also(&mut batch, change, also, n, now).await? {
                return Ok(Advanced::Locked(Box::new(lock)));
            }
        }
        match self.write(batch).await? {
            Committed::Done(revision) => {
                if change.ended().is_some()
                    && let Err(fault @ RecordFault::OutcomeUnknown(_)) = self.prune_superseded(change.head.id).await
                {
                    return Err(fault);
                }
                Ok(Advanced::Done(Box::new(Stored { change: change.clone(), revision })))
            }
            Committed::Conflict { .. } => Ok(Advanced::Moved),
        }
    }

    async fn put_also(
        &self,
        batch: &mut Batch,
        change: &Change,
        also: &Also,
        n: u64,
        now: DateTime<Utc>,
    ) -> Result<Option<Lock>, RecordFault> {
        let (id, target) = (change.head.id, &change.target.name);
        let owner = id.to_string();
        match also {
            Also::Journal(line) => {
                let key = keys::journal(&Scope::Target(target.clone()), line.at, &owner, n);
                put(batch, key, &owner, line)?;
            }
            Also::Notice(what) => put_notice(batch, change, *what, now)?,
            Also::ReleaseClaim => {
                // An admin may have freed the target while the record could not be read; another change holds it then.
                if let Some(revision) = self.held_at(target, id).await? {
                    batch.commit.demand(keys::claim(target), revision);
                    batch.commit.delete(keys::claim(target));
                }
            }
            Also::NoLock => return self.demand_no_lock(batch, change, now).await,
            Also::Release(release) => {
                let key = keys::release(target, release.at, release.change, origin(release));
                // It outlives the change: it may be gone back to for as long as the target exists.
                put(batch, key, &keys::release_owner(&owner, origin(release)), &**release)?;
            }
            // It outlives the change as well.
            Also::Withdraw(withdrawn) => {
                let owner = keys::withdrawn_owner(&owner);
                put(batch, keys::withdrawn(target, withdrawn.by), &owner, withdrawn)?;
            }
            Also::Restore(images) => {
                let all = self.read_all::<Withdrawn>(Range::under(&keys::withdrawn_of(target))).await?;
                for (key, withdrawn, _) in all {
                    if withdrawn.is_ok_and(|withdrawn| withdrawn.is_of(images)) {
                        batch.commit.delete(key);
                    }
                }
            }
            Also::Lock(lock) => self.put_left_lock(batch, lock).await?,
            Also::Question(question) => put(batch, keys::question(target), &owner, question)?,
            Also::AskAgain(question) => self.ask_again(batch, change, question, n, now).await?,
        }
        Ok(None)
    }

    /// Puts back a question that a change had answered. Where the target was taken from that change, or something else is
    /// asked about it by now, it is not what is waited for any more.
    async fn ask_again(
        &self,
        batch: &mut Batch,
        change: &Change,
        question: &Question,
        n: u64,
        now: DateTime<Utc>,
    ) -> Result<(), RecordFault> {
        let (target, key) = (&change.target.name, keys::question(&change.target.name));
        let open = self.store.get(&key).await?;
        if open.is_some() || self.held_at(target, change.head.id).await?.is_none() {
            return Ok(());
        }
        batch.commit.demand_absent(key.clone());
        put(batch, key, &question.change.to_string(), question)?;
        let number = Some(question.number);
        let line = JournalLine { at: now, by: None, typed_by: None, change: number, what: JournalWhat::AskedAgain };
        let owner = change.head.id.to_string();
        put(batch, keys::journal(&Scope::Target(target.clone()), now, &owner, n), &owner, &line)
    }

    /// A lock that was laid since the change was asked for refuses it, up to this very commit.
    async fn demand_no_lock(
        &self,
        batch: &mut Batch,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<Option<Lock>, RecordFault> {
        let asking = match change.head.ask {
            crate::change::Ask::Deploy { .. } => Asking::Deploy,
            crate::change::Ask::Rollback { .. } => Asking::Rollback,
        };
        let person: &PersonName = change.head.asked_by.person();
        let by_timer = matches!(change.head.asked_by, crate::change::Asker::Timer { .. });
        for scope in Scope::covering(&change.target.name) {
            for left in [false, true] {
                let held = self.laid(&scope, left).await?;
                batch.commit.demand_unchanged(keys::lock_in(&scope, left), held.as_ref().map(|held| held.revision));
                if let Some(held) = held.filter(|held| !by_timer && held.refuses(asking, person, now)) {
                    return held.lock.map(Some).map_err(RecordFault::Unreadable);
                }
            }
        }
        Ok(None)
    }

    /// One lock that rotabot leaves for each scope: a later one takes over, and names the earlier changes too.
    async fn put_left_lock(&self, batch: &mut Batch, lock: &Lock) -> Result<(), RecordFault> {
        let key = keys::lock(lock);
        let held = self.laid(&lock.scope, true).await?;
        batch.commit.demand_unchanged(key.clone(), held.as_ref().map(|held| held.revision));
        // One that can't be read gives way: what is laid in its place refuses the same.
        let lock = match held.and_then(|held| held.lock.ok()) {
            Some(earlier) => lock.clone().over(&earlier),
            None => lock.clone(),
        };
        put(batch, key, "", &lock)
    }

    /// Everything that a target can be gone back to, oldest first. What can't be read can't be gone back to, and keeps
    /// nobody from going to another one.
    pub async fn releases(&self, target: &TargetName) -> Result<Vec<Release>, RecordFault> {
        let found = self.read_all(Range::under(&keys::releases(target))).await?;
        Ok(found.into_iter().filter_map(|(_, release, _)| release.ok()).collect())
    }

    /// The newest of what a target can be gone back to, at most so many, newest first.
    pub async fn newest_releases(&self, target: &TargetName, most: usize) -> Result<Vec<Release>, RecordFault> {
        let found = self.read_all(Range::under(&keys::releases(target)).reversed().limit(most)).await?;
        Ok(found.into_iter().filter_map(|(_, release, _)| release.ok()).collect())
    }

    /// What a target must not be gone back to. One that can't be read may be about any release, so that there is no
    /// choosing without it.
    pub async fn withdrawn(&self, target: &TargetName) -> Result<Vec<Withdrawn>, RecordFault> {
        let found = self.read_all(Range::under(&keys::withdrawn_of(target))).await?;
        found.into_iter().map(|(_, withdrawn, _)| withdrawn).collect()
    }

    /// The open question of a target.
    pub async fn question(&self, target: &TargetName) -> Result<Option<(Question, Revision)>, RecordFault> {
        self.read(&keys::question(target)).await
    }

    /// All open questions, with the targets that they are about; one that can't be read is an error in its place.
    pub async fn questions(&self) -> Result<Vec<Result<OpenQuestion, RecordFault>>, RecordFault> {
        let found = self.read_all(Range::under(&keys::questions())).await?;
        let open = |(key, question, revision): (Key, Result<Question, RecordFault>, Revision)| match keys::name_of(&key)
        {
            RecordName::Question(target) => Ok(OpenQuestion { target, question: question?, revision }),
            _ => Err(unreadable(&key, "its key names no target")),
        };
        Ok(found.into_iter().map(open).collect())
    }
}

fn origin(release: &Release) -> &'static str {
    match release.origin {
        Origin::Verified => "verified",
        Origin::Baseline => "baseline",
    }
}

pub(super) fn put_notice(
    batch: &mut Batch,
    change: &Change,
    what: NoticeWhat,
    at: DateTime<Utc>,
) -> Result<(), RecordFault> {
    let notice = crate::journal::Notice { change: change.head.id, what, since: at };
    let key = keys::outbox(&change.target.channel, at, change.head.id, what);
    put(batch, key, &change.head.id.to_string(), &notice)
}

/// Puts the parts of a change that differ from what is stored. The head is always written: its revision guards the rest.
fn put_changed(batch: &mut Batch, before: Option<&Change>, change: &Change) -> Result<(), RecordFault> {
    let id = change.head.id;
    let owner = id.to_string();
    put(batch, keys::part(id, HEAD), &owner, &change.head)?;
    if before.is_none_or(|before| before.target != change.target) {
        put(batch, keys::part(id, TARGET), &owner, &change.target)?;
    }
    put_part(batch, id, WORK, before.and_then(|before| before.work.as_ref()), change.work.as_ref())?;
    put_part(batch, id, WATCH, before.map(|before| &before.watch), Some(&change.watch))?;
    put_part(batch, id, CAUSE, before.and_then(|before| before.cause.as_ref()), change.cause.as_ref())
}

fn put_part<R: Record + PartialEq>(
    batch: &mut Batch,
    id: ChangeId,
    name: &str,
    before: Option<&R>,
    after: Option<&R>,
) -> Result<(), RecordFault> {
    match after {
        Some(after) if before != Some(after) => put(batch, keys::part(id, name), &id.to_string(), after),
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Parts {
    head: Option<(Head, Revision)>,
    target: Option<crate::catalogue::Target>,
    work: Option<crate::change::Work>,
    watch: crate::change::Watch,
    cause: Option<crate::evidence::Cause>,
}

impl Parts {
    fn take(&mut self, name: &str, key: &Key, bytes: &[u8], revision: Revision) -> Result<(), RecordFault> {
        match name {
            HEAD => self.head = Some((readable(key, bytes)?, revision)),
            TARGET => self.target = Some(readable(key, bytes)?),
            WORK => self.work = Some(readable(key, bytes)?),
            WATCH => self.watch = readable(key, bytes)?,
            CAUSE => self.cause = Some(readable(key, bytes)?),
            _ => {}
        }
        Ok(())
    }

    fn whole(self, prefix: &Key) -> Result<Stored, RecordFault> {
        let (head, revision) = self.head.ok_or_else(|| unreadable(prefix, "its head is missing"))?;
        let target = self.target.ok_or_else(|| unreadable(prefix, "its target is missing"))?;
        let change = Change { head, target, work: self.work, watch: self.watch, cause: self.cause };
        Ok(Stored { change, revision })
    }
}
