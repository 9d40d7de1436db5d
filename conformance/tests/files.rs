//! What can be done with an open file, and what everything else answers to it.
#![cfg(test)]

mod host;

use host::{BUFFER, Guest, Tree, fdflags, filetype, fstflags, oflags, whence};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use turnkey_wasi_common::{
    Access, Errno, Limits, Pipe, PipeReader, Rights, Stop, Table, Trap, TrapKind,
};

type Outcome = Result<(), Errno>;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

/// A guest with `file` open as descriptor 4, the directory `dir` as 5.
fn guest() -> Guest {
    let mut guest = Tree::new().file("file", "contents").dir("dir").guest();
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    assert_eq!(guest.path_open((3, "dir"), 0, Rights::empty()), Ok(5));
    guest
}

const FILE: u32 = 4;
const DIR: u32 = 5;
/// A descriptor that is not open.
const CLOSED: u32 = 6;

fn open(guest: &mut Guest, oflags: u16, fdflags: u16) -> u32 {
    let place = (3, b"file".as_slice());
    let opened = guest.path_open_with(place, true, oflags, READ_WRITE, fdflags);
    opened.unwrap()
}

fn size(guest: &mut Guest, fd: u32) -> u64 {
    guest.fd_filestat_get(fd).unwrap().size
}

/// What the whole file holds.
fn contents(guest: &mut Guest) -> Vec<u8> {
    guest.fd_pread(FILE, 4096, 0).unwrap()
}

/// Asks a file, a directory, a standard stream and a descriptor that is not open.
fn check(expected: [Outcome; 4], call: impl Fn(&mut Guest, u32) -> Outcome) {
    for (fd, expected) in [FILE, DIR, 1, CLOSED].into_iter().zip(expected) {
        assert_eq!(call(&mut guest(), fd), expected, "descriptor {fd}");
    }
}

#[track_caller]
fn assert_fault(outcome: Result<Errno, Stop>) {
    let kind = match &outcome {
        Err(Stop::Trap(trap)) => Some(trap.kind()),
        _ => None,
    };
    assert_eq!(kind, Some(TrapKind::Fault), "{outcome:?}");
}

#[test]
fn each_function_on_each_kind_of_descriptor_its_errno() {
    let (ok, badf) = (Ok(()), Err(Errno::Badf));
    let spipe = Err(Errno::Spipe);
    let only_files = [ok, badf, badf, badf];
    check(only_files, |g, fd| g.fd_advise(fd, 0, 1, 0));
    check(only_files, |g, fd| g.fd_allocate(fd, 0, 1));
    check(only_files, Guest::fd_datasync);
    check(only_files, Guest::fd_sync);
    check(only_files, |g, fd| g.fd_filestat_set_size(fd, 1));
    check([ok, ok, ok, badf], Guest::fd_close);
    check([ok, ok, ok, badf], |g, fd| g.fd_fdstat_get(fd).map(drop));
    check([ok, ok, ok, badf], |g, fd| g.fd_filestat_get(fd).map(drop));
    check([ok, badf, ok, badf], |g, fd| {
        g.fd_fdstat_set_flags(fd, fdflags::NONBLOCK)
    });
    check([ok, ok, badf, badf], |g, fd| {
        g.fd_filestat_set_times(fd, 1, 2, fstflags::MTIM)
    });
    check([ok, badf, badf, badf], |g, fd| g.fd_read(fd, 1).map(drop));
    check([ok, badf, ok, badf], |g, fd| g.fd_write(fd, "x").map(drop));
    check([ok, badf, spipe, badf], |g, fd| {
        g.fd_pread(fd, 1, 0).map(drop)
    });
    check([ok, badf, spipe, badf], |g, fd| {
        g.fd_pwrite(fd, "x", 0).map(drop)
    });
    check([ok, badf, spipe, badf], |g, fd| {
        g.fd_seek(fd, 1, whence::SET).map(drop)
    });
    check([ok, badf, spipe, badf], |g, fd| g.fd_tell(fd).map(drop));
    check([badf; 4], |g, fd| g.fd_prestat_get(fd).map(drop));
    let notdir = Err(Errno::Notdir);
    check([notdir, notdir, notdir, badf], |g, fd| {
        g.fd_prestat_dir_name(fd, 9).map(drop)
    });
    check([notdir, ok, notdir, badf], |g, fd| {
        g.fd_readdir(fd, 99, 0).map(drop)
    });
    let nothing = Rights::empty();
    check([ok, ok, ok, badf], |g, fd| {
        g.fd_fdstat_set_rights(fd, nothing, nothing)
    });
    for far in [1 << 18, (1 << 18) - 1, 1 << 31, u32::MAX] {
        assert_eq!(guest().fd_tell(far), badf.map(|()| 0));
        assert_eq!(guest().fd_close(far), badf);
        assert_eq!(guest().fd_renumber(FILE, far), badf);
        assert_eq!(guest().fd_renumber(far, FILE), badf);
    }
}

