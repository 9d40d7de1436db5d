//! Rights that are forgotten on one way, or won back.

use crate::host::{Guest, Tree, fdflags, filetype, oflags, whence};
use crate::{NOTHING, Outcome, READ_WRITE};
use std::any::Any;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use turnkey_cap_backends::{HostDir, builder};
use turnkey_wasi_common::{
    Access, Dir, Errno, FileType, Follow, GuestPath, Object, OpenOptions, Result as CoreResult,
    Rights, Stat,
};

fn without(rights: Rights) -> Access {
    Access::Only(Rights::all().difference(rights))
}

/// What may not be written under one name must not be under another.
///
/// Broken on purpose: `from_to` does not compare the inheriting rights of the two directories.
#[test]
fn ghsa_4ch3_9j33_3pmj_link_and_rename_across_preopens_win_no_rights() {
    let only_read = Access::ReadOnly;
    let without_sync = without(Rights::FD_SYNC);
    // Every right of a directory, and none to write what lies beneath.
    let without_write = without(Rights::FD_WRITE);
    for (from, to, expected) in [
        (only_read, Access::ReadWrite, Err(Errno::Perm)),
        (Access::ReadWrite, only_read, Err(Errno::Perm)),
        (only_read, only_read, Err(Errno::Perm)),
        (without_write, Access::ReadWrite, Err(Errno::Perm)),
        (without_sync, Access::ReadWrite, Err(Errno::Perm)),
        (Access::ReadWrite, without_sync, Ok(())),
        (Access::ReadWrite, Access::ReadWrite, Ok(())),
    ] {
        let calls: [fn(&mut Guest) -> Outcome; 2] = [
            |g| g.path_link((3, "file"), (4, "new"), false),
            |g| g.path_rename((3, "file"), (4, "new")),
        ];
        for call in calls {
            let tree = Tree::new().file("file", "contents").dir("dir");
            let dir = fs::File::open(tree.path("dir")).unwrap();
            let dir = Arc::new(HostDir::new(dir));
            let builder = tree.builder(from).preopen("/other", dir, to);
            let mut guest = Guest::new(builder.build().unwrap());
            assert_eq!(call(&mut guest), expected, "{from:?} {to:?}");
            let there = tree.path("dir/new").exists();
            assert_eq!(there, expected.is_ok(), "{from:?} {to:?}");
        }
    }
}

/// Truncating is writing, whatever else the open asks for (wazero's read-only layer masked the
/// access alone). The right to it can also be dropped.
///
/// Broken on purpose: `operations::path::open` does not require `PATH_FILESTAT_SET_SIZE`.
#[test]
fn ghsa_2r75_cxrj_cmph_truncating_without_writing() {
    let each_rights = [NOTHING, Rights::FD_READ, Rights::FD_WRITE, READ_WRITE];
    let check = |tree: &Tree, guest: &mut Guest| {
        for path in ["file", "link", "./file"] {
            for rights in each_rights {
                for oflags in [oflags::TRUNC, oflags::TRUNC | oflags::CREAT] {
                    let opened = guest.path_open((3, path), oflags, rights);
                    assert_eq!(opened, Err(Errno::Perm), "{path} {oflags} {rights:?}");
                }
            }
        }
        assert_eq!(fs::read(tree.path("file")).unwrap(), b"contents");
    };
    let tree = Tree::new().file("file", "contents").link("file", "link");
    check(&tree, &mut tree.guest_with(Access::ReadOnly));

    let mut guest = tree.guest();
    let stat = guest.fd_fdstat_get(3).unwrap();
    let base = stat.base.difference(Rights::PATH_FILESTAT_SET_SIZE);
    let shrunk = guest.fd_fdstat_set_rights(3, base, stat.inheriting);
    assert_eq!(shrunk, Ok(()));
    check(&tree, &mut guest);
    assert!(guest.path_open((3, "file"), 0, READ_WRITE).is_ok());
}

/// The flags of an open do not stand for rights: only what is asked for can be done, and a file
/// that is opened for nothing cannot be read (wasmtime-wasi 48 reads and writes it; the
/// predecessor's CREATE meant write).
///
/// Broken on purpose: `operations::path::open` leaves `FD_READ` and `FD_WRITE` in the base.
#[test]
fn wasmtime_open_flags_give_no_access() {
    let tree = Tree::new().file("file", "contents");
    let mut guest = tree.guest();
    for oflags in [
        0,
        oflags::CREAT,
        oflags::TRUNC,
        oflags::CREAT | oflags::TRUNC,
    ] {
        for rights in [NOTHING, Rights::FD_READ, Rights::FD_WRITE, READ_WRITE] {
            fs::write(tree.path("file"), "contents").unwrap();
            let how = format!("{oflags} {rights:?}");
            let file = guest.path_open((3, "file"), oflags, rights).unwrap();
            let read = guest.fd_read(file, 1).map(drop);
            let written = guest.fd_write(file, "x").map(drop);
            let able = |right| match rights.contains(right) {
                true => Ok(()),
                false => Err(Errno::Badf),
            };
            assert_eq!(read, able(Rights::FD_READ), "{how}");
            assert_eq!(written, able(Rights::FD_WRITE), "{how}");
        }
    }
}

