//! Streams that are replaced while guests use them, and wait for them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

use std::io::{IoSlice, IoSliceMut, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread::spawn;
use turnkey_cap_backends::{HostClocks, HostStream, HostWait, TokioWait, ambient_authority};
use turnkey_virt::stdio::{LineFilter, Prefix, Swap, Tee};
use turnkey_wasi_common::{
    BlockingWait, DeniedClocks, Errno, Interest, Null, ParkWait, Pipe, PipeReader, Pollable, Ready,
    Result, Stream, Wait, WasiCtx,
};

fn write(stream: &dyn Stream, bytes: &[u8]) -> Result<usize> {
    stream.write(&[IoSlice::new(bytes)])
}

#[test]
fn swap_reads_and_writes_go_to_the_stream_that_is_there() {
    let (first, one) = Pipe::new(8);
    let swap = Swap::new(Arc::new(first));
    write(&swap, b"1").unwrap();
    let old = swap.replace(Arc::new(PipeReader::of("in")));
    assert_eq!(write(&swap, b"2"), Err(Errno::Notsup.into()));
    assert_eq!(write(&*old, b"3"), Ok(1));
    assert_eq!(one.drain(), b"13");
    let mut bytes = [0; 4];
    assert_eq!(swap.read(&mut [IoSliceMut::new(&mut bytes)]), Ok(2));
    assert_eq!(&bytes[..2], b"in");
    drop(old);
    assert!(one.readiness(Interest::Read).unwrap().unwrap().hangup);
}

/// Every kind of stream over a swap, so that each hands on what is behind it.
fn over(swap: &Swap) -> Vec<Arc<dyn Stream>> {
    let swap = || Arc::new(swap.clone()) as Arc<dyn Stream>;
    vec![
        swap(),
        Arc::new(Tee::new(swap())),
        Arc::new(Prefix::new(Arc::new(Tee::new(swap())), "> ")),
        Arc::new(LineFilter::new(swap(), 8, |_| None)),
        Arc::new(Swap::new(swap())),
    ]
}

fn host_stream() -> (Arc<dyn Stream>, UnixStream) {
    let (reader, writer) = UnixStream::pair().unwrap();
    (Arc::new(HostStream::new(reader).unwrap()), writer)
}

fn virtual_stream() -> (Arc<dyn Stream>, turnkey_wasi_common::PipeWriter) {
    let (writer, reader) = Pipe::new(8);
    (Arc::new(reader), writer)
}

#[test]
fn swap_guest_that_waits_for_the_old_stream_woken_and_waits_for_the_new() {
    // From a virtual stream to one of the host's, to another, and back.
    let kinds = over(&Swap::new(Arc::new(Null))).len();
    for kind in 0..kinds {
        let (a, _a) = virtual_stream();
        let (b, _b) = host_stream();
        let (c, mut to_c) = host_stream();
        let (d, to_d) = virtual_stream();
        let swap = Swap::new(a);
        let stream = over(&swap).swap_remove(kind);
        let ctx = WasiCtx::builder()
            .waiter(Arc::new(HostWait))
            .build()
            .unwrap();
        let guest = spawn(move || {
            let mut read = Vec::new();
            loop {
                let mut byte = [0];
                match stream.read(&mut [IoSliceMut::new(&mut byte)]) {
                    Ok(0) => return read,
                    Ok(_) => read.extend(byte),
                    Err(error) => {
                        assert!(error.would_block(), "{error}");
                        let wait = Wait::object(Arc::clone(&stream) as _, Interest::Read);
                        ctx.block(wait).unwrap();
                    }
                }
            }
        });
        let pause = || std::thread::sleep(std::time::Duration::from_millis(5));
        pause();
        swap.replace(b);
        pause();
        swap.replace(c);
        pause();
        to_c.write_all(b"c").unwrap();
        pause();
        swap.replace(d);
        to_d.send(b"d").unwrap();
        pause();
        swap.replace(Arc::new(PipeReader::of("e")));
        let read = guest.join().unwrap();
        // What was in a stream when it was replaced is for whoever has it.
        assert!(
            [b"cde".as_slice(), b"ce", b"de", b"e"].contains(&&read[..]),
            "{read:?}"
        );
    }
}

#[test]
fn swap_task_that_waits_for_the_hosts_old_stream_woken() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (a, peer) = host_stream();
    let swap = Swap::new(a);
    // A stream whose peer is gone is ready.
    let mut peers = vec![peer];
    for stream in over(&swap) {
        let ctx = WasiCtx::builder()
            .async_waiter(Arc::new(TokioWait))
            .build()
            .unwrap();
        runtime.block_on(async {
            let wait = Wait::object(stream as _, Interest::Read);
            let waiting = tokio::spawn(ctx.wait(wait.clone()));
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            assert!(!waiting.is_finished());
            let (b, mut to_b) = host_stream();
            swap.replace(b);
            waiting.await.unwrap().unwrap();
            assert!(!wait.any_ready(), "it is to look at the new one");
            let waiting = tokio::spawn(ctx.wait(wait.clone()));
            tokio::task::yield_now().await;
            to_b.write_all(b"x").unwrap();
            waiting.await.unwrap().unwrap();
            assert!(wait.any_ready());
            let (idle, peer) = host_stream();
            swap.replace(idle);
            peers.extend([to_b, peer]);
        });
    }
}

