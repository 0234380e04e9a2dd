#![deny(missing_docs)]
//! What people can ask of rotabot, who may, and the engine that carries it out.
