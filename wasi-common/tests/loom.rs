//! Every order in which threads can meet at the descriptor table, where somebody waits, and where
//! handles are taken back.
//!
//! loom runs each model again and again, once for every order of what its threads do to what they
//! share, and takes it for a failure if all of them sleep. It runs with
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p turnkey-wasi-common --test loom --release
//! ```
//!
//! and best with a `CARGO_TARGET_DIR` of its own, since everything is compiled anew. The models are
//! small enough for every order to be tried in seconds; `LOOM_MAX_PREEMPTIONS=3` bounds them, should
//! one grow.
//!
//! What loom does not see: the table's slots are a stand-in for arc-swap's, whose own code is taken
//! for right (`src/sync.rs`). Rights, offsets and flags, which are single numbers, and the segments of
//! the table, which are made under its lock, are the standard library's.
//!
//! Each of these was broken on purpose, and a model found it: looking for readiness only before
//! subscribing; waking before what is told is there, or only one of several, or no writer; emptying
//! the target of a renumbering, or the source, first; closing without the lock, or giving the number
//! back before the slot is empty; throwing an interrupt without comparing; asking whether it was
//! thrown before taking the lock; deriving a lease without asking whether its parent is dead, or
//! asking before taking the lock; taking the children from what is revoked, so that a second who
//! revokes it does not go down to them; marking it after looking for them; waking who waits for it
//! before it is dead, or not.
#![cfg(test)]
#![cfg(loom)]

#[path = "loom/leases.rs"]
mod leases;

use loom::thread;
use std::io::IoSliceMut;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use turnkey_wasi_common::table::{Handle, SharedTable};
use turnkey_wasi_common::{
    BlockingWait, DeniedClocks, Entry, Errno, Fd, FdFlags, Interest, Interrupt, Null, Object,
    ParkWait, Pipe, PipeReader, Pollable, Reason, Rights, Stream, Table, Wait,
};

const A: Fd = Fd(0);
const B: Fd = Fd(1);

fn entry(name: &str) -> Entry {
    let object = Object::Stream(Arc::new(Null));
    Entry::new(object, FdFlags::empty(), Rights::all(), Rights::all()).preopened(name)
}

/// A table with `a` and `b` open, at the numbers `A` and `B`.
fn table() -> Arc<SharedTable> {
    let table = SharedTable::with_limit(3);
    assert_eq!(table.insert(entry("a")), Ok(A));
    assert_eq!(table.insert(entry("b")), Ok(B));
    Arc::new(table)
}

fn look(table: &SharedTable, fd: Fd) -> Result<String, Errno> {
    table.with(fd, |entry| entry.preopen().unwrap().to_owned())
}

fn name(handle: &Handle) -> &str {
    match handle {
        Handle::Owned(entry) => entry.preopen().unwrap(),
        Handle::Shared(entry) => entry.preopen().unwrap(),
    }
}

/// Runs something in a thread, with the same table.
fn with_table<R: 'static>(
    table: &Arc<SharedTable>,
    run: impl FnOnce(&SharedTable) -> R + 'static,
) -> thread::JoinHandle<R> {
    let table = Arc::clone(table);
    thread::spawn(move || run(&table))
}

#[test]
fn close_while_used_sees_the_old_or_none() {
    loom::model(|| {
        let table = table();
        let closing = with_table(&table, |table| name(&table.remove(A).unwrap()).to_owned());
        let seen = look(&table, A);
        assert!(
            seen == Ok("a".into()) || seen == Err(Errno::Badf),
            "{seen:?}"
        );
        assert_eq!(closing.join().unwrap(), "a");
        assert_eq!(look(&table, A), Err(Errno::Badf));
        assert_eq!((look(&table, B), table.len()), (Ok("b".into()), 1));
    });
}

#[test]
fn close_from_two_threads_one_has_it() {
    loom::model(|| {
        let table = table();
        let close = |table: &SharedTable| table.remove(A).map(|_| ());
        let other = with_table(&table, close);
        let mut closed = [close(&table), other.join().unwrap()];
        closed.sort_by_key(Result::is_err);
        assert_eq!(closed, [Ok(()), Err(Errno::Badf)]);
        assert_eq!(table.len(), 1);
    });
}

