//! Parents that do not keep to the interface, and what they must not bring about.

use super::super::{Kind, check};
use super::*;
use std::io::{IoSlice, IoSliceMut};
use turnkey_wasi_common::{Dir, Follow, Interest, Stop};

/// The types and bodies of the exports that are asked in [`each_request`].
const REQUESTS: [(&str, &str); 9] = [
    ("obj_read", "(param i32 i64 i64 i32 i32) (result i32)"),
    ("obj_write", "(param i32 i64 i64 i32 i32) (result i32)"),
    ("obj_append", "(param i32 i64 i32 i32) (result i64)"),
    ("obj_poll", "(param i32 i64 i32) (result i32)"),
    ("dir_list", "(param i32 i64 i32 i32 i32 i32) (result i32)"),
    ("dir_open", "(param i32 i64 i32 i32 i32) (result i32)"),
    ("obj_stat", "(param i32 i64 i32) (result i32)"),
    ("clock_now", "(param i32 i32) (result i64)"),
    ("rng_fill", "(param i32 i32 i32) (result i32)"),
];

fn request(serving: &Serving, name: &str) -> Errno {
    let file = serving.file(TAG, 2);
    match name {
        "obj_read" => errno(file.read_at(&mut [IoSliceMut::new(&mut [0; 9])], 0)),
        "obj_write" => errno(file.write_at(&[IoSlice::new(b"123456789")], 0)),
        "obj_append" => errno(file.append(&[IoSlice::new(b"123456789")])),
        "obj_poll" => errno(serving.stream(TAG, 2).readiness(Interest::Read)),
        "dir_list" => errno(tree(serving).listing()),
        "dir_open" => errno(tree(serving).stat_at(path("a"), Follow::No)),
        "obj_stat" => errno(file.stat()),
        "clock_now" => errno(
            serving
                .clocks(TAG)
                .now(turnkey_wasi_common::Clock::Realtime),
        ),
        _ => errno(serving.random(TAG).fill(&mut [0; 9])),
    }
}

fn with_body(name: &str, body: &str) -> String {
    let (_, ty) = REQUESTS.iter().find(|(other, _)| *other == name).unwrap();
    parent(&format!(r#"(func (export "{name}") {ty} {body})"#))
}

#[test]
fn every_request_unknown_errno_io_and_known_one_told() {
    for (name, ty) in REQUESTS {
        let width = if ty.ends_with("(result i64)") {
            "i64"
        } else {
            "i32"
        };
        for (answer, expected) in [
            ("-1000", Errno::Io),
            ("-77", Errno::Io),
            ("-76", Errno::Notcapable),
            ("-1", Errno::TooBig),
            ("-2147483648", Errno::Io),
        ] {
            let wat = with_body(name, &format!("({width}.const {answer})"));
            on_every_engine(&wat, |serving, parent| {
                let told = serving.lend(parent, || request(serving, name));
                assert_eq!(told, expected, "{name} {answer}");
                assert_eq!(serving.failure(), None);
            });
        }
    }
}

#[test]
fn counts_larger_than_asked_for_io() {
    for (name, count) in [
        ("obj_read", "10"),
        ("obj_read", "2147483647"),
        ("obj_write", "10"),
        ("obj_poll", "4"),
        ("dir_list", "70000"),
        ("dir_list", "15"),
    ] {
        let wat = with_body(name, &format!("(i32.const {count})"));
        on_every_engine(&wat, |serving, parent| {
            let told = serving.lend(parent, || request(serving, name));
            assert_eq!(told, Errno::Io, "{name} {count}");
        });
    }
}

#[test]
fn every_request_trap_ends_the_child_and_the_parent_is_not_entered_again() {
    for (name, _) in REQUESTS {
        on_every_engine(&with_body(name, "(unreachable)"), |serving, parent| {
            serving.lend(parent, || {
                assert_eq!(request(serving, name), Errno::Io, "{name}");
                assert!(matches!(serving.failure(), Some(Stop::Trap(_))));
                assert!(serving.interrupt().fired().is_some());
                assert_eq!(
                    errno(serving.stream(TAG, 5).readiness(Interest::Read)),
                    Errno::Io
                );
            });
        });
    }
}

#[test]
fn rooms_that_are_none_errnos() {
    let reading = r#"(func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32)
        (i32.const 0))"#;
    for (room, expected) in [
        ("0", Errno::Nomem),
        // 1023 bytes at 0.
        ("0x03ff_0000_0000", Errno::Nomem),
        ("0x0400_0000_0000", Errno::Success),
        // Beyond the memory of 128 KiB.
        ("0x0400_0002_0000", Errno::Io),
        ("0x0001_0001_0001_0008", Errno::Io),
        // Around the end of the address space.
        ("0x0400_ffff_ff00", Errno::Io),
        ("0x7fff_ffff_0000_0000", Errno::Io),
        ("-52", Errno::Nosys),
        ("-9999", Errno::Io),
    ] {
        let wat = parent(reading).replace("0x1_0000_0001_0000", room);
        on_every_engine(&wat, |serving, parent| {
            let told = serving.lend(parent, || request(serving, "obj_read"));
            assert_eq!(told, expected, "{room}");
        });
    }
    on_every_engine(&format!("(module {reading})"), |serving, parent| {
        let told = serving.lend(parent, || request(serving, "obj_read"));
        assert_eq!(told, Errno::Nosys);
    });
}

#[test]
fn memory_that_grows_in_a_handler_read_where_it_lies_then() {
    let growing = r#"(func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32)
        (drop (memory.grow (i32.const 100)))
        (memory.fill (local.get 3) (i32.const 7) (local.get 4))
        (local.get 4))"#;
    on_every_engine(&parent(growing), |serving, parent| {
        serving.lend(parent, || {
            let mut bytes = [0; 100_000];
            let read = serving
                .file(TAG, 2)
                .read_at(&mut [IoSliceMut::new(&mut bytes)], 0);
            assert_eq!(read, Ok(100_000));
            assert!(bytes.iter().all(|byte| *byte == 7));
        });
    });
}

