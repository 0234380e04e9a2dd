//! A real Kubernetes control plane with simulated nodes, and a real registry, for tests.
//!
//! etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and kubectl come from upstream modules, built into one program
//! ([`Program`]); [`ControlPlane`] runs each as a process of its own on loopback. Deployments really roll out, stall, crash and roll
//! back: only the kubelets are simulated, and what a simulated container does is the last part of its image's tag ([`behaviour`]).
//! [`Registry`] is Debian's `docker-registry`, filled with tiny images. Everything started here ends when the process that started it
//! ends, also when that one is killed.
//!
//! All of it is synchronous: it may be called from plain tests and from tests with a runtime of their own alike.
//!
//! Not here: anything of rotabot. This crate knows neither its configuration nor its types, so that it can't share their mistakes.

mod api;
pub mod behaviour;
mod certificates;
mod control_plane;
mod kubeconfig;
mod kwok;
mod namespace;
mod objects;
mod owned;
mod parts;
mod ports;
mod program;
mod registry;
mod wait;

pub use api::{Api, ApiError};
pub use certificates::{Authority, Pair};
pub use control_plane::{ControlPlane, Options};
pub use kubeconfig::Kubeconfig;
pub use namespace::Namespace;
pub use objects::{Deployment, container_statuses, pods_of_image};
pub use owned::{Owned, OwnedFolder};
pub use parts::Part;
pub use ports::free_port;
pub use program::Program;
pub use registry::{Image, Index, Registry, RegistryOptions};
pub use wait::{holds_for, until};
