//! Waiting for several things at once with `poll_oneoff`.
#![cfg(test)]

mod host;

use host::{BUFFER, Event, Guest, Subscription, Tree, abstime, cpu_time, eventtype, fifo};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use turnkey_cap_backends::{HostStream, builder};
use turnkey_wasi_common::{
    Access, Builder, DeniedClocks, Errno, Interrupt, Pipe, PipeWriter, Reason, Rights, Stop,
    TrapKind,
};

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

fn after(id: u32, timeout: Duration) -> Subscription {
    Subscription::Clock {
        id,
        timeout: u64::try_from(timeout.as_nanos()).unwrap(),
        flags: 0,
    }
}

fn at(id: u32, timeout: u64) -> Subscription {
    Subscription::Clock {
        id,
        timeout,
        flags: abstime(),
    }
}

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn event(userdata: u64, eventtype: u8, nbytes: u64, hangup: bool) -> Event {
    Event {
        userdata,
        errno: Errno::Success,
        eventtype,
        nbytes,
        hangup,
    }
}

fn clock(userdata: u64) -> Event {
    event(userdata, eventtype::CLOCK, 0, false)
}

/// A guest with `file` open to reading and writing as descriptor 4.
fn guest_with_file() -> Guest {
    let mut guest = Tree::new().file("file", "contents").guest();
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    guest
}

/// The host's ends of three streams of a guest's, none of which is ready.
struct Ends {
    /// A pipe in memory that the guest reads as descriptor 0.
    stdin: Option<PipeWriter>,
    /// A pipe of the host's that the guest writes as descriptor 1, and that is full.
    stdout: io::PipeReader,
    /// A FIFO of the host's that the guest reads as descriptor 4.
    fifo: Option<File>,
}

/// Something that happens at the host's ends.
type Act = fn(&mut Ends);

const STDIN: Subscription = Subscription::Read(0);
const STDOUT: Subscription = Subscription::Write(1);
const FIFO: Subscription = Subscription::Read(4);

fn streams() -> (Guest, Ends) {
    streams_with(|builder| builder)
}

fn streams_with(extend: impl FnOnce(Builder) -> Builder) -> (Guest, Ends) {
    let (stdin, reader) = Pipe::new(64);
    let (stdout, mut full) = io::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&full, 4096).unwrap();
    full.write_all(&[b'.'; 4096]).unwrap();
    let tree = Tree::new();
    fifo(&tree.path("fifo"));
    let builder = tree
        .builder(Access::ReadWrite)
        .stdin(Arc::new(reader))
        .stdout(Arc::new(HostStream::new(full).unwrap()));
    let mut guest = Guest::new(extend(builder).build().unwrap());
    assert_eq!(guest.path_open((3, "fifo"), 0, Rights::FD_READ), Ok(4));
    let fifo = File::options().write(true).open(tree.path("fifo")).unwrap();
    let ends = Ends {
        stdin: Some(stdin),
        stdout,
        fifo: Some(fifo),
    };
    (guest, ends)
}

/// How long something took, and how much of that time the thread was at work.
fn timed<R>(step: impl FnOnce() -> R) -> (R, Duration, Duration) {
    let (started, worked) = (Instant::now(), cpu_time());
    let outcome = step();
    (outcome, started.elapsed(), cpu_time() - worked)
}

#[test]
fn poll_oneoff_clock_sleeps_for_as_long_as_it_says() {
    let mut guest = guest_with_file();
    let span = milliseconds(40);
    for id in [REALTIME, MONOTONIC] {
        let before = guest.clock_time_get(MONOTONIC).unwrap();
        let (events, took, worked) = timed(|| guest.poll_oneoff(&[after(id, span)]));
        assert_eq!(events, Ok(vec![clock(100)]), "{id}");
        let slept = guest.clock_time_get(MONOTONIC).unwrap() - before;
        assert!(slept >= 40_000_000 && took >= span, "{id}: {slept}");
        assert!(worked < milliseconds(20), "{id}: worked for {worked:?}");
    }
    for id in [REALTIME, MONOTONIC] {
        let moment = guest.clock_time_get(id).unwrap() + 40_000_000;
        assert_eq!(
            guest.poll_oneoff(&[at(id, moment)]),
            Ok(vec![clock(100)]),
            "{id}"
        );
        assert!(guest.clock_time_get(id).unwrap() >= moment, "{id}");
    }
}

