//! Filters that parents serve.

use super::*;
use std::sync::Arc;
use turnkey_snapshots::{Memory, complete, preview_1};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Access, Pipe, PipeReader, Stop, TrapKind};

fn functions(names: &[&str]) -> Vec<&'static Function> {
    let all = preview_1::FUNCTIONS.iter();
    all.filter(|function| names.contains(&function.name))
        .collect()
}

/// A context whose calls of these functions the parent filters, with a pipe for standard output.
fn filtered(serving: &Serving, names: &[&str]) -> (WasiCtx, PipeReader) {
    let (stdout, output) = Pipe::new(4096);
    let ctx = WasiCtx::builder()
        .stdout(Arc::new(stdout))
        .filter(serving.filter(TAG, functions(names)))
        .preopen("/", Arc::new(tree(serving)), Access::ReadWrite)
        .build()
        .unwrap();
    (ctx, output)
}

/// A child's memory: two buffers that hold "hello " and "world" at 0, told at 32, a path at 64.
fn memory() -> Vec<u8> {
    let mut memory = vec![0; 1 << 17];
    memory[..11].copy_from_slice(b"hello world");
    memory[32..48].copy_from_slice(&[0, 0, 0, 0, 6, 0, 0, 0, 6, 0, 0, 0, 5, 0, 0, 0]);
    memory[64..70].copy_from_slice(b"secret");
    memory
}

fn write(ctx: &WasiCtx, memory: &mut [u8]) -> Result<i32, Stop> {
    complete(ctx, |call| {
        preview_1::fd_write(call, &mut Memory::new(memory), 1, 32, 2, 128)
    })
}

/// What the parent keeps at 0: 8 bytes of what it saw last; at 8 one more than the errno that it was told.
const SEEING: &str = r#"
    (func (export "filter_fd_write")
        (param $ctx i32) (param $call i32) (param $fd i32) (param $iovs i32) (param $count i32)
        (param $written i32) (result i32)
        (if (i32.ne (local.get $ctx) (i32.const 7)) (then (unreachable)))
        (if (i32.ne (local.get $count) (i32.const 2)) (then (unreachable)))
        (memory.copy (i32.const 0) (i32.load offset=0 (local.get $iovs)) (i32.const 4))
        (memory.copy (i32.const 4) (i32.load offset=8 (local.get $iovs)) (i32.const 4))
        ;; Changing the copies changes nothing.
        (i32.store8 (i32.load offset=0 (local.get $iovs)) (i32.const 120))
        (i32.store (local.get $written) (i32.const 4))
        (i32.store (i32.const 12) (local.get $call))
        (i32.const VERDICT))
    (func (export "after_fd_write") (param i32) (param $call i32) (param $errno i32)
        (if (i32.ne (i32.load (i32.const 12)) (local.get $call)) (then (unreachable)))
        (i32.store (i32.const 8) (i32.add (local.get $errno) (i32.const 1))))"#;

#[test]
fn filter_continues_denies_or_answers() {
    for (verdict, errno, output, written) in [
        ("0", 0, &b"hello world"[..], 11_u8),
        ("-63", 63, b"", 0),
        ("1", 0, b"", 4),
        ("2", 29, b"", 0),
        ("-999", 29, b"", 0),
    ] {
        let wat = parent(&SEEING.replace("VERDICT", verdict));
        on_every_engine(&wat, |serving, parent| {
            let mut memory = memory();
            serving.lend(parent, || {
                let (ctx, reader) = filtered(serving, &["fd_write", "fd_read"]);
                for _ in 0..2 {
                    assert_eq!(write(&ctx, &mut memory), Ok(errno), "{verdict}");
                    assert_eq!(reader.drain(), output);
                    assert_eq!(memory[128], written);
                    assert_eq!(&memory[..11], b"hello world");
                }
            });
            assert_eq!(serving.failure(), None);
            let seen = parent.memory().unwrap();
            assert_eq!(&seen[..8], b"hellworl");
            // Who decides is not told how it ended.
            assert_eq!(seen[8], u8::from(verdict == "0"));
        });
    }
}

