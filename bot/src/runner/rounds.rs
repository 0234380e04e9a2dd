//! What is done over and over: messages delivered, questions looked after, open changes taken up, old history pruned.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::card::Post;
use commands::cards;
use commands::ports::ChatFault;
use commands::words::Words;
use state::names::ChangeId;
use state::records::{ClaimRecord, RecordFault, RecordName};

use super::Runner;
use super::failures::Doing;

/// Messages are looked after so often even if nothing is heard of any.
const DELIVER: Duration = Duration::from_secs(1);

const QUESTIONS: Duration = Duration::from_secs(1);

/// Changes that lost their task are found again so often.
const OPEN: Duration = Duration::from_secs(30);

const PRUNE: Duration = Duration::from_secs(24 * 60 * 60);

impl Runner {
    pub(super) async fn deliver(self: Arc<Self>) {
        let mut courier = self.engine().courier(Arc::clone(&self.chat), Arc::clone(&self.catalogue));
        let delivering = Doing::all("delivering messages");
        loop {
            match courier.round((self.clock)()).await {
                Ok(_) => self.store_works(&delivering),
                Err(fault) => self.store_failed(&delivering, &fault),
            }
            tokio::select! {
                () = self.tasks.committed.notified() => {}
                () = tokio::time::sleep(DELIVER) => {}
            }
        }
    }

    pub(super) async fn look_after_questions(self: Arc<Self>) {
        let mut starting = true;
        let looking = Doing::all("looking after questions");
        loop {
            // Since when nothing can be written is known also where nobody tried to.
            self.engine().unwritable((self.clock)().wall).await;
            match self.engine().questions((self.clock)(), starting).await {
                Ok(asked) => {
                    starting = false;
                    self.store_works(&looking);
                    for id in asked.began {
                        tokio::spawn(Arc::clone(&self).begin(id));
                    }
                }
                Err(fault) => self.store_failed(&looking, &fault),
            }
            tokio::time::sleep(QUESTIONS).await;
        }
    }

    /// At the start, and now and then: a change whose task never began goes on all the same.
    pub(super) async fn take_up_open(self: Arc<Self>) {
        let reading = Doing::all("reading open changes");
        let mut looked_for_unclaimed = false;
        loop {
            // Only what was done to the store while nobody ran takes a claim away from a change.
            if !looked_for_unclaimed {
                match self.engine().unclaimed().await {
                    Ok(unclaimed) => {
                        looked_for_unclaimed = true;
                        for id in unclaimed {
                            tokio::spawn(Arc::clone(&self).begin(id));
                        }
                    }
                    Err(fault) => self.store_failed(&reading, &fault),
                }
            }
            match self.engine().records.open().await {
                Ok(open) => {
                    self.store_works(&reading);
                    let (claims, faults): (Vec<_>, Vec<_>) = open.into_iter().partition(Result::is_ok);
                    for claim in claims.into_iter().flatten() {
                        tokio::spawn(Arc::clone(&self).begin(claim.change));
                    }
                    self.claims_unreadable(&faults.into_iter().filter_map(Result::err).collect::<Vec<_>>()).await;
                }
                Err(fault) => self.store_failed(&reading, &fault),
            }
            tokio::time::sleep(OPEN).await;
        }
    }

    async fn claims_unreadable(&self, faults: &[RecordFault]) {
        let chains = faults.iter().map(|fault| fault.fault().chain().to_owned()).collect();
        let changed = self.failures.only("reading a claim", chains);
        for fault in changed.began {
            tracing::error!(fault, "a target is blocked: the claim on it can't be read");
        }
        if changed.over > 0 {
            tracing::info!(claims = changed.over, "claims that could not be read are readable again, or gone");
        }
        for fault in faults {
            if let RecordFault::Unreadable(unreadable) = fault
                && let RecordName::Claim(target) = &unreadable.record
                && let Ok(Some(claim)) = self.engine().records.holder_by_journal(target).await
            {
                self.tell_parked(&claim, "claim-unreadable").await;
            }
        }
    }

    pub(super) async fn prune(self: Arc<Self>) {
        let pruning = Doing::all("pruning history");
        loop {
            let kept = TimeDelta::from_std(self.keep_history).unwrap_or(TimeDelta::MAX);
            if let Some(before) = (self.clock)().wall.checked_sub_signed(kept) {
                match self.engine().records.prune(before).await {
                    Ok(pruned) => {
                        self.store_works(&pruning);
                        if pruned > 0 {
                            tracing::info!(pruned, "old history is gone");
                        }
                    }
                    Err(fault) => self.store_failed(&pruning, &fault),
                }
            }
            tokio::time::sleep(PRUNE).await;
        }
    }

    /// The channel hears of a change whose record can't be read: once, because the marker is found again.
    pub(super) async fn tell_unreadable(&self, id: ChangeId) {
        let claims = self.engine().records.open().await.unwrap_or_default();
        let Some(claim) = claims.into_iter().flatten().find(|claim| claim.change == id) else { return };
        self.tell_parked(&claim, "unreadable").await;
    }

    /// Nobody goes on with an open change, because a record of it can't be read.
    async fn tell_parked(&self, claim: &ClaimRecord, why: &str) {
        let id = claim.change;
        let Some(environment) = self.catalogue.environments.get(&claim.target.environment) else { return };
        let language = self.catalogue.language_of_channel(&environment.channel);
        let card = cards::change::unreadable(Words::get(language), claim);
        let post = Post {
            channel: environment.channel.clone(),
            marker: format!("{}/{}/{why}/{id}", claim.target.service, claim.target.environment),
            card,
            reply_to: None,
            silent: false,
        };
        let telling = Doing::one("telling of an unreadable change", id);
        match self.chat.post(&post).await {
            Ok(_) => _ = self.failures.over(&telling),
            Err(ChatFault::Unreachable(fault) | ChatFault::Refused(fault)) => {
                if self.failures.failed(&telling, fault.chain()) {
                    tracing::warn!(change = %claim.number, ?fault, "the channel could not be told of an unreadable change");
                }
            }
        }
    }
}
