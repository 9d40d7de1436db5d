//! Copying trees between file systems.

use std::io::{IoSlice, IoSliceMut};
use turnkey_wasi_common::{
    Dir, Errno, Error, File, FileType, Follow, GuestPath, Object, OpenOptions, Result, SetTime,
    Stat, Times,
};

/// What a [`copy`] has copied, and what it has left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copied {
    /// Regular files.
    pub files: u64,
    /// Directories, without the one that the copy began with.
    pub dirs: u64,
    /// Symbolic links.
    pub links: u64,
    /// Bytes of all files, those in holes among them.
    pub bytes: u64,
    /// Links whose text is not told or not taken: one that is absolute or is not UTF-8.
    pub refused_links: u64,
    /// What is neither file, directory nor link: FIFOs, sockets, devices.
    pub others: u64,
    /// Names that are not UTF-8.
    pub unnamed: u64,
    /// The paths of the first refused links and others, at most [`TOLD`](Self::TOLD) of them.
    pub left_out: Vec<String>,
}

impl Copied {
    /// How many paths [`left_out`](Self::left_out) holds at most.
    pub const TOLD: usize = 16;

    fn tell(&mut self, path: &str) {
        if self.left_out.len() < Self::TOLD {
            self.left_out.push(path.to_owned());
        }
    }
}

/// Copies all that lies in a directory into another, of whatever file system either is.
///
/// Files, directories and links are copied with their times; of several names of one file each
/// becomes a file of its own. Pieces of files that hold only zeros become holes. Links are not
/// followed. What cannot be copied is left out and counted. Directories that are there already are
/// filled; nothing else is replaced.
///
/// However large the tree is, only a part of the names on the way to one file is held at once. When
/// it fails, what was copied until then stays.
///
/// # Errors
/// The error tells the path.
/// - `EXIST`: something other than a directory is in the way.
/// - `NAMETOOLONG`: a path has more than 4095 bytes.
/// - `NOSPC`, `DQUOT`: there is no room.
/// - whatever either file system answers.
///
/// ```
/// use turnkey_virt::fs::{Contents, Found, Listed, MemoryFs, Tree, copy};
///
/// let bin = Listed::new().entry("app", Found::file(Contents::from("#!")));
/// let root = Listed::new()
///     .entry("bin", Found::dir(bin))
///     .entry("app", Found::link("bin/app"))
///     .entry("passwd", Found::link("/etc/passwd"));
/// let fs = MemoryFs::new();
/// let copied = copy(&Tree::new(std::sync::Arc::new(root)), &*fs.root())?;
/// assert_eq!((copied.files, copied.dirs, copied.links), (1, 1, 1));
/// assert_eq!((copied.refused_links, &copied.left_out[..]), (1, &["passwd".to_owned()][..]));
/// assert_eq!(fs.read("app")?, b"#!");
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub fn copy(from: &dyn Dir, to: &dyn Dir) -> Result<Copied> {
    let mut copy = Copy {
        from,
        to,
        path: String::new(),
        copied: Copied::default(),
        room: vec![0; PIECE],
    };
    match copy.all() {
        Ok(()) => Ok(copy.copied),
        Err(error) => Err(in_context(error, &copy.path)),
    }
}

/// Names of one directory that are held at once.
const NAMES: usize = 256;

/// Bytes that are copied at once.
const PIECE: usize = 64 << 10;

struct Copy<'a> {
    from: &'a dyn Dir,
    to: &'a dyn Dir,
    /// Where the copy is, empty at the beginning.
    path: String,
    copied: Copied,
    room: Vec<u8>,
}

/// A directory on the way, which is opened only while its names are read: a tree may be deeper than
/// the host has descriptors.
struct Level {
    /// Bytes of its path.
    path: usize,
    /// Names that were read and are not copied yet.
    names: Vec<String>,
    /// The position behind them.
    next: u64,
    ended: bool,
    /// Set when all has been copied, since copying changes them.
    times: Times,
}

