//! What a filter asks about the call that it looks at, and calls that it carries out.

use crate::parents::scene::*;
use crate::parents::*;
use std::sync::Arc;
use turnkey_cap_backends::{HostClocks, ambient_authority};
use turnkey_virt::nanoprocess::{ChildLimits, Family};
use turnkey_wasi_common::{Pipe, PipeReader, PipeWriter, Stop, Verdict, WasiCtx, before};

/// Reads 5 bytes to 1024, where dots lie, and answers the errno, the count, and the first byte,
/// each in 8 bits; and the last byte in the highest.
fn reading() -> String {
    let bytes =
        r#"(data (i32.const 0) "\00\04\00\00\05\00\00\00") (data (i32.const 1024) ".....")"#;
    child(
        bytes,
        "(i32.add
            (i32.shl (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))
                (i32.const 16))
            (i32.add (i32.shl (i32.load (i32.const 8)) (i32.const 8))
                (i32.add (i32.load8_u (i32.const 1024))
                    (i32.shl (i32.load8_u (i32.const 1028)) (i32.const 24)))))",
    )
}

fn read_as(errno: u32, count: u32, first: u8, last: u8) -> u32 {
    (u32::from(last) << 24) | (errno << 16) | (count << 8) | u32::from(first)
}

/// A context in which "hello" can be read, and whose output can be seen.
fn ctx() -> (WasiCtx, Arc<PipeWriter>, PipeReader) {
    let (input, stdin) = Pipe::new(1 << 16);
    input.send(b"hello").unwrap();
    let (stdout, output) = output();
    let builder = WasiCtx::builder().stdin(Arc::new(stdin));
    (
        builder.stdout(stdout).build().unwrap(),
        Arc::new(input),
        output,
    )
}

/// A filter of `fd_read` with locals, whose `$tok`, `$iovs` and `$read` are the call's number, its
/// list of buffers and where the count is written.
fn filter(body: &str) -> String {
    format!(
        r#"{ROOM}
        (func $left (param $at i32) (param $word i32)
            (i32.store (i32.add (i32.const {LEFT}) (local.get $at)) (local.get $word)))
        (func $forward (param $tok i32) (result i32)
            (call $must (call $call_forward (local.get $tok) (i32.const {LEFT})))
            (i32.load16_u (i32.const {LEFT})))
        (func (export "filter_fd_read") (param $ctx i32) (param $tok i32) (param i32)
            (param $iovs i32) (param i32) (param $read i32) (result i32)
            (if (i32.ne (local.get $ctx) (i32.const 7)) (then (unreachable)))
            {body})"#
    )
}

/// A parent that filters what its child reads.
fn filtering<'a>(exports: &'a str, child: &'a str, before: &'a str) -> Scene<'a> {
    Scene {
        exports,
        child,
        binds: &[("class:*", PASS), ("fd_read", FILTER)],
        before,
        ..Scene::default()
    }
}

/// Runs a scene on every pair of engines, where there is something to be read. `check` is handed
/// what is left of the parent, and what was written.
fn on_each(scene: &Scene<'_>, check: impl Fn(&Seen, &PipeReader)) {
    on_every_pair(|parent, child| {
        let (ctx, _input, output) = ctx();
        check(&scene.run(parent, child, ctx), &output);
    });
}

fn filtered(body: &str, check: impl Fn(&Seen, (u32, u32))) {
    let (exports, child, before) = (filter(body), reading(), hand(0));
    let scene = filtering(&exports, &child, &before);
    on_each(&scene, |seen, _| check(seen, seen.outcome()));
}

