//! What is known of one namespace: boiled-down objects, and which pod belongs to which workload.
//!
//! Filled by the watches, read by whoever asks; never the network, never a wait. Whether it is still true is in
//! `freshness`. Pods are kept by the ReplicaSet that owns them, so that a look at one workload among hundreds costs
//! what its own pods cost, and news say which workload they are about, so that nobody looks at another's for nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use state::catalogue::Workload;
use state::rollout::seen::{AutoscalerSeen, PodSeen, WorkloadSeen, WorkloadView};
use state::template::TemplateHash;

use super::objects::{Autoscaler, Deployment, Pod, ReplicaSet};
use super::selector::Selector;

/// The objects of a namespace.
#[derive(Default)]
pub(super) struct Knowledge {
    deployments: HashMap<String, Deployment>,
    sets: HashMap<String, ReplicaSet>,
    /// The ReplicaSets of a Deployment, by its uid.
    sets_of: HashMap<String, BTreeSet<String>>,
    /// Pods by the uid of the ReplicaSet that owns them, then by their name.
    pods: HashMap<String, BTreeMap<String, Pod>>,
    /// Under which owner a pod is kept.
    owner_of: HashMap<String, String>,
    /// Owners of pods that are not known (yet), for two watches are not consistent with each other.
    strangers: BTreeSet<String>,
    autoscalers: HashMap<String, Autoscaler>,
    /// The names of Deployments, by their uid.
    names: HashMap<String, String>,
    /// The names of Deployments of which something else is known than when that was asked last.
    news: BTreeSet<String>,
}

impl Knowledge {
    /// What is known of a workload.
    pub(super) fn view(&self, workload: &Workload) -> WorkloadView {
        let Some(deployment) = self.deployments.get(workload.name.as_str()) else {
            return WorkloadView { workload: None, pods: Vec::new() };
        };
        let seen = WorkloadSeen { autoscaler: self.autoscaler(&deployment.name), ..deployment.seen.clone() };
        WorkloadView { workload: Some(seen), pods: self.pods_of(deployment) }
    }

    fn pods_of(&self, deployment: &Deployment) -> Vec<PodSeen> {
        let owned = self.sets_of.get(&deployment.seen.uid).into_iter().flatten().filter_map(|uid| {
            let set = self.sets.get(uid)?;
            Some(self.pods.get(uid)?.values().map(|pod| PodSeen { template: Some(set.template), ..pod.seen.clone() }))
        });
        let strangers = self.strangers.iter().filter_map(|owner| self.pods.get(owner)).flat_map(BTreeMap::values);
        let selected = strangers.filter(|pod| deployment.selector.selects(&pod.labels)).map(|pod| pod.seen.clone());
        let mut pods: Vec<_> = owned.flatten().chain(selected).collect();
        pods.sort_by(|left, right| left.name.cmp(&right.name));
        pods
    }

    /// The selector of a workload, and its uid.
    pub(super) fn selector(&self, workload: &Workload) -> Option<(Selector, String)> {
        let deployment = self.deployments.get(workload.name.as_str())?;
        Some((deployment.selector.clone(), deployment.seen.uid.clone()))
    }

    /// The Deployment that owns a ReplicaSet, and its template, if the ReplicaSet is known.
    pub(super) fn set(&self, uid: &str) -> Option<(Option<String>, TemplateHash)> {
        self.sets.get(uid).map(|set| (set.owner.clone(), set.template))
    }

    /// The bounds of the autoscaler of a Deployment.
    pub(super) fn autoscaler(&self, deployment: &str) -> Option<AutoscalerSeen> {
        let scales = |one: &&Autoscaler| one.scales.0 == "Deployment" && one.scales.1 == deployment;
        self.autoscalers.values().find(scales).map(|one| one.seen)
    }

    /// The Deployments of which something else is known than when this was asked last.
    pub(super) fn news(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.news)
    }

    fn acquaint(&mut self, owner: &str) {
        let passed = if self.sets.contains_key(owner) || !self.pods.contains_key(owner) {
            self.strangers.remove(owner)
        } else {
            self.strangers.insert(owner.to_owned())
        };
        // Whoever selects its pods has seen them until now, or sees them from now on.
        if passed {
            let pods = self.pods.get(owner).into_iter().flat_map(BTreeMap::values);
            self.news.extend(pods.flat_map(|pod| selecting(&self.deployments, &pod.labels)));
        }
    }

    fn news_of_set(&mut self, set: &str) {
        let owner = self.sets.get(set).and_then(|set| set.owner.as_ref());
        self.news.extend(owner.and_then(|owner| self.names.get(owner)).cloned());
    }

    /// A pod is seen by the Deployment that its ReplicaSet belongs to; that of a stranger by all that select it.
    fn news_of_pod(&mut self, set: &str, labels: &BTreeMap<String, String>) {
        match self.sets.contains_key(set) {
            true => self.news_of_set(set),
            false => self.news.extend(selecting(&self.deployments, labels)),
        }
    }

    fn news_of_autoscaler(&mut self, autoscaler: &Autoscaler) {
        let (kind, name) = &autoscaler.scales;
        self.news.extend((kind == "Deployment").then(|| name.clone()));
    }
}

/// The names of the Deployments that select these labels.
fn selecting(
    deployments: &HashMap<String, Deployment>,
    labels: &BTreeMap<String, String>,
) -> impl Iterator<Item = String> {
    let selecting = deployments.values().filter(|deployment| deployment.selector.selects(labels));
    selecting.map(|deployment| deployment.name.clone())
}

