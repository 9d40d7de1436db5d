//! Directories that a parent serves, one name at a time.

use super::attributes::Entry;
use super::entered::Flaw;
use super::exports::Export;
use super::file::{ServedFile, set_times, times_args};
use super::handle::Handle;
use super::list::list;
use super::room::Desk;
use super::stream::ServedStream;
use crate::fs::{Found, Link, Names, Node, Unopened};
use std::any::Any;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Error, FileType, Object, Result, Stat, Times};

/// A directory that a parent serves with its exports `dir_…`.
pub(super) struct ServedDir {
    handle: Handle,
    /// What it was like when it was opened.
    stat: Stat,
}

impl ServedDir {
    pub(super) fn new(handle: Handle) -> Self {
        let stat = Stat {
            file_type: FileType::Directory,
            links: 1,
            ..Stat::default()
        };
        Self { handle, stat }
    }

    /// Asks for what lies under a name.
    fn open(&self, export: Export, absent: Errno, name: &str) -> Result<Found> {
        let (entry, target) = self.handle.enter(|parent| {
            let mut desk = parent.desk()?;
            let name = desk.put(name.as_bytes(), Errno::Nametoolong)?;
            let args = self.args(name);
            let entry = Entry::ask(&mut desk, export, absent, &args)?;
            let is_link = entry.stat.file_type == FileType::SymbolicLink && !entry.is_capability;
            let target = is_link.then(|| read_link(&mut desk, &args)).transpose()?;
            Ok((entry, target))
        })?;
        let serving = self.handle.serving();
        if entry.is_capability {
            return serving.found(entry.object);
        }
        let stat = entry.stat;
        if let Some(target) = target {
            return Ok(Found::Link(Link { target, stat }));
        }
        let handle = Handle::new(serving, self.handle.tag(), entry.object);
        Ok(match stat.file_type {
            FileType::Directory => Found::dir(Self { handle, stat }),
            FileType::RegularFile => Found::unopened(Closed(ServedFile::opened(handle, stat))),
            _ => Found::stream(ServedStream::opened(handle, stat)),
        })
    }

    fn args(&self, [name, length]: [Value; 2]) -> [Value; 4] {
        let [tag, object] = self.handle.args();
        [tag, object, name, length]
    }

    /// Asks with a name of this directory.
    fn change(&self, export: Export, name: &str) -> Result<()> {
        self.handle.enter(|parent| {
            let mut desk = parent.desk()?;
            let name = desk.put(name.as_bytes(), Errno::Nametoolong)?;
            desk.ask(export, Errno::Rofs, &self.args(name))?;
            Ok(())
        })
    }

    /// Asks with a name of this directory and one of another.
    fn change_both(&self, export: Export, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        let to = (to as &dyn Any).downcast_ref::<Self>();
        let to = to.filter(|to| self.handle.is_beside(&to.handle));
        let to = to.ok_or(Errno::Xdev)?.handle.object();
        self.handle.enter(|parent| {
            let mut desk = parent.desk()?;
            let [tag, object] = self.handle.args();
            let [name, length] = desk.put(name.as_bytes(), Errno::Nametoolong)?;
            let [to_name, to_length] = desk.put(to_name.as_bytes(), Errno::Nametoolong)?;
            let args = [tag, object, name, length, to.into(), to_name, to_length];
            desk.ask(export, Errno::Rofs, &args)?;
            Ok(())
        })
    }
}

/// The text of a link, or the errno that stands for one.
fn read_link(desk: &mut Desk<'_, '_>, name: &[Value; 4]) -> Result<Result<Arc<str>, Errno>, Flaw> {
    let room = desk.left();
    let address = desk.take(room as usize, Errno::Nomem)?;
    let [tag, object, name, length] = *name;
    let args = [tag, object, name, length, address.into(), room.into()];
    let length = match desk.ask(Export::DirReadlink, Errno::Nosys, &args) {
        Ok(length) if length <= u64::from(room) => usize::try_from(length).unwrap_or(usize::MAX),
        Ok(_) => return Ok(Err(Errno::Io)),
        Err(Flaw::Errno(error)) => return Ok(Err(error.errno())),
        Err(stop) => return Err(stop),
    };
    if length > LONGEST_LINK {
        return Ok(Err(Errno::Nametoolong));
    }
    let text = std::str::from_utf8(desk.bytes(address, length)?);
    Ok(match text {
        Ok(text) if text.contains('\0') => Err(Errno::Inval),
        Ok(text) => Ok(text.into()),
        Err(_) => Err(Errno::Ilseq),
    })
}

