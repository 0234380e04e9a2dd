//! The built binary against real servers.
