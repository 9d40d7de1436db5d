//! Guests whose parent is a guest.
//!
//! A parent module calls [`child_call`](Family::functions); each child runs in a store of its own,
//! perhaps on another engine, and is handed only what the embedder decided. What the parent serves
//! is asked of it while it waits in `child_call`: its memory and exports are lent to the child for
//! exactly that long.
//!
//! The parent's side of the interface, all functions in core WebAssembly:
//!
//! | export | type | serves |
//! |---|---|---|
//! | `clock_now` | `(clock: i32) -> (i64)` | `clock_time_get`: nanoseconds; clocks are numbered as in WASI |
//! | `rng_fill` | `(address: i32, length: i32) -> (i32)` | `random_get`: fills the parent's own memory, answers an errno |
//! | `virt_alloc` | `(size: i32, align: i32) -> (i32)` | room in the parent's memory for one request, 0 if there is none |
//!
//! and its import:
//!
//! | import | type | does |
//! |---|---|---|
//! | `nanoprocess_0.child_call` | `(child: i32, outcome: i32) -> (i32)` | runs a child's `_start` in a new instance; answers an errno, and writes how it ended to `outcome` (two `u32`: what, code) |
//!
//! What a child ends with: 0 it returned, 1 it exited with the code, 2 it trapped, 3 it was ended
//! because its parent failed to serve it.

mod family;
mod lend;
mod serve;

pub use family::{Child, Family, MODULE, MOST_NESTED};
pub use serve::{ServedClocks, ServedRandom};
