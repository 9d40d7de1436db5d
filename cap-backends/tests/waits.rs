//! Waiting: for the host's objects, virtual ones and deadlines, without spinning and without
//! losing anything.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use rustix::time::{ClockId, clock_gettime};
use std::io::{Read, Write};
use std::sync::Arc;
use std::task::Waker;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use tree::{errno, pipe};
use turnkey_cap_backends::{HostClocks, HostStream, HostWait, ambient_authority};
use turnkey_wasi_common::{
    BlockingWait, Clock, Clocks, DeniedClocks, Errno, Interest, Interrupt, Pipe, Pollable, Ready,
    Reason, Result, Wait,
};

fn clocks() -> HostClocks {
    HostClocks::new(ambient_authority())
}

fn deadline_in(milliseconds: u64) -> Option<u64> {
    Some(clocks().now(Clock::Monotonic).unwrap() + milliseconds * 1_000_000)
}

/// Waits, and tells for how long and how much of that the processor was busy.
fn timed(wait: &Wait) -> (Duration, Duration) {
    let cpu = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(
            now.tv_sec.unsigned_abs(),
            u32::try_from(now.tv_nsec).unwrap(),
        )
    };
    let (start, busy) = (Instant::now(), cpu());
    HostWait.wait(wait, &clocks()).unwrap();
    (start.elapsed(), cpu() - busy)
}

fn host_pipe() -> (Arc<dyn Pollable>, std::fs::File) {
    let (reader, writer) = pipe();
    (Arc::new(HostStream::new(reader).unwrap()), writer)
}

#[test]
fn wait_deadline_beside_anything_passes_without_work() {
    let (host, _writer) = host_pipe();
    let (_sender, reader) = Pipe::new(8);
    let memory: Arc<dyn Pollable> = Arc::new(reader);
    for objects in [vec![], vec![&host], vec![&memory], vec![&host, &memory]] {
        let mut wait = Wait::default();
        for object in &objects {
            wait.objects.push((Arc::clone(object), Interest::Read));
        }
        wait.deadline = deadline_in(200);
        let (elapsed, busy) = timed(&wait);
        assert!(elapsed >= Duration::from_millis(199), "{elapsed:?}");
        assert!(busy < Duration::from_millis(5), "{busy:?}");
        assert!(!wait.any_ready());
        wait.deadline = Some(0);
        assert!(timed(&wait).0 < Duration::from_millis(100));
    }
}

#[test]
fn wait_host_and_virtual_whichever_comes_first() {
    for host_first in [true, false] {
        let (host, mut writer) = host_pipe();
        let (sender, reader) = Pipe::new(8);
        let mut wait = Wait::object(Arc::new(reader), Interest::Read);
        wait.objects.push((host, Interest::Read));
        wait.deadline = deadline_in(10_000);
        let waking = spawn(move || {
            sleep(Duration::from_millis(50));
            match host_first {
                true => writer.write_all(b"x").unwrap(),
                false => drop(sender.send(b"x").unwrap()),
            }
            sleep(Duration::from_millis(50));
            (writer, sender)
        });
        let (elapsed, busy) = timed(&wait);
        assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
        assert!(busy < Duration::from_millis(5), "{busy:?}");
        assert!(wait.any_ready());
        waking.join().unwrap();
    }
}

#[test]
fn wait_interrupt_ends_a_read_of_the_host() {
    let (host, _writer) = host_pipe();
    let interrupt = Interrupt::new();
    let mut wait = Wait::object(host, Interest::Read);
    wait.objects
        .push((Arc::new(interrupt.clone()), Interest::Read));
    let firing = spawn(move || {
        sleep(Duration::from_millis(20));
        interrupt.fire(Reason::Killed);
    });
    assert!(timed(&wait).0 < Duration::from_secs(5));
    firing.join().unwrap();
}

#[test]
fn wait_ready_already_returns_at_once() {
    let (host, mut writer) = host_pipe();
    writer.write_all(b"x").unwrap();
    let (sender, reader) = Pipe::new(8);
    let wait_host = Wait::object(Arc::clone(&host), Interest::Read);
    let mut wait_both = Wait::object(Arc::new(reader), Interest::Read);
    wait_both.objects.push((host, Interest::Read));
    for wait in [&wait_host, &wait_both] {
        assert!(timed(wait).0 < Duration::from_millis(500));
    }
    let (idle, _idle_writer) = host_pipe();
    let mut wait_memory = wait_both.clone();
    wait_memory.objects.pop();
    wait_memory.objects.push((idle, Interest::Read));
    sender.send(b"x").unwrap();
    assert!(timed(&wait_memory).0 < Duration::from_millis(500));
}

