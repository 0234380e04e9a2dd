//! Loopback ports for servers that can't be told to take port 0 and to keep what they got over a restart.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};
use openssl::rand::rand_bytes;

/// Below the range from which the kernel takes the ports of outgoing connections: a server that is down for a while finds its port
/// free when it comes back.
const LOWEST: u16 = 10_240;
const HIGHEST: u16 = 32_767;

/// A port that nobody listens on at this moment, chosen at random so that test runs side by side rarely meet.
pub fn free_port() -> Result<u16> {
    for _ in 0..200 {
        let mut random = [0u8; 2];
        rand_bytes(&mut random).context("random bytes for a port")?;
        let port = LOWEST + u16::from_be_bytes(random) % (HIGHEST - LOWEST + 1);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between {LOWEST} and {HIGHEST} on loopback")
}