#[test]
fn filter_answers_a_read_what_it_wrote_reaches_the_child() {
    let answering = r#"(func (export "filter_fd_read")
        (param i32 i32 i32) (param $iovs i32) (param i32) (param $read i32) (result i32)
        (i32.store8 (i32.load offset=0 (local.get $iovs)) (i32.const 72))
        (i32.store8 (i32.load offset=8 (local.get $iovs)) (i32.const 87))
        (i32.store (local.get $read) (i32.const 7))
        (i32.const 1))"#;
    on_every_engine(&parent(answering), |serving, parent| {
        let mut memory = memory();
        serving.lend(parent, || {
            let (ctx, _) = filtered(serving, &["fd_read"]);
            let read = complete(&ctx, |call| {
                preview_1::fd_read(call, &mut Memory::new(&mut memory), 0, 32, 2, 128)
            });
            assert_eq!(read, Ok(0));
        });
        assert_eq!(&memory[..11], b"Hello World");
        assert_eq!(memory[128], 7);
    });
}

#[test]
fn filter_path_and_numbers_seen_as_the_child_passes_them() {
    // Denies with the length of the path, and `perm` for one that begins with "s" and wide rights.
    let seeing = r#"(func (export "filter_path_open")
        (param i32 i32 i32 i32) (param $path i32) (param $len i32) (param i32)
        (param $rights i64) (param i64 i32 i32) (result i32)
        (if (i64.eq (local.get $rights) (i64.const -1)) (then (return (i32.const -63))))
        (if (i32.ne (i32.load8_u (local.get $path)) (i32.const 115)) (then (return (i32.const 0))))
        (i32.sub (i32.const 0) (local.get $len)))"#;
    on_every_engine(&parent(seeing), |serving, parent| {
        serving.lend(parent, || {
            let (ctx, _) = filtered(serving, &["path_open"]);
            let mut memory = memory();
            let mut open = |path, length, rights| {
                complete(&ctx, |call| {
                    let memory = &mut Memory::new(&mut memory);
                    preview_1::path_open(call, memory, 3, 0, path, length, 0, rights, 0, 0, 200)
                })
            };
            assert_eq!(open(64, 6, 2), Ok(6));
            assert_eq!(open(64, 2, 2), Ok(2));
            assert_eq!(open(64, 6, -1), Ok(63));
            // Passed on: the parent serves no `dir_open`.
            assert_eq!(open(65, 5, 2), Ok(52));
        });
        assert_eq!(serving.failure(), None);
    });
}

#[test]
fn filter_pointers_that_lead_nowhere_fault_before_the_parent_is_asked() {
    let trapping = SEEING.replace(
        "(if (i32.ne (local.get $ctx) (i32.const 7)) (then (unreachable)))",
        "(unreachable)",
    );
    let wat = parent(&trapping.replace("VERDICT", "0"));
    on_every_engine(&wat, |serving, parent| {
        serving.lend(parent, || {
            let (ctx, _) = filtered(serving, &["fd_write"]);
            for (iovs, count, written, buffer) in [
                (-1, 2, 128, 0_u32),
                (0x1fff8, 2, 128, 0),
                (32, -1, 128, 0),
                (32, 2, -4, 0),
                (32, 2, 0x1fffd, 0),
                (32, 2, 128, 0x1ffff),
                (32, 2, 128, u32::MAX),
            ] {
                let mut memory = memory();
                memory[40..44].copy_from_slice(&buffer.to_le_bytes());
                let memory = &mut memory;
                let ended = complete(&ctx, |call| {
                    let memory = &mut Memory::new(memory);
                    preview_1::fd_write(call, memory, 1, iovs, count, written)
                });
                match (buffer, ended) {
                    (0, Ok(_)) if iovs == 32 && count == 2 && written == 128 => panic!(),
                    (_, Err(Stop::Trap(trap))) => assert_eq!(trap.kind(), TrapKind::Fault),
                    (_, other) => panic!("{iovs} {count} {written} {buffer}: {other:?}"),
                }
            }
        });
        assert_eq!(serving.failure(), None);
    });
}

#[test]
fn filter_buffer_of_an_argument_larger_than_the_room_told_with_address_0() {
    // Sees the first byte of what it can see; answers the verdict for what it cannot.
    let seeing = r#"(func (export "filter_random_get")
        (param i32 i32) (param $buffer i32) (param $length i32) (result i32)
        (if (local.get $buffer) (then (return (i32.const -63))))
        (if (i32.ne (local.get $length) (i32.const 100000)) (then (unreachable)))
        (i32.const VERDICT))"#;
    let nomem = i32::from(Errno::Nomem.number());
    for (verdict, errno) in [("0", 0), ("-29", 29), ("1", nomem)] {
        let wat = parent(&seeing.replace("VERDICT", verdict));
        on_every_engine(&wat, |serving, parent| {
            serving.lend(parent, || {
                let ctx = WasiCtx::builder()
                    .random(Arc::new(crate::random::SeededRandom::new(7)))
                    .filter(serving.filter(TAG, functions(&["random_get"])))
                    .build()
                    .unwrap();
                let mut memory = memory();
                let mut draw = |length| {
                    complete(&ctx, |call| {
                        preview_1::random_get(call, &mut Memory::new(&mut memory), 64, length)
                    })
                };
                assert_eq!(draw(100), Ok(63));
                assert_eq!(draw(100_000), Ok(errno), "{verdict}");
                match draw(200_000) {
                    Err(Stop::Trap(trap)) => assert_eq!(trap.kind(), TrapKind::Fault),
                    other => panic!("{other:?}"),
                }
                assert_eq!(memory[64..70] == *b"secret", verdict != "0");
            });
            assert_eq!(serving.failure(), None);
        });
    }
}

