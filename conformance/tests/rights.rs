//! The policy of rights: what a handle may do, what it never regains, and what the lack of a right
//! answers, over every file system.
#![cfg(test)]

mod host;

use host::{
    Backend, Guest, Subscription, Tree, fdflags, filetype, fstflags, oflags, on_every_backend,
    whence,
};
use rustix::fs::{OFlags, fcntl_getfl};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use turnkey_cap_backends::{HostStream, builder};
use turnkey_conformance::known::known;
use turnkey_wasi_common::{Access, Errno, Rights};

type Outcome = Result<(), Errno>;

/// What a guest does.
type Step = fn(&mut Guest) -> Outcome;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

/// What a regular file that is open to reading and writing can do.
const FILE: Rights = READ_WRITE
    .union(Rights::FD_DATASYNC)
    .union(Rights::FD_SEEK)
    .union(Rights::FD_FDSTAT_SET_FLAGS)
    .union(Rights::FD_SYNC)
    .union(Rights::FD_TELL)
    .union(Rights::FD_ADVISE)
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_SET_SIZE)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::POLL_FD_READWRITE);

/// What no directory can do.
const NEVER_OF_A_DIRECTORY: Rights = READ_WRITE
    .union(Rights::FD_SEEK)
    .union(Rights::FD_TELL)
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_SET_SIZE);

on_every_backend![
    fd_fdstat_get_preopen_what_guests_expect,
    path_open_directory_asking_for_all_but_writing_no_seek_and_no_flags,
    path_open_directory_to_write_isdir,
    path_open_file_base_is_what_was_asked_and_all_that_fits,
    path_open_dot_of_attenuated_preopen_wins_nothing_back,
    fd_fdstat_set_rights_shrunk_for_good,
    fd_fdstat_set_rights_file_and_stdio_enforced_from_then_on,
    directory_each_right_missing_perm,
    file_each_right_missing_badf_to_move_bytes_and_perm_for_all_else,
    fd_write_to_what_was_opened_to_read_badf,
    read_only_preopen_every_change_perm_and_nothing_happens,
    order_of_checks_descriptor_type_rights_arguments,
];

fn tree(on: Backend) -> Tree {
    Tree::on(on)
        .file("file", "contents")
        .dir("dir")
        .dir("empty")
        .link("file", "link")
}

fn without(rights: Rights) -> Access {
    Access::Only(Rights::all().difference(rights))
}

fn fd_fdstat_get_preopen_what_guests_expect(on: Backend) {
    let stat = tree(on).guest().fd_fdstat_get(3).unwrap();
    assert_eq!((stat.filetype, stat.flags), (filetype::DIRECTORY, 0));
    assert_eq!(stat.base.bits() & 0x7b7_fe00, 0x7b7_fe00);
    assert_eq!(stat.inheriting.bits() & 0xff7_ffff, 0xff7_ffff);
    assert!(!stat.base.intersects(NEVER_OF_A_DIRECTORY));
}

fn path_open_directory_asking_for_all_but_writing_no_seek_and_no_flags(on: Backend) {
    let mut guest = tree(on).guest();
    let rights = Rights::all().difference(Rights::FD_WRITE);
    let flags = fdflags::APPEND | fdflags::NONBLOCK;
    for (path, oflags) in [
        ("dir", 0),
        ("dir", oflags::DIRECTORY),
        (".", 0),
        ("dir/", 0),
    ] {
        let place = (3, path.as_bytes());
        let dir = guest
            .path_open_with(place, true, oflags, rights, flags)
            .unwrap();
        let stat = guest.fd_fdstat_get(dir).unwrap();
        assert_eq!(
            (stat.filetype, stat.flags),
            (filetype::DIRECTORY, 0),
            "{path}"
        );
        assert!(!stat.base.intersects(NEVER_OF_A_DIRECTORY), "{path}");
        assert_eq!(stat.inheriting, Rights::all(), "{path}");
        for whence in [whence::SET, whence::CUR, whence::END] {
            assert_eq!(guest.fd_seek(dir, 0, whence), Err(Errno::Badf), "{path}");
        }
        assert_eq!(guest.fd_tell(dir), Err(Errno::Badf), "{path}");
    }
}

