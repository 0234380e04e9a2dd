//! Following a change until its outcome, as cards in the words of whoever reads, who must have the right to view it.

use std::sync::Arc;

use futures::StreamExt;
use futures::channel::mpsc;
use futures::stream::{self, BoxStream};
use state::catalogue::{Action, Catalogue};
use state::change::Change;
use state::lock::Scope;
use state::names::{ChangeId, PersonName, TargetName};
use state::records::{ClaimRecord, RecordFault};
use state::rollout::judge::Progress;
use state::time::Now;

use crate::cards;
use crate::engine::Engine;
use crate::gate::{Gate, gate, known, may_view};
use crate::invocation::News;
use crate::words::Words;

/// Who follows, and since when.
pub(super) struct Reader {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) name: PersonName,
    pub(super) now: Now,
}

impl Reader {
    /// Whether they may look at a change, by the permissions that it began with. Whoever asked for it is told what comes
    /// of it in any case.
    pub(super) fn may_view(&self, change: &Change) -> bool {
        if *change.head.asked_by.person() == self.name {
            return known(&self.catalogue, &self.name, self.now.wall).is_ok();
        }
        let scope = Scope::Target(change.target.name.clone());
        let passed = gate(&self.catalogue, &self.name, Action::View, &scope, Some(&change.target), self.now.wall);
        passed == Gate::Allowed
    }

    /// The same where the change can't be read: by what the catalogue says of its target.
    pub(super) fn may_view_target(&self, target: &TargetName) -> bool {
        may_view(&self.catalogue, &self.name, &Scope::Target(target.clone()), self.now.wall)
    }

    fn words(&self) -> &'static Words {
        Words::get(self.catalogue.language_of(Some(&self.name)))
    }
}

/// The news of a change, the present state first.
pub(super) fn follow(engine: Engine, reader: Reader, id: ChangeId) -> BoxStream<'static, News> {
    // The channel is opened before the record is read, so that nothing falls between the two.
    let words = engine.board.follow(id);
    let following = Following { engine, reader, id, words, told: None, first: true, over: false };
    stream::unfold(following, |mut following| async move {
        let news = following.next().await?;
        Some((news, following))
    })
    .boxed()
}

struct Following {
    engine: Engine,
    reader: Reader,
    id: ChangeId,
    words: mpsc::Receiver<()>,
    told: Option<News>,
    first: bool,
    over: bool,
}

impl Following {
    async fn next(&mut self) -> Option<News> {
        loop {
            if self.over {
                return None;
            }
            if !std::mem::take(&mut self.first) {
                self.words.next().await?;
            }
            let news = self.news().await?;
            self.over = matches!(news, News::Ended { .. } | News::NotYours);
            if self.told.as_ref() != Some(&news) {
                self.told = Some(news.clone());
                return Some(news);
            }
        }
    }

    async fn news(&self) -> Option<News> {
        let (change, progress) = match self.latest().await {
            Ok(latest) => latest?,
            Err(RecordFault::Unreadable(_)) => return Some(self.unreadable().await),
            Err(_) => return None,
        };
        if !self.reader.may_view(&change) {
            return Some(News::NotYours);
        }
        if self.is_left_alone(&change).await {
            return Some(News::Parked(cards::change::unreadable(self.reader.words(), &ClaimRecord::of(&change))));
        }
        let gathered = self.engine.gathered(&change).await;
        // The moment of drawing is that of what is drawn, so that the same state gives the same card.
        let now = change.ended().map_or_else(|| drawn_at(&change), |ended| ended.at);
        let facts = gathered.facts(&change, &progress, &self.reader.catalogue, now);
        let card = cards::change::card(self.reader.words(), &facts);
        Some(match change.ended() {
            Some(ended) => News::Ended { word: ended.outcome.word(), exit_code: ended.outcome.exit_code(), card },
            None if change.head.parked.is_some() => News::Parked(card),
            None => News::Progress(card),
        })
    }

    /// Its record can't be read: it is parked, and goes on once it can be. Who may look at it stands in there; what its
    /// claim tells is told to whoever may look at the target. The fault is logged by the task of the change.
    async fn unreadable(&self) -> News {
        let open = self.engine.records.open().await.unwrap_or_default();
        match open.into_iter().flatten().find(|claim| claim.change == self.id) {
            Some(claim) if self.reader.may_view_target(&claim.target) => {
                News::Parked(cards::change::unreadable(self.reader.words(), &claim))
            }
            _ => News::NotYours,
        }
    }

    /// Nobody takes up an open change whose claim can't be read: until somebody frees its target, it is parked. One that
    /// was taken up before goes on.
    async fn is_left_alone(&self, change: &Change) -> bool {
        if change.ended().is_some() || self.engine.board.seen(self.id).is_some() {
            return false;
        }
        matches!(self.engine.records.holder(&change.target.name).await, Err(RecordFault::Unreadable(_)))
    }

    /// The board knows more than the record while a change is under way; the record knows what ended before.
    async fn latest(&self) -> Result<Option<(Change, Vec<Progress>)>, RecordFault> {
        if let Some(seen) = self.engine.board.seen(self.id) {
            return Ok(Some((seen.change.clone(), seen.progress.clone())));
        }
        let stored = self.engine.records.change(self.id).await?;
        Ok(stored.map(|stored| (stored.change, Vec::new())))
    }
}

fn drawn_at(change: &Change) -> chrono::DateTime<chrono::Utc> {
    let passed = chrono::TimeDelta::from_std(change.head.observed.duration()).unwrap_or_default();
    change.head.asked_at + passed
}
