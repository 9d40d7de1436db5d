//! Which paths are meant.

use std::fmt;

/// The longest path that is compared, in bytes. No host opens a longer one.
const LONGEST_PATH: usize = 65_536;

/// Which paths are meant: text in which each `*` stands for anything, `/` included.
///
/// It is compared with the path as the guest says it, which is relative to a descriptor. Since a
/// guest's library takes `/tmp/log` for `tmp/log` below the preopened `/`, slashes at the beginning
/// do not count on either side.
///
/// ```
/// use turnkey_virt::Pattern;
///
/// let pattern = Pattern::from("/tmp/*.log");
/// assert!(pattern.fits(b"tmp/a/b.log"));
/// assert!(pattern.fits(b"/tmp/.log"));
/// assert!(!pattern.fits(b"tmp/b.log.old"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// Whether a path is meant.
    #[must_use]
    pub fn fits(&self, path: &[u8]) -> bool {
        let path = without_slashes(path);
        path.len() <= LONGEST_PATH && matches(without_slashes(self.0.as_bytes()), path)
    }
}

fn without_slashes(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_prefix(b"/") {
        path = rest;
    }
    path
}

/// Each part between two `*` is looked for where the one before it ends. The earliest place is
/// always as good as any other; only the last part has to lie at the end.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let mut parts = pattern.split(|byte| *byte == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let found = match part {
            [] => Some(0),
            part => rest.windows(part.len()).position(|window| window == part),
        };
        match found.and_then(|place| rest.get(place + part.len()..)) {
            Some(later) => rest = later,
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl From<&str> for Pattern {
    fn from(pattern: &str) -> Self {
        Self(pattern.into())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_stars_stand_for_anything() {
        for (pattern, path, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a", "", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b", true),
            ("**", "a", true),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*ab*ab", "ab", false),
            ("*ab*ab", "abab", true),
            ("/a", "a", true),
            ("a", "//a", true),
            ("a/", "a", false),
            ("日*", "日本", true),
        ] {
            assert_eq!(
                Pattern::from(pattern).fits(path.as_bytes()),
                fits,
                "{pattern} {path}"
            );
        }
        assert!(Pattern::from("*").fits(b"\xff\0"));
        assert!(!Pattern::from("*").fits(&vec![b'a'; 65_537]));
    }
}
