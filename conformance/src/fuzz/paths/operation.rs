//! One operation on a path, or on two.

use crate::fuzz::names;
use crate::fuzz::source::Source;
use std::fmt;

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// The directory that the guest was given.
    Root,
    /// A directory beneath it that is open, whatever becomes of its name.
    Subdirectory,
}

/// A path and where it begins.
#[derive(Clone)]
pub(super) struct At {
    pub(super) base: Base,
    pub(super) path: Vec<u8>,
}

impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.escape_ascii();
        write!(f, "{:?} \"{path}\"", self.base)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) what: What,
    pub(super) at: At,
    /// Whether a link at the end is followed, for what can do either.
    pub(super) follow: bool,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Open(How),
    Stat,
    SetTimes { seconds: u64 },
    CreateDirectory,
    RemoveDirectory,
    Unlink,
    Rename(At),
    Link(At),
    Symlink { target: Vec<u8> },
    ReadLink,
}

/// How a path is opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) create: bool,
    pub(super) directory: bool,
    pub(super) exclusive: bool,
    pub(super) truncate: bool,
}

impl At {
    fn new(source: &mut Source<'_>) -> Self {
        let base = match source.below(4) {
            0 => Base::Subdirectory,
            _ => Base::Root,
        };
        let path = names::any_path(source);
        Self { base, path }
    }
}

impl Operation {
    pub(super) fn new(source: &mut Source<'_>) -> Self {
        let what = source.byte();
        let follow = source.bool();
        let at = At::new(source);
        let what = match what % 12 {
            0..3 => {
                let how = source.byte();
                let flag = |bit: u8| how >> bit & 1 == 1;
                What::Open(How {
                    read: flag(0),
                    write: flag(1),
                    create: flag(2),
                    directory: flag(3) && flag(6),
                    exclusive: flag(4),
                    truncate: flag(5),
                })
            }
            3 => What::Stat,
            4 => What::SetTimes {
                seconds: source.byte().into(),
            },
            5 => What::CreateDirectory,
            6 => What::RemoveDirectory,
            7 => What::Unlink,
            8 => What::Rename(At::new(source)),
            9 => What::Link(At::new(source)),
            10 => What::Symlink {
                target: names::any_path(source),
            },
            _ => What::ReadLink,
        };
        Self { what, at, follow }
    }

    /// The second path, or a link's text, if there is one.
    pub(super) fn second(&self) -> &[u8] {
        match &self.what {
            What::Rename(to) | What::Link(to) => &to.path,
            What::Symlink { target } => target,
            _ => &[],
        }
    }

    /// The name that is to be made, where something else has another already.
    pub(super) fn new_name(&self) -> Option<&[u8]> {
        match &self.what {
            What::Symlink { .. } => Some(&self.at.path),
            What::Link(to) => Some(&to.path),
            _ => None,
        }
    }

    /// Whether the path ends in a slash.
    pub(super) fn has_slash(&self) -> bool {
        self.at.path.ends_with(b"/")
    }
}