fn path_open_directory_to_write_isdir(on: Backend) {
    let mut guest = tree(on).guest();
    for rights in [Rights::FD_WRITE, READ_WRITE, Rights::all()] {
        for (path, oflags) in [
            ("dir", 0),
            ("dir", oflags::DIRECTORY),
            ("dir/", 0),
            (".", 0),
        ] {
            let opened = guest.path_open((3, path), oflags, rights);
            assert_eq!(opened, Err(Errno::Isdir), "{path} {oflags} {rights:?}");
        }
    }
}

fn path_open_file_base_is_what_was_asked_and_all_that_fits(on: Backend) {
    let writing = Rights::FD_WRITE | Rights::FD_ALLOCATE | Rights::FD_FILESTAT_SET_SIZE;
    let reads = FILE.difference(writing);
    let neither = reads.difference(Rights::FD_READ);
    let mut guest = tree(on).guest();
    for (asked, oflags, expected) in [
        (Rights::empty(), 0, neither),
        (Rights::FD_READ, 0, reads),
        (Rights::FD_WRITE, 0, FILE.difference(Rights::FD_READ)),
        (READ_WRITE, 0, FILE),
        (Rights::all(), 0, FILE),
        (Rights::FD_SEEK, 0, neither),
        (Rights::empty(), oflags::TRUNC, neither),
        (Rights::FD_READ, oflags::CREAT, reads),
        (Rights::FD_READ, oflags::CREAT | oflags::TRUNC, reads),
    ] {
        let file = guest.path_open((3, "file"), oflags, asked).unwrap();
        let stat = guest.fd_fdstat_get(file).unwrap();
        assert_eq!(stat.base, expected, "{asked:?} with {oflags}");
        let read = guest.fd_read(file, 4).map(drop);
        let may_read = expected.contains(Rights::FD_READ);
        assert_eq!(read.is_ok(), may_read, "{asked:?} with {oflags}: {read:?}");
        let write = guest.fd_write(file, "x").map(drop);
        let may_write = expected.contains(Rights::FD_WRITE);
        assert_eq!(
            write.is_ok(),
            may_write,
            "{asked:?} with {oflags}: {write:?}"
        );
    }
}

fn path_open_dot_of_attenuated_preopen_wins_nothing_back(on: Backend) {
    let tree = tree(on);
    for access in [
        Access::ReadOnly,
        without(Rights::PATH_UNLINK_FILE),
        Access::Only(Rights::PATH_OPEN | Rights::FD_READDIR),
    ] {
        let mut guest = tree.guest_with(access);
        let given = guest.fd_fdstat_get(3).unwrap();
        assert_eq!(given.inheriting, access.rights());
        for path in [".", "./", "dir/.."] {
            let again = guest.path_open((3, path), 0, Rights::empty()).unwrap();
            assert_eq!(guest.fd_fdstat_get(again), Ok(given), "{path} {access:?}");
        }
        let dir = guest.path_open((3, "dir"), 0, Rights::FD_READ).unwrap();
        assert_eq!(guest.fd_fdstat_get(dir), Ok(given), "dir {access:?}");
        let up = guest.path_open((dir, ".."), 0, Rights::empty());
        assert_eq!(up, Err(Errno::Perm));
    }
}

