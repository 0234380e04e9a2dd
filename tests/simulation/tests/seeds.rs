//! The seeds that every run of the tests plays. Many more: `cargo run -p simulation -- --seeds 1000`.

use simulation::{Options, Simulation};

const SEEDS: u64 = 150;

#[test]
fn whatever_goes_wrong_every_seed_keeps_to_the_rules() {
    let mut wrong = Vec::new();
    let (mut changes, mut starts) = (0, 0);
    for seed in 0..SEEDS {
        let report = Simulation::of_seed(seed, &Options::default()).run();
        for what in report.wrong {
            wrong.push(format!("seed {seed}: {what}\n  replay: cargo run -p simulation -- --seed {seed} --trace"));
        }
        changes += report.changes.len();
        starts += report.starts;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(changes > 400 && starts > 180, "the scenarios are too tame: {changes} changes, {starts} starts");
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_one_another() {
    let hash = |seed| Simulation::of_seed(seed, &Options::default()).run().hash;
    for seed in 0..10 {
        assert_eq!(hash(seed), hash(seed), "seed {seed}");
        assert_ne!(hash(seed), hash(seed + 1), "seed {seed}");
    }
}
