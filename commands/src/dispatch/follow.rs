//! Following a change until its outcome, as cards in one language.

use std::sync::Arc;

use futures::StreamExt;
use futures::channel::mpsc;
use futures::stream::{self, BoxStream};
use state::catalogue::{Catalogue, Language};
use state::change::Change;
use state::names::ChangeId;
use state::rollout::judge::Progress;

use crate::cards;
use crate::engine::Engine;
use crate::invocation::News;
use crate::words::Words;

/// The news of a change, the present state first.
pub(super) fn follow(
    engine: Engine,
    catalogue: Arc<Catalogue>,
    id: ChangeId,
    language: Language,
) -> BoxStream<'static, News> {
    // The channel is opened before the record is read, so that nothing falls between the two.
    let words = engine.board.follow(id);
    let following = Following { engine, catalogue, id, language, words, told: None, first: true, over: false };
    stream::unfold(following, |mut following| async move {
        let news = following.next().await?;
        Some((news, following))
    })
    .boxed()
}

struct Following {
    engine: Engine,
    catalogue: Arc<Catalogue>,
    id: ChangeId,
    language: Language,
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
            self.over = matches!(news, News::Ended { .. });
            if self.told.as_ref() != Some(&news) {
                self.told = Some(news.clone());
                return Some(news);
            }
        }
    }

    async fn news(&self) -> Option<News> {
        let (change, progress) = self.latest().await?;
        let gathered = self.engine.gathered(&change).await;
        // The moment of drawing is that of what is drawn, so that the same state gives the same card.
        let now = change.ended().map_or_else(|| drawn_at(&change), |ended| ended.at);
        let facts = gathered.facts(&change, &progress, &self.catalogue, now);
        let card = cards::change::card(Words::get(self.language), &facts);
        Some(match change.ended() {
            Some(ended) => News::Ended { word: ended.outcome.word(), exit_code: ended.outcome.exit_code(), card },
            None if change.head.parked.is_some() => News::Parked(card),
            None => News::Progress(card),
        })
    }

    /// The board knows more than the record while a change is under way; the record knows what ended before.
    async fn latest(&self) -> Option<(Change, Vec<Progress>)> {
        if let Some(seen) = self.engine.board.seen(self.id) {
            return Some((seen.change.clone(), seen.progress.clone()));
        }
        let stored = self.engine.records.change(self.id).await.ok()??;
        Some((stored.change, Vec::new()))
    }
}

fn drawn_at(change: &Change) -> chrono::DateTime<chrono::Utc> {
    let passed = chrono::TimeDelta::from_std(change.head.observed.duration()).unwrap_or_default();
    change.head.asked_at + passed
}
