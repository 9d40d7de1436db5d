//! The system calls beneath, made by this program itself.

mod copy;
mod walk;

use super::{Op, Participant};
use crate::Failure;
use crate::calls::fixture::{BLOCKS, Fixture, LOTS, MANY};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, ResolveFlags, SeekFrom};
use rustix::io::Errno;
use rustix::rand::GetRandomFlags;
use rustix::time::ClockId;
use std::hint::black_box;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::path::Path;

/// One who makes system calls. If it is sandboxed, paths of several names are resolved beneath the
/// directory by the kernel, as a sandbox has to.
pub(super) struct Native {
    is_sandboxed: bool,
    root: OwnedFd,
    file: OwnedFd,
    shared: OwnedFd,
    many: OwnedFd,
    lots: OwnedFd,
    block: Vec<u8>,
    entries: Vec<MaybeUninit<u8>>,
}

const DEEP: &str = "a/b/c/d/e/file";

const BLOCK: usize = 65536;

impl Native {
    /// One who acts on this directory.
    pub(super) fn new(fixture: &Fixture, own: &Path, is_sandboxed: bool) -> Result<Self, Failure> {
        let dir = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, own, dir, Mode::empty())?;
        let file =
            rustix::fs::openat(&root, "file", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let shared = rustix::fs::openat(CWD, fixture.shared(), dir, Mode::empty())?;
        let many = rustix::fs::openat(&shared, "many", dir, Mode::empty())?;
        let lots = rustix::fs::openat(&shared, "lots", dir, Mode::empty())?;
        Ok(Self {
            is_sandboxed,
            root,
            file,
            shared,
            many,
            lots,
            block: vec![7; BLOCK],
            entries: vec![MaybeUninit::uninit(); 4096],
        })
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        let mode = match flags.contains(OFlags::CREATE) {
            true => Mode::RUSR | Mode::WUSR,
            false => Mode::empty(),
        };
        match self.is_sandboxed && path.contains('/') {
            true => rustix::fs::openat2(&self.root, path, flags, mode, ResolveFlags::BENEATH),
            false => rustix::fs::openat(&self.root, path, flags | OFlags::NOFOLLOW, mode),
        }
    }

    /// Goes back to the beginning where the file ends, as the guest does.
    fn back(&self, left: u32) -> Result<(), Errno> {
        match left % BLOCKS {
            0 => rustix::fs::seek(&self.file, SeekFrom::Start(0)).map(drop),
            _ => Ok(()),
        }
    }

    fn stat(&self, path: &str) -> Result<(), Errno> {
        match self.is_sandboxed && path.contains('/') {
            true => black_box(rustix::fs::fstat(self.open(path, OFlags::PATH)?)?),
            false => black_box(rustix::fs::statat(
                &self.root,
                path,
                AtFlags::SYMLINK_NOFOLLOW,
            )?),
        };
        Ok(())
    }
}

/// One operation, told how many are left with it. It is a function, as a system call of a C library's
/// is one: see "Why are the steps of a call inlined by hand?" in the rationale.
type Step = fn(&mut Native, u32) -> Result<(), Errno>;