#[test]
fn call_forward_then_each_answer() {
    let dots = read_as(0, 0, b'.', b'.');
    let cases = [
        // Passed on.
        (
            "(i32.sub (i32.const 0) (call $forward (local.get $tok)))",
            read_as(0, 5, b'h', b'o'),
        ),
        // The copy is what the call has written, and what the filter makes of it is what counts.
        (
            "(drop (call $forward (local.get $tok)))
             (if (i32.ne (i32.load (local.get $read)) (i32.const 5)) (then (unreachable)))
             (i32.store8 (i32.load (local.get $iovs)) (i32.add (i32.const 1)
                (i32.load8_u offset=1 (i32.load (local.get $iovs)))))
             (i32.store (local.get $read) (i32.const 3))
             (i32.const 1)",
            read_as(0, 3, b'f', b'o'),
        ),
        // The copy without the answer counts for nothing.
        (
            "(drop (call $forward (local.get $tok)))
             (i32.store8 (i32.load (local.get $iovs)) (i32.const 90))
             (i32.const 0)",
            read_as(0, 5, b'h', b'o'),
        ),
        // What was read is not told after all.
        (
            "(drop (call $forward (local.get $tok))) (i32.const -2)",
            dots | (2 << 16),
        ),
        (
            "(drop (call $forward (local.get $tok))) (i32.const 99)",
            dots | (29 << 16),
        ),
        // Once.
        (
            "(drop (call $forward (local.get $tok)))
             (i32.sub (i32.const 0) (call $call_forward (local.get $tok) (i32.const 0x30100)))",
            dots | (7 << 16),
        ),
        // A count that the filter had changed before makes no difference.
        (
            "(i32.store offset=4 (local.get $iovs) (i32.const 1))
             (i32.store (local.get $iovs) (i32.const 0))
             (i32.sub (i32.const 0) (call $forward (local.get $tok)))",
            read_as(0, 5, b'h', b'o'),
        ),
    ];
    for (body, expected) in cases {
        filtered(body, |_, outcome| {
            assert_eq!(outcome, (RETURNED, expected), "{body}");
        });
    }
}

#[test]
fn call_ret_and_call_arg_each_errno_and_effect() {
    let dots = read_as(0, 0, b'.', b'.');
    let with = |calls: &str, answer: &str| {
        format!("(i64.store (i32.const 0x30120) (i64.const 0x4847464544434241)) {calls} {answer}")
    };
    let left = |at: u32, call: String| format!("(call $left (i32.const {at}) {call})");
    let ret = |arg: &str, offset: &str, len: &str| {
        call(
            "call_ret",
            &["(local.get $tok)", arg, offset, "0x30120", len],
        )
    };
    let arg = |arg: &str, offset: &str, len: &str| {
        call(
            "call_arg",
            &["(local.get $tok)", arg, offset, "0x30180", len, "0x30140"],
        )
    };
    let forward = "(drop (call $forward (local.get $tok)))";
    let cases = [
        // The first byte through the copy, the last beside it, the count through its argument.
        (
            with(
                &(left(4, ret("1", "3", "2")) + &left(8, ret("3", "0", "1"))),
                "(i32.store8 (i32.load (local.get $iovs)) (i32.const 63)) (i32.const 1)",
            ),
            [0, 0],
            read_as(0, 0x41, b'?', b'B'),
        ),
        (with(&left(4, ret("1", "0", "5")), "(i32.const -2)"), [0, 0], dots | (2 << 16)),
        // Not carried out: the call passes, and only what it writes counts.
        (
            with(&left(4, ret("1", "0", "5")), "(i32.const 0)"),
            [0, 0],
            read_as(0, 5, b'h', b'o'),
        ),
        (
            with(&(forward.to_owned() + &left(4, ret("1", "4", "1"))), "(i32.const 0)"),
            [0, 0],
            read_as(0, 5, b'h', b'A'),
        ),
        // Nothing is written beyond the end, where nothing leads, or where only the host reads.
        (
            with(&(left(4, ret("1", "1", "5")) + &left(8, ret("0", "0", "1"))), "(i32.const 1)"),
            [FAULT, INVAL],
            dots,
        ),
        (
            with(&(left(4, ret("2", "0", "1")) + &left(8, ret("99", "0", "1"))), "(i32.const 1)"),
            [INVAL, INVAL],
            dots,
        ),
        (
            with(&(left(4, ret("1", "-1", "1")) + &left(8, ret("1", "5", "0"))), "(i32.const 1)"),
            [FAULT, 0],
            dots,
        ),
        (
            with(&(left(4, arg("0", "0", "5")) + &left(8, arg("2", "0", "5"))), "(i32.const 1)"),
            [INVAL, INVAL],
            dots,
        ),
        // What it looks like before and after the call was carried out.
        (
            with(
                &(left(4, arg("1", "1", "9"))
                    + "(if (i32.ne (i32.load (i32.const 0x30140)) (i32.const 4)) (then (unreachable)))
                    (if (i32.ne (i32.load (i32.const 0x30180)) (i32.const 0x2e2e2e2e)) (then (unreachable)))"
                    + forward
                    + &left(8, arg("1", "0", "4"))
                    + "(if (i32.ne (i32.load (i32.const 0x30180)) (i32.const 0x6c6c6568)) (then (unreachable)))"),
                "(i32.const -2)",
            ),
            [0, 0],
            dots | (2 << 16),
        ),
        (
            with(
                &(left(4, arg("1", "5", "9")) + &left(8, arg("1", "-1", "9"))
                    + "(if (i32.load (i32.const 0x30140)) (then (unreachable)))"),
                "(i32.const 1)",
            ),
            [0, 0],
            dots,
        ),
    ];
    for (body, errnos, expected) in &cases {
        filtered(body, |seen, outcome| {
            assert_eq!(outcome, (RETURNED, *expected), "{body}");
            assert_eq!(
                [seen.word(LEFT + 4), seen.word(LEFT + 8)],
                *errnos,
                "{body}"
            );
        });
    }
}

