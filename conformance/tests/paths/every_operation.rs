//! What every operation on a path has in common: the flaws of a path, and the ways outside.

use crate::host::{BUFFER, Backend, Guest, PATH_OPERATIONS, oflags, on_every_backend};
use crate::{NOTHING, Outcome, READ_WRITE, assert_outside_untouched, if_absolute, tree};
use turnkey_wasi_common::Errno;

on_every_backend![
    each_operation_each_flaw_of_a_path_its_errno,
    each_operation_path_not_utf8_ilseq,
    each_operation_descriptor_that_is_no_directory_notdir_or_badf,
    opened_subdirectory_is_a_root_of_its_own,
];

fn each_operation_each_flaw_of_a_path_its_errno(on: Backend) {
    let long_name = "n".repeat(256);
    let long_name_beneath = format!("dir/{}/x", "n".repeat(300));
    let long_path = "dir/../".repeat(900);
    let flaws = [
        ("", Errno::Noent),
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
    let tree = tree(on);
    let mut guest = tree.guest();
    let before = guest.entries(3, 4096).unwrap();
    let absolute = if_absolute::<()>(on, Err(Errno::Perm));
    let flaws = flaws.map(|(path, errno)| (path, Err(errno)));
    for (operation, call) in PATH_OPERATIONS {
        for (path, expected) in flaws.into_iter().chain([("absolute_dir/secret", absolute)]) {
            assert_eq!(call(&mut guest, path), expected, "{operation}: {path:.50?}");
        }
    }
    assert_eq!(guest.entries(3, 4096).unwrap(), before);
    assert_outside_untouched(&tree);
}

fn each_operation_path_not_utf8_ilseq(on: Backend) {
    let mut guest = tree(on).guest();
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

fn each_operation_descriptor_that_is_no_directory_notdir_or_badf(on: Backend) {
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
    let mut guest = tree(on).guest();
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

fn opened_subdirectory_is_a_root_of_its_own(on: Backend) {
    let tree = tree(on);
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
    tree.rename("dir", "empty/moved");
    assert!(guest.path_open((dir, "inner"), 0, NOTHING).is_ok());
    assert_eq!(guest.path_open((dir, ".."), 0, NOTHING), Err(Errno::Perm));
    tree.remove("empty/moved").unwrap();
    let created = guest.path_open((dir, "new"), oflags::CREAT, NOTHING);
    assert_eq!(created, Err(Errno::Noent));
}