#[test]
fn filter_buffer_larger_than_the_room_told_with_address_0() {
    // Lets pass only what it cannot see, if that is 100,000 bytes.
    let seeing = r#"(func (export "filter_fd_write")
        (param i32 i32 i32) (param $iovs i32) (param i32 i32) (result i32)
        (i32.eqz (i32.and
            (i32.eqz (i32.load offset=0 (local.get $iovs)))
            (i32.eq (i32.load offset=4 (local.get $iovs)) (i32.const 100000))))
        (i32.mul (i32.const -63)))"#;
    on_every_engine(&parent(seeing), |serving, parent| {
        serving.lend(parent, || {
            let (ctx, reader) = filtered(serving, &["fd_write"]);
            let mut memory = memory();
            assert_eq!(write(&ctx, &mut memory), Ok(63));
            memory[36..40].copy_from_slice(&100_000_u32.to_le_bytes());
            let written = complete(&ctx, |call| {
                preview_1::fd_write(call, &mut Memory::new(&mut memory), 1, 32, 1, 128)
            });
            assert_eq!(written, Ok(0));
            assert_eq!(reader.drain().len(), 4096);
        });
    });
}

#[test]
fn filter_trap_call_denied_and_the_child_ended() {
    let trapping = r#"(func (export "filter_sched_yield") (param i32 i32) (result i32)
        (unreachable))"#;
    on_every_engine(&parent(trapping), |serving, parent| {
        serving.lend(parent, || {
            let (ctx, _) = filtered(serving, &["sched_yield"]);
            for _ in 0..2 {
                let yielded = complete(&ctx, |call| {
                    preview_1::sched_yield(call, &mut Memory::new(&mut []))
                });
                assert_eq!(yielded, Ok(29));
            }
            assert!(serving.interrupt().fired().is_some());
        });
        assert!(matches!(serving.failure(), Some(Stop::Trap(_))));
    });
}

#[test]
fn filter_parent_not_lent_denied() {
    let serving = Serving::default();
    let (ctx, _) = filtered(&serving, &["sched_yield"]);
    let yielded = complete(&ctx, |call| {
        preview_1::sched_yield(call, &mut Memory::new(&mut []))
    });
    assert_eq!(yielded, Ok(29));
}

#[test]
fn check_filter_export_missing_or_of_another_type_nosys_with_its_name() {
    let check = |parent: &mut dyn Guest, names: &[&str]| {
        let told = Serving::check_filter(parent, &functions(names));
        told.map_err(|error| error.told().unwrap_or_default().to_owned())
    };
    let wat = parent(&SEEING.replace("VERDICT", "0"));
    on_every_engine(&wat, |_, parent| {
        assert_eq!(check(parent, &["fd_write"]), Ok(()));
        assert_eq!(
            check(parent, &["fd_write", "fd_read"]).unwrap_err(),
            "the parent exports neither `filter_fd_read` nor `after_fd_read`"
        );
    });
    let mistyped = r#"(func (export "filter_fd_tell") (param i32 i32 i32) (result i32)
        (i32.const 0))"#;
    on_every_engine(&parent(mistyped), |_, parent| {
        assert_eq!(
            check(parent, &["fd_tell"]).unwrap_err(),
            "the parent exports `filter_fd_tell` as (i32, i32, i32) -> (i32), which does not fit"
        );
    });
    let roomless = r#"(module (memory (export "memory") 1)
        (func (export "filter_sched_yield") (param i32 i32) (result i32) (i32.const 0))
        (func (export "filter_fd_tell") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"#;
    on_every_engine(roomless, |_, parent| {
        assert_eq!(check(parent, &["sched_yield"]), Ok(()));
        assert_eq!(
            check(parent, &["fd_tell"]).unwrap_err(),
            "the parent does not export `virt_scratch`"
        );
    });
}
