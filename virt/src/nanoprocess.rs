//! Guests whose parent is a guest.
//!
//! A parent module calls [`child_call`](Family::functions); each child runs in a store of its own,
//! perhaps on another engine, and is handed only what the embedder decided. What the parent serves
//! is asked of it while it waits in `child_call`: its memory and exports are lent to the child for
//! exactly that long.
//!
//! What the parent exports to serve is defined in `witx/nanoprocess_serve_0.witx`: for a clock
//! `clock_now`, for randomness `virt_scratch` and `rng_fill`, for directories and files `dir_…` and
//! `obj_…`.
//!
//! Its import:
//!
//! | import | type | does |
//! |---|---|---|
//! | `nanoprocess_0.child_call` | `(child: i32, outcome: i32) -> (i32)` | runs a child's `_start` in a new instance; answers an errno, and writes how it ended to `outcome` (two `u32`: what, code) |
//!
//! What a child ends with: 0 it returned, 1 it exited with the code, 2 it trapped, 3 it was ended
//! because its parent failed to serve it.

mod family;
mod lend;
#[allow(
    dead_code,
    reason = "whoever binds children decides what of it is asked for"
)]
mod serve;

pub use family::{Child, Family, MODULE, MOST_NESTED};
