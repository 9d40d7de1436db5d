//! The interface definitions of WASI, their model, and what is generated from them.
//!
//! A snapshot of WASI is defined by a witx document. The documents of this project lie beside this
//! crate's `src`: names, numbers and types are those of the standard, the sentences are ours. From
//! them come the typed host side, which `wiggle` makes, and everything that is made here: the table
//! of functions from which an engine adapter registers its imports, from which filters, traces and
//! records of calls know what a call means, and the `Errno` and `Rights` of the core. No list of
//! functions, errors or rights is kept by hand anywhere.
//!
//! # The model
//!
//! [`Snapshot`] holds one module with its types and functions: how wide a type is, where its
//! members lie, which core parameters a function has and what each of them stands for.
//!
//! ```
//! use turnkey_witx::{CoreType, Role, Snapshot, Type};
//!
//! let preview_1 = Snapshot::preview_1()?;
//!
//! let filestat = preview_1.named_type("filestat").ok_or("no filestat")?;
//! assert_eq!(filestat.layout.size, 64);
//! let Type::Record(filestat) = &filestat.ty else {
//!     return Err("filestat is not a record".into());
//! };
//! let size = filestat.members.iter().find(|m| m.name == "size");
//! assert_eq!(size.map(|m| m.offset), Some(32));
//!
//! let fd_tell = preview_1.function("fd_tell").ok_or("no fd_tell")?;
//! assert_eq!(fd_tell.class, "fd.meta");
//! let roles: Vec<_> = fd_tell.core.params.iter().map(|p| p.role).collect();
//! assert_eq!(roles, [Role::Value(0), Role::Return(0)]);
//! assert_eq!(fd_tell.core.results, [CoreType::I32]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a document says to programs
//!
//! Documentation comments begin with `;;;`. A line in them that begins with `@` is for programs,
//! and one that nobody knows is an error:
//!
//! | line | where | meaning |
//! |---|---|---|
//! | `@snapshot NAME` | module | the short name of the snapshot |
//! | `@prefix NAME` | module | what names in C begin with, `wasi` by default |
//! | `@answers signed` | module | guests export the functions, and each returns its value or its error as one number: an error with its sign turned |
//! | `@class NAME` | every function | the authority that it needs, as `files.open`; `files` is a class too |
//! | `@waits` | function | the call may wait for a handle or a deadline |
//! | `@count NAME` | parameter or member that is a pointer | the sibling that holds the number of elements |
//!
//! A pointer without `@count` leads to as many elements as the host has to give (`args_get`).
//!
//! # What is generated
//!
//! | what | by | read by |
//! |---|---|---|
//! | `wasi-common/src/errno.rs`, `rights.rs` | [`rust::errno`], [`rust::rights`] | everybody; committed |
//! | `snapshots/witx/`, `virt/witx/` | copied | the package that makes bindings of it; committed |
//! | `conformance/guests/include/` | [`c::header`], [`c::filters`] | guests written in C; committed |
//! | `guests/rust/src/` | [`rust::guest`], [`rust::guest_filters`] | guests written in Rust; committed |
//! | `virt/src/nanoprocess/serve/exports.rs` | [`rust::exports`] | who asks a wasm parent; committed |
//! | the table of functions | [`rust::functions`] | `include!` after a build script |
//! | a JSON value | [`dump`] | the test that compares our documents with the standard |
//!
//! ```text
//! cargo run -p turnkey-witx -- generate           # after a change of a document
//! cargo run -p turnkey-witx -- generate --check   # what a test of this crate does as well
//! cargo run -p turnkey-witx -- dump [DOCUMENT]    # the model as JSON
//! ```
#![forbid(unsafe_code)]

mod annotations;
pub mod c;
pub mod committed;
pub mod dump;
mod error;
mod function;
mod layout;
mod read;
pub mod rust;
mod snapshot;
mod types;

pub use error::Error;
pub use function::{CoreParam, CoreType, Function, Outcome, Param, Role, Signature};
pub use layout::Layout;
pub use snapshot::Snapshot;
pub use types::{Builtin, Case, Enum, Flags, Member, Name, NamedType, Record, Type, Variant};
