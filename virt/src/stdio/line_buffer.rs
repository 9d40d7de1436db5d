//! Lines, put together from what is written in pieces.

/// What has been written of a line that is not at its end.
#[derive(Debug)]
pub(super) struct LineBuffer {
    line: Vec<u8>,
    limit: usize,
}

/// A line that has come to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its bytes, without the newline.
    pub(super) bytes: Vec<u8>,
    /// Whether a newline ended it; otherwise it was too long, or the last.
    pub(super) newline: bool,
}

impl LineBuffer {
    /// Lines of at most `limit` bytes; a limit of 0 counts as 1.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            limit: limit.max(1),
        }
    }

    /// Takes bytes up to the end of a line, or all of them. Answers how many, and the line if it
    /// has ended. It takes nothing only if there is nothing, or a full line goes on.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (usize, Option<Line>) {
        let room = self.limit - self.line.len();
        let fitting = bytes.get(..room).unwrap_or(bytes);
        match fitting.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.line.extend(bytes.iter().take(end));
                (end + 1, Some(self.end(true)))
            }
            None => {
                self.line.extend(fitting);
                let taken = fitting.len();
                // A newline behind a line that just fits is its own.
                match bytes.get(taken) {
                    Some(b'\n') => (taken + 1, Some(self.end(true))),
                    Some(_) => (taken, Some(self.end(false))),
                    None => (taken, None),
                }
            }
        }
    }

    /// What there is of a last line.
    pub(super) fn rest(&mut self) -> Option<Line> {
        match self.line.is_empty() {
            true => None,
            false => Some(self.end(false)),
        }
    }

    fn end(&mut self, newline: bool) -> Line {
        Line {
            bytes: std::mem::take(&mut self.line),
            newline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(limit: usize, pieces: &[&str]) -> Vec<(String, bool)> {
        let mut buffer = LineBuffer::new(limit);
        let mut lines = Vec::new();
        for piece in pieces {
            let mut bytes = piece.as_bytes();
            while !bytes.is_empty() {
                let (taken, line) = buffer.take(bytes);
                lines.extend(line);
                bytes = &bytes[taken..];
            }
        }
        lines.extend(buffer.rest());
        let text = |line: Line| (String::from_utf8(line.bytes).unwrap(), line.newline);
        lines.into_iter().map(text).collect()
    }

    /// A limit, what is written, and the lines that it makes.
    type Case<'a> = (usize, &'a [&'a str], &'a [(&'a str, bool)]);

    #[test]
    fn take_pieces_of_any_size_put_together() {
        let cases: &[Case<'_>] = &[
            (8, &["ab\ncd\n"], &[("ab", true), ("cd", true)]),
            (8, &["a", "b", "\n", "c"], &[("ab", true), ("c", false)]),
            (8, &["\n\n"], &[("", true), ("", true)]),
            (3, &["abc\nd\n"], &[("abc", true), ("d", true)]),
            (3, &["abc", "\n"], &[("abc", true)]),
            (3, &["abcd\n"], &[("abc", false), ("d", true)]),
            (
                3,
                &["abc", "defg"],
                &[("abc", false), ("def", false), ("g", false)],
            ),
            (0, &["ab\n"], &[("a", false), ("b", true)]),
            (8, &[], &[]),
            (8, &["", ""], &[]),
        ];
        for (limit, pieces, expected) in cases {
            let expected: Vec<_> = expected
                .iter()
                .map(|(l, n)| ((*l).to_owned(), *n))
                .collect();
            assert_eq!(lines(*limit, pieces), expected, "{pieces:?} within {limit}");
        }
    }
}
