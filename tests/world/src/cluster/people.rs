//! What other people and programs do to a cluster: edits, undos, autoscalers, drained nodes.

use std::sync::Arc;

use serde_json::{Value, json};
use state::names::Namespace;
use state::template::Template;

use super::objects::{Autoscaler, REVISION_ANNOTATION};
use super::{Cluster, ClusterEvent, Write, Writer};

/// What stands for the whole object in the list of what a write changed.
pub const DELETED: &str = "(deleted)";

/// What somebody else writes to a Deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Another image in a container (`kubectl set image`, or an apply of a manifest that names it).
    Image {
        /// The container.
        container: String,
        /// The image.
        image: String,
    },
    /// An environment variable in the first container.
    Variable {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// An annotation of the Deployment itself.
    Annotation {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// `kubectl rollout restart`: an annotation of the pods' template.
    Restart {
        /// What it says.
        at: String,
    },
    /// `kubectl rollout pause`, or `resume`.
    Pause(bool),
    /// `kubectl scale`, or what an autoscaler does.
    Replicas(u32),
}

/// There is nothing that this could be done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchThing;

impl Cluster {
    /// Somebody edits a Deployment. It goes through the API server, but through nobody's fault plan.
    pub fn edit(&mut self, namespace: &Namespace, name: &str, edit: &Edit) -> Result<(), NoSuchThing> {
        let deployment = self.find(namespace, name).ok_or(NoSuchThing)?;
        let (id, mut json) = (deployment.id, deployment.to_json());
        change(&mut json, edit).ok_or(NoSuchThing)?;
        let by = if matches!(edit, Edit::Replicas(_)) { Writer::Cluster } else { Writer::Somebody };
        self.write_deployment(id, &json, by, None).map_err(|_| NoSuchThing)
    }

    /// `kubectl rollout undo`: the template of the revision before the current one. A paused Deployment refuses it.
    pub fn undo(&mut self, namespace: &Namespace, name: &str) -> Result<(), NoSuchThing> {
        let deployment = self.find(namespace, name).filter(|one| !one.spec.paused).ok_or(NoSuchThing)?;
        let (id, mut json) = (deployment.id, deployment.to_json());
        let current = deployment.spec.template.hash();
        let sets = self.sets_of(id).into_iter().filter(|set| set.template.hash() != current);
        let before = sets.max_by_key(|set| set.revision).ok_or(NoSuchThing)?;
        json["spec"]["template"] = before.template.json().clone();
        self.write_deployment(id, &json, Writer::Somebody, None).map_err(|_| NoSuchThing)
    }

    /// Deletes a Deployment with all that it owns.
    pub fn delete(&mut self, namespace: &Namespace, name: &str) -> Result<(), NoSuchThing> {
        let id = self.find(namespace, name).ok_or(NoSuchThing)?.id;
        if let Some(gone) = self.deployments.remove(&id) {
            self.writes.push(Write {
                at: self.now,
                by: Writer::Somebody,
                namespace: namespace.clone(),
                name: name.to_owned(),
                uid: gone.uid(),
                changed: vec![DELETED.to_owned()],
                paused: false,
                template: None,
                marker: None,
                read_at: None,
            });
        }
        self.unpublish_deployment(id);
        let sets: Vec<u64> = self.sets.values().filter(|set| set.deployment == id).map(|set| set.id).collect();
        for set in sets {
            if let Some(set) = self.sets.get_mut(&set) {
                set.orphaned = true;
            }
            self.soon(ClusterEvent::Set(set));
        }
        Ok(())
    }

    /// Deletes a Deployment and makes it anew, as some deploy scripts do. It then has another uid.
    pub fn recreate(&mut self, namespace: &Namespace, name: &str) -> Result<(), NoSuchThing> {
        let mut spec = self.find(namespace, name).ok_or(NoSuchThing)?.spec.clone();
        spec.paused = false;
        spec.template = Arc::new(Template::new(spec.template.json().clone()));
        self.delete(namespace, name)?;
        self.create(namespace, name, spec);
        Ok(())
    }

    /// Lets an autoscaler look after a Deployment.
    pub fn autoscale(&mut self, namespace: &Namespace, name: &str, min: Option<u32>, max: u32) {
        self.autoscalers.retain(|one| !(one.deployment == name && one.namespace == *namespace));
        self.autoscalers.push(Autoscaler { namespace: namespace.clone(), deployment: name.to_owned(), min, max });
    }

    /// The autoscaler of a Deployment wishes for so many pods, and gets as many as its bounds allow.
    pub fn autoscaler_wishes(&mut self, namespace: &Namespace, name: &str, wish: u32) -> Result<(), NoSuchThing> {
        let bounds = self.autoscaler(namespace, name).ok_or(NoSuchThing)?;
        self.edit(namespace, name, &Edit::Replicas(wish.clamp(bounds.min, bounds.max.max(bounds.min))))
    }

    /// Drains a node: some of a Deployment's pods are deleted, and come back elsewhere.
    pub fn drain(&mut self, namespace: &Namespace, name: &str, count: usize) -> usize {
        let pods = self.some_pods(namespace, name, count);
        pods.iter().for_each(|pod| self.delete_pod(*pod));
        pods.len()
    }

    /// Nodes under pressure evict some of a Deployment's pods, whose objects stay.
    pub fn evict(&mut self, namespace: &Namespace, name: &str, count: usize) -> usize {
        let pods = self.some_pods(namespace, name, count);
        pods.iter().for_each(|pod| self.evict_pod(*pod));
        pods.len()
    }

    fn some_pods(&mut self, namespace: &Namespace, name: &str, count: usize) -> Vec<u64> {
        let of = |pod: &&super::Pod| pod.app == name && pod.namespace == *namespace && pod.counts();
        let mut pods: Vec<u64> = self.pods.values().filter(of).map(|pod| pod.id).collect();
        while pods.len() > count {
            let place = self.random.place(pods.len());
            pods.remove(place);
        }
        pods
    }
}

fn change(json: &mut Value, edit: &Edit) -> Option<()> {
    let containers = "/spec/template/spec/containers";
    match edit {
        Edit::Image { container, image } => {
            let all = json.pointer_mut(containers)?.as_array_mut()?;
            let found = all.iter_mut().find(|one| one.get("name").and_then(Value::as_str) == Some(container))?;
            found["image"] = json!(image);
        }
        Edit::Variable { name, value } => {
            let first = json.pointer_mut(containers)?.as_array_mut()?.first_mut()?;
            first["env"] = json!([{ "name": name, "value": value }]);
        }
        Edit::Annotation { key, .. } if key == REVISION_ANNOTATION => return None,
        Edit::Annotation { key, value } => json["metadata"]["annotations"][key] = json!(value),
        Edit::Restart { at } => {
            json["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = json!(at);
        }
        Edit::Pause(paused) => json["spec"]["paused"] = json!(paused),
        Edit::Replicas(replicas) => json["spec"]["replicas"] = json!(replicas),
    }
    Some(())
}
