//! Time, fuel, memory and files.

use crate::support::{ENGINES, Ended, Place, command, guest};
use std::io::Read;
use std::time::{Duration, Instant};

/// A wait of an hour.
const SLEEP: &str = "
    (i32.store8 (i32.const 24) (i32.const 0))
    (i32.store (i32.const 32) (i32.const 1))
    (i64.store (i32.const 40) (i64.const 3600000000000))
    (call $need (call $poll_oneoff (i32.const 16) (i32.const 64) (i32.const 1) (i32.const 8)))";

/// A read from standard input, into which nobody writes.
const READ: &str = "
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 1))
    (call $need (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))";

/// A wait for a connection that nobody makes.
const ACCEPT: &str = "(call $need (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 8)))";

#[test]
fn timeout_ends_guest_that_computes_or_waits() {
    const LIMIT: Duration = Duration::from_millis(300);
    let listening = ["--listen", "127.0.0.1:0"];
    for (what, functions, body, options) in [
        ("loops", &[][..], "(loop $ever (br $ever))", &[][..]),
        ("sleeps", &["poll_oneoff"], SLEEP, &[]),
        ("reads", &["fd_read"], READ, &[]),
        ("accepts", &["sock_accept"], ACCEPT, &listening),
    ] {
        let place = Place::with(&command(functions, body));
        for engine in ENGINES {
            let args = [&["--timeout", "300ms"], options, &["guest.wat"]].concat();
            let start = Instant::now();
            let mut child = place.start(engine, &args);
            let _stays_open = child.stdin.take();
            let ended = Ended::from(child.wait_with_output().unwrap());
            let took = start.elapsed();
            assert_eq!(ended.code, Some(134), "{engine} {what}: {ended:?}");
            assert!(
                ended
                    .stderr
                    .ends_with("error: the guest was ended: the time limit was reached\n"),
                "{engine} {what}: {ended:?}"
            );
            assert!(took >= LIMIT, "{engine} {what}: {took:?}");
            assert!(took < 30 * LIMIT, "{engine} {what}: {took:?}");
        }
    }
}

#[test]
fn timeout_ends_guest_in_its_start_function() {
    let place = Place::with(&guest(
        &[],
        r#"(func $first (loop $ever (br $ever))) (start $first) (func (export "_start"))"#,
    ));
    for engine in ENGINES {
        let ended = place.run(engine, &["--timeout", "100ms", "guest.wat"]);
        let message = "error: the guest was ended: the time limit was reached\n";
        assert_eq!(ended, Ended::new(134, "", message), "{engine}");
    }
}

#[test]
fn timeout_not_reached_changes_nothing() {
    let place = Place::with(&command(&[], "(call $proc_exit (i32.const 3))"));
    for engine in ENGINES {
        let ended = place.run(engine, &["--timeout", "1h", "guest.wat"]);
        assert_eq!(ended, Ended::new(3, "", ""), "{engine}");
    }
}

/// Without a limit a guest waits for as long as it must, and ends when its input does.
#[test]
fn read_without_limit_waits_for_the_end_of_input() {
    let place = Place::with(&command(&["fd_read"], READ));
    for engine in ENGINES {
        let mut child = place.start(engine, &["guest.wat"]);
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(child.try_wait().unwrap(), None, "{engine}");
        drop(child.stdin.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), &*stderr),
            (Some(0), ""),
            "{engine}"
        );
    }
}

#[test]
fn fuel_used_up_guest_ended() {
    let count = |turns: u32| {
        format!(
            "(local $n i32)
            (loop $turn
              (local.set $n (i32.add (local.get $n) (i32.const 1)))
              (br_if $turn (i32.lt_u (local.get $n) (i32.const {turns}))))"
        )
    };
    let (few, many) = (
        Place::with(&command(&[], &count(10))),
        Place::with(&command(&[], &count(u32::MAX))),
    );
    for engine in ENGINES {
        let ended = few.run(engine, &["--fuel", "10000", "guest.wat"]);
        assert_eq!(ended, Ended::new(0, "", ""), "{engine}");
        for options in [
            &["--fuel", "10000"][..],
            &["--fuel", "10000", "--timeout", "1h"],
        ] {
            let ended = many.run(engine, &[options, &["guest.wat"]].concat());
            assert_eq!(ended.code, Some(134), "{engine}: {ended:?}");
            let told = ended.stderr;
            assert!(
                told.starts_with("error: the guest was ended: "),
                "{engine}: {told}"
            );
            assert!(told.contains("fuel"), "{engine}: {told}");
        }
    }
}

/// Grows its memory from 1 page to 16, 17, and exits with 1 for each time that it worked.
fn grows() -> String {
    command(
        &[],
        "(call $proc_exit (i32.add
          (i32.ne (memory.grow (i32.const 15)) (i32.const -1))
          (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))",
    )
}

#[test]
fn max_memory_growth_beyond_it_fails() {
    let place = Place::with(&grows());
    for engine in ENGINES {
        for (options, grown) in [
            (&[][..], 2),
            (&["--max-memory", "2MiB"], 2),
            (&["--max-memory", "1MiB"], 1),
            (&["--max-memory", "65536"], 0),
        ] {
            let ended = place.run(engine, &[options, &["guest.wat"]].concat());
            assert_eq!(ended, Ended::new(grown, "", ""), "{engine} {options:?}");
        }
    }
}

#[test]
fn max_files_opening_beyond_it_errno_mfile() {
    const MFILE: i32 = 33;
    // Opens `.` in fd 3 again and again, and says with which descriptor it failed.
    let place = Place::with(&guest(
        &["path_open"],
        r#"(data (i32.const 64) ".")
        (func (export "_start")
          (loop $more
            (call $need (call $path_open (i32.const 3) (i32.const 0)
              (i32.const 64) (i32.const 1) (i32.const 0)
              (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 16)))
            (call $say (i32.const 64) (i32.const 1))
            (br $more)))"#,
    ));
    for engine in ENGINES {
        let args = ["--dir", ".", "--max-files", "9", "guest.wat"];
        let ended = place.run(engine, &args);
        assert_eq!(ended, Ended::new(MFILE, ".....", ""), "{engine}");
    }
}