#[test]
fn token_of_another_moment_badf() {
    // Before there was a call, in `after_`, and for numbers that no call has.
    let asked = |token: &str| {
        ["call_forward", "call_arg", "call_ret"].map(|name| match name {
            "call_forward" => call(name, &[token, "0x30180"]),
            "call_arg" => call(name, &[token, "1", "0", "0x30180", "1", "0x30140"]),
            _ => call(name, &[token, "1", "0", "0x30180", "1"]),
        })
    };
    let expect = |token: &str| -> String {
        let asked = asked(token);
        let each = asked
            .iter()
            .map(|call| format!("(if (i32.ne {call} (i32.const {BADF})) (then (unreachable)))\n"));
        each.collect()
    };
    let body = expect("(i32.add (local.get $tok) (i32.const 1))")
        + &expect("(i32.sub (local.get $tok) (i32.const 1))")
        + "(global.set $seen (local.get $tok)) (i32.const 0)";
    let exports = filter(&body)
        + "(global $seen (mut i32) (i32.const 0))"
        + &format!(
            r#"(func (export "after_fd_read") (param i32 i32 i32) {} (call $left (i32.const 4) (i32.const 1)))"#,
            expect("(local.get 1)")
        );
    let before = hand(0) + &expect("(i32.const 0)");
    let after = expect("(global.get $seen)");
    let child = reading();
    let scene = Scene {
        after: &after,
        ..filtering(&exports, &child, &before)
    };
    on_each(&scene, |seen, _| {
        assert_eq!(seen.outcome(), (RETURNED, read_as(0, 5, b'h', b'o')));
        assert_eq!(seen.word(LEFT + 4), 1);
    });
}