#[test]
fn poll_oneoff_clock_that_has_come_fires_at_once() {
    let mut guest = guest_with_file();
    for id in [REALTIME, MONOTONIC] {
        let now = guest.clock_time_get(id).unwrap();
        for subscription in [after(id, Duration::ZERO), at(id, 0), at(id, 1), at(id, now)] {
            let (events, took, _) = timed(|| guest.poll_oneoff(&[subscription]));
            assert_eq!(events, Ok(vec![clock(100)]), "{subscription:?}");
            assert!(took < Duration::from_secs(20), "{subscription:?}: {took:?}");
        }
    }
}

#[test]
fn poll_oneoff_all_clocks_that_have_come_are_told_and_no_other() {
    let mut guest = guest_with_file();
    let long = Duration::from_secs(3600);
    let events = guest.poll_oneoff(&[
        after(MONOTONIC, long),
        at(REALTIME, 0),
        after(REALTIME, long),
        after(REALTIME, Duration::ZERO),
        at(MONOTONIC, 1),
    ]);
    assert_eq!(events, Ok(vec![clock(101), clock(103), clock(104)]));
    let span = milliseconds(20);
    let events = guest.poll_oneoff(&[after(MONOTONIC, span), after(MONOTONIC, long)]);
    assert_eq!(events, Ok(vec![clock(100)]));
}

#[test]
fn poll_oneoff_flaws_in_memory_inval() {
    let mut guest = guest_with_file();
    let soon = after(MONOTONIC, Duration::ZERO);
    let flags = |flags| Subscription::Clock {
        id: MONOTONIC,
        timeout: 0,
        flags,
    };
    for bad in [
        after(2, Duration::ZERO),
        after(3, Duration::ZERO),
        after(4, Duration::ZERO),
        after(u32::MAX, Duration::ZERO),
        flags(2),
        flags(u16::MAX),
        Subscription::Tag(3),
        Subscription::Tag(255),
    ] {
        for subscriptions in [vec![bad], vec![soon, bad], vec![bad, soon]] {
            let polled = guest.poll_oneoff(&subscriptions);
            assert_eq!(polled, Err(Errno::Inval), "{subscriptions:?}");
        }
    }
    assert_eq!(guest.poll_oneoff(&[]), Err(Errno::Inval));
}

#[test]
fn poll_oneoff_descriptor_that_cannot_be_waited_for_the_whole_call_badf() {
    let mut guest = guest_with_file();
    let read_only = guest.path_open((3, "file"), 0, Rights::FD_READ).unwrap();
    let write_only = guest.path_open((3, "file"), 0, Rights::FD_WRITE).unwrap();
    let soon = after(MONOTONIC, Duration::ZERO);
    for bad in [
        Subscription::Read(99),
        Subscription::Write(99),
        Subscription::Read(u32::MAX),
        Subscription::Read(3),
        Subscription::Write(3),
        Subscription::Write(read_only),
        Subscription::Read(write_only),
        Subscription::Write(0),
        Subscription::Read(1),
        Subscription::Read(2),
    ] {
        for subscriptions in [vec![bad], vec![soon, bad], vec![Subscription::Read(4), bad]] {
            let polled = guest.poll_oneoff(&subscriptions);
            assert_eq!(polled, Err(Errno::Badf), "{subscriptions:?}");
        }
    }
}

#[test]
fn poll_oneoff_file_what_is_left_of_it() {
    let mut guest = guest_with_file();
    let read = |guest: &mut Guest| guest.poll_oneoff(&[Subscription::Read(4)]).unwrap();
    for (offset, left, ended) in [(0, 8, false), (3, 5, false), (8, 0, true), (99, 0, true)] {
        guest.fd_seek(4, offset, host::whence::SET).unwrap();
        let expected = event(100, eventtype::FD_READ, left, ended);
        assert_eq!(read(&mut guest), [expected], "{offset}");
        let events = guest.poll_oneoff(&[Subscription::Write(4)]).unwrap();
        assert_eq!(
            (events.len(), events[0].eventtype),
            (1, eventtype::FD_WRITE)
        );
        assert!(events[0].nbytes >= 1 && !events[0].hangup, "{events:?}");
    }
}

