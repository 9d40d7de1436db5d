//! What a guest's bytes are known by.

use super::numbers;
use std::io::{Read, Result};

/// The bytes of a checksum.
const SUM: u64 = 4;

/// Several pieces of a guest's memory: short ones as they are, longer ones by their length and
/// checksum.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// `None` if it leads beyond the memory.
    length: Option<u64>,
    /// Where its bytes end.
    end: usize,
}

/// One piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// It leads beyond the memory.
    Beyond,
    Whole(&'a [u8]),
    Sum {
        length: u64,
        sum: u32,
    },
}

impl Contents {
    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        self.bytes.clear();
    }

    /// Adds a piece, which lies in memory in these parts. `kept` bytes are kept as they are.
    pub(crate) fn push<'m>(
        &mut self,
        parts: Option<impl Iterator<Item = &'m [u8]> + Clone>,
        kept: u64,
    ) {
        let Some(parts) = parts else {
            return self.end_piece(None);
        };
        let length = parts
            .clone()
            .fold(0_u64, |sum, part| sum.saturating_add(part.len() as u64));
        if length <= kept {
            parts.for_each(|part| self.bytes.extend_from_slice(part));
        } else {
            let mut sum = crc32fast::Hasher::new();
            parts.for_each(|part| sum.update(part));
            self.bytes.extend_from_slice(&sum.finalize().to_le_bytes());
        }
        self.end_piece(Some(length));
    }

    fn end_piece(&mut self, length: Option<u64>) {
        let end = self.bytes.len();
        self.pieces.push(Piece { length, end });
    }

    /// The piece with this position, of which so many bytes are kept as they are.
    pub(crate) fn at(&self, index: usize, kept: u64) -> Option<Content<'_>> {
        let piece = self.pieces.get(index)?;
        let before = index
            .checked_sub(1)
            .and_then(|before| self.pieces.get(before));
        let start = before.map_or(0, |before| before.end);
        let bytes = self.bytes.get(start..piece.end)?;
        Some(match piece.length {
            None => Content::Beyond,
            Some(length) if length <= kept => Content::Whole(bytes),
            Some(length) => Content::Sum {
                length,
                sum: u32::from_le_bytes(bytes.try_into().ok()?),
            },
        })
    }

    /// Appends all pieces: of each its length, one more than it is, and its bytes or checksum.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut start = 0;
        for piece in &self.pieces {
            numbers::put(
                out,
                piece.length.map_or(0, |length| length.saturating_add(1)),
            );
            out.extend_from_slice(self.bytes.get(start..piece.end).unwrap_or_default());
            start = piece.end;
        }
    }

    /// Adds one piece that [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// As [`numbers::read`].
    pub(crate) fn decode(&mut self, from: &mut impl Read, kept: u64) -> Result<()> {
        let length = numbers::read(from)?.checked_sub(1);
        let bytes = match length {
            None => 0,
            Some(length) if length <= kept => length,
            Some(_) => SUM,
        };
        let start = self.bytes.len();
        let read = from.take(bytes).read_to_end(&mut self.bytes)?;
        if (read as u64) < bytes {
            self.bytes.truncate(start);
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.end_piece(length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_encoded_pieces_come_back() {
        let mut contents = Contents::default();
        contents.push(Some([&b"ab"[..], b"", b"c"].into_iter()), 3);
        contents.push(None::<std::iter::Empty<&[u8]>>, 3);
        contents.push(Some([&b"abcd"[..]].into_iter()), 3);
        contents.push(Some(std::iter::empty()), 3);
        let told: Vec<_> = (0..5).map(|index| contents.at(index, 3)).collect();
        let sum = crc32fast::hash(b"abcd");
        let expected = [
            Some(Content::Whole(b"abc")),
            Some(Content::Beyond),
            Some(Content::Sum { length: 4, sum }),
            Some(Content::Whole(b"")),
            None,
        ];
        assert_eq!(told, expected);

        let mut bytes = Vec::new();
        contents.encode(&mut bytes);
        let mut decoded = Contents::default();
        let mut from = &bytes[..];
        for _ in 0..4 {
            decoded.decode(&mut from, 3).unwrap();
        }
        assert_eq!((decoded, from.len()), (contents, 0));
    }

    #[test]
    fn decode_endless_lengths_take_no_more_than_is_kept() {
        let mut bytes = Vec::new();
        numbers::put(&mut bytes, u64::MAX);
        bytes.resize(100_000, 7);
        let mut decoded = Contents::default();
        let mut from = &bytes[..];
        decoded.decode(&mut from, 3).unwrap();
        assert_eq!(bytes.len() - from.len(), 10 + 4);
    }
}
