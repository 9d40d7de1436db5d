//! Attributes of what lies at a path.

use crate::host::{Backend, Difference, Guest, filetype, fstflags, on_every_backend};
use crate::{assert_outside_untouched, check, if_absolute, if_piped, tree};
use turnkey_wasi_common::{Errno, Rights};

on_every_backend![
    path_filestat_get_type_and_size,
    path_filestat_get_differences_are_those_that_are_listed,
    path_filestat_set_times_of_the_link_or_its_target,
    path_filestat_set_times_one_time_leaves_the_other_exact,
];

fn path_filestat_get_type_and_size(on: Backend) {
    let of = |filetype, size| Ok((filetype, size));
    let link = filetype::SYMBOLIC_LINK;
    check(
        on,
        &[
            (("file", false), of(filetype::REGULAR_FILE, 8)),
            (("file", true), of(filetype::REGULAR_FILE, 8)),
            (("ln", false), of(link, 4)),
            (("ln", true), of(filetype::REGULAR_FILE, 8)),
            (("lnd", false), of(link, 3)),
            (("dir/up", true), of(filetype::REGULAR_FILE, 8)),
            (("lnd/inner", false), of(filetype::REGULAR_FILE, 5)),
            (("dangling", false), of(link, 7)),
            (("dangling", true), Err(Errno::Noent)),
            (("loop", false), of(link, 4)),
            (("loop", true), Err(Errno::Loop)),
            (("out", false), of(link, 17)),
            (("out", true), Err(Errno::Perm)),
            (("absolute", true), if_absolute(on, Err(Errno::Perm))),
            (("file/", false), Err(Errno::Notdir)),
            (("file/", true), Err(Errno::Notdir)),
            (("ln/", false), Err(Errno::Notdir)),
            (("ln/", true), Err(Errno::Notdir)),
            (("outdir/", false), Err(Errno::Perm)),
            (("dangling/", false), Err(Errno::Noent)),
            (("loop/", false), Err(Errno::Loop)),
            (("missing", false), Err(Errno::Noent)),
            (("missing/", true), Err(Errno::Noent)),
        ],
        |guest, (path, follow)| {
            let stat = guest.path_filestat_get((3, path), follow)?;
            Ok((stat.filetype, stat.size))
        },
    );
    let directories = [
        "dir",
        "dir/",
        "lnd/",
        ".",
        "./",
        "dir/.",
        "dir/..",
        "dir/sub/..",
    ];
    for path in directories {
        for follow in [false, true] {
            let stat = tree(on)
                .guest()
                .path_filestat_get((3, path), follow)
                .unwrap();
            assert_eq!(stat.filetype, filetype::DIRECTORY, "{path} {follow}");
        }
    }
    let mut guest = tree(on).guest();
    let own = guest.fd_filestat_get(3);
    for path in [".", "dir/..", "dir/sub/../../"] {
        assert_eq!(guest.path_filestat_get((3, path), false), own, "{path}");
    }
}