#[test]
fn wait_many_times_no_wakeup_is_lost() {
    // Each byte crosses from the host's pipe to the virtual one and back, so that every wait
    // depends on the one before.
    const ROUNDS: u8 = 250;
    let (to_host, mut host_writer) = pipe();
    let host: Arc<HostStream> = Arc::new(HostStream::new(to_host).unwrap());
    let (sender, reader) = Pipe::new(8);
    let reader = Arc::new(reader);
    let (never, _never_sends) = {
        let (sender, reader) = Pipe::new(8);
        (Arc::new(reader), sender)
    };
    let other = spawn(move || {
        let idle = host_pipe();
        for round in 0..ROUNDS {
            let mut wait = Wait::object(Arc::clone(&reader) as Arc<dyn Pollable>, Interest::Read);
            wait.objects.push((Arc::clone(&idle.0), Interest::Read));
            while !wait.any_ready() {
                HostWait.wait(&wait, &clocks()).unwrap();
            }
            assert_eq!(reader.drain(), [round]);
            host_writer.write_all(&[round]).unwrap();
        }
    });
    for round in 0..ROUNDS {
        sender.send(&[round]).unwrap();
        let mut wait = Wait::object(Arc::clone(&host) as Arc<dyn Pollable>, Interest::Read);
        wait.objects
            .push((Arc::clone(&never) as Arc<dyn Pollable>, Interest::Read));
        while !wait.any_ready() {
            HostWait.wait(&wait, &clocks()).unwrap();
        }
        let mut byte = [0; 1];
        let mut buffers = [std::io::IoSliceMut::new(&mut byte)];
        assert_eq!(
            turnkey_wasi_common::Stream::read(&*host, &mut buffers),
            Ok(1)
        );
        assert_eq!(byte, [round]);
    }
    other.join().unwrap();
}

#[test]
fn wait_longest_deadline_until_something_comes() {
    let (host, mut writer) = host_pipe();
    let mut wait = Wait::object(host, Interest::Read);
    wait.deadline = Some(u64::MAX);
    let writing = spawn(move || {
        sleep(Duration::from_millis(20));
        writer.write_all(b"x").unwrap();
        sleep(Duration::from_millis(20));
    });
    assert!(timed(&wait).0 < Duration::from_secs(5));
    writing.join().unwrap();
}

#[test]
fn wait_end_of_a_stream_is_ready() {
    let (host, writer) = host_pipe();
    drop(writer);
    assert!(timed(&Wait::object(host, Interest::Read)).0 < Duration::from_secs(1));
    let (mut reader, writer) = pipe();
    let writer: Arc<dyn Pollable> = Arc::new(HostStream::new(writer).unwrap());
    drop(reader.read(&mut []));
    drop(reader);
    assert!(timed(&Wait::object(writer, Interest::Write)).0 < Duration::from_secs(1));
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
    let foreign = Wait::object(Arc::new(Foreign), Interest::Read);
    assert_eq!(errno(HostWait.wait(&foreign, &clocks())), Errno::Notsup);
    let (host, _writer) = host_pipe();
    let mut timed = Wait::object(host, Interest::Read);
    timed.deadline = Some(1);
    assert_eq!(errno(HostWait.wait(&timed, &DeniedClocks)), Errno::Inval);
}

#[test]
fn wait_ends_its_subscriptions() {
    #[derive(Default)]
    struct Counted(std::sync::Mutex<Vec<Waker>>);
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
    let counted = Arc::new(Counted::default());
    let (host, _writer) = host_pipe();
    let mut wait = Wait::object(Arc::clone(&counted) as Arc<dyn Pollable>, Interest::Read);
    wait.objects.push((host, Interest::Read));
    wait.deadline = deadline_in(10);
    HostWait.wait(&wait, &clocks()).unwrap();
    assert!(counted.0.lock().unwrap().is_empty());
}
