//! Turnkey's WASI for wasmi.
//!
//! An embedder keeps a [`Wasi`] in the data of a store, and lets guests reach it in one of two
//! ways: [`add_to_linker`] defines WASI's functions in a linker, for any instances whatever;
//! [`Program`] links one module with them so that its calls are as fast as they can be. What a
//! call into a guest came to is told by [`outcome`].
//!
//! ```
//! use std::sync::Arc;
//! use turnkey_wasi_common::{Pipe, Stop, WasiCtx};
//! use turnkey_wasmi::{Wasi, add_to_linker, outcome};
//! use wasmi::{Engine, Linker, Module, Store};
//!
//! let wasm = wat::parse_str(r#"(module
//!     (import "wasi_snapshot_preview1" "fd_write"
//!         (func $write (param i32 i32 i32 i32) (result i32)))
//!     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//!     (memory (export "memory") 1)
//!     (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
//!     (func (export "_start")
//!         (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
//!         (call $exit (i32.const 7))))"#)?;
//!
//! let engine = Engine::default();
//! let mut linker = Linker::new(&engine);
//! add_to_linker(&mut linker, |wasi: &mut Wasi| wasi)?;
//! let (stdout, output) = Pipe::new(64);
//! let ctx = WasiCtx::builder().stdout(Arc::new(stdout)).build()?;
//! let mut store = Store::new(&engine, Wasi::from(ctx));
//! let instance = linker.instantiate_and_start(&mut store, &Module::new(&engine, wasm)?)?;
//! let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
//! assert_eq!(outcome(start.call(&mut store, ())), Err(Stop::Exit(7)));
//! assert_eq!(output.drain(), b"hello\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In both ways a guest that has to wait blocks the thread. [`add_to_linker_resumable`] and
//! [`Program::new_resumable`] are the forms that come back to the embedder instead, who resumes
//! the guest later ([`call_resumable`]) or has many of them wait on one thread ([`call_async`]).
//!
//! [`WasmiEngine`] is wasmi for code that is written for any engine.
#![forbid(unsafe_code)]

mod engine;
mod guest;
mod linker;
mod memory;
mod module;
mod pending;
mod program;
mod resumable;
mod run;
mod start;
mod stop;
mod value;
mod wasi;

pub use engine::WasmiEngine;
pub use linker::{add_to_linker, add_to_linker_resumable};
pub use program::Program;
pub use resumable::{OutOfFuel, Progress, Waiting, call_async, call_resumable};
pub use stop::{error, outcome, stop};
pub use wasi::Wasi;
