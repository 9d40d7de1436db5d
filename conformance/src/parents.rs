//! Parents for any program: wasm modules that hand what they have to a child.
//!
//! Their sources lie in `guests/parents`. Each knows its child as module 0, and the modules behind
//! that one lie further inside; it hands those on in the same order, so that parents can stand above
//! each other. What the child is given is what the parent itself was given.

/// A parent that passes every call of its child on.
///
/// ```
/// use turnkey_conformance::parents::{FORWARD, PASS};
///
/// for source in [PASS, FORWARD] {
///     assert!(wat::parse_str(source).is_ok());
/// }
/// ```
pub const PASS: &str = include_str!("../guests/parents/pass.wat");

/// A parent that sees every call of its child, by a filter that lets it continue. It is made from
/// the other one by `build-guests`.
pub const FORWARD: &str = include_str!("../guests/parents/forward.wat");

/// A parent that holds all of its first directory, and grants its child what lies in `uploads`
/// there.
pub const UPLOADS: &[u8] = include_bytes!("../guests/parents/uploads.wasm");

/// A parent that serves its child's files, clocks and random numbers by its own.
pub const SERVE: &[u8] = include_bytes!("../guests/parents/serve.wasm");
