//! Where a path's last name lies.

use crate::errno::OrErrno;
use cap_std::fs::Dir;
use std::os::fd::{AsFd, BorrowedFd};
use turnkey_wasi_common::{GuestPath, Result};

/// A path whose last name is not resolved yet: the directory that holds it, open, and the name.
///
/// What creates, removes or moves a name acts on this name in this directory alone, so the host
/// has nothing left to resolve and no link to follow. cap-std resolves the way to the directory.
pub(crate) struct Place<'a> {
    directory: Directory<'a>,
    /// The last name.
    pub(crate) last: Last<'a>,
    /// Whether a slash stood behind it.
    pub(crate) slash: bool,
}

/// A path's last name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last<'a> {
    /// A name in the place's directory.
    Name(&'a str),
    /// `.`: the place's directory itself is meant.
    Dot,
    /// `..`: the place's directory itself is meant.
    DotDot,
}

enum Directory<'a> {
    Start(&'a Dir),
    Beneath(Dir),
}

impl<'a> Place<'a> {
    /// Finds the place of a path's last name; links on the way to it are followed.
    ///
    /// # Errors
    /// Those of the walk.
    pub(crate) fn find(start: &'a Dir, path: GuestPath<'a>) -> Result<Self> {
        if let Some(name) = path.only_name() {
            return Ok(Self {
                directory: Directory::Start(start),
                last: Last::Name(name),
                slash: false,
            });
        }
        let text = path.without_trailing_slashes().as_str();
        let (way, name) = text.rsplit_once('/').unwrap_or(("", text));
        let (last, way) = match name {
            "." => (Last::Dot, text),
            ".." => (Last::DotDot, text),
            name => (Last::Name(name), way.trim_end_matches('/')),
        };
        let directory = match way {
            "" | "." => Directory::Start(start),
            way => Directory::Beneath(start.open_dir(way).or_errno()?),
        };
        Ok(Self {
            directory,
            last,
            slash: path.has_trailing_slash(),
        })
    }
}

impl AsFd for Place<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.directory {
            Directory::Start(dir) => dir.as_fd(),
            Directory::Beneath(dir) => dir.as_fd(),
        }
    }
}
