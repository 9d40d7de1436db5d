//! Standard streams.

use crate::support::{ENGINES, Ended, Place, command, guest};
use std::io::{Read, Write};
use std::thread;

/// Copies standard input to the descriptor `to`, up to 60,000 bytes at a time.
fn copies(to: u32) -> String {
    guest(
        &["fd_read"],
        &format!(
            r#"(func $iovec (param $at i32) (param $len i32)
              (i32.store (i32.const 0) (local.get $at))
              (i32.store (i32.const 4) (local.get $len)))
            (func (export "_start") (local $at i32) (local $left i32)
              (loop $read
                (call $iovec (i32.const 1024) (i32.const 60000))
                (call $need
                  (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (local.set $at (i32.const 1024))
                (local.set $left (i32.load (i32.const 8)))
                (if (i32.eqz (local.get $left)) (then (return)))
                (loop $write
                  (call $iovec (local.get $at) (local.get $left))
                  (call $need
                    (call $fd_write (i32.const {to}) (i32.const 0) (i32.const 1) (i32.const 8)))
                  (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
                  (local.set $left (i32.sub (local.get $left) (i32.load (i32.const 8))))
                  (br_if $write (local.get $left)))
                (br $read)))"#
        ),
    )
}

/// A mebibyte in which every byte follows every other.
fn all_bytes() -> Vec<u8> {
    let mut state = 1_u32;
    let mut bytes: Vec<u8> = (0..=255).collect();
    while bytes.len() < 1 << 20 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend(state.to_be_bytes().iter().take(2));
    }
    bytes
}

#[test]
fn copy_through_pipes_byte_exact() {
    let bytes = all_bytes();
    for (to, name) in [(1, "stdout"), (2, "stderr")] {
        let place = Place::with(&copies(to));
        for engine in ENGINES {
            let mut child = place.start(engine, &["guest.wat"]);
            let mut stdin = child.stdin.take().unwrap();
            let given = bytes.clone();
            let writer = thread::spawn(move || stdin.write_all(&given).unwrap());
            let output = child.wait_with_output().unwrap();
            writer.join().unwrap();
            let (copy, other) = match to {
                1 => (output.stdout, output.stderr),
                _ => (output.stderr, output.stdout),
            };
            assert_eq!(output.status.code(), Some(0), "{engine} {name}");
            assert!(copy == bytes, "{engine} {name}: {} bytes", copy.len());
            assert!(other.is_empty(), "{engine} {name}");
        }
    }
}

#[test]
fn copy_through_files_byte_exact() {
    let bytes = all_bytes();
    let place = Place::with(&copies(1));
    place.file("in", &bytes);
    for engine in ENGINES {
        let status = place
            .command(&["run", "--engine", engine, "guest.wat"])
            .stdin(std::fs::File::open(place.path("in")).unwrap())
            .stdout(std::fs::File::create(place.path("out")).unwrap())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0), "{engine}");
        assert!(
            std::fs::read(place.path("out")).unwrap() == bytes,
            "{engine}"
        );
    }
}

#[test]
fn answer_before_the_end_of_input() {
    let place = Place::with(&copies(1));
    for engine in ENGINES {
        let mut child = place.start(engine, &["guest.wat"]);
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        for line in ["one\n", "two\n"] {
            stdin.write_all(line.as_bytes()).unwrap();
            let mut answer = [0; 4];
            stdout.read_exact(&mut answer).unwrap();
            assert_eq!(answer, line.as_bytes(), "{engine}");
        }
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{engine}");
    }
}

#[test]
fn write_to_reader_that_left_errno_pipe() {
    const PIPE: i32 = 64;
    let place = Place::with(&command(
        &["fd_read"],
        "(call $need (call $fd_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)))
        (loop $more (call $say (i32.const 1024) (i32.const 4096)) (br $more))",
    ));
    for engine in ENGINES {
        let mut child = place.start(engine, &["guest.wat"]);
        drop(child.stdout.take());
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert_eq!(ended, Ended::new(PIPE, "", ""), "{engine}");
    }
}