fn fd_fdstat_set_rights_shrunk_for_good(on: Backend) {
    let mut guest = tree(on).guest();
    let full = guest.fd_fdstat_get(3).unwrap();
    let base = full.base.difference(Rights::PATH_UNLINK_FILE);
    let inheriting = full
        .inheriting
        .difference(Rights::PATH_UNLINK_FILE | Rights::FD_WRITE);
    assert_eq!(guest.fd_fdstat_set_rights(3, base, inheriting), Ok(()));
    let shrunk = guest.fd_fdstat_get(3).unwrap();
    assert_eq!((shrunk.base, shrunk.inheriting), (base, inheriting));

    let wider = [
        (full.base, inheriting),
        (base, full.inheriting),
        (full.base, full.inheriting),
        (base.union(Rights::FD_SEEK), inheriting),
    ];
    for (base, inheriting) in wider {
        let regained = guest.fd_fdstat_set_rights(3, base, inheriting);
        assert_eq!(regained, Err(Errno::Notcapable));
        assert_eq!(guest.fd_fdstat_get(3), Ok(shrunk));
    }
    assert_eq!(guest.fd_fdstat_set_rights(3, base, inheriting), Ok(()));

    assert_eq!(guest.path_unlink_file((3, "file")), Err(Errno::Perm));
    let again = guest.path_open((3, "."), 0, Rights::empty()).unwrap();
    assert_eq!(guest.path_unlink_file((again, "file")), Err(Errno::Perm));
    let to_write = guest.path_open((again, "file"), 0, Rights::FD_WRITE);
    assert_eq!(to_write, Err(Errno::Perm));
}

fn fd_fdstat_set_rights_file_and_stdio_enforced_from_then_on(on: Backend) {
    let mut guest = tree(on).guest();
    let file = guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
    let nothing = Rights::empty();
    assert_eq!(
        guest.fd_fdstat_set_rights(file, Rights::FD_SEEK, nothing),
        Ok(())
    );
    assert_eq!(guest.fd_write(file, "x"), Err(Errno::Badf));
    assert_eq!(guest.fd_write(file, ""), Err(Errno::Badf));
    assert_eq!(guest.fd_read(file, 1), Err(Errno::Badf));
    assert_eq!(guest.fd_filestat_set_size(file, 1), Err(Errno::Perm));
    assert_eq!(guest.fd_seek(file, 3, whence::SET), Ok(3));
    let widened = guest.fd_fdstat_set_rights(file, Rights::FD_READ, nothing);
    assert_eq!(widened, Err(Errno::Notcapable));

    assert_eq!(guest.fd_write(1, "x"), Ok(1));
    assert_eq!(guest.fd_fdstat_set_rights(1, nothing, nothing), Ok(()));
    assert_eq!(guest.fd_write(1, "x"), Err(Errno::Badf));
    assert_eq!(
        guest.fd_fdstat_set_rights(1 << 20, nothing, nothing),
        Err(Errno::Badf)
    );
}

/// A call that needs a right of the directory 3.
type OnDirectory = (Rights, Step);

const ON_DIRECTORIES: &[OnDirectory] = &[
    (Rights::PATH_CREATE_DIRECTORY, |g| {
        g.path_create_directory((3, "new"))
    }),
    (Rights::PATH_CREATE_FILE, |g| {
        g.path_open((3, "file"), oflags::CREAT, Rights::FD_READ)
            .map(drop)
    }),
    (Rights::PATH_CREATE_FILE, |g| {
        g.path_open((3, "new"), oflags::CREAT, Rights::empty())
            .map(drop)
    }),
    (Rights::PATH_LINK_SOURCE, |g| {
        g.path_link((3, "file"), (3, "new"), false)
    }),
    (Rights::PATH_LINK_TARGET, |g| {
        g.path_link((3, "file"), (3, "new"), false)
    }),
    (Rights::PATH_OPEN, |g| {
        g.path_open((3, "file"), 0, Rights::empty()).map(drop)
    }),
    (Rights::FD_READDIR, |g| g.fd_readdir(3, 100, 0).map(drop)),
    (Rights::PATH_READLINK, |g| {
        g.path_readlink((3, "link"), 100).map(drop)
    }),
    (Rights::PATH_RENAME_SOURCE, |g| {
        g.path_rename((3, "file"), (3, "new"))
    }),
    (Rights::PATH_RENAME_TARGET, |g| {
        g.path_rename((3, "file"), (3, "new"))
    }),
    (Rights::PATH_FILESTAT_GET, |g| {
        g.path_filestat_get((3, "file"), false).map(drop)
    }),
    (Rights::PATH_FILESTAT_SET_SIZE, |g| {
        g.path_open((3, "file"), oflags::TRUNC, Rights::FD_READ)
            .map(drop)
    }),
    (Rights::PATH_FILESTAT_SET_SIZE, |g| {
        g.path_open((3, "file"), oflags::TRUNC, Rights::FD_WRITE)
            .map(drop)
    }),
    (Rights::PATH_FILESTAT_SET_TIMES, |g| {
        g.path_filestat_set_times((3, "file"), false, (1, 2), fstflags::ATIM | fstflags::MTIM)
    }),
    (Rights::FD_FILESTAT_GET, |g| g.fd_filestat_get(3).map(drop)),
    (Rights::FD_FILESTAT_SET_TIMES, |g| {
        g.fd_filestat_set_times(3, 1, 2, fstflags::MTIM)
    }),
    (Rights::PATH_SYMLINK, |g| g.path_symlink("file", (3, "new"))),
    (Rights::PATH_REMOVE_DIRECTORY, |g| {
        g.path_remove_directory((3, "empty"))
    }),
    (Rights::PATH_UNLINK_FILE, |g| {
        g.path_unlink_file((3, "file"))
    }),
    (Rights::FD_WRITE, |g| {
        g.path_open((3, "file"), 0, Rights::FD_WRITE).map(drop)
    }),
    (Rights::FD_WRITE, |g| {
        g.path_open((3, "file"), 0, READ_WRITE).map(drop)
    }),
];

