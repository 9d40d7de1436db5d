//! A file system without room: an errno, and nothing is half done.

use crate::host::{BUFFER, Guest, fdflags, fstflags, oflags};
use crate::{READ_WRITE, guest};
use std::sync::Arc;
use turnkey_conformance::known::known;
use turnkey_virt::fs::{Contents, Found, Listed, MemoryFs, MemoryFsBuilder, Space};
use turnkey_wasi_common::{Errno, Rights};

type Outcome = Result<(), Errno>;

/// What a guest does; `file` is open as descriptor 4 to read and write, and as 5 to append.
type Operation = (&'static str, fn(&mut Guest) -> Outcome);

/// What needs room for a name.
const NAMES: &[Operation] = &[
    ("path_open creating", |g| {
        g.path_open((3, "new"), oflags::CREAT, READ_WRITE).map(drop)
    }),
    ("path_open creating through a link", |g| {
        g.path_open((3, "dangling"), oflags::CREAT, READ_WRITE)
            .map(drop)
    }),
    ("path_create_directory", |g| {
        g.path_create_directory((3, "dir/new"))
    }),
    ("path_symlink", |g| g.path_symlink("t", (3, "new"))),
    ("path_link", |g| {
        g.path_link((3, "file"), (3, "dir/new"), false)
    }),
];

/// What needs room for bytes.
const BYTES: &[Operation] = &[
    ("path_symlink", |g| {
        g.path_symlink(&"t/".repeat(1000), (3, "new"))
    }),
    ("fd_write behind the end", |g| {
        g.fd_seek(4, 0, 2)?;
        g.fd_write(4, vec![b'!'; 70_000]).map(drop)
    }),
    ("fd_write partly over what is there", |g| {
        g.fd_seek(4, 4, 0)?;
        g.fd_write(4, vec![b'!'; 70_000]).map(drop)
    }),
    ("fd_write of several buffers", |g| {
        g.fd_seek(4, 0, 0)?;
        let buffers = [(BUFFER, 4), (BUFFER, 66_000), (BUFFER, 66_000)];
        g.fd_write_from(4, &buffers).map(drop)
    }),
    ("fd_write appending", |g| {
        g.fd_write(5, vec![b'!'; 70_000]).map(drop)
    }),
    ("fd_pwrite in a hole", |g| {
        g.fd_pwrite(4, vec![b'!'; 70_000], 1 << 30).map(drop)
    }),
    ("fd_allocate", |g| g.fd_allocate(4, 0, 70_000)),
    ("fd_allocate more than there ever is", |g| {
        g.fd_allocate(4, 0, 1 << 62)
    }),
];

/// What needs none, and has to work all the same.
const NEITHER: &[Operation] = &[
    ("path_filestat_set_times", |g| {
        g.path_filestat_set_times((3, "file"), true, (1, 2), fstflags::MTIM)
    }),
    ("path_filestat_set_times of a link", |g| {
        g.path_filestat_set_times((3, "ln"), false, (1, 2), fstflags::MTIM)
    }),
    ("path_filestat_set_times of a directory", |g| {
        g.path_filestat_set_times((3, "dir"), false, (1, 2), fstflags::MTIM)
    }),
    ("fd_filestat_set_size to grow", |g| {
        g.fd_filestat_set_size(4, 1 << 40)
    }),
    ("fd_read of what has grown", |g| {
        g.fd_pread(4, 1000, 1 << 39).map(drop)
    }),
    ("fd_filestat_set_size to shrink", |g| {
        g.fd_filestat_set_size(4, 3)
    }),
    ("fd_readdir", |g| g.entries(3, 4096).map(drop)),
    ("path_rename", |g| {
        g.path_rename((3, "file"), (3, "dir/moved"))
    }),
    ("path_rename of a directory", |g| {
        g.path_rename((3, "dir"), (3, "moved"))
    }),
    ("path_rename in place of another", |g| {
        g.path_rename((3, "ln"), (3, "moved/moved"))
    }),
    ("path_unlink_file", |g| {
        g.path_unlink_file((3, "moved/moved"))
    }),
    ("path_unlink_file of a lower file", |g| {
        g.path_unlink_file((3, "moved/inner"))
    }),
    ("path_remove_directory", |g| {
        g.path_remove_directory((3, "moved"))
    }),
];

/// The file systems, each with `file`, `dir/inner`, `ln` and `dangling`, and with so much room left.
fn all(bytes: u64, inodes: u64) -> [(&'static str, MemoryFs); 2] {
    let filled = |builder: MemoryFsBuilder| {
        let fs = builder.build();
        fs.write("file", b"contents").unwrap();
        fs.write("dir/inner", b"inner").unwrap();
        let fs = fs.link("file", "ln").unwrap();
        fs.link("nowhere", "dangling").unwrap()
    };
    let held = filled(MemoryFs::builder());
    let space = Space::new(held.space().bytes() + bytes, held.space().inodes() + inodes);
    let dir = Listed::new().entry("inner", Found::file(Contents::from("inner")));
    let lower = Listed::new()
        .entry("file", Found::file(Contents::from("contents")))
        .entry("dir", Found::dir(dir))
        .entry("ln", Found::link("file"))
        .entry("dangling", Found::link("nowhere"));
    let overlay = MemoryFs::builder().over(Arc::new(lower));
    [
        ("memory", filled(MemoryFs::builder().space(space))),
        ("overlay", overlay.space(Space::new(bytes, inodes)).build()),
    ]
}

fn open(fs: &MemoryFs) -> Guest {
    let mut guest = guest(fs);
    for (fd, flags) in [(4, 0), (5, fdflags::APPEND)] {
        let place = (3, b"file".as_slice());
        let opened = guest.path_open_with(place, true, 0, READ_WRITE, flags);
        assert_eq!(opened, Ok(fd));
    }
    guest
}

/// Each operation is refused, and leaves everything as it is.
#[track_caller]
fn assert_refused(operations: &[Operation], bytes: u64, inodes: u64) {
    for (which, fs) in all(bytes, inodes) {
        let mut guest = open(&fs);
        let held = (fs.space().bytes(), fs.space().inodes());
        let before = known(&fs.root()).unwrap();
        for (name, operation) in operations {
            assert_eq!(operation(&mut guest), Err(Errno::Nospc), "{which}: {name}");
            assert_eq!(known(&fs.root()).unwrap(), before, "{which}: {name}");
            let holds = (fs.space().bytes(), fs.space().inodes());
            assert_eq!(holds, held, "{which}: {name}");
        }
    }
}

#[test]
fn no_name_left_nospc_and_nothing_done() {
    assert_refused(NAMES, 1 << 20, 0);
}

/// Room for a part of what is written, and for names.
#[test]
fn no_byte_left_nospc_and_nothing_done() {
    for bytes in [0, 1, 1000, 65_000] {
        assert_refused(
            match bytes {
                65_000 => &BYTES[1..],
                _ => BYTES,
            },
            bytes,
            100,
        );
    }
}

#[test]
fn no_room_at_all_what_needs_none_works() {
    for (which, fs) in all(0, 0) {
        let mut guest = open(&fs);
        for (name, operation) in NEITHER {
            assert_eq!(operation(&mut guest), Ok(()), "{which}: {name}");
        }
        let held = (fs.space().bytes(), fs.space().inodes());
        // The file is still open.
        let expected = match which {
            "memory" => (3 + 7, 2),
            _ => (0, 0),
        };
        assert_eq!(held, expected, "{which}");
        let to_write = guest.path_open((3, "dangling"), oflags::EXCL, Rights::FD_WRITE);
        assert_eq!(to_write, Err(Errno::Noent), "{which}");
    }
}

/// What somebody gives back, others can take.
#[test]
fn room_given_back_is_there_at_once() {
    for (which, fs) in all(8, 1) {
        let mut guest = guest(&fs);
        for round in 0..100 {
            let opened = guest
                .path_open((3, "new"), oflags::CREAT, READ_WRITE)
                .unwrap();
            assert_eq!(guest.fd_write(opened, "12345678"), Ok(8), "{which} {round}");
            assert_eq!(guest.fd_write(opened, "9"), Err(Errno::Nospc), "{which}");
            assert_eq!(guest.path_unlink_file((3, "new")), Ok(()));
            let early = guest.path_create_directory((3, "dir/new"));
            assert_eq!(early, Err(Errno::Nospc), "{which}: it is still open");
            guest.fd_close(opened).unwrap();
        }
    }
}
