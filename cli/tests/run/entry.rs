//! Which function is called.

use crate::support::{ENGINES, Ended, Place, guest};

/// A reactor: says whether it was initialized, adds, divides, and exits.
fn reactor() -> String {
    guest(
        &["args_sizes_get"],
        r#"(global $ready (mut i32) (i32.const 0))
        (func (export "_initialize")
          (global.set $ready (i32.add (global.get $ready) (i32.const 1))))
        (func (export "ready") (result i32) (global.get $ready))
        (func (export "add") (param i32 i32) (result i32)
          (i32.add (local.get 0) (local.get 1)))
        (func (export "swap") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
        (func (export "single") (param f32) (result f32) (local.get 0))
        (func (export "leave") (param i32) (call $proc_exit (local.get 0)))
        (func (export "nothing"))
        (func (export "reference") (param externref))
        (func (export "args") (result i32)
          (call $need (call $args_sizes_get (i32.const 0) (i32.const 4)))
          (i32.load (i32.const 0)))"#,
    )
}

#[test]
fn invoke_results_one_to_a_line() {
    let place = Place::with(&reactor());
    for engine in ENGINES {
        for (args, code, stdout) in [
            (&["ready", "guest.wat"][..], 0, "1\n"),
            (&["add", "guest.wat", "2", "40"], 0, "42\n"),
            (&["add", "guest.wat", "-1", "0x10"], 0, "15\n"),
            (&["add", "guest.wat", "4294967295", "2"], 0, "1\n"),
            (&["swap", "guest.wat", "-7", "2.5"], 0, "2.5\n-7\n"),
            (&["single", "guest.wat", "-1e3"], 0, "-1000\n"),
            (&["nothing", "guest.wat"], 0, ""),
            (&["leave", "guest.wat", "9"], 9, ""),
            (&["args", "guest.wat"], 0, "1\n"),
            (&["_initialize", "guest.wat"], 0, ""),
        ] {
            assert_eq!(
                place.run(engine, &[&["--invoke"], args].concat()),
                Ended::new(code, stdout, ""),
                "{engine} {args:?}"
            );
        }
    }
}

#[test]
fn invoke_of_a_command_calls_that_function_only() {
    let place = Place::with(&guest(
        &[],
        r#"(func (export "_start") unreachable) (func (export "seven") (result i32) i32.const 7)"#,
    ));
    for engine in ENGINES {
        let ended = place.run(engine, &["--invoke", "seven", "guest.wat"]);
        assert_eq!(ended, Ended::new(0, "7\n", ""), "{engine}");
    }
}

#[test]
fn invoke_that_cannot_be_called_line_tells_why() {
    let place = Place::with(&reactor());
    for engine in ENGINES {
        for (args, why) in [
            (
                &["ad", "guest.wat"][..],
                "there is no exported function `ad`; did you mean add? (it exports add, \
                 args, leave, nothing, ready, reference, single, swap)",
            ),
            (
                &["add", "guest.wat", "1"],
                "the function `add` is (i32, i32) -> (i32): write 2 arguments after the module, \
                 not 1",
            ),
            (
                &["add", "guest.wat", "1", "two"],
                "the function `add` is (i32, i32) -> (i32): `two` is no i32",
            ),
            (
                &["add", "guest.wat", "1", "4294967296"],
                "the function `add` is (i32, i32) -> (i32): `4294967296` is no i32",
            ),
            (
                &["reference", "guest.wat", "1"],
                "the function `reference` is (another type) -> (): a parameter is of a type that \
                 cannot be written here",
            ),
        ] {
            assert_eq!(
                place.run(engine, &[&["--invoke"], args].concat()),
                Ended::new(2, "", &format!("error: guest.wat: {why}\n")),
                "{engine} {args:?}"
            );
        }
    }
}

#[test]
fn no_start_line_tells_what_could_be_called() {
    for (fields, why) in [
        (
            r#"(func (export "_initialize")) (func (export "f"))"#,
            "this is a reactor: it exports `_initialize` and no `_start`; call a function with \
             --invoke (it exports f)",
        ),
        (
            "",
            "there is no exported function `_start`; call a function with --invoke (it exports \
             none)",
        ),
        (
            r#"(global (export "_start") i32 (i32.const 0)) (func (export "f"))"#,
            "there is no exported function `_start`; call a function with --invoke (it exports f)",
        ),
        (
            r#"(func (export "_start") (param i32))"#,
            "the exported function `_start` is (i32) -> (), and would have to be () -> ()",
        ),
    ] {
        let place = Place::with(&guest(&[], fields));
        for engine in ENGINES {
            assert_eq!(
                place.run(engine, &["guest.wat"]),
                Ended::new(2, "", &format!("error: guest.wat: {why}\n")),
                "{engine}"
            );
        }
    }
}
