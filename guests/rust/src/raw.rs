//! The only place with unsafe code: the bindings, and what turns their pointers into slices.
#![allow(unsafe_code)]

// All that the documents define, of which the crate uses a part.
#[allow(dead_code, missing_docs, unreachable_pub, clippy::all)]
#[rustfmt::skip]
pub(crate) mod nanoprocess_0;
#[allow(dead_code, missing_docs, unreachable_pub, clippy::all)]
#[rustfmt::skip]
pub(crate) mod nanoprocess_serve_0;
#[allow(dead_code, missing_docs, unreachable_pub, clippy::all)]
#[rustfmt::skip]
pub(crate) mod wasi_snapshot_preview1;

// Each does what the document says of the export of its name.
#[allow(missing_docs)]
pub mod exports;
#[cfg(target_family = "wasm")]
pub(crate) mod imports;
#[cfg(target_family = "wasm")]
mod room;

#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
// SAFETY: without threads nobody else can borrow it.
unsafe impl<T> Sync for crate::Shared<T> {}
