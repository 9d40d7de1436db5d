//! What a guest says, cut to a length that the host chose.

/// The beginning of some text as far as `longest` bytes, with `…` behind it where something is
/// missing. Bytes that are not UTF-8 become `U+FFFD`.
pub(crate) fn excerpt(text: &[u8], longest: usize) -> String {
    let shown = text.get(..longest).unwrap_or(text);
    let mut excerpt = String::from_utf8_lossy(shown).into_owned();
    if shown.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_longer_text_is_marked() {
        for (text, expected) in [
            (&b""[..], ""),
            (b"abcd", "abcd"),
            (b"abcde", "abcd…"),
            (b"a\xff", "a\u{fffd}"),
            ("abc日".as_bytes(), "abc\u{fffd}…"),
        ] {
            assert_eq!(excerpt(text, 4), expected);
        }
    }
}
