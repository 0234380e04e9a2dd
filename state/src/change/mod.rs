//! The change.
