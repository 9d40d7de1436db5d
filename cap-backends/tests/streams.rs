//! Streams: that they never wait, whose flags they leave alone, and what they say they are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::fs;
use std::io::{IoSlice, IoSliceMut, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use tree::{Tree, errno, path, pipe};
use turnkey_cap_backends::{HostStream, stdio};
use turnkey_wasi_common::{
    Dir, Errno, FileType, Interest, Object, OpenOptions, Pollable, Ready, Result, Stat, Stream,
};

fn read(stream: &dyn Stream, most: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let (one, two) = bytes.split_at_mut(most / 2);
    let read = stream.read(&mut [IoSliceMut::new(one), IoSliceMut::new(two)])?;
    bytes.truncate(read);
    Ok(bytes)
}

fn waits(fd: impl AsFd) -> bool {
    !fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

/// Both ends of a pipe or something like it, and whether it is a pipe.
fn pairs() -> Vec<(&'static str, OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe();
    let (one, other) = UnixStream::pair().unwrap();
    let (terminal, line) = terminal();
    vec![
        ("pipe", reader.into(), writer.into()),
        ("socket", one.into(), other.into()),
        ("terminal", line, terminal),
    ]
}

/// A terminal's two sides, with nothing done to the bytes on the way.
fn terminal() -> (OwnedFd, OwnedFd) {
    use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let terminal = openpt(flags).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let line = ioctl_tiocgptpeer(&terminal, flags).unwrap();
    (terminal, line)
}

#[test]
fn read_and_write_never_wait_and_leave_the_flags_alone() {
    for (what, reader, writer) in pairs() {
        let (other_reader, other_writer) =
            (reader.try_clone().unwrap(), writer.try_clone().unwrap());
        let (reader, writer) = (
            HostStream::new(reader).unwrap(),
            HostStream::new(writer).unwrap(),
        );
        assert_eq!(errno(read(&reader, 8)), Errno::Again, "{what}");
        assert_eq!(reader.readiness(Interest::Read), Ok(None), "{what}");
        assert_eq!(
            writer.write(&[IoSlice::new(b"one "), IoSlice::new(b"two\n")]),
            Ok(8),
            "{what}"
        );
        assert!(
            reader.readiness(Interest::Read).unwrap().unwrap().bytes >= 8,
            "{what}"
        );
        assert_eq!(read(&reader, 100).unwrap(), b"one two\n", "{what}");
        assert_eq!(errno(read(&reader, 8)), Errno::Again, "{what}");

        // Until nothing finds room any more.
        let line = [b'x'; 3000];
        let mut written = 0;
        loop {
            match writer.write(&[IoSlice::new(&line), IoSlice::new(b"\n")]) {
                Ok(bytes) => written += bytes,
                Err(error) => {
                    assert_eq!(error.errno(), Errno::Again, "{what}");
                    break;
                }
            }
            if what == "terminal" && written > 1 << 20 {
                // A line that is too long is thrown away, so there is always room.
                break;
            }
        }
        assert!(written >= 3001, "{what}");
        assert!(waits(other_reader) && waits(other_writer), "{what}");
    }
}

#[test]
fn read_after_the_writer_left_end() {
    for (what, reader, writer) in pairs() {
        if what == "terminal" {
            continue;
        }
        let reader = HostStream::new(reader).unwrap();
        drop(writer);
        assert_eq!(read(&reader, 8).unwrap(), b"", "{what}");
        let end = Ready {
            bytes: 0,
            hangup: true,
        };
        assert_eq!(reader.readiness(Interest::Read), Ok(Some(end)), "{what}");
    }
}

#[test]
fn write_after_the_reader_left_pipe() {
    for (what, reader, writer) in pairs() {
        if what == "terminal" {
            continue;
        }
        let writer = HostStream::new(writer).unwrap();
        drop(reader);
        assert_eq!(
            errno(writer.write(&[IoSlice::new(b"x")])),
            Errno::Pipe,
            "{what}"
        );
        assert!(
            writer.readiness(Interest::Write).unwrap().unwrap().hangup,
            "{what}"
        );
    }
}

#[test]
fn way_it_was_not_opened_for_badf() {
    let (reader, writer) = pipe();
    let (reader, writer) = (
        HostStream::new(reader).unwrap(),
        HostStream::new(writer).unwrap(),
    );
    assert_eq!(errno(reader.write(&[IoSlice::new(b"x")])), Errno::Badf);
    assert_eq!(errno(reader.readiness(Interest::Write)), Errno::Badf);
    assert_eq!(errno(read(&writer, 1)), Errno::Badf);
    assert_eq!(errno(writer.readiness(Interest::Read)), Errno::Badf);
}

#[test]
fn file_type_character_device_means_a_terminal() {
    let (terminal, line) = terminal();
    let null = fs::File::open("/dev/null").unwrap();
    let (reader, _writer) = pipe();
    let (socket, _peer) = UnixStream::pair().unwrap();
    let (datagrams, _others) = std::os::unix::net::UnixDatagram::pair().unwrap();
    for (fd, expected) in [
        (line, FileType::CharacterDevice),
        (terminal, FileType::CharacterDevice),
        (null.into(), FileType::Unknown),
        (reader.into(), FileType::Unknown),
        (tempfile::tempfile().unwrap().into(), FileType::Unknown),
        (socket.into(), FileType::SocketStream),
        (datagrams.into(), FileType::SocketDgram),
    ] {
        let stream = HostStream::new(fd).unwrap();
        assert_eq!(stream.file_type(), expected);
        // What the host's process has is no business of the guest's.
        let bare = Stat {
            file_type: expected,
            ..Stat::default()
        };
        assert_eq!(stream.stat(), Ok(bare));
    }
}

#[test]
fn new_directory_refused() {
    let tree = Tree::new();
    let dir = fs::File::open(tree.host("dir")).unwrap();
    let refused = HostStream::new(dir).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::IsADirectory);
}

#[test]
fn file_behind_a_stream_read_and_written_at_its_own_position() {
    let mut host = tempfile::tempfile().unwrap();
    host.write_all(b"0123456789").unwrap();
    host.rewind().unwrap();
    let stream = HostStream::new(host.try_clone().unwrap()).unwrap();
    let ready = |bytes| {
        Ok(Some(Ready {
            bytes,
            hangup: bytes == 0,
        }))
    };
    assert_eq!(stream.readiness(Interest::Read), ready(10));
    assert_eq!(read(&stream, 4).unwrap(), b"0123");
    assert_eq!(stream.readiness(Interest::Read), ready(6));
    assert_eq!(host.stream_position().unwrap(), 4);
    assert_eq!(stream.write(&[IoSlice::new(b"ab")]), Ok(2));
    assert_eq!(read(&stream, 100).unwrap(), b"6789");
    assert_eq!(stream.readiness(Interest::Read), ready(0));
    assert_eq!(read(&stream, 100).unwrap(), b"");
    host.seek(std::io::SeekFrom::Start(100)).unwrap();
    assert_eq!(stream.readiness(Interest::Read), ready(0));
}

#[test]
fn fifo_opened_by_a_path_never_waits() {
    let tree = Tree::new();
    let open = |how| match tree.dir.open(path("fifo"), &how).unwrap() {
        Object::Stream(stream) => stream,
        other => panic!("{other:?}"),
    };
    let reader = open(OpenOptions::READ);
    assert_eq!(read(&*reader, 8).unwrap(), b"");
    let writer = open(OpenOptions {
        read: false,
        write: true,
        ..OpenOptions::READ
    });
    assert_eq!(errno(read(&*reader, 8)), Errno::Again);
    assert_eq!(writer.write(&[IoSlice::new(b"hello")]), Ok(5));
    assert_eq!(read(&*reader, 8).unwrap(), b"hello");
    while writer.write(&[IoSlice::new(&[0; 4096])]).is_ok() {}
    assert_eq!(errno(writer.write(&[IoSlice::new(b"x")])), Errno::Again);
    assert_eq!(writer.readiness(Interest::Write), Ok(None));
    drop(reader);
    assert_eq!(errno(writer.write(&[IoSlice::new(b"x")])), Errno::Pipe);
    assert_eq!(writer.stat().unwrap().links, 1);
}

#[test]
fn streams_that_do_not_wait_already_used_alike() {
    let (reader, writer) = pipe();
    fcntl_setfl(&reader, OFlags::NONBLOCK).unwrap();
    let stream = HostStream::new(reader.try_clone().unwrap()).unwrap();
    assert_eq!(errno(read(&stream, 8)), Errno::Again);
    assert!(!waits(&reader));
    drop(writer);
    assert_eq!(read(&stream, 8).unwrap(), b"");
}

#[test]
fn devices_without_an_end_always_ready() {
    let zero = HostStream::new(fs::File::open("/dev/zero").unwrap()).unwrap();
    assert_eq!(read(&zero, 6).unwrap(), [0; 6]);
    assert!(zero.readiness(Interest::Read).unwrap().unwrap().bytes >= 1);
    let null = fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .unwrap();
    let null = HostStream::new(null).unwrap();
    assert_eq!(read(&null, 6).unwrap(), b"");
    assert_eq!(null.write(&[IoSlice::new(b"swallowed")]), Ok(9));
}

#[test]
fn inherit_descriptors_of_its_own() {
    let streams = stdio::inherit().unwrap();
    for stream in [streams.stdin, streams.stdout, streams.stderr] {
        assert!(Arc::strong_count(&stream) == 1);
        assert_eq!(stream.stat().unwrap().inode, 0);
    }
}
