//! What can be done with a path, and what every flaw of a path answers.
//!
//! The last test runs all others once more on a host without `openat2`, where cap-std walks a path
//! name by name.
#![cfg(test)]

mod host;

use host::{BUFFER, Guest, Tree, fdflags, fifo, filetype, fstflags, oflags};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use turnkey_wasi_common::{Errno, Rights};

type Outcome = Result<(), Errno>;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);
const NOTHING: Rights = Rights::empty();

fn tree() -> Tree {
    let tree = Tree::new()
        .file("file", "contents")
        .dir("dir")
        .file("dir/inner", "inner")
        .dir("dir/sub")
        .dir("empty")
        .link("file", "ln")
        .link("dir", "lnd")
        .link("nowhere", "dangling")
        .link("loop", "loop")
        .link("../file", "dir/up")
        // Ways out.
        .link("../outside/secret", "out")
        .link("../outside", "outdir")
        .link("../outside/", "outdir_slash")
        .link("outdir/", "link_to_outdir")
        .link("dir/../../outside", "winding")
        .link("../outside/new", "out_new");
    let absolute = tree.outside("secret");
    let absolute_dir = tree.outside("");
    let tree = tree
        .link(absolute, "absolute")
        .link(absolute_dir, "absolute_dir");
    fifo(&tree.path("fifo"));
    tree
}

