//! Sockets that an embedder hands in, and what everything else answers to their functions.
#![cfg(test)]

mod host;

use host::{BUFFER, Event, Guest, Subscription, Tree, eventtype, fdflags, filetype, whence};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use turnkey_cap_backends::{HostListener, HostSocket, builder};
use turnkey_wasi_common::{Errno, Limits, Rights, Stop, TrapKind};

const PEEK: u16 = 1;
const WAIT_ALL: u16 = 2;

const RECEIVE: u8 = 1;
const SEND: u8 = 2;

/// The listener of a guest.
const LISTENER: u32 = 3;

fn listening(limits: Limits) -> (Guest, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let builder = builder()
        .listener(Arc::new(HostListener::new(listener)))
        .limits(limits);
    (Guest::new(builder.build().unwrap()), address)
}

/// A guest with a connection as descriptor 3, and the other end.
fn connected() -> (Guest, UnixStream) {
    let (mine, theirs) = UnixStream::pair().unwrap();
    let builder = builder().socket(Arc::new(HostSocket::new(theirs)));
    (Guest::new(builder.build().unwrap()), mine)
}

const SOCKET: u32 = 3;

#[track_caller]
fn assert_fault(outcome: Result<Errno, Stop>) {
    let fault = matches!(&outcome, Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Fault);
    assert!(fault, "{outcome:?}");
}

#[test]
fn sock_functions_on_what_is_no_socket_notsock() {
    let mut guest = Tree::new().file("file", "").guest();
    let file = guest
        .path_open((3, "file"), 0, Rights::FD_READ | Rights::FD_WRITE)
        .unwrap();
    for (fd, errno) in [
        (0, Errno::Notsock),
        (1, Errno::Notsock),
        (3, Errno::Notsock),
        (file, Errno::Notsock),
        (9, Errno::Badf),
        (u32::MAX, Errno::Badf),
    ] {
        assert_eq!(guest.sock_accept(fd, 0), Err(errno), "{fd}");
        assert_eq!(guest.sock_recv(fd, 4, 0), Err(errno), "{fd}");
        assert_eq!(guest.sock_send(fd, "x", 0), Err(errno), "{fd}");
        assert_eq!(guest.sock_shutdown(fd, RECEIVE | SEND), Err(errno), "{fd}");
        // What is no socket is told before any flag is looked at.
        assert_eq!(guest.sock_send(fd, "x", 1), Err(errno), "{fd}");
        assert_eq!(guest.sock_shutdown(fd, 0), Err(errno), "{fd}");
    }
}

#[test]
fn sock_accept_talk_and_end() {
    let (mut guest, address) = listening(Limits::default());
    let stat = guest.fd_fdstat_get(LISTENER).unwrap();
    assert_eq!(stat.filetype, filetype::SOCKET_STREAM);
    assert!(stat.base.contains(Rights::SOCK_ACCEPT));
    assert!(!stat.base.intersects(Rights::FD_READ | Rights::FD_WRITE));

    let mut client = TcpStream::connect(address).unwrap();
    let socket = guest.sock_accept(LISTENER, 0).unwrap();
    assert_eq!(socket, 4);
    let stat = guest.fd_fdstat_get(socket).unwrap();
    assert_eq!((stat.filetype, stat.flags), (filetype::SOCKET_STREAM, 0));
    let file = guest.fd_filestat_get(socket).unwrap();
    assert_eq!(file.filetype, filetype::SOCKET_STREAM);

    client.write_all(b"question").unwrap();
    assert_eq!(guest.sock_recv(socket, 4, 0), Ok((b"ques".to_vec(), false)));
    assert_eq!(guest.fd_read(socket, 100).unwrap(), b"tion");
    assert_eq!(guest.sock_send(socket, "ans", 0), Ok(3));
    assert_eq!(guest.fd_write(socket, "wer"), Ok(3));
    assert_eq!(guest.sock_shutdown(socket, SEND), Ok(()));
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
    assert_eq!(guest.sock_send(socket, "more", 0), Err(Errno::Pipe));
    drop(client);
    assert_eq!(guest.sock_recv(socket, 4, 0), Ok((Vec::new(), false)));
    assert_eq!(guest.fd_close(socket), Ok(()));
    assert_eq!(guest.sock_recv(socket, 4, 0), Err(Errno::Badf));
}

