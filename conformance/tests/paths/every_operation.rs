//! What every operation on a path has in common: the flaws of a path, and the ways outside.

use crate::host::{BUFFER, Guest, fstflags, oflags};
use crate::{NOTHING, Outcome, READ_WRITE, assert_outside_untouched, tree};
use std::fs;
use turnkey_wasi_common::Errno;

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