/// What is done, and how.
type Operation = (&'static str, fn(&mut Guest, &str) -> Outcome);

/// Every path operation, with a path in each place that can have one. What opens asks for nothing.
const OPERATIONS: &[Operation] = &[
    ("path_create_directory", |g, path| {
        g.path_create_directory((3, path))
    }),
    ("path_filestat_get", |g, path| {
        g.path_filestat_get((3, path), false).map(drop)
    }),
    ("path_filestat_get following", |g, path| {
        g.path_filestat_get((3, path), true).map(drop)
    }),
    ("path_filestat_set_times", |g, path| {
        g.path_filestat_set_times((3, path), false, (1, 2), fstflags::MTIM)
    }),
    ("path_filestat_set_times following", |g, path| {
        g.path_filestat_set_times((3, path), true, (1, 2), fstflags::MTIM)
    }),
    ("path_filestat_set_times of nothing", |g, path| {
        g.path_filestat_set_times((3, path), true, (1, 2), 0)
    }),
    ("path_link from", |g, path| {
        g.path_link((3, path), (3, "target"), false)
    }),
    ("path_link to", |g, path| {
        g.path_link((3, "file"), (3, path), false)
    }),
    ("path_open", |g, path| open(g, path, false, 0)),
    ("path_open following", |g, path| open(g, path, true, 0)),
    ("path_open of a directory", |g, path| {
        open(g, path, true, oflags::DIRECTORY)
    }),
    ("path_open creating", |g, path| {
        open(g, path, true, oflags::CREAT)
    }),
    ("path_open truncating", |g, path| {
        open(g, path, true, oflags::TRUNC)
    }),
    ("path_open to write", |g, path| {
        g.path_open((3, path), 0, READ_WRITE).map(drop)
    }),
    ("path_readlink", |g, path| {
        g.path_readlink((3, path), 100).map(drop)
    }),
    ("path_remove_directory", |g, path| {
        g.path_remove_directory((3, path))
    }),
    ("path_rename from", |g, path| {
        g.path_rename((3, path), (3, "target"))
    }),
    ("path_rename to", |g, path| {
        g.path_rename((3, "file"), (3, path))
    }),
    ("path_symlink", |g, path| g.path_symlink("file", (3, path))),
    ("path_unlink_file", |g, path| g.path_unlink_file((3, path))),
];

fn open(guest: &mut Guest, path: &str, follow: bool, oflags: u16) -> Outcome {
    let place = (3, path.as_bytes());
    guest
        .path_open_with(place, follow, oflags, NOTHING, 0)
        .map(drop)
}

/// Carries each case out in a tree of its own.
fn check<C: std::fmt::Debug + Copy, R: std::fmt::Debug + PartialEq>(
    cases: &[(C, R)],
    call: impl Fn(&mut Guest, C) -> R,
) {
    for (case, expected) in cases {
        let outcome = call(&mut tree().guest(), *case);
        assert_eq!(outcome, *expected, "{case:?}");
    }
}

/// Nothing beside the guest's directory has changed.
#[track_caller]
fn assert_outside_untouched(tree: &Tree) {
    let outside = fs::read_dir(tree.outside("")).unwrap();
    let names: Vec<_> = outside.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(fs::read(tree.outside("secret")).unwrap(), b"secret");
    let modified = fs::metadata(tree.outside("secret"))
        .unwrap()
        .modified()
        .unwrap();
    let age = modified.elapsed().unwrap_or_default();
    assert!(age < Duration::from_secs(60), "its times were set");
    let beside = fs::read_dir(tree.path("..")).unwrap();
    assert_eq!(beside.count(), 2);
}

#[test]
fn each_operation_each_flaw_of_a_path_its_errno() {
    let long_name = "n".repeat(256);
    let long_name_beneath = format!("dir/{}/x", "n".repeat(300));
    let long_path = "dir/../".repeat(900);
    let flaws = [
        ("", Errno::Noent),
        ("\0", Errno::Inval),
        ("file\0", Errno::Inval),
        ("fi\0le", Errno::Inval),
        ("/", Errno::Perm),
        ("/file", Errno::Perm),
        ("//", Errno::Perm),
        ("..", Errno::Perm),
        ("../", Errno::Perm),
        ("../root/file", Errno::Perm),
        ("../outside/secret", Errno::Perm),
        ("dir/../../outside/secret", Errno::Perm),
        ("dir/sub/../../../outside/secret", Errno::Perm),
        ("./../outside/secret", Errno::Perm),
        ("outdir/secret", Errno::Perm),
        ("outdir_slash/secret", Errno::Perm),
        ("link_to_outdir/secret", Errno::Perm),
        ("winding/secret", Errno::Perm),
        ("absolute_dir/secret", Errno::Perm),
        ("lnd/../../outside/secret", Errno::Perm),
        ("outdir/../root/file", Errno::Perm),
        ("file/x", Errno::Notdir),
        ("file/../dir", Errno::Notdir),
        ("ln/x", Errno::Notdir),
        ("missing/x", Errno::Noent),
        ("missing/../file", Errno::Noent),
        ("dangling/x", Errno::Noent),
        ("loop/x", Errno::Loop),
        (&long_name, Errno::Nametoolong),
        (&long_name_beneath, Errno::Nametoolong),
        (&long_path, Errno::Nametoolong),
    ];
    let tree = tree();
    let mut guest = tree.guest();
    let before = guest.entries(3, 4096).unwrap();
    for (operation, call) in OPERATIONS {
        for (path, errno) in flaws {
            assert_eq!(
                call(&mut guest, path),
                Err(errno),
                "{operation}: {path:.50?}"
            );
        }
    }
    assert_eq!(guest.entries(3, 4096).unwrap(), before);
    assert_outside_untouched(&tree);
}

#[test]
fn each_operation_last_name_leads_outside_perm_or_the_link_itself() {
    let links = [
        "out",
        "outdir",
        "outdir_slash",
        "link_to_outdir",
        "absolute",
        "out_new",
    ];
    for (operation, call) in OPERATIONS {
        for link in links {
            for slash in ["", "/"] {
                let tree = tree();
                let path = format!("{link}{slash}");
                let outcome = call(&mut tree.guest(), &path);
                assert_outside_untouched(&tree);
                let followed = operation.contains("path_open ") || operation.contains("following");
                let itself = operation.contains("of nothing");
                if followed || itself {
                    // A slash, the link's own too, says that a directory is to be created.
                    let has_slash = slash == "/" || link == "link_to_outdir";
                    let refused = matches!(outcome, Err(Errno::Perm))
                        || (has_slash && matches!(outcome, Err(Errno::Isdir)));
                    assert!(refused, "{operation}: {path}: {outcome:?}");
                }
            }
        }
    }
}

#[test]
fn each_operation_path_not_utf8_ilseq() {
    let mut guest = tree().guest();
    for bad in [
        b"\xff".as_slice(),
        b"file\xc3",
        b"dir/\xed\xa0\x80",
        b"\xc0\xae\xc0\xae/x",
    ] {
        let opened = guest.path_open_with((3, bad), true, oflags::CREAT, NOTHING, 0);
        assert_eq!(opened, Err(Errno::Ilseq), "{bad:?}");
    }
    guest.put(BUFFER, b"\xff");
    guest.put(BUFFER + 8, b"new");
    let (bad, good) = ([u64::from(BUFFER), 1], [u64::from(BUFFER + 8), 3]);
    for (name, words) in [
        ("path_create_directory", vec![3, bad[0], bad[1]]),
        ("path_filestat_get", vec![3, 0, bad[0], bad[1], 0]),
        (
            "path_filestat_set_times",
            vec![3, 0, bad[0], bad[1], 0, 0, 0],
        ),
        ("path_link", vec![3, 0, bad[0], bad[1], 3, good[0], good[1]]),
        ("path_link", vec![3, 0, good[0], good[1], 3, bad[0], bad[1]]),
        ("path_readlink", vec![3, bad[0], bad[1], 4096, 10, 0]),
        ("path_remove_directory", vec![3, bad[0], bad[1]]),
        ("path_rename", vec![3, bad[0], bad[1], 3, good[0], good[1]]),
        ("path_rename", vec![3, good[0], good[1], 3, bad[0], bad[1]]),
        ("path_symlink", vec![bad[0], bad[1], 3, good[0], good[1]]),
        ("path_symlink", vec![good[0], good[1], 3, bad[0], bad[1]]),
        ("path_unlink_file", vec![3, bad[0], bad[1]]),
    ] {
        assert_eq!(
            guest.invoke(name, &words),
            Ok(Errno::Ilseq),
            "{name} {words:?}"
        );
    }
}

#[test]
fn each_operation_descriptor_that_is_no_directory_notdir_or_badf() {
    let calls: [fn(&mut Guest, u32) -> Outcome; 12] = [
        |g, fd| g.path_create_directory((fd, "x")),
        |g, fd| g.path_filestat_get((fd, "x"), true).map(drop),
        |g, fd| g.path_filestat_set_times((fd, "x"), true, (0, 0), 0),
        |g, fd| g.path_link((fd, "x"), (3, "x"), false),
        |g, fd| g.path_link((3, "file"), (fd, "x"), false),
        |g, fd| g.path_open((fd, "x"), 0, NOTHING).map(drop),
        |g, fd| g.path_readlink((fd, "x"), 9).map(drop),
        |g, fd| g.path_remove_directory((fd, "x")),
        |g, fd| g.path_rename((fd, "x"), (3, "x")),
        |g, fd| g.path_rename((3, "file"), (fd, "x")),
        |g, fd| g.path_symlink("file", (fd, "x")),
        |g, fd| g.path_unlink_file((fd, "x")),
    ];
    let mut guest = tree().guest();
    let file = guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
    for (index, call) in calls.into_iter().enumerate() {
        assert_eq!(call(&mut guest, file), Err(Errno::Notdir), "call {index}");
        for fd in [0, 1, 2, 99, u32::MAX] {
            assert_eq!(
                call(&mut guest, fd),
                Err(Errno::Badf),
                "call {index} on {fd}"
            );
        }
    }
}

#[test]
fn opened_subdirectory_is_a_root_of_its_own() {
    let tree = tree();
    let mut guest = tree.guest();
    let dir = guest.path_open((3, "dir"), 0, NOTHING).unwrap();
    for path in ["..", "../file", "sub/../../file", "up"] {
        let opened = guest.path_open((dir, path), 0, NOTHING);
        assert_eq!(opened, Err(Errno::Perm), "{path}");
        let stat = guest.path_filestat_get((dir, path), true);
        assert_eq!(stat, Err(Errno::Perm), "{path}");
    }
    assert!(guest.path_open((dir, "sub/../inner"), 0, NOTHING).is_ok());
    assert!(guest.path_open((3, "dir/up"), 0, NOTHING).is_ok());

    // A directory that moves while it is open takes its root along.
    fs::rename(tree.path("dir"), tree.path("empty/moved")).unwrap();
    assert!(guest.path_open((dir, "inner"), 0, NOTHING).is_ok());
    assert_eq!(guest.path_open((dir, ".."), 0, NOTHING), Err(Errno::Perm));
    fs::remove_dir_all(tree.path("empty/moved")).unwrap();
    let created = guest.path_open((dir, "new"), oflags::CREAT, NOTHING);
    assert_eq!(created, Err(Errno::Noent));
}

/// A path, whether a link in the last place is followed, and `oflags`.
type Opening = (&'static str, bool, u16);

/// Opens for nothing, and answers what was opened.
fn opened(guest: &mut Guest, (path, follow, oflags): Opening) -> Result<u8, Errno> {
    let place = (3, path.as_bytes());
    let fd = guest.path_open_with(place, follow, oflags, NOTHING, 0)?;
    Ok(guest.fd_fdstat_get(fd).unwrap().filetype)
}

const A_FILE: Result<u8, Errno> = Ok(filetype::REGULAR_FILE);
const A_DIRECTORY: Result<u8, Errno> = Ok(filetype::DIRECTORY);

#[test]
fn path_open_way_of_a_path() {
    check(
        &[
            (("file", true, 0), A_FILE),
            (("file/", true, 0), Err(Errno::Notdir)),
            (("file//", false, 0), Err(Errno::Notdir)),
            (("dir", true, 0), A_DIRECTORY),
            (("dir/", true, 0), A_DIRECTORY),
            (("dir//", false, 0), A_DIRECTORY),
            (("missing", true, 0), Err(Errno::Noent)),
            (("missing/", true, 0), Err(Errno::Noent)),
            (("dir/./sub//../inner", true, 0), A_FILE),
            (("dir/sub/..", true, 0), A_DIRECTORY),
            (("dir/..", true, 0), A_DIRECTORY),
            (("dir/../", false, 0), A_DIRECTORY),
            ((".", true, 0), A_DIRECTORY),
            (("./", false, 0), A_DIRECTORY),
            (("./.", false, 0), A_DIRECTORY),
            (("lnd/inner", false, 0), A_FILE),
            (("lnd/../file", false, 0), A_FILE),
            (("dir/up", true, 0), A_FILE),
            (("ln", true, 0), A_FILE),
            (("lnd", true, 0), A_DIRECTORY),
        ],
        opened,
    );
}

#[test]
fn path_open_directory_demanded() {
    let demanded = oflags::DIRECTORY;
    check(
        &[
            (("dir", true, demanded), A_DIRECTORY),
            (("dir/", true, demanded), A_DIRECTORY),
            ((".", true, demanded), A_DIRECTORY),
            (("lnd", true, demanded), A_DIRECTORY),
            (("file", true, demanded), Err(Errno::Notdir)),
            (("file/", true, demanded), Err(Errno::Notdir)),
            (("ln", true, demanded), Err(Errno::Notdir)),
            (("fifo", true, demanded), Err(Errno::Notdir)),
            (("missing", true, demanded), Err(Errno::Noent)),
            (("dangling", true, demanded), Err(Errno::Noent)),
            (("new", true, demanded | oflags::CREAT), Err(Errno::Inval)),
            (("dir", true, demanded | oflags::CREAT), Err(Errno::Inval)),
            (("file", true, demanded | oflags::CREAT), Err(Errno::Inval)),
            (("dir", true, demanded | oflags::EXCL), Err(Errno::Inval)),
            (("dir", true, demanded | oflags::TRUNC), Err(Errno::Inval)),
            (("file", true, 15), Err(Errno::Inval)),
        ],
        opened,
    );
}

#[test]
fn path_open_creating_and_truncating() {
    let (creat, excl, trunc) = (oflags::CREAT, oflags::CREAT | oflags::EXCL, oflags::TRUNC);
    check(
        &[
            (("new", true, creat), A_FILE),
            (("new", true, excl), A_FILE),
            (("new", false, excl), A_FILE),
            (("dir/new", true, creat), A_FILE),
            (("lnd/new", true, creat | trunc), A_FILE),
            (("new", true, trunc), Err(Errno::Noent)),
            (("missing/new", true, creat), Err(Errno::Noent)),
            (("new/", true, creat), Err(Errno::Isdir)),
            (("file/", true, creat), Err(Errno::Isdir)),
            (("dir/", true, creat), Err(Errno::Isdir)),
            (("file", true, creat), A_FILE),
            (("dir", true, creat), Err(Errno::Isdir)),
            (("dir", true, trunc), Err(Errno::Isdir)),
            (("dir/", true, trunc), Err(Errno::Isdir)),
            ((".", true, creat), Err(Errno::Isdir)),
            ((".", true, trunc), Err(Errno::Isdir)),
            (("file", true, excl), Err(Errno::Exist)),
            (("dir", true, excl), Err(Errno::Exist)),
            (("ln", true, excl), Err(Errno::Exist)),
            (("ln", false, excl), Err(Errno::Exist)),
            (("dangling", true, excl), Err(Errno::Exist)),
            (("dangling", false, excl), Err(Errno::Exist)),
            (("loop", true, excl), Err(Errno::Exist)),
            (("out_new", true, excl), Err(Errno::Exist)),
            (("file", true, oflags::EXCL), A_FILE),
            (("missing", true, oflags::EXCL), Err(Errno::Noent)),
        ],
        opened,
    );
}

#[test]
fn path_open_creating_through_a_dangling_link_makes_its_target() {
    let tree = tree();
    let mut guest = tree.guest();
    let opened = guest.path_open((3, "dangling"), oflags::CREAT, READ_WRITE);
    assert_eq!(guest.fd_write(opened.unwrap(), "made"), Ok(4));
    assert_eq!(fs::read(tree.path("nowhere")).unwrap(), b"made");
    assert!(tree.path("dangling").is_symlink());
}

#[test]
fn path_open_truncating_without_the_right_to_write_truncates() {
    for rights in [NOTHING, Rights::FD_READ, Rights::FD_WRITE] {
        let tree = tree();
        let mut guest = tree.guest();
        let file = guest.path_open((3, "file"), oflags::TRUNC, rights).unwrap();
        assert_eq!(fs::read(tree.path("file")).unwrap(), b"", "{rights:?}");
        let written = guest.fd_write(file, "x").is_ok();
        assert_eq!(written, rights == Rights::FD_WRITE, "{rights:?}");
    }
}

#[test]
fn path_open_last_link_not_followed_loop() {
    let creat = oflags::CREAT;
    check(
        &[
            (("ln", false, 0), Err(Errno::Loop)),
            (("lnd", false, 0), Err(Errno::Loop)),
            (("dangling", false, 0), Err(Errno::Loop)),
            (("loop", false, 0), Err(Errno::Loop)),
            (("out", false, 0), Err(Errno::Loop)),
            (("absolute", false, 0), Err(Errno::Loop)),
            (("ln", false, oflags::TRUNC), Err(Errno::Loop)),
            (("ln", false, creat), Err(Errno::Loop)),
            (("dangling", false, creat), Err(Errno::Loop)),
            (("out_new", false, creat), Err(Errno::Loop)),
            // A slash demands what lies behind the link.
            (("lnd/", false, 0), A_DIRECTORY),
            (("ln/", false, 0), Err(Errno::Notdir)),
            (("dangling/", false, 0), Err(Errno::Noent)),
            (("loop/", false, 0), Err(Errno::Loop)),
            (("outdir/", false, 0), Err(Errno::Perm)),
        ],
        opened,
    );
    for path in ["ln", "lnd", "dangling", "outdir"] {
        let demanded = opened(&mut tree().guest(), (path, false, oflags::DIRECTORY));
        assert!(
            matches!(demanded, Err(Errno::Loop | Errno::Notdir)),
            "{path}: {demanded:?}"
        );
    }
    let tree = tree();
    let _ = opened(&mut tree.guest(), ("ln", false, oflags::TRUNC));
    assert_eq!(fs::read(tree.path("file")).unwrap(), b"contents");
}

#[test]
fn path_open_last_link_followed() {
    check(
        &[
            (("dangling", true, 0), Err(Errno::Noent)),
            (("dangling", true, oflags::TRUNC), Err(Errno::Noent)),
            (("loop", true, 0), Err(Errno::Loop)),
            (("loop", true, oflags::CREAT), Err(Errno::Loop)),
            (("ln/", true, 0), Err(Errno::Notdir)),
            (("lnd/", true, 0), A_DIRECTORY),
            (("out", true, 0), Err(Errno::Perm)),
            (("outdir", true, 0), Err(Errno::Perm)),
            (("absolute", true, 0), Err(Errno::Perm)),
            (("winding", true, 0), Err(Errno::Perm)),
            (("out_new", true, oflags::CREAT), Err(Errno::Perm)),
        ],
        opened,
    );
}

#[test]
fn each_oflags_and_rights_on_each_way_out_nothing_happens() {
    let tree = tree();
    let mut guest = tree.guest();
    let ways = [
        "out",
        "outdir",
        "outdir/",
        "link_to_outdir/",
        "absolute",
        "out_new",
        "winding",
    ];
    for path in ways {
        for oflags in 0..16 {
            for rights in [
                NOTHING,
                Rights::FD_READ,
                Rights::FD_WRITE,
                READ_WRITE,
                Rights::all(),
            ] {
                for follow in [false, true] {
                    let place = (3, path.as_bytes());
                    let opened = guest.path_open_with(place, follow, oflags, rights, 0);
                    assert!(opened.is_err(), "{path} {oflags} {rights:?} {follow}");
                    assert_outside_untouched(&tree);
                }
            }
        }
    }
}

#[test]
fn path_open_chain_of_links_40_and_no_more() {
    let mut tree = Tree::new().file("link0", "reached");
    for n in 1..=41 {
        tree = tree.link(format!("link{}", n - 1), format!("link{n}"));
    }
    let mut guest = tree.guest();
    // cap-std's own walk gives up one link earlier.
    let longest = if knows_openat2() { "link40" } else { "link39" };
    assert_eq!(guest.path_filestat_get((3, longest), true).unwrap().size, 7);
    assert!(guest.path_open((3, longest), 0, NOTHING).is_ok());
    assert_eq!(
        guest.path_filestat_get((3, "link41"), true),
        Err(Errno::Loop)
    );
    assert_eq!(guest.path_open((3, "link41"), 0, NOTHING), Err(Errno::Loop));
}

#[test]
fn path_open_longest_name_and_path_ok() {
    let name = "n".repeat(255);
    let path = format!("{}{name}", "./".repeat(1920));
    assert_eq!(path.len(), 4095);
    let mut guest = tree().guest();
    assert!(guest.path_open((3, &name), oflags::CREAT, NOTHING).is_ok());
    assert!(guest.path_open((3, &path), 0, NOTHING).is_ok());
}

#[test]
fn path_open_fdflags_kept_or_notsup() {
    let mut guest = tree().guest();
    let mut open = |path: &str, flags| {
        let place = (3, path.as_bytes());
        let fd = guest.path_open_with(place, true, 0, Rights::FD_READ, flags)?;
        Ok(guest.fd_fdstat_get(fd).unwrap().flags)
    };
    for flags in [0, fdflags::APPEND, fdflags::NONBLOCK] {
        assert_eq!(open("file", flags), Ok(flags));
        assert_eq!(open(".", flags), Ok(0));
    }
    for flags in [
        fdflags::DSYNC,
        fdflags::RSYNC,
        fdflags::SYNC,
        fdflags::SYNC | 1,
    ] {
        assert_eq!(open("file", flags), Err(Errno::Notsup));
    }
}

#[test]
fn path_open_fifo_never_waits() {
    let tree = tree();
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
        assert_eq!(guest.fd_seek(fd, 0, host::whence::CUR), Err(Errno::Spipe));
    }

    let stat = guest.path_filestat_get((3, "fifo"), true).unwrap();
    assert_eq!(stat.filetype, filetype::UNKNOWN);
    assert_eq!(guest.fd_filestat_get(patient).unwrap().ino, stat.ino);
    let times = guest.path_filestat_set_times((3, "fifo"), true, (1, 2), fstflags::MTIM);
    assert_eq!(times, Ok(()));
    assert_eq!(guest.path_unlink_file((3, "fifo")), Ok(()));
}

#[test]
fn path_open_socket_file_nxio() {
    let tree = tree();
    let _listener = std::os::unix::net::UnixListener::bind(tree.path("socket")).unwrap();
    let mut guest = tree.guest();
    let opened = guest.path_open((3, "socket"), 0, Rights::FD_READ);
    assert_eq!(opened, Err(Errno::Nxio));
    let stat = guest.path_filestat_get((3, "socket"), true).unwrap();
    assert_eq!(stat.filetype, filetype::SOCKET_STREAM);
}

#[test]
fn path_create_directory_each_place() {
    let cases = [
        ("new", Ok(())),
        ("new/", Ok(())),
        ("new//", Ok(())),
        ("dir/new", Ok(())),
        ("lnd/new/", Ok(())),
        ("dir/../new", Ok(())),
        ("file", Err(Errno::Exist)),
        ("dir", Err(Errno::Exist)),
        ("dir/", Err(Errno::Exist)),
        ("ln", Err(Errno::Exist)),
        ("lnd", Err(Errno::Exist)),
        ("dangling", Err(Errno::Exist)),
        ("loop", Err(Errno::Exist)),
        ("out_new", Err(Errno::Exist)),
        (".", Err(Errno::Exist)),
        ("dir/.", Err(Errno::Exist)),
        ("dir/..", Err(Errno::Exist)),
        ("missing/new", Err(Errno::Noent)),
        ("file/new", Err(Errno::Notdir)),
    ];
    check(&cases, |guest, path| {
        guest.path_create_directory((3, path))?;
        let stat = guest.path_filestat_get((3, path), false).unwrap();
        assert_eq!(stat.filetype, filetype::DIRECTORY);
        Ok(())
    });
}

#[test]
fn path_remove_directory_each_place() {
    let cases = [
        ("empty", Ok(())),
        ("empty/", Ok(())),
        ("empty//", Ok(())),
        ("dir/sub", Ok(())),
        ("lnd/sub/", Ok(())),
        ("dir", Err(Errno::Notempty)),
        ("dir/", Err(Errno::Notempty)),
        ("file", Err(Errno::Notdir)),
        ("file/", Err(Errno::Notdir)),
        ("ln", Err(Errno::Notdir)),
        ("lnd", Err(Errno::Notdir)),
        ("lnd/", Err(Errno::Notdir)),
        ("dangling", Err(Errno::Notdir)),
        ("fifo", Err(Errno::Notdir)),
        ("missing", Err(Errno::Noent)),
        ("missing/", Err(Errno::Noent)),
        (".", Err(Errno::Inval)),
        ("empty/.", Err(Errno::Inval)),
        ("dir/..", Err(Errno::Notempty)),
    ];
    check(&cases, |guest, path| {
        guest.path_remove_directory((3, path))?;
        assert_eq!(guest.path_filestat_get((3, path), false), Err(Errno::Noent));
        Ok(())
    });
}

#[test]
fn path_unlink_file_each_place() {
    let cases = [
        ("file", Ok(())),
        ("ln", Ok(())),
        ("lnd", Ok(())),
        ("dangling", Ok(())),
        ("loop", Ok(())),
        ("out", Ok(())),
        ("absolute", Ok(())),
        ("fifo", Ok(())),
        ("dir/inner", Ok(())),
        ("lnd/inner", Ok(())),
        ("dir", Err(Errno::Isdir)),
        ("dir/", Err(Errno::Isdir)),
        ("empty", Err(Errno::Isdir)),
        (".", Err(Errno::Isdir)),
        ("dir/..", Err(Errno::Isdir)),
        ("file/", Err(Errno::Notdir)),
        ("ln/", Err(Errno::Notdir)),
        ("lnd/", Err(Errno::Notdir)),
        ("missing", Err(Errno::Noent)),
        ("missing/", Err(Errno::Noent)),
    ];
    check(&cases, |guest, path| {
        let tree = guest.kept.clone().unwrap();
        guest.path_unlink_file((3, path))?;
        assert_eq!(guest.path_filestat_get((3, path), false), Err(Errno::Noent));
        assert_outside_untouched(&tree);
        let target_stays = path == "file" || tree.path("file").exists();
        assert!(target_stays && tree.path("dir").exists());
        Ok(())
    });
}

#[test]
fn path_filestat_get_type_and_size() {
    let of = |filetype, size| Ok((filetype, size));
    let link = filetype::SYMBOLIC_LINK;
    check(
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
            (("absolute", true), Err(Errno::Perm)),
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
            let stat = tree().guest().path_filestat_get((3, path), follow).unwrap();
            assert_eq!(stat.filetype, filetype::DIRECTORY, "{path} {follow}");
        }
    }
    let mut guest = tree().guest();
    let own = guest.fd_filestat_get(3);
    for path in [".", "dir/..", "dir/sub/../../"] {
        assert_eq!(guest.path_filestat_get((3, path), false), own, "{path}");
    }
}

