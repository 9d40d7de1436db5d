//! Directories and files that a parent serves.

mod export;

use crate::raw::nanoprocess_serve_0 as serve;
use crate::{Errno, Listing, Result};

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// A directory.
    Directory,
    /// A regular file.
    RegularFile,
    /// A symbolic link.
    SymbolicLink,
    /// Something that is read and written as a stream.
    Stream,
}

impl FileType {
    pub(crate) const fn number(self) -> serve::Filetype {
        match self {
            Self::Directory => serve::FILETYPE_DIRECTORY,
            Self::RegularFile => serve::FILETYPE_REGULAR_FILE,
            Self::SymbolicLink => serve::FILETYPE_SYMBOLIC_LINK,
            Self::Stream => serve::FILETYPE_UNKNOWN,
        }
    }
}

/// What lies under a name, or what an object is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The parent's own number, by which the object is asked for from now on.
    pub object: u64,
    /// What it is.
    pub file_type: FileType,
    /// Bytes of contents.
    pub size: u64,
    /// The number that tells the same from another; 0 if the host is to make one.
    pub inode: u64,
    /// How many names it has.
    pub links: u64,
    /// When it was last read, in nanoseconds since 1970.
    pub accessed: u64,
    /// When its contents last changed.
    pub modified: u64,
    /// When contents or attributes last changed.
    pub changed: u64,
}

impl Entry {
    /// An entry of which little is known.
    #[must_use]
    pub const fn new(object: u64, file_type: FileType, size: u64) -> Self {
        Self {
            object,
            file_type,
            size,
            inode: 0,
            links: 1,
            accessed: 0,
            modified: 0,
            changed: 0,
        }
    }

    pub(crate) const fn raw(self) -> serve::Entry {
        serve::Entry {
            object: self.object,
            size: self.size,
            inode: self.inode,
            links: self.links,
            accessed: self.accessed,
            modified: self.modified,
            changed: self.changed,
            filetype: self.file_type.number(),
            server: serve::SERVER_PARENT,
        }
    }
}

/// Which times are to change, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The time of last access, if it is to be this.
    pub accessed: u64,
    /// The time of last change, if it is to be this.
    pub modified: u64,
    /// The flags of WASI's `fstflags`: 1 and 4 set the times above, 2 and 8 set the present.
    pub flags: u16,
}

/// What a child waits to do with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Read.
    Read,
    /// Write.
    Write,
}

impl Interest {
    pub(crate) fn of(number: serve::Interest) -> Result<Self> {
        match number {
            serve::INTEREST_READ => Ok(Self::Read),
            serve::INTEREST_WRITE => Ok(Self::Write),
            _ => Err(Errno::INVAL),
        }
    }
}

/// Whether a stream can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// The child has to wait, until `wake` has it ask again.
    Wait,
    /// It can be used without waiting.
    Ready,
    /// The same, and the other side has gone.
    Hangup,
}

impl Readiness {
    pub(crate) const fn number(self) -> serve::Readiness {
        match self {
            Self::Wait => 0,
            Self::Ready => serve::READINESS_READY,
            Self::Hangup => serve::READINESS_READY | serve::READINESS_HANGUP,
        }
    }
}

/// What must be safe before a child goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The contents, and what is needed to find them.
    Data,
    /// The contents and every attribute.
    All,
}

impl Durability {
    pub(crate) fn of(number: serve::Durability) -> Result<Self> {
        match number {
            serve::DURABILITY_DATA => Ok(Self::Data),
            serve::DURABILITY_ALL => Ok(Self::All),
            _ => Err(Errno::INVAL),
        }
    }
}

/// Directories and files that a parent serves: [`export_files!`](crate::export_files) exports them.
/// Objects are told by numbers of the parent's own. A name is neither empty nor `.` or `..`, and
/// holds neither slash nor NUL.
///
/// A directory that can only be read is made of the first four.
pub trait Files {
    /// What lies under a name of a directory.
    ///
    /// # Errors
    /// `NOENT`: there is nothing. The child receives this and every other.
    fn open(&self, dir: u64, name: &str) -> Result<Entry>;

