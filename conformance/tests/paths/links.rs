//! Symbolic links: what they may hold, and what is told of it.

use crate::host::{BUFFER, Backend, Difference, on_every_backend};
use crate::{if_absolute, if_piped, tree};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use turnkey_wasi_common::Errno;

on_every_backend![
    path_symlink_each_target_and_place,
    path_readlink_each_place_and_length,
];

fn path_symlink_each_target_and_place(on: Backend) {
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
        let mut guest = tree(on).guest();
        let made = guest.path_symlink(target, (3, path));
        assert_eq!(made, expected, "{target:.50?} at {path}");
        if made.is_ok() {
            let told = guest.path_readlink((3, path), 5000).unwrap();
            assert_eq!(told, target.as_bytes(), "{target:.50?}");
        }
    }
}

fn path_readlink_each_place_and_length(on: Backend) {
    let tree = tree(on).link(OsStr::from_bytes(b"\xff"), "not_text");
    let mut guest = tree.guest();
    for (path, expected) in [
        ("ln", Ok("file")),
        ("lnd", Ok("dir")),
        ("dir/up", Ok("../file")),
        ("lnd/up", Ok("../file")),
        ("dangling", Ok("nowhere")),
        ("loop", Ok("loop")),
        ("out", Ok("../outside/secret")),
        ("absolute", if_absolute(on, Err(Errno::Perm))),
        (
            "not_text",
            on.unless(Difference::OnlyText, Err(Errno::Ilseq), Err(Errno::Noent)),
        ),
        ("file", Err(Errno::Inval)),
        ("dir", Err(Errno::Inval)),
        ("fifo", if_piped(on, Err(Errno::Inval))),
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
