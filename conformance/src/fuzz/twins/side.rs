//! One of the two guests.

use super::made::{Changed, StatTold};
use super::operation::{At, Change, Operation, Thing};
use crate::fuzz::guest::Guest;
use crate::fuzz::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use turnkey_snapshots::{function, preview_1};
use turnkey_wasi_common::table::OwnedTable;
use turnkey_wasi_common::{
    Access, Dir, Errno, FileType, Limits, Rights, Stat, Stop, TrapKind, WasiCtx,
};

/// What an operation tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Done,
    Bytes(Vec<u8>),
    Number(u64),
    Opened(u32, Kind),
    Stat(StatTold),
    /// The times that were set, if any was.
    Times(Changed, Changed),
    Flags {
        kind: Kind,
        flags: u16,
        rights: [u64; 2],
    },
    Names(BTreeMap<String, Kind>),
    /// What the changes answered, and the names that none of them had to do with.
    Pieces(Vec<Result<(), Errno>>, Vec<String>),
    Same(bool),
}

pub(super) type Answer = Result<Told, Errno>;

/// The types that guests are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
    Other,
}

impl Kind {
    fn of(number: u8) -> Self {
        match number {
            3 => Self::Directory,
            4 => Self::File,
            7 => Self::Link,
            _ => Self::Other,
        }
    }
}

pub(super) struct Side(Guest<OwnedTable>);

/// Descriptors that can be open at once: few enough to be used up.
const DESCRIPTORS: u32 = 14;

/// Where results, lists of buffers, a path, and another one lie.
const RESULT: u32 = 0;
const IOVECS: u32 = 128;
const PATH: u32 = 4096;
const SECOND_PATH: u32 = 5 * 4096;
const BUFFER: u32 = 9 * 4096;
const MEMORY: usize = 256 << 10;

/// An entry of a listing.
struct Entry {
    name: String,
    kind: Kind,
    inode: u64,
    next: u64,
}

impl Side {
    pub(super) fn new(root: &Arc<dyn Dir>) -> Self {
        let time = Time::new();
        let ctx = WasiCtx::builder()
            .preopen("/", Arc::clone(root), Access::ReadWrite)
            .clocks(Arc::new(time.clone()))
            .waiter(Arc::new(time.clone()))
            .limits(Limits {
                files: DESCRIPTORS,
                ..Limits::default()
            })
            .build();
        Self(Guest {
            ctx: ctx.unwrap(),
            memory: vec![0; MEMORY],
            time,
        })
    }

    /// All that the guest has been told lately.
    pub(super) fn memory(&self) -> &[u8] {
        &self.0.memory
    }

    fn call(&mut self, name: &str, words: &[u64]) -> Result<(), Errno> {
        let function = function(preview_1::MODULE, name).unwrap();
        match self.0.call(function, words) {
            Ok(Errno::Success) => Ok(()),
            Ok(errno) => Err(errno),
            // It waits for a FIFO, for ever.
            Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Host => Err(Errno::Again),
            Err(stop) => panic!("{name} {words:x?}: {stop}"),
        }
    }

    fn done(&mut self, name: &str, words: &[u64]) -> Answer {
        self.call(name, words).map(|()| Told::Done)
    }

    fn number(&mut self, name: &str, words: &[u64]) -> Answer {
        self.call(name, words)?;
        Ok(Told::Number(self.0.u64_at(RESULT)))
    }

    fn path(&mut self, at: &At) -> [u64; 3] {
        self.0.put(PATH, &at.path);
        [at.fd.into(), PATH.into(), at.path.len() as u64]
    }

    fn second(&mut self, path: &[u8]) -> [u64; 2] {
        self.0.put(SECOND_PATH, path);
        [SECOND_PATH.into(), path.len() as u64]
    }

    /// Three buffers that follow each other, the second one empty, so that all take part.
    fn buffers(&mut self, length: u32) -> [u64; 2] {
        let first = length / 3;
        let buffers = [
            (BUFFER, first),
            (BUFFER, 0),
            (BUFFER + first, length - first),
        ];
        for (at, (start, length)) in (IOVECS..).step_by(8).zip(buffers) {
            self.0.put(at, &start.to_le_bytes());
            self.0.put(at + 4, &length.to_le_bytes());
        }
        [IOVECS.into(), 3]
    }

