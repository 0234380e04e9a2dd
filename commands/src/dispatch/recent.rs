//! What completion offers: references, releases, changes and locks of late.

use state::change::release::{Origin, Release};
use state::journal::JournalWhat;
use state::lock::Scope;
use state::names::{ChangeNumber, TargetName};
use state::records::RecordFault;
use state::time::Now;

use super::Dispatch;
use crate::command::complete::Recent;
use crate::invocation::Desk as _;

/// So many lines of a target's journal are looked through.
const LINES: usize = 20;

/// So many changes, or what a target can go back to, are offered.
const OFFERED: usize = 10;

impl Dispatch {
    /// What happened lately, to this target where there is one. What can't be read is not offered.
    pub(super) async fn recent(&self, target: Option<TargetName>, now: Now) -> Recent {
        let mut recent = Recent { parked: self.parked(), ..Recent::default() };
        if let Ok(locks) = self.engine.records.locks().await {
            let held = locks.into_iter().flatten().filter(|lock| lock.in_force(now.wall));
            recent.locks = held.map(|lock| lock.scope).collect();
        }
        match target.filter(|target| self.catalogue().target(target).is_some()) {
            Some(target) => {
                let _ = self.add_target(&mut recent, target).await;
            }
            None => {
                let _ = self.add_newest(&mut recent).await;
            }
        }
        recent
    }

    fn parked(&self) -> Vec<(ChangeNumber, TargetName)> {
        let seen = self.engine.board.all();
        let parked = seen.iter().filter(|seen| seen.change.head.parked.is_some());
        parked.map(|seen| (seen.change.head.number, seen.change.target.name.clone())).collect()
    }

    async fn add_target(&self, recent: &mut Recent, target: TargetName) -> Result<(), RecordFault> {
        let lines = self.engine.records.journal(&Scope::Target(target.clone()), None, LINES).await?;
        for line in lines {
            if let JournalWhat::AskedDeploy { reference } = line.line.what
                && !recent.references.contains(&reference)
            {
                recent.references.push(reference);
            }
            if let Some(number) = line.line.change
                && !recent.changes.iter().any(|(known, _)| *known == number)
            {
                recent.changes.push((number, target.clone()));
            }
        }
        let releases = self.engine.records.newest_releases(&target, OFFERED).await?;
        let asked_for = |release: &Release| release.reference().map(|reference| reference.to_string());
        recent.releases = releases.iter().filter_map(asked_for).collect();
        // The number of a change stands for what it verified, not for what it found.
        let verified = releases.iter().filter(|release| release.origin == Origin::Verified);
        recent.verified = verified.map(|release| release.number).collect();
        Ok(())
    }

    async fn add_newest(&self, recent: &mut Recent) -> Result<(), RecordFault> {
        let Some(ChangeNumber(newest)) = self.engine.records.newest_number().await? else { return Ok(()) };
        for number in (1..=newest).rev().take(OFFERED).map(ChangeNumber) {
            // One that can't be read is left out, and those before it are offered all the same.
            let Ok(Some(id)) = self.engine.records.by_number(number).await else { continue };
            if let Ok(Some(stored)) = self.engine.records.change(id).await {
                recent.changes.push((number, stored.change.target.name));
            }
        }
        Ok(())
    }
}
