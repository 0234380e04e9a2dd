//! The console against a desk that answers by heart, over real sockets.

mod pipes;
mod restarts;
mod sockets;