/// Rights are kept, told, and enforced once they have shrunk.
///
/// Broken on purpose: `Entry::shrink` changes nothing.
#[test]
fn wasi_common_rights_are_kept_and_shrink_for_good() {
    let mut guest = Tree::new().file("file", "contents").guest();
    let file = guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
    let stat = guest.fd_fdstat_get(file).unwrap();
    let more_than_moving = Rights::FD_SEEK | Rights::FD_SYNC | Rights::FD_FILESTAT_GET;
    assert!(stat.base.contains(READ_WRITE | more_than_moving));
    let kept = Rights::FD_SEEK | Rights::FD_READ;
    assert_eq!(guest.fd_fdstat_set_rights(file, kept, NOTHING), Ok(()));
    assert_eq!(guest.fd_fdstat_get(file).unwrap().base, kept);
    assert_eq!(guest.fd_write(file, "x"), Err(Errno::Badf));
    assert_eq!(guest.fd_sync(file), Err(Errno::Perm));
    assert_eq!(guest.fd_seek(file, 3, whence::SET), Ok(3));
    assert_eq!(guest.fd_read(file, 3).unwrap(), b"ten");
    let widened = guest.fd_fdstat_set_rights(file, READ_WRITE, NOTHING);
    assert_eq!(widened, Err(Errno::Notcapable));
    assert_eq!(guest.fd_fdstat_get(file).unwrap().base, kept);
}

/// Guests built by Zig and by wasi-libc ask for a directory's own rights and are lost without them.
///
/// Broken on purpose: `path_open` gives only the rights that were asked for.
#[test]
fn wasi_common_zig_8742_directories_tell_their_rights() {
    let mut guest = Tree::new().dir("dir").guest();
    let dir = guest.path_open((3, "dir"), oflags::DIRECTORY, NOTHING);
    for fd in [3, dir.unwrap()] {
        let stat = guest.fd_fdstat_get(fd).unwrap();
        assert_eq!((stat.filetype, stat.flags), (filetype::DIRECTORY, 0));
        assert_eq!(stat.base.bits() & 0x7b7_fe00, 0x7b7_fe00, "{fd}");
        assert_eq!(stat.inheriting.bits() & 0xff7_ffff, 0xff7_ffff, "{fd}");
        let made = guest.path_open((fd, "new"), oflags::CREAT, READ_WRITE);
        assert_eq!(guest.fd_write(made.unwrap(), "x"), Ok(1), "{fd}");
    }
}

/// `APPEND` and `NONBLOCK` are two flags: neither loses the other, and a read of nothing answers
/// `AGAIN` (wasmtime #13111).
///
/// Broken on purpose: the conversion of flags takes one of the two.
#[test]
fn wasi_common_7bec0f1af9_append_and_nonblock_keep_each_other() {
    let both = fdflags::APPEND | fdflags::NONBLOCK;
    let tree = Tree::new().file("file", "contents");
    let mut guest = tree.guest();
    let place = (3, b"file".as_slice());
    let opened = guest
        .path_open_with(place, true, 0, READ_WRITE, both)
        .unwrap();
    let set = guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
    assert_eq!(guest.fd_fdstat_set_flags(set, both), Ok(()));
    for (fd, expected) in [(opened, b"contents!".as_slice()), (set, b"contents!!")] {
        assert_eq!(guest.fd_fdstat_get(fd).unwrap().flags, both);
        assert_eq!(guest.fd_write(fd, "!"), Ok(1));
        assert_eq!(fs::read(tree.path("file")).unwrap(), expected);
    }
    let (_writer, reader) = turnkey_wasi_common::Pipe::new(8);
    let mut guest = Guest::new(builder().stdin(Arc::new(reader)).build().unwrap());
    assert_eq!(guest.fd_fdstat_set_flags(0, both), Ok(()));
    assert_eq!(guest.fd_read(0, 1), Err(Errno::Again));
}

/// A directory that counts how often somebody tries to open something in it.
struct Counted(Arc<AtomicU32>);

impl Dir for Counted {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> CoreResult<Stat> {
        Ok(Stat {
            file_type: FileType::Directory,
            ..Stat::default()
        })
    }

    fn open(&self, _path: GuestPath<'_>, _how: &OpenOptions) -> CoreResult<Object> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Errno::Noent.into())
    }

    fn stat_at(&self, _path: GuestPath<'_>, _follow: Follow) -> CoreResult<Stat> {
        Err(Errno::Noent.into())
    }
}

/// Where writing is denied, so is an open that creates or truncates: a backend that would do it is
/// not even asked.
///
/// Broken on purpose: as for GHSA-2r75, and without the check of `PATH_CREATE_FILE`.
#[test]
fn wasi_virt_denied_writes_deny_creating_and_truncating() {
    let asked = Arc::new(AtomicU32::new(0));
    let dir = Arc::new(Counted(Arc::clone(&asked)));
    let ctx = builder().preopen("/", dir, Access::ReadOnly).build();
    let mut guest = Guest::new(ctx.unwrap());
    for oflags in 0..16 {
        for rights in [NOTHING, Rights::FD_READ, Rights::FD_WRITE, READ_WRITE] {
            let alters = oflags & (oflags::CREAT | oflags::TRUNC) != 0;
            if alters || rights.contains(Rights::FD_WRITE) {
                let opened = guest.path_open((3, "file"), oflags, rights);
                assert_eq!(opened, Err(Errno::Perm), "{oflags} {rights:?}");
            }
        }
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(
        guest.path_open((3, "file"), 0, Rights::FD_READ),
        Err(Errno::Noent)
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
