//! The controller of Deployments: which of its ReplicaSets gets how many pods, and what it reports.
//!
//! It follows the real one step by step, because its habits matter to whoever judges a rollout: it does one thing at a
//! look, believes the ReplicaSets' status rather than the pods, and scales a paused Deployment's old ReplicaSets down all
//! the same once the new one is saturated.

use std::sync::Arc;
use std::time::Duration;

use state::rollout::seen::ConditionSeen;

use super::objects::{REVISION_ANNOTATION, ReplicaSet, SetStatus, Spec, Status};
use super::{Cluster, ClusterEvent};

/// How many old ReplicaSets are kept for an undo.
const HISTORY: usize = 10;

impl Cluster {
    pub(super) fn sync_deployment(&mut self, id: u64) {
        let Some(deployment) = self.deployments.get(&id) else { return };
        let (paused, recreate) = (deployment.spec.paused, deployment.spec.recreate);
        if paused || self.was_scaled(id) {
            self.scale_as_it_stands(id);
        } else if recreate {
            self.roll_by_recreating(id);
        } else {
            self.roll(id);
        }
        self.report(id);
    }

    fn spec(&self, id: u64) -> Spec {
        match self.deployments.get(&id) {
            Some(deployment) => deployment.spec.clone(),
            None => Spec::new("gone", "gone", 0),
        }
    }

    /// The ReplicaSets of a Deployment, the oldest first.
    pub(super) fn sets_of(&self, id: u64) -> Vec<&ReplicaSet> {
        self.sets.values().filter(|set| set.deployment == id && !set.orphaned).collect()
    }

    /// The ReplicaSet of the template that is wanted now.
    fn new_set(&self, id: u64) -> Option<&ReplicaSet> {
        let template = self.deployments.get(&id)?.spec.template.hash();
        self.sets.values().find(|set| set.deployment == id && !set.orphaned && set.template.hash() == template)
    }

    fn old_sets(&self, id: u64) -> Vec<u64> {
        let new = self.new_set(id).map(|set| set.id);
        self.sets_of(id).iter().map(|set| set.id).filter(|set| Some(*set) != new).collect()
    }

    fn was_scaled(&self, id: u64) -> bool {
        let wanted = self.spec(id).replicas;
        self.sets_of(id).iter().any(|set| set.replicas > 0 && set.desired != wanted)
    }

    fn scale(&mut self, set: u64, replicas: u32, spec: &Spec) {
        let Some(found) = self.sets.get_mut(&set) else { return };
        let most = spec.replicas + spec.surge();
        if (found.replicas, found.desired, found.most) == (replicas, spec.replicas, most) {
            return;
        }
        (found.replicas, found.desired, found.most) = (replicas, spec.replicas, most);
        let deployment = found.deployment;
        self.soon(ClusterEvent::Set(set));
        self.soon(ClusterEvent::Deployment(deployment));
    }

    /// What happens at every look to a paused Deployment, and to any whose wanted number has changed.
    fn scale_as_it_stands(&mut self, id: u64) {
        let spec = self.spec(id);
        self.adopt_revision(id);
        let new = self.new_set(id).map(|set| set.id);
        let old = self.old_sets(id);
        let active: Vec<u64> = self.sets_of(id).iter().filter(|set| set.replicas > 0).map(|set| set.id).collect();
        let only = match active.as_slice() {
            [] => new.or(old.last().copied()),
            [only] => Some(*only),
            _ => None,
        };
        if let Some(only) = only {
            self.scale(only, spec.replicas, &spec);
            return;
        }
        let saturated = new.and_then(|new| self.sets.get(&new)).is_some_and(|new| {
            new.replicas == spec.replicas && new.desired == spec.replicas && new.status.available == spec.replicas
        });
        if saturated {
            old.into_iter().for_each(|set| self.scale(set, 0, &spec));
        } else if !spec.recreate {
            self.scale_in_proportion(&spec, active);
        }
    }

    fn scale_in_proportion(&mut self, spec: &Spec, active: Vec<u64>) {
        let size = |cluster: &Self, set: &u64| cluster.sets.get(set).map_or(0, |set| i64::from(set.replicas));
        let all: i64 = active.iter().map(|set| size(self, set)).sum();
        let allowed = if spec.replicas > 0 { i64::from(spec.replicas + spec.surge()) } else { 0 };
        let to_add = allowed - all;
        let mut order = active;
        // The biggest first; among equals the newest gains first, and the oldest loses first.
        order.sort_by_key(|set| (-size(self, set), if to_add > 0 { u64::MAX - set } else { *set }));
        let mut added = 0;
        let mut sizes = Vec::new();
        for set in order {
            let old = size(self, &set);
            let most = self.sets.get(&set).map_or(0, |set| i64::from(set.most));
            let share = match most {
                _ if to_add == 0 || to_add == added || old == 0 => 0,
                _ if spec.replicas == 0 => -old,
                0 => 0,
                most => (2 * old * i64::from(spec.replicas + spec.surge()) + most).div_euclid(2 * most) - old,
            };
            let left = to_add - added;
            let share = if to_add > 0 { share.min(left).max(0) } else { share.max(left).min(0) };
            added += share;
            sizes.push((set, old + share));
        }
        if let Some((_, first)) = sizes.first_mut() {
            *first = (*first + to_add - added).max(0);
        }
        for (set, size) in sizes {
            self.scale(set, u32::try_from(size).unwrap_or(0), spec);
        }
    }

