//! Random bytes that were recorded.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use turnkey_wasi_common::{Errno, Random, Result};

/// Given bytes, one request after the other.
///
/// A request for more than is left answers `IO` and takes nothing.
///
/// ```
/// use turnkey_virt::random::ReplayedRandom;
/// use turnkey_wasi_common::{Errno, Random};
///
/// let random = ReplayedRandom::new([1, 2, 3]);
/// let mut bytes = [0; 2];
/// random.fill(&mut bytes)?;
/// assert_eq!(bytes, [1, 2]);
/// assert_eq!(random.fill(&mut bytes).unwrap_err().errno(), Errno::Io);
/// assert_eq!(random.left(), 1);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct ReplayedRandom {
    bytes: Box<[u8]>,
    taken: AtomicUsize,
}

impl ReplayedRandom {
    /// A source of these bytes.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            taken: AtomicUsize::new(0),
        }
    }

    /// How many bytes nobody has asked for.
    pub fn left(&self) -> usize {
        let taken = self.taken.load(Ordering::SeqCst);
        self.bytes.len().saturating_sub(taken)
    }

    /// The bytes from `taken` on, so many of them.
    fn at(&self, taken: usize, count: usize) -> Option<&[u8]> {
        self.bytes.get(taken..)?.get(..count)
    }
}

impl Random for ReplayedRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let count = bytes.len();
        let took = self
            .taken
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |taken| {
                self.at(taken, count).map(|_| taken + count)
            });
        match took.ok().and_then(|taken| self.at(taken, count)) {
            Some(given) => {
                bytes.copy_from_slice(given);
                Ok(())
            }
            None => {
                let left = self.left();
                let told = format!("{count} random bytes asked for, and {left} are left to replay");
                Err(turnkey_wasi_common::Error::from(Errno::Io).context(told))
            }
        }
    }
}

impl fmt::Debug for ReplayedRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayedRandom")
            .field("left", &self.left())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_until_exhausted_io_that_tells_how_much() {
        let random = ReplayedRandom::new(*b"abcdef");
        let mut bytes = [0; 4];
        assert_eq!(random.fill(&mut bytes), Ok(()));
        assert_eq!(&bytes, b"abcd");
        let error = random.fill(&mut bytes).unwrap_err();
        assert_eq!(error.errno(), Errno::Io);
        assert!(error.told().unwrap().contains("2 are left"), "{error}");
        assert_eq!(random.fill(&mut bytes[..2]), Ok(()));
        assert_eq!(&bytes, b"efcd");
        assert_eq!(random.fill(&mut []), Ok(()));
        assert_eq!(random.fill(&mut [0]).unwrap_err().errno(), Errno::Io);
    }

    #[test]
    fn fill_from_threads_each_byte_given_once() {
        let all: Vec<u8> = (0..=255).collect();
        let random = ReplayedRandom::new(all.clone());
        let given = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut given = Vec::new();
                        let mut byte = [0];
                        while random.fill(&mut byte).is_ok() {
                            given.extend(byte);
                        }
                        given
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect::<Vec<_>>()
        });
        let mut given = given;
        given.sort_unstable();
        assert_eq!(given, all);
    }
}
