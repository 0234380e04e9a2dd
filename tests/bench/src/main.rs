//! Paired benchmarks: rotabot against a peer or a physical limit, in one run, as ratios.

fn main() {}
