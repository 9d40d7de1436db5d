//! What stands between a guest and its host.
//!
//! Filters see every call before and after it is carried out: [`Deny`] refuses some, [`Trace`]
//! writes all of them down. A [`nanoprocess`] is a guest whose parent is a guest itself, and which
//! is served by it.
#![deny(unsafe_code)]

mod deny;
pub mod fs;
pub mod nanoprocess;
mod trace;

pub use deny::{Deny, UnknownCall};
pub use trace::Trace;
