//! The built binary against real servers: what its tests share.
//!
//! [`Shop`] is one service in a namespace of its own, with images in a real registry and a rotabot that looks after it; [`Bot`] is the
//! process, and what is said to it; [`Proxy`] stands before the API server, and holds, delays or loses what goes through it.
//!
//! Not here: anything that knows rotabot from inside. What it did is read from what it says, from its export, and from the cluster.

mod bot;
mod config;
mod counting;
mod export;
mod proxy;
mod random;
mod rights;
mod said;
mod shop;

pub use bot::{Bot, Build, Saying, binary};
pub use config::Config;
pub use counting::{Counted, requests_of};
pub use export::{Export, Recorded};
pub use proxy::{At, Breakpoint, Proxy, Request};
pub use random::Random;
pub use rights::grant;
pub use said::Said;
pub use shop::{PATIENCE, Setup, Shop, registry};

/// Whether the long versions are to be run: `ROTABOT_TEST_LENGTH=full`.
pub fn full_length() -> bool {
    std::env::var("ROTABOT_TEST_LENGTH").is_ok_and(|length| length == "full")
}
