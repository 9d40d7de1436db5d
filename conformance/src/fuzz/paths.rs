//! Operations on paths, on two trees that are alike: here by a guest's calls, there by the kernel.
//!
//! Both have to give the same answer, except where a difference is meant (`DIFFERENCES`), and to leave
//! the same behind; and neither may touch anything outside.

mod kernel;
mod operation;

use super::guest::Guest;
use super::scratch::Scratch;
use super::source::Source;
use super::time::Time;
use kernel::Kernel;
use operation::{Base, Operation, What};
use std::sync::Arc;
use turnkey_snapshots::{function, preview_1};
use turnkey_wasi_common::table::OwnedTable;
use turnkey_wasi_common::{Access, Errno, Limits, Rights, WasiCtx};

/// Operations of one input.
const MOST_OPERATIONS: usize = 48;

/// What an operation tells.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// That it succeeded.
    Done,
    /// What lies at a path.
    Stat {
        file_type: FileType,
        size: u64,
        links: u64,
    },
    /// What was opened.
    Opened(FileType),
    /// A link's text.
    Link(Vec<u8>),
}

/// The types that both sides tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileType {
    Directory,
    File,
    Link,
    Other,
}

type Answer = Result<Told, Errno>;

/// An answer that is meant to be another than the kernel's.
struct Difference {
    kernel: &'static [Errno],
    ours: &'static [Errno],
    when: fn(&Operation) -> bool,
}

/// Every difference that is meant. Beyond them only this differs: what is refused for what a path
/// says, before the host hears of it, is refused on both sides (`Kernel::refused`).
const DIFFERENCES: [Difference; 3] = [
    // A slash behind a new name demands a directory, and what is there is looked at as POSIX has it:
    // `EXIST` is the answer for a directory alone (semantics.md, `path_symlink`). Linux does not
    // look further than that there is something; and a file that is to be linked and missing comes
    // first there.
    Difference {
        kernel: &[Errno::Exist, Errno::Noent],
        ours: &[Errno::Loop, Errno::Noent, Errno::Notdir, Errno::Perm],
        when: |operation| {
            operation
                .new_name()
                .is_some_and(|name| name.ends_with(b"/"))
        },
    },
    // A new name that is none, such as `.`, is refused before anybody looks whether there is
    // something to link. POSIX has no order.
    Difference {
        kernel: &[Errno::Noent],
        ours: &[Errno::Exist],
        when: |operation| matches!(operation.what, What::Link(_)),
    },
    // A slash behind a name that is to be created is `ISDIR`, whether there is something or not
    // (semantics.md, `path_open`). Linux has `EXIST` for `./` and `../`.
    Difference {
        kernel: &[Errno::Exist],
        ours: &[Errno::Isdir],
        when: |operation| match operation.what {
            What::Open(how) => how.create && how.exclusive && operation.has_slash(),
            _ => false,
        },
    },
];

fn is_meant(operation: &Operation, kernel: &Answer, ours: &Answer) -> bool {
    let (Err(kernel), Err(ours)) = (kernel, ours) else {
        return false;
    };
    DIFFERENCES.iter().any(|difference| {
        difference.kernel.contains(kernel)
            && difference.ours.contains(ours)
            && (difference.when)(operation)
    })
}

/// The target.
///
/// # Panics
/// If an answer or what is left differs from the kernel's, or something outside was touched.
pub fn target(input: &[u8]) {
    let mut source = Source::new(input);
    let (here, there) = (Scratch::new(input), Scratch::new(input));
    let mut guest = Host::new(&here);
    let kernel = Kernel::new(&there);
    let mut made = Vec::new();
    while !source.is_empty() && made.len() < MOST_OPERATIONS {
        let operation = Operation::new(&mut source);
        let ours = guest.carry_out(&operation);
        let theirs = kernel.carry_out(&operation);
        let same = ours == theirs || is_meant(&operation, &theirs, &ours);
        assert!(
            same,
            "{operation:?}: {ours:?}, but the kernel: {theirs:?}; after {made:#?}"
        );
        made.push((operation, ours));
    }
    assert_eq!(here.made(), there.made(), "after {made:#?}");
    here.assert_outside_untouched();
    there.assert_outside_untouched();
    here.assert_unknown_to(&guest.0.memory);
}

/// The guest's side.
struct Host(Guest<OwnedTable>);

/// The root, and a directory in it that was opened at the beginning.
const ROOT: u32 = 3;
const SUBDIRECTORY: u32 = 4;
/// The descriptor that an operation opens and closes.
const OPENED: u32 = 5;

/// Where the results, a path, and another one lie.
const RESULT: u32 = 0;
const PATH: u32 = 4096;
const SECOND_PATH: u32 = 3 * 4096;
const BUFFER: u32 = 5 * 4096;
const MEMORY: usize = 65536;

const DIRECTORY: u8 = 3;
const REGULAR_FILE: u8 = 4;
const SYMBOLIC_LINK: u8 = 7;

