//! What may be done at which path.

use super::gate::behind;
use super::path_glob::{PathGlob, Progress};
use super::read_only::Refuse;
use super::shown::{self, Shown};
use super::view::{Entry, Layer, View};
use super::{Found, Names, Node};
use smallvec::SmallVec;
use std::sync::{Arc, Mutex, PoisonError};
use turnkey_wasi_common::{Errno, GuestPath, Listing, Result};

/// What may be done with something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Treatment {
    /// Everything.
    Allow,
    /// Looking and reading. What would change it answers `PERM`.
    ReadOnly,
    /// Nothing: whatever is tried answers `ACCES`. Its directory still tells its name.
    Deny,
    /// Nothing, and it is not there: its name is not told, and looking for it answers `NOENT`.
    /// Nothing can be made under its name (`PERM`), whether or not something lies there. Only a
    /// directory that is to be removed shows that it holds something (`NOTEMPTY`).
    Hide,
}

/// Rules that say what may be done at which path of a file system.
///
/// The first rule that matches counts, and it holds for everything beneath what it matches that no
/// earlier rule matches; where none does, everything is allowed, and so it is at the root itself.
/// Rules see the path at which something lies in the end, after links and `..`: there is no other
/// way to it. They go by names as they are said, so on a host that takes upper and lower case for
/// the same a rule has to match both.
///
/// In a pattern `*`, `?` and `[…]` match within one name, and `**` in place of a name stands for any
/// number of names; at the end it stands for one at least, so that `lib/**` is what lies beneath
/// `lib` and `lib` means the directory as well.
///
/// Nothing gets around a rule under another name. What is not [allowed](Treatment::Allow) can be
/// neither moved nor linked, and nothing comes where something could not be made. A directory
/// moves only if every rule that counts beneath has come equally far at both ends, so that nothing
/// in it is treated otherwise afterwards; `PERM` if not. Nobody can tell that of a closure: where
/// one is asked, files move and directories do not. Names that a file has beforehand are each what
/// their path is, and who changes the tree in another way than through this view is not bound by it.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Listed, PathFilter, Tree};
/// use turnkey_wasi_common::{Dir, Errno, Follow, GuestPath};
///
/// let file = || Found::file(Contents::from("x"));
/// let dir = Listed::new()
///     .entry(".git", Found::dir(Listed::new().entry("config", file())))
///     .entry("key", file());
/// let rules = PathFilter::new().hide("**/.git")?.deny("key")?;
/// let tree = Tree::new(rules.over(Arc::new(dir)));
/// let errno = |path| tree.stat_at(GuestPath::new(path)?, Follow::No).map_err(|e| e.errno());
/// assert_eq!(errno(".git/config"), Err(Errno::Noent));
/// assert_eq!(errno("key"), Err(Errno::Acces));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct PathFilter(Vec<Rule>);

enum Rule {
    Glob(PathGlob, Treatment),
    Closure(Box<Decide>),
}

type Decide = dyn Fn(&str) -> Option<Treatment> + Send + Sync;

impl PathFilter {
    /// No rules: everything is allowed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a rule behind the others, for paths that match a pattern.
    ///
    /// # Errors
    /// - `INVAL`: this is no pattern of paths. It is relative, holds no `.`, no `..` and no empty
    ///   name, and has 62 names at most.
    pub fn rule(mut self, pattern: &str, treatment: Treatment) -> Result<Self> {
        self.0.push(Rule::Glob(PathGlob::new(pattern)?, treatment));
        Ok(self)
    }

    /// A rule that allows everything: an exception from those behind it.
    ///
    /// # Errors
    /// As [`rule`](Self::rule).
    pub fn allow(self, pattern: &str) -> Result<Self> {
        self.rule(pattern, Treatment::Allow)
    }

    /// A rule by which nothing changes.
    ///
    /// # Errors
    /// As [`rule`](Self::rule).
    pub fn read_only(self, pattern: &str) -> Result<Self> {
        self.rule(pattern, Treatment::ReadOnly)
    }

    /// A rule that denies everything.
    ///
    /// # Errors
    /// As [`rule`](Self::rule).
    pub fn deny(self, pattern: &str) -> Result<Self> {
        self.rule(pattern, Treatment::Deny)
    }

    /// A rule by which something is not there.
    ///
    /// # Errors
    /// As [`rule`](Self::rule).
    pub fn hide(self, pattern: &str) -> Result<Self> {
        self.rule(pattern, Treatment::Hide)
    }

    /// A rule behind the others that is asked for each path, such as `a/b`. `None` leaves it to what
    /// was said of the directory, and where that is nothing to the rules that follow. It must always say the same of the same path. Paths of more than
    /// [`GuestPath::LONGEST`] bytes are not reached through it (`NAMETOOLONG`).
    ///
    /// ```
    /// use turnkey_virt::fs::{PathFilter, Treatment};
    ///
    /// let backups = |path: &str| path.ends_with('~').then_some(Treatment::Hide);
    /// let rules = PathFilter::new().decide(backups);
    /// # drop(rules);
    /// ```
    #[must_use]
    pub fn decide(
        mut self,
        decide: impl Fn(&str) -> Option<Treatment> + Send + Sync + 'static,
    ) -> Self {
        self.0.push(Rule::Closure(Box::new(decide)));
        self
    }