#[test]
fn poll_oneoff_each_event_carries_its_userdata_and_type() {
    let mut guest = guest_with_file();
    let events = guest.poll_oneoff(&[
        Subscription::Write(4),
        Subscription::Read(4),
        after(MONOTONIC, Duration::from_secs(3600)),
        Subscription::Read(4),
        Subscription::Write(1),
        after(MONOTONIC, Duration::ZERO),
    ]);
    let told: Vec<_> = events
        .unwrap()
        .iter()
        .map(|event| (event.userdata, event.eventtype))
        .collect();
    let (read, write) = (eventtype::FD_READ, eventtype::FD_WRITE);
    let expected = [
        (100, write),
        (101, read),
        (103, read),
        (104, write),
        (105, eventtype::CLOCK),
    ];
    assert_eq!(told, expected);
}

#[test]
fn poll_oneoff_standard_streams_of_nobody_ready() {
    let mut guest = guest_with_file();
    let events = guest
        .poll_oneoff(&[STDIN, STDOUT, Subscription::Write(2)])
        .unwrap();
    assert_eq!(events[0], event(100, eventtype::FD_READ, 0, true));
    assert_eq!(events[1], event(101, eventtype::FD_WRITE, 1, false));
    assert_eq!(events[2], event(102, eventtype::FD_WRITE, 1, false));
}

#[test]
fn poll_oneoff_streams_that_are_quiet_wait_without_work() {
    let span = milliseconds(300);
    let deadline = after(MONOTONIC, span);
    for (position, subscriptions) in [
        (100, vec![deadline, STDIN]),
        (100, vec![deadline, FIFO]),
        (101, vec![STDOUT, deadline]),
        (102, vec![STDIN, FIFO, deadline, STDOUT]),
    ] {
        let (mut guest, _ends) = streams();
        let (events, took, worked) = timed(|| guest.poll_oneoff(&subscriptions));
        assert_eq!(events, Ok(vec![clock(position)]), "{subscriptions:?}");
        assert!(took >= span, "{subscriptions:?}: {took:?}");
        assert!(
            worked < milliseconds(60),
            "{subscriptions:?}: worked for {worked:?}"
        );
    }
}

#[test]
fn poll_oneoff_mixed_streams_whichever_comes_is_told() {
    let all = [
        STDIN,
        FIFO,
        STDOUT,
        after(MONOTONIC, Duration::from_secs(3600)),
        after(MONOTONIC, Duration::from_nanos(u64::MAX)),
        at(REALTIME, u64::MAX),
        at(MONOTONIC, u64::MAX),
    ];
    let acts: [(Act, Event); 5] = [
        (
            |ends| assert_eq!(ends.stdin.as_ref().unwrap().send(b"abc"), Ok(3)),
            event(100, eventtype::FD_READ, 3, false),
        ),
        (
            |ends| ends.fifo.as_ref().unwrap().write_all(b"abc").unwrap(),
            event(101, eventtype::FD_READ, 3, false),
        ),
        (
            |ends| ends.stdout.read_exact(&mut [0; 4096]).unwrap(),
            event(102, eventtype::FD_WRITE, 1, false),
        ),
        (
            |ends| ends.stdin = None,
            event(100, eventtype::FD_READ, 0, true),
        ),
        (
            |ends| ends.fifo = None,
            event(101, eventtype::FD_READ, 0, true),
        ),
    ];
    for (act, expected) in acts {
        let (mut guest, mut ends) = streams();
        let acting = thread::spawn(move || {
            thread::sleep(milliseconds(50));
            act(&mut ends);
            ends
        });
        let (events, took, worked) = timed(|| guest.poll_oneoff(&all));
        drop(acting.join().unwrap());
        assert_eq!(events, Ok(vec![expected]));
        assert!(took < Duration::from_secs(20), "{expected:?}: {took:?}");
        assert!(
            worked < milliseconds(50),
            "{expected:?}: worked for {worked:?}"
        );
    }
}

