//! Several file systems in one tree.

use super::gate::behind;
use super::numbered::Number;
use super::shown::{self, Shown};
use super::tree::new_device;
use super::view::{Entry, Layer, View};
use super::{Found, Listed, Names, Node};
use std::collections::BTreeMap;
use std::sync::Arc;
use turnkey_wasi_common::{Errno, FileType, GuestPath, Listing, Result, Stat};

/// Several file systems in one tree: directories that lie at names of others.
///
/// A mount point need not exist. It is there, and so is every directory on the way to it, whatever
/// lies beneath under the same name; what is made up in this way is empty but for what leads to a
/// mount, and cannot be changed. `..` leads from a mounted directory to where it is mounted, and
/// links lead through the whole tree.
///
/// A name that is a mount point, or leads to one, cannot be removed, moved or replaced (`BUSY`), and
/// nothing can be made under it (`EXIST`). Nothing moves or is linked from one file system to
/// another (`XDEV`), even if the same directory is mounted twice. Each mounted directory is a device
/// of its own for whatever tells no device.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Listed, Mounts, Tree};
/// use turnkey_wasi_common::{Dir, Follow, GuestPath};
///
/// let root = Listed::new().entry("motd", Found::file(Contents::from("welcome")));
/// let lib = Listed::new().entry("welcome", Found::link("../../motd"));
/// let mounts = Mounts::new(Arc::new(root)).mount("usr/lib", Arc::new(lib))?;
/// let tree = Tree::new(mounts.build());
/// let through = tree.stat_at(GuestPath::new("usr/lib/welcome")?, Follow::Yes)?;
/// assert_eq!(through.size, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Mounts {
    root: Arc<dyn Node>,
    points: Arc<Point>,
    /// How many are mounted.
    count: u64,
    /// The first of the numbers that devices are given, if they are to be known.
    devices: Option<u64>,
}

/// What is mounted at a path, and beneath it.
#[derive(Clone, Default)]
struct Point {
    mounted: Option<(Arc<dyn Node>, Device)>,
    beneath: BTreeMap<String, Arc<Self>>,
}

/// A file system of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Device {
    /// Which of them it is; 0 is the one at the root.
    index: u64,
    /// What it tells in place of a device of 0.
    device: u64,
}

impl Mounts {
    /// A tree in which nothing is mounted yet.
    pub fn new(root: Arc<dyn Node>) -> Self {
        Self {
            root,
            points: Arc::default(),
            count: 0,
            devices: None,
        }
    }

    /// The same with numbers from `first` on for the devices of what is mounted from now on. What
    /// guests see does not depend then on what else the process has made.
    #[must_use]
    pub fn devices(self, first: u64) -> Self {
        Self {
            devices: Some(first),
            ..self
        }
    }

    /// Mounts a directory at a path, which leads through no link. In which order mounts are made is
    /// of no account: one beneath another lies in what is mounted there.
    ///
    /// # Errors
    /// - those of a [`GuestPath`].
    /// - `INVAL`: the path holds `.` or `..`.
    /// - `EXIST`: something is mounted there.
    pub fn mount(mut self, path: &str, node: Arc<dyn Node>) -> Result<Self> {
        let mut point = &mut self.points;
        for name in GuestPath::new(path)?.names() {
            if matches!(name, "." | "..") {
                return Err(Errno::Inval.into());
            }
            let beneath = &mut Arc::make_mut(point).beneath;
            point = beneath.entry(name.to_owned()).or_default();
        }
        let mounted = &mut Arc::make_mut(point).mounted;
        if mounted.is_some() {
            return Err(Errno::Exist.into());
        }
        let device = match self.devices {
            Some(first) => first.wrapping_add(self.count),
            None => new_device(),
        };
        self.count += 1;
        let index = self.count;
        *mounted = Some((node, Device { index, device }));
        Ok(self)
    }

    /// The tree.
    pub fn build(self) -> Arc<dyn Node> {
        let layer = At {
            point: Some(Arc::clone(&self.points)),
            table: self.points,
            device: Device {
                index: 0,
                device: 0,
            },
        };
        Arc::new(View::new(self.root, layer))
    }
}

/// A place in the tree.
#[derive(Clone)]
struct At {
    /// All mounts, by which one tree is told from another.
    table: Arc<Point>,
    /// What is mounted here or further down.
    point: Option<Arc<Point>>,
    /// The file system that it belongs to.
    device: Device,
}

impl At {
    fn complete(&self, stat: Stat) -> Stat {
        self.number().complete(stat)
    }

    /// Its number is left to the tree, which knows where it lies.
    fn number(&self) -> Number {
        Number {
            device: self.device.device,
            inode: 0,
        }
    }

    fn refuse_point(&self, errno: Errno) -> Result<()> {
        match self.point {
            Some(_) => Err(errno.into()),
            None => Ok(()),
        }
    }
}

/// The names that lead to mounts, as entries of the directory.
fn points(at: &At, point: &Point, dir: &dyn Node, names: &mut Names) -> Result<()> {
    for name in point.beneath.keys() {
        let inode = match at.beneath(name)?.lookup(Entry { dir, name })? {
            Found::Dir(node) => node.stat()?.inode,
            _ => 0,
        };
        names.push_numbered(name, FileType::Directory, inode);
    }
    Ok(())
}

impl Layer for At {
    fn beneath(&self, name: &str) -> Result<Self> {
        let here = self.point.as_ref();
        let point = here.and_then(|point| point.beneath.get(name));
        let mounted = point.and_then(|point| point.mounted.as_ref());
        Ok(Self {
            table: Arc::clone(&self.table),
            point: point.cloned(),
            device: mounted.map_or(self.device, |(_, device)| *device),
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table) && self.device.index == other.device.index
    }

    fn stat(&self, dir: &dyn Node) -> Result<Stat> {
        Ok(self.complete(dir.stat()?))
    }

    fn list(&self, dir: &dyn Node, names: &mut Names) -> Result<()> {
        let Some(point) = &self.point else {
            return dir.list(names);
        };
        shown::list(dir, names, |name| point.beneath.contains_key(name))?;
        points(self, point, dir, names)
    }

    fn listing(&self, dir: &dyn Node) -> Result<Option<Box<dyn Listing>>> {
        let listing = dir.listing()?;
        let Some(point) = self.point.clone() else {
            return Ok(listing);
        };
        let Some(listing) = listing else {
            return Ok(None);
        };
        let mut first = Names::default();
        points(self, &point, dir, &mut first)?;
        let hides = move |name: &str| point.beneath.contains_key(name);
        Ok(Some(Box::new(Shown {
            listing,
            first,
            hides,
        })))
    }

    fn lookup(&self, entry: Entry<'_>) -> Result<Found> {
        let Some(point) = &self.point else {
            return entry.lookup();
        };
        if let Some((node, _)) = &point.mounted {
            return Ok(Found::Dir(Arc::clone(node)));
        }
        match entry.lookup() {
            Ok(found) if found.is_dir() => Ok(found),
            Err(error) if error.errno() != Errno::Noent => Err(error),
            _ => Ok(Found::dir(Listed::new())),
        }
    }

    fn show(&self, found: Found) -> Result<Found> {
        if self.device.device == 0 || found.stat()?.device != 0 {
            return Ok(found);
        }
        Ok(behind(self.number(), found))
    }

    fn leave(&self) -> Result<()> {
        self.refuse_point(Errno::Busy)
    }

    fn arrive(&self) -> Result<()> {
        self.refuse_point(Errno::Exist)
    }

    fn replace(&self) -> Result<()> {
        self.refuse_point(Errno::Busy)
    }
}
