//! What stands between a guest and its host.
//!
//! [`fs`] are file systems that no host has: in memory, over others, from archives, or of somebody's
//! own making. [`clocks`], [`random`] and [`stdio`] stand in for the host's, and [`strings`] say
//! which arguments and variables of a parent its child is given.
//!
//! Filters see every call before and after it is carried out: [`Deny`] refuses some, [`Fault`] lets
//! some fail or take longer, [`Trace`] writes all of them down, [`Audit`] keeps those that were
//! refused, and [`Counters`] count. What a [`Recorder`] has recorded, a [`Replay`] answers without
//! any host.
//!
//! A [`policy`] says what modules may ask for, and refuses the one that asks for more.
//!
//! A [`nanoprocess`] is a guest whose parent is a guest itself, and which is served by it.
#![deny(unsafe_code)]

pub mod audit;
mod calls;
pub mod clocks;
pub mod counters;
mod deny;
mod excerpt;
pub mod fault;
pub mod fs;
pub mod nanoprocess;
pub mod policy;
pub mod random;
mod record;
mod replay;
pub mod stdio;
pub mod strings;
mod trace;
pub mod typed;

pub use audit::Audit;
pub use calls::{Calls, Class, UnknownCall};
pub use counters::Counters;
pub use deny::Deny;
pub use fault::{Fault, Pattern, Turn};
pub use record::log::LogError;
pub use record::{RecordError, Recorder};
pub use replay::{Difference, Divergence, Replay};
pub use trace::Trace;