#[test]
fn token_within_the_filter_of_a_sibling_badf_and_good_again_behind_it() {
    // The first call has a sibling read; the filter of its call asks about the first one.
    let exports = filter(
        "(if (i32.eqz (global.get $first)) (then
            (global.set $first (i32.add (local.get $tok) (i32.const 1)))
            (call $sibling)
            (return (i32.sub (i32.const 0) (call $forward (local.get $tok))))))
        (call $left (i32.const 8) (call $call_forward
            (i32.sub (global.get $first) (i32.const 1)) (i32.const 0x30180)))
        (i32.const -2)",
    ) + "(global $first (mut i32) (i32.const 0))
        (func $sibling "
        + &call_export("(i32.load (i32.const 0x30060))", "f")
        + "(call $left (i32.const 12) (i32.load (i32.const 0x30050))))";
    let sibling = "(i32.load (i32.const 0x30060))";
    let mut before = hand(0) + &must("child_new", &["0", "0x30060"]);
    before += &store(0x3_0300, "class:*");
    before += &store(0x3_0320, "fd_read");
    before += &must("child_bind", &[sibling, "0x30300", "7", "2", "0"]);
    before += &must("child_bind", &[sibling, "0x30320", "7", "4", "7"]);
    before += &must("child_link", &[sibling, "0x3004c"]);
    let child = reading();
    let scene = filtering(&exports, &child, &before);
    on_each(&scene, |seen, _| {
        assert_eq!(seen.outcome(), (RETURNED, read_as(0, 5, b'h', b'o')));
        assert_eq!(seen.word(LEFT + 8), BADF);
        let dots = read_as(2, 0, b'.', b'.');
        assert_eq!(seen.word(LEFT + 12), dots, "what the sibling returned");
    });
}

#[test]
fn call_forward_by_the_childs_authority_not_the_parents() {
    let exports = format!(
        r#"{ROOM} (func (export "filter_fd_write") (param i32 i32 i32 i32 i32 i32) (result i32)
            (call $must (call $call_forward (local.get 1) (i32.const {LEFT})))
            (i32.sub (i32.const 0) (i32.load16_u (i32.const {LEFT}))))"#
    );
    let child = child(
        r#"(data (i32.const 0) "\08\00\00\00\01\00\00\00x")"#,
        "(call $fd_write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 12))",
    );
    // The parent's own descriptor 3 is its output, which the child has not, or has at 3.
    for (granted, expected) in [(false, BADF), (true, 0)] {
        let before = match granted {
            false => String::new(),
            true => {
                must("cap_from_fd", &["1", "(i64.const -1)", "0x30044"])
                    + &must("child_grant", &[CHILD, CAP, "3", "0", "0", "0x30048"])
            }
        };
        let scene = Scene {
            exports: &exports,
            child: &child,
            binds: &[("class:*", PASS), ("fd_write", FILTER)],
            before: &before,
            ..Scene::default()
        };
        on_each(&scene, |seen, output| {
            assert_eq!(seen.outcome(), (RETURNED, expected));
            assert_eq!(output.drain().len(), usize::from(granted));
        });
    }
}

/// A filter that reads a buffer of 40,000 bytes piece by piece, and leaves their sum.
#[test]
fn call_arg_buffer_larger_than_the_room_seen_whole_and_forwarded() {
    let exports = format!(
        r#"{ROOM} (func (export "filter_fd_write")
            (param i32 i32 i32) (param $iovs i32) (param i32 i32) (result i32)
            (local $at i32) (local $sum i32) (local $n i32)
            (if (i32.load (local.get $iovs)) (then (unreachable)))
            (if (i32.ne (i32.load offset=4 (local.get $iovs)) (i32.const 40000)) (then (unreachable)))
            (loop $more
                (call $must (call $call_arg (local.get 1) (i32.const 1) (local.get $at)
                    (i32.const 0x10000) (i32.const 3000) (i32.const {LEFT})))
                (local.set $n (i32.load (i32.const {LEFT})))
                (local.set $at (i32.add (local.get $at) (local.get $n)))
                (if (local.get $n) (then
                    (loop $each
                        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                        (local.set $sum (i32.add (local.get $sum)
                            (i32.load8_u (i32.add (i32.const 0x10000) (local.get $n)))))
                        (br_if $each (local.get $n)))
                    (br $more))))
            (i32.store (i32.const {LEFT}) (local.get $sum))
            (i32.store (i32.const 0x30104) (local.get $at))
            (call $must (call $call_forward (local.get 1) (i32.const 0x30108)))
            (i32.sub (i32.const 0) (i32.load16_u (i32.const 0x30108))))"#
    );
    let child = child(
        r#"(data (i32.const 0) "\00\10\00\00\40\9c\00\00")"#,
        "(memory.fill (i32.const 4096) (i32.const 3) (i32.const 40000))
        (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12))
            (then (return (i32.const -1))))
        (i32.load (i32.const 12))",
    );
    let scene = Scene {
        exports: &exports,
        child: &child,
        binds: &[("class:*", PASS), ("fd_write", FILTER)],
        before: &hand(1),
        ..Scene::default()
    };
    on_each(&scene, |seen, output| {
        assert_eq!(seen.outcome(), (RETURNED, 40_000));
        assert_eq!([seen.word(LEFT), seen.word(LEFT + 4)], [120_000, 40_000]);
        assert_eq!(output.drain(), [3; 40_000]);
    });
}

