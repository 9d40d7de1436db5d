//! What is known of an open file and what becomes of its size and times.

use crate::host::{Backend, filetype, fstflags, on_every_backend, whence};
use crate::{DIR, FILE, assert_fault, contents, guest, size};
use std::fs;
use std::os::unix::fs::MetadataExt;
use turnkey_wasi_common::{Errno, Rights};

on_every_backend![
    fd_advise_range_beyond_i64_inval,
    fd_allocate_only_ever_grows,
    fd_sync_file_open_to_read_ok,
    fd_filestat_get_agrees_with_path_listing_and_host,
    fd_filestat_set_size_grows_with_zeros_and_leaves_the_offset,
    fd_filestat_set_times_each_choice,
    fd_filestat_set_times_now_is_now,
    fd_filestat_set_times_far_future_as_far_as_the_host_goes,
];

fn fd_advise_range_beyond_i64_inval(on: Backend) {
    let mut guest = guest(on);
    for advice in 0..6 {
        assert_eq!(guest.fd_advise(FILE, 0, 4, advice), Ok(()), "{advice}");
    }
    let longest = i64::MAX.unsigned_abs();
    for (offset, length, expected) in [
        (0, 0, Ok(())),
        (1 << 40, 1 << 40, Ok(())),
        (0, longest, Ok(())),
        (longest, 0, Ok(())),
        (longest, 1, Err(Errno::Inval)),
        (0, u64::MAX, Err(Errno::Inval)),
        (u64::MAX, 0, Err(Errno::Inval)),
        (u64::MAX, u64::MAX, Err(Errno::Inval)),
    ] {
        let advised = guest.fd_advise(FILE, offset, length, 3);
        assert_eq!(advised, expected, "{offset} {length}");
    }
    assert_eq!(size(&mut guest, FILE), 8);
    assert_fault(guest.invoke("fd_advise", &[4, 0, 1, 6]));
}

fn fd_allocate_only_ever_grows(on: Backend) {
    let mut guest = guest(on);
    for (offset, length, expected) in [(0, 4, 8), (0, 100, 100), (50, 20, 100), (90, 20, 110)] {
        assert_eq!(guest.fd_allocate(FILE, offset, length), Ok(()));
        assert_eq!(size(&mut guest, FILE), expected, "{offset} {length}");
    }
    assert_eq!(guest.fd_tell(FILE), Ok(0));
    let mut expected = b"contents".to_vec();
    expected.resize(110, 0);
    assert_eq!(contents(&mut guest), expected);
    for (offset, length, errno) in [
        (0, 0, Errno::Inval),
        (u64::MAX, 0, Errno::Inval),
        (i64::MAX.unsigned_abs(), 1, Errno::Fbig),
        (1, u64::MAX, Errno::Fbig),
        (u64::MAX, u64::MAX, Errno::Fbig),
    ] {
        let allocated = guest.fd_allocate(FILE, offset, length);
        assert_eq!(allocated, Err(errno), "{offset} {length}");
    }
    let more_than_a_disk = guest.fd_allocate(FILE, 0, 1 << 62);
    assert!(matches!(more_than_a_disk, Err(Errno::Fbig | Errno::Nospc)));
    assert_eq!(size(&mut guest, FILE), 110);
}

fn fd_sync_file_open_to_read_ok(on: Backend) {
    let mut guest = guest(on);
    let file = guest.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
    assert_eq!(guest.fd_sync(file), Ok(()));
    assert_eq!(guest.fd_datasync(file), Ok(()));
}

fn fd_filestat_get_agrees_with_path_listing_and_host(on: Backend) {
    let mut guest = guest(on);
    let tree = guest.kept.clone().unwrap();
    tree.name_again("file", "again");
    for (fd, path) in [(FILE, "file"), (DIR, "dir"), (3, ".")] {
        let stat = guest.fd_filestat_get(fd).unwrap();
        assert_eq!(
            guest.path_filestat_get((3, path), false),
            Ok(stat),
            "{path}"
        );
        let entries = guest.entries(3, 4096).unwrap();
        let entry = entries.iter().find(|entry| entry.name == path).unwrap();
        assert_eq!(
            (entry.ino, entry.filetype),
            (stat.ino, stat.filetype),
            "{path}"
        );
        let told = tree.stat(path);
        assert_eq!(
            (stat.dev, stat.ino, stat.nlink, stat.mtim, stat.ctim),
            (
                told.device,
                told.inode,
                told.links,
                told.modified,
                told.changed
            ),
            "{path}"
        );
        if !on.is_the_hosts() {
            continue;
        }
        let host = fs::metadata(tree.path(path)).unwrap();
        assert_eq!(
            (stat.dev, stat.ino, stat.nlink),
            (host.dev(), host.ino(), host.nlink())
        );
        let nanoseconds = |s: i64, ns: i64| s.unsigned_abs() * 1_000_000_000 + ns.unsigned_abs();
        assert_eq!(
            (stat.mtim, stat.ctim),
            (
                nanoseconds(host.mtime(), host.mtime_nsec()),
                nanoseconds(host.ctime(), host.ctime_nsec())
            ),
            "{path}"
        );
    }
    let file = guest.fd_filestat_get(FILE).unwrap();
    assert_eq!(
        (file.size, file.nlink, file.filetype),
        (8, 2, filetype::REGULAR_FILE)
    );
    assert_ne!(file.ino, guest.fd_filestat_get(DIR).unwrap().ino);
}

