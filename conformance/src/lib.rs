//! Guests and checks by which a WASI host is tested.

pub mod engine_kit;
pub mod tour;
