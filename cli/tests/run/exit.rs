//! Exit codes.

use crate::support::{ENGINES, Ended, Place, command, guest};

#[test]
fn proc_exit_low_byte_kept_and_loss_told() {
    let cases: [(u32, i32); 10] = [
        (0, 0),
        (1, 1),
        (7, 7),
        (42, 42),
        (126, 126),
        (134, 134),
        (255, 255),
        (256, 0),
        (0x1_02, 2),
        (u32::MAX, 255),
    ];
    for (code, kept) in cases {
        let exit = format!("(call $proc_exit (i32.const {code}))");
        let place = Place::with(&command(&[], &exit));
        let note = match code {
            0..=255 => String::new(),
            _ => format!(
                "note: the guest exited with {code}, of which a process keeps the low 8 bits: \
                 {kept}\n"
            ),
        };
        for engine in ENGINES {
            assert_eq!(
                place.run(engine, &["guest.wat"]),
                Ended::new(kept, "", &note),
                "{engine} {code}"
            );
        }
    }
}

#[test]
fn start_returns_success() {
    let place = Place::with(&command(&[], ""));
    for engine in ENGINES {
        assert_eq!(place.run(engine, &["guest.wat"]), Ended::new(0, "", ""));
    }
}

#[test]
fn start_function_exits_code_kept() {
    let place = Place::with(&guest(
        &[],
        r#"(func $first (call $proc_exit (i32.const 5)))
        (start $first)
        (func (export "_start") unreachable)"#,
    ));
    for engine in ENGINES {
        assert_eq!(place.run(engine, &["guest.wat"]), Ended::new(5, "", ""));
    }
}

#[test]
fn trap_134_and_message_after_what_was_written() {
    let said = |then: &str| {
        let text = r#"(data (i32.const 64) "before\n")"#;
        let start = format!("(call $say (i32.const 64) (i32.const 7)) {then}");
        guest(
            &["random_get"],
            &format!(r#"{text} (func $deep (call $deep)) (func (export "_start") {start})"#),
        )
    };
    for (then, word) in [
        ("unreachable", "unreachable"),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "zero"),
        ("(call $deep)", "stack"),
        (
            "(drop (call $random_get (i32.const 65535) (i32.const 2)))",
            "",
        ),
    ] {
        let place = Place::with(&said(then));
        for engine in ENGINES {
            let ended = place.run(engine, &["guest.wat"]);
            assert_eq!(ended.code, Some(134), "{engine} {then}: {ended:?}");
            assert_eq!(ended.stdout, "before\n", "{engine} {then}");
            let (told, word) = (&ended.stderr, word);
            assert!(
                told.starts_with("error: the guest trapped: "),
                "{engine} {then}: {told}"
            );
            assert!(told.contains(word), "{engine} {then}: {told}");
        }
    }
}