#[test]
fn sock_accept_nobody_there_again_or_waits() {
    let (mut guest, address) = listening(Limits::default());
    guest
        .fd_fdstat_set_flags(LISTENER, fdflags::NONBLOCK)
        .unwrap();
    assert_eq!(guest.sock_accept(LISTENER, 0), Err(Errno::Again));
    guest.fd_fdstat_set_flags(LISTENER, 0).unwrap();
    let connecting = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        TcpStream::connect(address).unwrap()
    });
    let socket = guest.sock_accept(LISTENER, fdflags::NONBLOCK).unwrap();
    assert_eq!(
        guest.fd_fdstat_get(socket).unwrap().flags,
        fdflags::NONBLOCK
    );
    assert_eq!(guest.sock_recv(socket, 4, 0), Err(Errno::Again));
    drop(connecting.join().unwrap());
}

#[test]
fn sock_accept_flaws() {
    let (mut guest, address) = listening(Limits::default());
    let _client = TcpStream::connect(address).unwrap();
    for flags in [fdflags::DSYNC, fdflags::RSYNC, fdflags::SYNC] {
        assert_eq!(
            guest.sock_accept(LISTENER, flags),
            Err(Errno::Inval),
            "{flags}"
        );
    }
    assert_fault(guest.invoke("sock_accept", &[LISTENER.into(), 32, 0]));
    // A listener has nothing to read, write or end.
    assert_eq!(guest.fd_read(LISTENER, 1), Err(Errno::Badf));
    assert_eq!(guest.fd_write(LISTENER, "x"), Err(Errno::Badf));
    assert_eq!(guest.fd_seek(LISTENER, 0, whence::CUR), Err(Errno::Spipe));
    for outcome in [
        guest.sock_recv(LISTENER, 1, 0).map(drop),
        guest.sock_send(LISTENER, "x", 0).map(drop),
    ] {
        assert!(
            matches!(outcome, Err(Errno::Notsock | Errno::Notconn)),
            "{outcome:?}"
        );
    }
    // After all that the client is still there.
    let socket = guest.sock_accept(LISTENER, 0).unwrap();
    assert_eq!(guest.sock_accept(socket, 0), Err(Errno::Inval));
}

#[test]
fn sock_accept_table_full_mfile_and_the_client_stays() {
    let (mut guest, address) = listening(Limits {
        files: 4,
        ..Limits::default()
    });
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"patience").unwrap();
    assert_eq!(guest.sock_accept(LISTENER, 0), Err(Errno::Mfile));
    assert_eq!(guest.fd_close(0), Ok(()));
    let socket = guest.sock_accept(LISTENER, 0).unwrap();
    assert_eq!(guest.fd_read(socket, 100).unwrap(), b"patience");
}

#[test]
fn sock_recv_peek_leaves_what_it_shows() {
    let (mut guest, mut peer) = connected();
    peer.write_all(b"abcdef").unwrap();
    for _ in 0..2 {
        assert_eq!(
            guest.sock_recv(SOCKET, 4, PEEK),
            Ok((b"abcd".to_vec(), false))
        );
    }
    // Buffers that overlap show nothing twice.
    let (iovecs, count) = guest.put_iovecs(&[(BUFFER, 2), (BUFFER + 1, 2)]);
    let words = [
        SOCKET.into(),
        iovecs.into(),
        count as u64,
        PEEK.into(),
        0,
        8,
    ];
    assert_eq!(guest.invoke("sock_recv", &words), Ok(Errno::Success));
    assert_eq!(guest.bytes(0, 4), [2, 0, 0, 0]);
    assert_eq!(guest.bytes(BUFFER, 2), b"ab");
    assert_eq!(
        guest.sock_recv(SOCKET, 9, 0),
        Ok((b"abcdef".to_vec(), false))
    );
}

