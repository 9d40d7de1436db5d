//! Guests and checks by which a WASI host is tested.

pub mod engine_kit;
pub mod tour;

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
