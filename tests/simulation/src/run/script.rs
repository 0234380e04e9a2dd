//! Plays a script: a step once the one before it is through.

use std::collections::VecDeque;
use std::time::Duration;

use commands::invocation::What;
use world::cluster::Edit;

use super::Simulation;
use super::outside::in_cluster;
use crate::acts::Act;
use crate::company::repository;
use crate::scripts::{Deed, Step};

/// A script while it is played.
pub(super) struct Playing {
    pub(super) steps: VecDeque<Step>,
    pub(super) wait_until: Duration,
}

impl Simulation {
    /// Goes on in the script as far as it goes at this moment.
    pub(super) fn play(&mut self) {
        while let Some(playing) = &mut self.script {
            let Some(step) = playing.steps.front().copied() else { return };
            let now = self.world.now();
            let answered = self.asked.iter().all(|asked| asked.answer.borrow().is_some());
            let newest = self.newest.values().max_by_key(|change| change.head.number);
            let goes_on = match step {
                Step::Ask(_) => self.rotabot.is_some(),
                Step::Somebody(_) => true,
                Step::Wait(_) => playing.wait_until != Duration::ZERO && playing.wait_until <= now,
                Step::Until(phase) => {
                    answered && newest.is_some_and(|change| change.phase().word() == phase || change.ended().is_some())
                }
                Step::UntilEnd => answered && self.newest.values().all(|change| change.ended().is_some()),
            };
            if let Step::Wait(seconds) = step
                && playing.wait_until == Duration::ZERO
            {
                playing.wait_until = now + Duration::from_secs(seconds);
            }
            if !goes_on {
                return;
            }
            playing.wait_until = Duration::ZERO;
            playing.steps.pop_front();
            self.world.tell(format_args!("== {step:?}"));
            match step {
                Step::Ask(line) => self.ask(crate::company::name("lin"), What::Text(line.to_owned())),
                Step::Somebody(deed) => self.somebody(deed),
                Step::Wait(_) | Step::Until(_) | Step::UntilEnd => {}
            }
            self.turns();
        }
    }

    fn somebody(&self, deed: Deed) {
        let place = (crate::company::name("prod"), "api".to_owned());
        let edit = match deed {
            Deed::Image(tag) => {
                Edit::Image { container: "api".to_owned(), image: format!("{}:{tag}", repository("api")) }
            }
            Deed::Variable => Edit::Variable { name: "LIMIT".to_owned(), value: "1".to_owned() },
            Deed::Annotation => Edit::Annotation { key: "team.example/note".to_owned(), value: "1".to_owned() },
            Deed::Pause => Edit::Pause(true),
            Deed::Resume => Edit::Pause(false),
            Deed::Replicas(count) => Edit::Replicas(count),
            Deed::Undo => return self.cluster(|cluster| in_cluster(cluster, Act::Undo(place))),
        };
        self.cluster(|cluster| in_cluster(cluster, Act::Edit(place, edit)));
    }
}
