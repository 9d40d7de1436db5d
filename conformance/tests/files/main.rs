//! What can be done with an open file, and what everything else answers to it, over every file system.
#![cfg(test)]

#[path = "../host/mod.rs"]
mod host;

mod attributes;
mod buffers;
mod bytes;
mod descriptors;

use host::{Backend, Guest, Tree, fdflags, fstflags, on_every_backend, whence};
use turnkey_wasi_common::{Errno, Rights, Stop, TrapKind};

type Outcome = Result<(), Errno>;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

/// A guest with `file` open as descriptor 4, the directory `dir` as 5.
fn guest(on: Backend) -> Guest {
    let mut guest = Tree::on(on).file("file", "contents").dir("dir").guest();
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    assert_eq!(guest.path_open((3, "dir"), 0, Rights::empty()), Ok(5));
    guest
}

const FILE: u32 = 4;
const DIR: u32 = 5;
/// A descriptor that is not open.
const CLOSED: u32 = 6;

fn open(guest: &mut Guest, oflags: u16, fdflags: u16) -> u32 {
    let place = (3, b"file".as_slice());
    let opened = guest.path_open_with(place, true, oflags, READ_WRITE, fdflags);
    opened.unwrap()
}

fn size(guest: &mut Guest, fd: u32) -> u64 {
    guest.fd_filestat_get(fd).unwrap().size
}

/// What the whole file holds.
fn contents(guest: &mut Guest) -> Vec<u8> {
    guest.fd_pread(FILE, 4096, 0).unwrap()
}

/// Asks a file, a directory, a standard stream and a descriptor that is not open.
fn check(on: Backend, expected: [Outcome; 4], call: impl Fn(&mut Guest, u32) -> Outcome) {
    for (fd, expected) in [FILE, DIR, 1, CLOSED].into_iter().zip(expected) {
        assert_eq!(call(&mut guest(on), fd), expected, "descriptor {fd}");
    }
}

#[track_caller]
fn assert_fault(outcome: Result<Errno, Stop>) {
    let kind = match &outcome {
        Err(Stop::Trap(trap)) => Some(trap.kind()),
        _ => None,
    };
    assert_eq!(kind, Some(TrapKind::Fault), "{outcome:?}");
}

on_every_backend![each_function_on_each_kind_of_descriptor_its_errno];

fn each_function_on_each_kind_of_descriptor_its_errno(on: Backend) {
    let check = |expected, call: fn(&mut Guest, u32) -> Outcome| check(on, expected, call);
    let (ok, badf) = (Ok(()), Err(Errno::Badf));
    let spipe = Err(Errno::Spipe);
    let only_files = [ok, badf, badf, badf];
    check(only_files, |g, fd| g.fd_advise(fd, 0, 1, 0));
    check(only_files, |g, fd| g.fd_allocate(fd, 0, 1));
    check(only_files, Guest::fd_datasync);
    check(only_files, Guest::fd_sync);
    check(only_files, |g, fd| g.fd_filestat_set_size(fd, 1));
    check([ok, ok, ok, badf], Guest::fd_close);
    check([ok, ok, ok, badf], |g, fd| g.fd_fdstat_get(fd).map(drop));
    check([ok, ok, ok, badf], |g, fd| g.fd_filestat_get(fd).map(drop));
    check([ok, badf, ok, badf], |g, fd| {
        g.fd_fdstat_set_flags(fd, fdflags::NONBLOCK)
    });
    check([ok, ok, badf, badf], |g, fd| {
        g.fd_filestat_set_times(fd, 1, 2, fstflags::MTIM)
    });
    check([ok, badf, badf, badf], |g, fd| g.fd_read(fd, 1).map(drop));
    check([ok, badf, ok, badf], |g, fd| g.fd_write(fd, "x").map(drop));
    check([ok, badf, spipe, badf], |g, fd| {
        g.fd_pread(fd, 1, 0).map(drop)
    });
    check([ok, badf, spipe, badf], |g, fd| {
        g.fd_pwrite(fd, "x", 0).map(drop)
    });
    check([ok, badf, spipe, badf], |g, fd| {
        g.fd_seek(fd, 1, whence::SET).map(drop)
    });
    check([ok, badf, spipe, badf], |g, fd| g.fd_tell(fd).map(drop));
    check([badf; 4], |g, fd| g.fd_prestat_get(fd).map(drop));
    let notdir = Err(Errno::Notdir);
    check([notdir, notdir, notdir, badf], |g, fd| {
        g.fd_prestat_dir_name(fd, 9).map(drop)
    });
    check([notdir, ok, notdir, badf], |g, fd| {
        g.fd_readdir(fd, 99, 0).map(drop)
    });
    const NOTHING: Rights = Rights::empty();
    check([ok, ok, ok, badf], |g, fd| {
        g.fd_fdstat_set_rights(fd, NOTHING, NOTHING)
    });
    for far in [1 << 18, (1 << 18) - 1, 1 << 31, u32::MAX] {
        assert_eq!(guest(on).fd_tell(far), badf.map(|()| 0));
        assert_eq!(guest(on).fd_close(far), badf);
        assert_eq!(guest(on).fd_renumber(FILE, far), badf);
        assert_eq!(guest(on).fd_renumber(far, FILE), badf);
    }
}
