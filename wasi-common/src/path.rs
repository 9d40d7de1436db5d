//! Paths as a guest may say them.

use crate::Errno;

/// A path that is relative, not empty, free of NUL, and of bearable length.
///
/// A directory only ever receives paths of this type. Whether it stays beneath the directory is
/// for the directory to see: `..` and symbolic links are resolved there, never here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GuestPath<'a> {
    text: &'a str,
    /// Whether there is a slash in it. Most paths are a single name.
    has_slash: bool,
}

/// The most bytes that one name may have, POSIX `NAME_MAX`.
const LONGEST_NAME: usize = 255;

impl<'a> GuestPath<'a> {
    /// The most bytes that a path may have, as in POSIX `PATH_MAX` without its NUL.
    pub const LONGEST: usize = 4095;

    /// Checks a path.
    ///
    /// # Errors
    /// In this order:
    /// - `NOENT`: it is empty (POSIX, pathname resolution).
    /// - `NAMETOOLONG`: it has more bytes than [`LONGEST`](Self::LONGEST).
    /// - `INVAL`: it holds a NUL.
    /// - `PERM`: it is absolute, and so leaves the directory that it is said to be in.
    /// - `NAMETOOLONG`: a name in it has more than 255 bytes.
    ///
    /// ```
    /// use turnkey_wasi_common::{Errno, GuestPath};
    ///
    /// assert!(GuestPath::new("a/b/").unwrap().has_trailing_slash());
    /// assert_eq!(GuestPath::new("").unwrap_err(), Errno::Noent);
    /// assert_eq!(GuestPath::new("/etc").unwrap_err(), Errno::Perm);
    /// ```
    pub fn new(text: &'a str) -> Result<Self, Errno> {
        if text.is_empty() {
            return Err(Errno::Noent);
        }
        if text.len() > Self::LONGEST {
            return Err(Errno::Nametoolong);
        }
        // One look at each byte for both.
        let (mut has_nul, mut has_slash) = (false, false);
        for byte in text.bytes() {
            has_nul |= byte == 0;
            has_slash |= byte == b'/';
        }
        if has_nul {
            return Err(Errno::Inval);
        }
        if text.starts_with('/') {
            return Err(Errno::Perm);
        }
        if text.len() > LONGEST_NAME && text.split('/').any(|name| name.len() > LONGEST_NAME) {
            return Err(Errno::Nametoolong);
        }
        Ok(Self { text, has_slash })
    }

    /// The path as it was said.
    #[inline]
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// Whether it ends in a slash, by which POSIX demands a directory.
    #[inline]
    pub fn has_trailing_slash(self) -> bool {
        self.has_slash && self.text.ends_with('/')
    }

    /// The path without the slashes at its end.
    #[inline]
    #[must_use]
    pub fn without_trailing_slashes(self) -> Self {
        if !self.has_trailing_slash() {
            return self;
        }
        let text = self.text.trim_end_matches('/');
        let has_slash = text.contains('/');
        Self { text, has_slash }
    }

    /// The name, where the path is one and nothing else: no slash, and neither `.` nor `..`.
    ///
    /// ```
    /// use turnkey_wasi_common::GuestPath;
    ///
    /// let only = |text| GuestPath::new(text).ok().and_then(GuestPath::only_name);
    /// assert_eq!(only("notes.txt"), Some("notes.txt"));
    /// assert_eq!((only("a/b"), only("a/"), only("..")), (None, None, None));
    /// ```
    #[inline]
    pub fn only_name(self) -> Option<&'a str> {
        match self.text {
            _ if self.has_slash => None,
            "." | ".." => None,
            name => Some(name),
        }
    }

    /// The names between the slashes, `.` and `..` among them.
    pub fn names(self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.text.split('/').filter(|name| !name.is_empty())
    }
}

/// Checks the text that a symbolic link is to hold.
///
/// # Errors
/// As for a path; an absolute target is refused because it could only lead outside.
pub fn check_link_target(text: &str) -> Result<(), Errno> {
    GuestPath::new(text).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_each_flaw_its_errno() {
        let long_path = "ab/".repeat(2000);
        let long_name = "n".repeat(256);
        let long_and_absolute = format!("/{long_path}\0");
        let absolute_name = format!("/{long_name}");
        let cases = [
            ("", Err(Errno::Noent)),
            ("a\0b", Err(Errno::Inval)),
            ("a\0", Err(Errno::Inval)),
            ("/\0", Err(Errno::Inval)),
            ("/", Err(Errno::Perm)),
            ("/a", Err(Errno::Perm)),
            (long_path.as_str(), Err(Errno::Nametoolong)),
            (long_name.as_str(), Err(Errno::Nametoolong)),
            (&long_and_absolute, Err(Errno::Nametoolong)),
            (&absolute_name, Err(Errno::Perm)),
            (&long_name[1..], Ok(())),
            ("..", Ok(())),
            ("a//b/./", Ok(())),
            ("grüße", Ok(())),
            // Bytes count, not characters.
            (&"ü".repeat(128), Err(Errno::Nametoolong)),
        ];
        for (text, expected) in cases {
            assert_eq!(GuestPath::new(text).map(|_| ()), expected, "{text:?}");
        }
    }

    #[test]
    fn names_doubled_slashes_left_out() {
        let path = GuestPath::new("a//./b/../").unwrap();
        assert_eq!(path.names().collect::<Vec<_>>(), ["a", ".", "b", ".."]);
        assert_eq!(path.without_trailing_slashes().as_str(), "a//./b/..");
    }
}