    fn fill(&mut self, length: u32, first: u8) {
        let bytes: Vec<u8> = (0..length)
            .map(|n| first.wrapping_add(n.to_le_bytes()[0]))
            .collect();
        self.0.put(BUFFER, &bytes);
    }

    fn moved(&mut self) -> Answer {
        Ok(Told::Number(self.0.u32_at(RESULT).into()))
    }

    fn bytes(&self) -> Answer {
        let count = self.0.u32_at(RESULT) as usize;
        let bytes = &self.0.memory[BUFFER as usize..][..count];
        Ok(Told::Bytes(bytes.to_vec()))
    }

    /// The attributes that were told last.
    fn stat(&self) -> Stat {
        let at = |place| self.0.u64_at(RESULT + place);
        Stat {
            device: at(0),
            inode: at(8),
            file_type: match Kind::of(self.0.memory[16]) {
                Kind::Directory => FileType::Directory,
                Kind::File => FileType::RegularFile,
                Kind::Link => FileType::SymbolicLink,
                Kind::Other => FileType::Unknown,
            },
            links: at(24),
            size: at(32),
            accessed: at(40),
            modified: at(48),
            changed: at(56),
        }
    }

    fn fd_stat(&mut self, fd: u32) -> Result<Stat, Errno> {
        self.call("fd_filestat_get", &[fd.into(), RESULT.into()])?;
        Ok(self.stat())
    }

    fn path_stat(&mut self, at: &At, follow: bool) -> Result<Stat, Errno> {
        let [fd, path, length] = self.path(at);
        let words = [fd, follow.into(), path, length, RESULT.into()];
        self.call("path_filestat_get", &words)?;
        Ok(self.stat())
    }

    /// What has become of the times, where any was set: the others are told by reading as well.
    fn times(stat: &Stat, flags: u16) -> Answer {
        let told = |time, set: u16| match flags & set {
            0 => Changed::ByItself,
            _ => Changed::new(time),
        };
        Ok(Told::Times(told(stat.accessed, 3), told(stat.modified, 12)))
    }

    /// The entries that a buffer takes, and whether these are the last.
    fn piece(&mut self, fd: u32, length: u32, cookie: u64) -> Result<(Vec<Entry>, bool), Errno> {
        let words = [
            fd.into(),
            BUFFER.into(),
            length.into(),
            cookie,
            RESULT.into(),
        ];
        self.call("fd_readdir", &words)?;
        let used = self.0.u32_at(RESULT);
        let mut entries = Vec::new();
        let mut at = BUFFER;
        while at + 24 <= BUFFER + used {
            let length = self.0.u32_at(at + 16);
            if at + 24 + length > BUFFER + used {
                break;
            }
            let name = &self.0.memory[at as usize + 24..][..length as usize];
            entries.push(Entry {
                name: String::from_utf8(name.to_vec()).unwrap(),
                kind: Kind::of(self.0.memory[at as usize + 20]),
                inode: self.0.u64_at(at + 8),
                next: self.0.u64_at(at),
            });
            at += 24 + length;
        }
        Ok((entries, used < length))
    }

    /// Lists a directory, and sees that each entry is what its attributes tell.
    fn list(&mut self, fd: u32) -> Answer {
        let (mut names, mut cookie) = (BTreeMap::new(), 0);
        loop {
            let (entries, ended) = self.piece(fd, 4096, cookie)?;
            cookie = entries.last().map_or(cookie, |last| last.next);
            for entry in entries {
                let stat = match &entry.name[..] {
                    "." | ".." => self.fd_stat(fd),
                    name => {
                        let path = name.as_bytes().to_vec();
                        self.path_stat(&At { fd, path }, false)
                    }
                };
                let name = &entry.name;
                assert_eq!(stat.map(|stat| stat.inode), Ok(entry.inode), "{name}");
                let again = names.insert(entry.name, entry.kind);
                assert_eq!(again, None, "told twice");
            }
            if ended {
                return Ok(Told::Names(names));
            }
        }
    }

