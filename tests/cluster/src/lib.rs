//! A real Kubernetes control plane with simulated nodes, and a real registry, for tests.