fn path_filestat_set_times_of_the_link_or_its_target(on: Backend) {
    let both = fstflags::ATIM | fstflags::MTIM;
    let times = (1_000_000_007, 4_000_000_000_000_000_009);
    for (path, follow, changed, kept) in [
        ("ln", false, ("ln", false), "file"),
        ("ln", true, ("file", false), "ln"),
        ("dir/up", true, ("file", false), "dir/up"),
        ("lnd", false, ("lnd", false), "dir"),
        ("lnd/", false, ("dir", false), "lnd"),
        ("dangling", false, ("dangling", false), "file"),
        ("out", false, ("out", false), "file"),
        ("dir", true, ("dir", false), "file"),
        (".", true, (".", false), "file"),
        ("dir/..", false, (".", false), "file"),
        ("fifo", true, ("fifo", false), "file"),
    ] {
        let tree = tree(on);
        let mut guest = tree.guest();
        // To be followed is to be accessed.
        let besides_access = |guest: &mut Guest| {
            let stat = guest.path_filestat_get((3, kept), false).unwrap();
            (stat.mtim, stat.ctim, stat.size)
        };
        let before = besides_access(&mut guest);
        let set = guest.path_filestat_set_times((3, path), follow, times, both);
        let expected = match path {
            "fifo" => if_piped(on, Ok(())),
            _ => Ok(()),
        };
        assert_eq!(set, expected, "{path} {follow}");
        if set.is_err() {
            continue;
        }
        let stat = guest.path_filestat_get((3, changed.0), changed.1).unwrap();
        assert_eq!((stat.atim, stat.mtim), times, "{path} {follow}");
        assert_eq!(besides_access(&mut guest), before, "{path} {follow}");
        assert_outside_untouched(&tree);
    }
    let cases = [
        (("missing", false, both), Err(Errno::Noent)),
        (("missing", true, 0), Err(Errno::Noent)),
        (("file", true, 0), Ok(())),
        (("file/", false, both), Err(Errno::Notdir)),
        (("file/", false, 0), Err(Errno::Notdir)),
        (("dangling", true, both), Err(Errno::Noent)),
        (("loop", true, both), Err(Errno::Loop)),
        (("out", true, both), Err(Errno::Perm)),
        (("absolute", true, both), if_absolute(on, Err(Errno::Perm))),
        (
            ("file", true, fstflags::ATIM | fstflags::ATIM_NOW),
            Err(Errno::Inval),
        ),
        (
            ("file", true, fstflags::MTIM | fstflags::MTIM_NOW),
            Err(Errno::Inval),
        ),
    ];
    check(on, &cases, |guest, (path, follow, flags)| {
        guest.path_filestat_set_times((3, path), follow, (5, 6), flags)
    });
}

/// What no other test depends on is nevertheless as it is listed.
fn path_filestat_get_differences_are_those_that_are_listed(on: Backend) {
    let tree = tree(on);
    std::fs::hard_link(tree.path("file"), tree.path("again")).unwrap();
    let mut guest = tree.guest();
    let stat = |guest: &mut Guest, path| guest.path_filestat_get((3, path), true).unwrap();
    let links = on.unless(Difference::NoFileOfManyNames, 2, 1);
    assert_eq!(stat(&mut guest, "again").nlink, links);
    let no_size = stat(&mut guest, "dir").size == 0;
    assert_eq!(no_size, on.differs(Difference::NoSizeOfDirectories));
    let set = guest.path_filestat_set_times((3, "file"), true, (5, 6), fstflags::ATIM);
    assert_eq!(set, Ok(()));
    let file = guest.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
    assert_eq!(guest.fd_read(file, 8).unwrap(), b"contents");
    if on.differs(Difference::ReadingChangesNoTime) {
        assert_eq!(stat(&mut guest, "file").atim, 5);
    }
}

fn path_filestat_set_times_one_time_leaves_the_other_exact(on: Backend) {
    let mut guest = tree(on).guest();
    let both = fstflags::ATIM | fstflags::MTIM;
    for (path, follow) in [("file", true), ("ln", false)] {
        if path == "ln" && on.differs(Difference::LookingReads) {
            continue;
        }
        let set = |guest: &mut Guest, times, flags| {
            guest
                .path_filestat_set_times((3, path), follow, times, flags)
                .unwrap();
            let stat = guest.path_filestat_get((3, path), follow).unwrap();
            (stat.atim, stat.mtim)
        };
        assert_eq!(
            set(&mut guest, (1_234_567_891, 2), both),
            (1_234_567_891, 2)
        );
        assert_eq!(
            set(&mut guest, (9, 10), fstflags::MTIM),
            (1_234_567_891, 10)
        );
        assert_eq!(set(&mut guest, (9, 11), fstflags::ATIM), (9, 10));
        let (atim, mtim) = set(&mut guest, (5, 5), fstflags::MTIM_NOW);
        assert!(atim == 9 && mtim > 1 << 60, "{atim} {mtim}");
    }
}
