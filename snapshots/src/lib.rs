//! WASI's snapshots, ready to be registered with any engine.
//!
//! Each snapshot is a module with one function for each import of a guest, typed as in core
//! WebAssembly, a [table](preview_1::FUNCTIONS) of what is known about them, and a macro by which
//! an engine's adapter registers all of them without naming one. What the functions do is written
//! once, in terms of `turnkey-wasi-common`.
//!
//! A call is carried out by [`complete`], which waits where the guest has to wait:
//!
//! ```
//! use turnkey_snapshots::{Memory, complete, preview_1};
//! use turnkey_wasi_common::WasiCtx;
//!
//! let ctx = WasiCtx::builder().args(["hello"]).build()?;
//! let mut memory = vec![0; 65536];
//! let errno = complete(&ctx, |call| {
//!     preview_1::args_sizes_get(call, &mut Memory::new(&mut memory), 0, 4)
//! })?;
//! assert_eq!((errno, memory[0], memory[4]), (0, 1, 6));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod buffers;
mod call;
mod define;
pub mod engine;
mod error;
mod func;
mod memory;
mod operations;
pub mod preview_0;
pub mod preview_1;
pub mod typed;

pub use call::{Call, CallState, complete};
pub use func::Func;
pub use memory::Memory;
pub use turnkey_wasi_common as wasi_common;

use turnkey_wasi_common::function::Function;

/// Every function of every snapshot.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    preview_1::FUNCTIONS.iter().chain(&preview_0::FUNCTIONS)
}

/// What is known about a function, by the names that a guest imports it with.
///
/// ```
/// let function = turnkey_snapshots::function("wasi_snapshot_preview1", "fd_read").unwrap();
/// assert!(function.may_wait);
/// assert!(turnkey_snapshots::function("env", "fd_read").is_none());
/// ```
pub fn function(module: &str, name: &str) -> Option<&'static Function> {
    functions().find(|function| function.module == module && function.name == name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn functions_that_touch_no_memory_are_those_of_scalars_alone() {
        let mut without: Vec<&str> = super::preview_1::FUNCTIONS
            .iter()
            .filter(|function| !function.touches_memory())
            .map(|function| function.name)
            .collect();
        without.sort_unstable();
        assert_eq!(
            without,
            [
                "fd_advise",
                "fd_allocate",
                "fd_close",
                "fd_datasync",
                "fd_fdstat_set_flags",
                "fd_fdstat_set_rights",
                "fd_filestat_set_size",
                "fd_filestat_set_times",
                "fd_renumber",
                "fd_sync",
                "proc_exit",
                "proc_raise",
                "sched_yield",
                "sock_shutdown",
            ]
        );
    }
}
