//! Which arguments and variables a child is given of its parent's.
//!
//! An [`EnvFilter`] and an [`ArgFilter`] begin with nothing; rules say what passes.

mod args;
mod env;
mod pattern;

pub use args::ArgFilter;
pub use env::{EnvFilter, variables};
