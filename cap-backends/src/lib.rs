//! The host's files, sockets, clocks, randomness and waiting for Turnkey, over cap-std.
//!
//! [`builder()`] begins a context; the types here are what an embedder puts into it. Whatever
//! reaches for the host without a handle asks for an [`AmbientAuthority`], so that searching for
//! `ambient_authority` finds every place where authority begins.
//!
//! | What | From |
//! |---|---|
//! | [`HostDir`] | a path with ambient authority, or a directory that is open |
//! | [`HostFile`], [`HostStream`] | a descriptor that is open; or a path beneath a [`HostDir`] |
//! | [`stdio::inherit`] | the standard streams of this process |
//! | [`HostListener`], [`HostSocket`] | sockets that the embedder bound or connected |
//! | [`HostClocks`], [`HostRandom`], [`HostWait`] | already in [`builder()`] |
//!
//! The crate is for Unix hosts and is tested on Linux. Only there a path is resolved in one step
//! (`openat2`, Linux 5.6; cap-std walks by itself where it is missing), an append is divided by no
//! other process, streams that others share are used without waiting in a single call, and a
//! directory of any size is listed in constant memory; the items say what other systems do
//! instead.
//!
//! What a guest opens through a path never makes the host wait, and neither does reading or
//! writing it: only [`HostWait`] blocks.
//!
//! With the feature `tokio`, which is off by default, there is `TokioWait`, by which guests that
//! wait leave their thread to others.
#![forbid(unsafe_code)]
#![cfg(unix)]

#[cfg(feature = "tokio")]
mod async_waiter;
mod bell;
mod builder;
mod clocks;
mod descriptor;
mod dir;
mod errno;
mod file;
mod handle;
mod listing;
mod open;
mod place;
mod random;
mod socket;
mod stat;
pub mod stdio;
mod stream;
mod waiter;

#[cfg(feature = "tokio")]
pub use async_waiter::TokioWait;
pub use builder::builder;
pub use cap_std::{AmbientAuthority, ambient_authority};
pub use clocks::HostClocks;
pub use dir::HostDir;
pub use errno::errno_of;
pub use file::HostFile;
pub use random::HostRandom;
pub use socket::{HostListener, HostSocket};
pub use stream::HostStream;
pub use waiter::HostWait;