/// A call that needs a right of a file beneath, and what its lack answers.
type OnFile = (Rights, Errno, fn(&mut Guest, u32) -> Outcome);

const ON_FILES: &[OnFile] = &[
    (Rights::FD_READ, Errno::Badf, |g, fd| {
        g.fd_read(fd, 1).map(drop)
    }),
    (Rights::FD_READ, Errno::Badf, |g, fd| {
        g.fd_read(fd, 0).map(drop)
    }),
    (Rights::FD_READ, Errno::Badf, |g, fd| {
        g.fd_read_into(fd, &[]).map(drop)
    }),
    (Rights::FD_READ, Errno::Badf, |g, fd| {
        g.fd_pread(fd, 1, 0).map(drop)
    }),
    (Rights::FD_SEEK, Errno::Badf, |g, fd| {
        g.fd_pread(fd, 1, 0).map(drop)
    }),
    (Rights::FD_SEEK, Errno::Badf, |g, fd| {
        g.fd_pwrite(fd, "x", 0).map(drop)
    }),
    (Rights::FD_SEEK, Errno::Perm, |g, fd| {
        g.fd_seek(fd, 1, whence::SET).map(drop)
    }),
    (
        Rights::FD_SEEK.union(Rights::FD_TELL),
        Errno::Perm,
        |g, fd| g.fd_seek(fd, 0, whence::CUR).map(drop),
    ),
    (
        Rights::FD_SEEK.union(Rights::FD_TELL),
        Errno::Perm,
        |g, fd| g.fd_tell(fd).map(drop),
    ),
    (Rights::FD_FDSTAT_SET_FLAGS, Errno::Perm, |g, fd| {
        g.fd_fdstat_set_flags(fd, fdflags::APPEND)
    }),
    (Rights::FD_SYNC, Errno::Perm, |g, fd| g.fd_sync(fd)),
    (Rights::FD_DATASYNC, Errno::Perm, |g, fd| g.fd_datasync(fd)),
    (Rights::FD_ADVISE, Errno::Perm, |g, fd| {
        g.fd_advise(fd, 0, 1, 0)
    }),
    (Rights::FD_ALLOCATE, Errno::Perm, |g, fd| {
        g.fd_allocate(fd, 0, 100)
    }),
    (Rights::FD_FILESTAT_GET, Errno::Perm, |g, fd| {
        g.fd_filestat_get(fd).map(drop)
    }),
    (Rights::FD_FILESTAT_SET_SIZE, Errno::Perm, |g, fd| {
        g.fd_filestat_set_size(fd, 1)
    }),
    (Rights::FD_FILESTAT_SET_TIMES, Errno::Perm, |g, fd| {
        g.fd_filestat_set_times(fd, 1, 2, fstflags::MTIM)
    }),
    (Rights::POLL_FD_READWRITE, Errno::Perm, |g, fd| {
        g.poll_oneoff(&[Subscription::Read(fd)]).map(drop)
    }),
    (Rights::POLL_FD_READWRITE, Errno::Perm, |g, fd| {
        g.poll_oneoff(&[Subscription::Write(fd)]).map(drop)
    }),
];

