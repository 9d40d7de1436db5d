//! What is known of a file.

/// Nanoseconds since 1970-01-01T00:00:00Z. Earlier moments are 0, moments after 2554 `u64::MAX`.
pub type Timestamp = u64;

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FileType {
    /// Something that the other names do not describe, a FIFO for example.
    #[default]
    Unknown,
    /// A block device.
    BlockDevice,
    /// A character device; for a stream: a terminal.
    CharacterDevice,
    /// A directory.
    Directory,
    /// A regular file.
    RegularFile,
    /// A datagram socket.
    SocketDgram,
    /// A stream socket.
    SocketStream,
    /// A symbolic link.
    SymbolicLink,
}

/// The attributes of a file or directory.
///
/// A time that the host does not keep is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stat {
    /// The device or file system that holds the object.
    pub device: u64,
    /// The object's number, unique on its device.
    pub inode: u64,
    /// What the object is.
    pub file_type: FileType,
    /// How many names the object has.
    pub links: u64,
    /// Bytes of contents; for a symbolic link, of its target.
    pub size: u64,
    /// When the contents were last read.
    pub accessed: Timestamp,
    /// When the contents last changed.
    pub modified: Timestamp,
    /// When contents or attributes last changed.
    pub changed: Timestamp,
}

/// What is to become of one time of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SetTime {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes the file system's present.
    Now,
    /// It becomes this.
    At(Timestamp),
}

/// What is to become of a file's times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// The time of last access.
    pub accessed: SetTime,
    /// The time of last change of the contents.
    pub modified: SetTime,
}
