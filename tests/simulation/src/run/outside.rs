//! What happens to the world around rotabot: acts of the schedule, and in the end everything is mended.

use std::time::Duration;

use chrono::TimeDelta;
use commands::invocation::What;
use world::cluster::{ApiHealth, Cluster, Edit, Kind, Writer};
use world::images::RegistryHealth;
use world::plan::Plan;

use super::Simulation;
use crate::acts::Act;
use crate::company::repository;

impl Simulation {
    pub(super) fn carry_out(&mut self, act: Act) {
        match act {
            Act::Say(person, line) => self.ask(person, What::Text(line)),
            Act::Press(person, which) => {
                if let Some(press) = self.button(which) {
                    self.ask(person, What::Press(press));
                }
            }
            Act::Again(which) => {
                if !self.asked.is_empty() {
                    let place = usize::try_from(which % self.asked.len() as u64).unwrap_or(0);
                    self.send(place);
                }
            }
            Act::Push(service, tag, platforms) => self.world.images(|images| {
                images.push_index(&repository(&service), &tag, platforms);
            }),
            Act::Remove(service, tag) => self.world.images(|images| {
                let repository = repository(&service);
                if let Some(digest) = images.digest(&repository, &tag).cloned() {
                    images.remove(&repository, &digest);
                }
            }),
            Act::Registry(health) => self.world.images(|images| images.health = health),
            Act::Chat(down) => self.world.chat(|chat| chat.down = down),
            Act::ChatUnreadable(unreadable) => {
                self.chat_was_unreadable |= unreadable;
                self.world.chat(|chat| chat.unreadable = unreadable);
            }
            Act::Kill => {
                if let Some(rotabot) = &self.rotabot {
                    rotabot.process.kill();
                }
            }
            Act::Freeze(length) => self.frozen_until = self.world.now() + length,
            Act::Wall(seconds) => self.world.shift_wall(TimeDelta::seconds(seconds)),
            Act::Odds(odds) => self.world.plan(|plan| plan.set_odds(odds)),
            Act::CalmDown => self.mend(),
            act => self.cluster(|cluster| in_cluster(cluster, act)),
        }
    }

    /// Whatever was broken is mended, and from now on nothing goes wrong.
    fn mend(&mut self) {
        self.mended = true;
        self.restart_at = self.restart_at.min(self.world.now() + Duration::from_secs(5));
        self.world.plan(Plan::calm_down);
        self.world.images(|images| images.health = RegistryHealth::Up);
        self.world.chat(|chat| (chat.down, chat.unreadable) = (false, false));
        let places: Vec<_> = self
            .company
            .targets
            .iter()
            .flat_map(|target| {
                target.workloads.iter().map(|workload| (target.namespace.clone(), workload.name.to_string()))
            })
            .collect();
        self.cluster(|cluster| {
            cluster.set_health(ApiHealth::Up);
            cluster.set_controllers_standing_still(false);
            cluster.rights.patch = true;
            cluster.rights.logs = true;
            (cluster.denies, cluster.nodes_full) = (None, false);
            cluster.quota.clear();
            Kind::ALL.into_iter().for_each(|kind| cluster.set_lag(kind, Duration::ZERO));
            for (namespace, name) in places {
                // Somebody's pause is lifted; rotabot's own stays.
                let paused = cluster.writes().iter().rfind(|write| {
                    write.namespace == namespace
                        && write.name == name
                        && write.changed.iter().any(|path| path == "/spec/paused")
                });
                if paused.is_some_and(|write| write.by == Writer::Somebody) {
                    let _ = cluster.edit(&namespace, &name, &Edit::Pause(false));
                }
            }
        });
    }
}

/// Acts on the cluster. What can't be done, because there is nothing to do it to, is not done.
pub(super) fn in_cluster(cluster: &mut Cluster, act: Act) {
    let done = match act {
        Act::Edit((namespace, name), edit) => cluster.edit(&namespace, &name, &edit),
        Act::Undo((namespace, name)) => cluster.undo(&namespace, &name),
        Act::Recreate((namespace, name)) => match cluster.recreate(&namespace, &name) {
            Ok(()) => Ok(()),
            Err(_) => {
                let image = format!("{}:v1", repository(name.split('-').next().unwrap_or("api")));
                cluster.create(&namespace, &name, world::cluster::Spec::new(&name, &image, 2));
                Ok(())
            }
        },
        Act::Delete((namespace, name)) => cluster.delete(&namespace, &name),
        Act::Autoscale((namespace, name), min, max) => {
            cluster.autoscale(&namespace, &name, min, max);
            Ok(())
        }
        Act::Wish((namespace, name), wish) => cluster.autoscaler_wishes(&namespace, &name, wish),
        Act::Drain((namespace, name), count) => {
            cluster.drain(&namespace, &name, count);
            Ok(())
        }
        Act::Evict((namespace, name), count) => {
            cluster.evict(&namespace, &name, count);
            Ok(())
        }
        act => {
            switch(cluster, act);
            Ok(())
        }
    };
    // There was nothing to do it to, or it was refused: then it did not happen.
    drop(done);
}

fn switch(cluster: &mut Cluster, act: Act) {
    match act {
        Act::Api(health) => cluster.set_health(health),
        Act::Controllers(still) => cluster.set_controllers_standing_still(still),
        Act::Lag(kind, lag) => cluster.set_lag(kind, lag),
        Act::Nodes(full) => cluster.nodes_full = full,
        Act::Quota(namespace, Some(most)) => drop(cluster.quota.insert(namespace, most)),
        Act::Quota(namespace, None) => drop(cluster.quota.remove(&namespace)),
        Act::MayPatch(may) => cluster.rights.patch = may,
        Act::MayReadLogs(may) => cluster.rights.logs = may,
        Act::Webhook(denies) => {
            let sentence = "admission webhook \"policy.example\" denied the request: image is not signed";
            cluster.denies = denies.then(|| sentence.to_owned());
        }
        _ => {}
    }
}