#[test]
fn entries_that_make_no_sense_io() {
    for (offset, value) in [(56, 8), (56, 255), (57, 2)] {
        let body =
            format!("(i32.store8 offset={offset} (local.get 4) (i32.const {value})) (i32.const 0)");
        on_every_engine(&with_body("dir_open", &body), |serving, parent| {
            let told = serving.lend(parent, || request(serving, "dir_open"));
            assert_eq!(told, Errno::Io);
        });
    }
    // A capability, and the parent holds none.
    let body = "(i32.store8 offset=57 (local.get 4) (i32.const 1)) (i32.const 0)";
    on_every_engine(&with_body("dir_open", body), |serving, parent| {
        let told = serving.lend(parent, || request(serving, "dir_open"));
        assert_eq!(told, Errno::Io);
    });
}

#[test]
fn check_export_missing_or_of_another_type_nosys_with_its_name() {
    let kinds = [
        Kind::Clocks,
        Kind::Random,
        Kind::Dir,
        Kind::File,
        Kind::Stream,
    ];
    on_every_engine(&parent(""), |_, parent| {
        for kind in kinds {
            assert_eq!(errno(check(parent, kind)), Errno::Nosys, "{kind:?}");
        }
        let told = check(parent, Kind::Stream).unwrap_err();
        let told = told.told().unwrap();
        assert_eq!(
            told,
            "the parent does not export `obj_read` nor `obj_write`"
        );
    });
    on_every_engine(READ_ONLY, |_, parent| {
        for kind in [Kind::Dir, Kind::File, Kind::Stream] {
            assert_eq!(check(parent, kind), Ok(()), "{kind:?}");
        }
        assert_eq!(errno(check(parent, Kind::Clocks)), Errno::Nosys);
    });
    let mistyped = READ_ONLY.replace(
        r#"(func (export "obj_drop") (param $ctx i32) (param $object i64) (result i32)"#,
        r#"(func (export "obj_drop") (param $ctx i32) (param $object i64) (result i32 i32)
            (i32.const 0)"#,
    );
    on_every_engine(&mistyped, |_, parent| {
        let told = check(parent, Kind::Dir).unwrap_err();
        assert_eq!(
            told.told().unwrap(),
            "the parent exports `obj_drop` as (i32, i64) -> (i32, i32), and it is to be \
             (i32, i64) -> (i32)"
        );
    });
    let without_memory = r#"(module
        (func (export "virt_scratch") (result i64) (i64.const 0))
        (func (export "rng_fill") (param i32 i32 i32) (result i32) (i32.const 0)))"#;
    on_every_engine(without_memory, |_, parent| {
        assert_eq!(errno(check(parent, Kind::Random)), Errno::Nosys);
    });
}

#[test]
fn serving_from_another_thread_io_and_the_parent_is_left_alone() {
    on_every_engine(READ_ONLY, |serving, parent| {
        serving.lend(parent, || {
            let told = std::thread::scope(|scope| {
                let asked = scope.spawn(|| request(serving, "obj_read"));
                asked.join().unwrap()
            });
            assert_eq!(told, Errno::Io);
            assert_eq!(request(serving, "obj_read"), Errno::Success);
        });
        assert_eq!(serving.failure(), None);
    });
}

#[test]
fn requests_that_are_nested_leave_each_other_s_room_alone() {
    use turnkey_snapshots::engine::{FuncType, HostFunction, Value, ValueType};
    // While an object is read, another child of the same parent reads object 2, whose bytes are 2.
    let wat = r#"(module
        (import "env" "nested" (func $nested))
        (memory (export "memory") 2)
        (func (export "virt_scratch") (result i64) (i64.const 0x1_0000_0001_0000))
        (func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32)
            (memory.fill (local.get 3) (i32.wrap_i64 (local.get 1)) (local.get 4))
            (if (i64.eq (local.get 1) (i64.const 1)) (then (call $nested)))
            (local.get 4)))"#;
    let read = |serving: &Serving, object| {
        let mut bytes = [0; 50];
        let file = serving.file(TAG, object);
        let read = file.read_at(&mut [IoSliceMut::new(&mut bytes)], 0);
        read.map(|_| bytes)
    };
    for engine in engines() {
        let nested = HostFunction {
            module: "env".to_owned(),
            name: "nested".to_owned(),
            ty: FuncType::new(Vec::<ValueType>::new(), Vec::new()),
            run: std::sync::Arc::new(move |guest: &mut dyn Guest, _: &[Value], _: &mut [Value]| {
                let other = Serving::default();
                let told = other.lend(guest, || read(&other, 2));
                assert_eq!(told, Ok([2; 50]));
                Ok(())
            }),
        };
        let module = engine.compile(&wat::parse_str(wat).unwrap()).unwrap();
        let mut parent = module
            .instantiate(Node {
                ctx: WasiCtx::builder().build().unwrap(),
                functions: vec![nested],
                limits: Limits::default(),
            })
            .unwrap();
        let serving = Serving::default();
        let told = serving.lend(&mut *parent, || read(&serving, 1));
        assert_eq!(told, Ok([1; 50]), "{}", engine.name());
    }
}