#[test]
fn path_filestat_set_times_of_the_link_or_its_target() {
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
        let tree = tree();
        let mut guest = tree.guest();
        // To be followed is to be accessed.
        let besides_access = |guest: &mut Guest| {
            let stat = guest.path_filestat_get((3, kept), false).unwrap();
            (stat.mtim, stat.ctim, stat.size)
        };
        let before = besides_access(&mut guest);
        let set = guest.path_filestat_set_times((3, path), follow, times, both);
        assert_eq!(set, Ok(()), "{path} {follow}");
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
        (("absolute", true, both), Err(Errno::Perm)),
        (
            ("file", true, fstflags::ATIM | fstflags::ATIM_NOW),
            Err(Errno::Inval),
        ),
        (
            ("file", true, fstflags::MTIM | fstflags::MTIM_NOW),
            Err(Errno::Inval),
        ),
    ];
    check(&cases, |guest, (path, follow, flags)| {
        guest.path_filestat_set_times((3, path), follow, (5, 6), flags)
    });
}

#[test]
fn path_filestat_set_times_one_time_leaves_the_other_exact() {
    let mut guest = tree().guest();
    let both = fstflags::ATIM | fstflags::MTIM;
    for (path, follow) in [("file", true), ("ln", false)] {
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

#[test]
fn path_link_each_source_and_target() {
    let exist = Err(Errno::Exist);
    let cases = [
        (("file", "new"), Ok(())),
        (("file", "dir/new"), Ok(())),
        (("lnd/inner", "empty/new"), Ok(())),
        (("ln", "new"), Ok(())),
        (("dangling", "new"), Ok(())),
        (("loop", "new"), Ok(())),
        (("out", "new"), Ok(())),
        (("fifo", "new"), Ok(())),
        (("file", "file"), exist),
        (("file", "dir"), exist),
        (("file", "dir/"), exist),
        (("file", "ln"), exist),
        (("file", "dangling"), exist),
        (("file", "."), exist),
        (("dir", "file"), exist),
        (("dir", "new"), Err(Errno::Perm)),
        (("dir/", "new"), Err(Errno::Perm)),
        ((".", "new"), Err(Errno::Perm)),
        (("file", "new/"), Err(Errno::Noent)),
        (("file", "file/"), Err(Errno::Notdir)),
        (("file/", "new"), Err(Errno::Notdir)),
        (("ln/", "new"), Err(Errno::Notdir)),
        (("missing", "new"), Err(Errno::Noent)),
        (("file", "missing/new"), Err(Errno::Noent)),
        (("file", "file/new"), Err(Errno::Notdir)),
    ];
    check(&cases, |guest, (from, to)| {
        let before = guest.path_filestat_get((3, from), false);
        guest.path_link((3, from), (3, to), false)?;
        let mut expected = before.unwrap();
        let stat = guest.path_filestat_get((3, to), false).unwrap();
        expected.nlink += 1;
        expected.ctim = stat.ctim;
        assert_eq!(stat, expected, "{from} {to}");
        Ok(())
    });
    for from in ["file", "ln", "dangling", "out"] {
        let followed = tree().guest().path_link((3, from), (3, "new"), true);
        assert_eq!(followed, Err(Errno::Inval), "{from}");
    }
}

#[test]
fn path_rename_each_source_and_target() {
    let notdir = Err(Errno::Notdir);
    let cases = [
        (("file", "new"), Ok(())),
        (("file", "dir/new"), Ok(())),
        (("file", "dir/inner"), Ok(())),
        (("file", "ln"), Ok(())),
        (("file", "dangling"), Ok(())),
        (("file", "out"), Ok(())),
        (("ln", "new"), Ok(())),
        (("loop", "file"), Ok(())),
        (("out", "new"), Ok(())),
        (("dir", "new"), Ok(())),
        (("dir/", "new"), Ok(())),
        (("dir", "new/"), Ok(())),
        (("dir/", "new/"), Ok(())),
        (("dir", "empty"), Ok(())),
        (("dir/", "empty/"), Ok(())),
        (("fifo", "file"), Ok(())),
        (("empty", "dir"), Err(Errno::Notempty)),
        (("empty", "dir/sub"), Ok(())),
        (("dir", "file"), notdir),
        (("dir", "ln"), notdir),
        (("dir", "lnd"), notdir),
        (("file", "dir"), Err(Errno::Isdir)),
        (("file", "empty"), Err(Errno::Isdir)),
        (("file", "new/"), notdir),
        (("file/", "new"), notdir),
        (("file/", "file"), notdir),
        (("file", "dir/inner/"), notdir),
        (("ln/", "new"), notdir),
        (("lnd/", "new"), notdir),
        (("dir", "dir/new"), Err(Errno::Inval)),
        (("dir", "dir/sub/new"), Err(Errno::Inval)),
        (("missing", "new"), Err(Errno::Noent)),
        (("missing/", "new"), Err(Errno::Noent)),
        (("file", "missing/new"), Err(Errno::Noent)),
        (("file", "file/new"), notdir),
        ((".", "new"), Err(Errno::Busy)),
        (("dir/.", "new"), Err(Errno::Busy)),
        (("dir/..", "new"), Err(Errno::Busy)),
        (("dir", "."), Err(Errno::Busy)),
    ];
    check(&cases, |guest, (from, to)| {
        let tree = guest.kept.clone().unwrap();
        let mut moved = guest.path_filestat_get((3, from), false).unwrap_or(
            // What does not exist cannot have been moved either.
            guest.fd_filestat_get(3).unwrap(),
        );
        guest.path_rename((3, from), (3, to))?;
        let stat = guest.path_filestat_get((3, to), false).unwrap();
        moved.ctim = stat.ctim;
        assert_eq!(stat, moved, "{from} {to}");
        assert_eq!(guest.path_filestat_get((3, from), false), Err(Errno::Noent));
        assert_outside_untouched(&tree);
        Ok(())
    });
}

#[test]
fn path_rename_onto_itself_nothing_changes() {
    let tree = tree();
    fs::hard_link(tree.path("file"), tree.path("again")).unwrap();
    let mut guest = tree.guest();
    for (from, to) in [
        ("file", "file"),
        ("file", "again"),
        ("dir", "dir"),
        ("dir", "dir/"),
        ("ln", "ln"),
        ("file", "./dir/../file"),
    ] {
        assert_eq!(guest.path_rename((3, from), (3, to)), Ok(()), "{from} {to}");
        for path in [from, to] {
            assert!(guest.path_filestat_get((3, path), false).is_ok(), "{path}");
        }
    }
}

#[test]
fn path_rename_and_link_between_two_descriptors() {
    let mut guest = tree().guest();
    let dir = guest.path_open((3, "dir"), 0, NOTHING).unwrap();
    assert_eq!(
        guest.path_link((dir, "inner"), (3, "linked"), false),
        Ok(())
    );
    assert_eq!(guest.path_rename((3, "file"), (dir, "sub/moved")), Ok(()));
    assert_eq!(guest.path_rename((dir, "inner"), (dir, "moved")), Ok(()));
    for path in ["linked", "dir/sub/moved", "dir/moved"] {
        assert!(guest.path_filestat_get((3, path), false).is_ok(), "{path}");
    }
    let out = guest.path_rename((dir, "../linked"), (3, "x"));
    assert_eq!(out, Err(Errno::Perm));
    let out = guest.path_rename((3, "linked"), (dir, "../x"));
    assert_eq!(out, Err(Errno::Perm));
}

#[test]
fn path_symlink_each_target_and_place() {
    let long = "x/".repeat(2048);
    let longest = &long[..4095];
    for (target, path, expected) in [
        ("file", "new", Ok(())),
        ("missing", "new", Ok(())),
        ("../file", "dir/new", Ok(())),
        ("../outside/secret", "new", Ok(())),
        ("dir/", "new", Ok(())),
        ("grüße", "new", Ok(())),
        (longest, "new", Ok(())),
        ("/etc/passwd", "new", Err(Errno::Perm)),
        ("/", "new", Err(Errno::Perm)),
        ("", "new", Err(Errno::Noent)),
        ("a\0b", "new", Err(Errno::Inval)),
        ("a\0", "new", Err(Errno::Inval)),
        (&long, "new", Err(Errno::Nametoolong)),
        ("file", "file", Err(Errno::Exist)),
        ("file", "dir", Err(Errno::Exist)),
        ("file", "ln", Err(Errno::Exist)),
        ("file", "dangling", Err(Errno::Exist)),
        ("file", ".", Err(Errno::Exist)),
        ("file", "dir/", Err(Errno::Exist)),
        ("file", "lnd/", Err(Errno::Exist)),
        ("file", "file/", Err(Errno::Notdir)),
        ("file", "new/", Err(Errno::Noent)),
        ("file", "missing/new", Err(Errno::Noent)),
        ("file", "file/new", Err(Errno::Notdir)),
    ] {
        let mut guest = tree().guest();
        let made = guest.path_symlink(target, (3, path));
        assert_eq!(made, expected, "{target:.50?} at {path}");
        if made.is_ok() {
            let told = guest.path_readlink((3, path), 5000).unwrap();
            assert_eq!(told, target.as_bytes(), "{target:.50?}");
        }
    }
}

#[test]
fn path_symlink_that_leads_outside_perm_when_it_is_used() {
    let tree = tree();
    let mut guest = tree.guest();
    for (n, target) in [
        "../outside/secret",
        "../../../../etc/passwd",
        "dir/../../outside/secret",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("escape{n}");
        assert_eq!(guest.path_symlink(target, (3, &name)), Ok(()));
        for oflags in [0, oflags::CREAT, oflags::TRUNC] {
            let opened = guest.path_open((3, &name), oflags, READ_WRITE);
            assert_eq!(opened, Err(Errno::Perm), "{target} {oflags}");
        }
    }
    assert_outside_untouched(&tree);
}

#[test]
fn path_readlink_each_place_and_length() {
    let tree = tree().link(OsStr::from_bytes(b"\xff"), "not_text");
    let mut guest = tree.guest();
    for (path, expected) in [
        ("ln", Ok("file")),
        ("lnd", Ok("dir")),
        ("dir/up", Ok("../file")),
        ("lnd/up", Ok("../file")),
        ("dangling", Ok("nowhere")),
        ("loop", Ok("loop")),
        ("out", Ok("../outside/secret")),
        ("absolute", Err(Errno::Perm)),
        ("not_text", Err(Errno::Ilseq)),
        ("file", Err(Errno::Inval)),
        ("dir", Err(Errno::Inval)),
        ("fifo", Err(Errno::Inval)),
        (".", Err(Errno::Inval)),
        ("dir/..", Err(Errno::Inval)),
        ("dir/", Err(Errno::Inval)),
        ("lnd/", Err(Errno::Inval)),
        ("ln/", Err(Errno::Notdir)),
        ("file/", Err(Errno::Notdir)),
        ("missing", Err(Errno::Noent)),
    ] {
        let expected = expected.map(|text: &str| text.as_bytes().to_vec());
        assert_eq!(guest.path_readlink((3, path), 100), expected, "{path}");
    }
    for (length, expected) in [(0, ""), (1, "f"), (3, "fil"), (4, "file"), (5, "file")] {
        guest.bytes_mut(BUFFER, 8).fill(b'.');
        let told = guest.path_readlink((3, "ln"), length).unwrap();
        assert_eq!(told, expected.as_bytes(), "{length}");
        let mut whole = expected.to_owned();
        whole.extend(std::iter::repeat_n('.', 8 - expected.len()));
        assert_eq!(guest.bytes(BUFFER, 8), whole.as_bytes(), "{length}");
    }
}

/// Says that the process runs with the filter.
const WITHOUT: &str = "TURNKEY_TEST_WITHOUT_OPENAT2";

/// Whether the host knows `openat2`.
#[cfg(target_os = "linux")]
fn knows_openat2() -> bool {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let opened = openat2(
        CWD,
        ".",
        OFlags::RDONLY,
        Mode::empty(),
        ResolveFlags::empty(),
    );
    !matches!(opened, Err(rustix::io::Errno::NOSYS))
}

#[cfg(not(target_os = "linux"))]
fn knows_openat2() -> bool {
    false
}

#[test]
#[cfg(target_os = "linux")]
fn openat2_unknown_exactly_where_it_is_filtered() {
    if std::env::var_os(WITHOUT).is_some() {
        assert!(!knows_openat2());
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn every_test_without_openat2_passes_too() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
    use std::collections::BTreeMap;
    use std::process::Command;

    /// The number of `openat2`, the same on every architecture.
    const OPENAT2: i64 = 437;
    const ENOSYS: u32 = 38;

    if std::env::var_os(WITHOUT).is_some() {
        return;
    }
    let filter = SeccompFilter::new(
        BTreeMap::from([(OPENAT2, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(ENOSYS),
        TargetArch::x86_64,
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    // The filter holds for this thread and for what it starts.
    let run = std::thread::spawn(move || {
        apply_filter(&program).unwrap();
        let tests = std::env::current_exe().unwrap();
        Command::new(tests).env(WITHOUT, "1").output().unwrap()
    });
    let output = run.join().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("openat2_unknown_exactly_where_it_is_filtered ... ok"),
        "{told}"
    );
}
