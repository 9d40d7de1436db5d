//! Numbers in a log.

use std::io::{Error, ErrorKind, Read, Result};

/// Appends a number in LEB128: seven bits in each byte, the lowest first, the highest bit set in
/// all but the last.
pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Reads what [`put`] wrote.
///
/// # Errors
/// - of the source; `UnexpectedEof` if it ends too early.
/// - `InvalidData`: it is more than 64 bits long.
pub(crate) fn read(from: &mut impl Read) -> Result<u64> {
    let mut number = 0;
    let mut shift = 0;
    loop {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        let [byte] = byte;
        let bits = u64::from(byte & 0x7f);
        if shift > 63 || (bits << shift) >> shift != bits {
            return Err(Error::new(ErrorKind::InvalidData, "a number is too large"));
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
        shift += 7;
    }
}

/// The way from one address to another as one number, small where they are near to each other.
pub(crate) fn step(from: u64, to: u64) -> u64 {
    match to.checked_sub(from) {
        Some(ahead) => ahead.wrapping_mul(2),
        None => (from - to).wrapping_mul(2).wrapping_sub(1),
    }
}

/// Where a [`step`] leads to.
pub(crate) fn follow(from: u64, step: u64) -> u64 {
    match step % 2 {
        0 => from.wrapping_add(step / 2),
        _ => from.wrapping_sub(step / 2 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_put_numbers_come_back() {
        for (number, length) in [
            (0, 1),
            (1, 1),
            (127, 1),
            (128, 2),
            (u64::from(u32::MAX), 5),
            (u64::MAX >> 1, 9),
            (u64::MAX, 10),
        ] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            assert_eq!(bytes.len(), length, "{number}");
            assert_eq!(read(&mut &bytes[..]).unwrap(), number);
            for shorter in 0..bytes.len() {
                let cut = read(&mut &bytes[..shorter]).unwrap_err();
                assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
            }
        }
    }

    #[test]
    fn read_more_than_64_bits_refused() {
        let two_too_high = [&[0x80; 9][..], &[2]].concat();
        let eleven_bytes = [&[0x80; 10][..], &[1]].concat();
        for bytes in [two_too_high, eleven_bytes, vec![0xff; 100]] {
            let refused = read(&mut &bytes[..]).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidData, "{bytes:?}");
        }
    }

    #[test]
    fn follow_steps_of_either_direction() {
        let most = u64::from(u32::MAX);
        for (from, to, expected) in [
            (0, 0, 0),
            (100, 101, 2),
            (101, 100, 1),
            (most, 0, 2 * most - 1),
            (0, most, 2 * most),
        ] {
            assert_eq!(step(from, to), expected, "{from} to {to}");
            assert_eq!(follow(from, expected), to);
        }
    }
}
