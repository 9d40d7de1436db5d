//! Reading, writing and the offset.

use crate::host::{BUFFER, Backend, Guest, fdflags, on_every_backend, whence};
use crate::{CLOSED, FILE, assert_fault, contents, guest, open, size};
use std::sync::Arc;
use std::time::Duration;
use turnkey_wasi_common::{Errno, Pipe};

on_every_backend![
    fd_pread_leaves_the_offset_and_knows_the_end,
    fd_pwrite_leaves_the_offset_and_fills_gaps,
    fd_write_appending_moves_to_the_new_end,
    fd_write_of_nothing_beyond_the_end_does_not_grow,
    fd_read_two_descriptors_of_one_file_each_its_offset,
    fd_read_closed_descriptor_and_bad_pointer_badf,
    fd_seek_each_whence_and_flaw,
    fd_write_at_the_largest_offset_an_errno_and_the_offset_stays,
];

fn fd_pread_leaves_the_offset_and_knows_the_end(on: Backend) {
    let mut guest = guest(on);
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

fn fd_pwrite_leaves_the_offset_and_fills_gaps(on: Backend) {
    let mut guest = guest(on);
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

fn fd_write_appending_moves_to_the_new_end(on: Backend) {
    let mut guest = guest(on);
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

fn fd_write_of_nothing_beyond_the_end_does_not_grow(on: Backend) {
    let mut guest = guest(on);
    guest.fd_seek(FILE, 100, whence::SET).unwrap();
    assert_eq!(guest.fd_write(FILE, ""), Ok(0));
    assert_eq!(guest.fd_write_from(FILE, &[]), Ok(0));
    assert_eq!(guest.fd_write_from(FILE, &[(u32::MAX, 0)]), Ok(0));
    assert_eq!((size(&mut guest, FILE), guest.fd_tell(FILE)), (8, Ok(100)));
    assert_eq!(guest.fd_read(FILE, 4).unwrap(), b"");
    assert_eq!(guest.fd_write(FILE, "!"), Ok(1));
    assert_eq!(size(&mut guest, FILE), 101);
}

fn fd_read_two_descriptors_of_one_file_each_its_offset(on: Backend) {
    let mut guest = guest(on);
    let other = open(&mut guest, 0, 0);
    assert_eq!(guest.fd_read(FILE, 3).unwrap(), b"con");
    assert_eq!(guest.fd_read(other, 4).unwrap(), b"cont");
    assert_eq!((guest.fd_tell(FILE), guest.fd_tell(other)), (Ok(3), Ok(4)));
}

fn fd_read_closed_descriptor_and_bad_pointer_badf(on: Backend) {
    let mut guest = guest(on);
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

fn fd_seek_each_whence_and_flaw(on: Backend) {
    let mut guest = guest(on);
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

fn fd_write_at_the_largest_offset_an_errno_and_the_offset_stays(on: Backend) {
    let mut guest = guest(on);
    guest.fd_seek(FILE, i64::MAX, whence::SET).unwrap();
    let written = guest.fd_write(FILE, "xy");
    assert!(
        matches!(written, Err(Errno::Fbig | Errno::Inval)),
        "{written:?}"
    );
    assert_eq!(guest.fd_tell(FILE), Ok(i64::MAX.unsigned_abs()));
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