/// A number that is open before and after is never seen closed, and what moves is never nowhere.
#[test]
fn renumber_while_used_atomic_to_who_looks() {
    loom::model(|| {
        let table = table();
        let moving = with_table(&table, |table| {
            let replaced = table.renumber(A, B).unwrap().unwrap();
            assert_eq!(name(&replaced), "b");
        });
        let source = look(&table, A);
        let target = look(&table, B);
        match (source.as_deref(), target.as_deref()) {
            (Ok("a"), Ok("a" | "b")) | (Err(Errno::Badf), Ok("a")) => {}
            seen => panic!("{seen:?}"),
        }
        moving.join().unwrap();
        assert_eq!(look(&table, A), Err(Errno::Badf));
        assert_eq!((look(&table, B), table.len()), (Ok("a".into()), 1));
    });
}

#[test]
fn renumber_against_close_one_after_the_other() {
    loom::model(|| {
        let table = table();
        let moving = with_table(&table, |table| table.renumber(A, B).map(|_| ()));
        let closed = table.remove(B).map(|handle| name(&handle).to_owned());
        let moved = moving.join().unwrap();
        let left = (look(&table, A), look(&table, B));
        match (moved, closed.as_deref()) {
            (Ok(()), Ok("a")) => assert_eq!(left, (Err(Errno::Badf), Err(Errno::Badf))),
            (Err(Errno::Badf), Ok("b")) => assert_eq!(left, (Ok("a".into()), Err(Errno::Badf))),
            seen => panic!("{seen:?}"),
        }
    });
}

#[test]
fn renumber_both_ways_one_is_left() {
    loom::model(|| {
        let table = table();
        let other = with_table(&table, |table| table.renumber(A, B).map(|_| ()));
        let this = table.renumber(B, A).map(|_| ());
        let other = other.join().unwrap();
        let left = (look(&table, A), look(&table, B));
        match (this, other) {
            (Ok(()), Err(Errno::Badf)) => assert_eq!(left, (Ok("b".into()), Err(Errno::Badf))),
            (Err(Errno::Badf), Ok(())) => assert_eq!(left, (Err(Errno::Badf), Ok("a".into()))),
            seen => panic!("{seen:?}"),
        }
        assert_eq!(table.len(), 1);
    });
}

#[test]
fn open_from_two_threads_numbers_of_their_own() {
    loom::model(|| {
        let table = Arc::new(SharedTable::with_limit(2));
        let open = |table: &SharedTable, name: &str| {
            let fd = table.insert(entry(name)).unwrap();
            assert_eq!(look(table, fd).as_deref(), Ok(name));
            fd
        };
        let other = with_table(&table, move |table| open(table, "other"));
        let mut numbers = [open(&table, "this"), other.join().unwrap()];
        numbers.sort_unstable();
        assert_eq!(numbers, [Fd(0), Fd(1)]);
        assert_eq!(table.insert(entry("more")), Err(Errno::Mfile));
    });
}

#[test]
fn open_while_closing_the_lowest_number_that_is_free() {
    loom::model(|| {
        let table = table();
        let closing = with_table(&table, |table| drop(table.remove(A).unwrap()));
        let fd = table.insert(entry("new")).unwrap();
        assert!(fd == A || fd == Fd(2), "{fd}");
        assert_eq!(look(&table, fd), Ok("new".into()));
        closing.join().unwrap();
        assert_eq!(look(&table, fd), Ok("new".into()));
        assert_eq!(table.len(), 2);
    });
}

/// Reads a byte, waiting for it as a guest does.
fn read_waiting(reader: &Arc<PipeReader>) -> Option<u8> {
    let mut byte = [0];
    loop {
        match reader.read(&mut [IoSliceMut::new(&mut byte)]) {
            Ok(count) => return (count == 1).then_some(byte[0]),
            Err(error) => assert!(error.would_block(), "{error}"),
        }
        let wait = Wait::object(Arc::clone(reader) as Arc<dyn Pollable>, Interest::Read);
        ParkWait.wait(&wait, &DeniedClocks).unwrap();
    }
}

#[test]
fn pipe_written_while_the_reader_goes_to_sleep_it_wakes() {
    loom::model(|| {
        let (writer, reader) = Pipe::new(1);
        // That it leaves would wake the reader as well.
        let writing = thread::spawn(move || {
            writer.send(b"x").unwrap();
            writer
        });
        assert_eq!(read_waiting(&Arc::new(reader)), Some(b'x'));
        drop(writing.join().unwrap());
    });
}