#[test]
fn fd_filestat_get_stdio_zeros() {
    let stat = guest(Backend::Host).fd_filestat_get(1).unwrap();
    assert_eq!((stat.dev, stat.ino, stat.nlink, stat.size), (0, 0, 0, 0));
    assert_eq!(
        (stat.atim, stat.mtim, stat.ctim, stat.filetype),
        (0, 0, 0, filetype::UNKNOWN)
    );
}

fn fd_filestat_set_size_grows_with_zeros_and_leaves_the_offset(on: Backend) {
    let mut guest = guest(on);
    guest.fd_seek(FILE, 6, whence::SET).unwrap();
    for (size, expected) in [
        (3, b"con".as_slice()),
        (5, b"con\0\0"),
        (0, b""),
        (2, b"\0\0"),
    ] {
        assert_eq!(guest.fd_filestat_set_size(FILE, size), Ok(()));
        assert_eq!(contents(&mut guest), expected);
    }
    assert_eq!(guest.fd_tell(FILE), Ok(6));
    for size in [1 << 63, u64::MAX] {
        assert_eq!(guest.fd_filestat_set_size(FILE, size), Err(Errno::Fbig));
    }
    let largest = guest.fd_filestat_set_size(FILE, i64::MAX.unsigned_abs());
    assert!(matches!(largest, Ok(()) | Err(Errno::Fbig)), "{largest:?}");
}

fn fd_filestat_set_times_each_choice(on: Backend) {
    const START: (u64, u64) = (1_111_222_333, 4_444_555_666_777_888_999);
    let both = fstflags::ATIM | fstflags::MTIM;
    for (flags, expected) in [
        (0, Ok(START)),
        (fstflags::ATIM, Ok((5, START.1))),
        (fstflags::MTIM, Ok((START.0, 6))),
        (both, Ok((5, 6))),
        (both | fstflags::ATIM_NOW, Err(Errno::Inval)),
        (both | fstflags::MTIM_NOW, Err(Errno::Inval)),
        (fstflags::ATIM | fstflags::ATIM_NOW, Err(Errno::Inval)),
        (fstflags::MTIM | fstflags::MTIM_NOW, Err(Errno::Inval)),
        (15, Err(Errno::Inval)),
    ] {
        let mut guest = guest(on);
        for fd in [
            FILE,
            DIR,
            guest.path_open((3, "file"), 0, Rights::FD_READ).unwrap(),
        ] {
            guest
                .fd_filestat_set_times(fd, START.0, START.1, both)
                .unwrap();
            let set = guest.fd_filestat_set_times(fd, 5, 6, flags);
            assert_eq!(set, expected.map(drop), "{flags} on {fd}");
            let stat = guest.fd_filestat_get(fd).unwrap();
            let times = expected.unwrap_or(START);
            assert_eq!((stat.atim, stat.mtim), times, "{flags} on {fd}");
        }
    }
    assert_fault(guest(on).invoke("fd_filestat_set_times", &[4, 0, 0, 16]));
}

fn fd_filestat_set_times_now_is_now(on: Backend) {
    let mut guest = guest(on);
    let both = fstflags::ATIM | fstflags::MTIM;
    guest.fd_filestat_set_times(FILE, 5, 6, both).unwrap();
    let now = fstflags::ATIM_NOW | fstflags::MTIM_NOW;
    assert_eq!(guest.fd_filestat_set_times(FILE, 5, 6, now), Ok(()));
    let clock = guest.clock_time_get(0).unwrap();
    let stat = guest.fd_filestat_get(FILE).unwrap();
    for time in [stat.atim, stat.mtim] {
        assert!(
            clock.abs_diff(time) < 60_000_000_000,
            "{time} is not {clock}"
        );
    }
}

fn fd_filestat_set_times_far_future_as_far_as_the_host_goes(on: Backend) {
    let mut guest = guest(on);
    let tree = guest.kept.clone().unwrap();
    for time in [1 << 62, 1 << 63, u64::MAX] {
        assert_eq!(
            guest.fd_filestat_set_times(FILE, 0, time, fstflags::MTIM),
            Ok(())
        );
        let expected = match on.is_the_hosts() {
            true => {
                let host = fs::metadata(tree.path("file")).unwrap();
                let seconds = u64::try_from(host.mtime()).unwrap();
                let nanoseconds = u64::try_from(host.mtime_nsec()).unwrap();
                let whole = seconds.saturating_mul(1_000_000_000);
                whole.saturating_add(nanoseconds)
            }
            false => time,
        };
        assert_eq!(
            guest.fd_filestat_get(FILE).unwrap().mtim,
            expected,
            "{time}"
        );
    }
}
