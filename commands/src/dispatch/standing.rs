//! How it stands with a target: what is known of it from the store and the watches, for `/status` and `/now`.

use state::catalogue::Target;
use state::change::outcome::Outcome;
use state::change::release::{Origin, RunningImages, with_running_digest};
use state::image::{self, Image};
use state::rollout::seen::{MarkerStep, Observed, WorkloadView};

use super::{Asking, Dispatch, Stop};
use crate::facts::{Serving, Stands, TargetStatus};
use crate::sight::Sightless;

/// So many releases are looked through for what runs: a look is answered at once, however long the history is.
const LOOKED_THROUGH: usize = 40;

impl Dispatch {
    /// What can't be read is told, and hides nothing else.
    pub(super) async fn target_status(&self, asking: &Asking<'_>, target: Target) -> Result<TargetStatus, Stop> {
        let records = &self.engine.records;
        let observed = self.engine.cluster.observe(&target);
        let mut unreadable = Vec::new();
        let mut open = None;
        match records.holder(&target.name).await {
            Ok(Some(holder)) => match records.change(holder.change).await {
                Ok(Some(stored)) => open = Some(stored.change),
                Ok(None) => unreadable.push(self.gone(&holder)),
                Err(fault) => unreadable.extend(self.seen_unreadable(asking, fault).await?),
            },
            Ok(None) => {}
            Err(fault) => unreadable.extend(self.seen_unreadable(asking, fault).await?),
        }
        let progress = open.as_ref().map(|change| self.progress(change.head.id)).unwrap_or_default();
        let running = running(&target, &observed);
        let releases = records.newest_releases(&target.name, LOOKED_THROUGH).await?;
        // What was verified once stays so, also where a later change found it there before its own write.
        let mut known = releases.iter().filter(|release| release.runs(&running));
        let release =
            known.clone().find(|release| release.origin == Origin::Verified).or_else(|| known.next()).cloned();
        let last = self.last_stored(&target.name).await?;
        let stands = self.stands(&observed).await;
        let question = match records.question(&target.name).await {
            Ok(question) => question.map(|(question, _)| question),
            Err(fault) => {
                unreadable.extend(self.seen_unreadable(asking, fault).await?);
                None
            }
        };
        let questioned = match &question {
            Some(question) => records.change(question.change).await.ok().flatten().map(|stored| stored.change),
            None => None,
        };
        let mut locks = Vec::new();
        for laid in records.locks_over(&target.name).await? {
            match laid.lock {
                Ok(lock) => locks.push(lock),
                Err(fault) => unreadable.extend(self.told_of(asking, &fault).await?),
            }
        }
        let wanted = wanted(&target, &observed.workloads);
        let serving = target.workloads.iter().zip(&observed.workloads).map(|(workload, view)| {
            view.workload.as_ref()?;
            let container = workload.containers.first().map(|source| &source.container);
            Some(Serving::of(&workload.name, container, view))
        });
        let (serving, age) = (serving.collect(), observed.age);
        let sightless = (!observed.fresh()).then(|| Sightless::of(age, self.engine.cluster.trouble(&target)));
        let standstill = open.as_ref().and_then(|change| self.engine.standstill(change));
        Ok(TargetStatus {
            age,
            sightless,
            standstill,
            serving,
            wanted,
            release,
            open,
            progress,
            locks,
            question,
            questioned,
            last,
            stands,
            unreadable,
            target,
        })
    }
}

impl Dispatch {
    /// Whose what stands there is: our marker tells which change wrote last, and the server who has since.
    async fn stands(&self, observed: &Observed) -> Stands {
        let seen = observed.workloads.iter().filter_map(|view| view.workload.as_ref());
        let marked = seen.filter_map(|seen| Some((seen.our_marker()?, seen.template_by.clone())));
        let Some((marker, by)) = marked.max_by_key(|(marker, _)| marker.change) else { return Stands::NotOurs };
        let Ok(Some(stored)) = self.engine.records.change(marker.change).await else { return Stands::Unknown };
        let number = stored.change.head.number;
        match by.filter(|by| !by.is_rotabot()) {
            Some(by) => Stands::Foreign { since: number, by },
            // A fence is no template: what stands there is of before it.
            None if marker.step == MarkerStep::Fence => Stands::Unknown,
            None => match stored.change.ended().map(|ended| &ended.outcome) {
                // Its release is too old to be looked at, or the image is another one by the same name.
                None | Some(Outcome::Verified { .. }) => Stands::Unknown,
                Some(_) => Stands::Left(number),
            },
        }
    }
}

fn wanted(target: &Target, views: &[WorkloadView]) -> Vec<String> {
    let name = |(workload, view): (&state::catalogue::Workload, &WorkloadView)| {
        let source = workload.containers.first()?;
        Some(image::name_of(view.workload.as_ref()?.template.image_of(&source.container)?))
    };
    target.workloads.iter().zip(views).filter_map(name).collect()
}

pub(super) fn running(target: &Target, observed: &Observed) -> RunningImages {
    let mut running = RunningImages::new();
    for (workload, view) in target.workloads.iter().zip(&observed.workloads) {
        for source in &workload.containers {
            let text = view.workload.as_ref().and_then(|seen| seen.template.image_of(&source.container));
            if let Some(image) = text.and_then(|text| text.parse::<Image>().ok()) {
                let image = with_running_digest(image, None);
                running.insert((workload.name.clone(), source.container.clone()), image);
            }
        }
    }
    running
}