#[test]
fn pipe_left_while_the_reader_goes_to_sleep_it_wakes() {
    loom::model(|| {
        let (writer, reader) = Pipe::new(1);
        let leaving = thread::spawn(move || drop(writer));
        assert_eq!(read_waiting(&Arc::new(reader)), None);
        leaving.join().unwrap();
    });
}

#[test]
fn pipe_emptied_while_the_writer_goes_to_sleep_it_wakes() {
    loom::model(|| {
        let (writer, reader) = Pipe::new(1);
        assert_eq!(writer.send(b"1"), Ok(1));
        let reader = Arc::new(reader);
        let other = Arc::clone(&reader);
        let reading = thread::spawn(move || read_waiting(&other));
        let writer = Arc::new(writer);
        while let Err(error) = writer.send(b"2") {
            assert!(error.would_block(), "{error}");
            let wait = Wait::object(Arc::clone(&writer) as Arc<dyn Pollable>, Interest::Write);
            ParkWait.wait(&wait, &DeniedClocks).unwrap();
        }
        assert_eq!(reading.join().unwrap(), Some(b'1'));
        assert_eq!(reader.drain(), b"2");
    });
}

/// Each of two sleepers has a subscription of its own, and its end is not the other's.
#[test]
fn pipe_two_readers_each_wakes() {
    loom::model(|| {
        let (writer, reader) = Pipe::new(2);
        let reader = Arc::new(reader);
        let other = Arc::clone(&reader);
        let reading = thread::spawn(move || read_waiting(&other));
        assert_eq!(writer.send(b"12"), Ok(2));
        drop(writer);
        let mut read = [read_waiting(&reader), reading.join().unwrap()];
        read.sort_unstable();
        assert_eq!(read, [Some(b'1'), Some(b'2')]);
    });
}

/// Waits for what never comes, until the switch is thrown.
fn sleep_until_fired(interrupt: &Interrupt) {
    let (_writer, reader) = Pipe::new(1);
    let mut wait = Wait::object(Arc::new(reader), Interest::Read);
    wait.objects
        .push((Arc::new(interrupt.clone()), Interest::Read));
    while interrupt.fired().is_none() {
        ParkWait.wait(&wait, &DeniedClocks).unwrap();
    }
}

#[test]
fn interrupt_fired_while_a_guest_goes_to_sleep_it_wakes() {
    loom::model(|| {
        let interrupt = Interrupt::new();
        let firing = interrupt.clone();
        let killer = thread::spawn(move || firing.fire(Reason::Killed));
        sleep_until_fired(&interrupt);
        killer.join().unwrap();
    });
}

#[test]
fn interrupt_fired_while_two_guests_go_to_sleep_both_wake() {
    loom::model(|| {
        let interrupt = Interrupt::new();
        let (first, second) = (interrupt.clone(), interrupt.clone());
        let sleeping =
            [first, second].map(|interrupt| thread::spawn(move || sleep_until_fired(&interrupt)));
        interrupt.fire(Reason::Killed);
        for guest in sleeping {
            guest.join().unwrap();
        }
    });
}

#[test]
fn interrupt_fired_twice_at_once_one_reason_and_one_call() {
    loom::model(|| {
        let interrupt = Interrupt::new();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let hook = interrupt.on_fire(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let firing = interrupt.clone();
        let other = thread::spawn(move || {
            firing.fire(Reason::Timeout);
            firing.fired().unwrap()
        });
        interrupt.fire(Reason::Killed);
        let reason = interrupt.fired().unwrap();
        assert_eq!(other.join().unwrap(), reason);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        drop(hook);
    });
}

#[test]
fn interrupt_fired_while_a_hook_comes_called_once() {
    loom::model(|| {
        let interrupt = Interrupt::new();
        let firing = interrupt.clone();
        let killer = thread::spawn(move || firing.fire(Reason::Killed));
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let hook = interrupt.on_fire(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        killer.join().unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        drop(hook);
    });
}

#[test]
fn interrupt_fired_while_a_hook_goes_called_once_or_never() {
    loom::model(|| {
        let interrupt = Interrupt::new();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let hook = interrupt.on_fire(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let firing = interrupt.clone();
        let killer = thread::spawn(move || firing.fire(Reason::Killed));
        drop(hook);
        killer.join().unwrap();
        assert!(calls.load(Ordering::Relaxed) <= 1);
        assert_eq!(Arc::strong_count(&calls), 1, "the hook is still held");
    });
}