#[test]
fn poll_oneoff_pipe_in_memory_room_and_bytes() {
    let (stdin, reader) = Pipe::new(64);
    let (writer, stdout) = Pipe::new(8);
    let builder = builder().stdin(Arc::new(reader)).stdout(Arc::new(writer));
    let mut guest = Guest::new(builder.build().unwrap());
    let now = after(MONOTONIC, Duration::ZERO);
    let poll = |guest: &mut Guest| guest.poll_oneoff(&[STDIN, STDOUT, now]).unwrap();
    let (read, write) = (eventtype::FD_READ, eventtype::FD_WRITE);
    assert_eq!(poll(&mut guest), [event(101, write, 8, false), clock(102)]);
    stdin.send(b"abcde").unwrap();
    guest.fd_write(1, "12345678").unwrap();
    assert_eq!(poll(&mut guest), [event(100, read, 5, false), clock(102)]);
    drop((stdin, stdout));
    let events = poll(&mut guest);
    assert_eq!(events[0], event(100, read, 5, false));
    assert_eq!((events[1].userdata, events[1].hangup), (101, true));
    assert_eq!(guest.fd_read(0, 9).unwrap(), b"abcde");
    assert_eq!(poll(&mut guest)[0], event(100, read, 0, true));
}

#[test]
fn poll_oneoff_no_clock_inval_only_where_one_is_needed() {
    let tree = Tree::new().file("file", "contents");
    let builder = tree
        .builder(Access::ReadWrite)
        .clocks(Arc::new(DeniedClocks));
    let mut guest = Guest::new(builder.build().unwrap());
    guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
    for subscription in [after(MONOTONIC, milliseconds(1)), at(REALTIME, 1 << 62)] {
        let polled = guest.poll_oneoff(&[subscription]);
        assert_eq!(polled, Err(Errno::Inval), "{subscription:?}");
    }
    assert_eq!(
        guest.poll_oneoff(&[Subscription::Read(4)]).unwrap().len(),
        1
    );
}

/// Throws the switch while `call` waits; answers how it ended.
fn interrupted(call: impl FnOnce(&mut Guest) -> Result<Errno, Stop>) -> Result<Errno, Stop> {
    let interrupt = Interrupt::new();
    let (mut guest, _ends) = streams_with(|builder| builder.interrupt(interrupt.clone()));
    let firing = thread::spawn(move || {
        thread::sleep(milliseconds(50));
        interrupt.fire(Reason::Timeout);
    });
    let (outcome, took, worked) = timed(|| call(&mut guest));
    firing.join().unwrap();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(worked < milliseconds(50), "worked for {worked:?}");
    outcome
}

#[test]
fn every_wait_interrupt_ends_it() {
    let hour = after(MONOTONIC, Duration::from_secs(3600));
    for subscriptions in [
        vec![hour],
        vec![after(MONOTONIC, Duration::from_nanos(u64::MAX))],
        vec![STDIN],
        vec![FIFO],
        vec![hour, STDIN, FIFO, STDOUT],
    ] {
        let outcome = interrupted(|guest| {
            let (from, to, count) = guest.put_subscriptions(&subscriptions);
            guest.invoke("poll_oneoff", &[from.into(), to.into(), count as u64, 0])
        });
        assert_interrupted(outcome);
    }
    for (name, fd) in [("fd_read", 0), ("fd_read", 4), ("fd_write", 1)] {
        assert_interrupted(interrupted(|guest| {
            let (iovecs, count) = guest.put_iovecs(&[(BUFFER, 4)]);
            guest.invoke(name, &[fd, iovecs.into(), count as u64, 0])
        }));
    }
}

#[track_caller]
fn assert_interrupted(outcome: Result<Errno, Stop>) {
    let kind = match &outcome {
        Err(Stop::Trap(trap)) => Some(trap.kind()),
        _ => None,
    };
    let expected = Some(TrapKind::Interrupted(Reason::Timeout));
    assert_eq!(kind, expected, "{outcome:?}");
}
