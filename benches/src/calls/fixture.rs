//! The files that are acted on.

use crate::Failure;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Directories of one content, one for each participant.
pub(crate) struct Fixture {
    dir: TempDir,
}

/// Entries of the directory that is listed.
pub(super) const MANY: u32 = 10_000;

/// Bytes of the file that is read and written.
pub(super) const SIZE: usize = 1 << 20;

pub(super) const ARGS: [&str; 4] = ["app", "--fast", "input.txt", "output.txt"];

pub(super) const ENV: [(&str, &str); 8] = [
    ("HOME", "/home/guest"),
    ("USER", "guest"),
    ("LANG", "en_GB.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("SHELL", "/bin/sh"),
    ("TERM", "xterm-256color"),
    ("TZ", "UTC"),
    ("EDITOR", "vi"),
];

impl Fixture {
    /// A place for them, in memory where the system has such a place.
    pub(crate) fn new() -> Result<Self, Failure> {
        let in_memory = Path::new("/dev/shm");
        let dir = match in_memory.is_dir() {
            true => TempDir::new_in(in_memory)?,
            false => TempDir::new()?,
        };
        Ok(Self { dir })
    }

    /// A directory with the content, which nobody else gets.
    pub(super) fn directory(&self) -> Result<PathBuf, Failure> {
        let number = fs::read_dir(self.dir.path())?.count();
        let root = self.dir.path().join(number.to_string());
        let deep = root.join("a/b/c/d/e");
        fs::create_dir_all(&deep)?;
        fs::write(root.join("file"), vec![7; SIZE])?;
        fs::write(root.join("other"), b"")?;
        fs::write(deep.join("file"), b"deep")?;
        let many = root.join("many");
        fs::create_dir(&many)?;
        for number in 0..MANY {
            fs::write(many.join(format!("entry {number:05}")), b"")?;
        }
        Ok(root)
    }
}
