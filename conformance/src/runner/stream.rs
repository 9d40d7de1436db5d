//! What a guest writes, as it comes.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// How much of a guest's output is kept, in bytes. A guest that writes more is not held up; what
/// it writes beyond is lost.
const MOST: usize = 16 << 20;

/// What a guest writes, as it comes. It is read all the time, so that no guest waits for it.
#[derive(Debug)]
pub struct Stream(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    written: Mutex<Written>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Written {
    bytes: Vec<u8>,
    /// How many of them have been taken.
    taken: usize,
    /// There will be no more.
    ended: bool,
}

impl Stream {
    /// What comes from `source`.
    pub fn new(source: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let stream = Self(Arc::clone(&shared));
        let read = move || {
            shared.fill(source);
            shared.lock().ended = true;
            shared.changed.notify_all();
        };
        if thread::Builder::new().spawn(read).is_err() {
            stream.0.lock().ended = true;
        }
        stream
    }

    /// The next `count` bytes; fewer if the stream ends or the time is over before they have come.
    pub fn take(&self, count: usize, until: Instant) -> Vec<u8> {
        let mut written = self.wait(until, |written| {
            written.bytes.len() - written.taken >= count
        });
        let start = written.taken;
        let end = written.bytes.len().min(start.saturating_add(count));
        written.taken = end;
        written.bytes.get(start..end).unwrap_or_default().to_vec()
    }

    /// All that has come until the stream ends or the time is over, also what was taken.
    pub fn all(&self, until: Instant) -> Vec<u8> {
        self.wait(until, |_| false).bytes.clone()
    }

    /// What has come when that is enough, the stream has ended, or the time is over.
    fn wait(&self, until: Instant, enough: impl Fn(&Written) -> bool) -> MutexGuard<'_, Written> {
        let mut written = self.0.lock();
        while !enough(&written) && !written.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.0.changed.wait_timeout(written, left);
            (written, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        written
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, mut source: impl Read) {
        let mut buffer = [0; 8192];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => {
                    let mut written = self.lock();
                    let room = MOST.saturating_sub(written.bytes.len());
                    let new = buffer.get(..count.min(room)).unwrap_or_default();
                    written.bytes.extend_from_slice(new);
                    self.changed.notify_all();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::time::Duration;

    #[test]
    fn take_waits_for_what_comes_and_ends_with_the_stream() {
        let (source, mut sink) = std::io::pipe().unwrap();
        let stream = Stream::new(source);
        let soon = || Instant::now() + Duration::from_secs(60);
        sink.write_all(b"abc").unwrap();
        assert_eq!(stream.take(2, soon()), b"ab");
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            sink.write_all(b"de").unwrap();
        });
        assert_eq!(stream.take(3, soon()), b"cde");
        writer.join().unwrap();
        assert_eq!(stream.take(1, soon()), b"");
        assert_eq!(stream.all(soon()), b"abcde");
    }

    #[test]
    fn take_nothing_comes_gives_up_in_time() {
        let (source, _sink) = std::io::pipe().unwrap();
        let stream = Stream::new(source);
        let until = Instant::now() + Duration::from_millis(10);
        assert_eq!(stream.take(1, until), b"");
        assert!(Instant::now() >= until);
    }
}
