//! Sockets: accepting, receiving in every way, and ending.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use rustix::fs::{OFlags, fcntl_getfl};
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::sync::Arc;
use tree::errno;
use turnkey_cap_backends::{HostClocks, HostListener, HostSocket, HostWait, ambient_authority};
use turnkey_wasi_common::{
    BlockingWait, Errno, FileType, Interest, Listener, Pollable, Ready, ReceiveFlags, Received,
    Result, Shutdown, Socket, Stream, Wait,
};

const PLAIN: ReceiveFlags = ReceiveFlags {
    peek: false,
    wait_all: false,
};
const PEEK: ReceiveFlags = ReceiveFlags {
    peek: true,
    wait_all: false,
};
const ALL: ReceiveFlags = ReceiveFlags {
    peek: false,
    wait_all: true,
};

fn receive(socket: &dyn Socket, most: usize, flags: ReceiveFlags) -> Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let (one, two) = bytes.split_at_mut(most / 3);
    let received = socket.receive(&mut [IoSliceMut::new(one), IoSliceMut::new(two)], flags)?;
    bytes.truncate(received.bytes);
    Ok(bytes)
}

fn pair() -> (HostSocket, UnixStream) {
    let (mine, theirs) = UnixStream::pair().unwrap();
    (HostSocket::new(mine), theirs)
}

#[test]
fn accept_tcp_and_unix_connections_of_their_own() {
    let temporary = tempfile::tempdir().unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let unix = UnixListener::bind(temporary.path().join("socket")).unwrap();
    let (tcp_flags, unix_flags) = (tcp.try_clone().unwrap(), unix.try_clone().unwrap());
    let listeners = [HostListener::new(tcp), HostListener::new(unix)];
    for (index, listener) in listeners.iter().enumerate() {
        assert_eq!(errno(listener.accept()), Errno::Again);
        assert_eq!(listener.readiness(Interest::Read), Ok(None));
        assert_eq!(errno(listener.readiness(Interest::Write)), Errno::Badf);
        assert_eq!(listener.file_type(), FileType::SocketStream);
        let mut client: Box<dyn ReadWrite> = match index {
            0 => Box::new(TcpStream::connect(address).unwrap()),
            _ => Box::new(UnixStream::connect(temporary.path().join("socket")).unwrap()),
        };
        assert!(listener.readiness(Interest::Read).unwrap().is_some());
        let socket = listener.accept().unwrap();
        assert_eq!(errno(listener.accept()), Errno::Again);
        assert_eq!(errno(receive(&*socket, 8, PLAIN)), Errno::Again);
        assert_eq!(
            socket.write(&[IoSlice::new(b"hel"), IoSlice::new(b"lo")]),
            Ok(5)
        );
        let mut bytes = [0; 5];
        client.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"hello");
    }
    assert!(!fcntl_getfl(&tcp_flags).unwrap().contains(OFlags::NONBLOCK));
    assert!(!fcntl_getfl(&unix_flags).unwrap().contains(OFlags::NONBLOCK));
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

#[test]
fn receive_peek_leaves_the_bytes() {
    let (socket, mut peer) = pair();
    peer.write_all(b"abcdef").unwrap();
    assert_eq!(receive(&socket, 4, PEEK).unwrap(), b"abcd");
    assert_eq!(receive(&socket, 4, PLAIN).unwrap(), b"abcd");
    assert_eq!(receive(&socket, 4, PEEK).unwrap(), b"ef");
    assert_eq!(receive(&socket, 4, PLAIN).unwrap(), b"ef");
    assert_eq!(errno(receive(&socket, 4, PEEK)), Errno::Again);
}

#[test]
fn receive_all_waits_until_all_is_there_without_spinning() {
    let (socket, mut peer) = pair();
    let socket = Arc::new(socket);
    let writing = std::thread::spawn(move || {
        for part in [&b"ab"[..], b"cde", b"f", b"gh"] {
            std::thread::sleep(std::time::Duration::from_millis(10));
            peer.write_all(part).unwrap();
        }
        peer
    });
    let wait = Wait::object(Arc::clone(&socket) as Arc<dyn Pollable>, Interest::Read);
    let mut waits = 0;
    let bytes = loop {
        match receive(&*socket, 6, ALL) {
            Ok(bytes) => break bytes,
            Err(error) => assert_eq!(error.errno(), Errno::Again),
        }
        HostWait
            .wait(&wait, &HostClocks::new(ambient_authority()))
            .unwrap();
        waits += 1;
    };
    assert_eq!(bytes, b"abcdef");
    assert!(waits <= 4, "{waits}");
    let _peer = writing.join().unwrap();
    assert_eq!(receive(&*socket, 6, PLAIN).unwrap(), b"gh");
}

