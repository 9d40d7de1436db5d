//! Reading, writing, and what is known of a file.

use crate::host::{BUFFER, Guest, Tree, fdflags};
use crate::{READ_WRITE, guest_with_file};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{Errno, PipeReader};

/// A file's time before 1970 is no panic; a guest's clock begins there.
///
/// Broken on purpose: `stat::timestamp` takes a negative number of seconds without its sign.
#[test]
fn wasi_common_mtime_before_1970() {
    let tree = Tree::new().file("file", "contents");
    let mut guest = tree.guest();
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    for before in [1, 1_000_000_000, 10_000_000_000_000_000] {
        let time = SystemTime::UNIX_EPOCH - Duration::from_nanos(before);
        let file = fs::File::options()
            .write(true)
            .open(tree.path("file"))
            .unwrap();
        file.set_modified(time).unwrap();
        assert_eq!(guest.fd_filestat_get(4).unwrap().mtim, 0, "{before}");
        let stat = guest.path_filestat_get((3, "file"), true);
        assert_eq!(stat.unwrap().mtim, 0, "{before}");
    }
}

/// `ctim` is when the file's attributes changed last, not when it was made.
///
/// Broken on purpose: `stat_of` tells the modification's time as `ctim`.
#[test]
fn wasi_common_ctim_is_the_time_of_the_last_change() {
    let tree = Tree::new().file("file", "contents");
    let mut guest = tree.guest();
    let made = guest.path_filestat_get((3, "file"), true).unwrap();
    thread::sleep(Duration::from_millis(30));
    fs::set_permissions(tree.path("file"), fs::Permissions::from_mode(0o640)).unwrap();
    let stat = guest.path_filestat_get((3, "file"), true).unwrap();
    assert!(stat.ctim > made.ctim && stat.mtim == made.mtim);
    let host = fs::metadata(tree.path("file")).unwrap();
    let expected = i128::from(host.ctime()) * 1_000_000_000 + i128::from(host.ctime_nsec());
    assert_eq!(i128::from(stat.ctim), expected);
}

/// Every buffer is filled (the predecessor used the first one with room: 3 of 8 bytes).
///
/// Broken on purpose: `Buffers::read` keeps one range.
#[test]
fn wasi_common_every_buffer_is_used() {
    let buffers = [(BUFFER, 3), (BUFFER + 100, 5)];
    let mut guest = guest_with_file();
    assert_eq!(guest.fd_read_into(4, &buffers), Ok(8));
    assert_eq!(guest.bytes(BUFFER, 3), b"con");
    assert_eq!(guest.bytes(BUFFER + 100, 5), b"tents");
    assert_eq!(guest.fd_pread_into(4, &buffers, 0), Ok(8));
    assert_eq!(guest.fd_pwrite_from(4, &buffers, 8), Ok(8));
    assert_eq!(guest.fd_write_from(4, &buffers), Ok(8));
    let stdin = Arc::new(PipeReader::of(b"contents"));
    let mut guest = Guest::new(builder().stdin(stdin).build().unwrap());
    assert_eq!(guest.fd_read_into(0, &buffers), Ok(8));
}

/// An empty buffer in front of others is no end of the file.
///
/// Broken on purpose: `Buffers::read` keeps one range, the empty ones among them.
#[test]
fn wasi_common_empty_first_buffer_is_no_end_of_file() {
    let buffers = [(BUFFER, 0), (u32::MAX, 0), (BUFFER, 8)];
    let mut guest = guest_with_file();
    assert_eq!(guest.fd_read_into(4, &buffers), Ok(8));
    assert_eq!(guest.fd_pread_into(4, &buffers, 0), Ok(8));
    assert_eq!(guest.fd_write_from(4, &buffers), Ok(8));
    let stdin = Arc::new(PipeReader::of(b"contents"));
    let mut guest = Guest::new(builder().stdin(stdin).build().unwrap());
    assert_eq!(guest.fd_read_into(0, &buffers), Ok(8));
}

/// An offset near the largest one does not wrap to the beginning, with however many buffers
/// (uvwasi d420a05, bfd2e68).
///
/// Broken on purpose: no `check_offset`, and the host's offset is the guest's modulo 2^63.
#[test]
fn uvwasi_d420a05_offsets_do_not_wrap() {
    let mut guest = guest_with_file();
    let largest = i64::MAX.unsigned_abs();
    let two = [(BUFFER, 2), (BUFFER + 8, 2)];
    let overlapping = [(BUFFER, 2), (BUFFER + 1, 2)];
    for offset in [
        largest - 3,
        largest - 1,
        largest,
        largest + 1,
        u64::MAX - 1,
        u64::MAX,
    ] {
        for buffers in [&two[..1], &two, &overlapping] {
            let told = (offset, buffers);
            let expected = match offset > largest {
                true => [Err(Errno::Inval)].as_slice(),
                // Where the host has no file so long, it says so in its own way.
                false => &[
                    Ok(0),
                    Err(Errno::Inval),
                    Err(Errno::Fbig),
                    Err(Errno::Overflow),
                ],
            };
            let read = guest.fd_pread_into(4, buffers, offset);
            assert!(expected.contains(&read), "{told:?}: {read:?}");
            let written = guest.fd_pwrite_from(4, buffers, offset);
            assert!(
                written.is_err() && expected.contains(&written),
                "{told:?}: {written:?}"
            );
        }
    }
    assert_eq!(guest.fd_filestat_get(4).unwrap().size, 8);
    assert_eq!(guest.fd_pread(4, 9, 0).unwrap(), b"contents");
}

/// A positioned write goes where it says, on every system, also where the descriptor appends.
///
/// Broken on purpose: `operations::io::write_at` appends where the flag is set.
#[test]
fn wasi_common_pwrite_to_appending_descriptor_at_its_offset() {
    let mut guest = guest_with_file();
    assert_eq!(guest.fd_fdstat_set_flags(4, fdflags::APPEND), Ok(()));
    assert_eq!(guest.fd_pwrite(4, "CON", 0), Ok(3));
    assert_eq!(guest.fd_tell(4), Ok(0));
    assert_eq!(guest.fd_pread(4, 99, 0).unwrap(), b"CONtents");
    assert_eq!(guest.fd_write(4, "!"), Ok(1));
    assert_eq!(guest.fd_pread(4, 99, 0).unwrap(), b"CONtents!");
}

/// `fd_allocate` is there, and grows.
///
/// Broken on purpose: `HostFile::allocate` answers `NOTSUP`.
#[test]
fn wasi_common_fd_allocate_grows() {
    let mut guest = guest_with_file();
    assert_eq!(guest.fd_allocate(4, 6, 94), Ok(()));
    assert_eq!(guest.fd_filestat_get(4).unwrap().size, 100);
    assert_eq!(guest.fd_allocate(4, 0, 1), Ok(()));
    assert_eq!(guest.fd_filestat_get(4).unwrap().size, 100);
}