/// As long as a path may be.
const LONGEST_LINK: usize = 4095;

impl Node for ServedDir {
    fn stat(&self) -> Result<Stat> {
        attributes(&self.handle, &self.stat)
    }

    fn lookup(&self, name: &str) -> Result<Found> {
        self.open(Export::DirOpen, Errno::Nosys, name)
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        self.handle
            .enter(|parent| list(parent, &self.handle, names))
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        set_times(&self.handle, times)
    }

    fn set_link_times(&self, name: &str, times: &Times) -> Result<()> {
        self.handle.enter(|parent| {
            let mut desk = parent.desk()?;
            let [tag, object] = self.handle.args();
            let [name, length] = desk.put(name.as_bytes(), Errno::Nametoolong)?;
            let [accessed, modified, flags] = times_args(times);
            let args = [tag, object, name, length, accessed, modified, flags];
            desk.ask(Export::DirTimes, Errno::Rofs, &args)?;
            Ok(())
        })
    }

    fn create_file(&self, name: &str) -> Result<Found> {
        self.open(Export::DirCreate, Errno::Rofs, name)
    }

    fn create_dir(&self, name: &str) -> Result<()> {
        self.change(Export::DirMkdir, name)
    }

    fn symlink(&self, target: &str, name: &str) -> Result<()> {
        self.handle.enter(|parent| {
            let mut desk = parent.desk()?;
            let [tag, object] = self.handle.args();
            let [target, target_length] = desk.put(target.as_bytes(), Errno::Nametoolong)?;
            let [name, length] = desk.put(name.as_bytes(), Errno::Nametoolong)?;
            let args = [tag, object, target, target_length, name, length];
            desk.ask(Export::DirSymlink, Errno::Rofs, &args)?;
            Ok(())
        })
    }

    fn remove_dir(&self, name: &str) -> Result<()> {
        self.change(Export::DirRmdir, name)
    }

    fn unlink(&self, name: &str) -> Result<()> {
        self.change(Export::DirUnlink, name)
    }

    fn link(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        self.change_both(Export::DirLink, name, to, to_name)
    }

    fn rename(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        self.change_both(Export::DirRename, name, to, to_name)
    }
}

/// What an object is like now, or was when it was opened if the parent does not say. Its type stays.
pub(super) fn attributes(handle: &Handle, opened: &Stat) -> Result<Stat> {
    handle.enter(|parent| {
        if !parent.has(Export::ObjStat) {
            return Ok(*opened);
        }
        let mut desk = parent.desk()?;
        let entry = Entry::ask(&mut desk, Export::ObjStat, Errno::Nosys, &handle.args())?;
        Ok(Stat {
            file_type: opened.file_type,
            ..entry.stat
        })
    })
}

/// A file of which nobody has said yet how it is opened.
struct Closed(ServedFile);

impl Unopened for Closed {
    fn stat(&self) -> Result<Stat> {
        Ok(self.0.stat_when_opened())
    }

    fn open(&self, _read: bool, write: bool, truncate: bool) -> Result<Object> {
        if (write || truncate) && !self.0.can_be_written()? {
            let refused = Error::from(Errno::Rofs);
            return Err(refused.context("the parent cannot write files"));
        }
        if truncate {
            turnkey_wasi_common::File::set_size(&self.0, 0)?;
        }
        Ok(Object::File(Arc::new(self.0.clone())))
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        turnkey_wasi_common::File::set_times(&self.0, times)
    }
}