fn directory_each_right_missing_perm(on: Backend) {
    for (index, (right, call)) in ON_DIRECTORIES.iter().enumerate() {
        let tree = tree(on);
        let refused = call(&mut tree.guest_with(without(*right)));
        assert_eq!(refused, Err(Errno::Perm), "{index}: without {right:?}");
        let granted = call(&mut tree.guest());
        assert_eq!(granted, Ok(()), "{index}: with {right:?}");
    }
}

fn file_each_right_missing_badf_to_move_bytes_and_perm_for_all_else(on: Backend) {
    for (index, (right, errno, call)) in ON_FILES.iter().enumerate() {
        for (access, expected) in [(without(*right), Err(*errno)), (Access::ReadWrite, Ok(()))] {
            let tree = tree(on);
            let mut guest = tree.guest_with(access);
            let file = guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
            let outcome = call(&mut guest, file);
            assert_eq!(outcome, expected, "{index}: {right:?} {access:?}");
        }
    }
}

fn fd_write_to_what_was_opened_to_read_badf(on: Backend) {
    let mut guest = tree(on).guest();
    let file = guest.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
    assert_eq!(guest.fd_write(file, "x"), Err(Errno::Badf));
    assert_eq!(guest.fd_write(file, ""), Err(Errno::Badf));
    assert_eq!(guest.fd_write_from(file, &[]), Err(Errno::Badf));
    assert_eq!(guest.fd_pwrite(file, "x", 0), Err(Errno::Badf));
    assert_eq!(guest.fd_pwrite(file, "", 0), Err(Errno::Badf));
    let to_write = [Subscription::Write(file)];
    assert_eq!(guest.poll_oneoff(&to_write), Err(Errno::Badf));
}

fn read_only_preopen_every_change_perm_and_nothing_happens(on: Backend) {
    let calls: &[Step] = &[
        |g| g.path_create_directory((3, "new")),
        |g| {
            g.path_open((3, "new"), oflags::CREAT, Rights::empty())
                .map(drop)
        },
        |g| {
            g.path_open((3, "file"), oflags::CREAT, Rights::FD_READ)
                .map(drop)
        },
        |g| {
            g.path_open((3, "file"), oflags::TRUNC, Rights::empty())
                .map(drop)
        },
        |g| {
            g.path_open((3, "file"), oflags::TRUNC, Rights::FD_READ)
                .map(drop)
        },
        |g| {
            g.path_open((3, "link"), oflags::TRUNC, Rights::FD_READ)
                .map(drop)
        },
        |g| g.path_open((3, "file"), 0, Rights::FD_WRITE).map(drop),
        |g| g.path_open((3, "file"), 0, READ_WRITE).map(drop),
        |g| g.path_open((3, "missing"), 0, READ_WRITE).map(drop),
        |g| g.path_filestat_set_times((3, "file"), true, (0, 0), fstflags::MTIM),
        |g| g.path_link((3, "file"), (3, "new"), false),
        |g| g.path_rename((3, "file"), (3, "new")),
        |g| g.path_symlink("file", (3, "new")),
        |g| g.path_remove_directory((3, "empty")),
        |g| g.path_unlink_file((3, "file")),
        |g| g.fd_filestat_set_times(3, 0, 0, fstflags::MTIM),
        |g| {
            let file = g.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
            g.fd_filestat_set_times(file, 0, 0, fstflags::MTIM)
        },
        |g| {
            let file = g.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
            g.fd_filestat_set_size(file, 0)
        },
        |g| {
            let file = g.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
            g.fd_allocate(file, 0, 100)
        },
        |g| {
            let dir = g.path_open((3, "dir"), 0, Rights::empty()).unwrap();
            g.path_create_directory((dir, "new"))
        },
    ];
    let tree = tree(on);
    let before = known(&tree.root()).unwrap();
    let mut guest = tree.guest_with(Access::ReadOnly);
    let listed = guest.entries(3, 4096).unwrap();
    for (index, call) in calls.iter().enumerate() {
        assert_eq!(call(&mut guest), Err(Errno::Perm), "call {index}");
    }
    assert_eq!(guest.entries(3, 4096), Ok(listed));
    assert_eq!(known(&tree.root()).unwrap(), before);
    let file = guest.path_open((3, "link"), 0, Rights::FD_READ).unwrap();
    assert_eq!(guest.fd_read(file, 100).unwrap(), b"contents");
}

