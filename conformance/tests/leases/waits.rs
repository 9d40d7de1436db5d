//! Guests that wait for what is taken back.

use crate::host::{Guest, Subscription};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use turnkey_cap_backends::{
    HostClocks, HostListener, HostSocket, HostStream, ambient_authority, builder,
};
use turnkey_wasi_common::{
    BlockingWait, Builder, Clock, Clocks, Errno, Fd, FdFlags, Grant, Lease, Object, Pipe, Result,
    Table, Wait, WasiCtx,
};

/// A call that waits, by the descriptor that it waits for.
type Waiting = fn(&mut Guest, u32) -> Result<(), Errno>;

const READ: Waiting = |guest, fd| guest.fd_read(fd, 1).map(drop);
const ACCEPT: Waiting = |guest, fd| guest.sock_accept(fd, 0).map(drop);
const RECEIVE: Waiting = |guest, fd| guest.sock_recv(fd, 1, 0).map(drop);
const POLL: Waiting = |guest, fd| guest.poll_oneoff(&[Subscription::Read(fd)]).map(drop);
/// With something else that does not come either.
const POLL_BOTH: Waiting = |guest, fd| {
    let both = [Subscription::Read(0), Subscription::Read(fd)];
    guest.poll_oneoff(&both).map(drop)
};
const POLL_TIMED: Waiting = |guest, fd| {
    let hour = Subscription::Clock {
        id: 1,
        timeout: 3_600_000_000_000,
        flags: 0,
    };
    guest.poll_oneoff(&[hour, Subscription::Read(fd)]).map(drop)
};

/// Something that is never ready, and what keeps it so.
fn idle(kind: &str) -> (Object, Box<dyn Send>) {
    match kind {
        "pipe in memory" => {
            let (writer, reader) = Pipe::new(1);
            (Object::Stream(Arc::new(reader)), Box::new(writer))
        }
        "pipe" => {
            let (reader, writer) = std::io::pipe().unwrap();
            let stream = HostStream::new(reader).unwrap();
            (Object::Stream(Arc::new(stream)), Box::new(writer))
        }
        "socket" => {
            let (own, other) = UnixStream::pair().unwrap();
            let socket = HostSocket::new(own);
            (Object::Socket(Arc::new(socket)), Box::new(other))
        }
        _ => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let listener = HostListener::new(listener);
            (Object::Listener(Arc::new(listener)), Box::new(()))
        }
    }
}

/// A context with the host, and for what needs no waiter of the host's one without it, which waits
/// by parking and has no clock.
fn contexts(kind: &str) -> Vec<Builder> {
    match kind {
        "pipe in memory" => vec![WasiCtx::builder(), builder()],
        _ => vec![builder()],
    }
}

const CASES: &[(&str, &[Waiting])] = &[
    ("pipe in memory", &[READ, POLL, POLL_BOTH]),
    ("pipe", &[READ, POLL, POLL_BOTH, POLL_TIMED]),
    ("socket", &[READ, RECEIVE, POLL_BOTH, POLL_TIMED]),
    ("listener", &[ACCEPT, POLL, POLL_TIMED]),
];

/// Tries every call in every context: a grant of what is idle is made by `grant`, and `end` acts
/// on its lease while the guest waits.
fn check(grant: impl Fn(Object) -> Grant, end: impl Fn(Lease)) {
    for (kind, calls) in CASES {
        for (index, call) in calls.iter().enumerate() {
            for context in contexts(kind) {
                let (object, _kept) = idle(kind);
                let (_writer, stdin) = Pipe::new(1);
                let grant = grant(object);
                let lease = grant.lease();
                let context = context.stdin(Arc::new(stdin)).grant(grant);
                let mut guest = Guest::new(context.build().unwrap());
                let (sender, answer) = mpsc::channel();
                let waiting = thread::spawn(move || sender.send(call(&mut guest, 3)));
                end(lease);
                let answer = answer.recv_timeout(Duration::from_secs(20));
                assert_eq!(answer, Ok(Err(Errno::Badf)), "{kind}, call {index}");
                waiting.join().unwrap().unwrap();
            }
        }
    }
}

#[test]
fn revoked_while_a_guest_waits_it_wakes_and_badf() {
    check(Grant::new, |lease| {
        thread::sleep(Duration::from_millis(20));
        lease.revoke();
    });
}

