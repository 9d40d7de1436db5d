//! Handles that are handed on weaker than they were, and taken back.
#![cfg(test)]

#[path = "../host/mod.rs"]
mod host;

mod grants;
mod names;
mod revoked;
mod waits;