#[test]
fn swap_waited_for_without_a_context_subscribers_follow_the_stream() {
    let (a, _a) = virtual_stream();
    let swap = Swap::new(a);
    for _ in 0..50 {
        let wait = Wait::object(Arc::new(swap.clone()), Interest::Read);
        let waiting = spawn(move || {
            while !wait.any_ready() {
                ParkWait.wait(&wait, &DeniedClocks).unwrap();
            }
        });
        let (empty, _writer) = virtual_stream();
        swap.replace(empty);
        let (next, writer) = virtual_stream();
        swap.replace(next);
        writer.send(b"x").unwrap();
        waiting.join().unwrap();
        swap.replace(virtual_stream().0);
    }
}

#[test]
fn swap_subscriptions_end_at_the_old_stream_and_with_the_wait() {
    #[derive(Default)]
    struct Counted(Mutex<Vec<Waker>>);
    impl Pollable for Counted {
        fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
            Ok(None)
        }
        fn subscribe(&self, _: Interest, waker: &Waker) {
            self.0.lock().unwrap().push(waker.clone());
        }
        fn unsubscribe(&self, waker: &Waker) {
            self.0
                .lock()
                .unwrap()
                .retain(|known| !known.will_wake(waker));
        }
    }
    impl Stream for Counted {}
    let count = |stream: &Counted| stream.0.lock().unwrap().len();
    let (old, new) = (Arc::new(Counted::default()), Arc::new(Counted::default()));
    let swap = Swap::new(Arc::clone(&old) as _);
    struct Ignored;
    impl std::task::Wake for Ignored {
        fn wake(self: Arc<Self>) {}
    }
    let waker = Waker::from(Arc::new(Ignored));
    swap.subscribe(Interest::Read, &waker);
    assert_eq!((count(&old), count(&new)), (1, 0));
    swap.replace(Arc::clone(&new) as _);
    assert_eq!((count(&old), count(&new)), (0, 1));
    swap.unsubscribe(&waker);
    assert_eq!((count(&old), count(&new)), (0, 0));

    // A wait of a context's subscribes to what is behind, and leaves nothing there.
    let ctx = WasiCtx::builder()
        .clocks(Arc::new(HostClocks::new(ambient_authority())))
        .waiter(Arc::new(HostWait))
        .build()
        .unwrap();
    let wait = Wait {
        deadline: Some(
            ctx.clocks()
                .now(turnkey_wasi_common::Clock::Monotonic)
                .unwrap()
                + 1_000_000,
        ),
        ..Wait::object(Arc::new(swap), Interest::Read)
    };
    ctx.block(wait).unwrap();
    assert_eq!(count(&new), 0);
}