#[test]
fn receive_all_cut_short_by_the_end() {
    let (socket, mut peer) = pair();
    peer.write_all(b"abc").unwrap();
    assert_eq!(errno(receive(&socket, 6, ALL)), Errno::Again);
    // What is collected is not lost to who asks differently.
    assert_eq!(receive(&socket, 1, PLAIN).unwrap(), b"a");
    let peek_all = ReceiveFlags {
        peek: true,
        wait_all: true,
    };
    assert_eq!(receive(&socket, 2, peek_all).unwrap(), b"bc");
    drop(peer);
    assert_eq!(receive(&socket, 6, ALL).unwrap(), b"bc");
    assert_eq!(receive(&socket, 6, ALL).unwrap(), b"");
    assert_eq!(receive(&socket, 6, PLAIN).unwrap(), b"");
}

#[test]
fn receive_all_more_than_is_ever_collected_short() {
    let (socket, mut peer) = pair();
    let writing = std::thread::spawn(move || peer.write_all(&[7; 100_000]));
    let socket = Arc::new(socket);
    let wait = Wait::object(Arc::clone(&socket) as Arc<dyn Pollable>, Interest::Read);
    let mut total = 0;
    while total < 100_000 {
        match receive(&*socket, 100_000 - total, ALL) {
            Ok(bytes) => total += bytes.len(),
            Err(error) => {
                assert_eq!(error.errno(), Errno::Again);
                HostWait
                    .wait(&wait, &HostClocks::new(ambient_authority()))
                    .unwrap();
            }
        }
    }
    writing.join().unwrap().unwrap();
}

#[test]
fn receive_datagram_longer_than_the_buffers_truncated() {
    let (mine, theirs) = UnixDatagram::pair().unwrap();
    let socket = HostSocket::new(mine);
    assert_eq!(socket.file_type(), FileType::SocketDgram);
    theirs.send(b"abcdef").unwrap();
    theirs.send(b"gh").unwrap();
    let mut bytes = [0; 4];
    for (flags, expected) in [
        (
            PEEK,
            Received {
                bytes: 4,
                truncated: true,
            },
        ),
        (
            ALL,
            Received {
                bytes: 4,
                truncated: true,
            },
        ),
        (
            ALL,
            Received {
                bytes: 2,
                truncated: false,
            },
        ),
    ] {
        assert_eq!(
            socket.receive(&mut [IoSliceMut::new(&mut bytes)], flags),
            Ok(expected)
        );
    }
}

#[test]
fn shutdown_each_direction() {
    let (socket, mut peer) = pair();
    let how = |receive, send| Shutdown { receive, send };
    assert_eq!(errno(socket.shutdown(how(false, false))), Errno::Inval);
    socket.shutdown(how(false, true)).unwrap();
    assert_eq!(errno(socket.write(&[IoSlice::new(b"x")])), Errno::Pipe);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
    peer.write_all(b"still").unwrap();
    assert_eq!(receive(&socket, 8, PLAIN).unwrap(), b"still");
    socket.shutdown(how(true, true)).unwrap();
    assert_eq!(receive(&socket, 8, PLAIN).unwrap(), b"");
    let (tcp, _listener) = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        (
            TcpStream::connect(listener.local_addr().unwrap()).unwrap(),
            listener,
        )
    };
    let tcp = HostSocket::new(tcp);
    assert_eq!(tcp.readiness(Interest::Read), Ok(None));
    assert_eq!(
        tcp.readiness(Interest::Write),
        Ok(Some(Ready {
            bytes: 1,
            hangup: false
        }))
    );
}

#[test]
fn write_full_socket_again() {
    let (socket, _peer) = pair();
    while socket.write(&[IoSlice::new(&[0; 65536])]).is_ok() {}
    assert_eq!(errno(socket.write(&[IoSlice::new(b"x")])), Errno::Again);
    assert_eq!(socket.readiness(Interest::Write), Ok(None));
}
