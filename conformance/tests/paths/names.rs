//! Making, removing, doubling and moving names.

use crate::host::{Backend, Difference, filetype, on_every_backend};
use crate::{NOTHING, assert_outside_untouched, check, if_absolute, if_piped, tree};
use turnkey_wasi_common::Errno;

on_every_backend![
    path_create_directory_each_place,
    path_remove_directory_each_place,
    path_unlink_file_each_place,
    path_link_each_source_and_target,
    path_rename_each_source_and_target,
    path_rename_onto_itself_nothing_changes,
    path_rename_and_link_between_two_descriptors,
];

fn path_create_directory_each_place(on: Backend) {
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
    check(on, &cases, |guest, path| {
        guest.path_create_directory((3, path))?;
        let stat = guest.path_filestat_get((3, path), false).unwrap();
        assert_eq!(stat.filetype, filetype::DIRECTORY);
        Ok(())
    });
}

fn path_remove_directory_each_place(on: Backend) {
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
        ("fifo", if_piped(on, Err(Errno::Notdir))),
        ("missing", Err(Errno::Noent)),
        ("missing/", Err(Errno::Noent)),
        (".", Err(Errno::Inval)),
        ("empty/.", Err(Errno::Inval)),
        ("dir/..", Err(Errno::Notempty)),
    ];
    check(on, &cases, |guest, path| {
        guest.path_remove_directory((3, path))?;
        assert_eq!(guest.path_filestat_get((3, path), false), Err(Errno::Noent));
        Ok(())
    });
}

fn path_unlink_file_each_place(on: Backend) {
    let cases = [
        ("file", Ok(())),
        ("ln", Ok(())),
        ("lnd", Ok(())),
        ("dangling", Ok(())),
        ("loop", Ok(())),
        ("out", Ok(())),
        ("absolute", if_absolute(on, Ok(()))),
        ("fifo", if_piped(on, Ok(()))),
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
    check(on, &cases, |guest, path| {
        let tree = guest.kept.clone().unwrap();
        guest.path_unlink_file((3, path))?;
        assert_eq!(guest.path_filestat_get((3, path), false), Err(Errno::Noent));
        assert_outside_untouched(&tree);
        let target_stays = path == "file" || tree.exists("file");
        assert!(target_stays && tree.exists("dir"));
        Ok(())
    });
}

fn path_link_each_source_and_target(on: Backend) {
    let exist = Err(Errno::Exist);
    let cases = [
        (("file", "new"), Ok(())),
        (("file", "dir/new"), Ok(())),
        (("lnd/inner", "empty/new"), Ok(())),
        (("ln", "new"), Ok(())),
        (("dangling", "new"), Ok(())),
        (("loop", "new"), Ok(())),
        (("out", "new"), Ok(())),
        (("fifo", "new"), if_piped(on, Ok(()))),
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
    check(on, &cases, |guest, (from, to)| {
        let before = guest.path_filestat_get((3, from), false);
        guest.path_link((3, from), (3, to), false)?;
        let mut expected = before.unwrap();
        let stat = guest.path_filestat_get((3, to), false).unwrap();
        expected.nlink += 1;
        expected.ctim = stat.ctim;
        if on.differs(Difference::LookingReads) {
            expected.atim = stat.atim;
        }
        assert_eq!(stat, expected, "{from} {to}");
        Ok(())
    });
    for from in ["file", "ln", "dangling", "out"] {
        let followed = tree(on).guest().path_link((3, from), (3, "new"), true);
        assert_eq!(followed, Err(Errno::Inval), "{from}");
    }
}

fn path_rename_each_source_and_target(on: Backend) {
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
        (("fifo", "file"), if_piped(on, Ok(()))),
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
    check(on, &cases, |guest, (from, to)| {
        let tree = guest.kept.clone().unwrap();
        let mut moved = guest.path_filestat_get((3, from), false).unwrap_or(
            // What does not exist cannot have been moved either.
            guest.fd_filestat_get(3).unwrap(),
        );
        guest.path_rename((3, from), (3, to))?;
        let stat = guest.path_filestat_get((3, to), false).unwrap();
        moved.ctim = stat.ctim;
        if on.differs(Difference::LookingReads) {
            moved.atim = stat.atim;
        }
        assert_eq!(stat, moved, "{from} {to}");
        assert_eq!(guest.path_filestat_get((3, from), false), Err(Errno::Noent));
        assert_outside_untouched(&tree);
        Ok(())
    });
}

fn path_rename_onto_itself_nothing_changes(on: Backend) {
    let tree = tree(on);
    tree.name_again("file", "again");
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

fn path_rename_and_link_between_two_descriptors(on: Backend) {
    let mut guest = tree(on).guest();
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