    fn roll(&mut self, id: u64) {
        let spec = self.spec(id);
        let new = self.ensure_new_set(id, &spec);
        if self.scale_new_up(id, new, &spec) || self.scale_old_down(id, new, &spec) {
            return;
        }
        self.forget_old_sets(id);
    }

    fn roll_by_recreating(&mut self, id: u64) {
        let spec = self.spec(id);
        self.adopt_revision(id);
        let old = self.old_sets(id);
        if old.iter().any(|set| self.sets.get(set).is_some_and(|set| set.replicas > 0)) {
            old.into_iter().for_each(|set| self.scale(set, 0, &spec));
            return;
        }
        // The new pods come only when no old one is left, those included that are just ending.
        if self.pods.values().any(|pod| old.contains(&pod.set)) {
            return;
        }
        let new = self.ensure_new_set(id, &spec);
        self.scale(new, spec.replicas, &spec);
        self.forget_old_sets(id);
    }

    /// Makes the ReplicaSet of the wanted template, or finds it: a template that comes back gets its old one, which then
    /// counts as the newest revision.
    fn ensure_new_set(&mut self, id: u64, spec: &Spec) -> u64 {
        if let Some(set) = self.new_set(id).map(|set| set.id) {
            self.adopt_revision(id);
            return set;
        }
        let replicas = if spec.recreate { 0 } else { self.room_for_new(id, 0, spec) };
        let set = self.id();
        let (namespace, name) = match self.deployments.get(&id) {
            Some(deployment) => (deployment.namespace.clone(), deployment.name.clone()),
            None => return set,
        };
        let hash: String = spec.template.hash().to_string().chars().take(10).collect();
        self.sets.insert(
            set,
            ReplicaSet {
                id: set,
                deployment: id,
                namespace,
                name: format!("{name}-{hash}"),
                revision: 0,
                template: Arc::clone(&spec.template),
                replicas,
                desired: spec.replicas,
                most: spec.replicas + spec.surge(),
                min_ready: spec.min_ready,
                status: SetStatus::default(),
                orphaned: false,
            },
        );
        self.adopt_revision(id);
        self.publish_set(set);
        self.soon(ClusterEvent::Set(set));
        self.soon(ClusterEvent::Deployment(id));
        set
    }

    /// Gives the wanted template's ReplicaSet the highest revision, and writes it into the Deployment. That goes through the
    /// status, so that it raises no generation.
    fn adopt_revision(&mut self, id: u64) {
        let Some(new) = self.new_set(id).map(|set| set.id) else { return };
        let highest = self.sets_of(id).iter().filter(|set| set.id != new).map(|set| set.revision).max().unwrap_or(0);
        let min_ready = self.spec(id).min_ready;
        let Some(set) = self.sets.get_mut(&new) else { return };
        set.min_ready = min_ready;
        if set.revision <= highest {
            set.revision = highest + 1;
        }
        let revision = set.revision.to_string();
        let version = self.next_version();
        let Some(deployment) = self.deployments.get_mut(&id) else { return };
        if deployment.annotations.get(REVISION_ANNOTATION) != Some(&revision) {
            deployment.annotations.insert(REVISION_ANNOTATION.to_owned(), revision);
            deployment.version = version;
            self.publish_deployment(id);
        }
    }

    /// How many pods the new ReplicaSet may have, going beyond the wanted number by the surge at most.
    fn room_for_new(&self, id: u64, has: u32, spec: &Spec) -> u32 {
        let all: u32 = self.sets_of(id).iter().map(|set| set.replicas).sum();
        let most = spec.replicas + spec.surge();
        has + most.saturating_sub(all).min(spec.replicas.saturating_sub(has))
    }

    fn scale_new_up(&mut self, id: u64, new: u64, spec: &Spec) -> bool {
        let has = self.sets.get(&new).map_or(0, |set| set.replicas);
        let to = if has > spec.replicas { spec.replicas } else { self.room_for_new(id, has, spec) };
        if has == spec.replicas || to == has {
            return false;
        }
        self.scale(new, to, spec);
        true
    }

