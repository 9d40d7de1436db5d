//! Guests and checks by which a WASI host is tested.

pub mod engine_kit;
#[cfg(target_os = "linux")]
pub mod fuzz;
pub mod guests;
pub mod known;
pub mod never;
pub mod parents;
pub mod runner;
pub mod tour;
pub mod zip_slip;

/// The examples of the README and the guides, compiled.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/migrating.md")]
    struct Migrating;

    #[doc = include_str!("../../docs/virtualization.md")]
    struct Virtualization;
}
