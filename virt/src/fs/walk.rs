//! The one resolver of every virtual file system.

use super::{Found, Link, Node, number};
use smallvec::{SmallVec, smallvec};
use std::ops::{Deref, Range};
use std::sync::Arc;
use turnkey_wasi_common::{Errno, Follow, GuestPath, Result};

/// Links that one path may lead through, as on Linux.
const MOST_LINKS: u32 = 40;

/// A directory that was reached, and the number of the place where it lies.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) node: Arc<dyn Node>,
    pub(super) place: u64,
}

/// A path on its way: the directories that lead to where it is, and the names that are left.
///
/// `..` goes back to the directory by which the walk came, so it needs nothing of a node, and above
/// the first one there is nowhere to go.
pub(super) struct Walk<'p> {
    above: SmallVec<[Spot; 6]>,
    here: Spot,
    rest: SmallVec<[Rest<'p>; 2]>,
    links: u32,
}

/// What is left of a path or of a link's text.
struct Rest<'p> {
    text: Text<'p>,
    at: usize,
}

#[derive(Clone)]
enum Text<'p> {
    Path(&'p str),
    Link(Arc<str>),
}

impl Text<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Path(text) => text,
            Self::Link(text) => text,
        }
    }
}

impl Rest<'_> {
    fn left(&self) -> &str {
        self.text.as_str().get(self.at..).unwrap_or_default()
    }

    fn has_names(&self) -> bool {
        self.left().bytes().any(|byte| byte != b'/')
    }
}

/// A name of a path.
pub(super) struct Name<'p> {
    text: Text<'p>,
    range: Range<usize>,
}

impl Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text.as_str().get(self.range.clone()).unwrap_or("")
    }
}

/// Where a path ends: a name in the directory that the walk has reached, or that directory itself.
pub(super) enum Last<'p> {
    /// A name. `slash`: one follows, which demands a directory.
    Name { name: Name<'p>, slash: bool },
    /// `.`
    Dot,
    /// `..`
    DotDot,
}

impl<'p> Walk<'p> {
    /// A walk that begins at `root`, above which it does not get.
    pub(super) fn new(root: Spot, path: GuestPath<'p>) -> Self {
        Self {
            above: SmallVec::new(),
            here: root,
            rest: smallvec![Rest {
                text: Text::Path(path.as_str()),
                at: 0,
            }],
            links: 0,
        }
    }

    /// The directory that the walk has reached.
    pub(super) fn here(&self) -> &Spot {
        &self.here
    }

    /// The number of the place that a name has in the directory that the walk has reached.
    pub(super) fn place_of(&self, name: &str) -> u64 {
        number::beneath(self.here.place, name)
    }

    /// Walks to the directory that holds the path's last name.
    ///
    /// # Errors
    /// Those of a walk (see [`Dir`](turnkey_wasi_common::Dir)).
    pub(super) fn last(&mut self) -> Result<Last<'p>> {
        while let Some(name) = self.next() {
            if self.rest.iter().any(Rest::has_names) {
                self.enter(&name)?;
                continue;
            }
            return Ok(match &*name {
                "." => Last::Dot,
                ".." => {
                    self.back()?;
                    Last::DotDot
                }
                _ => Last::Name {
                    slash: self.rest.iter().any(|rest| !rest.left().is_empty()),
                    name,
                },
            });
        }
        Ok(Last::Dot)
    }

    /// What lies at the path's end: a node, or what is found under a name. A link there is followed
    /// if that is asked for, and in any case where a slash stands behind it.
    pub(super) fn end(&mut self, follow: Follow) -> Result<End<'p>> {
        loop {
            let Last::Name { name, slash } = self.last()? else {
                return Ok(End::Here);
            };
            match self.here.node.lookup(&name)? {
                Found::Link(link) if slash || follow == Follow::Yes => self.follow(&link)?,
                Found::Dir(node) => return Ok(End::Found(name, Found::Dir(node))),
                _ if slash => return Err(Errno::Notdir.into()),
                found => return Ok(End::Found(name, found)),
            }
        }
    }

    /// Goes on with what a link says.
    ///
    /// # Errors
    /// - `LOOP`: these are too many links.
    /// - `PERM`: the link is absolute.
    /// - `NOENT`: it is empty.
    /// - what the link answers in place of a text.
    pub(super) fn follow(&mut self, link: &Link) -> Result<()> {
        if self.links == MOST_LINKS {
            return Err(Errno::Loop.into());
        }
        self.links += 1;
        let text = Arc::clone(link.target.as_ref().map_err(|errno| *errno)?);
        if text.is_empty() {
            return Err(Errno::Noent.into());
        }
        if text.starts_with('/') {
            return Err(Errno::Perm.into());
        }
        self.rest.push(Rest {
            text: Text::Link(text),
            at: 0,
        });
        Ok(())
    }

    fn next(&mut self) -> Option<Name<'p>> {
        loop {
            let rest = self.rest.last_mut()?;
            let left = rest.left();
            let slashes = left.len() - left.trim_start_matches('/').len();
            let name = left.get(slashes..).unwrap_or_default();
            let length = name.find('/').unwrap_or(name.len());
            let start = rest.at + slashes;
            if length == 0 {
                self.rest.pop();
                continue;
            }
            rest.at = start + length;
            return Some(Name {
                text: rest.text.clone(),
                range: start..start + length,
            });
        }
    }

    fn enter(&mut self, name: &str) -> Result<()> {
        match name {
            "." => Ok(()),
            ".." => self.back(),
            _ => match self.here.node.lookup(name)? {
                Found::Dir(node) => {
                    self.go_into(name, node);
                    Ok(())
                }
                Found::Link(link) => self.follow(&link),
                _ => Err(Errno::Notdir.into()),
            },
        }
    }

    fn go_into(&mut self, name: &str, node: Arc<dyn Node>) {
        let place = self.place_of(name);
        let above = std::mem::replace(&mut self.here, Spot { node, place });
        self.above.push(above);
    }

    fn back(&mut self) -> Result<()> {
        self.here = self.above.pop().ok_or(Errno::Perm)?;
        Ok(())
    }
}

/// What a path leads to.
pub(super) enum End<'p> {
    /// The directory that the walk has reached.
    Here,
    /// Something under a name there.
    Found(Name<'p>, Found),
}
