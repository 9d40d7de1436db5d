//! The files that are acted on.

use crate::Failure;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Directories of one content, one for each participant, and one that nobody changes.
pub(crate) struct Fixture {
    dir: TempDir,
}

/// Entries of the directories that are listed.
pub(super) const MANY: u32 = 10_000;
pub(super) const LOTS: u32 = 100_000;

/// Directories that are walked, and files in each.
const DIRS: u32 = 200;
const FILES: u32 = 100;

/// Entries of the tree that is walked.
pub(super) const WALKED: u32 = DIRS + DIRS * FILES;

/// Blocks of 64 KiB in the file that is read and written: few enough that they stay in the processor's
/// cache for a turn. What is compared is the call, and not where the pages of somebody's file happen to lie.
/// The guest knows how many there are.
pub(super) const BLOCKS: u32 = 4;

pub(crate) const ARGS: [&str; 4] = ["app", "--fast", "input.txt", "output.txt"];

pub(crate) const ENV: [(&str, &str); 8] = [
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
        let shared = dir.path().join(SHARED);
        fill(&shared.join("many"), MANY)?;
        fill(&shared.join("lots"), LOTS)?;
        for number in 0..DIRS {
            fill(&shared.join(format!("tree/directory {number:03}")), FILES)?;
        }
        Ok(Self { dir })
    }

    /// The directory that everybody looks at and nobody changes: large ones lie in it.
    pub(crate) fn shared(&self) -> PathBuf {
        self.dir.path().join(SHARED)
    }

    /// A directory with files, which nobody else gets.
    pub(crate) fn directory(&self) -> Result<PathBuf, Failure> {
        let number = fs::read_dir(self.dir.path())?.count();
        let root = self.dir.path().join(number.to_string());
        let deep = root.join("a/b/c/d/e");
        fs::create_dir_all(&deep)?;
        fs::write(root.join("file"), vec![7; (BLOCKS as usize) << 16])?;
        fs::write(root.join("other"), b"")?;
        fs::write(deep.join("file"), b"deep")?;
        Ok(root)
    }
}

const SHARED: &str = "shared";

/// Makes a directory of so many empty files.
fn fill(dir: &Path, count: u32) -> Result<(), Failure> {
    fs::create_dir_all(dir)?;
    for number in 0..count {
        fs::write(dir.join(format!("entry {number:05}")), b"")?;
    }
    Ok(())
}