    /// Adds every name of a directory to a listing.
    ///
    /// # Errors
    /// What the child receives, as of everything here.
    fn list(&self, dir: u64, listing: &mut Listing<'_>) -> Result<()>;

    /// What an object is like now.
    ///
    /// # Errors
    /// What the child receives.
    fn stat(&self, object: u64) -> Result<Entry>;

    /// Reads, and answers how many bytes; none mean the end. A stream is read at 0.
    ///
    /// # Errors
    /// `AGAIN`: there is nothing yet in a stream.
    fn read(&self, object: u64, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Makes an empty file, and opens it.
    ///
    /// # Errors
    /// `EXIST`: there is something of this name.
    fn create(&self, _dir: u64, _name: &str) -> Result<Entry> {
        Err(Errno::ROFS)
    }

    /// The text of a link, written to a buffer as far as there is room; answers its whole length.
    /// Where it leads is the host's business.
    ///
    /// # Errors
    /// `INVAL`: it is no link.
    fn read_link(&self, _dir: u64, _name: &str, _text: &mut [u8]) -> Result<usize> {
        Err(Errno::INVAL)
    }

    /// Makes a link with a text, which is relative.
    ///
    /// # Errors
    /// `EXIST`: there is something of this name.
    fn symlink(&self, _dir: u64, _text: &str, _name: &str) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Gives what is no directory a further name.
    ///
    /// # Errors
    /// `EXIST`: there is something of that name.
    fn link(&self, _dir: u64, _name: &str, _to_dir: u64, _to_name: &str) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// `EXIST`: there is something of this name.
    fn create_dir(&self, _dir: u64, _name: &str) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// `NOTEMPTY`: it is not empty.
    fn remove_dir(&self, _dir: u64, _name: &str) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Removes a name of what is no directory. What is open stays in use.
    ///
    /// # Errors
    /// `NOENT`: there is nothing of this name.
    fn unlink(&self, _dir: u64, _name: &str) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Moves a name, in place of what lies where it is moved to.
    ///
    /// # Errors
    /// `NOENT`: there is nothing of this name.
    fn rename(&self, _dir: u64, _name: &str, _to_dir: u64, _to_name: &str) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Writes, and answers how many bytes. A stream is written at 0.
    ///
    /// # Errors
    /// `NOSPC`: there is no room.
    fn write(&self, _object: u64, _offset: u64, _bytes: &[u8]) -> Result<usize> {
        Err(Errno::ROFS)
    }

    /// Writes all the bytes behind the end of a file, and answers where its end is now. If nothing
    /// else is said they are written where [`stat`](Self::stat) says that it ends.
    ///
    /// # Errors
    /// `NOSPC`: there is no room.
    fn append(&self, object: u64, bytes: &[u8]) -> Result<u64> {
        let mut end = self.stat(object)?.size;
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.write(object, end, rest)?;
            rest = match rest.get(count..) {
                Some(rest) if count > 0 => rest,
                _ => return Err(Errno::IO),
            };
            end = end.saturating_add(count as u64);
        }
        Ok(end)
    }

    /// Cuts a file, or lets it grow with zeros.
    ///
    /// # Errors
    /// `NOSPC`: there is no room.
    fn resize(&self, _object: u64, _size: u64) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Changes times.
    ///
    /// # Errors
    /// What the child receives.
    fn set_times(&self, _object: u64, _times: Times) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Changes the times of a link itself.
    ///
    /// # Errors
    /// What the child receives.
    fn set_link_times(&self, _dir: u64, _name: &str, _times: Times) -> Result<()> {
        Err(Errno::ROFS)
    }

    /// Returns when what was written is safe. If nothing else is said, that is so at once.
    ///
    /// # Errors
    /// `IO`: it cannot be made safe.
    fn sync(&self, _object: u64, _durability: Durability) -> Result<()> {
        Ok(())
    }

    /// Whether a stream can be used without waiting. If nothing else is said, it always can.
    ///
    /// # Errors
    /// What the child receives.
    fn poll(&self, _object: u64, _interest: Interest) -> Result<Readiness> {
        Ok(Readiness::Ready)
    }

    /// Nobody holds an object any more.
    fn drop(&self, _object: u64) {}
}