impl Host {
    fn new(scratch: &Scratch) -> Self {
        let time = Time::new();
        let ctx = WasiCtx::builder()
            .preopen("/", scratch.dir(), Access::ReadWrite)
            .clocks(Arc::new(time.clone()))
            .waiter(Arc::new(time.clone()))
            .limits(Limits {
                files: OPENED + 1,
                ..Limits::default()
            })
            .build();
        let ctx = ctx.unwrap();
        let memory = vec![0; MEMORY];
        let mut host = Self(Guest { ctx, memory, time });
        let opened = host.open(ROOT, b"d", 0, 0, 0);
        assert_eq!(opened, Ok(SUBDIRECTORY));
        host
    }

    fn call(&mut self, name: &str, words: &[u64]) -> Result<(), Errno> {
        let function = function(preview_1::MODULE, name).unwrap();
        match self.0.call(function, words) {
            Ok(Errno::Success) => Ok(()),
            Ok(errno) => Err(errno),
            Err(stop) => panic!("{name} {words:x?}: {stop}"),
        }
    }

    fn put(&mut self, at: u32, path: &[u8]) -> (u64, u64) {
        self.0.put(at, path);
        (at.into(), path.len() as u64)
    }

    fn open(
        &mut self,
        fd: u32,
        path: &[u8],
        follow: u64,
        oflags: u64,
        rights: u64,
    ) -> Result<u32, Errno> {
        let (at, length) = self.put(PATH, path);
        let result = RESULT.into();
        let words = [fd.into(), follow, at, length, oflags, rights, 0, 0, result];
        self.call("path_open", &words)?;
        Ok(self.0.u32_at(RESULT))
    }

    fn file_type(&self, at: u32) -> FileType {
        match self.0.memory[at as usize] {
            DIRECTORY => FileType::Directory,
            REGULAR_FILE => FileType::File,
            SYMBOLIC_LINK => FileType::Link,
            _ => FileType::Other,
        }
    }

    fn carry_out(&mut self, operation: &Operation) -> Answer {
        let fd = |base: Base| match base {
            Base::Root => u64::from(ROOT),
            Base::Subdirectory => u64::from(SUBDIRECTORY),
        };
        let place = fd(operation.at.base);
        let (path, length) = self.put(PATH, &operation.at.path);
        let (second, second_length) = self.put(SECOND_PATH, operation.second());
        let follow = u64::from(operation.follow);
        match &operation.what {
            What::Open(how) => {
                let mut rights = Rights::empty();
                rights.set(Rights::FD_READ, how.read);
                rights.set(Rights::FD_WRITE, how.write);
                let oflags = u64::from(how.create)
                    | u64::from(how.directory) << 1
                    | u64::from(how.exclusive) << 2
                    | u64::from(how.truncate) << 3;
                let at = u32::try_from(place).unwrap();
                let fd = self.open(at, &operation.at.path, follow, oflags, rights.bits())?;
                assert_eq!(fd, OPENED);
                self.call("fd_filestat_get", &[fd.into(), RESULT.into()])?;
                let file_type = self.file_type(RESULT + 16);
                if how.write && file_type == FileType::File {
                    self.0.put(BUFFER, b"written");
                    self.0.put(RESULT, &BUFFER.to_le_bytes());
                    self.0.put(RESULT + 4, &7_u32.to_le_bytes());
                    let words = [fd.into(), RESULT.into(), 1, u64::from(RESULT) + 8];
                    self.call("fd_write", &words)?;
                }
                self.call("fd_close", &[fd.into()])?;
                Ok(Told::Opened(file_type))
            }
            What::Stat => {
                let words = [place, follow, path, length, RESULT.into()];
                self.call("path_filestat_get", &words)?;
                Ok(Told::Stat {
                    file_type: self.file_type(RESULT + 16),
                    links: self.0.u64_at(RESULT + 24),
                    size: self.0.u64_at(RESULT + 32),
                })
            }
            What::SetTimes { seconds } => {
                let time = seconds * 1_000_000_000;
                // Both times as they are told.
                let words = [place, follow, path, length, time, time, 0b101];
                self.call("path_filestat_set_times", &words)?;
                Ok(Told::Done)
            }
            What::CreateDirectory => {
                self.call("path_create_directory", &[place, path, length])?;
                Ok(Told::Done)
            }
            What::RemoveDirectory => {
                self.call("path_remove_directory", &[place, path, length])?;
                Ok(Told::Done)
            }
            What::Unlink => {
                self.call("path_unlink_file", &[place, path, length])?;
                Ok(Told::Done)
            }
            What::Rename(to) => {
                let words = [place, path, length, fd(to.base), second, second_length];
                self.call("path_rename", &words)?;
                Ok(Told::Done)
            }
            What::Link(to) => {
                let words = [place, 0, path, length, fd(to.base), second, second_length];
                self.call("path_link", &words)?;
                Ok(Told::Done)
            }
            What::Symlink { .. } => {
                self.call(
                    "path_symlink",
                    &[second, second_length, place, path, length],
                )?;
                Ok(Told::Done)
            }
            What::ReadLink => {
                let room = 4096;
                let words = [place, path, length, BUFFER.into(), room, RESULT.into()];
                self.call("path_readlink", &words)?;
                let length = self.0.u32_at(RESULT) as usize;
                let text = &self.0.memory[BUFFER as usize..][..length];
                Ok(Told::Link(text.to_vec()))
            }
        }
    }
}
