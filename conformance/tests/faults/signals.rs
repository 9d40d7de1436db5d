//! Signals that come while a guest waits.

use crate::host::{Guest, Subscription};
use crate::{alone, assert_passed, purpose};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::SIGUSR1;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use turnkey_cap_backends::{HostStream, HostWait, builder};
use turnkey_wasi_common::{BlockingWait, Clocks, Pipe, Result as CoreResult, Wait};

const TEST: &str = "signals::signals_while_waiting_change_nothing";

/// The host's waiter, and how often it came back.
struct Counted(Arc<AtomicUsize>);

impl BlockingWait for Counted {
    fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> CoreResult<()> {
        HostWait.wait(wait, clocks)?;
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Broken on purpose: `poll_until` answers the host's `EINTR`; and, for the time that a sleep
/// takes, `Call::began` asks for the time anew at each attempt.
#[test]
fn signals_while_waiting_change_nothing() {
    if purpose().is_some() {
        return interrupted();
    }
    // A handler is the whole process's.
    assert_passed(&alone(r#"exec "$@""#, TEST, "signals"));
}

/// The calling thread. A signal to its number goes to it first, though any thread may have it.
fn this_thread() -> Pid {
    let of_process = std::fs::read_link("/proc/thread-self").unwrap();
    let number = of_process.file_name().unwrap().to_str().unwrap().parse();
    Pid::from_raw(number.unwrap()).unwrap()
}

fn interrupted() {
    let arrived = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR1, Arc::clone(&arrived)).unwrap();
    let waits = Arc::new(AtomicUsize::new(0));
    let (reader, mut writer) = std::io::pipe().unwrap();
    let (sender, virtual_reader) = Pipe::new(8);
    let over = Arc::new(AtomicBool::new(false));
    let sending = {
        let over = Arc::clone(&over);
        let waiting = this_thread();
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                kill_process(waiting, Signal::USR1).unwrap();
                thread::sleep(Duration::from_millis(3));
            }
        })
    };

    // A read of the host's pipe, which comes late.
    let stdin = Arc::new(HostStream::new(reader).unwrap());
    let waiter = Arc::new(Counted(Arc::clone(&waits)));
    let mut guest = Guest::new(
        builder()
            .stdin(stdin)
            .waiter(waiter.clone())
            .build()
            .unwrap(),
    );
    let writing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(150));
        writer.write_all(b"late").unwrap();
        writer
    });
    assert_eq!(guest.fd_read(0, 9).unwrap(), b"late");
    assert!(waits.swap(0, Ordering::Relaxed) > 2, "signals came between");
    assert!(arrived.load(Ordering::Relaxed));
    let _writer = writing.join().unwrap();

    // A sleep, alone and beside a host's and a virtual object: as long as it says.
    let mut mixed = Guest::new(
        builder()
            .stdin(Arc::new(virtual_reader))
            .waiter(waiter)
            .build()
            .unwrap(),
    );
    let sleep = Subscription::Clock {
        id: 1,
        timeout: 120_000_000,
        flags: 0,
    };
    for beside in [&[][..], &[Subscription::Read(0)]] {
        for guest in [&mut guest, &mut mixed] {
            let started = Instant::now();
            let events = guest.poll_oneoff(&[&[sleep], beside].concat()).unwrap();
            let took = started.elapsed();
            assert_eq!(events.len(), 1);
            assert!(took >= Duration::from_millis(120), "{took:?}");
            assert!(took < Duration::from_secs(20), "{took:?}");
        }
    }
    assert!(waits.load(Ordering::Relaxed) > 4);

    // And a read of the virtual one.
    let writing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        sender.send(b"late").unwrap();
        sender
    });
    assert_eq!(mixed.fd_read(0, 9).unwrap(), b"late");
    drop(writing.join().unwrap());
    over.store(true, Ordering::Relaxed);
    sending.join().unwrap();
}