    /// First the old pods that aren't available go, then as many good ones as may be missing.
    fn scale_old_down(&mut self, id: u64, new: u64, spec: &Spec) -> bool {
        let old = self.old_sets(id);
        let read = |cluster: &Self, set: u64| {
            cluster.sets.get(&set).map_or((0, 0), |set| (set.replicas, set.status.available))
        };
        let (new_size, new_available) = read(self, new);
        let old_size: u32 = old.iter().map(|set| read(self, *set).0).sum();
        if old_size == 0 {
            return false;
        }
        let least = spec.replicas.saturating_sub(spec.unavailable());
        let most = (old_size + new_size).saturating_sub(least + new_size.saturating_sub(new_available));
        if most == 0 {
            return false;
        }
        let mut gone = 0;
        for &set in &old {
            let (size, available) = read(self, set);
            let bad = size.saturating_sub(available).min(most - gone);
            if bad > 0 {
                self.scale(set, size - bad, spec);
                gone += bad;
            }
        }
        let available: u32 = old.iter().map(|set| read(self, *set).1).sum::<u32>() + new_available;
        let mut spare = available.saturating_sub(least);
        let mut scaled = gone > 0;
        for &set in &old {
            let (size, _) = read(self, set);
            let down = size.min(spare);
            if down > 0 {
                self.scale(set, size - down, spec);
                spare -= down;
                scaled = true;
            }
        }
        scaled
    }

    fn forget_old_sets(&mut self, id: u64) {
        let old: Vec<u64> = self.old_sets(id);
        let idle: Vec<u64> = old
            .into_iter()
            .filter(|set| self.sets.get(set).is_some_and(|set| set.replicas == 0 && set.status.replicas == 0))
            .collect();
        let mut by_revision: Vec<_> =
            idle.iter().filter_map(|set| Some((self.sets.get(set)?.revision, *set))).collect();
        by_revision.sort_unstable();
        for (_, set) in by_revision.iter().take(idle.len().saturating_sub(HISTORY)) {
            self.sets.remove(set);
            self.unpublish_set(*set);
        }
    }

    /// Writes the Deployment's status from what the ReplicaSets' say.
    fn report(&mut self, id: u64) {
        let Some(deployment) = self.deployments.get(&id) else { return };
        let sets = self.sets_of(id);
        let new = self.new_set(id);
        let status_of_new = new.map(|set| set.status.clone()).unwrap_or_default();
        let sum = |count: fn(&SetStatus) -> u32| sets.iter().map(|set| count(&set.status)).sum::<u32>();
        let mut status = Status {
            observed_generation: deployment.generation,
            total: sum(|status| status.replicas),
            updated: status_of_new.replicas,
            ready: sum(|status| status.ready),
            available: sum(|status| status.available),
            conditions: Vec::new(),
        };
        let old = &deployment.status;
        let moved = status.updated != old.updated
            || (status.available, status.ready, status.total) != (old.available, old.ready, old.total);
        let progressed = if moved { self.now } else { deployment.progressed };
        let failure = sets.iter().find_map(|set| set.status.failure.clone());
        let settled = status.total == status.updated && old.conditions.iter().any(|was| was.reason == ALL_AVAILABLE);
        status.conditions = conditions(&deployment.spec, &status, settled, self.now - progressed, failure);
        let deadline = deployment.spec.progress_deadline;
        let waits = status.updated < deployment.spec.replicas || status.available < deployment.spec.replicas;
        if *old == status {
            return;
        }
        let version = self.next_version();
        let Some(deployment) = self.deployments.get_mut(&id) else { return };
        (deployment.status, deployment.progressed, deployment.version) = (status, progressed, version);
        self.publish_deployment(id);
        if waits && moved {
            self.at(deadline + Duration::from_secs(1), ClusterEvent::Deployment(id));
        }
    }
}

/// A rollout is called complete with this reason, and stays so until the next one, even if all of its pods die: the
/// controller looks no further than at the number of pods. That is the trap of whoever believes the condition.
const ALL_AVAILABLE: &str = "NewReplicaSetAvailable";

fn conditions(
    spec: &Spec,
    status: &Status,
    settled: bool,
    idle: Duration,
    failure: Option<String>,
) -> Vec<ConditionSeen> {
    let condition = |kind: &str, good: bool, reason: &str, message: &str| ConditionSeen {
        kind: kind.to_owned(),
        status: if good { "True" } else { "False" }.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    let enough = status.available >= spec.replicas.saturating_sub(spec.unavailable());
    let complete = [status.updated, status.total, status.available].iter().all(|count| *count == spec.replicas);
    let mut all = vec![match enough {
        true => condition("Available", true, "MinimumReplicasAvailable", "Deployment has minimum availability."),
        false => {
            let message = "Deployment does not have minimum availability.";
            condition("Available", false, "MinimumReplicasUnavailable", message)
        }
    }];
    all.push(match () {
        () if complete || settled => {
            condition("Progressing", true, ALL_AVAILABLE, "ReplicaSet has successfully progressed.")
        }
        () if spec.paused => condition("Progressing", true, "DeploymentPaused", "Deployment is paused"),
        () if idle > spec.progress_deadline => {
            condition("Progressing", false, "ProgressDeadlineExceeded", "ReplicaSet has timed out progressing.")
        }
        () => condition("Progressing", true, "ReplicaSetUpdated", "ReplicaSet is progressing."),
    });
    if let Some(message) = failure {
        all.push(ConditionSeen {
            status: "True".to_owned(),
            ..condition("ReplicaFailure", true, "FailedCreate", &message)
        });
    }
    all
}