fn order_of_checks_descriptor_type_rights_arguments(on: Backend) {
    let cases: &[(Errno, Step)] = &[
        (Errno::Badf, |g| g.path_unlink_file((99, ""))),
        (Errno::Notdir, |g| {
            let file = g.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
            g.path_unlink_file((file, ""))
        }),
        (Errno::Badf, |g| g.path_unlink_file((1, ""))),
        (Errno::Perm, |g| g.path_unlink_file((3, ""))),
        (Errno::Perm, |g| g.path_symlink("", (3, ""))),
        (Errno::Noent, |g| {
            g.path_filestat_get((3, ""), false).map(drop)
        }),
        // A right of the second directory counts before the first path.
        (Errno::Perm, |g| g.path_rename((3, ""), (3, ""))),
        (Errno::Badf, |g| g.fd_allocate(3, 0, 0)),
        (Errno::Perm, |g| {
            let file = g.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
            g.fd_allocate(file, 0, 0)
        }),
        (Errno::Badf, |g| {
            let file = g.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
            g.fd_pwrite(file, "", u64::MAX).map(drop)
        }),
        (Errno::Spipe, |g| g.fd_pread(1, 1, u64::MAX).map(drop)),
    ];
    let tree = tree(on);
    for (index, (errno, call)) in cases.iter().enumerate() {
        let mut guest = tree.guest_with(Access::ReadOnly);
        assert_eq!(call(&mut guest), Err(*errno), "case {index}");
    }
}

#[test]
fn stdio_rights_to_move_bytes_one_way_and_never_to_seek() {
    let mut guest = tree(Backend::Host).guest();
    let common = Rights::POLL_FD_READWRITE | Rights::FD_FILESTAT_GET | Rights::FD_FDSTAT_SET_FLAGS;
    for (fd, moving) in [
        (0, Rights::FD_READ),
        (1, Rights::FD_WRITE),
        (2, Rights::FD_WRITE),
    ] {
        let stat = guest.fd_fdstat_get(fd).unwrap();
        assert_eq!(stat.base, moving | common, "{fd}");
        assert_eq!((stat.filetype, stat.flags), (filetype::UNKNOWN, 0), "{fd}");
        assert_eq!(guest.fd_seek(fd, 0, whence::CUR), Err(Errno::Spipe), "{fd}");
        assert_eq!(guest.fd_tell(fd), Err(Errno::Spipe), "{fd}");
    }
    assert_eq!(guest.fd_write(0, ""), Err(Errno::Badf));
    assert_eq!(guest.fd_read(1, 0), Err(Errno::Badf));
    assert_eq!(guest.fd_read(2, 1), Err(Errno::Badf));
}

#[test]
fn fd_fdstat_set_flags_stdio_nonblock_emulated_and_the_hosts_descriptor_untouched() {
    let (reader, writer) = io::pipe().unwrap();
    let theirs = reader.try_clone().unwrap();
    let flags = || fcntl_getfl(theirs.as_fd()).unwrap();
    let before = flags();
    let stdin = Arc::new(HostStream::new(reader).unwrap());
    let mut guest = Guest::new(builder().stdin(stdin).build().unwrap());
    assert_eq!(guest.fd_fdstat_set_flags(0, fdflags::NONBLOCK), Ok(()));
    assert_eq!(guest.fd_fdstat_get(0).unwrap().flags, fdflags::NONBLOCK);
    assert_eq!(guest.fd_read(0, 1), Err(Errno::Again));
    assert_eq!(flags(), before);
    assert!(!before.contains(OFlags::NONBLOCK));
    drop(writer);
    assert_eq!(guest.fd_read(0, 1), Ok(Vec::new()));
}
