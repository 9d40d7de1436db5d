//! What a child sees that calls WASI.

use super::*;
use std::sync::Arc;
use turnkey_snapshots::{Memory, complete, preview_1};
use turnkey_wasi_common::{Access, Pipe};

fn word(memory: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(memory[at..at + 4].try_into().unwrap())
}

#[test]
fn fd_readdir_small_buffers_every_name_once() {
    on_every_engine(READ_ONLY, |serving, parent| {
        serving.lend(parent, || {
            let ctx = WasiCtx::builder()
                .preopen("/", Arc::new(tree(serving)), Access::ReadWrite)
                .build()
                .unwrap();
            let mut memory = vec![0; 4096];
            let mut names = Vec::new();
            let mut cookie = 0;
            loop {
                // Room for one entry: 24 bytes and a name.
                let read = complete(&ctx, |call| {
                    preview_1::fd_readdir(call, &mut Memory::new(&mut memory), 3, 64, 40, cookie, 0)
                });
                assert_eq!(read, Ok(0));
                let used = word(&memory, 0) as usize;
                let length = word(&memory, 64 + 16) as usize;
                if used < 24 + length {
                    break;
                }
                names.push(String::from_utf8(memory[88..88 + length].to_vec()).unwrap());
                cookie = i64::from(word(&memory, 64));
            }
            assert_eq!(names, [".", "..", "hello.txt", "link", "sub", "up"]);
        });
    });
}

/// A child that reads `link` at offset 2 in two buffers and writes what it read to standard output.
const READING: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread"
        (func $pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\40\00\00\00\01\00\00\00\41\00\00\00\10\00\00\00")
    (data (i32.const 16) "\40\00\00\00\03\00\00\00")
    (data (i32.const 32) "link")
    (func $ok (param $errno i32)
        (if (local.get $errno) (then (call $exit (local.get $errno)))))
    (func (export "_start")
        (call $ok (call $open (i32.const 3) (i32.const 1) (i32.const 32) (i32.const 4)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 48)))
        (call $ok (call $pread (i32.load (i32.const 48)) (i32.const IOVS) (i32.const 2)
            (i64.const 2) (i32.const 52)))
        (call $ok (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 56)))))"#;

#[test]
fn child_reads_a_served_file_or_faults_and_the_parent_goes_on() {
    for parent_engine in engines() {
        for engine in engines() {
            for (iovs, ends) in [("0", true), ("65528", false), ("0xffffffff", false)] {
                let mut parent = instance(&*parent_engine, READ_ONLY);
                let before = parent.memory().unwrap()[..2040].to_vec();
                let serving = Serving::default();
                let wat = READING.replace("IOVS", iovs);
                let module = engine.compile(&wat::parse_str(&wat).unwrap()).unwrap();
                let (stdout, output) = Pipe::new(64);
                let stdout = Arc::new(stdout);
                let ended = serving.lend(&mut *parent, || {
                    let ctx = WasiCtx::builder()
                        .interrupt(serving.interrupt())
                        .stdout(stdout)
                        .preopen("/", Arc::new(tree(&serving)), Access::ReadOnly)
                        .build()
                        .unwrap();
                    let mut child = module
                        .instantiate(Node {
                            ctx,
                            functions: Vec::new(),
                            limits: Limits::default(),
                        })
                        .unwrap();
                    let start = child.export("_start").unwrap();
                    let ended = child.call(start, &[], &mut []);
                    serving.close(|| drop(child));
                    ended
                });
                assert_eq!(ended.is_ok(), ends, "{iovs} {ended:?}");
                assert_eq!(output.drain(), if ends { &b"ep\n"[..] } else { b"" });
                assert_eq!(serving.failure(), None);
                let memory = parent.memory().unwrap();
                assert_eq!(memory[..2040], before);
                // sub, then what the child held: the file, and the directory last.
                assert_eq!(
                    &memory[2048..2072],
                    [
                        3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0
                    ]
                );
            }
        }
    }
}

#[test]
fn poll_oneoff_served_stream_wakes_the_child() {
    // Not ready before the third look.
    let polled = r#"(func (export "obj_poll") (param i32 i64 i32) (result i32)
            (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
            (i32.ge_u (i32.load (i32.const 0)) (i32.const 3)))
        (func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32)
            (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 3)) (then (return (i32.const -6))))
            (i32.store8 (local.get 3) (i32.const 33))
            (i32.const 1))"#;
    on_every_engine(&parent(polled), |serving, parent| {
        let finished = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !finished.load(std::sync::atomic::Ordering::SeqCst) {
                    serving.wake(5);
                    std::thread::yield_now();
                }
            });
            let mut memory = vec![0; 4096];
            memory[..8].copy_from_slice(&[64, 0, 0, 0, 8, 0, 0, 0]);
            let read = serving.lend(parent, || {
                let ctx = WasiCtx::builder()
                    .stdin(serving.stream(TAG, 5))
                    .build()
                    .unwrap();
                complete(&ctx, |call| {
                    preview_1::fd_read(call, &mut Memory::new(&mut memory), 0, 0, 1, 16)
                })
            });
            finished.store(true, std::sync::atomic::Ordering::SeqCst);
            assert_eq!(read, Ok(0));
            assert_eq!((word(&memory, 16), memory[64]), (1, b'!'));
        });
    });
}
