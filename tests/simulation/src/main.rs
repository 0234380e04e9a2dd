//! The engine on the world: seeds, kill points and invariants.

fn main() {}
