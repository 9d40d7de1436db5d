//! What stands between a guest and its host.
//!
//! Filters see every call before and after it is carried out: [`Deny`] refuses some, [`Fault`] lets
//! some fail or take longer, [`Trace`] writes all of them down, [`Audit`] keeps those that were
//! refused, and [`Counters`] count. A [`nanoprocess`] is a guest whose parent is a guest itself, and which
//! is served by it.
#![deny(unsafe_code)]

pub mod audit;
mod calls;
pub mod counters;
mod deny;
mod excerpt;
pub mod fault;
pub mod nanoprocess;
mod trace;

pub use audit::Audit;
pub use calls::{Calls, Class, UnknownCall};
pub use counters::Counters;
pub use deny::Deny;
pub use fault::{Fault, Pattern, Turn};
pub use trace::Trace;
