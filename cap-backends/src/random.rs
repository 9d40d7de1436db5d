//! Randomness that the host's entropy seeds.

use cap_rand::rngs::OsRng;
use cap_rand::{RngCore, SeedableRng};
use cap_std::AmbientAuthority;
use rand_chacha::ChaCha12Rng;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use turnkey_wasi_common::{Errno, Random, Result};

/// Bytes after which a generator is seeded anew: often enough that a state that leaks tells
/// little, and so seldom that the system call does not show in a measurement.
const RESEED_AFTER: usize = 1 << 20;

/// A cryptographic generator, ChaCha with 12 rounds, seeded from the host's entropy through
/// cap-rand, and again after every MiB.
///
/// It is faster than asking the host for every request, and the guests of a process do not queue
/// at one generator when each context has its own. The seed is taken at the first request; until
/// then it costs a few bytes.
///
/// A process that forks without `exec` has the same generator twice, and both copies continue
/// alike until their next seed: such a child has to make a new `HostRandom`.
///
/// ```
/// use turnkey_cap_backends::{HostRandom, ambient_authority};
/// use turnkey_wasi_common::Random;
///
/// let random = HostRandom::new(ambient_authority());
/// let mut key = [0; 32];
/// random.fill(&mut key)?;
/// assert_ne!(key, [0; 32]);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct HostRandom {
    entropy: OsRng,
    generator: Mutex<Option<Box<Generator>>>,
}

struct Generator {
    chacha: ChaCha12Rng,
    /// Bytes until the next seed.
    left: usize,
}

impl HostRandom {
    /// A generator of its own.
    pub const fn new(ambient_authority: AmbientAuthority) -> Self {
        Self {
            entropy: OsRng::default(ambient_authority),
            generator: Mutex::new(None),
        }
    }

    fn seeded(&self) -> Result<Generator> {
        let chacha = ChaCha12Rng::try_from_rng(&mut { self.entropy }).map_err(|_| Errno::Io)?;
        Ok(Generator {
            chacha,
            left: RESEED_AFTER,
        })
    }
}

impl Random for HostRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let mut slot = self
            .generator
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let generator = match &mut *slot {
            Some(generator) => generator,
            empty => empty.insert(Box::new(self.seeded()?)),
        };
        for part in bytes.chunks_mut(RESEED_AFTER) {
            if part.len() > generator.left {
                **generator = self.seeded()?;
            }
            generator.chacha.fill_bytes(part);
            generator.left -= part.len();
        }
        Ok(())
    }
}

impl fmt::Debug for HostRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostRandom")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    #[test]
    fn fill_any_length_filled_to_the_last_byte() {
        let random = HostRandom::new(ambient_authority());
        for length in [0, 1, 7, 16, 4096, RESEED_AFTER - 1, RESEED_AFTER + 4096] {
            let mut bytes = vec![0; length];
            random.fill(&mut bytes).unwrap();
            if length >= 4096 {
                let (front, back) = (&bytes[..32], &bytes[length - 32..]);
                assert!(front.iter().chain(back).any(|byte| *byte != 0));
                assert_ne!(back, [0; 32]);
                assert_ne!(front, back);
            }
        }
    }

    #[test]
    fn fill_beyond_the_interval_seeds_anew() {
        let random = HostRandom::new(ambient_authority());
        random.fill(&mut [0; 16]).unwrap();
        let left = || random.generator.lock().unwrap().as_ref().unwrap().left;
        assert_eq!(left(), RESEED_AFTER - 16);
        random.fill(&mut vec![0; RESEED_AFTER - 16]).unwrap();
        assert_eq!(left(), 0);
        random.fill(&mut [0; 1]).unwrap();
        assert_eq!(left(), RESEED_AFTER - 1);
    }

    #[test]
    fn fill_two_contexts_nothing_in_common() {
        let (mut one, mut other) = ([0; 64], [0; 64]);
        HostRandom::new(ambient_authority()).fill(&mut one).unwrap();
        HostRandom::new(ambient_authority())
            .fill(&mut other)
            .unwrap();
        assert_ne!(one, other);
    }
}
