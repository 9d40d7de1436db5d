//! Directories and files that a parent serves.

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

    /// Nobody holds an object any more.
    fn drop(&self, _object: u64) {}
}

/// Exports [`Files`](crate::Files): who is granted one of their objects asks them. The argument is
/// an expression that borrows them, as `&FILES` does for a static.
#[macro_export]
macro_rules! export_files {
    ($files:expr) => {
        const _: () = {
            use $crate::__exports as exports;

            $crate::__export_named! { $files;
                dir_rmdir(remove_dir) dir_mkdir(create_dir) dir_unlink(unlink)
            }

            #[no_mangle]
            unsafe extern "C" fn dir_open(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
                entry: *mut exports::Entry,
            ) -> i32 {
                // SAFETY: the host hands over a name, and room for an entry.
                unsafe { exports::dir_open($files, dir, (name, name_len), entry) }
            }

            #[no_mangle]
            unsafe extern "C" fn dir_create(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
                entry: *mut exports::Entry,
            ) -> i32 {
                // SAFETY: the host hands over a name, and room for an entry.
                unsafe { exports::dir_create($files, dir, (name, name_len), entry) }
            }

            #[no_mangle]
            unsafe extern "C" fn dir_list(
                _context: u32,
                dir: u64,
                after: *const u8,
                after_len: u32,
                buffer: *mut u8,
                length: u32,
            ) -> i32 {
                // SAFETY: the host hands over a name, and room for names.
                unsafe { exports::dir_list($files, dir, (after, after_len), (buffer, length)) }
            }

            #[no_mangle]
            unsafe extern "C" fn dir_rename(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
                to_dir: u64,
                to_name: *const u8,
                to_name_len: u32,
            ) -> i32 {
                let (name, to_name) = ((name, name_len), (to_name, to_name_len));
                // SAFETY: the host hands over two names.
                unsafe { exports::dir_rename($files, dir, name, to_dir, to_name) }
            }

            #[no_mangle]
            unsafe extern "C" fn obj_stat(
                _context: u32,
                object: u64,
                entry: *mut exports::Entry,
            ) -> i32 {
                // SAFETY: the host hands over room for an entry.
                unsafe { exports::obj_stat($files, object, entry) }
            }

            #[no_mangle]
            unsafe extern "C" fn obj_read(
                _context: u32,
                object: u64,
                offset: u64,
                buffer: *mut u8,
                length: u32,
            ) -> i32 {
                // SAFETY: the host hands over room for bytes.
                unsafe { exports::obj_read($files, object, offset, (buffer, length)) }
            }

            #[no_mangle]
            unsafe extern "C" fn obj_write(
                _context: u32,
                object: u64,
                offset: u64,
                bytes: *const u8,
                length: u32,
            ) -> i32 {
                // SAFETY: the host hands over bytes.
                unsafe { exports::obj_write($files, object, offset, (bytes, length)) }
            }

            #[no_mangle]
            extern "C" fn obj_resize(_context: u32, object: u64, size: u64) -> i32 {
                exports::obj_resize($files, object, size)
            }

            #[no_mangle]
            extern "C" fn obj_times(
                _context: u32,
                object: u64,
                accessed: u64,
                modified: u64,
                flags: u32,
            ) -> i32 {
                exports::obj_times($files, object, accessed, modified, flags)
            }

            #[no_mangle]
            extern "C" fn obj_drop(_context: u32, object: u64) -> i32 {
                exports::obj_drop($files, object)
            }
        };
    };
}

/// Exports functions that are handed a directory and a name.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_named {
    ($files:expr; $($name:ident($method:ident))*) => {
        $(
            #[no_mangle]
            unsafe extern "C" fn $name(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
            ) -> i32 {
                // SAFETY: the host hands over a name.
                unsafe {
                    $crate::__exports::named((name, name_len), |name| {
                        $crate::Files::$method($files, dir, name)
                    })
                }
            }
        )*
    };
}
