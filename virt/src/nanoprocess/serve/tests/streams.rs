//! Streams that parents serve.

use super::*;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use turnkey_wasi_common::{FileType, Interest, Ready};

/// A stream that can be read at every second look, and takes 3 bytes at once; what is written can
/// be read. At 0 the number of looks, at 8 the number of bytes, from 16 on they.
const EVERY_SECOND_LOOK: &str = r#"
    (func (export "obj_poll") (param i32 i64 i32) (result i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (i32.and (i32.xor (i32.load (i32.const 0)) (i32.const 1)) (i32.const 1)))
    (func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32)
        (if (i32.eqz (i32.load (i32.const 8))) (then (return (i32.const -6))))
        (memory.copy (local.get 3) (i32.const 16) (i32.load (i32.const 8)))
        (i32.load (i32.const 8))
        (i32.store (i32.const 8) (i32.const 0)))
    (func (export "obj_write") (param i32 i64 i64 i32 i32) (result i32)
        (memory.copy (i32.const 16) (local.get 3) (i32.const 3))
        (i32.store (i32.const 8) (i32.const 3))
        (i32.const 3))"#;

#[test]
fn stream_read_written_and_polled() {
    on_every_engine(&parent(EVERY_SECOND_LOOK), |serving, parent| {
        serving.lend(parent, || {
            let stream = serving.stream(TAG, 9);
            let mut bytes = [0; 8];
            let mut read = || stream.read(&mut [IoSliceMut::new(&mut bytes)]);
            assert_eq!(errno(read()), Errno::Again);
            let data = [IoSlice::new(b"a"), IoSlice::new(b"bcdef")];
            assert_eq!(stream.write(&data), Ok(3));
            assert_eq!(read(), Ok(3));
            assert_eq!(&bytes[..3], b"abc");
            assert_eq!(stream.file_type(), FileType::Unknown);
            assert_eq!(stream.readiness(Interest::Read), Ok(None));
            let ready = Ready {
                bytes: 1,
                hangup: false,
            };
            assert_eq!(stream.readiness(Interest::Read), Ok(Some(ready)));
            assert_eq!(stream.write(&[]), Ok(0));
            assert_eq!(stream.read(&mut []), Ok(0));
        });
    });
}

#[test]
fn stream_without_poll_always_ready_and_with_hangup_told() {
    let reading = r#"(func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32)
        (i32.const 0))"#;
    on_every_engine(&parent(reading), |serving, parent| {
        serving.lend(parent, || {
            let stream = serving.stream(TAG, 9);
            assert!(stream.readiness(Interest::Write).unwrap().is_some());
            assert_eq!(errno(stream.write(&[IoSlice::new(b"x")])), Errno::Notsup);
        });
    });
    let gone = r#"(func (export "obj_poll") (param i32 i64 i32) (result i32) (i32.const 2))"#;
    on_every_engine(&parent(gone), |serving, parent| {
        serving.lend(parent, || {
            let hangup = Ready {
                bytes: 0,
                hangup: true,
            };
            let stream = serving.stream(TAG, 9);
            assert_eq!(stream.readiness(Interest::Read), Ok(Some(hangup)));
        });
    });
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn wake_those_who_wait_for_the_object() {
    let serving = Serving::default();
    let (nine, ten) = (serving.stream(TAG, 9), serving.stream(TAG, 10));
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let woken = || count.0.load(Ordering::SeqCst);
    nine.subscribe(Interest::Read, &waker);
    nine.subscribe(Interest::Read, &waker);
    serving.wake(10);
    assert_eq!(woken(), 0);
    serving.wake(9);
    assert_eq!(woken(), 1);
    ten.subscribe(Interest::Read, &waker);
    nine.unsubscribe(&waker);
    serving.wake(9);
    assert_eq!(woken(), 1);
    serving.wake(10);
    assert_eq!(woken(), 2);
}
