//! What stands between a guest and its host.
//!
//! Filters see every call before and after it is carried out: [`Deny`] refuses some, [`Trace`]
//! writes all of them down. [`clocks`], [`random`] and [`stdio`] stand in for the host's, and
//! [`strings`] say which arguments and variables of a parent its child is given. A [`nanoprocess`] is a guest whose parent is a guest itself, and which
//! is served by it.
#![deny(unsafe_code)]

pub mod clocks;
mod deny;
pub mod fs;
pub mod nanoprocess;
pub mod random;
pub mod stdio;
pub mod strings;
mod trace;

pub use deny::{Deny, UnknownCall};
pub use trace::Trace;