/// A filter that gives random bytes itself: 40,000 of them, 8 at a time or none at all.
#[test]
fn call_ret_more_than_the_room_holds_reaches_the_child() {
    let filling = format!(
        r#"(i64.store (i32.const {LEFT}) (i64.const 0x0101010101010101))
        (loop $more
            (call $must (call $call_ret (local.get 1) (i32.const 0) (local.get $at)
                (i32.const {LEFT}) (i32.const 8)))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $more (i32.lt_u (local.get $at) (i32.const 40000))))"#
    );
    let child = child(
        "",
        "(local $at i32) (local $sum i32) (local $errno i32)
        (local.set $errno (call $random_get (i32.const 8) (i32.const 40000)))
        (loop $each
            (local.set $sum (i32.add (local.get $sum)
                (i32.load8_u (i32.add (i32.const 8) (local.get $at)))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $each (i32.lt_u (local.get $at) (i32.const 40000))))
        (i32.add (local.get $sum) (i32.mul (local.get $errno) (i32.const 100000)))",
    );
    for (body, answer, expected) in [
        (filling.as_str(), "1", 40_000),
        (&filling, "-2", 200_000),
        ("", "1", NOMEM * 100_000),
    ] {
        let exports = format!(
            r#"{ROOM} (func (export "filter_random_get")
                (param i32 i32) (param $buf i32) (param i32) (result i32) (local $at i32)
                (if (local.get $buf) (then (unreachable)))
                {body} (i32.const {answer}))"#
        );
        let scene = Scene {
            exports: &exports,
            child: &child,
            binds: &[("class:*", PASS), ("random_get", FILTER)],
            ..Scene::default()
        };
        scene.on_every_pair(|seen| assert_eq!(seen.outcome(), (RETURNED, expected)));
    }
}

#[test]
fn call_forward_that_waits_ends_with_the_child_and_the_parent_goes_on() {
    // It waits for an hour, or for input that nobody sends.
    let sleeping = child(
        r#"(data (i32.const 16) "\01") (data (i32.const 24) "\00\00\00\00\ff\00\00\00")"#,
        "(call $poll_oneoff (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 256))",
    );
    let cases = [
        ("fd_read", reading(), "(param i32 i32 i32 i32 i32 i32)"),
        ("poll_oneoff", sleeping, "(param i32 i32 i32 i32 i32 i32)"),
    ];
    for (name, child, params) in &cases {
        let exports = format!(
            r#"{ROOM} (func (export "filter_{name}") {params} (result i32)
                (i32.store (i32.const {LEFT})
                    (call $call_forward (local.get 1) (i32.const 0x30180)))
                (i32.const 0))"#
        );
        on_every_pair(|parent, engine| {
            in_time(|deadline| {
                let scene = Scene {
                    exports: &exports,
                    child,
                    binds: &[("class:*", PASS), (name, FILTER)],
                    before: &hand(0),
                    limits: ChildLimits {
                        deadline: Some(deadline),
                        ..ChildLimits::DEFAULT
                    },
                    ..Scene::default()
                };
                let (_input, stdin) = Pipe::new(8);
                let ctx = WasiCtx::builder().stdin(Arc::new(stdin)).build().unwrap();
                let clocks = Arc::new(HostClocks::new(ambient_authority()));
                let builder = Family::builder().clocks(clocks);
                let seen = scene.run_with(parent, engine, ctx, builder);
                assert_eq!(seen.outcome().0, DEADLINE, "{name}");
                // It was not asked at all, or told that the call was canceled.
                let told = seen.word(LEFT);
                assert!([0, 11].contains(&told), "{name}: {told}");
                told != 0
            });
        });
    }
}

