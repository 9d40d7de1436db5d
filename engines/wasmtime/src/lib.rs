//! Turnkey's WASI for wasmtime.
//!
//! An embedder keeps a [`Wasi`] in the data of a store, and lets guests reach it in one of two
//! ways: [`add_to_linker`] defines WASI's functions in a linker, for any instances whatever;
//! [`Program`] links one module with them so that its calls are as fast as they can be. What a
//! call into a guest came to is told by [`outcome`].
//!
//! ```
//! use std::sync::Arc;
//! use turnkey_wasi_common::{Pipe, Stop, WasiCtx};
//! use turnkey_wasmtime::{Wasi, add_to_linker, outcome};
//! use wasmtime::{Engine, Linker, Module, Store};
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
//! let instance = linker.instantiate(&mut store, &Module::new(&engine, wasm)?)?;
//! let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
//! assert_eq!(outcome(start.call(&mut store, ())), Err(Stop::Exit(7)));
//! assert_eq!(output.drain(), b"hello\n");
//! # Ok::<(), wasmtime::Error>(())
//! ```
//!
//! Guests that leave the thread to others while they wait are linked by [`add_to_linker_async`] or
//! [`Program::new_async`], and entered by wasmtime's asynchronous functions.
//!
//! [`WasmtimeEngine`] is wasmtime for code that is written for any engine.
#![forbid(unsafe_code)]

mod block_on;
mod engine;
mod guest;
mod linker;
mod memory;
mod module;
mod program;
mod stop;
mod typed;
mod value;
mod wasi;

pub use engine::WasmtimeEngine;
pub use linker::{add_to_linker, add_to_linker_async};
pub use program::Program;
pub use stop::{outcome, stop};
pub use wasi::Wasi;