#[test]
fn fd_advise_range_beyond_i64_inval() {
    let mut guest = guest();
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

#[test]
fn fd_allocate_only_ever_grows() {
    let mut guest = guest();
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

#[test]
fn fd_close_lowest_number_is_next() {
    let mut guest = guest();
    for fd in [DIR, FILE] {
        assert_eq!(guest.fd_close(fd), Ok(()));
        assert_eq!(guest.fd_close(fd), Err(Errno::Badf));
    }
    let opened = [(); 3].map(|()| open(&mut guest, 0, 0));
    assert_eq!(opened, [4, 5, 6]);
    assert_eq!(guest.fd_close(0), Ok(()));
    assert_eq!(open(&mut guest, 0, 0), 0);
    assert_eq!(guest.fd_read(0, 3).unwrap(), b"con");
}

#[test]
fn fd_close_preopen_what_was_opened_through_it_stays() {
    let mut guest = guest();
    let again = guest.path_open((3, "."), 0, Rights::empty()).unwrap();
    assert_eq!(guest.fd_close(3), Ok(()));
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
    assert_eq!(
        guest.path_open((3, "file"), 0, READ_WRITE),
        Err(Errno::Badf)
    );
    assert_eq!(
        guest
            .path_filestat_get((again, "file"), false)
            .unwrap()
            .size,
        8
    );
    assert_eq!(guest.fd_read(FILE, 3).unwrap(), b"con");
}

#[test]
fn fd_sync_file_open_to_read_ok() {
    let mut guest = guest();
    let file = guest.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
    assert_eq!(guest.fd_sync(file), Ok(()));
    assert_eq!(guest.fd_datasync(file), Ok(()));
}

#[test]
fn fd_fdstat_get_file_flags_as_opened() {
    let mut guest = guest();
    for flags in [
        0,
        fdflags::APPEND,
        fdflags::NONBLOCK,
        fdflags::APPEND | fdflags::NONBLOCK,
    ] {
        let file = open(&mut guest, 0, flags);
        let stat = guest.fd_fdstat_get(file).unwrap();
        assert_eq!((stat.filetype, stat.flags), (filetype::REGULAR_FILE, flags));
    }
}

#[test]
fn fd_fdstat_set_flags_append_off_overwrites_in_place() {
    let mut guest = guest();
    assert_eq!(guest.fd_fdstat_set_flags(FILE, fdflags::APPEND), Ok(()));
    assert_eq!(guest.fd_write(FILE, "!"), Ok(1));
    assert_eq!(guest.fd_fdstat_set_flags(FILE, 0), Ok(()));
    assert_eq!(guest.fd_fdstat_get(FILE).unwrap().flags, 0);
    assert_eq!(guest.fd_seek(FILE, 0, whence::SET), Ok(0));
    assert_eq!(guest.fd_write(FILE, "C"), Ok(1));
    assert_eq!(contents(&mut guest), b"Contents!");
}

#[test]
fn fd_fdstat_set_flags_that_cannot_be_set_inval() {
    let mut guest = guest();
    for flags in [fdflags::DSYNC, fdflags::RSYNC, fdflags::SYNC, 31] {
        let set = guest.fd_fdstat_set_flags(FILE, flags);
        assert_eq!(set, Err(Errno::Inval), "{flags}");
    }
    assert_eq!(guest.fd_fdstat_get(FILE).unwrap().flags, 0);
    assert_fault(guest.invoke("fd_fdstat_set_flags", &[4, 32]));
}

#[test]
fn fd_filestat_get_agrees_with_path_listing_and_host() {
    let mut guest = guest();
    let tree = guest.kept.clone().unwrap();
    fs::hard_link(tree.path("file"), tree.path("again")).unwrap();
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
        let host = fs::metadata(tree.path(path)).unwrap();
        assert_eq!(
            (stat.dev, stat.ino, stat.nlink),
            (host.dev(), host.ino(), host.nlink())
        );
        let nanoseconds = |s: i64, ns: i64| s.unsigned_abs() * 1_000_000_000 + ns.unsigned_abs();
        assert_eq!(
            stat.mtim,
            nanoseconds(host.mtime(), host.mtime_nsec()),
            "{path}"
        );
        assert_eq!(
            stat.ctim,
            nanoseconds(host.ctime(), host.ctime_nsec()),
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
    let stat = guest().fd_filestat_get(1).unwrap();
    assert_eq!((stat.dev, stat.ino, stat.nlink, stat.size), (0, 0, 0, 0));
    assert_eq!(
        (stat.atim, stat.mtim, stat.ctim, stat.filetype),
        (0, 0, 0, filetype::UNKNOWN)
    );
}

#[test]
fn fd_filestat_get_host_time_before_1970_zero() {
    let mut guest = guest();
    let path = guest.kept.clone().unwrap().path("file");
    for before in [1, 1_000_000_000, 10_000_000_000_000_000] {
        let time = SystemTime::UNIX_EPOCH - Duration::from_nanos(before);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
        assert_eq!(guest.fd_filestat_get(FILE).unwrap().mtim, 0, "{before}");
        let stat = guest.path_filestat_get((3, "file"), true);
        assert_eq!(stat.unwrap().mtim, 0, "{before}");
    }
}

#[test]
fn fd_filestat_set_size_grows_with_zeros_and_leaves_the_offset() {
    let mut guest = guest();
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

#[test]
fn fd_filestat_set_times_each_choice() {
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
        let mut guest = guest();
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
    assert_fault(guest().invoke("fd_filestat_set_times", &[4, 0, 0, 16]));
}

#[test]
fn fd_filestat_set_times_now_is_now() {
    let mut guest = guest();
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

#[test]
fn fd_filestat_set_times_far_future_as_far_as_the_host_goes() {
    let mut guest = guest();
    let path = guest.kept.clone().unwrap().path("file");
    for time in [1 << 62, 1 << 63, u64::MAX] {
        assert_eq!(
            guest.fd_filestat_set_times(FILE, 0, time, fstflags::MTIM),
            Ok(())
        );
        let host = fs::metadata(&path).unwrap();
        let seconds = u64::try_from(host.mtime()).unwrap();
        let nanoseconds = u64::try_from(host.mtime_nsec()).unwrap();
        let expected = seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(nanoseconds);
        assert_eq!(
            guest.fd_filestat_get(FILE).unwrap().mtim,
            expected,
            "{time}"
        );
    }
}

#[test]
fn fd_pread_leaves_the_offset_and_knows_the_end() {
    let mut guest = guest();
    guest.fd_seek(FILE, 2, whence::SET).unwrap();
    for (offset, expected) in [
        (0, Ok(b"con".to_vec())),
        (6, Ok(b"ts".to_vec())),
        (8, Ok(Vec::new())),
        (9, Ok(Vec::new())),
        (1 << 40, Ok(Vec::new())),
        (1 << 63, Err(Errno::Inval)),
        (u64::MAX, Err(Errno::Inval)),
    ] {
        assert_eq!(guest.fd_pread(FILE, 3, offset), expected, "{offset}");
    }
    assert_eq!(guest.fd_pread_into(FILE, &[], 0), Ok(0));
    assert_eq!(
        guest.fd_pread_into(FILE, &[(BUFFER, 0), (BUFFER, 0)], 0),
        Ok(0)
    );
    assert_eq!(guest.fd_tell(FILE), Ok(2));
}

#[test]
fn fd_pwrite_leaves_the_offset_and_fills_gaps() {
    let mut guest = guest();
    guest.fd_seek(FILE, 2, whence::SET).unwrap();
    assert_eq!(guest.fd_pwrite(FILE, "C", 0), Ok(1));
    assert_eq!(guest.fd_pwrite(FILE, "!", 10), Ok(1));
    assert_eq!(guest.fd_pwrite(FILE, "", 20), Ok(0));
    assert_eq!(contents(&mut guest), b"Contents\0\0!");
    for offset in [1 << 63, u64::MAX] {
        assert_eq!(
            guest.fd_pwrite(FILE, "x", offset),
            Err(Errno::Inval),
            "{offset}"
        );
        assert_eq!(
            guest.fd_pwrite(FILE, "", offset),
            Err(Errno::Inval),
            "{offset}"
        );
    }
    let at_the_limit = guest.fd_pwrite(FILE, "xy", i64::MAX.unsigned_abs());
    assert!(
        matches!(at_the_limit, Err(Errno::Fbig | Errno::Inval)),
        "{at_the_limit:?}"
    );
    assert_eq!(guest.fd_tell(FILE), Ok(2));
    assert_eq!(size(&mut guest, FILE), 11);
}

#[test]
fn fd_pwrite_to_appending_descriptor_at_the_offset() {
    let mut guest = guest();
    let file = open(&mut guest, 0, fdflags::APPEND);
    assert_eq!(guest.fd_pwrite(file, "CON", 0), Ok(3));
    assert_eq!(guest.fd_tell(file), Ok(0));
    assert_eq!(contents(&mut guest), b"CONtents");
}

#[test]
fn fd_write_appending_moves_to_the_new_end() {
    let mut guest = guest();
    let file = open(&mut guest, 0, fdflags::APPEND);
    assert_eq!(guest.fd_read(file, 3).unwrap(), b"con");
    assert_eq!(guest.fd_write(file, "ed"), Ok(2));
    assert_eq!(guest.fd_tell(file), Ok(10));
    assert_eq!(guest.fd_seek(file, 0, whence::SET), Ok(0));
    // Somebody else makes the file longer in between.
    assert_eq!(guest.fd_pwrite(FILE, "!", 10), Ok(1));
    let (one, two) = ((BUFFER, 2), (BUFFER + 8, 1));
    guest.put(BUFFER, b"??      .");
    assert_eq!(guest.fd_write_from(file, &[one, (0, 0), two]), Ok(3));
    assert_eq!(guest.fd_tell(file), Ok(14));
    assert_eq!(guest.fd_read(file, 9).unwrap(), b"");
    assert_eq!(contents(&mut guest), b"contentsed!??.");
    assert_eq!(guest.fd_seek(file, 0, whence::SET), Ok(0));
    assert_eq!(guest.fd_write(file, ""), Ok(0));
    assert_eq!(guest.fd_tell(file), Ok(0));
}

#[test]
fn fd_write_of_nothing_beyond_the_end_does_not_grow() {
    let mut guest = guest();
    guest.fd_seek(FILE, 100, whence::SET).unwrap();
    assert_eq!(guest.fd_write(FILE, ""), Ok(0));
    assert_eq!(guest.fd_write_from(FILE, &[]), Ok(0));
    assert_eq!(guest.fd_write_from(FILE, &[(u32::MAX, 0)]), Ok(0));
    assert_eq!((size(&mut guest, FILE), guest.fd_tell(FILE)), (8, Ok(100)));
    assert_eq!(guest.fd_read(FILE, 4).unwrap(), b"");
    assert_eq!(guest.fd_write(FILE, "!"), Ok(1));
    assert_eq!(size(&mut guest, FILE), 101);
}

#[test]
fn fd_read_two_descriptors_of_one_file_each_its_offset() {
    let mut guest = guest();
    let other = open(&mut guest, 0, 0);
    assert_eq!(guest.fd_read(FILE, 3).unwrap(), b"con");
    assert_eq!(guest.fd_read(other, 4).unwrap(), b"cont");
    assert_eq!((guest.fd_tell(FILE), guest.fd_tell(other)), (Ok(3), Ok(4)));
}

/// Buffers that lie behind each other from the last to the first, of 1, 2, 3 … bytes, with an
/// empty one between any two; and the bytes that they hold together.
fn scattered(count: u32) -> (Vec<(u32, u32)>, Vec<u8>) {
    let mut at = BUFFER + count * (count + 1);
    let mut buffers = Vec::new();
    for length in 1..=count {
        at -= length + 1;
        buffers.extend([(at, length), (u32::MAX, 0)]);
    }
    let total = count * (count + 1) / 2;
    let bytes = (0..total).map(|n| (n % 251).to_le_bytes()[0]).collect();
    (buffers, bytes)
}

fn fill(guest: &mut Guest, buffers: &[(u32, u32)], bytes: &[u8]) {
    let mut rest = bytes;
    for (at, length) in buffers.iter().filter(|(_, length)| *length > 0) {
        let (these, others) = rest.split_at(*length as usize);
        guest.put(*at, these);
        rest = others;
    }
}

fn gathered(guest: &Guest, buffers: &[(u32, u32)]) -> Vec<u8> {
    let filled = buffers.iter().filter(|(_, length)| *length > 0);
    filled
        .flat_map(|(at, length)| guest.bytes(*at, *length as usize).to_vec())
        .collect()
}

#[test]
fn fd_write_and_fd_read_several_buffers_all_moved_in_order() {
    for count in [1, 2, 15, 16, 17, 40] {
        let (buffers, bytes) = scattered(count);
        let total = u32::try_from(bytes.len()).unwrap();
        let mut guest = guest();
        fill(&mut guest, &buffers, &bytes);
        assert_eq!(guest.fd_write_from(FILE, &buffers), Ok(total), "{count}");
        assert_eq!(
            guest.fd_pwrite_from(FILE, &buffers, total.into()),
            Ok(total),
            "{count}"
        );
        assert_eq!(guest.fd_tell(FILE), Ok(total.into()));
        assert_eq!(
            guest.fd_pread(FILE, bytes.len(), 0).unwrap(),
            bytes,
            "{count}"
        );

        guest.memory[BUFFER as usize..].fill(0xee);
        assert_eq!(guest.fd_read_into(FILE, &buffers), Ok(total), "{count}");
        assert_eq!(gathered(&guest, &buffers), bytes, "{count}");
        let between = buffers[0].0 + 1;
        assert_eq!(
            guest.bytes(between, 1),
            [0xee],
            "the byte between two buffers"
        );
        guest.memory[BUFFER as usize..].fill(0);
        assert_eq!(guest.fd_pread_into(FILE, &buffers, 0), Ok(total), "{count}");
        assert_eq!(gathered(&guest, &buffers), bytes, "{count}");
    }
}

#[test]
fn fd_read_file_ends_within_the_buffers_short() {
    let mut guest = guest();
    let buffers: Vec<(u32, u32)> = (0..20).map(|n| (BUFFER + 10 * n, 3)).collect();
    assert_eq!(guest.fd_read_into(FILE, &buffers), Ok(8));
    assert_eq!(gathered(&guest, &buffers)[..9], *b"contents\0");
    assert_eq!(guest.fd_read_into(FILE, &buffers), Ok(0));
}

#[test]
fn fd_write_and_fd_read_1025_buffers_the_last_one_with_the_next_call() {
    let mut guest = guest();
    let bytes: Vec<u8> = (0..1025_u32).map(|n| n.to_le_bytes()[0]).collect();
    let buffers: Vec<(u32, u32)> = (0..1025).map(|n| (BUFFER + n, 1)).collect();
    guest.put(BUFFER, &bytes);
    assert_eq!(guest.fd_write_from(FILE, &buffers), Ok(1024));
    assert_eq!(guest.fd_write_from(FILE, &buffers[1024..]), Ok(1));
    assert_eq!(guest.fd_seek(FILE, 0, whence::SET), Ok(0));
    guest.memory[BUFFER as usize..][..1025].fill(0);
    assert_eq!(guest.fd_read_into(FILE, &buffers), Ok(1024));
    assert_eq!(guest.fd_read_into(FILE, &buffers[1024..]), Ok(1));
    assert_eq!(guest.bytes(BUFFER, 1025), bytes);
}

#[test]
fn fd_read_overlapping_buffers_filled_one_after_the_other() {
    let mut guest = guest();
    let overlapping = [(BUFFER, 3), (BUFFER + 1, 3), (BUFFER + 1, 1)];
    assert_eq!(guest.fd_read_into(FILE, &overlapping), Ok(7));
    assert_eq!(guest.bytes(BUFFER, 4), b"cten");
    assert_eq!(guest.fd_tell(FILE), Ok(7));
    assert_eq!(guest.fd_pread_into(FILE, &overlapping, 1), Ok(7));
    assert_eq!(guest.bytes(BUFFER, 4), b"osnt");

    // A stream is read in the same way, and does not wait for what is not there.
    let stdin = Arc::new(PipeReader::of(b"contents"));
    let mut guest = Guest::new(
        Tree::new()
            .builder(Access::ReadWrite)
            .stdin(stdin)
            .build()
            .unwrap(),
    );
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(7));
    assert_eq!(guest.bytes(BUFFER, 4), b"cten");
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(1));
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(0));
}

#[test]
fn fd_read_overlapping_buffers_of_a_pipe_that_stays_open_what_is_there() {
    let (writer, reader) = Pipe::new(64);
    writer.send(b"abcd").unwrap();
    let builder = Tree::new()
        .builder(Access::ReadWrite)
        .stdin(Arc::new(reader));
    let mut guest = Guest::new(builder.build().unwrap());
    let overlapping = [(BUFFER, 3), (BUFFER, 3), (BUFFER, 3)];
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(4));
    assert_eq!(guest.bytes(BUFFER, 3), b"dbc");
}

#[test]
fn fd_write_overlapping_buffers_each_written() {
    let mut guest = guest();
    guest.put(BUFFER, b"abcd");
    let overlapping = [(BUFFER, 3), (BUFFER + 1, 3), (BUFFER, 3)];
    assert_eq!(guest.fd_write_from(FILE, &overlapping), Ok(9));
    assert_eq!(contents(&mut guest), b"abcbcdabc");
}

#[test]
fn fd_write_one_buffer_beyond_memory_trap_and_nothing_written() {
    let mut guest = guest();
    let end = u32::try_from(guest.memory.len()).unwrap();
    for bad in [(end, 1), (end - 1, 2), (u32::MAX, 1), (1, u32::MAX)] {
        let (iovecs, _) = guest.put_iovecs(&[(BUFFER, 4), bad]);
        let iovecs = u64::from(iovecs);
        for (name, words) in [
            ("fd_write", vec![4, iovecs, 2, 0]),
            ("fd_pwrite", vec![4, iovecs, 2, 0, 0]),
            ("fd_read", vec![4, iovecs, 2, 0]),
            ("fd_pread", vec![4, iovecs, 2, 0, 0]),
        ] {
            guest.bytes_mut(BUFFER, 4).fill(b'x');
            assert_fault(guest.invoke(name, &words));
            assert_eq!(guest.bytes(BUFFER, 4), b"xxxx", "{name} {bad:?}");
        }
        assert_eq!(contents(&mut guest), b"contents", "{bad:?}");
        assert_eq!(guest.fd_tell(FILE), Ok(0), "{bad:?}");
    }
}

#[test]
fn fd_read_closed_descriptor_and_bad_pointer_badf() {
    let mut guest = guest();
    for name in ["fd_read", "fd_write"] {
        let words = [
            CLOSED.into(),
            u32::MAX.into(),
            u32::MAX.into(),
            u32::MAX.into(),
        ];
        assert_eq!(guest.invoke(name, &words), Ok(Errno::Badf), "{name}");
    }
}

#[test]
fn fd_prestat_get_and_dir_name_each_preopen_and_nothing_else() {
    let tree = Tree::new().dir("dir");
    let names = ["/", ".", "", "/grüße", "a//b"];
    let mut builder = turnkey_cap_backends::builder();
    for name in names {
        builder = builder.preopen(name, tree.host_dir(), Access::ReadWrite);
    }
    let mut guest = Guest::new(builder.build().unwrap());
    for (fd, name) in (3..).zip(names) {
        let length = u32::try_from(name.len()).unwrap();
        assert_eq!(guest.fd_prestat_get(fd), Ok(length), "{name:?}");
        assert_eq!(
            guest.fd_prestat_dir_name(fd, name.len()).unwrap(),
            name.as_bytes()
        );
        let mut longer = name.as_bytes().to_vec();
        longer.extend(b"..");
        assert_eq!(guest.fd_prestat_dir_name(fd, longer.len()).unwrap(), longer);
        if let Some(shorter) = name.len().checked_sub(1) {
            let short = guest.fd_prestat_dir_name(fd, shorter);
            assert_eq!(short, Err(Errno::Nametoolong), "{name:?}");
        }
    }
    for fd in [0, 1, 2, 8] {
        assert_eq!(guest.fd_prestat_get(fd), Err(Errno::Badf), "{fd}");
    }
}

#[test]
fn fd_renumber_moves_the_descriptor_and_closes_what_was_there() {
    let mut guest = guest();
    guest.fd_seek(FILE, 3, whence::SET).unwrap();
    guest.fd_fdstat_set_flags(FILE, fdflags::NONBLOCK).unwrap();
    let stat = guest.fd_fdstat_get(FILE);
    assert_eq!(guest.fd_renumber(FILE, DIR), Ok(()));
    assert_eq!(guest.fd_fdstat_get(DIR), stat);
    assert_eq!(guest.fd_read(DIR, 9).unwrap(), b"tents");
    assert_eq!(guest.fd_tell(FILE), Err(Errno::Badf));

    assert_eq!(guest.fd_renumber(DIR, DIR), Ok(()));
    assert_eq!(guest.fd_tell(DIR), Ok(8));
    for (from, to) in [(FILE, DIR), (DIR, FILE), (CLOSED, CLOSED), (DIR, CLOSED)] {
        assert_eq!(
            guest.fd_renumber(from, to),
            Err(Errno::Badf),
            "{from} to {to}"
        );
    }
    assert_eq!(guest.fd_tell(DIR), Ok(8));
    assert_eq!(open(&mut guest, 0, 0), FILE);
}

#[test]
fn fd_renumber_over_a_preopen_it_is_none_any_more() {
    let mut guest = guest();
    assert_eq!(guest.fd_renumber(FILE, 3), Ok(()));
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
    assert_eq!(guest.fd_read(3, 3).unwrap(), b"con");

    let mut guest = self::guest();
    assert_eq!(guest.fd_renumber(3, 1), Ok(()));
    assert_eq!(guest.fd_prestat_get(1), Ok(1));
    assert_eq!(guest.path_filestat_get((1, "file"), false).unwrap().size, 8);
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
}

#[test]
fn fd_renumber_again_and_again_the_host_keeps_nothing_open() {
    let mut guest = guest();
    let open_in_this_process = || fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open_in_this_process();
    for _ in 0..500 {
        let opened = open(&mut guest, 0, 0);
        assert_eq!(guest.fd_renumber(opened, FILE), Ok(()));
    }
    // Other tests open files at the same time.
    assert!(open_in_this_process() < before + 250);
    assert_eq!(guest.ctx.table().len(), 6);
}

#[test]
fn fd_seek_each_whence_and_flaw() {
    let mut guest = guest();
    let largest = i64::MAX.unsigned_abs();
    for (delta, whence, expected) in [
        (3, whence::SET, Ok(3)),
        (2, whence::CUR, Ok(5)),
        (-5, whence::CUR, Ok(0)),
        (-1, whence::CUR, Err(Errno::Inval)),
        (-1, whence::SET, Err(Errno::Inval)),
        (i64::MIN, whence::SET, Err(Errno::Inval)),
        (-3, whence::END, Ok(5)),
        (-9, whence::END, Err(Errno::Inval)),
        (100, whence::END, Ok(108)),
        (i64::MAX, whence::END, Err(Errno::Overflow)),
        (0, whence::CUR, Ok(108)),
        (i64::MAX, whence::SET, Ok(largest)),
        (1, whence::CUR, Err(Errno::Overflow)),
        (i64::MAX, whence::CUR, Err(Errno::Overflow)),
        (0, whence::CUR, Ok(largest)),
        (i64::MIN, whence::CUR, Err(Errno::Inval)),
        (0, whence::END, Ok(8)),
    ] {
        let moved = guest.fd_seek(FILE, delta, whence);
        assert_eq!(moved, expected, "{delta} {whence}");
    }
    assert_eq!(guest.fd_tell(FILE), Ok(8));
    assert_fault(guest.invoke("fd_seek", &[4, 0, 3, 0]));
}

#[test]
fn fd_write_at_the_largest_offset_an_errno_and_the_offset_stays() {
    let mut guest = guest();
    guest.fd_seek(FILE, i64::MAX, whence::SET).unwrap();
    let written = guest.fd_write(FILE, "xy");
    assert!(
        matches!(written, Err(Errno::Fbig | Errno::Inval)),
        "{written:?}"
    );
    assert_eq!(guest.fd_tell(FILE), Ok(i64::MAX.unsigned_abs()));
}

#[test]
fn path_open_table_full_mfile_and_nothing_created() {
    let tree = Tree::new().file("file", "contents");
    let limits = Limits {
        files: 5,
        ..Limits::default()
    };
    let builder = tree.builder(Access::ReadWrite).limits(limits);
    let mut guest = Guest::new(builder.build().unwrap());
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    for oflags in [oflags::CREAT, oflags::CREAT | oflags::EXCL] {
        assert_eq!(
            guest.path_open((3, "new"), oflags, READ_WRITE),
            Err(Errno::Mfile)
        );
    }
    let truncated = guest.path_open((3, "file"), oflags::TRUNC, READ_WRITE);
    assert_eq!(truncated, Err(Errno::Mfile));
    assert!(!tree.path("new").exists());
    assert_eq!(size(&mut guest, 4), 8);
    assert_eq!(guest.fd_close(0), Ok(()));
    assert_eq!(
        guest.path_open((3, "new"), oflags::CREAT, READ_WRITE),
        Ok(0)
    );
}

#[test]
fn fd_read_blocked_guest_that_never_waits_again() {
    let (writer, reader) = Pipe::new(1);
    let (writer_of_guest, _reader_of_ours) = Pipe::new(4);
    let builder = turnkey_cap_backends::builder()
        .stdin(Arc::new(reader))
        .stdout(Arc::new(writer_of_guest));
    let mut guest = Guest::new(builder.build().unwrap());
    for fd in [0, 1] {
        assert_eq!(guest.fd_fdstat_set_flags(fd, fdflags::NONBLOCK), Ok(()));
    }
    assert_eq!(guest.fd_read(0, 1), Err(Errno::Again));
    assert_eq!(guest.fd_read(0, 0), Ok(Vec::new()));
    assert_eq!(guest.fd_write(1, "abcdef"), Ok(4));
    assert_eq!(guest.fd_write(1, "ef"), Err(Errno::Again));
    drop(writer);
    assert_eq!(guest.fd_read(0, 1), Ok(Vec::new()));
}

#[test]
fn fd_read_guest_that_waits_gets_what_comes() {
    let (writer, reader) = Pipe::new(1);
    let builder = turnkey_cap_backends::builder().stdin(Arc::new(reader));
    let mut guest = Guest::new(builder.build().unwrap());
    let sending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        writer.send(b"x").unwrap();
        writer
    });
    assert_eq!(guest.fd_read(0, 10).unwrap(), b"x");
    drop(sending.join().unwrap());
    assert_eq!(guest.fd_read(0, 10).unwrap(), b"");
}

#[test]
fn fault_names_what_the_guest_did() {
    let mut guest = guest();
    let outcome = guest.invoke("fd_write", &[4, u64::from(u32::MAX) - 3, 1, 0]);
    let Err(Stop::Trap(trap)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(Trap::to_string(&trap).contains("0xfffffffc"), "{trap}");
}