#[test]
fn call_forward_exit_child_exits_behind_the_filter() {
    for answer in ["0", "1", "-2"] {
        let exports = format!(
            r#"(func (export "filter_proc_exit") (param i32 i32 i32) (result i32)
                (i32.store (i32.const {LEFT})
                    (call $call_forward (local.get 1) (i32.const 0x30180)))
                (i32.store offset=4 (i32.const {LEFT})
                    (call $call_forward (local.get 1) (i32.const 0x30180)))
                (i32.const {answer}))"#
        );
        let child = child("", "(call $proc_exit (i32.const 5)) (i32.const 0)");
        let scene = Scene {
            exports: &exports,
            child: &child,
            binds: &[("class:*", PASS), ("proc_exit", FILTER)],
            ..Scene::default()
        };
        scene.on_every_pair(|seen| {
            assert_eq!(seen.outcome(), (EXITED, 5));
            assert_eq!([seen.word(LEFT), seen.word(LEFT + 4)], [11, 7]);
        });
    }
}

#[test]
fn call_forward_to_what_the_same_parent_serves() {
    let exports = format!(
        r#"{ROOM}
        (func (export "obj_write") (param i32 i64 i64) (param $buf i32) (param $len i32) (result i32)
            (memory.copy (i32.const {LEFT}) (local.get $buf) (local.get $len)) (local.get $len))
        (func (export "filter_fd_write") (param i32 i32 i32) (param $iovs i32) (param i32 i32)
            (result i32)
            (local $copy i32) (local.set $copy (i32.load (local.get $iovs)))
            (call $must (call $call_forward (local.get 1) (i32.const 0x30180)))
            ;; The copy has not been written over by what was served meanwhile.
            (if (i32.ne (i32.load8_u (local.get $copy)) (i32.const 120)) (then (unreachable)))
            (i32.sub (i32.const 0) (i32.load16_u (i32.const 0x30180))))"#
    );
    let child = child(
        r#"(data (i32.const 0) "\08\00\00\00\01\00\00\00x")"#,
        "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
        (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12))",
    );
    let scene = Scene {
        exports: &exports,
        child: &child,
        binds: &[("class:*", PASS), ("fd_write", FILTER)],
        before: &serve(2, 9, 1),
        ..Scene::default()
    };
    scene.on_every_pair(|seen| {
        assert_eq!(seen.outcome(), (RETURNED, 0));
        assert_eq!(seen.word(LEFT), u32::from(b'x'));
    });
}

#[test]
fn forward_of_a_rust_ancestor_seen_by_the_parent_between() {
    let exports = filter("(call $left (i32.const 4) (i32.const 1)) (i32.const 0)");
    let (child, handed) = (reading(), hand(0));
    let scene = filtering(&exports, &child, &handed);
    on_every_pair(|parent, child| {
        let (ctx, _input, _output) = ctx();
        let shouting = before(|call, memory| {
            let Some(original) = call.original else {
                return Verdict::Continue;
            };
            let outcome = original.forward(memory);
            if call.function.name == "fd_read" {
                memory[1024..1029].make_ascii_uppercase();
            }
            outcome.map_or_else(Verdict::from, Verdict::Answer)
        });
        let builder = Family::builder().filter(Arc::new(shouting));
        let seen = scene.run_with(parent, child, ctx, builder);
        assert_eq!(seen.outcome(), (RETURNED, read_as(0, 5, b'H', b'O')));
        assert_eq!(seen.word(LEFT + 4), 1);
    });
}

#[test]
fn filter_that_exits_after_forwarding_parent_has_left() {
    let exports =
        filter("(drop (call $forward (local.get $tok))) (call $exit (i32.const 9)) (i32.const 0)");
    let (child, handed) = (reading(), hand(0));
    let scene = filtering(&exports, &child, &handed);
    on_each(&scene, |seen, _| {
        assert_eq!(seen.ended, Err(Stop::Exit(9)));
    });
}
