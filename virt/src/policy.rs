//! What modules ask for, and what they may ask for.
//!
//! [`Needs`] are what a module asks for, read from its bytes: nothing is compiled and nothing runs.
//! A [`Lock`] pins for every module of a tree its hash, its imports with their types, and what it is
//! granted. What asks for more is [`Refused`], with everything that is new and who on the path from
//! the root holds it:
//!
//! ```
//! use turnkey_virt::policy::{Asked, Grants, Lock, Locked, Needs};
//!
//! let module = |imports: &str| wat::parse_str(format!("(module {imports})"));
//! let write = r#"(import "wasi_snapshot_preview1" "fd_write"
//!     (func (param i32 i32 i32 i32) (result i32)))"#;
//! let send = r#"(import "wasi_snapshot_preview1" "sock_send"
//!     (func (param i32 i32 i32 i32 i32) (result i32)))"#;
//!
//! let old = Needs::of(&module(write)?)?;
//! let new = Needs::of(&module(&format!("{write}{send}"))?)?;
//! let lock = Lock::new([
//!     Locked::new("app", Some("1.0.0"), &old),
//!     Locked::new("notify", Some("1.2.0"), &old)
//!         .under("app")
//!         .granted(Grants::new().grant("fd", "fd 1")?),
//! ])?;
//!
//! let refused = lock.check(&Asked::new("notify", Some("1.3.0"), &new)).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "notify 1.2.0 -> 1.3.0 (app > notify) asks for new authority
//!   + wasi_snapshot_preview1.sock_send  [network.send]  nobody on this path holds it
//!   = fd_write [fd.write] granted (fd 1)
//! nothing was run. accept: turnkey lock --accept notify"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod grants;
mod lock;
mod needs;
mod printable;
mod refused;
mod types;

pub use check::{Answer, Asked};
pub use grants::{Grants, UnknownClass};
pub use lock::{Lock, LockError, LockProblem, Locked};
pub use needs::{Need, Needs, NeedsError, Offer, ParseSha256Error, Sha256};
pub use printable::printable;
pub use refused::{Change, ChangeKind, Holder, Kept, Refused};

/// The class of an import that is none of WASI's: a function of the embedder's or of another
/// module's, a memory, a table, a global or a tag.
pub const FOREIGN: &str = "foreign";

/// The class of the functions by which a parent has children of its own.
pub const CHILDREN: &str = "children";

/// The class of authority that an import needs: that of WASI's function of this name, [`CHILDREN`],
/// or [`FOREIGN`].
///
/// ```
/// use turnkey_virt::policy::class_of;
///
/// assert_eq!(class_of("wasi_snapshot_preview1", "path_open"), "files.open");
/// assert_eq!(class_of("env", "path_open"), "foreign");
/// ```
#[must_use]
pub fn class_of(module: &str, name: &str) -> &'static str {
    match turnkey_snapshots::function(module, name) {
        Some(function) => function.class,
        None if module == crate::nanoprocess::MODULE => CHILDREN,
        None => FOREIGN,
    }
}

/// Whether a class is another one, or begins with it up to a dot.
fn is_in(class: &str, of: &str) -> bool {
    class
        .strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Every class that there is, the parts that they begin with included.
///
/// ```
/// let classes = turnkey_virt::policy::classes();
/// assert!(["files", "files.open", "foreign"].iter().all(|class| classes.contains(class)));
/// ```
#[must_use]
pub fn classes() -> std::collections::BTreeSet<&'static str> {
    let functions = turnkey_snapshots::functions();
    let named = functions.flat_map(|function| {
        let dots = function.class.match_indices('.');
        let prefixes = dots.filter_map(|(dot, _)| function.class.get(..dot));
        prefixes.chain([function.class])
    });
    named.chain([FOREIGN, CHILDREN]).collect()
}
