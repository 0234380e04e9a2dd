//! What holds whatever was seen.

use proptest::prelude::*;

use super::*;

/// Any pod, in the states that matter.
fn any_pod(name: usize) -> impl Strategy<Value = PodSeen> {
    (0..3_u8, 0..7_u8, 0..4_u32, any::<bool>()).prop_map(move |(of, life, restarts, deleting)| {
        let made = match of {
            0 => pod(&format!("pod-{name}"), &template("v1")),
            _ => pod(&format!("pod-{name}"), &template("v2")),
        };
        let mut made = match life {
            0 => made,
            1 => made.running(),
            2 => made.waiting("ImagePullBackOff", ""),
            3 => made.ends(1, "Error"),
            4 => made.evicted(),
            _ => made.ready(),
        };
        made.containers[0].restarts = restarts / 2;
        made.deleting = deleting && life % 2 == 0;
        made
    })
}

fn any_scene() -> impl Strategy<Value = Scene> {
    let pods = prop::collection::vec(0..1_usize, 0..6)
        .prop_flat_map(|list| list.into_iter().enumerate().map(|(number, _)| any_pod(number)).collect::<Vec<_>>());
    (pods, 0..4_u32, 5..9_i64, 5..9_i64, any::<bool>(), any::<[bool; 4]>()).prop_map(
        |(pods, desired, generation, observed_generation, true_counts, off)| {
            let mut scene = Scene::deploying(desired);
            scene.view.pods = pods;
            scene.controller_looks();
            let workload = scene.workload();
            workload.generation = generation;
            workload.observed_generation = observed_generation;
            if !true_counts {
                let count = |off: bool| desired + u32::from(off);
                workload.total = count(off[0]);
                workload.updated = count(off[1]);
                workload.ready = count(off[2]);
                workload.available = count(off[3]);
            }
            scene
        },
    )
}

proptest! {
    /// Said anew, in the plainest words: whatever else may be so, these must be.
    #[test]
    fn complete_is_never_said_without_its_reasons(scenes in prop::collection::vec(any_scene(), 1..4)) {
        let mut memory = scenes[0].memory.clone();
        for (number, mut scene) in scenes.into_iter().enumerate() {
            scene.memory = memory;
            let judgement = scene.after(7 * number as u64).look();
            if let Judgement::Complete(progress) = judgement {
                let workload = scene.view.workload.clone().expect("a workload");
                let ours = scene.expectation.template;
                prop_assert!(workload.observed_generation >= scene.expectation.generation);
                prop_assert!(workload.generation >= scene.expectation.generation);
                prop_assert!(workload.desired > 0);
                prop_assert_eq!(workload.template.hash(), ours);
                let alive: Vec<_> =
                    scene.view.pods.iter().filter(|pod| !pod.deleting && pod.phase != "Failed").collect();
                prop_assert!(alive.iter().all(|pod| pod.template == Some(ours) && pod.ready));
                prop_assert_eq!(alive.len(), workload.desired as usize);
                prop_assert_eq!(progress.new_ready, workload.desired);
                for count in [workload.total, workload.updated, workload.ready, workload.available] {
                    prop_assert_eq!(count, workload.desired);
                }
            }
            memory = scene.memory;
        }
    }

    /// And it is said when all is well, whatever was seen before.
    #[test]
    fn complete_is_said_when_all_is_well(before in any_scene(), later in 0..100_000_u64) {
        let mut scene = before;
        scene.look();
        let desired = scene.workload().desired.max(1);
        scene.workload().desired = desired;
        scene.workload().generation = 9;
        prop_assert!(matches!(scene.finish().after(later).look(), Judgement::Complete(_)));
    }

    /// No history keeps a rollout that stands still from ending.
    #[test]
    fn every_rollout_that_stands_still_ends(scene in any_scene()) {
        let mut scene = scene;
        scene.workload().generation = 9;
        scene.look();
        let judgement = scene.after(600).look();
        let ended = !matches!(judgement, Judgement::Moving(_) | Judgement::NotObserved(..));
        prop_assert!(ended, "{:?}", judgement);
    }
}
