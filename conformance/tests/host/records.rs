//! The records and numbers of preview 1, as they lie in a guest's memory.

use turnkey_wasi_common::{Errno, Rights};

/// `filetype`.
pub mod filetype {
    pub const UNKNOWN: u8 = 0;
    pub const CHARACTER_DEVICE: u8 = 2;
    pub const DIRECTORY: u8 = 3;
    pub const REGULAR_FILE: u8 = 4;
    pub const SOCKET_STREAM: u8 = 6;
    pub const SYMBOLIC_LINK: u8 = 7;
}

/// `oflags`.
pub mod oflags {
    pub const CREAT: u16 = 1;
    pub const DIRECTORY: u16 = 2;
    pub const EXCL: u16 = 4;
    pub const TRUNC: u16 = 8;
}

/// `fdflags`.
pub mod fdflags {
    pub const APPEND: u16 = 1;
    pub const DSYNC: u16 = 2;
    pub const NONBLOCK: u16 = 4;
    pub const RSYNC: u16 = 8;
    pub const SYNC: u16 = 16;
}

/// `fstflags`.
pub mod fstflags {
    pub const ATIM: u16 = 1;
    pub const ATIM_NOW: u16 = 2;
    pub const MTIM: u16 = 4;
    pub const MTIM_NOW: u16 = 8;
}

/// `whence`.
pub mod whence {
    pub const SET: u8 = 0;
    pub const CUR: u8 = 1;
    pub const END: u8 = 2;
}

/// `eventtype`.
pub mod eventtype {
    pub const CLOCK: u8 = 0;
    pub const FD_READ: u8 = 1;
    pub const FD_WRITE: u8 = 2;
}

/// `subclockflags`: the timeout is a moment.
pub const fn abstime() -> u16 {
    1
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// `filestat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filestat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: u8,
    pub nlink: u64,
    pub size: u64,
    pub atim: u64,
    pub mtim: u64,
    pub ctim: u64,
}

impl Filestat {
    pub const SIZE: usize = 64;

    pub fn of(bytes: &[u8]) -> Self {
        Self {
            dev: u64_at(bytes, 0),
            ino: u64_at(bytes, 8),
            filetype: bytes[16],
            nlink: u64_at(bytes, 24),
            size: u64_at(bytes, 32),
            atim: u64_at(bytes, 40),
            mtim: u64_at(bytes, 48),
            ctim: u64_at(bytes, 56),
        }
    }
}

/// `fdstat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fdstat {
    pub filetype: u8,
    pub flags: u16,
    pub base: Rights,
    pub inheriting: Rights,
}

impl Fdstat {
    pub const SIZE: usize = 24;

    pub fn of(bytes: &[u8]) -> Self {
        Self {
            filetype: bytes[0],
            flags: u16_at(bytes, 2),
            base: Rights::from_bits(u64_at(bytes, 8)).unwrap(),
            inheriting: Rights::from_bits(u64_at(bytes, 16)).unwrap(),
        }
    }
}

/// `dirent` and the name behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirent {
    pub next: u64,
    pub ino: u64,
    pub filetype: u8,
    pub name: String,
}

impl Dirent {
    pub const HEADER: usize = 24;

    /// The entries that are complete, and how many bytes they take.
    pub fn all(bytes: &[u8]) -> (Vec<Self>, usize) {
        let (mut entries, mut at) = (Vec::new(), 0);
        while let Some(header) = bytes.get(at..at + Self::HEADER) {
            let length = u32_at(header, 16) as usize;
            let Some(name) = bytes.get(at + Self::HEADER..at + Self::HEADER + length) else {
                break;
            };
            entries.push(Self {
                next: u64_at(header, 0),
                ino: u64_at(header, 8),
                filetype: header[20],
                name: String::from_utf8(name.to_vec()).unwrap(),
            });
            at += Self::HEADER + length;
        }
        (entries, at)
    }
}

/// `subscription`.
#[derive(Debug, Clone, Copy)]
pub enum Subscription {
    Clock {
        id: u32,
        timeout: u64,
        flags: u16,
    },
    Read(u32),
    Write(u32),
    /// A tag that stands for nothing.
    Tag(u8),
}

impl Subscription {
    pub const SIZE: usize = 48;

    pub fn bytes(self, userdata: u64) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..8].copy_from_slice(&userdata.to_le_bytes());
        match self {
            Self::Clock { id, timeout, flags } => {
                bytes[8] = eventtype::CLOCK;
                bytes[16..20].copy_from_slice(&id.to_le_bytes());
                bytes[24..32].copy_from_slice(&timeout.to_le_bytes());
                bytes[40..42].copy_from_slice(&flags.to_le_bytes());
            }
            Self::Read(fd) => {
                bytes[8] = eventtype::FD_READ;
                bytes[16..20].copy_from_slice(&fd.to_le_bytes());
            }
            Self::Write(fd) => {
                bytes[8] = eventtype::FD_WRITE;
                bytes[16..20].copy_from_slice(&fd.to_le_bytes());
            }
            Self::Tag(tag) => bytes[8] = tag,
        }
        bytes
    }
}

/// `event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub userdata: u64,
    pub errno: Errno,
    pub eventtype: u8,
    pub nbytes: u64,
    pub hangup: bool,
}

impl Event {
    pub const SIZE: usize = 32;

    pub fn of(bytes: &[u8]) -> Self {
        let flags = u16_at(bytes, 24);
        assert!(flags <= 1, "{flags:#x} is no set of `eventrwflags`");
        Self {
            userdata: u64_at(bytes, 0),
            errno: Errno::from_number(u16_at(bytes, 8)).unwrap(),
            eventtype: bytes[10],
            nbytes: u64_at(bytes, 16),
            hangup: flags == 1,
        }
    }
}