/// The operation of a name; `None` if there is no system call for it.
fn step(export: &str) -> Option<Step> {
    Some(match export {
        "clock_monotonic" => |_, _| {
            black_box(rustix::time::clock_gettime(ClockId::Monotonic));
            Ok(())
        },
        "clock_realtime" => |_, _| {
            black_box(rustix::time::clock_gettime(ClockId::Realtime));
            Ok(())
        },
        "random_16" => |native, _| {
            rustix::rand::getrandom(&mut native.block[..16], GetRandomFlags::empty()).map(drop)
        },
        "random_64k" => |native, _| {
            rustix::rand::getrandom(&mut native.block[..], GetRandomFlags::empty()).map(drop)
        },
        "sched_yield" => |_, _| {
            rustix::thread::sched_yield();
            Ok(())
        },
        "fdstat_get" => |native, _| {
            rustix::fs::fcntl_getfl(&native.file).map(|flags| {
                black_box(flags);
            })
        },
        "seek" => |native, _| {
            rustix::fs::seek(&native.file, SeekFrom::Start(7)).map(|at| {
                black_box(at);
            })
        },
        "tell" => |native, _| {
            rustix::fs::seek(&native.file, SeekFrom::Current(0)).map(|at| {
                black_box(at);
            })
        },
        "filestat_get" => |native, _| {
            rustix::fs::fstat(&native.file).map(|stat| {
                black_box(stat);
            })
        },
        "write_1" => |native, _| rustix::io::write(&native.file, &native.block[..1]).map(drop),
        "write_64k" => |native, left| {
            native
                .back(left)
                .and_then(|()| rustix::io::write(&native.file, &native.block).and_then(whole))
        },
        "read_64k" => |native, left| {
            native.back(left).and_then(|()| {
                rustix::io::read(&native.file, &mut native.block[..]).and_then(whole)
            })
        },
        "pread_4k" => {
            |native, _| rustix::io::pread(&native.file, &mut native.block[..4096], 4096).map(drop)
        }
        "pwrite_4k" => {
            |native, _| rustix::io::pwrite(&native.file, &native.block[..4096], 4096).map(drop)
        }
        "pread_64k" => {
            |native, _| rustix::io::pread(&native.file, &mut native.block[..], 4096).map(drop)
        }
        "pwrite_64k" => |native, _| rustix::io::pwrite(&native.file, &native.block, 4096).map(drop),
        "pwrite_16" => |native, _| {
            let mut pieces = native.block.chunks_exact(4096);
            let buffers = [(); 16].map(|()| IoSlice::new(pieces.next().unwrap_or_default()));
            rustix::io::pwritev(&native.file, &buffers, 4096).map(drop)
        },
        "stat_1" => |native, _| native.stat("file"),
        "stat_6" => |native, _| native.stat(DEEP),
        "open_1" => |native, _| native.open("file", OFlags::RDONLY).map(drop),
        "open_6" => |native, _| native.open(DEEP, OFlags::RDONLY).map(drop),
        "create" => |native, _| {
            native
                .open("new", OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY)
                .map(drop)
                .and_then(|()| rustix::fs::unlinkat(&native.root, "new", AtFlags::empty()))
        },
        "rename" => |native, _| {
            rustix::fs::renameat(&native.root, "other", &native.root, "new")
                .and_then(|()| rustix::fs::renameat(&native.root, "new", &native.root, "other"))
        },
        "mkdir" => |native, _| {
            rustix::fs::mkdirat(&native.root, "new", Mode::RWXU)
                .and_then(|()| rustix::fs::unlinkat(&native.root, "new", AtFlags::REMOVEDIR))
        },
        "readdir" => |native, _| list(&native.many, &mut native.entries, MANY),
        "readdir_100k" => |native, _| list(&native.lots, &mut native.entries, LOTS),
        "walk" => |native, _| walk::all(&native.shared),
        "copy_ready" => |native, _| copy::ready(&native.root, &mut native.block),
        "copy" => |native, _| copy::copy(&native.root, &mut native.block),
        "copy_done" => |native, _| copy::done(&native.root, &mut native.block),
        _ => return None,
    })
}

impl Participant for Native {
    fn name(&self) -> &str {
        match self.is_sandboxed {
            true => "sandboxed",
            false => "raw",
        }
    }

    fn lacks(&self, op: &Op) -> Option<&'static str> {
        let has_none = matches!(
            op.export,
            "args_get"
                | "environ_sizes_get"
                | "environ_get"
                | "poll_clock"
                | "write_null"
                | "pipe_write"
                | "pipe_read"
                | "prestat_get"
        );
        has_none.then_some("no system call")
    }

    fn run(&mut self, export: &str, times: u32) -> Result<(), Failure> {
        if matches!(export, "write_1" | "write_64k" | "read_64k") {
            rustix::fs::seek(&self.file, SeekFrom::Start(0))?;
        }
        let step = step(export).ok_or("there is no such system call")?;
        for left in (1..=times).rev() {
            step(self, left)?;
        }
        Ok(())
    }
}

/// Lists a directory from its beginning.
fn list(dir: &OwnedFd, entries: &mut [MaybeUninit<u8>], least: u32) -> Result<(), Errno> {
    rustix::fs::seek(dir, SeekFrom::Start(0))?;
    let mut dir = RawDir::new(dir.as_fd(), entries);
    let mut count = 0;
    while let Some(entry) = dir.next() {
        black_box(entry?.file_name());
        count += 1;
    }
    match count >= least {
        true => Ok(()),
        false => Err(Errno::IO),
    }
}

/// Whether a whole block was read or written.
fn whole(count: usize) -> Result<(), Errno> {
    match count == BLOCK {
        true => Ok(()),
        false => Err(Errno::IO),
    }
}
