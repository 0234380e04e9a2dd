//! The board: how far each change is, for whoever follows it. Memory only; the truth is in the records.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures::channel::mpsc;
use state::change::Change;
use state::names::ChangeId;
use state::rollout::judge::Progress;

/// What was last seen of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The change.
    pub change: Change,
    /// How far each workload is, where it is being judged.
    pub progress: Vec<Progress>,
    /// Since when its cluster can't be read, while it can't: how far it is was seen then.
    pub blind_since: Option<DateTime<Utc>>,
}

/// The board.
#[derive(Default)]
pub struct Board {
    entries: Mutex<BTreeMap<ChangeId, Entry>>,
    /// Since when nothing can be written.
    unwritable: Mutex<Option<DateTime<Utc>>>,
}

#[derive(Default)]
struct Entry {
    seen: Option<Arc<Seen>>,
    followers: Vec<mpsc::Sender<()>>,
}

impl Board {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts up what was seen, and tells whoever follows. Nobody is told what they have seen already.
    pub fn show(&self, seen: Seen) {
        let mut entries = self.entries();
        let ended = seen.change.ended().is_some();
        let id = seen.change.head.id;
        let entry = entries.entry(id).or_default();
        if entry.seen.as_deref() == Some(&seen) {
            return;
        }
        entry.seen = Some(Arc::new(seen));
        // A full channel holds a word that was not read yet, which serves for this one too.
        entry.followers.retain_mut(|follower| !matches!(follower.try_send(()), Err(error) if error.is_disconnected()));
        if ended && entry.followers.is_empty() {
            entries.remove(&id);
        }
    }

    /// What was last seen of a change.
    pub fn seen(&self, id: ChangeId) -> Option<Arc<Seen>> {
        self.entries().get(&id).and_then(|entry| entry.seen.clone())
    }

    /// All changes that are on the board.
    pub fn all(&self) -> Vec<Arc<Seen>> {
        self.entries().values().filter_map(|entry| entry.seen.clone()).collect()
    }

    /// Follows a change: the channel gets a word whenever something new is to be seen.
    pub fn follow(&self, id: ChangeId) -> mpsc::Receiver<()> {
        let (sender, receiver) = mpsc::channel(1);
        self.entries().entry(id).or_default().followers.push(sender);
        receiver
    }

    /// Takes down what nobody follows any more and what has ended.
    pub fn tidy(&self) {
        self.entries().retain(|_, entry| {
            entry.followers.retain(|follower| !follower.is_closed());
            let ended = entry.seen.as_ref().is_none_or(|seen| seen.change.ended().is_some());
            !(ended && entry.followers.is_empty())
        });
    }

    /// Nothing can be written at this moment; since when that is so.
    pub(super) fn unwritable(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        *self.unwritable.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now)
    }

    /// It can.
    pub(super) fn writable(&self) {
        *self.unwritable.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<ChangeId, Entry>> {
        // Nothing panics while it is held; if something did, the entries are whole all the same.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
