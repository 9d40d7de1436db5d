//! Calls between modules with text, lists, records and variants.
//!
//! A module describes its own functions in witx ([`Interface`]), in custom sections named `witx` or
//! through its parent ([`Child::describe`]). A child's import is then bound to an export of a sibling,
//! of its parent, or to a function of a Rust program ([`Child::bind_export`]); when the child is
//! linked, both sides must have described the function alike. Only the names of whole types, of
//! parameters and of results may differ. What is passed is copied from one memory to the other once.
//!
//! # How values cross
//!
//! Lowering is that of WASI's preview 1:
//!
//! | type | as a parameter | in memory |
//! |---|---|---|
//! | `u8` … `s64`, `f32`, `f64`, `char` | by value, as `i32`, `i64`, `f32` or `f64` | the number |
//! | `enum`, `flags`, `bool` | by value | a number as wide as `(@witx tag …)`, `(@witx repr …)` say |
//! | `(handle)` | a descriptor of the caller's | the same in 32 bits |
//! | `string`, `(list T)` | pointer, and length in bytes or elements | both, 8 bytes |
//! | `record` | pointer | members one after another, each aligned |
//! | `variant` | pointer | a tag, then the payload at an alignment that fits all |
//!
//! A result that is one number is returned. Any other is written: the last parameter says where to.
//! Of a result `(expected T (error $errno))` the error is returned, 0 being none, and `T` is
//! written.
//!
//! # Whose memory
//!
//! Arguments lie in the caller's memory; for the call, the host asks the callee's export
//! `virt_alloc(size, align) -> pointer` once for room for all of them and for the result, copies, and
//! when the call has returned hands that room to `virt_free(pointer, size, align)`, if that is
//! exported. A result that leads to text or lists is copied into one room that the caller's own
//! `virt_alloc` gives, and which is the caller's from then on: it begins at the address of what the
//! result leads to first. `cabi_realloc` serves in place of `virt_alloc`. Whoever answers 0 has no
//! room. An empty string or list has its alignment for an address.
//!
//! A call carries at most 64 MiB each way, and 64 handles.
//!
//! # Handles
//!
//! A handle is a descriptor of whoever passes it. The other receives a descriptor of its own, with
//! an offset of its own and no more rights, which ends at the latest when the passed one is revoked.
//!
//! # What can go wrong
//!
//! - A pointer of the caller's that leads beyond its memory, or is not aligned, traps the caller, and
//!   nothing of the callee has run.
//! - Everything else that keeps the call from being carried out is an errno: `ILSEQ` for text that is
//!   not UTF-8, `INVAL` for a number that its type does not have, `BADF` for a handle, `2BIG`, `NOMEM`
//!   for lack of room, `MFILE` for lack of descriptors, `BUSY` if the callee is on the stack already,
//!   `SRCH` if it has ended. If the function's errors are wide enough for an errno (a number of 16
//!   bits or more, or an enumeration of at least 77 names) the caller finds it there; otherwise it
//!   traps.
//! - A callee that traps, exits or runs out of its limits ends, as does one whose result leads beyond
//!   its memory; the caller finds `IO`, or traps as above.
//!
//! The callee runs within its own limits, and a call between siblings is a level of nesting. A
//! caller that is killed, or whose deadline passes, ends when the callee has returned.
//!
//! [`Child::describe`]: crate::nanoprocess::Child::describe
//! [`Child::bind_export`]: crate::nanoprocess::Child::bind_export

mod call;
mod check;
mod copy;
mod image;
mod interface;
mod lex;
mod lower;
mod read;
mod side;
mod text;
mod types;
mod value;

pub use check::Misfit;
pub use interface::{Interface, InterfaceError};
pub use value::TypedValue;

pub(crate) use call::Broken;
pub(crate) use check::{Party, fit};
pub(crate) use image::{Image, Run, RustSide};
pub(crate) use lower::{bits, of_bits};
pub(crate) use side::{GuestSide, Lend, Side, allocates};
pub(crate) use types::Function;