impl Copy<'_> {
    fn all(&mut self) -> Result<()> {
        let mut levels = vec![Level::new(0, &self.from.stat()?)];
        while let Some(level) = levels.last_mut() {
            self.path.truncate(level.path);
            if let Some(name) = level.names.pop() {
                if level.path > 0 {
                    self.path.push('/');
                }
                self.path.push_str(&name);
                levels.extend(self.entry()?);
            } else if level.ended {
                keep(self.set_dir_times(&level.times))?;
                levels.pop();
            } else {
                self.read_names(level)?;
            }
        }
        Ok(())
    }

    fn set_dir_times(&self, times: &Times) -> Result<()> {
        match self.path.as_str() {
            "" => self.to.set_times(times),
            path => self
                .to
                .set_times_at(GuestPath::new(path)?, Follow::No, times),
        }
    }

    fn read_names(&mut self, level: &mut Level) -> Result<()> {
        let mut listing = match self.path.as_str() {
            "" => self.from.listing()?,
            path => match self.from.open(GuestPath::new(path)?, &READ_DIR)? {
                Object::Dir(dir) => dir.listing()?,
                _ => return Err(Errno::Notdir.into()),
            },
        };
        level.ended = true;
        self.copied.unnamed += listing.read(level.next, &mut |entry| {
            if level.names.len() == NAMES {
                level.ended = false;
                return false;
            }
            level.next = entry.next;
            if !matches!(entry.name, "." | "..") {
                level.names.push(entry.name.to_owned());
            }
            true
        })?;
        Ok(())
    }

    /// Copies what lies at the path; answers the directory that is to be gone into.
    fn entry(&mut self) -> Result<Option<Level>> {
        let path = GuestPath::new(&self.path)?;
        let stat = self.from.stat_at(path, Follow::No)?;
        match stat.file_type {
            FileType::Directory => {
                match self.to.create_dir(path) {
                    Err(error) if error.errno() == Errno::Exist => {
                        let there = self.to.stat_at(path, Follow::No)?;
                        if there.file_type != FileType::Directory {
                            return Err(error);
                        }
                    }
                    made => made?,
                }
                self.copied.dirs += 1;
                return Ok(Some(Level::new(self.path.len(), &stat)));
            }
            FileType::RegularFile => {
                self.copied.bytes += copy_file(self.from, self.to, path, &stat, &mut self.room)?;
                self.copied.files += 1;
            }
            FileType::SymbolicLink => {
                let made = match self.from.read_link(path) {
                    Ok(target) => self.to.symlink(&target, path),
                    Err(error) => Err(error),
                };
                match made {
                    Err(error) if matches!(error.errno(), Errno::Perm | Errno::Ilseq) => {
                        self.copied.refused_links += 1;
                        self.copied.tell(&self.path);
                        return Ok(None);
                    }
                    made => made?,
                }
                keep(self.to.set_times_at(path, Follow::No, &times(&stat)))?;
                self.copied.links += 1;
            }
            _ => {
                self.copied.others += 1;
                self.copied.tell(&self.path);
            }
        }
        Ok(None)
    }
}

impl Level {
    fn new(path: usize, stat: &Stat) -> Self {
        Self {
            path,
            names: Vec::new(),
            next: 0,
            ended: false,
            times: times(stat),
        }
    }
}

const READ_DIR: OpenOptions = OpenOptions {
    directory: true,
    follow: Follow::No,
    ..OpenOptions::READ
};

const READ: OpenOptions = OpenOptions {
    directory: false,
    ..READ_DIR
};

const MAKE: OpenOptions = OpenOptions {
    read: false,
    write: true,
    create: true,
    exclusive: true,
    ..READ
};

/// Copies a file as it was when it was looked at: what others append meanwhile is not waited for.
fn copy_file(
    from: &dyn Dir,
    to: &dyn Dir,
    path: GuestPath<'_>,
    stat: &Stat,
    room: &mut [u8],
) -> Result<u64> {
    let (from, to) = (open(from, path, &READ)?, open(to, path, &MAKE)?);
    let mut at = 0;
    while at < stat.size {
        let left = usize::try_from(stat.size - at).unwrap_or(usize::MAX);
        let length = left.min(room.len());
        let piece = room.get_mut(..length).unwrap_or_default();
        let count = from.read_at(&mut [IoSliceMut::new(piece)], at)?;
        let read = piece.get(..count).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        if read.iter().any(|byte| *byte != 0) {
            write_all(&*to, read, at)?;
        }
        at += read.len() as u64;
    }
    // A hole at the end was not written.
    if to.stat()?.size < at {
        to.set_size(at)?;
    }
    keep(to.set_times(&times(stat)))?;
    Ok(at)
}

fn open(dir: &dyn Dir, path: GuestPath<'_>, how: &OpenOptions) -> Result<std::sync::Arc<dyn File>> {
    match dir.open(path, how)? {
        Object::File(file) => Ok(file),
        _ => Err(Errno::Io.into()),
    }
}

fn write_all(file: &dyn File, mut bytes: &[u8], mut at: u64) -> Result<()> {
    while !bytes.is_empty() {
        match file.write_at(&[IoSlice::new(bytes)], at)? {
            0 => return Err(Errno::Io.into()),
            count => {
                bytes = bytes.get(count..).unwrap_or_default();
                at += count as u64;
            }
        }
    }
    Ok(())
}

fn times(stat: &Stat) -> Times {
    Times {
        accessed: SetTime::At(stat.accessed),
        modified: SetTime::At(stat.modified),
    }
}

/// A file system that keeps no times can hold a copy as well.
fn keep(set: Result<()>) -> Result<()> {
    match set {
        Err(error) if error.errno() == Errno::Notsup => Ok(()),
        set => set,
    }
}

fn in_context(error: Error, path: &str) -> Error {
    let place = match path {
        "" => "the directory itself",
        path => path,
    };
    let context = match error.told() {
        Some(told) => format!("{place}: {told}"),
        None => place.to_owned(),
    };
    error.context(context)
}

#[cfg(test)]
mod tests;
