//! Flaws in the text of a path, and what lies at its end.

use crate::host::{PATH_OPERATIONS, Tree, fdflags, fifo, filetype, fstflags, oflags, whence};
use crate::{NOTHING, READ_WRITE};
use std::fs;
use std::io::Write;
use turnkey_wasi_common::{Errno, Rights};

/// A NUL must not cut a path short (uvwasi 7aaa0b4, erlang_wasm 0.10.1), and one at the end is not
/// forgiven (Node).
///
/// Broken on purpose: `GuestPath::new` cuts the text at its first NUL.
#[test]
fn uvwasi_7aaa0b4_nul_in_a_path_is_refused() {
    let tree = Tree::new().file("file", "contents").dir("dir");
    let mut guest = tree.guest();
    for (operation, call) in PATH_OPERATIONS {
        for path in [
            "\0",
            "file\0",
            "fi\0le",
            "file\0.txt",
            "dir\0/../file",
            "new\0",
        ] {
            let outcome = call(&mut guest, path);
            assert_eq!(outcome, Err(Errno::Inval), "{operation}: {path:?}");
        }
    }
    for target in ["file\0", "\0", "fi\0le"] {
        let made = guest.path_symlink(target, (3, "new"));
        assert_eq!(made, Err(Errno::Inval), "{target:?}");
    }
    assert_eq!(guest.entries(3, 4096).unwrap().len(), 4);
    assert_eq!(fs::read(tree.path("file")).unwrap(), b"contents");
}

/// Names, dots and slashes in any number up to the longest path, and beyond (uvwasi #251 wrote
/// behind a buffer that it had measured before it joined the parts).
///
/// Broken on purpose: `GuestPath::LONGEST` is 4,000. (Longer paths than 4,095 bytes the kernel
/// refuses too.)
#[test]
fn uvwasi_251_long_paths_of_many_parts() {
    let mut guest = Tree::new().dir("d").file("file", "contents").guest();
    for part in ["./", ".//", "d/../", "d/./../", "d//..//"] {
        for length in (4000..4200).chain([8192, 16_000]) {
            // Slashes in the middle mean nothing and fill up what is missing.
            let parts = part.repeat((length - 6) / part.len());
            let slashes = "/".repeat(length - 5 - parts.len());
            let path = format!(".{slashes}{parts}file");
            assert_eq!(path.len(), length);
            let found = guest.path_filestat_get((3, &path), true);
            let expected = match length {
                ..4096 => Ok(8),
                _ => Err(Errno::Nametoolong),
            };
            assert_eq!(found.map(|stat| stat.size), expected, "{length} of {part}");
        }
    }
}

/// A no-follow stat of a path with a slash at its end: the slash counts.
///
/// Broken on purpose: `HostDir::stat_at` looks at the name alone.
#[test]
fn wasmtime_no_follow_stat_minds_a_trailing_slash() {
    let mut guest = Tree::new()
        .file("file", "contents")
        .dir("dir")
        .link("dir", "link")
        .link("file", "link_to_file")
        .guest();
    let mut type_of = |path| Ok(guest.path_filestat_get((3, path), false)?.filetype);
    for (path, expected) in [
        ("link", Ok(filetype::SYMBOLIC_LINK)),
        ("link/", Ok(filetype::DIRECTORY)),
        ("dir/../link/", Ok(filetype::DIRECTORY)),
        ("file/", Err(Errno::Notdir)),
        ("dir/../file/", Err(Errno::Notdir)),
        ("link_to_file/", Err(Errno::Notdir)),
    ] {
        assert_eq!(type_of(path), expected, "{path}");
    }
}

/// Whatever an open of a directory asks for, it is an errno and no panic.
///
/// Broken on purpose: `open::open_directory` and `operations::path::open` let a directory be opened
/// for truncation.
#[test]
fn cap_std_2bc59a3d_directory_opened_to_truncate() {
    let tree = Tree::new()
        .dir("dir")
        .file("dir/kept", "")
        .link("dir", "link");
    let mut guest = tree.guest();
    for path in ["dir", "dir/", "dir/.", ".", "link", "link/"] {
        for oflags in 0..16 {
            for rights in [NOTHING, Rights::FD_READ, Rights::FD_WRITE, READ_WRITE] {
                let opened = guest.path_open((3, path), oflags, rights);
                let how = format!("{path} {oflags} {rights:?}");
                let alters = oflags & (oflags::CREAT | oflags::TRUNC) != 0;
                match opened {
                    Ok(fd) => {
                        assert!(!alters && !rights.contains(Rights::FD_WRITE), "{how}");
                        assert_eq!(guest.fd_close(fd), Ok(()));
                    }
                    Err(Errno::Isdir | Errno::Inval | Errno::Exist) => {}
                    Err(other) => panic!("{how}: {other:?}"),
                }
            }
        }
    }
    assert!(tree.path("dir/kept").exists());
}

/// Opening a FIFO that nobody has at its other end returns at once.
///
/// Broken on purpose: `WITHOUT_WAITING` without `NONBLOCK`; the test hangs.
#[test]
fn wasmtime_opening_a_fifo_never_waits() {
    let tree = Tree::new();
    fifo(&tree.path("fifo"));
    let mut guest = tree.guest();
    let nobody_reads = guest.path_open((3, "fifo"), 0, Rights::FD_WRITE);
    assert_eq!(nobody_reads, Err(Errno::Nxio));
    let place = (3, b"fifo".as_slice());
    let reading = [0, fdflags::NONBLOCK].map(|flags| {
        let opened = guest.path_open_with(place, true, 0, Rights::FD_READ, flags);
        opened.unwrap()
    });
    let [_, patient] = reading;
    // Without a writer a FIFO is at its end, as in POSIX.
    for fd in reading {
        assert_eq!(guest.fd_fdstat_get(fd).unwrap().filetype, filetype::UNKNOWN);
        assert_eq!(guest.fd_read(fd, 4), Ok(Vec::new()));
    }
    let mut writer = fs::File::options()
        .write(true)
        .open(tree.path("fifo"))
        .unwrap();
    assert_eq!(guest.fd_read(patient, 4), Err(Errno::Again));
    writer.write_all(b"abc").unwrap();
    assert_eq!(guest.fd_read(patient, 4).unwrap(), b"abc");
    let writing = guest.path_open((3, "fifo"), 0, Rights::FD_WRITE).unwrap();
    assert_eq!(guest.fd_write(writing, "def"), Ok(3));
    assert_eq!(guest.fd_read(reading[0], 4).unwrap(), b"def");
    for fd in [reading[0], writing] {
        assert_eq!(guest.fd_seek(fd, 0, whence::CUR), Err(Errno::Spipe));
    }

    let stat = guest.path_filestat_get((3, "fifo"), true).unwrap();
    assert_eq!(stat.filetype, filetype::UNKNOWN);
    assert_eq!(guest.fd_filestat_get(patient).unwrap().ino, stat.ino);
    let times = guest.path_filestat_set_times((3, "fifo"), true, (1, 2), fstflags::MTIM);
    assert_eq!(times, Ok(()));
    assert_eq!(guest.path_unlink_file((3, "fifo")), Ok(()));
}
