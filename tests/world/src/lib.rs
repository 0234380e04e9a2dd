//! Stateful models of cluster, registry and chat behind rotabot's ports, with a virtual clock and a fault plan.