    fn list_in_pieces(&mut self, fd: u32, length: u32, changes: &[Change]) -> Answer {
        let (mut names, mut answers, mut cookie) = (Vec::new(), Vec::new(), 0);
        let mut left = changes.iter();
        loop {
            let (entries, ended) = self.piece(fd, length, cookie)?;
            cookie = entries.last().map_or(cookie, |last| last.next);
            names.extend(entries.into_iter().map(|entry| entry.name));
            if ended {
                break;
            }
            answers.extend(left.next().map(|change| self.change(fd, change)));
        }
        answers.extend(left.map(|change| self.change(fd, change)));
        names.retain(|name| !changes.iter().any(|change| change.touches(name)));
        names.sort();
        Ok(Told::Pieces(answers, names))
    }

    fn change(&mut self, fd: u32, change: &Change) -> Result<(), Errno> {
        let at = |path: &[u8]| At {
            fd,
            path: path.to_vec(),
        };
        match change {
            Change::Make(name) => {
                let [fd, path, length] = self.path(&at(name));
                let words = [fd, 0, path, length, 1, 0, 0, 0, RESULT.into()];
                self.call("path_open", &words)?;
                let opened = self.0.u32_at(RESULT);
                self.call("fd_close", &[opened.into()])
            }
            Change::MakeDirectory(name) => {
                let words = self.path(&at(name));
                self.call("path_create_directory", &words)
            }
            Change::Remove(name) => {
                let words = self.path(&at(name));
                self.call("path_unlink_file", &words)
            }
            Change::Rename(from, to) => {
                let [from_fd, from, from_length] = self.path(&at(from));
                let [to, to_length] = self.second(to);
                let words = [from_fd, from, from_length, fd.into(), to, to_length];
                self.call("path_rename", &words)
            }
        }
    }

    fn identity(&mut self, thing: &Thing) -> Result<(u64, u64), Errno> {
        let stat = match thing {
            Thing::Path(at) => self.path_stat(at, false),
            Thing::Fd(fd) => self.fd_stat(*fd),
        }?;
        Ok((stat.device, stat.inode))
    }

