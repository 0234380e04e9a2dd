//! What people look at when a pod fails: its events and its log.

use state::names::Namespace;
use state::rollout::seen::{ContainerState, EventSeen};

use super::Cluster;
use super::objects::{Container, Pod};
use crate::behaviour::Behaviour;

/// How many events about one object are kept.
const EVENTS: usize = 20;

impl Cluster {
    pub(super) fn tell(&mut self, pod: u64, reason: &str, message: &str) {
        let at = self.wall;
        let Some(pod) = self.pods.get(&pod) else { return };
        let events = self.events.entry((pod.namespace.clone(), pod.name.clone())).or_default();
        match events.iter_mut().find(|event| event.reason == reason && event.message == message) {
            Some(event) => {
                event.count += 1;
                event.at = at;
            }
            None => events.push(EventSeen { at, reason: reason.to_owned(), message: message.to_owned(), count: 1 }),
        }
        events.sort_by_key(|event| event.at);
        let surplus = events.len().saturating_sub(EVENTS);
        events.drain(..surplus);
    }

    pub(super) fn events_of(&self, namespace: &Namespace, object: &str) -> Vec<EventSeen> {
        self.events.get(&(namespace.clone(), object.to_owned())).cloned().unwrap_or_default()
    }

    /// The last lines of a container's log; none where it never ran.
    pub(super) fn log_of(&self, namespace: &Namespace, pod: &str, container: &str, previous: bool) -> Vec<String> {
        let found = self.pods.values().find(|one| one.name == pod && one.namespace == *namespace);
        let container =
            found.and_then(|pod| pod.containers.iter().find(|one| one.name == container).map(|one| (pod, one)));
        container.map(|(pod, container)| lines(pod, container, previous && container.restarts > 0)).unwrap_or_default()
    }
}

fn lines(pod: &Pod, container: &Container, previous: bool) -> Vec<String> {
    if container.image_id.is_empty() {
        return Vec::new();
    }
    let mut lines =
        vec![format!("starting {} on {}", container.image, pod.name), "listening on 0.0.0.0:8080".to_owned()];
    let ended = previous || !matches!(container.state, ContainerState::Running { .. });
    match container.behaviour {
        Behaviour::Dies { out_of_memory: true, .. } => {
            lines.push("building the report cache: 1,843 MiB so far".to_owned());
        }
        Behaviour::Dies { .. } if ended => {
            lines.push("thread 'main' panicked at src/main.rs:42: DATABASE_URL is not set".to_owned());
        }
        Behaviour::NeverReady | Behaviour::Slow | Behaviour::TurnsUnready if !container.ready => {
            lines.push("GET /healthz 503: the database at db.shop:5432 refuses connections".to_owned());
        }
        _ => lines.push("GET /healthz 200 0 ms".to_owned()),
    }
    lines
}
