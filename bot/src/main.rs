//! The hands and the memory of an ops team, for the developer on duty.

fn main() {}
