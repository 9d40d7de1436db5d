use super::*;
use std::sync::Arc;
use std::time::Duration;
use turnkey_snapshots::{Func, Memory, complete};
use turnkey_wasi_common::{Null, Pipe, Stop, WasiCtx};

#[test]
fn after_bytes_are_those_that_the_guest_is_told() {
    let counters = Arc::new(Counters::new());
    let (writer, reader) = Pipe::new(64);
    let ctx = WasiCtx::builder()
        .stdin(Arc::new(reader))
        .stdout(Arc::new(Null))
        .filter(counters.clone())
        .build()
        .unwrap();
    writer.send(b"hello").unwrap();
    let mut memory = vec![0; 256];
    memory[..8].copy_from_slice(&[64, 0, 0, 0, 100, 0, 0, 0]);
    complete(&ctx, |call| {
        preview_1::fd_read(call, &mut Memory::new(&mut memory), 0, 0, 1, 16)
    })
    .unwrap();
    for _ in 0..3 {
        complete(&ctx, |call| {
            preview_1::fd_write(call, &mut Memory::new(&mut memory), 1, 0, 1, 16)
        })
        .unwrap();
    }
    complete(&ctx, |call| {
        preview_1::fd_write(call, &mut Memory::new(&mut memory), 9, 0, 1, 16)
    })
    .unwrap();
    complete(&ctx, |call| {
        preview_0::fd_fdstat_get(call, &mut Memory::new(&mut memory), 1, 16)
    })
    .unwrap();
    let counts = counters.counts();
    let told: Vec<_> = counts
        .0
        .iter()
        .map(|count| {
            (
                count.function.name,
                count.calls,
                count.bytes,
                count.errors.as_slice(),
            )
        })
        .collect();
    let badf = [(Errno::Badf, 1)];
    assert_eq!(
        told,
        [
            ("fd_read", 1, 5, &[][..]),
            ("fd_write", 4, 300, &badf[..]),
            ("fd_fdstat_get", 1, 0, &[][..]),
        ]
    );
    assert_eq!(counts.0[2].function.module, preview_0::MODULE);
    for count in &counts.0 {
        assert!(count.longest <= count.total);
    }
}

#[test]
fn after_call_that_ends_the_guest_counted_apart() {
    let counters = Arc::new(Counters::new());
    let ctx = WasiCtx::builder().filter(counters.clone()).build().unwrap();
    let exited = complete(&ctx, |call| {
        preview_1::proc_exit(call, &mut Memory::new(&mut []), 3)
    });
    assert_eq!(exited, Err(Stop::Exit(3)));
    let counts = counters.counts();
    let exit = counts.of(Func::ProcExit).next().unwrap();
    assert_eq!((exit.calls, exit.ended), (1, 1));
    assert!(counts.to_string().ends_with("  ended the guest 1\n"));
}

#[test]
fn after_threads_nothing_is_lost() {
    let counters = Arc::new(Counters::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let ctx = WasiCtx::builder().filter(counters.clone()).build().unwrap();
            scope.spawn(move || {
                for fd in 0..1000 {
                    complete(&ctx, |call| {
                        preview_1::fd_close(call, &mut Memory::new(&mut []), fd)
                    })
                    .unwrap();
                }
            });
        }
    });
    let counts = counters.counts();
    let close = counts.of(Func::FdClose).next().unwrap();
    assert_eq!(
        (close.calls, &close.errors[..]),
        (4000, &[(Errno::Badf, 3988)][..])
    );
}

#[test]
fn display_slowest_first() {
    let count = |name, total| Count {
        function: turnkey_snapshots::function(preview_1::MODULE, name).unwrap(),
        calls: 12,
        errors: vec![(Errno::Io, 2), (Errno::Nospc, 1)],
        ended: 0,
        bytes: 4096,
        total: Duration::from_micros(total),
        longest: Duration::from_micros(total / 2),
    };
    let shown = Counts(vec![count("fd_read", 20), count("fd_write", 3000)]).to_string();
    assert_eq!(
        shown,
        "function                      calls          bytes         time      longest  errors\n\
         fd_write                         12           4096        3.0ms        1.5ms  io 2, nospc 1\n\
         fd_read                          12           4096       20.0µs       10.0µs  io 2, nospc 1\n"
    );
}
