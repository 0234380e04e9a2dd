//! What is done over and over: messages delivered, questions looked after, open changes taken up, old history pruned.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::card::Post;
use commands::cards;
use commands::words::Words;
use state::names::ChangeId;

use super::Runner;

/// Messages are looked after so often even if nothing is heard of any.
const DELIVER: Duration = Duration::from_secs(1);

const QUESTIONS: Duration = Duration::from_secs(1);

/// Changes that lost their task are found again so often.
const OPEN: Duration = Duration::from_secs(30);

const PRUNE: Duration = Duration::from_secs(24 * 60 * 60);

impl Runner {
    pub(super) async fn deliver(self: Arc<Self>) {
        let mut courier = self.engine().courier(Arc::clone(&self.chat), Arc::clone(&self.catalogue));
        loop {
            if let Err(fault) = courier.round((self.clock)()).await {
                self.store_failed("delivering messages", &fault);
            }
            tokio::select! {
                () = self.tasks.committed.notified() => {}
                () = tokio::time::sleep(DELIVER) => {}
            }
        }
    }

    pub(super) async fn look_after_questions(self: Arc<Self>) {
        let mut starting = true;
        loop {
            match self.engine().questions((self.clock)(), starting).await {
                Ok(asked) => {
                    starting = false;
                    for id in asked.began {
                        tokio::spawn(Arc::clone(&self).begin(id));
                    }
                }
                Err(fault) => self.store_failed("looking after questions", &fault),
            }
            tokio::time::sleep(QUESTIONS).await;
        }
    }

    /// At the start, and now and then: a change whose task never began goes on all the same.
    pub(super) async fn take_up_open(self: Arc<Self>) {
        loop {
            match self.engine().records.open().await {
                Ok(open) => {
                    for claim in open {
                        match claim {
                            Ok(claim) => {
                                tokio::spawn(Arc::clone(&self).begin(claim.change));
                            }
                            Err(fault) => self.store_failed("reading a claim", &fault),
                        }
                    }
                }
                Err(fault) => self.store_failed("reading open changes", &fault),
            }
            tokio::time::sleep(OPEN).await;
        }
    }

    pub(super) async fn prune(self: Arc<Self>) {
        loop {
            let kept = TimeDelta::from_std(self.keep_history).unwrap_or(TimeDelta::MAX);
            if let Some(before) = (self.clock)().wall.checked_sub_signed(kept) {
                match self.engine().records.prune(before).await {
                    Ok(0) => {}
                    Ok(pruned) => tracing::info!(pruned, "old history is gone"),
                    Err(fault) => self.store_failed("pruning history", &fault),
                }
            }
            tokio::time::sleep(PRUNE).await;
        }
    }

    /// The channel hears of a change whose record can't be read: once, because the marker is found again.
    pub(super) async fn tell_unreadable(&self, id: ChangeId) {
        let claims = self.engine().records.open().await.unwrap_or_default();
        let Some(claim) = claims.into_iter().flatten().find(|claim| claim.change == id) else { return };
        let Some(environment) = self.catalogue.environments.get(&claim.target.environment) else { return };
        let language = self.catalogue.language_of_channel(&environment.channel);
        let card = cards::change::unreadable(Words::get(language), &claim);
        let post = Post {
            channel: environment.channel.clone(),
            marker: format!("{id}/unreadable"),
            card,
            reply_to: None,
            silent: false,
        };
        if let Err(fault) = self.chat.post(&post).await {
            tracing::warn!(change = %claim.number, ?fault, "the channel could not be told of an unreadable change");
        }
    }
}
