//! What completion offers: references, changes and locks of late.

use state::journal::JournalWhat;
use state::lock::Scope;

use super::{Dispatch, Stop};

/// So many lines are looked through for each target.
const LINES: usize = 20;

impl Dispatch {
    /// Keeps what completion offers. A failure leaves the old offers, which are as good as before.
    pub(super) async fn refresh_recent(&self) {
        if let Ok(recent) = self.gather_recent().await {
            *self.recent.write().unwrap_or_else(std::sync::PoisonError::into_inner) = std::sync::Arc::new(recent);
        }
    }

    async fn gather_recent(&self) -> Result<crate::command::complete::Recent, Stop> {
        let mut recent = crate::command::complete::Recent::default();
        let catalogue = crate::invocation::Desk::catalogue(self);
        for name in catalogue.targets() {
            let lines = self.engine.records.journal(&Scope::Target(name.clone()), None, LINES).await?;
            let references = recent.references.entry(name.clone()).or_default();
            for line in lines {
                if let JournalWhat::AskedDeploy { reference } = &line.line.what
                    && !references.contains(reference)
                {
                    references.push(reference.clone());
                }
                if let Some(number) = line.line.change
                    && !recent.changes.iter().any(|(known, _)| *known == number)
                {
                    recent.changes.push((number, name.clone()));
                }
            }
        }
        recent.changes.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        recent.locks = self.engine.records.locks().await?.into_iter().flatten().map(|lock| lock.scope).collect();
        recent.parked = self
            .engine
            .board
            .all()
            .iter()
            .filter(|seen| seen.change.head.parked.is_some())
            .map(|seen| (seen.change.head.number, seen.change.target.name.clone()))
            .collect();
        Ok(recent)
    }
}
