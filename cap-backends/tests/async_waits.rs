//! Waiting as tasks of tokio's: without a thread each, without losing a wakeup, and without leaving
//! anything behind.
#![cfg(feature = "tokio")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::future::poll_fn;
use std::io::Write;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tree::{errno, pipe};
use turnkey_cap_backends::{HostClocks, HostStream, TokioWait, ambient_authority, builder};
use turnkey_wasi_common::{
    AsyncWait, Clock, Clocks, DeniedClocks, Errno, Interest, Interrupt, Lease, Pipe, Pollable,
    Ready, Reason, Result, Stream, Trap, Wait,
};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    ]
}

fn clocks() -> HostClocks {
    HostClocks::new(ambient_authority())
}

fn deadline_in(milliseconds: u64) -> Option<u64> {
    Some(clocks().now(Clock::Monotonic).unwrap() + milliseconds * 1_000_000)
}

fn host_pipe() -> (Arc<dyn Pollable>, File) {
    let (reader, writer) = pipe();
    (Arc::new(HostStream::new(reader).unwrap()), writer)
}

fn wait_for(objects: &[&Arc<dyn Pollable>]) -> Wait {
    let mut wait = Wait::default();
    for object in objects {
        wait.objects.push((Arc::clone(object), Interest::Read));
    }
    wait
}

/// Waits, and tells for how long. No wait of these tests takes long.
async fn timed(wait: &Wait) -> Duration {
    let start = Instant::now();
    let waited = timeout(Duration::from_secs(10), TokioWait.wait(wait, &clocks())).await;
    waited.unwrap().unwrap();
    start.elapsed()
}

/// Waits as guests do, which look again when they were woken.
async fn until_ready(wait: &Wait) {
    while !wait.any_ready() {
        timed(wait).await;
    }
}

/// An object that is never ready, and shows its subscribers.
#[derive(Default)]
struct Counted(Mutex<Vec<Waker>>);

impl Counted {
    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Pollable for Counted {
    fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
        Ok(None)
    }
    fn subscribe(&self, _: Interest, waker: &Waker) {
        self.0.lock().unwrap().push(waker.clone());
    }
    fn unsubscribe(&self, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap();
        wakers.retain(|known| !known.will_wake(waker));
    }
}

#[test]
fn wait_deadline_beside_anything_passes() {
    let (host, _writer) = host_pipe();
    let (_sender, reader) = Pipe::new(8);
    let memory: Arc<dyn Pollable> = Arc::new(reader);
    for runtime in runtimes() {
        for objects in [vec![], vec![&host], vec![&memory], vec![&host, &memory]] {
            let mut wait = wait_for(&objects);
            wait.deadline = deadline_in(100);
            let elapsed = runtime.block_on(timed(&wait));
            assert!(elapsed >= Duration::from_millis(99), "{elapsed:?}");
            assert!(!wait.any_ready());
            wait.deadline = Some(0);
            assert!(runtime.block_on(timed(&wait)) < Duration::from_millis(90));
        }
    }
}

#[test]
fn wait_for_what_is_taken_back_or_expires_ends() {
    let (host, _writer) = host_pipe();
    let (_sender, reader) = Pipe::new(8);
    let memory: Arc<dyn Pollable> = Arc::new(reader);
    for runtime in runtimes() {
        for object in [&host, &memory] {
            let upper = Lease::new();
            let mut wait = wait_for(&[object]);
            wait.end_with(&upper.derive(), &clocks());
            runtime.block_on(async {
                let revoking = runtime.spawn(async move {
                    sleep(Duration::from_millis(20)).await;
                    upper.revoke();
                });
                until_ready(&wait).await;
                revoking.await.unwrap();
            });

            let start = Instant::now();
            let span = Duration::from_millis(30);
            let lease = Lease::new().derive_for(Arc::new(clocks()), span).unwrap();
            let mut wait = wait_for(&[object]);
            wait.end_with(&lease, &clocks());
            runtime.block_on(until_ready(&wait));
            assert!(start.elapsed() >= span);
        }
    }
}

