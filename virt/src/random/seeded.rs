//! Random bytes that follow from a seed.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::array;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use turnkey_wasi_common::{Random, Result};

/// The key stream of ChaCha20 for a key. Anybody who knows the key knows all of it: it is for
/// guests that are to do the same each time, and not for secrets.
///
/// The bytes are specified, and will not change:
///
/// - ChaCha with 20 rounds, as in RFC 8439, with a nonce of zeros and a block counter that begins
///   at 0; the counter goes on into the first half of the nonce's room, as in the original, so that
///   the stream ends after 2^70 bytes.
/// - The key of a seed is its eight bytes, the lowest first, and 24 zeros.
/// - Requests take the stream's bytes one after the other, whatever their sizes: three requests for
///   one byte receive what one for three would have.
///
/// Threads that ask at once receive different bytes; which of them receives which is theirs to
/// agree on.
///
/// ```
/// use turnkey_virt::random::SeededRandom;
/// use turnkey_wasi_common::Random;
///
/// let random = SeededRandom::new(0);
/// let mut bytes = [0; 4];
/// random.fill(&mut bytes)?;
/// assert_eq!(bytes, [0x76, 0xb8, 0xe0, 0xad]);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct SeededRandom(Mutex<Stream>);

struct Stream {
    chacha: ChaCha20Rng,
    /// The bytes of a word of which some have been given out.
    rest: array::IntoIter<u8, WORD>,
}

/// The generator gives out whole words, of four bytes.
const WORD: usize = 4;

impl SeededRandom {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(seed.to_le_bytes()) {
            *to = from;
        }
        Self::with_key(key)
    }

    /// The stream of a whole key.
    pub fn with_key(key: [u8; 32]) -> Self {
        let mut rest = [0; WORD].into_iter();
        rest.by_ref().for_each(drop);
        Self(Mutex::new(Stream {
            chacha: ChaCha20Rng::from_seed(key),
            rest,
        }))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Stream { chacha, rest } = &mut *stream;
        let (begun, bytes) = bytes.split_at_mut(rest.len().min(bytes.len()));
        give(rest, begun);
        let (words, end) = bytes.split_at_mut(bytes.len() - bytes.len() % WORD);
        chacha.fill_bytes(words);
        if !end.is_empty() {
            let mut word = [0; WORD];
            chacha.fill_bytes(&mut word);
            *rest = word.into_iter();
            give(rest, end);
        }
        Ok(())
    }
}

fn give(rest: &mut array::IntoIter<u8, WORD>, bytes: &mut [u8]) {
    for (to, from) in bytes.iter_mut().zip(rest) {
        *to = from;
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededRandom")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn filled(random: &SeededRandom, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        random.fill(&mut bytes).unwrap();
        bytes
    }

    /// A key stream computed by the letter of RFC 8439, section 2.3, one block after the other.
    fn by_the_letter(key: [u8; 32], length: usize) -> Vec<u8> {
        let constants = *b"expand 32-byte k";
        let words = constants.chunks(4).chain(key.chunks(4));
        let words = words.map(|word| u32::from_le_bytes(word.try_into().unwrap()));
        let mut start: Vec<u32> = words.chain([0; 4]).collect();
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let mut x = start.clone();
            for round in 0..20 {
                for column in 0..4 {
                    let turn = |row: usize| match round % 2 {
                        0 => 4 * row + column,
                        _ => 4 * row + (column + row) % 4,
                    };
                    let (a, b, c, d) = (turn(0), turn(1), turn(2), turn(3));
                    for (left, right) in [(16, 12), (8, 7)] {
                        x[a] = x[a].wrapping_add(x[b]);
                        x[d] = (x[d] ^ x[a]).rotate_left(left);
                        x[c] = x[c].wrapping_add(x[d]);
                        x[b] = (x[b] ^ x[c]).rotate_left(right);
                    }
                }
            }
            let block = x
                .iter()
                .zip(&start)
                .map(|(x, start)| x.wrapping_add(*start));
            bytes.extend(block.flat_map(u32::to_le_bytes));
            start[12] += 1;
        }
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn fill_seeds_bytes_that_never_change() {
        // From `openssl enc -chacha20` over zeros, with the key and nonce of the description.
        let cases = [
            (
                0,
                "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7",
            ),
            (
                1,
                "c5d30a7ce1ec119378c84f487d775a8542f13ece238a9455e8229e888de85bbd",
            ),
            (
                0x0123_4567_89ab_cdef,
                "81ff174f0ce9b04ffb10a32b7749b6fcc78840ad67a0d5f816075871af4fc883",
            ),
            (
                u64::MAX,
                "3fa2ee6bda5341eb24428afc2ae53638099223f33bb44e43f3d5fe9c4a4d4016",
            ),
        ];
        for (seed, expected) in cases {
            let bytes = filled(&SeededRandom::new(seed), 32);
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected, "{seed}");
        }
    }

    #[test]
    fn fill_any_key_stream_of_the_standard() {
        let mut counted = [0; 32];
        counted
            .iter_mut()
            .zip(0..)
            .for_each(|(to, from)| *to = from);
        for key in [[0; 32], [0xff; 32], counted] {
            let bytes = filled(&SeededRandom::with_key(key), 1000);
            assert_eq!(bytes, by_the_letter(key, 1000));
        }
    }

    #[test]
    fn fill_in_parts_same_as_at_once() {
        let whole = filled(&SeededRandom::new(7), 4096);
        let sizes: &[&[usize]] = &[
            &[1],
            &[1, 2],
            &[3],
            &[4],
            &[5, 0, 64],
            &[63, 65],
            &[256, 1, 257, 7],
            &[0, 4095],
        ];
        for sizes in sizes {
            let random = SeededRandom::new(7);
            let mut parts = Vec::new();
            for size in sizes.iter().cycle() {
                parts.extend(filled(&random, *size));
                if parts.len() >= whole.len() {
                    break;
                }
            }
            parts.truncate(whole.len());
            assert_eq!(parts, whole, "{sizes:?}");
        }
    }

    #[test]
    fn fill_from_threads_each_byte_given_once() {
        // Words of the stream, so that each can be told from the others.
        const WORDS: usize = 4 * 256;
        let random = Arc::new(SeededRandom::new(3));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let random = Arc::clone(&random);
                std::thread::spawn(move || {
                    let words = (0..WORDS / 4).map(|_| filled(&random, 4));
                    words.collect::<Vec<_>>()
                })
            })
            .collect();
        let mut given: Vec<_> = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        let whole = filled(&SeededRandom::new(3), 4 * WORDS);
        let mut expected: Vec<_> = whole.chunks(4).map(<[u8]>::to_vec).collect();
        given.sort_unstable();
        expected.sort_unstable();
        assert_eq!(given, expected);
    }
}
