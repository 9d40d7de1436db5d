//! A guest without an engine: a context, a memory, and the functions of preview 1 as Rust calls.
//!
//! Each method writes its arguments into the memory as a guest would, calls the function, and reads
//! the results back. Where a guest stops instead of getting an answer, [`Guest::run`] and
//! [`Guest::invoke`] tell how; every other method takes it for a failure of the test.
#![allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "each file of tests uses its own part"
)]
#![allow(unreachable_pub, reason = "a module of tests has no public face")]

mod app;
mod backend;
mod guest;
pub mod openat2;
mod operations;
mod records;
mod tree;

pub use app::App;
pub(crate) use backend::on_every_backend;
pub use backend::{Backend, DIFFERENCES, Difference, Layers};
pub use guest::{BUFFER, Guest, Place};
pub use operations::{PATH_OPERATIONS, PathOperation};
pub use records::{
    Dirent, Event, Fdstat, Filestat, Subscription, abstime, eventtype, fdflags, filetype, fstflags,
    oflags, whence,
};
pub use tree::{Tree, assert_outside_untouched, cpu_time, fifo, subdirectory};