#[test]
fn revoked_while_a_guest_goes_to_sleep_it_wakes_and_badf() {
    for _ in 0..20 {
        check(Grant::new, |lease| lease.revoke());
    }
}

#[test]
fn revoked_from_above_while_a_guest_waits_it_wakes_and_badf() {
    let upper = std::cell::RefCell::new(Lease::new());
    let grant = |object| {
        upper.replace(Lease::new());
        Grant::leased(object, upper.borrow().derive().derive())
    };
    check(grant, |_| {
        thread::sleep(Duration::from_millis(20));
        upper.borrow().revoke();
    });
}

/// The clock is the host's, and a context may have none.
#[test]
fn expired_while_a_guest_waits_it_wakes_and_badf() {
    let clocks = Arc::new(HostClocks::new(ambient_authority()));
    let span = Duration::from_millis(30);
    let began = std::cell::Cell::new(Instant::now());
    let grant = |object| {
        began.set(Instant::now());
        let grant = Grant::new(object);
        grant.expires_in(clocks.clone(), span).unwrap()
    };
    check(grant, |lease| {
        while lease.is_alive() {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(began.get().elapsed() >= span);
    });
    // And nobody needs to look at the lease for it.
    check(grant, drop);
}

/// Time that passes only by waiting.
#[derive(Default)]
struct Jumping(AtomicU64);

impl Clocks for Jumping {
    fn now(&self, _clock: Clock) -> Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }
}

impl BlockingWait for Jumping {
    fn wait(&self, wait: &Wait, _clocks: &dyn Clocks) -> Result<()> {
        if !wait.any_ready() {
            let deadline = wait.deadline.ok_or(Errno::Notsup)?;
            self.0.fetch_max(deadline, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[test]
fn expired_by_a_clock_that_jumps_the_wait_ends_there() {
    for (call, moment) in [(READ, 500), (POLL, 500), (POLL_TIMED, 500), (READ, 0)] {
        let time = Arc::new(Jumping::default());
        let (object, _kept) = idle("pipe in memory");
        let grant = Grant::new(object).expires_at(time.clone(), moment);
        let ctx = WasiCtx::builder()
            .clocks(time.clone())
            .waiter(time.clone())
            .grant(grant)
            .build()
            .unwrap();
        assert_eq!(call(&mut Guest::new(ctx), 3), Err(Errno::Badf));
        assert_eq!(time.now(Clock::Monotonic), Ok(moment));
    }
    // A timeout before that comes before that.
    let time = Arc::new(Jumping::default());
    let (object, _kept) = idle("pipe in memory");
    let builder = WasiCtx::builder().clocks(time.clone()).waiter(time.clone());
    let grant = Grant::new(object).expires_at(time, 3_600_000_000_001);
    let ctx = builder.grant(grant).build().unwrap();
    assert_eq!(POLL_TIMED(&mut Guest::new(ctx), 3), Ok(()));
}

#[test]
fn expired_by_a_clock_of_the_parents_the_next_call_badf() {
    let time = Arc::new(Jumping::default());
    let (writer, reader) = Pipe::new(8);
    writer.send(b"ab").unwrap();
    let grant = Grant::new(Object::Stream(Arc::new(reader)));
    let grant = grant.expires_at(time.clone(), 100);
    let mut guest = Guest::new(builder().grant(grant).build().unwrap());
    time.0.store(99, Ordering::SeqCst);
    assert_eq!(guest.fd_read(3, 1).unwrap(), b"a");
    time.0.store(100, Ordering::SeqCst);
    assert_eq!(guest.fd_read(3, 1), Err(Errno::Badf));
    time.0.store(0, Ordering::SeqCst);
    assert_eq!(guest.fd_read(3, 1), Err(Errno::Badf));
    assert_eq!(guest.fd_close(3), Ok(()));
}

#[test]
fn nonblocking_again_until_revoked_and_then_badf() {
    let (object, _kept) = idle("pipe");
    let grant = Grant::new(object);
    let lease = grant.lease();
    let mut guest = Guest::new(builder().grant(grant).build().unwrap());
    let never_waits = |entry: &turnkey_wasi_common::Entry| {
        entry.description().set_flags(FdFlags::NONBLOCK);
    };
    guest.ctx.table().with(Fd(3), never_waits).unwrap();
    assert_eq!(guest.fd_read(3, 1), Err(Errno::Again));
    lease.revoke();
    assert_eq!(guest.fd_read(3, 1), Err(Errno::Badf));
}