    /// A directory as these rules leave it.
    pub fn over(self, node: Arc<dyn Node>) -> Arc<dyn Node> {
        let start = |rule: &Rule| match rule {
            Rule::Glob(glob, _) => Some(glob.start()),
            Rule::Closure(_) => None,
        };
        let progress: SmallVec<_> = self.0.iter().map(start).collect();
        let asks = progress.iter().any(Option::is_none);
        let layer = Place {
            progress,
            treatment: Treatment::Allow,
            path: asks.then(Box::default),
            rules: Arc::new(Rules {
                rules: self.0,
                moves: Mutex::default(),
            }),
        };
        Arc::new(View::new(node, layer))
    }
}

struct Rules {
    rules: Vec<Rule>,
    /// Held while something moves or a directory is made, so that nobody puts a directory where a
    /// file was seen.
    moves: Mutex<()>,
}

/// A place in the tree, and what the rules say of it.
#[derive(Clone)]
struct Place {
    rules: Arc<Rules>,
    /// How far the rules have come that count beneath; `None` for a closure.
    progress: SmallVec<[Option<Progress>; 4]>,
    treatment: Treatment,
    /// The path beneath the root, if anybody asks for it.
    path: Option<Box<str>>,
}

impl Place {
    fn check(&self, hidden: Errno) -> Result<()> {
        match self.treatment {
            Treatment::Allow => Ok(()),
            Treatment::ReadOnly => Err(Errno::Perm.into()),
            Treatment::Deny => Err(Errno::Acces.into()),
            Treatment::Hide => Err(hidden.into()),
        }
    }

    fn path_of(&self, name: &str) -> Result<Option<Box<str>>> {
        let path = match self.path.as_deref() {
            None => return Ok(None),
            Some("") => name.into(),
            Some(path) if path.len() + name.len() >= GuestPath::LONGEST => {
                return Err(Errno::Nametoolong.into());
            }
            Some(path) => format!("{path}/{name}").into(),
        };
        Ok(Some(path))
    }

    fn hides(&self, name: &str) -> bool {
        match self.beneath(name) {
            Ok(place) => place.treatment == Treatment::Hide,
            Err(_) => true,
        }
    }

    /// Whether everything beneath both places is treated alike.
    fn is_like(&self, other: &Self) -> bool {
        self.treatment == other.treatment
            && self.progress == other.progress
            && self.progress.iter().all(Option::is_some)
    }
}

impl Layer for Place {
    fn beneath(&self, name: &str) -> Result<Self> {
        let path = self.path_of(name)?;
        let mut place = Self {
            rules: Arc::clone(&self.rules),
            progress: SmallVec::new(),
            treatment: self.treatment,
            path,
        };
        for (rule, at) in self.rules.rules.iter().zip(&self.progress) {
            let decided = match (rule, at) {
                (Rule::Glob(glob, treatment), Some(at)) => {
                    let at = glob.step(*at, name);
                    place.progress.push(Some(at));
                    glob.is_matched(at).then_some(*treatment)
                }
                (Rule::Closure(decide), _) => {
                    place.progress.push(None);
                    place.path.as_deref().and_then(decide)
                }
                (Rule::Glob(..), None) => None,
            };
            if let Some(treatment) = decided {
                // It holds for what lies beneath, unless an earlier one does, or the closure itself.
                if matches!(rule, Rule::Glob(..)) {
                    place.progress.pop();
                }
                place.treatment = treatment;
                break;
            }
        }
        Ok(place)
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rules, &other.rules)
    }

    fn list(&self, dir: &dyn Node, names: &mut Names) -> Result<()> {
        shown::list(dir, names, |name| self.hides(name))
    }

    fn listing(&self, dir: &dyn Node) -> Result<Option<Box<dyn Listing>>> {
        let Some(listing) = dir.listing()? else {
            return Ok(None);
        };
        let place = self.clone();
        Ok(Some(Box::new(Shown {
            listing,
            first: Names::default(),
            hides: move |name: &str| place.hides(name),
        })))
    }

    fn lookup(&self, entry: Entry<'_>) -> Result<Found> {
        match self.treatment {
            Treatment::Allow | Treatment::ReadOnly => entry.lookup(),
            Treatment::Deny => Err(Errno::Acces.into()),
            Treatment::Hide => Err(Errno::Noent.into()),
        }
    }

    fn show(&self, found: Found) -> Result<Found> {
        Ok(match self.treatment {
            Treatment::Allow => found,
            _ => behind(Refuse(Errno::Perm), found),
        })
    }

    fn touch(&self) -> Result<()> {
        self.check(Errno::Noent)
    }

    fn arrive(&self) -> Result<()> {
        self.check(Errno::Perm)
    }

    fn make(&self, _entry: Entry<'_>, make: impl FnOnce() -> Result<()>) -> Result<()> {
        let _turn = self
            .rules
            .moves
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        make()
    }

    fn rename(&self, from: Entry<'_>, target: &Self, to: Entry<'_>) -> Result<()> {
        let _turn = self
            .rules
            .moves
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !self.is_like(target) && from.lookup()?.is_dir() {
            return Err(Errno::Perm.into());
        }
        from.dir.rename(from.name, to.dir, to.name)
    }
}
