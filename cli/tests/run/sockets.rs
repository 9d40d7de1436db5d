//! Sockets that a guest accepts connections from.

use crate::support::{ENGINES, Ended, Place, guest};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::{Duration, Instant};

/// Accepts one connection on `listener`, reads to its end, answers `got ` and what it read, and
/// shuts the connection down.
fn answers(listener: u32) -> String {
    guest(
        &[
            "sock_accept",
            "sock_recv",
            "sock_send",
            "sock_shutdown",
            "fd_close",
        ],
        &format!(
            r#"(data (i32.const 64) "got ")
            (func (export "_start") (local $fd i32) (local $at i32)
              (call $need (call $sock_accept (i32.const {listener}) (i32.const 0) (i32.const 8)))
              (local.set $fd (i32.load (i32.const 8)))

              (local.set $at (i32.const 68))
              (loop $read
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (i32.const 1000))
                (call $need (call $sock_recv (local.get $fd)
                  (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 12)))
                (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
                (br_if $read (i32.load (i32.const 8))))

              (i32.store (i32.const 0) (i32.const 64))
              (i32.store (i32.const 4) (i32.sub (local.get $at) (i32.const 64)))
              (call $need (call $sock_send (local.get $fd)
                (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 8)))
              (call $need (call $sock_shutdown (local.get $fd) (i32.const 3)))
              (call $need (call $fd_close (local.get $fd))))"#
        ),
    )
}

/// Sends `hello`, and answers all that comes back.
fn ask<S: Read + Write>(mut stream: S, ended: impl FnOnce(&S)) -> String {
    stream.write_all(b"hel").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    stream.write_all(b"lo").unwrap();
    ended(&stream);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The address that the command tells on standard error.
fn told_address(child: &mut Child) -> String {
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.as_mut().unwrap());
    stderr.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on ");
    address
        .unwrap_or_else(|| panic!("no address in {line:?}"))
        .to_owned()
}

#[test]
fn listen_on_chosen_port_guest_serves() {
    for engine in ENGINES {
        for (fd, options) in [
            (3, &["--listen", "127.0.0.1:0"][..]),
            (
                5,
                &["--listen", "localhost:0", "--dir", ".", "--dir", ".::/x"],
            ),
        ] {
            let place = Place::with(&answers(fd));
            let mut child = place.start(engine, &[options, &["guest.wat"]].concat());
            let address = told_address(&mut child);
            let stream = TcpStream::connect(&address).unwrap();
            let answer = ask(stream, |stream| stream.shutdown(Shutdown::Write).unwrap());
            assert_eq!(answer, "got hello", "{engine} {options:?}");
            let ended = Ended::from(child.wait_with_output().unwrap());
            assert_eq!(ended, Ended::new(0, "", ""), "{engine} {options:?}");
        }
    }
}

#[test]
fn listen_on_unix_socket_guest_serves_and_file_goes() {
    let place = Place::with(&answers(3));
    let socket = place.path("socket");
    for engine in ENGINES {
        let child = place.start(engine, &["--listen", "unix:socket", "guest.wat"]);
        let start = Instant::now();
        let stream = loop {
            match UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(error) => assert!(start.elapsed().as_secs() < 30, "{engine}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let answer = ask(stream, |stream| stream.shutdown(Shutdown::Write).unwrap());
        assert_eq!(answer, "got hello", "{engine}");
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert_eq!(ended, Ended::new(0, "", ""), "{engine}");
        assert!(!socket.exists(), "{engine}");
    }
}

#[test]
fn listen_where_somebody_is_line_tells() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::with(&answers(3));
    place.file("there", "");
    for engine in ENGINES {
        for (address, why) in [
            (
                &*address,
                "the port is in use; end who uses it, or name another",
            ),
            (
                "unix:there",
                "the file is there already; remove it, or name another",
            ),
        ] {
            let ended = place.run(engine, &["--listen", address, "guest.wat"]);
            let line = format!("error: --listen {address}: {why}\n");
            assert_eq!(ended, Ended::new(2, "", &line), "{engine}");
        }
    }
    assert!(place.path("there").exists());
}
