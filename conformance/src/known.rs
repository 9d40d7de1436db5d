//! What can be known of a tree, to see what has become of it.

use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::sync::Arc;
use turnkey_wasi_common::{
    Dir, Errno, FileType, Follow, GuestPath, Object, OpenOptions, Result, Stat,
};

/// What lies beneath a directory, each thing under its path from there. The directory itself has the
/// path `.`.
pub type Known = BTreeMap<String, Thing>;

/// What can be known of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// Its attributes. The time of last access is 0: to look is to access.
    pub stat: Stat,
    /// What a file holds, or a link; nothing for all else. The errno if it is not told, `NOMEM` if it
    /// is too large.
    pub contents: Result<Vec<u8>, Errno>,
}

/// All that can be known of what lies beneath a directory, whatever its file system.
///
/// ```
/// use turnkey_conformance::known::known;
/// use turnkey_virt::fs::MemoryFs;
///
/// let fs = MemoryFs::new().file("dir/file", b"contents")?;
/// let before = known(&fs.root())?;
/// assert_eq!(before.keys().collect::<Vec<_>>(), [".", "dir", "dir/file"]);
/// fs.write("dir/file", b"changed.")?;
/// assert_ne!(known(&fs.root())?, before);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
///
/// # Errors
/// - those of the directory's methods.
pub fn known(dir: &Arc<dyn Dir>) -> Result<Known> {
    let mut known = Known::from([(".".to_owned(), directory(dir.stat()?))]);
    let mut left = vec![(String::new(), Arc::clone(dir))];
    while let Some((way, dir)) = left.pop() {
        for name in names(&*dir)? {
            let path = GuestPath::new(&name)?;
            let stat = dir.stat_at(path, Follow::No)?;
            let far = format!("{way}{name}");
            let mut thing = directory(stat);
            match stat.file_type {
                FileType::Directory => {
                    if let Object::Dir(beneath) = dir.open(path, &DIRECTORY)? {
                        left.push((format!("{far}/"), beneath));
                    }
                }
                FileType::RegularFile => thing.contents = told(read(&*dir, path)),
                FileType::SymbolicLink => {
                    thing.contents = told(dir.read_link(path).map(String::into_bytes));
                }
                _ => {}
            }
            known.insert(far, thing);
        }
    }
    Ok(known)
}

fn told(contents: Result<Vec<u8>>) -> Result<Vec<u8>, Errno> {
    contents.map_err(|error| error.errno())
}

fn directory(stat: Stat) -> Thing {
    Thing {
        stat: Stat {
            accessed: 0,
            ..stat
        },
        contents: Ok(Vec::new()),
    }
}

/// The names in a directory, in no order.
///
/// # Errors
/// - those of the listing.
pub fn names(dir: &dyn Dir) -> Result<Vec<String>> {
    let mut names = Vec::new();
    dir.listing()?.read(0, &mut |entry| {
        if !matches!(entry.name, "." | "..") {
            names.push(entry.name.to_owned());
        }
        true
    })?;
    Ok(names)
}

/// What a file holds.
///
/// # Errors
/// - `ISDIR`, `NOTSUP`: it is no regular file.
/// - `NOMEM`: it is too large to be held.
/// - those of the file system.
pub fn read(dir: &dyn Dir, path: GuestPath<'_>) -> Result<Vec<u8>> {
    let file = match dir.open(path, &OpenOptions::READ)? {
        Object::File(file) => file,
        Object::Dir(_) => return Err(Errno::Isdir.into()),
        _ => return Err(Errno::Notsup.into()),
    };
    let size = usize::try_from(file.stat()?.size).map_err(|_| Errno::Nomem)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| Errno::Nomem)?;
    bytes.resize(size, 0);
    let mut at = 0;
    while let Some(room @ [_, ..]) = bytes.get_mut(at..) {
        match file.read_at(&mut [IoSliceMut::new(room)], at as u64)? {
            0 => break,
            count => at += count,
        }
    }
    bytes.truncate(at);
    Ok(bytes)
}

const DIRECTORY: OpenOptions = OpenOptions {
    directory: true,
    follow: Follow::No,
    ..OpenOptions::READ
};