#[test]
fn wait_host_and_virtual_whichever_comes_first() {
    for runtime in runtimes() {
        for host_first in [true, false] {
            let (host, mut writer) = host_pipe();
            let (sender, reader) = Pipe::new(8);
            let memory: Arc<dyn Pollable> = Arc::new(reader);
            let mut wait = wait_for(&[&host, &memory]);
            wait.deadline = Some(u64::MAX);
            runtime.block_on(async {
                let waking = runtime.spawn(async move {
                    sleep(Duration::from_millis(30)).await;
                    match host_first {
                        true => writer.write_all(b"x").unwrap(),
                        false => drop(sender.send(b"x").unwrap()),
                    }
                    (writer, sender)
                });
                assert!(timed(&wait).await < Duration::from_secs(5));
                assert!(wait.any_ready());
                waking.await.unwrap();
            });
        }
    }
}

#[test]
fn wait_one_descriptor_by_many_all_are_woken() {
    for runtime in runtimes() {
        let (host, mut writer) = host_pipe();
        runtime.block_on(async {
            let mut waiting = JoinSet::new();
            for _ in 0..20 {
                let wait = wait_for(&[&host, &host]);
                waiting.spawn(async move { until_ready(&wait).await });
            }
            sleep(Duration::from_millis(30)).await;
            assert_eq!(waiting.len(), 20);
            assert!(waiting.try_join_next().is_none());
            writer.write_all(b"x").unwrap();
            let woken = timeout(Duration::from_secs(5), waiting.join_all());
            assert_eq!(woken.await.unwrap().len(), 20);
        });
    }
}

#[test]
fn wait_ready_already_ends_at_once() {
    let (host, mut writer) = host_pipe();
    writer.write_all(b"x").unwrap();
    let (ended, gone) = host_pipe();
    drop(gone);
    let (sender, reader) = Pipe::new(8);
    sender.send(b"x").unwrap();
    let memory: Arc<dyn Pollable> = Arc::new(reader);
    let file: Arc<dyn Pollable> = Arc::new(HostStream::new(tempfile::tempfile().unwrap()).unwrap());
    let null = File::open("/dev/null").unwrap();
    let null: Arc<dyn Pollable> = Arc::new(HostStream::new(null).unwrap());
    let (idle, _idle_writer) = host_pipe();
    for runtime in runtimes() {
        for object in [&host, &ended, &memory, &file, &null] {
            let wait = wait_for(&[&idle, object]);
            assert!(runtime.block_on(timed(&wait)) < Duration::from_secs(5));
        }
        let (reader, writer) = pipe();
        drop(reader);
        let wait = Wait::object(Arc::new(HostStream::new(writer).unwrap()), Interest::Write);
        assert!(runtime.block_on(timed(&wait)) < Duration::from_secs(5));
    }
}

#[test]
fn wait_many_times_no_wakeup_is_lost() {
    // Each byte crosses from the host's pipe to the virtual one and back, so that every wait
    // depends on the one before.
    const ROUNDS: u8 = 250;
    for runtime in runtimes() {
        let (to_host, mut host_writer) = pipe();
        let stream = Arc::new(HostStream::new(to_host).unwrap());
        let host: Arc<dyn Pollable> = stream.clone();
        let (sender, reader) = Pipe::new(8);
        let reader = Arc::new(reader);
        let memory: Arc<dyn Pollable> = reader.clone();
        let idle: Arc<dyn Pollable> = Arc::new(Counted::default());
        let echo_wait = wait_for(&[&memory, &idle]);
        let echo = runtime.spawn(async move {
            for round in 0..ROUNDS {
                until_ready(&echo_wait).await;
                assert_eq!(reader.drain(), [round]);
                host_writer.write_all(&[round]).unwrap();
            }
        });
        let wait = wait_for(&[&host, &idle]);
        runtime.block_on(async {
            for round in 0..ROUNDS {
                sender.send(&[round]).unwrap();
                until_ready(&wait).await;
                let mut byte = [0; 1];
                let mut buffers = [std::io::IoSliceMut::new(&mut byte)];
                assert_eq!(stream.read(&mut buffers), Ok(1));
                assert_eq!(byte, [round]);
            }
            echo.await.unwrap();
        });
    }
}