#[test]
fn sock_recv_wait_all_until_the_buffers_are_full() {
    let (mut guest, mut peer) = connected();
    let sending = thread::spawn(move || {
        for part in [b"ab", b"cd", b"ef"] {
            peer.write_all(part).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
        peer
    });
    assert_eq!(
        guest.sock_recv(SOCKET, 5, WAIT_ALL),
        Ok((b"abcde".to_vec(), false))
    );
    let mut peer = sending.join().unwrap();
    assert_eq!(guest.sock_recv(SOCKET, 5, 0), Ok((b"f".to_vec(), false)));

    let ending = thread::spawn(move || {
        peer.write_all(b"gh").unwrap();
        thread::sleep(Duration::from_millis(20));
    });
    assert_eq!(
        guest.sock_recv(SOCKET, 5, WAIT_ALL),
        Ok((b"gh".to_vec(), false))
    );
    assert_eq!(
        guest.sock_recv(SOCKET, 5, WAIT_ALL),
        Ok((Vec::new(), false))
    );
    ending.join().unwrap();
}

#[test]
fn sock_recv_wait_all_of_a_guest_that_never_waits_what_is_there() {
    let (mut guest, mut peer) = connected();
    guest
        .fd_fdstat_set_flags(SOCKET, fdflags::NONBLOCK)
        .unwrap();
    assert_eq!(guest.sock_recv(SOCKET, 5, WAIT_ALL), Err(Errno::Again));
    peer.write_all(b"abc").unwrap();
    assert_eq!(
        guest.sock_recv(SOCKET, 5, WAIT_ALL),
        Ok((b"abc".to_vec(), false))
    );
    assert_eq!(guest.sock_recv(SOCKET, 5, WAIT_ALL), Err(Errno::Again));
}

fn at_once() -> Subscription {
    Subscription::Clock {
        id: 1,
        timeout: 0,
        flags: 0,
    }
}

#[test]
fn sock_recv_datagram_longer_than_the_buffers_truncated() {
    let (mine, theirs) = UnixDatagram::pair().unwrap();
    let builder = builder().socket(Arc::new(HostSocket::new(theirs)));
    let mut guest = Guest::new(builder.build().unwrap());
    mine.send(b"datagram").unwrap();
    mine.send(b"short").unwrap();
    assert_eq!(guest.sock_recv(SOCKET, 4, 0), Ok((b"data".to_vec(), true)));
    assert_eq!(
        guest.sock_recv(SOCKET, 9, 0),
        Ok((b"short".to_vec(), false))
    );
    assert_eq!(guest.sock_send(SOCKET, "reply", 0), Ok(5));
    let mut bytes = [0; 9];
    assert_eq!(mine.recv(&mut bytes).unwrap(), 5);
}

#[test]
fn sock_send_and_recv_several_buffers_in_order() {
    let (mut guest, mut peer) = connected();
    let buffers: Vec<(u32, u32)> = (0..20).rev().map(|n| (BUFFER + 4 * n, 3)).collect();
    for (n, (at, _)) in (b'a'..).zip(&buffers) {
        guest.put(*at, &[n, n, n]);
    }
    let (iovecs, count) = guest.put_iovecs(&buffers);
    let words = [SOCKET.into(), iovecs.into(), count as u64, 0, 0];
    assert_eq!(guest.invoke("sock_send", &words), Ok(Errno::Success));
    let mut sent = [0; 60];
    peer.read_exact(&mut sent).unwrap();
    assert!(sent.starts_with(b"aaabbb") && sent.ends_with(b"ttt"));

    peer.write_all(&sent).unwrap();
    guest.bytes_mut(BUFFER, 80).fill(0);
    let (iovecs, count) = guest.put_iovecs(&buffers);
    let words = [SOCKET.into(), iovecs.into(), count as u64, 0, 0, 8];
    assert_eq!(guest.invoke("sock_recv", &words), Ok(Errno::Success));
    for (n, (at, _)) in (b'a'..).zip(&buffers) {
        assert_eq!(guest.bytes(*at, 4), [n, n, n, 0]);
    }
}

#[test]
fn sock_flags_that_are_none() {
    let (mut guest, _peer) = connected();
    for flags in [1, 2, u16::MAX] {
        assert_eq!(
            guest.sock_send(SOCKET, "x", flags),
            Err(Errno::Inval),
            "{flags}"
        );
    }
    assert_eq!(guest.sock_shutdown(SOCKET, 0), Err(Errno::Inval));
    assert_fault(guest.invoke("sock_shutdown", &[SOCKET.into(), 4]));
    let (iovecs, _) = guest.put_iovecs(&[(BUFFER, 1)]);
    let socket = SOCKET.into();
    assert_fault(guest.invoke("sock_recv", &[socket, iovecs.into(), 1, 4, 0, 8]));
    assert_fault(guest.invoke("sock_send", &[socket, iovecs.into(), 1, 1 << 16, 0]));
}

#[test]
fn sock_shutdown_each_direction() {
    let (mut guest, mut peer) = connected();
    peer.write_all(b"before").unwrap();
    assert_eq!(guest.sock_shutdown(SOCKET, SEND), Ok(()));
    assert_eq!(peer.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(guest.fd_read(SOCKET, 9).unwrap(), b"before");
    assert_eq!(guest.sock_shutdown(SOCKET, RECEIVE), Ok(()));
    assert_eq!(guest.fd_read(SOCKET, 9).unwrap(), b"");

    let (mut guest, mut peer) = connected();
    assert_eq!(guest.sock_shutdown(SOCKET, RECEIVE | SEND), Ok(()));
    assert_eq!(peer.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(guest.fd_write(SOCKET, "x"), Err(Errno::Pipe));
}

#[test]
fn sock_rights_missing() {
    let (mut guest, address) = listening(Limits::default());
    let _client = TcpStream::connect(address).unwrap();
    let socket = guest.sock_accept(LISTENER, 0).unwrap();
    let mut drop_right = |fd: u32, right: Rights| {
        let stat = guest.fd_fdstat_get(fd).unwrap();
        let (base, inheriting) = (stat.base.difference(right), stat.inheriting);
        guest.fd_fdstat_set_rights(fd, base, inheriting).unwrap();
    };
    drop_right(LISTENER, Rights::SOCK_ACCEPT);
    drop_right(
        socket,
        Rights::SOCK_SHUTDOWN | Rights::FD_READ | Rights::FD_WRITE,
    );
    assert_eq!(guest.sock_accept(LISTENER, 0), Err(Errno::Perm));
    assert_eq!(guest.sock_shutdown(socket, SEND), Err(Errno::Perm));
    assert_eq!(guest.sock_recv(socket, 1, 0), Err(Errno::Badf));
    assert_eq!(guest.sock_send(socket, "x", 0), Err(Errno::Badf));
    let polled = guest.poll_oneoff(&[Subscription::Read(LISTENER)]);
    assert_eq!(polled, Err(Errno::Badf));
}

#[test]
fn sock_accept_inheriting_rights_are_those_of_the_listener() {
    let (mut guest, address) = listening(Limits::default());
    let stat = guest.fd_fdstat_get(LISTENER).unwrap();
    let inheriting = stat.inheriting.difference(Rights::FD_WRITE);
    guest
        .fd_fdstat_set_rights(LISTENER, stat.base, inheriting)
        .unwrap();
    let _client = TcpStream::connect(address).unwrap();
    let socket = guest.sock_accept(LISTENER, 0).unwrap();
    assert_eq!(guest.sock_send(socket, "x", 0), Err(Errno::Badf));
}

#[test]
fn poll_oneoff_listener_and_connection() {
    let (mut guest, address) = listening(Limits::default());
    let read = |fd| [Subscription::Read(fd), at_once()];
    let told = |events: &[Event]| {
        events
            .iter()
            .map(|event| event.userdata)
            .collect::<Vec<_>>()
    };
    let events = guest.poll_oneoff(&read(LISTENER)).unwrap();
    assert_eq!(told(&events), [101]);
    let write = guest.poll_oneoff(&[Subscription::Write(LISTENER)]);
    assert_eq!(write, Err(Errno::Badf));

    let connecting = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        TcpStream::connect(address).unwrap()
    });
    let events = guest.poll_oneoff(&read(LISTENER)[..1]).unwrap();
    assert_eq!(
        (events[0].eventtype, events[0].hangup),
        (eventtype::FD_READ, false)
    );
    let mut client = connecting.join().unwrap();
    let socket = guest.sock_accept(LISTENER, 0).unwrap();

    let events = guest.poll_oneoff(&read(socket)).unwrap();
    assert_eq!(told(&events), [101]);
    let events = guest.poll_oneoff(&[Subscription::Write(socket)]).unwrap();
    assert!(events[0].nbytes >= 1 && !events[0].hangup);
    client.write_all(b"abc").unwrap();
    let events = guest.poll_oneoff(&read(socket)[..1]).unwrap();
    assert_eq!((events[0].nbytes, events[0].hangup), (3, false));
    assert_eq!(guest.fd_read(socket, 9).unwrap(), b"abc");
    drop(client);
    let events = guest.poll_oneoff(&read(socket)[..1]).unwrap();
    assert_eq!((events[0].nbytes, events[0].hangup), (0, true));
}
