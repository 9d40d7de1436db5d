//! The handles that a module of a tree holds, and hands down.

use super::application::{Granted, Unit};
use super::sound::holder;
use crate::document::Document;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority, stdio};
use turnkey_virt::nanoprocess::{Cap, Child, Place};
use turnkey_wasi_common::{Access, Entry, Errno, Fd, Grant, Object, Table, WasiCtx};

/// The handles of a module, with the names and numbers that it knows them by.
#[derive(Default)]
pub(super) struct Held {
    dirs: Vec<(Granted, Cap)>,
    fds: Vec<(u32, Cap)>,
}

impl Held {
    /// What the root is granted, which is the host's.
    pub(super) fn of_host(document: &Document, root: &Unit, folder: &Path) -> Self {
        let mut held = Self::default();
        for dir in &root.dirs {
            match HostDir::open_ambient(folder.join(&dir.from), ambient_authority()) {
                Ok(opened) => {
                    let grant = Grant::new(Object::Dir(Arc::new(opened))).access(access(dir));
                    held.dirs.push((dir.clone(), Cap::new(grant)));
                }
                Err(error) => {
                    let what = format!("the directory `{}` cannot be opened: {error}", dir.from);
                    document.wrong(dir.at, what);
                }
            }
        }
        match streams() {
            Ok(streams) => {
                let granted = (0..).zip(streams).filter(|(fd, _)| root.fds.contains(fd));
                held.fds.extend(granted);
            }
            Err(why) => document.wrong(root.at, why),
        }
        held
    }

    /// What a child is granted of it.
    pub(super) fn hand_down(&self, document: &Document, unit: &Unit) -> Self {
        let mut handed = Self::default();
        for dir in &unit.dirs {
            match self.below(dir) {
                Ok(cap) => handed.dirs.push((dir.clone(), cap)),
                Err(why) => {
                    let what = format!("the directory `{}` cannot be opened: {why}", dir.from);
                    document.wrong(dir.at, what);
                }
            }
        }
        let granted = self.fds.iter().filter(|(fd, _)| unit.fds.contains(fd));
        let granted = granted.map(|(fd, cap)| (*fd, cap.weaker(Access::ReadWrite)));
        handed.fds.extend(granted);
        handed
    }

    fn below(&self, dir: &Granted) -> turnkey_wasi_common::Result<Cap> {
        let dirs: Vec<Granted> = self.dirs.iter().map(|(dir, _)| dir.clone()).collect();
        let (holder, rest) = holder(&dir.from, &dirs).ok_or(Errno::Noent)?;
        let mut held = self.dirs.iter().filter(|(held, _)| held == holder);
        let (_, cap) = held.next().ok_or(Errno::Noent)?;
        let below = match rest.as_str() {
            "" => cap.weaker(Access::ReadWrite),
            rest => cap.subtree(rest)?,
        };
        Ok(below.weaker(access(dir)))
    }

    /// Grants all of it to its module.
    ///
    /// # Errors
    /// Those of [`Child::grant`].
    pub(super) fn grant(&self, child: &Child) -> Result<(), Errno> {
        for (fd, cap) in &self.fds {
            child.grant(cap, Place::At(Fd(*fd)), None)?;
        }
        for (dir, cap) in &self.dirs {
            child.grant(cap, Place::Next, Some(&dir.name))?;
        }
        Ok(())
    }
}

fn access(dir: &Granted) -> Access {
    match dir.read_only {
        true => Access::ReadOnly,
        false => Access::ReadWrite,
    }
}

/// This process's standard streams.
fn streams() -> Result<Vec<Cap>, String> {
    let stdio = stdio::inherit();
    let stdio = stdio.map_err(|error| format!("the standard streams cannot be shared: {error}"))?;
    let ctx = WasiCtx::builder().stdio(stdio).build();
    let ctx = ctx.map_err(|error| error.to_string())?;
    let cap = |fd| ctx.table().with(Fd(fd), |entry: &Entry| Cap::from(entry));
    let caps: Result<Vec<_>, _> = (0..3).map(cap).collect();
    caps.map_err(|errno| errno.name().to_owned())
}