/// A kind of object that is watched, and its place in the knowledge.
pub(super) trait Kept: Sized {
    /// The name by which it is kept: unique within its kind and namespace.
    fn key(&self) -> &str;

    /// Takes it in. Tells whether anything changed that is kept.
    fn keep(self, knowledge: &mut Knowledge) -> bool;

    /// Forgets it. Tells whether it was known.
    fn forget(knowledge: &mut Knowledge, key: &str) -> bool;

    /// The keys of all that are kept.
    fn keys(knowledge: &Knowledge) -> Vec<String>;
}

impl Kept for Deployment {
    fn key(&self) -> &str {
        &self.name
    }

    fn keep(mut self, knowledge: &mut Knowledge) -> bool {
        if let Some(known) = knowledge.deployments.get(&self.name) {
            // Most of what is reported is a new status: the template is shared with those who hold the old one.
            if known.seen.template == self.seen.template {
                self.seen.template = Arc::clone(&known.seen.template);
            }
            if *known == self {
                return false;
            }
            knowledge.names.remove(&known.seen.uid);
        }
        knowledge.news.insert(self.name.clone());
        knowledge.names.insert(self.seen.uid.clone(), self.name.clone());
        knowledge.deployments.insert(self.name.clone(), self);
        true
    }

    fn forget(knowledge: &mut Knowledge, key: &str) -> bool {
        let Some(deployment) = knowledge.deployments.remove(key) else { return false };
        knowledge.names.remove(&deployment.seen.uid);
        knowledge.news.insert(deployment.name);
        true
    }

    fn keys(knowledge: &Knowledge) -> Vec<String> {
        knowledge.deployments.keys().cloned().collect()
    }
}

impl Kept for ReplicaSet {
    fn key(&self) -> &str {
        &self.uid
    }

    fn keep(self, knowledge: &mut Knowledge) -> bool {
        if knowledge.sets.get(&self.uid) == Some(&self) {
            return false;
        }
        Self::forget(knowledge, &self.uid);
        let uid = self.uid.clone();
        if let Some(owner) = &self.owner {
            knowledge.sets_of.entry(owner.clone()).or_default().insert(uid.clone());
        }
        knowledge.sets.insert(uid.clone(), self);
        knowledge.acquaint(&uid);
        knowledge.news_of_set(&uid);
        true
    }

    fn forget(knowledge: &mut Knowledge, key: &str) -> bool {
        knowledge.news_of_set(key);
        let Some(set) = knowledge.sets.remove(key) else { return false };
        if let Some(owner) = set.owner
            && let Some(sets) = knowledge.sets_of.get_mut(&owner)
        {
            sets.remove(key);
            if sets.is_empty() {
                knowledge.sets_of.remove(&owner);
            }
        }
        knowledge.acquaint(key);
        true
    }

    fn keys(knowledge: &Knowledge) -> Vec<String> {
        knowledge.sets.keys().cloned().collect()
    }
}

impl Kept for Pod {
    fn key(&self) -> &str {
        &self.seen.name
    }

    fn keep(self, knowledge: &mut Knowledge) -> bool {
        // What no ReplicaSet owns belongs to no Deployment, whatever its labels say.
        let Some(owner) = self.owner.as_ref().map(|owner| owner.uid.clone()) else {
            return Self::forget(knowledge, &self.seen.name);
        };
        let known = knowledge.owner_of.get(&self.seen.name);
        let known = known.and_then(|owner| knowledge.pods.get(owner)).and_then(|pods| pods.get(&self.seen.name));
        if known == Some(&self) {
            return false;
        }
        Self::forget(knowledge, &self.seen.name);
        knowledge.news_of_pod(&owner, &self.labels);
        let name = self.seen.name.clone();
        knowledge.owner_of.insert(name.clone(), owner.clone());
        knowledge.pods.entry(owner.clone()).or_default().insert(name, self);
        knowledge.acquaint(&owner);
        true
    }

    fn forget(knowledge: &mut Knowledge, key: &str) -> bool {
        let Some(owner) = knowledge.owner_of.remove(key) else { return false };
        if let Some(pods) = knowledge.pods.get_mut(&owner) {
            let pod = pods.remove(key);
            if pods.is_empty() {
                knowledge.pods.remove(&owner);
            }
            if let Some(pod) = pod {
                knowledge.news_of_pod(&owner, &pod.labels);
            }
        }
        knowledge.acquaint(&owner);
        true
    }

    fn keys(knowledge: &Knowledge) -> Vec<String> {
        knowledge.owner_of.keys().cloned().collect()
    }
}

impl Kept for Autoscaler {
    fn key(&self) -> &str {
        &self.name
    }

    fn keep(self, knowledge: &mut Knowledge) -> bool {
        if knowledge.autoscalers.get(&self.name) == Some(&self) {
            return false;
        }
        // What it scaled before is no longer scaled by it.
        Self::forget(knowledge, &self.name);
        knowledge.news_of_autoscaler(&self);
        knowledge.autoscalers.insert(self.name.clone(), self);
        true
    }

    fn forget(knowledge: &mut Knowledge, key: &str) -> bool {
        let Some(autoscaler) = knowledge.autoscalers.remove(key) else { return false };
        knowledge.news_of_autoscaler(&autoscaler);
        true
    }

    fn keys(knowledge: &Knowledge) -> Vec<String> {
        knowledge.autoscalers.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
