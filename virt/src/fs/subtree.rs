//! What lies beneath a path, as a directory of its own.

use std::sync::Arc;
use turnkey_wasi_common::{Dir, Errno, GuestPath, Object, OpenOptions, Result};

/// What lies beneath a path, as a directory of its own: from there `..` leads nowhere.
///
/// The path is resolved by the directory itself, so that links on the way cannot leave it, and those
/// beneath cannot leave what was opened. What later becomes of the path makes no difference.
///
/// # Errors
/// - those of a walk (see [`Dir`]).
/// - `NOTDIR`: there is something else.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Found, Listed, Tree, subtree};
/// use turnkey_wasi_common::{Errno, Follow, GuestPath};
///
/// let home = Listed::new().entry("uploads", Found::dir(Listed::new()));
/// let tree = Tree::new(Arc::new(home.entry("now", Found::link("uploads"))));
/// let uploads = subtree(&tree, GuestPath::new("now")?)?;
/// let outside = uploads.stat_at(GuestPath::new("../uploads")?, Follow::No);
/// assert_eq!(outside.unwrap_err().errno(), Errno::Perm);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn subtree(dir: &dyn Dir, path: GuestPath<'_>) -> Result<Arc<dyn Dir>> {
    let how = OpenOptions {
        directory: true,
        ..OpenOptions::READ
    };
    match dir.open(path, &how)? {
        Object::Dir(dir) => Ok(dir),
        _ => Err(Errno::Notdir.into()),
    }
}