    pub(super) fn carry_out(&mut self, operation: &Operation) -> Answer {
        let result = u64::from(RESULT);
        match operation {
            Operation::Open(at, how) => {
                let mut rights = Rights::all().difference(Rights::FD_READ | Rights::FD_WRITE);
                rights.set(Rights::FD_READ, how.read);
                rights.set(Rights::FD_WRITE, how.write);
                let [fd, path, length] = self.path(at);
                let (oflags, fdflags) = (how.oflags.into(), how.fdflags.into());
                let (base, all) = (rights.bits(), Rights::all().bits());
                let follow = how.follow.into();
                let words = [fd, follow, path, length, oflags, base, all, fdflags, result];
                self.call("path_open", &words)?;
                let opened = self.0.u32_at(RESULT);
                self.call("fd_fdstat_get", &[opened.into(), result])?;
                Ok(Told::Opened(opened, Kind::of(self.0.memory[0])))
            }
            Operation::Close(fd) => self.done("fd_close", &[(*fd).into()]),
            Operation::Renumber(from, to) => {
                self.done("fd_renumber", &[(*from).into(), (*to).into()])
            }
            Operation::Read(fd, length) => {
                let [iovecs, count] = self.buffers(*length);
                self.call("fd_read", &[(*fd).into(), iovecs, count, result])?;
                self.bytes()
            }
            Operation::Pread(fd, length, offset) => {
                let [iovecs, count] = self.buffers(*length);
                let words = [(*fd).into(), iovecs, count, *offset, result];
                self.call("fd_pread", &words)?;
                self.bytes()
            }
            Operation::Write(fd, length, first) => {
                self.fill(*length, *first);
                let [iovecs, count] = self.buffers(*length);
                self.call("fd_write", &[(*fd).into(), iovecs, count, result])?;
                self.moved()
            }
            Operation::Pwrite(fd, length, first, offset) => {
                self.fill(*length, *first);
                let [iovecs, count] = self.buffers(*length);
                let words = [(*fd).into(), iovecs, count, *offset, result];
                self.call("fd_pwrite", &words)?;
                self.moved()
            }
            Operation::Seek(fd, delta, whence) => {
                let delta = u64::from_ne_bytes(delta.to_ne_bytes());
                self.number("fd_seek", &[(*fd).into(), delta, (*whence).into(), result])
            }
            Operation::Tell(fd) => self.number("fd_tell", &[(*fd).into(), result]),
            Operation::Stat(fd) => {
                let stat = self.fd_stat(*fd)?;
                Ok(Told::Stat(StatTold::new(&stat)))
            }
            Operation::SetSize(fd, size) => {
                self.done("fd_filestat_set_size", &[(*fd).into(), *size])
            }
            Operation::SetTimes(fd, accessed, modified, flags) => {
                let words = [(*fd).into(), *accessed, *modified, (*flags).into()];
                self.call("fd_filestat_set_times", &words)?;
                let stat = self.fd_stat(*fd)?;
                Self::times(&stat, *flags)
            }
            Operation::Allocate(fd, offset, length) => {
                self.done("fd_allocate", &[(*fd).into(), *offset, *length])
            }
            Operation::Advise(fd, offset, length, advice) => {
                let words = [(*fd).into(), *offset, *length, (*advice).into()];
                self.done("fd_advise", &words)
            }
            Operation::Sync(fd, only_data) => match only_data {
                true => self.done("fd_datasync", &[(*fd).into()]),
                false => self.done("fd_sync", &[(*fd).into()]),
            },
            Operation::Flags(fd) => {
                self.call("fd_fdstat_get", &[(*fd).into(), result])?;
                Ok(Told::Flags {
                    kind: Kind::of(self.0.memory[0]),
                    flags: u16::from_le_bytes([self.0.memory[2], self.0.memory[3]]),
                    rights: [8, 16].map(|at| self.0.u64_at(RESULT + at)),
                })
            }
            Operation::SetFlags(fd, flags) => {
                self.done("fd_fdstat_set_flags", &[(*fd).into(), (*flags).into()])
            }
            Operation::List(fd) => self.list(*fd),
            Operation::ListInPieces(fd, length, changes) => {
                self.list_in_pieces(*fd, *length, changes)
            }
            Operation::PathStat(at, follow) => {
                let stat = self.path_stat(at, *follow)?;
                Ok(Told::Stat(StatTold::new(&stat)))
            }
            Operation::PathSetTimes(at, follow, accessed, modified, flags) => {
                let [fd, path, length] = self.path(at);
                let (follows, set) = (u64::from(*follow), u64::from(*flags));
                let words = [fd, follows, path, length, *accessed, *modified, set];
                self.call("path_filestat_set_times", &words)?;
                let stat = self.path_stat(at, *follow)?;
                Self::times(&stat, *flags)
            }
            Operation::CreateDirectory(at) => {
                let words = self.path(at);
                self.done("path_create_directory", &words)
            }
            Operation::RemoveDirectory(at) => {
                let words = self.path(at);
                self.done("path_remove_directory", &words)
            }
            Operation::Unlink(at) => {
                let words = self.path(at);
                self.done("path_unlink_file", &words)
            }
            Operation::Rename(from, to) => {
                let [fd, path, length] = self.path(from);
                let [second, second_length] = self.second(&to.path);
                let words = [fd, path, length, to.fd.into(), second, second_length];
                self.done("path_rename", &words)
            }
            Operation::Link(from, to, follow) => {
                let [fd, path, length] = self.path(from);
                let [second, second_length] = self.second(&to.path);
                let follow = u64::from(*follow);
                let to_fd = to.fd.into();
                let words = [fd, follow, path, length, to_fd, second, second_length];
                self.done("path_link", &words)
            }
            Operation::Symlink(target, at) => {
                let [fd, path, length] = self.path(at);
                let [text, text_length] = self.second(target);
                self.done("path_symlink", &[text, text_length, fd, path, length])
            }
            Operation::ReadLink(at, room) => {
                let [fd, path, length] = self.path(at);
                let words = [fd, path, length, BUFFER.into(), (*room).into(), result];
                self.call("path_readlink", &words)?;
                self.bytes()
            }
            Operation::Same(one, other) => {
                let (one, other) = (self.identity(one)?, self.identity(other)?);
                Ok(Told::Same(one == other))
            }
        }
    }
}
