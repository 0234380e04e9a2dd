//! The console: chat in a terminal, and over a socket beside the data.
//!
//! Three front ends share it: `run --console`, where people type at the running bot itself; the socket, by which
//! `rotabot console` and `rotabot say` reach a running bot; and the lines that a channel's messages become. What is
//! asked and answered is the desk's business: here it is only read, carried and drawn.
