//! Several directories as one.

use super::gate::{Extent, Gate, Opening, behind};
use super::read_only::Refuse;
use super::{Found, Listed, Names, Node, number};
use std::collections::HashSet;
use std::sync::Arc;
use turnkey_wasi_common::{Errno, File, Result, Stat};

/// Several directories as one that is only read: what an overlay lies upon.
///
/// A name is looked for in one layer after the other, and the first that has it wins. Directories
/// of the same name are one directory again, down to the first layer that has something else there:
/// whatever is no directory hides what lies in the layers behind it, and is hidden by what lies
/// before. What would change something answers `ROFS`.
///
/// Numbers that a layer tells are replaced by others in which the layer is mixed, so that files of
/// different layers are not taken for each other; those of hard links stay the same.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Listed, Tree, Union};
/// use turnkey_wasi_common::{Dir, Follow, GuestPath};
///
/// let file = |text: &str| Found::file(Contents::from(text));
/// let patch = Listed::new().entry("a", file("patched"));
/// let base = Listed::new().entry("a", file("old")).entry("b", file("base"));
/// let tree = Tree::new(Arc::new(Union::new([Arc::new(patch) as _, Arc::new(base) as _])));
/// assert_eq!(tree.stat_at(GuestPath::new("a")?, Follow::No)?.size, 7);
/// assert_eq!(tree.stat_at(GuestPath::new("b")?, Follow::No)?.size, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Union(Vec<Layered>);

/// A directory of one of the layers.
#[derive(Clone)]
struct Layered {
    layer: InLayer,
    node: Arc<dyn Node>,
}

impl Union {
    /// These directories as one; the first wins.
    pub fn new(layers: impl IntoIterator<Item = Arc<dyn Node>>) -> Self {
        let layered = |(index, node)| Layered {
            layer: InLayer(index),
            node,
        };
        Self((0..).zip(layers).map(layered).collect())
    }
}

impl Node for Union {
    fn stat(&self) -> Result<Stat> {
        match self.0.first() {
            Some(Layered { layer, node }) => Ok(layer.stat(node.stat()?)),
            None => Listed::new().stat(),
        }
    }

    fn lookup(&self, name: &str) -> Result<Found> {
        let mut dirs = Vec::new();
        for Layered { layer, node } in &self.0 {
            match node.lookup(name) {
                Ok(Found::Dir(node)) => dirs.push(Layered {
                    layer: *layer,
                    node,
                }),
                Ok(found) if dirs.is_empty() => return Ok(behind(*layer, found)),
                Ok(_) => break,
                Err(error) if error.errno() == Errno::Noent => {}
                Err(error) => return Err(error),
            }
        }
        match dirs.is_empty() {
            true => Err(Errno::Noent.into()),
            false => Ok(Found::dir(Self(dirs))),
        }
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        let mut told = HashSet::new();
        for Layered { layer, node } in &self.0 {
            let mut own = Names::default();
            node.list(&mut own)?;
            for (name, file_type, inode) in own.numbered() {
                if told.insert(name.to_owned()) {
                    let inode = layer.number_of(&**node, name, inode);
                    names.push_numbered(name, file_type, inode);
                }
            }
        }
        Ok(())
    }
}

/// What is shown of a layer.
#[derive(Debug, Clone, Copy)]
struct InLayer(u64);

impl InLayer {
    /// A number of 0 stays: it is replaced by one that follows from the names.
    fn number(self, device: u64, inode: u64) -> u64 {
        match inode {
            0 => 0,
            inode => number::in_layer(self.0, device, inode),
        }
    }

    /// The number of a name that was told with another one. A directory may hold what is of another
    /// device, so what lies there is asked.
    fn number_of(self, node: &dyn Node, name: &str, inode: u64) -> u64 {
        match inode {
            0 => 0,
            inode => match node.lookup(name).and_then(|found| found.stat()) {
                Ok(stat) => self.number(stat.device, stat.inode),
                Err(_) => self.number(0, inode),
            },
        }
    }
}

const SEALED: Refuse = Refuse(Errno::Rofs);

impl Gate for InLayer {
    fn stat(&self, stat: Stat) -> Stat {
        Stat {
            device: 0,
            inode: self.number(stat.device, stat.inode),
            ..stat
        }
    }

    fn admit(&self, how: Opening) -> Result<()> {
        SEALED.admit(how)
    }

    fn touch(&self) -> Result<()> {
        Gate::touch(&SEALED)
    }

    fn write<R>(
        &self,
        file: &dyn File,
        extent: Extent,
        write: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        SEALED.write(file, extent, write)
    }
}