#[test]
fn wait_dropped_leaves_nothing_behind() {
    for runtime in runtimes() {
        let counted = Arc::new(Counted::default());
        let (reader, writer) = pipe();
        let stream = HostStream::new(writer).unwrap();
        // A full pipe, whose writer waits.
        let block = vec![0; 65536];
        while stream.write(&[std::io::IoSlice::new(&block)]).is_ok() {}
        let mut wait = Wait::object(Arc::new(stream), Interest::Write);
        wait.objects
            .push((Arc::clone(&counted) as _, Interest::Read));
        wait.deadline = deadline_in(3_600_000);
        runtime.block_on(async {
            let clocks = clocks();
            for _ in 0..3 {
                let mut waiting = TokioWait.wait(&wait, &clocks);
                let first = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending()));
                assert!(first.await);
                sleep(Duration::from_millis(5)).await;
                assert_eq!(counted.len(), 1);
                drop(waiting);
                assert_eq!(counted.len(), 0);
            }
        });
        drop(wait);
        // No duplicate keeps the writing end open.
        let mut fds = [PollFd::new(&reader, PollFlags::empty())];
        poll(&mut fds, Some(&Timespec::default())).unwrap();
        assert!(fds.iter().all(|fd| fd.revents().contains(PollFlags::HUP)));
    }
}

#[test]
fn wait_two_of_one_task_each_has_its_own_subscription() {
    for runtime in runtimes() {
        let (sender, reader) = Pipe::new(8);
        let memory: Arc<dyn Pollable> = Arc::new(reader);
        let (long, mut short) = (wait_for(&[&memory]), wait_for(&[&memory]));
        short.deadline = deadline_in(10);
        runtime.block_on(async {
            let both = async {
                let mut short = pin!(timed(&short));
                let mut long = pin!(timed(&long));
                let mut short_ended = false;
                poll_fn(|cx| {
                    if !short_ended && short.as_mut().poll(cx).is_ready() {
                        short_ended = true;
                        sender.send(b"x").unwrap();
                    }
                    long.as_mut().poll(cx)
                })
                .await
            };
            assert!(both.await < Duration::from_secs(5));
        });
    }
}

#[test]
fn context_interrupt_ends_a_wait() {
    for runtime in runtimes() {
        for early in [true, false] {
            let (host, _writer) = host_pipe();
            let interrupt = Interrupt::new();
            let ctx = builder()
                .interrupt(interrupt.clone())
                .async_waiter(Arc::new(TokioWait))
                .build()
                .unwrap();
            if early {
                interrupt.fire(Reason::Killed);
            }
            let waiting = runtime.spawn(ctx.wait(wait_for(&[&host])));
            let ended = runtime.block_on(async {
                sleep(Duration::from_millis(20)).await;
                interrupt.fire(Reason::Timeout);
                timeout(Duration::from_secs(5), waiting).await.unwrap()
            });
            let reason = if early {
                Reason::Killed
            } else {
                Reason::Timeout
            };
            assert_eq!(ended.unwrap(), Err(Trap::interrupted(reason)));
        }
    }
}

#[test]
fn context_without_async_waiter_blocks() {
    let ctx = builder().build().unwrap();
    let wait = Wait {
        deadline: deadline_in(20),
        ..Wait::default()
    };
    let waited = pin!(ctx.wait(wait)).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(waited, Poll::Ready(Ok(())));
}

#[test]
fn wait_outside_of_a_runtime_virtual_objects_only() {
    fn polled(wait: &Wait) -> Poll<Result<()>> {
        let clocks = clocks();
        let mut waiting = TokioWait.wait(wait, &clocks);
        waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    }
    let (host, _writer) = host_pipe();
    let (sender, reader) = Pipe::new(8);
    let memory: Arc<dyn Pollable> = Arc::new(reader);
    let timed = Wait {
        deadline: deadline_in(60_000),
        ..Wait::default()
    };
    for refused in [wait_for(&[&host]), timed] {
        assert_eq!(polled(&refused).map(errno), Poll::Ready(Errno::Notsup));
    }
    assert_eq!(polled(&wait_for(&[&memory])), Poll::Pending);
    sender.send(b"x").unwrap();
    assert_eq!(polled(&wait_for(&[&memory])), Poll::Ready(Ok(())));
}

#[test]
fn wait_what_it_cannot_do_refused() {
    struct Foreign;
    impl Pollable for Foreign {
        fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
            Ok(None)
        }
        fn host(&self) -> Option<&dyn std::any::Any> {
            Some(&7)
        }
    }
    for runtime in runtimes() {
        let foreign = Wait::object(Arc::new(Foreign), Interest::Read);
        let refused = runtime.block_on(TokioWait.wait(&foreign, &clocks()));
        assert_eq!(errno(refused), Errno::Notsup);
        let timed = Wait {
            deadline: Some(1),
            ..Wait::default()
        };
        let refused = runtime.block_on(TokioWait.wait(&timed, &DeniedClocks));
        assert_eq!(errno(refused), Errno::Inval);
    }
}
