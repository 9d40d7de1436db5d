//! Copies of the directories that a test's guests are given.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The copies of one test. Its guests share them; they are gone with it.
#[derive(Debug, Default)]
pub(super) struct Fixture(BTreeMap<PathBuf, TempDir>);

impl Fixture {
    /// The copy of a directory, which is made when it is first asked for.
    ///
    /// # Errors
    /// Those of the host's file system.
    pub(super) fn copy(&mut self, dir: &Path) -> io::Result<&Path> {
        if !self.0.contains_key(dir) {
            let copy = tempfile::tempdir()?;
            copy_into(dir, copy.path())?;
            self.0.insert(dir.to_owned(), copy);
        }
        let copy = self.0.get(dir).ok_or(io::ErrorKind::NotFound)?;
        Ok(copy.path())
    }
}

/// Copies what a directory holds into another. A symbolic link stays one.
fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_into(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            link(&fs::read_link(entry.path())?, &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(target: &Path, name: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, name)
}

#[cfg(not(unix))]
fn link(_target: &Path, name: &Path) -> io::Result<()> {
    let what = format!("{} is a symbolic link", name.display());
    Err(io::Error::new(io::ErrorKind::Unsupported, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_made_once_and_gone_with_the_test() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/file"), "text").unwrap();
        let mut fixture = Fixture::default();
        let copy = fixture.copy(dir.path()).unwrap().to_owned();
        assert_eq!(fs::read_to_string(copy.join("sub/file")).unwrap(), "text");
        fs::write(copy.join("new"), "").unwrap();
        assert!(fixture.copy(dir.path()).unwrap().join("new").exists());
        assert!(!dir.path().join("new").exists());
        drop(fixture);
        assert!(!copy.exists());
    }
}
