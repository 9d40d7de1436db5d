//! A disk that is full, and a file that may not grow.

use crate::host::{Tree, fdflags, oflags, whence};
use crate::{READ_WRITE, alone, assert_passed, purpose};
use std::fs;
use turnkey_wasi_common::Errno;

const TEST: &str = "disk::full_disk_errno_and_what_was_told_is_there";

/// Bytes of the disk or of the longest file.
const ROOM: u64 = 64 << 10;

/// A disk of a few pages, in a namespace of the user's own. The test's temporary files lie on it.
const TMPFS: &str = r#"exec unshare --user --map-root-user --mount sh -c '
    set -e
    disk=$(mktemp -d)
    mount -t tmpfs -o size=64k tmpfs "$disk"
    export TMPDIR="$disk"
    exec "$@"' sh "$@""#;

/// Files that may not grow: `ulimit` counts blocks of 512 bytes. The signal that comes with it is
/// ignored, as the errno tells the same.
const RLIMIT: &str = r#"trap "" XFSZ; ulimit -f 128 && exec "$@""#;

/// Broken on purpose: `HostFile::write_at` tells the length of its buffers instead of what the
/// host wrote.
#[test]
fn full_disk_errno_and_what_was_told_is_there() {
    match purpose().as_deref() {
        Some("disk") => return fill(&[Errno::Nospc]),
        Some("file") => return fill(&[Errno::Fbig]),
        _ => {}
    }
    assert_passed(&alone(RLIMIT, TEST, "file"));
    let mounts = r#"unshare --user --map-root-user --mount mount -t tmpfs tmpfs /mnt"#;
    let may_mount = std::process::Command::new("sh")
        .args(["-c", mounts])
        .output();
    match may_mount {
        Ok(output) if output.status.success() => assert_passed(&alone(TMPFS, TEST, "disk")),
        other => println!("NOT RUN: a full disk, because nothing can be mounted here: {other:?}"),
    }
}

/// Writes until there is no room, in every way.
fn fill(full: &[Errno]) {
    let is_full = |errno: Errno| full.contains(&errno);
    for flags in [0, fdflags::APPEND] {
        let tree = Tree::new();
        let mut guest = tree.guest();
        let place = (3, b"file".as_slice());
        let file = guest.path_open_with(place, true, oflags::CREAT, READ_WRITE, flags);
        let file = file.unwrap();
        let mut told: Vec<u8> = Vec::new();
        let errno = loop {
            // Parts of a length that does not divide the room, each of other bytes.
            let part = vec![u8::try_from(told.len() % 251).unwrap(); 3000];
            match guest.fd_write(file, &part) {
                Ok(count) => told.extend(&part[..count as usize]),
                Err(errno) => break errno,
            }
            assert!(told.len() as u64 <= ROOM);
        };
        assert!(is_full(errno), "{errno:?}");
        assert!(told.len() > 8192, "{}", told.len());
        // What was told is there, no more and no less, and the offset stands behind it.
        assert_eq!(fs::read(tree.path("file")).unwrap(), told);
        assert_eq!(guest.fd_tell(file), Ok(told.len() as u64));
        assert_eq!(guest.fd_filestat_get(file).unwrap().size, told.len() as u64);
        assert_eq!(guest.fd_sync(file), Ok(()));

        // The other ways to ask for room.
        let far = ROOM + 100_000;
        for outcome in [
            guest
                .fd_pwrite(file, vec![1; 100_000], ROOM - 50_000)
                .map(|count| count < 100_000),
            guest.fd_allocate(file, far, 1000).map(|()| false),
        ] {
            match outcome {
                Ok(less) => assert!(less),
                Err(errno) => assert!(is_full(errno), "{errno:?}"),
            }
        }
        // Room that comes back can be used.
        assert_eq!(guest.fd_filestat_set_size(file, 0), Ok(()));
        assert_eq!(guest.fd_seek(file, 0, whence::SET), Ok(0));
        assert_eq!(guest.fd_write(file, "again"), Ok(5));
        assert_eq!(fs::read(tree.path("file")).unwrap(), b"again");
    }
}
